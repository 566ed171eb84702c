"""How a ratio is taken: ours and the floor in turn, medians of several rounds, so that drift of the machine falls out."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report: a ratio and its bars (good, excellent)."""

    name: str
    ratio: float
    good: float
    excellent: float
    detail: str = ""

    def __str__(self) -> str:
        verdict = "within" if self.ratio <= self.good else "over"
        return f"{self.name}: {self.ratio:.2f} ({self.good:g}, {verdict})"


def interleaved(ours: Callable[[], object], floor: Callable[[], object], *, rounds: int, warm: int = 3) -> tuple[float, float]:
    """Time both in turn and return the medians in seconds: ours, floor."""
    for _ in range(warm):
        ours()
        floor()
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for place, act in enumerate((ours, floor)):
            start = time.perf_counter()
            act()
            taken[place].append(time.perf_counter() - start)
    return statistics.median(taken[0]), statistics.median(taken[1])
