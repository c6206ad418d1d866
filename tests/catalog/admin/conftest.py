"""The signed-in editor for the tests of admin pages."""

from tests.editors import editor as editor
