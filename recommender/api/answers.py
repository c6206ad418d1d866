"""Shapes of slates in the answers of the API, for OpenAPI."""

from typing import Any

from rest_framework import serializers

from recommender.api.group_slates import SlateGroupOut, SlateMemberOut


class ReasonOut(serializers.Serializer[Any]):
    """Why an entry is there, in the language of the request."""

    code = serializers.CharField()
    text = serializers.CharField()
    item = serializers.CharField(allow_null=True, help_text="The item that it rests on.")


class EntryOut(serializers.Serializer[Any]):
    """One recommended item."""

    key = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)
    image_url = serializers.CharField(allow_blank=True)
    categories = serializers.ListField(child=serializers.CharField())
    attributes = serializers.DictField(child=serializers.JSONField())
    score = serializers.FloatField()
    sources = serializers.ListField(child=serializers.CharField())
    reason = ReasonOut()
    members = SlateMemberOut(many=True, required=False, help_text="What it is to each member, in slates for a group.")


class SlateOut(serializers.Serializer[Any]):
    """A slate. ``exhausted``: there are no more items that pass, so fewer came than were asked for."""

    recommendation_id = serializers.UUIDField(allow_null=True, help_text="Feedback names it.")
    placement = serializers.CharField(allow_null=True)
    items = EntryOut(many=True)
    requested = serializers.IntegerField()
    returned = serializers.IntegerField()
    exhausted = serializers.BooleanField()
    took_ms = serializers.FloatField()
    group = SlateGroupOut(required=False)


EXAMPLE_SLATE = {
    "recommendation_id": "0197c6a0-5f0e-7c4b-9a55-0d6f8a4be001",
    "placement": "home",
    "items": [
        {
            "key": "b-17",
            "kind": "item",
            "title": "The Left Hand of Darkness",
            "url": "https://shop.example/books/b-17",
            "image_url": "https://shop.example/covers/b-17.jpg",
            "categories": ["science fiction"],
            "attributes": {"year": 1969},
            "score": 0.0325,
            "sources": ["history_match", "popular"],
            "reason": {"code": "because_of", "text": "Because you liked “The Dispossessed”", "item": "b-9"},
        }
    ],
    "requested": 1,
    "returned": 1,
    "exhausted": False,
    "took_ms": 4.2,
}
