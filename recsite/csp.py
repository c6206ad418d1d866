"""The content security policy: one for the whole site, with one exception for the admin."""

from csp.constants import UNSAFE_EVAL
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase

ADMIN_EXCEPTIONS = {"script-src": [UNSAFE_EVAL]}
"""The admin theme's Alpine evaluates its attributes as expressions. Nothing else is loosened."""


class PolicyMiddleware(CSPMiddleware):
    """Sends the policy of the settings; pages of the admin site get ADMIN_EXCEPTIONS on top."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Return the parts of the policy for this answer."""
        parts = super().get_policy_parts(request, response, report_only)
        match = request.resolver_match
        if match is not None and match.app_name == "admin" and parts.update is None:
            parts.update = ADMIN_EXCEPTIONS
        return parts
