"""Pages of the demo site: a home page and a page an item, for a reader whom the visitor plays."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog.models import Item
from profiles.models import Profile

_SESSION_KEY = "demo_reader"
_SUGGESTED = 6


@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    """The home page: the placement ``home`` for the chosen reader."""
    return render(request, "recsite/demo/home.html", _page_context(request))


@require_safe
def show_item(request: HttpRequest, key: str) -> HttpResponse:
    """An item's page: the placement ``product-page`` beside it."""
    if "\0" in key:  # the database would refuse the parameter
        raise Http404
    item = get_object_or_404(Item, catalog__key=settings.RECSITE_DEFAULT_CATALOG, key=key, hidden=False)
    return render(request, "recsite/demo/item.html", {**_page_context(request), "item": item})


@require_POST
def choose_reader(request: HttpRequest) -> HttpResponse:
    """Play another reader; an empty name is a visitor whom nobody knows."""
    request.session[_SESSION_KEY] = request.POST.get("reader", "").replace("\0", "").strip()[:200]
    return HttpResponseRedirect(reverse("demo:home"))


def _page_context(request: HttpRequest) -> dict[str, object]:
    catalog = settings.RECSITE_DEFAULT_CATALOG
    suggested = Profile.objects.filter(catalog__key=catalog, merged_into=None).order_by("pk")[:_SUGGESTED]
    return {
        "catalog": catalog,
        "reader": request.session.get(_SESSION_KEY, ""),
        "suggested": [profile.key for profile in suggested],
    }
