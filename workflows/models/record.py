"""What happened and what must still happen: log, words, duties, letters, outbox, reading.

The log is append-only. Its chain holds ids, facts and salted digests; the words live in rows of their own, so that they
can be corrected and erased without breaking the chain.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models

from workflows import vocabulary
from workflows.models.case import Case, ProtectedQuerySet


class LogEntry(models.Model):
    """One step, milestone or other act on a case. Never changed, never deleted; see `workflows.log` for the chain."""

    pii: ClassVar[str] = "Ids of who acted and whom it concerns, with facts; no names, no free text."

    root = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="log")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="own_log")
    n = models.PositiveIntegerField(help_text="Place in the chain of its root, from 1.")
    step = models.CharField(max_length=60)
    source = models.CharField(max_length=16, blank=True)
    target = models.CharField(max_length=16, blank=True)
    by = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, null=True, related_name="acts")
    by_roles = models.JSONField(default=list)
    person = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, null=True, related_name="+")
    happened_at = models.DateTimeField()
    at = models.DateTimeField(help_text="When it was recorded.")
    facts = models.JSONField(default=dict)
    word_digests = models.JSONField(default=dict)
    retracts = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="retracted_by")
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    objects = models.Manager.from_queryset(ProtectedQuerySet)()

    class Meta:
        ordering = ["root", "n"]
        constraints = [models.UniqueConstraint(fields=["root", "n"], name="kc_log_place")]
        indexes = [models.Index(fields=["at", "id"], name="kc_log_at")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new entry.

        Raises:
            TypeError: the entry was written before.
        """
        if self.pk is not None:
            raise TypeError("A log entry is never changed; write a correcting entry.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: the chain would break."""
        raise TypeError("A log entry is never deleted.")


class Words(models.Model):
    """Free text somebody wrote with a log entry. Erasing empties `text` and `salt`; the digest in the log remains."""

    pii: ClassVar[str] = "Free text about people, written by staff, pupils or parents."

    entry = models.ForeignKey(LogEntry, on_delete=models.PROTECT, related_name="words")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="words")
    field = models.CharField(max_length=60)
    text = models.TextField(blank=True)
    salt = models.CharField(max_length=32)
    erased_at = models.DateTimeField(null=True)
    struck_by = models.ForeignKey(LogEntry, on_delete=models.PROTECT, null=True, related_name="strikes")

    class Meta:
        indexes = [models.Index(fields=["case", "field"], name="kc_words_case")]


class Duty(models.Model):
    """Something to be done by a moment. Without `owner` it is a term, shown only. It never acts by itself."""

    pii: ClassVar[str] = "none"

    root = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="duties")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="own_duties")
    task = models.CharField(max_length=60)
    of = models.CharField(max_length=20, blank=True)
    owner = models.CharField(max_length=25, blank=True)
    taken_over_by = models.CharField(max_length=25, blank=True)
    due_at = models.DateTimeField()
    articles = models.JSONField(default=list)
    since = models.PositiveIntegerField(help_text="Place in the log from which records count.")
    started_by = models.ForeignKey(LogEntry, on_delete=models.PROTECT, related_name="started_duties")
    done_by = models.ForeignKey(LogEntry, on_delete=models.PROTECT, null=True, related_name="done_duties")
    done_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due_at", "id"]
        indexes = [models.Index(fields=["done_at", "due_at"], name="kc_duty_open")]


class Letter(models.Model):
    """One copy of a letter for one addressee, from the step that queued it to its recorded sending. No addressee: a note for the file."""

    pii: ClassVar[str] = "The whole content of a letter about a child, as data and as PDF."

    class State(models.TextChoices):
        """Where a letter stands."""

        DRAFT = "draft"
        APPROVED = "approved"
        SENT = "sent"
        FAILED = "failed"
        VOID = "void"

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    root = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="letters")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="own_letters")
    kind = models.CharField(max_length=20, choices=list(vocabulary.LETTERS.items()))
    addressee = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, null=True, related_name="letters")
    about = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    articles = models.JSONField(default=list)
    queued_by = models.ForeignKey(LogEntry, on_delete=models.PROTECT, related_name="queued_letters")
    created_at = models.DateTimeField()
    context = models.JSONField(default=dict)
    pdf = models.BinaryField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=5, default="nl")
    approved_by = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_digest = models.CharField(max_length=64, blank=True)
    route = models.CharField(max_length=12, blank=True, choices=list(vocabulary.ROUTES.items()))
    sent_at = models.DateTimeField(null=True)
    file = models.CharField(max_length=14, blank=True)
    filed_by = models.ForeignKey(LogEntry, on_delete=models.PROTECT, null=True, related_name="filed_letters")
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["queued_by", "kind", "addressee", "about"], name="kc_letter_once")
        ]


class LetterLink(models.Model):
    """A personal link to read one letter; only its digest is kept."""

    pii: ClassVar[str] = "Ties a digest of a link to a letter; no names."

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="links")
    token_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)


class Outbox(models.Model):
    """Something to be delivered after the commit, at least once, known by its key."""

    pii: ClassVar[str] = "E-mail address of the receiver; the body names no child."

    key = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=10)
    root = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="outbox")
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, null=True, related_name="outbox")
    person = models.ForeignKey("kc_workflows.Person", on_delete=models.PROTECT, null=True, related_name="+")
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["done_at", "not_before"], name="kc_outbox_open")]


class ReadEntry(models.Model):
    """Who read or exported what, and when."""

    pii: ClassVar[str] = "Which user read which case."

    school = models.ForeignKey("kc_workflows.School", on_delete=models.PROTECT, related_name="reads")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="reads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    page = models.CharField(max_length=60)
    at = models.DateTimeField()

    objects = models.Manager.from_queryset(ProtectedQuerySet)()

    class Meta:
        indexes = [models.Index(fields=["case", "at"], name="kc_read_case")]


class Submission(models.Model):
    """A form's key: the same form sent twice acts once."""

    pii: ClassVar[str] = "none"

    key = models.CharField(max_length=64, unique=True)
    entry = models.ForeignKey(LogEntry, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()


class TickRun(models.Model):
    """One run of `manage.py tick`, so that the desk can warn when it is late."""

    pii: ClassVar[str] = "none"

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at"]


class PackSeal(models.Model):
    """The digest of a protocol file when a case first followed it: a pack once in force is never edited."""

    pii: ClassVar[str] = "none"

    key = models.CharField(max_length=60)
    in_force = models.DateField()
    sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "in_force"], name="kc_pack_once")]
