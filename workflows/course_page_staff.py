"""What a member of staff finds on a course page: what waits for them, how many cases are open, what the form offers.

One query for all that waits, compiled once per set of roles: the page is asked for in every lesson.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db.models import CharField, Count, DateTimeField, Exists, F, Max, OuterRef, Q, QuerySet, UUIDField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from workflows import clock, opening, words
from workflows.access import Standing, seen_by
from workflows.course_page import SHOWN, Place
from workflows.deciders import UNDECIDED, decided_by
from workflows.decisions import DECISIONS
from workflows.models import Case, Group, Letter, Person, ProgrammeItem
from workflows.pinned import protocol_for
from workflows.prepared import Prepared
from workflows.queries import APPROVERS, ROOT_TYPES, arrived, duties_of, roster
from workflows.rules import Setting
from workflows.schooldays import local_day, school_year
from workflows.vocabulary import CATEGORIES, OPEN

COMMON: tuple[str, ...] = (
    "cyberbullying", "insult", "image_without_consent", "intimate_image", "impersonation", "threat", "humiliating_video",
    "phone_use",
)  # fmt: skip
"""What happens most, offered at once; everything else is one click away."""

COUNTED = 100
"""Where counting stops: a desk with more than this says "more than"."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: `what` is duty, measure, letter, case or programme; `key` is that of the row its page shows.

    Of a part of the programme `number` is the name of the group, `key` its id, and `at` the planned day or None.
    """

    what: str
    label: str
    number: str
    at: datetime | None
    late: bool
    key: str
    incident: str


@dataclass(frozen=True, slots=True)
class StaffPage:
    """What a member of staff finds: what waits, how much, how many cases are open, and what the form offers."""

    waiting: Sequence[Waiting]
    total: int
    more_than: bool
    approvals: int
    open_cases: int
    roster: Sequence[Person]
    common: Sequence[tuple[str, str]]
    rare: Sequence[tuple[str, str]]


def staff_page(user: Any, place: Place) -> StaffPage:
    """Return what a member of staff finds on the course page."""
    today, here = clock.today(), protocol_for(place.school, clock.today())
    parts, first = opening.parts_of(here, place.school), opening.first_parts(here, place.school)
    asked = _asked_by(place.roles, len(place.mentors), len(first))
    rows = asked(user.pk, place.school.pk, today, *place.mentors, school_year(today), *first)
    rows = [row for row in rows if row[0] != "programme" or row[2].partition("/")[0] in parts]
    found = _for_roles([row for row in rows if row[0] != "open"], place)[: COUNTED + 1]
    local = here.categories
    rare = [(key, words.label("category", key)) for key in CATEGORIES if key not in COMMON]
    rare[-1:-1] = [(key, words.in_language(names)) for key, names in local.items()]
    return StaffPage(
        waiting=[_row(row, parts) for row in found[:SHOWN]],
        total=min(len(found), COUNTED),
        more_than=len(found) > COUNTED,
        approvals=sum(row[0] == "measure" or (row[0] == "duty" and row[2] in _DECIDED) for row in found),
        open_cases=sum(row[6] for row in rows if row[0] == "open"),
        roster=roster(place.school, place.group) if place.group else [],
        common=[(key, words.label("category", key)) for key in COMMON],
        rare=rare,
    )


_DECIDED = frozenset(yes for yes, _no in DECISIONS.values())
"""Tasks that stand among the approvals, as on the desk: a connection or an account to decide on."""


def _for_roles(rows: list[tuple[Any, ...]], place: Place) -> list[tuple[Any, ...]]:
    """Leave out the measures on which, by their own protocol, others decide; `deciders` says who, as for the desk."""
    keys = [row[4] for row in rows if row[0] == "measure"]
    if not keys:
        return rows
    measures = Case.objects.filter(key__in=keys).select_related("parent", "parent__school", "school", "person")
    mine = {str(measure.key) for measure in decided_by(measures, {place.school.pk: place.roles})}
    return [row for row in rows if row[0] != "measure" or str(row[4]) in mine]


@lru_cache(maxsize=200)
def _asked_by(roles: frozenset[str], groups: int, first: int) -> Prepared:
    """Return the query for staff with these roles and so many groups: what waits, and how many cases are open.

    Args:
        roles: at the school. groups: how many they are mentor of. first: how many parts of the programme come before the lessons.

    What somebody may see makes long queries; their shape depends on the roles alone, so it is compiled once.
    """

    def seen(user: int, school: int, day: date, *own: int) -> QuerySet[Any]:
        return seen_by(user, [Standing(school, roles, own)], day).filter(school=school)

    def asked(user: int, school: int, day: date, *rest: Any) -> QuerySet[Any, Any]:
        own, (year, *before) = rest[:groups], rest[groups:]
        due = _due(school, day, own, year, before) if own else []
        found: QuerySet[Any, Any] = _waiting(user, school, roles, seen(user, school, day, *own), due).order_by("w_place", "w_at")
        return found[: COUNTED + 2]

    return Prepared(asked, int, int, date, *[int] * groups, str, *[str] * first)


def _due(school: int, day: date, own: Sequence[int], year: str, first: Sequence[str]) -> list[QuerySet[Any, Any]]:
    """Return what is due of the programme of some groups as rows like those of `_part`: the part and the group's name, the day, the group's id."""
    items = ProgrammeItem.objects.filter(group__in=own, group__school=school, school_year=year)
    planned = items.filter(done_on=None, planned_on__lte=day).order_by()
    found = [_due_rows(planned, Concat(F("item"), Value("/"), F("group__name")), Cast("planned_on", DateTimeField()), F("group_id"))]
    for key in first:
        known = items.filter(Q(done_on__isnull=False) | Q(planned_on__isnull=False), group=OuterRef("pk"), item=key)
        groups = Group.objects.filter(~Exists(known), pk__in=own, school=school).order_by()
        found.append(_due_rows(groups, Concat(Value(key), Value("/"), F("name")), Value(None, output_field=DateTimeField()), F("pk")))
    return found


def _due_rows(rows: QuerySet[Any], name: Any, at: Any, group: Any) -> QuerySet[Any, Any]:
    none = Value(None, output_field=UUIDField())
    what = Value("programme", output_field=CharField())
    plain: QuerySet[Any, Any] = rows.annotate(
        w_what=what, w_place=Value(1), w_name=name, w_at=at, w_opened=at, w_key=none, w_root=none, w_number=group
    ).values_list(*_COLUMNS)
    return plain


def _waiting(user: int, school: int, roles: frozenset[str], seen: QuerySet[Any], due: Sequence[QuerySet[Any, Any]]) -> QuerySet[Any, Any]:
    """Return everything that waits for somebody as one query of plain rows, see `_part`, and how many cases are open as a row before them."""
    keys = seen.order_by().values("pk")
    roots = Q(school=school, type__in=ROOT_TYPES)  # a task about these belongs to a role that sees them all
    owed = Case.objects.filter(Q(pk__in=keys) | roots).values("pk")
    found = [
        _part("duty", duties_of(user, roles, owed), name="task", at="due_at", key="case__key", root="root__"),
        _part("case", Case.objects.filter(arrived(user, roles), pk__in=keys), name="state", at="opened_at", key="key", root=""),
    ]
    measures = Case.objects.filter(type="measure", state__in=UNDECIDED, parent__in=keys).exclude(opened_by__user=user)
    found.append(_part("measure", measures, name="state", at="opened_at", key="key", root="parent__"))
    if roles & APPROVERS:
        letters = Letter.objects.filter(root__in=keys, state__in=["draft", "failed"])
        found.append(_part("letter", letters, name="kind", at="created_at", key="key", root="root__"))
    still_open = seen.filter(state__in=OPEN).order_by().values("type").annotate(
        w_what=Value("open", output_field=CharField()), w_place=Value(-1), w_name=F("type"), w_at=Max("opened_at"),
        w_key=Value(None, output_field=UUIDField()), w_root=Value(None, output_field=UUIDField()), w_number=Count("pk"), w_opened=Max("opened_at"),
    ).values_list(*_COLUMNS)  # fmt: skip
    together: QuerySet[Any, Any] = found[0].union(*found[1:], still_open, *due, all=True)
    return together


def _part(what: str, rows: QuerySet[Any], *, name: str, at: str, key: str, root: str) -> QuerySet[Any, Any]:
    """Return one kind of waiting thing as rows (what, place, name, at, key, incident, number, opened).

    What somebody must decide comes first (`place`), then by moment. `root` is the way to the incident.
    """
    plain: QuerySet[Any, Any] = rows.order_by().annotate(
        w_what=Value(what, output_field=CharField()), w_place=Value(0 if what == "measure" else 1), w_name=F(name), w_at=F(at),
        w_key=F(key), w_root=F(f"{root}key"), w_number=F(f"{root}number"), w_opened=F(f"{root}opened_at"),
    ).values_list(*_COLUMNS)  # fmt: skip
    return plain


_COLUMNS = ("w_what", "w_place", "w_name", "w_at", "w_key", "w_root", "w_number", "w_opened")


def _row(row: tuple[Any, ...], parts: Mapping[str, Setting]) -> Waiting:
    what, _place, name, at, key, root, number, opened = row
    if what == "programme":
        part, _slash, group = name.partition("/")
        label = words.in_language({"nl": parts[part].nl, "en": parts[part].en})
        return Waiting(what, label, group, at, at is not None and local_day(at) < clock.today(), str(number), "")
    if what == "duty":
        label = words.capital(words.label("task", name))
    elif what == "letter":
        label = _("Look at a letter and approve it")
    elif what == "measure":
        label = _("Decide on a proposed measure")
    else:
        label = words.first_look(name)
    late = what == "duty" and at < clock.now()
    return Waiting(what, label, f"{opened.year}-{number}", at, late, str(key), str(root))
