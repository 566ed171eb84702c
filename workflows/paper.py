"""Forms on paper: the code by which a form is found again when it comes back, and what was ticked on it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from workflows import access, answer_texts, answering, clock, rounds
from workflows.acts import Outcome
from workflows.answering import Line
from workflows.models import Case, Enrolment, PaperForm, Person, RoundCase, School
from workflows.models.people import Dated

_CHECK = 97
"""What a code is divided by: one wrong or two exchanged figures always show, as in a bank account number (ISO 7064, MOD 97-10)."""


class WrongCode(ValueError):
    """Not the code of a form of this school; the message says what to do."""


def code_of(form: PaperForm) -> str:
    """Return the code of a form in groups of figures: `1000 1234 56`."""
    number = 10_000_000 + form.pk
    figures = f"{number}{98 - number * 100 % _CHECK:02}"
    return " ".join(figures[start : start + 4] for start in range(0, len(figures), 4))


def find(school: School, code: str, *, by: Any) -> PaperForm:
    """Return the form with a code, as it was typed.

    Args:
        by: the member of staff who has it in hand; only forms about people whose consents they see are found.

    Raises:
        WrongCode: a typing mistake, or no form of this school that `by` may fill in.
    """
    figures = re.sub(r"[\s.-]", "", code)
    if not re.fullmatch(r"\d{10,18}", figures, re.ASCII):
        raise WrongCode(_("A code has ten figures. It stands at the top of the form."))
    if int(figures) % _CHECK != 1:
        raise WrongCode(_("There is a typing mistake in this code. Read it again from the form."))
    rows = PaperForm.objects.select_related("signer", "about", "round", "school")
    form = rows.filter(pk=int(figures[:-2]) - 10_000_000, school=school).first()
    if form is None or not access.visible_roots(by, "consent").filter(person=form.about).exists():
        raise WrongCode(_("No form of this school that you may fill in has this code. Ask the administration."))
    return form


def lines_of(form: PaperForm) -> tuple[Line, ...]:
    """Return the questions of a form that its signer may still answer, in the order in which they are printed."""
    lines = [line for line in answering.lines_for(form.signer).lines if line.person.pk == form.about_id]
    if form.round_id is None:
        return tuple(line for line in lines if str(line.case.key) in form.versions)
    cases = set(RoundCase.objects.filter(round=form.round_id).values_list("case", flat=True))
    return tuple(line for line in lines if line.case.pk in cases)


def may_print(user: Any, consent: Case) -> bool:
    """Whether `user` may have a form printed about a consent they see: whoever may ask for it in a round."""
    reach = rounds.reach_of(user, consent.school)
    if reach is None or reach.whole:
        return reach is not None
    return Enrolment.objects.filter(Dated.active(clock.today()), person=consent.person_id, group__in=reach.groups).exists()


@transaction.atomic
def print_again(consent: Case, signer: Person) -> tuple[PaperForm, tuple[Line, ...]]:
    """Return a form for one person alone, outside any round: theirs was lost, they came later, or they would rather have paper.

    It asks about this consent, and what else about that person waits for their answer. As long as it asks the same and has not
    come back it is the same form, with the same code. Codes of other forms keep working.

    Args:
        signer: who is asked. Whether the user may print it is `may_print`.

    Raises:
        NotYours: this person may not, or no longer, answer.
    """
    found = [line for line in answering.lines_for(signer).lines if line.person.pk == consent.person_id]
    if not any(line.case.pk == consent.pk for line in found):
        raise answering.NotYours
    lines = tuple(line for line in found if line.mine is None or line.case.pk == consent.pk)
    versions = answering.keep_words(lines, "nl", answer_texts.on_paper(signer.kind, "nl"))
    alone = PaperForm.objects.select_related("school", "signer", "about").filter(signer=signer, about=consent.person_id, round=None, received_at=None)
    form = alone.order_by("-pk").first()
    if form is None or form.versions != versions:
        form = PaperForm.objects.create(school=consent.school, signer=signer, about=lines[0].person, versions=versions, looked_at=clock.now())
    return form, lines


@transaction.atomic
def receive(
    form: PaperForm, answers: Mapping[str, bool], *, by: Any, authority: bool, happened: datetime | None = None,
    reasons: Mapping[str, str] | None = None, key: str | None = None,
) -> list[Outcome]:  # fmt: skip
    """Write down what was ticked on a form that came back.

    Args:
        answers: yes or no by the key of the consent. by: the member of staff. authority: whether that was ticked.
        happened: the day that stands on the form. reasons: why not, by key, if that was written. key: the form's key.

    Raises:
        As `answering.answer`.
    """
    done = answering.answer(
        form.signer, answers, by=by, form="paper", authority=authority, happened=happened, reasons=reasons, key=key, versions=form.versions
    )
    PaperForm.objects.filter(pk=form.pk).update(received_at=clock.now())
    return done
