"""A case as far as its letters, played through the real commands: a film of the gym lesson, shared without consent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.cast import Cast, build
from tests.remembered import remembered
from tests.stories import MONDAY
from workflows import clock, commands
from workflows.models import Case, Letter

PROPOSAL: dict[str, Any] = {
    "kind": "suspension",
    "first_day": "2026-03-04",
    "school_days": 2,
    "conduct": "Noa filmde een ander kind in de kleedkamer. Daarna deelde Noa de film in een groepsapp.",
    "acted_at": "rond 10.30 uur in de gymzaal",
    "platform": "groepsapp",
    "rule": "Je deelt geen beeld van een ander zonder toestemming.",
    "rule_followed": "Schoolreglement, hoofdstuk 4",
    "reason": "De film deed het andere kind veel verdriet.",
    "why_not_lighter": "Een waarschuwing in januari hielp niet.",
    "earlier_measures": "Een waarschuwing op 14 januari 2026.",
    "school_work": "De mentor mailt elke ochtend het werk en belt om 14 uur.",
    "conditions": "Noa komt niet op het plein. Noa mag wel naar de bibliotheek.",
    "return_talk_on": "2026-03-06",
}
TALK = "Ik vond het grappig. Nu niet meer."
PARENT_TALK = "Wij praten er thuis over."


REPORT: dict[str, Any] = {
    "category": "image_without_consent", "severity": 3, "acted_on": "2026-02-27", "published": True, "possibly_criminal": False,
    "scope": "school_related", "capacity": "personal", "school_medium": False, "origin": "report", "act": "post",
    "story": "Er ging een film rond.", "confidential": False, "platform": "groepsapp",
}  # fmt: skip


def play(
    protocol: str = "groningen", sector: str = "vo", *, legal_form: str = "public",
    people: Mapping[str, Mapping[str, Any]] | None = None, **proposal: Any,
) -> tuple[Cast, Case]:  # fmt: skip
    """Make the cast and take the case as far as an approved measure; the clock stands at `MONDAY` while it is done.

    Args:
        people: overrides of the cast. proposal: answers of the proposal that differ from `PROPOSAL`.
    """
    with clock.at(MONDAY):
        return _played(protocol, sector, legal_form, people, proposal)


@remembered
def _played(
    protocol: str, sector: str, legal_form: str, people: Mapping[str, Mapping[str, Any]] | None, proposal: Mapping[str, Any]
) -> tuple[Cast, Case]:
    made = build(protocol, sector, MONDAY.date(), people, legal_form=legal_form)
    mentor, director, cast = made.users["mentor"], made.users["director"], made.people
    told = {**REPORT, "suspects": [cast["pupil"]], "targets": [cast["classmate"]]}
    case = commands.open_case(by=mentor, school=made.school, data=told).case
    commands.perform(case, "incident.triage", by=director, data={"severity": 3})
    commands.perform(case, "incident.discuss", by=mentor, data={"person": cast["pupil"], "note": TALK, "channel": "in_person"})
    commands.record(case, "heard", by=mentor, person=cast["parent"], data={"note": PARENT_TALK, "channel": "phone"})
    commands.open_child(case, "measure.propose", by=mentor, data={**PROPOSAL, **proposal, "person": cast["pupil"]})
    commands.perform(case, "incident.escalate", by=mentor, data={"reason": "Dit is ernstig."})
    measure = Case.objects.get(parent=case, type="measure")
    commands.perform(measure, "measure.approve", by=director, data={"reason": "Akkoord."})
    for parent in ("parent", "other_parent"):
        commands.record(case, "parents_informed", by=mentor, person=cast[parent], data={"channel": "phone"})
    return made, Case.objects.get(pk=case.pk)


def sanction(made: Cast, case: Case) -> list[Letter]:
    """Impose the measure; return the copies that the step queued."""
    with clock.at(MONDAY):
        commands.perform(case, "incident.sanction", by=made.users["director"])
    return list(Letter.objects.filter(root=case).select_related("root", "root__school", "addressee", "about").order_by("pk"))
