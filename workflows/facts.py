"""Loads what a rule may ask about a case: from rows to `guards.Facts`, in a fixed number of queries.

The only place that knows both the tables and the shape of the pure facts. What it loads does not depend on the step, so
one load serves the forecast of every step of an incident.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from workflows import clock, guards, protocol
from workflows.access import person_of, roles_of
from workflows.models import (
    Case,
    Duty,
    Guardianship,
    Involvement,
    Letter,
    LogEntry,
    Membership,
    PackSeal,
    Person,
    School,
    Words,
)
from workflows.models.people import Authority, Dated, age_on
from workflows.prepared import Prepared
from workflows.schooldays import SchoolCalendar
from workflows.vocabulary import CASE_ROLES, FIELDS, STEPS

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


def protocol_dirs() -> list[Any]:
    """Return the folders in which a school keeps packs of its own (`KC_PROTOCOL_DIRS`)."""
    return list(getattr(settings, "KC_PROTOCOL_DIRS", []))


def protocol_for(school: School, day: date) -> protocol.Protocol:
    """Return the school's protocol as in force on `day`, layers of its sector only.

    Raises:
        protocol.LoadError: no pack of that key was in force, or a pack has faults.
    """
    return protocol.load(school.key, search=protocol_dirs(), on=day).for_sector(school.sector)


def protocol_of(case: Case) -> protocol.Protocol:
    """Return the protocol a case is pinned to: procedure follows the day it was opened."""
    pinned = case.pins.get("procedure")
    key, day = (pinned["key"], date.fromisoformat(pinned["on"])) if pinned else (case.school.key, clock.today())
    return protocol.load(key, search=protocol_dirs(), on=day).for_sector(case.school.sector)


def pins_for(school: School, opened: date, acted: date | None) -> dict[str, Any]:
    """Return the pins of a new case: key and date of every layer, for procedure and for what counts as a breach."""

    def pin(day: date) -> dict[str, Any]:
        found = protocol_for(school, day)
        return {"key": school.key, "on": str(day), "layers": {layer.key: str(layer.in_force) for layer in found.layers}}

    pins = {"procedure": pin(opened)}
    try:
        pins["breach"] = pin(acted or opened)
    except protocol.LoadError:
        pins["breach"] = {"key": school.key, "on": str(acted), "layers": {}}
    return pins


def seal_packs(found: protocol.Protocol) -> None:
    """Keep the digest of every layer a case is about to follow; the first one stays.

    Raises:
        protocol.LoadError: a pack was edited after a case had followed it.
    """
    known = {(seal.key, seal.in_force): seal.sha256 for seal in PackSeal.objects.filter(key__in=[layer.key for layer in found.layers])}
    for layer in found.layers:
        digest = known.get((layer.key, layer.in_force))
        if digest is None:
            PackSeal.objects.get_or_create(
                key=layer.key, in_force=layer.in_force, defaults={"sha256": layer.sha256, "sealed_at": clock.now()}
            )
        elif digest != layer.sha256:
            raise protocol.LoadError(
                (
                    protocol.Problem(
                        file=f"{layer.key}/{layer.in_force}.toml", key="", message="This pack was edited after a case had followed it.",
                        hint="Put the old text back and add a new file with a later date.",
                    ),
                )
            )  # fmt: skip


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
    unfiled: Mapping[str, int]
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


def load_people(school: School, roles: Mapping[int, frozenset[str]], day: date) -> tuple[guards.Person, ...]:
    """Return the people with the given ids, with age, guardians with authority and mentors as they are on `day`."""
    ids = list(roles)
    rows = Person.objects.filter(pk__in=ids).values_list("pk", "kind", "birth_date")
    holding = _holding(day).filter(pupil__in=ids).values_list("pupil_id", "guardian_id")
    mentoring = _mentoring(school.pk, day).filter(group__enrolments__person__in=ids)
    return _people(rows, roles, holding, mentoring.values_list("group__enrolments__person", "user__kc_people"), day)


def _holding(day: date) -> QuerySet[Guardianship]:
    return Guardianship.objects.filter(Dated.active(day), authority=Authority.YES).order_by("pk")


def _mentoring(school_id: int, day: date) -> QuerySet[Membership]:
    return Membership.objects.filter(
        Dated.active(day), Dated.active(day, "group__enrolments__"), school=school_id, role="mentor", user__kc_people__school=school_id
    )


def _people(
    rows: Iterable[tuple[Any, ...]], roles: Mapping[int, frozenset[str]], holding: Iterable[tuple[Any, ...]],
    mentoring: Iterable[tuple[Any, ...]], day: date,
) -> tuple[guards.Person, ...]:  # fmt: skip
    ties: dict[int, list[str]] = {}
    for pupil_id, guardian_id in holding:
        if str(guardian_id) not in ties.setdefault(pupil_id, []):
            ties[pupil_id].append(str(guardian_id))
    mentors: dict[int, list[str]] = {}
    for pupil_id, mentor_id in mentoring:
        if str(mentor_id) not in mentors.setdefault(pupil_id, []):
            mentors[pupil_id].append(str(mentor_id))
    return tuple(
        guards.Person(
            id=str(pk), kind=kind, case_roles=roles[pk], age=age_on(born, day), guardians=tuple(ties.get(pk, ())),
            mentors=tuple(mentors.get(pk, ())),
        )
        for pk, kind, born in sorted(set(rows))
    )  # fmt: skip


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

_INVOLVED = Prepared(
    lambda root: Involvement.objects.filter(case=root, masked=False).values_list("person_id", "role", "person__kind", "person__birth_date"), int
)
_CHILDREN = Prepared(lambda root: Case.objects.filter(parent=root).order_by("pk").values_list("pk"), int)
_WORDS = Prepared(
    lambda root: Words.objects.filter(Q(case=root) | Q(case__parent=root), struck_by=None)
    .order_by("pk").values_list("case_id", "entry_id", "field", "text", "entry__step"), int,
)  # fmt: skip
_UNFILED = Prepared(lambda root: Letter.objects.filter(root=root, filed_by=None).exclude(state="void").values_list("file"), int)
_LOG = Prepared(lambda root: LogEntry.objects.filter(root=root).order_by("n").values_list(*ENTRY), int)
_DUTIES = Prepared(lambda root: Duty.objects.filter(root=root, done_at=None).order_by("due_at", "pk").values_list("pk"), int)
_TIES = Prepared(
    lambda day, root: _holding(day).filter(pupil__involvements__case=root).values_list("pupil_id", "guardian_id"), date, int
)
_MENTORS = Prepared(
    lambda school, day, root: _mentoring(school, day).filter(group__enrolments__person__involvements__case=root)
    .values_list("group__enrolments__person", "user__kc_people"), int, date, int,
)  # fmt: skip


def load(root: Case) -> Loaded:
    """Load everything that rules may ask about `root` (an incident). The number of queries does not grow with anything."""
    day = clock.today()
    roles: dict[int, frozenset[str]] = {}
    rows: list[tuple[Any, ...]] = []
    barred: set[int] = set()
    for person_id, role, kind, born in _INVOLVED(root.pk):
        if role in CASE_ROLES:
            roles[person_id] = roles.get(person_id, frozenset()) | {role}
            rows.append((person_id, kind, born))
        elif role == "excluded":
            barred.add(person_id)
    children = tuple(Case.objects.filter(parent=root).order_by("pk")) if list(_CHILDREN(root.pk)) else ()
    outside: dict[int, frozenset[str]] = {}
    for child in children:
        child.parent = root
        if child.person_id and child.person_id not in roles:
            outside[child.person_id] = frozenset()
    people: tuple[guards.Person, ...] = ()
    if rows:
        pupils = any(kind == "pupil" for _, kind, _ in rows)
        ties, mentors = (_TIES(day, root.pk), _MENTORS(root.school_id, day, root.pk)) if pupils else ((), ())
        people = _people(rows, roles, ties, mentors, day)
    if outside:
        people += load_people(root.school, outside, day)
    words: dict[int, dict[str, str]] = {}
    said: dict[int, dict[str, str]] = {}
    for case_id, entry_id, name, text, step in _WORDS(root.pk):
        said.setdefault(entry_id, {})[name] = text
        if name not in STEP_LOCAL or (step in STEPS and STEPS[step].creates):
            words.setdefault(case_id, {})[name] = text
    unfiled: dict[str, int] = {}
    for (file,) in _UNFILED(root.pk):
        unfiled[file] = unfiled.get(file, 0) + 1
    return Loaded(
        root=root,
        children=children,
        protocol=protocol_of(root),
        people=people,
        records=records_of(_LOG(root.pk), said),
        words=words,
        duties=tuple(Duty.objects.filter(root=root, done_at=None).select_related("started_by")) if list(_DUTIES(root.pk)) else (),
        unfiled=unfiled,
        calendar=SchoolCalendar(root.school),
        barred=frozenset(barred),
    )


def fresh(school: School, roles: Mapping[int, frozenset[str]]) -> Loaded:
    """Return what rules may ask about an incident that is only about to be opened, with these people in it."""
    root = Case(school=school, type="incident", opened_at=clock.now(), changed_at=clock.now(), pins=pins_for(school, clock.today(), None))
    return Loaded(
        root=root, children=(), protocol=protocol_of(root), people=load_people(school, roles, clock.today()), records=(), words={},
        duties=(), unfiled={}, calendar=SchoolCalendar(school),
    )  # fmt: skip


def actor_for(user: Any, school: School) -> tuple[guards.Actor, Person | None]:
    """Return who `user` is to the rules at `school`, with their row; roles include those of deputies.

    A pupil or guardian without a staff role acts as `pupil` or `guardian`.
    """
    person = user if isinstance(user, Person) else person_of(user, school)
    roles = roles_of(getattr(person, "user", None) if isinstance(user, Person) else user, school)
    if not roles and person is not None:
        roles = frozenset({{"parent": "guardian"}.get(person.kind, person.kind)} - {"employee"})
    return guards.Actor(id=str(person.pk) if person else "", roles=roles), person


def with_actor(facts: guards.Facts, actor: guards.Actor | None) -> guards.Facts:
    """Return the same facts asked by somebody else; None asks for the forecast."""
    return replace(facts, by=actor)
