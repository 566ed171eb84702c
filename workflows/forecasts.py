"""Asks before acting: every reason why a step may not be taken, for the page that says "not yet" and for the command that refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from workflows import clock, consequences, protocol, roots
from workflows.actors import actor_of
from workflows.data import InvalidData, read
from workflows.facts import Loaded, load
from workflows.machine import Asking
from workflows.models import Case, School
from workflows.pinned import is_stand_in, protocol_for
from workflows.protocol import Denial
from workflows.sentences import Sentence, gettext_noop
from workflows.situation import Actor, Facts
from workflows.unmet import Remedy
from workflows.vocabulary import STEPS, case_type_of

WITHDRAW_WITHIN = timedelta(minutes=30)
"""How long the opener may take a case back (our default)."""


def denials(case: Case, step: str, by: Any, data: Mapping[str, Any] | None = None, answers: Mapping[str, str] | None = None) -> tuple[Denial, ...]:
    """Return every reason why `by` may not take `step` now; empty means allowed. `by=None` forecasts, leaving roles out.

    Args:
        case: the case, saved or (for a creating step) unsaved with its `parent`.
        step: `type.step`, or `record.milestone`.
    """
    root = case.parent or case
    loaded = load(root)
    actor = actor_of(by, root.school)[0] if by is not None else None
    return denials_loaded(loaded, case, step, actor, data or {}, answers or {})


def denials_loaded(
    loaded: Loaded, case: Case, step: str, actor: Actor | None, data: Mapping[str, Any], answers: Mapping[str, str]
) -> tuple[Denial, ...]:
    """As `denials`, for what was loaded already: many steps cost one load.

    Args:
        actor: who would take the step; None for a forecast.
        data: what is filled in. answers: reasons given, by article.
    """
    asking = Asking(loaded.protocol, loaded.for_step(case, step, actor=actor, data=data), answers)
    found = asking.denials(case.state) + stand_in_denials(loaded, step) + consequences.lacking_in_letters(asking, loaded.root.school)
    found += twin_denials(case, step)
    if step == "incident.sanction":
        measures = [child for child in loaded.children if child.type == "measure" and child.state == "approved"]
        if not measures:
            found += (no_measure(loaded),)
        for measure in measures:
            found += denials_loaded(loaded, measure, "measure.impose", actor, {}, answers)
    if step == "incident.withdraw":
        found += withdraw_denials(loaded, actor)
    return tuple(dict.fromkeys(found))


WITHOUT_PACK = ("incident.report", "incident.withdraw")
"""Steps, beside every milestone, that go on while a school's pack cannot be read."""


def stand_in_denials(loaded: Loaded, step: str) -> tuple[Denial, ...]:
    """Return why nothing is decided while the school's own rules cannot be read; reports, help and safety go on."""
    if step in WITHOUT_PACK or step.startswith("record.") or not is_stand_in(loaded.protocol, loaded.root):
        return ()
    return (plain(gettext_noop("The protocol of this school cannot be read now. Until it is, only reports and notes go on.")),)


def twin_denials(case: Case, step: str) -> tuple[Denial, ...]:
    """Return why the same consent is not asked for, or brought back, beside one that stands: nobody could tell which of them counts."""
    if step not in ("consent.request", "consent.renew", "consent.answer") or not roots.open_twin(case):
        return ()
    return (plain(gettext_noop("This was asked already, and the answer can still be given or changed there.")),)


def gate(school: School, step: str, by: Any, data: Mapping[str, Any]) -> tuple[Denial, ...]:
    """Return every reason why `by` may not do something that has rules and no case; empty means allowed.

    Args:
        step: a step of `vocabulary.GATES`: `round.send`.
        by: who wants to; None forecasts, leaving roles out.
        data: fields of the step.

    Raises:
        InvalidData: a value cannot be read.
    """
    case_type, found = case_type_of(step), protocol_for(school, clock.today())
    spec = STEPS[step]
    given = read(data, spec.fields, spec.required, school=school, case_type=case_type)
    facts = Facts(
        step=step, case_type=case_type, case_id="", by=actor_of(by, school)[0] if by is not None else None, now=clock.now(),
        today=clock.today(), sector=school.sector, legal_form=school.legal_form, data=given.as_facts(), case={}, incident={},
        settings=found.answered(school.settings), root=case_type,
    )  # fmt: skip
    if given.missing:
        raise InvalidData(given.missing)
    return protocol.denials(found, facts)


def withdraw_denials(loaded: Loaded, actor: Actor | None) -> tuple[Denial, ...]:
    """Return why a case cannot be taken back as if it had never been opened.

    A letter that left the school is in the way; a notice to a colleague that a case was opened is not: who reads it finds it taken back.
    """
    root = loaded.root
    found: tuple[Denial, ...] = ()
    if actor is not None and (root.opened_by_id is None or actor.id != str(root.opened_by_id)):
        found += (plain(gettext_noop("Only who opened the case can take it back.")),)
    if clock.now() - root.opened_at > WITHDRAW_WITHIN:
        found += (plain(gettext_noop("The thirty minutes for taking it back have passed; dismiss it with a reason.")),)
    if loaded.sent():
        found += (plain(gettext_noop("Something has been sent already; dismiss it with a reason.")),)
    return found


def no_measure(loaded: Loaded) -> Denial:
    """Say that there is nothing to impose; the way out is to decide on what was proposed, or to propose."""
    proposed = any(child.type == "measure" and child.state == "proposed" for child in loaded.children)
    way = Remedy("step", "measure.approve" if proposed else "measure.propose")
    return replace(plain(gettext_noop("No measure has been approved yet.")), remedy=way)


def plain(sentence: str) -> Denial:
    """Return a denial that rests on the shape of the case, not on an article."""
    return Denial(sentence=Sentence(sentence, ()), articles=("state",), strength="block", remedy=None)
