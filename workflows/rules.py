"""What a protocol pack says, once read: layers, articles, lines, duties, letters, settings.

PURE: frozen values, indexed by step. `workflows.packs` makes them from files; `workflows.protocol` asks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from .conditions import Condition
from .vocabulary import GATES, MILESTONES, STATES, STEPS

STRENGTHS = ("advise", "answer", "block")
"""From weak to strong: shown only; met or answered in writing; denied until met."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of a pack: which file, which key in it, what is wrong and what to do."""

    file: str
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """One line, as a terminal shows it."""
        place = f"{self.file}: {self.key}" if self.key else self.file
        return f"{place}: {self.message}" + (f" {self.hint}" if self.hint else "")


class LoadError(Exception):
    """A pack cannot be used; `problems` says why, all of it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(frozen=True, slots=True)
class Article:
    """One rule of a document, in the product's own words.

    `ref` is how the document numbers it, `source_key` names the document, `confirmed` tells whether a lawyer or the
    source itself confirmed the reading (only a statute's articles can be unconfirmed). `pupil` is the rule in words for
    children, per language, where it is one that lessons teach.
    """

    id: str
    ref: str
    en: str
    nl: str
    source_key: str
    confirmed: bool = True
    layer: str = ""
    pupil: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One demand at one place: a guard with its arguments, or words alone, under a condition, with the articles it rests on."""

    guard: str | None
    args: Mapping[str, Any]
    when: tuple[Condition, ...]
    strength: str
    answer_by: tuple[str, ...]
    articles: tuple[str, ...]
    place: str
    layer: str
    file: str
    key: str


@dataclass(frozen=True, slots=True)
class DutyLine:
    """Something to be done by a moment after its step: `task` (a milestone or step) for `of`, within so many units.

    `within` is `{"school_days": n}` (0 is the end of this school day), `{"hours": n}` or `{"days": n}`; it runs from the
    step, or from the date field `from_field`. Without an owner it is a term: shown, demanded by nobody.
    """

    task: str
    within: Mapping[str, int]
    of: str = ""
    since: str | None = None
    from_field: str | None = None
    owner: str | None = None
    when: tuple[Condition, ...] = ()
    articles: tuple[str, ...] = ()
    place: str = ""
    layer: str = ""


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A letter that its step queues, one copy for each person `to` selects."""

    letter: str
    to: str
    when: tuple[Condition, ...] = ()
    articles: tuple[str, ...] = ()
    place: str = ""
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """An article that is printed in a letter."""

    letter: str
    articles: tuple[str, ...]
    when: tuple[Condition, ...] = ()
    layer: str = ""


@dataclass(frozen=True, slots=True)
class SignerLine:
    """Whose yes a consent needs: one of the people `who` names, or with `each` all of them."""

    who: str
    each: bool
    when: tuple[Condition, ...]
    articles: tuple[str, ...]
    layer: str = ""
    file: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A question a school answers before the pack can be used; `value` is the pack's own answer, if it has one.

    `labels` are the words of its choices by language, where the pack gives them.
    """

    key: str
    kind: str
    choices: tuple[str, ...]
    en: str
    nl: str
    cites: tuple[str, ...]
    value: object = None
    layer: str = ""
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layer:
    """One file of a protocol. A layer with a `sector` is a statute and counts for schools of that sector only."""

    key: str
    in_force: date
    name: Mapping[str, str]
    source: str
    sha256: str
    binding: bool
    sector: tuple[str, ...]
    extends: tuple[str, ...]
    drops: tuple[str, ...]
    file: str
    articles: Mapping[str, Article]
    places: tuple[tuple[str, frozenset[str]], ...] = ()
    lines: tuple[Line, ...] = ()
    duties: tuple[DutyLine, ...] = ()
    letters: tuple[LetterLine, ...] = ()
    clauses: tuple[Clause, ...] = ()
    signers: tuple[SignerLine, ...] = ()
    settings: tuple[Setting, ...] = ()
    categories: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    cited: frozenset[str] = frozenset()
    routes: tuple[str, ...] = ()
    routes_cites: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether a school can follow it by itself: neither a statute nor the product's defaults."""
        return self.binding and not self.sector


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything all layers say about one step."""

    lines: tuple[Line, ...] = ()
    duties: tuple[DutyLine, ...] = ()
    letters: tuple[LetterLine, ...] = ()
    mentioned: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Protocol:
    """The rules of a school on a day: all layers, one after the other, and all of them hold."""

    key: str
    in_force: date
    name: Mapping[str, str]
    layers: tuple[Layer, ...]
    articles: Mapping[str, Article]
    settings: Mapping[str, Setting]
    categories: Mapping[str, Mapping[str, str]]
    clauses: tuple[Clause, ...]
    signers: tuple[SignerLine, ...]
    routes: tuple[str, ...]
    routes_cites: tuple[str, ...]
    index: Mapping[str, Rules]

    @property
    def file(self) -> str:
        """The pack's own file."""
        return self.layers[-1].file

    @property
    def sectors(self) -> tuple[str, ...]:
        """The sectors its statutes are for, in their order; empty when it has no statute."""
        return tuple(dict.fromkeys(sector for layer in self.layers for sector in layer.sector))

    def for_sector(self, sector: str) -> Protocol:
        """The same protocol without the layers of other sectors."""
        return self if all(not layer.sector or sector in layer.sector for layer in self.layers) else _for_sector(self, sector)

    def at(self, step: str, case_type: str) -> Rules:
        """Everything the layers say about a step: `measure.impose`, or `record.heard` on an incident."""
        place = place_of(step, case_type)
        found = self.index.get(place)
        return found if found is not None else self.index.get(place.rpartition(".")[0] + ".any", Rules())

    def mentions(self, step: str) -> bool:
        """Whether some layer provides for the step. A step no layer mentions is open to nobody."""
        return self.at(step, "incident").mentioned

    def unanswered(self, answers: Mapping[str, object]) -> tuple[Setting, ...]:
        """The settings that neither the pack nor the school has answered: the pack cannot be activated while there are any."""
        return tuple(one for one in self.settings.values() if one.value is None and answers.get(one.key) in (None, "", [], ()))

    def answered(self, answers: Mapping[str, object]) -> dict[str, object]:
        """The value of each setting: the pack's own answer stands, else the school's."""
        given = {one.key: one.value for one in self.settings.values() if one.value is not None}
        return {**answers, **given}


def place_of(step: str, case_type: str) -> str:
    """Where a pack writes about a step: `steps.measure.impose`, `records.incident.heard`."""
    if step.startswith("record."):
        return f"records.{case_type}.{step.removeprefix('record.')}"
    return f"steps.{step}"


def known_places() -> tuple[str, ...]:
    """Every place a pack can write about, `any` included."""
    steps = [f"steps.{step}" for step in STEPS]
    records = [f"records.{case_type}.{name}" for case_type, table in MILESTONES.items() for name in table]
    return (*steps, *records, *(f"steps.{one}.any" for one in (*STATES, *GATES)), *(f"records.{one}.any" for one in MILESTONES))


def combine(layers: Iterable[Layer]) -> Protocol:
    """Make the protocol of layers, the most basic first; the last one gives it its name.

    What a layer `drops` from a non-binding layer below it is taken out: an article from the lines that cite it, and a
    line when none of its articles is left.
    """
    kept: list[Layer] = []
    for layer in layers:
        if layer.drops:
            kept = [below if below.binding else _without(below, frozenset(layer.drops)) for below in kept]
        kept.append(layer)
    own = kept[-1]
    last_routes = next((layer for layer in reversed(kept) if layer.routes), own)
    return Protocol(
        key=own.key,
        in_force=own.in_force,
        name=own.name,
        layers=tuple(kept),
        articles={key: article for layer in kept for key, article in layer.articles.items()},
        settings={setting.key: setting for layer in kept for setting in layer.settings},
        categories={key: names for layer in kept for key, names in layer.categories.items()},
        clauses=tuple(clause for layer in kept for clause in layer.clauses),
        signers=tuple(line for layer in kept for line in layer.signers),
        routes=last_routes.routes,
        routes_cites=last_routes.routes_cites,
        index=_index(kept),
    )


_Said = TypeVar("_Said", Line, DutyLine, LetterLine, Clause, SignerLine)


def _rest(said: tuple[_Said, ...], dropped: frozenset[str]) -> tuple[_Said, ...]:
    kept = []
    for one in said:
        articles = tuple(article for article in one.articles if article not in dropped)
        if articles:
            kept.append(one if articles == one.articles else replace(one, articles=articles))
    return tuple(kept)


def _without(layer: Layer, dropped: frozenset[str]) -> Layer:
    return replace(
        layer,
        places=tuple((place, cited - dropped) for place, cited in layer.places if cited - dropped),
        lines=_rest(layer.lines, dropped),
        duties=_rest(layer.duties, dropped),
        letters=_rest(layer.letters, dropped),
        clauses=_rest(layer.clauses, dropped),
        signers=_rest(layer.signers, dropped),
    )


def _index(layers: Iterable[Layer]) -> dict[str, Rules]:
    layers = list(layers)
    mentioned = {place for layer in layers for place, _ in layer.places}
    index = {}
    for place in known_places():
        general = place.rpartition(".")[0] + ".any"
        here = {place, general}
        index[place] = Rules(
            lines=tuple(line for layer in layers for line in layer.lines if line.place in here),
            duties=tuple(duty for layer in layers for duty in layer.duties if duty.place in here),
            letters=tuple(letter for layer in layers for letter in layer.letters if letter.place in here),
            mentioned=place in mentioned or (place.startswith("records.") and general in mentioned),
        )
    return index


@lru_cache(maxsize=128)
def _for_sector(protocol: Protocol, sector: str) -> Protocol:
    return combine(layer for layer in protocol.layers if not layer.sector or sector in layer.sector)
