"""What a rule may ask about: the people, records and answers around one step of one case.

PURE: frozen values and look-ups, no database and no school. `workflows.facts` fills them; guards and packs ask them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from . import vocabulary
from .conditions import MISSING, NOTHING, Condition, blank, conditions
from .shapes import PARENTS
from .vocabulary import FACT_KEYS, FIELDS, MILESTONES, STAFF_ROLES, STEPS, case_type_of, group_of

ADULT = 18
"""Years at which a pupil stands in the place of the guardians (Dutch Civil Code 1:233)."""

COUNTERPART = "counterpart"
"""The other side of a connection, as a role in its case."""

SUSPENSIONS = frozenset({"suspension", "internal_suspension"})
"""Kinds whose days count together for the same facts."""

STEP_WORDS = frozenset({"reason", "note", "happened", "channel"})
"""Fields that belong to the act itself: a measure's reason is never read from its incident."""

PUBLISHED = frozenset({("channel", "consent")})
"""What belongs to an act elsewhere and to the whole case here: where a consent lets something be published."""

_STAFF = frozenset(STAFF_ROLES) | {"employee"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who takes the step; `roles` include those of a deputy and `employee`."""

    id: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the case. `guardians` are those with authority; `age` in whole years today."""

    id: str
    kind: str
    case_roles: frozenset[str] = frozenset()
    age: int | None = None
    guardians: tuple[str, ...] = ()
    mentors: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A dated fact of the log: a milestone (`heard`) or a step that was taken (`measure.approve`)."""

    what: str
    case: str
    person: str | None
    by: str
    by_roles: frozenset[str]
    at: datetime
    seq: int
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Linked:
    """Another case of the same incident."""

    type: str
    id: str
    state: str
    person: str | None
    data: Mapping[str, object]
    incident: str


@dataclass(frozen=True, slots=True)
class OpenDuty:
    """A duty not yet done; without an owner it is a term that is only shown."""

    task: str
    due: datetime
    owner: str | None
    case: str

def plays(roles: frozenset[str], wanted: Iterable[str]) -> bool:
    """Whether somebody with `roles` has one of the `wanted`; `employee` is any role of the staff."""
    return any(role in roles or (role == "employee" and not _STAFF.isdisjoint(roles)) for role in wanted)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a rule may ask about one step of one case, at one moment, by one person.

    `by` None asks for the forecast: lines about who acts are left out. Answers are looked up in the step's `data`, then
    the `case`, then its `incident` (the root it is a track of, of type `root`); `settings` only by conditions and by guards that
    name a setting. `names` are the school's and the owner's, for patterns of names.
    """

    step: str
    case_type: str
    case_id: str
    by: Actor | None
    now: datetime
    today: date
    sector: str
    legal_form: str
    data: Mapping[str, object]
    case: Mapping[str, object]
    incident: Mapping[str, object]
    people: tuple[Person, ...] = ()
    subjects: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()
    linked: tuple[Linked, ...] = ()
    unfiled: Mapping[str, int] = field(default_factory=dict)
    duties: tuple[OpenDuty, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    proposer: str | None = None
    reporter: str | None = None
    root: str = "incident"
    names: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> object:
        """The answer to a field or fact, or MISSING. Several people give a tuple, nobody is MISSING."""
        value = self.ask(name)
        return MISSING if value is NOTHING or blank(value) else value

    def ask(self, name: str) -> object:
        """As `get`, but NOTHING where the question cannot apply and an empty tuple for nobody."""
        derived = _DERIVED.get(name)
        return self.told(name) if derived is None else derived(self)

    def told(self, name: str) -> object:
        """What somebody answered to the field, or MISSING."""
        own = name in STEP_WORDS and (name, self.root) not in PUBLISHED
        sources = (self.data, self.case) if own else (self.data, self.case, self.incident)
        for source in sources:
            value = source.get(name)
            if not blank(value):
                return value
            if source is self.data and name in source:
                return MISSING  # left empty on purpose: what was said before does not count for this step
        return MISSING

    def weigh(self, name: str) -> object:
        """The value a condition on `name` looks at: a fact, else what a milestone told, else the school's setting."""
        value = self.ask(name)
        if value is not MISSING or name in _DERIVED:
            return value
        if name not in FACT_KEYS:
            value = self.settings.get(name)
            return MISSING if blank(value) else value
        if name in _TOLD_BY_MILESTONES:
            return next((r.data[name] for r in reversed(self.records) if not blank(r.data.get(name))), MISSING)
        return MISSING if name in _ASKED[self.case_type, self.root] else NOTHING

    def judge(self, when: Iterable[Condition]) -> bool | None:
        """Whether all conditions hold: True, False, or None when it depends on an answer nobody gave. A definite no wins."""
        unknown = False
        for condition in when:
            held = condition.test(self.weigh(condition.key))
            if held is False:
                return False
            unknown = unknown or held is None
        return None if unknown else True

    def holds(self, when: Mapping[str, object]) -> bool | None:
        """As `judge`, for a `when` as a pack writes it."""
        return self.judge(conditions(when))

    def unanswered(self, when: Iterable[Condition]) -> tuple[str, ...]:
        """The keys of `when` that wait for an answer."""
        return tuple(dict.fromkeys(c.key for c in when if c.test(self.weigh(c.key)) is None))

    def person(self, key: str) -> Person | None:
        """Somebody in the case by id."""
        return next((one for one in self.people if one.id == key), None)

    def pupils(self) -> tuple[Person, ...]:
        """The pupils the case is about; in a connection the pupil on the other side."""
        return tuple(one for one in self.people if one.kind == "pupil" and (one.id in self.subjects or COUNTERPART in one.case_roles))


def _kinds(facts: Facts, keys: Iterable[str]) -> tuple[str, ...]:
    wanted = set(keys)
    return tuple(dict.fromkeys(one.kind for one in facts.people if one.id in wanted))


def _subject(facts: Facts) -> object:
    # An incident whose maker nobody knows is about no pupil and no employee; a measure or a consent always has a person.
    return _kinds(facts, facts.subjects) or (MISSING if facts.case_type in ("measure", "consent") else NOTHING)


def _target(facts: Facts) -> object:
    # Not NOTHING: a rule on what was done to pupils must not fall away because nobody named the pupil.
    return _kinds(facts, (one.id for one in facts.people if "target" in one.case_roles)) or MISSING


def _age(facts: Facts) -> object:
    return tuple(one.age for one in facts.pupils()) or NOTHING


def _by_kind(facts: Facts) -> object:
    if facts.by is None:
        return NOTHING
    roles = facts.by.roles
    kinds = {"pupil": "pupil", "guardian": "parent", "outsider": "outsider", "anonymous": "anonymous"}
    found = tuple(kind for role, kind in kinds.items() if role in roles)
    return (("employee",) if plays(roles, ("employee",)) else ()) + found or NOTHING


def _kind_group(facts: Facts) -> object:
    kind = facts.weigh("kind")
    return group_of(kind) or MISSING if isinstance(kind, str) else kind


def _severity(facts: Facts) -> object:
    # The reporter's severity is a signal: until somebody assessed the case it counts for the report and its assessment only.
    state = facts.case.get("state") if facts.case_type == "incident" else facts.incident.get("state")
    if state == "reported" and facts.step not in ("incident.report", "incident.triage"):
        return facts.data.get("severity", MISSING)
    return facts.told("severity")


def _falls_on_child(facts: Facts) -> object:
    # A measure for a pupil who did nothing, in a case about a parent: whatever the form says, it falls on the child.
    if facts.case_type == "measure":
        pupils = facts.pupils()
        suspects = [one for one in facts.people if "suspect" in one.case_roles]
        if pupils and any(one.kind == "parent" for one in suspects) and not any(one in suspects for one in pupils):
            return True
    value = facts.told("falls_on_child")
    return False if value is MISSING else value


def _expulsion_running(facts: Facts) -> object:
    value = facts.told("expulsion_running")
    if value is not MISSING:
        return value
    expulsions = (other for other in facts.linked if other.type == "measure" and other.data.get("kind") == "expulsion")
    return any(other.state in ("proposed", "approved") and other.person in facts.subjects for other in expulsions)


def _anonymous(facts: Facts) -> object:
    value = facts.told("anonymous")
    if value is not MISSING:
        return value
    return facts.step == "incident.report" and facts.by is not None and "anonymous" in facts.by.roles


def _same_facts_days(facts: Facts) -> object:
    own = facts.told("school_days")
    if not isinstance(own, int):
        return MISSING
    others = (
        other.data.get("school_days")
        for other in facts.linked
        if other.type == "measure" and other.data.get("kind") in SUSPENSIONS and other.person in facts.subjects
        and other.state not in ("rejected", "withdrawn")
    )  # fmt: skip
    return own + sum(days for days in others if isinstance(days, int))


def _by(facts: Facts) -> object:
    return facts.by.id if facts.by is not None else MISSING


def _proposer(facts: Facts) -> object:
    # While a measure is being proposed its proposer is whoever does it.
    return facts.proposer or (_by(facts) if facts.step == "measure.propose" else MISSING)


def _reporter(facts: Facts) -> object:
    return facts.reporter or (_by(facts) if facts.step == "incident.report" else MISSING)


def _in_role(*roles: str) -> Callable[[Facts], object]:
    wanted = frozenset(roles)
    return lambda facts: tuple(one.id for one in facts.people if not wanted.isdisjoint(one.case_roles))


def involved(people: Iterable[Person], subjects: Collection[str] = ()) -> tuple[str, ...]:
    """Everybody in the case but its reporter, and the guardians of its pupils: nobody decides about an own child."""
    inside = [one for one in people if one.case_roles - {"reporter"} or one.id in subjects]
    keys = [one.id for one in inside] + [key for one in inside if one.kind == "pupil" for key in one.guardians]
    return tuple(dict.fromkeys(keys))


def _counterpart_age(facts: Facts) -> object:
    # Of somebody the school does not know nobody can tell; of a parent the question cannot apply.
    return tuple(one.age for one in facts.people if COUNTERPART in one.case_roles and one.kind == "pupil") or NOTHING


def _moderators_number(facts: Facts) -> object:
    value = facts.told("moderators")
    return len(value) if isinstance(value, tuple) else 0


def _default(name: str, value: object) -> Callable[[Facts], object]:
    def told(facts: Facts) -> object:
        found = facts.told(name)
        return value if found is MISSING else found

    return told


_DERIVED: Mapping[str, Callable[[Facts], object]] = {
    "subject": _subject,
    "target": _target,
    "age": _age,
    "by_kind": _by_kind,
    "kind_group": _kind_group,
    "severity": _severity,
    "falls_on_child": _falls_on_child,
    "expulsion_running": _expulsion_running,
    "anonymous": _anonymous,
    "mode": _default("mode", "school"),
    "same_facts_days": _same_facts_days,
    "sector": lambda facts: facts.sector or MISSING,
    "legal_form": lambda facts: facts.legal_form or MISSING,
    "today": lambda facts: facts.today,
    "by": _by,
    "proposer": _proposer,
    "reporter": _reporter,
    "involved": lambda facts: involved(facts.people, facts.subjects),
    "suspects": _in_role("suspect"),
    "targets": _in_role("target"),
    "root": lambda facts: facts.root,
    "counterpart_age": _counterpart_age,
    "moderators_number": _moderators_number,
}
"""Facts that are computed from others; they come before what anybody typed."""


def fields_of(case_type: str, root: str = "") -> frozenset[str]:
    """The fields that some step of the case type, or of its root, asks for; without `root` those of any root it may have."""
    types = (case_type, *((root,) if root else PARENTS.get(case_type, ())))
    steps = (step for name, step in STEPS.items() if case_type_of(name) in types)
    return frozenset(name for step in steps for name in step.fields)


_ASKED: Mapping[tuple[str, str], frozenset[str]] = {
    (case_type, root): fields_of(case_type, root)
    for case_type in (*vocabulary.STATES, *vocabulary.GATES) for root in (*PARENTS.get(case_type, (case_type,)), "incident")
}  # fmt: skip

_TOLD_BY_MILESTONES: frozenset[str] = frozenset(
    name for table in MILESTONES.values() for known in table.values() for name in known.fields if name in FIELDS
).difference(*_ASKED.values())
"""Facts that only a milestone tells; the latest one counts."""
