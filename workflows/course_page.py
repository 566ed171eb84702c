"""What a course page asks: which school this is, who is looking, what waits for them, what is offered to open a case.

Reading only, in a number of queries that does not grow with the cases. A lesson is shown on screens in class rooms, so
nothing here names a child or says what a case is about: a row is a number, a task and a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db.models import CharField, Count, DateTimeField, Exists, F, FilteredRelation, Max, OuterRef, Q, QuerySet, UUIDField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from workflows import clock, opening, protocol, words
from workflows.access import Standing, seen_by, standing_from, standing_of
from workflows.assigned import Assigned, assigned_to
from workflows.deciders import who_decides
from workflows.decisions import DECISIONS
from workflows.facts import fresh, protocol_for
from workflows.models import Case, CourseLink, Enrolment, Group, Letter, Membership, Person, ProgrammeItem, School
from workflows.models.people import Dated
from workflows.prepared import Prepared
from workflows.protocol import Denial
from workflows.queries import APPROVERS, ROOT_TYPES, arrived, duties_of, roster
from workflows.rules import Setting
from workflows.schooldays import SchoolCalendar, local_day, school_year
from workflows.situation import Actor, Facts
from workflows.vocabulary import CATEGORIES, FIELDS, OPEN

COMMON: tuple[str, ...] = (
    "cyberbullying", "insult", "image_without_consent", "intimate_image", "impersonation", "threat", "humiliating_video",
    "phone_use",
)  # fmt: skip
"""What happens most, offered at once; everything else is one click away."""

FOR_PUPILS: tuple[str, ...] = (
    "cyberbullying", "image_without_consent", "intimate_image", "threat", "impersonation", "unwanted_contact", "other",
)  # fmt: skip
"""What a pupil is asked, in the same words."""

ROLES: Mapping[str, Any] = {
    "targets": pgettext_lazy("in the case", "It was done to them"),
    "suspects": pgettext_lazy("in the case", "Did it"),
    "participants": pgettext_lazy("in the case", "Joined in"),
    "sharers": pgettext_lazy("in the case", "Passed it on"),
    "bystanders": pgettext_lazy("in the case", "Saw it"),
}
"""Which role a tick stands for, by the field of `incident.report`."""

SHOWN = 5
"""Rows on a course page; the rest is a number and a link to the desk."""

COUNTED = 100
"""Where counting stops: a desk with more than this says "more than"."""


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody on the course page of a school: as staff with `roles`, or as the pupil `pupil`."""

    school: School
    group: Group | None
    roles: frozenset[str] = frozenset()
    mentors: tuple[int, ...] = ()
    pupil: Person | None = None


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


@dataclass(frozen=True, slots=True)
class OwnCase:
    """An own case as a pupil sees it in a list."""

    key: str
    title: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class PupilPage:
    """What a pupil finds: who can be asked, who can be kept out, when it is read, own cases after the talk, lessons they were given."""

    categories: Sequence[tuple[str, str]]
    contacts: Sequence[tuple[str, str]]
    excludable: Sequence[tuple[str, str]]
    read_by: date
    cases: Sequence[OwnCase] = field(default_factory=tuple)
    lessons: Sequence[Assigned] = field(default_factory=tuple)


def school_of_course(course_key: str) -> School | None:
    """Return the school to which the administrator has linked a course, if it is in use."""
    link = _link(course_key)
    return link.school if link else None


def _link(course_key: str) -> CourseLink | None:
    return next(iter(_LINK(course_key)), None) if course_key else None


_LINKED = CourseLink.objects.filter(school__is_active=True).select_related("school", "group").defer("school__logo")
_LINK = Prepared(lambda key: _LINKED.filter(course_key=key), str)


def place_in(user: Any, course_key: str) -> Place | None:
    """Return where `user` stands on a course page; None when the course has no school or they have no part in it.

    Args:
        user: a Django user. Superuser and course staff count for nothing here: only dated rows of the school do.
        course_key: the course's key as text.
    """
    if user is None or not user.is_active or not course_key:
        return None
    today = clock.today()
    rows = _HERE(user.pk, course_key, today)
    if rows:
        school, key = rows[0].school, rows[0].group_key
        group = Group(pk=key, school_id=school.pk, name=rows[0].group_name) if key is not None else None
        held = [(row.role, row.acting_for, row.mentor_of) for row in rows if row.role]
        found = [standing_from(school.pk, held, today)] if held else []
    else:
        link = _link(course_key)
        if link is None:
            return None
        school, group, found = link.school, link.group, standing_of(user, today, link.school)
    if found:
        return Place(school, group, found[0].roles, found[0].groups)
    pupil = next((row for row in rows if row.kind == "pupil" and row.enrolled), None)
    return Place(school, group, pupil=pupil) if pupil else None


_held = "user__kc_memberships"
_HERE = Prepared(
    lambda user, course, day: Person.objects.filter(user=user, school__courses__course_key=course, school__is_active=True).annotate(
        held=FilteredRelation(_held, condition=Q(**{f"{_held}__school": F("school")}) & Dated.active(day, f"{_held}__")),
        enrolment=FilteredRelation("enrolments", condition=Dated.active(day, "enrolments__")),
        role=F("held__role"), acting_for=F("held__acting_for"), mentor_of=F("held__group"), enrolled=F("enrolment__pk"),
        group_key=F("school__courses__group"), group_name=F("school__courses__group__name"),
    ).select_related("school").defer("school__logo").order_by(),
    int, str, date,
)  # fmt: skip
"""Somebody's row at the school of a course, with that school, each role they hold and each place they have in a group today."""


def staff_page(user: Any, place: Place) -> StaffPage:
    """Return what a member of staff finds on the course page."""
    today, here = clock.today(), protocol_for(place.school, clock.today())
    parts, first = opening.parts_of(here, place.school), opening.first_parts(here, place.school)
    asked = _asked_by(place.roles, len(place.mentors), len(first))
    rows = asked(user.pk, place.school.pk, today, *place.mentors, school_year(today), *first)
    rows = [row for row in rows if row[0] != "programme" or row[2].partition("/")[0] in parts]
    found = _for_roles([row for row in rows if row[0] != "open"], place.roles)[: COUNTED + 1]
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


def _for_roles(rows: list[tuple[Any, ...]], roles: frozenset[str]) -> list[tuple[Any, ...]]:
    """Leave out the proposed measures on which, by their own protocol, others decide; `deciders` says who, as for the desk."""
    keys = [row[4] for row in rows if row[0] == "measure"]
    if not keys:
        return rows
    measures = list(Case.objects.filter(key__in=keys).select_related("parent", "parent__school", "school", "person"))
    deciding = who_decides(measures)
    mine = {str(measure.key) for measure in measures if deciding[measure.pk] & roles}
    return [row for row in rows if row[0] != "measure" or str(row[4]) in mine]


@lru_cache(maxsize=200)
def _asked_by(roles: frozenset[str], groups: int, first: int) -> Prepared:
    """Return the query for staff with these roles and so many groups: what waits, and how many cases are open.

    `first` is how many parts of the programme come before the lessons.

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
    measures = Case.objects.filter(type="measure", state="proposed", parent__in=keys).exclude(opened_by__user=user)
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


def pupil_page(user: Any, place: Place) -> PupilPage:
    """Return what a pupil finds on the course page.

    Raises:
        ValueError: the place is not a pupil's.
    """
    if place.pupil is None:
        raise ValueError("this place is not a pupil's")
    school = place.school
    near = _who_is_near(place.pupil)
    asked, found, calendar = _asked_by_pupil(place)
    due = [calendar.due(clock.now(), dict(line.within)) for line in protocol.duties(found, asked) if line.task == "incident.triage"]
    cases = _OWN(user.pk, school.pk, clock.today())
    local = found.categories
    return PupilPage(
        categories=[(key, words.label("category", key)) for key in FOR_PUPILS],
        contacts=[(key, _called(key, near)) for key in contacts_allowed(place)],
        excludable=[(str(pk), name) for pk, (name, _role) in near.items()],
        read_by=min(due).date() if due else calendar.next(clock.today()),
        cases=[
            OwnCase(
                key=str(case.key), is_open=case.state in OPEN,
                title=words.in_language(local[case.facts["category"]]) if case.facts.get("category") in local
                else words.label("category", case.facts.get("category", ""), fallback=_("Case")),
            )
            for case in cases
        ],
        lessons=assigned_to(user.pk, school.pk),
    )  # fmt: skip


_OWN = Prepared(
    lambda user, school, day: seen_by(user, [], day).filter(school=school).order_by("-changed_at", "-pk")[:SHOWN], int, int, date
)
"""A pupil's own cases; they have no standing as staff."""


def _asked_by_pupil(place: Place) -> tuple[Facts, protocol.Protocol, SchoolCalendar]:
    """Return the facts of a report that this pupil is about to make, with the protocol and calendar of the school."""
    loaded = fresh(place.school, {})
    actor = Actor(id=str(place.pupil.pk) if place.pupil else "", roles=frozenset({"pupil"}))
    return loaded.for_step(loaded.root, "incident.report", actor=actor, data={}), loaded.protocol, loaded.calendar


def contacts_allowed(place: Place) -> list[str]:
    """Return whom a pupil may ask for help by the school's protocol, such as only the teacher and the mentor."""
    allowed = []
    asked, found, _calendar = _asked_by_pupil(place)
    for key in FIELDS["help_contact"].choices:
        denied = protocol.denials(found, replace(asked, data={**asked.data, "help_contact": key}))
        if not any(one.remedy is not None and one.remedy.name == "help_contact" for one in denied):
            allowed.append(key)
    return allowed


def _who_is_near(pupil: Person) -> dict[int, tuple[str, str]]:
    """Return the staff who could be told what a pupil reports: (name, role) by person."""
    found: dict[int, tuple[str, str]] = {}
    for role, acting, pk, given, family in _NEAR(pupil.pk, pupil.school_id, clock.today()):
        found.setdefault(pk, (f"{given} {family}".strip(), acting or role))
    return found


def _near(pupil: int, school: int, day: date) -> QuerySet[Any, Any]:
    here = Enrolment.objects.filter(Dated.active(day), person=pupil).values("group")
    rows = Membership.objects.filter(Dated.active(day), school=school, user__kc_people__school=school)
    leaders = ("director", "confidential_counsellor")
    rows = rows.filter(Q(role="mentor", group__in=here) | Q(role__in=leaders) | Q(acting_for__in=leaders)).order_by("pk")
    return rows.values_list("role", "acting_for", "user__kc_people", "user__kc_people__given_name", "user__kc_people__family_name")


_NEAR = Prepared(_near, int, int, date)


def excludable(pupil: Person) -> list[tuple[str, str]]:
    """Return the staff a pupil may keep out of a report: whoever could otherwise be told, by (id, name)."""
    return [(str(pk), name) for pk, (name, _role) in _who_is_near(pupil).items()]


def _called(contact: str, near: Mapping[int, tuple[str, str]]) -> str:
    """Return a choice of help with the names behind it: `My mentor (Marit Krijtstreep)`."""
    names = [name for name, role in near.values() if role == contact]
    label = words.label("help_contact", contact)
    return f"{label} ({words.all_of(names)})" if names else label


def reasons(denials: Sequence[Denial], school: School) -> list[dict[str, Any]]:
    """Return why a report was refused: each a `text`, the `field` that lifts it ("" when none) and its `articles`."""
    found = protocol_for(school, clock.today())
    return [
        {
            "text": words.say(one.sentence, found),
            "field": one.remedy.name if one.remedy is not None and one.remedy.kind == "field" else "",
            "articles": [article["text"] for article in (words.article(found, key) for key in one.articles) if article["source"]],
        }
        for one in denials
    ]
