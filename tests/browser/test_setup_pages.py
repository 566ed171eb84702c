"""The set-up pages in a real browser: axe in light, dark and on a phone, sizes, and an import from file to roster."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from tests.browser.test_looks import SMALL, SPACING
from tests.cast import Cast, build
from workflows import clock, people, schools
from workflows.models import Enrolment, Guardianship, Membership

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = (
    "setup", "setup-school", "setup-settings", "setup-holidays", "setup-members", "setup-import", "setup-guardians", "setup-courses",
)  # fmt: skip
FILE = "soort;nummer;voornaam;achternaam;geboortedatum;klas;geloof\nleerling;901;Bo;Knikkerzak;2011-01-31;Klas 3b;x\n"


@pytest.fixture
def browser_context_args() -> dict[str, Any]:
    return {"locale": "en-GB", "timezone_id": "Europe/Amsterdam", "viewport": {"width": 1280, "height": 800}}


@pytest.fixture
def cast(live_server: Any, sign_in: Callable[[Any], None]) -> Cast:
    cast = build("groningen", "vo", clock.today())
    schools.add_holiday(cast.school, by=None, name="Herfst", first=date(2030, 10, 12), last=date(2030, 10, 20))
    schools.link_course(cast.school, by=None, course_key="course-v1:KC+een-lange-naam-van-een-cursus+2026-2027", group=cast.group)
    people.add_guardian(cast.people["pupil"], cast.people["other_parent"], by=None, authority="unknown")
    sign_in(cast.users["administrator"])
    return cast


def addresses(cast: Cast) -> list[str]:
    slug = cast.school.slug
    member, tie = Membership.objects.get(user=cast.users["teacher"]), Guardianship.objects.filter(pupil=cast.people["pupil"])[0]
    return [reverse(f"kc_workflows:{name}", args=[slug]) for name in NAMES] + [
        reverse("kc_workflows:setup-member-end", args=[slug, member.pk]), reverse("kc_workflows:setup-guardian", args=[slug, tie.pk]),
    ]  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing(scheme: Any, width: int, page: Page, live_server: Any, cast: Cast, axe: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    found = []
    for address in addresses(cast):
        page.goto(live_server.url + address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found += [f"{address}: {line}" for line in axe(page)]
    assert found == []


def test_sizes_on_a_phone(page: Page, live_server: Any, cast: Cast) -> None:
    page.set_viewport_size({"width": 320, "height": 740})
    found = []
    for address in addresses(cast):
        page.goto(live_server.url + address)
        found += [f"{address}: {line}" for line in page.evaluate(SMALL)]
        page.evaluate(SPACING)
        if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{address} scrolls sideways")
    assert found == []


def test_an_import_from_file_to_roster(page: Page, live_server: Any, cast: Cast, axe: Any, tmp_path: Path) -> None:
    good, bad = tmp_path / "goed.csv", tmp_path / "fout.csv"
    good.write_text(FILE, encoding="latin-1")
    bad.write_text(FILE.replace("2011-01-31", "gisteren"))
    page.goto(live_server.url + reverse("kc_workflows:setup-import", args=[cast.school.slug]))
    page.get_by_label("CSV file").set_input_files(bad)
    page.get_by_role("button", name="Look at what it does").click()
    assert "row 2, column geboortedatum" in page.get_by_role("alert").inner_text()
    assert axe(page) == []
    page.get_by_label("CSV file").set_input_files(good)
    page.get_by_role("button", name="Look at what it does").click()
    assert "geloof" in page.get_by_role("main").inner_text()
    assert axe(page) == []
    page.get_by_role("button", name="Carry this out").click()
    assert "Imported: 2 changes" in page.get_by_role("status").inner_text()
    assert Enrolment.objects.get(person__number="901").group == cast.group


def test_a_refused_form_says_what_and_keeps_what_was_typed(page: Page, live_server: Any, cast: Cast, axe: Any) -> None:
    page.goto(live_server.url + reverse("kc_workflows:setup-members", args=[cast.school.slug]))
    page.get_by_label("User name").fill("niemand")
    page.get_by_label("Role").select_option("mentor")
    page.get_by_role("button", name="Give this role").click()
    assert "no account" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("User name").input_value() == "niemand"
    assert axe(page) == []
