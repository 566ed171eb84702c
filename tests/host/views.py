"""Pages of the demo host: who are you, the course page with the blocks in it, the mails that were sent."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe
from web_fragments.fragment import Fragment
from xblock.django.request import django_to_webob_request, webob_to_django_response
from xblock.exceptions import NoSuchHandlerError, NoSuchUsage

from tests.host import cast
from tests.host.runtime import VIEW_AS, HostRuntime, block_for, slug_of, usages, viewed_user

BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where to start: the course pages, the desk, the mails."""
    if not request.user.is_authenticated:
        return redirect("host_sign_in")
    return render(request, "host/home.html", {"schools": cast.schools()})


def sign_in(request: HttpRequest) -> HttpResponse:
    """Offer the cast per school; a POST with a CSRF token becomes one of them."""
    if request.method == "POST":
        login(request, get_object_or_404(User, pk=request.POST.get("user") or 0, is_active=True), backend=BACKEND)
        target = request.POST.get("next", "")
        return HttpResponseRedirect(target if url_has_allowed_host_and_scheme(target, None) else "/")
    context = {"schools": cast.schools(), "others": cast.others(), "next": request.GET.get("next", "")}
    return render(request, "host/sign_in.html", context)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Forget who is signed in."""
    logout(request)
    return redirect("host_sign_in")


@login_required
@require_POST
def view_as(request: HttpRequest) -> HttpResponse:
    """Look at the course page as somebody else, as course staff can on the platform; an empty user ends it."""
    if not request.user.is_staff:
        raise Http404
    if request.POST.get("user"):
        request.session[VIEW_AS] = get_object_or_404(User, pk=request.POST["user"]).pk
    else:
        request.session.pop(VIEW_AS, None)
    return redirect(request.headers.get("Referer", "/"))


@login_required
@require_safe
def course_of(request: HttpRequest, key: str) -> HttpResponse:
    """Lead from a course's address on the platform to its page here."""
    return redirect("host_course", slug=slug_of(key))


@require_safe
@ensure_csrf_cookie
def course(request: HttpRequest, slug: str, view_name: str = "student_view") -> HttpResponse:
    """The course page of one school, or with `view_name` what Studio shows; `?copies=2` puts every block on it twice."""
    if view_name != "student_view" and not request.user.is_staff:
        raise Http404
    viewed = viewed_user(request)
    copies = 2 if request.GET.get("copies") == "2" else 1
    page = Fragment()
    for usage in usages(slug, copies):
        part = HostRuntime(viewed, slug).get_block(usage).render(view_name)
        page.add_content(part.content)
        page.add_fragment_resources(part)
    context = {"page": page, "slug": slug, "viewed": viewed, "schools": cast.schools()}
    return render(request, "host/course.html", context)


def handler(request: HttpRequest, usage_id: str, name: str, suffix: str = "") -> HttpResponse:
    """One handler of one block. As on the platform: no transaction, CSRF for sessions, a visitor's GET gets through."""
    try:
        block = block_for(request, usage_id)
        answer = block.runtime.handle(block, name, django_to_webob_request(request), suffix)
    except (NoSuchUsage, NoSuchHandlerError) as wrong:
        raise Http404 from wrong
    response: HttpResponse = webob_to_django_response(answer)
    return response


def _read(path: Path) -> EmailMessage:
    """Read one mail of the file backend, which ends each with a line of dashes."""
    return email.message_from_bytes(path.read_bytes().rpartition(b"\n" + b"-" * 79)[0], policy=email.policy.default)


@login_required
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """Every mail that was sent, the newest first: nothing here leaves this machine."""
    folder = Path(settings.EMAIL_FILE_PATH)
    files = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True) if folder.is_dir() else []
    found = []
    for message in map(_read, files[:100]):
        body = message.get_body(("plain", "html"))
        text = body.get_content() if body else ""
        found.append({"subject": message["Subject"], "to": message["To"], "date": message["Date"], "body": text})
    return render(request, "host/mails.html", {"mails": found})
