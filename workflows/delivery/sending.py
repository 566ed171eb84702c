"""A letter's way out: prepared, approved by its digest, sent by a recorded route. Each act is one transaction with a log entry.

Who gets a copy is decided here, at sending, and not when the step queued it: authority may have changed since. What is sent
are the bytes that were approved; if the data behind them changed, the approval is void and the letter waits for a new one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from workflows import clock, log, words
from workflows.access import guardians_of, visible_to
from workflows.actors import actor_for
from workflows.delivery import letters, links
from workflows.delivery.building import build
from workflows.delivery.contents import same, snapshot
from workflows.delivery.faults import Fault, LetterChanged, LetterRefused, faults_of
from workflows.delivery.recipients import no_copy_for, routes_of, was_called_off, was_mistaken
from workflows.models import Case, Letter, LetterLink, Outbox, Person, School
from workflows.pinned import protocol_of
from workflows.queries import APPROVERS

SENDERS = frozenset({"director", "board", "mentor", "coordinator", "manager", "personnel", "administrator"})
"""Who may send an approved letter."""

BY_LINK = frozenset({"email", "portal"})
"""Routes that carry a personal link, never the letter itself."""

State = Letter.State


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending did; `notice` is the text with the personal link to put in the portal, else empty."""

    letter: Letter
    notice: str = ""


@dataclass(slots=True)
class _Held:
    """A letter whose root is locked. `refusal` is raised after the commit, so that what was found out is kept."""

    letter: Letter
    refusal: LetterRefused | None = None

    def note(self, step: str, *, by: Person | None, roles: frozenset[str], **facts: Any) -> None:
        """Write the act in the log of the case."""
        root = self.letter.root
        kept = {"letter": str(self.letter.key), "kind": self.letter.kind, **facts}
        log.append(root, self.letter.case, step, by=by, by_roles=sorted(roles), person=self.letter.addressee, facts=kept)
        root.changed_at = clock.now()
        root.save(update_fields=["log_count", "log_head", "changed_at"])


def _hold(letter: Letter) -> _Held:
    """Lock the letter's root and read the letter as it is now."""
    root = Case.objects.select_for_update().get(pk=letter.root_id)
    root.school = School.objects.get(pk=root.school_id)
    fresh = Letter.objects.select_related("case", "addressee", "about", "queued_by", "queued_by__by").get(pk=letter.pk)
    fresh.root = root
    if fresh.case_id == root.pk:
        fresh.case = root
    return _Held(fresh)


def _done(held: _Held, letter: Letter) -> Letter:
    """Hand the outcome to the caller's row, then say what was refused."""
    letter.refresh_from_db()
    if held.refusal is not None:
        raise held.refusal
    return letter


def reconcile(letter: Letter) -> list[Letter]:
    """Bring the copies of a letter in line with who has authority today: void those nobody may get, add those that lack.

    A guardian whose authority was settled after the step gets a copy of their own; one who lost it gets none.

    Returns:
        The copies that were added.
    """
    with transaction.atomic():
        held = _hold(letter)
        added = _reconcile(held)
    letter.refresh_from_db()
    return added


def _reconcile(held: _Held) -> list[Letter]:
    letter = held.letter
    copies = Letter.objects.filter(queued_by=letter.queued_by_id, kind=letter.kind, about=letter.about_id).select_related("addressee", "about")
    rows = list(copies)
    for copy in rows:
        copy.root = letter.root
        if copy.state in (State.DRAFT, State.APPROVED, State.FAILED) and (why := no_copy_for(copy)):
            _void(copy, why)
            _Held(copy).note("letter.void", by=None, roles=frozenset({"system"}))
    about = letter.about
    to_guardians = any(copy.addressee_id != copy.about_id and copy.addressee and copy.addressee.kind == "parent" for copy in rows)
    if about is None or about.kind != "pupil" or not to_guardians or was_mistaken(letter) or was_called_off(letter):
        return []
    there = {copy.addressee_id: copy for copy in rows}
    added = []
    for guardian in [about] if about.is_adult_on(clock.today()) else guardians_of(about):
        old = there.get(guardian.pk)
        if old is not None and old.state == State.VOID:
            old.state, old.problem = State.DRAFT, ""
            old.save(update_fields=["state", "problem"])
        elif old is None:
            added.append(
                Letter.objects.create(
                    root=letter.root, case=letter.case, kind=letter.kind, addressee=guardian, about=about, articles=letter.articles,
                    queued_by=letter.queued_by, created_at=clock.now(), file=letter.file,
                )
            )  # fmt: skip
    return added


def _void(letter: Letter, why: str) -> None:
    letter.state, letter.problem = State.VOID, why
    letter.pdf, letter.digest, letter.approved_digest, letter.context = None, "", "", {}
    letter.save()
    links.revoke(letter)


def _to_draft(letter: Letter, why: str) -> None:
    letter.state, letter.problem = State.DRAFT, why
    letter.approved_digest, letter.approved_by, letter.approved_at = "", None, None
    letter.pdf, letter.digest, letter.context, letter.route = None, "", {}, ""
    letter.save()
    Outbox.objects.filter(letter=letter, done_at=None).delete()
    links.revoke(letter)


def prepare(letter: Letter) -> Letter:
    """Print a draft from the data as they are now, and keep bytes, digest and data with it.

    Returns:
        The letter; an approved or sent one is returned as it is.

    Raises:
        LetterRefused: something lacks, another child is named, or the addressee gets no copy.
        letters.PrintingUnavailable, letters.LetterFault: it cannot be printed.
    """
    with transaction.atomic():
        held = _hold(letter)
        _prepare(held)
    return _done(held, letter)


def _prepare(held: _Held) -> None:
    _reconcile(held)
    held.letter = letter = _hold(held.letter).letter
    if letter.state in (State.APPROVED, State.SENT, State.FAILED):
        return
    if letter.state == State.VOID:
        held.refusal = LetterRefused(Fault("addressee", letter.problem or _("This letter is void.")))
        return
    built = build(letter)
    if faults := faults_of(built):
        letter.pdf, letter.digest, letter.context = None, "", {}
        letter.problem = "\n".join(fault.message for fault in faults)
        letter.save(update_fields=["pdf", "digest", "context", "problem"])
        held.refusal = LetterRefused(*faults)
        return
    plain = snapshot(built.context)
    if letter.pdf is None or not same(plain, letter.context):
        letter.pdf = letters.render(built.context)
        letter.digest = hashlib.sha256(letter.pdf).hexdigest()
        letter.context = plain
    letter.problem = ""
    letter.save(update_fields=["pdf", "digest", "context", "problem"])


def _actor(letter: Letter, by: Any, wanted: frozenset[str], refusal: str) -> tuple[Person | None, frozenset[str]]:
    """Return who acts, if they may: a role for it, and sight of the case; on the hard route the board alone."""
    actor, person = actor_for(by, letter.root.school)
    allowed = frozenset({"board"}) if letter.root.restricted else wanted
    user = person.user if isinstance(by, Person) and person else by
    if person is None or not actor.roles & allowed or not visible_to(user).filter(pk=letter.root_id).exists():
        raise LetterRefused(Fault("by", refusal))
    return person, actor.roles


def approve(letter: Letter, *, by: Any, digest: str) -> Letter:
    """Approve exactly the PDF that was read, known by its SHA-256.

    Args:
        by: director (or deputy) or board of the school.
        digest: of the bytes that were shown.

    Raises:
        LetterRefused: not theirs to approve, or not ready. LetterChanged: it is no longer the same letter.
    """
    with transaction.atomic():
        held = _hold(letter)
        person, roles = _actor(held.letter, by, APPROVERS, _("Only the director or the board may approve a letter."))
        _prepare(held)
        current = held.letter
        if held.refusal is None and current.state == State.DRAFT:
            if current.digest != digest:
                held.refusal = LetterChanged(Fault("digest", _("The letter changed while you read it. Read it again before you approve it.")))
            else:
                current.state, current.approved_digest = State.APPROVED, digest
                current.approved_by, current.approved_at = person, clock.now()
                if current.addressee is None:  # a note for the file goes nowhere: with the approval it is done
                    current.state, current.sent_at = State.SENT, clock.now()
                current.save()
                held.note("letter.approve", by=person, roles=roles, digest=digest)
    return _done(held, letter)


def send(letter: Letter, *, by: Any, route: str) -> Sent:
    """Send an approved letter by a route, or record that it was handed over or posted.

    Args:
        by: staff who see the case; on the hard route the board.
        route: a key of `vocabulary.ROUTES` that `routes_of` allows.

    Returns:
        The letter, sent (handed_over, post, portal) or waiting in the outbox (email); for the portal the notice's text.

    Raises:
        LetterRefused: not approved, not theirs to send, a route that is not allowed or lacks an address, or the
            addressee gets no copy any more (the letter is void then).
        LetterChanged: what stands in it changed since the approval (it is a draft again).
    """
    notice = ""
    with transaction.atomic():
        held = _hold(letter)
        person, roles = _actor(held.letter, by, SENDERS, _("Only staff who work on this case may send a letter."))
        current = held.letter
        if current.state != State.SENT:
            _check_sendable(held, route)
            if held.refusal is None:
                notice = _dispatch(held, route, person, roles)
    return Sent(_done(held, letter), notice)


def _check_sendable(held: _Held, route: str) -> None:
    letter = held.letter
    if letter.state in (State.APPROVED, State.FAILED):
        if why := no_copy_for(letter):
            _void(letter, why)
            held.note("letter.void", by=None, roles=frozenset({"system"}))
            held.refusal = LetterRefused(Fault("addressee", why))
            return
        if not still_approved(letter):
            _to_draft(letter, _("What stands in this letter changed after it was approved. Read and approve it again."))
            held.note("letter.draft", by=None, roles=frozenset({"system"}))
            held.refusal = LetterChanged(Fault("digest", letter.problem))
            return
    elif letter.state == State.VOID:
        held.refusal = LetterRefused(Fault("addressee", letter.problem or _("This letter is void.")))
        return
    else:
        held.refusal = LetterRefused(Fault("state", _("First: a director reads and approves this letter.")))
        return
    if route not in routes_of(letter):
        cites = ", ".join(protocol_of(letter.root).routes_cites)
        text = _("This letter cannot go this way: %(route)s.") % {"route": words.label("route", route)}
        held.refusal = LetterRefused(Fault("route", f"{text} {cites}".strip()))
        return
    reader = letter.addressee
    lacks = {"email": "email", "post": "address"}.get(route)
    if reader is not None and lacks and not getattr(reader, lacks).strip():
        held.refusal = LetterRefused(Fault("route", _("We have no address of %(name)s for this.") % {"name": reader.full_name}))


def still_approved(letter: Letter) -> bool:
    """Whether the bytes are those that were approved, and the data still say what they said."""
    if letter.pdf is None or hashlib.sha256(bytes(letter.pdf)).hexdigest() != letter.approved_digest:
        return False
    built = build(letter)
    return same(snapshot(built.context), letter.context) and not faults_of(built)


def _dispatch(held: _Held, route: str, person: Person | None, roles: frozenset[str]) -> str:
    letter = held.letter
    letter.route, letter.problem, letter.state = route, "", State.APPROVED
    notice = ""
    if route == "email":
        _mail(letter, links.create(letter))
    else:
        Outbox.objects.filter(letter=letter, done_at=None).delete()  # an e-mail that still waits is not the route any more
        if route == "portal":
            notice = links.notice(links.create(letter))
        letter.state, letter.sent_at = State.SENT, clock.now()
    letter.save()
    held.note("letter.send", by=person, roles=roles, route=route, digest=letter.approved_digest)
    return notice


def _mail(letter: Letter, link: LetterLink, more: str = "") -> None:
    """Put the mail with a letter's link into the outbox; `more` tells a later mail from the first."""
    told = {"kind": "letter", "root": letter.root, "letter": letter, "person": letter.addressee, "payload": {"link": link.pk}}
    Outbox.objects.update_or_create(
        key=f"letter:{letter.key}:{letter.approved_digest[:12]}{more}",
        defaults={**told, "not_before": clock.now(), "attempts": 0, "last_error": "", "done_at": None},
        create_defaults={**told, "created_at": clock.now(), "not_before": clock.now()},
    )


def again(letter: Letter, *, by: Any) -> str:
    """Give the personal link of a letter that went by one once more: it was not copied, went astray, or is over.

    Args:
        by: as for `send`.

    Returns:
        The portal's notice; "" where another mail is on its way.

    Raises:
        LetterRefused: it did not go by a link, is not theirs to send, or the addressee gets no copy any more.
    """
    notice = ""
    with transaction.atomic():
        held = _hold(letter)
        person, roles = _actor(held.letter, by, SENDERS, _("Only staff who work on this case may send a letter."))
        current = held.letter
        if current.state != State.SENT or current.route not in BY_LINK:
            raise LetterRefused(Fault("state", _("This letter did not go by a personal link.")))
        if why := no_copy_for(current):
            raise LetterRefused(Fault("addressee", why))
        link = links.create(current)
        if current.route == "portal":
            notice = links.notice(link)
        else:
            _mail(current, link, f":{current.root.log_count}")
        held.note("letter.again", by=person, roles=roles, route=current.route)
    _done(held, letter)
    return notice


def delivered(outbox: Outbox) -> None:
    """Mark a letter as sent once its mail was handed to the mail server. Called inside the outbox's own transaction."""
    if outbox.letter is None:
        return
    held = _hold(outbox.letter)
    letter = held.letter
    if letter.state == State.SENT:
        return
    letter.state, letter.sent_at, letter.problem = State.SENT, clock.now(), ""
    letter.save(update_fields=["state", "sent_at", "problem"])
    held.note("letter.sent", by=None, roles=frozenset({"system"}), route=letter.route)


def stuck(outbox: Outbox, problem: str, *, failed: bool) -> None:
    """Show on the letter that its mail does not get through; `failed` after several attempts. It stays in the outbox."""
    if outbox.letter is None:
        return
    letter = Letter.objects.get(pk=outbox.letter.pk)
    if letter.state in (State.APPROVED, State.FAILED):
        letter.problem = problem
        letter.state = State.FAILED if failed else letter.state
        letter.save(update_fields=["problem", "state"])
