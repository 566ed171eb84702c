"""The letters of a case: read the PDF, approve exactly those bytes, send them by a route, and see what was sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows import queries, words
from workflows.delivery import reading as reading_copy
from workflows.delivery import sending
from workflows.delivery.faults import LetterRefused
from workflows.delivery.letters import LetterFault, PrintingUnavailable
from workflows.delivery.recipients import routes_of
from workflows.forms import Cards, PageForm
from workflows.models import Letter
from workflows.pages import reading
from workflows.pages.base import incident_or_404, log_read, page, show, staff_or_404, tell
from workflows.queries import APPROVERS

STATES = {
    "draft": gettext_lazy("waits for approval"),
    "approved": gettext_lazy("approved, not sent yet"),
    "sent": gettext_lazy("sent"),
    "failed": gettext_lazy("could not be sent"),
    "void": gettext_lazy("void"),
}
"""Where a letter stands."""


def standing(letter: Letter) -> str:
    """Return in words where a letter stands: one for the file goes nowhere, a mailed one is on its way till it is delivered."""
    if letter.state == "approved" and letter.addressee_id is None:
        return _("in the file")
    if letter.state == "approved" and letter.route == "email":
        return _("on its way by e-mail")
    return str(STATES.get(letter.state, letter.state))


class ApproveForm(PageForm):
    """Approves the bytes that were read, known by their digest."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)


class SendForm(PageForm):
    """Chooses how the letter leaves the school."""

    route = forms.ChoiceField(label=gettext_lazy("How does it go?"), widget=Cards)

    def __init__(self, data: Any = None, *, routes: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        field: Any = self.fields["route"]
        field.choices = [(route, words.capital(words.label("route", route))) for route in routes]


def _letter_or_404(request: HttpRequest, key: UUID, letter: UUID) -> tuple[reading.Reading, Letter]:
    root = incident_or_404(request, key)
    staff_or_404(request, root)
    seen = reading.read(request.user, root)
    rows = Letter.objects.filter(root=root, key=letter).select_related("addressee", "about", "approved_by", "case", "queued_by")
    found = rows.first()
    if found is None or not queries.may_open(found, seen.sight, seen.kept):
        raise Http404
    found.root = root
    return seen, found


@page
def letter_page(request: HttpRequest, key: UUID, letter: UUID) -> HttpResponse:
    """Show a letter: what it still lacks, its preview, and the act that comes next."""
    seen, found = _letter_or_404(request, key, letter)
    log_read(request, seen.root, "letter")
    status, problems, notice = 200, [], ""
    if request.method == "POST":
        try:
            notice = _act(request, found)
        except LetterRefused as refused:
            status, problems = 409, _sentences(refused)
            found.refresh_from_db()
        except _Incomplete as incomplete:
            status, problems = 422, incomplete.problems
        else:
            if not notice:
                return HttpResponseRedirect(request.path)
    return _page(request, seen, found, status=status, problems=problems, notice=notice)


class _Incomplete(Exception):
    """The form lacks its choice."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


def _act(request: HttpRequest, letter: Letter) -> str:
    """Approve, send or give the link again; return the notice to copy into the portal, if the route is one."""
    if "digest" in request.POST:
        form = ApproveForm(request.POST)
        if not form.is_valid():
            raise _Incomplete([_("Read the letter first.")])
        sending.approve(letter, by=request.user, digest=form.cleaned_data["digest"])
        tell(request, _("Approved. Exactly this letter can now be sent."))
        return ""
    if "again" in request.POST:
        notice = sending.again(letter, by=request.user)
        if not notice:
            tell(request, _("The letter is on its way by e-mail."))
        return notice
    choice = SendForm(request.POST, routes=routes_of(letter))
    if not choice.is_valid():
        raise _Incomplete([_("Choose how the letter goes.")])
    sent = sending.send(letter, by=request.user, route=choice.cleaned_data["route"])
    if not sent.notice:
        waits = choice.cleaned_data["route"] == "email"
        tell(request, _("The letter is on its way by e-mail.") if waits else _("Recorded as sent."))
    return sent.notice


def _page(
    request: HttpRequest, seen: reading.Reading, letter: Letter, *, status: int, problems: list[str], notice: str
) -> HttpResponse:
    lacks = problems
    if letter.state == "draft" and not problems:
        try:
            sending.prepare(letter)
        except (LetterRefused, PrintingUnavailable, LetterFault) as refused:
            lacks = _sentences(refused)
    url = reverse("kc_workflows:letter_pdf", args=[seen.root.key, letter.key])
    approves = bool(seen.actor.roles & APPROVERS)
    sends = bool(seen.actor.roles & sending.SENDERS)
    routes = routes_of(letter)
    language = reading_copy.language_of(letter) if letter.state != Letter.State.VOID else ""
    context = {
        "case": seen.root,
        "letter": letter,
        "label": words.label("letter", letter.kind),
        "to": letter.addressee.full_name if letter.addressee else _("the file of this case"),
        "about": seen.name_of(letter.about) if letter.about and letter.about != letter.addressee else "",
        "state": standing(letter),
        "route": words.label("route", letter.route) if letter.route else "",
        "faults": lacks,
        "problem": letter.problem if letter.problem and not lacks else "",
        "refused": bool(problems),
        "notice": notice,
        "pdf_url": url if letter.pdf is not None else "",
        "copy_url": reverse("kc_workflows:letter_copy", args=[seen.root.key, letter.key]) if language and letter.pdf is not None else "",
        "copy_language": words.value("language", language) if language else "",
        "approve": ApproveForm(initial={"digest": letter.digest}) if approves and letter.state == "draft" and letter.digest else None,
        "waits_for_director": not approves and letter.state == "draft",
        "send": SendForm(routes=routes) if sends and letter.addressee and letter.state in ("approved", "failed") else None,
        "again": sends and letter.state == "sent" and letter.route in sending.BY_LINK and not notice,
        "copies": _copies(letter),
        "back": reverse("kc_workflows:case", args=[seen.root.key]),
    }
    return show(request, "letter.html", context, status=status, here="desk")


def _sentences(refused: Exception) -> list[str]:
    """Every fault of a refused letter, or what the printer said."""
    return [fault.message for fault in refused.faults] if isinstance(refused, LetterRefused) else [str(refused)]


def _copies(letter: Letter) -> list[dict[str, str]]:
    """The other copies of the same letter."""
    rows = Letter.objects.filter(queued_by=letter.queued_by_id, kind=letter.kind, about=letter.about_id).exclude(pk=letter.pk)
    return [
        {
            "to": copy.addressee.full_name if copy.addressee else _("the file of this case"),
            "state": standing(copy),
            "url": reverse("kc_workflows:letter", args=[letter.root.key, copy.key]),
        }
        for copy in rows.defer("pdf", "context").select_related("addressee")
    ]


@page
def letter_pdf(request: HttpRequest, key: UUID, letter: UUID) -> HttpResponse:
    """Show the PDF itself: exactly the bytes that are approved and sent. Logged as an export."""
    seen, found = _letter_or_404(request, key, letter)
    if found.pdf is None:
        raise Http404
    log_read(request, seen.root, "export letter")
    name = f"{found.kind}-{seen.root.display_number}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(bytes(found.pdf), content_type="application/pdf", headers=headers)


@page
def letter_copy(request: HttpRequest, key: UUID, letter: UUID) -> HttpResponse:
    """Show the letter's reading copy in the parent's own language, as a PDF. Logged as an export.

    Returns:
        200 with the PDF; 404 where there is none; 409 with the letter's page when it cannot be made as things stand.
    """
    seen, found = _letter_or_404(request, key, letter)
    language = reading_copy.language_of(found)
    if not language:
        raise Http404
    try:
        pdf = reading_copy.copy_of(found)
    except (LetterRefused, PrintingUnavailable, LetterFault) as refused:
        return _page(request, seen, found, status=409, problems=_sentences(refused), notice="")
    log_read(request, seen.root, "export letter copy")
    name = f"{found.kind}-{seen.root.display_number}-{language}.pdf"
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})
