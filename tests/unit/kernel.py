"""A small world for the kernel's tests: one pupil, their mentor and guardians, and facts around a suspension."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from workflows.protocol import Denial, Protocol, denials, from_texts
from workflows.situation import Actor, Facts, Linked, Person, Record

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

PUPIL = Person("pupil", "pupil", frozenset({"suspect"}), 15, ("parent", "other_parent"), ("mentor",))
CLASSMATE = Person("classmate", "pupil", frozenset({"target"}), 15, ("classmate_parent",), ("mentor",))
ADULT = Person("adult_pupil", "pupil", frozenset({"suspect"}), 18, ("parent",), ("mentor",))
TEACHER = Person("teacher", "employee", frozenset({"suspect"}))
PARENT = Person("parent", "parent", frozenset({"suspect"}))


def actor(*roles: str, key: str = "director") -> Actor:
    """Somebody with these roles."""
    return Actor(key, frozenset(roles))


DIRECTOR = actor("director", "employee")
MENTOR = actor("mentor", "employee", key="mentor")
BOARD = actor("board", "employee", key="board")


def facts(step: str = "measure.impose", **said: Any) -> Facts:
    """Facts of a step on the measure of PUPIL, or on the incident when the step is one of it; `said` replaces what differs."""
    case_type = "incident" if step.startswith(("incident.", "record.")) else step.split(".")[0]
    child = case_type != "incident"
    people = said.pop("people", (PUPIL, CLASSMATE))
    suspects = tuple(person.id for person in people if "suspect" in person.case_roles)
    given: dict[str, Any] = {
        "step": step,
        "case_type": case_type,
        "case_id": "measure" if case_type == "measure" else case_type,
        "by": DIRECTOR,
        "now": NOW,
        "today": TODAY,
        "sector": "vo",
        "legal_form": "public",
        "data": {},
        "case": {"kind": "suspension", "school_days": 2, "state": "proposed"} if case_type == "measure" else {"state": "triaged"},
        "incident": {"state": "triaged", "category": "threat", "severity": 3} if child else {},
        "people": people,
        "subjects": suspects[:1] if case_type == "measure" else suspects,
        "proposer": "mentor",
        "reporter": "mentor",
    }
    return Facts(**{**given, **said})


_SEQ = iter(range(1, 10**9))


def record(
    what: str, person: str | None = None, *, by: Actor = MENTOR, minute: int = 0, case: str = "incident", **data: object
) -> Record:
    """One fact of the log, `minute` minutes after NOW; each later in the log than the one before."""
    case = "measure" if what.startswith("measure.") and case == "incident" else case
    at = NOW.replace(minute=minute)
    return Record(what=what, case=case, person=person, by=by.id, by_roles=by.roles, at=at, seq=next(_SEQ), data=data)


def linked(kind: str, state: str, person: str | None = "pupil", /, **data: object) -> Linked:
    """Another case of the incident."""
    return Linked(type=kind, id=f"{kind}-{next(_SEQ)}", state=state, person=person, data=data, incident="incident")


HEAD = """
key = "test"
in_force = 2026-01-01
source = "A test"
"""


def pack(body: str, *, head: str = HEAD, below: tuple[str, ...] = ()) -> Protocol:
    """A protocol of one layer on `below`; each article named in `body` as A1 … A9 is declared by itself."""
    return from_texts(*below, layer(body, head=head))


def layer(body: str, *, head: str = HEAD) -> str:
    """The text of one layer, with the articles A1 … A9 that it names."""
    named = sorted({f"A{number}" for number in range(1, 10) if f'"A{number}"' in body})
    declared = "".join(f'[articles.{key}]\nen = "Rule {key}."\nnl = "Regel {key}."\n' for key in named)
    return f"{head}\n{declared}\n{body}"


def line(guard: str, place: str = "steps.measure.impose") -> Protocol:
    """A protocol with one requirement, `guard = …` and its arguments, citing A1."""
    return pack(f'[{place}]\nrequires = [{{{guard}, cites = "A1"}}]')


def only(guard: str, asked: Facts, place: str = "steps.measure.impose") -> Denial | None:
    """The denial of the one line, if it is unmet."""
    found = denials(line(guard, place), asked)
    assert len(found) <= 1
    return found[0] if found else None


def says(guard: str, asked: Facts, place: str = "steps.measure.impose") -> str:
    """The sentence of that denial; empty when the line is met."""
    denial = only(guard, asked, place)
    return "" if denial is None else str(denial.sentence)


def reasons(found: tuple[Denial, ...]) -> list[str]:
    """The articles of all denials, in order."""
    return [article for denial in found for article in denial.articles]
