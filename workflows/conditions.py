"""How a `when` of a pack is read and judged: conditions on answers, and what counts as an answer.

PURE: knows values only, neither cases nor people; `situation` says which value a key has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final


class Mark(Enum):
    """Two kinds of no answer."""

    MISSING = "nobody answered"
    NOTHING = "cannot apply here"


MISSING: Final = Mark.MISSING
"""Nobody answered: a requirement that needs the answer is unmet."""

NOTHING: Final = Mark.NOTHING
"""The question cannot apply (the age of an employee): a condition on it does not hold."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of a `when`: `in` any of the values, `at_least` or `under` the one value."""

    key: str
    op: str
    values: tuple[object, ...]

    def test(self, value: object) -> bool | None:
        """Whether the value meets the condition; None when nobody answered. Of many values one is enough."""
        if value is MISSING:
            return None
        if value is NOTHING:
            return False
        if not isinstance(value, (tuple, list, frozenset)):
            return self._holds(value)
        if any(self._holds(one) for one in value if one is not None):
            return True
        return None if any(one is None for one in value) else False

    def _holds(self, value: object) -> bool:
        if self.op == "in":
            return any(same(value, wanted) for wanted in self.values)
        order = compare(value, self.values[0])
        if order is None:
            return False
        return order >= 0 if self.op == "at_least" else order < 0


def conditions(when: Mapping[str, object]) -> tuple[Condition, ...]:
    """Read a pack's `when` table: `kind = ["a", "b"]`, `severity = 3`, `school_days_at_least = 2`, `age_under = 16`."""
    found = []
    for key, value in when.items():
        values = tuple(value) if isinstance(value, (list, tuple)) else (value,)
        for suffix in ("at_least", "under"):
            if key.endswith("_" + suffix):
                found.append(Condition(key.removesuffix("_" + suffix), suffix, values))
                break
        else:
            found.append(Condition(key, "in", values))
    return tuple(found)


def same(one: object, other: object) -> bool:
    """Equality that keeps yes apart from 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def compare(one: object, other: object) -> int | None:
    """Order two numbers or two dates: -1, 0 or 1; None when they cannot be compared. A moment counts as its day beside a date."""
    if isinstance(one, datetime) != isinstance(other, datetime):
        one = one.date() if isinstance(one, datetime) else one
        other = other.date() if isinstance(other, datetime) else other
    if isinstance(one, bool) or isinstance(other, bool):
        return None
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return (one > other) - (one < other)
    if isinstance(one, date) and isinstance(other, date):
        return (one > other) - (one < other)
    return None


def to_minute(moment: datetime) -> datetime:
    """The minute in which it was: forms know no seconds, so what happened in the same minute is told apart by its entry's number."""
    return moment.replace(second=0, microsecond=0)


def blank(value: object) -> bool:
    """Whether nobody answered: nothing, an empty list or only spaces. Zero and no are answers."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, (tuple, list, frozenset, set, dict)) and not value)


def values_of(value: object) -> tuple[object, ...]:
    """An answer as what it consists of: of several people or choices each of them, else the one."""
    return tuple(value) if isinstance(value, (tuple, list, frozenset)) else (value,)
