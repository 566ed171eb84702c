"""The pages around the module: how a group is doing, the programme, diplomas and their check; and a lesson as a measure, played through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, in_english
from tests.browser.following import follow
from tests.browser.looks import LARGE, SMALL, WIDE, in_light, shot, walk
from tests.browser.player import DESK, PHONE, Player
from tests.cast import Cast, build
from tests.host import runtime
from tests.host.runtime import HostRuntime, course_id, usages
from workflows import clock, diplomas, module, programme, schools
from workflows.models import Case, Diploma, Enrolment, Group, LessonAnswer, LessonRun, Person

pytestmark = [pytest.mark.django_db(transaction=True), in_english]

LEVEL = 2
NAMES = ("Regenboogje", "Theepot", "Paraplu", "Kapstok", "Knikker", "Vlieger", "Kandelaar", "Sleutelbos", "Waterval")


@pytest.fixture
def cast(live_server: Any) -> Cast:
    """A group of Wilhelmina in every state, with a programme under way, and a pupil with a diploma."""
    found = build("wilhelmina", "po", date.today())
    Group.objects.create(school=found.school, name="Groep 8b")
    made = [Person(school=found.school, kind="pupil", given_name=name[:4], family_name=name) for name in NAMES]
    Person.objects.bulk_create(made)
    Enrolment.objects.bulk_create([Enrolment(person=one, group=found.group, starts=clock.today() - timedelta(days=30)) for one in made])
    asked = [(unit.key, scene.key) for unit in module.preview(found.school, LEVEL).progress.units for scene in unit.path()]
    for number, one in enumerate([found.people["pupil"], *made[:7]]):
        at = clock.now() - timedelta(days=20 if number == 2 else 1)
        done = asked if number in (0, 4) else asked[: 3 + 2 * number]
        run = LessonRun.objects.create(
            person=one, level=LEVEL, school_year=module.this_year(), started_at=at, finished_at=at if len(done) == len(asked) else None
        )
        LessonAnswer.objects.bulk_create(
            LessonAnswer(run=run, unit=unit, scene=scene, tries=1, right_first=(n + number) % 3 != 0, solved=True, at=at)
            for n, (unit, scene) in enumerate(done)
        )
        if run.finished_at:
            diplomas.award(run)
    mentor = found.users["mentor"]
    programme.tick_off(found.group, "class_talk", by=mentor)
    programme.plan(found.group, "poster", clock.today() - timedelta(days=2), by=mentor)
    programme.plan(found.group, "diploma", clock.today() + timedelta(days=40), by=mentor)
    return found


def pages(cast: Cast) -> list[tuple[str, str, str]]:
    """Every page as (what, who, address); nobody is signed in where the second is empty."""
    code = Diploma.objects.get(run__person=cast.people["pupil"]).code
    check, group = reverse("kc_workflows:diploma"), reverse("kc_workflows:class")
    waits = Group.objects.get(name="Groep 8b").pk
    return [
        ("class", "mentor", f"{group}?group={cast.group.pk}"), ("class-empty", "director", f"{group}?group={cast.group.pk}&level=4"),
        ("class-waits", "director", f"{group}?group={waits}"), ("school", "director", group), ("no-group", "teacher", group),
        ("desk", "mentor", reverse("kc_workflows:desk")),
        ("diplomas", "pupil", reverse("kc_workflows:my_diplomas")), ("no-diploma", "classmate", reverse("kc_workflows:my_diplomas")),
        ("check", "", check), ("genuine", "", f"{check}?code={code}"), ("unknown", "", f"{check}?code=0000-0000-0000"),
    ]  # fmt: skip


PLAIN = ("class-empty", "class-waits", "no-group", "no-diploma", "check")
"""Pages made of parts that the others show as well: looked at in one light and width."""

@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_axe_finds_nothing_and_targets_are_large(scheme: Any, width: int, page: Page, cast: Cast, visit: Visit, axe: Any) -> None:
    in_light(page, scheme, width)
    found = []
    for what, who, address in pages(cast):
        if what in PLAIN and (scheme, width) != ("light", 1280):
            continue
        visit(cast.users.get(who), address)
        found += [f"{what}: {line}" for line in [*axe(page), *page.evaluate(SMALL)]]
        shot(page, f"module-{what}-{scheme}-{width}")
    assert found == []


def test_no_page_scrolls_sideways_also_at_200_percent_text(page: Page, cast: Cast, visit: Visit) -> None:
    found = []
    for what, who, address in pages(cast):
        page.set_viewport_size({"width": 320, "height": 700})
        visit(cast.users.get(who), address)
        if page.evaluate(WIDE):
            found.append(what)
        page.set_viewport_size({"width": 640, "height": 700})
        page.evaluate(LARGE)
        if page.evaluate(WIDE):
            found.append(f"{what} at 200 % text")
    assert found == []


def test_the_class_page_works_by_keyboard(page: Page, cast: Cast, visit: Visit) -> None:
    visit(cast.users["mentor"], f"{reverse('kc_workflows:class')}?group={cast.group.pk}")
    met = walk(page)
    assert len(met) > 15 and [name for name, seen in met.items() if not seen] == []
    page.get_by_role("button", name="Done today: Talk about the poster").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Noted: done.")


def test_without_script_a_part_is_planned_and_a_code_is_checked(live_server: Any, cast: Cast, tab_of: Callable[..., Page]) -> None:
    page = tab_of(cast.users["mentor"])
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{live_server.url}{reverse('kc_workflows:class')}?group={cast.group.pk}")
    page.get_by_label("Day of “The poster hangs in the classroom”").fill(date.today().isoformat())
    follow(page.get_by_role("button", name="Plan: The poster hangs in the classroom"))
    expect(page.locator("main")).to_contain_text("Planned.")
    page.goto(live_server.url + reverse("kc_workflows:diploma"))
    page.get_by_label("Code on the diploma").fill(diplomas.shown(Diploma.objects.all()[0].code).lower())
    follow(page.get_by_role("button", name="Check"))
    expect(page.locator("main")).to_contain_text("Yes, this diploma is genuine")


def test_a_measure_that_is_a_lesson_is_given_done_and_completed(
    page: Page, live_server: Any, sign_in: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "BLOCKS", ("kc_case_desk", "kc_media_literacy"))
    cast = build("montessori", "vo", clock.today())
    slug = cast.school.slug
    schools.link_course(cast.school, by=None, course_key=course_id(slug), group=cast.group)
    for usage in usages(slug, 1):
        block = HostRuntime(cast.users["pupil"], slug).get_block(usage)
        if hasattr(block, "level"):
            block.level = 3
            block.save()
    unit = module.learning(cast.people["pupil"], 3).progress.unit("groups")
    assert unit is not None
    answers = [(scene.key, next(choice.key for choice in scene.choices if choice.right)) for scene in unit.path()]
    with clock.at(clock.now() - timedelta(days=2)):  # done with the class before: it is asked anew
        for scene, right in answers:
            module.answer(cast.people["pupil"], 3, unit=unit.key, scene=scene, choice=right, seen=0)
    page.set_viewport_size(DESK)
    page.context.add_cookies([{"name": "django_language", "value": "nl", "url": live_server.url}])
    play = Player(page, live_server.url, cast, sign_in)
    play.report("mentor", "insult", suspects="pupil", targets="classmate")
    play.act("director", "incident.triage", severity=2, acted_on=clock.today(), scope="school_related", possibly_criminal=False, published=False)
    play.act("mentor", "incident.discuss", person="pupil", note="Het was een grap die pijn deed.")
    said = {
        "reason": "Zo leer je het.", "qualification": "possibly_culpable", "gravity_words": "Een grap.", "gravity_conduct": "Eén keer.",
        "gravity_effects": "De ander was verdrietig.",
    }  # fmt: skip
    day = clock.today() + timedelta(days=10)
    play.act("director", "measure.propose", kind="lesson_module", lesson_level="3", lessons="groups", due_on=day.isoformat(), **said)
    play.act("director", "measure.impose")
    measure = Case.objects.get(type="measure")
    assert measure.state == "imposed"
    play.shot("lesson-imposed")
    play.sign_in("pupil")
    page.goto(f"{live_server.url}/kc/")
    expect(page.locator("main")).to_contain_text("Je hebt lessen te doen")
    play.shot("lesson-home")
    follow(page.get_by_role("link", name="Naar de lessen"))
    expect(page.locator(".kc-block").first).to_contain_text("Je hebt lessen te doen")
    play.shot("lesson-course")
    card = page.locator("[data-module]")
    assert page.url.endswith("#kc-lesson")
    expect(card).to_contain_text("Je doet deze vragen nog een keer.")
    for _scene, right in answers:
        card.locator(f".cards label:has([value='{right}'])").click()
        card.get_by_role("button", name="Kies dit").click()
        expect(card.get_by_role("status")).to_be_focused()
        card.locator(".feedback + form button").click()
        expect(card.locator(".feedback")).to_have_count(0)
    measure.refresh_from_db()
    assert measure.state == "completed"
    page.goto(f"{live_server.url}/kc/")
    expect(page.locator("main")).not_to_contain_text("Je hebt lessen te doen")
    play.visit("mentor")
    page.locator("main summary").filter(has_text="1 automatische gebeurtenis").click()
    expect(page.locator("main")).to_contain_text("Rondde de maatregel af: les over mediawijsheid")
    play.shot("lesson-done")
    assert not play.strays, "\n".join(play.strays)
    page.goto(f"{live_server.url}/kc/class/?group={cast.group.pk}")
    expect(page.locator("main")).not_to_contain_text("aatregel")
    page.set_viewport_size(PHONE)
