"""What a guard answers: why it is not met, in one sentence, and what would lift it.

PURE: the shape of the answer, not the answering.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .sentences import Sentence


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would lift a denial: take a `step`, record a `milestone` (about `person`), fill a `field`, answer a `setting`."""

    kind: str
    name: str
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Unmet:
    """Why a guard is not met."""

    sentence: Sentence
    remedy: Remedy | None = None


Args = Mapping[str, Any]
"""What a line of a pack says beside the name of its guard."""
