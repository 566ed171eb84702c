"""The commands that set right what was wrong: take back a record, take out the wrong person, another owner, erased words."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from workflows import calling_off, clock, log, telling
from workflows.actors import actor_for
from workflows.acts import Outcome, act_once, begin, finish, involve, is_restricted, system_step
from workflows.data import Data, InvalidData
from workflows.facts import load
from workflows.forecasts import plain
from workflows.machine import StepDenied
from workflows.models import Case, Involvement, Letter, LogEntry, Person, Words
from workflows.sentences import gettext_noop
from workflows.vocabulary import STAFF_ROLES

RETRACTABLE = ("record.", "incident.discuss")
"""How the steps of entries begin that can be taken back; any other is followed by a step that mends it."""

RETRACTERS = frozenset({"director", "board"})
"""Roles that take back what somebody else wrote."""

HANDERS_OVER = frozenset({"director", "board", "administrator"})
"""Roles that give a case another owner which is not theirs."""

NO_OWNERS = frozenset({"administrator", "dpo"})
"""Roles that alone handle no case: who keeps the accounts, and who supervises and so may not decide (AVG article 38(6))."""


@act_once
def retract(entry: LogEntry, *, by: Any, reason: str, key: str | None = None) -> Outcome:
    """Take back a milestone or a logged talk: it stays, struck through, and no longer counts.

    Raises:
        InvalidData: no reason, not an entry that can be taken back, taken back already, or another's entry.
    """
    act, root = begin(entry.root, by, None)
    if not reason.strip():
        raise InvalidData({"reason": _("Write why this is taken back.")})
    if not entry.step.startswith(RETRACTABLE):
        raise InvalidData({"entry": _("A step cannot be taken back; it can only be followed by another one.")})
    if entry.retracted_by.exists():
        raise InvalidData({"entry": _("This was taken back already.")})
    own = act.person is not None and entry.by_id == act.person.pk
    if not own and act.actor.roles.isdisjoint(RETRACTERS):
        raise InvalidData({"entry": _("Only who wrote this, or the director, can take it back.")})
    given = Data(words={"reason": reason.strip()})
    written = log.append(
        root, entry.case, "retract", by=act.person, by_roles=sorted(act.actor.roles), person=entry.person, words=given.words, retracts=entry
    )
    calling_off.after_retract(entry)
    return finish(act, root, written, None, key)


@act_once
def correct_person(incident: Case, wrong: Person, right: Person | None, *, by: Any, reason: str, key: str | None = None) -> Outcome:
    """Take a person out of a case they were put in by mistake; from now on only the DPO sees that they were.

    Args:
        right: who it should have been, or None. Where that takes the hard route, the board's named persons are mailed.

    Raises:
        StepDenied: not theirs to correct.
        InvalidData: no reason; the person is not in the case; a measure was imposed on them already.
    """
    act, root = begin(incident, by, None)
    if not act.actor.roles & {"mentor", "director", "board", "coordinator", "manager"}:
        raise StepDenied((plain(gettext_noop("Only the mentor, the director or the board may correct who is in a case.")),))
    if not reason.strip():
        raise InvalidData({"reason": _("Write why this is corrected.")})
    rows = list(Involvement.objects.filter(case=root, person=wrong, masked=False).exclude(role="reader"))
    if not rows:
        raise InvalidData({"person": _("This person is not in the case.")})
    measures = [child for child in act.loaded.children if child.type == "measure" and child.person_id == wrong.pk]
    if any(child.state in ("imposed", "completed") for child in measures):
        raise InvalidData({"person": _("A measure was imposed on this person; withdraw it first.")})
    roles = frozenset(row.role for row in rows)
    for row in rows:
        row.masked = True
        row.save(update_fields=["masked"])
    if right is not None:
        involve(root, {right.pk: roles})
    facts = {"wrong": wrong.pk, "right": right.pk if right else None}
    entry = log.append(
        root, root, "correct_person", by=act.person, by_roles=sorted(act.actor.roles), facts=facts, words={"reason": reason.strip()}
    )
    calling_off.after_correction(root, wrong)
    for child in measures:
        if child.state in ("proposed", "approved") and not system_step(act, child, "measure.withdraw", {"reason": reason.strip()}):
            raise InvalidData({"person": _("A measure is still proposed for this person; withdraw it first.")})
    act.loaded, before = load(root), root.restricted
    root.restricted = is_restricted(root.facts.get("category"), act.loaded.people)
    if root.restricted and not before:  # it takes the hard route from here: the board learns of it as of a report
        act.told += telling.tell(act.loaded, root, entry, act.facts(root, "incident.report", {}))
    return finish(act, root, entry, None, key)


@act_once
def hand_over_case(case: Case, *, by: Any, to: Any, reason: str = "", key: str | None = None) -> Outcome:
    """Give a case another owner, who must be staff of the school today.

    Args:
        to: the user who is to own it.

    Raises:
        InvalidData: the new owner holds no role at the school that handles cases, or may not read this one.
        StepDenied: `by` is neither owner nor one of `HANDERS_OVER`.
    """
    act, root = begin(case, by, None)
    receiver, person = actor_for(to, root.school)
    if "employee" not in receiver.roles or person is None:
        raise InvalidData({"owner": _("This person holds no role at the school today.")})
    if not receiver.roles & (frozenset(STAFF_ROLES) - NO_OWNERS):
        raise InvalidData({"owner": _("This person handles no cases: the administrator and the data protection officer own none.")})
    suspects = {int(one.id) for one in act.loaded.people if "suspect" in one.case_roles}
    if person.pk in act.loaded.barred | suspects or (root.restricted and "board" not in receiver.roles):
        raise InvalidData({"owner": _("This person may not read this case.")})
    if root.owner_id != getattr(by, "pk", None) and act.actor.roles.isdisjoint(HANDERS_OVER):
        raise StepDenied((plain(gettext_noop("Only the owner, the director or the board may hand over a case.")),))
    words = {"reason": reason.strip()} if reason.strip() else {}
    entry = log.append(
        root, root, "hand_over", by=act.person, by_roles=sorted(act.actor.roles), person=person,
        facts={"from": root.owner_id, "to": to.pk}, words=words,
    )  # fmt: skip
    root.owner = to
    return finish(act, root, entry, None, key)


def erase_words(case: Case, *, by: Any, reason: str) -> int:
    """Empty the words of a case; the log's chain stays whole. For the DPO and the end of a retention term.

    Returns:
        How many texts were erased.

    Raises:
        StepDenied: `by` is neither the data protection officer nor the system.
    """
    with transaction.atomic():
        act, root = begin(case, by, None)
        if not act.actor.roles & {"dpo", "system"}:
            raise StepDenied((plain(gettext_noop("Only the data protection officer erases the words of a case.")),))
        entry = log.append(root, root, "erase_words", by=act.person, by_roles=sorted(act.actor.roles), words={"reason": reason})
        rows = list(Words.objects.filter(entry__root=root, erased_at=None).exclude(entry=entry))
        for row in rows:
            row.text, row.salt, row.erased_at = "", "", clock.now()
            row.save(update_fields=["text", "salt", "erased_at"])
        Letter.objects.filter(root=root).update(context={}, pdf=None)
        finish(act, root, entry, None, None)
        return len(rows)
