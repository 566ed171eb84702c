"""Looking at what a round would do, where everybody was asked before: it reads what there is, and not its square."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.sql.compiler import SQLCompiler

from tests.bench.crowd import fill
from tests.cast import build
from tests.stories import MONDAY
from workflows import rounds
from workflows.models import RoundAsk, RoundCase

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LINES = [("school_publication", "website"), ("name", "newsletter")]


@pytest.fixture
def rows_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each question to the database gave."""
    found: list[int] = []
    real = SQLCompiler.results_iter

    def counted(self: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        rows = list(real(self, *args, **kwargs))
        found.append(len(rows))
        return iter(rows)

    monkeypatch.setattr(SQLCompiler, "results_iter", counted)
    return found


@pytest.mark.parametrize("renew", [False, True])
def test_a_second_preview_reads_each_consent_and_each_person_asked_once(renew: bool, rows_read: list[int], monday: None) -> None:
    cast = build("leyenburg", "po", MONDAY.date())
    fill(cast, 20)
    by = cast.users["director"]

    def make(**told: Any) -> Any:
        return rounds.draft(cast.school, by=by, scope="school", lines=LINES, moment="first_round", **told)

    rounds.work(rounds.start(make(), by=by))
    consents, people = RoundCase.objects.count(), RoundAsk.objects.count()
    again = make(renew=renew)
    rows_read.clear()
    plan = rounds.plan_of(again, by)
    assert (plan.standing, len(plan.again), plan.rows) == ((0, consents, []) if renew else (consents, 0, []))
    assert max(rows_read) <= max(consents, people), "every consent was put beside everybody who was asked in its round"
