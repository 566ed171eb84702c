"""Delivery by Celery, where a broker is configured (`KC_USE_CELERY`; Open edX has one). Without it `deliver` and `tick` do the same."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_save

from workflows.delivery.outbox import drain
from workflows.models import Outbox


def _deliver() -> None:
    """Drain the outbox. Acknowledged only afterwards, so that a worker that dies hands the task to another one."""
    drain()


deliver = shared_task(_deliver, acks_late=True, ignore_result=True, name="kc_workflows.deliver")


def _after_commit(sender: Any, instance: Outbox, **kwargs: Any) -> None:
    if instance.done_at is None and settings.KC_USE_CELERY:
        transaction.on_commit(deliver.delay, robust=True)


def connect() -> None:
    """Ask for a delivery after each commit that put something in the outbox. A broker that is away costs time, not mail."""
    post_save.connect(_after_commit, sender=Outbox, dispatch_uid="kc_workflows.deliver")
