"""How a group is doing in the module: who sees it, what is counted, the year's programme, and what it costs."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.cast import Cast, build, build_other_school, build_stranger
from workflows import api, class_view, clock, module, programme, schools
from workflows.models import Enrolment, Group, LessonAnswer, LessonRun, Membership, Person, ProgrammeItem
from workflows.registry import PeopleError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

LEVEL = 2


@pytest.fixture
def cast() -> Cast:
    return build("wilhelmina", "po", clock.today())


def opened(cast: Cast, *, done: bool = True) -> None:
    """Hold the class talk, after which the lessons of this school are open."""
    programme.tick_off(cast.group, "class_talk", by=cast.users["mentor"], done=done)


def pupils(cast: Cast, number: int, group: Group | None = None) -> list[Person]:
    """Enrol more pupils in a group."""
    made = Person.objects.bulk_create(
        [Person(school=cast.school, kind="pupil", given_name=f"Leerling{n}", family_name="Regenboogje") for n in range(number)]
    )
    Enrolment.objects.bulk_create([Enrolment(person=one, group=group or cast.group, starts=clock.today() - timedelta(days=30)) for one in made])
    return made


def run(person: Person, *, finished: bool = False, days_ago: int = 0, year: str = "", answers: Any = ()) -> LessonRun:
    """Let a pupil have begun: `answers` are (unit, scene, tries, right at once, solved)."""
    at = clock.now() - timedelta(days=days_ago)
    made = LessonRun.objects.create(
        person=person, level=LEVEL, school_year=year or module.this_year(), started_at=at, finished_at=at if finished else None,
    )  # fmt: skip
    LessonAnswer.objects.bulk_create(
        [
            LessonAnswer(run=made, unit=unit, scene=scene, tries=tries, right_first=first, solved=solved, at=at)
            for unit, scene, tries, first, solved in answers
        ]
    )
    return made


def questions(cast: Cast) -> list[tuple[str, str]]:
    units = module.preview(cast.school, LEVEL).progress.units
    return [(unit.key, scene.key) for unit in units for scene in unit.path()]


def seen(cast: Cast) -> class_view.ClassView:
    return class_view.class_view(cast.school, cast.group, LEVEL)


# what is counted


def test_who_began_who_is_stuck_and_who_is_done(cast: Cast) -> None:
    busy, still, many, done, _none = pupils(cast, 5)
    (unit, first), (_unit, second), *_rest = questions(cast)
    run(busy, answers=[(unit, first, 1, True, True)])
    run(still, days_ago=20, answers=[(unit, first, 1, True, True)])
    run(many, answers=[(unit, first, 1, True, True), (unit, second, 4, False, False)])
    run(done, finished=True, days_ago=20, answers=[(unit, first, 1, True, True)])
    states = {row.person: row.state for row in seen(cast).rows}
    assert [states[one] for one in (busy, still, many, done, _none)] == ["begun", "stuck", "stuck", "finished", "none"]


def test_between_two_lessons_nobody_is_stuck(cast: Cast) -> None:
    one, other = pupils(cast, 2)
    lesson = questions(cast)[0][0]
    found = [(unit, scene, 1, True, True) for unit, scene in questions(cast) if unit == lesson]
    run(one, days_ago=60, answers=found)
    run(other, days_ago=60, answers=[*found[:-1], (*found[-1][:2], 1, False, False)])
    states = {row.person: row.state for row in seen(cast).rows}
    assert (states[one], states[other]) == ("begun", "stuck"), "the next lesson comes when the class gets there"


def test_extra_scenes_count_for_no_question(cast: Cast) -> None:
    one = pupils(cast, 1)[0]
    unit = questions(cast)[0][0]
    run(one, answers=[(unit, "no-question-of-the-way", 1, True, True)])
    assert next(row.solved for row in seen(cast).rows if row.person == one) == 0


def test_last_years_run_is_no_run_of_this_year(cast: Cast) -> None:
    one = pupils(cast, 1)[0]
    run(one, finished=True, year="2001-2002")
    assert next(row.state for row in seen(cast).rows if row.person == one) == "none"
    assert class_view.school_view(cast.school, [cast.group])[0].finished == 0


def test_a_question_of_fewer_than_five_answers_is_not_broken_down(cast: Cast) -> None:
    (unit, first), *_rest = questions(cast)
    some = pupils(cast, 5)
    for one in some[:4]:
        run(one, answers=[(unit, first, 2, False, True)])
    assert seen(cast).missed == []
    run(some[4], answers=[(unit, first, 1, True, True)])
    (missed,) = seen(cast).missed
    assert (missed.scene.key, missed.wrong_first, missed.answers) == (first, 4, 5)


def test_the_question_missed_most_comes_first_in_its_own_words(client: Client, cast: Cast) -> None:
    opened(cast)
    (unit, first), (other, second), *_rest = questions(cast)
    for number, one in enumerate(pupils(cast, 6)):
        run(one, answers=[(unit, first, 1, number != 0, True), (other, second, 1, number > 3, True)])
    assert [missed.scene.key for missed in seen(cast).missed] == [second, first]
    client.cookies["django_language"] = "nl"
    told = unescape(get(client, cast, cast.users["mentor"], group=cast.group.pk, level=LEVEL).content.decode())
    assert all(text in told for missed in seen(cast).missed for text in (missed.scene.story["nl"], missed.scene.question["nl"]))


# who sees it


def get(client: Client, cast: Cast, user: Any, **query: Any) -> Any:
    client.force_login(user)
    return client.get(reverse("kc_workflows:class"), {"school": cast.school.slug, **query})


@pytest.mark.parametrize("who", ["mentor", "director", "board", "coordinator", "dpo"])
def test_mentors_see_their_group_and_leaders_all(client: Client, cast: Cast, who: str) -> None:
    user = cast.users.get(who, cast.users["teacher"])
    if who not in cast.users:
        Membership.objects.create(school=cast.school, user=cast.users["teacher"], role=who, starts=clock.today())
    assert get(client, cast, user, group=cast.group.pk).status_code == 200


def test_nobody_else_sees_a_group(client: Client, cast: Cast) -> None:
    other = build_other_school("wilhelmina", "po", clock.today())
    stranger = build_stranger()
    elsewhere = Group.objects.create(school=cast.school, name="Groep 8b")
    for user in (cast.users["pupil"], other.users["mentor"], other.users["director"], stranger):
        assert get(client, cast, user, group=cast.group.pk).status_code == 404, user
    assert get(client, cast, cast.users["mentor"], group=elsewhere.pk).status_code == 404
    assert get(client, cast, cast.users["mentor"], group="x").status_code == 404
    assert get(client, cast, cast.users["director"], group=elsewhere.pk).status_code == 200
    teacher = get(client, cast, cast.users["teacher"])
    assert teacher.status_code == 200 and str(cast.people["pupil"]) not in teacher.content.decode()
    assert get(client, cast, cast.users["teacher"], group=cast.group.pk).status_code == 404


def test_a_deputy_stands_in_and_a_role_that_ended_opens_nothing(client: Client, cast: Cast) -> None:
    teacher, today = cast.users["teacher"], clock.today()
    row = Membership.objects.create(school=cast.school, user=teacher, role="deputy", acting_for="director", starts=today)
    assert get(client, cast, teacher, group=cast.group.pk).status_code == 200
    row.delete()
    row = Membership.objects.create(school=cast.school, user=teacher, role="teacher", group=cast.group, starts=today - timedelta(days=9))
    assert get(client, cast, teacher, group=cast.group.pk).status_code == 200
    row.ends = today - timedelta(days=1)
    row.save()
    assert get(client, cast, teacher, group=cast.group.pk).status_code == 404


def test_the_programme_belongs_to_who_leads_the_group(client: Client, cast: Cast) -> None:
    url = reverse("kc_workflows:programme", args=[cast.group.pk, "poster"])
    for user, status in ((cast.users["pupil"], 404), (cast.users["teacher"], 404), (build_stranger(), 404), (cast.users["mentor"], 302)):
        client.force_login(user)
        assert client.post(url, {"act": "done"}).status_code == status
    assert ProgrammeItem.objects.get().done_by == cast.people["mentor"]
    assert client.get(url).status_code == 405


# the programme


def test_wilhelmina_has_its_own_parts_and_shows_none_twice(cast: Cast) -> None:
    parts = {part.key: (part.is_required, part.setting.cites) for part in class_view.programme(cast.school, cast.group)}
    assert parts == {
        "class_talk": (True, ("WIL-KIN-0a",)), "diploma": (True, ("WIL-KIN-3",)), "poster_hangs": (True, ("WIL-KIN-1",)),
        "poster": (True, ("WIL-KIN-2",)), "repeat_talk": (False, ("WIL-KIN-0b",)),
    }  # fmt: skip


@pytest.mark.parametrize(("school", "cites"), [("leyenburg", {"KC-PROG"}), ("groningen", {"KC-PROG", "OOG-4.2-2a"})])
def test_other_schools_have_our_suggestions_which_they_can_switch_off(school: str, cites: set[str]) -> None:
    cast = build(school, "vo", clock.today())
    assert {key for part in class_view.programme(cast.school, cast.group) for key in part.setting.cites} == cites
    cast.school.settings["programme_class_talk"] = False
    assert [part.key for part in class_view.programme(cast.school, cast.group)] == ["lessons"]


def test_the_lessons_open_after_the_class_talk_where_the_protocol_says_so(client: Client, cast: Cast) -> None:
    pupil, (unit, scene) = cast.people["pupil"], questions(cast)[0]
    right = next(one.key for one in module.preview(cast.school, LEVEL).progress.units[0].path()[0].choices if one.right)

    def answer() -> None:
        module.answer(pupil, LEVEL, unit=unit, scene=scene, choice=right, seen=0)

    found = module.learning(pupil, LEVEL)
    assert [one.key for one in found.awaits] == ["programme_class_talk"] and found.closed == {one.key for one in found.progress.units}
    with pytest.raises(module.OutOfTurn, match="not open"):
        answer()
    assert not LessonRun.objects.exists()
    run(cast.people["classmate"])  # who did some lessons before has a reason of their own
    client.cookies["django_language"] = "en"
    text = get(client, cast, cast.users["mentor"], group=cast.group.pk).content.decode()
    assert "They open for this group once you ticked this off" in text and cast.people["classmate"].full_name not in text
    assert [row.begun for row in class_view.school_view(cast.school, [cast.group])] == [0]
    (due,) = class_view.due_parts(cast.users["mentor"], cast.school)
    assert due.setting.key == "programme_class_talk" and due.keeps_waiting and not due.is_late
    opened(cast)
    answer()
    assert module.learning(pupil, LEVEL).closed == frozenset() and class_view.due_parts(cast.users["mentor"], cast.school) == []
    assert cast.people["classmate"].full_name in get(client, cast, cast.users["mentor"], group=cast.group.pk).content.decode()
    opened(cast, done=False)
    began = module.learning(pupil, LEVEL)
    assert unit not in began.closed and len(began.closed) == len(began.progress.units) - 1, "what was begun goes on"


def test_planned_parts_wait_on_the_mentors_desk_until_they_are_ticked_off(client: Client, cast: Cast) -> None:
    mentor, desk = cast.users["mentor"], reverse("kc_workflows:desk")
    client.force_login(mentor)
    client.cookies["django_language"] = "en"
    name = "Talk about the poster, on the planned day"
    programme.plan(cast.group, "poster", clock.today() + timedelta(days=1), by=mentor)
    assert name not in client.get(desk).content.decode()
    schools.link_course(cast.school, by=None, course_key="course-v1:a+b+c", group=cast.group)

    def card() -> list[tuple[str, str, bool]]:
        place = api.place_in(mentor, "course-v1:a+b+c")
        assert place is not None
        with CaptureQueriesContext(connection) as asked:
            found = api.staff_page(mentor, place).waiting
        assert len(asked) == 2, "the roster, and all that waits at once"
        return [(row.label, row.number, row.late) for row in found]

    talk = ("Class talk about the rules, at the opening of the year", cast.group.name, False)
    assert card() == [talk], "the lessons wait for it"
    programme.plan(cast.group, "poster", clock.today() - timedelta(days=1), by=mentor)
    assert name in client.get(desk).content.decode() and sorted(card()) == [talk, (name, cast.group.name, True)]
    programme.plan(cast.group, "class_talk", clock.today() + timedelta(days=1), by=mentor)
    assert card() == [(name, cast.group.name, True)]
    programme.tick_off(cast.group, "poster", by=mentor)
    assert card() == []
    assert name not in client.get(desk).content.decode()
    programme.tick_off(cast.group, "poster", by=mentor, done=False)
    assert name in client.get(desk).content.decode()


def test_what_the_protocol_does_not_name_cannot_be_ticked_off(cast: Cast) -> None:
    with pytest.raises(PeopleError):
        programme.tick_off(cast.group, "dance", by=cast.users["mentor"])
    with pytest.raises(PeopleError):
        programme.plan(cast.group, "poster", clock.today(), by=cast.users["teacher"])
    assert not ProgrammeItem.objects.exists()


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"act": "plan", "day": "no day"}, 422), ({"act": "plan", "day": "2026-99-99"}, 422), ({"act": "plan", "day": "2062-03-02"}, 422), ({}, 422),
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_words(client: Client, cast: Cast, given: dict[str, str], status: int) -> None:
    client.force_login(cast.users["mentor"])
    assert client.post(reverse("kc_workflows:programme", args=[cast.group.pk, "poster"]), given).status_code == status
    assert not ProgrammeItem.objects.exclude(planned_on=None).exists()


# what it costs


def cost(client: Client, cast: Cast, who: str, **query: Any) -> int:
    get(client, cast, cast.users[who], **query)  # warms the packs, which are files
    with CaptureQueriesContext(connection) as found:
        assert get(client, cast, cast.users[who], **query).status_code == 200
    return len(found)


def test_the_class_view_asks_as_much_of_35_pupils_as_of_few(client: Client, cast: Cast) -> None:
    asked = questions(cast)
    opened(cast)
    run(cast.people["pupil"], answers=[(unit, scene, 1, True, True) for unit, scene in asked[:8]])
    few = cost(client, cast, "mentor", group=cast.group.pk)
    for one in pupils(cast, 33):
        run(one, answers=[(unit, scene, 1, True, True) for unit, scene in asked[:8]])
    assert cost(client, cast, "mentor", group=cast.group.pk) == few


def test_a_school_of_1500_pupils_is_one_page(client: Client, cast: Cast) -> None:
    Group.objects.create(school=cast.school, name="Groep 8b")
    opened(cast)
    few = cost(client, cast, "director")
    for number in range(59):
        pupils(cast, 25, Group.objects.create(school=cast.school, name=f"Groep {number}"))
    for group in Group.objects.filter(school=cast.school).exclude(pk=cast.group.pk):
        ProgrammeItem.objects.create(group=group, school_year=module.this_year(), item="class_talk", done_on=clock.today())
    LessonRun.objects.bulk_create(
        [
            LessonRun(
                person=one, level=LEVEL, school_year=module.this_year(), started_at=clock.now(), finished_at=clock.now() if one.pk % 2 else None
            )
            for one in Person.objects.filter(school=cast.school, kind="pupil")
        ]
    )
    assert cost(client, cast, "director") == few
    rows = class_view.school_view(cast.school, list(Group.objects.filter(school=cast.school)))
    assert sum(row.pupils for row in rows) >= 1475 and all(row.begun == row.pupils >= row.finished for row in rows)
