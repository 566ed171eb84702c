"""Where somebody is in the lessons, and what an answer changes: without a database, a clock or a school."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from workflows import lessons
from workflows.lesson_progress import MOST_TRIES, Mark, OutOfTurn, Progress

FOLDER = Path(__file__).parents[1] / "lessons"
UNITS = tuple(unit.at_school(()) for unit in lessons.load(lessons.files([FOLDER])).level(2))
START = Progress(UNITS)
SAMPLE, PASSWORDS = UNITS


def play(progress: Progress, *answers: tuple[str, str]) -> Progress:
    """Answer questions of the first lesson one after the other."""
    for scene, choice in answers:
        mark = progress.marks.get(("sample", scene), Mark())
        progress = progress.answer("sample", scene, choice, mark.tries).progress
    return progress


def turn_of(progress: Progress) -> str:
    scene = progress.current(SAMPLE)
    return scene.key if scene else ""


def test_the_right_answers_lead_to_the_end() -> None:
    assert turn_of(START) == "sleeping-photo"
    half = play(START, ("sleeping-photo", "ask"))
    assert turn_of(half) == "password" and half.is_begun(SAMPLE) and not half.is_done(SAMPLE)
    done = play(half, ("password", "no"))
    assert turn_of(done) == "" and done.is_done(SAMPLE) and not done.is_finished
    assert done.answer("passwords", "strong", "sentence", 0).progress.is_finished


def test_a_wrong_choice_leads_to_an_extra_scene_and_back() -> None:
    led = play(START, ("sleeping-photo", "forward"))
    assert turn_of(led) == "sam-sees-it" and led.extra == ("sample", "sam-sees-it")
    stuck = play(led, ("sam-sees-it", "laugh"))
    assert turn_of(stuck) == "sam-sees-it"
    back = play(stuck, ("sam-sees-it", "sorry"))
    assert turn_of(back) == "sleeping-photo" and back.extra is None
    again = play(back, ("sleeping-photo", "forward"))
    assert turn_of(again) == "sleeping-photo", "an extra scene that was solved does not come twice"
    assert turn_of(play(again, ("sleeping-photo", "ask"))) == "password"


def test_the_first_try_is_what_was_first() -> None:
    progress = play(START, ("sleeping-photo", "ask"), ("password", "yes"), ("password", "no"))
    assert progress.marks[("sample", "sleeping-photo")] == Mark(1, True, True)
    assert progress.marks[("sample", "password")] == Mark(2, False, True)


def test_a_form_sent_twice_counts_once_and_a_late_right_answer_counts() -> None:
    once = START.answer("sample", "sleeping-photo", "forward", 0)
    twice = once.progress.answer("sample", "sleeping-photo", "forward", 0)
    assert once.changed and not twice.changed and twice.progress == once.progress
    stale = once.progress.answer("sample", "sleeping-photo", "ask", 0)
    assert stale.changed and stale.mark == Mark(2, False, True), "an old form with the right answer is right all the same"
    assert not stale.progress.answer("sample", "sleeping-photo", "forward", 2).changed, "what is found stays found"


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (("sample", "password", "no"), "later"),
        (("sample", "sam-sees-it", "sorry"), "later"),
        (("sample", "sleeping-photo", ""), "nothing chosen"),
        (("sample", "nowhere", "no"), "unknown"),
        (("nothing", "password", "no"), "unknown"),
        (("", "", ""), "unknown"),
    ],
)
def test_what_is_not_asked_for_is_refused(place: tuple[str, str, str], why: str) -> None:
    with pytest.raises(OutOfTurn) as refused:
        START.answer(*place, 0)
    assert refused.value.why == why


def test_counting_stops_somewhere() -> None:
    worn = Progress(UNITS, {("sample", "sleeping-photo"): Mark(MOST_TRIES)})
    assert play(worn, ("sleeping-photo", "ask")).marks[("sample", "sleeping-photo")].tries == MOST_TRIES


def test_the_share_counts_what_was_found_within_the_tries() -> None:
    progress = play(START, ("sleeping-photo", "ask"), ("password", "yes"), ("password", "no"))
    assert progress.share() == pytest.approx(2 / 3)
    assert progress.share(1) == pytest.approx(1 / 3)
    assert progress.only(["sample"]).share() == 1.0 and progress.only(["gone"]).share() == 0.0
    assert not progress.only(["gone"]).is_finished
    assert [scene.key for scene in progress.to_practise(SAMPLE, 1)] == ["password"]
    assert not progress.to_practise(SAMPLE, 0)


def test_practising_again_keeps_that_the_first_try_was_wrong() -> None:
    progress = play(START, ("sleeping-photo", "ask"), ("password", "yes"), ("password", "no"))
    anew = progress.again(SAMPLE, progress.to_practise(SAMPLE, 1))
    assert turn_of(anew) == "password"
    done = play(anew, ("password", "no"))
    assert done.marks[("sample", "password")] == Mark(1, False, True) and done.only(["sample"]).share(1) == 1.0


def test_what_is_asked_anew_is_found_once_more_and_takes_nothing_away() -> None:
    done = play(START, ("sleeping-photo", "forward"), ("sam-sees-it", "sorry"), ("sleeping-photo", "ask"), ("password", "no"))
    asked = replace(done, anew=frozenset(place for place in done.marks))
    assert turn_of(asked) == "sleeping-photo" and not asked.is_done(SAMPLE) and not asked.is_begun(SAMPLE)
    assert asked.share() == done.share() and asked.as_earned() == done
    with pytest.raises(OutOfTurn, match="later"):
        asked.answer("sample", "password", "no", 1)
    wrong = asked.answer("sample", "sleeping-photo", "forward", 2)
    assert not wrong.changed and wrong.progress.marks == done.marks and turn_of(wrong.progress) == "sam-sees-it"
    right = wrong.progress.answer("sample", "sam-sees-it", "sorry", 1).progress.answer("sample", "sleeping-photo", "ask", 2)
    assert right.changed and right.progress.marks == done.marks and turn_of(right.progress) == "password"
    assert not right.progress.answer("sample", "sleeping-photo", "forward", 2).changed, "it was found"
    assert right.progress.answer("sample", "password", "no", 1).progress.is_done(SAMPLE)
