"""How a ratio is taken: ours and the floor in turn, medians of several rounds, so that drift of the machine falls out."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.test.utils import CaptureQueriesContext


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report: what was measured, against what is good and what is excellent, with what was seen."""

    name: str
    value: float
    good: float
    excellent: float | None = None
    detail: str = ""
    unit: str = ""

    @property
    def verdict(self) -> str:
        """Whether the good bar is kept."""
        return "within" if self.value <= self.good else "over"

    def __str__(self) -> str:
        return f"{self.name}: {self.shown} ({self.good:g}, {self.verdict})"

    @property
    def shown(self) -> str:
        """The value with its unit; a ratio has none."""
        places = 0 if self.unit in ("SQL", "MB") else 2
        return f"{self.value:.{places}f} {self.unit}".strip()


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


def timed(act: Callable[[], object], *, rounds: int, warm: int = 3) -> float:
    """Return the median in seconds."""
    return interleaved(act, lambda: None, rounds=rounds, warm=warm)[0]


def asked(act: Callable[[], object]) -> CaptureQueriesContext:
    """Return the queries of one time."""
    with CaptureQueriesContext(connection) as found:
        act()
    return found


def against(name: str, ours: Callable[[], object], floor: Callable[[], object], *, rounds: int) -> tuple[Figure, CaptureQueriesContext, int]:
    """Measure ours against a floor of the sdk on the same page; return the figure, our queries, and how many the floor asks."""
    took, least = interleaved(ours, floor, rounds=rounds)
    of_ours, of_floor = asked(ours), len(asked(floor))
    detail = f"{took * 1000:.1f} ms against {least * 1000:.1f} ms; {len(of_ours)} SQL against {of_floor}"
    return Figure(name, took / least, 2.0, 1.4, detail), of_ours, of_floor
