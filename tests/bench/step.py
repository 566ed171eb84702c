"""A step (permission, guards, lock, log, outbox) against raw SQL that does the same writes.

The floor is what the step itself writes: its INSERT and UPDATE statements are caught once and sent again through the
cursor, in one transaction, with fresh keys.
"""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from tests.bench.measuring import Figure, interleaved
from workflows import commands
from workflows.models import Case
from workflows.scenario_cast import Cast, build

ROUNDS = 120


def open_incidents(cast: Cast, number: int) -> list[Case]:
    """Open and assess incidents, ready to be brought to the director."""
    cases = []
    for _ in range(number):
        data = {"category": "insult", "suspects": [cast.people["pupil"]]}
        case = commands.open_case(by=cast.users["mentor"], school=cast.school, data=data).case
        cases.append(commands.perform(case, "incident.triage", by=cast.users["director"], data={"severity": 3}).case)
    return cases


def take(case: Case, cast: Cast) -> None:
    """The step that is measured: one that writes the state, the log, words, a mail and the form's key."""
    commands.perform(case, "incident.escalate", by=cast.users["mentor"], data={"reason": "Graag uw oordeel."}, key=uuid.uuid4().hex)


class Floor:
    """Replays the writes of one step with raw SQL."""

    def __init__(self, start: int = 0) -> None:
        self.writes: list[tuple[str, list[Any]]] = []
        self._numbers = itertools.count(start + 1000)

    def catch(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Keep each INSERT and UPDATE that passes."""
        if re.match(r"\s*(INSERT|UPDATE)", sql):
            self.writes.append((sql, list(params or ())))
        return execute(sql, params, many, context)

    def replay(self, case: Case) -> None:
        """Do the same writes again in one transaction."""
        with transaction.atomic(), connection.cursor() as cursor:
            for sql, params in self.writes:
                cursor.execute(sql, [self._fresh(value) for value in params] if params else None)

    def _fresh(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._fresh(item) for item in value]
        if isinstance(value, _Key):
            return f"floor:{next(self._numbers)}"
        return next(self._numbers) if isinstance(value, _Place) else value


class _Key(str):
    """A unique text that must differ each time."""


class _Place(int):
    """A unique number that must differ each time."""


def _prepare(floor: Floor) -> None:
    """Mark what must be unique in the caught writes: the place in the log, and the keys of outbox and form."""
    for place, (sql, params) in enumerate(floor.writes):
        columns = re.findall(r'[`"](\w+)[`"]', re.split(r"VALUES|SELECT", sql)[0])[1:] if sql.lstrip().startswith("INSERT") else []
        marked = list(params)
        for index in range(len(params) if columns else 0):
            column = columns[index % len(columns)]
            if "logentry" in sql and column == "n":
                marked[index] = _Place(params[index])
            if column == "key":  # PostgreSQL takes the rows of a bulk insert as one array a column
                marked[index] = [_Key(key) for key in params[index]] if isinstance(params[index], list) else _Key(params[index])
        floor.writes[place] = (sql, marked)


def figures(engine: str) -> Iterator[Figure]:
    """Measure on the database at hand; on SQLite with each commit on the disk (its default), and without waiting for that."""
    cast = build("groningen", "vo", timezone.localdate())
    name = {"sqlite": "SQLite", "postgres": "PostgreSQL", "mariadb": "MariaDB"}[engine]
    for place, how in enumerate(DISK.get(engine, ("",))):
        if how:
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA synchronous={how}")
        cases = iter(open_incidents(cast, ROUNDS + 10))
        floor = Floor(place * 1_000_000)
        first = next(cases)
        with connection.execute_wrapper(floor.catch):
            take(first, cast)
        _prepare(floor)
        ours, base = interleaved(partial(_next, cases, cast), partial(floor.replay, first), rounds=ROUNDS)
        detail = f"{ours * 1000:.1f} ms against {base * 1000:.1f} ms for {len(floor.writes)} writes; {_waits(engine, how)}"
        yield Figure(f"a step on {name}{', not waiting for the disk' if how == 'NORMAL' else ''}", ours / base, 3.0, 2.0, detail)


DISK = {"sqlite": ("FULL", "NORMAL")}


def _next(cases: Iterator[Case], cast: Cast) -> None:
    take(next(cases), cast)


def _waits(engine: str, how: str) -> str:
    """Return how a commit meets the disk: most of what a floor costs hangs on it."""
    if engine == "postgres":
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
            return "fsync {}, synchronous_commit {}".format(*cursor.fetchone())
    return f"synchronous {how}" if how else "the server as it is set up here"
