"""Every page for everybody: axe in light, dark and on a phone, no sideways scroll, large targets, the keyboard, forced colours."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, in_english
from tests.browser.following import follow
from tests.browser.looks import FOCUSED, LARGE, SMALL, UNFOLD, WIDE, in_light, sideways, walk
from tests.stories import Story, tell
from workflows import commands
from workflows.models import Letter

pytestmark = [pytest.mark.django_db(transaction=True), in_english]

@pytest.fixture
def story(live_server: Any) -> Story:
    found = tell()
    commands.record(
        found.case, "parents_informed", by=found.cast.users["mentor"], person=found.cast.people["parent"],
        data={"channel": "phone", "reached": True, "note": "Vader gebeld."},
    )  # fmt: skip
    return found


def pages(story: Story) -> list[tuple[str, str]]:
    """Every page as (who, address), that of nothing found among them."""
    pupil = story.cast.people["pupil"]
    found = [
        ("director", reverse("kc_workflows:desk")), ("director", reverse("kc_workflows:approvals")), ("mentor", reverse("kc_workflows:report")),
        ("director", story.url("case")), ("mentor", story.url("case")), ("director", story.url("decide")),
        ("director", story.step_url("measure.impose")), ("mentor", story.url("step", "measure.propose")),
        ("mentor", story.url("step", "measure.propose") + "?kind=suspension"), ("director", story.url("step", "incident.triage")),
        ("mentor", story.url("record", "parents_informed")), ("mentor", story.url("record", "urgent_safety_measure")),
        ("director", story.url("owner")), ("director", story.url("person", pupil.key)), ("director", story.url("correct", pupil.key)),
        ("pupil", reverse("kc_workflows:desk")), ("pupil", reverse("kc_workflows:report")), ("pupil", story.url("case")),
        ("teacher", story.url("case")), ("director", reverse("kc_workflows:blank")),
    ]  # fmt: skip
    letter = Letter.objects.filter(root=story.case).first()
    return found + ([("director", story.url("letter", letter.key))] if letter else [])


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_axe_finds_nothing_on_any_page(scheme: Any, width: int, page: Page, story: Story, visit: Visit, axe: Any) -> None:
    in_light(page, scheme, width)
    found = []
    for who, address in pages(story):
        visit(story.cast.users[who], address)
        page.evaluate(UNFOLD)
        found += [f"{who} {address}: {line}" for line in axe(page)]
    assert found == []


def test_axe_finds_nothing_on_refused_forms(page: Page, story: Story, visit: Visit, axe: Any) -> None:
    mentor = story.cast.users["mentor"]
    visit(mentor, reverse("kc_workflows:report"))
    follow(page.get_by_role("button", name="Open the case"))
    expect(page.get_by_role("alert")).to_be_visible()
    found = axe(page)
    visit(mentor, story.url("step", "incident.discuss"))
    follow(page.get_by_role("button", name="Log the talk"))
    expect(page.get_by_role("alert")).to_be_visible()
    assert found + axe(page) == []


@pytest.mark.parametrize("width", [320, 360])
def test_no_page_scrolls_sideways_also_with_wide_spacing_and_double_text(width: int, page: Page, story: Story, visit: Visit) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    found = []
    for who, address in pages(story):
        visit(story.cast.users[who], address)
        found += sideways(page, f"{who} {address}")
    page.set_viewport_size({"width": 640, "height": 700})
    for who, address in pages(story):
        visit(story.cast.users[who], address)
        page.evaluate(LARGE)
        if page.evaluate(WIDE):
            found.append(f"{who} {address} at 200 % text")
    assert found == []


def test_what_is_pressed_is_large_enough(page: Page, story: Story, visit: Visit) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    found = []
    for who, address in pages(story):
        visit(story.cast.users[who], address)
        found += [f"{who} {address}: {line}" for line in page.evaluate(SMALL)]
    assert found == []


def test_the_keyboard_reaches_everything_with_visible_focus(page: Page, story: Story, visit: Visit) -> None:
    for who, address in [("mentor", reverse("kc_workflows:report")), ("director", story.url("case")), ("director", story.url("decide"))]:
        visit(story.cast.users[who], address)
        met = walk(page)
        assert [name for name, seen in met.items() if not seen] == [], f"{who} {address}"
        assert len(met) > 8 and (who == "director" or any("<button" in name for name in met)), f"{who} {address}"


def test_in_forced_colours_a_choice_is_still_seen(page: Page, story: Story, visit: Visit) -> None:
    page.emulate_media(forced_colors="active")
    visit(story.cast.users["director"], story.url("decide"))
    page.get_by_label("No, refuse").check()
    style = "one => getComputedStyle(one.closest('label')).outlineStyle"
    assert page.get_by_label("No, refuse").evaluate(style) == "solid"
    assert page.get_by_label("Yes, approve").evaluate(style) == "none"


def test_on_paper_there_is_no_menu_and_no_button(page: Page, story: Story, visit: Visit) -> None:
    page.emulate_media(media="print")
    visit(story.cast.users["director"], story.url("person", story.cast.people["pupil"].key))
    expect(page.locator(".time > li").first).to_be_visible()
    assert not page.locator(".bar").is_visible() and page.locator("button:visible").count() == 0


def test_these_guards_bark(page: Page, story: Story, visit: Visit) -> None:
    visit(story.cast.users["director"], story.url("decide"))
    assert page.evaluate(SMALL) == []
    page.evaluate(
        "const sheet = new CSSStyleSheet(); sheet.replaceSync('button {min-block-size: 0 !important; padding: 0 !important}"
        " * {outline: none !important} h1 {inline-size: 3000px}'); document.adoptedStyleSheets = [sheet]"
    )
    assert any("<button" in line for line in page.evaluate(SMALL))
    assert page.evaluate(WIDE)
    page.get_by_label("Reason or question").focus()
    assert not page.evaluate(FOCUSED)["outline"]
