"""Asking many at once in a real browser: axe in light, dark and on a phone, sizes, and a round from form to answers without script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.test_looks import SMALL
from tests.cast import Cast, build
from tests.integration.test_rounds import make, pupil, send
from workflows import clock, paper
from workflows.delivery import paper as press
from workflows.models import PaperForm, Round

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser_context_args() -> dict[str, Any]:
    return {"locale": "en-GB", "timezone_id": "Europe/Amsterdam", "viewport": {"width": 1280, "height": 800}}


@pytest.fixture
def cast(live_server: Any, sign_in: Callable[[Any], None]) -> Cast:
    cast = build("leyenburg", "po", clock.today())
    pupil(cast, 1)
    pupil(cast, 2, {"email": "", "language": "ar", "given_name": "نورة"}, {"language": "pl", "given_name": "Żaneta"})
    sign_in(cast.users["director"])
    return cast


def addresses(cast: Cast) -> list[str]:
    draft = make(cast, scope="school", groups=())
    done = send(cast)
    press.print_all()
    code = paper.code_of(PaperForm.objects.get()).replace(" ", "")
    here = [("rounds", []), ("round_new", []), ("round", [draft.key]), ("round", [done.key]), ("paper", []), ("paper_form", [code])]
    return [reverse(f"kc_workflows:{name}", args=args) for name, args in here]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_and_everything_fits(scheme: Any, width: int, page: Page, live_server: Any, cast: Cast, axe: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    found = []
    for address in addresses(cast):
        page.goto(live_server.url + address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found += [f"{address}: {line}" for line in axe(page)]
        found += [f"{address}: {line} is small" for line in page.evaluate(SMALL)]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{address}: scrolls sideways")
    assert found == []


@pytest.mark.parametrize("javascript", [True, False])
def test_a_round_from_the_form_to_the_mails(
    javascript: bool, page: Page, live_server: Any, cast: Cast, browser: Any, browser_context_args: dict[str, Any]
) -> None:
    cookies = page.context.cookies()
    context = browser.new_context(**browser_context_args, java_script_enabled=javascript)
    context.add_cookies(cookies)
    tab = context.new_page()
    tab.goto(live_server.url + reverse("kc_workflows:more"))
    tab.get_by_role("link", name="Asking for consent").click()
    tab.get_by_role("link", name="Ask a group or the school").click()
    tab.get_by_text("The groups that I tick below").click()
    tab.get_by_text("Groep 7a").click()
    tab.locator("label", has_text="Instagram").first.click()
    tab.get_by_role("button", name="Look who gets what").click()
    expect(tab.get_by_role("alert")).to_contain_text("What is the occasion?")
    expect(tab.locator("[name=lines]:checked")).to_have_count(1)
    tab.locator("[name=moment]").first.check(force=True)
    tab.get_by_role("button", name="Look who gets what").click()
    expect(tab.get_by_role("heading", name="6 people are asked")).to_be_visible()
    tab.get_by_role("button", name="Ask 6 people now").click()
    expect(tab.get_by_role("status")).to_contain_text("The round is on its way.")
    assert Round.objects.get().asks.filter(route="mail").count() == 4
    context.close()
