"""Reading and writing rows without having the ORM compile the same statement each time.

Compiling a query costs the ORM several times what running it does, and a step asks the same few questions each time.
What runs is still the ORM's own SQL for the database at hand, with its own conversion of values: these three do what
`values_list`, `bulk_create` and `save(update_fields=...)` do, for what they are used for here, and nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache, partial
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.models import Field, JSONField, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.query import ModelIterable
from django.db.models.signals import post_save

M = TypeVar("M", bound=Model)

_shared: ContextVar[Any] = ContextVar("kc_workflows_cursor", default=None)


@contextmanager
def one_cursor() -> Iterator[None]:
    """Let everything that is read and written here inside the block share a cursor: to open one takes as long as a small query."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        token = _shared.set(cursor)
        try:
            yield
        finally:
            _shared.reset(token)


def _cursor() -> AbstractContextManager[Any]:
    """Return the shared cursor, or one for this query alone; its connection is its `db`."""
    shared = _shared.get()
    return connections[DEFAULT_DB_ALIAS].cursor() if shared is None else nullcontext(shared)


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
        with _cursor() as cursor:
            connection = cursor.db
            compiled = self._compiled.get(connection.vendor) or self._compile(connection)
            adapt = connection.ops.adapt_datefield_value
            given = {f"v{place}": adapt(value) if isinstance(value, date) else value for place, value in enumerate(values)}
            cursor.execute(compiled.sql, given | compiled.fixed)
            rows = cursor.fetchall()
        return compiled.read(rows)

    def _compile(self, connection: Any) -> _Compiled:
        queryset = self._make(*self._marks)
        compiler = queryset.query.get_compiler(using=connection.alias)
        sql, params = compiler.as_sql()
        known = {str(mark): f"v{place}" for place, mark in enumerate(self._marks)}
        names = [known.get(str(value), f"f{place}") for place, value in enumerate(params)]
        fixed = {name: value for name, value in zip(names, params, strict=True) if name.startswith("f")}
        # Named, because Django fills in names at once and looks for places with a regular expression (SQLite).
        named = sql.replace("%%", "%%%%") % tuple(f"%({name})s" for name in names)
        model = queryset.model if queryset._iterable_class is ModelIterable else None
        compiled = _Compiled(named, fixed, compiler, model)
        self._compiled[connection.vendor] = compiled
        return compiled


class _Compiled:
    """A query as one database takes it, and how its rows are read.

    The compiler keeps the connection it was made with; converters ask it for the time zone only, which is the same.
    """

    def __init__(self, sql: str, fixed: dict[str, Any], compiler: Any, model: type[Model] | None) -> None:
        self.sql, self.fixed = sql, fixed
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


def _made(model: type[M], values: Mapping[str, Any], saved: bool) -> M:
    """Return a row with these values by column, without the constructor: that looks at each field by itself, and tells those
    who listen for new instances, of whom there are none.
    """
    row = model.__new__(model)
    row._state = ModelState()
    row._state.adding, row._state.db = not saved, DEFAULT_DB_ALIAS if saved else None
    row.__dict__.update(values)
    return row


def new(model: type[M], **values: Any) -> M:
    """Return a row to be given to `insert`, with what its fields have by default where no value is given.

    Args:
        values: by column: `person_id`, not `person`.

    Raises:
        TypeError: the model has no such column.
    """
    fixed, asked = _defaults(model)
    row = fixed | {name: ask() for name, ask in asked.items()} | values
    if len(row) != len(fixed) + len(asked):
        raise TypeError(f"{model.__name__} has no column {', '.join(values.keys() - fixed.keys() - asked.keys())}.")
    return _made(model, row, saved=False)


def stored(model: type[M], **values: Any) -> M:
    """Return a row that the database holds, of which these values are known by column; the others are asked for when they are looked at."""
    return _made(model, values, saved=True)


@cache
def _defaults(model: type[Model]) -> tuple[dict[str, Any], dict[str, Callable[[], Any]]]:
    """Return what each column of a new row holds by default: the same for all, or asked for each."""
    fields = model._meta.concrete_fields
    asked = {field.attname: field.default for field in fields if field.has_default() and callable(field.default)}
    return {field.attname: field.get_default() for field in fields if field.attname not in asked}, asked


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
        return _made(self._model, dict(zip(self._names, row[self._start : self._stop], strict=True)), saved=True)


_PLAIN = frozenset({int, str, bool, type(None)})
"""Kinds of values that every database takes as they are, in a column of the same kind."""


def _values(connection: Any, fields: Sequence[Field[Any, Any]], rows: Iterable[Model]) -> list[Any]:
    """Return what the columns get, as `save` does; the common values go straight through, what many columns share is converted once."""
    converted: dict[int, Any] = {}  # by identity: moments an hour apart are equal where the clock is set back
    columns = [(field.attname, field, isinstance(field, JSONField)) for field in fields]
    found = []
    for row in rows:
        values = row.__dict__  # past the descriptors, each of which would look here
        for name, field, is_json in columns:
            value = values[name]
            kind = type(value)
            if is_json or kind not in _PLAIN:
                if id(value) not in converted:
                    convert = connection.ops.adapt_datetimefield_value if kind is datetime else partial(field.get_db_prep_save, connection=connection)
                    converted[id(value)] = convert(value)
                value = converted[id(value)]
            found.append(value)
    return found


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
    model, fields = type(rows[0]), _fields(type(rows[0]))
    with _cursor() as cursor:
        connection = cursor.db
        start, places, returning = _insertion(model, connection.vendor)
        sql = f"{start} {', '.join([places] * len(rows))} {returning}"
        cursor.execute(sql, _values(connection, fields, rows))
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


@cache
def _change(model: type[Model], names: tuple[str, ...], vendor: str) -> tuple[str, list[Any]]:
    """Return the UPDATE of these fields for the database at hand, and the fields."""
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    sets = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    return f"UPDATE {quote(model._meta.db_table)} SET {sets} WHERE id = %s", fields  # noqa: S608 - names of columns


def update(row: Model, *names: str) -> None:
    """Write the named fields of a row that the caller has locked.

    Raises:
        DatabaseError: the row is not there.
    """
    with _cursor() as cursor:
        sql, fields = _change(type(row), names, cursor.db.vendor)
        cursor.execute(sql, [*_values(cursor.db, fields, [row]), row.pk])
        if cursor.rowcount != 1:
            raise DatabaseError("The row to be changed is not there.")


def update_many(rows: Sequence[Model], *names: str) -> None:
    """Write the named fields of many rows of one model that the caller has locked, in one go.

    Raises:
        DatabaseError: a row is not there.
    """
    if not rows:
        return
    with _cursor() as cursor:
        sql, fields = _change(type(rows[0]), names, cursor.db.vendor)
        cursor.executemany(sql, [[*_values(cursor.db, fields, [row]), row.pk] for row in rows])
        if cursor.rowcount not in (len(rows), -1):
            raise DatabaseError("A row to be changed is not there.")
