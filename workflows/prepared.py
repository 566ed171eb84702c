"""A query that the ORM compiles once and that then runs many times with other values.

Compiling a query costs the ORM more than running it; a step asks the same nine questions each time. What runs is still
the ORM's own SQL for the database at hand, with its own conversion of values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import QuerySet

_FIRST_NUMBER = 7_000_000_001
_FIRST_DAY = date(9000, 1, 1)


class Prepared:
    """A `values_list` query with numbers and days to fill in, in the order in which they are given."""

    def __init__(self, make: Callable[..., QuerySet[Any, Any]], *kinds: type) -> None:
        """Prepare nothing yet.

        Args:
            make: returns the queryset for the given values; must not look at them.
            kinds: `int` or `date` for each value.
        """
        self._make = make
        self._marks: list[Any] = [_FIRST_DAY.replace(day=1 + i) if kind is date else _FIRST_NUMBER + i for i, kind in enumerate(kinds)]
        self._compiled: dict[str, tuple[str, list[Any], Any, Any]] = {}

    def __call__(self, *values: Any) -> Iterable[tuple[Any, ...]]:
        """Run it and return the rows."""
        sql, params, converters, compiler = self._compiled.get(connection.vendor) or self._compile()
        given = [connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value for value in values]
        with connection.cursor() as cursor:
            cursor.execute(sql, [given[p.place] if isinstance(p, _Slot) else p for p in params])
            rows = cursor.fetchall()
        return map(tuple, compiler.apply_converters(rows, converters)) if converters else rows

    def _compile(self) -> tuple[str, list[Any], Any, Any]:
        compiler = self._make(*self._marks).query.get_compiler(using=connection.alias)
        sql, params = compiler.as_sql()
        known = {str(mark): place for place, mark in enumerate(self._marks)}
        marked = [_Slot(known[str(value)]) if str(value) in known else value for value in params]
        converters = compiler.get_converters([column[0] for column in compiler.select])
        # The compiler keeps the connection it was made with; converters ask it for the time zone only, which is the same.
        self._compiled[connection.vendor] = (sql, marked, converters, compiler)
        return self._compiled[connection.vendor]


class _Slot:
    """The place of a value in the parameters."""

    __slots__ = ("place",)

    def __init__(self, place: int) -> None:
        self.place = place
