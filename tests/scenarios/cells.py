"""The truth table as questions: makes the pure facts of each row and asks a protocol about them.

`truth_table.toml` holds what each school's protocol must answer, written by hand from the protocols. A row starts from a
case in which everything is in order (talk held, parents informed, measure approved, every field filled) and says what is
different; so a cell shows what that one difference does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.scenarios.root_cells import is_root, root_situation
from workflows.protocol import Protocol, advice, clauses, denials, duties, letters, signers
from workflows.situation import Actor, Facts, Linked, OpenDuty, Person, Record
from workflows.vocabulary import FIELDS, MILESTONES, STAFF_ROLES, STEPS

TABLE = Path(__file__).with_name("truth_table.toml")
SCHOOLS: Mapping[str, str] = {
    "leyenburg": "vo", "verkruisen": "po", "montessori": "vo", "wilhelmina": "po", "groningen": "vo",
}  # fmt: skip
"""The five schools with the sector a row is asked in unless it says otherwise."""

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
PROPOSED = 100
"""The place in the log of the measure's proposal; what came before it has a smaller one."""

STAFF = frozenset({*STAFF_ROLES, "employee"})
KINDS: Mapping[str, str] = {
    "pupil": "pupil", "classmate": "pupil", "adult_pupil": "pupil", "teacher": "employee", "director": "employee",
    "parent": "parent", "outsider": "outsider",
}  # fmt: skip
GUARDIANS: Mapping[str, tuple[str, ...]] = {"pupil": ("parent", "other_parent"), "classmate": ("classmate_parent",)}
AGES: Mapping[str, int] = {"po": 10, "vo": 15}

WRITTEN = "…"
CHOSEN: Mapping[str, object] = {
    "category": "cyberbullying", "severity": 3, "scope": "school_related", "capacity": "personal", "published": True,
    "possibly_criminal": False, "school_medium": False, "acted_on": TODAY, "origin": "report", "confidential": False,
    "kind": "warning", "first_day": TODAY, "school_days": 1, "bound_to": "device", "asks": "remove_and_correct",
    "how": "post_removed", "with": "ict_coordinator", "finding": "deliberate", "manner": "public", "channel": "phone",
    "reached": True, "file": "pupil_file", "mediation_possible": True, "advice_kind": "advice", "mode": "school",
    "help_contact": "teacher", "outcome": "no_action", "action": "kept_apart", "return_talk_on": TODAY,
}  # fmt: skip
"""What a row does not name; free text is "…", anything else is left unanswered."""

DONE = (
    "cause_examined", "communications_consulted", "personnel_consulted", "police_consulted", "ict_consulted",
    "advice_consulted", "medium_stopped", "board_told", "confidential_inspector_consulted", "inspectorate_notified",
    "takedown.confirm_removed", "takedown.confirm_corrected",
)  # fmt: skip
"""Milestones and steps of the orderly case that concern nobody in particular."""

SETTLED: Mapping[str, tuple[str, ...]] = {"measure": ("completed",), "police": ("reported",), "takedown": ("settled",)}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: a school's protocol is asked about `facts` and must say `expected`."""

    dimension: str
    row: str
    school: str
    ask: str
    facts: Facts
    letter: str
    expected: frozenset[str]

    @property
    def title(self) -> str:
        """A name for the test report."""
        return f"{self.dimension}: {self.row} [{self.school}]"

    def asked(self, protocol: Protocol) -> frozenset[str]:
        """Return what the protocol says: `denied ID`, `answer ID`, an article, or a letter or duty with its articles."""
        settings = protocol.answered(self.facts.settings)
        return _ASKS[self.ask](protocol, replace(self, facts=replace(self.facts, settings=settings)))


def _gate(protocol: Protocol, cell: Cell) -> frozenset[str]:
    said = {
        f"{'answer' if one.strength == 'answer' else 'denied'} {article}"
        for one in denials(protocol, cell.facts)
        for article in one.articles
    }
    return frozenset(said)


def _advice(protocol: Protocol, cell: Cell) -> frozenset[str]:
    return frozenset(article for one in advice(protocol, cell.facts) for article in one.articles)


def _letters(protocol: Protocol, cell: Cell) -> frozenset[str]:
    return frozenset(f"{one.letter} to {one.to}: {' '.join(one.articles)}" for one in letters(protocol, cell.facts))


def _duties(protocol: Protocol, cell: Cell) -> frozenset[str]:
    found = set()
    for one in duties(protocol, cell.facts):
        [(unit, number)] = one.within.items()
        found.add(f"{one.task} in {number} {unit}{f' by {one.owner}' if one.owner else ''}: {' '.join(one.articles)}")
    return frozenset(found)


def _clauses(protocol: Protocol, cell: Cell) -> frozenset[str]:
    return frozenset(clauses(protocol, cell.letter, cell.facts))


def _signers(protocol: Protocol, cell: Cell) -> frozenset[str]:
    return frozenset(f"{one.who}{' each' if one.each else ''}: {' '.join(one.articles)}" for one in signers(protocol, cell.facts))


def _values(protocol: Protocol, cell: Cell) -> frozenset[str]:
    own = (one for one in protocol.settings.values() if one.value is not None)
    said = ((one, " ".join(one.value) if isinstance(one.value, list) else one.value) for one in own)
    return frozenset(f"{one.key} = {value}: {' '.join(one.cites)}" for one, value in said)


def _settings(protocol: Protocol, cell: Cell) -> frozenset[str]:
    return frozenset(f"{one.key}: {' '.join(one.cites)}" for one in protocol.unanswered({}))


def _routes(protocol: Protocol, cell: Cell) -> frozenset[str]:
    return frozenset({f"{', '.join(protocol.routes)}: {' '.join(protocol.routes_cites)}"} if protocol.routes else ())


def _categories(protocol: Protocol, cell: Cell) -> frozenset[str]:
    return frozenset(protocol.categories)


_ASKS = {
    "gate": _gate, "advice": _advice, "letters": _letters, "duties": _duties, "clauses": _clauses,
    "settings": _settings, "routes": _routes, "categories": _categories, "signers": _signers, "values": _values,
}  # fmt: skip


def _expected(ask: str, said: Any) -> frozenset[str]:
    """Read a cell: `allowed`, `denied A B, answer C`, or for other questions a list."""
    if ask != "gate":
        return frozenset(said)
    if said == "allowed":
        return frozenset()
    found = set()
    for part in said.split(", "):
        word, *articles = part.split()
        assert word in ("denied", "answer") and articles, f"cannot read the cell {said!r}"
        found.update(f"{word} {article}" for article in articles)
    return frozenset(found)


def read_table(path: Path = TABLE) -> Iterator[Cell]:
    """Read every cell of the table.

    Raises:
        AssertionError: a row names an unknown key, field, milestone or school.
    """
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    answers = table.pop("settings", {})
    for dimension, part in table.items():
        for row in part["rows"]:
            ask = row.get("ask", "gate")
            known = {"it", "step", "ask", "given", "without", "also", "before", "all", "sector", "letter", "settings", *SCHOOLS}
            assert not set(row) - known, f"{row['it']}: unknown {sorted(set(row) - known)}"
            for school, usual in SCHOOLS.items():
                if school in row or "all" in row:
                    sector = row.get("sector", usual)
                    settings = {**answers.get(school, {}), **row.get("settings", {})}
                    facts = root_situation(row, sector, settings) if is_root(row["step"]) else situation(row, sector, settings)
                    said = _expected(ask, row.get(school, row.get("all")))
                    yield Cell(dimension, row["it"], school, ask, facts, row.get("letter", ""), said)


def situation(row: Mapping[str, Any], sector: str, settings: Mapping[str, object]) -> Facts:
    """Return the orderly case with the differences the row names.

    Args:
        row: `step`; `given` facts and people; `without`, `also` and `before` (records taken out, added, and dated before
            the proposal), each a milestone or `milestone:person`.
        sector: `po` or `vo`.
        settings: the school's answers to its pack's settings.
    """
    given = dict(row.get("given", {}))
    step: str = row["step"]
    case_type = "incident" if step.startswith("record.") else step.split(".")[0]
    makers = _names(given.pop("subject", "pupil"))
    victims = _names(given.pop("target", "classmate"))
    about = given.pop("person", None)
    linked = given.pop("linked", {})
    stacked = given.pop("earlier_days", 0)
    unfiled = given.pop("unfiled", {})
    open_duties = given.pop("duties", ())
    role = given.pop("by", "director")
    root = given.pop("root", "incident")
    state = given.pop("state", "triaged")
    reporter = given.pop("reporter", "mentor")
    proposer = given.pop("proposer", "mentor")

    roles: dict[str, set[str]] = {}
    for name in makers:
        roles.setdefault(name, set()).add("suspect")
    for name in victims:
        roles.setdefault(name, set()).add("target")
    subjects = (about,) if about else makers
    for name in subjects:
        roles.setdefault(name, set())
    people = tuple(_person(name, frozenset(part), sector) for name, part in roles.items())

    told = _told(people, subjects, given)
    data, case, incident = _spread(step, case_type, told, given)
    case["state"] = incident["state"] = state
    moves = [Linked(kind, f"{kind}{n}", one, None, {"kind": "warning", "school_days": 1}, "1")
             for kind, states in {**SETTLED, **linked}.items() for n, one in enumerate(states)]  # fmt: skip
    if stacked:
        earlier = {"kind": "suspension", "school_days": stacked}
        moves.append(Linked("measure", "earlier", "completed", subjects[0], earlier, "1"))
    return Facts(
        step=step, case_type=case_type, case_id="7", now=NOW, today=TODAY, sector=sector, legal_form="public",
        by=Actor(role, frozenset({role, "employee"} if role in STAFF else {role})),
        data=data, case=case, incident={} if case_type == "incident" else incident, people=people, subjects=subjects,
        records=_records(row, people, subjects), linked=tuple(moves), unfiled=unfiled,
        duties=tuple(OpenDuty(task, NOW + timedelta(hours=1), "mentor", "1") for task in open_duties),
        settings=settings, proposer=None if step == "measure.propose" else proposer, reporter=reporter, root=root,
    )  # fmt: skip


def _names(said: str | list[str]) -> tuple[str, ...]:
    names = (said,) if isinstance(said, str) else tuple(said)
    return () if names == ("nobody",) else names


def _person(name: str, roles: frozenset[str], sector: str) -> Person:
    kind = KINDS[name]
    age = {"adult_pupil": 18}.get(name, AGES[sector]) if kind == "pupil" else None
    mentors = ("mentor",) if kind == "pupil" else ()
    return Person(name, kind, roles, age, GUARDIANS.get(name, ()), mentors)


def _told(people: tuple[Person, ...], subjects: tuple[str, ...], given: Mapping[str, object]) -> dict[str, object]:
    """Return every field with its value: chosen, written, or as the row gives it; an empty one is unanswered."""
    kinds = {one.kind for one in people if one.id in subjects}
    told: dict[str, object] = {name: WRITTEN for name, field in FIELDS.items() if field.is_words}
    told.update(CHOSEN)
    told["qualification"] = "possible_neglect_of_duty" if kinds == {"employee"} else "possibly_culpable"
    for name, value in given.items():
        assert name in FIELDS or name == "anonymous", f"no field {name!r}"
        told[name] = value
    return told


def _spread(
    step: str, case_type: str, told: Mapping[str, object], given: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    """Put each answer where it belongs: told with the step, kept on the case, or on its incident."""
    known = MILESTONES["incident"].get(step.removeprefix("record.")) or STEPS[step]
    asked = set(known.fields)
    creating = next(name for name, one in STEPS.items() if one.creates and name.startswith(f"{case_type}."))
    kept = set(STEPS[creating].fields) | (set(STEPS["incident.triage"].fields) if case_type == "incident" else set())
    shared = set(STEPS["incident.report"].fields) | set(STEPS["incident.triage"].fields)
    data = {name: told[name] for name in asked if name in told}
    case = {name: told[name] for name in kept - asked - ({"reason"} if case_type == "incident" else set()) if name in told}
    incident = {name: told[name] for name in (shared | set(given)) - set(ASSESSED_LATE) if name in told and name not in data}
    return data, {**incident, **case} if case_type == "incident" else case, incident


ASSESSED_LATE = ("qualification", "gravity_words", "gravity_conduct", "gravity_effects")
"""Asked with the measure here, so that leaving one empty shows."""


def _records(row: Mapping[str, Any], people: tuple[Person, ...], subjects: tuple[str, ...]) -> tuple[Record, ...]:
    pupils = [one for one in people if one.kind == "pupil"]
    homes = [key for one in pupils for key in one.guardians or (one.id,)]
    concerned: list[tuple[str, str | None]] = [(what, None) for what in DONE]
    concerned += [("heard", key) for key in (*subjects, *homes, "mentor")]
    concerned += [("parents_informed", key) for key in homes]
    concerned += [("mentor_informed", "mentor")]
    for what in ("consequences_explained", "school_found", "phone_returned", "return_talk"):
        concerned += [(what, key) for key in subjects]
    concerned += [(what, one.id) for what in ("counsellor_involved", "mediation_explored", "victim_checked")
                  for one in people if "target" in one.case_roles]  # fmt: skip
    out = {_named(one) for one in row.get("without", ())}
    early = {_named(one) for one in row.get("before", ())}

    def listed(what: str, person: str | None, where: set[tuple[str, str | None]]) -> bool:
        return (what, None) in where or (what, person) in where

    found = [_record(what, person, PROPOSED - 50 if listed(what, person, early) else PROPOSED + 1)
             for what, person in concerned if not listed(what, person, out)]  # fmt: skip
    found.append(_record("measure.propose", None, PROPOSED, by="mentor"))
    if ("incident.triage", None) not in out:
        found.append(_record("incident.triage", None, PROPOSED - 60, by="director"))
    if ("measure.approve", None) not in out:
        found.append(_record("measure.approve", None, PROPOSED + 1, by="board"))
    for one in row.get("also", ()):
        what, *rest = one.split(" by ")
        name, person = _named(what)
        found.append(_record(name, person, PROPOSED + 2, by=rest[0] if rest else "mentor"))
    return tuple(found)


def _named(said: str) -> tuple[str, str | None]:
    what, _, person = said.partition(":")
    return what, person or None


def _record(what: str, person: str | None, seq: int, by: str | None = None) -> Record:
    by = by or ("board" if what == "confidential_inspector_consulted" else "mentor")
    fields = MILESTONES["incident"][what].fields if what in MILESTONES["incident"] else STEPS[what].fields
    data = {name: CHOSEN[name] for name in fields if name in CHOSEN}
    at = NOW - timedelta(hours=2) + timedelta(minutes=seq - PROPOSED)
    return Record(what, "7", person, by, frozenset({by, "employee"}), at, seq, data)
