"""What every act on schools and people shares: who may act, the lock, the check of a row, and the log.

Each act checks, changes and writes one `PeopleChange` in one transaction. Only the administrator or the board of the
school may act, besides whoever works at the server's command line (`by=None`), who makes the first administrator.
The acts stand in `workflows.schools` and `workflows.people`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from workflows import access, clock
from workflows.models import PeopleChange, School

MANAGING = frozenset({"administrator", "board"})
"""Roles that may change schools and people."""


_held: ContextVar[tuple[int, Any] | None] = ContextVar("kc_school_held", default=None)
"""The school and the person acting, while `holding` has checked and locked already."""


class PeopleError(ValueError):
    """An act on people is refused: `field` names what is wrong (empty: no one field), `reason` says why, for people."""

    def __init__(self, field: str, reason: Any) -> None:
        self.field = field
        self.reason = reason
        super().__init__(str(reason))


def manages(user: Any, school: School) -> bool:
    """Whether `user` may change the people and the set-up of `school` today. Superuser status counts for nothing."""
    return bool(access.roles_of(user, school) & MANAGING)


@contextmanager
def holding(school: School, by: Any) -> Iterator[None]:
    """Check and lock once for many acts of `by` on `school`; to be used inside a transaction that holds them all."""
    begin(school, by)
    token = _held.set((school.pk, by))
    try:
        yield
    finally:
        _held.reset(token)


def begin(school: School, by: Any) -> None:
    """Check who acts, and hold the school's row, so that two acts on the same school wait for each other.

    Raises:
        PeopleError: `by` is neither the administrator nor the board of the school.
    """
    if _held.get() == (school.pk, by):
        return
    if by is not None and not manages(by, school):
        raise PeopleError("", _("Only the administrator or the board of this school may change this."))
    School.objects.select_for_update().get(pk=school.pk)


def log(school: School, by: Any, what: str, **facts: Any) -> None:
    """Write down an act; `facts` holds ids, days and field names, never a name or text."""
    PeopleChange.objects.create(school=school, by=by, at=clock.now(), what=what, facts=facts)


def saved(row: Any) -> Any:
    """Check the row's own fields and save it; links are checked by whoever made them.

    Raises:
        PeopleError: a field holds what it cannot hold; the first one that does.
    """
    links = [field.name for field in row._meta.concrete_fields if field.is_relation]
    try:
        row.clean_fields(exclude=links)
    except ValidationError as wrong:
        field, reasons = next(iter(wrong.message_dict.items()))
        raise PeopleError(field, reasons[0]) from wrong
    row.save()
    return row


def in_order(starts: date, ends: date | None) -> None:
    """Refuse a last day before the first.

    Raises:
        PeopleError: it is.
    """
    if ends is not None and ends < starts:
        raise PeopleError("ends", _("The last day is before the first day."))


def same_school(school: School, **rows: Any) -> None:
    """Refuse a row of another school, by the name of its field.

    Raises:
        PeopleError: a row is not of `school`.
    """
    for name, row in rows.items():
        if row is not None and row.school_id != school.pk:
            raise PeopleError(name, _("This belongs to another school."))
