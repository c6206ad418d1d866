"""Shows what the demo leads to: slates for three people, and what one click changes."""

from django.db.models import Count
from django.utils import timezone
from rich.console import Console
from rich.markup import escape

from catalog.models import Catalog
from profiles.models import Profile
from profiles.records import InteractionRecord
from profiles.services.interactions import record_interactions
from recommender.management.commands._slates import print_slate
from recommender.records import Slate
from recommender.services.recommendations import recommend

NEWCOMER = "newcomer"
STRANGER = "nobody-knows-me"


def show_people(catalog: Catalog, console: Console) -> None:
    """Print the slates of a long history, of a single click and of somebody unknown; then click, and print again."""
    reader = _find_long_history(catalog)
    recommend(catalog.pk, placement="home", user_id=reader.key, log=False)  # the first in a process opens connections
    console.rule("A reader with a long history")
    print_slate(console, recommend(catalog.pk, placement="home", user_id=reader.key), heading=reader.key)
    console.rule("Somebody nobody knows")
    stranger = recommend(catalog.pk, placement="home", user_id=STRANGER)
    print_slate(console, stranger, heading=STRANGER)
    console.rule("Somebody with a single click")
    Profile.objects.in_catalog(catalog.pk).filter(key=NEWCOMER).delete()  # new at every run, with one click again
    _click(catalog, stranger.entries[-1].key)
    before = recommend(catalog.pk, placement="home", user_id=NEWCOMER)
    print_slate(console, before, heading=NEWCOMER)
    clicked = next((entry for entry in before.entries if "history_match" in entry.sources), before.entries[0])
    _click(catalog, clicked.key)
    after = recommend(catalog.pk, placement="home", user_id=NEWCOMER)
    console.rule(f"The same person, one click later: {escape(clicked.title)}")
    print_slate(console, after, heading=NEWCOMER)
    _compare(console, before, after)


def _find_long_history(catalog: Catalog) -> Profile:
    return Profile.objects.in_catalog(catalog.pk).annotate(actions=Count("interaction")).order_by("-actions", "pk")[0]


def _click(catalog: Catalog, item: str) -> None:
    record = InteractionRecord(user_id=NEWCOMER, kind="click", occurred_at=timezone.now(), item=item)
    record_interactions(catalog.pk, [record])


def _compare(console: Console, before: Slate, after: Slate) -> None:
    old = [entry.key for entry in before.entries]
    new = [entry.key for entry in after.entries]
    arrived = len(set(new) - set(old))
    moved = sum(1 for place, key in enumerate(new) if key in old and old.index(key) != place)
    console.print(
        f"The click changed the next slate: {arrived} of {len(new)} entries are new, {moved} moved "
        f"({before.milliseconds:.1f} ms, then {after.milliseconds:.1f} ms).",
        style="bold",
    )
