"""Consents, connections and accounts under way, each through the real commands, for the tests of their rules and pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from tests.asking import ask
from tests.cast import Cast
from tests.stories import school
from workflows import clock, commands
from workflows.models import Case, LogEntry
from workflows.schooldays import AMSTERDAM

SUMMER = date(2026, 7, 31)
YES = {"answer": True, "form": "link", "authority": True, "language": "nl", "text_version": "sha256:ab12"}


def at(day: date) -> Any:
    """Hold the clock early on this day."""
    return clock.at(datetime(day.year, day.month, day.day, 6, 0, tzinfo=AMSTERDAM))


def asking(cast: Cast, person: str = "pupil", **more: Any) -> dict[str, Any]:
    """What a question about a picture of somebody says."""
    return {
        "person": cast.people[person], "purpose": "school_publication", "channel": "instagram", "moment": "yearly", "until": SUMMER, **more
    }  # fmt: skip


def asked(cast: Cast, person: str = "pupil", **more: Any) -> Case:
    """Ask that as the director."""
    data = asking(cast, person, **more)
    return commands.open_case(by=cast.users["director"], school=cast.school, step="consent.request", data=data).case


def answered(case: Case, by: Any, **said: Any) -> Case:
    """Answer a question: yes, through the link, unless `said` differs."""
    return commands.perform(case, "consent.answer", by=by, data={**YES, **said}).case


def entries(case: Case) -> list[tuple[str, str, str]]:
    """Every step in the log of a case, from where to where."""
    return list(LogEntry.objects.filter(root=case).order_by("n").values_list("step", "source", "target"))


@dataclass
class World:
    """One of each: a consent that was given, a connection that was declared, an account that was requested."""

    cast: Cast
    consent: Case
    connection: Case
    account: Case

    def url(self, name: str, root: Case, *args: Any) -> str:
        """Return the address of a page of one of them."""
        return reverse(f"kc_workflows:{name}", args=[root.key, *args])


def one_of_each() -> World:
    """Build the school with its three."""
    cast = school("wilhelmina")
    (consent,) = ask(cast, "classmate", [("school_publication", "instagram")])
    commands.perform(consent, "consent.answer", by=cast.people["classmate_parent"], data=YES)
    tie = {"counterpart": cast.people["pupil"], "target_account": "personal", "tie": "none", "reason": "De pupil vroeg het mij."}
    told = commands.open_case(by=cast.users["teacher"], school=cast.school, step="friend_request.declare", data=tie).case
    group = {"account_kind": "class_group", "name": "Klas 7a"}
    account = commands.open_case(by=cast.users["teacher"], school=cast.school, step="account.request", data=group).case
    return World(cast, Case.objects.get(pk=consent.pk), told, account)
