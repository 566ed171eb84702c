"""The own desk of whoever decides about themselves: what is asked there, answered, changed and taken back after its term."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.asking import answers_of, ask, untouched
from tests.cast import build_stranger
from tests.root_world import World, one_of_each
from tests.stories import MONDAY, as_user, text_of
from workflows import clock, commands
from workflows.delivery import terms
from workflows.models import AskedText, Case, LogEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monday: None) -> World:
    return one_of_each()


def own(client: Client, told: dict[Case, str], **more: str) -> Any:
    address = reverse("kc_workflows:own_consents")
    return client.post(address, {**untouched(client.get(address)), **{f"a-{case.key}": yes for case, yes in told.items()}, **more})


@pytest.mark.parametrize("who", ["adult_pupil", "teacher"])
def test_whoever_decides_about_themselves_answers_signed_in_and_changes_it_there(world: World, who: str) -> None:
    first, second = ask(world.cast, who, [("school_publication", "website"), ("school_publication", "instagram")])
    client = as_user(world.cast.users[who])
    assert own(client, {}).status_code == 422
    assert own(client, {first: "yes"}).status_code == 302
    entry = LogEntry.objects.get(case=first, step="consent.answer")
    assert entry.facts["form"] == "account"
    assert entry.facts["text_version"]
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("granted", "requested")
    assert "You said yes" in text_of(client.get(reverse("kc_workflows:own_consents")))
    assert own(client, {first: "no", second: "no"}, reason="Toch niet.").status_code == 302
    first.refresh_from_db()
    assert first.state == "withdrawn"


@pytest.mark.once
def test_a_pupil_is_called_je_at_the_own_desk_and_that_is_kept_as_read(world: World) -> None:
    said = {}
    for who, language in (("adult_pupil", "nl"), ("teacher", "nl"), ("adult_pupil", "en")):
        (case,) = ask(world.cast, who, [("name", "website" if language == "nl" else "newsletter")])
        client = as_user(world.cast.users[who])
        address, speaks = reverse("kc_workflows:own_consents"), {"accept-language": language}
        page = client.get(address, headers=speaks)
        form = {**untouched(page), f"a-{case.key}": "yes"}
        wrong = client.post(address, {**form, "asked": "old"}, headers=speaks)
        done = client.post(address, form, headers=speaks, follow=True)
        assert wrong.status_code == 409 and done.status_code == 200
        kept = AskedText.objects.get(digest=LogEntry.objects.get(case=case, step="consent.answer").facts["text_version"])
        assert kept.language == language and "link" not in kept.text
        said[who, language] = "\n".join([text_of(page), text_of(wrong), text_of(done), kept.text])
    u, je = re.compile(r"\b[Uu]w?\b"), re.compile(r"\b[Jj](e|ij|ouw)\b")
    assert not u.findall(said["adult_pupil", "nl"]) and je.search(said["adult_pupil", "nl"])
    assert u.search(said["teacher", "nl"]) and not je.findall(said["teacher", "nl"])
    assert "You may say no." in said["adult_pupil", "en"]


def test_after_the_term_a_pupil_who_decides_has_taken_away_what_was_published_at_the_own_desk_or_by_word_of_mouth(world: World) -> None:
    first, second = ask(world.cast, "adult_pupil", [("school_publication", "website"), ("school_publication", "instagram")], until="2026-07-31")
    client = as_user(world.cast.users["adult_pupil"])
    assert own(client, {first: "yes", second: "yes"}).status_code == 302
    for one in (first, second):
        commands.record(one, "used", by=world.cast.users["mentor"], data={"where": "Het schoolfeest", "harm_expected": False})
    with clock.at(MONDAY + timedelta(days=400)):
        terms.expire()
        assert own(client, {first: "no"}).status_code == 302
        assert "You asked us" in text_of(client.get(reverse("kc_workflows:own_consents")))
        staff, address = as_user(world.cast.users["mentor"]), reverse("kc_workflows:root_answer", args=[second.key])
        told = {"person": str(world.cast.people["adult_pupil"].pk), "form": "in_person"}
        assert staff.post(address, {**untouched(staff.get(address)), **told, "answer": "yes"}).status_code == 409
        assert staff.post(address, {**untouched(staff.get(address)), **told, "answer": "no"}).status_code == 302
        assert staff.get(address).status_code == 404, "once is enough"
        assert Case.objects.filter(parent__in=[first, second], type="takedown", state="requested").count() == 2


def test_a_pupil_whose_parents_decide_is_asked_nothing_and_cannot_answer_all_the_same(world: World) -> None:
    client = as_user(world.cast.users["classmate"])
    assert "Nothing is asked of you now" in text_of(client.get(reverse("kc_workflows:own_consents")))
    before = len(answers_of(world.consent))
    assert own(client, {world.consent: "no"}).status_code == 422
    assert len(answers_of(world.consent)) == before


def test_questions_that_changed_while_the_page_was_open_are_asked_again(world: World) -> None:
    (first,) = ask(world.cast, "adult_pupil", [("school_publication", "website")])
    client = as_user(world.cast.users["adult_pupil"])
    form = untouched(client.get(reverse("kc_workflows:own_consents")))
    ask(world.cast, "adult_pupil", [("name", "newsletter")])
    answer = client.post(reverse("kc_workflows:own_consents"), {**form, f"a-{first.key}": "yes"})
    assert answer.status_code == 409
    assert not LogEntry.objects.filter(case=first, step="consent.answer").exists()
    assert client.post(reverse("kc_workflows:own_consents"), untouched(answer)).status_code == 302
    assert LogEntry.objects.filter(case=first, step="consent.answer").exists()


@pytest.mark.parametrize("who", ["adult_pupil", "teacher"])
def test_a_question_that_ended_while_the_page_was_open_says_so_and_keeps_what_was_typed(world: World, who: str) -> None:
    (website,) = ask(world.cast, who, [("school_publication", "website")], until="2026-03-31")
    (instagram,) = ask(world.cast, who, [("school_publication", "instagram")], until="2026-04-10")
    client, address = as_user(world.cast.users[who]), reverse("kc_workflows:own_consents")
    form = untouched(client.get(address)) | {f"a-{website.key}": "no", f"a-{instagram.key}": "yes", "reason": "Liever <b>niet</b>"}
    with clock.at(MONDAY + timedelta(days=35)):
        one = client.post(address, form)
        again = untouched(one)
        assert one.status_code == 409 and "This question has ended" in text_of(one) and "31 March 2026" in text_of(one)
        assert again[f"a-{instagram.key}"] == "yes" and f"a-{website.key}" not in again and again["reason"].strip() == "Liever <b>niet</b>"
        only = client.post(address, {**untouched(client.get(address)), f"a-{website.key}": "yes"})
        assert only.status_code == 409 and "This question has ended" in text_of(only) and "Choose yes or no" not in text_of(only)
        assert not answers_of(website) and not answers_of(instagram)
        assert client.post(address, again).status_code == 302 and len(answers_of(instagram)) == 1
    with clock.at(MONDAY + timedelta(days=60)):
        last = client.post(address, form)
        assert last.status_code == 410 and "This question has ended" in text_of(last) and "10 April 2026" in text_of(last)
        assert "Liever &lt;b&gt;niet&lt;/b&gt;" in last.content.decode() and "What you sent was not saved." in text_of(last)
        assert client.get(address).status_code == 200
    assert not answers_of(website) and len(answers_of(instagram)) == 1


def test_the_stranger_has_no_own_consents(world: World) -> None:
    assert as_user(build_stranger()).get(reverse("kc_workflows:own_consents")).status_code == 404
