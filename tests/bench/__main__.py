"""`make bench`: one line a figure, and docs/benchmarks.md. `python -m tests.bench letter step` measures these alone, without the file.

Each database and each kind of figure runs in a process of its own, one after the other.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path

from tests.bench.measuring import Figure

PLAN = (
    ("step", "sqlite"), ("step", "postgres"), ("step", "mariadb"), ("forecast", "sqlite"), ("block", "sqlite"),
    ("module", "sqlite"), ("class_view", "sqlite"), ("letter", "sqlite"), ("paper", "sqlite"), ("round", "sqlite"), ("consents", "sqlite"),
)  # fmt: skip
REPORT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def measure(kind: str) -> None:
    """Measure one kind of figure on the database of the environment and print each as a line of JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.host.settings")
    import django

    django.setup()
    from importlib import import_module

    from django.db import connection
    from django.test.utils import setup_test_environment, teardown_test_environment

    module = import_module(f"tests.bench.{kind}")
    setup_test_environment()
    name = None if kind in ("letter", "paper") else connection.settings_dict["NAME"]
    if name is not None:
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        for figure in module.figures(os.environ.get("KC_DATABASE", "sqlite")):
            print(json.dumps(asdict(figure)), flush=True)  # noqa: T201 - read by the process that started this one
    finally:
        if name is not None:
            connection.creation.destroy_test_db(name, verbosity=0)
        teardown_test_environment()


def run(kind: str, engine: str) -> Iterator[Figure]:
    """Measure in a process of its own; nothing is yielded where the database cannot be reached."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--measure", kind], env={**os.environ, "KC_DATABASE": engine}, capture_output=True, text=True
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"{kind} on {engine}: NOT RUN ({last})", flush=True)  # noqa: T201 - the command's output
    for line in done.stdout.splitlines():
        yield Figure(**json.loads(line))


def report(figures: list[Figure]) -> str:
    """Return docs/benchmarks.md."""
    import django
    import weasyprint

    versions = f"Python {platform.python_version()}, Django {django.get_version()}, WeasyPrint {weasyprint.__version__}"
    head = f"""# Benchmarks

Made by `make bench` on {date.today():%-d %B %Y}: {_processor()}, {os.cpu_count()} processors, {platform.system()} {platform.machine()}, {versions}.

Times drift from machine to machine and from run to run, so what is kept to a bar is a ratio: ours and the floor are taken in
turn within one run, and the medians are divided. *Good* is what a release has to keep; *excellent* is where we want to be.

| figure | value | good | excellent | verdict | seen |
|---|---|---|---|---|---|
"""
    rows = [
        f"| {one.name} | {one.shown} | {one.good:g} | {f'{one.excellent:g}' if one.excellent is not None else '–'} | {one.verdict} | {one.detail} |"
        for one in figures
    ]
    tail = """
- **A step** is one call of `commands.perform`: permission, guards, lock, log with its chain, words, mails in the outbox and the
  form's key. Its floor sends the same INSERT and UPDATE statements again through Django's cursor, in one transaction, and
  decides nothing: no lock, no reading, no rules, no digest. On SQLite it is taken twice: with each commit on the disk, which is
  SQLite's default and what a record that letters rest on needs, and without waiting for that, which leaves Python alone.
- **A letter** is the suspension decision as it is sent, tagged and PDF/UA-1; its floor is `HTML(...).write_pdf()` with the same
  HTML, style and font, untagged, everything built anew.
- **A form on paper** is the form for consent with a reading copy in Arabic, as it is printed for a round; its floor is made as that of a letter.
- **A round** is one for 2,000 parents of 1,000 pupils, four questions each, from its start to the last mail in the outbox. A request by itself is
  `commands.open_case`, timed before and after it.
- **The picture check and the register** are asked at a school of 2,000 pupils with 20,000 consents and 100,000 answers and at one of 60 pupils in
  the same tables; the ratio says what the size of a school costs.
- **The card** is the case desk on a course page of the demo host; its floor is the sdk's `helloworld_demo` on the same page.
- **The media-literacy block** is looked at, and answered, by a pupil in the middle of a lesson, beside `helloworld_demo` and `thumbs`. The sdk asks
  the database once or twice for each field that a block reads; the platform has them at hand.
"""
    return head + "\n".join(rows) + "\n" + tail


def _processor() -> str:
    """Return what kind of processor this is, without the machine's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def main(wanted: list[str]) -> None:
    """Measure what is wanted, everything by default."""
    figures: list[Figure] = []
    for kind, engine in PLAN:
        if wanted and kind not in wanted:
            continue
        for figure in run(kind, engine):
            print(figure, flush=True)  # noqa: T201 - the command's output
            figures.append(figure)
    if not wanted:
        REPORT.write_text(report(figures), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2])
    else:
        main(sys.argv[1:])
