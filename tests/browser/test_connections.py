"""The pages of consents, connections and accounts in a browser: axe, small screens, the keyboard, and without script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.asking import ask
from tests.browser.conftest import Visit, in_english
from tests.browser.following import follow
from tests.browser.looks import SMALL, UNFOLD, in_light, sideways, walk
from tests.cast import build
from tests.root_world import YES, World
from workflows import clock, commands
from workflows.models import Case

pytestmark = [pytest.mark.django_db(transaction=True), in_english]


class Waiting(World):
    """One of each, waiting: a consent taken back, a connection and an account to be decided about."""

    def pages(self) -> list[tuple[str, str]]:
        """Every page as (who, address)."""
        new, account = reverse("kc_workflows:new_connection"), reverse("kc_workflows:new_account")
        return [
            ("director", self.url("root", self.consent)), ("director", self.url("root_answer", self.consent)),
            ("director", self.url("root_links", self.consent)), ("director", self.url("root", self.connection)),
            ("director", self.url("decide", self.connection)), ("director", self.url("root", self.account)),
            ("director", self.url("decide", self.account)), ("director", self.url("step", self.connection, "friend_request.end")),
            ("director", reverse("kc_workflows:approvals")), ("director", reverse("kc_workflows:desk")), ("mentor", new),
            ("mentor", f"{new}?counterparty=pupil&target_account=personal"), ("teacher", account), ("teacher", f"{account}?account_kind=school"),
            ("adult_pupil", reverse("kc_workflows:own_consents")), ("adult_pupil", reverse("kc_workflows:desk")),
            ("pupil", f"{new}?target_account=personal"), ("pupil", new),
        ]  # fmt: skip


@pytest.fixture
def world(live_server: Any) -> Waiting:
    cast = build("wilhelmina", "po", clock.today())
    (consent,) = ask(cast, "classmate", [("school_publication", "instagram")])
    commands.perform(consent, "consent.answer", by=cast.people["classmate_parent"], data=YES)
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
    return Waiting(cast, consent, told, account)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)])
def test_axe_finds_nothing(scheme: Any, width: int, page: Page, world: Waiting, visit: Visit, axe: Any) -> None:
    in_light(page, scheme, width)
    found = []
    for who, address in world.pages():
        assert visit(world.cast.users[who], address) == 200, (who, address)
        page.evaluate(UNFOLD)
        found += [f"{who} {address}: {line}" for line in axe(page)]
    assert found == []


@pytest.mark.parametrize("width", [320, 360])
def test_nothing_scrolls_sideways_and_what_is_pressed_is_large_enough(width: int, page: Page, world: Waiting, visit: Visit) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    found = []
    for who, address in world.pages():
        visit(world.cast.users[who], address)
        found += [f"{who} {address}: {line}" for line in page.evaluate(SMALL)]
        found += sideways(page, f"{who} {address}")
    assert found == []


def test_a_refused_form_takes_the_focus_and_axe_finds_nothing_there(page: Page, world: Waiting, visit: Visit, axe: Any) -> None:
    director = world.cast.users["director"]
    visit(director, world.url("root_answer", world.consent))
    follow(page.get_by_role("button", name="Save"))
    expect(page.locator("#errors")).to_be_focused()
    found = axe(page)
    visit(director, world.url("decide", world.connection))
    follow(page.get_by_role("button", name="Record the decision"))
    expect(page.locator("#errors")).to_be_focused()
    assert found + axe(page) == []


def test_the_keyboard_reaches_everything_with_visible_focus(page: Page, world: Waiting, visit: Visit) -> None:
    new = reverse("kc_workflows:new_connection") + "?counterparty=pupil&target_account=personal"
    for who, address in [("director", world.url("root", world.consent)), ("director", world.url("decide", world.connection)), ("mentor", new)]:
        visit(world.cast.users[who], address)
        met = walk(page)
        assert len(met) > 8 and [name for name, seen in met.items() if not seen] == [], f"{who} {address}"


@pytest.mark.parametrize("script", [True, False])
def test_declared_by_a_teacher_and_decided_by_the_head_also_without_script(
    script: bool, world: Waiting, live_server: Any, tab_of: Callable[..., Page]
) -> None:
    page = tab_of(world.cast.users["mentor"], script=script)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(live_server.url + reverse("kc_workflows:new_connection"))
    page.get_by_label("A parent of a pupil").check()
    page.get_by_label("A personal account").check()
    follow(page.get_by_role("button", name="Go on"))
    page.get_by_label("Look somebody up").fill("Zonnewijzer")
    follow(page.get_by_role("button", name="Look up"))
    page.get_by_label("Olga Zonnewijzer").check()
    follow(page.get_by_role("button", name="Declare this connection"))
    expect(page.get_by_role("status")).to_be_visible()
    case = Case.objects.get(type="friend_request", person=world.cast.people["mentor"])

    page = tab_of(world.cast.users["director"], script=script)
    page.goto(live_server.url + reverse("kc_workflows:approvals"))
    follow(page.get_by_role("link", name="Look and decide (Connection, Marit Krijtstreep and Olga Zonnewijzer)"))
    page.get_by_label("Yes, approve").check()
    page.get_by_label("Reason or question").fill("Buren.")
    follow(page.get_by_role("button", name="Record the decision"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    case.refresh_from_db()
    assert case.state == "approved"
