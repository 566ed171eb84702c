"""What stops when an entry, a case or somebody's part in it turns out wrong: letters not yet sent, duties, mails.

What was sent stays what it was.
"""

from __future__ import annotations

from workflows import clock
from workflows.models import Case, Duty, Involvement, Letter, LogEntry, Outbox, Person, Words
from workflows.sentences import gettext_noop


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


CALLED_OFF = frozenset({"withdrawn", "rejected", "dismissed"})
"""States in which a measure or an incident has come to nothing: what was still to be told of it is not told."""


def stop_letters(case: Case) -> None:
    """Void every letter about a case that was called off and has not left yet; one that was sent stays what it was."""
    waiting = Letter.objects.filter(root=case) if case.parent_id is None else Letter.objects.filter(case=case)
    for letter in waiting.exclude(state__in=[Letter.State.SENT, Letter.State.VOID]):
        letter.state, letter.problem = Letter.State.VOID, gettext_noop("called off")
        letter.save(update_fields=["state", "problem"])
        letter.links.filter(revoked_at=None).update(revoked_at=clock.now())
        Outbox.objects.filter(letter=letter, done_at=None).delete()


def after_withdrawal(root: Case) -> None:
    """Stop everything that a case taken back had set going: nothing of it was sent yet."""
    for letter in Letter.objects.filter(root=root).exclude(state=Letter.State.SENT):
        letter.state, letter.problem = Letter.State.VOID, "withdrawn"
        letter.save(update_fields=["state", "problem"])
    Outbox.objects.filter(root=root, done_at=None).delete()


def after_correction(root: Case, wrong: Person, entry: LogEntry) -> None:
    """Void every letter that was still to go to or about somebody who is not in the case after all."""
    wards = [wrong.pk, *wrong.guardianships.values_list("guardian_id", flat=True)]
    waiting = Letter.objects.filter(root=root).exclude(state__in=[Letter.State.SENT, Letter.State.VOID])
    for letter in waiting.filter(about=wrong) | waiting.filter(addressee__in=wards, about=wrong):
        letter.state, letter.problem = Letter.State.VOID, "wrong person"
        letter.pdf, letter.digest, letter.approved_digest = None, "", ""
        letter.save()
