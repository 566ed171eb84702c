"""What follows from a step or milestone: duties, letters, mails, files. Called by `workflows.commands` inside its transaction.

Which duty, which letter and to whom is the protocol's; here it is only written down as rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time

from django.utils.translation import gettext as _

from workflows import clock, protocol
from workflows.access import roles_of
from workflows.data import Data, InvalidData
from workflows.decisions import DECISION_STEPS, DECISIONS
from workflows.facts import Loaded
from workflows.letter_fields import lacking
from workflows.machine import Asking
from workflows.models import Case, Duty, Involvement, Letter, LogEntry, Person, School
from workflows.prepared import insert, update
from workflows.protocol import Denial, Remedy
from workflows.sentences import Word, gettext_noop, sentence
from workflows.situation import Facts
from workflows.telling import nobody_decides

TARGET_MILESTONES = frozenset({"victim_checked", "counsellor_involved", "mediation_explored"})
"""Milestones that concern whom it was done to, where nobody is named."""


def only_suspect(loaded: Loaded) -> Person | None:
    """Return the person a talk or a phone is about when there is just one suspect."""
    suspects = [p for p in loaded.people if "suspect" in p.case_roles]
    return Person.objects.get(pk=suspects[0].id) if len(suspects) == 1 else None


def whom(milestone: str, loaded: Loaded) -> Person:
    """Return whom a milestone concerns when nobody was named: the only suspect or target, or the only parent.

    Raises:
        InvalidData: there are several, or none; the person has to be named.
    """
    role = "target" if milestone in TARGET_MILESTONES else "suspect"
    found = [p for p in loaded.people if role in p.case_roles]
    ids = [p.id for p in found]
    if milestone == "parents_informed":
        ids = [guardian for p in found for guardian in p.guardians]
    if milestone == "mentor_informed":
        ids = [mentor for p in loaded.people if p.kind == "pupil" for mentor in p.mentors]
    if len(set(ids)) != 1:
        raise InvalidData({"person": _("Name whom it concerns.")})
    return Person.objects.get(pk=ids[0])


def milestone_of(step: str, case: Case) -> str | None:
    """Return the milestone a step writes by itself."""
    if step == "incident.discuss":
        return "heard"
    if case.facts.get("kind") == "confiscate_phone":
        return {"measure.impose": "phone_taken", "measure.complete": "phone_returned"}.get(step)
    return None


def _letter_facts(facts: Facts) -> dict[str, object]:
    return {"happened": facts.now, **facts.incident, **facts.case, **facts.data}


def school_facts(school: School) -> dict[str, object]:
    """Return the school's fields a letter may need, by name; a step has loaded those alone about which rules ask."""
    if lazy := school.get_deferred_fields() - {"logo"}:
        school.refresh_from_db(fields=lazy)
    return {field.name: getattr(school, field.name) for field in School._meta.concrete_fields if field.name not in ("logo", "settings")}


def lacking_in_letters(asking: Asking, school: School) -> tuple[Denial, ...]:
    """Return a denial for each letter of this step that would lack something (docs/packs.md, “Letters”)."""
    found: list[Denial] = []
    for line in protocol.letters(asking.protocol, asking.facts):
        copies = copies_of(line.to, asking.facts)
        kinds = {person.id: person.kind for person in asking.facts.people}
        gaps: dict[str, None] = {}
        for addressee, _about in copies:
            kind = kinds.get(addressee or "", "parent")
            gaps.update(dict.fromkeys(lacking(line.letter, _letter_facts(asking.facts), school_facts(school), kind)))
        if asking.facts.step == "incident.report":  # a report does not wait for the school's letterhead; the letter does
            gaps = {name: None for name in gaps if not name.startswith("school.")}
        if gaps:
            words = tuple(Word("field", name) for name in gaps)
            told = sentence(
                gettext_noop("The letter “{letter}” still lacks: {fields}."), letter=Word("letter", line.letter), fields=words
            )
            remedy = Remedy("field", next(iter(gaps)), None)
            found.append(Denial(sentence=told, articles=line.articles, strength="block", remedy=remedy))
    return tuple(found)


def copies_of(to: str, facts: Facts) -> list[tuple[str | None, str | None]]:
    """Return who gets a copy and about whom: (addressee, pupil or other person it is about), each once.

    A letter to `case` is a note for the file: one copy without an addressee.
    """
    if to == "case":
        return [(None, facts.subjects[0] if len(facts.subjects) == 1 else None)]
    chosen = {person for group in protocol.select(to, facts) for person in group}
    found: dict[tuple[str | None, str | None], None] = {}
    for person in facts.people:
        if person.id in chosen:
            found[(person.id, person.id)] = None
        for guardian in person.guardians:
            if guardian in chosen and (to == "pupils_guardians" or person.id in facts.subjects):
                found[(guardian, person.id)] = None
    return list(found)


def queue_letters(loaded: Loaded, case: Case, entry: LogEntry, facts: Facts) -> list[Letter]:
    """Queue the letters the protocol names for this step: one draft per copy, its file settled by whom it is about.

    Args:
        loaded: the root with all that belongs to it. case: whose step it was. entry: the log entry of the step.
        facts: of the step.
    """
    letters: list[Letter] = []
    queued: set[tuple[str, str | None, str | None]] = set()
    for line in protocol.letters(loaded.protocol, facts):
        for addressee, about in copies_of(line.to, facts):
            if (line.letter, addressee, about) in queued:
                continue
            queued.add((line.letter, addressee, about))
            person = next((p for p in facts.people if p.id == about), None)
            staff = line.letter == "staff_letter" or (person is not None and person.kind == "employee")
            letters.append(
                Letter.objects.create(
                    root=loaded.root, case=case, kind=line.letter,
                    addressee_id=int(addressee) if addressee else None, about_id=int(about) if about else None,
                    articles=list(line.articles), queued_by=entry, created_at=clock.now(), file="personnel_file" if staff else "pupil_file",
                    filed_by=None if addressee else entry,  # a note for the file is born there
                )
            )  # fmt: skip
    return letters


STOPPED = ("withdrawn", "refused", "conflicting")
"""States in which consent no longer holds because somebody said so."""


def to_take_down(loaded: Loaded, entry: LogEntry) -> str | None:
    """Return where something was published that may not stay, when this entry ended a consent; None when there is nothing to take down.

    Without a recorded place it is empty: somebody looks whether there is one that nobody wrote down.
    """
    if loaded.root.type != "consent" or entry.case_id != loaded.root.pk:
        return None
    after_term = entry.step == "consent.withdraw" and entry.source == "expired"
    if not after_term and (entry.target not in STOPPED or entry.source in STOPPED):
        return None
    places = [str(record.data.get("where")) for record in loaded.records if record.what == "used"]
    if entry.source != "granted" and not places:
        return None
    waiting = any(child.type == "takedown" and child.state == "requested" for child in loaded.children)
    return None if waiting else "; ".join(dict.fromkeys(places))


def _due(loaded: Loaded, line: protocol.DutyLine, facts: Facts) -> datetime:
    start = clock.now()
    if line.from_field:
        value = facts.get(line.from_field)
        if isinstance(value, date) and not isinstance(value, datetime):
            start = clock.aware(datetime.combine(value, time(8, 0)))
    return loaded.calendar.due(start, dict(line.within))


def start_duties(loaded: Loaded, case: Case, entry: LogEntry, facts: Facts, answers: Mapping[str, str]) -> list[Duty]:
    """Start the duties of this step, and one for each `recorded` line that was answered with a reason instead; see `duties_of`."""
    started = duties_of(loaded, case, entry, facts, answers)
    insert(started)
    return started


def duties_of(loaded: Loaded, case: Case, entry: LogEntry, facts: Facts, answers: Mapping[str, str]) -> list[Duty]:
    """Return the duties that start with this step, not yet written.

    Args:
        loaded: the root with all that belongs to it. case: whose step it was. entry: the log entry of the step.
        facts: of the step.
        answers: reasons given instead of what a line wanted, by article; the duty then is to do it after all, within one school day.
    """
    started = []
    for line in protocol.duties(loaded.protocol, facts):
        if line.task == DECISION_STEPS.get(entry.step) and nobody_decides(loaded, case):
            continue
        since = entry.n
        if line.since:
            since = next((r.seq for r in facts.records if r.what == f"{case.type}.{line.since}" and r.case == str(case.pk)), entry.n)
        started.append(
            Duty(
                root=loaded.root, case=case, task=line.task, of=line.of or "", owner=line.owner or "", due_at=_due(loaded, line, facts),
                articles=list(line.articles), since=since, started_by=entry,
            )
        )  # fmt: skip
    for owed in protocol.answered(loaded.protocol, facts, answers):
        owner = "director" if "director" in entry.by_roles or not entry.by_roles else entry.by_roles[0]
        started.append(
            Duty(
                root=loaded.root, case=case, task=owed.what, of=owed.of or "", owner=owner, articles=list(owed.articles), since=entry.n,
                due_at=loaded.calendar.due(clock.now(), {"school_days": 1}), started_by=entry,
            )
        )  # fmt: skip
    return started


def fulfil_duties(loaded: Loaded, entry: LogEntry) -> None:
    """Mark as done what the new entry fulfils."""
    cases = {loaded.root.pk: loaded.root, **{child.pk: child for child in loaded.children}}
    latest = {record.what: record.seq for record in loaded.records}
    for duty in loaded.duties:
        case = cases[duty.case_id]
        gone = case.state in GONE or (case.type in DECISIONS and case.state == "refused")
        if not gone and latest.get(duty.task, 0) <= duty.since:
            continue  # nothing of the kind was written since: no need to ask about whom
        step, person = loaded.started[duty.started_by_id]
        facts = loaded.for_step(case, step, actor=None, data={"person": str(person)} if person else {})
        met = protocol.duty_met(protocol.DutyView(task=duty.task, of=duty.of or None, since=duty.since, case=str(duty.case_id)), facts)
        if met or gone:
            duty.done_by, duty.done_at = entry, clock.now()
            update(duty, "done_by", "done_at")


def after_record(loaded: Loaded, milestone: str, entry: LogEntry, given: Data) -> None:
    """Do what a milestone brings with it: file the letters, or let a colleague read along.

    Raises:
        InvalidData: shared with somebody who is not staff of the school today.
    """
    root = loaded.root
    if milestone == "filed":
        Letter.objects.filter(root=root, file=given.facts["file"], filed_by=None).exclude(state=Letter.State.VOID).update(filed_by=entry)
    if milestone == "shared" and given.person is not None:
        if "employee" not in roles_of(given.person.user, root.school):
            raise InvalidData({"person": _("A case can only be shared with staff of the school.")})
        Involvement.objects.get_or_create(case=root, person=given.person, role="reader")


GONE = ("dismissed", "withdrawn", "rejected", "expired", "ended", "retired")
"""States in which what was still to be done about a case need no longer be done."""
