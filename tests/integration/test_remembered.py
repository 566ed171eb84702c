"""A story that is put back is the story that was made: the same rows, a whole log, and the commands go on from it."""

from __future__ import annotations

import pytest
from django.db import transaction

from tests.cast import build
from tests.remembered import all_rows
from tests.stories import MONDAY, opened, tell
from workflows import access, commands, log
from workflows.models import Case

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


def test_what_is_put_back_is_what_was_made_and_can_go_on() -> None:
    with transaction.atomic():
        tell()
        made = all_rows()
        transaction.set_rollback(True)
    assert not Case.objects.exists()
    story = tell()
    assert all_rows() == made and len(made) > 10
    assert log.verify(story.cast.school) == []
    commands.perform(story.measure, "measure.approve", by=story.cast.users["director"], data={"reason": "Akkoord."})
    fresh = opened(story.cast)
    assert access.visible_to(story.cast.users["director"]).count() == 2 and fresh.number == 2
    assert log.verify(story.cast.school) == []


def test_what_a_test_does_to_its_story_is_not_in_the_next_one() -> None:
    with transaction.atomic():
        one = tell()
        one.cast.school.name = one.case.facts["category"] = "anders"
        one.cast.people.clear()
        transaction.set_rollback(True)
    other = tell()
    assert other.cast.school.name != "anders" and other.case.facts["category"] == "threat" and "pupil" in other.cast.people


def test_with_a_school_there_already_or_a_clock_that_runs_it_is_made_anew() -> None:
    first = build("groningen", "vo", MONDAY.date())
    second = build("groningen", "vo", MONDAY.date(), slug="tweede")
    assert first.school.pk != second.school.pk and second.users["mentor"].username == "tweede-mentor"
