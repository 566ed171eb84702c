"""The story that the tests of the pages start from, played through the real commands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from tests.cast import Cast, build, build_other_school, build_stranger
from tests.remembered import remembered
from workflows import clock, commands
from workflows.models import Case, Involvement, Membership, Person
from workflows.people import add_person, enrol
from workflows.schooldays import AMSTERDAM, SchoolCalendar
from workflows.schools import add_group

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=AMSTERDAM)
"""A school day; what is the day after tomorrow is one too."""

ASSESSED = {
    "severity": 3, "scope": "school_related", "capacity": "personal", "published": True, "possibly_criminal": False,
    "conduct": "Schreef een bedreiging in de klassenapp.",
}  # fmt: skip
PROPOSED = {
    "kind": "suspension", "school_days": 2, "reason": "De dreiging was ernstig.", "rule_followed": "Schoolregels, deel 3",
    "scope": "school_related", "capacity": "personal",
}  # fmt: skip


def school(key: str, sector: str = "po", **more: Any) -> Cast:
    """Build the cast of a school that follows this protocol, on the Monday."""
    return build(key, sector, MONDAY.date(), **more)


@dataclass
class Story:
    """A case on its way: reported, assessed, talked about, a suspension proposed, brought to the director."""

    cast: Cast
    other: Cast
    stranger: Any
    case: Case
    measure: Case

    def url(self, name: str, *args: Any) -> str:
        """Return the address of a page of the case, or of the decision on its measure."""
        key = self.measure.key if name == "decide" else self.case.key
        return reverse(f"kc_workflows:{name}", args=[key, *args])

    def step_url(self, step: str) -> str:
        """Return the address of a step of the measure."""
        return reverse("kc_workflows:step", args=[self.measure.key, step])


def as_user(user: Any) -> Client:
    """Return a browser in which this user is signed in."""
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    """Return a page as one line, to look for words in."""
    return re.sub(r"\s+", " ", response.content.decode())


def opened(cast: Cast, **data: Any) -> Case:
    """Let the mentor open a case about the pupil."""
    given = {
        "category": "threat", "suspects": [cast.people["pupil"]], "targets": [cast.people["classmate"]],
        "acted_on": clock.today(), "story": "Sem zou klappen krijgen.", **data,
    }  # fmt: skip
    return commands.open_case(by=cast.users["mentor"], school=cast.school, data=given).case


def school_day(cast: Cast, after: int) -> date:
    """Return a school day at least so many days from today."""
    return SchoolCalendar(cast.school).next(clock.today() + timedelta(days=after - 1))


@remembered
def tell(key: str = "groningen", sector: str = "vo") -> Story:
    """Play the story at a school that follows this protocol."""
    today = clock.today()
    cast = build(key, sector, today)
    other = build_other_school(key, sector, today)
    case = opened(cast)
    commands.perform(case, "incident.triage", by=cast.users["director"], data=ASSESSED)
    talk = {"person": cast.people["pupil"], "note": "Vertelde dat het een grap was."}
    commands.perform(case, "incident.discuss", by=cast.users["mentor"], data=talk)
    proposal = {**PROPOSED, "first_day": school_day(cast, 3)}
    measure = commands.open_child(case, "measure.propose", by=cast.users["mentor"], data=proposal).case
    commands.perform(case, "incident.escalate", by=cast.users["mentor"], data={"reason": "Graag een besluit."})
    return Story(cast, other, build_stranger(), Case.objects.get(pk=case.pk), measure)


def mentor_elsewhere(story: Story) -> Person:
    """Make the teacher mentor of another group; return their pupil, who only stood by in the case."""
    cast = story.cast
    group = add_group(cast.school, by=None, name="Klas 1a")
    Membership.objects.filter(user=cast.users["teacher"]).update(role="mentor", group=group)
    own = add_person(cast.school, by=None, kind="pupil", given_name="Bibi", family_name="Knikkerzak")
    enrol(own, group, by=None, starts=clock.today() - timedelta(days=9))
    Involvement.objects.create(case=story.case, person=own, role="bystander")
    return own
