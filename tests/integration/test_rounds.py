"""Asking many at once: who is asked how is seen beforehand, nobody gets it twice, and who does not answer is reminded once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from tests.cast import Cast, build, build_other_school, build_stranger
from tests.round_world import LINES, another_group, answer, how_many, make, pupil, send
from tests.stories import MONDAY, as_user
from workflows import answering, clock, people, rounds
from workflows.delivery import outbox
from workflows.machine import StepDenied
from workflows.models import Case, Guardianship, Outbox, PaperForm, Person, PersonalLink, Round, RoundAsk
from workflows.round_plan import members

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(monday: None) -> Cast:
    """Pupils of 10 with one or two parents, and one of 18."""
    return build("leyenburg", "po", MONDAY.date())


# --- what is shown beforehand is what is done -------------------------------------------------------------------------------


def test_the_preview_says_who_is_asked_how_and_changes_nothing(cast: Cast) -> None:
    pupil(cast, 1)
    pupil(cast, 2, {"authority": "unknown"})
    _child, (bare,) = pupil(cast, 3, {"email": "", "language": "ar"})
    before = how_many()
    plan = rounds.plan_of(make(cast), cast.users["director"])
    assert how_many() == before
    names = {route: [one.given_name for one in plan.by_route(route)] for route in ("mail", "paper", "desk")}
    assert names == {"mail": ["Carla", "Rob", "Olga"], "paper": ["Ouder30"], "desk": ["Finn"]}
    assert {person.given_name: str(why) for person, why in plan.nobody.values()} == {
        "Kind1": "No parent is known.", "Kind2": "Of no parent it is known that they have authority.",
    }  # fmt: skip
    assert plan.people == 6 and len(plan.rows) == 8 and plan.asked[bare.pk] == {_child.pk}

    done = send(cast)
    assert done.state == "done" and done.done == done.total == 6
    assert {(one.person_id, one.route) for one in done.asks.all()} == {
        *((key, route) for key, route in plan.routes.items()), *((key, "nobody") for key in plan.nobody),
    }  # fmt: skip
    assert Case.objects.filter(type="consent").count() == len(plan.rows)
    assert PaperForm.objects.get().signer == bare


def test_one_mail_for_each_guardian_for_all_their_children(cast: Cast) -> None:
    child, _ = pupil(cast, 1)
    people.add_guardian(child, cast.people["parent"], by=None, authority="yes")
    send(cast)
    outbox.drain()
    assert sorted(one.to[0] for one in mail.outbox) == sorted(
        cast.people[name].email for name in ("parent", "other_parent", "classmate_parent", "adult_pupil")
    )
    asked = {line.person.given_name for line in answering.lines_for(cast.people["parent"]).lines}
    assert asked == {"Noa", "Kind1"}
    assert all("Noa" not in one.body and "Kind1" not in one.subject for one in mail.outbox)


def test_what_was_asked_or_answered_is_not_asked_again_unless_renewed(cast: Cast) -> None:
    first = send(cast)
    answer(cast.people["parent"])
    second = rounds.plan_of(make(cast), cast.users["director"])
    assert second.rows == [] and second.asked == {} and second.standing == 6
    with pytest.raises(rounds.RoundRefused):
        rounds.start(make(cast), by=cast.users["director"])
    with clock.at(MONDAY + timedelta(days=30)):
        again = send(cast, renew=True)
    assert again.cases.count() == first.cases.count() == 6
    assert set(Case.objects.filter(type="consent").values_list("state", flat=True)) == {"requested"}
    assert RoundAsk.objects.filter(round=again, route="mail").count() == 3


def test_who_took_a_yes_back_is_left_alone_and_a_consent_that_ended_is_asked_anew(cast: Cast) -> None:
    send(cast, until=date(2026, 7, 31), lines=LINES[:1])
    answer(cast.people["parent"])
    answer(cast.people["classmate_parent"])
    with clock.at(MONDAY + timedelta(days=2)):
        answer(cast.people["classmate_parent"], False)
    with clock.at(MONDAY + timedelta(days=200)):
        plan = rounds.plan_of(make(cast, lines=LINES[:1]), cast.users["director"])
        assert {row["person"].given_name for row in plan.rows} == {"Noa", "Finn"}, "that of Sem was taken back"
        again = send(cast, lines=LINES[:1])
    states = sorted(again.school.cases.filter(type="consent").values_list("person__given_name", "state"))
    assert states == [("Finn", "expired"), ("Finn", "requested"), ("Noa", "expired"), ("Noa", "requested"), ("Sem", "withdrawn")]
    assert again.cases.count() == 2


def test_a_parent_who_came_later_is_asked_and_nobody_else(cast: Cast) -> None:
    send(cast)
    answer(cast.people["parent"])
    late = people.add_person(cast.school, by=None, kind="parent", given_name="Nieuw", family_name="Knikker", email="nieuw@cast.example")
    people.add_guardian(cast.people["pupil"], late, by=None, authority="yes")
    plan = rounds.plan_of(make(cast), cast.users["director"])
    assert plan.rows == [] and set(plan.asked) == {late.pk} and len(plan.taken) == 2


# --- scopes and who may ----------------------------------------------------------------------------------------------------


def test_all_pupils_new_pupils_a_year_and_staff(cast: Cast) -> None:
    other = another_group(cast, "Groep 8b")
    here = {scope: {one.given_name for one in members(make(cast, scope=scope, groups=()))} for scope in ("school", "new", "staff")}
    assert here["school"] == {"Noa", "Sem", "Finn", "Lotje"} and here["new"] == {"Lotje"} and "Marit" in here["staff"]
    assert rounds.years_of([cast.group, other]) == {"7": [cast.group.pk], "8": [other.pk]}


def test_a_mentor_asks_about_the_own_groups_only(cast: Cast) -> None:
    other = another_group(cast, "Groep 8b")
    assert send(cast, "mentor").state == "done"
    for told in ({"scope": "school"}, {"scope": "staff"}, {"groups": [other.pk]}, {"groups": [cast.group.pk, other.pk]}):
        with pytest.raises(rounds.RoundRefused):
            make(cast, "mentor", **told)
    assert rounds.reach_of(cast.users["teacher"], cast.school) is None


def test_who_sees_a_round(cast: Cast) -> None:
    found, stranger = make(cast, "mentor"), build_stranger()
    other = build_other_school("leyenburg", "po", MONDAY.date())
    sees = {name for name, user in cast.users.items() if rounds.may_see(user, found)}
    assert sees == {"mentor", "director", "deputy", "board", "dpo", "administrator", "communications", "mediamaster"}
    assert not any(rounds.may_see(user, found) for user in (stranger, *other.users.values()))
    assert {name for name, user in cast.users.items() if rounds.may_see(user, make(cast))} == sees - {"mentor"}


@pytest.mark.parametrize(
    "told", [{"lines": []}, {"lines": [("school_publication", "billboard")]}, {"moment": ""}, {"groups": []}, {"until": date(2026, 3, 1)},
             {"until": date(2126, 3, 1)}, {"scope": "everybody"}, {"groups": [999999]}, {"kind": "yearly"}],
)  # fmt: skip
def test_a_round_that_makes_no_sense_is_refused(told: dict[str, Any], monday: None) -> None:
    cast = build("verkruisen", "po", MONDAY.date())  # whose protocol has no yearly reminder
    with pytest.raises(rounds.RoundRefused):
        make(cast, **told)
    assert not Round.objects.exists()


def test_a_mail_to_more_than_a_hundred_addresses_needs_the_director_at_wilhelmina(monday: None) -> None:
    cast = build("wilhelmina", "po", MONDAY.date())
    for number in range(98):
        pupil(cast, number, {})
    found = make(cast, "mentor")
    plan = rounds.plan_of(found, cast.users["mentor"])
    (denial,) = rounds.refusals(found, plan, cast.users["mentor"])
    assert denial.articles == ("WIL-MAIL-6",) and len(plan.by_route("mail")) == 101
    with pytest.raises(StepDenied):
        rounds.start(found, by=cast.users["mentor"])
    assert Round.objects.get().state == "draft" and not Outbox.objects.exists() and not Case.objects.exists()
    assert rounds.work(rounds.start(found, by=cast.users["director"])).state == "done"


def test_a_question_that_the_protocol_does_not_allow_is_not_asked_and_says_why(monday: None) -> None:
    cast = build("verkruisen", "po", MONDAY.date())
    plan = rounds.plan_of(make(cast, moment="yearly", until=date(2026, 7, 31)), cast.users["director"])
    assert plan.rows == [] and "VER-10b" in {article for denial in plan.refused for article in denial.articles}
    staff = rounds.plan_of(make(cast, scope="staff", groups=(), lines=LINES[1:]), cast.users["director"])
    assert staff.rows == [] and {article for denial in staff.refused for article in denial.articles} >= {"VER-10a"}


# --- reminders and counts --------------------------------------------------------------------------------------------------


def test_a_reminder_after_a_week_once_and_never_to_who_answered(cast: Cast) -> None:
    send(cast)
    outbox.drain()
    mail.outbox.clear()
    answer(cast.people["parent"])
    with clock.at(MONDAY + timedelta(days=6, hours=23)):
        assert rounds.remind() == 0
    with clock.at(MONDAY + timedelta(days=7)):
        assert rounds.remind() == 3 and rounds.remind() == 0
        answer(cast.people["other_parent"])
        outbox.drain()
    left = [cast.people[name].email for name in ("classmate_parent", "adult_pupil")]
    assert [one.to[0] for one in mail.outbox] == left, "who answered meanwhile gets none"
    with clock.at(MONDAY + timedelta(days=30)):
        assert rounds.remind() == 0
    assert rounds.counts(Round.objects.get()).reminded == 3


def test_who_answers_on_an_own_desk_gets_a_mail_and_a_reminder_and_without_an_address_is_named(cast: Cast) -> None:
    pupil = cast.people["adult_pupil"]
    first = send(cast, lines=LINES[:1])
    outbox.drain()
    (told,) = (one for one in mail.outbox if one.to == [pupil.email])
    assert reverse("kc_workflows:own_consents") in told.body and "/answer/" not in told.body and "Finn" not in told.subject + told.body
    assert not PersonalLink.objects.filter(person=pupil).exists() and not rounds.without_mail(first)
    with clock.at(MONDAY + timedelta(days=7)):
        assert rounds.remind() == 4
        outbox.drain()
        assert "heeft nog een vraag" in mail.outbox[-1].body
        Person.objects.filter(pk=pupil.pk).update(email="")
        later = send(cast, lines=LINES[1:2])
        assert [one.given_name for one in rounds.without_mail(later)] == ["Finn"]
        assert "Finn" in as_user(cast.users["director"]).get(reverse("kc_workflows:round", args=[later.key])).content.decode()


def test_no_reminder_while_the_first_mail_waits_or_the_term_is_over(cast: Cast) -> None:
    send(cast, until=date(2026, 3, 5))
    with clock.at(MONDAY + timedelta(days=8)):
        assert rounds.remind() == 0
    with clock.at(MONDAY + timedelta(days=10)):
        send(cast, lines=[("name", "newsletter")])
    with clock.at(MONDAY + timedelta(days=18)):
        assert rounds.remind() == 0, "the first mail has not left yet"


def test_counts_say_who_answered_what(cast: Cast) -> None:
    found = send(cast, lines=LINES[:1])
    answer(cast.people["parent"])
    answer(cast.people["other_parent"], False)
    answer(cast.people["classmate_parent"], False)
    count = rounds.counts(found)
    assert count.states == {"conflicting": 1, "refused": 1, "requested": 1}
    assert count.routes == {"mail": 3, "desk": 1} and count.answered == 3 and count.asked == 4


def test_a_yearly_reminder_asks_nothing_and_goes_to_who_said_yes_before_this_year(cast: Cast) -> None:
    with clock.at(MONDAY - timedelta(days=270)):
        send(cast, lines=LINES[:1])
        answer(cast.people["parent"])
        answer(cast.people["classmate_parent"], False)
    before = how_many()
    found = send(cast, kind="yearly", lines=(), moment="")
    after = how_many()
    assert [one.person.given_name for one in found.asks.select_related("person")] == ["Rob"]
    assert after["Case"] == before["Case"] and after["LogEntry"] == before["LogEntry"]
    outbox.drain()
    sent = mail.outbox[-1]
    assert sent.to == [cast.people["parent"].email] and "Uw ja geldt nog" in sent.body
    assert "heeft een vraag" not in sent.body and "Noa" not in sent.body


def test_a_yearly_reminder_passes_over_who_no_longer_decides(cast: Cast) -> None:
    with clock.at(MONDAY - timedelta(days=270)):
        send(cast, lines=LINES[:1])
        for who in ("parent", "other_parent"):
            answer(cast.people[who])
    people.end_guardian(Guardianship.objects.get(guardian=cast.people["other_parent"]), by=None, on=MONDAY.date() - timedelta(days=1))
    assert Case.objects.get(person=cast.people["pupil"]).state == "granted"
    plan = rounds.plan_of(make(cast, kind="yearly", lines=(), moment=""), cast.users["director"])
    assert plan.asked == {cast.people["parent"].pk: {cast.people["pupil"].pk}}, "staff would tell of this child to whoever it names"
