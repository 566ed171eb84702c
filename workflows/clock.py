"""The one source of "now", so that scenarios and tests can move the clock without touching the system's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
"""The clock that every school of this product lives by, whatever TIME_ZONE the host or who looks on has."""

_fixed: ContextVar[datetime | None] = ContextVar("kc_workflows_now", default=None)


def now() -> datetime:
    """Return the present moment (aware), or the one set by `at`."""
    return _fixed.get() or timezone.now()


def today() -> date:
    """Return today at the school."""
    return now().astimezone(AMSTERDAM).date()


def local(moment: datetime) -> datetime:
    """Return a moment as the clock of the school shows it."""
    return moment.astimezone(AMSTERDAM)


def aware(written: datetime) -> datetime:
    """Return the moment that somebody at the school means by a day and a time without a zone."""
    return timezone.make_aware(written, AMSTERDAM)


@contextmanager
def school_time() -> Iterator[None]:
    """Let forms and templates inside the block read and write moments by the school's clock, whatever zone the host is set to."""
    with timezone.override(AMSTERDAM):
        yield


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Hold the clock at `moment` (aware) inside the block."""
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)
