"""The card in a lesson: who sees what, who may do what, and what never stands there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from xblock.completable import XBlockCompletionMode
from xblock.core import XBlock
from xblock.django.request import django_to_webob_request

from kc_xblock import compat, stylesheet
from kc_xblock.viewer import Seen, viewer_of
from tests.cast import Cast, build, build_other_school, build_stranger
from tests.host import runtime
from tests.host.runtime import HostRuntime, course_id, usages
from workflows import api, clock, people, schools
from workflows.models import Case, CourseLink, Involvement, Submission
from workflows.schooldays import AMSTERDAM

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=AMSTERDAM)
COURSE = "/course/cast/"
HANDLER = "/handler/cast.kc_case_desk.d0.u0/"
STAFF = (
    "mentor", "teacher", "director", "deputy", "board", "manager", "ict_coordinator", "mediamaster", "counsellor", "dpo",
    "communications", "personnel", "administrator",
)  # fmt: skip
PUPILS = ("pupil", "classmate", "adult_pupil")
SECRET = "Het filmpje staat in de groepsapp."


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(MONDAY):
        yield


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(runtime, "BLOCKS", ("kc_case_desk",))
    found = build("groningen", "vo", MONDAY.date())
    schools.link_course(found.school, by=None, course_key=course_id("cast"), group=found.group)
    return found


@pytest.fixture
def author(cast: Cast) -> User:
    """Course staff of no school."""
    return User.objects.create_user("author", is_staff=True)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: Any, **query: Any) -> str:
    return signed_in(user).get(COURSE, query).content.decode()


def send(client: Client, name: str, key: str | None = None, **answers: Any) -> Any:
    body = {"key": key or str(uuid4()), "answers": answers}
    return client.post(f"{HANDLER}{name}/", json.dumps(body), content_type="application/json")


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
    import re

    text = page(cast.users["mentor"], copies=2)
    ids = re.findall(r'\bid="(kc-[^"]+)"', text)
    assert len(ids) > 10 and len(ids) == len(set(ids))
    assert set(re.findall(r'aria-(?:labelledby|describedby)="(kc-[^"]+)"', text)) <= set(ids)


def test_no_link_without_an_address_and_each_leaves_the_frame(cast: Cast) -> None:
    import re

    incident(cast)
    for who in ("mentor", "director", "pupil"):
        card = page(cast.users[who]).split("kc-block", 1)[1]
        for link in re.findall(r"<a\b[^>]*>", card.split("</section>")[0]):
            assert 'href="' in link and 'target="_top"' in link, link


# --- who may do what -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", STAFF)
def test_every_member_of_staff_can_open_a_case_and_is_told_who_knows(cast: Cast, who: str) -> None:
    answer = send(signed_in(cast.users[who]), "open_case", category="threat", suspects=[str(cast.people["pupil"].pk)])
    assert answer.status_code == 200, answer.content
    case = Case.objects.get(type="incident")
    assert case.opened_by == cast.people[who] and case.facts["category"] == "threat"
    assert case.display_number in answer.json()["text"]
    assert f"/kc/case/{case.key}/" in answer.json()["url"]
    if who != "mentor":
        assert cast.people["mentor"].full_name in answer.json()["text"]


@pytest.mark.parametrize("who", STAFF)
def test_staff_do_not_ask_for_help_as_a_pupil(cast: Cast, who: str) -> None:
    assert send(signed_in(cast.users[who]), "ask_help", **help_asked(cast)).status_code == 404
    assert not Case.objects.exists()


@pytest.mark.parametrize("who", PUPILS)
def test_a_pupil_asks_for_help_and_does_not_open_cases(cast: Cast, who: str) -> None:
    client = signed_in(cast.users[who])
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
        answer = send(signed_in(user), name, category="threat", story="x")
        assert answer.status_code == 404, user
        assert cast.school.name not in answer.content.decode()
    assert not Case.objects.exists() and not Submission.objects.exists()


@pytest.mark.parametrize("name", ["open_case", "ask_help", "save_settings"])
def test_a_visitor_is_refused(cast: Cast, name: str) -> None:
    assert send(Client(), name, category="threat").status_code == 403
    assert Client().get(f"{HANDLER}{name}/").status_code == 405
    assert not Case.objects.exists()


@pytest.mark.parametrize("who", ["pupil", "mentor", "director", "board"])
def test_looking_as_somebody_else_shows_nothing_and_writes_nothing(cast: Cast, author: User, who: str) -> None:
    case = incident(cast)
    client = signed_in(author)
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
    client = signed_in(director)
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
    answer = client.post(f"{HANDLER}open_case/", body, content_type="application/json", headers={"X-CSRFToken": token})
    assert answer.status_code == 200


def test_the_same_form_twice_is_one_case_and_never_somebody_else_s(cast: Cast) -> None:
    key = str(uuid4())
    client = signed_in(cast.users["mentor"])
    first = send(client, "open_case", key, category="threat").json()
    assert send(client, "open_case", key, category="threat").json()["url"] == first["url"]
    assert Case.objects.count() == 1
    other = send(signed_in(cast.users["teacher"]), "open_case", key, category="threat").json()
    assert other["url"] != first["url"] and Case.objects.count() == 2


def test_what_is_missing_is_said_at_its_field(cast: Cast) -> None:
    answer = send(signed_in(cast.users["mentor"]), "open_case")
    assert answer.status_code == 422 and "category" in answer.json()["error"]["fields"]
    answer = send(signed_in(cast.users["pupil"]), "ask_help")
    assert answer.status_code == 422 and set(answer.json()["error"]["fields"]) == {"story", "category", "help_contact"}
    assert not Case.objects.exists()


def test_what_the_protocol_refuses_comes_with_its_reason_and_article(cast: Cast) -> None:
    answer = send(signed_in(cast.users["pupil"]), "ask_help", **{**help_asked(cast), "help_contact": "director"})
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
    answer = signed_in(cast.users["mentor"]).post(f"{HANDLER}open_case/", json.dumps(sent), content_type="application/json")
    assert answer.status_code == status and answer.json()["error"]["text"]
    assert not Case.objects.exists()


def test_a_pupil_of_another_school_cannot_be_named(cast: Cast) -> None:
    other = build("leyenburg", "vo", MONDAY.date(), slug="elsewhere")
    answer = send(signed_in(cast.users["mentor"]), "open_case", category="threat", suspects=[str(other.people["pupil"].pk)])
    assert answer.status_code == 422


def test_a_pupil_keeps_somebody_out_and_names_nobody(cast: Cast) -> None:
    client = signed_in(cast.users["pupil"])
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
        signed_in(cast.users["teacher"]), "open_case", category="sexual_misconduct", suspects=[str(cast.people["manager"].pk)]
    )
    assert answer.status_code == 200
    told = answer.json()
    assert told["url"] == "" and Case.objects.get().display_number in told["text"] and "board" in told["text"]


def test_the_name_of_the_lesson_comes_with_the_case(cast: Cast) -> None:
    usages("cast")
    block = HostRuntime(cast.users["mentor"], "cast").get_block("cast.kc_case_desk.d0.u0")
    block.lesson = "Les 3: Foto’s delen"
    block.save()
    assert send(signed_in(cast.users["mentor"]), "open_case", category="threat").status_code == 200
    assert Case.objects.get().log.get().words.get(field="lesson").text == "Les 3: Foto’s delen"


# --- Studio, and the block itself ------------------------------------------------------------------------------------


def test_studio_explains_and_names_the_school(cast: Cast, author: User) -> None:
    text = signed_in(author).get(f"{COURSE}author_view/").content.decode()
    assert cast.school.name in text and cast.people["pupil"].given_name not in text.split("kc-block")[1]
    CourseLink.objects.all().delete()
    assert "Not linked yet." in signed_in(author).get(f"{COURSE}author_view/").content.decode()


def test_settings_are_a_title_and_a_lesson_and_never_the_school(cast: Cast, author: User) -> None:
    client = signed_in(author)
    form = client.get(f"{COURSE}studio_view/").content.decode()
    assert 'name="display_name"' in form and 'name="lesson"' in form and 'name="school"' not in form

    def save(client: Client, **sent: Any) -> Any:
        return client.post(f"{HANDLER}save_settings/", json.dumps(sent), content_type="application/json")

    assert save(client, display_name=" Hulp ", lesson="Les 3", school="other").status_code == 200
    assert CourseLink.objects.get().school == cast.school
    assert "Les 3" in page(cast.users["mentor"]) and "Hulp" in page(cast.users["pupil"])
    assert save(client, display_name="", lesson="Les 3").status_code == 200 and "Hulp" not in page(cast.users["pupil"])
    block = HostRuntime(author, "cast").get_block("cast.kc_case_desk.d0.u0")
    assert block.display_name == type(block).display_name.default == "Case desk", "nothing stands nameless in Studio and its menu"
    assert save(client, display_name="Hulp", lesson="Les 3").status_code == 200
    assert save(client, display_name="a" * 121).json()["error"]["fields"]["display_name"]
    for who in ("director", "administrator", "pupil"):
        assert save(signed_in(cast.users[who]), display_name="x").status_code == 403
    assert "Hulp" in page(cast.users["pupil"])


@pytest.mark.parametrize(("writes", "status"), [(True, 200), (False, 403)])
def test_studio_asks_its_own_service_who_may_write_the_course(cast: Cast, author: User, writes: bool, status: int) -> None:
    """Studio edits a block of nobody, and its user service calls nobody course staff: a makers' service of its own says who may."""
    usages("cast")
    studio = HostRuntime(cast.users["mentor"], "cast")
    studio.user_id = None
    asked: list[str] = []
    studio._services["studio_user_permissions"] = SimpleNamespace(can_write=lambda key: asked.append(str(key)) or writes)
    block = studio.get_block("cast.kc_case_desk.d0.u0")
    sent = RequestFactory().post("/", json.dumps({"display_name": "Hulp", "lesson": ""}), content_type="application/json")
    assert studio.handle(block, "save_settings", django_to_webob_request(sent)).status_int == status
    assert asked == [course_id("cast")] and (block.display_name == "Hulp") is writes


def test_an_unlinked_course_is_a_warning_for_the_author(cast: Cast, author: User) -> None:
    usages("cast")
    block = HostRuntime(author, "cast").get_block("cast.kc_case_desk.d0.u0")
    block.course_id = course_id("cast")
    assert not block.validate().messages
    CourseLink.objects.all().delete()
    (message,) = block.validate().messages
    assert message.type == "warning" and "not linked" in message.text


def test_a_title_cannot_bring_markup(cast: Cast, author: User) -> None:
    body = json.dumps({"display_name": "<script>alert(1)</script>", "lesson": '"><img src=x>'})
    assert signed_in(author).post(f"{HANDLER}save_settings/", body, content_type="application/json").status_code == 200
    for who in ("mentor", "pupil"):
        text = page(cast.users[who])
        assert "<script>alert" not in text and "<img src=x" not in text


def test_the_block_keeps_nothing_of_anybody(cast: Cast) -> None:
    block_class = XBlock.load_class("kc_case_desk")
    assert set(block_class.fields) - set(XBlock.fields) <= {"display_name", "lesson", "parent", "name", "children", "tags"}
    assert block_class.completion_mode == XBlockCompletionMode.EXCLUDED
    usages("cast")
    block = HostRuntime(cast.users["pupil"], "cast").get_block("cast.kc_case_desk.d0.u0")
    incident(cast)
    block.render("student_view")
    assert SECRET not in repr(block) and cast.people["pupil"].given_name not in repr(block)
    assert cast.people["pupil"].given_name not in json.dumps(block.index_dictionary())


def test_a_visitor_of_an_open_course_sees_one_sentence(cast: Cast) -> None:
    usages("cast")
    block = HostRuntime(cast.users["pupil"], "cast").get_block("cast.kc_case_desk.d0.u0")
    assert "Sign in to see this part" in block.public_view().content


# --- who is looking --------------------------------------------------------------------------------------------------


def looking(named: Any, user: Any, session: dict[str, Any] | None = None, **more: Any) -> Any:
    """A block as a runtime hands it out, in a request of `user`, whose user service names `named`."""
    told = {"edx-platform.is_authenticated": True, "edx-platform.user_id": named, **more.pop("told", {})}
    service = SimpleNamespace(get_current_user=lambda: SimpleNamespace(opt_attrs=told))
    runtime = SimpleNamespace(service=lambda _block, _name: more.pop("service", service), **more.pop("runtime", {}))
    request = RequestFactory().get("/")
    request.user, request.session = user, session or {}  # type: ignore[assignment] # a plain dict stands for the session
    return SimpleNamespace(
        runtime=runtime, scope_ids=SimpleNamespace(user_id=more.pop("scope_user", named), usage_id="u"), context_key=None,
        course_id="course-v1:A+B+C", request=request,
    )  # fmt: skip


def seen(block: Any) -> Seen:
    from crum import set_current_request

    set_current_request(block.request)
    try:
        return viewer_of(block).seen
    finally:
        set_current_request(None)


def test_who_is_looking(cast: Cast) -> None:
    mentor, pupil = cast.users["mentor"], cast.users["pupil"]
    own = {SESSION_KEY: str(mentor.pk)}
    assert seen(looking(mentor.pk, mentor, own)) is Seen.SELF
    assert seen(looking(mentor.pk, mentor)) is Seen.SELF, "signed in by a token, without a session"
    assert seen(looking(pupil.pk, mentor, own)) is Seen.AS_ANOTHER
    assert seen(looking(pupil.pk, pupil, own)) is Seen.AS_ANOTHER, "the platform replaces request.user while it draws a unit"
    for chosen, expected in (
        (SimpleNamespace(role="student", user_name=None), Seen.AS_ANOTHER),
        (SimpleNamespace(role="staff", user_name=None), Seen.SELF),
        (SimpleNamespace(role="staff", user_name="noa"), Seen.AS_ANOTHER),
    ):
        masked = {**own, compat.MASQUERADE_KEY: {"course-v1:A+B+C": chosen}}
        assert seen(looking(mentor.pk, mentor, masked)) is expected
        elsewhere = {**own, compat.MASQUERADE_KEY: {"course-v1:X+Y+Z": chosen}}
        assert seen(looking(mentor.pk, mentor, elsewhere)) is Seen.SELF
    assert seen(looking(mentor.pk, mentor, own, scope_user=None)) is Seen.PREVIEW
    assert seen(looking(mentor.pk, mentor, own, runtime={"is_author_mode": True})) is Seen.PREVIEW
    assert seen(looking(None, mentor, own, scope_user="x")) is Seen.VISITOR
    assert seen(looking(mentor.pk, mentor, own, told={"edx-platform.is_authenticated": False})) is Seen.VISITOR
    workbench = looking(None, mentor, own, scope_user="x", told={"edx-platform.user_id": None})
    assert seen(workbench) is Seen.VISITOR


def test_outside_a_request_nobody_is_looking(cast: Cast) -> None:
    block = looking(cast.users["mentor"].pk, cast.users["mentor"])
    assert viewer_of(block).seen is Seen.VISITOR


def test_a_course_key_is_read_without_branch_or_version() -> None:
    class Key:
        def __init__(self, text: str) -> None:
            self.text = text

        def for_branch(self, _branch: None) -> Key:
            return Key(self.text.replace("+branch@draft", ""))

        def for_version(self, _version: None) -> Key:
            return Key(self.text.replace("+version@5f", ""))

        def __str__(self) -> str:
            return self.text

    block = SimpleNamespace(context_key=Key("course-v1:A+B+C+branch@draft+version@5f"))
    assert compat.course_key_of(block) == "course-v1:A+B+C"
    assert compat.course_key_of(SimpleNamespace(context_key=None, course_id=None)) == ""


# --- what ships ------------------------------------------------------------------------------------------------------


def test_the_card_s_style_is_the_one_its_sources_make() -> None:
    committed = (stylesheet.HERE / "public/block.css").read_text(encoding="utf-8")
    assert committed == stylesheet.current(), "run make block-css"


def test_each_rule_of_the_card_s_style_stays_inside_the_card() -> None:
    for selector, body in stylesheet.rules(stylesheet.current()):
        inside = stylesheet.rules(body) if selector.startswith("@media") else [(selector, body)]
        for one, _body in inside:
            assert all(part.startswith(stylesheet.ROOT) for part in stylesheet.alternatives(one)), one
    sheet = "\n".join(line for line in stylesheet.current().splitlines()[3:] if not line.startswith("@media"))
    assert "vh" not in sheet and "fixed" not in sheet and "rem" not in sheet


def test_the_card_speaks_dutch(cast: Cast) -> None:
    for who in ("mentor", "pupil"):
        client = signed_in(cast.users[who])
        client.cookies["django_language"] = "nl"
        text = client.get(COURSE).content.decode()
        assert "Is er online iets gebeurd?" in text and "Did something happen online?" not in text


def test_a_pupil_who_left_is_nobody_here(cast: Cast) -> None:
    for place in cast.people["pupil"].enrolments.all():
        people.end_enrolment(place, by=None, on=MONDAY.date() - timedelta(days=1))
    assert "There is nothing here for you to do." in page(cast.users["pupil"])
    assert send(signed_in(cast.users["pupil"]), "ask_help", **help_asked(cast)).status_code == 404
