"""The hard route is no dead end: who reads a case, who is told so, and what is said when nobody at the school may."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from tests.cast import Cast
from tests.stories import ASSESSED, MONDAY, as_user, opened, text_of
from workflows import access, clock, commands, people, queries_setup
from workflows.delivery import ticking
from workflows.models import Case, Membership, Outbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]
INSPECTOR = "0900-1113111"


def second_of_the_board(cast: Cast) -> Any:
    """Make the personnel officer a second named person of the board."""
    user = cast.users["personnel"]
    people.add_membership(cast.school, by=None, user=user, role="board", starts=MONDAY.date())
    return user


def reported(cast: Cast) -> Any:
    """Let the mentor report the only person of the board on the page; return the answer."""
    sent = {"category": "sexual_approach", "suspects": [cast.people["board"].pk], "targets": [cast.people["pupil"].pk],
            "story": "Ik zag berichten.", "acted_on": "2026-03-01"}  # fmt: skip
    return as_user(cast.users["mentor"]).post(reverse("kc_workflows:report"), sent, follow=True)


def lacking(cast: Cast) -> list[str]:
    return [lack.text for lack in queries_setup.lacks(cast.school) if lack.stops and "board" in lack.text]


def test_the_setup_asks_for_a_second_person_of_the_board(cast: Cast) -> None:
    assert len(lacking(cast)) == 1 and "second" in lacking(cast)[0]
    page = text_of(as_user(cast.users["administrator"]).get(reverse("kc_workflows:setup", args=[cast.school.slug])))
    assert "Name a second person" in page
    second = second_of_the_board(cast)
    assert lacking(cast) == []
    second.is_active = False
    second.save()
    assert len(lacking(cast)) == 1, "an account that is closed reads nothing"
    Membership.objects.filter(role="board").delete()
    assert lacking(cast) == ["Nobody is board."]


def test_a_report_that_nobody_may_read_is_kept_and_says_whom_to_call(cast: Cast) -> None:
    answer = reported(cast)
    case = Case.objects.get(type="incident")
    assert answer.status_code == 200 and case.restricted and case.state == "reported"
    page = text_of(answer)
    assert INSPECTOR in page and "112" in page and case.display_number in page
    assert "Only the board reads this case" not in page
    for user in cast.users.values():
        assert not access.visible_to(user).filter(pk=case.pk).exists(), user
    assert not Outbox.objects.filter(root=case).exists()


def test_the_card_in_a_lesson_says_the_same(cast: Cast) -> None:
    from workflows import api

    case = opened(cast, category="sexual_misconduct", suspects=[cast.people["board"]])
    assert INSPECTOR in api.who_reads(cast.users["mentor"], case)
    second_of_the_board(cast)
    assert api.who_reads(cast.users["mentor"], case) == "Only the board reads this case. Keep the number."
    assert api.who_reads(cast.users["personnel"], case) == ""


def test_whoever_is_named_later_reads_it_and_is_told(cast: Cast) -> None:
    reported(cast)
    case = Case.objects.get(type="incident")
    with clock.at(MONDAY + timedelta(days=2)):
        ticking.tick()
    second = second_of_the_board(cast)
    with clock.at(MONDAY + timedelta(days=3)):
        ticking.tick()
        assert access.visible_to(second).filter(pk=case.pk).exists()
        assert not access.visible_to(cast.users["board"]).filter(pk=case.pk).exists()
    assert {row.person for row in Outbox.objects.filter(root=case)} == {cast.people["personnel"]}


def test_an_assessment_that_turns_a_case_does_not_end_on_a_page_that_is_gone(cast: Cast) -> None:
    sent = {**ASSESSED, "published": "yes", "possibly_criminal": "no", "severity": "4", "category": "sexual_approach"}
    for suspect, said in (("teacher", "Only the board reads this case"), ("board", INSPECTOR)):
        fresh = opened(cast, category="unwanted_contact", suspects=[cast.people[suspect]], targets=[cast.people["pupil"]])
        url = reverse("kc_workflows:step", args=[fresh.key, "incident.triage"])
        answer = as_user(cast.users["director"]).post(url, sent, follow=True)
        assert Case.objects.get(pk=fresh.pk).restricted, re.findall(r'errorlist.{200}|why.{600}', text_of(answer))
        assert answer.status_code == 200 and said in text_of(answer), text_of(answer)[:600]


def test_a_correction_that_turns_a_case_tells_the_board_as_a_report_does(cast: Cast) -> None:
    wrong = cast.people["classmate"]
    case = opened(cast, category="sexual_approach", suspects=[wrong], targets=[cast.people["pupil"]])
    assert not case.restricted
    out = commands.correct_person(case, wrong, cast.people["teacher"], by=cast.users["director"], reason="Het was een ander.")
    assert out.case.restricted and [one.given_name for one in out.told] == ["Bes"]
    assert Outbox.objects.filter(key=f"mail:{out.entry.pk}:{cast.people['board'].pk}", kind="mail").exists()
    again = commands.correct_person(out.case, cast.people["pupil"], None, by=cast.users["board"], reason="Ook niet.")
    assert again.told == (), "it was on the hard route already"


def test_a_correction_to_the_only_person_of_the_board_is_kept_and_says_whom_to_call(cast: Cast) -> None:
    wrong = cast.people["classmate"]
    case = opened(cast, category="sexual_approach", suspects=[wrong], targets=[cast.people["pupil"]])
    out = commands.correct_person(case, wrong, cast.people["board"], by=cast.users["director"], reason="Het was een ander.")
    assert out.case.restricted and out.told == ()
    assert not access.visible_to(cast.users["board"]).filter(pk=case.pk).exists()
