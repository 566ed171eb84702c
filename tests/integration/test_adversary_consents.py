"""Consent when the world moved on between two looks: who may decide, who is in the group, what a closed page tells."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.asking import ask, page_of, text_in
from tests.cast import Cast, build
from tests.stories import MONDAY, as_user, text_of
from workflows import answering, clock, commands, people, picture_check
from workflows.delivery import outbox
from workflows.machine import StepDenied
from workflows.models import Case, Enrolment, Guardianship, LogEntry, Outbox, Person
from workflows.models.people import Authority

pytestmark = pytest.mark.django_db

SITE = [("school_publication", "website")]


@pytest.fixture
def cast(monday: None) -> Cast:
    return build("montessori", "vo", MONDAY.date(), settings={"consent_moments": ["first_round"]})


def granted(cast: Cast) -> Case:
    case, parent = ask(cast, lines=SITE)[0], cast.people["parent"]
    answering.answer(parent, {str(case.key): True}, by=parent, form="link", authority=True)
    return Case.objects.get(pk=case.pk)


@pytest.mark.parametrize("authority", [Authority.NO, Authority.COURT_LIMIT, Authority.UNKNOWN])
def test_the_yes_of_a_parent_who_may_decide_no_longer_publishes_nothing(cast: Cast, authority: str) -> None:
    case, pupil = granted(cast), cast.people["pupil"]
    assert picture_check.check(cast.school, [pupil], *SITE[0])[0].may
    Guardianship.objects.filter(guardian=cast.people["parent"]).update(authority=authority)
    verdict = picture_check.check(cast.school, [pupil], *SITE[0])[0]
    assert (verdict.may, verdict.state) == (False, "requested")
    with pytest.raises(StepDenied):
        commands.record(case, "used", by=cast.users["mentor"], data={"where": "site/1", "harm_expected": False})
    other = cast.people["other_parent"]
    answering.answer(other, {str(case.key): True}, by=other, form="link", authority=True)
    assert picture_check.check(cast.school, [pupil], *SITE[0])[0].may


def test_when_a_giver_loses_the_say_everything_says_so_and_the_others_are_asked(cast: Cast) -> None:
    case, pupil, (parent, other) = granted(cast), cast.people["pupil"], (cast.people[name] for name in ("parent", "other_parent"))
    director = as_user(cast.users["director"])
    page = reverse("kc_workflows:root", args=[case.key])
    assert 'class="state good"' in director.get(page).content.decode()
    people.add_guardian(pupil, parent, by=None, authority=Authority.NO)
    assert 'class="state good"' not in director.get(page).content.decode(), "at once, as the picture check says"
    for _twice in range(2):
        outbox.drain()
    assert Case.objects.get(pk=case.pk).state == "requested"
    assert log_of(case)[-1] == ("consent.recount", "granted", "requested", parent) and len(log_of(case)) == 3
    assert [one.to for one in mail.outbox] == [[other.email]] and pupil.given_name not in mail.outbox[0].body
    answering.answer(other, {str(case.key): True}, by=other, form="link", authority=True)
    people.add_guardian(pupil, parent, by=None, authority=Authority.YES)
    outbox.drain()
    assert (Case.objects.get(pk=case.pk).state, len(log_of(case)), len(mail.outbox)) == ("granted", 4, 1), "one truth, nothing to tell"


def test_a_tie_that_ends_counts_from_the_day_after_and_who_cannot_be_reached_is_told_to_the_teacher(cast: Cast) -> None:
    case, pupil, parent = granted(cast), cast.people["pupil"], cast.people["parent"]
    Person.objects.filter(pk=cast.people["other_parent"].pk).update(email="")
    tie = Guardianship.objects.get(pupil=pupil, guardian=parent)
    people.end_guardian(tie, by=None, on=MONDAY.date())
    outbox.drain()
    assert Case.objects.get(pk=case.pk).state == "granted"
    with clock.at(MONDAY + timedelta(days=1)):
        outbox.drain()
        assert Case.objects.get(pk=case.pk).state == "requested"
        outbox.drain()
    mentor = cast.people["mentor"]
    assert [one.to for one in mail.outbox] == [[mentor.email]] and reverse("kc_workflows:root", args=[case.key]) in mail.outbox[0].body
    assert "No e-mail address" in text_of(as_user(cast.users["mentor"]).get(reverse("kc_workflows:root", args=[case.key])))


def test_a_no_of_who_may_decide_no_longer_counts_no_longer(cast: Cast) -> None:
    case, other = granted(cast), cast.people["other_parent"]
    answering.answer(other, {str(case.key): False}, by=other, form="link")
    assert Case.objects.get(pk=case.pk).state == "conflicting"
    people.end_guardian(Guardianship.objects.get(guardian=other), by=None, on=MONDAY.date() - timedelta(days=1))
    outbox.drain()
    assert Case.objects.get(pk=case.pk).state == "granted" and not Outbox.objects.filter(kind="ask").exists()


def test_a_parent_who_comes_later_leaves_a_yes_standing_and_the_register_says_so(cast: Cast) -> None:
    case, pupil = granted(cast), cast.people["pupil"]
    late = people.add_person(cast.school, by=None, kind="parent", given_name="Lieke", family_name="Later", email="later@cast.example")
    people.add_guardian(pupil, late, by=None, authority=Authority.YES)
    for _twice in range(2):
        outbox.drain()
    assert Case.objects.get(pk=case.pk).state == "granted" and not mail.outbox, "who comes later is asked in a round, not by a change of a list"
    assert log_of(case)[-1] == ("consent.recount", "granted", "granted", late) and len(log_of(case)) == 3
    director, register = as_user(cast.users["director"]), reverse("kc_workflows:register", args=["consents"])
    said = "A parent who came later has not answered"
    assert said in text_of(director.get(register)) and said in director.get(register + "?as=csv").content.decode()
    answering.answer(late, {str(case.key): True}, by=late, form="link", authority=True)
    assert said not in text_of(director.get(register))


def log_of(case: Case) -> list[tuple[Any, ...]]:
    return [(one.step, one.source, one.target, one.person) for one in LogEntry.objects.filter(root=case).select_related("person").order_by("n")]


def test_a_closed_page_tells_nothing_of_a_child_to_who_has_no_authority(cast: Cast) -> None:
    ask(cast, lines=SITE)
    pupil, parent, other = cast.people["pupil"], cast.people["parent"], cast.people["other_parent"]
    Person.objects.filter(pk=pupil.pk).update(birth_date=date(2009, 1, 1))
    Guardianship.objects.filter(guardian=other).update(authority=Authority.COURT_LIMIT)
    told = Client().get(page_of(parent))
    assert (told.status_code, pupil.given_name in text_in(told.content.decode())) == (403, True)
    kept = Client().get(page_of(other))
    assert (kept.status_code, pupil.given_name in kept.content.decode()) == (403, False)


def test_somebody_ticked_who_left_the_group_is_not_dropped_from_the_picture(cast: Cast) -> None:
    granted(cast)
    pupil, classmate = cast.people["pupil"], cast.people["classmate"]
    group = Enrolment.objects.get(person=pupil).group
    address = reverse("kc_workflows:pictures") + f"?group={group.pk}&channel=website&person={pupil.key}&person={classmate.key}"
    Enrolment.objects.filter(person=classmate).update(ends=date(2026, 2, 1))
    client = Client()
    client.force_login(cast.users["mentor"])
    page = client.get(address)
    assert not page.context["all_may"]
    assert "Somebody you ticked is no longer in this group." in text_in(page.content.decode())
    assert client.post(address, {"where": "site/1", "harm_expected": "no"}).status_code == 422
    assert not LogEntry.objects.filter(step="record.used").exists()


@pytest.mark.parametrize("form", ["link", "account"])
def test_staff_cannot_write_down_that_somebody_answered_with_their_own_hand(cast: Cast, form: str) -> None:
    ask(cast, lines=SITE)
    case = Case.objects.get(type="consent", person=cast.people["pupil"], topic="/".join(SITE[0]))
    told = {"answer": True, "person": cast.people["parent"], "form": form, "authority": True, "text_version": "0" * 16, "language": "nl"}
    with pytest.raises(StepDenied) as denied:
        commands.perform(case, "consent.answer", by=cast.users["mentor"], data=told)
    assert "paper" in str(denied.value.denials[0].sentence)
    commands.perform(case, "consent.answer", by=cast.users["mentor"], data={**told, "form": "paper"})
