"""The card in a lesson: who sees what, who may do what, and what never stands there."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast, build, build_other_school, build_stranger
from tests.course_page import COURSE, STAFF, handler, loaded, page, post_json, put_on_page
from tests.host.runtime import course_id
from tests.stories import MONDAY, as_user
from workflows import api, clock, people
from workflows.models import Case, CourseLink, Involvement, Submission

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

PUPILS = ("pupil", "classmate", "adult_pupil")
SECRET = "Het filmpje staat in de groepsapp."


@pytest.fixture
def cast(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    return put_on_page("kc_case_desk", cast, monkeypatch)


def send(client: Client, name: str, key: str | None = None, **answers: Any) -> Any:
    return post_json(client, "kc_case_desk", name, {"key": key or str(uuid4()), "answers": answers})


def incident(cast: Cast, by: str = "mentor", **data: Any) -> Case:
    given = {"category": "threat", "suspects": [cast.people["pupil"]], "targets": [cast.people["classmate"]], "story": SECRET, **data}
    return api.open_case(by=cast.users[by], school=cast.school, data=given).case


def help_asked(cast: Cast) -> dict[str, Any]:
    return {"category": "threat", "story": "Ik krijg nare berichten.", "help_contact": "mentor"}


# --- who sees what ---------------------------------------------------------------------------------------------------


def test_a_mentor_finds_the_group_its_pupils_and_a_form_with_nothing_chosen(cast: Cast) -> None:
    text = page(cast.users["mentor"])
    assert "De Verzonnen School · Klas 3b" in text
    for pupil in PUPILS:
        assert cast.people[pupil].full_name in text
    assert " checked" not in text and " selected" not in text


def test_waiting_work_stands_there_without_a_name_or_a_reason(cast: Cast) -> None:
    case = incident(cast)
    for who in ("mentor", "director", "board"):
        text = page(cast.users[who])
        on_the_screen = text.split('class="kc-block"')[1].split("<form")[0]
        assert SECRET not in text and "hreat" not in on_the_screen
        assert cast.people["pupil"].given_name not in on_the_screen
    assert f"/kc/case/{case.key}/" in page(cast.users["mentor"])
    assert case.display_number in page(cast.users["mentor"])


def test_a_director_finds_the_decisions_that_wait(cast: Cast) -> None:
    case = incident(cast)
    data = {"severity": 3, "scope": "school_related", "capacity": "personal", "published": True, "possibly_criminal": False}
    api.perform(case, "incident.triage", by=cast.users["director"], data=data)
    proposal = {"kind": "warning", "reason": "Herhaald.", "rule_followed": "Huisregel 3"}
    measure = api.open_child(case, "measure.propose", by=cast.users["mentor"], data=proposal).case
    text = page(cast.users["director"])
    assert f"/kc/case/{measure.key}/decide/" in text and "1 decision" in text
    assert f"/kc/case/{measure.key}/decide/" not in page(cast.users["mentor"])


@pytest.mark.parametrize("who", PUPILS)
def test_a_pupil_is_helped_and_sees_no_case_and_no_other_pupil(cast: Cast, who: str) -> None:
    case = incident(cast)
    text = page(cast.users[who])
    for number in ("112", "0800-0113", "0800-0432", "0800-2000"):
        assert number in text
    assert "3 March 2026" in text, "when it will be read"
    assert str(case.key) not in text and SECRET not in text
    for other in PUPILS:
        assert other == who or cast.people[other].full_name not in text


def test_a_pupil_reads_of_an_own_case_after_the_release_alone(cast: Cast) -> None:
    case = incident(cast)
    assert str(case.key) not in page(cast.users["pupil"])
    api.record(case, "released", by=cast.users["director"], person=cast.people["pupil"])
    text = page(cast.users["pupil"])
    assert f"/kc/case/{case.key}/" in text and "School is working on this." in text
    assert SECRET not in text and cast.people["classmate"].given_name not in text
    assert str(case.key) not in page(cast.users["classmate"]), "the release was to somebody else"


def test_the_school_s_protocol_says_whom_a_pupil_may_ask(cast: Cast) -> None:
    text = page(cast.users["pupil"])
    assert 'value="mentor"' in text and 'value="teacher"' in text
    assert 'name="help_contact" value="director"' not in text


@pytest.mark.parametrize("power", ["superuser", "course staff"])
def test_power_on_the_platform_shows_nothing(cast: Cast, author: User, power: str) -> None:
    case = incident(cast)
    text = page(build_stranger() if power == "superuser" else author)
    assert "There is nothing here for you to do." in text
    assert str(case.key) not in text and cast.people["pupil"].given_name not in text.split("kc-block")[1].split("</div>")[0]
    assert "<form data-form" not in text


def test_people_of_another_school_are_strangers(cast: Cast) -> None:
    other = build_other_school("leyenburg", "vo", MONDAY.date())
    case = incident(cast)
    for who in ("director", "mentor", "administrator"):
        text = page(other.users[who])
        assert "There is nothing here for you to do." in text
        assert str(case.key) not in text and cast.school.name not in text


def test_an_unlinked_course_shows_one_sentence(cast: Cast) -> None:
    CourseLink.objects.all().delete()
    text = page(cast.users["director"])
    assert "This lesson is not linked to a school yet." in text and "<form data-form" not in text


def test_a_role_that_ended_is_a_role_no_more(cast: Cast) -> None:
    with clock.at(MONDAY + timedelta(days=400)):  # the deputy's term has ended
        assert "There is nothing here for you to do." in page(cast.users["deputy"])


def test_a_school_that_is_not_in_use_shows_nothing(cast: Cast) -> None:
    cast.school.is_active = False
    cast.school.save()
    assert "not linked to a school yet" in page(cast.users["mentor"])


def test_queries_do_not_grow_with_the_cases(cast: Cast) -> None:
    counts: dict[str, list[int]] = {}
    for _round in range(3):
        for who in ("mentor", "director", "board", "pupil"):
            place = api.place_in(cast.users[who], course_id("cast"))  # warms the packs, which are files
            assert place is not None
            with CaptureQueriesContext(connection) as asked:
                place = api.place_in(cast.users[who], course_id("cast"))
                assert place is not None
                (api.pupil_page if place.pupil else api.staff_page)(cast.users[who], place)
            counts.setdefault(who, []).append(len(asked))
        for _case in range(4):
            api.record(incident(cast), "released", by=cast.users["director"], person=cast.people["pupil"])
    assert all(len(set(numbers)) == 1 for numbers in counts.values()), counts
    assert counts["mentor"][0] <= 7 and counts["director"][0] <= 7 and max(max(numbers) for numbers in counts.values()) <= 10, counts


def test_two_cards_on_a_page_share_no_id(cast: Cast) -> None:
    text = page(cast.users["mentor"], copies=2)
    ids = re.findall(r'\bid="(kc-[^"]+)"', text)
    assert len(ids) > 10 and len(ids) == len(set(ids))
    assert set(re.findall(r'aria-(?:labelledby|describedby)="(kc-[^"]+)"', text)) <= set(ids)


def test_no_link_without_an_address_and_each_leaves_the_frame(cast: Cast) -> None:
    incident(cast)
    for who in ("mentor", "director", "pupil"):
        card = page(cast.users[who]).split("kc-block", 1)[1]
        for link in re.findall(r"<a\b[^>]*>", card.split("</section>")[0]):
            assert 'href="' in link and 'target="_top"' in link, link


# --- who may do what -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", STAFF)
def test_every_member_of_staff_can_open_a_case_and_is_told_who_knows(cast: Cast, who: str) -> None:
    answer = send(as_user(cast.users[who]), "open_case", category="threat", suspects=[str(cast.people["pupil"].pk)])
    assert answer.status_code == 200, answer.content
    case = Case.objects.get(type="incident")
    assert case.opened_by == cast.people[who] and case.facts["category"] == "threat"
    assert case.display_number in answer.json()["text"]
    assert f"/kc/case/{case.key}/" in answer.json()["url"]
    if who != "mentor":
        assert cast.people["mentor"].full_name in answer.json()["text"]


@pytest.mark.parametrize("who", STAFF)
def test_staff_do_not_ask_for_help_as_a_pupil(cast: Cast, who: str) -> None:
    assert send(as_user(cast.users[who]), "ask_help", **help_asked(cast)).status_code == 404
    assert not Case.objects.exists()


@pytest.mark.parametrize("who", PUPILS)
def test_a_pupil_asks_for_help_and_does_not_open_cases(cast: Cast, who: str) -> None:
    client = as_user(cast.users[who])
    assert send(client, "open_case", category="threat").status_code == 404
    assert not Case.objects.exists()
    answer = send(client, "ask_help", **help_asked(cast), about="me")
    assert answer.status_code == 200, answer.content
    case = Case.objects.get()
    assert case.opened_by == cast.people[who]
    assert set(Involvement.objects.filter(person=cast.people[who]).values_list("role", flat=True)) == {"reporter", "target"}
    assert "3 March 2026" in answer.json()["text"] and cast.people["mentor"].full_name in answer.json()["text"]


@pytest.mark.parametrize("name", ["open_case", "ask_help"])
def test_strangers_with_every_power_change_nothing(cast: Cast, author: User, name: str) -> None:
    other = build_other_school("leyenburg", "vo", MONDAY.date())
    for user in (build_stranger(), author, other.users["director"], other.users["mentor"], User.objects.create_user("lost")):
        answer = send(as_user(user), name, category="threat", story="x")
        assert answer.status_code == 404, user
        assert cast.school.name not in answer.content.decode()
    assert not Case.objects.exists() and not Submission.objects.exists()


@pytest.mark.parametrize("name", ["open_case", "ask_help", "save_settings"])
def test_a_visitor_is_refused(cast: Cast, name: str) -> None:
    assert send(Client(), name, category="threat").status_code == 403
    assert Client().get(handler("kc_case_desk", name)).status_code == 405
    assert not Case.objects.exists()


@pytest.mark.parametrize("who", ["pupil", "mentor", "director", "board"])
def test_looking_as_somebody_else_shows_nothing_and_writes_nothing(cast: Cast, author: User, who: str) -> None:
    case = incident(cast)
    client = as_user(author)
    client.post("/view-as/", {"user": cast.users[who].pk})
    text = client.get(COURSE).content.decode()
    assert "You are looking as somebody else." in text
    assert str(case.key) not in text and "<form data-form" not in text
    for name in ("open_case", "ask_help", "save_settings"):
        assert send(client, name, **help_asked(cast)).status_code == 403
    assert Case.objects.count() == 1 and not Submission.objects.exists()


def test_a_director_who_looks_as_a_pupil_writes_nothing_either(cast: Cast) -> None:
    director = cast.users["director"]
    director.is_staff = True
    director.save()
    client = as_user(director)
    client.post("/view-as/", {"user": cast.users["pupil"].pk})
    assert "You are looking as somebody else." in client.get(COURSE).content.decode()
    assert send(client, "ask_help", **help_asked(cast)).status_code == 403
    assert not Case.objects.exists()


def test_handlers_need_the_csrf_token(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.users["mentor"])
    assert send(client, "open_case", category="threat").status_code == 403
    token = client.get(COURSE).cookies["csrftoken"].value
    body = json.dumps({"key": str(uuid4()), "answers": {"category": "threat"}})
    answer = client.post(handler("kc_case_desk", "open_case"), body, content_type="application/json", headers={"X-CSRFToken": token})
    assert answer.status_code == 200


def test_the_same_form_twice_is_one_case_and_never_somebody_else_s(cast: Cast) -> None:
    key = str(uuid4())
    client = as_user(cast.users["mentor"])
    first = send(client, "open_case", key, category="threat").json()
    assert send(client, "open_case", key, category="threat").json()["url"] == first["url"]
    assert Case.objects.count() == 1
    other = send(as_user(cast.users["teacher"]), "open_case", key, category="threat").json()
    assert other["url"] != first["url"] and Case.objects.count() == 2


def test_what_is_missing_is_said_at_its_field(cast: Cast) -> None:
    answer = send(as_user(cast.users["mentor"]), "open_case")
    assert answer.status_code == 422 and "category" in answer.json()["error"]["fields"]
    answer = send(as_user(cast.users["pupil"]), "ask_help")
    assert answer.status_code == 422 and set(answer.json()["error"]["fields"]) == {"story", "category", "help_contact"}
    assert not Case.objects.exists()


def test_what_the_protocol_refuses_comes_with_its_reason_and_article(cast: Cast) -> None:
    answer = send(as_user(cast.users["pupil"]), "ask_help", **{**help_asked(cast), "help_contact": "director"})
    assert answer.status_code == 409
    (reason,) = answer.json()["error"]["reasons"]
    assert reason["field"] == "help_contact" and reason["text"] and reason["articles"]
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ([], 400),
        ({"answers": "threat"}, 400),
        ({"key": "1", "answers": {"category": "threat"}}, 400),
        ({"key": "3a9f2f0e-5a0a-4c08-9f55-0d3a3a3a3a3a", "answers": {"category": "threat", "state": "closed"}}, 400),
        ({"key": "3a9f2f0e-5a0a-4c08-9f55-0d3a3a3a3a3a", "answers": {"category": ["threat"]}}, 400),
        ({"key": "3a9f2f0e-5a0a-4c08-9f55-0d3a3a3a3a3a", "answers": {"category": "threat", "suspects": [1]}}, 400),
        ({"key": "3a9f2f0e-5a0a-4c08-9f55-0d3a3a3a3a3a", "answers": {"category": "no such thing"}}, 422),
        ({"key": "3a9f2f0e-5a0a-4c08-9f55-0d3a3a3a3a3a", "answers": {"category": "threat", "suspects": ["999999"]}}, 422),
        ({"key": "3a9f2f0e-5a0a-4c08-9f55-0d3a3a3a3a3a", "answers": {"category": "threat", "story": "a" * 5001}}, 422),
    ],
)
def test_hand_made_posts_are_refused(cast: Cast, sent: Any, status: int) -> None:
    answer = post_json(as_user(cast.users["mentor"]), "kc_case_desk", "open_case", sent)
    assert answer.status_code == status and answer.json()["error"]["text"]
    assert not Case.objects.exists()


def test_a_pupil_of_another_school_cannot_be_named(cast: Cast) -> None:
    other = build("leyenburg", "vo", MONDAY.date(), slug="elsewhere")
    answer = send(as_user(cast.users["mentor"]), "open_case", category="threat", suspects=[str(other.people["pupil"].pk)])
    assert answer.status_code == 422


def test_a_pupil_keeps_somebody_out_and_names_nobody(cast: Cast) -> None:
    client = as_user(cast.users["pupil"])
    mentor = cast.people["mentor"]
    answer = send(client, "ask_help", **help_asked(cast), exclude=[str(mentor.pk)])
    assert answer.status_code == 200 and mentor.full_name not in answer.json()["text"]
    case = Case.objects.get()
    assert str(case.key) not in page(cast.users["mentor"])
    assert str(case.key) in page(cast.users["director"]) or case in api.visible_to(cast.users["director"])
    assert send(client, "ask_help", **help_asked(cast), exclude=[str(cast.people["classmate"].pk)]).status_code == 422
    assert send(client, "ask_help", **help_asked(cast), suspects=[str(cast.people["classmate"].pk)]).status_code == 400


def test_on_the_hard_route_the_opener_gets_a_number_and_no_link(cast: Cast) -> None:
    answer = send(
        as_user(cast.users["teacher"]), "open_case", category="sexual_misconduct", suspects=[str(cast.people["manager"].pk)]
    )
    assert answer.status_code == 200
    told = answer.json()
    assert told["url"] == "" and Case.objects.get().display_number in told["text"] and "board" in told["text"]


def test_the_name_of_the_lesson_comes_with_the_case(cast: Cast) -> None:
    loaded("kc_case_desk", cast.users["mentor"], lesson="Les 3: Foto’s delen")
    assert send(as_user(cast.users["mentor"]), "open_case", category="threat").status_code == 200
    assert Case.objects.get().log.get().words.get(field="lesson").text == "Les 3: Foto’s delen"


def test_the_card_speaks_dutch(cast: Cast) -> None:
    for who in ("mentor", "pupil"):
        client = as_user(cast.users[who])
        client.cookies["django_language"] = "nl"
        text = client.get(COURSE).content.decode()
        assert "Is er online iets gebeurd?" in text and "Did something happen online?" not in text


def test_a_pupil_who_left_is_nobody_here(cast: Cast) -> None:
    for place in cast.people["pupil"].enrolments.all():
        people.end_enrolment(place, by=None, on=MONDAY.date() - timedelta(days=1))
    assert "There is nothing here for you to do." in page(cast.users["pupil"])
    assert send(as_user(cast.users["pupil"]), "ask_help", **help_asked(cast)).status_code == 404
