"""Consents that were asked for, and the page behind a parent's link, for the tests of answering."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any

from django.test import Client
from django.urls import reverse

from tests.cast import Cast
from workflows import commands, personal_links
from workflows.models import Case, LogEntry, Person

PHONE = "000 000 0000"
"""The telephone number of the cast's school."""

LINES = (("school_publication", "website"), ("school_publication", "instagram"), ("name", "newsletter"))


def ask(cast: Cast, person: str | Person = "pupil", lines: Iterable[tuple[str, str]] = LINES, **more: Any) -> list[Case]:
    """Ask for consent about somebody, line by line, as the director."""
    about = cast.people[person] if isinstance(person, str) else person
    return [
        commands.open_case(
            by=cast.users["director"], school=cast.school, step="consent.request",
            data={"person": about, "purpose": purpose, "channel": channel, "moment": "first_round", **more},
        ).case
        for purpose, channel in lines
    ]  # fmt: skip


def page_of(person: Person, query: str = "") -> str:
    """The address of somebody's page, behind the link they got."""
    return reverse("kc_workflows:answer", args=[personal_links.token_of(personal_links.link_for(person))]) + query


class Form(HTMLParser):
    """The one form of a page as a machine sees it: every field with the value it is sent with when nobody touches it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.untouched: dict[str, str] = {}
        self.names: dict[str, list[str]] = {}
        self.forms = 0
        self._area = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        self.forms += tag == "form"
        self._area = name if tag == "textarea" else ""
        if tag not in ("input", "textarea", "button") or not name:
            return
        self.names.setdefault(name, []).append(value)
        if given.get("type") not in ("radio", "checkbox") or "checked" in given:
            self.untouched[name] = value

    def handle_endtag(self, tag: str) -> None:
        self._area = "" if tag == "textarea" else self._area

    def handle_data(self, data: str) -> None:
        if self._area:
            self.untouched[self._area] += data


def untouched(page: Any) -> dict[str, str]:
    """Return the form of a page as the button at its end sends it when nobody touched it: looking somebody up is another button."""
    return {name: value for name, value in Form(page.content.decode()).untouched.items() if name != "show"}


def choose(client: Client, address: str, answers: dict[Case, str], **more: str) -> Any:
    """Open the page, choose, and send it."""
    form = Form(client.get(address).content.decode()).untouched
    form |= {f"a-{case.key}": yes for case, yes in answers.items()}
    return client.post(address, {**form, **more})


def answers_of(case: Case) -> list[LogEntry]:
    """Every answer in the log of a consent, the oldest first."""
    return list(LogEntry.objects.filter(case=case, step__in=["consent.answer", "consent.withdraw"]).order_by("n"))


def text_in(html: str) -> str:
    """What a reader reads in the main part of a page."""
    main = html[html.index("<main") : html.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def state_of(case: Case) -> str:
    """Where a case stands now."""
    return str(Case.objects.get(pk=case.pk).state)
