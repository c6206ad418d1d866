"""The widget family: how a slate looks."""

from typing import Any, ClassVar, Protocol

from catalog.extensions import Registry


class Widget(Protocol):
    """A widget, built by ``Component(options)``.

    The template gets ``slate``, ``entries`` (with ``entry`` and the signed ``click_url``), ``options``,
    ``heading`` and ``placement_key``. It may use no inline script, inline style or third-party host.
    """

    Options: ClassVar[Any]
    template_name: ClassVar[str]
    label: ClassVar[str]


widgets: Registry[Widget] = Registry("widgets", members=("template_name", "label"))
