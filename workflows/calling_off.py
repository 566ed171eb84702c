"""What stops when an entry, a case or somebody's part in it turns out wrong: letters not yet sent, duties, mails.

What was sent stays what it was.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows import clock
from workflows.models import Case, Duty, Involvement, Letter, LogEntry, Outbox, Person, Words

CALLED_OFF = frozenset({"withdrawn", "rejected", "dismissed"})
"""States in which a measure or an incident has come to nothing: what was still to be told of it is not told."""


def after_retract(entry: LogEntry) -> None:
    """Let what an entry had done count as undone: duties open again, pieces unfiled, readers out."""
    for duty in Duty.objects.filter(done_by=entry):
        duty.done_by = duty.done_at = None
        duty.save(update_fields=["done_by", "done_at"])
    Letter.objects.filter(filed_by=entry).update(filed_by=None)
    for words in Words.objects.filter(entry=entry, struck_by=None):
        words.struck_by = entry.retracted_by.order_by("n").first()
        words.save(update_fields=["struck_by"])
    if entry.step == "record.shared":
        for row in Involvement.objects.filter(case=entry.root, person=entry.person, role="reader"):
            row.delete()


def stop_letters(case: Case) -> None:
    """Void every letter about a case that was called off and has not left yet; one that was sent stays what it was."""
    waiting = Letter.objects.filter(root=case) if case.parent_id is None else Letter.objects.filter(case=case)
    for letter in waiting.exclude(state__in=[Letter.State.SENT, Letter.State.VOID]):
        letter.state, letter.problem = Letter.State.VOID, called_off()
        letter.save(update_fields=["state", "problem"])
        letter.links.filter(revoked_at=None).update(revoked_at=clock.now())
        Outbox.objects.filter(letter=letter, done_at=None).delete()


def stop_mails(root: Case) -> None:
    """Send nothing more that a case had set going which was opened by mistake."""
    Outbox.objects.filter(root=root, done_at=None).delete()


def after_correction(root: Case, wrong: Person) -> None:
    """Void every letter that was still to go out about somebody who is not in the case after all."""
    for letter in Letter.objects.filter(root=root, about=wrong).exclude(state__in=[Letter.State.SENT, Letter.State.VOID]):
        letter.state, letter.problem = Letter.State.VOID, mistaken()
        letter.pdf, letter.digest, letter.approved_digest = None, "", ""
        letter.save()


def called_off() -> str:
    """Return why no letter goes out about what came to nothing, for whoever looks at the letter."""
    return _("This was called off; no letter about it goes out any more.")


def mistaken() -> str:
    """Return why no letter goes out about somebody who was put in the case by mistake."""
    return _("This person turned out not to be in the case.")
