"""`manage.py draw_machines FILE`: the state machines as Mermaid diagrams in a Markdown file, drawn from the shapes."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workflows import shapes, vocabulary

HEAD = """# The state machines

Drawn by `make diagrams` from `workflows/shapes.py`; a test compares. The shapes are the same for every school: which of these
edges a school uses, and what it asks of them, stands in its protocol pack.
"""


def draw(case_type: str) -> str:
    """Return one case type as a Markdown section.

    Steps between the same two states share an arrow. Steps that leave the state as it is stand below the drawing.
    """
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for step, source, target in shapes.moves(case_type):
        arrows[source, target].append(step.partition(".")[2])
    leaving = {source for source, _ in arrows}
    lines = [f"## {case_type}", "", "```mermaid", "stateDiagram-v2"]
    lines.append(f"    [*] --> {shapes.INITIAL[case_type]}: {shapes.creating_step(case_type).partition('.')[2]}")
    lines += [f"    {source} --> {target}: {', '.join(steps)}" for (source, target), steps in arrows.items()]
    lines += [f"    {state} --> [*]" for state in vocabulary.STATES[case_type] if state not in leaving]
    lines.append("```")
    staying = [
        f"- `{step.partition('.')[2]}` leaves the state as it is in: {', '.join(edge.sources)}."
        for step, edges in shapes.EDGES.items()
        if vocabulary.case_type_of(step) == case_type
        for edge in edges
        if edge.target is None and not edge.computed
    ]
    return "\n".join([*lines, "", *staying, ""] if staying else [*lines, ""])


def document() -> str:
    """Return the whole file: every case type, in the order of the vocabulary."""
    return "\n".join([HEAD, *(draw(case_type) for case_type in shapes.INITIAL)])


class Command(BaseCommand):
    """Write the drawings."""

    help = "Draw the state machines as Mermaid diagrams."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file to write."""
        parser.add_argument("file", type=Path, help="a Markdown file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file and say so."""
        options["file"].write_text(document(), encoding="utf-8")
        self.stdout.write(f"wrote {options['file']}")
