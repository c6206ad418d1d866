"""Models: all of them can be seen by an editor, none does work of its own."""

from __future__ import annotations

import ast

from django.apps import apps
from django.contrib import admin

from tests.architecture.sources import PACKAGES, list_imports, read_modules

WITHOUT_PAGE = {
    "profiles.Interest": "shown on the page of its profile",
    "recommender.ItemScore": "rows of a published model, shown by the placement preview",
    "recommender.ItemNeighbours": "rows of a published model, shown by the placement preview",
    "recommender.Shortlist": "rows of a published model, shown by the placement preview",
    "recommender.ProfileVector": "numbers that a learner computed for a profile, shown by the placement preview",
    "recommender.ModelArrays": "numbers that a learner goes on by, part of its model",
    "recommender.PlacementStrategy": "edited inside its placement",
}


def list_models() -> set[str]:
    return {model._meta.label for app in PACKAGES for model in apps.get_app_config(app).get_models()}


def test_every_model_has_a_page_in_the_admin_or_a_reason_why_not() -> None:
    with_page = {model._meta.label for model in admin.site._registry}
    assert list_models() - with_page - set(WITHOUT_PAGE) == set()


def test_the_exceptions_are_models_without_a_page() -> None:
    with_page = {model._meta.label for model in admin.site._registry}
    assert set(WITHOUT_PAGE) <= list_models()
    assert set(WITHOUT_PAGE) & with_page == set()


def test_no_model_overrides_save_or_delete() -> None:
    found = [
        f"{module}:{node.name}.{member.name}"
        for module in read_modules(*PACKAGES)
        if "models" in module.path.with_suffix("").parts
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        for member in node.body
        if isinstance(member, ast.FunctionDef) and member.name in ("save", "delete", "save_base")
    ]
    assert found == []


def test_nothing_listens_to_the_signals_of_models() -> None:
    found = [
        f"{module}:{node.lineno} {node.id if isinstance(node, ast.Name) else node.attr}"
        for module in read_modules(*PACKAGES)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Name | ast.Attribute)
        and (node.id if isinstance(node, ast.Name) else node.attr)
        in ("pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed")
    ]
    assert found == []
    assert not [
        name for module in read_modules(*PACKAGES) for name, _ in list_imports(module.tree) if "dirtyfields" in name
    ]
