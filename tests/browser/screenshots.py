"""Takes the README's pictures from a demo that is being served: `make demo`, then `make screenshots` in another terminal."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import CHROMIUM, FLAGS
from tests.browser.following import follow

BASE = os.environ.get("KC_SITE_URL", "http://127.0.0.1:8000")
FOLDER = Path(__file__).parents[2] / "docs" / "pictures"


def signed_in(browser: Browser, who: str, *, width: int = 1000, school: str = "zonnehoek") -> Page:
    """Return a page of the named member of the demo's first school."""
    page = browser.new_context(viewport={"width": width, "height": 760}, locale="nl-NL").new_page()
    page.goto(f"{BASE}/sign-in/")
    follow(page.locator(f"[data-user='{school}-{who}']"))
    return page


def keep(page: Page, name: str) -> None:
    """Save what the page shows in one screen."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=FOLDER / f"{name}.png")
    sys.stdout.write(f"docs/pictures/{name}.png\n")


def _letter_link(browser: Browser, director: Page) -> Page:
    """Approve a letter, send it by e-mail, and return the page behind the link in that mail."""
    director.goto(f"{BASE}/kc/")
    follow(director.locator("a[href*='/letter/']").first)
    follow(director.get_by_role("button", name=re.compile("goedkeuren")))
    director.locator("input[value='email']").check()
    follow(director.get_by_role("button", name="Versturen"))
    director.goto(f"{BASE}/mails/")
    links = re.findall(r"/kc/brief/[^\s\"<]+", director.content())
    parent = browser.new_context(viewport={"width": 420, "height": 760}, locale="nl-NL").new_page()
    parent.goto(f"{BASE}{links[0]}")
    return parent


def main() -> None:
    """Take one picture per role."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        mentor = signed_in(browser, "mentor")
        mentor.goto(f"{BASE}/kc/")
        follow(mentor.get_by_role("link", name=re.compile("Foto of film")).first)
        keep(mentor, "mentor")
        director = signed_in(browser, "director", width=420)
        director.goto(f"{BASE}/kc/approvals/")
        keep(director, "director")
        keep(_letter_link(browser, director), "parent")
        pupil = signed_in(browser, "pupil", width=420)
        pupil.goto(f"{BASE}/course/zonnehoek/")
        keep(pupil, "pupil")
        browser.close()


if __name__ == "__main__":
    main()
