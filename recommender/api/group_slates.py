"""Slates for several people at once, over the API: what is asked, and how they are shown."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from catalog.api.authentication import get_catalog_id, get_key
from catalog.api.errors import ApiError
from catalog.api.fields import FieldReader, read_choice, read_key_list
from catalog.api.permissions import Scope, reaches
from catalog.field_values import read_key
from recommender.ranking.group_scores import HOW
from recommender.services.group_slates import SEEN, GroupSlate, MemberView, recommend_to_group
from recommender.slate_json import show_slate

_CHOICES = {"how": FieldReader(read_choice(*HOW)), "seen": FieldReader(read_choice(*SEEN))}
GROUP_QUERY: Mapping[str, FieldReader] = {
    "group": FieldReader(read_key),
    "user_ids": FieldReader(read_key_list, many=True),
    **_CHOICES,
}
GROUP_BODY: Mapping[str, FieldReader] = {**GROUP_QUERY, "user_ids": FieldReader(read_key_list)}
_NEEDS_GROUP = ("how", "seen")


class SlateMemberOut(serializers.Serializer[Any]):
    """What an entry is to one member."""

    user_id = serializers.CharField(
        allow_null=True, help_text="Null where a publishable key asks for a stored group: who is in it is not told."
    )
    place = serializers.IntegerField(
        allow_null=True, help_text="Among all candidates in the member's own ranking, from 1; null for none."
    )
    score = serializers.FloatField(help_text="0 to 1: the member's worst and best of all candidates.")


class SlateGroupOut(serializers.Serializer[Any]):
    """Whom a slate is for."""

    key = serializers.CharField(allow_null=True)
    how = serializers.ChoiceField(choices=list(HOW))
    size = serializers.IntegerField(help_text="How many people.")


def is_for_group(options: Mapping[str, Any]) -> bool:
    """Return whether a request is for several people; raise ApiError for fields that do not go together."""
    several = [name for name in ("group", "user_ids") if name in options]
    if not several:
        for name in _NEEDS_GROUP:
            if name in options:
                raise ApiError("invalid", "goes with group or user_ids alone", field=name)
        return False
    if "user_id" in options or len(several) > 1:
        raise ApiError("invalid", "one of user_id, user_ids and group", field=several[-1])
    return True


def answer_group(request: Request, *, placement: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the slate for the people that ``options`` name; raise QueryError as ``recommend_to_group`` does."""
    slate = recommend_to_group(get_catalog_id(request), placement=placement, **options)
    named = "group" not in options or reaches(get_key(request).scope, Scope.INGEST)
    return _show(slate, key=options.get("group"), named=named)


def _show(found: GroupSlate, *, key: str | None, named: bool) -> dict[str, Any]:
    shown = show_slate(found.slate)
    for entry in shown["items"]:
        entry["members"] = [_show_member(view, named=named) for view in found.views[entry["key"]]]
    return {**shown, "group": {"key": key, "how": found.how, "size": len(found.user_ids)}}


def _show_member(view: MemberView, *, named: bool) -> dict[str, Any]:
    return {"user_id": view.user_id if named else None, "place": view.place, "score": view.score}
