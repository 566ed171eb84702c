"""How a group and a school are doing in the media-literacy module, for mentors: reading only, in a fixed number of queries.

Nothing here says why somebody does a lesson. Questions with fewer than `FEWEST` answers are not broken down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, FilteredRelation, Max, Q, QuerySet

from workflows import clock, module, opening
from workflows.access import WHOLE_SCHOOL, roles_of
from workflows.lessons import LEVELS, Scene, Unit
from workflows.models import Enrolment, Group, LessonAnswer, LessonRun, Membership, Person, ProgrammeItem, School
from workflows.models.people import Dated
from workflows.pinned import protocol_for
from workflows.queries import roster
from workflows.rules import Setting

FEWEST = 5
"""Answers below which a question is not broken down, so that nobody is known by theirs (our default)."""

STUCK_AFTER = timedelta(days=14)
"""How long somebody may stand still in the middle of a lesson before they are called stuck (our default)."""

MANY_TRIES = 4
"""Tries at one question, still not found, after which somebody is called stuck (our default)."""


@dataclass(frozen=True, slots=True)
class PupilRow:
    """One pupil in a level: `state` is none, begun, stuck or finished."""

    person: Person
    state: str
    solved: int = 0
    last: datetime | None = None
    finished: datetime | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """A question that was often not found at the first try: how many of `answers`."""

    unit: Unit
    scene: Scene
    wrong_first: int
    answers: int

    @property
    def percent(self) -> int:
        """The share that did not find it at once."""
        return round(100 * self.wrong_first / self.answers)


@dataclass(frozen=True, slots=True)
class ClassView:
    """A group in a level: its pupils, the questions most often missed, and how many questions there are."""

    rows: list[PupilRow]
    missed: list[Missed]
    questions: int
    units: tuple[Unit, ...]

    def count(self, state: str) -> int:
        """Return how many pupils are in a state."""
        return sum(row.state == state for row in self.rows)


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group of the school: pupils, how many began and finished some level this year, and parts of the programme done or late.

    Of a group for which the lessons are not open yet it tells nothing: whoever did some before has a reason of their own.
    """

    group: Group
    pupils: int
    begun: int
    finished: int
    parts_done: int = 0
    parts_late: int = 0
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the yearly programme of a group: what, by which rule, whether the lessons wait for it, and whether it was planned and done."""

    key: str
    setting: Setting
    planned_on: date | None = None
    done_on: date | None = None
    done_by: Person | None = None
    comes_first: bool = False

    @property
    def keeps_waiting(self) -> bool:
        """Whether the lessons are not open to the group because of it."""
        return self.comes_first and self.done_on is None

    @property
    def is_required(self) -> bool:
        """Whether every group does it; the others are there for who finds them needed."""
        return self.setting.value is True

    @property
    def is_late(self) -> bool:
        """Whether its planned day has passed."""
        return self.done_on is None and self.planned_on is not None and self.planned_on < clock.today()


@dataclass(frozen=True, slots=True)
class DuePart:
    """A part of the programme of a group that is due: its planned day is there or has passed, or the lessons wait for it."""

    group: Group
    setting: Setting
    planned_on: date | None
    keeps_waiting: bool = False

    @property
    def is_late(self) -> bool:
        """Whether its day has passed."""
        return self.planned_on is not None and self.planned_on < clock.today()


def groups_for(user: Any, school: School) -> list[Group]:
    """Return the groups whose class view `user` may see: all for those who lead, for others those of their own roles."""
    roles = roles_of(user, school)
    if not roles:
        return []
    groups = Group.objects.filter(school=school)
    return list(groups.filter(pk__in=_own_groups(user, school)) if roles.isdisjoint(WHOLE_SCHOOL) else groups)


def _own_groups(user: Any, school: School) -> QuerySet[Any, Any]:
    rows = Membership.objects.filter(Dated.active(clock.today()), school=school, user=user, group__isnull=False)
    return rows.values("group")


def due_parts(user: Any, school: School) -> list[DuePart]:
    """Return what is due with the own groups of `user`: planned for today or before, or not planned while the lessons wait for it; one query."""
    protocol = protocol_for(school, clock.today())
    parts, first = opening.parts_of(protocol, school), opening.first_parts(protocol, school)
    groups = Group.objects.filter(pk__in=_own_groups(user, school), school=school).order_by("name", "pk")
    rows = groups.annotate(
        now=FilteredRelation("programme", condition=Q(programme__school_year=module.this_year())),
        item=F("now__item"), planned_on=F("now__planned_on"), done_on=F("now__done_on"),
    )  # fmt: skip
    known = {(row, row.item): (row.planned_on, row.done_on) for row in rows}
    found = []
    for group in dict.fromkeys(row for row, _item in known):
        for key, part in parts.items():
            planned, done = known.get((group, key), (None, None))
            if done is None and (planned <= clock.today() if planned else key in first):
                found.append(DuePart(group, part, planned, key in first))
    return sorted(found, key=lambda one: one.planned_on or date.min)


def level_of(school: School, group: Group) -> int:
    """Return the level most of the group works on this year; without runs the one written for the age of most pupils."""
    year, here = module.this_year(), Enrolment.objects.filter(Dated.active(clock.today()), group=group)
    runs = LessonRun.objects.filter(school_year=year, person__in=here.values("person")).values_list("level")
    if found := runs.annotate(n=Count("pk")).order_by("-n", "level").first():
        return int(found[0])
    born = [day for day in here.values_list("person__birth_date", flat=True) if day is not None]
    ages = sorted(clock.today().year - day.year for day in born)
    return _level_at(ages[len(ages) // 2] if ages else None, school)


def _level_at(age: int | None, school: School) -> int:
    """Return the level written for an age; without one, that for the middle of the school."""
    age = age if age is not None else (10 if school.sector == "po" else 13)
    return next((level for level, span in LEVELS.items() if age <= int(span.split("-")[1])), max(LEVELS))


def levels_for(pupil: Person | None, school: School) -> tuple[int, ...]:
    """Return the levels that fit a pupil, the likely one first: what they work on this year, else what is written for their age."""
    runs = LessonRun.objects.filter(person=pupil, school_year=module.this_year()).order_by("-started_at") if pupil else []
    known = [run.level for run in runs]
    likely = known[0] if known else _level_at(pupil.age_on(clock.today()) if pupil else None, school)
    near = (level for level in LEVELS if abs(level - likely) <= 1 or level in known)
    return tuple(sorted(near, key=lambda level: (abs(level - likely), -level)))


def done_lessons(user: Any, pupil: Person, school: School) -> set[tuple[int, str]]:
    """Return (level, key) of the lessons a pupil did this school year, as far as their class view is open to `user`."""
    groups = [group.pk for group in groups_for(user, school)]
    if not Enrolment.objects.filter(Dated.active(clock.today()), person=pupil, group__in=groups).exists():
        return set()
    if opening.awaited(pupil, protocol_for(school, clock.today()), module.this_year()):
        return set()
    runs = LessonRun.objects.filter(person=pupil, school_year=module.this_year()).select_related("person__school").prefetch_related("answers")
    found = ((run.level, module.of_run(run).progress) for run in runs)
    return {(level, unit.key) for level, progress in found for unit in progress.units if progress.is_done(unit)}


def class_view(school: School, group: Group, level: int) -> ClassView:
    """Return how a group is doing in a level this school year."""
    protocol = protocol_for(school, clock.today())
    units = module.units_of(level, protocol)
    pupils = roster(school, group)
    runs = LessonRun.objects.filter(person__in=[one.pk for one in pupils], level=level, school_year=module.this_year())
    told = runs.annotate(
        **{f"found_{n}": Count("answers", filter=Q(answers__solved=True) & _asked_in((unit,))) for n, unit in enumerate(units)},
        tried=Count("answers", filter=Q(answers__solved=False) & _asked_in(units)), last=Max("answers__at"),
        hardest=Max("answers__tries", filter=Q(answers__solved=False)),
    )  # fmt: skip
    by_pupil = {run.person_id: run for run in told}
    rows = [_row(one, by_pupil.get(one.pk), units) for one in pupils]
    return ClassView(rows, _missed(runs, units), sum(len(unit.path()) for unit in units), units)


def _asked_in(units: tuple[Unit, ...]) -> Q:
    """The answers to questions that everybody gets; extra scenes do not count."""
    asked = Q(pk__in=[])
    for unit in units:
        asked |= Q(answers__unit=unit.key, answers__scene__in=[scene.key for scene in unit.path()])
    return asked


def _row(pupil: Person, run: Any, units: tuple[Unit, ...]) -> PupilRow:
    if run is None:
        return PupilRow(pupil, "none")
    found = [getattr(run, f"found_{n}") for n, _unit in enumerate(units)]
    if run.finished_at is not None:
        return PupilRow(pupil, "finished", sum(found), run.last, run.finished_at)
    # Between two lessons somebody waits for the class, or has done all that the course shows.
    midway = run.tried or any(0 < n < len(unit.path()) for n, unit in zip(found, units, strict=True))
    still = midway and run.last is not None and clock.now() - run.last > STUCK_AFTER
    state = "stuck" if still or (run.hardest or 0) >= MANY_TRIES else "begun"
    return PupilRow(pupil, state, sum(found), run.last)


def _missed(runs: Any, units: tuple[Unit, ...]) -> list[Missed]:
    answers = LessonAnswer.objects.filter(run__in=runs).values_list("unit", "scene")
    counted = answers.annotate(n=Count("pk"), first=Count("pk", filter=Q(right_first=True)))
    scenes = {(unit.key, scene.key): (unit, scene) for unit in units for scene in unit.path()}
    found = [
        Missed(*scenes[unit, scene], wrong_first=n - first, answers=n)
        for unit, scene, n, first in counted.order_by()
        if (unit, scene) in scenes and n >= FEWEST and n > first
    ]
    return sorted(found, key=lambda one: (-one.wrong_first / one.answers, -one.answers))[:5]


def school_view(school: School, groups: list[Group]) -> list[GroupRow]:
    """Return one line per group; the number of queries does not grow with groups or pupils."""
    here = Enrolment.objects.filter(Dated.active(clock.today()), group__in=groups)
    pupils = dict(here.values_list("group").annotate(n=Count("person", distinct=True)).order_by())
    parts_now = protocol_for(school, clock.today())
    named, first = opening.parts_of(parts_now, school), opening.first_parts(parts_now, school)
    year = Q(person__lesson_runs__school_year=module.this_year())
    begun = here.filter(year).values_list("group").annotate(
        n=Count("person", distinct=True), done=Count("person", filter=Q(person__lesson_runs__finished_at__isnull=False), distinct=True)
    )  # fmt: skip
    runs = {group: (n, done) for group, n, done in begun.order_by()}
    items = ProgrammeItem.objects.filter(group__in=groups, school_year=module.this_year(), item__in=list(named))
    late = Q(done_on=None, planned_on__lt=clock.today())
    done = Q(done_on__isnull=False)
    counted = items.values_list("group").annotate(
        done=Count("pk", filter=done), late=Count("pk", filter=late), had=Count("pk", filter=done & Q(item__in=list(first)))
    )  # fmt: skip
    parts = {group: (done, late, had == len(first)) for group, done, late, had in counted.order_by()}
    rows = []
    for group in groups:
        done_parts, late_parts, is_open = parts.get(group.pk, (0, 0, not first))
        begun_by, finished_by = runs.get(group.pk, (0, 0)) if is_open else (0, 0)
        rows.append(GroupRow(group, pupils.get(group.pk, 0), begun_by, finished_by, done_parts, late_parts, is_open))
    return rows


def programme(school: School, group: Group) -> list[Part]:
    """Return the parts of the yearly programme that the school's protocol asks of a group, and how far they are."""
    protocol = protocol_for(school, clock.today())
    first = opening.first_parts(protocol, school)
    rows = ProgrammeItem.objects.filter(group=group, school_year=module.this_year()).select_related("done_by")
    done = {row.item: (row.planned_on, row.done_on, row.done_by) for row in rows}
    return [
        Part(key, setting, *done.get(key, (None, None, None)), comes_first=key in first)
        for key, setting in opening.parts_of(protocol, school).items()
    ]
