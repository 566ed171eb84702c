"""What looking and acting cost the database: the same number of questions with two cases as with thirty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.cast import Cast
from tests.stories import MONDAY
from workflows import access, commands, facts, forecasts, queries, waiting
from workflows.actors import actor_of
from workflows.models import Case
from workflows.vocabulary import MILESTONES, STEPS

pytestmark = pytest.mark.django_db

FEW, MANY = 2, 30


def incident(cast: Cast) -> Case:
    """A case that waits for the director's decision on a measure."""
    data = {"category": "threat", "suspects": [cast.people["pupil"]], "targets": [cast.people["classmate"]], "acted_on": MONDAY.date()}
    case = commands.open_case(by=cast.users["mentor"], school=cast.school, data=data).case
    told = {"severity": 3, "scope": "school_related", "capacity": "personal", "published": True, "possibly_criminal": False}
    case = commands.perform(case, "incident.triage", by=cast.users["director"], data=told).case
    measure = {"kind": "warning", "reason": "Het deed pijn.", "rule": "Niet pesten.", "rule_followed": "Niet pesten.", "conduct": "Een bericht."}
    commands.open_child(case, "measure.propose", by=cast.users["mentor"], data=measure)
    return case


def note(case: Case, cast: Cast, times: int) -> None:
    """Make the log of a case longer."""
    for number in range(times):
        commands.record(case, "ict_consulted", by=cast.users["mentor"], data={"note": f"Gesprek {number}."})


def asked(act: Callable[[], Any]) -> int:
    """Return how many queries `act` asks, transaction marks left out; what a process keeps is kept already."""
    with CaptureQueriesContext(connection) as found:
        act()
    return len([one for one in found if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))])


def looks(cast: Cast, case: Case) -> dict[str, Callable[[], Any]]:
    """What is looked at, by name."""
    director = cast.users["director"]
    client = Client()
    client.force_login(director)
    fresh = lambda: Case.objects.select_related("school").get(pk=case.pk)  # noqa: E731 - a case as a page finds it
    return {
        "load": lambda: facts.load(fresh()),
        "timeline": lambda: [event.texts for event in queries.timeline(fresh(), director)],
        "visible_to": lambda: list(access.visible_to(director)),
        "visible_to, mentor": lambda: list(access.visible_to(cast.users["mentor"])),
        "approvals": lambda: waiting.approvals(director),
        "number in the menu": lambda: waiting.count_waiting(director),
        "desk": lambda: [*queries.desk(director, cast.school).cases],
        "desk page": lambda: client.get(reverse("kc_workflows:desk")),
        "case page": lambda: client.get(reverse("kc_workflows:case", args=[case.key])),
        "approvals page": lambda: client.get(reverse("kc_workflows:approvals")),
    }


BARS = {
    "load": 8, "timeline": 7, "visible_to": 2, "visible_to, mentor": 2, "approvals": 6, "number in the menu": 4, "desk": 18, "desk page": 39,
    "case page": 34, "approvals page": 26,
}  # fmt: skip
"""The most that each may ask."""


def test_looking_asks_the_same_of_two_cases_and_of_thirty(cast: Cast) -> None:
    cases = [incident(cast) for _ in range(FEW)]
    note(cases[0], cast, FEW)
    before = {name: (look(), asked(look))[1] for name, look in looks(cast, cases[0]).items()}
    for _ in range(MANY - FEW):
        incident(cast)
    note(cases[0], cast, MANY - FEW)
    after = {name: (look(), asked(look))[1] for name, look in looks(cast, cases[0]).items()}
    assert after == before
    assert {name: count for name, count in after.items() if count > BARS[name]} == {}


def test_a_step_asks_the_same_of_a_long_log_as_of_a_short_one(cast: Cast) -> None:
    def escalate(case: Case) -> int:
        words, key = {"reason": "Graag uw oordeel."}, str(case.key)
        return asked(lambda: commands.perform(case, "incident.escalate", by=cast.users["mentor"], data=words, key=key))

    escalate(incident(cast))
    short, long = incident(cast), incident(cast)
    note(long, cast, MANY)
    few = escalate(short)
    for _ in range(MANY):
        incident(cast)
    assert escalate(long) == few
    # lock with the school, people, log, tracks, duties, who acts and is told; five writes; one more where MariaDB cannot join the lock
    assert few <= 12


def test_saying_why_not_asks_nothing_once_a_case_is_loaded(cast: Cast) -> None:
    loaded = facts.load(Case.objects.select_related("school").get(pk=incident(cast).pk))
    measure = loaded.children[0]
    actor, _ = actor_of(cast.users["mentor"], cast.school)
    steps = [(loaded.root, step) for step in STEPS if step.startswith("incident.")]
    steps += [(measure, step) for step in STEPS if step.startswith("measure.")]
    steps += [(loaded.root, f"record.{name}") for name in MILESTONES["incident"]]

    def every() -> None:
        for who in (actor, None):
            for case, step in steps:
                forecasts.denials_loaded(loaded, case, step, who, {}, {})

    assert asked(every) == 0
