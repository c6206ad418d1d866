"""People like somebody: found by shared taste and shared friends, each with the reason."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recommender.conf import get_people_conf
from recommender.explain import join_clauses, join_names
from recommender.readers.people import (
    PersonMatch,
    SharedItem,
    find_taste_space,
    read_people,
    read_shared_items,
)
from recommender.selectors import QueryError, resolve_keys

MAX_PEOPLE = 100
_SHOWN_ITEMS = 3


@dataclass(frozen=True, slots=True)
class PersonLike:
    """Somebody like the person asked for: ``user_id``, a score from 0 to 1, what both like, and why in a sentence."""

    user_id: str
    score: float
    shared_items: tuple[SharedItem, ...]
    common_friends: int
    reason: str


def find_people(catalog_id: int, *, user_id: str, limit: int = 20) -> tuple[PersonLike, ...]:
    """Return up to ``limit`` people of the catalog who are like ``user_id``, the most alike first.

    Taste is told by the vectors of people where the setting names a space of theirs and the person has one, else by
    the items that both like: by these the friendships of Last.fm are found better (benchmarks/NOTES.md). Friends are
    left out: they are known already. Somebody unknown, or without liked items and friends, is like nobody. Raise
    QueryError for a ``limit`` outside 1..100. Costs four statements at most.
    """
    if not 1 <= limit <= MAX_PEOPLE:
        raise QueryError("limit", f"must be from 1 to {MAX_PEOPLE}, not {limit}")
    profile_id = resolve_keys(catalog_id, user_id=user_id, item_keys=()).profile_id
    if profile_id is None:
        return ()
    now = timezone.now()
    role = get_people_conf().vectors
    space = find_taste_space(catalog_id, profile_id, role=role) if role else None
    matches = read_people(catalog_id, profile_id=profile_id, now=now, space=space, limit=limit)
    if not matches:
        return ()
    others = [match.profile_id for match in matches]
    shared = read_shared_items(catalog_id, profile_id=profile_id, others=others, now=now, limit=_SHOWN_ITEMS)
    return tuple(_explain(match, shared[match.profile_id]) for match in matches)


def _explain(match: PersonMatch, shared: tuple[SharedItem, ...]) -> PersonLike:
    parts = []
    if shared:
        parts.append(_("shares: %(titles)s") % {"titles": join_names(item.title or item.key for item in shared)})
    if match.common_friends:
        text = ngettext("%(count)d friend in common", "%(count)d friends in common", match.common_friends)
        parts.append(text % {"count": match.common_friends})
    reason = join_clauses(parts) or _("similar taste")
    return PersonLike(match.key, match.score, shared, match.common_friends, reason)
