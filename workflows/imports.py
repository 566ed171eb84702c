"""Compare a file of people with a school, and bring the school up to date with it: everything, or nothing.

First a plan: what is new, what changes, who has left, what is wrong. Then, if nothing is wrong, the same plan is carried
out in one transaction. The school's own number tells who is who, so the same file a second time changes nothing.
What the file does not say stays as it is: a column that is left out changes nothing. Somebody who is no longer in the
file is shown, and their place ends only when that is asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from workflows import clock, people, schools
from workflows.import_file import KINDS, Problem, Row, Table
from workflows.models import Enrolment, Group, Guardianship, Membership, Person, School
from workflows.registry import MANAGING, PeopleError, holding

Sort = Literal["new", "changed", "left"]
SORTS: tuple[Sort, ...] = ("new", "changed", "left")

_PERSON_FIELDS = ("given_name", "family_name", "nicknames", "birth_date", "email", "phone", "address", "language")
_COLUMN_OF_FIELD = {"user": "username", "hand_over_to": "", "guardian": "pupil"}
"""Column of the file for a field that an act refuses, where the two differ."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that the import does: to whom, what, and the fields before and after (for a page, as text)."""

    sort: Sort
    row: int | None
    name: str
    what: str
    fields: tuple[tuple[str, str, str], ...] = ()
    carry_out: Callable[[Any], Any] = field(default=lambda by: None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would do to a school. With `problems` it can do nothing."""

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    same: int
    unread: tuple[str, ...] = ()

    def of(self, sort: Sort) -> tuple[Change, ...]:
        """The changes of one sort: new, changed or left."""
        return tuple(change for change in self.changes if change.sort == sort)

    @property
    def digest(self) -> str:
        """Two plans that would do the same have the same digest."""
        told = [(c.sort, c.row, c.name, str(c.what), c.fields) for c in self.changes]
        return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()


class ImportRefused(ValueError):
    """Nothing was imported; `plan` says why, or what has changed since the plan that was agreed to."""

    def __init__(self, plan: Plan, reason: Any) -> None:
        self.plan = plan
        self.reason = reason
        super().__init__("; ".join(map(str, plan.problems)) or str(reason))


def plan(school: School, table: Table, *, by: Any, end_left: bool = False, today: date | None = None) -> Plan:
    """Say what `table` would do to `school`, by doing it and taking it back: so nothing is found out only later.

    Args:
        table: a file as `import_file.read` gives it.
        by: the administrator, or None at the server's command line.
        end_left: also end the place, role or tie of who is no longer in the file.
        today: first day of places and roles for which the file names none.
    """
    try:
        with transaction.atomic():
            made = apply(school, table, by=by, end_left=end_left, today=today)
            transaction.set_rollback(True)
    except ImportRefused as refused:
        return refused.plan
    return made


@transaction.atomic
def apply(
    school: School, table: Table, *, by: Any, end_left: bool = False, expected: str = "", today: date | None = None
) -> Plan:
    """Bring the school up to date with the file, in one transaction.

    Args:
        expected: digest of the plan that somebody has seen; another plan is not carried out. For the rest see `plan`.

    Returns:
        The plan that was carried out.

    Raises:
        ImportRefused: a row is wrong, or the school has changed since the plan was seen. Nothing is imported.
        PeopleError: `by` may not change this school.
    """
    with holding(school, by):
        made = _Planner(school, today or clock.today()).plan(table)
        if made.problems:
            raise ImportRefused(made, _("Nothing was imported, because of the rows named here."))
        if expected and expected != made.digest:
            raise ImportRefused(made, _("The school's people have changed since you saw this list. Look at it again."))
        for change in made.changes:
            if change.sort == "left" and not end_left:
                continue
            try:
                change.carry_out(by)
            except PeopleError as wrong:
                column = _COLUMN_OF_FIELD.get(wrong.field, wrong.field)
                problem = Problem(change.row, column, f"{change.name}: {wrong.reason}")
                raise ImportRefused(replace(made, problems=(problem,)), wrong.reason) from wrong
    return made


class _Planner:
    """Holds what the school knows now, and collects what a file changes in it."""

    def __init__(self, school: School, today: date) -> None:
        self.school = school
        self.today = today
        self.changes: list[Change] = []
        self.problems: list[Problem] = []
        self.same = 0
        known = Person.objects.filter(school=school, number__isnull=False).select_related("user")
        self.known = {(person.kind, person.number): person for person in known}
        self.groups = {group.name: group for group in Group.objects.filter(school=school)}
        # Places and roles that begin later are known too, so that a file about next year changes nothing the second time.
        places = Enrolment.objects.filter(person__school=school).exclude(ends__lt=today).select_related("group", "person")
        self.places: dict[int, list[Enrolment]] = {}
        for place in places.order_by("starts", "pk"):
            self.places.setdefault(place.person_id, []).append(place)
        ties = Guardianship.objects.filter(pupil__school=school).select_related("pupil", "guardian")
        self.ties = {(tie.pupil_id, tie.guardian_id): tie for tie in ties}
        roles = Membership.objects.filter(school=school).exclude(ends__lt=today).select_related("user", "group")
        self.roles = {(m.user_id, m.role, m.group.name if m.group else "", m.acting_for): m for m in roles}
        self.seen: dict[tuple[str, str], Row] = {}
        self.seen_ties: set[tuple[str, str]] = set()
        self.seen_roles: set[tuple[int, str, str, str]] = set()

    def plan(self, table: Table) -> Plan:
        """Go through the rows, pupils first, because a guardian's row names a pupil."""
        self.problems += table.problems
        self.columns = table.columns
        self.pupils = {row.values["number"] for row in table.rows if row.kind == "pupil"}
        names = [row.values["username"] for row in table.rows if row.values.get("username")]
        users = get_user_model().objects.filter(username__in=names, is_active=True)
        self.users = {user.get_username(): user for user in users}
        for kind in ("pupil", "guardian", "staff"):
            for row in (row for row in table.rows if row.kind == kind):
                self._row(row)
        self._left({row.kind for row in table.rows})
        problems = tuple(sorted(self.problems, key=lambda problem: problem.row or 0))
        return Plan(tuple(self.changes), problems, self.same, table.unread)

    def _wrong(self, row: Row, column: str, reason: Any) -> None:
        self.problems.append(Problem(row.number, column, str(reason)))

    def _add(self, sort: Sort, row: Row | None, name: str, what: Any, act: Callable[[Any], Any], **fields: Any) -> None:
        told = tuple((column, _told(before), _told(after)) for column, (before, after) in fields.items())
        self.changes.append(Change(sort, row.number if row else None, name, what, told, act))

    def _row(self, row: Row) -> None:
        kind = KINDS[row.kind]
        key = (kind, row.values["number"])
        before = len(self.changes)
        told = {name: row.values[name] for name in _PERSON_FIELDS if name in row.values}
        earlier = self.seen.get(key)
        if earlier is not None and row.kind == "pupil":
            return self._wrong(row, "number", _("stands in row %(row)s already") % {"row": earlier.number})
        if earlier is not None and any(earlier.values.get(name) != value for name, value in told.items()):
            return self._wrong(row, "number", _("says something else of this person than row %(row)s") % {"row": earlier.number})
        self.seen.setdefault(key, row)
        if username := row.values.get("username"):
            if username not in self.users:
                return self._wrong(row, "username", _("is not an account on this site"))
            told["user"] = self.users[username]
        if earlier is None:
            self._person(row, kind, key, told)
        {"pupil": self._place, "guardian": self._tie, "staff": self._role}[row.kind](row, key)
        if len(self.changes) == before:
            self.same += 1
        return None

    def _person(self, row: Row, kind: str, key: tuple[str, str], told: dict[str, Any]) -> None:
        known = self.known.get(key)
        name = f"{told['given_name']} {told.get('family_name', '')}".strip()
        if known is None and told.get("user"):  # the account of somebody who came before the file did
            known = Person.objects.filter(school=self.school, user=told["user"], kind=kind, number=None).first()
            told["number"] = key[1]
        if known is None:
            values = {"number": key[1], **told}

            def make(by: Any) -> None:
                self.known[key] = people.add_person(self.school, by=by, kind=kind, **values)

            self._add("new", row, name, _("person"), make)
            return
        self.known[key] = known
        changed = {field: (getattr(known, field), value) for field, value in told.items() if getattr(known, field) != value}
        if changed:
            act = lambda by: people.change_person(known, by=by, **told)  # noqa: E731 - one of many such acts
            self._add("changed", row, name, _("person"), act, **changed)

    def _group(self, name: str, by: Any) -> Group | None:
        """The group of that name, made when the plan is carried out."""
        if name and name not in self.groups:
            self.groups[name] = schools.add_group(self.school, by=by, name=name)
        return self.groups.get(name)

    def _place_on(self, person: Person, day: date) -> Enrolment | None:
        """The place that a new one from `day` on would follow, or be the same as."""
        held = [place for place in self.places.get(person.pk, ()) if place.starts <= day and (place.ends is None or place.ends >= day)]
        return held[-1] if held else None

    def _place(self, row: Row, key: tuple[str, str]) -> None:
        group, starts, ends = (row.values.get(name) for name in ("group", "starts", "ends"))
        known = self.known.get(key)
        place = self._place_on(known, starts or self.today) if known else None
        name = f"{row.values['given_name']} {row.values.get('family_name', '')}".strip()
        if place is not None and (not group or place.group.name == group):
            if "ends" in row.values and place.ends != ends and ends is not None:
                self._add("changed", row, name, _("place in group"),
                          lambda by: people.end_enrolment(place, by=by, on=ends), ends=(place.ends, ends))  # fmt: skip
            return
        if not group or (ends and ends < self.today):
            return
        old = place.group.name if place else ""

        def act(by: Any) -> None:
            people.enrol(self.known[key], self._group(group, by), by=by, starts=starts or self.today, ends=ends)  # type: ignore[arg-type]  # with a name comes a group

        self._add("changed" if place else "new", row, name, _("place in group"), act, group=(old, group))

    def _tie(self, row: Row, key: tuple[str, str]) -> None:
        values = {name: row.values[name] for name in ("authority", "relation", "hides_address", "ends") if name in row.values}
        guardian = self.known.get(key)
        name = f"{row.values['given_name']} {row.values.get('family_name', '')}".strip()
        for number in row.values["pupil"]:
            pupil = self.known.get(("pupil", number))
            if pupil is None and number not in self.pupils:
                self._wrong(row, "pupil", _("pupil %(number)s is neither in this file nor in the school") % {"number": number})
                continue
            if (number, key[1]) in self.seen_ties:
                self._wrong(row, "pupil", _("says twice that this is a parent of pupil %(number)s") % {"number": number})
                continue
            self.seen_ties.add((number, key[1]))
            tie = self.ties.get((pupil.pk, guardian.pk)) if pupil and guardian else None
            changed = {f: (getattr(tie, f) if tie else "", v) for f, v in values.items() if not tie or getattr(tie, f) != v}
            if tie is not None and not changed:
                continue

            def act(by: Any, number: str = number, tie: Guardianship | None = tie) -> None:
                kept = {f: getattr(tie, f) for f in ("authority", "relation", "hides_address", "ends")} if tie else {}
                starts = None if tie else row.values.get("starts") or self.today
                pupil, guardian = self.known["pupil", number], self.known[key]
                people.add_guardian(pupil, guardian, by=by, starts=starts, **{**kept, **values})

            what = _("parent of pupil %(number)s") % {"number": number}
            self._add("changed" if tie else "new", row, name, what, act, **changed)

    def _role(self, row: Row, key: tuple[str, str]) -> None:
        role, group, acting_for = (row.values.get(name) or "" for name in ("role", "group", "acting_for"))
        starts, ends = row.values.get("starts"), row.values.get("ends")
        if not role:
            return
        user = self.users[row.values["username"]]
        held = (user.pk, role, group, acting_for)
        if held in self.seen_roles:
            return self._wrong(row, "role", _("stands in this file twice for this person"))
        self.seen_roles.add(held)
        member = self.roles.get(held)
        name = f"{row.values['given_name']} {row.values.get('family_name', '')}".strip()
        what = _("role %(role)s") % {"role": role}
        if member is not None:
            if "ends" in row.values and ends is not None and member.ends != ends:
                self._add("changed", row, name, what,
                          lambda by: people.end_membership(member, by=by, on=ends), ends=(member.ends, ends))  # fmt: skip
            return None
        if ends and ends < self.today:
            return None
        if role == "deputy" and ends is None:
            return self._wrong(row, "ends", _("is needed for a deputy: somebody stands in for a time"))

        def act(by: Any) -> None:
            people.add_membership(
                self.school, by=by, user=user, role=role, group=self._group(group, by), acting_for=acting_for,
                starts=starts or self.today, ends=ends,
            )  # fmt: skip

        return self._add("new", row, name, what, act, group=("", group))

    def _left(self, kinds: Iterable[str]) -> None:
        """Collect who is at the school, with a number of its own, but not in the file. Managing roles never end here."""
        kinds = set(kinds)
        gone = {person.pk: person for key, person in self.known.items() if key not in self.seen}
        if "pupil" in kinds:
            for place in (place for held in self.places.values() for place in held):
                if place.person_id in gone and place.ends is None:
                    what = _("place in group %(group)s") % {"group": place.group.name}
                    self._ends(place.person, what, people.end_enrolment, place)
        if "guardian" in kinds:
            numbers = {person.pk: str(person.number) for person in self.known.values()}
            for (pupil, guardian), tie in self.ties.items():
                told = (numbers.get(pupil, ""), numbers.get(guardian, "")) in self.seen_ties
                if tie.ends is None and guardian in numbers and not told:
                    what = _("parent of pupil %(number)s") % {"number": numbers.get(pupil, tie.pupil.full_name)}
                    self._ends(tie.guardian, what, people.end_guardian, tie)
        if "staff" in kinds and "role" in self.columns:
            staff = {person.user_id: person for person in self.known.values() if person.kind == "employee" and person.user_id}
            for held, member in self.roles.items():
                if held[0] in staff and held not in self.seen_roles and member.ends is None and member.role not in MANAGING:
                    self._ends(staff[held[0]], _("role %(role)s") % {"role": member.role}, people.end_membership, member)

    def _ends(self, person: Person, what: Any, end: Callable[..., Any], row: Any) -> None:
        self._add("left", None, person.full_name, what, lambda by: end(row, by=by, on=self.today))


def _told(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
