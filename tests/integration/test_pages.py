"""The pages: who may see which, how they are framed, and how much they ask of the database."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.stories import ASSESSED, MONDAY, PROPOSED, Story, as_user, mentor_elsewhere, opened, text_of
from workflows import commands
from workflows.models import Membership, Person, ReadEntry
from workflows.schools import add_group

pytestmark = pytest.mark.django_db


def pages(story: Story) -> list[str]:
    pupil = story.cast.people["pupil"]
    return [
        story.url("case"), story.url("step", "incident.triage"), story.url("step", "measure.propose"),
        story.url("record", "parents_informed"), story.url("record", "urgent_safety_measure"), story.url("retract", 3),
        story.url("owner"), story.url("decide"), story.url("person", pupil.key), story.url("correct", pupil.key),
    ]  # fmt: skip


# who may see what


def test_whoever_is_not_signed_in_is_sent_to_sign_in_and_back(story: Story) -> None:
    for url in [*pages(story), reverse("kc_workflows:desk"), reverse("kc_workflows:report")]:
        answer = Client().get(url)
        assert answer.status_code == 302
        assert "next=/kc/" in answer["Location"]


@pytest.mark.parametrize("who", ["mentor", "director", *(pytest.param(one, marks=pytest.mark.once) for one in ("deputy", "board", "dpo"))])
def test_those_who_work_on_a_case_see_all_its_pages(story: Story, who: str) -> None:
    client = as_user(story.cast.users[who])
    for url in pages(story):
        assert client.get(url).status_code == 200, url


@pytest.mark.parametrize("who", ["teacher", "classmate"])  # everybody else: test_adversary_people
def test_somebody_else_at_the_school_gets_404_on_every_page_of_it(story: Story, who: str) -> None:
    client = as_user(story.cast.users[who])
    for url in pages(story):
        answer = client.get(url)
        assert answer.status_code == 404, url
        assert "Regenboogje" not in text_of(answer).replace(story.cast.person_of(story.cast.users[who]).full_name, "")
        assert client.post(url, {"reason": "x"}).status_code == 404, url


@pytest.mark.parametrize("who", ["director", "mentor"])
def test_another_school_gets_404_and_nothing_of_it_on_its_own_desk(story: Story, who: str) -> None:
    client = as_user(story.other.users[who])
    for url in pages(story):
        assert client.get(url).status_code == 404, url
    desk = text_of(client.get(reverse("kc_workflows:desk")))
    assert "2026-1" not in desk and "Regenboogje" not in desk and "Threatening" not in desk


def test_a_superuser_of_no_school_opens_nothing(story: Story) -> None:
    client = as_user(story.stranger)
    for url in pages(story):
        assert client.get(url).status_code == 404, url
    assert "no role at a school" in text_of(client.get(reverse("kc_workflows:desk")))
    assert client.get(reverse("kc_workflows:report")).status_code == 404


def test_a_mentor_of_another_group_gets_404(story: Story) -> None:
    cast = story.cast
    group = add_group(cast.school, by=None, name="Klas 1a")
    Membership.objects.filter(user=cast.users["teacher"]).update(role="mentor", group=group)
    client = as_user(cast.users["teacher"])
    assert client.get(story.url("case")).status_code == 404
    assert "Threatening" not in text_of(client.get(reverse("kc_workflows:desk")))


def test_in_a_case_across_groups_a_mentor_sees_the_own_pupil_and_no_other_name(story: Story) -> None:
    cast = story.cast
    mentor_elsewhere(story)
    commands.record(story.case, "heard", by=cast.users["mentor"], person=cast.people["classmate"], data={"note": "Sem huilde."})
    page = text_of(as_user(cast.users["teacher"]).get(story.url("case")))
    assert "Bibi Knikkerzak" in page and "another pupil" in page
    for name in ("Regenboogje", "Paperclipje", "Noa", "Sem ", "huilde"):
        assert name not in page, name
    assert as_user(cast.users["teacher"]).get(story.url("person", cast.people["pupil"].key)).status_code == 404


def test_a_pupil_reads_the_own_case_only_after_the_talk_and_without_staff_notes(story: Story) -> None:
    cast = story.cast
    fresh = opened(cast)
    assert as_user(cast.users["pupil"]).get(reverse("kc_workflows:case", args=[fresh.key])).status_code == 404
    answer = as_user(cast.users["pupil"]).get(story.url("case"))
    page = text_of(answer)
    assert answer.status_code == 200
    assert "Who can read this" in page and "Whom you can ask" in page and "When you do not agree" in page
    for secret in ("Sem", "Paperclipje", "grap", "klappen", "Graag een besluit", "Suspension", "De dreiging was ernstig"):
        assert secret not in page, secret
    for url in pages(story)[1:]:
        assert as_user(cast.users["pupil"]).get(url).status_code == 404, url


def test_reading_and_exporting_are_noted(story: Story) -> None:
    director = as_user(story.cast.users["director"])
    director.get(story.url("case"))
    director.get(story.url("person", story.cast.people["pupil"].key))
    noted = list(ReadEntry.objects.filter(user=story.cast.users["director"]).values_list("page", flat=True))
    assert noted == ["case", f"export person {story.cast.people['pupil'].pk}"]


def test_one_persons_file_names_nobody_else(story: Story) -> None:
    cast = story.cast
    commands.record(story.case, "heard", by=cast.users["mentor"], person=cast.people["classmate"], data={"note": "Sem was bang."})
    page = text_of(as_user(cast.users["director"]).get(story.url("person", cast.people["pupil"].key)))
    assert "Noa Regenboogje" in page and "Vertelde dat het een grap was." in page
    assert "Sem" not in page and "bang" not in page and "Paperclipje" not in page


# the frame


@pytest.mark.once
def test_headers_are_strict_and_nothing_is_inline(story: Story) -> None:
    client = as_user(story.cast.users["director"])
    assert client.put(story.url("case")).status_code == client.delete(story.url("case")).status_code == 405
    for url in [*pages(story), reverse("kc_workflows:desk"), reverse("kc_workflows:approvals"), reverse("kc_workflows:report")]:
        answer = client.get(url)
        assert answer["Content-Security-Policy"].startswith("default-src 'self'")
        assert "no-store" in answer["Cache-Control"]
        page = answer.content.decode()
        assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|<style", page), url
        assert len(answer.content) < 60_000, url


def test_a_new_report_and_a_case_that_was_brought_wait_on_the_desk_as_on_the_card(story: Story) -> None:
    def waits(who: str) -> str:
        page = text_of(as_user(story.cast.users[who]).get(reverse("kc_workflows:desk")))
        return page[page.index('id="waits"') : page.index('id="cases"')]

    assert "Look at a case that was brought to you" in waits("director") and story.url("case") in waits("director")
    new = opened(story.cast, category="insult")
    link = f'<a href="{reverse("kc_workflows:case", args=[new.key])}">Assess a new report</a>'
    assert link in waits("mentor") and "brought to you" not in waits("mentor")
    commands.perform(new, "incident.triage", by=story.cast.users["mentor"], data={"severity": 2})
    assert link not in waits("mentor")


def test_a_late_tick_is_shown_on_the_desk(story: Story) -> None:
    assert "not being looked after" in text_of(as_user(story.cast.users["director"]).get(reverse("kc_workflows:desk")))


def test_the_api_lists_cases_and_what_each_step_lacks(story: Story) -> None:
    client = as_user(story.cast.users["director"])
    listed = client.get("/api/kc/v1/cases/").json()
    assert [case["key"] for case in listed["cases"]] == [str(story.case.key)]
    found = client.get(f"/api/kc/v1/cases/{story.case.key}/steps/").json()
    impose = next(one for one in found["steps"] if one["step"] == "measure.impose")
    assert any("OOG-4.4-4c" in denial["articles"] for denial in impose["denials"])
    for who in (story.other.users["director"], story.stranger, story.cast.users["pupil"], story.cast.users["teacher"]):
        assert as_user(who).get(f"/api/kc/v1/cases/{story.case.key}/steps/").status_code == 404
    assert Client().get("/api/kc/v1/cases/").status_code == 401


def queries(client: Client, url: str) -> int:
    client.get(url)  # the first visit fills the caches
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


@pytest.mark.parametrize("who", ["director", "mentor"])
def test_pages_ask_the_same_number_of_queries_however_much_there_is(story: Story, who: str) -> None:
    client = as_user(story.cast.users[who])
    urls = [
        reverse("kc_workflows:desk"), reverse("kc_workflows:approvals"), story.url("case"), story.url("step", "incident.triage"),
        story.url("decide"),
    ]  # fmt: skip
    before = [queries(client, url) for url in urls]
    for _ in range(6):
        extra = opened(story.cast)
        commands.perform(extra, "incident.triage", by=story.cast.users["director"], data=ASSESSED)
        proposal = {**PROPOSED, "first_day": MONDAY.date() + timedelta(days=4)}
        commands.open_child(extra, "measure.propose", by=story.cast.users["mentor"], data=proposal)
        commands.record(story.case, "evidence_seen", by=story.cast.users["mentor"], data={"manner": "public", "note": "Gezien."})
    after = [queries(client, url) for url in urls]
    assert after == before
    assert max(before) <= 60, before


@pytest.mark.once
def test_everybody_in_the_cast_has_a_desk_or_a_home(story: Story) -> None:
    for user in story.cast.users.values():
        assert as_user(user).get(reverse("kc_workflows:desk")).status_code == 200
    assert Person.objects.filter(user__isnull=False).count() >= len(story.cast.users)
