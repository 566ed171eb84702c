"""Forms on paper: the code by which a form is found again when it comes back, and what was ticked on it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from workflows import access, answering, clock
from workflows.acts import Outcome
from workflows.answering import Line
from workflows.models import PaperForm, RoundCase, School

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
    cases = set(RoundCase.objects.filter(round=form.round_id).values_list("case", flat=True))
    return tuple(line for line in answering.lines_for(form.signer).lines if line.person.pk == form.about_id and line.case.pk in cases)


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
