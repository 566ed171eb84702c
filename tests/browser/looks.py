"""What a careful eye measures on a page: room to press, nothing beside the screen, a focus that shows, also in a reader's own style."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SHOTS = os.environ.get("KC_SHOTS", "")
"""The folder for pictures of the pages, when somebody wants to look at them: `KC_SHOTS=var/shots make browser ARGS="-k stories"`."""

UNFOLD = "document.querySelectorAll('details').forEach(one => one.open = true)"
"""Opens whatever is folded."""

SPACING = """
const sheet = new CSSStyleSheet();
sheet.replaceSync(`* {line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important}
  p {margin-block-end: 2em !important}`);
document.adoptedStyleSheets = [sheet];
"""
"""Text spacing of WCAG 1.4.12, put in from outside as a reader's own style would be."""

LARGE = "const s = new CSSStyleSheet(); s.replaceSync('html {font-size: 200% !important}'); document.adoptedStyleSheets = [s]"
"""Text of twice the size (WCAG 1.4.4), put in the same way."""

WIDE = "() => document.documentElement.scrollWidth > innerWidth"
"""Whether the page scrolls sideways."""

SMALL = """
() => [...document.querySelectorAll("main button, main .button, main summary, main select, main textarea, .bar a, "
    + "main input:not([type=hidden]):not([type=radio]):not([type=checkbox]), main label:has(input), main .rows a, main .links a")]
  .filter(one => one.checkVisibility() && !one.classList.contains("unseen"))
  .map(one => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5 || box.width < 43.5).map(([html, box]) => `${html} ${box.width}x${box.height}`)
"""
"""What is pressed and smaller than 44 pixels either way."""

OUTSIDE = """
() => [...document.querySelectorAll(".kc-block *")].filter(one => one.checkVisibility()
  && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(one => one.outerHTML.slice(0, 80))
"""
"""What of a card sticks out of the screen; the page around it is not ours."""

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
"""What has the focus: its name, whether an outline shows that, and whether nothing covers it."""


def in_light(page: Page, scheme: Any, width: int) -> None:
    """Look in this colour scheme at a screen this many pixels wide."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})


def sideways(page: Page, name: str) -> list[str]:
    """Return `name` for each way in which the page scrolls sideways: unfolded, and with wide spacing."""
    page.evaluate(UNFOLD)
    found = [name] if page.evaluate(WIDE) else []
    page.evaluate(SPACING)
    return found + ([f"{name} with wide spacing"] if page.evaluate(WIDE) else [])


def stops(page: Page, most: int = 90) -> Iterator[dict[str, Any]]:
    """Press Tab and give what has the focus, until it leaves the page."""
    for _press in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        if here is None:
            return
        yield here


def walk(page: Page) -> dict[str, bool]:
    """Go through the page by keyboard; return everything that had the focus, with whether that was seen.

    A date is several stops, and its last is the browser's own button: one that is seen is enough.
    """
    found: dict[str, bool] = {}
    for here in stops(page):
        found[here["name"]] = found.get(here["name"], False) or (here["outline"] and here["seen"])
    return found


def shot(page: Page, name: str) -> None:
    """Keep the whole page as it looks now, if pictures are wanted: they take a third of a story's time."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
