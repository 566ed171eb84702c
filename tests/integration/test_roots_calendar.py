"""What the calendar does with consents, connections and accounts: terms, birthdays, who left, and who hears of it beforehand."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.core import mail

from tests.cast import Cast, build
from tests.root_world import SUMMER, answered, asked, at, entries
from tests.stories import MONDAY, school
from workflows import clock, commands, log, people
from workflows.commands import StepDenied
from workflows.delivery.ticking import tick
from workflows.models import Case, Outbox, Person
from workflows.roots import birthday
from workflows.schooldays import AMSTERDAM

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(monday: None) -> Cast:
    return school("leyenburg")


def test_consent_ends_with_its_term_and_the_head_hears_three_times(cast: Cast) -> None:
    case = answered(asked(cast), cast.people["parent"])
    for day in (date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 2), date(2026, 7, 24), date(2026, 7, 30), SUMMER):
        with at(day):
            tick()
            tick()
    heard = Outbox.objects.filter(kind="mail", payload__step="ends")
    assert {row.person.user.username for row in heard} == {"cast-director", "cast-deputy"}
    assert heard.filter(person=cast.people["director"]).count() == 3, "30, 7 and 1 days before, each once"
    assert Case.objects.get(pk=case.pk).state == "granted", "the last day counts"
    with at(SUMMER + timedelta(days=1)):
        assert tick().problem == ""
        assert tick().problem == ""
    assert entries(case)[-1] == ("consent.expire", "granted", "expired")
    assert [step for step, _, _ in entries(case)].count("consent.expire") == 1
    assert log.verify(cast.school) == []


@pytest.fixture
def teen(monday: None) -> Cast:
    return build("montessori", "vo", MONDAY.date(), {"pupil": {"birth_date": date(2010, 4, 1)}, "parent": {"language": "tr"}})


def test_on_the_birthday_the_say_moves_and_it_was_announced(teen: Cast) -> None:
    case = asked(teen)
    assert case.until == date(2026, 3, 31), "the day before the 16th birthday"
    answered(case, teen.people["parent"])
    for day in (date(2026, 3, 3), date(2026, 3, 20)):
        with at(day):
            tick()
    told = Outbox.objects.filter(kind="turn")
    assert {row.person for row in told} == {teen.people[name] for name in ("pupil", "parent", "other_parent")}
    assert all(row.done_at for row in told)
    (turkish,) = (one for one in mail.outbox if one.to == [teen.people["parent"].email])
    assert "1 nisan 2026".casefold() in turkish.body.casefold() and "1 april 2026" in turkish.body, "in the reader's language and in Dutch"
    assert "Noa" not in turkish.body + turkish.subject
    with at(date(2026, 4, 1)):
        tick()
        case = Case.objects.get(pk=case.pk)
        assert (case.state, case.until) == ("requested", SUMMER)
        assert [row.person for row in Outbox.objects.filter(kind="ask")] == [teen.people["pupil"]]
        with pytest.raises(StepDenied, match="Here only the pupil may answer"):
            answered(case, teen.people["parent"])
        assert answered(case, teen.users["pupil"], form="account").state == "granted"
        tick()
    assert [step for step, _, _ in entries(case)] == ["consent.request", "consent.answer", "consent.renew", "consent.answer"]


def test_born_on_29_february() -> None:
    with clock.at(datetime(2027, 2, 20, 9, 0, tzinfo=AMSTERDAM)):
        cast = build("montessori", "vo", date(2027, 2, 20), {"pupil": {"birth_date": date(2012, 2, 29)}})
        assert asked(cast, until=date(2029, 12, 31)).until == date(2028, 2, 28)
    assert birthday(date(2012, 2, 29), 16) == date(2028, 2, 29)
    assert birthday(date(2012, 2, 29), 18) == date(2030, 3, 1)
    assert Person(birth_date=date(2012, 2, 29)).age_on(date(2030, 2, 28)) == 17


def test_connections_and_accounts_end_with_their_last_day() -> None:
    with clock.at(MONDAY):
        cast = school("groningen", "vo")
        account = {
            "account_kind": "lesson", "name": "Biologie 3b", "platform": "Instagram", "owner_person": cast.people["teacher"],
            "stand_in": cast.people["mentor"], "until": date(2026, 6, 30), "aim": "learning", "aims": "Practicum", "opened_on": MONDAY.date(),
            "professional": True, "no_private_data": True, "responsible": "director",
        }  # fmt: skip
        lesson = commands.open_case(by=cast.users["teacher"], school=cast.school, step="account.request", data=account)
        assert {person.user.username for person in lesson.told} & {"cast-director", "cast-communications"}
        lesson_account = lesson.case
        commands.perform(lesson_account, "account.approve", by=cast.users["director"], answers={})
        tie = {"counterpart": cast.people["pupil"], "counterparty": "former_pupil", "target_account": "lesson", "account": lesson_account.key}
        case = commands.open_case(by=cast.users["teacher"], school=cast.school, step="friend_request.declare", data=tie).case
        assert (case.person, case.topic, case.facts["counterparty"]) == (cast.people["teacher"], "pupil", "pupil"), "an enrolled pupil is a pupil"
        until = {"until": date(2026, 12, 31), "review_on": date(2026, 6, 1)}
        with pytest.raises(StepDenied):
            commands.perform(case, "friend_request.approve", by=cast.users["teacher"], data=until)
        case = commands.perform(case, "friend_request.approve", by=cast.users["director"], data=until).case
        assert case.until == date(2026, 6, 30), "no longer than the account"
        with at(date(2026, 7, 1)):
            assert tick().problem == ""
        assert Case.objects.get(pk=case.pk).state == "expired"
        assert Case.objects.get(pk=lesson_account.pk).state == "retired"
        assert log.verify(cast.school) == []


def test_the_permission_of_a_class_group_lapses_when_the_last_member_of_staff_leaves() -> None:
    with clock.at(MONDAY):
        cast = school("montessori", "vo")
        group = {"account_kind": "class_group", "name": "3b", "platform": "WhatsApp", "taking_part": [cast.people["teacher"]], "aims": "Rooster"}
        case = commands.open_case(by=cast.users["teacher"], school=cast.school, step="account.request", data=group).case
        case = commands.perform(case, "account.approve", by=cast.users["director"], data={"reason": "Goed"}).case
        tick()
        assert Case.objects.get(pk=case.pk).state == "approved"
        people.end_membership(cast.users["teacher"].kc_memberships.get(), by=None, on=MONDAY.date())
        with at(date(2026, 3, 3)):
            tick()
        assert Case.objects.get(pk=case.pk).state == "retired"


def test_nothing_stays_open_with_somebody_who_left(cast: Cast) -> None:
    case = answered(asked(cast, until=None, moment="on_request"), cast.people["parent"])
    staying = asked(cast, "classmate", until=None, moment="on_request")
    tie = {"counterparty": "former_guardian", "target_account": "personal"}
    friend = commands.open_case(by=cast.users["teacher"], school=cast.school, step="friend_request.declare", data=tie).case
    cast.people["pupil"].enrolments.update(ends=MONDAY.date())
    cast.users["teacher"].kc_memberships.update(ends=MONDAY.date())
    for day, state in ((date(2026, 3, 3), "granted"), (date(2026, 5, 31), "granted"), (date(2026, 6, 1), "expired")):
        with at(day):
            assert tick().problem == ""
        assert Case.objects.get(pk=case.pk).state == state, day
    assert Case.objects.get(pk=friend.pk).state == "ended"
    assert Case.objects.get(pk=staying.pk).state == "requested"
    assert log.verify(cast.school) == []


def test_an_account_without_an_owner_is_told_once_to_who_stands_in_and_the_head() -> None:
    with clock.at(MONDAY):
        cast = school("montessori", "vo")
        told = {
            "account_kind": "school", "name": "School", "platform": "Facebook", "aims": "Nieuws", "stand_in": cast.people["mentor"],
            "aim": "profiling", "professional": True, "no_private_data": True, "responsible": "director", "opened_on": MONDAY.date(),
        }  # fmt: skip
        case = commands.open_case(by=cast.users["teacher"], school=cast.school, step="account.request", data=told).case
        commands.perform(case, "account.approve", by=cast.users["director"], data={"reason": "Goed"})
        cast.users["teacher"].kc_memberships.update(ends=MONDAY.date())
        with at(date(2026, 3, 3)):
            tick()
            tick()
            heard = Outbox.objects.filter(payload__step="ownerless").values_list("person__user__username", flat=True)
            assert sorted(heard) == ["cast-deputy", "cast-director", "cast-mentor"]
            commands.perform(case, "account.transfer", by=cast.users["director"], data={"owner_person": cast.people["personnel"]})
            assert Case.objects.get(pk=case.pk).person == cast.people["personnel"]
