"""What the demo host does around every request: loopback only, a strict content policy, delivery after a click."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden

GetResponse = Callable[[HttpRequest], HttpResponse]

#: Everything from this host alone: no inline script or style, no frame, no other address.
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


class LoopbackOnly:
    """Refuse every other machine: on this host anybody may become anybody."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 403 unless the peer's address is a loopback address."""
        try:
            loopback = ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            return HttpResponseForbidden("This demo answers its own machine only.", content_type="text/plain")
        return self.get_response(request)


class ContentSecurityPolicy:
    """Send the strict policy with every page, so that a page that needs more fails here first."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the header unless the view set a policy of its own."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


class DeliverAfterPost:
    """In the demo: send what waits in the outbox after each successful POST. A real host has Celery or `tick`."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Run `manage.py deliver` when the setting asks for it."""
        response = self.get_response(request)
        if settings.HOST_DELIVER_AFTER_POST and request.method == "POST" and response.status_code < 400:
            call_command("deliver", verbosity=0)
        return response
