"""The small pages that put a case right: take an entry back, name the right person, give the case another owner.

Each asks for a reason; `workflows.corrections` decides and does it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows import commands, words
from workflows.corrections import NO_OWNERS
from workflows.forms import StepForm
from workflows.models import Case, LogEntry, Person
from workflows.pages import choices, reading
from workflows.pages.base import back_to_case, incident_or_404, page, root_or_404, root_url, show, staff_or_404, tell


@page
def retract_page(request: HttpRequest, key: UUID, n: int) -> HttpResponse:
    """Take back one entry: it stays on the timeline, struck through, and no longer counts."""
    root = root_or_404(request, key)
    staff_or_404(request, root)
    entry = get_object_or_404(LogEntry.objects.select_related("root", "person", "by"), root=root, n=n)
    seen = reading.read(request.user, root)
    if entry.person is not None and entry.person.kind == "pupil" and not seen.sight.names(entry.person):
        raise Http404
    label = _("Take back: %(what)s") % {"what": words.done(entry.step)}
    form = StepForm(request.POST if request.method == "POST" else None, fields=["reason"], required=["reason"])
    status = _submit(request, form, lambda: commands.retract(entry, by=request.user, reason=form.asked["reason"], key=form.submission))
    if status == 302:
        tell(request, _("Taken back. The entry stays visible, struck through."))
        return HttpResponseRedirect(f"{root_url(root)}#entry-{n}")
    about = _("The entry stays visible, struck through, and no longer counts. Who wrote it and why stay known.")
    return show(request, "step.html", _simple(root, label, form, about, _("Take it back")), status=status, here="desk")


@page
def owner_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give the case another owner."""
    root = incident_or_404(request, key)
    person = staff_or_404(request, root)
    people = {"owner": reading.staff_choices(root, without=[person.pk], but=NO_OWNERS)}
    form = StepForm(
        request.POST if request.method == "POST" else None, fields=["owner", "reason"], required=["owner"],
        first=["owner", "reason"], people=people,
    )  # fmt: skip

    def hand_over() -> object:
        to = Person.objects.get(pk=form.asked["owner"]).user
        return commands.hand_over_case(root, by=request.user, to=to, reason=form.asked.get("reason", ""), key=form.submission)

    status = _submit(request, form, hand_over)
    if status == 302:
        tell(request, _("Handed over."))
        return HttpResponseRedirect(reverse("kc_workflows:desk"))
    label = _("Hand over this case")
    return show(request, "step.html", _simple(root, label, form, "", label), status=status, here="desk")


@page
def correct_page(request: HttpRequest, key: UUID, person: UUID) -> HttpResponse:
    """Take somebody out of a case in which they were put by mistake."""
    root = incident_or_404(request, key)
    staff_or_404(request, root)
    seen = reading.read(request.user, root)
    wrong = next((one for one in seen.involved if one.person.key == person and one.seen and not one.masked), None)
    if wrong is None:
        raise Http404
    people = {"person": choices.classmates(seen, without=wrong.person.pk)}
    form = StepForm(
        request.POST if request.method == "POST" else None, fields=["person", "reason"], required=["reason"],
        first=["person", "reason"], people=people,
    )  # fmt: skip
    if "person" in form.fields:
        form.fields["person"].label = _("Who should it have been?")

    def correct() -> object:
        chosen = form.asked.get("person")
        right = Person.objects.get(pk=chosen) if chosen else None
        return commands.correct_person(root, wrong.person, right, by=request.user, reason=form.asked["reason"], key=form.submission)

    status = _submit(request, form, correct)
    if status == 302:
        root.refresh_from_db()
        return back_to_case(request, root, _("Corrected. Only the data protection officer still sees that there was a mistake."))
    label = _("Wrong person: %(name)s") % {"name": wrong.name}
    about = _("This person disappears from the case for everybody but the data protection officer.")
    return show(request, "step.html", _simple(root, label, form, about, _("Correct it")), status=status, here="desk")


def _submit(request: HttpRequest, form: StepForm, command: Callable[[], object]) -> int:
    """Carry out a small form's command; what refuses it is put on the form.

    Returns:
        200 nothing was sent yet; 302 done; 409 a rule refuses; 422 the form is not complete.
    """
    if request.method != "POST":
        return 200
    if not form.is_valid():
        return 422
    try:
        command()
    except commands.StepDenied as denied:
        for denial in denied.denials:
            form.blame(None, words.say(denial.sentence))
        return 409
    except commands.InvalidData as invalid:
        form.blame_each(invalid.errors)
        return 422
    return 302


def _simple(root: Case, label: str, form: StepForm, about: str, button: str) -> dict[str, Any]:
    back = root_url(root)
    return {"case": root, "label": label, "form": form, "about": about, "button": button, "back": back}
