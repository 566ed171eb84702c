"""Every cell of the truth table, asked of the real protocols as pure facts: no database, no page."""

from __future__ import annotations

from functools import cache

import pytest

from tests.scenarios.cells import SCHOOLS, Cell, read_table
from workflows.protocol import Protocol, load

CELLS = tuple(read_table())


@cache
def _protocol(school: str, sector: str) -> Protocol:
    return load(school).for_sector(sector)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.title)
def test_the_protocol_answers_as_the_table_says(cell: Cell) -> None:
    said = cell.asked(_protocol(cell.school, cell.facts.sector))
    assert sorted(said) == sorted(cell.expected), f"{cell.ask} of {cell.facts.step}"


def test_every_school_is_asked_in_every_dimension_of_the_comparison() -> None:
    asked = {(cell.dimension, cell.school) for cell in CELLS}
    missing = {(dimension, school) for dimension in {cell.dimension for cell in CELLS} for school in SCHOOLS} - asked
    assert not missing


def test_no_two_rows_of_a_dimension_ask_the_same() -> None:
    seen: dict[str, str] = {}
    for cell in CELLS:
        question = f"{cell.school} {cell.ask} {cell.letter} {cell.facts!r}"
        assert seen.setdefault(question, cell.row) == cell.row, f"asked twice: {seen[question]} / {cell.row}"
