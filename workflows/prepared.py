"""Reading and writing rows without having the ORM compile the same statement each time.

Compiling a query costs the ORM several times what running it does, and a step asks the same few questions each time.
What runs is still the ORM's own SQL for the database at hand, with its own conversion of values: these three do what
`values_list`, `bulk_create` and `save(update_fields=...)` do, for what they are used for here, and nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.models import Field, JSONField, Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.signals import post_save

_FIRST_NUMBER = 7_000_000_001
_FIRST_DAY = date(9000, 1, 1)


class Prepared:
    """A query with numbers, days and texts to fill in, in the order in which they are given.

    Gives tuples for a `values_list`, otherwise rows of the model with their annotations and, one deep, their `select_related`.
    """

    def __init__(self, make: Callable[..., QuerySet[Any, Any]], *kinds: type) -> None:
        """Prepare nothing yet.

        Args:
            make: returns the queryset for the given values; must not look at them.
            kinds: `int`, `date` or `str` for each value.
        """
        self._make = make
        marks: dict[type, Callable[[int], Any]] = {
            int: lambda i: _FIRST_NUMBER + i, date: lambda i: _FIRST_DAY.replace(day=1 + i), str: lambda i: f"kc-prepared-{i}"
        }  # fmt: skip
        self._marks = [marks[kind](i) for i, kind in enumerate(kinds)]
        self._compiled: dict[str, _Compiled] = {}

    def __call__(self, *values: Any) -> list[Any]:
        """Run it and return the rows."""
        connection = connections[DEFAULT_DB_ALIAS]
        compiled = self._compiled.get(connection.vendor) or self._compile(connection)
        adapt = connection.ops.adapt_datefield_value
        given = [adapt(value) if isinstance(value, date) else value for value in values]
        params = [given[p.place] if type(p) is _Slot else p for p in compiled.params]
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, params)
            rows = cursor.fetchall()
        return compiled.read(rows)

    def _compile(self, connection: Any) -> _Compiled:
        queryset = self._make(*self._marks)
        compiler = queryset.query.get_compiler(using=connection.alias)
        sql, params = compiler.as_sql()
        known = {str(mark): place for place, mark in enumerate(self._marks)}
        marked = [_Slot(known[str(value)]) if str(value) in known else value for value in params]
        model = queryset.model if queryset._iterable_class is ModelIterable else None
        compiled = _Compiled(sql, marked, compiler, model)
        self._compiled[connection.vendor] = compiled
        return compiled


class _Slot:
    """The place of a value in the parameters."""

    __slots__ = ("place",)

    def __init__(self, place: int) -> None:
        self.place = place


class _Compiled:
    """A query as one database takes it, and how its rows are read.

    The compiler keeps the connection it was made with; converters ask it for the time zone only, which is the same.
    """

    def __init__(self, sql: str, params: list[Any], compiler: Any, model: type[Model] | None) -> None:
        self.sql, self.params = sql, params
        self._compiler, self._model = compiler, model
        self._converters = compiler.get_converters([column[0] for column in compiler.select])
        if model is not None:
            self._own = _Columns(compiler, compiler.klass_info)
            self._related = [(_Columns(compiler, info), info["local_setter"]) for info in compiler.klass_info.get("related_klass_infos", ())]
            self._annotations = compiler.annotation_col_map

    def read(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        """Return the rows with their values converted, as tuples or as rows of the model."""
        if self._converters:
            rows = list(map(tuple, self._compiler.apply_converters(rows, self._converters)))
        return list(rows) if self._model is None else [self._row(row) for row in rows]

    def _row(self, row: Sequence[Any]) -> Model | None:
        one = self._own.read(row)
        for columns, put in self._related:
            put(one, columns.read(row))
        for name, place in self._annotations.items():
            setattr(one, name, row[place])
        return one


class _Columns:
    """Which columns of a row make up one model."""

    def __init__(self, compiler: Any, info: dict[str, Any]) -> None:
        self._model: type[Model] = info["model"]
        self._start, self._stop = info["select_fields"][0], info["select_fields"][-1] + 1
        self._names = [column[0].target.attname for column in compiler.select[self._start : self._stop]]

    def read(self, row: Sequence[Any]) -> Model | None:
        """Return the model's part of a row; None where an outer join found nothing."""
        if row[self._start] is None:
            return None
        return self._model.from_db(DEFAULT_DB_ALIAS, self._names, row[self._start : self._stop])


_PLAIN = (int, str, bool, type(None))
"""Values that every database takes as they are, in a column of the same kind."""


def _value(connection: Any, field: Field[Any, Any], row: Model, new: bool) -> Any:
    """Return what a column gets, as `save` does; the common values go straight through."""
    value = field.pre_save(row, new)
    if type(value) in _PLAIN and not isinstance(field, JSONField):
        return value
    return field.get_db_prep_save(value, connection)


@cache
def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    """Return the fields that an INSERT writes: all but the key, which the database gives."""
    return [field for field in model._meta.concrete_fields if not field.primary_key]


@cache
def _insertion(model: type[Model], vendor: str) -> tuple[str, str, str]:
    """Return the parts of an INSERT for the database at hand: up to the values, the places of one row, what is told back."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    quote, fields = connection.ops.quote_name, _fields(model)
    start = f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(quote(field.column) for field in fields)}) VALUES"
    told = connection.ops.return_insert_columns([model._meta.pk])[0] if connection.features.can_return_columns_from_insert else ""
    return start, f"({', '.join(['%s'] * len(fields))})", told


def insert(rows: Sequence[Model]) -> None:
    """Write new rows of one model in one statement; each then knows its key where the database tells it.

    Whoever listens for saved rows is told, as with `save`.

    Raises:
        TypeError: a row was written before.
    """
    if not rows:
        return
    if any(row.pk is not None for row in rows):
        raise TypeError("This row was written before.")
    connection = connections[DEFAULT_DB_ALIAS]
    model, fields = type(rows[0]), _fields(type(rows[0]))
    start, places, returning = _insertion(model, connection.vendor)
    sql = f"{start} {', '.join([places] * len(rows))} {returning}"
    values = [_value(connection, field, row, True) for row in rows for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        if returning:
            keys = [row[0] for row in cursor.fetchall()]
        elif len(rows) == 1:  # MySQL tells one key at a time
            keys = [connection.ops.last_insert_id(cursor, model._meta.db_table, "id")]
        else:
            keys = []
    for row, key in zip(rows, keys, strict=False):
        row.pk = key
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
        post_save.send(sender=model, instance=row, created=True, update_fields=None, raw=False, using=DEFAULT_DB_ALIAS)


def update(row: Model, *names: str) -> None:
    """Write the named fields of a row that the caller has locked.

    Raises:
        DatabaseError: the row is not there.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    quote = connection.ops.quote_name
    fields: list[Any] = [row._meta.get_field(name) for name in names]
    sets = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    values = [_value(connection, field, row, False) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {quote(row._meta.db_table)} SET {sets} WHERE id = %s", [*values, row.pk])  # noqa: S608 - names of columns
        if cursor.rowcount != 1:
            raise DatabaseError("The row to be changed is not there.")
