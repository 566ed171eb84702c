"""Five journeys through the pages in a real browser, with their bars: how many clicks, what is said, what stays hidden."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import in_english
from tests.browser.following import follow
from tests.stories import Story, opened, school_day, tell
from workflows import clock, commands
from workflows.models import Case, Duty, LogEntry

pytestmark = [pytest.mark.django_db(transaction=True), in_english]


@pytest.fixture
def story(live_server: Any) -> Story:
    return tell()


@dataclass
class Hand:
    """Counts what a person would have to press."""

    page: Page
    clicks: int = 0
    keys: int = 0

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.click()

    def follow(self, target: Locator) -> None:
        """Press what leads to another page."""
        self.clicks += 1
        follow(target)

    def type(self, target: Locator, text: str) -> None:
        """Type into a field; reaching it is one click."""
        self.clicks += 1
        self.keys += len(text)
        target.fill(text)


# 1. The mentor opens a case from the course page


def test_1_a_mentor_opens_a_case_in_four_clicks(page: Page, live_server: Any, story: Story, sign_in: Callable[[Any], None]) -> None:
    cast = story.cast
    sign_in(cast.users["mentor"])
    hand = Hand(page, clicks=1)  # the link on the course page
    page.goto(f"{live_server.url}{reverse('kc_workflows:report')}?group={cast.group.pk}&lesson=Les+3")
    expect(page.locator(".lead")).to_contain_text("Klas 3b · Les 3")
    assert page.locator("input:checked").count() == 0, "nothing is chosen beforehand"
    hand.click(page.get_by_label("Hurtful or insulting message"))
    hand.click(page.get_by_role("group", name="Noa Regenboogje").get_by_label("Did it"))
    hand.follow(page.get_by_role("button", name="Open the case"))
    expect(page.get_by_role("status")).to_contain_text("is open.")
    assert hand.clicks <= 4 and hand.keys <= 12
    expect(page.get_by_text("Opened by mistake?")).to_be_visible()
    follow(page.get_by_role("link", name="Take back", exact=True))
    follow(page.get_by_role("button", name="Take back what was opened by mistake"))
    assert Case.objects.filter(type="incident").latest("pk").state == "dismissed"


def test_1_a_double_click_makes_one_case(page: Page, live_server: Any, story: Story, sign_in: Callable[[Any], None]) -> None:
    sign_in(story.cast.users["mentor"])
    before = Case.objects.count()
    page.goto(live_server.url + reverse("kc_workflows:report"))
    page.get_by_label("Threatening message").check()
    page.get_by_role("button", name="Open the case").dblclick()
    on_case_page(page)
    assert Case.objects.count() == before + 1


def on_case_page(page: Page) -> None:
    """Wait for a case's page; of two submissions the browser gives up the first, so neither one's navigation is waited for."""
    expect(page).to_have_url(re.compile("/kc/case/"))
    page.wait_for_load_state()


def test_1_and_4_work_without_script(tab_of: Callable[..., Page], live_server: Any, story: Story) -> None:
    before = Case.objects.count()
    page = tab_of(story.cast.users["mentor"])
    page.goto(live_server.url + reverse("kc_workflows:report"))
    page.get_by_label("Threatening message").check()
    page.get_by_label("Somebody else: another pupil, a parent or a colleague").fill("Buitenpaal")
    follow(page.get_by_role("button", name="Look up"))
    page.get_by_role("group", name="Otto Buitenpaal").get_by_label("Did it").check()
    page.get_by_role("button", name="Open the case").dblclick()
    on_case_page(page)
    assert Case.objects.count() == before + 1
    expect(page.get_by_text("Otto Buitenpaal").first).to_be_visible()
    follow(page.get_by_role("link", name="Blank screen"))
    expect(page.get_by_text("Paused").first).to_be_visible()
    expect(page.get_by_text("Otto")).to_have_count(0)
    director = tab_of(story.cast.users["director"])
    director.goto(live_server.url + story.url("decide"))
    director.get_by_label("Yes, approve").check()
    director.get_by_label("Reason or question").fill("Akkoord.")
    follow(director.get_by_role("button", name="Record the decision"))
    assert Case.objects.get(pk=story.measure.pk).state == "approved"


# 2. A blocked step


def test_2_a_blocked_step_says_why_and_what_to_do_in_the_first_view(
    page: Page, live_server: Any, story: Story, sign_in: Callable[[Any], None]
) -> None:
    commands.perform(story.measure, "measure.approve", by=story.cast.users["director"], data={"reason": "Akkoord."})
    sign_in(story.cast.users["director"])
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(live_server.url + story.step_url("measure.impose"))
    assert page.get_by_role("heading", level=1).inner_text().startswith("You cannot yet")
    reason = page.locator("li", has_text="parents informed").first
    box = reason.bounding_box()
    assert box is not None and box["y"] + box["height"] < 740
    assert "4.4" in reason.inner_text(), "the article stands with the reason"
    page.locator("summary").first.click()
    told = page.locator("details").first.inner_text()
    assert "OOG-4.4-4c" in told and "version of" in told and "Checked on" in told
    follow(page.get_by_role("link", name="Note: parents informed"))
    assert "/record/parents_informed/" in page.url


# 3. A talk, and an entry taken back


def test_3_a_mentor_logs_a_talk_and_takes_an_entry_back(
    page: Page, live_server: Any, story: Story, sign_in: Callable[[Any], None]
) -> None:
    sign_in(story.cast.users["mentor"])
    page.goto(live_server.url + story.url("case"))
    hand = Hand(page)
    hand.follow(page.get_by_role("link", name="Log the talk"))
    expect(page.locator("main"), "the audience is shown before saving").to_contain_text("Who sees this: mentor")
    page.get_by_label("What was said").fill("Rustig gesproken over wat er gebeurd is.")
    hand.click(page.get_by_label("Noa Regenboogje"))
    page.get_by_label("When did it happen").fill("2026-01-12T08:30")
    hand.follow(page.get_by_role("button", name="Log the talk"))
    assert hand.clicks <= 3
    entry = page.locator(".time > li").first
    told = entry.inner_text()
    assert "12 January 2026, 08:30" in told and "recorded" in told
    follow(entry.get_by_role("link", name="Take this back"))
    page.get_by_label("Reason").fill("Verkeerde leerling.")
    follow(page.get_by_role("button", name="Take it back"))
    expect(page.locator("s", has_text="Rustig gesproken")).to_be_visible()
    sign_in(story.other.users["director"])
    answer = page.goto(live_server.url + story.url("case"))
    assert answer is not None and answer.status == 404
    assert "Rustig" not in page.content()


# 4. The director decides


def test_4_a_director_decides_in_three_clicks_from_the_mail(
    page: Page, live_server: Any, story: Story, sign_in: Callable[[Any], None]
) -> None:
    sign_in(story.cast.users["director"])
    page.goto(live_server.url + story.url("case"))  # the mail's own link
    hand = Hand(page)
    hand.follow(page.get_by_role("link", name="Decide on this measure").first)
    hand.click(page.get_by_label("No, refuse"))
    follow(page.get_by_role("button", name="Record the decision"))
    expect(page.get_by_role("alert"), "words are required").to_contain_text("Reason or question")
    expect(page.locator("#errors")).to_be_focused()
    expect(page.get_by_label("No, refuse"), "what was chosen is kept").to_be_checked()
    page.get_by_label("Reason or question").fill("Een gesprek is genoeg.")
    hand.follow(page.get_by_role("button", name="Record the decision"))
    assert hand.clicks <= 3
    expect(page.get_by_role("status")).to_contain_text("refuse the measure")


def test_4_a_second_director_sees_who_decided_and_overwrites_nothing(
    page: Page, live_server: Any, story: Story, sign_in: Callable[[Any], None]
) -> None:
    sign_in(story.cast.users["deputy"])
    page.goto(live_server.url + story.url("decide"))
    commands.perform(story.measure, "measure.reject", by=story.cast.users["director"], data={"reason": "Te zwaar."})
    page.get_by_label("Yes, approve").check()
    page.get_by_label("Reason or question").fill("Akkoord.")
    follow(page.get_by_role("button", name="Record the decision"))
    expect(page.locator("main")).to_contain_text("Already decided: Dirkje Klokkentoon refused the measure")
    assert Case.objects.get(pk=story.measure.pk).state == "rejected"
    assert LogEntry.objects.filter(step="measure.approve").count() == 0


# 5. A deputy, after the term


def test_5_a_deputy_gets_the_task_after_the_term_without_a_click_of_the_director(
    page: Page, live_server: Any, sign_in: Callable[[Any], None], settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    began = clock.now() - timedelta(days=9)
    with clock.at(began):
        story = tell()
        director, mentor = story.cast.users["director"], story.cast.users["mentor"]
        commands.perform(story.measure, "measure.approve", by=director, data={"reason": "Akkoord."})
        told = {"channel": "phone", "reached": True, "note": "Gebeld."}
        commands.record(story.case, "parents_informed", by=mentor, person=story.cast.people["parent"], data=told)
        later = {
            "reason": "Akkoord.", "conduct": "Schreef een bedreiging.", "acted_at": "in de klas", "platform": "klassenapp",
            "rule": "Bedreig niemand.", "why_not_lighter": "Te ernstig.", "earlier_measures": "Geen.",
            "school_work": "Per mail.", "conditions": "Geen.",
            "return_talk_on": school_day(story.cast, 6), "opinion_weighed": "Geen mening.",
        }  # fmt: skip
        commands.perform(story.measure, "measure.impose", by=director, data=later)
        call_command("tick", verbosity=0)
    sign_in(story.cast.users["deputy"])
    task = page.locator("section", has=page.get_by_role("heading", name="Still to do")).get_by_role("listitem")
    page.goto(live_server.url + story.url("case"))
    assert "director" in task.filter(has_text="Inspectorate notified").inner_text()
    duty = Duty.objects.get(root=story.case, task="inspectorate_notified")
    with clock.at(duty.due_at + timedelta(minutes=1)):
        call_command("tick", verbosity=0)  # the reminder
    mail.outbox.clear()
    for _twice in range(2):
        call_command("tick", verbosity=0)
    assert [message.to for message in mail.outbox] == [[story.cast.users["deputy"].email]], "one mail, to the deputy alone"
    page.goto(live_server.url + story.url("case"))
    assert "deputy" in task.filter(has_text="Inspectorate notified").inner_text()
    page.locator(".machine summary").first.click()
    assert "the term passed: the deputy sees it too: inspectorate notified" in page.locator(".machine").first.inner_text().lower()
    page.goto(live_server.url + reverse("kc_workflows:desk"))
    follow(page.get_by_role("link", name="Inspectorate notified"))
    follow(page.get_by_role("button", name="Save"))
    expect(page.get_by_role("status")).to_contain_text("Noted")
    assert not LogEntry.objects.filter(root=story.case, by=story.cast.people["director"], n__gt=duty.started_by.n).exclude(at=began).exists()


# 8. A pupil reads about the own case


def test_8_a_pupil_reads_the_own_case_in_one_click(page: Page, live_server: Any, story: Story, sign_in: Callable[[Any], None]) -> None:
    sign_in(story.cast.users["pupil"])
    page.goto(live_server.url + reverse("kc_workflows:desk"))
    hand = Hand(page)
    hand.follow(page.get_by_role("link", name="Threatening message"))
    assert hand.clicks <= 2
    told = page.locator("main").inner_text()
    for wanted in ("Who can read this", "How long it is kept", "Whom you can ask", "When you do not agree", "Marit Krijtstreep"):
        assert wanted in told
    for secret in ("grap", "Sem", "klappen", "schorsing", "Suspension"):
        assert secret not in page.content(), secret


# what belongs to no journey


def test_the_blank_screen_hides_everything_at_once_and_keeps_what_was_typed(
    page: Page, live_server: Any, story: Story, sign_in: Callable[[Any], None]
) -> None:
    sign_in(story.cast.users["mentor"])
    page.goto(live_server.url + story.url("step", "incident.discuss"))
    page.get_by_label("What was said").fill("Half getypt")
    page.get_by_role("link", name="Blank screen").click()
    expect(page).to_have_title("Paused")
    assert page.locator("body").inner_text().strip() == "Show the page again"
    page.keyboard.press("Enter")
    expect(page.get_by_label("What was said")).to_be_visible()
    expect(page.get_by_label("What was said")).to_have_value("Half getypt")


def test_leaving_a_half_typed_form_asks_first(page: Page, live_server: Any, story: Story, sign_in: Callable[[Any], None]) -> None:
    sign_in(story.cast.users["mentor"])
    page.goto(live_server.url + story.url("step", "incident.discuss"))
    page.get_by_label("What was said").press_sequentially("Half")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    follow(page.get_by_role("link", name="Cancel"))
    assert page.url.endswith(story.url("case"))
    assert asked == ["beforeunload"]


def test_a_case_opened_by_a_colleague_elsewhere_does_not_show(page: Page, live_server: Any, story: Story, sign_in: Any) -> None:
    hidden = opened(story.cast, category="doxing")
    sign_in(story.cast.users["teacher"])
    page.goto(live_server.url + reverse("kc_workflows:desk"))
    assert "Private details" not in page.content() and str(hidden.key) not in page.content()
