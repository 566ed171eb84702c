"""Asking many at once: a round, who is asked in it and how, which consents belong to it, and its forms on paper."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Round(models.Model):
    """One round of questions about the pupils of groups, a year or the school, or about its staff.

    It is worked off in batches: `cursor` is the last person who was prepared, so that whoever takes over goes on from there.
    """

    class Kind(models.TextChoices):
        """A question, or only a reminder of what was answered: no new signature is asked."""

        ASK = "ask", pgettext_lazy("round", "Questions")
        YEARLY = "yearly", pgettext_lazy("round", "Yearly reminder")

    class Scope(models.TextChoices):
        """Whom a round is about."""

        GROUPS = "groups", _("Some groups")
        YEAR = "year", _("A school year")
        SCHOOL = "school", _("All pupils")
        NEW = "new", _("Pupils who are new this school year")
        STAFF = "staff", _("All staff")

    class State(models.TextChoices):
        """How far a round is."""

        DRAFT = "draft", pgettext_lazy("round", "Not started")
        PREPARING = "preparing", pgettext_lazy("round", "Being prepared")
        SENDING = "sending", pgettext_lazy("round", "Being sent")
        DONE = "done", pgettext_lazy("round", "Sent")
        STOPPED = "stopped", pgettext_lazy("round", "Stopped")

    pii: ClassVar[str] = "Who started it; no names."

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey("kc_workflows.School", on_delete=models.PROTECT, related_name="rounds")
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.ASK)
    scope = models.CharField(max_length=6, choices=Scope)
    groups = models.JSONField(default=list, help_text="Keys of the groups, for some groups or a year.")
    lines = models.JSONField(default=list, help_text="What is asked: pairs of purpose and channel.")
    moment = models.CharField(max_length=12, blank=True)
    until = models.DateField(null=True)
    renew = models.BooleanField(default=False, help_text="Ask again those who answered before.")
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    made_by = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    started_by = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cursor = models.PositiveBigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state"], name="kc_round_state")]


class RoundAsk(models.Model):
    """One person who is asked in a round, and how; `nobody`: somebody for whom not everybody who has to say yes can be asked."""

    class Route(models.TextChoices):
        """How somebody gets the question."""

        MAIL = "mail", _("mail with a personal link")
        PAPER = "paper", _("form on paper")
        DESK = "desk", _("own desk")
        NOBODY = "nobody", _("nobody to ask")

    pii: ClassVar[str] = "Who was asked in which round, how and when; no names."

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="asks")
    person = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, related_name="+")
    route = models.CharField(max_length=6, choices=Route)
    told_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "person", "route"], name="kc_round_ask_once")]


class RoundCase(models.Model):
    """A consent that was asked for in a round."""

    pii: ClassVar[str] = "none"

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="cases")
    case = models.ForeignKey("kc_workflows.Case", on_delete=models.PROTECT, related_name="rounds")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "case"], name="kc_round_case_once")]


class PaperPart(models.Model):
    """Some forms of a round as one PDF; all parts in order are the file to be printed."""

    pii: ClassVar[str] = "Names of parents and pupils, as printed on the forms."

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    pdf = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["round", "number"], name="kc_paper_part_once")]


class PaperForm(models.Model):
    """The form on paper for one person who is asked about one other, or about themselves. Its code is made of its number.

    Without a `round` it was printed for that person alone, and asks what stands in `versions`.
    """

    pii: ClassVar[str] = "Who was asked on paper about whom; no names."

    school = models.ForeignKey("kc_workflows.School", on_delete=models.PROTECT, related_name="+")
    round = models.ForeignKey(Round, on_delete=models.CASCADE, null=True, related_name="forms")
    signer = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, related_name="+")
    about = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, related_name="+")
    versions = models.JSONField(default=dict, help_text="Digest of the words that were printed, by key of the consent.")
    part = models.ForeignKey(PaperPart, on_delete=models.SET_NULL, null=True, related_name="forms")
    looked_at = models.DateTimeField(null=True, help_text="When it was printed, or found to have nothing left to ask.")
    received_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "signer", "about"], name="kc_paper_form_once")]
