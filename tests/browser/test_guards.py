"""The guards of the browser tests bark: a page with each planted fault is caught, and the demo host's own pages are not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import watch
from tests.cast import build
from tests.host.middleware import POLICY

PLANTED = {
    "script error": ("<script src='/planted.js'></script>", "pageerror", "script: "),
    "inline script": ("<script>1</script>", "console", "console: "),
    "inline style": ("<p style='color: red'>x</p>", "console", "console: "),
    "outside request": ("<img alt='' src='http://elsewhere.example/x.png'>", "request", "request to elsewhere"),
    "server error": ("<img alt='' src='/broken.png'>", "response", "500: "),
}


@pytest.mark.parametrize(("body", "event", "says"), PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_caught(context: BrowserContext, body: str, event: Any, says: str) -> None:
    page = context.new_page()
    problems = watch(page)
    origin = "http://127.0.0.1:1"
    html = f"<!doctype html><html lang=en><title>x</title><link rel=icon href=data:,>{body}"
    page.route(f"{origin}/", lambda route: route.fulfill(body=html, headers={"Content-Security-Policy": POLICY}, content_type="text/html"))
    page.route(f"{origin}/planted.js", lambda route: route.fulfill(body="throw Error('planted')", content_type="text/javascript"))
    page.route(f"{origin}/broken.png", lambda route: route.fulfill(status=500))
    with page.expect_event(event, lambda _told: any(problem.startswith(says) for problem in problems)):
        page.goto(f"{origin}/")


def test_axe_sees_a_picture_without_words(page: Page, axe: Callable[[Page], list[str]]) -> None:
    page.set_content("<!doctype html><html lang=en><title>x</title><main><h1>x</h1><img src='data:,'></main></html>")
    assert any(line.startswith("image-alt:") for line in axe(page))


@pytest.mark.parametrize("address", ["/sign-in/", "/", "/course/demo/", "/mails/"])
def test_the_host_itself_is_clean(
    address: str, page: Page, live_server: Any, sign_in: Callable[[Any], None], axe: Callable[[Page], list[str]]
) -> None:
    cast = build("groningen", "vo", date.today())
    if address != "/sign-in/":
        sign_in(cast.users["mentor"])
    page.goto(live_server.url + address)
    assert axe(page) == []
