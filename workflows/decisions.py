"""Whose decision a connection or an account waits for, asked of the protocol for many at once.

Nothing here knows a role: who passes the protocol's lines decides. Also what a step's own form can lift, which pages ask of
every step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workflows import clock, protocol, roots, situation
from workflows.actors import actor_for, staff_at
from workflows.data import from_json
from workflows.models import Case, Duty
from workflows.pinned import protocol_of
from workflows.protocol import Denial
from workflows.shapes import INITIAL
from workflows.situation import Actor, Facts
from workflows.vocabulary import MILESTONES, STEPS

DECISIONS: Mapping[str, tuple[str, str]] = {
    "friend_request": ("friend_request.approve", "friend_request.refuse"), "account": ("account.approve", "account.refuse"),
}  # fmt: skip
"""The steps that say yes and no to what somebody declared or requested, by case type."""

DECISION_STEPS: Mapping[str, str] = {
    "measure.propose": "measure.approve",
    "incident.escalate": "incident.sanction",
    "police.consider": "police.report",
    "friend_request.declare": DECISIONS["friend_request"][0],
    "account.request": DECISIONS["account"][0],
}
"""After which step somebody else has to decide, and the step they decide with."""


def fields_of(step: str) -> tuple[str, ...]:
    """Return the fields of a step or, written `record.<milestone>`, of a milestone."""
    if step.startswith("record."):
        name = step.removeprefix("record.")
        known = next((kinds[name] for kinds in MILESTONES.values() if name in kinds), None)
        return (("person",) if known and known.person else ()) + (known.fields if known else ())
    return STEPS[step].fields


def is_lifted_here(denial: Denial, step: str) -> bool:
    """Whether the form of `step` itself can lift the denial: a field of it, or a reason in answer."""
    if denial.strength == "answer":
        return True
    remedy = denial.remedy
    return remedy is not None and remedy.kind == "field" and remedy.name in fields_of(step)


def is_for_others(denials: Iterable[Denial], forecast: Sequence[Denial], facts: Facts) -> bool:
    """Whether somebody else takes a step than who asks: a line about who acts stands in the way, and no reason of theirs lifts it.

    Args:
        denials: for who asks. forecast: for nobody in particular. facts: of the step, with who asks.
    """
    return any(denial not in forecast and not _stands_in(denial, facts) for denial in denials)


def _stands_in(denial: Denial, facts: Facts) -> bool:
    """Whether the line lets who asks act in another's place, saying why."""
    if denial.strength != "answer" or facts.by is None or not denial.answer_by:
        return False
    return situation.plays(facts.by.roles, denial.answer_by)


@dataclass(frozen=True, slots=True)
class Sides:
    """What the protocol says of one decision: can who asks give an answer, and only in somebody else's place."""

    open: bool
    instead: bool
    can_agree: bool


def sides(facts: Facts, found: protocol.Protocol) -> Sides:
    """Return what who asks (`facts.by`) can do about what waits: `facts` are those of any of its steps."""
    can, instead, yes = False, True, False
    for step in DECISIONS[facts.case_type] if decidable(facts, found) else ():
        asked = replace(facts, step=step)
        denials = protocol.denials(found, asked)
        forecast = protocol.denials(found, replace(asked, by=None))
        if all(is_lifted_here(one, step) for one in denials) and not is_for_others(denials, forecast, asked):
            can, yes = True, yes or step == DECISIONS[facts.case_type][0]
            instead = instead and any(one not in forecast for one in denials)
    return Sides(can, can and instead, yes)


def facts_of(cases: Sequence[Case], actor: Actor | None) -> list[Facts]:
    """Return what says who decides on each of these roots of one school; a fixed number of queries.

    What was told and who is in it, not the log, nor what other rows say about it.
    """
    day = clock.today()
    found = []
    for case, people in zip(cases, roots.people_of(cases, day), strict=True):
        rules = protocol_of(case)
        found.append(
            Facts(
                step=DECISIONS[case.type][0], case_type=case.type, case_id=str(case.pk), by=actor, now=clock.now(), today=day,
                sector=case.school.sector, legal_form=case.school.legal_form, data={},
                case={**from_json(case.facts), **roots.whose(case), "state": case.state}, incident={}, people=people,
                subjects=(str(case.person_id),) if case.person_id else (), settings=rules.answered(case.school.settings), root=case.type,
            )
        )  # fmt: skip
    return found


def for_reader(user: Any, cases: Iterable[Case]) -> list[Case]:
    """Return those of the undecided connections and accounts that wait for `user`.

    Where somebody may decide only in another's place, it waits for them once the term has passed or nobody else is there. The
    number of queries grows with the schools of the reader alone.

    Args:
        cases: seen by `user`, with school, person and who opened them, in the order in which they are to be shown.
    """
    rows = [case for case in cases if case.state == INITIAL[case.type]]
    waiting: set[int] = set()
    for school in {case.school_id: case.school for case in rows}.values():
        own = [case for case in rows if case.school_id == school.pk]
        actor, _person = actor_for(user, school)
        late = set(Duty.objects.filter(case__in=own, done_at=None, due_at__lt=clock.now()).values_list("case_id", flat=True))
        roles: set[str] | None = None
        for case, facts in zip(own, facts_of(own, actor), strict=True):
            found = sides(facts, protocol_of(case))
            mine = case.opened_by is not None and case.opened_by.user_id == user.pk
            if not found.open or (mine and not found.can_agree):
                continue
            if found.instead and case.pk not in late:
                roles = roles if roles is not None else {role for row in staff_at(school) for role in (row.role, row.acting_for) if role}
                if _somebody_else(facts, case, roles):
                    continue
            waiting.add(case.pk)
    return [case for case in rows if case.pk in waiting]


def _somebody_else(facts: Facts, case: Case, roles: Iterable[str]) -> bool:
    """Whether one of these roles of the school decides in their own right."""
    found = protocol_of(case)
    return any(
        one.open and not one.instead for one in (sides(replace(facts, by=Actor(id="", roles=frozenset({role, "employee"}))), found) for role in roles)
    )


def is_only_noted(facts: Facts, found: protocol.Protocol) -> bool:
    """Whether the protocol asks nobody to decide about it: it is noted, and that is enough."""
    return any(protocol.asks_nobody(found, replace(facts, by=None, step=step)) for step in DECISIONS[facts.case_type])


def decidable(facts: Facts, found: protocol.Protocol) -> bool:
    """Whether anybody can say yes or no at all; a connection of which a school only wants to know waits for nobody."""
    if is_only_noted(facts, found):
        return False
    asked = [replace(facts, by=None, step=step) for step in DECISIONS[facts.case_type]]
    return any(all(is_lifted_here(denial, one.step) for denial in protocol.denials(found, one)) for one in asked)
