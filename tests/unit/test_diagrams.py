"""The drawn machines are the machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflows.management.commands.draw_machines import diagram
from workflows.models import CASE_TYPES
from workflows.shapes import moves

FOLDER = Path(__file__).parents[2] / "docs" / "machines"


@pytest.mark.parametrize("case_type", CASE_TYPES)
def test_the_committed_diagram_is_current(case_type: str) -> None:
    drawn = diagram(case_type, CASE_TYPES[case_type])
    assert (FOLDER / f"{case_type}.md").read_text(encoding="utf-8") == drawn, "run: make diagrams"


@pytest.mark.parametrize("case_type", CASE_TYPES)
def test_the_diagram_shows_every_edge_of_the_shape(case_type: str) -> None:
    drawn = diagram(case_type, CASE_TYPES[case_type])
    for step, source, target in moves(case_type):
        assert f"{source} --> {target}: {step.split('.')[1]}" in drawn
