"""Reasons: the evidence behind an entry as a sentence in the reader's language."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext

from recommender.learners import learners
from recommender.readers.details import ItemDetails
from recommender.readers.friends import FriendsOfItem
from recommender.records import Reason

_BY_KIND = {
    "view": gettext_noop("Because you looked at “%(title)s”"),
    "click": gettext_noop("Because you looked at “%(title)s”"),
    "purchase": gettext_noop("Because you bought “%(title)s”"),
    "cart": gettext_noop("Because you chose “%(title)s”"),
    "like": gettext_noop("Because you liked “%(title)s”"),
    "rating": gettext_noop("Because you liked “%(title)s”"),
    "review": gettext_noop("Because you liked “%(title)s”"),
    "bookmark": gettext_noop("Because you saved “%(title)s”"),
}
_BY_SOURCE = {
    "history_match": gettext_noop("Close to what you like"),
    "popular": gettext_noop("Popular with many"),
    "trending": gettext_noop("Trending now"),
    "newest": gettext_noop("New here"),
    "fallback_popular": gettext_noop("Popular with many"),
    "fallback_newest": gettext_noop("From the catalogue"),
    "friends": gettext_noop("Liked by friends"),
}


def explain_entry(source: str, details: ItemDetails) -> Reason:
    """Return the reason for an entry whose strongest source is ``source``; evidence is what the readers found."""
    if source == "similar_items" and details.evidence_key:
        text = _("Similar to “%(title)s”") % {"title": details.evidence_title or details.evidence_key}
        return Reason("similar_to", text, details.evidence_key)
    if details.evidence_key and details.evidence_kind:
        sentence = _BY_KIND.get(details.evidence_kind, gettext_noop("Because of “%(title)s”"))
        text = _(sentence) % {"title": details.evidence_title or details.evidence_key}
        return Reason("because_of", text, details.evidence_key)
    if details.evidence_key:
        text = _("Often chosen together with “%(title)s”") % {"title": details.evidence_title or details.evidence_key}
        return Reason("together_with", text, details.evidence_key)
    if source in _BY_SOURCE:
        return Reason(source.removeprefix("fallback_"), _(_BY_SOURCE[source]))
    label = getattr(learners.get(source), "label", source) if source in learners else source
    return Reason("source", _("Recommended by %(source)s") % {"source": label})


def explain_friends(friends: FriendsOfItem) -> Reason:
    """Return the reason for an entry that friends speak for: their number, and who they are where keys are given."""
    others = friends.count - len(friends.keys)
    if not friends.keys:
        text = ngettext("Liked by %(count)d friend", "Liked by %(count)d friends", friends.count)
        return Reason("friends", text % {"count": friends.count})
    names = join_names(friends.keys)
    if not others:
        return Reason("friends", _("Liked by %(names)s") % {"names": names})
    text = ngettext("Liked by %(names)s and %(count)d other", "Liked by %(names)s and %(count)d others", others)
    return Reason("friends", text % {"names": names, "count": others})


def join_names(names: Iterable[str]) -> str:
    """Return names or titles one after another, as the reader's language puts marks between them."""
    return pgettext("between names", ", ").join(names)


def join_clauses(clauses: Iterable[str]) -> str:
    """Return parts of a sentence one after another, as the reader's language puts marks between them."""
    return pgettext("between parts of a sentence", "; ").join(clauses)


def explain_group(source: str, details: ItemDetails, *, people: int) -> Reason:
    """Return the reason for an entry of a slate for ``people`` at once; what only fills it up says so."""
    if source in _BY_SOURCE:
        return explain_entry(source, details)
    text = ngettext("Chosen for %(count)d of you", "Chosen for the %(count)d of you", people)
    return Reason("group", text % {"count": people})
