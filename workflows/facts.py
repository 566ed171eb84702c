"""Loads what a rule may ask about a case: from rows to `guards.Facts`, in a fixed number of queries.

The only place that knows both the tables and the shape of the pure facts. What it loads does not depend on the step, so
one load serves the forecast of every step of an incident.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, cached_property, partial
from typing import Any

from django.db.models import FilteredRelation, Q

from workflows import clock, guards, protocol
from workflows.actors import actor_for
from workflows.involved import load_people, people_in
from workflows.models import CASE_TYPES, Case, Duty, Letter, LogEntry, Person, School
from workflows.pinned import pins_for, protocol_dirs, protocol_for, protocol_of
from workflows.prepared import Prepared
from workflows.schooldays import SchoolCalendar
from workflows.vocabulary import FIELDS, STEPS

POSTERS = frozenset({"suspect", "participant", "sharer"})
"""Roles of those who can be asked to take something down."""

STEP_LOCAL = frozenset({"reason", "note"})
"""Words that belong to the step they were written with and are no fact of the case afterwards."""


def to_json(name: str, value: Any) -> Any:
    """Return `value` of the field `name` as it is kept in a JSON column."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Person):
        return value.pk
    if isinstance(value, (list, tuple)):
        return [to_json(name, item) for item in value]
    return value


def from_json(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return kept facts with dates and moments as such."""
    kinds = {name: FIELDS[name].kind for name in facts if name in FIELDS}
    read = {"date": date.fromisoformat, "moment": datetime.fromisoformat}
    return {
        name: read[kinds[name]](value) if isinstance(value, str) and kinds.get(name) in read else value
        for name, value in facts.items()
    }


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything about one root that rules may ask, loaded once; `for_step` makes the facts of one step of it."""

    root: Case
    children: tuple[Case, ...]
    protocol: protocol.Protocol
    people: tuple[guards.Person, ...]
    records: tuple[guards.Record, ...]
    words: Mapping[int, Mapping[str, str]]
    duties: tuple[Duty, ...]
    started: Mapping[int, tuple[str, int | None]]
    unfiled: Mapping[str, int]
    sent: Callable[[], bool]
    calendar: SchoolCalendar
    barred: frozenset[int] = frozenset()

    def for_step(
        self, case: Case, step: str, *, actor: guards.Actor | None, data: Mapping[str, Any], now: datetime | None = None
    ) -> guards.Facts:
        """Return the facts of `step` on `case` (the root or one of its children, saved or not)."""
        moment = now or clock.now()
        child = case.parent_id is not None
        own = self._facts_of(case)
        extra = self._derived(case, {**own, **data})
        persons = self.people
        suspects = tuple(p.id for p in persons if "suspect" in p.case_roles)
        about = case.person_id if child and case.type == "measure" else data.get("person") if step.startswith("record.") else None
        if case.type == "takedown" and any(p.id == str(case.person_id) and p.case_roles & POSTERS for p in persons):
            about = case.person_id  # one of several was asked: the letter is not for the others
        if about and not any(p.id == str(about) for p in persons):
            persons = (*persons, *load_people(self.root.school, {int(about): frozenset()}, moment.date()))
        return guards.Facts(
            step=step,
            case_type=case.type,
            case_id=str(case.pk or "new"),
            by=actor,
            now=moment,
            today=clock.today() if now is None else moment.date(),
            sector=self.root.school.sector,
            legal_form=self.root.school.legal_form,
            data={**data, **extra},
            case={**own, "state": case.state},
            incident={**self._facts_of(self.root, inherited=True), "state": self.root.state} if child else {},
            people=persons,
            subjects=(str(about),) if about else suspects,
            records=self.records,
            linked=tuple(self._linked(other) for other in self.children if other.pk != case.pk),
            unfiled=self.unfiled,
            duties=tuple(
                guards.OpenDuty(task=duty.task, due=duty.due_at, owner=duty.owner or None, case=str(duty.case_id))
                for duty in self.duties if duty.owner
            ),
            settings=self.root.school.settings,
            proposer=next((r.by for r in self.records if r.what == "measure.propose" and r.case == str(case.pk)), None),
            reporter=str(self.root.opened_by_id) if self.root.opened_by_id else None,
        )  # fmt: skip

    def joined_by(self, roles: Mapping[int, frozenset[str]]) -> Loaded:
        """Return the same with people who are only now put in the case, or in another role."""
        known = {int(person.id): person.case_roles for person in self.people}
        merged = {pk: known.get(pk, frozenset()) | roles.get(pk, frozenset()) for pk in {*known, *roles}}
        return replace(self, people=load_people(self.root.school, merged, clock.today()))

    def after(self, entry: LogEntry, case: Case, words: Mapping[str, str]) -> Loaded:
        """Return the same as it is after `entry` on `case`, with the words written with it, without asking the database."""
        row = tuple(getattr(entry, name) for name in ENTRY)
        lasting = words if entry.step in STEPS and STEPS[entry.step].creates else {n: t for n, t in words.items() if n not in STEP_LOCAL}
        children = self.children
        if case.pk != self.root.pk:
            case.parent = self.root
            others = tuple(child for child in children if child.pk != case.pk)
            children = tuple(sorted((*others, case), key=lambda child: child.pk))
        return replace(
            self, children=children, records=self.records + records_of([row], {entry.pk: words}),
            words={**self.words, case.pk: {**self.words.get(case.pk, {}), **lasting}},
            started={**self.started, entry.pk: (entry.step, entry.person_id)},
        )  # fmt: skip

    def told(self, case: Case) -> frozenset[str]:
        """Return the names of everything that was answered about `case` so far, its incident's answers included."""
        return frozenset({**self._facts_of(self.root, inherited=True), **self._facts_of(case)})

    def _facts_of(self, case: Case, *, inherited: bool = False) -> dict[str, Any]:
        words = self.words.get(case.pk, {}) if case.pk else {}
        kept = {name: text for name, text in words.items() if not (inherited and name in STEP_LOCAL)}
        return {**from_json(case.facts), **kept}

    def _derived(self, case: Case, known: Mapping[str, Any]) -> dict[str, Any]:
        if case.type != "measure":
            return {}
        running = any(c.facts.get("kind") == "expulsion" and c.state in ("proposed", "approved") for c in self.children)
        derived: dict[str, Any] = {"expulsion_running": running}
        first, days = known.get("first_day"), known.get("school_days")
        if isinstance(first, date) and isinstance(days, int) and days > 0:
            derived["last_day"] = self.calendar.last_day(first, days)
        return derived

    def _linked(self, case: Case) -> guards.Linked:
        return guards.Linked(
            type=case.type, id=str(case.pk), state=case.state, person=str(case.person_id) if case.person_id else None,
            data=from_json(case.facts), incident=str(case.root_id),
        )  # fmt: skip


class Unfiled(Mapping[str, int]):
    """How many letters of a case are not yet in which file; counted when a rule first asks."""

    def __init__(self, root_id: int) -> None:
        self._root_id = root_id

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(file for (file,) in _UNFILED(self._root_id))

    def __getitem__(self, file: str) -> int:
        return self._counts[file]

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)


def records_of(entries: Iterable[tuple[Any, ...]], said: Mapping[int, Mapping[str, str]]) -> tuple[guards.Record, ...]:
    """Return the log as records, without what was retracted; a step that writes a milestone counts as both.

    Args:
        entries: the log of one root in order, as `ENTRY` names its columns. said: the words of each entry by field.
    """
    rows = list(entries)
    retracted = {row[-1] for row in rows if row[-1]}
    found: list[guards.Record] = []
    for pk, case_id, n, step, by_id, by_roles, person_id, happened_at, facts, retracts_id in rows:
        if pk in retracted or retracts_id:
            continue
        at = happened_at.replace(second=0, microsecond=0)
        data = {**from_json(facts), **said.get(pk, {})}
        for what in filter(None, (step.removeprefix("record."), facts.get("writes"))):
            found.append(
                guards.Record(
                    what=what, case=str(case_id), person=str(person_id) if person_id else None, by=str(by_id or ""),
                    by_roles=frozenset(by_roles), at=at, seq=n, data=data,
                )
            )  # fmt: skip
    return tuple(found)


ENTRY = ("pk", "case_id", "n", "step", "by_id", "by_roles", "person_id", "happened_at", "facts", "retracts_id")
"""The columns of the log that rules may ask about."""

_UNFILED = Prepared(lambda root: Letter.objects.filter(root=root, filed_by=None).exclude(state="void").values_list("file"), int)
_LOG = Prepared(
    lambda root: LogEntry.objects.filter(root=root).annotate(said=FilteredRelation("words", condition=Q(words__struck_by=None)))
    .order_by("n", "said__pk").values_list("said__field", "said__text", *ENTRY), int,
)  # fmt: skip
_CHILDREN = Prepared(lambda root: Case.objects.filter(parent=root).order_by("pk"), int)
_DUTIES = Prepared(lambda root: Duty.objects.filter(root=root, done_at=None).order_by("due_at", "pk"), int)


_SENT = Prepared(lambda root: Letter.objects.filter(root=root, state="sent").values_list("pk"), int)


def _was_sent(root_id: int) -> bool:
    return bool(_SENT(root_id))


def load(root: Case, *, ahead: bool = True) -> Loaded:
    """Load everything that rules may ask about `root` (an incident). The number of queries does not grow with anything.

    Args:
        root: the incident.
        ahead: fetch at once what only a step or two ask (pieces to be filed, whether anything was sent). A command, which takes
            one step, leaves that until it is asked.
    """
    day = clock.today()
    people, barred = people_in(root, day)
    entries: dict[int, tuple[Any, ...]] = {}
    words: dict[int, dict[str, str]] = {}
    said: dict[int, dict[str, str]] = {}
    for name, text, *columns in _LOG(root.pk):
        pk, case_id, _, step = columns[:4]
        entries[pk] = tuple(columns)
        if name is not None:
            said.setdefault(pk, {})[name] = text
            if name not in STEP_LOCAL or (step in STEPS and STEPS[step].creates):
                words.setdefault(case_id, {})[name] = text
    # A track is opened by a step of its own, so where the log knows no other case there is none.
    tracked = any(entry[1] != root.pk for entry in entries.values())
    children = tuple(typed(child) for child in _CHILDREN(root.pk)) if tracked else ()
    known = {person.id for person in people}
    outside: dict[int, frozenset[str]] = {}
    for child in children:
        child.parent = root
        if child.person_id and str(child.person_id) not in known:
            outside[child.person_id] = frozenset()
    if outside:
        people += load_people(root.school, outside, day)
    unfiled, sent = Unfiled(root.pk), cache(partial(_was_sent, root.pk))
    if ahead:
        len(unfiled), sent()
    return Loaded(
        root=root,
        children=children,
        protocol=protocol_of(root),
        people=people,
        records=records_of(entries.values(), said),
        words=words,
        duties=tuple(_DUTIES(root.pk)),
        started={pk: (entry[3], entry[6]) for pk, entry in entries.items()},
        unfiled=unfiled,
        sent=sent,
        calendar=SchoolCalendar(root.school),
        barred=barred,
    )


def typed(case: Case) -> Case:
    """Return the case as the model of its type, which has the steps."""
    case.__class__ = CASE_TYPES[case.type]
    return case


def fresh(school: School, roles: Mapping[int, frozenset[str]]) -> Loaded:
    """Return what rules may ask about an incident that is only about to be opened, with these people in it."""
    root = Case(school=school, type="incident", opened_at=clock.now(), changed_at=clock.now(), pins=pins_for(school, clock.today(), None))
    return Loaded(
        root=root, children=(), protocol=protocol_of(root), people=load_people(school, roles, clock.today()), records=(), words={},
        duties=(), started={}, unfiled={}, sent=lambda: False, calendar=SchoolCalendar(school),
    )  # fmt: skip


def with_actor(facts: guards.Facts, actor: guards.Actor | None) -> guards.Facts:
    """Return the same facts asked by somebody else; None asks for the forecast."""
    return replace(facts, by=actor)


__all__ = [
    "Loaded", "actor_for", "fresh", "from_json", "load", "load_people", "protocol_dirs", "protocol_for", "protocol_of", "to_json", "typed",
    "with_actor",
]  # fmt: skip
