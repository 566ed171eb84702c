"""What all pages share: who is signed in, the frame around a page, its headers, and refusals in the same style."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import CsrfViewMiddleware
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import decorator_from_middleware
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from workflows import access, api, clock, vocabulary, words
from workflows.models import Case, LogEntry, Person, School
from workflows.registry import manages


def policy(static: str) -> str:
    """Return the content policy of a page: nothing inline, and nothing from elsewhere but style and script from where the host keeps them.

    Args:
        static: the host's STATIC_URL; a platform may have its files on a server of their own.
    """
    where = urlsplit(static)
    source = " " + urlunsplit((where.scheme, where.netloc, "", "", "")).removeprefix("//") if where.netloc else ""
    return f"default-src 'self'{source}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


POLICY = policy(settings.STATIC_URL)
"""A page about a child loads from this school's servers alone."""

View = Callable[..., HttpResponse]
logger = logging.getLogger(__name__)


def page(view: View) -> View:
    """Make a view a page: signed in, never cached, strict headers, forms protected, 403 and 404 in the pages' own style."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        # What somebody typed about a child stands in no error report that the platform mails to its administrators.
        request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]  # as Django's decorator does
        with clock.school_time():
            try:
                response = view(request, *args, **kwargs)
            except Http404:
                response = not_found(request)
            except PermissionDenied:
                response = forbidden(request)
        return _strict(response)

    # Exempt from the host's own check, which says in Django's words what `FormProtection` says in ours.
    return cast(View, csrf_exempt(decorator_from_middleware(FormProtection)(never_cache(shown))))


class FormProtection(CsrfViewMiddleware):
    """Django's protection of forms against other sites; a form that fails it gets a page in the reader's language."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        logger.warning("Forbidden (%s): %s", reason, request.path)
        response = _strict(form_ended(request))
        add_never_cache_headers(response)
        return response


def form_ended(request: HttpRequest) -> HttpResponse:
    """403 for a form whose protection ran out: what to do, and the words that were typed, to be copied.

    The words stand there as text. A form that is filled in beforehand could send what another site had put into it.
    """
    request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]  # as in `page`
    typed = [
        (_("Reason") if name.startswith("answer:") else words.label("field", name), "\n".join(filter(None, texts)))
        for name, texts in request.POST.lists()
        if name.startswith("answer:") or (name in vocabulary.FIELDS and vocabulary.FIELDS[name].is_words)
    ]
    told = {"typed": [(label, text) for label, text in typed if text.strip()], "again": request.get_full_path()}
    return show(request, "form_ended.html", told, status=403)


def _strict(response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def unlisted(response: HttpResponse) -> HttpResponse:
    """Keep a page behind a personal link out of caches, histories of other sites, frames and search engines."""
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = POLICY
    return response


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
        request.kc_schools = schools  # type: ignore[attr-defined]  # and for the menu
    found_school: School | None = request.kc_school  # type: ignore[attr-defined]  # set above
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


def root_or_404(request: HttpRequest, key: UUID) -> Case:
    """Return the case with this key that stands by itself (an incident, consent, connection or account) if the user may see it.

    Raises:
        Http404: as `incident_or_404`.
    """
    found: Case | None = Case.objects.filter(key=key, parent=None).select_related("school", "person", "opened_by").defer("school__logo").first()
    if found is None or not access.may_see(request.user, found):
        raise Http404
    request.kc_school = found.school  # type: ignore[attr-defined]  # the frame follows the case
    return found


def case_or_404(request: HttpRequest, key: UUID) -> tuple[Case, Case]:
    """Return the case with this key (one that stands by itself, or one of its tracks) and the one it belongs to.

    Raises:
        Http404: as `incident_or_404`.
    """
    case = Case.objects.filter(key=key).select_related("parent").first()
    if case is None:
        raise Http404
    root = root_or_404(request, case.parent.key if case.parent else case.key)
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


def with_told(text: str, names: list[str]) -> str:
    """Return what was done, followed by who is sent a message about it."""
    if not names:
        return text
    return f"{text} " + _("A message goes to %(names)s.") % {"names": words.all_of(names)}


def act_of(entry: LogEntry) -> dict[str, str]:
    """Return `who` did `what` and `when`, for a sentence that tells it."""
    who = entry.by.full_name if entry.by else _("The system")
    return {"who": who, "what": words.done(entry.step), "when": words.moment(entry.at)}


def changes(stale: api.StalePage) -> list[str]:
    """Return what changed since a page was made, a sentence for each entry."""
    return [_("%(who)s %(what)s, %(when)s") % act_of(entry) for entry in stale.entries]


def back_to_case(request: HttpRequest, root: Case, text: str) -> HttpResponse:
    """Say what was done and go back to the case; whoever may not open it (any more) is told who reads it, on their desk."""
    if unseen := api.who_reads(request.user, root):
        tell(request, f"{text} {unseen}")
        return HttpResponseRedirect(reverse("kc_workflows:desk"))
    tell(request, text)
    return HttpResponseRedirect(root_url(root))


def root_url(root: Case) -> str:
    """Return the address of the page of a case that stands by itself."""
    return reverse("kc_workflows:case" if root.type == "incident" else "kc_workflows:root", args=[root.key])


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 in the pages' style."""
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
