"""The media-literacy block: what a pupil sees, what an answer writes, what it earns, and what leaves no trace."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from xblock.completable import XBlockCompletionMode
from xblock.core import XBlock
from xblock.fields import Scope
from xblock.scorable import Score

from kc_xblock.media_literacy import PART, MediaLiteracyXBlock
from tests import module_world
from tests.cast import Cast, build_other_school, build_stranger
from tests.host import runtime
from tests.host.runtime import HostRuntime, course_id, usages
from workflows import api, clock, people, programme, schools
from workflows.models import Case, CourseLink, LessonAnswer, LessonRun, LogEntry
from workflows.schooldays import AMSTERDAM

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=AMSTERDAM)
COURSE = "/course/cast/"
USAGE = "cast.kc_media_literacy.d0.u0"
STAFF = (
    "mentor", "teacher", "director", "deputy", "board", "manager", "ict_coordinator", "mediamaster", "counsellor", "dpo",
    "communications", "personnel", "administrator",
)  # fmt: skip

PHOTO = {"unit": "sample", "scene": "sleeping-photo"}
SAD = {"unit": "sample", "scene": "sam-sees-it"}
PASSWORD = {"unit": "sample", "scene": "password"}
STRONG = {"unit": "passwords", "scene": "strong"}


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(MONDAY):
        yield


@pytest.fixture
def cast(settings: Any, monkeypatch: Any) -> Cast:
    module_world.prepare(settings, monkeypatch)
    monkeypatch.setattr(runtime, "BLOCKS", ("kc_media_literacy",))
    found = module_world.school(MONDAY.date())
    schools.link_course(found.school, by=None, course_key=course_id("cast"), group=found.group)
    return found


@pytest.fixture
def author(cast: Cast) -> User:
    """Course staff of no school."""
    return User.objects.create_user("author", is_staff=True)


@pytest.fixture
def published(monkeypatch: Any) -> list[tuple[str, dict[str, Any]]]:
    """Every grade and completion that a block publishes."""
    found: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(HostRuntime, "publish", lambda self, block, kind, data: found.append((kind, data)))
    return found


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: Any, path: str = COURSE, **query: Any) -> str:
    return signed_in(user).get(path, query).content.decode()


def turn(client: Client, what: str = "answer", *, whole: bool = False, usage: str = USAGE, **sent: Any) -> Any:
    """Send a form of the card, as its script does; `whole`: as a browser without it does."""
    headers = {} if whole else {PART: "1"}
    return client.post(f"/handler/{usage}/turn/", {"do": what, **sent}, headers=headers)


def says(answer: Any) -> str:
    """The words of an answer."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def block(user: Any, **fields: Any) -> MediaLiteracyXBlock:
    usages("cast")
    found = HostRuntime(user, "cast").get_block(USAGE)
    for name, value in fields.items():
        setattr(found, name, value)
    found.save()
    return found  # type: ignore[no-any-return] # the runtime has no type hints


def rows() -> dict[tuple[str, str], tuple[int, bool, bool]]:
    return {(row.unit, row.scene): (row.tries, row.right_first, row.solved) for row in LessonAnswer.objects.all()}


def finish(client: Client) -> None:
    turn(client, **PHOTO, choice="ask", seen=0)
    turn(client, **PASSWORD, choice="no", seen=0)
    turn(client, **STRONG, choice="sentence", seen=0)


# --- a pupil ---------------------------------------------------------------------------------------------------------


def test_a_pupil_finds_one_question_and_where_they_are_in_words(cast: Cast) -> None:
    text = page(cast.users["pupil"])
    assert "Lesson 1 of 2 · question 1 of 2" in text
    assert '<progress max="2" value="0"' in text
    assert "Sam is asleep" in text and "Your father asks" not in text
    assert " checked" not in text, "nothing is chosen beforehand"
    assert not LessonRun.objects.exists(), "looking writes nothing"


def test_a_right_answer_is_explained_by_the_school_s_own_rule(cast: Cast, published: list[Any]) -> None:
    client = signed_in(cast.users["pupil"])
    answer = turn(client, **PHOTO, choice="ask", seen=0)
    text = says(answer)
    assert answer.status_code == 200 and answer.headers[PART] == "1"
    assert "Yes, that is right!" in text and "Sam decides about the own photo." in text
    assert "The rule at your school: Ask first whether a photo is fine. (3b)" in text
    body = answer.content.decode()
    assert body.index('role="status"') < body.index("Next question") < body.index("Sam is asleep"), "feedback first, then next, then the question"
    assert rows() == {("sample", "sleeping-photo"): (1, True, True)}
    assert published == [("grade", {"value": 1 / 3, "max_value": 1.0, "only_if_higher": True})]


def test_a_wrong_answer_is_explained_and_can_be_tried_again(cast: Cast, published: list[Any]) -> None:
    client = signed_in(cast.users["pupil"])
    turn(client, **PHOTO, choice="ask", seen=0)
    text = says(turn(client, **PASSWORD, choice="yes", seen=0))
    assert "Not quite." in text and "At your school you keep it to yourself." in text and "Try again." in text
    assert "(you tried this one)" in text and "Choose this" in text and "Next question" not in text
    assert rows()["sample", "password"] == (1, False, False)
    text = says(turn(client, **PASSWORD, choice="no", seen=1))
    assert "Yes, you found it!" in text
    assert rows()["sample", "password"] == (2, False, True)


def test_a_choice_can_lead_to_what_comes_of_it_and_back(cast: Cast) -> None:
    client = signed_in(cast.users["pupil"])
    text = says(turn(client, **PHOTO, choice="forward", seen=0))
    assert "Sam does not know about this." in text and "See what happens" in text and "Choose this" not in text
    assert "extra question" in page(cast.users["pupil"]), "it resumes there"
    text = says(turn(client, **SAD, choice="sorry", seen=0))
    assert "That puts it right." in text and "Back to the question" in text
    text = says(turn(client, "show", unit="sample"))
    assert "question 1 of 2" in text and "Sam is asleep" in text
    turn(client, **PHOTO, choice="ask", seen=1)
    assert rows()["sample", "sleeping-photo"] == (2, False, True)


def test_it_resumes_where_the_pupil_stopped(cast: Cast) -> None:
    client = signed_in(cast.users["pupil"])
    turn(client, **PHOTO, choice="ask", seen=0)
    text = page(cast.users["pupil"])
    assert "question 2 of 2" in text and "Your father asks" in text and '<progress max="2" value="1"' in text
    turn(client, "show", unit="passwords")
    assert "Lesson 2 of 2 · question 1 of 1" in page(cast.users["pupil"])


def test_a_pupil_who_is_led_to_a_lesson_finds_it_until_they_choose_another(cast: Cast) -> None:
    client = signed_in(cast.users["pupil"])
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
    client = signed_in(cast.users["pupil"])
    told = client.get(COURSE).content.decode()
    assert "These lessons open later" in told and "Class talk about the rules" in told and "Ask your teacher" in told
    refused = turn(client, **PHOTO, choice="ask", seen=0)
    assert refused.status_code == 409 and "open later" in says(refused) and not LessonRun.objects.exists()
    assert "Your pupils cannot begin yet." in page(cast.users["mentor"])
    programme.tick_off(cast.group, "class_talk", by=cast.users["mentor"])
    assert turn(client, **PHOTO, choice="ask", seen=0).status_code == 200
    assert "Your pupils cannot begin yet." not in page(cast.users["mentor"])


def test_the_end_of_a_lesson_has_its_rules_and_two_cards_to_talk_about_it(cast: Cast) -> None:
    client = signed_in(cast.users["pupil"])
    turn(client, **PHOTO, choice="ask", seen=0)
    assert "Finish this lesson" in says(turn(client, **PASSWORD, choice="no", seen=0))
    text = says(turn(client, "show", unit="sample"))
    assert "You finished “Passing it on”." in text
    assert "Ask first whether a photo is fine." in text
    assert "In class When do you pass something on?" in text and "At home Who may see a photo of you?" in text
    assert "Next lesson: Passwords" in text


def test_finishing_all_lessons_gives_the_grade_and_the_completion(cast: Cast, published: list[Any]) -> None:
    client = signed_in(cast.users["pupil"])
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
    finish(signed_in(cast.users["pupil"]))
    with clock.at(MONDAY + timedelta(days=200)):
        assert "question 1 of 2" in page(cast.users["pupil"])
        turn(signed_in(cast.users["pupil"]), **PHOTO, choice="ask", seen=0)
    assert sorted(LessonRun.objects.values_list("school_year", flat=True)) == ["2025-2026", "2026-2027"]


def test_a_pack_superseded_half_way_lets_the_pupil_finish_on_the_old_one(cast: Cast) -> None:
    pupil, classmate = signed_in(cast.users["pupil"]), signed_in(cast.users["classmate"])
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
    answer = turn(signed_in(cast.users["pupil"]), **sent)
    assert answer.status_code == status
    assert words in says(answer) and "Sam is asleep" in says(answer)
    assert not LessonRun.objects.exists()


def test_the_same_form_twice_counts_once(cast: Cast, published: list[Any]) -> None:
    client = signed_in(cast.users["pupil"])
    for _time in range(2):
        assert "Sam does not know" in says(turn(client, **PHOTO, choice="forward", seen=0))
    assert rows()["sample", "sleeping-photo"] == (1, False, False)
    for _time in range(3):
        assert "you found it" in says(turn(client, **PHOTO, choice="ask", seen=1))
    assert rows()["sample", "sleeping-photo"] == (2, False, True)
    assert len(published) == 2, "one grade when it began, one when it rose"


def test_after_the_end_nothing_can_be_spoilt(cast: Cast, published: list[Any]) -> None:
    client = signed_in(cast.users["pupil"])
    finish(client)
    before, run, told = rows(), LessonRun.objects.get().finished_at, len(published)
    with clock.at(MONDAY + timedelta(days=1)):
        assert turn(client, **PHOTO, choice="forward", seen=1).status_code == 200
        assert turn(client, **PASSWORD, choice="yes", seen=0).status_code == 200
        assert turn(client, "again", unit="sample").status_code == 200
    assert (rows(), LessonRun.objects.get().finished_at, len(published)) == (before, run, told)


def test_a_get_answers_nothing(cast: Cast) -> None:
    client = signed_in(cast.users["pupil"])
    assert client.get(f"/handler/{USAGE}/turn/", {"do": "answer", **PHOTO, "choice": "ask", "seen": 0}).status_code == 405
    assert turn(client, "erase", **PHOTO, choice="ask", seen=0).status_code == 200
    assert not LessonRun.objects.exists()


def test_what_is_no_form_of_ours_is_answered_calmly(cast: Cast) -> None:
    form = f"/handler/{USAGE}/turn/"
    for who in ("pupil", "mentor"):
        client = signed_in(cast.users[who])
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
        client = signed_in(cast.users[who])
        assert "Nothing you do here is kept." in page(cast.users[who]), who
        first = turn(client, **PHOTO, choice="ask", seen=0)
        assert "Yes, that is right!" in says(first) and "Ask first whether a photo is fine." in says(first), who
        trail = re.findall(r'name="trail" value="([^"]*)"', first.content.decode())[0]
        assert "question 2 of 2" in says(turn(client, "show", unit="sample", trail=trail)), who
    assert not LessonRun.objects.exists() and not published


def test_an_author_of_no_school_sees_it_and_leaves_no_trace(cast: Cast, author: User, published: list[Any]) -> None:
    assert "Sam is asleep" in page(author)
    assert turn(signed_in(author), **PHOTO, choice="ask", seen=0).status_code == 200
    assert not LessonRun.objects.exists() and not published


def test_looking_as_somebody_else_earns_and_spoils_nothing(cast: Cast, author: User, published: list[Any]) -> None:
    client = signed_in(author)
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
    client = signed_in(director)
    client.post("/view-as/", {"user": cast.users["pupil"].pk})
    assert turn(client, **PHOTO, choice="ask", seen=0).status_code == 403
    assert not LessonRun.objects.exists() and not published


def test_strangers_other_schools_and_visitors_are_refused(cast: Cast) -> None:
    other = build_other_school("groningen", "vo", MONDAY.date())
    for user in (other.users["director"], other.users["mentor"], build_stranger()):
        user.is_staff = False
        user.save()
        assert "There is nothing here for you to do." in page(user)
        assert turn(signed_in(user), **PHOTO, choice="ask", seen=0).status_code == 403
    assert turn(Client(), **PHOTO, choice="ask", seen=0).status_code == 403
    assert "Sign in to see this part" in block(cast.users["pupil"]).public_view().content
    assert not LessonRun.objects.exists()


def test_a_pupil_who_left_and_an_unlinked_course(cast: Cast) -> None:
    for place in cast.people["pupil"].enrolments.all():
        people.end_enrolment(place, by=None, on=MONDAY.date() - timedelta(days=1))
    assert turn(signed_in(cast.users["pupil"]), **PHOTO, choice="ask", seen=0).status_code == 403
    CourseLink.objects.all().delete()
    assert "not linked to a school yet" in page(cast.users["classmate"])
    assert turn(signed_in(cast.users["classmate"]), **PHOTO, choice="ask", seen=0).status_code == 403
    assert not LessonRun.objects.exists()


def test_nobody_s_answers_are_anybody_else_s(cast: Cast) -> None:
    turn(signed_in(cast.users["pupil"]), **PHOTO, choice="ask", seen=0)
    assert "question 1 of 2" in page(cast.users["classmate"])
    assert {row.run.person for row in LessonAnswer.objects.all()} == {cast.people["pupil"]}


def test_no_row_and_no_field_says_what_was_chosen(cast: Cast) -> None:
    client = signed_in(cast.users["pupil"])
    turn(client, **PHOTO, choice="forward", seen=0)
    kept = {field.name for field in LessonAnswer._meta.get_fields()}
    assert kept == {"id", "run", "unit", "scene", "tries", "right_first", "solved", "at"}
    found = block(cast.users["pupil"])
    state = {name: getattr(found, name) for name, field in found.fields.items() if field.scope == Scope.user_state}
    assert state == {"place": "2025-2026/sample/sam-sees-it", "earned": 0.0}
    assert "forward" not in json.dumps([*LessonAnswer.objects.values_list("unit", "scene"), *LessonRun.objects.values_list("pins")])


# --- two blocks, no script -------------------------------------------------------------------------------------------


def test_two_blocks_on_one_page_share_no_id_and_no_place(cast: Cast) -> None:
    text = page(cast.users["pupil"], copies=2)
    ids = re.findall(r'\bid="(kc-[^"]+)"', text)
    assert len(ids) == len(set(ids)) and len({name.split("-u")[1][0] for name in ids}) == 2
    client = signed_in(cast.users["pupil"])
    turn(client, "show", unit="passwords", usage=USAGE.replace("u0", "u1"))
    text = client.get(COURSE, {"copies": 2}).content.decode()
    assert "Lesson 1 of 2" in text and "Lesson 2 of 2" in text


def test_two_blocks_with_other_lessons_are_one_way_through_the_level(cast: Cast, published: list[Any]) -> None:
    usages("cast", 2)
    for number, keys in enumerate((["sample"], ["passwords"])):
        found = HostRuntime(cast.users["pupil"], "cast").get_block(USAGE.replace("u0", f"u{number}"))
        found.units = keys
        found.save()
    client = signed_in(cast.users["pupil"])
    other = USAGE.replace("u0", "u1")
    assert turn(client, **PHOTO, choice="ask", seen=0, usage=other).status_code == 404, "not a lesson of that block"
    turn(client, **STRONG, choice="sentence", seen=0, usage=other)
    assert published == [("grade", {"value": 1.0, "max_value": 1.0, "only_if_higher": True}), ("completion", {"completion": 1.0})]
    assert LessonRun.objects.get().finished_at is None
    turn(client, **PHOTO, choice="ask", seen=0)
    turn(client, **PASSWORD, choice="no", seen=0)
    assert LessonRun.objects.get().finished_at == MONDAY


def test_what_was_done_in_one_block_can_be_counted_in_another(cast: Cast, published: list[Any]) -> None:
    usages("cast", 2)
    client, other = signed_in(cast.users["pupil"]), USAGE.replace("u0", "u1")
    finish(client)
    published.clear()
    assert "Let it count" not in says(turn(client, "show", unit="sample"))
    assert "Let them count here too." in says(turn(client, "show", unit="sample", usage=other)) and not published
    for _time in range(2):
        assert "Let it count" not in says(turn(client, "count", unit="sample", usage=other))
    assert published == [("grade", {"value": 1.0, "max_value": 1.0, "only_if_higher": True}), ("completion", {"completion": 1.0})]


def test_without_script_an_answer_is_a_page_of_its_own(cast: Cast) -> None:
    client = signed_in(cast.users["pupil"])
    answer = client.post(
        f"/handler/{USAGE}/turn/", {"do": "answer", **PHOTO, "choice": "ask", "seen": 0}, headers={"Referer": "http://testserver/course/cast/"}
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
    return client.post(f"/handler/{USAGE}/save_settings/", json.dumps(given), content_type="application/json")


def test_tries_that_count_and_practising_until_it_is_enough(cast: Cast, author: User, published: list[Any]) -> None:
    assert save(signed_in(author), tries="1", pass_mark="80").status_code == 200
    client = signed_in(cast.users["pupil"])
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
    assert rows()["sample", "password"] == (1, False, True), "that the very first try was wrong stays known"


@pytest.mark.parametrize(("after", "status", "kept", "told"), [("open", 200, 1, 1), ("practice", 200, 1, 0), ("closed", 409, 0, 0)])
def test_after_the_due_date(cast: Cast, published: list[Any], monkeypatch: Any, after: str, status: int, kept: int, told: int) -> None:
    block(cast.users["pupil"], after_due=after)
    monkeypatch.setattr(MediaLiteracyXBlock, "due", datetime(2026, 1, 1, tzinfo=AMSTERDAM), raising=False)
    client = signed_in(cast.users["pupil"])
    answer = turn(client, **PHOTO, choice="ask", seen=0)
    assert (answer.status_code, LessonAnswer.objects.count(), len(published)) == (status, kept, told)
    assert ("The last day for this was over." in page(cast.users["pupil"])) == (after == "closed")
    monkeypatch.setattr(MediaLiteracyXBlock, "graceperiod", timedelta(days=20000), raising=False)
    assert turn(client, **PHOTO, choice="ask", seen=0).status_code == 200


def test_settings_say_what_is_wrong_at_its_field_and_never_take_a_school(cast: Cast, author: User) -> None:
    client = signed_in(author)
    form = client.get(f"{COURSE}studio_view/").content.decode()
    assert cast.school.name in form and "Test Village" in form and 'name="school"' not in form and 'name="pack"' not in form
    wrong = save(client, display_name="a" * 121, level="7", tries="-1", pass_mark="9" * 5000, after_due="never")
    assert wrong.status_code == 422 and set(wrong.json()["error"]["fields"]) == {"display_name", "level", "tries", "pass_mark", "after_due"}
    assert save(client, **{"unit:2:passwords": "on", "unit:1:passwords": "on", "unit:2:gone": "on", "school": "other"}).status_code == 200
    assert block(author).units == ["passwords"]
    assert "Lesson 1 of" not in page(cast.users["pupil"]) and "You make a password." in page(cast.users["pupil"])
    for who in ("director", "administrator", "pupil"):
        assert save(signed_in(cast.users[who])).status_code == 403
    assert CourseLink.objects.get().school == cast.school


def test_studio_shows_what_is_set_and_the_lessons_as_pupils_see_them(cast: Cast, author: User) -> None:
    text = page(author, f"{COURSE}author_view/")
    assert cast.school.name in text and "Level 2, 10-12 years" in text and "Passing it on · Passwords" in text
    assert "Sam is asleep" in text and "Choose this" in text
    assert f'href="/kc/class/?school={cast.school.slug}"' in text
    assert not LessonRun.objects.exists()


def test_an_author_is_warned_of_what_is_missing(cast: Cast, author: User) -> None:
    found = block(author)
    found.course_id = course_id("cast")
    assert not found.validate().messages
    found.units = ["gone"]
    assert "Choose the lessons again." in found.validate().messages[0].text
    found.level, found.units = 3, []
    assert "no lessons for this level" in found.validate().messages[0].text
    CourseLink.objects.all().delete()
    assert any("not linked" in message.text for message in found.validate().messages)


def test_lessons_that_are_gone_are_said_calmly(cast: Cast) -> None:
    block(cast.users["pupil"], units=["gone"])
    assert "There are no lessons for this level yet." in page(cast.users["pupil"])
    assert turn(signed_in(cast.users["pupil"]), **PHOTO, choice="ask", seen=0).status_code == 404


def test_a_title_cannot_bring_markup(cast: Cast, author: User) -> None:
    assert save(signed_in(author), display_name="<script>alert(1)</script>").status_code == 200
    assert "<script>alert" not in page(cast.users["pupil"])


def test_what_the_platform_asks_of_the_block(cast: Cast, author: User) -> None:
    block_class = XBlock.load_class("kc_media_literacy")
    assert block_class.has_score and block_class.has_custom_completion
    assert block_class.completion_mode == XBlockCompletionMode.COMPLETABLE
    found = block(cast.users["pupil"], display_name="Media")
    found.course_id = course_id("cast")
    assert found.max_score() == 1.0 and not found.has_submitted_answer()
    with translation.override("nl"):
        told, index = found.student_view_data(), found.index_dictionary()
    assert json.loads(json.dumps(told)) == told, "it is kept with the course, as JSON, once for readers of every language"
    assert [one["title"] for one in told["lessons"]] == [{"nl": "Doorsturen", "en": "Passing it on"}, {"nl": "Wachtwoorden", "en": "Passwords"}]
    assert told["level"] == 2 and index["content_type"] == "Media literacy"
    assert index["content"] == {"display_name": "Media", "lessons": "Doorsturen Wachtwoorden Passing it on Passwords"}
    assert block(cast.users["pupil"], display_name="").index_dictionary()["content"]["display_name"]
    finish(signed_in(cast.users["pupil"]))
    again = block(cast.users["pupil"])
    again.course_id = course_id("cast")
    assert again.has_submitted_answer() and again.get_score() == again.calculate_score() == (1.0, 1.0)


def test_course_staff_grade_anew_and_by_hand_as_the_platform_does_it(cast: Cast, published: list[Any]) -> None:
    turn(signed_in(cast.users["pupil"]), **PHOTO, choice="ask", seen=0)
    found = block(cast.users["pupil"])
    found.course_id = course_id("cast")
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
    unseen = block(cast.users["classmate"])
    with pytest.raises(ValueError, match="answer"):
        unseen.rescore(only_if_higher=False)


def test_it_speaks_dutch(cast: Cast) -> None:
    client = signed_in(cast.users["pupil"])
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
