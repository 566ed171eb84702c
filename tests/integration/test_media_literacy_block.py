"""The media-literacy block beside others, without script, as its author sets it and as the platform asks of it; what looking costs."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from xblock.completable import XBlockCompletionMode
from xblock.core import XBlock
from xblock.scorable import Score

from kc_xblock.media_literacy import MediaLiteracyXBlock
from tests.cast import Cast
from tests.course_page import COURSE, loaded, page, post_json
from tests.host.runtime import course_id
from tests.module_world import KIND, PASSWORD, PHOTO, STRONG, TURN, finish, kept, on_page, says, turn
from tests.stories import MONDAY, as_user
from workflows import api, clock
from workflows.models import CourseLink, LessonAnswer, LessonRun
from workflows.schooldays import AMSTERDAM

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


@pytest.fixture
def cast(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Cast:
    return on_page(settings, monkeypatch)


# --- two blocks, no script -------------------------------------------------------------------------------------------


def test_two_blocks_on_one_page_share_no_id_and_no_place(cast: Cast) -> None:
    text = page(cast.users["pupil"], copies=2)
    ids = re.findall(r'\bid="(kc-[^"]+)"', text)
    assert len(ids) == len(set(ids)) and len({name.split("-u")[1][0] for name in ids}) == 2
    client = as_user(cast.users["pupil"])
    turn(client, "show", unit="passwords", number=1)
    text = client.get(COURSE, {"copies": 2}).content.decode()
    assert "Lesson 1 of 2" in text and "Lesson 2 of 2" in text


def test_two_blocks_with_other_lessons_are_one_way_through_the_level(cast: Cast, published: list[Any]) -> None:
    for number, keys in enumerate((["sample"], ["passwords"])):
        loaded(KIND, cast.users["pupil"], number, units=keys)
    client = as_user(cast.users["pupil"])
    other = 1
    assert turn(client, **PHOTO, choice="ask", seen=0, number=other).status_code == 404, "not a lesson of that block"
    turn(client, **STRONG, choice="sentence", seen=0, number=other)
    assert published == [("grade", {"value": 1.0, "max_value": 1.0, "only_if_higher": True}), ("completion", {"completion": 1.0})]
    assert LessonRun.objects.get().finished_at is None
    turn(client, **PHOTO, choice="ask", seen=0)
    turn(client, **PASSWORD, choice="no", seen=0)
    assert LessonRun.objects.get().finished_at == MONDAY


def test_what_was_done_in_one_block_can_be_counted_in_another(cast: Cast, published: list[Any]) -> None:
    client, other = as_user(cast.users["pupil"]), 1
    finish(client)
    published.clear()
    assert "Let it count" not in says(turn(client, "show", unit="sample"))
    assert "Let them count here too." in says(turn(client, "show", unit="sample", number=other)) and not published
    for _time in range(2):
        assert "Let it count" not in says(turn(client, "count", unit="sample", number=other))
    assert published == [("grade", {"value": 1.0, "max_value": 1.0, "only_if_higher": True}), ("completion", {"completion": 1.0})]


def test_without_script_an_answer_is_a_page_of_its_own(cast: Cast) -> None:
    client = as_user(cast.users["pupil"])
    answer = client.post(
        TURN, {"do": "answer", **PHOTO, "choice": "ask", "seen": 0}, headers={"Referer": "http://testserver/course/cast/"}
    )
    text = answer.content.decode()
    assert text.lstrip().startswith("<!doctype html>") and "<h1" in text and "Sam decides about the own photo." in text
    assert 'href="http://testserver/course/cast/"' in text and 'name="back" value="http://testserver/course/cast/"' in text
    text = turn(client, "show", whole=True, unit="sample", back="https://elsewhere.example/").content.decode()
    assert "elsewhere" not in text and "Your father asks" in text
    refused = turn(client, whole=True, **PASSWORD, seen=0)
    assert refused.status_code == 422 and "Choose one of the answers first." in says(refused)


# --- what the author sets --------------------------------------------------------------------------------------------


def save(client: Client, **sent: Any) -> Any:
    given = {"display_name": "", "level": "2", "tries": "0", "pass_mark": "60", "after_due": "open", **sent}
    return post_json(client, KIND, "save_settings", given)


def test_tries_that_count_and_practising_until_it_is_enough(cast: Cast, author: User, published: list[Any]) -> None:
    assert save(as_user(author), tries="1", pass_mark="80").status_code == 200
    client = as_user(cast.users["pupil"])
    assert "Your first try counts." in page(cast.users["pupil"])
    turn(client, **PHOTO, choice="ask", seen=0)
    turn(client, **PASSWORD, choice="yes", seen=0)
    turn(client, **PASSWORD, choice="no", seen=1)
    turn(client, **STRONG, choice="sentence", seen=0)
    assert [data["value"] for kind, data in published if kind == "grade"] == [1 / 3, 2 / 3]
    assert "completion" not in dict(published)
    text = says(turn(client, "show", unit="sample"))
    assert "One question took some more tries." in text
    text = says(turn(client, "again", unit="sample"))
    assert "question 2 of 2" in text
    turn(client, **PASSWORD, choice="no", seen=0)
    assert dict(published)["grade"]["value"] == 1.0 and dict(published)["completion"] == {"completion": 1.0}
    assert kept()["sample", "password"] == (1, False, True), "that the very first try was wrong stays known"


@pytest.mark.parametrize(("after", "status", "kept", "told"), [("open", 200, 1, 1), ("practice", 200, 1, 0), ("closed", 409, 0, 0)])
def test_after_the_due_date(cast: Cast, published: list[Any], monkeypatch: Any, after: str, status: int, kept: int, told: int) -> None:
    loaded(KIND, cast.users["pupil"], after_due=after)
    monkeypatch.setattr(MediaLiteracyXBlock, "due", datetime(2026, 1, 1, tzinfo=AMSTERDAM), raising=False)
    client = as_user(cast.users["pupil"])
    answer = turn(client, **PHOTO, choice="ask", seen=0)
    assert (answer.status_code, LessonAnswer.objects.count(), len(published)) == (status, kept, told)
    assert ("The last day for this was over." in page(cast.users["pupil"])) == (after == "closed")
    monkeypatch.setattr(MediaLiteracyXBlock, "graceperiod", timedelta(days=20000), raising=False)
    assert turn(client, **PHOTO, choice="ask", seen=0).status_code == 200


def test_settings_say_what_is_wrong_at_its_field_and_never_take_a_school(cast: Cast, author: User) -> None:
    client = as_user(author)
    form = client.get(f"{COURSE}studio_view/").content.decode()
    assert cast.school.name in form and "Test Village" in form and 'name="school"' not in form and 'name="pack"' not in form
    assert "A diploma takes all lessons of the level" in form, "whoever shows some of them is told"
    wrong = save(client, display_name="a" * 121, level="7", tries="-1", pass_mark="9" * 5000, after_due="never")
    assert wrong.status_code == 422 and set(wrong.json()["error"]["fields"]) == {"display_name", "level", "tries", "pass_mark", "after_due"}
    assert save(client, **{"unit:2:passwords": "on", "unit:1:passwords": "on", "unit:2:gone": "on", "school": "other"}).status_code == 200
    assert loaded(KIND, author).units == ["passwords"]
    assert "Lesson 1 of" not in page(cast.users["pupil"]) and "You make a password." in page(cast.users["pupil"])
    for who in ("director", "administrator", "pupil"):
        assert save(as_user(cast.users[who])).status_code == 403
    assert CourseLink.objects.get().school == cast.school


def test_studio_shows_what_is_set_and_the_lessons_as_pupils_see_them(cast: Cast, author: User) -> None:
    text = page(author, f"{COURSE}author_view/")
    assert cast.school.name in text and "Level 2, 10-12 years" in text and "Passing it on · Passwords" in text
    assert "Sam is asleep" in text and "Choose this" in text
    assert f'href="/kc/class/?school={cast.school.slug}"' in text
    assert not LessonRun.objects.exists()


def test_an_author_is_warned_of_what_is_missing(cast: Cast, author: User) -> None:
    found = loaded(KIND, author)
    assert not found.validate().messages
    found.units = ["gone"]
    assert "Choose the lessons again." in found.validate().messages[0].text
    found.level, found.units = 3, []
    assert "no lessons for this level" in found.validate().messages[0].text
    CourseLink.objects.all().delete()
    assert any("not linked" in message.text for message in found.validate().messages)


@pytest.mark.parametrize("wrong", [{"units": None}, {"tries": None}, {"tries": -1}, {"pass_mark": None}, {"pass_mark": 101}, {"after_due": "never"}])
def test_what_an_imported_course_brings_and_no_form_would_keep_is_said_and_stops_no_pupil(
    cast: Cast, author: User, published: list[Any], wrong: dict[str, Any]
) -> None:
    pupil = cast.users["pupil"]
    found = loaded(KIND, pupil, **wrong)
    told = " ".join(message.text for message in found.validate().messages)
    assert ("A setting of this block cannot be used." in told) == (wrong != {"units": None}), "without units it has all of them"
    assert "Save" in page(author, f"{COURSE}studio_view/") and cast.school.name in page(author, f"{COURSE}author_view/")
    assert "question 1 of 2" in page(pupil)
    finish(as_user(pupil))
    assert dict(published)["grade"]["value"] == 1.0
    assert LessonRun.objects.get().finished_at and "completion" in dict(published)


def test_lessons_that_are_gone_are_said_calmly(cast: Cast) -> None:
    loaded(KIND, cast.users["pupil"], units=["gone"])
    assert "There are no lessons for this level yet." in page(cast.users["pupil"])
    assert turn(as_user(cast.users["pupil"]), **PHOTO, choice="ask", seen=0).status_code == 404


def test_a_title_cannot_bring_markup(cast: Cast, author: User) -> None:
    assert save(as_user(author), display_name="<script>alert(1)</script>").status_code == 200
    assert "<script>alert" not in page(cast.users["pupil"])


def test_what_the_platform_asks_of_the_block(cast: Cast, author: User) -> None:
    block_class = XBlock.load_class("kc_media_literacy")
    assert block_class.has_score and block_class.has_custom_completion
    assert block_class.completion_mode == XBlockCompletionMode.COMPLETABLE
    found = loaded(KIND, cast.users["pupil"], display_name="Media")
    assert found.max_score() == 1.0 and not found.has_submitted_answer()
    with translation.override("nl"):
        told, index = found.student_view_data(), found.index_dictionary()
    assert json.loads(json.dumps(told)) == told, "it is kept with the course, as JSON, once for readers of every language"
    assert [one["title"] for one in told["lessons"]] == [{"nl": "Doorsturen", "en": "Passing it on"}, {"nl": "Wachtwoorden", "en": "Passwords"}]
    assert told["level"] == 2 and index["content_type"] == "Media literacy"
    assert index["content"] == {"display_name": "Media", "lessons": "Doorsturen Wachtwoorden Passing it on Passwords"}
    assert loaded(KIND, cast.users["pupil"], display_name="").index_dictionary()["content"]["display_name"]
    finish(as_user(cast.users["pupil"]))
    again = loaded(KIND, cast.users["pupil"])
    assert again.has_submitted_answer() and again.get_score() == again.calculate_score() == (1.0, 1.0)


def test_course_staff_grade_anew_and_by_hand_as_the_platform_does_it(cast: Cast, published: list[Any]) -> None:
    turn(as_user(cast.users["pupil"]), **PHOTO, choice="ask", seen=0)
    found = loaded(KIND, cast.users["pupil"])
    published.clear()
    found.units = ["sample"]
    found.rescore(only_if_higher=True)
    assert published == [("grade", {"value": 0.5, "max_value": 1.0, "only_if_higher": True})] and found.get_score() == (0.5, 1.0)
    found.units = []
    found.rescore(only_if_higher=True)
    assert found.get_score() == (0.5, 1.0), "a lower one is not kept"
    with clock.at(MONDAY + timedelta(days=300)):
        found.rescore(only_if_higher=False)
        assert found.get_score() == (0.5, 1.0), "a new school year takes no grade away"
    published.clear()
    assert found.weight is None
    found.set_score(Score(1.0, 1.0))
    found.publish_grade()
    assert published == [("grade", {"value": 1.0, "max_value": 1.0, "only_if_higher": None})]
    unseen = loaded(KIND, cast.users["classmate"])
    with pytest.raises(ValueError, match="answer"):
        unseen.rescore(only_if_higher=False)


def test_it_speaks_dutch(cast: Cast) -> None:
    client = as_user(cast.users["pupil"])
    client.cookies["django_language"] = "nl"
    text = client.get(COURSE).content.decode()
    assert "Les 1 van 2 · vraag 1 van 2" in text and "Sam slaapt op de foto." in text
    told = says(turn(client, **PHOTO, choice="ask", seen=0))
    assert "Vraag eerst of een foto mag." in told and "Next" not in told


# --- speed -----------------------------------------------------------------------------------------------------------


def counted(act: Any) -> int:
    with CaptureQueriesContext(connection) as found:
        act()
    return len([one for one in found if "SAVEPOINT" not in one["sql"]])


def test_looking_and_answering_ask_the_database_a_constant_number_of_times(cast: Cast) -> None:
    pupil = cast.people["pupil"]
    course = course_id("cast")

    def look() -> None:
        place = api.place_in(cast.users["pupil"], course)
        assert place is not None and place.pupil is not None
        api.module.learning(place.pupil, 2)

    first = counted(look)
    begin = counted(lambda: api.module.answer(pupil, 2, **PHOTO, choice="ask", seen=0))
    later = counted(lambda: api.module.answer(pupil, 2, **PASSWORD, choice="yes", seen=0))
    api.module.answer(pupil, 2, **PASSWORD, choice="no", seen=1)
    end = counted(lambda: api.module.answer(pupil, 2, **STRONG, choice="sentence", seen=0))
    assert counted(look) == first, "a pupil to whom no lesson was given costs no question about that"
    assert max(first, begin, later, end) <= 10, (first, begin, later, end)
