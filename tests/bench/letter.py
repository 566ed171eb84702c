"""A suspension letter as it is sent (tagged, PDF/UA-1) against plain WeasyPrint on the same HTML and style."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import django

from tests.bench.measuring import Figure, interleaved
from tests.letter_contexts import context
from workflows.delivery import letters

ROUNDS = 20
MANY = 40


def plain(html: str, css: str) -> bytes:
    """Print as the manual's first page does: everything anew for each letter, no tags."""
    import weasyprint

    pdf: bytes = weasyprint.HTML(string=html).write_pdf(stylesheets=[weasyprint.CSS(string=css)])
    return pdf


def style() -> str:
    """Return the letters' style sheet with its font inside."""
    from django.template.loader import render_to_string

    return letters._faces() + render_to_string("workflows/letters/letter.css")


def resident() -> float:
    """Return the memory of this process now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def _print(number: int) -> int:
    return len(letters.render(context("suspension")))


def figures(engine: str) -> Iterator[Figure]:
    """Measure one process, its memory, and two processes side by side."""
    before = resident()
    one = context("suspension")
    letters.render(one)
    loaded = resident()
    html, css = letters.html(one), style()
    for _ in range(MANY):
        letters.render(one)
    grown = resident() - before
    ours, floor = interleaved(lambda: letters.render(one), lambda: plain(html, css), rounds=ROUNDS, warm=2)
    yield Figure("a letter, against plain WeasyPrint", ours / floor, 0.70, None, f"{ours * 1000:.0f} ms against {floor * 1000:.0f} ms")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=django.setup) as pool:
        list(pool.map(_print, range(4)))
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            list(pool.map(_print, range(MANY)))
            taken.append((time.perf_counter() - start) / MANY)
    both = statistics.median(taken)
    yield Figure("a letter on two processes, against plain WeasyPrint on one", both / floor, 0.38, None, f"{both * 1000:.0f} ms a letter")
    yield Figure(f"memory that {MANY} letters add to a process", grown, 80, None, f"{loaded - before:.0f} MB of it with the first letter", "MB")
