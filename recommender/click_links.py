"""Signed links of widgets: the click that records itself, and the person that a fragment is for."""

from dataclasses import dataclass
from uuid import UUID

from django.core import signing
from django.urls import reverse

_CLICK_SALT = "recsite.click"
_PERSON_SALT = "recsite.person"
RECORDED_SECONDS = 30 * 86400
"""A click on a slate older than this still leads to the item, but is not recorded."""


class BadLinkError(Exception):
    """The token was not made here, or was changed."""


@dataclass(frozen=True, slots=True)
class Click:
    """What a click link says: the item, in which place of which recommendation, and who was shown it."""

    catalog_id: int
    item_id: int
    recommendation_id: UUID
    position: int
    user_id: str | None
    fresh: bool = True


def make_click_url(click: Click) -> str:
    """Return the path that records ``click`` and leads on to the item."""
    parts = [click.catalog_id, click.item_id, click.recommendation_id.hex, click.position, click.user_id]
    return reverse("recommender:click", args=[signing.dumps(parts, salt=_CLICK_SALT, compress=True)])


def read_click(token: str) -> Click:
    """Return what a click link says; raise BadLinkError for a forged or mangled one."""
    try:
        catalog_id, item_id, recommendation, position, user_id = signing.loads(token, salt=_CLICK_SALT)
        click = Click(catalog_id, item_id, UUID(recommendation), position, user_id)
        signing.loads(token, salt=_CLICK_SALT, max_age=RECORDED_SECONDS)
    except signing.SignatureExpired:
        return Click(catalog_id, item_id, UUID(recommendation), position, user_id, fresh=False)
    except (signing.BadSignature, ValueError) as error:
        raise BadLinkError from error
    return click


def sign_person(catalog_id: int, user_id: str) -> str:
    """Return a token by which a page may ask for this person's fragment, and for nobody else's."""
    return signing.dumps([catalog_id, user_id], salt=_PERSON_SALT, compress=True)


def read_person(token: str, *, catalog_id: int) -> str:
    """Return the user id in ``token``; raise BadLinkError if it is forged, too old or of another catalog."""
    try:
        signed_catalog, user_id = signing.loads(token, salt=_PERSON_SALT, max_age=RECORDED_SECONDS)
    except (signing.BadSignature, ValueError) as error:
        raise BadLinkError from error
    if signed_catalog != catalog_id:
        raise BadLinkError
    return str(user_id)
