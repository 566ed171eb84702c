"""Forms on paper as they are printed for a round, against plain WeasyPrint on the same HTML and style."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from tests.bench.letter import plain, style
from tests.bench.measuring import Figure, interleaved
from workflows.answering import Line
from workflows.delivery import paper as press
from workflows.delivery.joining import join
from workflows.models import Case, PaperForm, Person, School

ROUNDS = 5
MANY = 4 * press.PER_PART
ROUND = 2000
GROW = "import sys, django; django.setup(); from tests.bench.paper import grow; grow(sys.argv[1])"


def forms(number: int) -> list[tuple[PaperForm, list[Line]]]:
    """Return forms of parents who read Arabic, without a database."""
    school = School(name="De Verzonnen School", phone="000 000 0000", dpo_contact="fg@school.example", slug="bench")
    child = Person(pk=1, school=school, kind="pupil", given_name="Noa", family_name="Regenboogje")
    parent = Person(pk=2, school=school, kind="parent", given_name="نورة", family_name="إبريق", language="ar")
    topics = (("school_publication", "website"), ("school_publication", "instagram"), ("name", "website"))
    lines = [Line(Case(pk=n, topic=f"{a}/{b}"), child, a, b, date(2027, 7, 31), True) for n, (a, b) in enumerate(topics)]
    return [(PaperForm(pk=n + 1, school=school, signer=parent, about=child), lines) for n in range(number)]


def figures(engine: str) -> Iterator[Figure]:
    """Measure a part against as many forms printed one by one, and what a whole file adds to a process."""
    press._group = lambda person: "Groep 7a"  # type: ignore[assignment]  # no database is asked
    part = forms(press.PER_PART)
    alone = press.html(forms(1))
    css = style()
    ours, floor = interleaved(lambda: press.render(part), lambda: [plain(alone, css) for _ in part], rounds=ROUNDS, warm=1)
    detail = f"{ours / len(part) * 1000:.0f} ms a form against {floor / len(part) * 1000:.0f} ms"
    yield Figure("a form on paper, against plain WeasyPrint", ours / floor, 0.70, None, detail)
    for what, name in (("parts", f"memory that printing {MANY} forms adds to a process"), ("file", f"memory that joining {ROUND} forms adds")):
        done = subprocess.run([sys.executable, "-c", GROW, what], capture_output=True, text=True, check=True)
        before, after = map(float, done.stdout.split())
        yield Figure(name, after - before, 80, None, f"from {before:.0f} MB to {after:.0f} MB at the most", "MB")


def _peak() -> float:
    """Return the highest memory of this process in MB; on Linux `ru_maxrss` survives exec, so it begins at the starter's."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def grow(what: str) -> None:
    """Print the highest memory of this process before and after the work."""
    module: Any = press
    module._group = lambda person: "Groep 7a"
    pdf = press.render(forms(1))
    if what == "parts":
        before = _peak()
        for _ in range(MANY // press.PER_PART):
            press.render(forms(press.PER_PART))
    else:
        pdf = press.render(forms(press.PER_PART))
        before = _peak()
        for _ in join(pdf for _ in range(ROUND // press.PER_PART)):
            pass
    print(before, _peak())  # noqa: T201 - read by the process that started this one
