"""The truth table's situations of a consent, a connection, an account or a round, in which everything is in order.

A row starts from these and names what is different, as `cells.situation` does for an incident.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from workflows.situation import COUNTERPART, Actor, Facts, Person
from workflows.vocabulary import FIELDS, GATES, MILESTONES, ROOTS, STAFF_ROLES, STEPS, case_type_of

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LATER = date(2026, 7, 31)
AGES: Mapping[str, int] = {"po": 10, "vo": 15}
KINDS: Mapping[str, str] = {
    "pupil": "pupil", "classmate": "pupil", "parent": "parent", "other_parent": "parent", "classmate_parent": "parent", "outsider": "outsider",
}  # fmt: skip
"""Everybody else is staff, and is called by their role."""

GUARDIANS: Mapping[str, tuple[str, ...]] = {"pupil": ("parent", "other_parent"), "classmate": ("classmate_parent",)}
STATES: Mapping[str, str] = {"consent": "granted", "friend_request": "declared", "account": "requested"}
PERSON: Mapping[str, str] = {"consent": "pupil", "friend_request": "teacher", "account": "teacher"}

CHOSEN: Mapping[str, object] = {
    "purpose": "school_publication", "channel": "instagram", "moment": "first_round", "until": LATER, "asked": ("parent",), "answer": True,
    "form": "link", "authority": True, "witness": "teacher", "language": "nl", "text_version": "9f2c", "harm_expected": False, "where": "…",
    "counterpart": "parent", "counterparty": "guardian", "asked_by": "employee", "target_account": "personal", "account_registered": True,
    "account_until": LATER, "tie": "none", "tie_since": date(2017, 5, 1), "contact_since": date(2024, 9, 1), "tie_proof": "…",
    "review_on": date(2026, 6, 1), "parents_told": True, "account_kind": "school", "name": "De Verzonnen School (SCOH)", "site": "…",
    "opened_on": TODAY, "aim": "learning", "owner_person": "teacher", "stand_in": "mentor", "moderators": ("mediamaster", "teacher"),
    "taking_part": ("teacher",), "staff_taking_part": 1, "responsible": "director", "professional": True, "no_private_data": True,
    "moderation": "message_removed", "addressees": 25, "reason": "…",
}  # fmt: skip
"""What a row does not name."""

SUMMED = ("account_registered", "staff_taking_part")
"""Facts that the school's own rows tell, kept on the case."""


def case_type_in(step: str) -> str:
    """Return the case type a step belongs to, also of `record.used`."""
    if step.startswith("record."):
        return next(kind for kind, table in MILESTONES.items() if step.removeprefix("record.") in table)
    return case_type_of(step)


def is_root(step: str) -> bool:
    """Whether the step is one of a root that is no incident, or a gate."""
    return case_type_in(step) in (*ROOTS, *GATES) and case_type_in(step) != "incident"


@dataclass(frozen=True, slots=True)
class _Who:
    """The people of a row: whom it is about, the other side of a connection, and who acts."""

    person: str
    age: int
    by: str

    def described(self, name: str, roles: frozenset[str], asked: tuple[str, ...]) -> Person:
        kind = KINDS.get(name, "employee")
        if kind == "pupil":
            return Person(name, kind, roles, self.age, GUARDIANS.get(name, ()), ("mentor",))
        return Person(name, kind, roles, None, asked if kind == "employee" else ())

    @property
    def actor(self) -> Actor:
        kind = KINDS.get(self.by, "employee" if self.by in STAFF_ROLES else self.by)
        role = {"pupil": "pupil", "parent": "guardian", "outsider": "outsider", "employee": self.by}.get(kind, kind)
        return Actor(self.by, frozenset({role, "employee"} if kind == "employee" else {role}))


def root_situation(row: Mapping[str, Any], sector: str, settings: Mapping[str, object]) -> Facts:
    """Return the orderly consent, connection, account or round with the differences the row names.

    Args:
        row: `step`, and in `given` the facts; besides `by` (who acts), `person` (whom it is about), `signer` (whose answer staff write
            down), `age` and `state`.
        sector: `po` or `vo`.
        settings: the school's answers to its pack's settings.
    """
    given = dict(row.get("given", {}))
    step: str = row["step"]
    case_type = case_type_in(step)
    who = _Who(given.pop("person", PERSON.get(case_type, "")), given.pop("age", AGES[sector]), given.pop("by", "director"))
    state, signer = given.pop("state", STATES.get(case_type, "")), given.pop("signer", None)
    told = {name: value for name, value in CHOSEN.items() if name != "asked" or KINDS.get(who.person) is None}
    for name, value in given.items():
        assert name in FIELDS or name in SUMMED, f"no field {name!r}"
        told[name] = tuple(value) if isinstance(value, list) else value
    asked = told.get("asked") or ()
    people = [who.described(who.person, frozenset(), tuple(asked) if isinstance(asked, tuple) else ())] if who.person else []
    if case_type == "friend_request":
        people.append(who.described(str(told["counterpart"]), frozenset({COUNTERPART}), ()))

    known = MILESTONES.get(case_type, {}).get(step.removeprefix("record.")) or STEPS[step]
    data = {name: told[name] for name in known.fields if name in told}
    if signer:
        data["person"] = signer
    creating = [one for name, one in STEPS.items() if one.creates and case_type_of(name) == case_type]
    kept = {name for one in creating for name in one.fields} | set(SUMMED)
    case = {name: told[name] for name in kept - set(data) - {"reason"} if name in told}
    case["state"] = state
    return Facts(
        step=step, case_type=case_type, case_id="7", now=NOW, today=TODAY, sector=sector, legal_form="public", by=who.actor,
        data=data, case=case, incident={}, people=tuple(people), subjects=(who.person,) if who.person else (), settings=settings,
        root=case_type, names={"school": "De Verzonnen School", "owner": "Teun Borstelbord"} if case_type == "account" else {},
    )  # fmt: skip
