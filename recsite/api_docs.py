"""The API's description: OpenAPI, and two pages that show it with files served from here."""

from csp.constants import NONCE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView


class SchemaView(SpectacularAPIView):
    """The OpenAPI document; it describes the API, so it needs no key."""

    authentication_classes = ()
    permission_classes = ()


@method_decorator(csp_update({"script-src": [NONCE], "style-src": [NONCE]}), name="dispatch")
class SwaggerView(SpectacularSwaggerView):
    """Swagger UI: its start-up script and one style carry the nonce."""

    authentication_classes = ()
    permission_classes = ()
    template_name = "recsite/swagger.html"
    url_name = "api-schema"


@method_decorator(
    csp_replace(
        {
            "script-src": [SELF, NONCE],
            "style-src": [SELF, UNSAFE_INLINE],
            "worker-src": [SELF, "blob:"],
            "img-src": [SELF, "data:"],
        }
    ),
    name="dispatch",
)
class RedocView(SpectacularRedocView):
    """Redoc: it makes style elements as it runs and searches in a worker that it builds itself.

    Its footer would fetch a logo from its makers' site; the policy says no.
    """

    authentication_classes = ()
    permission_classes = ()
    template_name = "recsite/redoc.html"
    url_name = "api-schema"
