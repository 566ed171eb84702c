"""Where somebody stands on a course page: which school this is, as staff with which roles or as which pupil.

What they find there is in `course_page_staff` and `course_page_pupil`. Reading only, in a number of queries that does not
grow with the cases. A lesson is shown on screens in class rooms, so nothing in these modules names a child or says what a
case is about: a row is a number, a task and a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, FilteredRelation, Q
from django.utils.translation import pgettext_lazy

from workflows import clock, words
from workflows.access import standing_from, standing_of
from workflows.models import CourseLink, Group, Person, School
from workflows.models.people import Dated
from workflows.pinned import protocol_for
from workflows.prepared import Prepared
from workflows.protocol import Denial

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


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody on the course page of a school: as staff with `roles`, or as the pupil `pupil`."""

    school: School
    group: Group | None
    roles: frozenset[str] = frozenset()
    mentors: tuple[int, ...] = ()
    pupil: Person | None = None


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
