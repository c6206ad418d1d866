"""The cache holds JSON: what somebody else wrote into it is data, never code."""

from __future__ import annotations

import pickle

import orjson
import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _clear():
    yield
    cache.delete("value")


@pytest.mark.parametrize("value", [1, "text", "红楼梦", None, True, 2.5, {"a": [1, "b"]}])
def test_plain_values_come_back(value: object):
    cache.set("value", value)
    assert cache.get("value", "none") == value


def test_numbers_can_be_counted_up():
    cache.set("value", 1)
    cache.incr("value", 2)
    assert cache.get("value") == 3


def test_what_is_pickled_is_not_read():
    server = cache._cache.get_client()
    server.set(cache.make_key("value"), pickle.dumps({"a": 1}))
    with pytest.raises(orjson.JSONDecodeError):
        cache.get("value")


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(TypeError):
        cache.set("value", object())
