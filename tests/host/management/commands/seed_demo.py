"""`manage.py seed_demo`: the demo schools, their invented people and their cases."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Fill an empty database through the product's own commands."""

    help = "Make the demo schools, people and cases in an empty database."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run `tests.host.demo.build`.

        Raises:
            CommandError: the database has users already, so this may not be a demo.
        """
        from tests.host.demo import build

        if User.objects.exists():
            raise CommandError("this database has users already; the demo is built in an empty one (make demo-fresh)")
        build(self.stdout)
