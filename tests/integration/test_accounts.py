"""Requesting accounts and deciding about them, class groups, deputies after the term, and what lapses."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.asking import Form, untouched
from tests.cast import Cast, build
from tests.stories import MONDAY, as_user, school, text_of
from workflows import clock, commands
from workflows.api import count_waiting
from workflows.course_page import place_in
from workflows.course_page_staff import staff_page
from workflows.delivery.ticking import tick
from workflows.models import Case, LogEntry, Outbox
from workflows.schools import link_course

pytestmark = pytest.mark.django_db

NEW = "kc_workflows:new_account"


def request(client: Client, kind: str, **told: Any) -> Any:
    """Open the form of a kind of account, fill it in and send it."""
    form = untouched(client.get(reverse(NEW), {"account_kind": kind}))
    return client.post(reverse(NEW), {**form, **{name: getattr(one, "pk", one) for name, one in told.items()}})


def fields(client: Client, kind: str) -> set[str]:
    return set(Form(client.get(reverse(NEW), {"account_kind": kind}).content.decode()).names) - {
        "csrfmiddlewaretoken",
        "key",
        "version",
        "account_kind",
    }


def the_one() -> Case:
    return Case.objects.get(type="account")


# who and what


@pytest.mark.once
@pytest.mark.parametrize(
    "who", ["mentor", "teacher", "director", "deputy", "ict_coordinator", "mediamaster", "communications", "dpo", "administrator"]
)
def test_every_member_of_staff_can_request_an_account(monday: None, who: str) -> None:
    assert as_user(school("leyenburg").users[who]).get(reverse(NEW)).status_code == 200


@pytest.mark.parametrize("who", ["pupil", "adult_pupil"])
def test_pupils_request_no_accounts(monday: None, who: str) -> None:
    client = as_user(school("leyenburg").users[who])
    assert client.get(reverse(NEW)).status_code == 404
    assert client.post(reverse(NEW), {"account_kind": "lesson", "name": "x"}).status_code == 404


@pytest.mark.once
@pytest.mark.parametrize(
    "kind", ["school", "playgroup", "teacher", "playgroup_leader", "lesson", "project", "class_group", "parent_group", "site_signup"]
)
@pytest.mark.parametrize(
    ("key", "sector"), [("leyenburg", "po"), ("verkruisen", "po"), ("montessori", "vo"), ("wilhelmina", "po"), ("groningen", "vo")]
)
def test_each_kind_has_a_form_at_each_school(monday: None, key: str, sector: str, kind: str) -> None:
    page = as_user(school(key, sector).users["teacher"]).get(reverse(NEW), {"account_kind": kind})
    assert page.status_code == 200
    assert ("site" if kind == "site_signup" else "name") in Form(page.content.decode()).names


def test_a_form_asks_what_its_protocol_asks_and_no_more(monday: None) -> None:
    leyenburg = fields(as_user(school("leyenburg").users["teacher"]), "teacher")
    assert {"aim", "responsible", "professional", "no_private_data", "opened_on"} <= leyenburg
    silent = fields(as_user(build("verkruisen", "po", MONDAY.date(), slug="silent").users["teacher"]), "class_group")
    assert silent == {"name", "platform", "reason"}
    signing_up = fields(as_user(build("wilhelmina", "po", MONDAY.date(), slug="signing").users["teacher"]), "site_signup")
    assert signing_up == {"site", "reason"}
    cast = build("wilhelmina", "po", MONDAY.date(), slug="moderated")
    client = as_user(cast.users["teacher"])
    assert "moderators" in fields(client, "school")
    ticked = str(cast.people["mediamaster"].pk)
    page = client.post(reverse(NEW), {"account_kind": "school", "moderators": [ticked], "show": "again"}).content.decode()
    assert "<details open><summary>Mediamaster (1)</summary>" in page, "a long list is folded by role; what is ticked stands open"
    assert "<details><summary>Teacher (1)</summary>" in page
    assert re.search(rf'name="moderators" value="{ticked}"[^>]*checked', page) and page.count("checked") == 1


def test_a_name_that_does_not_fit_is_refused_at_its_field_for_new_accounts_only(monday: None) -> None:
    cast = school("leyenburg", settings={"account_name_teacher": "{owner} {school}"})
    client = as_user(cast.users["teacher"])
    told = {
        "aim": "learning", "responsible": "director", "professional": "yes", "no_private_data": "yes", "stand_in": cast.people["mentor"],
        "platform": "fotosite",
    }  # fmt: skip
    wrong = request(client, "teacher", name="Meester Teun", **told)
    assert wrong.status_code == 422
    assert "must look like Teun Borstelbord" in text_of(wrong)
    assert "Meester Teun" in text_of(wrong)
    assert request(client, "teacher", name="Meester Teun", **{**told, "opened_on": "2019-03-02"}).status_code == 302


def test_an_account_needs_another_who_stands_in(monday: None) -> None:
    cast = school("verkruisen")
    client = as_user(cast.users["teacher"])
    alone = request(client, "school", name="School")
    assert alone.status_code == 422
    assert 'id="f-stand_in"' in text_of(alone)
    same = request(client, "school", name="School", stand_in=cast.people["teacher"])
    assert same.status_code == 422
    assert request(client, "school", name="School", stand_in=cast.people["mentor"]).status_code == 302


def test_a_kind_that_is_never_approved_says_so_beforehand(monday: None) -> None:
    page = text_of(as_user(school("verkruisen").users["teacher"]).get(reverse(NEW), {"account_kind": "parent_group"}))
    assert "This cannot be approved" in page or "Nobody has to decide" in page


def test_a_class_group_in_groningen_goes_on_with_a_reason_where_there_is_a_portal(monday: None) -> None:
    cast = school("groningen", "vo", settings={"portal_available": True})
    client = as_user(cast.users["teacher"])
    page = client.get(reverse(NEW), {"account_kind": "class_group"})
    boxes = [name for name in Form(page.content.decode()).names if name.startswith("answer:")]
    assert boxes
    refused = request(client, "class_group", name="Klas 3b", platform="chatapp")
    assert refused.status_code == 422
    assert "chatapp" in text_of(refused)
    assert request(client, "class_group", name="Klas 3b", **dict.fromkeys(boxes, "Het portaal ligt eruit.")).status_code == 302
    without = build("groningen", "vo", MONDAY.date(), slug="without", settings={"portal_available": False})
    assert request(as_user(without.users["teacher"]), "class_group", name="Klas 3b").status_code == 302


def test_the_same_request_sent_twice_is_one(monday: None) -> None:
    client = as_user(school("verkruisen").users["teacher"])
    form = {**untouched(client.get(reverse(NEW), {"account_kind": "class_group"})), "name": "Klas 7a"}
    assert client.post(reverse(NEW), form)["Location"] == client.post(reverse(NEW), form)["Location"]
    assert Case.objects.filter(type="account").count() == 1


@pytest.mark.parametrize("told", [{}, {"name": ""}, {"name": "x" * 300}])
def test_a_request_without_a_fitting_name_is_422(monday: None, told: dict[str, str]) -> None:
    assert request(as_user(school("verkruisen").users["teacher"]), "class_group", **told).status_code == 422
    assert not Case.objects.filter(type="account").exists()


# deciding


def decide(client: Client, case: Case, step: str, reason: str = "Goed.", **more: Any) -> Any:
    address = reverse("kc_workflows:decide", args=[case.key])
    return client.post(address, {**untouched(client.get(address)), "decision": step, "reason": reason, **more})


@pytest.mark.parametrize(
    ("who", "waits"), [("director", 1), ("deputy", 1), ("ict_coordinator", 1), ("mediamaster", 0), ("teacher", 0), ("dpo", 0), ("manager", 0)]
)
def test_a_class_group_waits_for_head_and_ict_coordinator(monday: None, who: str, waits: int) -> None:
    cast = school("verkruisen")
    request(as_user(cast.users["teacher"]), "class_group", name="Klas 7a")
    assert count_waiting(cast.users[who]) == waits
    page = text_of(as_user(cast.users[who]).get(reverse("kc_workflows:approvals")))
    assert ("Klas 7a" in page.split("You asked for this")[0]) is bool(waits)
    assert ("Klas 7a" in page) is (bool(waits) or who == "teacher")


def test_where_an_employee_must_take_part_a_group_without_one_is_not_approved(monday: None) -> None:
    cast = school("montessori", "vo")
    request(as_user(cast.users["teacher"]), "class_group", name="Klas 3b")
    client = as_user(cast.users["director"])
    page = text_of(client.get(reverse("kc_workflows:decide", args=[the_one().key])))
    assert "A8b" in page
    assert "Yes, approve" not in page
    assert decide(client, the_one(), "account.approve").status_code == 422
    assert the_one().state == "requested"


def test_approved_handed_over_and_retired_on_its_page(monday: None) -> None:
    cast = school("verkruisen")
    request(as_user(cast.users["teacher"]), "school", name="School", stand_in=cast.people["mentor"])
    assert decide(as_user(cast.users["director"]), the_one(), "account.approve").status_code == 302
    client = as_user(cast.users["director"])
    address = reverse("kc_workflows:step", args=[the_one().key, "account.transfer"])
    told = {"owner_person": cast.people["mentor"].pk, "stand_in": cast.people["teacher"].pk, "reason": "Teun gaat weg."}
    assert client.post(address, {**untouched(client.get(address)), **told}).status_code == 302
    assert the_one().person == cast.people["mentor"]
    wrong = client.post(address, {**untouched(client.get(address)), **told, "stand_in": cast.people["mentor"].pk})
    assert wrong.status_code == 422
    address = reverse("kc_workflows:step", args=[the_one().key, "account.retire"])
    assert client.post(address, {**untouched(client.get(address)), "reason": "Klaar."}).status_code == 302
    assert the_one().state == "retired"
    assert "School" in text_of(client.get(reverse("kc_workflows:root", args=[the_one().key])))


def test_how_many_queries_the_inbox_asks_does_not_grow_with_what_waits(monday: None) -> None:
    cast = school("verkruisen")
    client, teacher = as_user(cast.users["director"]), as_user(cast.users["teacher"])

    def asked(page: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(page)).status_code == 200
        return len(queries)

    request(teacher, "class_group", name="Klas 0")
    request(teacher, "school", name="School 0", stand_in=cast.people["mentor"])
    for page in ("kc_workflows:approvals", "kc_workflows:desk"):
        client.get(reverse(page))
    before = {page: asked(page) for page in ("kc_workflows:approvals", "kc_workflows:desk")}
    for number in range(1, 5):
        request(teacher, "class_group", name=f"Klas {number}")
        request(teacher, "school", name=f"School {number}", stand_in=cast.people["mentor"])
    assert count_waiting(cast.users["director"]) == 10
    assert {page: asked(page) for page in before} == before


# the term passes (journey 5)


def test_after_the_term_the_deputy_has_it_without_a_click_by_the_head(monday: None) -> None:
    cast = school("verkruisen")
    request(as_user(cast.users["teacher"]), "class_group", name="Klas 7a")
    with clock.at(MONDAY + timedelta(days=14)):
        tick()
        tick()
        entry = LogEntry.objects.get(case=the_one(), step="duty.take_over")
        assert entry.facts["task"] == "account.approve"
        assert Outbox.objects.filter(kind="reminder", person=cast.people["deputy"], key__startswith="takeover:").count() == 1
        client = as_user(cast.users["deputy"])
        page = text_of(client.get(reverse("kc_workflows:approvals")))
        assert "Klas 7a" in page
        assert "Too late:" in page
        assert "The term passed: the deputy sees it too" in text_of(client.get(reverse("kc_workflows:root", args=[the_one().key])))
        assert decide(client, the_one(), "account.approve").status_code == 302
        assert count_waiting(cast.users["director"]) == 0


def test_a_refusal_ends_the_term_as_well(monday: None) -> None:
    cast = school("verkruisen")
    request(as_user(cast.users["teacher"]), "class_group", name="Klas 7a")
    decide(as_user(cast.users["director"]), the_one(), "account.refuse", reason="Gebruik het portaal.")
    assert not the_one().duties.filter(done_at=None).exists()


def test_the_course_page_tells_who_decides_that_something_waits(monday: None) -> None:
    cast = school("verkruisen")
    link_course(cast.school, by=None, course_key="course-v1:kc+zon+1", group=cast.group)
    request(as_user(cast.users["teacher"]), "class_group", name="Klas 7a")
    for who, waits in (("director", True), ("teacher", False)):
        place = place_in(cast.users[who], "course-v1:kc+zon+1")
        assert place is not None
        found = [row for row in staff_page(cast.users[who], place).waiting if row.incident == str(the_one().key)]
        assert bool(found) is waits, who
        assert not any("Klas 7a" in row.label for row in found)


# what lapses


def approved(cast: Cast, **told: Any) -> Case:
    given = {"account_kind": "project", "name": "Project Weer", "stand_in": cast.people["mentor"], "until": date(2026, 3, 20), **told}
    case = commands.open_case(by=cast.users["teacher"], school=cast.school, step="account.request", data=given).case
    commands.perform(case, "account.approve", by=cast.users["director"], data={"reason": "Goed."})
    return case


@pytest.mark.parametrize(
    ("who", "shown"), [("teacher", True), ("mentor", True), ("director", True), ("ict_coordinator", True), ("mediamaster", False)]
)
def test_the_desk_says_what_lapses_soon_to_whoever_looks_after_it(monday: None, who: str, shown: bool) -> None:
    cast = school("verkruisen")
    approved(cast)
    page = text_of(as_user(cast.users[who]).get(reverse("kc_workflows:desk")))
    assert ("Project Weer" in page) is shown
    assert ("ends on 20 March 2026" in page) is shown


def test_what_lapses_later_is_not_shown_yet_and_a_day_of_review_is(monday: None) -> None:
    cast = school("verkruisen")
    approved(cast, until=date(2026, 7, 31), review_on=date(2026, 3, 9))
    client = as_user(cast.users["teacher"])
    assert "Lapses soon" not in text_of(client.get(reverse("kc_workflows:desk")))
    with clock.at(MONDAY + timedelta(days=7)):
        assert "to be looked at again since 9 March 2026" in text_of(client.get(reverse("kc_workflows:desk")))


def test_an_account_of_somebody_who_left_asks_for_a_new_owner(monday: None) -> None:
    cast = school("verkruisen")
    approved(cast, until=date(2026, 7, 31))
    cast.users["teacher"].kc_memberships.update(ends=MONDAY.date() - timedelta(days=1))
    for who in ("mentor", "director"):
        assert "has no owner any more" in text_of(as_user(cast.users[who]).get(reverse("kc_workflows:desk"))), who


def test_what_was_approved_is_prolonged_on_its_page_by_whoever_decides(monday: None) -> None:
    cast = school("verkruisen")
    case = approved(cast)
    root = reverse("kc_workflows:root", args=[case.key])
    address = reverse("kc_workflows:step", args=[case.key, "account.approve"])
    assert "Prolong the approval" not in text_of(as_user(cast.users["teacher"]).get(root))
    client = as_user(cast.users["director"])
    page = text_of(client.get(root))
    assert "Prolong the approval" in page
    assert address in page
    assert client.post(address, {**untouched(client.get(address)), "until": "2026-07-01", "reason": "Nog een periode."}).status_code == 302
    assert (the_one().state, str(the_one().until)) == ("approved", "2026-07-01")
