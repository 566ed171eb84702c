"""What all pages share: who is signed in, the frame around a page, its headers, and refusals in the same style."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from workflows import access, api
from workflows.models import Case, Person, School
from workflows.registry import manages

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
"""Nothing from elsewhere, nothing inline: a page about a child loads from this school's server alone."""

View = Callable[..., HttpResponse]


def page(view: View) -> View:
    """Make a view a page: signed in, never cached, strict headers, 403 and 404 in the pages' own style."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        # What somebody typed about a child stands in no error report that the platform mails to its administrators.
        request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]  # as Django's decorator does
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            response = not_found(request)
        except PermissionDenied:
            response = forbidden(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    return never_cache(shown)


def show(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200, here: str = ""
) -> HttpResponse:
    """Render a page in its frame.

    Args:
        request: the request; its user is signed in.
        template: name below `workflows/pages/`.
        context: what the template shows.
        status: HTTP status; 409 a step is blocked or the case changed, 422 the form is not complete.
        here: which item of the menu is the current one.
    """
    body = render_to_string(
        f"workflows/pages/{template}", {**(context or {}), "frame": frame(request, here)}, request=request
    )
    return HttpResponse(body, status=status)


def frame(request: HttpRequest, here: str = "") -> dict[str, Any] | None:
    """Return what the frame around a page shows: who is signed in, the menu, how much waits, and what was just done."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return None
    school = school_of(request)
    person = access.person_of(request.user, school) if school else None
    if person is not None and school is not None:
        person.school = school
    staff = bool(school and access.roles_of(request.user, school))
    return {
        "here": here,
        "person": person,
        "school": school,
        "staff": staff,
        "setup": reverse("kc_workflows:setup", args=[school.slug]) if school and manages(request.user, school) else "",
        "waiting": api.count_waiting(request.user) if staff else 0,
        "told": [str(message) for message in messages.get_messages(request)],
    }


def school_of(request: HttpRequest) -> School | None:
    """Return the school whose pages are shown: the one asked for by `?school=`, the last one, or the first.

    Only schools at which the user is a member of staff or a pupil today are ever returned. Asked once per request.
    """
    if not hasattr(request, "kc_school"):
        schools = list(access.schools_of(request.user).order_by("name"))
        wanted = request.GET.get("school") or request.session.get("kc_school")
        found = next((school for school in schools if school.slug == wanted), schools[0] if schools else None)
        if found is not None and len(schools) > 1:
            request.session["kc_school"] = found.slug
        request.kc_school = found  # type: ignore[attr-defined]  # one look-up per request
        request.kc_schools = schools  # type: ignore[attr-defined]
    found_school: School | None = request.kc_school  # type: ignore[attr-defined]
    return found_school


def incident_or_404(request: HttpRequest, key: UUID) -> Case:
    """Return the incident with this key if the user may see it.

    Raises:
        Http404: there is none, or not for this user; the two look the same.
    """
    found = api.visible_to(request.user).filter(key=key).select_related("school").first()
    if found is None:
        raise Http404
    request.kc_school = found.school  # type: ignore[attr-defined]  # the frame follows the case
    return found


def case_or_404(request: HttpRequest, key: UUID) -> tuple[Case, Case]:
    """Return the case with this key (an incident or one of its tracks) and its incident.

    Raises:
        Http404: as `incident_or_404`.
    """
    case = Case.objects.filter(key=key).select_related("parent").first()
    if case is None:
        raise Http404
    root = incident_or_404(request, case.parent.key if case.parent else case.key)
    if case.parent is None:
        return root, root
    case.parent = root
    return case, root


def staff_or_404(request: HttpRequest, case: Case) -> Person:
    """Return the person of a member of staff; pupils and parents do not learn that the page exists.

    Raises:
        Http404: the user is no member of staff of the case's school.
    """
    person = access.person_of(request.user, case.school)
    if person is None or not access.sight_of(request.user, case).as_staff:
        raise Http404
    return person


def tell(request: HttpRequest, text: str) -> None:
    """Say on the next page, as `role=status`, what was just done."""
    messages.success(request, text)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 in the pages' style; also for a form whose protection ran out."""
    return _problem(request, 403, _("This is not open to you"), _("Go back and try again, or ask your director."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404 in the pages' style; says nothing about whether there is a case."""
    return _problem(
        request, 404, _("This page is not there"), _("The address may be wrong, or the page is not meant for you.")
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500 in the pages' style; asks nothing of the database, which may be what failed."""
    text = _("Something went wrong on our side. Nothing was half saved. Try again in a few minutes.")
    body = render_to_string(
        "workflows/pages/problem.html", {"heading": _("This did not work"), "text": text, "frame": None}
    )
    return HttpResponse(body, status=500)


def _problem(request: HttpRequest, status: int, heading: str, text: str) -> HttpResponse:
    return show(request, "problem.html", {"heading": heading, "text": text}, status=status)


def blank(request: HttpRequest) -> HttpResponse:
    """The blank screen for a browser without script: a page that shows nothing of anybody."""
    back = request.headers.get("Referer", "")
    same = back.startswith(f"{request.scheme}://{request.get_host()}/")
    return HttpResponse(render_to_string("workflows/pages/blank.html", {"back": back if same else ""}, request=request))


def log_read(request: HttpRequest, case: Case, page_name: str) -> None:
    """Note that the reader opened (or exported) a page about a case."""
    api.log_read(request.user, case, page_name)
