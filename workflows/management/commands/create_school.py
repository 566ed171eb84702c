"""`manage.py create_school`: a school, the protocol it follows, and its first administrator."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from workflows import people, schools
from workflows.registry import PeopleError

PLATFORM_PEOPLE = "common.djangoapps.student"
"""The app with which the platform makes accounts; an account made beside it would be half a one."""


class Command(BaseCommand):
    """Everything else about the school is then done on its set-up page."""

    help = "Make a school and its first administrator; the rest is done on the set-up page."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask what a school cannot do without."""
        parser.add_argument("slug", help="short name for addresses: letters, digits and dashes")
        parser.add_argument("--name", required=True, help="name of the school")
        parser.add_argument("--protocol", required=True, help="key of the protocol pack it follows")
        parser.add_argument("--sector", required=True, choices=["po", "vo"], help="po: primary, vo: secondary")
        parser.add_argument("--legal-form", required=True, choices=["public", "private"], help="decides where one objects")
        parser.add_argument("--administrator", required=True, help="user name of an account, or of one to be made")
        parser.add_argument("--email", default="", help="e-mail of an account that is to be made")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Make both, or neither.

        Raises:
            CommandError: an unknown protocol, a short name that is taken, or no such account on a platform.
        """
        try:
            school = schools.create_school(
                name=options["name"], slug=options["slug"], key=options["protocol"], sector=options["sector"],
                legal_form=options["legal_form"],
            )  # fmt: skip
            user, password = self._account(options["administrator"], options["email"])
            people.add_membership(school, by=None, user=user, role="administrator")
        except PeopleError as wrong:
            raise CommandError(f"{wrong.field}: {wrong.reason}" if wrong.field else str(wrong.reason)) from wrong
        self.stdout.write(f"{school.name} follows “{school.key}”. Its administrator is {user.get_username()}.")
        if password:
            self.stdout.write(f"Password for the first sign-in, shown this once: {password}")
        self.stdout.write(f"What the school still lacks: /kc/school/{school.slug}/setup/")

    def _account(self, username: str, email: str) -> tuple[Any, str]:
        """Return the account, and the password when it had to be made."""
        users = get_user_model()
        found = users.objects.filter(username=username).first()
        if found is not None:
            return found, ""
        if apps.is_installed(PLATFORM_PEOPLE):
            raise CommandError(f"There is no account “{username}”. Let this person register on the platform first.")
        password = secrets.token_urlsafe(12)
        return users.objects.create_user(username, email=email, password=password), password
