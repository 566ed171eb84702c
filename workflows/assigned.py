"""Measures that are lessons on media literacy: which lessons a pupil has to do, and by when. Reading only.

A pupil sees them of a case that they may see as the one concerned (after the talk, never on the hard route or under a police
hold), once the measure is imposed. Nobody learns from the module that a lesson is a measure.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from workflows import clock, words
from workflows.access import seen_by
from workflows.models import Case, CourseLink, Enrolment, LogEntry, Person
from workflows.models.people import Dated
from workflows.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Assigned:
    """Lessons a pupil was given: the level, the keys (none: the whole level), the day by which they are done, and since when."""

    level: int
    lessons: tuple[str, ...]
    due_on: date | None
    since: datetime | None = None

    def holds(self, lesson: str) -> bool:
        """Whether this lesson of the level is among them."""
        return not self.lessons or lesson in self.lessons

    @property
    def level_name(self) -> str:
        """What the level is called."""
        return words.level_name(self.level)

    @property
    def titles(self) -> list[str]:
        """The lessons' titles."""
        return words.lesson_titles(self.lessons)

    @property
    def is_late(self) -> bool:
        """Whether the day has passed."""
        return self.due_on is not None and self.due_on < clock.today()


def course_url(course_key: str) -> str:
    """Return the address of a course's page on this site."""
    return str(settings.KC_COURSE_URL).replace("{course_key}", course_key)


LED = "kc_lesson"
"""Key of a session in which the way to a lesson is kept: a course page is opened by its own address, which has no place for it."""


def lead_to(session: MutableMapping[str, Any], level: int, lesson: str) -> None:
    """Let the next page with this lesson open it."""
    session[LED] = f"{level}/{lesson}"


def led_to(session: MutableMapping[str, Any], level: int) -> str:
    """Return the lesson of this level that somebody is on the way to; "" for none."""
    found, _slash, lesson = str(session.get(LED, "")).partition("/")
    return lesson if found == str(level) else ""


def go_elsewhere(session: MutableMapping[str, Any]) -> None:
    """Forget the way: somebody chose another lesson."""
    session.pop(LED, None)


def course_for(pupil: Person, wanted: str = "") -> str:
    """Return the address of the course in which a pupil does lessons: that of their group, else that of the school; "" without one.

    Args:
        wanted: key of the course they come from; it is taken when it is one of the school.
    """
    if wanted and CourseLink.objects.filter(school=pupil.school_id, course_key=wanted).exists():
        return course_url(wanted)
    groups = Enrolment.objects.filter(Dated.active(clock.today()), person=pupil).values("group")
    links = CourseLink.objects.filter(Q(group__in=groups) | Q(group=None), school=pupil.school_id)
    found = links.order_by(F("group").asc(nulls_last=True), "pk").values_list("course_key", flat=True).first()
    return course_url(found) if found else ""


def imposed() -> QuerySet[Case]:
    """Return the measures that are lessons, of pupils, which are in force, each with the moment it was `imposed_at`."""
    found = Case.objects.filter(type="measure", state="imposed", facts__kind="lesson_module", facts__has_key="lesson_level", person__kind="pupil")
    imposing = LogEntry.objects.filter(case=OuterRef("pk"), step="measure.impose").order_by("-n").values("at")
    told: QuerySet[Case] = found.annotate(imposed_at=Subquery(imposing[:1]))
    return told


def what(measure: Case) -> Assigned:
    """Return what a measure says about lessons."""
    due = measure.facts.get("due_on")
    day, since = date.fromisoformat(due) if due else None, getattr(measure, "imposed_at", None)
    return Assigned(int(measure.facts["lesson_level"]), tuple(measure.facts.get("lessons") or ()), day, since)


def assigned_to(user: int, school: int) -> list[Assigned]:
    """Return the lessons that the pupil with this user's key was given at a school, the first due first; one query."""
    return sorted((what(measure) for measure in _ASSIGNED(user, school, clock.today())), key=lambda one: one.due_on or date.max)


def _rows(user: int, school: int, day: date) -> QuerySet[Any]:
    own = seen_by(user, [], day).filter(school=school).order_by().values("pk")
    return imposed().filter(person__user=user, school=school, parent__in=own).order_by("pk")


_ASSIGNED = Prepared(_rows, int, int, date)
