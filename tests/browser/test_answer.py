"""Journey 6: a parent answers behind a link, on a phone, in six languages, with and without script, and takes it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Locator, Page, expect

from tests.asking import answers_of, ask, page_of
from tests.browser.following import follow
from tests.browser.looks import LARGE, SMALL, WIDE, shot, sideways, stops
from tests.cast import Cast, build
from workflows import answer_texts, clock, people, personal_links
from workflows.delivery import outbox
from workflows.models import Case, Outbox, PersonalLink

pytestmark = pytest.mark.django_db(transaction=True)

PHONE, SMALLEST, DESK = {"width": 360, "height": 740}, {"width": 320, "height": 640}, {"width": 1280, "height": 800}

MANY = [
    ("school_publication", "website"), ("school_publication", "instagram"), ("school_publication", "parent_app"), ("name", "newsletter"),
    ("lesson_activity", "youtube"), ("research", "press"),
]  # fmt: skip
CLIPPED = """
() => [...document.querySelectorAll("main label, main button, main fieldset, .bar a")]
  .filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1).map(one => one.outerHTML.slice(0, 120))
"""
"""Words that stick out of their card."""


@dataclass
class Family:
    """A parent with two children at a primary school, and what is asked about them."""

    cast: Cast
    server: str
    cases: list[Case]

    def address(self, query: str = "", person: str = "parent") -> str:
        """The page of one of the cast."""
        return self.server + page_of(self.cast.people[person], query)


@pytest.fixture
def family(live_server: Any) -> Family:
    cast = build("leyenburg", "po", clock.today())
    born = clock.today().replace(year=clock.today().year - 6, day=1)
    sister = people.add_person(cast.school, by=None, kind="pupil", given_name="Bo-Elżbieta", family_name="Regenboogje", birth_date=born)
    people.enrol(sister, cast.group, by=None, starts=clock.today())
    people.add_guardian(sister, cast.people["parent"], by=None, authority="yes")
    return Family(cast, live_server.url, ask(cast, lines=MANY) + ask(cast, sister, MANY[:2]))


def card(page: Page, case: Case, answer: str) -> Locator:
    """The card of one answer, as a finger meets it."""
    return page.locator(f"#a-{case.key} label:has([value={answer}])")


def send(page: Page) -> None:
    follow(page.locator("main form button"))


@pytest.mark.parametrize("language", answer_texts.LANGUAGES)
def test_a_parent_answers_and_takes_it_back_in_two_clicks(language: str, page: Page, family: Family, settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.KC_SITE_URL = "django.core.mail.backends.locmem.EmailBackend", family.server
    mail.outbox = []
    first = family.cases[0]
    parent = people.change_person(family.cast.people["parent"], by=None, language=language)
    link = personal_links.link_for(parent)
    Outbox.objects.create(key="ask:1", kind="ask", person=parent, payload={"link": link.pk}, created_at=clock.now(), not_before=clock.now())
    outbox.drain()
    page.set_viewport_size(PHONE)
    page.goto(next(line for line in mail.outbox[0].body.splitlines() if line.startswith("http")))
    assert page.locator("html").get_attribute("lang") == language
    assert page.evaluate("getComputedStyle(document.body).direction") == ("rtl" if language == "ar" else "ltr")
    shot(page, f"answers-asked-{language}-360")
    card(page, first, "no").click()
    send(page)
    assert answers_of(first)[-1].facts["answer"] is False, "two clicks, no account"
    expect(page.get_by_role("status")).to_be_focused()
    card(page, first, "yes").click()
    expect(page.locator("#authority")).to_be_visible()
    send(page)
    assert Case.objects.get(pk=first.pk).state == "granted"
    shot(page, f"answers-saved-{language}-360")
    card(page, first, "no").click()
    send(page)
    assert Case.objects.get(pk=first.pk).state == "withdrawn", "taken back in two clicks"
    page.set_viewport_size(DESK)
    shot(page, f"answers-taken-back-{language}-1280")


def test_without_script_everything_works_and_why_not_is_asked_of_a_no_alone(family: Family, tab_of: Callable[..., Page]) -> None:
    first, second = family.cases[:2]
    page = tab_of()
    page.set_viewport_size(PHONE)
    page.goto(family.address("?lang=nl"))
    send(page)
    expect(page.get_by_role("alert"), "nothing was chosen").to_be_visible()
    shot(page, "answers-refused-nl-360")
    page.get_by_role("alert").get_by_role("link").click()
    why = page.locator(f"#r-{family.cast.people['pupil'].key}")
    expect(why).to_be_hidden()
    card(page, first, "yes").click()
    expect(why).to_be_hidden()
    card(page, second, "no").click()
    expect(why).to_be_visible()
    assert page.locator("textarea:visible").count() == 1, "of this child alone"
    why.fill("Liever niet op Instagram.")
    send(page)
    expect(page.get_by_role("status")).to_be_visible()
    assert [len(answers_of(case)) for case in (first, second)] == [1, 1]


def test_the_page_in_another_language_is_one_click_away_and_dutch_is_offered(page: Page, family: Family) -> None:
    page.goto(family.address("?lang=nl"))
    for language, name in answer_texts.LANGUAGES.items():
        follow(page.locator(".bar").get_by_role("link", name=name, exact=True))
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator(".bar a[aria-current]").inner_text() == name
        assert page.locator(".box.info a[lang=nl]").count() == (language != "nl")


def closed(family: Family) -> list[tuple[str, str]]:
    """Every page that asks nothing, as (name, address)."""
    other, classmate = family.cast.people["other_parent"], family.cast.people["classmate_parent"]
    late = page_of(other)
    PersonalLink.objects.filter(person=other).update(expires_at=clock.now())
    revoked = page_of(family.cast.people["parent"])
    PersonalLink.objects.filter(person=family.cast.people["parent"]).update(revoked_at=clock.now())
    nothing = page_of(classmate)
    return [("late", late), ("revoked", revoked), ("nothing", nothing), ("unknown", "/kc/answer/guess/")]


@pytest.mark.parametrize(("scheme", "size"), [("light", DESK), ("dark", DESK), ("light", PHONE)])
def test_axe_finds_nothing_on_any_page_in_any_language(scheme: Any, size: Any, page: Page, family: Family, axe: Callable[[Page], list[str]]) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)
    found = []

    def look(name: str) -> None:
        found.extend(f"{name}: {line}" for line in axe(page))

    first = (scheme, size) == ("light", DESK)  # every language once; elsewhere one from either side
    for language in answer_texts.LANGUAGES if first else ("nl", "ar"):
        page.goto(family.address(f"?lang={language}"))
        card(page, family.cases[1], "no").click()
        look(f"asked {language}")
        if language in ("nl", "ar"):
            shot(page, f"answers-asked-{language}-{scheme}-{size['width']}")
    page.goto(family.address("?lang=ar"))
    send(page)
    expect(page.get_by_role("alert")).to_be_visible()
    look("refused")
    card(page, family.cases[0], "no").click()
    send(page)
    look("saved")
    for name, address in closed(family):
        language = "nl" if name in ("late", "nothing") else "ar"
        page.goto(f"{family.server}{address}?lang={language}")
        look(f"{name} {language}")
        shot(page, f"answers-{name}-{language}-{scheme}-{size['width']}")
    assert found == []


@pytest.mark.parametrize("size", [SMALLEST, PHONE])
def test_nothing_scrolls_sideways_and_every_target_is_large_in_six_languages(size: Any, page: Page, family: Family) -> None:
    page.set_viewport_size(size)
    found = []
    for language in answer_texts.LANGUAGES:
        page.goto(family.address(f"?lang={language}"))
        card(page, family.cases[1], "no").click()
        if size == SMALLEST and language in ("uk", "ar"):
            shot(page, f"answers-asked-{language}-320")
        found += [f"{language}: {line}" for line in page.evaluate(SMALL) + page.evaluate(CLIPPED)]
        found += sideways(page, f"{language} scrolls")
        page.set_viewport_size({"width": 640, "height": 700})
        page.goto(family.address(f"?lang={language}"))
        page.evaluate(LARGE)
        if page.evaluate(WIDE):
            found.append(f"{language} at 200 % text")
        page.set_viewport_size(size)
    assert found == []


@pytest.mark.parametrize("language", ["nl", "ar"])
def test_a_keyboard_alone_answers(language: str, page: Page, family: Family) -> None:
    first = family.cases[0]
    page.goto(family.address(f"?lang={language}"))
    seen: list[str] = []
    hidden = []
    for now in stops(page):
        seen.append(now["name"])
        if not now["outline"] or not now["seen"]:
            hidden.append(now)
        if f"a-{first.key}" in now["name"]:
            page.keyboard.press("Space")  # yes, the first of the two
            page.keyboard.press("ArrowDown")  # no
        if "<button" in now["name"]:
            page.keyboard.press("Enter")
            break
    page.get_by_role("status").wait_for()
    assert not hidden and 'class="skip"' in seen[0]
    assert answers_of(first)[-1].facts["answer"] is False


def test_yes_and_no_weigh_the_same_and_from_right_to_left_the_page_is_mirrored(page: Page, family: Family) -> None:
    page.set_viewport_size(PHONE)
    for language in answer_texts.LANGUAGES:
        page.goto(family.address(f"?lang={language}"))
        yes, no = (card(page, family.cases[0], answer).bounding_box() for answer in ("yes", "no"))
        assert yes and no and (yes["width"], yes["height"]) == (no["width"], no["height"]), language
        assert page.locator("input:checked").count() == 0
        assert (yes["x"] > no["x"] if language == "ar" else yes["x"] < no["x"]) or yes["y"] != no["y"]
    heading = page.locator("h1").bounding_box()
    page.goto(family.address("?lang=ar"))
    words = "const r = document.createRange(); r.selectNodeContents(document.querySelector('h1')); return r.getBoundingClientRect().right"
    text = page.evaluate(f"() => {{ {words} }}")
    assert heading and text > 320, "Arabic begins at the right edge"
