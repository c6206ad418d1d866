"""Slates for several people at once: each one's ranking of everybody's candidates, combined."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.utils import timezone

from profiles.models.group import MAX_MEMBERS
from profiles.selectors import find_group, find_profile_ids, list_members
from recommender import pipeline
from recommender.explain import explain_group
from recommender.ranking.group_scores import AVERAGE, HOW, combine_members, order_items, scale_members
from recommender.readers.candidate_readers import SqlReaders
from recommender.readers.details import read_details
from recommender.records import CandidateList, Candidates, Floats, Plan, Query, Slate, SlateEntry, StrategyPlan
from recommender.selectors import QueryError, load_plan, resolve_keys
from recommender.services.member_rankings import MemberRankings, rank_for_members
from recommender.services.recommendations import check_request
from recommender.services.slate_entries import make_entry
from recommender.services.slate_log import log_slate

GROUP = "group"
SEEN = ("any", "all")


@dataclass(frozen=True, slots=True)
class MemberView:
    """What an item is to one member: its ``place`` (from 1) among all candidates, None for none, and 0 to 1 points."""

    user_id: str
    place: int | None
    score: float


@dataclass(frozen=True, slots=True)
class GroupSlate:
    """A slate for ``user_ids``, and for each entry, by item key, what it is to each of them in that order."""

    slate: Slate
    how: str
    user_ids: tuple[str, ...]
    views: Mapping[str, tuple[MemberView, ...]]


def recommend_to_group(
    catalog_id: int,
    *,
    placement: str,
    group: str | None = None,
    user_ids: Sequence[str] = (),
    how: str = AVERAGE,
    seen: str = "any",
    item: str | None = None,
    n: int | None = None,
    exclude: Sequence[str] = (),
    filters: Mapping[str, Any] | None = None,
    diversity: float | None = None,
    log: bool = True,
) -> GroupSlate:
    """Return the slate of a placement for a stored ``group``, or for the people named by ``user_ids``.

    The placement proposes for each member and ranks what it proposes to all for each; these scores, from 0 to 1 a
    member, are combined as ``how`` says (see ``combine_members``), re-ranked and filled up as the placement's slates
    are. Left out is what any member has seen, or with ``seen="all"`` what all have; what any has pushed away stays
    out. Somebody unknown is a person without a history. Raise QueryError as ``recommend`` does, and for an unknown or
    empty group, for nobody, more than 30 people, and a ``how`` or ``seen`` that there is not. Costs three statements a
    member at most and five more; it is logged as a slate of no profile.
    """
    started = time.perf_counter()
    checked = check_request(n, exclude, filters, diversity)
    if how not in HOW:
        raise QueryError("how", f"must be one of: {', '.join(HOW)}")
    if seen not in SEEN:
        raise QueryError("seen", f"must be one of: {', '.join(SEEN)}")
    members = _find_members(catalog_id, group, user_ids)
    plan = load_plan(catalog_id, placement)
    keys = resolve_keys(catalog_id, user_id=None, item_keys=[*exclude, *([] if item is None else [item])])
    if item is not None and item not in keys.item_ids:
        raise QueryError("item", f"no item {item!r}", "item_not_found")
    known = tuple(profile_id for profile_id in members.values() if profile_id is not None)
    if seen == "all" and len(known) < len(members):  # who is unknown has seen nothing
        plan = replace(plan, exclude_seen=False)
    query = Query(
        catalog_id=catalog_id,
        now=timezone.now(),
        size=plan.size if n is None else n,
        item_ids=() if item is None else (keys.item_ids[item],),
        exclude_ids=tuple(keys.item_ids[key] for key in exclude if key in keys.item_ids),
        filters=checked,
        diversity=diversity,
        companion_ids=known,
        seen_by_all=seen == "all",
    )
    queries = [replace(query, profile_id=profile_id) for profile_id in members.values()]
    rankings = rank_for_members(plan, queries)
    scores = scale_members(rankings.scores)
    combined = combine_members(scores, how=how)
    ranked = (time.perf_counter() - started) * 1000
    selection = _select(plan, query, rankings, scores, combined)
    entries = _show_entries(query, selection, rankings, combined, people=len(members))
    slate = Slate(
        entries=entries,
        requested=query.size,
        exhausted=len(entries) < query.size,
        milliseconds=round((time.perf_counter() - started) * 1000, 3),
        timings={**selection.timings, "candidates": round(ranked, 3)},
        placement_key=plan.placement_key,
        heading=plan.heading,
        widget=plan.widget,
        widget_options=plan.widget_options,
    )
    if log:
        slate = replace(slate, recommendation_id=log_slate(plan, query, slate))
    return GroupSlate(slate, how, tuple(members), _view_entries(entries, tuple(members), rankings, scores))


def _find_members(catalog_id: int, key: str | None, user_ids: Sequence[str]) -> dict[str, int | None]:
    """Return the profile ids of a group's members by their keys, None for somebody unknown; each profile once."""
    if key is not None:
        found = find_group(catalog_id, key)
        if found is None:
            raise QueryError("group", f"no group {key!r}", "group_not_found")
        members: dict[str, int | None] = {name: profile_id for profile_id, name in list_members(found)}
        if not members:
            raise QueryError("group", f"group {key!r} has no members", "empty_group")
        field = "group"
    else:
        names = list(dict.fromkeys(user_ids))
        ids = find_profile_ids(catalog_id, names)
        first = {ids[name]: name for name in reversed(names) if name in ids}
        members = {name: ids.get(name) for name in names if name not in ids or first[ids[name]] == name}
        field = "user_ids"
    if not 1 <= len(members) <= MAX_MEMBERS:
        raise QueryError(field, f"must be from 1 to {MAX_MEMBERS} people, not {len(members)}")
    return members


class _GroupReaders(SqlReaders):
    """Reads one list, that of the group, and what fills it up."""

    def __init__(self, lists: tuple[CandidateList, ...]) -> None:
        self._lists = lists

    def read_candidates(self, plan: Plan, query: Query, *, limit: int) -> Candidates:
        """Return the lists."""
        return Candidates(self._lists)


def _select(plan: Plan, query: Query, rankings: MemberRankings, scores: Floats, combined: Floats) -> pipeline.Selection:
    """Re-rank and fill up as the placement does what is ranked by ``combined``."""
    order = order_items(scores, combined)
    nothing = np.zeros(len(order), dtype=np.int64)
    own = CandidateList(GROUP, 1.0, rankings.item_ids[order], combined[order], nothing)
    alone = replace(
        plan, strategies=(StrategyPlan(GROUP, GROUP, 1.0),), ranker="weighted_score", ranker_options={}, fitted=None
    )
    return pipeline.recommend(alone, query, readers=_GroupReaders((own, *rankings.fallbacks)))


def _show_entries(
    query: Query, selection: pipeline.Selection, rankings: MemberRankings, combined: Floats, *, people: int
) -> tuple[SlateEntry, ...]:
    details = read_details(
        query, item_ids=selection.item_ids, evidence_ids=np.zeros_like(selection.item_ids), space=None
    )
    places = {item_id: place for place, item_id in enumerate(rankings.item_ids.tolist())}
    entries = []
    for item_id, sources in zip(selection.item_ids.tolist(), selection.sources, strict=True):
        if item_id not in details:  # deleted between two statements
            continue
        place = places.get(item_id)
        score = 0.0 if place is None else float(combined[place])
        named = sources if place is None else rankings.sources[place]
        reason = explain_group(sources[0], details[item_id], people=people)
        entries.append(make_entry(details[item_id], score=score, sources=named, reason=reason))
    return tuple(entries)


def _view_entries(
    entries: Sequence[SlateEntry], user_ids: tuple[str, ...], rankings: MemberRankings, scores: Floats
) -> dict[str, tuple[MemberView, ...]]:
    """Return what each entry is to each member, by its key; ties share the first place of theirs."""
    columns = {item_id: column for column, item_id in enumerate(rankings.item_ids.tolist())}
    views: dict[str, tuple[MemberView, ...]] = {}
    for entry in entries:
        column = columns.get(entry.item_id)
        seen_by = []
        for row, user_id in enumerate(user_ids):
            if column is None or not np.isfinite(rankings.scores[row, column]):
                seen_by.append(MemberView(user_id, None, 0.0))
                continue
            place = 1 + int(np.count_nonzero(rankings.scores[row] > rankings.scores[row, column]))
            seen_by.append(MemberView(user_id, place, float(scores[row, column])))
        views[entry.key] = tuple(seen_by)
    return views
