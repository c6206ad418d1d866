from __future__ import annotations

import numpy as np
import pytest

from profiles.interests import TermCounts, count_terms, find_keywords, split_terms

SHOP = [
    ("The Dragon of the North", ["fantasy", "fiction"]),
    ("A Dragon in the Garden", ["fantasy", "fiction"]),
    ("The Dragon and the King", ["fantasy", "fiction"]),
    ("The Art of Bread", ["cooking"]),
    ("The Soup Book", ["cooking"]),
    ("The Murder in the House", ["crime", "fiction"]),
    ("The Last Murder", ["crime", "fiction"]),
    ("The Long Road", ["travel"]),
]


@pytest.mark.parametrize(
    ("title", "categories", "terms"),
    [
        ("The Wizard's Apprentice, Vol. 2", [], {"the", "wizard's", "apprentice", "vol"}),
        ("Über Straßen", ["Science Fiction"], {"über", "strassen", "science fiction"}),
        ("红楼梦", ["古典"], {"红楼梦", "古典"}),
        ("三体：黑暗森林", [], {"三体", "黑暗森林"}),
        ("一个非常非常非常长的中文标题没有任何标点符号可以用来切分", [], set()),
        ("ノルウェイの森", [], {"ノルウェイの森"}),
        ("שלום עולם", [], {"שלום", "עולם"}),
        ("🙂 1984 — 42", [], set()),
        ("", [], set()),
    ],
)
def test_terms_are_categories_and_words_or_whole_pieces(title, categories, terms):
    assert set(split_terms(title, categories)) == terms


def test_keywords_are_what_tells_the_items_from_the_rest():
    keywords = find_keywords(SHOP[:3], np.ones(3), usual=count_terms(SHOP))
    assert keywords[:2] == ("fantasy", "Dragon")
    assert "The" not in keywords


def test_what_everything_has_is_no_keyword():
    items = [("The One", ["fiction"]), ("The Two", ["fiction"])]
    assert find_keywords(items, np.ones(2), usual=count_terms(items)) == ("One", "Two")
    assert find_keywords(items, np.ones(2), usual=TermCounts(0, count_terms([]).counts)) == ()


def test_words_that_many_titles_have_are_no_keywords_but_categories_may_be():
    usual = count_terms(
        [("The Tale of " + "abcdefghij"[place % 10] * 4, ["tales"][: place % 2]) for place in range(100)]
    )
    items = [("The Tale of Dragons", ["tales"]), ("The Tale of Kings", ["tales"])]
    assert find_keywords(items, np.ones(2), usual=usual) == ("Dragons", "Kings", "tales")


def test_a_heavy_item_speaks_louder():
    keywords = find_keywords([SHOP[3], SHOP[7]], np.array([0.1, 0.9]), usual=count_terms(SHOP))
    assert keywords[:3] == ("travel", "Long", "Road")


def test_a_part_of_a_better_term_is_left_out():
    items = [("Science of Cooking", ["science fiction"])]
    usual = count_terms([("Science", []), ("Cooking", []), ("x", [])])
    assert find_keywords(items, np.ones(1), usual=usual) == ("science fiction", "Cooking")


def test_chinese_items_get_categories_and_short_titles():
    items = [("红楼梦", ["古典文学"]), ("西游记", ["古典文学"])]
    usual = count_terms([*items, ("三体", ["科幻"]), ("球状闪电", ["科幻"])])
    assert find_keywords(items, np.ones(2), usual=usual) == ("古典文学", "红楼梦", "西游记")


def test_there_are_five_at_most():
    items = [("alpha bravo charlie delta echo foxtrot golf", [])]
    usual = count_terms([("other", [])])
    assert find_keywords(items, np.ones(1), usual=usual) == ("alpha", "bravo", "charlie", "delta", "echo")
