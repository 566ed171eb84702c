"""Delivery by Celery, where a broker is configured (`KC_USE_CELERY`; Open edX has one). Without it `deliver` and `tick` do the same."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_save

from workflows import rounds
from workflows.delivery import paper
from workflows.delivery.outbox import drain
from workflows.models import Outbox, Round


def _deliver() -> None:
    """Drain the outbox. Acknowledged only afterwards, so that a worker that dies hands the task to another one."""
    drain()


deliver = shared_task(_deliver, acks_late=True, ignore_result=True, name="kc_workflows.deliver")


def _work_rounds() -> None:
    """Work off the rounds that are under way, print their forms, and send what they put in the outbox."""
    rounds.work_all()
    paper.print_all()
    while drain().sent:
        pass


work_rounds = shared_task(_work_rounds, acks_late=True, ignore_result=True, name="kc_workflows.rounds")


def _round_started(sender: Any, instance: Round, **kwargs: Any) -> None:
    if instance.state == Round.State.PREPARING and not instance.cursor and settings.KC_USE_CELERY:
        transaction.on_commit(work_rounds.delay, robust=True)


def _after_commit(sender: Any, instance: Outbox, **kwargs: Any) -> None:
    if instance.done_at is None and settings.KC_USE_CELERY:
        transaction.on_commit(deliver.delay, robust=True)


def connect() -> None:
    """Ask for a delivery after each commit that put something in the outbox or started a round. A broker that is away costs time, not mail."""
    post_save.connect(_after_commit, sender=Outbox, dispatch_uid="kc_workflows.deliver")
    post_save.connect(_round_started, sender=Round, dispatch_uid="kc_workflows.rounds")
