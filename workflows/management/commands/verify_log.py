"""`manage.py verify_log`: check every chain, every daily head, and that no case is gone."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows import log
from workflows.models import School


class Command(BaseCommand):
    """Verify the log of every school."""

    help = "Check that no log entry was edited, deleted, cut off or recomputed, and that no case has vanished."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every fault; exit with an error when there is one."""
        faults = 0
        for school in School.objects.order_by("slug"):
            for fault in log.verify(school):
                faults += 1
                self.stderr.write(f"{school.slug}: {fault}")
        if faults:
            raise CommandError(f"{faults} faults found")
        if options["verbosity"]:
            self.stdout.write("The log is whole.")
