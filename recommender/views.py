"""Widgets over HTTP: an HTML fragment that needs no JavaScript, and the link that records a click."""

import re

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.models import Catalog
from recommender.click_links import BadLinkError, read_click, read_person
from recommender.selectors import QueryError
from recommender.services.clicks import record_click
from recommender.services.recommendations import recommend
from recommender.widget_html import render_slate

_WHOLE = re.compile(r"-?[0-9]{1,9}")


@require_safe
@never_cache
def show_fragment(request: HttpRequest, catalog_key: str, placement_key: str) -> HttpResponse:
    """Answer the placement's widget as an HTML fragment, for an include on the server's side or by a script.

    ``item`` is the page's item, ``n`` the number of entries. ``person`` is a token that the site's server
    signed (the ``recommendations_url`` tag): nobody can ask for another person's slate. An empty slate is
    an empty body.
    """
    catalog = Catalog.objects.filter(key=catalog_key).first()
    if catalog is None:
        raise Http404
    user_id = None
    if token := request.GET.get("person"):
        try:
            user_id = read_person(token, catalog_id=catalog.pk)
        except BadLinkError:
            return _refuse("person: the token is forged, too old or of another catalog")
    size = request.GET.get("n")
    if size is not None and not _WHOLE.fullmatch(size):
        return _refuse("n: must be a whole number")
    try:
        slate = recommend(
            catalog.pk,
            placement=placement_key,
            user_id=user_id,
            item=request.GET.get("item"),
            n=None if size is None else int(size),
        )
    except QueryError as error:
        if error.code.endswith("_not_found"):
            raise Http404 from error
        return _refuse(str(error))
    response = HttpResponse(render_slate(slate, catalog_id=catalog.pk, user_id=user_id))
    response["X-Robots-Tag"] = "noindex"
    patch_vary_headers(response, ["Accept-Language"])
    return response


@require_safe
@never_cache
def follow_click(request: HttpRequest, token: str) -> HttpResponse:
    """Record the click that the token speaks of and lead on to the item; the target is the catalogue's own URL.

    A second click on the same entry, a prefetch or a HEAD leads on without being recorded.
    """
    try:
        click = read_click(token)
    except BadLinkError as error:
        raise Http404 from error
    early = "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    url = record_click(click, count=request.method == "GET" and not early)
    if url is None:
        raise Http404
    response = HttpResponseRedirect(url)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _refuse(reason: str) -> HttpResponse:
    return HttpResponse(reason, status=400, content_type="text/plain; charset=utf-8")
