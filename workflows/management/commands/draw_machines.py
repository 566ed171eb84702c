"""`manage.py draw_machines FOLDER`: draw every state machine from its model, as Mermaid in Markdown.

The pictures are committed and compared with the machines in a test, so that they cannot lie.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workflows.models import CASE_TYPES, Case


def diagram(case_type: str, model: type[Case]) -> str:
    """Return the Markdown page of one machine.

    Args:
        case_type: a key of `CASE_TYPES`. model: its proxy, whose django-fsm transitions are drawn.
    """
    field = model._meta.get_field("state")
    edges = []
    for transition in field.get_all_transitions(model):  # type: ignore[union-attr]  # django-fsm adds this to its field
        source, target = transition.source or "[*]", transition.target if transition.target is not None else transition.source
        edges.append((str(source), str(target), transition.name.lstrip("_")))
    lines = [f"    {source} --> {target}: {name}" for source, target, name in sorted(edges)]
    left = {source for source, target, _ in edges if source != target}
    ends = sorted({target for _, target, _ in edges} - left)
    lines += [f"    {state} --> [*]" for state in ends]
    note = "Drawn by `make diagrams` from the machine itself. What must come first is not here: it stands in the school's protocol."
    return "\n".join([f"# {case_type}", "", note, "", "```mermaid", "stateDiagram-v2", *lines, "```", ""])


class Command(BaseCommand):
    """Draw the machines."""

    help = "Write one Mermaid diagram per case type into a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder."""
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the pages; the folder is made when it is missing."""
        folder: Path = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        for case_type, model in CASE_TYPES.items():
            (folder / f"{case_type}.md").write_text(diagram(case_type, model), encoding="utf-8")
        if options["verbosity"]:
            self.stdout.write(f"{len(CASE_TYPES)} machines drawn.")
