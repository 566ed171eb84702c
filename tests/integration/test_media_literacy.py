"""The media-literacy block: what a pupil sees, what an answer writes, what it earns, and what leaves no trace."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from xblock.fields import Scope

from kc_xblock.media_literacy import PART
from tests.cast import Cast, build_other_school, build_stranger
from tests.course_page import COURSE, STAFF, loaded, page
from tests.module_world import KIND, PASSWORD, PHOTO, SAD, TURN, finish, kept, on_page, says, turn
from tests.stories import MONDAY, as_user
from workflows import clock, people, programme
from workflows.models import Case, CourseLink, LessonAnswer, LessonRun, LogEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


@pytest.fixture
def cast(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Cast:
    return on_page(settings, monkeypatch)


# --- a pupil ---------------------------------------------------------------------------------------------------------


def test_a_pupil_finds_one_question_and_where_they_are_in_words(cast: Cast) -> None:
    text = page(cast.users["pupil"])
    assert "Lesson 1 of 2 · question 1 of 2" in text
    assert '<progress max="2" value="0"' in text
    assert "Sam is asleep" in text and "Your father asks" not in text
    assert " checked" not in text, "nothing is chosen beforehand"
    assert not LessonRun.objects.exists(), "looking writes nothing"


def test_a_right_answer_is_explained_by_the_school_s_own_rule(cast: Cast, published: list[Any]) -> None:
    client = as_user(cast.users["pupil"])
    answer = turn(client, **PHOTO, choice="ask", seen=0)
    text = says(answer)
    assert answer.status_code == 200 and answer.headers[PART] == "1"
    assert "Yes, that is right!" in text and "Sam decides about the own photo." in text
    assert "The rule at your school: Ask first whether a photo is fine. (3b)" in text
    body = answer.content.decode()
    assert body.index('role="status"') < body.index("Next question") < body.index("Sam is asleep"), "feedback first, then next, then the question"
    assert kept() == {("sample", "sleeping-photo"): (1, True, True)}
    assert published == [("grade", {"value": 1 / 3, "max_value": 1.0, "only_if_higher": True})]


def test_a_wrong_answer_is_explained_and_can_be_tried_again(cast: Cast, published: list[Any]) -> None:
    client = as_user(cast.users["pupil"])
    turn(client, **PHOTO, choice="ask", seen=0)
    text = says(turn(client, **PASSWORD, choice="yes", seen=0))
    assert "Not quite." in text and "At your school you keep it to yourself." in text and "Try again." in text
    assert "(you tried this one)" in text and "Choose this" in text and "Next question" not in text
    assert kept()["sample", "password"] == (1, False, False)
    text = says(turn(client, **PASSWORD, choice="no", seen=1))
    assert "Yes, you found it!" in text
    assert kept()["sample", "password"] == (2, False, True)


def test_a_choice_can_lead_to_what_comes_of_it_and_back(cast: Cast) -> None:
    client = as_user(cast.users["pupil"])
    text = says(turn(client, **PHOTO, choice="forward", seen=0))
    assert "Sam does not know about this." in text and "See what happens" in text and "Choose this" not in text
    assert "extra question" in page(cast.users["pupil"]), "it resumes there"
    text = says(turn(client, **SAD, choice="sorry", seen=0))
    assert "That puts it right." in text and "Back to the question" in text
    text = says(turn(client, "show", unit="sample"))
    assert "question 1 of 2" in text and "Sam is asleep" in text
    turn(client, **PHOTO, choice="ask", seen=1)
    assert kept()["sample", "sleeping-photo"] == (2, False, True)


def test_it_resumes_where_the_pupil_stopped(cast: Cast) -> None:
    client = as_user(cast.users["pupil"])
    turn(client, **PHOTO, choice="ask", seen=0)
    text = page(cast.users["pupil"])
    assert "question 2 of 2" in text and "Your father asks" in text and '<progress max="2" value="1"' in text
    turn(client, "show", unit="passwords")
    assert "Lesson 2 of 2 · question 1 of 1" in page(cast.users["pupil"])


def test_a_pupil_who_is_led_to_a_lesson_finds_it_until_they_choose_another(cast: Cast) -> None:
    client = as_user(cast.users["pupil"])
    session = client.session
    session["kc_lesson"] = "2/passwords"
    session.save()
    shown = client.get(COURSE, {"copies": 2}).content.decode()
    assert shown.count('id="kc-lesson"') == 1 and "You make a password." in shown
    assert "Passing it on" in says(turn(client, "show", unit="sample")) and "kc_lesson" not in client.session
    assert 'id="kc-lesson"' not in client.get(COURSE).content.decode()


def test_lessons_that_wait_for_a_part_of_the_programme_say_so_and_whom_to_ask(cast: Cast) -> None:
    cast.school.settings = {"lessons_open_after_class_talk": True}
    cast.school.save()
    client = as_user(cast.users["pupil"])
    told = client.get(COURSE).content.decode()
    assert "These lessons open later" in told and "Class talk about the rules" in told and "Ask your teacher" in told
    refused = turn(client, **PHOTO, choice="ask", seen=0)
    assert refused.status_code == 409 and "open later" in says(refused) and not LessonRun.objects.exists()
    assert "Your pupils cannot begin yet." in page(cast.users["mentor"])
    programme.tick_off(cast.group, "class_talk", by=cast.users["mentor"])
    assert turn(client, **PHOTO, choice="ask", seen=0).status_code == 200
    assert "Your pupils cannot begin yet." not in page(cast.users["mentor"])


def test_the_end_of_a_lesson_has_its_rules_and_two_cards_to_talk_about_it(cast: Cast) -> None:
    client = as_user(cast.users["pupil"])
    turn(client, **PHOTO, choice="ask", seen=0)
    assert "Finish this lesson" in says(turn(client, **PASSWORD, choice="no", seen=0))
    text = says(turn(client, "show", unit="sample"))
    assert "You finished “Passing it on”." in text
    assert "Ask first whether a photo is fine." in text
    assert "In class When do you pass something on?" in text and "At home Who may see a photo of you?" in text
    assert "Next lesson: Passwords" in text


def test_finishing_all_lessons_gives_the_grade_and_the_completion(cast: Cast, published: list[Any]) -> None:
    client = as_user(cast.users["pupil"])
    finish(client)
    assert [data["value"] for kind, data in published if kind == "grade"] == [1 / 3, 2 / 3, 1.0]
    assert [data for kind, data in published if kind == "completion"] == [{"completion": 1.0}]
    run = LessonRun.objects.get()
    assert (run.person, run.level, run.school_year, run.finished_at) == (cast.people["pupil"], 2, "2025-2026", MONDAY)
    assert not Case.objects.exists() and not LogEntry.objects.exists()
    text = page(cast.users["pupil"])
    assert "You did all the lessons." in text and "/kc/diploma/mine/" in text
    assert "/kc/diploma/" not in page(cast.users["mentor"]) and "/kc/class/?school=" in page(cast.users["mentor"])


def test_the_next_school_year_begins_anew(cast: Cast) -> None:
    finish(as_user(cast.users["pupil"]))
    with clock.at(MONDAY + timedelta(days=200)):
        assert "question 1 of 2" in page(cast.users["pupil"])
        turn(as_user(cast.users["pupil"]), **PHOTO, choice="ask", seen=0)
    assert sorted(LessonRun.objects.values_list("school_year", flat=True)) == ["2025-2026", "2026-2027"]


def test_a_pack_superseded_half_way_lets_the_pupil_finish_on_the_old_one(cast: Cast) -> None:
    pupil, classmate = as_user(cast.users["pupil"]), as_user(cast.users["classmate"])
    turn(pupil, **PHOTO, choice="ask", seen=0)
    with clock.at(MONDAY + timedelta(days=40)):
        assert "Yes, that is right!" in says(turn(pupil, **PASSWORD, choice="no", seen=0))
        text = says(turn(classmate, **PHOTO, choice="ask", seen=0))
        assert "No photo without asking. (3b)" in text
        text = says(turn(classmate, **PASSWORD, choice="yes", seen=0))
        assert "They may know it at home." in text and "Your parents may know your password. (1)" in text
    pins = {run.person.pk: run.pins["layers"]["toetsdorp"] for run in LessonRun.objects.all()}
    assert pins == {cast.people["pupil"].pk: "2025-08-01", cast.people["classmate"].pk: "2026-04-01"}


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({**PASSWORD, "choice": "no", "seen": 0}, 409, "That question comes later. First this one."),
        ({**SAD, "choice": "sorry", "seen": 0}, 409, "That question comes later."),
        ({**PHOTO, "seen": 0}, 422, "Choose one of the answers first."),
        ({**PHOTO, "choice": "z", "seen": 0}, 422, "Choose one of the answers first."),
        ({"unit": "sample", "scene": "z", "choice": "a", "seen": 0}, 404, "not in these lessons any more"),
        ({"unit": "z", "scene": "z", "choice": "a", "seen": 0}, 404, "not in these lessons any more"),
        ({}, 404, "not in these lessons any more"),
        ({**PHOTO, "choice": "\x00", "seen": "9" * 5000}, 422, "Choose one of the answers first."),
    ],
)
def test_what_is_not_asked_for_now_is_refused_in_words_and_the_question_stays(cast: Cast, sent: Any, status: int, words: str) -> None:
    answer = turn(as_user(cast.users["pupil"]), **sent)
    assert answer.status_code == status
    assert words in says(answer) and "Sam is asleep" in says(answer)
    assert not LessonRun.objects.exists()


def test_the_same_form_twice_counts_once(cast: Cast, published: list[Any]) -> None:
    client = as_user(cast.users["pupil"])
    for _time in range(2):
        assert "Sam does not know" in says(turn(client, **PHOTO, choice="forward", seen=0))
    assert kept()["sample", "sleeping-photo"] == (1, False, False)
    for _time in range(3):
        assert "you found it" in says(turn(client, **PHOTO, choice="ask", seen=1))
    assert kept()["sample", "sleeping-photo"] == (2, False, True)
    assert len(published) == 2, "one grade when it began, one when it rose"


def test_after_the_end_nothing_can_be_spoilt(cast: Cast, published: list[Any]) -> None:
    client = as_user(cast.users["pupil"])
    finish(client)
    before, run, told = kept(), LessonRun.objects.get().finished_at, len(published)
    with clock.at(MONDAY + timedelta(days=1)):
        assert turn(client, **PHOTO, choice="forward", seen=1).status_code == 200
        assert turn(client, **PASSWORD, choice="yes", seen=0).status_code == 200
        assert turn(client, "again", unit="sample").status_code == 200
    assert (kept(), LessonRun.objects.get().finished_at, len(published)) == (before, run, told)


def test_a_get_answers_nothing(cast: Cast) -> None:
    client = as_user(cast.users["pupil"])
    assert client.get(TURN, {"do": "answer", **PHOTO, "choice": "ask", "seen": 0}).status_code == 405
    assert turn(client, "erase", **PHOTO, choice="ask", seen=0).status_code == 200
    assert not LessonRun.objects.exists()


def test_what_is_no_form_of_ours_is_answered_calmly(cast: Cast) -> None:
    form = TURN
    for who in ("pupil", "mentor"):
        client = as_user(cast.users[who])
        file = {"do": "answer", **PHOTO, "choice": BytesIO(b"x"), "seen": BytesIO(b"x"), "trail": BytesIO(b"x")}
        assert client.post(form, file).status_code == 422
        for body, kind in (
            (b"do=answer&unit=%ff%fe&scene=%00", "application/x-www-form-urlencoded"),
            (b'{"do": "answer"}', "application/json"),
            (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
            (b"", "multipart/form-data"),
        ):
            assert client.post(form, body, content_type=kind).status_code in (200, 404), (body, kind)
    assert not LessonRun.objects.exists()


def test_a_form_needs_the_csrf_token(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.users["pupil"])
    assert turn(client, **PHOTO, choice="ask", seen=0).status_code == 403
    text = client.get(COURSE).content.decode()
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', text.split("data-part")[1])[0]
    assert turn(client, whole=True, **PHOTO, choice="ask", seen=0, csrfmiddlewaretoken=token).status_code == 200


# --- who earns, and who does not -------------------------------------------------------------------------------------


def test_staff_walk_through_it_and_leave_no_trace(cast: Cast, published: list[Any]) -> None:
    for who in STAFF:
        client = as_user(cast.users[who])
        assert "Nothing you do here is kept." in page(cast.users[who]), who
        first = turn(client, **PHOTO, choice="ask", seen=0)
        assert "Yes, that is right!" in says(first) and "Ask first whether a photo is fine." in says(first), who
        trail = re.findall(r'name="trail" value="([^"]*)"', first.content.decode())[0]
        assert "question 2 of 2" in says(turn(client, "show", unit="sample", trail=trail)), who
    assert not LessonRun.objects.exists() and not published


def test_an_author_of_no_school_sees_it_and_leaves_no_trace(cast: Cast, author: User, published: list[Any]) -> None:
    assert "Sam is asleep" in page(author)
    assert turn(as_user(author), **PHOTO, choice="ask", seen=0).status_code == 200
    assert not LessonRun.objects.exists() and not published


def test_looking_as_somebody_else_earns_and_spoils_nothing(cast: Cast, author: User, published: list[Any]) -> None:
    client = as_user(author)
    for who in ("pupil", "mentor", "director"):
        client.post("/view-as/", {"user": cast.users[who].pk})
        assert "You are looking as somebody else." in client.get(COURSE).content.decode(), who
        for what in ("answer", "show", "again"):
            answer = turn(client, what, **PHOTO, choice="ask", seen=0)
            assert answer.status_code == 403 and "You are looking as somebody else." in says(answer), who
    assert not LessonRun.objects.exists() and not published


def test_a_director_who_looks_as_a_pupil_earns_nothing_for_them(cast: Cast, published: list[Any]) -> None:
    director = cast.users["director"]
    director.is_staff = True
    director.save()
    client = as_user(director)
    client.post("/view-as/", {"user": cast.users["pupil"].pk})
    assert turn(client, **PHOTO, choice="ask", seen=0).status_code == 403
    assert not LessonRun.objects.exists() and not published


def test_strangers_other_schools_and_visitors_are_refused(cast: Cast) -> None:
    other = build_other_school("groningen", "vo", MONDAY.date())
    for user in (other.users["director"], other.users["mentor"], build_stranger()):
        user.is_staff = False
        user.save()
        assert "There is nothing here for you to do." in page(user)
        assert turn(as_user(user), **PHOTO, choice="ask", seen=0).status_code == 403
    assert turn(Client(), **PHOTO, choice="ask", seen=0).status_code == 403
    assert "Sign in to see this part" in loaded(KIND, cast.users["pupil"]).public_view().content
    assert not LessonRun.objects.exists()


def test_a_pupil_who_left_and_an_unlinked_course(cast: Cast) -> None:
    for place in cast.people["pupil"].enrolments.all():
        people.end_enrolment(place, by=None, on=MONDAY.date() - timedelta(days=1))
    assert turn(as_user(cast.users["pupil"]), **PHOTO, choice="ask", seen=0).status_code == 403
    CourseLink.objects.all().delete()
    assert "not linked to a school yet" in page(cast.users["classmate"])
    assert turn(as_user(cast.users["classmate"]), **PHOTO, choice="ask", seen=0).status_code == 403
    assert not LessonRun.objects.exists()


def test_nobody_s_answers_are_anybody_else_s(cast: Cast) -> None:
    turn(as_user(cast.users["pupil"]), **PHOTO, choice="ask", seen=0)
    assert "question 1 of 2" in page(cast.users["classmate"])
    assert {row.run.person for row in LessonAnswer.objects.all()} == {cast.people["pupil"]}


def test_no_row_and_no_field_says_what_was_chosen(cast: Cast) -> None:
    client = as_user(cast.users["pupil"])
    turn(client, **PHOTO, choice="forward", seen=0)
    columns = {field.name for field in LessonAnswer._meta.get_fields()}
    assert columns == {"id", "run", "unit", "scene", "tries", "right_first", "solved", "at"}
    found = loaded(KIND, cast.users["pupil"])
    state = {name: getattr(found, name) for name, field in found.fields.items() if field.scope == Scope.user_state}
    assert state == {"place": "2025-2026/sample/sam-sees-it", "earned": 0.0}
    assert "forward" not in json.dumps([*LessonAnswer.objects.values_list("unit", "scene"), *LessonRun.objects.values_list("pins")])
