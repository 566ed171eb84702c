"""Checks the lessons of the media-literacy module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows import lesson_files, lessons
from workflows.pinned import articles_carried


class Command(BaseCommand):
    """`check_lessons [FILE or FOLDER …]`."""

    help = "Check lessons (those given, or all): translations, answers, articles, links between scenes."
    requires_system_checks: list[str] = []  # it reports on lessons itself

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what the command takes."""
        parser.add_argument("paths", nargs="*", metavar="FILE", help="a lesson or a folder of lessons; without one, every lesson there is")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check; ends with `N passed, N failed`.

        Raises:
            CommandError: a lesson has a problem, or a path is not there.
        """
        given = [Path(path) for path in options["paths"]] or list(lesson_files.folders())
        absent = [path for path in given if not path.exists()]
        if absent:
            raise CommandError(f"There is no {absent[0]}.", returncode=1)
        files = [file for path in given for file in (lessons.files([path]) if path.is_dir() else [path])]
        own = {file.resolve() for file in files}
        beside = [file for file in lessons.files(lesson_files.folders()) if file.resolve() not in own]
        library = lessons.load([*beside, *files], articles_carried())
        wrong = {problem.file for problem in library.problems} & set(map(str, files))
        for file in files:
            found = [problem for problem in library.problems if problem.file == str(file)]
            for problem in found:
                self.stdout.write(self.style.ERROR(str(problem)))
            self.stdout.write(f"{file}: " + (f"{len(found)} problems" if found else "sound"))
        for level in lessons.LEVELS:
            units = [unit for unit in library.level(level) if Path(unit.file).resolve() in own]
            scenes = sum(len(unit.scenes) for unit in units)
            self.stdout.write(f"level {level}: {len(units)} lessons, {scenes} scenes")
        self.stdout.write(f"{len(files) - len(wrong)} passed, {len(wrong)} failed")
        if wrong:
            raise CommandError(f"{len(wrong)} failed", returncode=1)
