"""Journey 7: a pupil goes through a lesson. Few clicks, feedback that is heard and seen, readable by everybody, with and without script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import in_english
from tests.browser.following import follow
from tests.browser.looks import OUTSIDE, in_light
from tests.cast import Cast, build
from tests.host import runtime
from tests.host.runtime import HostRuntime, course_id, usages
from workflows import lesson_files, programme, schools
from workflows.models import LessonAnswer, LessonRun
from workflows.pinned import protocol_for

pytestmark = [pytest.mark.django_db(transaction=True), in_english]

SCHOOLS = {1: ("leyenburg", "po"), 2: ("wilhelmina", "po"), 3: ("montessori", "vo"), 4: ("groningen", "vo")}
"""A school for each level of the product's own lessons."""


@pytest.fixture
def level() -> int:
    """The level of the lessons; the journey itself goes through all four."""
    return 2


@pytest.fixture
def cast(live_server: Any, monkeypatch: pytest.MonkeyPatch, level: int) -> Cast:
    monkeypatch.setattr(runtime, "BLOCKS", ("kc_media_literacy",))
    found = build(*SCHOOLS[level], date.today())
    schools.link_course(found.school, by=None, course_key=course_id("cast"), group=found.group)
    programme.tick_off(found.group, "class_talk", by=found.users["mentor"])
    for usage in usages("cast", 2):
        block = HostRuntime(found.users["pupil"], "cast").get_block(usage)
        block.level = level
        block.save()
    return found


@pytest.fixture
def course(cast: Cast, live_server: Any) -> str:
    return f"{live_server.url}/course/cast/"


@pytest.fixture
def right_key(cast: Cast, level: int) -> Callable[[Any], str]:
    """What is right at this school for the question that a card shows."""
    carried = protocol_for(cast.school, date.today()).articles
    units = {unit.key: unit.at_school(carried) for unit in lesson_files.library().level(level)}

    def found(card: Any) -> str:
        form = card.locator("form:has([name=scene])")
        keys = [form.locator(f"[name={name}]").get_attribute("value") for name in ("unit", "scene")]
        scene = units[keys[0]].scene(keys[1])
        assert scene is not None
        return next(choice.key for choice in scene.choices if choice.right)

    return found


def card_of(page: Page, number: int = 0) -> Any:
    return page.locator("[data-module]").nth(number)


def choose(card: Any, key: str, press: Callable[[Locator], None] = Locator.click) -> None:
    """Answer: one click on a choice, one on the button; without script that one leads to another page."""
    card.locator(f".cards label:has([value='{key}'])").click()
    press(card.get_by_role("button", name="Choose this"))


def wrong_key(card: Any, right: str) -> str:
    keys = [one.get_attribute("value") for one in card.locator("[name=choice]").all()]
    return next(str(key) for key in keys if key != right)


SMALL = """() => [...document.querySelectorAll(':is([data-module], .alone) :is(button, summary, label, .back a)')]
    .filter(one => one.checkVisibility()).map(one => [one.textContent.trim(), one.getBoundingClientRect()])
    .filter(([, box]) => box.height < 43.5 || box.width < 43.5).map(([text, box]) => `${text} ${box.width} x ${box.height}`)"""


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_a_pupil_goes_through_a_lesson(
    page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None], axe: Callable[[Page], list[str]], right_key: Callable[[Any], str]
) -> None:
    sign_in(cast.users["pupil"])
    page.goto(course)
    card = card_of(page)
    assert card.locator(":checked").count() == 0, "nothing is chosen beforehand"
    questions = int(card.locator("progress").get_attribute("max") or 0)
    expect(card).to_contain_text(f"question 1 of {questions}")
    page.set_viewport_size({"width": 360, "height": 740})
    assert axe(page) == [] and page.evaluate(OUTSIDE) == [] and page.evaluate(SMALL) == []
    choose(card, wrong_key(card, right_key(card)))
    status = card.get_by_role("status")
    expect(status).to_be_focused()
    expect(status).to_contain_text("Not quite.")
    assert axe(page) == [] and page.evaluate(OUTSIDE) == []
    if card.get_by_role("button", name="See what happens").count():
        card.get_by_role("button", name="See what happens").click()
        expect(card.locator(".feedback")).to_have_count(0)
    looked = resumed = False
    for _turn in range(3 * questions):
        if card.locator(".end").count():
            break
        if card.locator("form:has([name=scene])").count():
            choose(card, right_key(card))
            expect(card.get_by_role("status")).to_be_focused()
            assert not looked or card.locator("progress").get_attribute("value") != "0"
        if not looked:
            assert axe(page) == [] and page.evaluate(OUTSIDE) == [] and page.evaluate(SMALL) == []
            looked = True
        following = card.locator(".feedback + form button")
        order = status.evaluate("one => one.compareDocumentPosition(one.nextElementSibling.querySelector('button'))")
        assert order & 4, "the way on comes after the feedback"
        following.click()
        expect(card.locator(".feedback")).to_have_count(0)
        if not resumed:
            where = card.locator(".way").inner_text()
            page.reload()
            expect(card.locator(".way"), "it resumes where the pupil stopped").to_have_text(where, use_inner_text=True)
            resumed = True
    page.get_by_text("All lessons").click()
    card.locator("details.lessons li button").first.click()
    end = card.locator(".end")
    expect(end).to_be_focused()
    expect(end).to_contain_text("Well done!")
    expect(end).to_contain_text("In class")
    expect(end).to_contain_text("At home")
    page.get_by_text("at your school that this lesson is about").click()
    assert axe(page) == [] and page.evaluate(OUTSIDE) == [] and page.evaluate(SMALL) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 1280, "height": 800})
    assert axe(page) == []
    run = LessonRun.objects.get()
    assert run.person == cast.people["pupil"] and run.answers.filter(solved=True).count() >= questions


def test_an_answer_is_two_clicks_and_a_hasty_hand_answers_once(
    page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None], right_key: Callable[[Any], str]
) -> None:
    sign_in(cast.users["pupil"])
    page.goto(course)
    card = card_of(page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    wrong = wrong_key(card, right_key(card))
    card.locator(f".cards label:has([value='{wrong}'])").click()
    card.get_by_role("button", name="Choose this").dblclick()
    expect(card.get_by_role("status")).to_contain_text("Not quite.")
    assert len(sent) == 1 and LessonAnswer.objects.get(tries__gt=0).tries == 1


def test_it_works_by_keyboard_alone(page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None], right_key: Callable[[Any], str]) -> None:
    sign_in(cast.users["pupil"])
    page.goto(course)
    card = card_of(page)
    keys = [one.get_attribute("value") for one in card.locator("[name=choice]").all()]
    for _press in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "choice":
            break
    page.keyboard.press("Space")
    for _press in range(keys.index(right_key(card))):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("getComputedStyle(document.activeElement.closest('label')).outlineStyle") == "solid", "the focus is seen"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(card.get_by_role("status")).to_be_focused()
    page.keyboard.press("Tab")
    expect(card.get_by_role("button", name="Next question")).to_be_focused()
    page.keyboard.press("Enter")
    expect(card).to_contain_text("question 2 of")
    expect(card.locator("h2")).to_be_focused()


def test_nothing_chosen_is_said_at_the_question(page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None]) -> None:
    sign_in(cast.users["pupil"])
    page.goto(course)
    card = card_of(page)
    card.get_by_role("button", name="Choose this").click()
    alert = card.get_by_role("alert").filter(has_text="Choose one of the answers first.")
    expect(alert).to_be_focused()
    assert not LessonRun.objects.exists()


def test_without_a_connection_the_choice_stays(
    context: BrowserContext, cast: Cast, course: str, sign_in: Callable[[Any], None], right_key: Callable[[Any], str]
) -> None:
    sign_in(cast.users["pupil"])
    page = context.new_page()  # not the watched page: a failed request is what this test makes
    page.goto(course)
    card = card_of(page)
    page.route("**/handler/**", lambda route: route.abort())
    choose(card, right_key(card))
    expect(card.locator("[data-problem]")).to_contain_text("There is no connection.")
    assert card.locator("[name=choice]:checked").count() == 1
    page.unroute("**/handler/**")
    card.get_by_role("button", name="Choose this").click()
    expect(card.get_by_role("status")).to_contain_text("Yes, that is right!")
    expect(card.locator("[data-problem]")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_script_every_answer_is_a_page(
    cast: Cast, course: str, right_key: Callable[[Any], str], scheme: Any, tab_of: Callable[..., Page]
) -> None:
    page = tab_of(cast.users["pupil"])
    in_light(page, scheme, 320)
    page.goto(course)
    card = page.locator(".kc-block")
    choose(card, wrong_key(card, right_key(card)), press=follow)
    assert "/handler/" in page.url
    for _turn in range(8):
        button = card.locator(".feedback + form button")
        if button.count() and "Next" in button.inner_text():
            break
        if button.count():
            follow(button)
        choose(card, right_key(card), press=follow)
    expect(card).to_contain_text("Yes, you found it!")
    follow(card.get_by_role("button", name="Next question"))
    expect(card).to_contain_text("question 2 of")
    assert page.locator("h1").count() == 1 and page.locator("main").count() == 1
    follow(card.get_by_role("link", name="Back to the course"))
    expect(card).to_contain_text("question 2 of")
    assert page.url == course


def test_a_page_without_script_is_readable_by_everybody(
    page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None], axe: Callable[[Page], list[str]]
) -> None:
    sign_in(cast.users["pupil"])
    page.goto(course)
    page.locator("[data-module]").evaluate("one => { const form = one.querySelector('form[data-turn]'); form.submit(); }")
    page.wait_for_url("**/handler/**")
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 740})
        assert axe(page) == [] and page.evaluate(OUTSIDE) == [] and page.evaluate(SMALL) == []


def test_two_cards_on_one_page_go_each_their_own_way(
    page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None], right_key: Callable[[Any], str]
) -> None:
    sign_in(cast.users["pupil"])
    page.goto(f"{course}?copies=2")
    first, second = card_of(page, 0), card_of(page, 1)
    choose(second, right_key(second))
    expect(second.get_by_role("status")).to_be_focused()
    expect(first.get_by_role("status")).to_have_count(0)
    expect(first).to_contain_text("question 1 of")


def test_it_holds_at_320_pixels_in_large_text_and_without_motion(
    page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None], right_key: Callable[[Any], str]
) -> None:
    sign_in(cast.users["pupil"])
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 320, "height": 740})
    page.goto(course)
    card = card_of(page)
    assert page.evaluate(OUTSIDE) == []
    choose(card, right_key(card))
    expect(card.get_by_role("status")).to_be_focused()
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.evaluate(OUTSIDE) == []
    page.set_viewport_size({"width": 640, "height": 740})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(OUTSIDE) == []


def test_lessons_that_wait_for_the_class_talk_are_readable_and_open_after_it(
    page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None], axe: Callable[[Page], list[str]]
) -> None:
    programme.tick_off(cast.group, "class_talk", by=cast.users["mentor"], done=False)
    sign_in(cast.users["pupil"])
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(course)
    expect(card_of(page)).to_contain_text("These lessons open later")
    expect(card_of(page)).to_contain_text("The teacher first goes through the rules with the class.")
    assert axe(page) == [] and page.evaluate(OUTSIDE) == []
    programme.tick_off(cast.group, "class_talk", by=cast.users["mentor"])
    page.reload()
    expect(card_of(page)).to_contain_text("question 1 of")


def test_staff_walk_through_it_and_an_author_sets_it(
    page: Page, cast: Cast, course: str, sign_in: Callable[[Any], None], right_key: Callable[[Any], str], axe: Callable[[Page], list[str]]
) -> None:
    mentor = cast.users["mentor"]
    mentor.is_staff = True
    mentor.save()
    sign_in(mentor)
    page.goto(course)
    card = card_of(page)
    for number in (2, 3):
        choose(card, right_key(card))
        card.get_by_role("button", name="Next question").click()
        expect(card).to_contain_text(f"question {number} of")
    assert not LessonRun.objects.exists()
    page.goto(f"{course}author_view/")
    expect(page.locator(".kc-block")).to_contain_text(cast.school.name)
    assert axe(page) == []
    page.goto(f"{course}studio_view/")
    form = page.locator(".kc-block")
    expect(form.locator("[data-level='2']")).to_be_visible()
    expect(form.locator("[data-level='1']")).to_be_hidden()
    form.get_by_label("Level 1, 8-9 years").check()
    expect(form.locator("[data-level='1']")).to_be_visible()
    assert axe(page) == []
    form.get_by_label("Tries that count for the grade").fill("99")
    form.get_by_role("button", name="Save").click()
    expect(form.locator("[data-field=tries] [data-error]")).to_contain_text("from 0 to 10")
    form.get_by_label("Tries that count for the grade").fill("2")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("status")).to_have_text("Saved.")
    page.goto(course)
    expect(card_of(page)).to_contain_text("Your first 2 tries count.")
