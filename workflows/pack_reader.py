"""Reads one pack file into a `Layer`, and says everything that is wrong with it.

PURE: text in, values or problems out. What a line may say is the vocabulary and the guards' list; what only shows when
layers lie on each other is `workflows.pack_checks`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from hashlib import sha256
from typing import Any

from .guards import GUARDS
from .rules import STRENGTHS, Article, Clause, DutyLine, Layer, LetterLine, Line, Problem, Setting, known_places
from .sentences import FACTS
from .situation import Condition, conditions
from .vocabulary import (
    CATEGORIES,
    DERIVED_FACTS,
    FACT_KEYS,
    FIELDS,
    KIND_GROUPS,
    LETTERS,
    MILESTONES,
    PERSON_KINDS,
    ROLES,
    ROUTES,
    SELECTORS,
    STATES,
    STEPS,
)

PACK_KEYS = (
    "key", "name", "extends", "sector", "in_force", "source", "binding", "drops", "articles", "steps", "records", "settings",
    "letters", "categories", "channels",
)  # fmt: skip
LINE_KEYS = ("guard", "when", "strength", "answer_by", "cites")
DUTY_KEYS = ("task", "of", "within", "from", "since", "owner", "when", "cites")
UNITS = ("school_days", "hours", "days")
DATES = (*(name for name, one in FIELDS.items() if one.kind in ("date", "moment")), "last_day")
"""Fields from which a duty may run."""

MANY = frozenset({"roles", "fields", "values", "states", "by"})
"""Arguments that are lists; one value may stand alone."""

FACT_NAMES: tuple[str, ...] = tuple(dict.fromkeys((*FIELDS, *FACTS, *DERIVED_FACTS, *FACT_KEYS)))
"""Everything a guard may name as a field."""

_OPEN_VALUES = ("purpose", "counterparty", "target_account")
_ALLOWED: Mapping[str, tuple[object, ...]] = {
    "subject": tuple(PERSON_KINDS),
    "target": tuple(PERSON_KINDS),
    "by_kind": (*PERSON_KINDS, "anonymous"),
    "kind_group": tuple(KIND_GROUPS),
    "sector": ("po", "vo"),
    "legal_form": ("public", "private"),
    "severity": (0, 1, 2, 3, 4),
    "expulsion_running": (True, False),
    **{name: one.choices for name, one in FIELDS.items() if one.choices},
    **{name: (True, False) for name, one in FIELDS.items() if one.kind == "yes_no"},
}


def hint(word: object, known: Iterable[object]) -> str:
    """What was probably meant: the nearest known word, or the whole list when it is short."""
    names = [str(name) for name in known]
    near = get_close_matches(str(word), names, n=1, cutoff=0.6)
    if near:
        return f"Did you mean “{near[0]}”?"
    return f"Known: {', '.join(names)}." if 0 < len(names) <= 14 else "See `check_protocol --vocabulary`."


def listed(value: object) -> tuple[Any, ...]:
    """A value or a list of values as a tuple."""
    return tuple(value) if isinstance(value, list) else (value,)


@dataclass(slots=True)
class Reader:
    """One file being read; `problems` grows as it goes."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    local: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    cited: set[str] = field(default_factory=set)
    layer: str = ""

    def wrong(self, key: str, message: str, advice: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, key, message, advice))

    def known(self, key: str, what: str, word: object, words: Iterable[object]) -> None:
        """Demand that a word is one of the vocabulary's."""
        words = list(words)
        if not any(word == one and isinstance(word, bool) == isinstance(one, bool) for one in words):
            self.wrong(key, f"Unknown {what} “{word}”.", hint(word, words))

    def keys(self, key: str, table: Mapping[str, Any], allowed: Iterable[str]) -> None:
        """Demand that a table has no other keys."""
        for name in table:
            if name not in allowed:
                self.wrong(f"{key}.{name}".lstrip("."), f"Unknown key “{name}”.", hint(name, allowed))

    def table(self, key: str, value: object) -> Mapping[str, Any]:
        """Demand a table; anything else counts as an empty one."""
        if isinstance(value, Mapping):
            return value
        self.wrong(key, "This must be a table.")
        return {}

    def tables(self, key: str, value: object) -> list[tuple[str, Mapping[str, Any]]]:
        """Demand a list of tables, each with its own key."""
        if not isinstance(value, list):
            self.wrong(key, "This must be a list of tables: [{…}, {…}].")
            return []
        return [(f"{key}[{number}]", self.table(f"{key}[{number}]", one)) for number, one in enumerate(value, 1)]

    def cites(self, key: str, table: Mapping[str, Any]) -> tuple[str, ...]:
        """Demand at least one article."""
        articles = tuple(str(one) for one in listed(table.get("cites", [])) if one)
        if not articles:
            self.wrong(key, "This line cites no article.", 'Add cites = "…": a line without a citation does not load.')
        self.cited.update(articles)
        return articles

    def when(self, key: str, table: Mapping[str, Any]) -> tuple[Condition, ...]:
        """Read a `when`."""
        found = conditions(self.table(f"{key}.when", table.get("when", {})))
        for one in found:
            place = f"{key}.when.{one.key}"
            if not one.values:
                self.wrong(place, "The list is empty.")
            elif one.key not in FACT_KEYS and one.key not in self.settings:
                self.wrong(place, f"Unknown fact “{one.key}”.", hint(one.key, (*FACT_KEYS, *self.settings)))
            elif one.op != "in":
                self.bound(place, one.values[0])
            else:
                for value in one.values:
                    self.value(place, one.key, value)
        return found

    def bound(self, key: str, value: object) -> None:
        """Demand a number or a date."""
        if isinstance(value, bool) or not isinstance(value, (int, float, date)):
            self.wrong(key, f"“{value}” is neither a number nor a date.")

    def value(self, key: str, name: str, value: object) -> None:
        """Demand a value that the field or fact can have."""
        if isinstance(value, (dict, list)):
            self.wrong(key, "This must be a single value.")
        elif name == "category":
            self.known(key, "category", value, (*CATEGORIES, *self.local))
        elif name in _ALLOWED:
            self.known(key, "value", value, _ALLOWED[name])
        elif name in FIELDS and FIELDS[name].kind == "number":
            self.bound(key, value)

    def roles(self, key: str, value: object) -> tuple[str, ...]:
        """Read one role or several."""
        for role in listed(value):
            self.known(key, "role", role, ROLES)
        return listed(value)

    def what(self, key: str, value: object) -> str:
        """Read a milestone or a step."""
        words = STEPS if "." in str(value) else [name for table in MILESTONES.values() for name in table]
        self.known(key, "step" if "." in str(value) else "milestone", value, words)
        return str(value)

    def since(self, key: str, value: object, case_type: str) -> str:
        """Read a step of this case by its short name, or any step in full."""
        step = value if "." in str(value) else f"{case_type}.{value}"
        if step not in STEPS:
            own = [name.split(".", 1)[1] for name in STEPS if name.startswith(f"{case_type}.")]
            self.wrong(key, f"Unknown step “{value}”.", hint(value, own))
        return str(value)

    def line(self, key: str, table: Mapping[str, Any], place: str) -> Line | None:
        """Read one requirement."""
        name = table.get("guard")
        strength = table.get("strength", "block")
        self.known(f"{key}.strength", "strength", strength, STRENGTHS)
        if name is None and strength != "advise":
            self.wrong(key, "A line without a guard demands nothing.", 'Name a guard, or only show it: strength = "advise".')
        if name is not None and (not isinstance(name, str) or name not in GUARDS):
            self.wrong(f"{key}.guard", f"Unknown guard “{name}”.", hint(name, GUARDS))
            return None
        guard = GUARDS[name] if name is not None else None
        known = (*guard.required, *guard.optional) if guard is not None else ()
        self.keys(key, table, (*LINE_KEYS, *known))
        for argument in guard.required if guard is not None else ():
            if argument not in table:
                self.wrong(key, f"The guard {name} needs {argument} = ….")
        if "answer_by" in table and strength != "answer":
            self.wrong(f"{key}.answer_by", "Only a line of strength “answer” can be answered.")
        given = {argument: table[argument] for argument in known if argument in table}
        args = {argument: self.argument(f"{key}.{argument}", argument, value, place, given) for argument, value in given.items()}
        if name == "one_of" and ("values" in args) == ("values_from" in args):
            self.wrong(key, "The guard one_of needs either values or values_from.")
        return Line(
            guard=name, args=args, when=self.when(key, table), strength=strength,
            answer_by=self.roles(f"{key}.answer_by", table["answer_by"]) if "answer_by" in table else (),
            articles=self.cites(key, table), place=place, layer=self.layer, file=self.file, key=key,
        )  # fmt: skip

    def argument(self, key: str, name: str, value: object, place: str, given: Mapping[str, Any]) -> object:
        """Read one argument of a guard."""
        case_type = place.split(".")[1]
        if name in MANY and value == []:
            self.wrong(key, "The list is empty.")
        if name in ("roles", "by"):
            return self.roles(key, value)
        if name in ("field", "first", "then", "one", "other"):
            self.known(key, "field", value, FACT_NAMES)
        elif name == "fields":
            for one in listed(value):
                self.known(key, "field", one, FACT_NAMES)
        elif name == "values":
            for one in listed(value):
                self.value(key, str(given.get("field")), one)
        elif name in ("values_from", "pattern"):
            self.known(key, "setting", value, self.settings)
        elif name == "what":
            self.what(key, value)
        elif name == "of":
            self.known(key, "selector", value, SELECTORS)
        elif name == "since":
            self.since(key, value, case_type)
        elif name == "type":
            self.known(key, "case type", value, [one for one in STATES if one != "incident"])
        elif name == "states":
            for one in listed(value):
                self.known(key, "state", one, STATES.get(str(given.get("type")), ()))
        elif name == "via":
            self.known(key, "link", value, ("incident", "person"))
        elif name == "file":
            self.known(key, "file", value, FIELDS["file"].choices)
        elif name == "each" and not isinstance(value, bool):
            self.wrong(key, "This is true or false.")
        elif name == "at_least" and (isinstance(value, bool) or not isinstance(value, int)):
            self.wrong(key, "This is a whole number.")
        elif name == "value":
            return self.expected(key, value, given)
        return listed(value) if name in MANY else value

    def expected(self, key: str, value: object, given: Mapping[str, Any]) -> object:
        """Read `value`: a bound for at_least and at_most, a table of fields for recorded."""
        if "what" not in given:
            self.bound(key, value)
            return value
        found = {}
        for name, values in self.table(key, value).items():
            self.known(f"{key}.{name}", "field", name, FIELDS)
            for one in listed(values):
                self.value(f"{key}.{name}", name, one)
            found[name] = listed(values)
        return found

    def duty(self, key: str, table: Mapping[str, Any], place: str) -> DutyLine:
        """Read one duty."""
        self.keys(key, table, DUTY_KEYS)
        within = self.table(f"{key}.within", table.get("within", {}))
        if len(within) != 1 or not all(name in UNITS and type(n) is int and n >= 0 for name, n in within.items()):
            self.wrong(f"{key}.within", "A duty needs one term.", "within = {school_days = 0}, {hours = 4} or {days = 14}.")
        if "task" not in table:
            self.wrong(key, "A duty needs task = ….")
        start = table.get("from")
        if start is not None and start not in DATES:
            self.wrong(f"{key}.from", f"“{start}” is no field with a date.", hint(start, DATES))
        if "of" in table:
            self.known(f"{key}.of", "selector", table["of"], SELECTORS)
        if "owner" in table:
            self.known(f"{key}.owner", "role", table["owner"], ROLES)
        return DutyLine(
            task=self.what(f"{key}.task", table.get("task", "heard")), within=dict(within), of=table.get("of", ""),
            since=self.since(f"{key}.since", table["since"], place.split(".")[1]) if "since" in table else None,
            from_field=start, owner=table.get("owner"), when=self.when(key, table), articles=self.cites(key, table), place=place,
            layer=self.layer,
        )  # fmt: skip

    def letter(self, key: str, table: Mapping[str, Any], place: str) -> LetterLine:
        """Read one letter line."""
        self.keys(key, table, ("letter", "to", "when", "cites"))
        self.known(f"{key}.letter", "letter", table.get("letter"), LETTERS)
        if "to" not in table:
            self.wrong(key, "A letter needs an addressee.", 'For example to = "each_guardian".')
        else:
            self.known(f"{key}.to", "selector", table["to"], SELECTORS)
        return LetterLine(
            letter=str(table.get("letter")), to=str(table.get("to")), when=self.when(key, table), articles=self.cites(key, table),
            place=place, layer=self.layer,
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
            types = list(STATES) if part == "steps" else list(MILESTONES)
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
        reader.keys(place, table, ("ref", "en", "nl", "source", "confirmed"))
        if not table.get("en") or not table.get("nl"):
            reader.wrong(place, "An article needs its rule in plain words: en = … and nl = ….")
        if statute and not isinstance(table.get("confirmed"), bool):
            reader.wrong(place, "A statute's article says confirmed = true or false.")
        found[key] = Article(
            id=key, ref=str(table.get("ref", key)), en=str(table.get("en", "")), nl=str(table.get("nl", "")),
            source_key=str(table.get("source", raw.get("source", ""))), confirmed=table.get("confirmed", not statute) is True,
            layer=reader.layer,
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
        reader.known(f"{place}.kind", "kind of field", kind, ("text", "line", "date", "number", "yes_no", "choice"))
        found.append(
            Setting(
                key=key, kind=kind, choices=tuple(str(one) for one in table.get("choices", ())), en=str(table.get("en", "")),
                nl=str(table.get("nl", "")), cites=reader.cites(place, table), value=table.get("value"), layer=reader.layer,
            )
        )  # fmt: skip
    return tuple(found)


def _clauses(reader: Reader, raw: Mapping[str, Any]) -> tuple[Clause, ...]:
    found = []
    for letter, value in reader.table("letters", raw.get("letters", {})).items():
        reader.known(f"letters.{letter}", "letter", letter, LETTERS)
        table = reader.table(f"letters.{letter}", value)
        reader.keys(f"letters.{letter}", table, ("says",))
        for key, one in reader.tables(f"letters.{letter}.says", table.get("says", [])):
            reader.keys(key, one, ("cites", "when"))
            found.append(Clause(letter, reader.cites(key, one), reader.when(key, one), reader.layer))
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
