"""Loads what a rule may ask about a case: from rows to `situation.Facts`, in a fixed number of queries.

The only place that knows both the tables and the shape of the pure facts. What it loads does not depend on the step, so
one load serves the forecast of every step of an incident.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property, partial
from typing import Any

from django.db.models import FilteredRelation, Q

from workflows import clock, protocol, roots, situation
from workflows.actors import staff_at
from workflows.conditions import to_minute
from workflows.data import from_json
from workflows.involved import load_people, people_in
from workflows.models import CASE_TYPES, Case, Duty, Letter, LogEntry, School
from workflows.pinned import pins_for, protocol_of
from workflows.prepared import Prepared, stored
from workflows.schooldays import SchoolCalendar
from workflows.shapes import LIVE
from workflows.situation import involved
from workflows.vocabulary import STEPS

POSTERS = frozenset({"suspect", "participant", "sharer"})
"""Roles of those who can be asked to take something down."""

COUNTED = ("record.used", protocol.RECOUNT)
"""What is asked of a consent as its answers count today, whatever was stored."""

STEP_LOCAL = frozenset({"reason", "note"})
"""Words that belong to the step they were written with and are no fact of the case afterwards."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything about one root that rules may ask, loaded once; `for_step` makes the facts of one step of it."""

    root: Case
    children: tuple[Case, ...]
    protocol: protocol.Protocol
    people: tuple[situation.Person, ...]
    records: tuple[situation.Record, ...]
    words: Mapping[int, Mapping[str, str]]
    duties: tuple[Duty, ...]
    started: Mapping[int, tuple[str, int | None]]
    unfiled: Mapping[str, int]
    sent: Callable[[], bool]
    staff: Callable[[], list[Any]]
    calendar: SchoolCalendar
    barred: frozenset[int] = frozenset()

    def for_step(self, case: Case, step: str, *, actor: situation.Actor | None, data: Mapping[str, Any]) -> situation.Facts:
        """Return what rules may ask about a step, now.

        Args:
            case: the root or one of its children, saved or not.
            step: `type.step` or `record.<milestone>`.
            actor: who takes it; None for a forecast, which leaves out the lines about who acts.
            data: what was filled in, by field.
        """
        today = clock.today()
        child = case.parent_id is not None
        root_type = self.root.type
        own = self._facts_of(case)
        known = {**own, **data}
        extra = self._derived(case, known)
        persons = self.people
        suspects = tuple(p.id for p in persons if "suspect" in p.case_roles)
        if root_type != "incident":  # of a consent withdrawn, nobody is asked to take down what the school published
            about = None if child else case.person_id
        else:
            about = case.person_id if child and case.type == "measure" else data.get("person") if step.startswith("record.") else None
        if case.type == "takedown" and any(p.id == str(case.person_id) and p.case_roles & POSTERS for p in persons):
            about = case.person_id  # one of several was asked: the letter is not for the others
        if about and not any(p.id == str(about) for p in persons):
            persons = (*persons, *load_people(self.root.school, {int(about): frozenset()}, today))
        found = situation.Facts(
            step=step,
            case_type=case.type,
            case_id=str(case.pk or "new"),
            by=self.next_level(actor),
            now=clock.now(),
            today=today,
            sector=self.root.school.sector,
            legal_form=self.root.school.legal_form,
            data={**data, **extra},
            case={**own, "state": roots.state_of(case, today)},
            incident={**self._facts_of(self.root, inherited=True), "state": roots.state_of(self.root, today)} if child else {},
            people=persons,
            subjects=(str(about),) if about else suspects,
            records=self.records,
            linked=tuple(self._linked(other) for other in self.children if other.pk != case.pk),
            unfiled=self.unfiled,
            duties=tuple(
                situation.OpenDuty(task=duty.task, due=duty.due_at, owner=duty.owner or None, case=str(duty.case_id))
                for duty in self.duties if duty.owner
            ),
            settings=self.protocol.answered(self.root.school.settings),
            proposer=next((r.by for r in self.records if r.what == "measure.propose" and r.case == str(case.pk)), None),
            reporter=str(self.root.opened_by_id) if self.root.opened_by_id else None,
            root=root_type,
            names=roots.names_of(case, known),
        )  # fmt: skip
        return replace(found, case={**found.case, "state": self._counted(found)}) if step in COUNTED else found

    def _counted(self, asked: situation.Facts) -> str:
        """Return the state of a consent as the answers of those make it who may decide today: somebody's authority may have ended."""
        state = str(asked.case["state"])
        stands = state in LIVE["consent"]
        return protocol.consent_state(self.protocol, asked, protocol.answers_in(asked)) if stands else state

    def state_now(self) -> str:
        """Return the state of the root as it counts today; of a consent what the picture check says."""
        if self.root.type != "consent":
            return roots.state_of(self.root, clock.today())
        return str(self.for_step(self.root, protocol.RECOUNT, actor=None, data={}).case["state"])

    def next_level(self, actor: situation.Actor | None) -> situation.Actor | None:
        """Return `actor`, as director too where the board decides because everybody who is director today is a party (KC-35)."""
        if actor is None or "board" not in actor.roles or "director" in actor.roles or self.root.type != "incident":
            return actor
        directors = {str(row.pk) for row in self.staff() if "director" in (row.role, row.acting_for)}
        return replace(actor, roles=actor.roles | {"director"}) if directors and directors <= self.parties() else actor

    def parties(self) -> frozenset[str]:
        """Return the keys of those who decide nothing in this incident, because it is about them or their child."""
        return frozenset(involved(self.people))

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
        return {**from_json(case.facts), **kept, **roots.whose(case)}

    def _derived(self, case: Case, known: Mapping[str, Any]) -> dict[str, Any]:
        if case.type != "measure":
            return roots.derived(case, known)
        running = any(c.facts.get("kind") == "expulsion" and c.state in ("proposed", "approved") for c in self.children)
        derived: dict[str, Any] = {"expulsion_running": running}
        first, days = known.get("first_day"), known.get("school_days")
        if isinstance(first, date) and isinstance(days, int) and days > 0:
            derived["last_day"] = self.calendar.last_day(first, days)
        return derived

    def _linked(self, case: Case) -> situation.Linked:
        return situation.Linked(
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


def records_of(entries: Iterable[tuple[Any, ...]], said: Mapping[int, Mapping[str, str]]) -> tuple[situation.Record, ...]:
    """Return the log as records, without what was retracted; a step that writes a milestone counts as both.

    Args:
        entries: the log of one root in order, as `ENTRY` names its columns. said: the words of each entry by field.
    """
    rows = list(entries)
    retracted = {row[-1] for row in rows if row[-1]}
    found: list[situation.Record] = []
    for pk, case_id, n, step, by_id, by_roles, person_id, happened_at, facts, retracts_id in rows:
        if pk in retracted or retracts_id:
            continue
        at = to_minute(happened_at)
        data = {**from_json(facts), **said.get(pk, {})}
        for what in filter(None, (step.removeprefix("record."), facts.get("writes"))):
            found.append(
                situation.Record(
                    what=what, case=str(case_id), person=str(person_id) if person_id else None, by=str(by_id or ""),
                    by_roles=frozenset(by_roles), at=at, seq=n, data=data,
                )
            )  # fmt: skip
    return tuple(found)


ENTRY = ("pk", "case_id", "n", "step", "by_id", "by_roles", "person_id", "happened_at", "facts", "retracts_id")
"""The columns of the log that rules may ask about."""

OWED = ("id", "case_id", "task", "of", "owner", "taken_over_by", "due_at", "since")
"""The columns of an open duty that are asked for."""

_SAID = len(ENTRY)


def _entries(**which: Any) -> Any:
    """Return the log with its words and the open duties it started: an entry once for each pair of these, unordered for MariaDB's sake."""
    said = FilteredRelation("words", condition=Q(words__struck_by=None))
    owed = FilteredRelation("started_duties", condition=Q(started_duties__done_at=None))
    rows = LogEntry.objects.filter(**which).annotate(said=said, owed=owed).order_by()
    return rows.values_list(*ENTRY, "said__pk", "said__field", "said__text", *(f"owed__{name}" for name in OWED), "root_id")


def _in_order(row: Sequence[Any]) -> tuple[int, int]:
    return row[ENTRY.index("n")], row[_SAID] or 0


_UNFILED = Prepared(lambda root: Letter.objects.filter(root=root, filed_by=None).exclude(state="void").values_list("file"), int)
_LOG = Prepared(lambda root: _entries(root=root), int)
_CHILDREN = Prepared(lambda root: Case.objects.filter(parent=root).order_by("pk"), int)
_SENT = Prepared(lambda root: Letter.objects.filter(root=root, state="sent").values_list("pk"), int)


def _was_sent(root_id: int) -> bool:
    return bool(_SENT(root_id))


def load(root: Case, *, ahead: bool = True, by: Any = None) -> Loaded:
    """Load everything that rules may ask about `root`. The number of queries does not grow with anything.

    Args:
        root: the incident, consent, connection or account.
        ahead: fetch at once what only a step or two ask (mentors, pieces to be filed, whether anything was sent). A command,
            which takes one step, leaves that until it is asked.
        by: who acts, to be found among the staff.
    """
    day = clock.today()
    people, barred = people_in(root, day, ahead=ahead) if root.type == "incident" else (roots.people_of([root], day)[0], frozenset())
    rows = sorted(_LOG(root.pk), key=_in_order)
    # A track is opened by a step of its own, so where the log knows no other case there is none.
    children = _CHILDREN(root.pk) if any(row[ENTRY.index("case_id")] != root.pk for row in rows) else ()
    unfiled, sent = Unfiled(root.pk), cache(partial(_was_sent, root.pk))
    if ahead:
        len(unfiled), sent()
    bare = unopened(root, people, SchoolCalendar(root.school), cache(partial(staff_at, root.school, by)))
    return _filled(bare, rows, children, unfiled=unfiled, sent=sent, barred=barred)


def load_many(cases: Sequence[Case]) -> list[Loaded]:
    """The same for many consents, connections or accounts of one school, in a number of queries that does not grow with them.

    Args:
        cases: with their school; one that is not saved yet, for somebody who was never asked, has its `person` and `topic`.
    """
    saved = [case.pk for case in cases if case.pk]
    entries: dict[int, list[Any]] = {}
    for row in sorted(_entries(root__in=saved), key=_in_order) if saved else ():
        entries.setdefault(row[-1], []).append(row)
    children: dict[int | None, list[Case]] = {}
    for child in Case.objects.filter(parent__in=saved).order_by("pk") if saved else ():
        children.setdefault(child.parent_id, []).append(child)
    calendar = SchoolCalendar(cases[0].school) if cases else None
    staff = cache(partial(staff_at, cases[0].school)) if cases else None
    return [
        _filled(unopened(case, people, calendar, staff), entries.get(case.pk, ()), children.get(case.pk, ()))
        for case, people in zip(cases, roots.people_of(cases, clock.today()), strict=True)
    ]


def _filled(bare: Loaded, rows: Iterable[Sequence[Any]], children: Iterable[Case], **more: Any) -> Loaded:
    """Return what was loaded with the log of its root and its open duties (as `_entries` gives them, in order), its tracks, and more."""
    root = bare.root
    entries: dict[int, tuple[Any, ...]] = {}
    words: dict[int, dict[str, str]] = {}
    said: dict[int, dict[str, str]] = {}
    duties: dict[int, Duty] = {}
    for row in rows:
        pk, case_id, _, step = row[:4]
        _, name, text, *owed = row[_SAID:-1]
        entries[pk] = tuple(row[:_SAID])
        if owed[0] is not None:
            duties[owed[0]] = stored(Duty, root_id=root.pk, started_by_id=pk, **dict(zip(OWED, owed, strict=True)))
        if name is not None:
            said.setdefault(pk, {})[name] = text
            if name not in STEP_LOCAL or (step in STEPS and STEPS[step].creates):
                words.setdefault(case_id, {})[name] = text
    tracks = tuple(typed(child) for child in children)
    known = {person.id for person in bare.people}
    outside: dict[int, frozenset[str]] = {}
    for child in tracks:
        child.parent = root
        if child.person_id and str(child.person_id) not in known:
            outside[child.person_id] = frozenset()
    return replace(
        bare, children=tracks, people=bare.people + (load_people(root.school, outside, clock.today()) if outside else ()),
        records=records_of(entries.values(), said), words=words, duties=tuple(sorted(duties.values(), key=lambda duty: (duty.due_at, duty.pk))),
        started={pk: (entry[3], entry[6]) for pk, entry in entries.items()}, **more,
    )  # fmt: skip


def typed(case: Case) -> Case:
    """Return the case as the model of its type, which has the steps."""
    case.__class__ = CASE_TYPES[case.type]
    return case


def fresh(school: School, roles: Mapping[int, frozenset[str]]) -> Loaded:
    """Return what rules may ask about an incident that is only about to be opened, with these people in it."""
    root = Case(school=school, type="incident", opened_at=clock.now(), changed_at=clock.now(), pins=pins_for(school, clock.today(), None))
    return unopened(root, load_people(school, roles, clock.today()))


def unopened(
    root: Case, people: tuple[situation.Person, ...], calendar: SchoolCalendar | None = None, staff: Callable[[], list[Any]] | None = None
) -> Loaded:  # fmt: skip
    """Return what rules may ask about a root of which nothing is known but its people: one that is only about to be opened."""
    return Loaded(
        root=root, children=(), protocol=protocol_of(root), people=people, records=(), words={}, duties=(), started={}, unfiled={},
        sent=lambda: False, staff=staff or cache(partial(staff_at, root.school)), calendar=calendar or SchoolCalendar(root.school),
    )  # fmt: skip


def with_actor(facts: situation.Facts, actor: situation.Actor | None) -> situation.Facts:
    """Return the same facts asked by somebody else; None asks for the forecast."""
    return replace(facts, by=actor)
