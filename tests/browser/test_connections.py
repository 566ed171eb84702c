"""The pages of consents, connections and accounts in a browser: axe, small screens, the keyboard, and without script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page

from tests.asking import ask
from tests.browser.conftest import watch
from tests.browser.test_looks import FOCUSED, SMALL, SPACING
from tests.cast import Cast, build
from workflows import clock, commands
from workflows.models import Case

pytestmark = pytest.mark.django_db(transaction=True)

WIDE = "() => document.documentElement.scrollWidth > innerWidth"
PROOF = {"form": "link", "authority": True, "language": "nl", "text_version": "0" * 16}
OPEN = "document.querySelectorAll('details').forEach(one => one.open = true)"


@dataclass
class World:
    """One of each, waiting: a consent taken back, a connection and an account to be decided about."""

    cast: Cast
    server: str
    consent: Case
    connection: Case
    account: Case

    def pages(self) -> list[tuple[str, str]]:
        """Every page as (who, address)."""
        new, account = reverse("kc_workflows:new_connection"), reverse("kc_workflows:new_account")
        return [
            ("director", self.root(self.consent)), ("director", self.of("root_answer", self.consent)),
            ("director", self.of("root_links", self.consent)), ("director", self.root(self.connection)),
            ("director", self.of("decide", self.connection)), ("director", self.root(self.account)), ("director", self.of("decide", self.account)),
            ("director", self.of("step", self.connection, "friend_request.end")),
            ("director", reverse("kc_workflows:approvals")), ("director", reverse("kc_workflows:desk")), ("mentor", new),
            ("mentor", f"{new}?counterparty=pupil&target_account=personal"), ("teacher", account), ("teacher", f"{account}?account_kind=school"),
            ("adult_pupil", reverse("kc_workflows:own_consents")), ("adult_pupil", reverse("kc_workflows:desk")),
            ("pupil", f"{new}?target_account=personal"), ("pupil", new),
        ]  # fmt: skip

    def root(self, case: Case) -> str:
        return self.of("root", case)

    def of(self, name: str, case: Case, *args: Any) -> str:
        return reverse(f"kc_workflows:{name}", args=[case.key, *args])


@pytest.fixture
def browser_context_args() -> dict[str, Any]:
    """An English reader at an ordinary screen."""
    return {"locale": "en-GB", "timezone_id": "Europe/Amsterdam", "viewport": {"width": 1280, "height": 800}}


@pytest.fixture
def world(live_server: Any) -> World:
    cast = build("wilhelmina", "po", clock.today())
    (consent,) = ask(cast, "classmate", [("school_publication", "instagram")])
    commands.perform(consent, "consent.answer", by=cast.people["classmate_parent"], data={**PROOF, "answer": True})
    commands.record(consent, "used", by=cast.users["mentor"], data={"where": "instagram.example/schoolreis/een-lange-naam", "harm_expected": False})
    commands.perform(consent, "consent.withdraw", by=cast.people["classmate_parent"], data={"form": "link"})
    ask(cast, "adult_pupil", [("school_publication", "website"), ("name", "newsletter")])
    tie = {
        "counterpart": cast.people["pupil"], "target_account": "personal", "tie": "family", "tie_since": clock.today() - timedelta(days=4000),
        "contact_since": clock.today() - timedelta(days=400), "tie_proof": "Neef en nicht.",
    }  # fmt: skip
    told = commands.open_case(by=cast.users["teacher"], school=cast.school, step="friend_request.declare", data=tie).case
    group = {"account_kind": "class_group", "name": "Klassengroep"}
    account = commands.open_case(by=cast.users["teacher"], school=cast.school, step="account.request", data=group).case
    return World(cast, live_server.url, consent, told, account)


Visit = Callable[[str, str], None]


@pytest.fixture
def visit(page: Page, world: World, sign_in: Callable[[Any], None]) -> Visit:
    who_is_in: list[str] = []

    def go(who: str, address: str) -> None:
        if who_is_in[-1:] != [who]:
            sign_in(world.cast.users[who])
            who_is_in.append(who)
        answer = page.goto(world.server + address)
        assert answer is not None
        assert answer.status == 200, (who, address)

    return go


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)])
def test_axe_finds_nothing(scheme: Any, width: int, page: Page, world: World, visit: Visit, axe: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    found = []
    for who, address in world.pages():
        visit(who, address)
        page.evaluate(OPEN)
        found += [f"{who} {address}: {line}" for line in axe(page)]
    assert found == []


@pytest.mark.parametrize("width", [320, 360])
def test_nothing_scrolls_sideways_and_what_is_pressed_is_large_enough(width: int, page: Page, world: World, visit: Visit) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    found = []
    for who, address in world.pages():
        visit(who, address)
        found += [f"{who} {address}: {line}" for line in page.evaluate(SMALL)]
        page.evaluate(OPEN)
        if page.evaluate(WIDE):
            found.append(f"{who} {address}")
        page.evaluate(SPACING)
        if page.evaluate(WIDE):
            found.append(f"{who} {address} with wide spacing")
    assert found == []


def test_a_refused_form_takes_the_focus_and_axe_finds_nothing_there(page: Page, world: World, visit: Visit, axe: Any) -> None:
    visit("director", world.of("root_answer", world.consent))
    page.get_by_role("button", name="Save").click()
    assert page.locator("#errors").evaluate("one => one === document.activeElement")
    found = axe(page)
    visit("director", world.of("decide", world.connection))
    page.get_by_role("button", name="Record the decision").click()
    assert page.locator("#errors").evaluate("one => one === document.activeElement")
    assert found + axe(page) == []


def test_the_keyboard_reaches_everything_with_visible_focus(page: Page, world: World, visit: Visit) -> None:
    found = []
    new = reverse("kc_workflows:new_connection") + "?counterparty=pupil&target_account=personal"
    for who, address in [("director", world.root(world.consent)), ("director", world.of("decide", world.connection)), ("mentor", new)]:
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
    assert found == []


@pytest.mark.parametrize("script", [True, False])
def test_declared_by_a_teacher_and_decided_by_the_head_also_without_script(script: bool, browser: Browser, world: World) -> None:
    from django.conf import settings
    from django.test import Client

    context = browser.new_context(locale="en-GB", viewport={"width": 360, "height": 740}, java_script_enabled=script)
    page = context.new_page()
    problems = watch(page)

    def become(who: str) -> None:
        client = Client()
        client.force_login(world.cast.users[who])
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": world.server}])

    become("mentor")
    page.goto(world.server + reverse("kc_workflows:new_connection"))
    page.get_by_label("A parent of a pupil").check()
    page.get_by_label("A personal account").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Look somebody up").fill("Zonnewijzer")
    page.get_by_role("button", name="Look up").click()
    page.get_by_label("Olga Zonnewijzer").check()
    page.get_by_role("button", name="Declare this connection").click()
    assert page.get_by_role("status").is_visible()
    case = Case.objects.get(type="friend_request", person=world.cast.people["mentor"])

    become("director")
    page.goto(world.server + reverse("kc_workflows:approvals"))
    page.get_by_role("link", name="Look and decide (Connection, Marit Krijtstreep and Olga Zonnewijzer)").click()
    page.get_by_label("Yes, approve").check()
    page.get_by_label("Reason or question").fill("Buren.")
    page.get_by_role("button", name="Record the decision").click()
    assert page.get_by_role("heading", level=1).is_visible()
    case.refresh_from_db()
    assert case.state == "approved"
    assert not problems
    context.close()
