"""Drains the outbox: what must leave the school after a commit, at least once.

A row is claimed by moving its `not_before` forward, in one conditional update, so that two drains never hold the same row;
a process that dies while holding it lets the claim run out and the row is taken again. A mail that went out twice that way
carries the same Message-ID, the idempotency key of its row. A mail server that is away loses nothing: the row waits
longer each time, and its letter and the desk show why.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import F
from django.urls import NoReverseMatch, reverse

from workflows import clock
from workflows.access import may_see
from workflows.delivery import asking, links, recipients, recounting, sending, turning
from workflows.models import LetterLink, Outbox, PersonalLink, School

LEASE = timedelta(minutes=5)
"""How long a claimed row is left alone: longer than a mail server takes to answer."""

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 360))
"""Pause after the first, second … failed attempt; the last one from then on."""

FAILED_AFTER = 5
"""Attempts after which a letter is shown as failed. It goes on being tried."""

TIMEOUT = 30
"""Seconds to wait for the mail server."""

APPROVALS = ("friend_request", "account")
"""Cases of which somebody is told because they decide about them."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Drained:
    """What one drain did: rows delivered, rows that failed and wait for another attempt."""

    sent: int = 0
    failed: int = 0


def drain(limit: int = 500) -> Drained:
    """Deliver what is due.

    Args:
        limit: rows to take at most.

    Returns:
        How many were delivered, and how many failed and stay in the outbox.
    """
    sent = failed = 0
    tried: set[int] = set()
    while len(tried) < limit and (row := _claim(tried)) is not None:
        tried.add(row.pk)
        try:
            with clock.school_time():
                went = _deliver(row)
        except Exception as error:
            # Whatever a mail server or its library raises: the row stays, the reason is shown, the next row is tried.
            _failed(row, error)
            failed += 1
        else:
            _mark(row, went)
            sent += 1
    return Drained(sent, failed)


def _claim(tried: set[int]) -> Outbox | None:
    """Return the next row that is due, held by us alone for the time of the lease."""
    while True:
        now = clock.now()
        due = Outbox.objects.filter(done_at=None, not_before__lte=now).exclude(pk__in=tried).order_by("not_before", "pk").first()
        if due is None:
            return None
        held = Outbox.objects.filter(pk=due.pk, done_at=None, not_before=due.not_before, attempts=due.attempts)
        if held.update(not_before=now + LEASE, attempts=F("attempts") + 1):
            return Outbox.objects.select_related("person", "letter", "root", "root__school").get(pk=due.pk)


def _mark(row: Outbox, went: bool) -> None:
    """Mark a row as done, and its letter as sent if its mail `went`, in one transaction. Doing it twice changes nothing."""
    with transaction.atomic():
        if went:
            sending.delivered(row)
        elif row.letter is not None:
            sending.reconcile(row.letter)
        Outbox.objects.filter(pk=row.pk, done_at=None).update(done_at=clock.now(), last_error="")


def _failed(row: Outbox, error: Exception) -> None:
    wait = WAITS[min(row.attempts, len(WAITS)) - 1]
    reason = f"{type(error).__name__}: {error}"[:500]
    logger.warning("Outbox row %s was not delivered (attempt %s): %s", row.pk, row.attempts, type(error).__name__)
    with transaction.atomic():
        Outbox.objects.filter(pk=row.pk, done_at=None).update(not_before=clock.now() + wait, last_error=reason)
        sending.stuck(row, reason, failed=row.attempts >= FAILED_AFTER)


class NoAddress(Exception):
    """The receiver has no e-mail address."""


def message_id(row: Outbox) -> str:
    """Return the Message-ID of a row: the same however often it is sent."""
    host = urlsplit(links.site_url()).hostname or "school.invalid"
    return f"<{hashlib.sha256(row.key.encode()).hexdigest()[:40]}@{host}>"


def _deliver(row: Outbox) -> bool:
    """Send the mail of one row; return whether there was still something to send.

    Raises:
        NoAddress: nobody to send it to. Whatever the mail server's library raises.
    """
    person = row.person
    if row.kind == "recount":
        recounting.recount(row)
        return False
    if person is None or not person.email:
        raise NoAddress("no e-mail address is known")
    school = row.root.school if row.root is not None else School.objects.get(pk=person.school_id)
    parts = _message(row, school)
    if parts is None:
        return False
    connection = get_connection(timeout=TIMEOUT) if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") else get_connection()
    mail = EmailMultiAlternatives(
        subject=parts["subject"], body=parts["text"], from_email=settings.KC_FROM_EMAIL or settings.DEFAULT_FROM_EMAIL, to=[person.email],
        headers={"Message-ID": message_id(row), "Auto-Submitted": "auto-generated"}, connection=connection,
    )  # fmt: skip
    mail.attach_alternative(parts["html"], "text/html")
    mail.send()
    return True


def _message(row: Outbox, school: School) -> dict[str, str] | None:
    """Return what a row says; None when there is nothing to say any more (a letter that was taken back, a link that was closed)."""
    if row.kind == "letter":
        link = LetterLink.objects.select_related("letter", "letter__root", "letter__root__school", "letter__addressee").get(pk=row.payload["link"])
        if link.revoked_at is not None or recipients.no_copy_for(link.letter):
            return None
        return links.message("letter", school, row.person, link=links.address(link), until=link.expires_at)
    if row.kind == "ask":
        if "link" not in row.payload and row.person is not None:
            return asking.on_own_desk(school, row.person, reminder=bool(row.payload.get("reminder")), yearly=bool(row.payload.get("yearly")))
        own = PersonalLink.objects.select_related("school", "person").get(pk=row.payload["link"])
        return asking.message(own, reminder=bool(row.payload.get("reminder")), yearly=bool(row.payload.get("yearly")))
    if row.kind == "turn" and row.person is not None:
        return turning.message(school, row.person, date.fromisoformat(row.payload["day"]))
    if row.root is not None and not may_see(row.person.user if row.person else None, row.root):
        return None  # since it was queued the role ended, or the case took the hard route
    template = "reminder" if row.kind == "reminder" else "message"
    return links.message(template, school, row.person, link=links.site_url(_page_of(row)))


def _page_of(row: Outbox) -> str:
    """Return the path of the page behind sign-in that a message points to."""
    if row.root is not None and row.root.type != "incident":
        if row.payload.get("step") == "unreached":
            return reverse("kc_workflows:root", args=[row.root.key])
        return reverse("kc_workflows:approvals" if row.root.type in APPROVALS else "kc_workflows:desk")
    try:
        return reverse("kc_workflows:case", args=[row.payload["case"]])
    except (KeyError, NoReverseMatch):
        return reverse("kc_workflows:desk")


def waiting(school: School) -> list[Outbox]:
    """Return the rows of a school that failed at least once and still wait, the oldest first, for the pages to show."""
    rows = Outbox.objects.filter(done_at=None, person__school=school).exclude(last_error="")
    return list(rows.select_related("person", "letter", "root").order_by("pk")[:100])
