"""`manage.py import_people`: bring a school's people up to date with a CSV file, after showing what that does."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows import clock, imports
from workflows.import_file import FileRefused, read
from workflows.models import School


class Command(BaseCommand):
    """Without --apply nothing changes."""

    help = "Show what a CSV file of people changes at a school; with --apply, change it. See docs/import.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask for the file and the school."""
        parser.add_argument("file", type=Path, help="CSV with a header row; Dutch or English names of columns")
        parser.add_argument("--school", required=True, help="short name of the school")
        parser.add_argument("--apply", action="store_true", help="carry it out; without this nothing changes")
        parser.add_argument("--end-left", action="store_true", help="also end places and roles of who is not in the file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the plan and, with --apply, carry it out.

        Raises:
            CommandError: no such school or file, or a row is wrong; then nothing was imported.
        """
        school = School.objects.filter(slug=options["school"]).first()
        if school is None:
            raise CommandError(f"there is no school “{options['school']}”")
        act = imports.apply if options["apply"] else imports.plan
        try:
            table = read(options["file"].read_bytes(), today=clock.today())
            done = act(school, table, by=None, end_left=options["end_left"])
        except OSError as wrong:
            raise CommandError(f"{options['file']}: {wrong.strerror}") from wrong
        except FileRefused as wrong:
            raise CommandError(str(wrong)) from wrong
        except imports.ImportRefused as refused:
            done = refused.plan
        for change in done.changes:
            told = ", ".join(f"{name}: {before or '–'} → {after or '–'}" for name, before, after in change.fields)
            row = f"row {change.row}" if change.row else "not in file"
            self.stdout.write(f"{change.sort:8}{row:12}{change.name}, {change.what}{f' ({told})' if told else ''}")
        for column in done.unread:
            self.stdout.write(f"column “{column}” is not read")
        counts = ", ".join(f"{len(done.of(sort))} {sort}" for sort in imports.SORTS)
        self.stdout.write(f"{counts}, {done.same} rows without a change")
        if done.problems:
            for problem in done.problems:
                self.stderr.write(str(problem))
            raise CommandError(f"nothing was imported: {len(done.problems)} problem(s)")
        self.stdout.write("Imported." if options["apply"] else "Nothing is changed yet: add --apply.")
