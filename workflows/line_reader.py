"""Reads the lines of a pack: requirements, duties, letters and their conditions, and says what is wrong with each.

PURE. What a line may say is the vocabulary and the guards' list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any

from .conditions import Condition, conditions
from .guards import GUARDS
from .rules import STRENGTHS, DutyLine, LetterLine, Line, Problem, SignerLine
from .sentences import FACTS
from .vocabulary import (
    CATEGORIES,
    CHANNELS,
    DERIVED_FACTS,
    FACT_KEYS,
    FIELDS,
    KIND_GROUPS,
    LETTERS,
    MILESTONES,
    PERSON_KINDS,
    PUBLICATIONS,
    ROLES,
    ROOTS,
    SELECTORS,
    SIGNERS,
    STATES,
    STEPS,
)

LINE_KEYS = ("guard", "when", "strength", "answer_by", "cites")
DUTY_KEYS = ("task", "of", "within", "from", "since", "owner", "when", "cites")
UNITS = ("school_days", "hours", "days")
DATES = (*(name for name, one in FIELDS.items() if one.kind in ("date", "moment")), "last_day")
"""Fields from which a duty may run."""

MANY = frozenset({"roles", "fields", "values", "states", "by"})
"""Arguments that are lists; one value may stand alone."""

FACT_NAMES: tuple[str, ...] = tuple(dict.fromkeys((*FIELDS, *FACTS, *DERIVED_FACTS, *FACT_KEYS)))
"""Everything a guard may name as a field."""

_ALLOWED: Mapping[str, tuple[object, ...]] = {
    "subject": tuple(PERSON_KINDS),
    "target": tuple(PERSON_KINDS),
    "by_kind": (*PERSON_KINDS, "anonymous"),
    "kind_group": tuple(KIND_GROUPS),
    "sector": ("po", "vo"),
    "legal_form": ("public", "private"),
    "severity": (0, 1, 2, 3, 4),
    "expulsion_running": (True, False),
    "root": tuple(ROOTS),
    "state": tuple(dict.fromkeys(state for states in STATES.values() for state in states)),
    **{name: one.choices for name, one in FIELDS.items() if one.choices},
    "channel": (*CHANNELS, *PUBLICATIONS),
    **{name: (True, False) for name, one in FIELDS.items() if one.kind == "yes_no"},
    "account_registered": (True, False),
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
            self.known(key, "case type", value, [one for one in STATES if one not in ROOTS])
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

    def signer(self, key: str, table: Mapping[str, Any]) -> SignerLine:
        """Read one signer line."""
        self.keys(key, table, ("who", "each", "when", "cites"))
        if "who" not in table:
            self.wrong(key, "A signer line says whose yes is needed.", 'For example who = "guardian".')
        else:
            self.known(f"{key}.who", "signer", table["who"], SIGNERS)
        if not isinstance(table.get("each", False), bool):
            self.wrong(f"{key}.each", "This is true or false.")
        return SignerLine(
            who=str(table.get("who")), each=table.get("each", False) is True, when=self.when(key, table), articles=self.cites(key, table),
            layer=self.layer, file=self.file, key=key,
        )  # fmt: skip
