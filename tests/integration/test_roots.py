"""Consents, connections and accounts through the real commands: one act, one entry, nothing twice, nothing to the wrong person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workflows import access, clock, commands, commands_bulk, facts, log, people, protocol
from workflows.commands import SYSTEM, InvalidData, StepDenied
from workflows.delivery.ticking import tick
from workflows.forecasts import gate
from workflows.models import Case, Duty, LogEntry, Outbox, Person, Words
from workflows.roots import birthday
from workflows.scenario_cast import Cast, build, build_other_school, build_stranger
from workflows.schooldays import AMSTERDAM

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=AMSTERDAM)
SUMMER = date(2026, 7, 31)
YES = {"answer": True, "form": "link", "authority": True, "language": "nl", "text_version": "sha256:ab12"}


@pytest.fixture
def cast() -> Iterator[Cast]:
    with clock.at(MONDAY):
        yield build("leyenburg", "po", MONDAY.date())


def asking(cast: Cast, person: str = "pupil", **more: Any) -> dict[str, Any]:
    return {
        "person": cast.people[person], "purpose": "school_publication", "channel": "instagram", "moment": "yearly", "until": SUMMER, **more
    }  # fmt: skip


def asked(cast: Cast, person: str = "pupil", **more: Any) -> Case:
    data = asking(cast, person, **more)
    return commands.open_case(by=cast.users["director"], school=cast.school, step="consent.request", data=data).case


def answered(case: Case, by: Any, **said: Any) -> Case:
    return commands.perform(case, "consent.answer", by=by, data={**YES, **said}).case


def entries(case: Case) -> list[tuple[str, str, str]]:
    return list(LogEntry.objects.filter(root=case).order_by("n").values_list("step", "source", "target"))


def test_a_consent_is_asked_answered_and_proven(cast: Cast) -> None:
    case = asked(cast, note="Voor de open dag")
    assert (case.state, case.topic, case.until, case.display_number) == ("requested", "school_publication/instagram", SUMMER, "2026-1")
    parent = cast.people["parent"]
    assert answered(case, parent).state == "granted"
    entry = LogEntry.objects.get(root=case, step="consent.answer")
    assert (entry.person, entry.by, entry.by_roles) == (parent, parent, ["guardian"])
    assert entry.facts == {name: YES[name] for name in ("answer", "form", "authority", "language", "text_version")}
    assert "answer" not in case.facts, "an answer is somebody's, not the case's"
    assert log.verify(cast.school) == []


def test_a_paper_form_and_a_telephone_call_are_written_down_by_staff(cast: Cast) -> None:
    case, parent = asked(cast), cast.people["parent"]
    told = {"person": parent, "form": "phone", "witness": cast.people["mentor"], "happened": MONDAY - timedelta(hours=1)}
    answered(case, cast.users["director"], **told)
    entry = LogEntry.objects.get(root=case, step="consent.answer")
    assert (entry.person, entry.by, entry.happened_at) == (parent, cast.people["director"], MONDAY - timedelta(hours=1))
    assert entry.facts["people"] == {"witness": [cast.people["mentor"].pk]}


@pytest.mark.parametrize("who", ["classmate_parent", "pupil", "mentor", "outsider"])
@pytest.mark.parametrize("step", ["consent.answer", "consent.withdraw"])
def test_nobody_else_answers_or_takes_back(cast: Cast, who: str, step: str) -> None:
    case = answered(asked(cast), cast.people["parent"])
    before = entries(case)
    with pytest.raises(StepDenied) as refused:
        commands.perform(case, step, by=cast.users.get(who) or cast.people[who], data=YES if step == "consent.answer" else {})
    assert {article for one in refused.value.denials for article in one.articles} & {"NL-CON-PARENT", "KC-11", "LEY-PRO-5"}
    assert entries(case) == before


def test_a_parent_without_authority_or_of_another_year_has_no_say(cast: Cast) -> None:
    case = asked(cast)
    for change in ({"authority": "unknown"}, {"authority": "yes", "ends": date(2026, 3, 1)}):
        tie = cast.people["parent"].wards.get()
        for name, value in change.items():
            setattr(tie, name, value)
        tie.save()
        with pytest.raises(StepDenied):
            answered(case, cast.people["parent"])


def test_the_same_form_answers_once(cast: Cast) -> None:
    case, parent = asked(cast), cast.people["parent"]
    first = commands.perform(case, "consent.answer", by=parent, data=YES, key="form-1")
    second = commands.perform(case, "consent.answer", by=parent, data={**YES, "answer": False}, key="form-1")
    assert second.repeated and second.entry == first.entry
    assert len(entries(case)) == 2


def test_the_same_is_not_asked_twice_while_it_stands(cast: Cast) -> None:
    case = asked(cast)
    with pytest.raises(StepDenied, match="asked already"):
        asked(cast)
    commands.perform(answered(case, cast.people["parent"]), "consent.withdraw", by=cast.people["parent"])
    assert asked(cast).display_number == "2026-2"


def test_an_old_consent_does_not_come_back_beside_a_new_one(cast: Cast) -> None:
    parent = cast.people["parent"]
    old = commands.perform(answered(asked(cast), parent), "consent.withdraw", by=parent).case
    new = asked(cast)
    for step, by, data in (("consent.answer", parent, YES), ("consent.renew", cast.users["director"], {"until": SUMMER})):
        with pytest.raises(StepDenied, match="asked already"):
            commands.perform(old, step, by=by, data=data)
    with pytest.raises(StepDenied, match="asked already"):
        commands_bulk.perform_many([old], "consent.renew", by=cast.users["director"], data={"until": SUMMER})
    assert answered(new, parent).state == "granted"


def test_asking_again_after_the_term_says_until_when(cast: Cast) -> None:
    case = answered(asked(cast), cast.people["parent"])
    with at(SUMMER + timedelta(days=1)):
        tick()
        with pytest.raises(InvalidData, match="until when"):
            commands.perform(case, "consent.renew", by=cast.users["director"])
        again = commands.perform(case, "consent.renew", by=cast.users["director"], data={"until": date(2027, 7, 31), "moment": "yearly"}).case
        assert (again.state, again.until) == ("requested", date(2027, 7, 31))
        assert protocol.answers_in(facts.load(again).for_step(again, "consent.expire", actor=None, data={})) == {}, "asked anew"


def test_what_the_school_knows_of_the_other_side_is_not_declared_away(cast: Cast) -> None:
    told = {"counterparty": "former_guardian", "target_account": "personal", "asked_by": "employee"}
    for other, what in (("pupil", "pupil"), ("parent", "guardian"), ("outsider", "former_guardian")):
        data = {**told, "counterpart": cast.people[other]}
        outcome = commands.open_case(by=cast.users["teacher"], school=cast.school, step="friend_request.declare", data=data)
        assert (outcome.case.topic, outcome.case.facts["counterparty"]) == (what, what)
    cast.people["pupil"].enrolments.update(ends=date(2026, 3, 1))
    data = {**told, "counterpart": cast.people["pupil"]}
    left = commands.open_case(by=cast.users["teacher"], school=cast.school, step="friend_request.declare", data=data).case
    assert left.topic == "former_pupil"


def test_a_refused_step_leaves_nothing(cast: Cast) -> None:
    school = cast.school
    with pytest.raises(StepDenied):
        commands.open_case(by=cast.people["classmate_parent"], school=school, step="consent.request", data=asking(cast))
    with pytest.raises(InvalidData):
        asked(cast, channel="phone")
    school.refresh_from_db()
    assert (Case.objects.count(), LogEntry.objects.count(), school.last_numbers) == (0, 0, {})


def test_taking_back_opens_a_takedown_with_the_places_and_a_term(cast: Cast) -> None:
    case, parent = answered(asked(cast), cast.people["parent"]), cast.people["parent"]
    for where in ("https://school.example/1", "https://school.example/2"):
        commands.record(case, "used", by=cast.users["mentor"], data={"where": where, "harm_expected": False})
    outcome = commands.perform(case, "consent.withdraw", by=parent)
    takedown = Case.objects.get(parent=case, type="takedown")
    assert (outcome.case.state, takedown.state, takedown.person) == ("withdrawn", "requested", cast.people["pupil"])
    assert Words.objects.get(case=takedown, field="where").text == "https://school.example/1; https://school.example/2"
    duty = Duty.objects.get(case=takedown)
    assert (duty.task, duty.owner, clock.timezone.localtime(duty.due_at).date()) == ("takedown.confirm_removed", "director", date(2026, 3, 9))
    assert not takedown.own_letters.exists(), "the school published it: nobody else is asked to take it down"
    told = set(Outbox.objects.filter(root=case).values_list("person__user__username", flat=True))
    assert told >= {"cast-mentor", "cast-director"}, "who published it, and the head"
    commands.perform(takedown, "takedown.confirm_removed", by=cast.users["mentor"], data={"how": "post_removed"})
    assert Case.objects.get(pk=takedown.pk).state == "settled"
    assert Duty.objects.get(case=takedown).done_at is not None
    assert log.verify(cast.school) == []


def test_a_no_after_the_other_parents_yes_is_a_conflict_and_takes_down_too(cast: Cast) -> None:
    case = answered(asked(cast), cast.people["parent"])
    case = answered(case, cast.people["other_parent"], answer=False)
    assert case.state == "conflicting"
    assert Case.objects.filter(parent=case, type="takedown", state="requested").count() == 1
    commands.perform(case, "consent.withdraw", by=cast.people["parent"])
    assert Case.objects.filter(parent=case, type="takedown").count() == 1, "one is under way already"


def test_a_refusal_from_the_start_takes_nothing_down(cast: Cast) -> None:
    case = answered(asked(cast), cast.people["parent"], answer=False)
    assert (case.state, case.children.count()) == ("refused", 0)


def test_noting_that_something_stays_opens_no_second_takedown(cast: Cast) -> None:
    case = answered(asked(cast), cast.people["parent"])
    commands.perform(case, "consent.withdraw", by=cast.people["parent"])
    commands.perform(Case.objects.get(type="takedown"), "takedown.confirm_removed", by=cast.users["director"], data={"how": "post_removed"})
    assert Case.objects.filter(type="takedown").count() == 1


def test_publishing_needs_consent_that_still_holds_today(cast: Cast) -> None:
    case = asked(cast)
    used = {"where": "https://school.example", "harm_expected": False}
    for state in ("requested", "refused", "conflicting"):
        with pytest.raises(StepDenied):
            commands.record(case, "used", by=cast.users["mentor"], data=used)
        case = answered(case, cast.people["parent" if state == "requested" else "other_parent"], answer=state != "requested")
    assert case.state == "conflicting"
    case = answered(case, cast.people["parent"])
    commands.record(case, "used", by=cast.users["mentor"], data=used)
    with clock.at(datetime(2026, 8, 1, 9, 0, tzinfo=AMSTERDAM)), pytest.raises(StepDenied):  # the clock of the system is late
        commands.record(case, "used", by=cast.users["mentor"], data=used)


# What the calendar does


def at(day: date) -> Any:
    return clock.at(datetime(day.year, day.month, day.day, 6, 0, tzinfo=AMSTERDAM))


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
def teen() -> Iterator[Cast]:
    with clock.at(MONDAY):
        yield build("montessori", "vo", MONDAY.date(), {"pupil": {"birth_date": date(2010, 4, 1)}, "parent": {"language": "tr"}})


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
        cast = build("groningen", "vo", MONDAY.date())
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
        cast = build("montessori", "vo", MONDAY.date())
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
        cast = build("montessori", "vo", MONDAY.date())
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


# Pictures of staff


def test_parents_are_asked_about_pictures_of_staff() -> None:
    with clock.at(MONDAY):
        cast = build("verkruisen", "po", MONDAY.date())
        told = {"moment": "on_request", "until": None}
        with pytest.raises(InvalidData, match="Only parents with authority"):
            asked(cast, "teacher", asked=[cast.people["outsider"]], **told)
        case = asked(cast, "teacher", asked=[cast.people["parent"], cast.people["classmate_parent"]], **told)
        assert answered(case, cast.users["teacher"], form="account").state == "requested"
        with pytest.raises(StepDenied):
            answered(case, cast.people["other_parent"])
        assert answered(case, cast.people["classmate_parent"]).state == "granted"
        assert answered(case, cast.people["parent"], answer=False).state == "conflicting"


# Many at once


def many(cast: Cast, number: int) -> list[Person]:
    return [Person.objects.create(school=cast.school, kind="pupil", given_name=f"Kind {n}", birth_date=date(2016, 5, 1)) for n in range(number)]


def counted(act: Any) -> int:
    with CaptureQueriesContext(connection) as found:
        act()
    return len(found)


def test_a_round_asks_many_with_the_same_few_queries_and_whole_chains(cast: Cast) -> None:
    pupils, director = many(cast, 30), cast.users["director"]

    def ask(some: list[Person], channel: str) -> list[Case]:
        rows = [{**asking(cast), "person": person, "channel": channel, "note": "Ronde"} for person in some]
        return commands_bulk.open_many(cast.school, rows, by=director)

    ask(pupils[:1], "press")
    assert counted(lambda: ask(pupils[:2], "website")) == counted(lambda: ask(pupils, "newsletter"))
    assert len(ask(pupils, "website")) == 28, "two were asked before"
    assert ask([pupils[0], pupils[0]], "youtube")[0].display_number == "2026-62"
    assert Case.objects.filter(type="consent", until=SUMMER, state="requested").count() == 62
    assert Words.objects.filter(field="note", text="Ronde").count() == 62
    assert log.verify(cast.school) == []
    one = Case.objects.filter(person=pupils[3], topic__endswith="website").get()
    single = asked(cast)
    mine, other = (LogEntry.objects.get(root=case) for case in (one, single))
    for name in ("step", "source", "target", "by", "by_roles", "n"):
        assert getattr(mine, name) == getattr(other, name), name
    assert set(one.facts) == set(single.facts)


def test_a_round_is_all_or_nothing(cast: Cast) -> None:
    rows = [asking(cast), {**asking(cast, "classmate"), "moment": "yearly", "until": date(2026, 1, 1)}]
    with pytest.raises(StepDenied):
        commands_bulk.open_many(cast.school, rows, by=cast.users["director"])
    with pytest.raises(StepDenied):
        commands_bulk.open_many(cast.school, [asking(cast)], by=cast.people["parent"])
    assert (Case.objects.count(), LogEntry.objects.count()) == (0, 0)


def test_many_expire_with_the_same_few_queries(cast: Cast) -> None:
    pupils = many(cast, 30)
    cases = commands_bulk.open_many(cast.school, [{**asking(cast), "person": person} for person in pupils], by=cast.users["director"])
    with pytest.raises(StepDenied):
        commands_bulk.perform_many(cases, "consent.expire", by=cast.users["director"])
    with at(date(2026, 8, 1)):
        assert counted(lambda: commands_bulk.expire_many(cases[:2])) == counted(lambda: commands_bulk.expire_many(cases[2:]))
    assert set(Case.objects.values_list("state", flat=True)) == {"expired"}
    assert log.verify(cast.school) == []


def test_many_are_loaded_with_the_same_few_queries(cast: Cast) -> None:
    cases = commands_bulk.open_many(
        cast.school, [{**asking(cast), "person": person} for person in many(cast, 12)], by=cast.users["director"]
    )  # fmt: skip
    rows = list(Case.objects.select_related("school", "person").order_by("pk"))
    assert counted(lambda: facts.load_many(rows[:2])) == counted(lambda: facts.load_many(rows))
    unasked = Case(school=cast.school, type="consent", person=cast.people["pupil"], topic="name/press", facts={"purpose": "name", "channel": "press"})
    first, last = facts.load_many([cases[0], unasked])
    used = [protocol.denials(one.protocol, one.for_step(one.root, "record.used", actor=None, data={"harm_expected": False})) for one in (first, last)]
    assert all(used), "neither may be published"


def test_one_step_costs_the_same_with_two_answers_as_with_twenty(cast: Cast) -> None:
    case, parent = asked(cast), cast.people["parent"]
    answered(case, parent)
    few = counted(lambda: answered(case, parent))
    for _ in range(20):
        answered(case, parent)
    assert counted(lambda: answered(case, parent)) == few
    assert few <= 20


# A round is a gate


def test_a_mail_to_more_than_a_hundred_needs_the_head() -> None:
    with clock.at(MONDAY):
        cast = build("wilhelmina", "po", MONDAY.date())
        assert gate(cast.school, "round.send", cast.users["mentor"], {"addressees": 100}) == ()
        (denial,) = gate(cast.school, "round.send", cast.users["mentor"], {"addressees": 101})
        assert denial.articles == ("WIL-MAIL-6",)
        assert gate(cast.school, "round.send", cast.users["director"], {"addressees": 2000}) == ()
        with pytest.raises(InvalidData):
            gate(cast.school, "round.send", cast.users["director"], {"addressees": "many"})


# Seeing


def test_who_sees_which(cast: Cast) -> None:
    other = build_other_school("leyenburg", "po", MONDAY.date())
    elsewhere = commands.open_case(
        by=other.users["director"], school=other.school, step="consent.request",
        data={**asking(cast), "person": people.add_person(other.school, by=None, kind="pupil", given_name="Ander")},
    ).case  # fmt: skip
    of_pupil, of_teacher = asked(cast), asked(cast, "teacher")
    tie = {"counterparty": "former_guardian", "target_account": "personal"}
    friend = commands.open_case(by=cast.users["teacher"], school=cast.school, step="friend_request.declare", data=tie).case
    everything = {of_pupil, of_teacher, friend}
    seen = {
        **dict.fromkeys(("director", "deputy", "board", "dpo"), everything),
        **{name: {of_pupil, of_teacher} for name in ("administrator", "communications", "mediamaster")},
        **{name: set() for name in ("manager", "ict_coordinator", "personnel", "counsellor", "classmate", "adult_pupil")},
        "mentor": {of_pupil}, "teacher": {of_teacher, friend}, "pupil": {of_pupil},
    }  # fmt: skip
    assert set(seen) == set(cast.users)
    for name, user in [*cast.users.items(), ("stranger", build_stranger()), ("other director", other.users["director"]), ("nobody", None)]:
        found = {case.pk for kind in ("consent", "friend_request", "account") for case in access.visible_roots(user, kind)}
        wanted = {elsewhere.pk} if name == "other director" else {case.pk for case in seen.get(name, set())}
        assert found == wanted, name
        assert all(access.may_see(user, case) is (case.pk in wanted) for case in everything)


def test_the_system_takes_only_what_a_pack_leaves_to_it(cast: Cast) -> None:
    case = asked(cast)
    for step, data in (("consent.answer", YES), ("consent.withdraw", {})):
        with pytest.raises(StepDenied):
            commands.perform(case, step, by=SYSTEM, data=data)
    with pytest.raises(StepDenied):
        commands.perform(case, "consent.expire", by=cast.users["director"])
