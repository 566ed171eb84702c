"""Personal links to a page of questions, the exact words that somebody answered, and how often an address was guessed.

A link's token is signed and never stored: the table holds its digest alone. Nothing here knows what is asked.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models


class PersonalLink(models.Model):
    """A way without an account to the questions that one person may answer at one school. Whoever opens it acts as that person."""

    pii: ClassVar[str] = "Ties a digest of a link to a parent, pupil or employee, and says when it was last used; no names."

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey("kc_workflows.School", on_delete=models.CASCADE, related_name="links")
    person = models.ForeignKey("kc_workflows.Person", on_delete=models.CASCADE, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True, help_text="When an answer last came by it; opening it changes nothing.")

    class Meta:
        indexes = [models.Index(fields=["person", "expires_at"], name="kc_link_person")]


class AskedText(models.Model):
    """The words that somebody read before they answered, kept once under their digest: the proof of what was agreed to."""

    pii: ClassVar[str] = "none"

    digest = models.CharField(max_length=64, unique=True)
    language = models.CharField(max_length=5)
    text = models.TextField()
    since = models.DateTimeField()


class Attempt(models.Model):
    """How often something was tried within an hour: a wrong address from one sender, or a form behind one link."""

    pii: ClassVar[str] = "A keyed digest of an internet address that holds for one day; it cannot be turned back."

    who = models.CharField(max_length=64)
    hour = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["who", "hour"], name="kc_attempt_once")]
        indexes = [models.Index(fields=["hour"], name="kc_attempt_hour")]
