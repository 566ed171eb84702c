"""What one reader sees of one incident: names, timeline, people and tasks, masked to what `sight_of` allows.

Everything is loaded in a fixed number of queries, however long the case. Rules are not asked here; see `pages.asking`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from workflows import access, clock, facts, queries, roots, vocabulary, words
from workflows.access import Sight
from workflows.actors import actor_for
from workflows.corrections import RETRACTABLE
from workflows.facts import Loaded
from workflows.models import Case, Enrolment, Involvement, LogEntry, Membership, Person, School
from workflows.models.people import Dated
from workflows.pages import asking
from workflows.privacy import hide
from workflows.queries import Event, Kept
from workflows.situation import Actor

TAKEN_FOR_GRANTED: Mapping[tuple[str, str], object] = {
    ("incident.report", "mode"): "school", ("incident.report", "origin"): "report", ("incident.report", "confidential"): False,
    ("incident.report", "anonymous"): False, ("measure.propose", "falls_on_child"): False,
    ("incident.triage", "origin"): "report", ("incident.triage", "confidential"): False,
}  # fmt: skip
"""What a case is until somebody says otherwise; the timeline does not repeat it."""

TOLD_FIRST = ("story", "reason", "note", "conduct")
"""Words shown first; a proposal has a dozen more, which a page folds."""

MISSING = object()


@dataclass(slots=True)
class Entry:
    """One line of the timeline, as this reader sees it."""

    n: int
    step: str
    who: str
    role: str
    what: str
    happened: datetime
    recorded: datetime | None
    facts: list[tuple[str, str]]
    words: list[tuple[str, str]]
    reasons: list[tuple[str, str]]
    retracted: bool
    retracts: bool
    is_system: bool
    is_own: bool


@dataclass(frozen=True, slots=True)
class Fold:
    """Automatic events next to each other, folded into one line."""

    folded: list[Entry]


@dataclass(slots=True)
class Involved:
    """Somebody in the case, with every role they have, as this reader may know them."""

    person: Person
    name: str
    seen: bool
    masked: bool
    roles: list[str] = field(default_factory=list)
    role_keys: set[str] = field(default_factory=set)
    group: str = ""


@dataclass(slots=True)
class Reading:
    """One incident in the hands of one reader."""

    loaded: Loaded
    sight: Sight
    actor: Actor
    person: Person | None
    involved: list[Involved]
    kept: Kept
    user: Any = None

    @property
    def root(self) -> Case:
        """The incident."""
        return self.loaded.root

    @property
    def names(self) -> dict[str, str]:
        """Names the reader may see, by person id; people of the case and the parents of its pupils."""
        return {str(one.person.pk): one.name for one in self.involved if one.seen} | self._ties

    _ties: dict[str, str] = field(default_factory=dict)

    def name_of(self, person: Person | None) -> str:
        """Return how a person is called on this reader's page."""
        if person is None:
            return ""
        found = next((one for one in self.involved if one.person.pk == person.pk), None)
        if found is not None:
            return found.name
        return person.full_name if self.shows(person) else _stand_in(person)

    def shows(self, person: Person) -> bool:
        """Whether the reader is told who this is: staff, whom they see and the parents of these; nobody put in by mistake."""
        seen = person.kind == "employee" or self.sight.names(person) or str(person.pk) in self._ties
        return seen and person.pk not in self.kept.mistaken

    def hide(self, text: str) -> str:
        """Return a text without the names that are kept from this reader."""
        return hide(text, self.kept.names)

    def knows(self, child: Case) -> bool:
        """Whether a track is for this reader: one about nobody in particular, or about somebody they know of."""
        return child.person_id is None or (self.sight.names(child.person_id) and child.person_id not in self.kept.mistaken)


def _stand_in(person: Person) -> str:
    if person.kind == "pupil":
        return _("another pupil")
    return _("a parent") if person.kind == "parent" else _("somebody else")


def read(user: Any, incident: Case) -> Reading:
    """Load an incident, consent, connection or account for a reader who may see it.

    Args:
        user: the reader.
        incident: one of `visible_to(user)` or `visible_roots(user, …)`, with its school.
    """
    loaded = facts.load(incident)
    sight = access.sight_of(user, incident)
    actor, person = actor_for(user, incident.school)
    sees_mistakes = "dpo" in actor.roles
    kept = queries.kept_from(incident, user, sight)
    if incident.type != "incident":
        found = Reading(loaded, sight, actor, person, _named(loaded), kept, user)
        found._ties = _ties(loaded, found)
        return found
    involved: dict[int, Involved] = {}
    rows = Involvement.objects.filter(case=incident).select_related("person").order_by("pk")
    for row in rows:
        if row.role not in vocabulary.CASE_ROLES:
            continue
        if row.masked and not sees_mistakes:
            continue
        seen = sight.names(row.person) or row.person.kind == "employee"
        one = involved.get(row.person_id)
        if one is None:
            name = row.person.full_name if seen else _stand_in(row.person)
            one = involved[row.person_id] = Involved(row.person, name, seen, row.masked)
        one.roles.append(words.label("case_role", row.role))
        one.role_keys.add(row.role)
    _add_groups(involved)
    reading = Reading(loaded, sight, actor, person, list(involved.values()), kept, user)
    reading._ties = _ties(loaded, reading)
    return reading


def is_root(case: Case) -> bool:
    """Whether it is a consent, connection or account."""
    return case.type in roots.TOPIC


def _named(loaded: Loaded) -> list[Involved]:
    """Return everybody whom a consent, connection or account names, with the fields that name them; whoever sees it sees them all."""
    root = loaded.root
    told = loaded.for_step(root, f"{root.type}.{NEVER}", actor=None, data={}).case
    fields: dict[int, list[str]] = {}
    for name, given in told.items():
        if name in vocabulary.FIELDS and vocabulary.FIELDS[name].kind in ("person", "people") and given:
            for key in [given] if isinstance(given, str) else tuple(given):  # type: ignore[arg-type]  # ids, as `from_json` reads them
                fields.setdefault(int(key), []).append(name)
    involved: dict[int, Involved] = {}
    known = {person.pk: person for person in Person.objects.filter(pk__in=fields)} if fields else {}
    for pk, names in fields.items():
        if pk in known:
            labels = [words.label("field", name) for name in names]
            involved[pk] = Involved(known[pk], known[pk].full_name, seen=True, masked=False, roles=labels, role_keys=set(names))
    _add_groups(involved)
    return list(involved.values())


NEVER = "read"
"""No step: facts of a case as it is, asked for the sake of no rule."""


def _add_groups(involved: Mapping[int, Involved]) -> None:
    rows = Enrolment.objects.filter(Dated.active(clock.today()), person__in=list(involved))
    for person_id, group in rows.values_list("person_id", "group__name"):
        involved[person_id].group = group


def _ties(loaded: Loaded, reading: Reading) -> dict[str, str]:
    """Names of the parents and mentors of those pupils whose names the reader sees."""
    seen = {str(one.person.pk) for one in reading.involved if one.seen}
    ids = {tie for p in loaded.people if p.id in seen for tie in (*p.guardians, *p.mentors)}
    return {str(person.pk): person.full_name for person in Person.objects.filter(pk__in=ids)} if ids else {}


def timeline(reading: Reading, sealed: frozenset[int] = frozenset()) -> list[Entry | Fold]:
    """Return the timeline, newest first; automatic events that stand together are folded.

    Args:
        reading: the case in its reader's hands.
        sealed: measures whose first approval keeps its words until the reader has answered too.
    """
    found: list[Entry | Fold] = []
    for entry in entries(reading, sealed):
        if not entry.is_system:
            found.append(entry)
        elif found and isinstance(found[-1], Fold):
            found[-1].folded.append(entry)
        else:
            found.append(Fold([entry]))
    return found


def entries(reading: Reading, sealed: frozenset[int] = frozenset()) -> list[Entry]:
    """Return every entry of the log that this reader sees, newest first."""
    found = []
    for event in queries.timeline(reading.root, reading.user, reading.sight, reading.kept):
        entry = line(reading, event)
        if event.entry.step == "measure.approve" and event.entry.case_id in sealed:
            entry.words, entry.reasons = [(label, _("[you see this after your own decision]")) for label, _text in entry.words], []
        found.append(entry)
    return found


def line(reading: Reading, event: Event) -> Entry:
    """Return one event as a line of the timeline."""
    row = event.entry
    said: list[tuple[str, str]] = []
    reasons: list[tuple[str, str]] = []
    unnamed = row.person is not None and event.person is None and row.person.kind != "employee" and not reading.shows(row.person)
    for name, text, erased in event.texts:
        shown = _("[erased]") if erased else _("[about somebody whose name you do not see]") if unnamed else text
        if name.startswith("answer:"):
            article = words.article(reading.loaded.protocol, name.removeprefix("answer:"))
            reasons.append((article["ref"] or article["id"], shown))
        else:
            said.append((name, shown))
    said.sort(key=lambda one: TOLD_FIRST.index(one[0]) if one[0] in TOLD_FIRST else len(TOLD_FIRST))
    said = [(words.note_label(row.step) if name == "note" else words.label("field", name), text) for name, text in said]
    late = abs((row.at - row.happened_at).total_seconds()) >= 60
    own = reading.person is not None and row.by_id == reading.person.pk
    return Entry(
        n=row.n, step=row.step, who=_who(reading, row), role=_role(row), what=_what(reading, event), happened=row.happened_at,
        recorded=row.at if late else None, facts=[] if unnamed else _facts(row), words=said, reasons=reasons,
        retracted=event.retracted is not None, retracts=row.retracts_id is not None, is_system=event.by_system,
        is_own=own and row.step.startswith(RETRACTABLE) and event.retracted is None,
    )  # fmt: skip


def _who(reading: Reading, row: LogEntry) -> str:
    if row.by is not None:
        return reading.name_of(row.by)
    return words.capital(words.label("role", "anonymous" if "anonymous" in row.by_roles else "system"))


def _role(row: LogEntry) -> str:
    known = [role for role in vocabulary.STAFF_ROLES if role in row.by_roles and role != "deputy"]
    return ", ".join(words.label("role", role) for role in known[:2]) if row.by_id else ""


def _what(reading: Reading, event: Event) -> str:
    row = event.entry
    what = words.done(row.step)
    if row.case.type == "measure" and row.case.facts.get("kind") and reading.knows(row.case):
        what = f"{what}: {words.label('kind', row.case.facts['kind']).lower()}"
    if row.step.startswith("letter.") and row.facts.get("kind"):
        what = f"{words.done(row.step)}: {words.label('letter', row.facts['kind']).lower()}"
    if row.step == "duty.take_over":
        what = f"{words.done(row.step)}: {words.uncapital(words.label('task', row.facts.get('task', '')))}"
    if row.person is not None and row.step not in ("incident.report", "hand_over") and not (is_root(row.case) and row.person_id == row.by_id):
        name = event.person.full_name if event.person else reading.name_of(row.person)
        what = f"{what} ({name})"
    return what


def _facts(row: LogEntry) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    for name, answer in row.facts.items():
        if row.step.startswith("letter.") and name == "kind":
            continue
        if TAKEN_FOR_GRANTED.get((row.step, name), MISSING) == answer or (name == "kind" and row.case.type == "measure"):
            continue
        if name in vocabulary.FIELDS and answer is not None and vocabulary.FIELDS[name].kind not in ("code", "case"):
            told.append((words.field_label(row.case.type, name), words.value(name, answer)))
    if row.source != row.target and row.target:
        told.append((_("Now"), words.label(f"state.{row.case.type}", row.target)))
    return told


def tracks(loaded: Loaded) -> list[Case]:
    """Return the tracks of an incident, those that still run first."""
    return sorted(loaded.children, key=lambda child: (child.state in asking.ENDED, -child.pk))


def readers(reading: Reading) -> list[str]:
    """Return in words who can read this case; whoever writes should know it before."""
    if reading.root.type != "incident":
        named = [reading.root.person.full_name] if reading.root.person and reading.root.type != "consent" else []
        readers = queries.root_readers(reading.root)
        return [_("everybody who works at the school") if role == "employee" else words.label("role", role) for role in readers] + named
    found = [words.label("role", role) for role, _count in queries.readers_of(reading.root)]
    shared = Involvement.objects.filter(role="reader", case=reading.root, masked=False).select_related("person")
    return found + [row.person.full_name for row in shared]


def staff_choices(incident: Case, *, without: Iterable[int] = (), but: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """Return the staff of the school with a role today, for a choice: (person id, name and roles).

    Args:
        without: people who are left out. but: roles; who holds no other is left out.
    """
    left = set(without)
    staff = [(one, held) for one, held in _staff(incident.school) if one.pk not in left and set(held) - but]
    return [(str(one.pk), f"{one.full_name} ({', '.join(words.label('role', role) for role in held)})") for one, held in staff]


def staff_by_role(school: School) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the staff of a school for a choice of several, in groups: the role, and (person id, name) of who holds it first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for one, held in _staff(school):
        found.setdefault(words.capital(words.label("role", held[0])), []).append((str(one.pk), one.full_name))
    return sorted(found.items())


def _staff(school: School) -> list[tuple[Person, list[str]]]:
    """Return who holds a role at a school today, with the roles in the order in which they were given."""
    rows = Membership.objects.filter(Dated.active(clock.today()), school=school, user__kc_people__school=school)
    roles: dict[int, list[str]] = {}
    for person_id, role in rows.order_by("pk").values_list("user__kc_people", "role"):
        if role not in roles.setdefault(person_id, []):
            roles[person_id].append(role)
    return [(one, roles[one.pk]) for one in Person.objects.filter(pk__in=roles)]
