"""Checks packs, plays scenarios, and prints the words a pack may use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows import protocol, vocabulary
from workflows.guards import GUARDS
from workflows.line_reader import DUTY_KEYS, UNITS
from workflows.rules import STRENGTHS
from workflows.sentences import FACTS


class Command(BaseCommand):
    """`check_protocol [FILE …] [--vocabulary] [--scenarios FILE …]`."""

    help = "Check protocol packs (those given, or all), play scenarios, or print the vocabulary."
    requires_system_checks: list[str] = []  # it reports on packs itself, also when a wrong one would stop the boot

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what the command takes."""
        parser.add_argument("files", nargs="*", metavar="FILE", help="a pack; without one, every pack there is")
        parser.add_argument("--vocabulary", action="store_true", help="print every word a pack may use")
        parser.add_argument("--scenarios", nargs="+", metavar="FILE", help="play these files, folders or patterns on a throw-away database")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked; ends with `N passed, N failed`.

        Raises:
            CommandError: a pack has a problem, or a scenario failed.
        """
        if isinstance(out := getattr(self.stdout, "_out", None), TextIOWrapper):
            out.reconfigure(errors="backslashreplace")  # a terminal that knows no accents is no reason to stop half-way
        if options["vocabulary"]:
            self.stdout.write("\n".join(vocabulary_lines()))
            return
        folders = list(getattr(settings, "KC_PROTOCOL_DIRS", []))
        paths = [Path(file) for file in options["files"]]
        passed = failed = 0
        if paths or not options["scenarios"]:
            passed, failed = self._check(paths or protocol.all_packs(folders), folders)
        if options["scenarios"]:
            from workflows import scenarios

            played = scenarios.run(options["scenarios"], cast(TextIO, self.stdout))
            passed, failed = passed + played[0], failed + played[1]
        counts = f"{passed} passed, {failed} failed"
        self.stdout.write(counts)
        if failed:
            raise CommandError(counts, returncode=1)

    def _check(self, paths: Iterable[Path], folders: list[str]) -> tuple[int, int]:
        passed = failed = 0
        for path in paths:
            problems = protocol.check_file(path, folders)
            for problem in problems:
                self.stdout.write(self.style.ERROR(str(problem)))
            self.stdout.write(f"{path}: " + (f"{len(problems)} problems" if problems else "sound"))
            passed, failed = passed + (not problems), failed + bool(problems)
        return passed, failed


def vocabulary_lines() -> Iterator[str]:
    """Every word of the language, by chapter."""
    yield from _chapter("case types and their states", {name: ", ".join(states) for name, states in vocabulary.STATES.items()})
    yield from _chapter("steps and their fields (* the form insists)", {name: _fields(one) for name, one in vocabulary.STEPS.items()})
    for case_type, milestones in vocabulary.MILESTONES.items():
        table = {name: ("about a person; " if one.person else "") + _fields(one) for name, one in milestones.items()}
        yield from _chapter(f"milestones of {case_type} and their fields", table)
    yield from _chapter("data fields", {name: _kind(one) for name, one in vocabulary.FIELDS.items()})
    yield from _chapter("facts a `when` may ask (also with _at_least and _under)", dict.fromkeys(vocabulary.FACT_KEYS, ""))
    yield from _chapter("facts a guard may name beside fields", FACTS)
    yield from _chapter("who may sign a consent (`[signers.consent]`: lines with who, each, when, cites)", vocabulary.SIGNERS)
    yield from _chapter("purposes of a consent", vocabulary.PURPOSES)
    yield from _chapter("channels of a consent: where it is published", vocabulary.PUBLICATIONS)
    yield from _chapter("channels by which somebody is reached", vocabulary.CHANNELS)
    yield from _chapter("guards", {name: _arguments(one.required, one.optional) for name, one in GUARDS.items()})
    yield from _chapter("selectors (of, to)", vocabulary.SELECTORS)
    yield from _chapter("strengths", dict.fromkeys(reversed(STRENGTHS), ""))
    yield from _chapter("duties", {"keys": ", ".join(DUTY_KEYS), "within": ", ".join(UNITS)})
    yield from _chapter("roles", vocabulary.ROLES)
    yield from _chapter("people in a case", vocabulary.CASE_ROLES)
    yield from _chapter("kinds of people", vocabulary.PERSON_KINDS)
    yield from _chapter("categories (and local.<name> of a pack)", vocabulary.CATEGORIES)
    yield from _chapter("kinds of measures", {name: f"{one} [{vocabulary.group_of(name)}]" for name, one in vocabulary.KINDS.items()})
    yield from _chapter("severities", {str(level): label for level, label in vocabulary.SEVERITIES.items()})
    yield from _chapter("letters", vocabulary.LETTERS)
    yield from _chapter("forms that print articles (`[letters.<form>] says`)", vocabulary.FORMS)
    yield from _chapter("routes of letters", vocabulary.ROUTES)


def _chapter(title: str, table: Mapping[str, str]) -> Iterator[str]:
    yield title
    for name, text in table.items():
        yield f"  {name}: {text}" if text else f"  {name}"
    yield ""


def _fields(one: vocabulary.Step | vocabulary.Milestone) -> str:
    return ", ".join(name + ("*" if name in one.required else "") for name in one.fields)


def _kind(one: vocabulary.Field) -> str:
    return f"{one.kind} ({', '.join(one.choices)})" if one.choices else one.kind


def _arguments(required: Iterable[str], optional: Iterable[str]) -> str:
    return ", ".join([*required, *(f"[{name}]" for name in optional)]) or "-"
