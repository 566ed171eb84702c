"""A proposed measure waits for whoever the school's own protocol lets decide, in a number of questions that stays the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from tests.cast import Cast, build
from tests.stories import ASSESSED, MONDAY, PROPOSED, opened, school_day
from workflows import api, commands, schools, waiting
from workflows.models import Case

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

OWN = """
key = "mine"
name = {nl = "Een eigen school", en = "A school of its own"}
extends = ["nl-vo", "kc"]
in_force = 2026-01-01
source = "Test"
drops = ["KC-3"]

[articles.MINE-1]
ref = "1"
en = "The coordinator decides on measures."
nl = "De coördinator besluit over maatregelen."

[steps.measure.approve]
roles = ["coordinator"]
cites = "MINE-1"
"""


def proposed(cast: Cast, kind: str) -> Case:
    """Let the mentor propose a measure for the pupil."""
    case = opened(cast)
    commands.perform(case, "incident.triage", by=cast.users["director"], data=ASSESSED)
    commands.perform(case, "incident.discuss", by=cast.users["mentor"], data={"person": cast.people["pupil"], "note": "Het was een grap."})
    told = {**PROPOSED, "kind": kind, "first_day": school_day(cast, 3)} if kind == "suspension" else {**PROPOSED, "kind": kind}
    return commands.open_child(case, "measure.propose", by=cast.users["mentor"], data=told).case


def waiting_for(cast: Cast, measure: Case) -> set[str]:
    """Return in whose list the measure waits, and check that the number in their menu and their card in a lesson agree."""
    found = set()
    schools.link_course(cast.school, by=None, course_key="course-v1:A+B+C", group=cast.group)
    for name, user in cast.users.items():
        keys = [one.pk for one in waiting.approvals(user).waiting]
        assert waiting.count_waiting(user) == len(keys), name
        place = api.place_in(user, "course-v1:A+B+C")
        if place is not None and place.pupil is None:
            card = api.staff_page(user, place)
            assert card.approvals == len(keys) == sum(row.what == "measure" for row in card.waiting), name
        if measure.pk in keys:
            found.add(name)
    return found


@pytest.mark.once
def test_a_role_that_only_this_schools_protocol_names_finds_what_waits(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "mine" / "2026-01-01.toml"
    path.parent.mkdir()
    path.write_text(OWN, encoding="utf-8")
    settings.KC_PROTOCOL_DIRS = [str(tmp_path)]
    cast = build("mine", "vo", MONDAY.date(), {"teacher": {"role": "coordinator"}})
    assert waiting_for(cast, proposed(cast, "warning")) == {"teacher"}


@pytest.mark.once
@pytest.mark.parametrize(("kind", "who"), [("suspension", {"director", "deputy", "board"}), ("expulsion", {"board"})])
def test_it_waits_for_whom_the_kind_of_measure_asks(kind: str, who: set[str]) -> None:
    cast = build("groningen", "vo", MONDAY.date())
    assert waiting_for(cast, proposed(cast, kind)) == who


@pytest.mark.parametrize(("deputy", "who"), [("teacher", {"board"}), ("deputy", {"director", "deputy"})])
def test_where_the_only_director_is_a_party_it_waits_for_the_board(deputy: str, who: set[str]) -> None:
    cast = build("leyenburg", "vo", MONDAY.date(), {"deputy": {"role": deputy}})
    case = opened(cast, targets=[cast.people["director"]])
    commands.perform(case, "incident.triage", by=cast.users["deputy" if deputy == "deputy" else "board"], data=ASSESSED)
    told = {**PROPOSED, "kind": "warning"}
    assert waiting_for(cast, commands.open_child(case, "measure.propose", by=cast.users["mentor"], data=told).case) == who


def test_a_second_role_that_must_agree_finds_what_another_approved() -> None:
    cast = build("groningen", "vo", MONDAY.date())
    measure = proposed(cast, "suspension")
    commands.perform(measure.parent, "incident.take_over", by=cast.users["board"], data={"mode": "joint", "reason": "Samen."})
    measure.refresh_from_db()
    words = {"reason": "Past bij de ernst."}
    told = commands.perform(measure, "measure.approve", by=cast.users["director"], data=words).told
    assert cast.people["board"] in told
    assert waiting_for(cast, measure) == {"board"}
    measure.refresh_from_db()
    commands.perform(measure, "measure.approve", by=cast.users["board"], data=words)
    assert waiting_for(cast, measure) == set()


@pytest.mark.once
def test_what_one_role_approved_waits_for_no_other_unless_the_protocol_asks_it() -> None:
    cast = build("groningen", "vo", MONDAY.date())
    measure = proposed(cast, "suspension")
    commands.perform(measure, "measure.approve", by=cast.users["director"], data={"reason": "Past bij de ernst."})
    assert waiting_for(cast, measure) == set()


def test_the_number_of_questions_does_not_grow_with_the_measures() -> None:
    cast = build("groningen", "vo", MONDAY.date())
    counts = []
    for number in range(4):
        measure = proposed(cast, "warning")
        if number < 2:
            commands.perform(measure, "measure.approve", by=cast.users["director"], data={"reason": "Past bij de ernst."})
        proposed(cast, "warning")
        waiting.approvals(cast.users["director"])
        with CaptureQueriesContext(connection) as asked:
            waiting.approvals(cast.users["director"])
        counts.append(len(asked))
    assert len(set(counts)) == 1, counts
