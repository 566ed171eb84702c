"""Reading and writing without the ORM's compiler and constructor gives what these would give."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db.models.expressions import RawSQL
from django.utils import timezone

from workflows.models import Outbox
from workflows.prepared import Prepared, insert, new, update
from workflows.schooldays import AMSTERDAM

pytestmark = pytest.mark.django_db


def test_a_row_made_by_column_is_the_row_that_the_constructor_makes() -> None:
    values = {"key": "a", "kind": "mail", "payload": {"step": "x"}, "created_at": timezone.now(), "not_before": timezone.now()}
    one, other = new(Outbox, **values), Outbox(**values)
    columns = [field.attname for field in Outbox._meta.concrete_fields]
    assert [getattr(one, name) for name in columns] == [getattr(other, name) for name in columns]
    assert new(Outbox).payload is not new(Outbox).payload
    insert([one])
    assert Outbox.objects.get().payload == {"step": "x"}
    assert not one._state.adding


def test_a_column_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="persoon_id"):
        new(Outbox, persoon_id=1)


def test_moments_an_hour_apart_on_the_night_the_clock_is_set_back_stay_apart() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=AMSTERDAM)
    second = first.replace(fold=1)
    assert first == second, "Python calls them equal"
    insert([new(Outbox, key="a", kind="mail", created_at=first, not_before=second)])
    kept = Outbox.objects.get()
    assert kept.not_before - kept.created_at == timedelta(hours=1)


def test_a_prepared_query_answers_what_the_queryset_answers() -> None:
    now = timezone.now()
    for key in ("1%", "2%", "3%"):
        insert([new(Outbox, key=key, kind="mail", created_at=now, not_before=now)])
    first, second, third = Outbox.objects.order_by("pk").values_list("pk", flat=True)
    mails = Outbox.objects.annotate(is_mail=RawSQL("kind LIKE 'ma%%'", ())).filter(key__contains="%", done_at=None)
    between = Prepared(lambda start, end, kind: mails.filter(pk__gte=start, pk__lte=end, kind=kind).order_by("pk"), int, int, str)
    assert [(row.key, bool(row.is_mail)) for row in between(first, second, "mail")] == [("1%", True), ("2%", True)]
    assert [row.key for row in between(second, third, "mail")] == ["2%", "3%"]
    assert between(first, third, "letter") == []
    (row,) = between(first, first, "mail")
    row.attempts = 7
    update(row, "attempts")
    assert Outbox.objects.get(key="1%").attempts == 7
