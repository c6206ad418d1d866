"""Finds the words that tell a group of items from the rest of the catalogue."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_KEYWORDS = 5
CATEGORY_WORTH = 2.0
"""A category says more of an interest than a rare word of one title."""
USUAL_SHARE = 0.05
"""A word in the titles of more of the catalogue than this ("the", "of") says nothing of an interest…"""
USUAL_LEAST = 5
"""… provided that it is in more than so many: small catalogues repeat themselves."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_UNSEGMENTED = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PIECE = re.compile(r"[\w'’]+(?: [\w'’]+)*")
_SHORTEST_WORD = 3
_LONGEST_PIECE = 16


@dataclass(frozen=True, slots=True)
class TermCounts:
    """In how many of ``items`` items of the catalogue each term occurs: what is usual there."""

    items: int
    counts: Counter[str]


def split_terms(title: str, categories: Iterable[str]) -> dict[str, str]:
    """Return the terms of an item, by their folded form: its categories, and the words of its title.

    Scripts that put no spaces between words (Chinese, Japanese, Thai, Lao, Khmer) are taken piece by piece, between
    punctuation, as far as the pieces are short: cutting them into words needs a dictionary.
    """
    terms = {category.casefold(): category for category in categories}
    if _UNSEGMENTED.search(title):
        found = [piece for piece in _PIECE.findall(title) if len(piece) <= _LONGEST_PIECE and not piece.isdigit()]
    else:
        found = [word for word in _WORD.findall(title) if len(word) >= _SHORTEST_WORD]
    for word in found:
        terms.setdefault(word.casefold(), word)
    return terms


def count_terms(items: Iterable[tuple[str, Sequence[str]]]) -> TermCounts:
    """Count the terms of items, each given as title and categories."""
    counts: Counter[str] = Counter()
    total = 0
    for title, categories in items:
        counts.update(split_terms(title, categories).keys())
        total += 1
    return TermCounts(total, counts)


def find_keywords(
    items: Sequence[tuple[str, Sequence[str]]],
    weights: NDArray[np.float64],
    *,
    usual: TermCounts,
    most: int = MOST_KEYWORDS,
) -> tuple[str, ...]:
    """Return the terms that tell ``items`` (title and categories, n of them) from what is usual, best first.

    A term's score is the share of the ``weights`` (n,), none negative, that items with the term hold, times its
    inverse document frequency log((1 + N) / (1 + df)) in ``usual``, and twice that for a category. Left out are words
    that many items there have, what all of them have, and a term that is part of a better one. Ties go by the alphabet.
    """
    total = float(weights.sum())
    shares: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    named = {category.casefold() for _, categories in items for category in categories}
    for (title, categories), weight in zip(items, weights.tolist(), strict=True):
        for folded, term in split_terms(title, categories).items():
            shares[folded] += weight / total
            spelled.setdefault(folded, term)
    too_usual = max(USUAL_LEAST, USUAL_SHARE * usual.items)
    scores = {
        folded: share
        * math.log((1 + usual.items) / (1 + min(usual.counts[folded], usual.items)))
        * (CATEGORY_WORTH if folded in named else 1.0)
        for folded, share in shares.items()
        if folded in named or usual.counts[folded] <= too_usual
    }
    chosen: list[str] = []
    for folded in sorted(scores, key=lambda term: (-round(scores[term], 9), term)):
        if len(chosen) == most or scores[folded] <= 0:
            break
        if not any(folded in better for better in chosen):
            chosen.append(folded)
    return tuple(spelled[folded] for folded in chosen)
