"""Who is told of a step by mail, and who looks after a case nobody has: the one that decides next, the owner, the mentors.

A mail says only that there is a message. It is written down as an outbox row; `delivery` sends it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workflows import clock, protocol, situation
from workflows.access import holders_of, may_see
from workflows.deciders import DECIDERS
from workflows.decisions import DECISION_STEPS, DECISIONS, decidable
from workflows.facts import Loaded
from workflows.models import Case, Involvement, LogEntry, Outbox, Person, School
from workflows.prepared import Prepared, insert, new
from workflows.signing import ASKS
from workflows.situation import Facts


def first_owner(root: Case, people: Iterable[situation.Person]) -> Any:
    """Return who looks after a case opened by a pupil, a parent or nobody: a mentor of a pupil in it who may read it."""
    barred = set(Involvement.objects.filter(case=root, role="excluded").values_list("person_id", flat=True))
    suspects = {int(p.id) for p in people if "suspect" in p.case_roles}
    if root.restricted:
        return None
    for role in ("reporter", "target", "suspect"):
        for person in people:
            if role in person.case_roles and person.kind == "pupil":
                for mentor in person.mentors:
                    if int(mentor) not in barred | suspects:
                        return Person.objects.select_related("user").get(pk=mentor).user
    return None


def ask_on_desk(loaded: Loaded, entry: LogEntry, facts: Facts) -> None:
    """Queue a mail to whoever is asked and answers on a desk of their own, when a member of staff asks; one a day.

    Parents get theirs with a personal link, from a round or from the page on which links are sent.
    """
    if entry.step not in ASKS or entry.by_id is None:
        return
    asked = frozenset[str]().union(*(protocol.people_asked(line, facts) for line in protocol.signers(loaded.protocol, facts)))
    person, now = loaded.root.person, clock.now()
    if person is None or str(person.pk) not in asked or person.pk == entry.by_id or not (person.has_desk and person.email.strip()):
        return
    key = f"{entry.step}:{person.pk}:{clock.today()}"
    Outbox.objects.get_or_create(key=key, defaults={"kind": "ask", "person": person, "created_at": now, "not_before": now})


def tell(loaded: Loaded, case: Case, entry: LogEntry, facts: Facts) -> list[Person]:
    """Queue a mail to who must know: whoever decides next, the owner, and the mentors of the pupils concerned.

    The mail says only that there is a message. On the hard route nobody but the board is told.

    Args:
        loaded: the root with all that belongs to it. case: whose step it was. entry: the log entry of the step.
        facts: of the step.

    Returns:
        Who is told: nobody who is kept out of the case, nor who took the step.
    """
    root, step = loaded.root, entry.step
    barred = loaded.barred | {int(p.id) for p in facts.people if "suspect" in p.case_roles}
    staff, receivers = _who_must_know(loaded, case, entry, facts, barred)
    silent = barred | {entry.by_id or 0}
    if others := receivers - silent - staff.keys():
        staff |= {person.pk: person for person in Person.objects.filter(pk__in=others)}
    people = [person for pk, person in sorted(staff.items()) if pk not in silent]
    now, payload = clock.now(), {"step": step, "case": str(root.key)}
    insert(
        [
            new(
                Outbox, key=f"mail:{entry.pk}:{person.pk}", kind="mail", root_id=root.pk, person_id=person.pk,
                payload=payload, created_at=now, not_before=now,
            )
            for person in people
        ]
    )  # fmt: skip
    return people


def _who_must_know(
    loaded: Loaded, case: Case, entry: LogEntry, facts: Facts, barred: frozenset[int]
) -> tuple[dict[int, Person], set[int]]:  # fmt: skip
    """Return who is to be told of a step: members of staff by key, and the keys of others."""
    root, step = loaded.root, entry.step
    if root.restricted:
        return _deciders(loaded, {"board"} if step in ("incident.report", "incident.triage", "incident.refer", "correct_person") else ()), set()
    if step == "incident.report":
        return _near_a_report(loaded, facts, barred)
    if step in DECISION_STEPS and not _only_noted(loaded, case, entry):
        return _next_to_decide(loaded, case, DECISION_STEPS[step]), set()
    if any(step in decided for decided in DECISIONS.values()):
        kept = root.person is not None and not may_see(root.person.user, root)  # told about somebody who may not read it
        return {}, {key for key in (None if kept else root.person_id, root.opened_by_id) if key}
    if step == "takedown.request" and root.type == "consent":
        return _deciders(loaded, {"director"}), {int(record.by) for record in loaded.records if record.what == "used" and record.by}
    if step in ("measure.approve", "measure.reject", "incident.send_back", "incident.take_over", "hand_over"):
        return owner_of(root) | _second_to_decide(loaded, case, step), {int(facts.proposer)} if facts.proposer else set()
    return {}, set()


def _near_a_report(loaded: Loaded, facts: Facts, barred: frozenset[int]) -> tuple[dict[int, Person], set[int]]:
    """Return whom a report reaches: the mentors of its pupils, whoever was asked for help, the owner; never nobody."""
    mentors = {int(m) for p in facts.people if p.kind == "pupil" and p.case_roles - {"bystander"} for m in p.mentors} - barred
    asked = {str(facts.data.get("help_contact"))} & {"director", "confidential_counsellor"}
    staff = _deciders(loaded, asked or (() if mentors else {"director"}))
    for role in ("director", "board"):
        if not mentors and staff.keys() <= barred:  # whoever is near was kept out: somebody reads a call for help all the same
            staff |= _deciders(loaded, {role})
    return staff | owner_of(loaded.root), mentors


def _next_to_decide(loaded: Loaded, case: Case, step: str) -> dict[int, Person]:
    """Return whose turn it is to take the step that decides."""
    roles = protocol.expected_roles(loaded.protocol, loaded.for_step(case, step, actor=None, data={}))
    if loaded.root.type != "incident":
        return _deciders(loaded, _near(roles))
    staff = _deciders(loaded, roles & DECIDERS)
    if staff and {str(pk) for pk in staff} <= loaded.parties():
        staff |= _deciders(loaded, {"board"})  # whoever would decide is a party: the next level does
    return staff


def _second_to_decide(loaded: Loaded, case: Case, step: str) -> dict[int, Person]:
    """Return who must approve a measure too, once one role did."""
    if step != "measure.approve":
        return {}
    return _deciders(loaded, protocol.second_roles(loaded.protocol, loaded.for_step(case, "measure.impose", actor=None, data={})))


_OWNER = Prepared(lambda school, user: Person.objects.filter(school=school, user=user).order_by(), int, int)


def holders(school: School, roles: Iterable[str]) -> set[int]:
    """Return the people who hold one of `roles` at the school today, deputies included; the board where nobody does."""
    wanted = tuple(roles)
    users = (holders_of(school, *wanted) or holders_of(school, "board")) if wanted else frozenset()
    return set(Person.objects.filter(school=school, user__in=users).values_list("pk", flat=True))


def _only_noted(loaded: Loaded, case: Case, entry: LogEntry) -> bool:
    """Whether staff noted something about which nobody decides; what a pupil tells is always read by somebody."""
    return "employee" in entry.by_roles and nobody_decides(loaded, case)


def nobody_decides(loaded: Loaded, case: Case) -> bool:
    """Whether it is a connection or an account to which the protocol lets nobody say yes or no."""
    if case.type not in DECISIONS:
        return False
    return not decidable(loaded.for_step(case, DECISIONS[case.type][0], actor=None, data={}), loaded.protocol)


def _near(roles: frozenset[str]) -> frozenset[str]:
    """Of the roles that may decide about a connection or an account those that are asked; the director where any of the staff may."""
    if "teacher" in roles:
        return frozenset({"director"})
    wanted = roles & {"director", "ict_coordinator", "mediamaster", "communications"}
    return wanted or roles & {"board"}


def _deciders(loaded: Loaded, roles: Iterable[str]) -> dict[int, Person]:
    """As `holders`, for the roles of `actors.TOLD`: the people themselves, by key."""
    wanted = frozenset(roles)
    if not wanted:
        return {}
    rows = loaded.staff()
    found = {person.pk: person for person in rows if not wanted.isdisjoint((person.role, person.acting_for))}
    return found or {person.pk: person for person in rows if "board" in (person.role, person.acting_for)}


def owner_of(root: Case) -> dict[int, Person]:
    """Return the person who owns a case, by key; empty where nobody does."""
    return {person.pk: person for person in _OWNER(root.school_id, root.owner_id)} if root.owner_id else {}
