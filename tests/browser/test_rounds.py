"""Asking many at once in a real browser: axe in light, dark and on a phone, sizes, and a round from form to answers without script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, in_english
from tests.browser.following import follow
from tests.browser.looks import SMALL, UNFOLD, WIDE, in_light
from tests.cast import Cast, build
from tests.round_world import make, pupil, send
from workflows import clock, paper
from workflows.delivery import paper as press
from workflows.models import PaperForm, Round

pytestmark = [pytest.mark.django_db(transaction=True), in_english]


@pytest.fixture
def cast(live_server: Any) -> Cast:
    cast = build("leyenburg", "po", clock.today())
    pupil(cast, 1)
    pupil(cast, 2, {"email": "", "language": "ar", "given_name": "نورة"}, {"language": "pl", "given_name": "Żaneta"})
    return cast


def addresses(cast: Cast) -> list[str]:
    draft = make(cast, scope="school", groups=())
    done = send(cast)
    press.print_all()
    code = paper.code_of(PaperForm.objects.get()).replace(" ", "")
    here = [("rounds", []), ("round_new", []), ("round", [draft.key]), ("round", [done.key]), ("paper", []), ("paper_form", [code])]
    return [reverse(f"kc_workflows:{name}", args=args) for name, args in here]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_and_everything_fits(scheme: Any, width: int, page: Page, cast: Cast, visit: Visit, axe: Any) -> None:
    in_light(page, scheme, width)
    found = []
    for address in addresses(cast):
        visit(cast.users["director"], address)
        page.evaluate(UNFOLD)
        found += [f"{address}: {line}" for line in [*axe(page), *page.evaluate(SMALL)]]
        if page.evaluate(WIDE):
            found.append(f"{address}: scrolls sideways")
    assert found == []


@pytest.mark.parametrize("script", [True, False])
def test_a_round_from_the_form_to_the_mails(script: bool, live_server: Any, cast: Cast, tab_of: Callable[..., Page]) -> None:
    tab = tab_of(cast.users["director"], script=script)
    tab.goto(live_server.url + reverse("kc_workflows:more"))
    follow(tab.get_by_role("link", name="Asking for consent"))
    follow(tab.get_by_role("link", name="Ask a group or the school"))
    tab.get_by_text("The groups that I tick below").click()
    tab.get_by_text("Groep 7a").click()
    tab.locator("label", has_text="Instagram").first.click()
    follow(tab.get_by_role("button", name="Look who gets what"))
    expect(tab.get_by_role("alert")).to_contain_text("What is the occasion?")
    expect(tab.locator("[name=lines]:checked")).to_have_count(1)
    tab.locator("[name=moment]").first.check(force=True)
    follow(tab.get_by_role("button", name="Look who gets what"))
    expect(tab.get_by_role("heading", name="6 people are asked")).to_be_visible()
    follow(tab.get_by_role("button", name="Ask 6 people now"))
    expect(tab.get_by_role("status")).to_contain_text("The round is on its way.")
    assert Round.objects.get().asks.filter(route="mail").count() == 4
