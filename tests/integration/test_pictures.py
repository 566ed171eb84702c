"""“May this picture be published?”: right for everybody in a group, in a fixed number of queries, on a page and on paper."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.asking import untouched
from tests.cast import Cast, build, build_other_school, build_stranger
from tests.stories import MONDAY, as_user, text_of
from workflows import clock, commands, people, picture_check
from workflows.models import Case, LogEntry, Person, ReadEntry
from workflows.pages.spreadsheet import cell

pytestmark = pytest.mark.django_db

PURPOSE, CHANNEL = "school_publication", "instagram"
VERSION = "0" * 16
ASKED_FOR = {"moment": "first_round"}


@pytest.fixture
def cast(monday: None) -> Cast:
    return build("groningen", "vo", MONDAY.date(), settings={"consent_moments": ["first_round"]})


def ask(cast: Cast, person: Person, **data: Any) -> Case:
    told = {"person": person, "purpose": PURPOSE, "channel": CHANNEL, **ASKED_FOR, **data}
    return commands.open_case(by=cast.users["mentor"], school=cast.school, step="consent.request", data=told).case


def answer(case: Case, who: Person, yes: bool) -> None:
    told = {"answer": yes, "form": "link", "authority": True, "language": "nl", "text_version": VERSION}
    commands.perform(Case.objects.get(pk=case.pk), "consent.answer", by=who, data=told)


def verdicts(cast: Cast, people: list[Person]) -> dict[int, picture_check.Verdict]:
    return {one.person.pk: one for one in picture_check.check(cast.school, people, PURPOSE, CHANNEL)}


@dataclass(frozen=True)
class Child:
    """What happened about one pupil: the age, how many parents, whether they were asked, who answered what, and what came after."""

    age: int
    parents: int
    asked: bool
    answers: tuple[tuple[int, bool], ...]
    ends: int | None
    withdrawn: bool


@st.composite
def children(draw: st.DrawFn) -> Child:
    parents = draw(st.integers(0, 2))
    answers = draw(st.lists(st.tuples(st.integers(0, parents), st.booleans()), max_size=4))  # number `parents` is the pupil
    ends = draw(st.sampled_from([None, -1, 0, 1]))
    return Child(draw(st.sampled_from([12, 15, 16, 17, 18])), parents, draw(st.booleans()), tuple(answers), ends, draw(st.booleans()))


def may_be_shown(child: Child) -> bool:
    """The rule of Groningen and the law, said plainly: under 16 a parent, at 16 and 17 a parent and the pupil, from 18 the pupil.

    The last word of each counts; a no of anybody who is asked is a no; and it must not be over.
    """
    pupil, parents = child.parents, set(range(child.parents))
    asked = parents if child.age < 16 else parents | {pupil} if child.age < 18 else {pupil}
    said: dict[int, bool] = {}
    for who, yes in child.answers:
        if who in asked:
            said[who] = yes
    if not child.asked or not said or not all(said.values()):
        return False
    if child.withdrawn:
        return False
    enough = bool(parents & set(said)) if child.age < 18 else True
    if child.age >= 16:
        enough = enough and pupil in said
    return enough and (child.ends is None or child.ends >= 0)


@pytest.mark.once
@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(group=st.lists(children(), min_size=30, max_size=30))
def test_the_check_is_right_for_a_group_of_thirty_with_every_combination(monday: None, group: list[Child]) -> None:
    from django.db import transaction

    with transaction.atomic():
        cast = build("groningen", "vo", MONDAY.date(), settings={"consent_moments": ["first_round"]}, slug=f"p{abs(hash(tuple(group))) % 10**8}")
        asked: list[tuple[Person, Child, Case | None, list[Person]]] = []
        with clock.at(MONDAY - timedelta(days=1)):
            for number, child in enumerate(group):
                asked.append(_play(cast, number, child))
        found = verdicts(cast, [pupil for pupil, _child, _case, _answerers in asked])
        for pupil, child, case, _answerers in asked:
            state = case and Case.objects.get(pk=case.pk).state
            assert found[pupil.pk].may == may_be_shown(child), (child, state, found[pupil.pk])
            assert found[pupil.pk].may or found[pupil.pk].denials[0].articles
        transaction.set_rollback(True)


def _play(cast: Cast, number: int, child: Child) -> tuple[Person, Child, Case | None, list[Person]]:
    today = MONDAY.date()
    born = date(today.year - child.age, 1, 15)
    pupil = people.add_person(cast.school, by=None, kind="pupil", given_name=f"Kind{number}", family_name="Knikker", birth_date=born)
    people.enrol(pupil, cast.group, by=None, starts=today - timedelta(days=30))
    answerers = []
    for place in range(child.parents):
        parent = people.add_person(cast.school, by=None, kind="parent", given_name=f"Ouder{number}{place}", family_name="Knikker")
        people.add_guardian(pupil, parent, by=None, starts=today - timedelta(days=30), authority="yes")
        answerers.append(parent)
    answerers.append(pupil)
    if not child.asked:
        return pupil, child, None, answerers
    until = None if child.ends is None else today + timedelta(days=child.ends)
    case = ask(cast, pupil, **({"until": until} if until else {}))
    last: Person | None = None
    for who, yes in child.answers:
        try:
            answer(case, answerers[who], yes)
            last = answerers[who] if yes else last
        except commands.StepDenied:
            continue  # not asked: counts for nothing
    if child.withdrawn and last is not None and Case.objects.get(pk=case.pk).state in ("granted", "conflicting"):
        commands.perform(Case.objects.get(pk=case.pk), "consent.withdraw", by=last, data={"form": "link"})
    return pupil, child, case, answerers


def test_somebody_never_asked_may_not_and_the_article_says_why(cast: Cast) -> None:
    [found] = picture_check.check(cast.school, [cast.people["pupil"]], PURPOSE, CHANNEL)
    assert not found.may and found.state == "not_asked"
    assert {"OOG-3.1.8b", "OOG-3.2.5"} <= {article for one in found.denials for article in one.articles}


def test_the_check_asks_the_same_of_two_and_of_thirty(cast: Cast) -> None:
    everybody = []
    for number in range(30):
        child = people.add_person(cast.school, by=None, kind="pupil", given_name=f"Kind{number}", family_name="Knikker", birth_date=date(2014, 1, 1))
        people.enrol(child, cast.group, by=None, starts=date(2026, 1, 1))
        if number % 2:
            ask(cast, child)
        everybody.append(child)

    def count(those: list[Person]) -> int:
        with CaptureQueriesContext(connection, ) as seen:
            picture_check.check(cast.school, those, PURPOSE, CHANNEL)
        return len(seen)

    assert count(everybody[:2]) == count(everybody) <= 12


# the page


def address(cast: Cast, *chosen: Person, **more: str) -> str:
    told = {"group": str(cast.group.pk), "purpose": PURPOSE, "channel": CHANNEL, **more}
    query = "&".join([f"{name}={value}" for name, value in told.items()] + [f"person={one.key}" for one in chosen])
    return f"{reverse('kc_workflows:pictures')}?{query}"


@pytest.mark.parametrize("who", ["mentor", "teacher", "director", "deputy", "board", "mediamaster", "communications", "dpo", "administrator"])
def test_every_member_of_staff_may_look(cast: Cast, who: str) -> None:
    page = as_user(cast.users[who]).get(address(cast))
    assert page.status_code == 200 and "Noa Regenboogje" in page.content.decode()


@pytest.mark.parametrize("who", ["pupil", "classmate", "adult_pupil"])
def test_no_pupil_may_look(cast: Cast, who: str) -> None:
    assert as_user(cast.users[who]).get(address(cast)).status_code == 404
    assert as_user(cast.users[who]).post(address(cast), {}).status_code == 404


def test_neither_a_stranger_nor_another_school_sees_a_name(cast: Cast) -> None:
    other = build_other_school("groningen", "vo", MONDAY.date())
    for user in (build_stranger(), other.users["director"], other.users["mentor"]):
        page = as_user(user).get(address(cast))
        assert page.status_code == 404 and "Regenboogje" not in page.content.decode()
    assert Client().get(address(cast)).status_code == 302


def test_a_picture_with_somebody_who_may_not_is_a_no_with_the_name(cast: Cast) -> None:
    yes, no = cast.people["pupil"], cast.people["classmate"]
    answer(ask(cast, yes), cast.people["parent"], True)
    answer(ask(cast, no), cast.people["classmate_parent"], False)
    html = as_user(cast.users["mentor"]).get(address(cast, yes, no)).content.decode()
    assert "No: not with everybody you ticked" in html or "Nee: niet met iedereen" in html
    alone = as_user(cast.users["mentor"]).get(address(cast, yes)).content.decode()
    assert 'name="where"' in alone and 'name="where"' not in html


def note(client: Client, cast: Cast, *chosen: Person, **told: str) -> Any:
    return client.post(address(cast, *chosen), {"where": "instagram.example/post/1", "harm_expected": "no", **told})


def test_noting_a_publication_is_kept_on_each_consent_and_twice_is_once(cast: Cast) -> None:
    pupil = cast.people["pupil"]
    case = ask(cast, pupil)
    answer(case, cast.people["parent"], True)
    client = as_user(cast.users["mentor"])
    key = "4f9c3b52-0b0e-4a4e-9a53-0d3f1f6f2a11"
    for _ in range(2):
        assert note(client, cast, pupil, key=key).status_code == 302
    [entry] = LogEntry.objects.filter(case=case, step="record.used")
    assert [words.text for words in entry.words.all()] == ["instagram.example/post/1"]


def test_a_hand_made_note_of_a_picture_that_may_not_is_refused_with_the_same_reasons_and_writes_nothing(cast: Cast) -> None:
    yes, no = cast.people["pupil"], cast.people["classmate"]
    granted, refused = ask(cast, yes), ask(cast, no)
    answer(granted, cast.people["parent"], True)
    answer(refused, cast.people["classmate_parent"], False)
    page = note(as_user(cast.users["mentor"]), cast, yes, no)
    assert page.status_code == 409 and "OOG-3.1.8b" in page.content.decode() and "instagram.example/post/1" in page.content.decode()
    assert not LogEntry.objects.filter(step="record.used").exists()


def test_a_note_without_a_place_or_without_people_loses_nothing(cast: Cast) -> None:
    answer(ask(cast, cast.people["pupil"]), cast.people["parent"], True)
    client = as_user(cast.users["mentor"])
    assert note(client, cast, cast.people["pupil"], where="").status_code == 422
    page = note(client, cast)
    assert page.status_code == 422 and "instagram.example/post/1" in page.content.decode()


@pytest.mark.parametrize(("harm", "said"), [("yes", True), ("no", False)])
def test_where_harm_is_no_lock_the_schools_rule_is_said_before_and_after(monday: None, harm: str, said: bool) -> None:
    cast = build("montessori", "vo", MONDAY.date())
    answer(ask(cast, cast.people["pupil"]), cast.people["parent"], True)
    client = as_user(cast.users["mentor"])
    page = client.get(address(cast, person=str(cast.people["pupil"].key))).content.decode()
    assert "could the picture turn out badly" in page and "harms nobody else of the school" in page
    noted = note(client, cast, cast.people["pupil"], harm_expected=harm)
    assert noted.status_code == 302
    assert ("harms nobody else of the school. (MLF-A2)" in client.get(address(cast)).content.decode()) is said


@pytest.mark.parametrize(("harm", "said"), [("yes", True), ("no", False)])
def test_noted_on_the_page_of_the_consent_the_schools_rule_about_harm_is_said_too(monday: None, harm: str, said: bool) -> None:
    cast = build("montessori", "vo", MONDAY.date())
    consent = ask(cast, cast.people["pupil"])
    answer(consent, cast.people["parent"], True)
    client, record = as_user(cast.users["mentor"]), reverse("kc_workflows:record", args=[consent.key, "used"])
    told = client.post(record, {**untouched(client.get(record)), "where": "De krant", "harm_expected": harm}, follow=True)
    assert told.redirect_chain and ("harms nobody else of the school. (A2)" in text_of(told)) is said


def test_the_table_is_logged_and_runs_no_formula(cast: Cast) -> None:
    nasty = people.add_person(cast.school, by=None, kind="pupil", given_name='=HYPERLINK("x")', family_name="Knikker", birth_date=date(2014, 1, 1))
    people.enrol(nasty, cast.group, by=None, starts=date(2026, 1, 1))
    page = as_user(cast.users["mentor"]).get(address(cast, **{"as": "csv"}))
    rows = list(csv.reader(StringIO(page.content.decode("utf-8-sig")), delimiter=";"))
    assert any(row[0].startswith("'=HYPERLINK") for row in rows)
    assert ReadEntry.objects.filter(page__startswith="export pictures", user=cast.users["mentor"]).count() == 1


@pytest.mark.parametrize("text", ["=1+1", "+31 6", "-2", "@x", "\t=1", " =1", "\u00a0=1", "\u202a=1", "|calc"])
def test_no_cell_begins_as_a_formula(text: str) -> None:
    assert cell(text).startswith("'")


def test_wrong_addresses_break_nothing(cast: Cast) -> None:
    client = as_user(cast.users["mentor"])
    assert client.get(address(cast, group="999999")).status_code == 404
    assert client.get(address(cast, group="x")).status_code == 404
    assert client.get(address(cast, channel="nowhere", purpose="nothing")).status_code == 200
    assert client.get(address(cast) + "&person=x&person=%00").status_code == 200
    assert client.get(address(cast, group="staff")).status_code == 200
