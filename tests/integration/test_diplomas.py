"""Diplomas: given at the end of a level, printed with a first name alone, checked by anybody who has the code."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any

import page as validator
import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from tests.cast import Cast, build, build_other_school, build_stranger
from tests.printed import text_of
from workflows import clock, diplomas, module
from workflows.models import Diploma, Group, LessonRun, Person, ProgrammeItem
from workflows.schooldays import AMSTERDAM

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

LEVEL = 2
SCHOOLS = {"leyenburg": "po", "verkruisen": "po", "montessori": "vo", "wilhelmina": "po", "groningen": "vo"}


@pytest.fixture
def cast() -> Cast:
    return build("wilhelmina", "po", clock.today())


def finish(pupil: Person, level: int = LEVEL) -> None:
    """Hold the class talk, and answer every question of a level right."""
    for group in Group.objects.filter(school=pupil.school_id):
        item = {"group": group, "school_year": module.this_year(), "item": "class_talk"}
        ProgrammeItem.objects.get_or_create(**item, defaults={"done_on": clock.today()})
    for unit in module.learning(pupil, level).progress.units:
        for scene in unit.path():
            right = next(choice.key for choice in scene.choices if choice.right)
            module.answer(pupil, level, unit=unit.key, scene=scene.key, choice=right, seen=0)


def diploma(cast: Cast, who: str = "pupil") -> Diploma:
    run = LessonRun.objects.create(
        person=cast.people[who], level=LEVEL, school_year=module.this_year(), started_at=clock.now(), finished_at=clock.now()
    )
    return diplomas.award(run)


# given


def test_the_last_answer_of_a_level_brings_the_diploma_once(cast: Cast) -> None:
    pupil = cast.people["pupil"]
    units = module.learning(pupil, LEVEL).progress.units
    finish(pupil)
    (found,) = diplomas.of_pupil(pupil)
    assert found.run.finished_at is not None and len(found.code) == diplomas.LENGTH
    last = units[-1].path()[-1]
    right = next(choice.key for choice in last.choices if choice.right)
    module.answer(pupil, LEVEL, unit=units[-1].key, scene=last.key, choice=right, seen=1)
    assert diplomas.award(found.run) == found and Diploma.objects.count() == 1


@pytest.mark.once
def test_a_diploma_names_the_lessons_that_were_done_and_none_that_came_later(client: Client, cast: Cast) -> None:
    finish(cast.people["pupil"])
    (found,) = diplomas.of_pupil(cast.people["pupil"])
    first, *_others, last = module.learning(cast.people["pupil"], LEVEL).progress.units
    found.run.answers.filter(unit=last.key).delete()  # as if this lesson had been written since
    client.cookies["django_language"] = "en"
    shown = text_of(pdf(client, cast.users["pupil"], found).content)
    assert first.title["en"] in shown and last.title["en"] not in shown


def test_a_new_school_year_is_a_new_run_and_a_new_diploma(cast: Cast) -> None:
    pupil = cast.people["pupil"]
    with clock.at(datetime(2026, 3, 2, 9, 0, tzinfo=AMSTERDAM)):
        finish(pupil)
    with clock.at(datetime(2026, 9, 1, 9, 0, tzinfo=AMSTERDAM)):
        assert module.learning(pupil, LEVEL).run is None
        finish(pupil)
    assert [one.run.school_year for one in diplomas.of_pupil(pupil)] == ["2026-2027", "2025-2026"]
    assert len({one.code for one in Diploma.objects.all()}) == 2


# checked


def check(client: Client, code: str, **more: Any) -> Any:
    client.cookies["django_language"] = "en"
    return client.get(reverse("kc_workflows:diploma"), {"code": code}, **more)


def test_anybody_checks_a_code_and_learns_school_level_and_year_alone(client: Client, cast: Cast) -> None:
    found, pupil = diploma(cast), cast.people["pupil"]
    for typed in (found.code, diplomas.shown(found.code), diplomas.shown(found.code).lower(), f" {found.code} "):
        answer = check(client, typed)
        shown = answer.content.decode()
        assert answer.status_code == 200 and "this diploma is genuine" in shown
        assert cast.school.name in shown and module.this_year() in shown and "level 2" in shown
        for name in (pupil.given_name, pupil.family_name, cast.group.name):
            assert name not in shown
    assert answer.headers["Referrer-Policy"] == "no-referrer" and "no-store" in answer.headers["Cache-Control"]
    assert client.head(reverse("kc_workflows:diploma"), {"code": found.code}).status_code == 200


def test_in_dutch_the_year_is_a_school_year_and_no_grade(client: Client, cast: Cast) -> None:
    found = diploma(cast)
    shown = client.get(reverse("kc_workflows:diploma"), {"code": found.code}, headers={"Accept-Language": "nl"}).content.decode()
    assert "Schooljaar 20" in shown and "Leerjaar" not in shown


def test_letters_that_look_alike_are_read_as_they_were_meant() -> None:
    assert diplomas._plain("o0-il1") == "00111"


def test_altered_guessed_and_nonsense_codes_are_unknown(client: Client, cast: Cast) -> None:
    code = diploma(cast).code
    altered = code[:-1] + next(sign for sign in diplomas.SIGNS if sign != code[-1])
    for typed in (altered, code[:-1], code + "0", "A" * 500, "' OR 1=1 --", "\x00", "١٢٣", "%", "0" * 12):
        answer = check(client, typed)
        assert answer.status_code == (404 if typed.strip("\x00") else 200), typed
        assert "genuine</h2>" not in answer.content.decode()
    assert client.post(reverse("kc_workflows:diploma"), {"code": code}).status_code == 405


def test_guessing_is_limited_and_a_good_code_is_answered_all_the_same(client: Client, cast: Cast) -> None:
    from workflows.pages.module import GUESSES

    code = diploma(cast).code
    with clock.at(datetime(2026, 3, 2, 9, 0, tzinfo=AMSTERDAM)):  # not over the end of an hour
        statuses = [check(client, f"{number:012d}").status_code for number in range(GUESSES + 2)]
    assert statuses == [404] * GUESSES + [429, 429]
    assert check(client, code).status_code == 200
    assert check(client, "0" * 12, REMOTE_ADDR="127.0.0.2").status_code == 404


# printed


def pdf(client: Client, user: Any, found: Diploma) -> Any:
    client.force_login(user)
    return client.get(reverse("kc_workflows:diploma_pdf", args=[found.code]))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_diploma_is_valid_pdf_ua_with_the_first_name_alone(client: Client, cast: Cast, language: str) -> None:
    found = diploma(cast)
    client.cookies["django_language"] = language
    content = pdf(client, cast.users["pupil"], found).content
    report = validator.validate_pdf_bytes(content, profile="ua1")
    assert report.is_compliant, [(failure.rule_id, failure.message) for failure in report.failures]
    root: Any = PdfReader(BytesIO(content)).trailer["/Root"]
    assert root["/Lang"] == language
    shown, pupil = text_of(content), cast.people["pupil"]
    assert pupil.given_name in shown and pupil.family_name not in shown and cast.group.name not in shown
    assert cast.school.name in shown and diplomas.shown(found.code) in shown and "/kc/diploma/" in shown
    assert len(PdfReader(BytesIO(content)).pages) == 1


def test_the_pupil_and_who_leads_the_group_may_print_it_and_nobody_else(client: Client, cast: Cast) -> None:
    found = diploma(cast)
    other = build_other_school("wilhelmina", "po", clock.today())
    for who in ("pupil", "mentor", "director"):
        assert pdf(client, cast.users[who], found).status_code == 200, who
    for user in (cast.users["classmate"], cast.users["teacher"], other.users["director"], other.users["mentor"], build_stranger()):
        assert pdf(client, user, found).status_code == 404
    client.logout()
    assert pdf(client, cast.users["pupil"], Diploma(code="0" * 12)).status_code == 404


def test_only_pupils_have_diplomas_of_their_own(client: Client, cast: Cast) -> None:
    found = diploma(cast)
    url = reverse("kc_workflows:my_diplomas")
    for who, status in (("pupil", 200), ("classmate", 200), ("mentor", 404), ("director", 404)):
        client.force_login(cast.users[who])
        answer = client.get(url)
        assert answer.status_code == status and (found.code in answer.content.decode()) == (who == "pupil")


@pytest.mark.parametrize(("school", "says"), [("wilhelmina", True), ("leyenburg", False)])
def test_where_the_school_renews_it_yearly_the_page_says_so(client: Client, school: str, says: bool) -> None:
    cast = build(school, "po", clock.today())
    client.cookies["django_language"] = "en"
    client.force_login(cast.users["pupil"])
    assert ("every school year" in client.get(reverse("kc_workflows:my_diplomas")).content.decode()) == says


# sheets


@pytest.mark.once
@pytest.mark.parametrize(
    ("school", "kind", "language"),
    [*((school, "poster", "nl") for school in SCHOOLS), *(("wilhelmina", kind, language) for kind in ("tips", "cards") for language in ("nl", "en"))],
)
def test_sheets_are_valid_a_poster_is_one_page_and_none_is_nearly_empty(client: Client, school: str, kind: str, language: str) -> None:
    cast = build(school, SCHOOLS[school], clock.today())
    client.force_login(cast.users["teacher"])
    client.cookies["django_language"] = language
    content = client.get(reverse("kc_workflows:sheet", args=[kind]), {"level": 4}).content
    report = validator.validate_pdf_bytes(content, profile="ua1")
    assert report.is_compliant, [(failure.rule_id, failure.message) for failure in report.failures]
    pages = [page.extract_text() or "" for page in PdfReader(BytesIO(content)).pages]
    assert len(pages) <= (1 if kind == "poster" else 2) and all(len(page) > 300 for page in pages)
    assert cast.school.name in text_of(content)


@pytest.mark.once
def test_sheets_are_for_staff(client: Client, cast: Cast) -> None:
    for user, status in ((cast.users["pupil"], 404), (build_stranger(), 404), (cast.users["mentor"], 200)):
        client.force_login(user)
        assert client.get(reverse("kc_workflows:sheet", args=["poster"])).status_code == status
    assert client.get(reverse("kc_workflows:sheet", args=["wallpaper"])).status_code == 404


def test_every_lesson_has_tips_and_cards_for_class_and_home(cast: Cast) -> None:
    for level in (1, 2, 3, 4):
        for unit in module.preview(cast.school, level).progress.units:
            assert unit.tips and unit.home_card and unit.class_card, unit.key
