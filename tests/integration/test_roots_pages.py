"""The page of one consent, connection or account: who sees it, what it tells, what can be done there, and what comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.asking import answers_of, ask, untouched
from tests.cast import build_other_school, build_stranger
from tests.root_world import World, one_of_each
from tests.stories import MONDAY, as_user, text_of
from workflows import clock, commands
from workflows.models import Case, LogEntry, Outbox, PersonalLink, ReadEntry
from workflows.personal_links import link_for

pytestmark = pytest.mark.django_db

SEE_CONSENT = frozenset({"mentor", "director", "deputy", "board", "dpo", "administrator", "communications", "mediamaster"})
SEE_CONNECTION = frozenset({"teacher", "director", "deputy", "board", "dpo"})
SEE_ACCOUNT = frozenset({"teacher", "director", "deputy", "board", "dpo", "ict_coordinator", "communications", "administrator"})
EVERYBODY = (
    "mentor", "teacher", "director", "deputy", "board", "manager", "ict_coordinator", "mediamaster", "counsellor", "dpo", "communications",
    "personnel", "administrator", "pupil", "classmate", "adult_pupil",
)  # fmt: skip


@pytest.fixture
def world(monday: None) -> World:
    return one_of_each()


def pages(world: World) -> list[tuple[str, frozenset[str]]]:
    """Every page of the three with who may open it."""
    return [
        (world.url("root", world.consent), SEE_CONSENT | {"classmate"}), (world.url("root_answer", world.consent), SEE_CONSENT),
        (world.url("root_links", world.consent), SEE_CONSENT),
        (world.url("step", world.consent, "consent.renew"), SEE_CONSENT), (world.url("record", world.consent, "used"), SEE_CONSENT),
        (world.url("root", world.connection), SEE_CONNECTION), (world.url("decide", world.connection), SEE_CONNECTION),
        (world.url("step", world.connection, "friend_request.end"), SEE_CONNECTION),
        (world.url("root", world.account), SEE_ACCOUNT), (world.url("decide", world.account), SEE_ACCOUNT),
        (world.url("step", world.account, "account.retire"), SEE_ACCOUNT),
    ]  # fmt: skip


# who


@pytest.mark.once
def test_every_page_opens_for_those_who_may_see_it_and_for_nobody_else(world: World) -> None:
    for who in EVERYBODY:
        client = as_user(world.cast.users[who])
        for address, seen_by in pages(world):
            answer = client.get(address)
            assert answer.status_code == (200 if who in seen_by else 404), (who, address)
            if who not in seen_by:
                assert client.post(address, {"reason": "x"}).status_code == 404, (who, address)


@pytest.mark.once
def test_another_school_and_a_superuser_of_none_open_nothing(world: World) -> None:
    other = build_other_school("wilhelmina", "po", MONDAY.date())
    for user in (other.users["director"], other.users["mentor"], build_stranger()):
        for address, _seen_by in pages(world):
            assert as_user(user).get(address).status_code == 404, address
            assert as_user(user).post(address, {"reason": "x"}).status_code == 404, address


def test_whoever_is_not_signed_in_is_sent_to_sign_in(world: World) -> None:
    for address, _seen_by in pages(world):
        assert Client().get(address).status_code == 302, address


def test_a_pupil_who_decides_sees_the_own_consent_without_what_staff_wrote(world: World) -> None:
    (own,) = ask(world.cast, "adult_pupil", [("school_publication", "website")], note="Alleen voor personeel.")
    client = as_user(world.cast.users["adult_pupil"])
    page = text_of(client.get(world.url("root", own)))
    assert "Your own consents" in page
    assert "Alleen voor personeel." not in page
    assert as_user(world.cast.users["classmate"]).get(world.url("root", own)).status_code == 404
    for address in (world.url("root_answer", own), world.url("root_links", own), world.url("step", own, "consent.renew")):
        assert client.get(address).status_code == 404, address


def test_reading_is_noted(world: World) -> None:
    as_user(world.cast.users["director"]).get(world.url("root", world.consent))
    assert ReadEntry.objects.filter(case=world.consent, user=world.cast.users["director"], page="consent").count() == 1


def test_a_mail_that_points_to_the_case_leads_to_its_page(world: World) -> None:
    answer = as_user(world.cast.users["director"]).get(world.url("case", world.account))
    assert (answer.status_code, answer["Location"]) == (302, world.url("root", world.account))
    assert as_user(world.cast.users["personnel"]).get(world.url("case", world.account)).status_code == 404


# what it tells


def test_the_page_of_a_consent_tells_who_answered_what_and_how(world: World) -> None:
    page = text_of(as_user(world.cast.users["director"]).get(world.url("root", world.consent)))
    assert "Carla Paperclipje" in page
    assert "Through the personal link" in page
    assert "2 March 2026" in page
    assert ">Yes<" in page


def test_a_withdrawn_consent_shows_where_it_stands_and_by_when_it_is_gone(world: World) -> None:
    cast = world.cast
    commands.record(world.consent, "used", by=cast.users["mentor"], data={"where": "instagram.example/schoolreis", "harm_expected": False})
    commands.perform(world.consent, "consent.withdraw", by=cast.people["classmate_parent"], data={"form": "link"})
    client = as_user(cast.users["director"])
    page = text_of(client.get(world.url("root", world.consent)))
    assert page.count("instagram.example/schoolreis") >= 2
    assert "9 March 2026" in page
    takedown = Case.objects.get(parent=world.consent, type="takedown")
    step = reverse("kc_workflows:step", args=[takedown.key, "takedown.confirm_removed"])
    assert step in page
    desk = text_of(client.get(reverse("kc_workflows:desk")))
    assert f"Consent: <bdi>{world.consent.person.full_name}</bdi>" in desk, "whose picture, before anything is opened"
    answer = client.post(step, {**untouched(client.get(step)), "how": "post_removed"})
    assert (answer.status_code, answer["Location"]) == (302, world.url("root", world.consent))
    takedown.refresh_from_db()
    assert takedown.state == "settled"


def test_a_consent_whose_term_has_passed_reads_as_expired_before_the_clock_has_run(world: World) -> None:
    (short,) = ask(world.cast, "adult_pupil", [("name", "website")], until=MONDAY.date() + timedelta(days=3))
    commands.perform(short, "consent.answer", by=world.cast.users["adult_pupil"], data={"form": "account", "text_version": "0" * 16, "answer": True})
    with clock.at(MONDAY + timedelta(days=5)):
        page = text_of(as_user(world.cast.users["director"]).get(world.url("root", short)))
    assert 'class="state ">Expired' in page
    assert "Holds until" not in page


def test_how_many_queries_a_page_asks_does_not_grow_with_its_history(world: World) -> None:
    client = as_user(world.cast.users["director"])
    address = world.url("root", world.consent)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    client.get(address)
    before = asked()
    for number in range(4):
        commands.record(world.consent, "used", by=world.cast.users["mentor"], data={"where": f"instagram.example/{number}", "harm_expected": False})
    assert asked() == before


# writing down an answer


def write_down(world: World, who: str = "director", **told: Any) -> Any:
    client = as_user(world.cast.users[who])
    address = world.url("root_answer", world.consent)
    return client.post(address, {**untouched(client.get(address)), "person": world.cast.people["classmate_parent"].pk, **told})


def test_staff_write_down_a_no_on_paper_and_it_takes_the_yes_back(world: World) -> None:
    answer = write_down(world, answer="no", form="paper", reason="Liever niet.")
    assert answer.status_code == 302, text_of(answer)
    world.consent.refresh_from_db()
    assert world.consent.state == "withdrawn"
    entry = LogEntry.objects.filter(case=world.consent).order_by("-n").filter(step="consent.withdraw").get()
    assert (entry.by, entry.person) == (world.cast.people["director"], world.cast.people["classmate_parent"])
    assert entry.facts["form"] == "paper"


def test_a_yes_by_telephone_needs_a_second_pair_of_ears_and_declared_authority(world: World) -> None:
    write_down(world, answer="no", form="paper")
    before = len(answers_of(world.consent))
    alone = write_down(world, answer="yes", form="phone", authority="yes")
    assert alone.status_code == 422, text_of(alone)
    unsaid = write_down(world, answer="yes", form="phone", witness=world.cast.people["mentor"].pk)
    assert unsaid.status_code == 422
    assert "parental authority" in text_of(unsaid)
    assert len(answers_of(world.consent)) == before
    good = write_down(world, answer="yes", form="phone", authority="yes", witness=world.cast.people["mentor"].pk)
    assert good.status_code == 302, text_of(good)
    world.consent.refresh_from_db()
    assert world.consent.state == "granted"


@pytest.mark.once
@pytest.mark.parametrize("told", [{}, {"answer": "yes"}, {"form": "paper"}, {"answer": "maybe", "form": "paper"}, {"answer": "yes", "form": "link"}])
def test_an_answer_that_is_not_whole_is_422_and_nothing_is_lost(world: World, told: dict[str, str]) -> None:
    before = len(answers_of(world.consent))
    answer = write_down(world, reason="Gezegd aan de deur.", **told)
    assert answer.status_code == 422
    assert "Gezegd aan de deur." in text_of(answer)
    assert len(answers_of(world.consent)) == before


def test_somebody_who_is_not_asked_cannot_be_named(world: World) -> None:
    before = len(answers_of(world.consent))
    for who in ("parent", "teacher", "director"):
        assert write_down(world, person=world.cast.people[who].pk, answer="no", form="paper").status_code == 422, who
    assert len(answers_of(world.consent)) == before


def test_the_same_paper_typed_twice_by_one_click_counts_once(world: World) -> None:
    client = as_user(world.cast.users["director"])
    address = world.url("root_answer", world.consent)
    form = {**untouched(client.get(address)), "person": world.cast.people["classmate_parent"].pk, "answer": "no", "form": "paper"}
    before = len(answers_of(world.consent))
    assert client.post(address, form).status_code == 302
    assert client.post(address, form).status_code == 302
    assert len(answers_of(world.consent)) == before + 1


# links


def test_a_link_is_sent_again_by_mail_and_never_shown(world: World) -> None:
    parent = world.cast.people["classmate_parent"]
    old = link_for(parent)
    PersonalLink.objects.filter(pk=old.pk).update(made_at=MONDAY - timedelta(days=3))
    client = as_user(world.cast.users["mentor"])
    address = world.url("root_links", world.consent)
    assert client.post(address, {"person": parent.key, "act": "send"}).status_code == 302
    client.post(address, {"person": parent.key, "act": "send"})
    old.refresh_from_db()
    assert old.revoked_at is not None
    assert Outbox.objects.filter(kind="ask", person=parent).count() == 1
    assert "/kc/answer/" not in text_of(client.get(address))
    client.post(address, {"person": parent.key, "act": "close"})
    assert not PersonalLink.objects.filter(person=parent, revoked_at=None).exists()


def test_who_answers_on_an_own_desk_hears_of_a_question_by_mail_and_staff_can_send_it_again(world: World) -> None:
    pupil = world.cast.people["adult_pupil"]
    first, _second = ask(world.cast, pupil, [("school_publication", "website"), ("school_publication", "instagram")])
    mails = Outbox.objects.filter(kind="ask", person=pupil)
    assert [row.payload for row in mails] == [{}], "one mail for what is asked on one day"
    director, address = as_user(world.cast.users["director"]), world.url("root_links", first)
    for _twice in range(2):
        assert director.post(address, {"person": pupil.key, "act": "send"}).status_code == 302
    with clock.at(MONDAY + timedelta(days=1)):
        commands.perform(first, "consent.renew", by=world.cast.users["director"], data={"moment": "yearly", "until": "2026-07-31"})
    assert mails.all().count() == 3 and not PersonalLink.objects.filter(person=pupil).exists()
    assert "Send a mail" in text_of(director.get(address))


@pytest.mark.parametrize("told", [{"act": "send"}, {"person": "x", "act": "send"}, {"act": "open"}])
def test_a_link_of_somebody_who_is_not_asked_is_not_touched(world: World, told: dict[str, str]) -> None:
    parent = world.cast.people["parent"]
    link_for(parent)
    answer = as_user(world.cast.users["mentor"]).post(world.url("root_links", world.consent), {"person": str(parent.key), **told})
    assert answer.status_code == 404
    assert PersonalLink.objects.filter(person=parent, revoked_at=None).exists()


# steps


def test_a_page_that_grew_old_tells_what_changed_and_can_be_sent_again(world: World) -> None:
    client = as_user(world.cast.users["director"])
    address = world.url("step", world.account, "account.retire")
    form = untouched(client.get(address))
    commands.perform(world.account, "account.approve", by=world.cast.users["ict_coordinator"], data={"reason": "Goed."})
    stale = client.post(address, {**form, "reason": "Niet meer nodig."})
    assert stale.status_code == 409
    assert "Niet meer nodig." in text_of(stale)
    assert client.post(address, {**untouched(stale), "reason": "Niet meer nodig."}).status_code == 302
    assert Case.objects.get(pk=world.account.pk).state == "retired"


@pytest.mark.parametrize(
    "step",
    ["incident.triage", "incident.report", "measure.propose", "police.consider", "consent.request", "consent.expire", "nonsense", "account.retire"],
)
@pytest.mark.once
def test_steps_of_another_kind_of_case_are_404(world: World, step: str) -> None:
    client = as_user(world.cast.users["director"])
    assert client.get(world.url("step", world.consent, step)).status_code == 404
    assert client.post(world.url("step", world.consent, step), {"reason": "x"}).status_code == 404


def test_a_milestone_of_another_kind_of_case_is_404(world: World) -> None:
    client = as_user(world.cast.users["director"])
    assert client.get(world.url("record", world.consent, "heard")).status_code == 404
    assert client.get(world.url("record", world.account, "used")).status_code == 404


def test_publishing_without_consent_is_409_with_the_same_sentences_as_the_page(world: World) -> None:
    (asked,) = ask(world.cast, "pupil", [("school_publication", "instagram")])
    client = as_user(world.cast.users["mentor"])
    address = world.url("record", asked, "used")
    page = text_of(client.get(address))
    assert "You cannot yet" in page
    why = page.split("Why?")[1].split("</ul>")[0]
    forced = client.post(address, {"where": "instagram.example/1", "harm_expected": "no"})
    assert forced.status_code == 409
    assert why.split("<li>")[1].split("<")[0].strip() in text_of(forced)


def test_a_note_on_a_consent_is_taken_back_and_stays(world: World) -> None:
    commands.record(world.consent, "used", by=world.cast.users["mentor"], data={"where": "instagram.example/fout", "harm_expected": False})
    entry = LogEntry.objects.get(case=world.consent, step="record.used")
    client = as_user(world.cast.users["mentor"])
    answer = client.post(world.url("retract", world.consent, entry.n), {"reason": "Verkeerde foto."})
    assert answer.status_code == 302
    assert answer["Location"].startswith(world.url("root", world.consent))
    page = text_of(client.get(world.url("root", world.consent)))
    assert "Retracted" in page
    assert "Where it was published" not in page


def test_asking_again_leads_to_the_links_of_whoever_is_asked(world: World) -> None:
    client = as_user(world.cast.users["director"])
    address = world.url("step", world.consent, "consent.renew")
    answer = client.post(address, {**untouched(client.get(address)), "moment": "on_request", "reason": "Nieuwe foto's."})
    assert (answer.status_code, answer["Location"]) == (302, world.url("root_links", world.consent))
    world.consent.refresh_from_db()
    assert world.consent.state == "requested"
    assert "Carla Paperclipje" in text_of(client.get(answer["Location"]))
