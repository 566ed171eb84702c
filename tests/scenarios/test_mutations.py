"""No pack line is idle: a protocol without it answers some cell of the truth table differently.

Each line, signer, duty, letter, printed rule, setting, category, route list and dropped default of every pack is taken out in turn,
and the cells that can see its place are asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import pytest

from tests.scenarios.cells import SCHOOLS, Cell, read_table
from workflows.protocol import Protocol, load
from workflows.rules import Layer, combine, place_of

LAYERS = ("nl-po", "nl-vo", "kc", *SCHOOLS)
PARTS = ("lines", "signers", "duties", "letters", "clauses", "settings", "categories", "routes", "drops")
SEEN_BY: Mapping[str, tuple[str, ...]] = {
    "lines": ("gate", "advice"), "signers": ("signers",), "duties": ("duties",), "letters": ("letters",), "clauses": ("clauses",),
    "settings": ("settings", "values"), "categories": ("categories",), "routes": ("routes",),
    "drops": ("gate", "advice", "duties", "letters"),
}  # fmt: skip
"""Which questions of the table a part of a pack can change."""

EXCEPTIONS: Mapping[str, str] = {}
"""Mutants no cell notices, each with the reason; at most five."""

CELLS = tuple(read_table())


@dataclass(frozen=True, slots=True)
class Mutant:
    """A layer without one thing it says."""

    name: str
    part: str
    place: str
    layer: Layer


@cache
def _raw(key: str) -> Layer:
    """The layer as its file says it, before anything is dropped from it."""
    return load(key).layers[-1]


@cache
def _order(school: str) -> tuple[str, ...]:
    return tuple(layer.key for layer in load(school).layers)


def _protocol(school: str, sector: str, changed: Layer | None = None) -> Protocol:
    layers = (changed if changed and key == changed.key else _raw(key) for key in _order(school))
    return combine(layers).for_sector(sector)


def _mutants(key: str) -> Iterator[Mutant]:
    layer = _raw(key)
    for part in PARTS:
        said = getattr(layer, part)
        if part == "routes":
            if said:
                yield Mutant(f"{key} {part}", part, "", replace(layer, routes=(), routes_cites=()))
            continue
        for n, one in enumerate(said):
            if part == "categories":
                rest: object = {name: words for name, words in said.items() if name != one}
            else:
                rest = (*said[:n], *said[n + 1 :])
            place = getattr(one, "place", "") or getattr(one, "letter", "")
            cited = getattr(one, "articles", None) or getattr(one, "cites", None) or (str(one),)
            name = f"{key} {part} {place}[{n}] {' '.join(cited)}"
            yield Mutant(name, part, place, replace(layer, **{part: rest}))


def _places(place: str) -> Callable[[Cell], bool]:
    """Which cells can see a line: those of its step, or of every step of its case type for `any`."""
    general = place.removesuffix("any") if place.endswith(".any") else None

    def sees(cell: Cell) -> bool:
        if not place:
            return True
        if cell.ask == "clauses":
            return cell.letter == place
        asked = place_of(cell.facts.step, cell.facts.case_type)
        return asked == place or (general is not None and asked.startswith(general))

    return sees


def _noticed(mutant: Mutant) -> bool:
    schools = [school for school in SCHOOLS if mutant.layer.key in _order(school)]
    sees = _places("" if mutant.part in ("signers", "settings", "categories", "routes", "drops") else mutant.place)
    changed: dict[tuple[str, str], Protocol] = {}
    for cell in CELLS:
        if cell.school in schools and cell.ask in SEEN_BY[mutant.part] and sees(cell):
            spot = (cell.school, cell.facts.sector)
            if spot not in changed:
                changed[spot] = _protocol(*spot, mutant.layer)
            if cell.asked(changed[spot]) != cell.expected:
                return True
    return False


@pytest.mark.parametrize("key", LAYERS)
def test_removing_any_line_of_a_pack_is_noticed(key: str) -> None:
    mutants = list(_mutants(key))
    assert mutants, "the pack says nothing"
    idle = [mutant.name for mutant in mutants if mutant.name not in EXCEPTIONS and not _noticed(mutant)]
    assert not idle, "no cell notices that these are gone:\n" + "\n".join(idle)


def test_the_exceptions_are_few_and_real() -> None:
    assert len(EXCEPTIONS) <= 5
    assert set(EXCEPTIONS) <= {mutant.name for key in LAYERS for mutant in _mutants(key)}


def test_the_unchanged_layers_make_the_same_protocol() -> None:
    for school, sector in SCHOOLS.items():
        rebuilt, real = _protocol(school, sector), load(school).for_sector(sector)
        assert rebuilt.index == real.index and rebuilt.clauses == real.clauses
