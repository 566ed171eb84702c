"""Acts on a school itself: make it, its letterhead, protocol settings, holidays, groups and courses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from workflows import clock, vocabulary
from workflows import protocol as protocols
from workflows.models import CourseLink, Group, School, SchoolHoliday
from workflows.pinned import protocol_dirs
from workflows.protocol import LoadError, Protocol
from workflows.registry import PeopleError, begin, log, same_school, saved

_DETAILS = frozenset({
    "name", "brin", "board_name", "address", "postal_code", "city", "phone", "email", "website", "logo", "objection_address",
    "complaints_body", "dpo_contact", "counsellor_contact", "parents_contact", "retention", "settings", "channels", "is_active",
})  # fmt: skip
"""What may change of a school; protocol, sector and legal form stay, because cases lean on them."""


def usable_protocol(key: str, sector: str) -> Protocol:
    """Return the protocol in force today under `key`, for a sector.

    Raises:
        PeopleError: no pack has that key, it does not load, or it is not for this sector.
    """
    try:
        found = protocols.load(key, search=protocol_dirs(), on=clock.today())
    except LoadError as wrong:
        raise PeopleError("key", _("There is no usable protocol “%(key)s”: %(why)s") % {"key": key, "why": wrong}) from wrong
    if found.sectors and sector not in found.sectors:
        raise PeopleError("sector", _("The protocol “%(key)s” is not for this sector.") % {"key": key})
    return found.for_sector(sector)


@transaction.atomic
def create_school(*, by: Any = None, name: str, slug: str, key: str, sector: str, legal_form: str, **details: Any) -> School:
    """Make a school that follows the protocol `key`.

    Args:
        by: nobody (None): schools are made at the server's command line.
        sector: "po" or "vo".
        legal_form: "public" or "private"; decides where somebody objects.
        details: letterhead, contacts, settings and channels (see `change_school`).

    Raises:
        PeopleError: somebody acts from a page, an unknown pack or one for another sector, a short name that is taken.
    """
    if by is not None:
        raise PeopleError("", _("A school is made with “manage.py create_school”."))
    if School.objects.filter(slug=slug).exists():
        raise PeopleError("slug", _("There is a school with this short name already."))
    protocol = usable_protocol(key, sector)
    details.setdefault("channels", list(protocol.routes or vocabulary.ROUTES))
    school: School = saved(School(name=name, slug=slug, key=key, sector=sector, legal_form=legal_form, **details))
    log(school, by, "school.create", protocol=key)
    return school


@transaction.atomic
def change_school(school: School, *, by: Any, **fields: Any) -> School:
    """Change letterhead, contacts, settings or channels of a school.

    The protocol, sector and legal form stay what they were: cases lean on them.

    Raises:
        PeopleError: a field that cannot be changed, or a value that does not fit.
    """
    begin(school, by)
    fixed = set(fields) - _DETAILS
    if fixed:
        raise PeopleError(sorted(fixed)[0], _("This cannot be changed here."))
    if "channels" in fields:
        _routes(school, fields["channels"])
    changed = sorted(name for name, value in fields.items() if getattr(school, name) != value)
    for name in changed:
        setattr(school, name, fields[name])
    if changed:
        saved(school)
        log(school, by, "school.change", fields=changed)
    return school


def _routes(school: School, routes: Sequence[str]) -> None:
    """Refuse a way to send letters that the product does not know or the school's protocol does not allow."""
    if not routes:
        raise PeopleError("channels", _("Choose at least one way to send a letter."))
    protocol = usable_protocol(school.key, school.sector)
    if set(routes) - set(protocol.routes or vocabulary.ROUTES):
        cites = ", ".join(protocol.routes_cites)
        raise PeopleError("channels", _("Your protocol does not allow this way to send a letter (%(cites)s).") % {"cites": cites})


@transaction.atomic
def add_holiday(school: School, *, by: Any, name: str, first: date, last: date) -> SchoolHoliday:
    """Close the school from `first` up to and including `last`, at most 100 days.

    Raises:
        PeopleError: the last day is before the first, or it is longer than that.
    """
    begin(school, by)
    if last < first:
        raise PeopleError("last", _("The last day is before the first day."))
    if (last - first).days >= 100:
        raise PeopleError("last", _("A holiday of more than 100 days is a mistake."))
    known = SchoolHoliday.objects.filter(school=school, name=name, first=first, last=last).first()
    if known is not None:  # the same form sent twice
        return known
    holiday: SchoolHoliday = saved(SchoolHoliday(school=school, name=name, first=first, last=last))
    log(school, by, "holiday.add", first=first.isoformat(), last=last.isoformat())
    return holiday


@transaction.atomic
def remove_holiday(holiday: SchoolHoliday, *, by: Any) -> None:
    """Take a holiday out of the calendar. Terms that were counted with it stay as they were."""
    begin(holiday.school, by)
    log(holiday.school, by, "holiday.remove", first=holiday.first.isoformat(), last=holiday.last.isoformat())
    holiday.delete()


@transaction.atomic
def add_group(school: School, *, by: Any, name: str) -> Group:
    """Return the school's group of that name, made when there is none."""
    begin(school, by)
    found = Group.objects.filter(school=school, name=name).first()
    if found is None:
        found = saved(Group(school=school, name=name))
        log(school, by, "group.add", group=found.pk)
    return found


@transaction.atomic
def link_course(school: School, *, by: Any, course_key: str, group: Group | None = None) -> CourseLink:
    """Say that a course belongs to this school (and group), so that its page shows this school's cases.

    Raises:
        PeopleError: no course key, or the course belongs to another school.
    """
    begin(school, by)
    same_school(school, group=group)
    if not re.fullmatch(r"[\w.:+/\-@]{3,255}", course_key):
        raise PeopleError("course_key", _("This is not a course key, such as course-v1:School+Course+2026."))
    link = CourseLink.objects.filter(course_key=course_key).first() or CourseLink(course_key=course_key, school=school)
    if link.school_id != school.pk:
        raise PeopleError("course_key", _("This course belongs to another school."))
    link.group = group
    saved(link)
    log(school, by, "course.link", course=course_key, group=group.pk if group else None)
    return link


@transaction.atomic
def unlink_course(link: CourseLink, *, by: Any) -> None:
    """Say that a course belongs to no school."""
    begin(link.school, by)
    log(link.school, by, "course.unlink", course=link.course_key)
    link.delete()
