"""Days on which a school is open, and the moments by which something is due; all in Dutch local time.

A school day is a day from Monday to Friday that is neither a public holiday nor a holiday of the school's own.
Public holidays come from the `holidays` library, with one exception that is ours: Good Friday counts as a school day
until the school enters it as a day off, because each school decides that for itself
(https://www.rijksoverheid.nl/onderwerpen/arbeidsovereenkomst-en-cao/vraag-en-antwoord/goede-vrijdag-vrije-dag), and
counting a day too many keeps a suspension and a term on the short side. 5 May is off in lustrum years (2025, 2030).
Must not know cases or rules: it only counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import holidays

from workflows.clock import AMSTERDAM as AMSTERDAM

if TYPE_CHECKING:
    from workflows.models import School

CLOSING_TIME = time(17, 0)
"""End of a school day, local time: the last moment at which something due "that day" is in time."""

_LONGEST_CLOSURE = 400  # days; a calendar without one school day in so long is a mistake in the school's holidays


@lru_cache(maxsize=64)
def public_holidays(year: int) -> frozenset[date]:
    """Return the public holidays of one year on which schools are closed.

    Args:
        year: calendar year.

    Returns:
        The days, Good Friday left out (see the module's text).
    """
    # By name, because older releases of the library list Good Friday as optional and newer ones as public.
    found = holidays.country_holidays("NL", years=year, language="nl")
    return frozenset(day for day, name in found.items() if "goede vrijdag" not in name.casefold())


def local_day(moment: datetime) -> date:
    """Return the Dutch calendar day of an aware moment."""
    return moment.astimezone(AMSTERDAM).date()


def school_year(day: date) -> str:
    """Return the school year of a day, as `2026-2027`; it begins on 1 August (WPO art. 1, WVO 2020 art. 1.1)."""
    first = day.year if day.month >= 8 else day.year - 1
    return f"{first}-{first + 1}"


class SchoolCalendar:
    """The school days of one school. Reads the school's holidays once, at the first question."""

    def __init__(self, school: School | None = None, *, closed: Iterable[tuple[date, date]] | None = None) -> None:
        """Make a calendar.

        Args:
            school: whose own holidays count; None for weekends and public holidays alone.
            closed: first and last day of each holiday, instead of what the database holds for `school`.
        """
        self._school = school
        self._given = None if closed is None else tuple(closed)

    @cached_property
    def _closed(self) -> tuple[tuple[date, date], ...]:
        if self._given is not None:
            return self._given
        if self._school is None:
            return ()
        return tuple(self._school.holidays.values_list("first", "last"))

    def is_school_day(self, day: date) -> bool:
        """Tell whether the school is open on `day`."""
        if day.weekday() >= 5 or day in public_holidays(day.year):
            return False
        return not any(first <= day <= last for first, last in self._closed)

    def next(self, day: date) -> date:
        """Return the first school day after `day`.

        Raises:
            ValueError: when the calendar has no school day within 400 days.
        """
        for ahead in range(1, _LONGEST_CLOSURE + 1):
            candidate = day + timedelta(days=ahead)
            if self.is_school_day(candidate):
                return candidate
        raise ValueError(f"this school has no school day in the {_LONGEST_CLOSURE} days after {day.isoformat()}")

    def on_or_after(self, day: date) -> date:
        """Return `day` when it is a school day, else the first one after it."""
        return day if self.is_school_day(day) else self.next(day)

    def add(self, day: date, n: int) -> date:
        """Return the `n`-th school day after `day`; for 0 the day itself or, when closed, the first one after it.

        Args:
            day: day from which to count; it is not counted itself.
            n: number of school days, 0 or more.

        Raises:
            ValueError: `n` is below 0, or the school stays closed.
        """
        if n < 0:
            raise ValueError("school days are counted forward only")
        if n == 0:
            return self.on_or_after(day)
        for _ in range(n):
            day = self.next(day)
        return day

    def count(self, first: date, last: date) -> int:
        """Count the school days from `first` up to and including `last`; 0 when `last` comes first."""
        return sum(self.is_school_day(first + timedelta(days=ahead)) for ahead in range((last - first).days + 1))

    def last_day(self, first: date, school_days: int) -> date:
        """Return the last day of something that begins on `first` and lasts `school_days` school days.

        A first day on which the school is closed is not counted.

        Args:
            first: first day.
            school_days: how many, 1 or more.
        """
        if school_days < 1:
            raise ValueError("something lasts at least one school day")
        return self.add(self.on_or_after(first), school_days - 1)

    def end_of_day(self, day: date) -> datetime:
        """Return 17:00 Dutch time of `day`, as an aware moment."""
        return datetime.combine(day, CLOSING_TIME, AMSTERDAM)

    def due(self, start: datetime, within: Mapping[str, int]) -> datetime:
        """Return the last moment at which something is in time.

        Args:
            start: aware moment from which the term runs.
            within: one unit and its number. `school_days`: 0 is the end of this school day (of the next one when the
                school is closed or has ended), n is the end of the n-th school day after the day of `start`.
                `days`: 17:00 of the n-th calendar day after it. `hours`: hours of the clock,
                so 72 hours over a change to summer time stay 72 hours.

        Raises:
            ValueError: for another unit, more than one, or a naive `start`.
        """
        if start.tzinfo is None:
            raise ValueError("a term starts at an aware moment")
        if len(within) != 1:
            raise ValueError("a term has one unit: school_days, days or hours")
        ((unit, n),) = within.items()
        day = local_day(start)
        if unit == "hours":
            return (start.astimezone(UTC) + timedelta(hours=n)).astimezone(AMSTERDAM)
        if unit == "days":
            return self.end_of_day(day + timedelta(days=n))
        if unit == "school_days":
            due = self.end_of_day(self.add(day, n))
            return due if due >= start else self.end_of_day(self.next(day))
        raise ValueError(f"unknown unit of a term: {unit}")
