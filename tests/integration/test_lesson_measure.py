"""A lesson on media literacy as a measure: given, seen by the pupil alone, done, and completed by the system."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.cast import Cast, build
from tests.host.runtime import course_id
from tests.module_world import LESSONS
from workflows import api, class_view, clock, commands, lesson_files, lesson_measures, module, schools
from workflows.assigned import assigned_to
from workflows.data import InvalidData
from workflows.delivery import ticking
from workflows.log import verify
from workflows.models import Case, Diploma, Duty, LessonAnswer, LessonRun, LogEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

LEVEL = 3
LESSON = "groups"


@pytest.fixture
def cast() -> Cast:
    found = build("montessori", "vo", clock.today())
    schools.link_course(found.school, by=None, course_key=course_id("cast"), group=found.group)
    return found


def discussed(cast: Cast) -> Case:
    """A case about the pupil, looked at and talked about."""
    case = commands.open_case(
        by=cast.users["mentor"], school=cast.school,
        data={"category": "insult", "suspects": [cast.people["pupil"]], "targets": [cast.people["classmate"]], "acted_on": clock.today()},
    ).case  # fmt: skip
    told = {
        "severity": 2, "scope": "school_related", "conduct": "Schreef een grap die pijn deed.", "qualification": "possibly_culpable",
        "gravity_words": "…", "gravity_conduct": "…", "gravity_effects": "…",
    }  # fmt: skip
    commands.perform(case, "incident.triage", by=cast.users["director"], data=told)
    commands.perform(case, "incident.discuss", by=cast.users["mentor"], data={"person": cast.people["pupil"], "note": "…"})
    return case


def given(cast: Cast, *, impose: bool = True, **data: Any) -> Case:
    """Let the director give the pupil a lesson after the talk."""
    case = discussed(cast)
    proposal = {
        "kind": "lesson_module", "lesson_level": str(LEVEL), "lessons": [LESSON], "due_on": clock.today() + timedelta(days=10), "reason": "…", **data,
    }  # fmt: skip
    measure = commands.open_child(case, "measure.propose", by=cast.users["mentor"], data=proposal).case
    return commands.perform(measure, "measure.impose", by=cast.users["director"]).case if impose else measure


def learn(cast: Cast, who: str = "pupil", *, lesson: str = LESSON, but: int = 0) -> None:
    """Answer every question of a lesson right, but for the last few."""
    pupil = cast.people[who]
    unit = module.learning(pupil, LEVEL).progress.unit(lesson)
    assert unit is not None
    for scene in unit.path()[: len(unit.path()) - but]:
        right = next(choice.key for choice in scene.choices if choice.right)
        module.answer(pupil, LEVEL, unit=unit.key, scene=scene.key, choice=right, seen=0)


def state(measure: Case) -> str:
    return str(Case.objects.get(pk=measure.pk).state)


def test_the_system_completes_it_once_every_question_is_found(cast: Cast) -> None:
    measure = given(cast)
    learn(cast, but=1)
    assert api.complete_measures(cast.people["pupil"]) == 0 and state(measure) == "imposed"
    learn(cast)
    assert api.complete_measures(cast.people["pupil"]) == 1 and state(measure) == "completed"
    entry = LogEntry.objects.get(case=measure, step="measure.complete")
    assert entry.by is None and entry.by_roles == ["system"]
    assert api.complete_measures(cast.people["pupil"]) == 0, "twice does nothing"
    assert LogEntry.objects.filter(case=measure, step="measure.complete").count() == 1
    assert not Duty.objects.filter(case=measure, task="measure.complete", done_at=None).exists()
    assert verify(cast.school) == []


def test_without_named_lessons_it_is_the_whole_level(cast: Cast) -> None:
    measure = given(cast, lessons=[])
    learn(cast)
    api.complete_measures(cast.people["pupil"])
    assert state(measure) == "imposed"
    for unit in module.learning(cast.people["pupil"], LEVEL).progress.units:
        learn(cast, lesson=unit.key)
    api.complete_measures(cast.people["pupil"])
    assert state(measure) == "completed"


def test_what_was_done_before_is_asked_anew_and_stays_earned(client: Client, cast: Cast) -> None:
    pupil = cast.people["pupil"]
    with clock.at(clock.now() - timedelta(days=3)):
        for unit in module.learning(pupil, LEVEL).progress.units:
            learn(cast, lesson=unit.key)
    run = LessonRun.objects.get(person=pupil)
    assert run.finished_at is not None and Diploma.objects.filter(run=run).exists()
    kept = [(row.unit, row.scene, row.tries, row.right_first, row.solved) for row in run.answers.order_by("pk")]
    measure = given(cast)
    assert lesson_measures.complete_all() == 0 and state(measure) == "imposed"
    progress = module.learning(pupil, LEVEL).progress
    asked = [unit.key for unit in progress.units if not progress.is_done(unit)]
    assert asked == [LESSON] and progress.share() == 1.0
    learn(cast, but=1)
    assert api.complete_measures(pupil) == 0, "one question is left"
    learn(cast)
    assert api.complete_measures(pupil) == 1 and state(measure) == "completed"
    run.refresh_from_db()
    assert [(row.unit, row.scene, row.tries, row.right_first, row.solved) for row in run.answers.order_by("pk")] == kept
    assert run.finished_at is not None and Diploma.objects.filter(run=run).exists() and LessonRun.objects.count() == 1
    assert module.learning(pupil, LEVEL).progress.is_finished


def test_what_is_asked_anew_keeps_no_diploma_waiting(cast: Cast) -> None:
    pupil = cast.people["pupil"]
    units = [unit.key for unit in module.learning(pupil, LEVEL).progress.units]
    with clock.at(clock.now() - timedelta(days=3)):
        for key in units[:-1]:
            learn(cast, lesson=key)
    given(cast, lessons=[units[0]])
    learn(cast, lesson=units[-1])
    assert Diploma.objects.filter(run__person=pupil).exists()
    assert not module.learning(pupil, LEVEL).progress.is_finished


def test_what_another_pupil_does_completes_nothing(cast: Cast) -> None:
    measure = given(cast)
    learn(cast, "classmate")
    assert lesson_measures.complete_all() == 0 and state(measure) == "imposed"


def test_what_was_missed_is_completed_by_the_clock(cast: Cast) -> None:
    measure = given(cast)
    learn(cast)
    assert ticking.tick().problem == ""
    assert state(measure) == "completed"


def test_a_case_that_fails_costs_no_answer_and_is_tried_again(cast: Cast) -> None:
    measure = given(cast)
    learn(cast)
    with patch.object(commands, "perform", side_effect=RuntimeError("no database")):
        assert api.complete_measures(cast.people["pupil"]) == 0
    assert LessonAnswer.objects.filter(solved=True).exists() and state(measure) == "imposed"
    assert lesson_measures.complete_all() == 1


def test_a_proposed_measure_is_not_completed_and_not_seen(cast: Cast) -> None:
    measure = given(cast, impose=False)
    learn(cast)
    assert lesson_measures.complete_all() == 0 and state(measure) == "proposed"
    assert assigned_to(cast.users["pupil"].pk, cast.school.pk) == []


def test_the_mentor_hears_when_its_day_is_over(cast: Cast) -> None:
    measure = given(cast)
    duty = Duty.objects.get(case=measure, task="measure.complete")
    assert duty.owner == "mentor" and timezone.localtime(duty.due_at).date() >= clock.today() + timedelta(days=10)
    Duty.objects.filter(pk=duty.pk).update(due_at=clock.now() - timedelta(minutes=1))
    ticking.remind()
    duty.refresh_from_db()
    assert duty.reminded_at is not None


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"lessons": ["no-such-lesson"]}, "lessons"), ({"lessons": ["group-chat"]}, "lessons"), ({"lesson_level": "9"}, "lesson_level"),
        ({"due_on": "soon"}, "due_on"),
    ],
)  # fmt: skip
def test_lessons_that_are_not_there_are_refused_by_name(cast: Cast, data: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidData) as wrong:
        given(cast, **data)
    assert field in wrong.value.errors


def test_the_form_offers_what_the_school_teaches_the_likely_level_first_and_tells_what_was_done(
    client: Client, cast: Cast, tmp_path: Any, settings: Any
) -> None:
    case = discussed(cast)
    learn(cast)
    elsewhere = (LESSONS / "2-passwords.toml").read_text(encoding="utf-8")
    elsewhere = elsewhere.replace('key = "passwords"', 'key = "elsewhere"').replace("level = 2", "level = 3")
    right = 'right = true\nfeedback = {nl = "Lang en van jou alleen.", en = "Long, and yours alone."}'
    told = '{nl = "…", en = "…"}'
    version = f'[[scenes.versions]]\narticles = ["OOG-3.2.9a"]\nright = "sentence"\nfeedback = {{sentence = {told}}}\n'
    (tmp_path / "3-elsewhere.toml").write_text(elsewhere.replace(right, f"feedback = {told}\n\n{version}"), encoding="utf-8")
    settings.KC_LESSON_DIRS = [str(tmp_path)]
    assert "elsewhere" in {unit.key for unit in lesson_files.library().units}
    client.force_login(cast.users["mentor"])
    client.cookies["django_language"] = "en"
    url = reverse("kc_workflows:step", kwargs={"key": case.key, "step": "measure.propose"}) + "?kind=lesson_module"
    shown = client.get(url).content.decode()
    levels = re.findall(r'name="lesson_level" value="(\d)"', shown)
    assert levels == ["3", "4", "2"], "a child of fifteen does not get what is written for eight-year-olds"
    offered = re.findall(r'name="lessons" value="([\w-]+)"', shown)
    taught = [unit.key for level in (3, 4, 2) for unit in module.preview(cast.school, level).progress.units]
    assert offered == taught and "elsewhere" not in offered
    titles = " ".join(unescape(re.sub(r"<[^>]+>", " ", shown)).split())
    assert titles.count("(this pupil did it this year)") == 1
    for who, told in (("mentor", {(LEVEL, LESSON)}), ("director", {(LEVEL, LESSON)}), ("teacher", set()), ("pupil", set())):
        assert class_view.done_lessons(cast.users[who], cast.people["pupil"], cast.school) == told, who
    posted = {
        "kind": "lesson_module", "lesson_level": "3", "lessons": ["elsewhere"], "reason": "…", "due_on": str(clock.today() + timedelta(days=7)),
        "person": str(cast.people["pupil"].pk), "key": str(uuid4()), "version": str(case.log_count),
    }  # fmt: skip
    refused = client.post(url, posted)
    assert refused.status_code == 422 and "Your school does not teach" in refused.content.decode()
    assert not Case.objects.filter(type="measure").exists()
    with pytest.raises(InvalidData) as wrong:
        given(cast, lessons=["elsewhere"])
    assert "does not teach" in wrong.value.errors["lessons"]


# who sees it


def page_of(client: Client, cast: Cast, who: str, url: str) -> str:
    client.force_login(cast.users[who])
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_the_pupil_alone_sees_what_to_do_and_by_when(client: Client, cast: Cast) -> None:
    given(cast)
    home = reverse("kc_workflows:desk")
    client.cookies["django_language"] = "en"
    shown = page_of(client, cast, "pupil", home)
    way = reverse("kc_workflows:to_lessons")
    assert "You have lessons to do" in shown and f'href="{way}"' in shown
    led = client.get(way, {"course": "course-v1:not+ours+demo"})
    assert led.status_code == 302 and led["Location"].endswith(f"/courses/{course_id('cast')}/course/#kc-lesson")
    assert client.session["kc_lesson"] == f"{LEVEL}/{LESSON}"
    client.force_login(cast.users["mentor"])
    assert client.get(way).status_code == 404
    assert "You have lessons to do" not in page_of(client, cast, "classmate", home)
    for who in ("mentor", "director"):
        assert "esson on media literacy" not in page_of(client, cast, who, f"{reverse('kc_workflows:class')}?group={cast.group.pk}")


def test_a_completed_measure_is_gone_from_the_pupils_page(client: Client, cast: Cast) -> None:
    given(cast)
    learn(cast)
    api.complete_measures(cast.people["pupil"])
    client.cookies["django_language"] = "en"
    assert "You have lessons to do" not in page_of(client, cast, "pupil", reverse("kc_workflows:desk"))


def test_nothing_is_shown_on_the_hard_route_or_under_a_police_hold(cast: Cast) -> None:
    measure = given(cast)
    user = cast.users["pupil"].pk
    assert len(assigned_to(user, cast.school.pk)) == 1
    root = measure.parent
    assert root is not None
    for restricted in (True, False):
        root.restricted = restricted
        root.save(update_fields=["restricted"])
        assert len(assigned_to(user, cast.school.pk)) == (0 if restricted else 1)
    police = commands.open_child(root, "police.consider", by=cast.users["director"], data={}).case
    commands.perform(
        police,
        "police.report",
        by=cast.users["director"],
        data={"station": "Bureau Theepot", "police_hold": True, "handed_over_what": "…", "legal_ground": "…"},
    )
    assert assigned_to(user, cast.school.pk) == []


def test_a_school_whose_protocol_has_no_lesson_as_a_measure_says_so(client: Client) -> None:
    cast = build("leyenburg", "po", clock.today())
    case = discussed(cast)
    case.refresh_from_db()
    client.force_login(cast.users["mentor"])
    client.cookies["django_language"] = "en"
    url = reverse("kc_workflows:step", kwargs={"key": case.key, "step": "measure.propose"}) + "?kind=lesson_module"
    told = client.get(url).content.decode()
    assert "13c" in told and "<textarea" not in told, "no form to fill in for nothing"
    data = {
        "kind": "lesson_module",
        "lesson_level": "2",
        "reason": "…",
        "due_on": str(clock.today() + timedelta(days=7)),
        "person": str(cast.people["pupil"].pk),
        "key": str(uuid4()),
        "version": str(case.log_count),
    }
    forced = client.post(url, data)
    assert forced.status_code == 409
    assert "13c" in forced.content.decode()


def test_the_form_that_imposes_it_tells_no_other_day_than_the_last_one(client: Client, cast: Cast) -> None:
    measure = given(cast, impose=False)
    client.force_login(cast.users["director"])
    client.cookies["django_language"] = "en"
    shown = client.get(reverse("kc_workflows:step", kwargs={"key": measure.key, "step": "measure.impose"})).content.decode()
    told = shown.partition("A task starts: complete the measure (")[2].partition(")")[0]
    assert str((clock.today() + timedelta(days=10)).year) in told, told
