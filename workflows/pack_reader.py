"""Reads one pack file into a `Layer`, and says everything that is wrong with it.

PURE: text in, values or problems out. Single lines are read by `workflows.line_reader`; what only shows when layers lie on
each other is `workflows.pack_checks`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from .line_reader import FACT_NAMES, Reader, hint, listed
from .rules import Article, Clause, DutyLine, Layer, LetterLine, Line, Problem, Setting, SignerLine, known_places
from .vocabulary import FORMS, GATES, LETTERS, MILESTONES, ROUTES, STATES

PACK_KEYS = (
    "key", "name", "extends", "sector", "in_force", "source", "binding", "drops", "articles", "steps", "records", "settings",
    "letters", "categories", "channels", "signers",
)  # fmt: skip


@dataclass(slots=True)
class _Said:
    """What the tables of steps and records say, as it is gathered."""

    places: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    duties: list[DutyLine] = field(default_factory=list)
    letters: list[LetterLine] = field(default_factory=list)


def _place(reader: Reader, place: str, table: Mapping[str, Any], said: _Said) -> None:
    reader.keys(place, table, ("roles", "cites", "requires", "duties", "letters"))
    cited: set[str] = set()
    if "roles" in table or "cites" in table or not any(table.get(part) for part in ("requires", "duties", "letters")):
        articles = reader.cites(place, table)
        cited.update(articles)
    if "roles" in table:
        roles = reader.roles(f"{place}.roles", table["roles"])
        if not roles:
            reader.wrong(f"{place}.roles", "The list is empty.")
        key = f"{place}.roles"
        said.lines.append(Line("by_role", {"roles": roles}, (), "block", (), articles, place, reader.layer, reader.file, key))
    for key, one in reader.tables(f"{place}.requires", table.get("requires", [])):
        line = reader.line(key, one, place)
        if line is not None:
            said.lines.append(line)
            cited.update(line.articles)
    for key, one in reader.tables(f"{place}.duties", table.get("duties", [])):
        said.duties.append(reader.duty(key, one, place))
        cited.update(said.duties[-1].articles)
    for key, one in reader.tables(f"{place}.letters", table.get("letters", [])):
        said.letters.append(reader.letter(key, one, place))
        cited.update(said.letters[-1].articles)
    said.places.append((place, frozenset(cited)))


def _places(reader: Reader, raw: Mapping[str, Any]) -> _Said:
    known, said = known_places(), _Said()
    for part, what in (("steps", "step"), ("records", "milestone")):
        for case_type, table in reader.table(part, raw.get(part, {})).items():
            types = [*STATES, *GATES] if part == "steps" else list(MILESTONES)
            reader.known(f"{part}.{case_type}", "case type", case_type, types)
            for name, rules in reader.table(f"{part}.{case_type}", table).items() if case_type in types else ():
                place = f"{part}.{case_type}.{name}"
                if place in known:
                    _place(reader, place, reader.table(place, rules), said)
                else:
                    own = [one.rpartition(".")[2] for one in known if one.startswith(f"{part}.{case_type}.")]
                    reader.wrong(place, f"Unknown {what} “{name}”.", hint(name, own))
    return said


def _articles(reader: Reader, raw: Mapping[str, Any], statute: bool) -> dict[str, Article]:
    found = {}
    for key, value in reader.table("articles", raw.get("articles", {})).items():
        place = f'articles."{key}"'
        table = reader.table(place, value)
        reader.keys(place, table, ("ref", "en", "nl", "source", "confirmed", "pupil"))
        if not table.get("en") or not table.get("nl"):
            reader.wrong(place, "An article needs its rule in plain words: en = … and nl = ….")
        if statute and not isinstance(table.get("confirmed"), bool):
            reader.wrong(place, "A statute's article says confirmed = true or false.")
        pupil = reader.table(f"{place}.pupil", table.get("pupil", {}))
        reader.keys(f"{place}.pupil", pupil, ("en", "nl"))
        if "pupil" in table and not (pupil.get("en") and pupil.get("nl")):
            reader.wrong(f"{place}.pupil", "A rule for pupils needs both languages: pupil = {nl = …, en = …}.")
        found[key] = Article(
            id=key, ref=str(table.get("ref", key)), en=str(table.get("en", "")), nl=str(table.get("nl", "")),
            source_key=str(table.get("source", raw.get("source", ""))), confirmed=table.get("confirmed", not statute) is True,
            layer=reader.layer, pupil={language: str(text) for language, text in pupil.items()},
        )  # fmt: skip
    return found


def _settings(reader: Reader, raw: Mapping[str, Any]) -> tuple[Setting, ...]:
    found = []
    for key, value in reader.table("settings", raw.get("settings", {})).items():
        place = f"settings.{key}"
        table = reader.table(place, value)
        reader.keys(place, table, ("cites", "kind", "choices", "en", "nl", "value"))
        if key in FACT_NAMES:
            reader.wrong(place, f"“{key}” is already the name of a fact.", "Give the setting another name.")
        kind = table.get("kind", "choice" if "choices" in table else "text")
        choices = table.get("choices", ())
        reader.known(f"{place}.kind", "kind of field", kind, ("text", "line", "date", "number", "yes_no", "choice"))
        found.append(
            Setting(
                key=key, kind=kind, choices=tuple(str(one) for one in choices), en=str(table.get("en", "")),
                nl=str(table.get("nl", "")), cites=reader.cites(place, table), value=table.get("value"), layer=reader.layer,
                labels=_labels(reader, f"{place}.choices", choices) if isinstance(choices, Mapping) else {},
            )
        )  # fmt: skip
    return tuple(found)


def _labels(reader: Reader, place: str, choices: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    """Read the words of a setting's choices."""
    found: dict[str, Mapping[str, str]] = {}
    for choice, words in choices.items():
        labels = reader.table(f"{place}.{choice}", words)
        reader.keys(f"{place}.{choice}", labels, ("en", "nl"))
        if not labels.get("en") or not labels.get("nl"):
            reader.wrong(f"{place}.{choice}", "A choice needs its words: en = … and nl = ….")
        found[choice] = {language: str(labels.get(language, choice)) for language in ("en", "nl")}
    return found


def _clauses(reader: Reader, raw: Mapping[str, Any]) -> tuple[Clause, ...]:
    found = []
    for letter, value in reader.table("letters", raw.get("letters", {})).items():
        reader.known(f"letters.{letter}", "letter", letter, (*LETTERS, *FORMS))
        table = reader.table(f"letters.{letter}", value)
        reader.keys(f"letters.{letter}", table, ("says",))
        for key, one in reader.tables(f"letters.{letter}.says", table.get("says", [])):
            reader.keys(key, one, ("cites", "when"))
            found.append(Clause(letter, reader.cites(key, one), reader.when(key, one), reader.layer))
    return tuple(found)


def _signers(reader: Reader, raw: Mapping[str, Any]) -> tuple[SignerLine, ...]:
    found: list[SignerLine] = []
    for name, value in reader.table("signers", raw.get("signers", {})).items():
        reader.known(f"signers.{name}", "case type with signers", name, ("consent",))
        table = reader.table(f"signers.{name}", value)
        reader.keys(f"signers.{name}", table, ("lines",))
        found += [reader.signer(key, one) for key, one in reader.tables(f"signers.{name}.lines", table.get("lines", []))]
    return tuple(found)


def _categories(reader: Reader, raw: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for key, value in reader.table("categories", raw.get("categories", {})).items():
        place = f'categories."{key}"'
        names = reader.table(place, value)
        reader.keys(place, names, ("nl", "en", "cites"))
        if not key.startswith("local."):
            reader.wrong(place, "A school's own category begins with “local.”.")
        if not names.get("nl") or not names.get("en"):
            reader.wrong(place, "A category needs a name: nl = … and en = ….")
        if "cites" in names:
            reader.cites(place, names)
        found[key] = {language: str(names.get(language, key)) for language in ("nl", "en")}
    return found


def read(text: str, file: str, inherited: Mapping[str, Iterable[str]] | None = None) -> tuple[Layer | None, tuple[Problem, ...]]:
    """Read one pack.

    Args:
        text: the TOML.
        file: how problems call the file.
        inherited: what the layers below already declare: `categories` and `settings`.

    Returns:
        The layer, and everything that is wrong. With a problem the layer must not be used; it is None when the text is no TOML.
    """
    reader = Reader(file)
    try:
        raw: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        return None, (Problem(file, "", f"This is no valid TOML: {wrong}."),)
    below: Mapping[str, Iterable[str]] = inherited or {}
    reader.layer = str(raw.get("key", ""))
    reader.local = (*below.get("categories", ()), *reader.table("categories", raw.get("categories", {})))
    reader.settings = (*below.get("settings", ()), *reader.table("settings", raw.get("settings", {})))
    reader.keys("", raw, PACK_KEYS)
    _head(reader, raw)
    sector = tuple(str(one) for one in listed(raw.get("sector", [])))
    said = _places(reader, raw)
    channels = reader.table("channels", raw.get("channels", {}))
    reader.keys("channels", channels, ("routes", "cites"))
    for route in listed(channels.get("routes", [])):
        reader.known("channels.routes", "route", route, ROUTES)
    name = raw.get("name", reader.layer)
    layer = Layer(
        key=reader.layer,
        in_force=raw["in_force"] if type(raw.get("in_force")) is date else date.min,
        name={"nl": name, "en": name} if isinstance(name, str) else dict(reader.table("name", name)),
        source=str(raw.get("source", "")),
        sha256=sha256(text.encode()).hexdigest(),
        binding=raw.get("binding", True) is not False,
        sector=sector,
        extends=tuple(str(one) for one in listed(raw.get("extends", []))),
        drops=tuple(str(one) for one in listed(raw.get("drops", []))),
        file=file,
        articles=_articles(reader, raw, bool(sector)),
        places=tuple(said.places),
        lines=tuple(said.lines),
        duties=tuple(said.duties),
        letters=tuple(said.letters),
        clauses=_clauses(reader, raw),
        signers=_signers(reader, raw),
        settings=_settings(reader, raw),
        categories=_categories(reader, raw),
        routes=listed(channels.get("routes", [])),
        routes_cites=reader.cites("channels", channels) if channels else (),
        cited=frozenset(reader.cited),
    )
    return layer, tuple(reader.problems)


def _head(reader: Reader, raw: Mapping[str, Any]) -> None:
    demands: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
        ("key", lambda value: isinstance(value, str) and value != "", 'A pack needs key = "…".'),
        ("in_force", lambda value: type(value) is date, "A pack needs in_force = a date without quotes, as 2024-08-01."),
        ("source", lambda value: isinstance(value, str) and value != "", "A pack names its document: source = “…”."),
    )
    for key, good, message in demands:
        if not good(raw.get(key)):
            reader.wrong(key, message)
    for key in ("extends", "drops", "sector"):
        if not isinstance(raw.get(key, []), list) and not (key == "sector" and isinstance(raw[key], str)):
            reader.wrong(key, "This must be a list.")
    for sector in listed(raw.get("sector", [])):
        reader.known("sector", "sector", sector, ("po", "vo"))
