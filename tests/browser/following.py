"""Going from one page to the next as a test has to: not before the next one is there."""

from __future__ import annotations

from playwright.sync_api import Locator


def follow(target: Locator) -> None:
    """Press what leads to another page, or sends a form, and wait until the page that answers is there whole.

    A click alone may return before the form was received and before the page was read to its end: what is asked of the database
    or counted on the page right after it would be luck.
    """
    with target.page.expect_navigation():
        target.click()
