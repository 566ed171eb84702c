"""The card in a lesson, in a real browser: few clicks, calm refusals, readable by everybody, untouched by the page around it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import in_english
from tests.browser.following import follow
from tests.browser.looks import OUTSIDE
from tests.cast import Cast, build
from tests.host import runtime
from tests.host.runtime import course_id
from workflows import api, schools
from workflows.models import Case

pytestmark = [pytest.mark.django_db(transaction=True), in_english]

@pytest.fixture
def cast(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(runtime, "BLOCKS", ("kc_case_desk",))
    found = build("groningen", "vo", date.today())
    schools.link_course(found.school, by=None, course_key=course_id("cast"), group=found.group)
    return found


@pytest.fixture
def course(live_server: Any) -> str:
    return f"{live_server.url}/course/cast/"


def with_work(cast: Cast) -> Case:
    """A case with something to do for the mentor and to decide for the director, about a pupil who may read of it."""
    data = {"category": "threat", "suspects": [cast.people["pupil"]], "targets": [cast.people["classmate"]]}
    case = api.open_case(by=cast.users["mentor"], school=cast.school, data=data).case
    assessed = {"severity": 3, "scope": "school_related", "capacity": "personal", "published": True, "possibly_criminal": False}
    api.perform(case, "incident.triage", by=cast.users["director"], data=assessed)
    proposal = {"kind": "warning", "reason": "Herhaald.", "rule_followed": "Huisregel 3"}
    api.open_child(case, "measure.propose", by=cast.users["mentor"], data=proposal)
    api.record(case, "released", by=cast.users["director"], person=cast.people["pupil"])
    api.open_case(by=cast.users["mentor"], school=cast.school, data={"category": "insult"})
    return case


def test_a_mentor_opens_a_case_in_four_clicks(page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None]) -> None:
    sign_in(cast.users["mentor"])
    page.goto(course)
    card = page.locator(".kc-block")
    assert card.locator(":checked").count() == 0, "nothing is chosen beforehand"
    clicks = 0
    for target in (
        card.locator("summary", has_text="Open a case"),
        card.get_by_label("Hurtful or insulting message"),
        card.get_by_role("group", name="Noa Regenboogje").get_by_label("Did it"),
    ):
        target.click()
        clicks += 1
    card.get_by_role("button", name="Open the case").dblclick()  # a hasty hand
    clicks += 1
    status = card.get_by_role("status")
    expect(status).to_contain_text("is open.")
    expect(status).to_be_focused()
    assert clicks <= 4
    case = Case.objects.get()
    assert [(row.person.given_name, row.role) for row in case.involvements.exclude(role="reporter")] == [("Noa", "suspect")]
    follow(status.get_by_role("link", name="Go to the case"))
    assert page.url.endswith(f"/kc/case/{case.key}/") and Case.objects.count() == 1


def test_a_teacher_is_told_who_gets_a_message(page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None]) -> None:
    sign_in(cast.users["teacher"])
    page.goto(course)
    card = page.locator(".kc-block")
    card.locator("summary", has_text="Open a case").click()
    card.get_by_label("Threatening message").check()
    card.get_by_role("group", name="Noa Regenboogje").get_by_label("It was done to them").check()
    card.get_by_role("button", name="Open the case").click()
    expect(card.get_by_role("status")).to_contain_text("A message goes to: Marit Krijtstreep.")


def test_a_pupil_asks_for_help_and_keeps_somebody_out(page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None]) -> None:
    sign_in(cast.users["pupil"])
    page.goto(course)
    card = page.locator(".kc-block")
    card.locator("summary", has_text="Ask for help").click()
    card.get_by_label("What happened?").fill("Iemand stuurt mij nare berichten.")
    card.get_by_role("button", name="Send").click()
    alert = card.get_by_role("alert")
    expect(alert).to_be_focused()
    expect(alert).to_contain_text("Choose what it is about.")
    expect(card.get_by_label("What happened?")).to_have_value("Iemand stuurt mij nare berichten.")
    expect(card.locator("[data-field=category] [data-error]")).to_have_text("Choose what it is about.")
    card.get_by_label("Threatening message").check()
    card.get_by_label("It happened to me").check()
    card.get_by_label("My mentor").check()
    card.locator("[data-field=exclude]").get_by_label("Dirkje Klokkentoon").check()
    card.get_by_role("button", name="Send").click()
    expect(card.get_by_role("status")).to_contain_text("Somebody of school reads it on")
    expect(card.get_by_role("status")).to_contain_text("Marit Krijtstreep")
    case = Case.objects.get()
    assert not api.visible_to(cast.users["director"]).filter(pk=case.pk).exists()


def test_without_a_connection_nothing_typed_is_lost(context: BrowserContext, cast: Cast, course: str, sign_in: Callable[[Any], None]) -> None:
    sign_in(cast.users["pupil"])
    page = context.new_page()  # not the watched page: a failed request is what this test makes
    page.goto(course)
    card = page.locator(".kc-block")
    card.locator("summary", has_text="Ask for help").click()
    card.get_by_label("What happened?").fill("Een verhaal")
    card.get_by_label("Threatening message").check()
    card.get_by_label("My mentor").check()
    page.route("**/handler/**", lambda route: route.abort())
    card.get_by_role("button", name="Send").click()
    expect(card.get_by_role("alert")).to_contain_text("There is no connection.")
    expect(card.get_by_label("What happened?")).to_have_value("Een verhaal")
    page.unroute("**/handler/**")
    card.get_by_role("button", name="Send").click()
    expect(card.get_by_role("status")).to_contain_text("Thank you for telling.")
    assert Case.objects.count() == 1


def test_without_script_there_is_a_link_to_the_full_page(cast: Cast, course: str, tab_of: Callable[..., Page]) -> None:
    page = tab_of(cast.users["mentor"])
    page.goto(course)
    expect(page.locator(".kc-block form")).to_be_hidden()
    follow(page.get_by_role("link", name="Open a case"))
    assert "/kc/new/" in page.url
    expect(page.locator("main")).to_contain_text(cast.group.name)


def test_two_cards_on_one_page_act_each_for_itself(page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None]) -> None:
    sign_in(cast.users["mentor"])
    page.goto(f"{course}?copies=2")
    first, second = page.locator(".kc-block").nth(0), page.locator(".kc-block").nth(1)
    second.locator("summary", has_text="Open a case").click()
    expect(first.locator("form")).to_be_hidden()
    second.get_by_label("Threatening message").check()
    second.get_by_role("button", name="Open the case").click()
    expect(second.get_by_role("status")).to_contain_text("is open.")
    expect(first.locator("[data-status]")).to_be_hidden()


@pytest.mark.parametrize("who", ["mentor", "pupil", "director"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_read_and_press_it(
    page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None], axe: Callable[[Page], list[str]], who: str, width: int
) -> None:
    with_work(cast)
    sign_in(cast.users[who])
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(course)
    assert axe(page) == []
    page.locator("[data-opener] > summary").click()
    page.locator(".kc-block details details > summary").evaluate_all("all => all.forEach(one => one.click())")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate("""() => [...document.querySelectorAll(
        '.kc-block button, .kc-block summary, .kc-block label:has(input[type=radio], input[type=checkbox]), .kc-block a, .kc-block input[type=text]'
    )].filter(one => one.checkVisibility() && !one.closest('p')).map(one => [one.textContent.trim(), one.getBoundingClientRect()])
      .filter(([, box]) => box.height < 43.5 || box.width < 43.5).map(([text, box]) => `${text} ${box.width} x ${box.height}`)""")
    assert small == []


@pytest.mark.parametrize("who", ["mentor", "pupil"])
def test_it_holds_at_320_pixels_and_in_large_text(page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None], who: str) -> None:
    with_work(cast)
    sign_in(cast.users[who])
    page.set_viewport_size({"width": 320, "height": 740})
    page.goto(course)
    page.locator("[data-opener] > summary").click()
    assert page.evaluate(OUTSIDE) == []
    page.set_viewport_size({"width": 640, "height": 740})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.locator(".kc-block").evaluate("one => getComputedStyle(one).fontSize") == "32px"
    assert page.evaluate(OUTSIDE) == []


def test_small_root_letters_as_in_studio_do_not_shrink_it(page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None]) -> None:
    sign_in(cast.users["mentor"])
    page.goto(course)
    page.evaluate("document.documentElement.style.fontSize = '62.5%'")
    assert page.locator(".kc-block").evaluate("one => getComputedStyle(one).fontSize") == "16px"


@pytest.mark.parametrize(("block", "who", "opens"), [("kc_case_desk", "mentor", "[data-opener]"), ("kc_media_literacy", "pupil", "details.lessons")])
def test_the_page_around_it_does_not_touch_it(
    page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch, block: str, who: str, opens: str
) -> None:
    with_work(cast)
    monkeypatch.setattr(runtime, "BLOCKS", (block,))
    sign_in(cast.users[who])
    page.emulate_media(reduced_motion="reduce")  # nothing is under way while it is measured
    page.goto(course)
    page.locator(f"{opens} > summary").click()
    page.mouse.move(0, 0)
    shown = """() => [...document.querySelectorAll('.kc-block, .kc-block :not(svg, svg *)')].map(one => {
        const style = getComputedStyle(one);
        return [...style].filter(name => !/^(inline|block)-size|^(width|height|perspective|transform)/.test(name)
            && !name.startsWith('--')).map(name => name + ':' + style.getPropertyValue(name)).join(';');
    })"""
    before = page.evaluate(shown)
    page.evaluate("""() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(`
            body { font: 700 12px/2 serif; color: red; letter-spacing: 2px; text-transform: uppercase }
            main h2, main h3, .xblock h2 { color: red; margin: 3em; text-align: center; font-family: serif }
            #main div p, #main section p, #main ul, #main li { margin: 2em; list-style: square; color: green; line-height: 3 }
            main a:link { color: red; border-bottom: 3px dotted } main button, main label, main input, main textarea
            { border: 4px double red; padding: 2em; background: yellow; box-shadow: 0 0 9px red; float: left }
            main fieldset, main legend, main details, main summary { border: 1px solid red; display: block; padding: 3em }
            * { text-indent: 1em } *::before { content: 'x'; color: red }`);
        document.adoptedStyleSheets = [sheet];
    }""")
    after = page.evaluate(shown)
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    differing = {name for old, new in changed for name in set(old.split(";")) ^ set(new.split(";"))}
    assert differing == set()
