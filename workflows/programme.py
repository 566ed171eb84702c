"""Plan and tick off the parts of a group's yearly programme: class talk, poster, lessons (WIL-KIN-0a to 3)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from workflows import clock, registry
from workflows.access import person_of
from workflows.class_view import groups_for
from workflows.models import Group, ProgrammeItem
from workflows.module import this_year
from workflows.opening import parts_of
from workflows.pinned import protocol_for
from workflows.registry import PeopleError
from workflows.schooldays import school_year


@transaction.atomic
def plan(group: Group, item: str, day: date | None, *, by: Any) -> ProgrammeItem:
    """Plan a part on a day, or take the plan away (None).

    Raises:
        PeopleError: the protocol names no such part, the group is not theirs, or the day is in another school year.
    """
    row = _row(group, item, by)
    if day is not None and school_year(day) != row.school_year:
        raise PeopleError("day", _("Choose a day in this school year (%(year)s).") % {"year": row.school_year})
    row.planned_on = day
    row.save(update_fields=["planned_on"])
    registry.log(group.school, by, "programme.plan", group=group.pk, item=item, day=str(day or ""))
    return row


@transaction.atomic
def tick_off(group: Group, item: str, *, by: Any, done: bool = True) -> ProgrammeItem:
    """Note that a part was done today, or take that back; twice changes nothing.

    Raises:
        PeopleError: as `plan`.
    """
    row = _row(group, item, by)
    if done == (row.done_on is not None):
        return row
    row.done_on, row.done_by = (clock.today(), person_of(by, group.school)) if done else (None, None)
    row.save(update_fields=["done_on", "done_by"])
    registry.log(group.school, by, "programme.done" if done else "programme.undo", group=group.pk, item=item)
    return row


def _row(group: Group, item: str, by: Any) -> ProgrammeItem:
    if group not in groups_for(by, group.school):
        raise PeopleError("", _("This group is not yours."))
    if item not in parts_of(protocol_for(group.school, clock.today()), group.school):
        raise PeopleError("item", _("The protocol of the school names no such part of the programme."))
    ProgrammeItem.objects.get_or_create(group=group, school_year=this_year(), item=item)
    return ProgrammeItem.objects.select_for_update().get(group=group, school_year=this_year(), item=item)
