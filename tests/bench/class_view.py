"""The class view of a full group, and of a school of 1,500 pupils: one page each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.bench.measuring import Figure, timed
from workflows import clock, module
from workflows.models import Enrolment, Group, LessonAnswer, LessonRun, Person, ProgrammeItem
from workflows.scenario_cast import build

LEVEL, GROUPS, SIZE = 2, 43, 35


def figures(engine: str) -> Iterator[Figure]:
    """Measure both pages at a school in which every pupil is in the middle of a level."""
    cast = build("wilhelmina", "po", clock.today(), slug="classes")
    asked = [(unit.key, scene.key) for unit in module.preview(cast.school, LEVEL).progress.units for scene in unit.path()][:12]
    year, now = module.this_year(), clock.now()
    groups = [cast.group, *Group.objects.bulk_create([Group(school=cast.school, name=f"Groep {n}") for n in range(GROUPS - 1)])]
    pupils = Person.objects.bulk_create(
        [Person(school=cast.school, kind="pupil", given_name=f"Leerling{n}", family_name="Regenboogje") for n in range(GROUPS * SIZE)]
    )
    starts = clock.today() - timedelta(days=60)
    Enrolment.objects.bulk_create([Enrolment(person=one, group=groups[n // SIZE], starts=starts) for n, one in enumerate(pupils)])
    runs = LessonRun.objects.bulk_create([LessonRun(person=one, level=LEVEL, school_year=year, started_at=now) for one in pupils])
    LessonAnswer.objects.bulk_create(
        [
            LessonAnswer(run=run, unit=unit, scene=scene, tries=1, right_first=n % 3 != 0, solved=True, at=now)
            for n, run in enumerate(runs)
            for unit, scene in asked
        ]
    )
    ProgrammeItem.objects.bulk_create([ProgrammeItem(group=one, school_year=year, item="class_talk", done_on=clock.today()) for one in groups])
    client, url = Client(), reverse("kc_workflows:class")
    client.force_login(cast.users["director"])
    for what, query, good, excellent in (
        (f"class view of {SIZE} pupils", {"group": str(groups[1].pk)}, 300.0, 100.0), (f"school view of {GROUPS * SIZE} pupils", {}, 300.0, 100.0),
    ):  # fmt: skip

        def look(query: dict[str, str] = query) -> None:
            assert client.get(url, query).status_code == 200

        took = timed(look, rounds=20) * 1000
        with CaptureQueriesContext(connection) as found:
            look()
        yield Figure(f"{what}, one page", took, good, excellent, f"{len(found)} SQL", "ms")
