"""Declaring connections and deciding about them: the five schools' rules on the page, nothing lost, nothing twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.asking import Form, untouched
from tests.cast import Cast, build, build_other_school, build_stranger
from tests.stories import MONDAY, as_user, school, text_of
from workflows import clock, commands, people
from workflows.models import Case, LogEntry, Outbox

pytestmark = pytest.mark.django_db

NEW = "kc_workflows:new_connection"


def with_pupil(**more: Any) -> dict[str, Any]:
    return {"counterparty": "pupil", "target_account": "personal", **more}


def declare(client: Client, told: dict[str, Any], *, key: str = "") -> Any:
    """Open the form for what is told, fill it in and send it."""
    page = client.get(reverse(NEW), {name: told[name] for name in ("counterparty", "target_account") if name in told})
    form = untouched(page)
    return client.post(reverse(NEW), {**form, **({"key": key} if key else {}), **{name: getattr(one, "pk", one) for name, one in told.items()}})


def the_one() -> Case:
    return Case.objects.get(type="friend_request")


# who


@pytest.mark.parametrize(
    "who", ["mentor", "teacher", "director", "deputy", "board", "manager", "ict_coordinator", "mediamaster", "counsellor", "dpo", "communications"]
)
def test_every_member_of_staff_can_declare_a_connection(monday: None, who: str) -> None:
    cast = school("wilhelmina")
    assert as_user(cast.users[who]).get(reverse(NEW)).status_code == 200


def test_a_pupil_can_tell_that_a_member_of_staff_asked_and_reads_it_again(monday: None) -> None:
    cast = school("wilhelmina")
    client = as_user(cast.users["pupil"])
    page = client.get(reverse(NEW), {"target_account": "personal"})
    assert "Ask for help" in text_of(page)
    answer = declare(client, {"target_account": "personal", "person": cast.people["teacher"], "asked_by": "employee", "reason": "Hij vroeg het."})
    assert answer.status_code == 302
    case = the_one()
    assert (case.person, case.facts["counterpart"], case.opened_by) == (cast.people["teacher"], cast.people["pupil"].pk, cast.people["pupil"])
    assert client.get(answer["Location"]).status_code == 200
    for who in ("classmate", "teacher", "mentor"):  # least of all whom it is about
        assert as_user(cast.users[who]).get(answer["Location"]).status_code == 404, who
    assert as_user(cast.users["director"]).get(answer["Location"]).status_code == 200
    assert not Outbox.objects.filter(kind="mail", person=cast.people["teacher"]).exists()
    commands.perform(case, "friend_request.refuse", by=cast.users["director"], data={"reason": "Wij spreken de leraar hierover."})
    assert not Outbox.objects.filter(kind="mail", person=cast.people["teacher"]).exists()
    assert as_user(cast.users["teacher"]).get(answer["Location"]).status_code == 404


def test_a_pupil_cannot_tell_it_of_another_pupil(monday: None) -> None:
    cast = school("wilhelmina")
    told = {"target_account": "personal", "person": cast.people["teacher"], "counterpart": cast.people["classmate"]}
    assert declare(as_user(cast.users["pupil"]), told).status_code == 302
    assert the_one().facts["counterpart"] == cast.people["pupil"].pk


def test_a_pupil_names_who_asked(monday: None) -> None:
    cast = school("wilhelmina")
    answer = declare(as_user(cast.users["pupil"]), {"target_account": "personal", "reason": "Ik zeg niet wie."})
    assert answer.status_code == 422
    assert "Ik zeg niet wie." in text_of(answer)
    assert not Case.objects.filter(type="friend_request").exists()


def test_a_stranger_and_whoever_is_not_signed_in_find_no_page(monday: None) -> None:
    school("wilhelmina")
    for name in (NEW, "kc_workflows:new_account"):
        assert as_user(build_stranger() if name == NEW else _stranger()).get(reverse(name)).status_code == 404
        assert Client().get(reverse(name)).status_code == 302


def _stranger() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get(username="stranger")


# what the five schools ask


def test_a_school_that_bans_says_so_before_it_is_sent_and_still_notes_it(monday: None) -> None:
    cast = school("montessori", "vo")
    client = as_user(cast.users["teacher"])
    page = text_of(client.get(reverse(NEW), with_pupil()))
    assert "This cannot be approved" in page
    assert "A6" in page
    assert declare(client, with_pupil(counterpart=cast.people["pupil"])).status_code == 302
    assert the_one().state == "declared"


def test_a_school_that_only_advises_asks_nobody_to_decide(monday: None) -> None:
    cast = school("leyenburg")
    client = as_user(cast.users["teacher"])
    page = text_of(client.get(reverse(NEW), with_pupil()))
    assert "Nobody has to decide about this" in page
    assert "cannot be approved" not in page
    assert declare(client, with_pupil(counterpart=cast.people["pupil"])).status_code == 302
    assert not Outbox.objects.filter(kind="mail").exists()
    assert "asks for no decision" in text_of(as_user(cast.users["director"]).get(reverse("kc_workflows:root", args=[the_one().key])))
    assert as_user(cast.users["director"]).get(reverse("kc_workflows:decide", args=[the_one().key])).status_code == 404


def test_a_school_with_an_exception_asks_what_the_exception_rests_on(monday: None) -> None:
    cast = school("wilhelmina")
    page = as_user(cast.users["teacher"]).get(reverse(NEW), with_pupil()).content.decode()
    for name in ("tie", "tie_since", "contact_since", "tie_proof"):
        assert f'name="{name}"' in page, name
    other = as_user(cast.users["teacher"]).get(reverse(NEW), {"counterparty": "guardian", "target_account": "personal"}).content.decode()
    assert 'name="tie_proof"' not in other


def test_where_the_pupil_is_barred_lesson_accounts_are_asked_for_and_personal_ones_warned_of(monday: None) -> None:
    cast = school("groningen", "vo")
    client = as_user(cast.users["teacher"])
    assert "This cannot be approved" in text_of(client.get(reverse(NEW), with_pupil()))
    lesson = client.get(reverse(NEW), {"counterparty": "pupil", "target_account": "lesson"}).content.decode()
    assert "This cannot be approved" not in lesson


def test_a_silent_school_has_the_policy_it_chose(monday: None) -> None:
    for policy, warned in (("advise", False), ("never", True)):
        cast = build("verkruisen", "po", MONDAY.date(), slug=policy, settings={"friend_policy": policy})
        page = text_of(as_user(cast.users["teacher"]).get(reverse(NEW), with_pupil()))
        assert ("This cannot be approved" in page) is warned, policy


# bad input


def test_a_pupil_must_be_chosen_by_name_and_nothing_typed_is_lost(monday: None) -> None:
    cast = school("wilhelmina")
    answer = declare(as_user(cast.users["teacher"]), with_pupil(platform="fotosite", tie_proof="Wij zijn neven."))
    assert answer.status_code == 422
    assert "Wij zijn neven." in text_of(answer)
    assert "fotosite" in text_of(answer)


def test_somebody_of_another_school_is_not_known_here(monday: None) -> None:
    cast = school("wilhelmina")
    other = build_other_school("wilhelmina", "po", MONDAY.date())
    answer = declare(as_user(cast.users["teacher"]), with_pupil(counterpart=other.people["mentor"]))
    assert answer.status_code == 422
    assert not Case.objects.filter(type="friend_request").exists()


@pytest.mark.parametrize("told", [{"counterparty": "nobody", "target_account": "personal"}, {"counterparty": "pupil"}, {}])
def test_a_form_that_does_not_say_what_it_is_asks_that_first(monday: None, told: dict[str, str]) -> None:
    cast = school("wilhelmina")
    answer = as_user(cast.users["teacher"]).post(reverse(NEW), {**told, "reason": "x"})
    assert answer.status_code == 422
    assert not Case.objects.filter(type="friend_request").exists()


def test_a_name_is_looked_up_without_judging_the_form(monday: None) -> None:
    cast = school("wilhelmina")
    answer = as_user(cast.users["teacher"]).post(reverse(NEW), {**with_pupil(platform="fotosite"), "find": "regenboog", "show": "find"})
    assert answer.status_code == 200
    assert "Noa Regenboogje" in text_of(answer)
    assert "Please check these points" not in text_of(answer)
    assert "fotosite" in text_of(answer)


def test_the_same_form_sent_twice_declares_once(monday: None) -> None:
    cast = school("wilhelmina")
    client = as_user(cast.users["teacher"])
    page = client.get(reverse(NEW), with_pupil())
    form = {**untouched(page), "counterpart": cast.people["pupil"].pk}
    first, second = client.post(reverse(NEW), form), client.post(reverse(NEW), form)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Case.objects.filter(type="friend_request").count() == 1


# deciding


def declared(cast: Cast, by: str = "teacher", **told: Any) -> Case:
    asked = with_pupil(
        counterpart=cast.people["pupil"], tie="family", tie_since=date(2015, 1, 1), contact_since=date(2025, 8, 1), tie_proof="Nicht.", **told
    )
    answer = declare(as_user(cast.users[by]), asked)
    assert answer.status_code == 302, text_of(answer)
    return the_one()


def decide(client: Client, case: Case, step: str, reason: str = "Past bij ons.", **more: Any) -> Any:
    address = reverse("kc_workflows:decide", args=[case.key])
    form = untouched(client.get(address))
    return client.post(address, {**form, "decision": step, "reason": reason, **more})


def waits_for(user: Any) -> bool:
    return "Online with" in _waiting(user)


def _waiting(user: Any) -> str:
    page = text_of(as_user(user).get(reverse("kc_workflows:approvals")))
    return "Online with" if "connection" in page.split("You asked for this")[0].casefold() else ""


@pytest.mark.parametrize(
    ("who", "waits"),
    [
        ("director", True), ("deputy", True), ("board", True), ("mediamaster", False), ("teacher", False), ("mentor", False),
        ("ict_coordinator", False),        ("dpo", False), ("manager", False), ("communications", False),
    ],
)  # fmt: skip
def test_it_waits_for_whoever_the_protocol_lets_decide(monday: None, who: str, waits: bool) -> None:
    cast = school("wilhelmina")
    declared(cast)
    assert waits_for(cast.users[who]) is waits, who


def test_the_head_makes_the_exception_with_words_and_a_last_day(monday: None) -> None:
    cast = school("wilhelmina")
    case = declared(cast)
    client = as_user(cast.users["director"])
    assert decide(client, case, "friend_request.approve", reason="").status_code == 422
    late = decide(client, case, "friend_request.approve", until="2026-02-01")
    assert late.status_code == 422
    assert decide(client, case, "friend_request.approve").status_code == 302
    case = the_one()
    assert (case.state, str(case.until)) == ("approved", "2026-07-31"), "offered is the first day after the school year"
    assert not waits_for(cast.users["director"])
    assert Outbox.objects.filter(kind="mail", person=cast.people["teacher"]).count() == 1


def test_nobody_decides_about_their_own_connection(monday: None) -> None:
    cast = school("wilhelmina")
    case = declared(cast, by="director")
    assert not waits_for(cast.users["director"])
    assert waits_for(cast.users["board"]) or waits_for(cast.users["deputy"])
    assert decide(as_user(cast.users["director"]), case, "friend_request.approve").status_code == 422  # there is no yes to choose
    assert the_one().state == "declared"


def test_a_ban_leaves_no_as_the_only_answer_and_a_hand_made_yes_gets_the_same_sentences(monday: None) -> None:
    cast = school("montessori", "vo")
    case = declared(cast)
    client = as_user(cast.users["director"])
    page = text_of(client.get(reverse("kc_workflows:decide", args=[case.key])))
    assert "No, refuse" in page
    assert "Yes, approve" not in page
    assert "A6" in page
    forced = decide(client, case, "friend_request.approve")
    assert forced.status_code == 422  # not one of the answers there are
    assert the_one().state == "declared"
    assert decide(client, case, "friend_request.refuse").status_code == 302
    assert the_one().state == "refused"


def test_whoever_may_not_decide_is_told_who_does_and_a_forced_answer_gets_409(monday: None) -> None:
    cast = school("wilhelmina")
    case = declared(cast)
    client = as_user(cast.users["dpo"])
    page = client.get(reverse("kc_workflows:decide", args=[case.key]))
    assert "the director" in text_of(page)
    forced = decide(client, case, "friend_request.approve")
    assert forced.status_code == 409
    assert "the director" in text_of(forced)
    assert the_one().state == "declared"


def test_two_who_decide_at_once_overwrite_nothing(monday: None) -> None:
    cast = school("wilhelmina")
    case = declared(cast)
    address = reverse("kc_workflows:decide", args=[case.key])
    slow = as_user(cast.users["deputy"])
    form = untouched(slow.get(address))
    assert decide(as_user(cast.users["director"]), case, "friend_request.approve").status_code == 302
    answer = slow.post(address, {**form, "decision": "friend_request.refuse", "reason": "Nee."})
    assert answer.status_code == 409
    assert "Already decided" in text_of(answer)
    assert the_one().state == "approved"


def test_the_same_decision_sent_twice_counts_once(monday: None) -> None:
    cast = school("wilhelmina")
    case = declared(cast)
    client = as_user(cast.users["director"])
    address = reverse("kc_workflows:decide", args=[case.key])
    form = {**untouched(client.get(address)), "decision": "friend_request.refuse", "reason": "Nee."}
    assert client.post(address, form).status_code == 302
    client.post(address, form)
    assert LogEntry.objects.filter(case=case, step="friend_request.refuse").count() == 1


def page_request(cast: Cast) -> Case:
    told = {"counterparty": "page_visitor", "target_account": "school_page", "counterpart_name": "Buurtvereniging Verreweg"}
    assert declare(as_user(cast.users["teacher"]), told).status_code == 302
    return the_one()


def test_a_request_to_the_page_waits_for_the_mediamaster_and_for_the_head_only_when_nobody_is_there(monday: None) -> None:
    cast = school("wilhelmina")
    case = page_request(cast)
    assert waits_for(cast.users["mediamaster"])
    assert not waits_for(cast.users["director"])
    cast.users["mediamaster"].kc_memberships.update(ends=MONDAY.date() - timedelta(days=1))
    assert waits_for(cast.users["director"])
    client = as_user(cast.users["director"])
    without = decide(client, case, "friend_request.approve")
    assert without.status_code == 422
    page = client.get(reverse("kc_workflows:decide", args=[case.key])).content.decode()
    boxes = [name for name in Form(page).names if name.startswith("answer:")]
    assert boxes
    assert decide(client, case, "friend_request.approve", **dict.fromkeys(boxes, "De mediamaster is ziek.")).status_code == 302
    assert "De mediamaster is ziek." in text_of(client.get(reverse("kc_workflows:root", args=[case.key])))


def test_after_the_term_the_head_stands_in_for_the_mediamaster_who_reads_why(monday: None) -> None:
    cast = school("wilhelmina")
    case = page_request(cast)
    with clock.at(MONDAY + timedelta(days=14)):
        assert waits_for(cast.users["director"])
        client = as_user(cast.users["director"])
        boxes = [name for name in untouched(client.get(reverse("kc_workflows:decide", args=[case.key]))) if name.startswith("answer:")]
        told = dict.fromkeys(boxes, "De mediamaster is op reis.")
        assert decide(client, case, "friend_request.refuse", **told).status_code == 302
        page = text_of(as_user(cast.users["mediamaster"]).get(reverse("kc_workflows:root", args=[case.key])))
        assert "De mediamaster is op reis." in page
        assert not waits_for(cast.users["mediamaster"])


def test_how_many_queries_the_form_asks_does_not_grow_with_the_group(monday: None) -> None:
    cast = school("wilhelmina")
    client = as_user(cast.users["mentor"])

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(NEW), with_pupil()).status_code == 200
        return len(queries)

    asked()
    before = asked()
    for number in range(8):
        pupil = people.add_person(cast.school, by=None, kind="pupil", given_name=f"Kind {number}", family_name="Theepot", birth_date=date(2016, 1, 1))
        people.enrol(pupil, cast.group, by=None, starts=MONDAY.date())
    assert "Kind 7" in text_of(client.get(reverse(NEW), with_pupil()))
    assert asked() == before


def test_a_pupil_may_follow_a_registered_lesson_account_that_is_in_date(monday: None) -> None:
    cast = school("groningen", "vo")
    given = {"account_kind": "lesson", "name": "Proefjes 3b", "stand_in": cast.people["mentor"], "until": date(2026, 6, 30)}
    account = commands.open_case(by=cast.users["teacher"], school=cast.school, step="account.request", data=given).case
    commands.perform(account, "account.approve", by=cast.users["director"], data={"reason": "Goed."})
    client = as_user(cast.users["mentor"])
    lesson = {"counterparty": "pupil", "target_account": "lesson"}
    assert "Proefjes 3b" in text_of(client.get(reverse(NEW), lesson))
    assert declare(client, {**lesson, "counterpart": cast.people["pupil"], "account": account.key}).status_code == 302
    case = the_one()
    assert decide(as_user(cast.users["director"]), case, "friend_request.approve", until="2026-07-01", review_on="2026-06-01").status_code == 302
    case = the_one()
    assert (case.state, str(case.until)) == ("approved", "2026-06-30")


def test_without_a_registered_account_it_cannot_be_approved(monday: None) -> None:
    cast = school("groningen", "vo")
    lesson = {"counterparty": "pupil", "target_account": "lesson", "counterpart": cast.people["pupil"]}
    assert declare(as_user(cast.users["mentor"]), lesson).status_code == 302
    page = text_of(as_user(cast.users["director"]).get(reverse("kc_workflows:decide", args=[the_one().key])))
    assert "Yes, approve" not in page
    assert "3.2, 10" in page
