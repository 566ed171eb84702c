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
    """A Dutch reader at an ordinary screen."""
    return {"locale": "nl-NL", "timezone_id": "Europe/Amsterdam", "viewport": {"width": 1280, "height": 800}}


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
def sign_in(context: BrowserContext, live_server: Any) -> Callable[[User], None]:
    """Be somebody, without the sign-in page."""

    def become(user: User) -> None:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie.value, "url": live_server.url}])

    return become


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """Ask axe-core about a page as it is now; an empty list is what a test wants to see."""

    def violations(page: Page) -> list[str]:
        page.evaluate(AXE + ";0")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {one['help']} at {node['target']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]
        ]

    return violations
