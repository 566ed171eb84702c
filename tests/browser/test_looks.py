"""Every page for everybody: axe in light, dark and on a phone, no sideways scroll, large targets, the keyboard, forced colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from tests.stories import Story, tell
from workflows import commands
from workflows.models import Letter

pytestmark = pytest.mark.django_db(transaction=True)

SPACING = """
const sheet = new CSSStyleSheet();
sheet.replaceSync(`* {line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important}
  p {margin-block-end: 2em !important}`);
document.adoptedStyleSheets = [sheet];
"""
"""Text spacing of WCAG 1.4.12, put in from outside as a reader's own style would be."""

SMALL = """
() => [...document.querySelectorAll("main button, main .button, main summary, main select, main textarea, .bar a, "
    + "main input:not([type=hidden]):not([type=radio]):not([type=checkbox]), main label:has(input), main .rows a, main .links a")]
  .filter(one => one.checkVisibility() && !one.classList.contains("unseen"))
  .map(one => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5 || box.width < 43.5).map(([html, box]) => `${html} ${box.width}x${box.height}`)
"""

FOCUSED = """
() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const box = one.getBoundingClientRect(), card = one.closest(".cards label, .roles label");
  const style = getComputedStyle(card || one);
  const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1), y = box.top + Math.min(box.height / 2, 20);
  const over = document.elementFromPoint(x, y);
  return {name: one.outerHTML.slice(0, 90), outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
          seen: !!over && (one.contains(over) || over.contains(one) || !!(card && card.contains(over)))};
}
"""


@pytest.fixture
def browser_context_args() -> dict[str, Any]:
    """An English reader at an ordinary screen."""
    return {"locale": "en-GB", "timezone_id": "Europe/Amsterdam", "viewport": {"width": 1280, "height": 800}}


@pytest.fixture
def story(live_server: Any) -> Story:
    found = tell()
    commands.record(
        found.case, "parents_informed", by=found.cast.users["mentor"], person=found.cast.people["parent"],
        data={"channel": "phone", "reached": True, "note": "Vader gebeld."},
    )  # fmt: skip
    return found


def pages(story: Story) -> list[tuple[str, str]]:
    """Every page as (who, address), those of a refused form and of nothing found among them."""
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


Visit = Callable[[str, str], None]


@pytest.fixture
def visit(page: Page, live_server: Any, story: Story, sign_in: Callable[[Any], None]) -> Visit:
    who_is_in: list[str] = []

    def go(who: str, address: str) -> None:
        if who_is_in[-1:] != [who]:
            sign_in(story.cast.users[who])
            who_is_in.append(who)
        page.goto(live_server.url + address)

    return go


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_axe_finds_nothing_on_any_page(scheme: Any, width: int, page: Page, story: Story, visit: Visit, axe: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    found = []
    for who, address in pages(story):
        visit(who, address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found += [f"{who} {address}: {line}" for line in axe(page)]
    assert found == []


def test_axe_finds_nothing_on_refused_forms(page: Page, story: Story, visit: Visit, axe: Any) -> None:
    visit("mentor", reverse("kc_workflows:report"))
    page.get_by_role("button", name="Open the case").click()
    assert page.get_by_role("alert").is_visible()
    found = axe(page)
    visit("mentor", story.url("step", "incident.discuss"))
    page.get_by_role("button", name="Log the talk").click()
    assert page.get_by_role("alert").is_visible()
    assert found + axe(page) == []


@pytest.mark.parametrize("width", [320, 360])
def test_no_page_scrolls_sideways_also_with_wide_spacing_and_double_text(width: int, page: Page, story: Story, visit: Visit) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    wide = "() => document.documentElement.scrollWidth > innerWidth"
    found = []
    for who, address in pages(story):
        visit(who, address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        if page.evaluate(wide):
            found.append(f"{who} {address}")
        page.evaluate(SPACING)
        if page.evaluate(wide):
            found.append(f"{who} {address} with wide spacing")
    page.set_viewport_size({"width": 640, "height": 700})
    for who, address in pages(story):
        visit(who, address)
        page.evaluate("const s = new CSSStyleSheet(); s.replaceSync('html {font-size: 200% !important}'); document.adoptedStyleSheets = [s]")
        if page.evaluate(wide):
            found.append(f"{who} {address} at 200 % text")
    assert found == []


def test_what_is_pressed_is_large_enough(page: Page, story: Story, visit: Visit) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    found = []
    for who, address in pages(story):
        visit(who, address)
        found += [f"{who} {address}: {line}" for line in page.evaluate(SMALL)]
    assert found == []


def test_the_keyboard_reaches_everything_with_visible_focus(page: Page, story: Story, visit: Visit) -> None:
    found = []
    for who, address in [("mentor", reverse("kc_workflows:report")), ("director", story.url("case")), ("director", story.url("decide"))]:
        visit(who, address)
        seen = set()
        for _ in range(90):
            page.keyboard.press("Tab")
            now = page.evaluate(FOCUSED)
            if now is None or now["name"] in seen:
                break
            seen.add(now["name"])
            if not now["outline"] or not now["seen"]:
                found.append(f"{who} {address}: {now}")
        assert len(seen) > 8
        assert any("<button" in name for name in seen) or who == "director"
    assert found == []


def test_in_forced_colours_a_choice_is_still_seen(page: Page, story: Story, visit: Visit) -> None:
    page.emulate_media(forced_colors="active")
    visit("director", story.url("decide"))
    page.get_by_label("No, refuse").check()
    style = "one => getComputedStyle(one.closest('label')).outlineStyle"
    assert page.get_by_label("No, refuse").evaluate(style) == "solid"
    assert page.get_by_label("Yes, approve").evaluate(style) == "none"


def test_on_paper_there_is_no_menu_and_no_button(page: Page, story: Story, visit: Visit) -> None:
    page.emulate_media(media="print")
    visit("director", story.url("person", story.cast.people["pupil"].key))
    assert not page.locator(".bar").is_visible() and page.locator("button:visible").count() == 0
    assert page.locator(".time > li").first.is_visible()


def test_these_guards_bark(page: Page, story: Story, visit: Visit) -> None:
    visit("director", story.url("decide"))
    assert page.evaluate(SMALL) == []
    page.evaluate(
        "const sheet = new CSSStyleSheet(); sheet.replaceSync('button {min-block-size: 0 !important; padding: 0 !important}"
        " * {outline: none !important} h1 {inline-size: 3000px}'); document.adoptedStyleSheets = [sheet]"
    )
    assert any("<button" in line for line in page.evaluate(SMALL))
    assert page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
    page.get_by_label("Reason or question").focus()
    assert not page.evaluate(FOCUSED)["outline"]
