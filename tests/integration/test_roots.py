"""Consents, connections and accounts through the real commands: one act, one entry, nothing twice, nothing to the wrong person."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast, build_other_school, build_stranger
from tests.root_world import SUMMER, YES, answered, asked, asking, at, entries
from tests.stories import MONDAY, school
from workflows import access, clock, commands, commands_bulk, facts, log, people, protocol
from workflows.commands import SYSTEM, InvalidData, StepDenied
from workflows.delivery.ticking import tick
from workflows.forecasts import gate
from workflows.models import Case, Duty, LogEntry, Outbox, Person, Words
from workflows.schooldays import AMSTERDAM

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(monday: None) -> Cast:
    return school("leyenburg")


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


# Pictures of staff


def test_parents_are_asked_about_pictures_of_staff() -> None:
    with clock.at(MONDAY):
        cast = school("verkruisen")
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
        cast = school("wilhelmina")
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
