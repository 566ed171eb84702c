"""Asking many at once: who is asked how is seen beforehand, nobody gets it twice, and it goes on after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.asking import answers_of
from tests.cast import Cast, build, build_other_school, build_stranger
from tests.stories import as_user
from workflows import answering, clock, people, personal_links, rounds
from workflows.delivery import outbox
from workflows.log import verify
from workflows.machine import StepDenied
from workflows.models import Case, Guardianship, LogEntry, Outbox, PaperForm, Person, PersonalLink, Round, RoundAsk
from workflows.round_plan import members
from workflows.schooldays import AMSTERDAM

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=AMSTERDAM)
LINES = [("school_publication", "website"), ("school_publication", "instagram")]


@pytest.fixture
def cast(monday: None) -> Cast:
    """Pupils of 10 with one or two parents, and one of 18."""
    return build("leyenburg", "po", MONDAY.date())


def make(cast: Cast, by: str = "director", **told: Any) -> Round:
    given: dict[str, Any] = {"scope": "groups", "groups": [cast.group.pk], "lines": LINES, "moment": "first_round", **told}
    return rounds.draft(cast.school, by=cast.users[by], **given)


def send(cast: Cast, by: str = "director", **told: Any) -> Round:
    return rounds.work(rounds.start(make(cast, by, **told), by=cast.users[by]))


def pupil(cast: Cast, number: int, *parents: dict[str, Any], **told: Any) -> tuple[Person, list[Person]]:
    """Add a pupil of the group with parents, each with fields of a person and `authority`."""
    fields = {"given_name": f"Kind{number}", "family_name": "Knikker", "birth_date": date(2016, 1, 15), **told}
    child = people.add_person(cast.school, by=None, kind="pupil", **fields)
    people.enrol(child, cast.group, by=None, starts=date(2025, 9, 1))
    found = []
    for place, parent in enumerate(parents):
        own = {"given_name": f"Ouder{number}{place}", "family_name": "Knikker", "email": f"o{number}{place}@cast.example", **parent}
        authority = own.pop("authority", "yes")
        found.append(people.add_person(cast.school, by=None, kind="parent", **own))
        people.add_guardian(child, found[-1], by=None, authority=authority)
    return child, found


def answer(signer: Person, yes: bool = True, *cases: Case) -> None:
    chosen = {str(line.case.key): yes for line in answering.lines_for(signer).lines if not cases or line.case in cases}
    answering.answer(signer, chosen, by=signer, form="link", authority=True)


def everything() -> dict[str, int]:
    return {model.__name__: model._base_manager.count() for model in (Case, LogEntry, RoundAsk, Outbox, PaperForm)}


# --- what is shown beforehand is what is done -------------------------------------------------------------------------------


def test_the_preview_says_who_is_asked_how_and_changes_nothing(cast: Cast) -> None:
    pupil(cast, 1)
    pupil(cast, 2, {"authority": "unknown"})
    _child, (bare,) = pupil(cast, 3, {"email": "", "language": "ar"})
    before = everything()
    plan = rounds.plan_of(make(cast), cast.users["director"])
    assert everything() == before
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
    other = people_group(cast, "Groep 8b")
    here = {scope: {one.given_name for one in members(make(cast, scope=scope, groups=()))} for scope in ("school", "new", "staff")}
    assert here["school"] == {"Noa", "Sem", "Finn", "Lotje"} and here["new"] == {"Lotje"} and "Marit" in here["staff"]
    assert rounds.years_of([cast.group, other]) == {"7": [cast.group.pk], "8": [other.pk]}


def people_group(cast: Cast, name: str) -> Any:
    from workflows import schools

    group = schools.add_group(cast.school, by=None, name=name)
    child = people.add_person(cast.school, by=None, kind="pupil", given_name="Lotje", family_name="Knikker", birth_date=date(2015, 1, 15))
    people.enrol(child, group, by=None, starts=date(2025, 9, 1))
    return group


def test_a_mentor_asks_about_the_own_groups_only(cast: Cast) -> None:
    other = people_group(cast, "Groep 8b")
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
             {"scope": "everybody"}, {"groups": [999999]}, {"kind": "yearly"}],
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


# --- crashes, dead servers, two at once ------------------------------------------------------------------------------------


def test_a_crash_in_a_batch_loses_nothing_and_doubles_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        pupil(cast, number, {}, {})
    monkeypatch.setattr(rounds, "BATCH", 2)
    monkeypatch.setattr(rounds, "MAILS", 4)
    found, real, calls = rounds.start(make(cast), by=cast.users["director"]), personal_links.make_many, []

    def dies(people: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise OSError("the database went away")
        return real(people)

    monkeypatch.setattr(personal_links, "make_many", dies)
    with pytest.raises(OSError):
        rounds.work(found)
    assert Round.objects.get().state == "sending" and Outbox.objects.count() == 4
    done = rounds.work(found)
    assert done.state == "done" and done.done == 9 and Outbox.objects.count() == RoundAsk.objects.exclude(route="paper").count() == 16
    before = everything()
    rounds.work(found)
    rounds.work_all()
    assert everything() == before


def test_the_number_of_queries_of_a_batch_does_not_grow_with_the_people(cast: Cast) -> None:
    def queries() -> int:
        found = rounds.start(make(cast), by=cast.users["director"])
        with CaptureQueriesContext(connection, ) as caught:
            rounds.work(found)
        return len(caught)

    for number in range(3):
        pupil(cast, number, {}, {"email": ""})
    few = queries()
    for number in range(3, 60):
        pupil(cast, number, {}, {"email": ""})
    assert queries() <= few


def test_a_dead_mail_server_delays_and_doubles_nothing(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    send(cast)
    real, sent = mail.EmailMessage.send, []

    def dies(self: Any, *args: Any, **kwargs: Any) -> Any:
        if sent:
            raise ConnectionRefusedError("the mail server is away")
        sent.append(self.to)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(mail.EmailMessage, "send", dies)
    outbox.drain()
    count = rounds.counts(Round.objects.get())
    assert (count.mails, count.sent, count.stuck) == (4, 1, 3)
    monkeypatch.setattr(mail.EmailMessage, "send", real)
    with clock.at(MONDAY + timedelta(hours=1)):
        outbox.drain()
        outbox.drain()
    assert len(mail.outbox) == 4 and len({one.to[0] for one in mail.outbox}) == 4
    assert rounds.counts(Round.objects.get()).sent == 4


def test_stopping_takes_back_what_has_not_left_and_the_rest_can_be_asked_later(cast: Cast) -> None:
    found = send(cast)
    outbox.drain(limit=1)
    rounds.stop(found, by=cast.users["director"])
    outbox.drain()
    assert len(mail.outbox) == 1 and Round.objects.get(pk=found.pk).state == "stopped"
    with pytest.raises(rounds.RoundRefused):
        rounds.stop(found, by=cast.users["director"])
    with clock.at(MONDAY + timedelta(hours=1)):
        later = send(cast)
        outbox.drain()
    assert later.asks.filter(route="mail").count() == 2 and len({one.to[0] for one in mail.outbox}) == len(mail.outbox) == 4
    assert Case.objects.count() == 6, "nothing was opened twice"


def test_somebody_who_decides_while_it_is_sent_gets_no_stale_question(cast: Cast) -> None:
    send(cast, lines=LINES[:1])
    Guardianship.objects.filter(guardian=cast.people["other_parent"]).update(authority="no")
    outbox.drain()
    assert cast.people["other_parent"].email not in {one.to[0] for one in mail.outbox} and len(mail.outbox) == 3


def test_a_yes_taken_back_while_a_round_is_sent_stays_taken_back(cast: Cast) -> None:
    send(cast, lines=LINES[:1])
    parent = cast.people["parent"]
    answer(parent)
    with clock.at(MONDAY + timedelta(hours=1)):
        found = rounds.start(make(cast), by=cast.users["director"])
        answer(parent, False)
        rounds.work(found)
        outbox.drain()
    website = Case.objects.get(person=cast.people["pupil"], topic="school_publication/website")
    assert website.state == "withdrawn" and [entry.step for entry in answers_of(website)] == ["consent.answer", "consent.withdraw"]


def test_the_protocol_refuses_halfway_and_the_round_says_why(cast: Cast) -> None:
    found = rounds.start(make(cast, "mentor"), by=cast.users["mentor"])
    cast.users["mentor"].kc_memberships.update(ends=MONDAY.date() - timedelta(days=1))
    done = rounds.work(found)
    assert done.state == "stopped" and done.problem and not Outbox.objects.exists() and not Case.objects.exists()


DIES = """
import sys, time
import django
django.setup()
from tests.integration.test_rounds import MONDAY
from workflows import clock, personal_links, rounds

rounds.BATCH, rounds.MAILS = 2, 3
where, name = (rounds, "route_of") if sys.argv[1] == "prepare" else (personal_links, "make_many")
real, calls = getattr(where, name), []
def slow(*args):
    calls.append(1)
    if len(calls) == int(sys.argv[2]):
        print("in the middle", flush=True)
        time.sleep(120)
    return real(*args)
setattr(where, name, slow)
with clock.at(MONDAY):
    rounds.work_all()
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("part", "call"), [("prepare", 9), ("send", 2)])
def test_killed_in_the_middle_it_goes_on_and_nobody_is_asked_twice(part: str, call: int, monday: None) -> None:
    cast = build("leyenburg", "po", MONDAY.date())
    for number in range(8):
        pupil(cast, number, {}, {"email": ""})
    found = rounds.start(make(cast), by=cast.users["director"])
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.host.settings", "KC_DATABASE_NAME": str(connection.settings_dict["NAME"])}
    process = subprocess.Popen([sys.executable, "-c", DIES, part, str(call)], env=env, stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert process.stdout is not None and process.stdout.readline() == "in the middle\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = Round.objects.get(pk=found.pk)
    assert left.state == ("preparing" if part == "prepare" else "sending") and (0 < left.done < 11 or part == "send")
    assert Case.objects.count() == 2 * left.cases.values("case__person").distinct().count(), "a batch is whole or not there"
    done = rounds.work(left)
    assert (done.state, done.done) == ("done", 11) and Case.objects.count() == 22 and PaperForm.objects.count() == 8
    assert Outbox.objects.count() == RoundAsk.objects.exclude(route="paper").count() == 12
    outbox.drain()
    assert len(mail.outbox) == len({one.to[0] for one in mail.outbox}) == 12
    assert verify(cast.school) == []


def test_deliver_and_a_worker_carry_a_round_to_its_end(cast: Cast) -> None:
    from workflows.delivery import tasks

    pupil(cast, 1, {"email": ""})
    rounds.start(make(cast), by=cast.users["director"])
    call_command("deliver", verbosity=0)
    done = Round.objects.get()
    assert done.state == "done" and len(mail.outbox) == 4 and rounds.counts(done).printed == 1
    with clock.at(MONDAY + timedelta(hours=1)):
        later = rounds.start(make(cast, lines=[("name", "newsletter")]), by=cast.users["director"])
        tasks._work_rounds()
    assert Round.objects.get(pk=later.pk).state == "done" and len(mail.outbox) == 8


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
    before = everything()
    found = send(cast, kind="yearly", lines=(), moment="")
    after = everything()
    assert [one.person.given_name for one in found.asks.select_related("person")] == ["Rob"]
    assert after["Case"] == before["Case"] and after["LogEntry"] == before["LogEntry"]
    outbox.drain()
    sent = mail.outbox[-1]
    assert sent.to == [cast.people["parent"].email] and "Uw ja geldt nog" in sent.body
    assert "heeft een vraag" not in sent.body and "Noa" not in sent.body
