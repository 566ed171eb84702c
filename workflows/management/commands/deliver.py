"""`manage.py deliver`: send what waits in the outbox, once. `tick` does this too; a host with Celery needs neither for it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from workflows import rounds
from workflows.delivery import paper
from workflows.delivery.outbox import drain


class Command(BaseCommand):
    """Safe to run at any time, and by several at once."""

    help = "Work off rounds of questions, print their forms, and send the mails and letters that wait in the outbox."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask for a limit."""
        parser.add_argument("--limit", type=int, default=500, help="rows to take at most (default 500)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Drain, and say what happened; a failure stays in the outbox and is shown on the desk."""
        rounds.work_all()
        paper.print_all()
        done = drain(options["limit"])
        if options["verbosity"]:
            self.stdout.write(f"delivered {done.sent}, failed {done.failed}")
