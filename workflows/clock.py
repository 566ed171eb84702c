"""The one source of "now", so that scenarios and tests can move the clock without touching the system's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime

from django.utils import timezone

_fixed: ContextVar[datetime | None] = ContextVar("kc_workflows_now", default=None)


def now() -> datetime:
    """Return the present moment (aware), or the one set by `at`."""
    return _fixed.get() or timezone.now()


def today() -> date:
    """Return today in the school's time zone (the active Django time zone)."""
    return timezone.localdate(now())


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Hold the clock at `moment` (aware) inside the block."""
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)
