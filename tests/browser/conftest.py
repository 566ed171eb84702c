"""A real browser on the demo host: Debian's Chromium, and a page that tells what a careful reader of its console would.

Without Chromium every test here fails and says how to get it; nothing is downloaded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chromium import CHROMIUM, FLAGS

# Playwright's loop runs in this thread; Django would refuse its database here, though nothing runs at the same time.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

expect.set_options(timeout=30_000)

AXE = (Path(__file__).parent / "assets/axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Start Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.fail(f"There is no Chromium at {CHROMIUM}: install it (Debian: apt-get install chromium libatomic1) or set CHROMIUM.")
    return {"executable_path": str(CHROMIUM), "args": FLAGS}


@pytest.fixture
def browser_context_args() -> dict[str, Any]:
    """A Dutch reader at an ordinary screen; a file whose tests read the source strings is marked `in_english`."""
    return {"locale": "nl-NL", "timezone_id": "Europe/Amsterdam", "viewport": {"width": 1280, "height": 800}}


in_english = pytest.mark.browser_context_args(locale="en-GB")


def watch(page: Page) -> list[str]:
    """Collect what goes wrong on a page: script errors, refused content, requests to elsewhere, failing answers.

    A 4xx of the page itself is an answer, not a fault: tests ask for them.
    """
    problems: list[str] = []

    def console(message: Any) -> None:
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            problems.append(f"console: {message.text}")

    def request(sent: Any) -> None:
        address = urlsplit(sent.url)
        if address.scheme not in {"data", "blob", "about"} and address.hostname not in {"127.0.0.1", "localhost"}:
            problems.append(f"request to elsewhere: {sent.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on("request", request)
    page.on("response", lambda answer: problems.append(f"{answer.status}: {answer.url}") if answer.status >= 500 else None)
    return problems


@pytest.fixture
def page(context: BrowserContext) -> Generator[Page]:
    """A page that fails its test when anything went wrong on it, at the end of the test."""
    opened = context.new_page()
    opened.set_default_timeout(30_000)  # on a busy machine; what is there is seen at once
    problems = watch(opened)
    yield opened
    assert not problems


@pytest.fixture
def sign_in(context: BrowserContext, live_server: Any) -> Callable[..., None]:
    """Be somebody, without the sign-in page; in another browser than the test's own when it is named."""

    def become(user: User, where: BrowserContext = context) -> None:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        where.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie.value, "url": live_server.url}])

    return become


Visit = Callable[[User | None, str], int]


@pytest.fixture
def visit(page: Page, live_server: Any, sign_in: Callable[..., None]) -> Visit:
    """Go to an address of the site as somebody, or as nobody; returns the status."""
    who_is_in: list[User | None] = [None]

    def go(user: User | None, address: str) -> int:
        if user is None:
            page.context.clear_cookies()
        elif user != who_is_in[-1]:
            sign_in(user)
        who_is_in.append(user)
        answer = page.goto(live_server.url + address)
        assert answer is not None
        return answer.status

    return go


@pytest.fixture
def tab_of(new_context: Callable[..., BrowserContext], sign_in: Callable[..., None]) -> Generator[Callable[..., Page]]:
    """Open a page in a browser of somebody's own, with or without script; it is watched as `page` is."""
    problems: list[list[str]] = []

    def tab(user: User | None = None, *, script: bool = False) -> Page:
        context = new_context(java_script_enabled=script)
        if user is not None:
            sign_in(user, context)
        opened = context.new_page()
        opened.set_default_timeout(30_000)
        problems.append(watch(opened))
        return opened

    yield tab
    assert not any(problems), problems


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """Ask axe-core about a page as it is now; an empty list is what a test wants to see.

    A colour that is still changing is not judged halfway: what was just pressed comes to rest first.
    """

    def violations(page: Page) -> list[str]:
        page.evaluate(AXE + ";0")
        page.evaluate("Promise.allSettled(document.getAnimations().map(one => one.finished)).then(() => 0)")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {one['help']} at {node['target']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]
        ]

    return violations
