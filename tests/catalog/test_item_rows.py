"""Item rows: what is taken, what is refused and why."""

import math
import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from catalog.importers.columns import FIELDS
from catalog.item_rows import ITEM_FIELDS, check_item_row
from catalog.records import ItemRecord, RowError, SourceRow


def check(**fields: Any) -> ItemRecord | tuple[RowError, ...]:
    return check_item_row(SourceRow(7, fields))


def take(**fields: Any) -> ItemRecord:
    checked = check(**{"key": "k", **fields})
    assert isinstance(checked, ItemRecord), checked
    return checked


def refuse(**fields: Any) -> RowError:
    checked = check(**{"key": "k", **fields})
    assert isinstance(checked, tuple), checked
    (error,) = checked
    assert error.line == 7
    return error


def test_importers_and_checks_agree_on_the_fields() -> None:
    assert FIELDS["items"] == ITEM_FIELDS


def test_a_full_row_becomes_a_record() -> None:
    record = take(
        key="books/1",
        kind="book",
        title="  The   Hobbit\n",
        text="There and back again.",
        url="/books/1",
        image_url="https://example.org/1.jpg",
        language="en_GB",
        categories=["fantasy", " classics ", "fantasy"],
        attributes={"year": 1937, "authors": ["J.R.R. Tolkien"]},
        published_at="1937-09-21",
        expires_at="2999-01-01",
        available="no",
    )
    assert record == ItemRecord(
        key="books/1",
        kind="book",
        title="The Hobbit",
        text="There and back again.",
        url="/books/1",
        image_url="https://example.org/1.jpg",
        language="en-GB",
        categories=("fantasy", "classics"),
        attributes={"year": 1937, "authors": ["J.R.R. Tolkien"]},
        published_at=datetime(1937, 9, 21, tzinfo=UTC),
        expires_at=datetime(2999, 1, 1, tzinfo=UTC),
        available=False,
    )


def test_an_item_without_text_and_nulls_are_fine() -> None:
    assert check(key=12, text=None, published_at=None, categories=None) == ItemRecord(key="12")


@pytest.mark.parametrize(
    "key",
    ["a b c", "a/b/c?d=e&f#g", "x" * 300, "x" * 512, "📚🏳️‍🌈", "كتاب", "红楼梦", "á" * 512, " padded "],
)
def test_keys_may_hold_nearly_anything(key: str) -> None:
    assert take(key=key).key == key


@pytest.mark.parametrize(
    ("key", "code", "reason"),
    [
        ("", "required", "empty"),
        ("   ", "required", "empty"),
        (None, "required", "required"),
        ("x" * 513, "too_long", "513 characters; at most 512 are taken"),
        ("a\x00b", "invalid", "holds a NUL character, which the database cannot store"),
        ("a\nb", "invalid", "holds the control character U+000A"),
        ("a\x9fb", "invalid", "holds the control character U+009F"),
        ("a\ud83d", "invalid", "holds a lone surrogate (U+D83D), not a character"),
        (1.0, "invalid", "must be text, not a number"),
        (True, "invalid", "must be text, not true or false"),
        (["a"], "invalid", "must be text, not a list"),
    ],
)
def test_keys_refused(key: Any, code: str, reason: str) -> None:
    error = refuse(key=key)
    assert (error.field, error.code, error.reason) == ("key", code, reason)


def test_a_number_too_long_to_write_out_is_refused_everywhere() -> None:
    for field in sorted(ITEM_FIELDS):
        assert refuse(**{field: 10**5000}).field == field


def test_every_reason_of_a_row_is_told_at_once() -> None:
    checked = check(title=5, url="javascript:alert(1)", colour="red")
    assert isinstance(checked, tuple)
    assert [(error.field, error.code) for error in checked] == [
        ("title", "invalid"),
        ("url", "invalid"),
        ("colour", "unknown_field"),
        ("key", "required"),
    ]


def test_many_wrong_fields_give_twenty_errors_at_most() -> None:
    checked = check(key="k", **{f"wrong{number}": 1 for number in range(1000)})
    assert isinstance(checked, tuple)
    assert len(checked) == 20


def test_emoji_right_to_left_and_chinese_titles_are_kept() -> None:
    for title in ("😀 Läs mig", "ألف ليلة وليلة", "红楼梦", "\u202bעברית\u202c"):
        assert take(title=title).title == title


def test_text_of_ten_megabytes_is_taken_and_of_seventeen_refused() -> None:
    text = "word " * 2_097_152
    assert take(text=text).text == text
    assert take(text="é" * (8 * 1024 * 1024)).text.count("é") == 8_388_608
    assert refuse(text="é" * (8 * 1024 * 1024 + 1)).code == "too_long"
    assert refuse(text="a" * (16 * 1024 * 1024 + 1)).reason == "16,777,217 bytes; at most 16,777,216 are taken"


@pytest.mark.parametrize("field", ["title", "text"])
def test_nul_and_lone_surrogates_are_refused_not_dropped(field: str) -> None:
    assert "NUL" in refuse(**{field: "a\x00b"}).reason
    assert "surrogate" in refuse(**{field: "a\udc00b"}).reason


@pytest.mark.parametrize(
    "url", ["", "/", "/books/1?x=y#z", "http://example.org", "HTTPS://例え.jp/パス", "https://a.b/c"]
)
def test_urls_taken(url: str) -> None:
    assert take(url=url, image_url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//evil.example/x",
        "/\\evil.example",
        "http:\\\\evil.example",
        "https://",
        "http:///path",
        "books/1",
        "ftp://example.org/",
        "https://example.org/a b",
        "/a\tb",
        "/a\x01b",
        " https://example.org",
        "/" + "x" * 2048,
    ],
)
def test_urls_refused(url: str) -> None:
    assert refuse(url=url).field == "url"
    assert refuse(image_url=url).field == "image_url"


@pytest.mark.parametrize(
    "language", ["english please", "e", "en-", "-en", "en-toolongsubtag", "e1", "zh-Hans-CN-x-private"]
)
def test_languages_refused(language: str) -> None:
    assert refuse(language=language).field == "language"


@pytest.mark.parametrize(
    ("text", "categories"),
    [
        ("Arts, Crafts|Home; Garden", ("Arts, Crafts", "Home; Garden")),
        ("a; b;;a", ("a", "b")),
        ("one, two", ("one, two",)),
        ("", ()),
    ],
)
def test_category_text_is_split_at_bars_or_else_semicolons(text: str, categories: tuple[str, ...]) -> None:
    assert take(categories=text).categories == categories


def test_categories_refused() -> None:
    assert refuse(categories=["a", " "]).reason == "entry 1: empty"
    assert refuse(categories=["a", {"b": 1}]).reason == "entry 1: must be text, not an object"
    assert refuse(categories={"a": 1}).reason == "must be a list of texts, or one text separated by '|' or ';'"
    assert refuse(categories=[str(number) for number in range(101)]).code == "too_long"
    assert refuse(categories=["x" * 201]).code == "too_long"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("{}", "must be a JSON object, not text"),
        ([], "must be a JSON object, not a list"),
        ({"a": math.nan}, "a: nan is not a finite number"),
        ({"a": [1, {"b": math.inf}]}, "a[1].b: inf is not a finite number"),
        ({"a": 2**63}, "a: a whole number beyond 64 bits"),
        ({"a": "x\x00"}, "a: holds a NUL character, which the database cannot store"),
        ({"a": "\ud800"}, "a: holds a lone surrogate, not a character"),
        ({"": 1}, "the object: a name must be text and not empty"),
        ({"a": {3: 1}}, "a: a name must be text and not empty"),
        ({"a": datetime(2024, 1, 1, tzinfo=UTC)}, "a: datetime is not a JSON value"),
        ({"a": b"x"}, "a: bytes is not a JSON value"),
        ({"a": ["x"] * 2001}, "more than 2,000 values"),
        ({"a": "é" * 140_000}, "more than 262,144 bytes"),
    ],
)
def test_attributes_refused(given: Any, reason: str) -> None:
    error = refuse(attributes=given)
    assert (error.field, error.reason) == ("attributes", reason)


def test_attributes_may_be_eight_deep_and_no_deeper() -> None:
    nested: Any = 1
    for _ in range(8):
        nested = {"a": nested}
    assert take(attributes=nested).attributes == nested
    assert refuse(attributes={"a": nested}).reason == "a.a.a.a.a.a.a.a.a: nested deeper than 8"


def test_a_cyclic_or_bottomless_object_is_refused() -> None:
    looped: dict[str, Any] = {}
    looped["self"] = looped
    assert "nested deeper" in refuse(attributes=looped).reason


NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "given",
    [
        "2024-05-01T12:00:00Z",
        "2024-05-01T14:00:00+02:00",
        "2024-05-01 12:00:00",
        " 2024-05-01T12:00 ",
        "20240501T120000",
        "2024/05/01 12:00",
        "2024/5/1 12:00",
        1714564800,
        1714564800.0,
        1714564800000,
        "1714564800",
        "1714564800000",
        "1714564800.000",
        datetime(2024, 5, 1, 12),
        datetime(2024, 5, 1, 8, tzinfo=timezone(timedelta(hours=-4))),
    ],
)
def test_times_taken(given: Any) -> None:
    assert take(published_at=given).published_at == NOON


@pytest.mark.parametrize("given", ["2024-05-01", "20240501", "2024/05/01", date(2024, 5, 1)])
def test_a_date_is_its_midnight_in_utc(given: Any) -> None:
    assert take(published_at=given).published_at == datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize("given", ["05/04/2024", "25/12/2024", "5.4.24", "01-02-2024", "5/4/2024 10:00"])
def test_day_or_month_first_is_refused_as_ambiguous(given: str) -> None:
    error = refuse(published_at=given)
    assert error.code == "ambiguous_time"
    assert error.reason == f"{given!r}: day and month cannot be told apart; write YYYY-MM-DD"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "yesterday",
        "2024-13-01",
        "2023-02-29",
        "2024/13/45",
        "1997",
        1997,
        0,
        -5,
        1e18,
        10**400,
        math.nan,
        math.inf,
        True,
        "x" * 5000,
        [2024],
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1714564800000000",
        "2024-05-01T25:00:00",
    ],
)
def test_times_refused(given: Any) -> None:
    error = refuse(published_at=given)
    assert error.field == "published_at"
    assert len(error.reason) < 200


def test_the_reason_says_what_is_wrong_with_a_date() -> None:
    assert "day is out of range for month" in refuse(published_at="2023-02-29").reason


def test_an_item_cannot_expire_before_it_is_published() -> None:
    error = refuse(published_at="2024-05-01", expires_at="2024-05-01")
    assert (error.field, error.reason) == ("expires_at", "must be later than published_at")


@pytest.mark.parametrize(
    ("given", "meant"),
    [("TRUE", True), ("t", True), (1, True), (" Yes ", True), ("0", False), (0, False), ("off", False), (False, False)],
)
def test_truth_values(given: Any, meant: bool) -> None:
    assert take(available=given).available is meant


@pytest.mark.parametrize("given", ["maybe", "", 2, 1.0, 1.5, [True]])
def test_truth_values_refused(given: Any) -> None:
    assert refuse(available=given).field == "available"


@pytest.mark.parametrize("kind", ["", "Book", "böok", "-x", "a b", "x" * 51])
def test_kinds_refused(kind: str) -> None:
    assert refuse(kind=kind).field == "kind"


def test_twenty_thousand_plain_rows_a_second() -> None:
    rows = [
        SourceRow(line, {"key": f"item-{line}", "title": f"Title {line}", "text": "words " * 40, "categories": "a|b"})
        for line in range(10_000)
    ]
    begun = time.perf_counter()
    taken = sum(isinstance(check_item_row(row), ItemRecord) for row in rows)
    seconds = time.perf_counter() - begun
    assert taken == 10_000
    assert taken / seconds > 20_000
