"""What a page pays to say of every step of a case why not: the rules alone, the case being loaded."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.bench.measuring import Figure, timed
from tests.bench.step import open_incidents
from workflows import facts, forecasts
from workflows.actors import actor_of
from workflows.models import Case
from workflows.scenario_cast import build
from workflows.vocabulary import STEPS


def figures(engine: str) -> Iterator[Figure]:
    """Measure on the database at hand."""
    cast = build("groningen", "vo", timezone.localdate(), slug="forecast")
    case = open_incidents(cast, 1)[0]
    loaded = facts.load(Case.objects.select_related("school").get(pk=case.pk))
    actor, _ = actor_of(cast.users["mentor"], cast.school)
    steps = [step for step in STEPS if step.startswith("incident.") and step != "incident.report" and loaded.protocol.mentions(step)]

    def every() -> None:
        for step in steps:
            forecasts.denials_loaded(loaded, loaded.root, step, actor, {}, {})

    with CaptureQueriesContext(connection) as asked:
        every()
    taken = timed(every, rounds=200) * 1000
    detail = f"{len(steps)} steps of one incident, {len(asked)} queries beyond loading it"
    yield Figure("denials() of every step of an incident", taken, 1.0, None, detail, "ms")
