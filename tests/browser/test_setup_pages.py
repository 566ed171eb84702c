"""The set-up pages in a real browser: axe in light, dark and on a phone, sizes, and an import from file to roster."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, in_english
from tests.browser.following import follow
from tests.browser.looks import SMALL, UNFOLD, in_light, sideways
from tests.cast import Cast, build
from workflows import clock, people, schools
from workflows.models import Enrolment, Guardianship, Membership

pytestmark = [pytest.mark.django_db(transaction=True), in_english]
NAMES = (
    "setup", "setup-school", "setup-settings", "setup-holidays", "setup-members", "setup-import", "setup-guardians", "setup-courses",
)  # fmt: skip
FILE = "soort;nummer;voornaam;achternaam;geboortedatum;klas;geloof\nleerling;901;Bo;Knikkerzak;2011-01-31;Klas 3b;x\n"


@pytest.fixture
def cast(live_server: Any) -> Cast:
    cast = build("groningen", "vo", clock.today())
    schools.add_holiday(cast.school, by=None, name="Herfst", first=date(2030, 10, 12), last=date(2030, 10, 20))
    schools.link_course(cast.school, by=None, course_key="course-v1:KC+een-lange-naam-van-een-cursus+2026-2027", group=cast.group)
    people.add_guardian(cast.people["pupil"], cast.people["other_parent"], by=None, authority="unknown")
    return cast


def addresses(cast: Cast) -> list[str]:
    slug = cast.school.slug
    member, tie = Membership.objects.get(user=cast.users["teacher"]), Guardianship.objects.filter(pupil=cast.people["pupil"])[0]
    return [reverse(f"kc_workflows:{name}", args=[slug]) for name in NAMES] + [
        reverse("kc_workflows:setup-member-end", args=[slug, member.pk]), reverse("kc_workflows:setup-guardian", args=[slug, tie.pk]),
    ]  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing(scheme: Any, width: int, page: Page, cast: Cast, visit: Visit, axe: Any) -> None:
    in_light(page, scheme, width)
    found = []
    for address in addresses(cast):
        visit(cast.users["administrator"], address)
        page.evaluate(UNFOLD)
        found += [f"{address}: {line}" for line in axe(page)]
    assert found == []


def test_sizes_on_a_phone(page: Page, cast: Cast, visit: Visit) -> None:
    page.set_viewport_size({"width": 320, "height": 740})
    found = []
    for address in addresses(cast):
        visit(cast.users["administrator"], address)
        found += [f"{address}: {line}" for line in page.evaluate(SMALL)]
        found += sideways(page, address)
    assert found == []


def test_an_import_from_file_to_roster(page: Page, cast: Cast, visit: Visit, axe: Any, tmp_path: Path) -> None:
    good, bad = tmp_path / "goed.csv", tmp_path / "fout.csv"
    good.write_text(FILE, encoding="latin-1")
    bad.write_text(FILE.replace("2011-01-31", "gisteren"))
    visit(cast.users["administrator"], reverse("kc_workflows:setup-import", args=[cast.school.slug]))
    page.get_by_label("CSV file").set_input_files(bad)
    follow(page.get_by_role("button", name="Look at what it does"))
    expect(page.get_by_role("alert")).to_contain_text("row 2, column geboortedatum")
    assert axe(page) == []
    page.get_by_label("CSV file").set_input_files(good)
    follow(page.get_by_role("button", name="Look at what it does"))
    expect(page.get_by_role("main")).to_contain_text("geloof")
    assert axe(page) == []
    follow(page.get_by_role("button", name="Carry this out"))
    expect(page.get_by_role("status")).to_contain_text("Imported: 2 changes")
    assert Enrolment.objects.get(person__number="901").group == cast.group


def test_a_refused_form_says_what_and_keeps_what_was_typed(page: Page, cast: Cast, visit: Visit, axe: Any) -> None:
    visit(cast.users["administrator"], reverse("kc_workflows:setup-members", args=[cast.school.slug]))
    page.get_by_label("User name").fill("niemand")
    page.get_by_label("Role").select_option("mentor")
    follow(page.get_by_role("button", name="Give this role"))
    expect(page.get_by_role("alert")).to_contain_text("no account")
    expect(page.get_by_label("User name")).to_have_value("niemand")
    assert axe(page) == []
