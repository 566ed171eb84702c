"""Consent by another way than the link: staff write down an answer; and the personal links of whoever is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows import answering, clock, paper, personal_links, registry, words
from workflows.commands import InvalidData, StepDenied
from workflows.conditions import to_minute
from workflows.forms import StepForm
from workflows.models import Outbox, Person, PersonalLink
from workflows.pages import asking, explaining, reading, root
from workflows.pages.base import log_read, page, root_or_404, root_url, show, staff_or_404, tell
from workflows.shapes import edge_from

WRITTEN = ("paper", "in_person", "phone")
"""How an answer comes that somebody else writes down."""

AT_ONCE = timedelta(minutes=2)
"""Within this time a second sending of the same button is taken for the first one."""

FIELDS = ("person", "answer", "form", "authority", "witness", "happened", "language", "reason")


@page
def answer_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Write down what somebody answered on paper, in a talk or by telephone, or that they take their yes back.

    Returns:
        200 the form, 302 written down, 422 something is missing, 409 this person may not answer (any more).

    Raises:
        Http404: no consent, or not for the reader; or nobody else is asked about it.
    """
    consent = root_or_404(request, key)
    staff_or_404(request, consent)
    seen = reading.read(request.user, consent)
    if not root.may_write_down(seen):
        raise Http404
    log_read(request, consent, "answer")
    asked = Person.objects.filter(pk__in=[int(pk) for pk in root.asked_of(seen) - {seen.actor.id}]).order_by("pk")
    people = {
        "person": [(str(one.pk), f"{one.full_name} ({words.label('person_kind', one.kind)})") for one in asked],
        "witness": reading.staff_choices(consent, without=[seen.person.pk] if seen.person else []),
    }
    form = StepForm(
        request.POST if request.method == "POST" else None, fields=FIELDS, required=["person", "answer", "form"],
        first=[name for name in FIELDS if name not in ("language", "reason")], people=people, choices={"form": WRITTEN},
        version=consent.log_count,
        initial={"language": "nl", **({"person": people["person"][0][0]} if len(people["person"]) == 1 else {})},
    )  # fmt: skip
    form.fields["person"].label = _("Who answered?")
    form.fields["answer"].label = _("What was the answer?")
    if root.is_left_up(seen):
        form.fields["answer"].help_text = _("The term is over. With no, what was published is taken away.")
    form.fields["authority"].label = _("Did they declare to have parental authority?")
    form.fields["authority"].help_text = _("Needed for a yes of a parent.")
    form.fields["witness"].help_text = _("Needed for a yes by telephone: a second member of staff who heard it.")
    status, stop = 200, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _save(form, asked.get(pk=form.asked["person"]), consent.key, request.user)
            except answering.NotYours:
                form.blame("person", _("This person may not, or no longer, decide about this."))
                status = 409
            except StepDenied as denied:
                status, stop = _denied(form, denied, seen)
            except InvalidData as invalid:
                form.blame_each(invalid.errors)
            else:
                tell(request, _("The answer is written down."))
                return HttpResponseRedirect(root_url(consent))
    shown = {
        "case": consent, "label": _("Write down an answer"), "about": f"{root.title(seen)} · {root.topic_of(consent)}", "form": form, "stop": stop,
        "refused": status == 409, "back": root_url(consent), "button": _("Save"), "readers": reading.readers(seen),
        "advice": [],
    }  # fmt: skip
    return show(request, "step.html", shown, status=status, here="more")


def _save(form: StepForm, signer: Person, key: UUID, user: Any) -> None:
    told = form.asked
    witness = Person.objects.filter(pk=told["witness"]).first() if told.get("witness") else None
    answering.answer(
        signer, {str(key): told["answer"]}, by=user, form=told["form"], language=told.get("language") or "nl", authority=bool(told.get("authority")),
        reasons={str(key): told.get("reason", "")}, witness=witness, happened=told.get("happened"), key=form.submission,
    )  # fmt: skip


def _denied(form: StepForm, denied: StepDenied, seen: reading.Reading) -> tuple[int, explaining.Block | None]:
    """Put the protocol's reasons at their field; what no field lifts comes back as a block."""
    elsewhere = []
    for denial in denied.denials:
        if denial.remedy is not None and denial.remedy.name in form.fields:
            form.blame(denial.remedy.name, words.say(denial.sentence))
        else:
            elsewhere.append(denial)
    if not elsewhere:
        return 422, None
    asked = asking.ask(seen.loaded, seen.root, "consent.answer", seen.actor)
    return 409, explaining.block(seen.loaded, asked, seen.names, elsewhere, actor=seen.actor)


@page
def links_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Send somebody who is asked their personal link again, close it, or print their form; the link itself is never shown to staff.

    Raises:
        Http404: no consent, not for the reader, or not theirs to do.
    """
    consent = root_or_404(request, key)
    staff_or_404(request, consent)
    seen = reading.read(request.user, consent)
    keeps = root.may_keep_links(seen)
    if consent.type != "consent" or not (keeps or root.may_reach_signers(seen)) or (request.method == "POST" and not keeps):
        raise Http404
    log_read(request, consent, "links")
    asked = Person.objects.filter(pk__in=[int(pk) for pk in root.asked_of(seen)]).order_by("pk")
    if request.method == "POST":
        person = next((one for one in asked if str(one.key) == request.POST.get("person")), None)
        if person is None:
            raise Http404
        try:
            on_desk = person.has_desk and person.pk == consent.person_id
            tell(request, _act(person, request.POST.get("act", ""), request.user, on_desk=on_desk))
        except registry.PeopleError as refused:
            tell(request, str(refused))
        return HttpResponseRedirect(reverse("kc_workflows:root_links", args=[consent.key]))
    shown = {
        "case": consent, "title": root.title(seen), "back": root_url(consent), "signers": root.answers_of(seen),
        "without": {one.key for one in asked if not one.email}, "on_desk": {one.key for one in asked if one.has_desk and one.pk == consent.person_id},
        "keeps": keeps, "prints": paper.may_print(request.user, consent) and bool(edge_from("consent.answer", seen.loaded.state_now())),
    }  # fmt: skip
    return show(request, "root_links.html", shown, here="more")


@transaction.atomic
def _act(person: Person, act: str, user: Any, *, on_desk: bool) -> str:
    if act == "send" and on_desk and person.email:
        minute = to_minute(clock.now())
        personal_links.queue_mails([person], lambda one: f"ask:again:{one.pk}:{minute.isoformat()}", on_desk={person.pk})
        return _("%(who)s gets an e-mail: the question waits on their own desk.") % {"who": person.full_name}
    if act == "send" and PersonalLink.objects.filter(person=person, revoked_at=None, made_at__gt=clock.now() - AT_ONCE).exists():
        return _("A new link is already on its way to %(who)s.") % {"who": person.full_name}
    if act == "close":
        personal_links.close_links(person, by=user)
        return _("The links of %(who)s are closed. What was answered stays.") % {"who": person.full_name}
    if act != "send" or not person.email:
        raise Http404
    link = personal_links.replace_link(person, by=user)
    now = clock.now()
    Outbox.objects.create(key=f"ask:again:{link.pk}", kind="ask", person=person, payload={"link": link.pk}, created_at=now, not_before=now)
    return _("A new link goes to %(who)s by e-mail. The old one no longer works.") % {"who": person.full_name}
