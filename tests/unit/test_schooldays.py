"""School days and due moments, at their boundaries. No database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from workflows import clock
from workflows.schooldays import AMSTERDAM, SchoolCalendar, local_day, public_holidays

PLAIN = SchoolCalendar()
AUTUMN = SchoolCalendar(closed=[(date(2026, 10, 10), date(2026, 10, 18))])


def at(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A moment in Dutch time."""
    return datetime(year, month, day, hour, minute, tzinfo=AMSTERDAM)


def test_today_is_the_day_at_the_school_whatever_zone_a_host_or_a_reader_has() -> None:
    with timezone.override(UTC), clock.at(datetime(2026, 11, 16, 23, 30, tzinfo=UTC)):
        assert clock.today() == date(2026, 11, 17)


def test_a_weekend_has_no_school_day() -> None:
    assert [PLAIN.is_school_day(date(2026, 11, day)) for day in range(16, 23)] == [True] * 5 + [False] * 2


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (date(2027, 1, 1), False),  # New Year's Day
        (date(2027, 3, 26), True),  # Good Friday: each school decides for itself
        (date(2027, 3, 29), False),  # Easter Monday
        (date(2026, 4, 27), False),  # King's Day, a Monday
        (date(2025, 4, 26), False),  # the 27th is a Sunday: moved to Saturday ...
        (date(2025, 4, 28), True),  # ... so the Monday is a school day
        (date(2031, 4, 28), True),  # and again in 2031
        (date(2025, 5, 5), False),  # lustrum
        (date(2026, 5, 5), True),  # no lustrum
        (date(2030, 5, 6), True),  # 5 May 2030 is a Sunday and does not move
        (date(2026, 5, 14), False),  # Ascension Day
        (date(2026, 5, 15), True),  # the Friday after it is the school's own to close
        (date(2026, 5, 25), False),  # Whit Monday
        (date(2026, 12, 25), False),
        (date(2028, 12, 26), False),
        (date(2028, 2, 29), True),  # a leap day
    ],
)
def test_public_holidays_close_a_school(day: date, open_: bool) -> None:
    assert PLAIN.is_school_day(day) is open_


def test_good_friday_closes_once_the_school_says_so() -> None:
    own = SchoolCalendar(closed=[(date(2027, 3, 26), date(2027, 3, 26))])
    assert not own.is_school_day(date(2027, 3, 26))
    assert own.is_school_day(date(2027, 3, 25))


def test_the_schools_own_holiday_counts_with_its_first_and_last_day() -> None:
    assert AUTUMN.is_school_day(date(2026, 10, 9))
    assert not any(AUTUMN.is_school_day(date(2026, 10, day)) for day in range(10, 19))
    assert AUTUMN.is_school_day(date(2026, 10, 19))


def test_a_year_is_worked_out_once() -> None:
    assert public_holidays(2026) is public_holidays(2026)


def test_next_is_always_later() -> None:
    assert PLAIN.next(date(2026, 11, 19)) == date(2026, 11, 20)
    assert PLAIN.next(date(2026, 11, 20)) == date(2026, 11, 23)
    assert AUTUMN.next(date(2026, 10, 9)) == date(2026, 10, 19)


def test_adding_skips_weekend_and_holiday() -> None:
    assert PLAIN.add(date(2026, 11, 20), 1) == date(2026, 11, 23)
    assert AUTUMN.add(date(2026, 10, 8), 2) == date(2026, 10, 19)
    assert PLAIN.add(date(2026, 11, 21), 0) == date(2026, 11, 23)
    assert PLAIN.add(date(2026, 11, 20), 0) == date(2026, 11, 20)
    assert PLAIN.add(date(2026, 12, 24), 1) == date(2026, 12, 28)


def test_counting_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="forward"):
        PLAIN.add(date(2026, 11, 20), -1)


def test_count_has_both_ends_in_it() -> None:
    assert PLAIN.count(date(2026, 11, 23), date(2026, 11, 23)) == 1
    assert PLAIN.count(date(2026, 11, 19), date(2026, 11, 23)) == 3
    assert PLAIN.count(date(2026, 11, 21), date(2026, 11, 22)) == 0
    assert PLAIN.count(date(2026, 11, 23), date(2026, 11, 20)) == 0
    assert AUTUMN.count(date(2026, 10, 9), date(2026, 10, 19)) == 2


@pytest.mark.parametrize(
    ("first", "days", "last"),
    [
        (date(2026, 11, 23), 1, date(2026, 11, 23)),
        (date(2026, 11, 23), 5, date(2026, 11, 27)),
        (date(2026, 11, 26), 5, date(2026, 12, 2)),  # over a weekend
        (date(2026, 10, 8), 5, date(2026, 10, 21)),  # over the autumn holiday
        (date(2026, 11, 21), 1, date(2026, 11, 23)),  # a Saturday is not counted
    ],
)
def test_the_last_day_of_something_counted_in_school_days(first: date, days: int, last: date) -> None:
    assert AUTUMN.last_day(first, days) == last
    assert AUTUMN.count(first, last) == days


def test_nothing_lasts_zero_school_days() -> None:
    with pytest.raises(ValueError, match="at least one"):
        PLAIN.last_day(date(2026, 11, 23), 0)


def test_a_calendar_without_school_days_says_so() -> None:
    always = SchoolCalendar(closed=[(date(2026, 1, 1), date(2030, 1, 1))])
    with pytest.raises(ValueError, match="no school day"):
        always.next(date(2026, 3, 1))


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        (at(2026, 11, 23), 0, at(2026, 11, 23, 17)),  # this school day
        (at(2026, 11, 23, 17), 0, at(2026, 11, 23, 17)),  # on the last moment
        (at(2026, 11, 23, 17, 1), 0, at(2026, 11, 24, 17)),  # a minute later: the next one
        (at(2026, 11, 20, 18), 0, at(2026, 11, 23, 17)),  # Friday evening
        (at(2026, 11, 21), 0, at(2026, 11, 23, 17)),  # a Saturday
        (at(2026, 11, 21), 1, at(2026, 11, 23, 17)),  # the first school day after it
        (at(2026, 11, 20, 18), 1, at(2026, 11, 23, 17)),
        (at(2026, 11, 23, 0, 5), 1, at(2026, 11, 24, 17)),
        (at(2026, 10, 9), 1, at(2026, 10, 19, 17)),  # over the autumn holiday
        (at(2026, 10, 23), 1, at(2026, 10, 26, 17)),  # over the end of summer time
    ],
)
def test_a_term_in_school_days(start: datetime, n: int, due: datetime) -> None:
    assert AUTUMN.due(start, {"school_days": n}) == due


def test_the_day_of_a_moment_is_the_dutch_one() -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # half past midnight on Monday in Amsterdam
    assert local_day(late) == date(2026, 11, 23)
    assert PLAIN.due(late, {"school_days": 0}) == at(2026, 11, 23, 17)


def test_seventy_two_hours_stay_seventy_two_over_summer_time() -> None:
    start = at(2027, 3, 26, 12)  # the clock goes forward on 28 March 2027
    due = PLAIN.due(start, {"hours": 72})
    assert due - start.astimezone(UTC) == timedelta(hours=72)
    assert due == at(2027, 3, 29, 13)


def test_calendar_days_end_at_closing_time_in_summer_and_winter() -> None:
    assert PLAIN.due(at(2027, 3, 26), {"days": 14}) == at(2027, 4, 9, 17)
    assert PLAIN.due(at(2027, 3, 26), {"days": 14}).utcoffset() == timedelta(hours=2)
    assert PLAIN.due(at(2026, 11, 23), {"days": 1}).utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize("within", [{}, {"weeks": 1}, {"days": 1, "hours": 1}])
def test_a_term_has_one_known_unit(within: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="unit"):
        PLAIN.due(at(2026, 11, 23), within)


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        PLAIN.due(datetime(2026, 11, 23, 9), {"days": 1})
