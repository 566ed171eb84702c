"""What every case has: one table, one state, one row to lock. Each case type is a proxy with its own machine.

A *root* is a case without a parent (an incident, a consent, a friend request, an account). A child is a track of its root
(measure, police, takedown). All log entries, duties and letters hang on the root, so that locking the root's
row serialises everything that happens to it.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models
from django_fsm import FSMField, FSMModelMixin

from workflows import vocabulary


class ProtectedQuerySet(models.QuerySet[Any]):
    """A queryset that can neither change nor delete rows in bulk: changes go through `workflows.commands`."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse: a bulk update would pass by the protocol and the log."""
        raise TypeError("Rows of a case change through workflows.commands only, never in bulk.")

    def delete(self) -> NoReturn:
        """Refuse: rows of a case stay; only their words can be erased."""
        raise TypeError("Rows of a case are never deleted in bulk; see workflows.commands.erase_words.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse, as `update` does."""
        raise TypeError("Rows of a case change through workflows.commands only, never in bulk.")


class Case(FSMModelMixin, models.Model):
    """One case of any type. `facts` holds what was answered (no free text: that lives in `Words`)."""

    pii: ClassVar[str] = "Ids of the people concerned and facts about a child's conduct; no names, no free text."

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey("kc_workflows.School", on_delete=models.PROTECT, related_name="cases")
    type = models.CharField(max_length=16, choices=[(name, name) for name in vocabulary.STATES], editable=False)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children", editable=False)
    person = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, null=True, related_name="cases")
    number = models.PositiveIntegerField(default=0, editable=False)
    topic = models.CharField(
        max_length=40, default="", editable=False, help_text="Consent: purpose/channel; friend request: counterparty; account: its kind."
    )
    until = models.DateField(null=True, editable=False, help_text="Last day on which it holds; empty: until somebody ends it.")
    state = FSMField(default="", max_length=16, protected=True)
    facts = models.JSONField(default=dict)
    pins = models.JSONField(default=dict, help_text="Key and date of every protocol layer, procedure and breach.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="kc_owned")
    opened_by = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, null=True, related_name="opened")
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    restricted = models.BooleanField(default=False, help_text="The hard route: the board's named persons alone.")
    log_count = models.PositiveIntegerField(default=0, editable=False)
    log_head = models.CharField(max_length=64, default="", editable=False)

    objects = models.Manager.from_queryset(ProtectedQuerySet)()

    class Meta:
        indexes = [
            models.Index(fields=["school", "type", "state", "-changed_at"], name="kc_case_desk"),
            models.Index(fields=["school", "type", "-changed_at", "-id"], name="kc_case_register"),
            models.Index(fields=["parent", "type"], name="kc_case_parent"),
            models.Index(fields=["school", "-opened_at", "-id"], name="kc_case_recent"),
            models.Index(fields=["person", "type", "topic"], name="kc_case_person"),
            models.Index(fields=["school", "type", "topic", "state"], name="kc_case_topic"),
            models.Index(fields=["type", "state", "until"], name="kc_case_until"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.display_number}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: a vanished case is what `verify_log` looks for."""
        raise TypeError("A case is never deleted; its words are erased when their term ends.")

    @property
    def root_id(self) -> int:
        """Primary key of the case whose row is locked and whose log this one shares."""
        return self.parent_id or self.pk

    @property
    def display_number(self) -> str:
        """`2026-14`: year of opening and number within the school."""
        return f"{self.opened_at.year}-{self.number}"


class Involvement(models.Model):
    """A person's role in an incident; one person may hold several. `masked`: added by mistake, hidden but for the DPO."""

    pii: ClassVar[str] = "Which role a person has in an incident."

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="involvements")
    person = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, related_name="involvements")
    role = models.CharField(
        max_length=11, choices=[*vocabulary.CASE_ROLES.items(), ("excluded", "may not read it"), ("reader", "reads along")]
    )
    masked = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "person", "role"], name="kc_involvement_once")]
        indexes = [models.Index(fields=["person", "role"], name="kc_involvement_person")]
