"""Reads scenario files: what a school leader wrote, as plain values, with what is wrong in words.

Knows the shape of a file, asks no database and takes no step; playing it is `scenarios`. The format is in docs/packs.md.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from glob import glob
from pathlib import Path
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime, parse_time

from workflows.line_reader import hint
from workflows.protocol import Protocol
from workflows.schooldays import AMSTERDAM

ALIASES = {"suspect": "suspects", "target": "targets", "participant": "participants", "sharer": "sharers", "bystander": "bystanders"}
"""One person may be named in the singular."""

CONTROL = frozenset({"by", "do", "record", "at", "as", "on", "denied", "answers", "advice", "invalid"})
"""Keys of a step that are no fields."""

SHARED = ("today", "legal_form")
"""Keys of a scenario that a file may say once for all of them."""

KNOWN = frozenset({"name", "cites", "today", "steps", "expect", "cast", "settings", "sector", "legal_form"})
"""Keys of a scenario."""

OF_A_FILE = frozenset({"protocol", "sector", "scenario", "cast", "settings", *SHARED})
"""Keys of a file."""

TABLES = ("copies", "tasks", "sees", "until")
"""What an expectation says per name."""


class ScenarioError(Exception):
    """A scenario did not go as it says, or cannot be read; the message is for a school leader."""


def files_of(paths: Iterable[Path | str]) -> Iterator[Path]:
    """Return the files that are meant: a folder stands for every TOML file below it, a pattern for what it fits; else the path itself."""
    for path in (Path(one) if str(one) else Path("“”") for one in paths):
        fits = [path] if path.exists() else [Path(one) for one in sorted(glob(str(path), recursive=True))]  # noqa: PTH207 - Path.glob raises at x**
        files = {file: None for one in fits for file in (sorted(one.rglob("*.toml")) if one.is_dir() else [one])}
        yield from files or [path]


def read_toml(path: Path) -> dict[str, Any]:
    """Read a scenario file; times may leave out the seconds and the file begin with a mark, which TOML itself does not allow.

    Raises:
        ScenarioError: the file cannot be read.
    """
    if not path.is_file():
        raise ScenarioError("there is no file *.toml in this folder" if path.is_dir() else "there is no such file")
    try:
        text = path.read_text(encoding="utf-8-sig")
        return tomllib.loads(re.sub(r"((?:\d{4}-\d\d-\d\d[T ]|=\s*)\d\d:\d\d)(?![:\d])", r"\1:00", text))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ScenarioError(f"it is not written in UTF-8 (line {line}); save it as UTF-8 again") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(str(error)) from error


def scenarios_of(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Return the scenarios of a file, each with what the file says once for all of them.

    Raises:
        ScenarioError: an unknown key, no protocol, or no scenario.
    """
    _keys(document, OF_A_FILE)
    if "protocol" not in document:
        raise ScenarioError("say which protocol it is about: protocol = “groningen/2024-12-01”")
    scenarios = document.get("scenario")
    if not scenarios or not isinstance(scenarios, list) or not all(isinstance(one, dict) for one in scenarios):
        raise ScenarioError("there is no scenario in it: each begins with a line [[scenario]]")
    shared = {name: document[name] for name in SHARED if name in document}
    for place, scenario in enumerate(scenarios, start=1):
        yield {"name": f"scenario {place}, without a name", **shared, **scenario}


def check_shape(scenario: Mapping[str, Any]) -> None:
    """See that a scenario is written as one.

    Raises:
        ScenarioError: an unknown key, or something that should be a list or a table and is not.
    """
    _keys(scenario, KNOWN)
    steps, expect = scenario.get("steps", []), scenario.get("expect", {})
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise ScenarioError("steps is a list of tables: steps = [{by = “mentor”, do = “incident.report”, …}, …]")
    if not steps:
        raise ScenarioError("there is nothing to play: steps = [{by = “mentor”, do = “incident.report”, …}, …]")
    if wrong := [step["answers"] for step in steps if not isinstance(step.get("answers", {}), dict)]:
        raise ScenarioError(f"answers gives a reason per article: answers = {{id = “…”}}, not {wrong[0]!r}")
    if not isinstance(expect, dict):
        raise ScenarioError("expect is a table: expect = {incident = “reported”, …}")
    if wrong := [name for name in TABLES if not isinstance(expect.get(name, {}), dict)]:
        raise ScenarioError(f"what is expected of {wrong[0]} stands per name: {wrong[0]} = {{name = …}}")


def _keys(table: Mapping[str, Any], known: Iterable[str]) -> None:
    known = sorted(known)
    if unknown := sorted(set(table) - set(known)):
        raise ScenarioError(f"unknown keys: {', '.join(unknown)}. {hint(unknown[0], known)}")


def sector_of(document: Mapping[str, Any], scenario: Mapping[str, Any], found: Protocol) -> str:
    """Return the sector a scenario plays in: its own, the file's, or the protocol's only one.

    Raises:
        ScenarioError: the protocol has two and nobody said which, or it is no sector.
    """
    sector = scenario.get("sector", document.get("sector"))
    if sector is None:
        sectors = {name for layer in found.layers for name in layer.sector}
        if len(sectors) != 1:
            raise ScenarioError("this protocol has two sectors: say sector = “po” or “vo”")
        (sector,) = sectors
    if sector not in ("po", "vo"):
        raise ScenarioError(f"unknown sector “{sector}”")
    return str(sector)


def moment_of(value: Any, before: datetime | None = None) -> datetime:
    """Read a moment: a day alone is 09:00, a time alone is that of the day under way (`before`); quotes do no harm.

    Raises:
        ScenarioError: it is neither a day nor a moment.
    """
    said = value
    if isinstance(value, str):
        value = parse_datetime(value) or parse_date(value) or parse_time(value)
    if isinstance(value, time) and before is not None:
        return datetime.combine(before.astimezone(AMSTERDAM).date(), value, AMSTERDAM)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=AMSTERDAM)
    if isinstance(value, date):
        return datetime.combine(value, time(9, 0), AMSTERDAM)
    raise ScenarioError(f"{said!r} is no day or moment; write 2026-03-02 or 2026-03-02T15:00")


def several(value: Any) -> list[Any]:
    """One may stand without brackets; `true` alone names none."""
    return value if isinstance(value, list) else [value] if value and value is not True else []


def dotted(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table by its whole names: `{A-1.2 = "…"}` without quotes is a table in a table to TOML."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        found |= {f"{name}.{rest}": one for rest, one in dotted(value).items()} if isinstance(value, dict) else {name: value}
    return found
