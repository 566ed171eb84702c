"""`manage.py tick`: run what is due. For cron or Kubernetes, every five minutes or so; running it twice does nothing twice."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.delivery.ticking import tick


class Command(BaseCommand):
    """Terms, reminders, deputies taking over, the daily head of the log, delivery."""

    help = "Run terms, reminders, take-over by deputies, the daily log head and delivery. Safe to run at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run once; exit with an error that names the part that failed."""
        run = tick()
        if run.problem:
            raise CommandError(run.problem)
        if options["verbosity"]:
            self.stdout.write(f"tick: done at {run.finished_at:%Y-%m-%d %H:%M:%S}")
