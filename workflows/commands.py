"""The commands: the only way anything about a case changes.

Each is one transaction: lock the root's row, ask the protocol, make the transition, write one log entry, start and fulfil
duties, queue letters and mails as outbox rows. Handlers of the platform are not in a request transaction, so every
command opens its own. `by` is a user, a `Person` (a guardian behind a personal link), `SYSTEM` or `ANONYMOUS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

from django.db import transaction
from django.utils.translation import gettext as _

from workflows import clock, consequences, log, protocol
from workflows.data import NOT_KEPT, Data, InvalidData, read
from workflows.facts import Loaded, actor_for, fresh, load, pins_for, protocol_for, seal_packs, to_json
from workflows.guards import Actor, Facts, Sentence
from workflows.machine import Asking, Change, StepDenied
from workflows.models import CASE_TYPES, Case, Involvement, Letter, LogEntry, Outbox, Person, School, Submission
from workflows.protocol import Denial
from workflows.vocabulary import MILESTONES, SEXUAL_CATEGORIES, STEPS, case_type_of

WITHDRAW_WITHIN = timedelta(minutes=30)
"""How long the opener may take a case back (design part 3)."""

ROLE_OF_FIELD = {"suspects": "suspect", "targets": "target", "participants": "participant", "sharers": "sharer", "bystanders": "bystander"}
DEFAULTS: Mapping[str, Any] = {"mode": "school", "origin": "report", "confidential": False, "anonymous": False}
"""What a new incident is until somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """Somebody who acts without a row: the system itself, or an anonymous reporter."""

    role: str
    is_active: bool = True


SYSTEM = Nobody("system")
ANONYMOUS = Nobody("anonymous")


class StalePage(Exception):
    """Somebody else took a step since the page was made; `entries` are what happened meanwhile."""

    def __init__(self, entries: list[LogEntry]) -> None:
        self.entries = entries
        super().__init__("; ".join(entry.step for entry in entries))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did: the case as it is now, its log entry, advice to show, letters queued, people told."""

    case: Case
    entry: LogEntry
    advice: tuple[Denial, ...] = ()
    letters: tuple[Letter, ...] = ()
    told: tuple[Person, ...] = ()
    repeated: bool = False


@dataclass(slots=True)
class Act:
    """One command under way: the locked root, what is known about it, who acts, what was given."""

    loaded: Loaded
    actor: Actor
    person: Person | None
    answers: Mapping[str, str]
    advice: list[Denial] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    told: list[Person] = field(default_factory=list)

    @property
    def root(self) -> Case:
        """The locked root."""
        return self.loaded.root

    def facts(self, case: Case, step: str, data: Mapping[str, Any]) -> Facts:
        """Return the facts of `step`, as things stand now."""
        return self.loaded.for_step(case, step, actor=self.actor, data=data)


def actor_of(by: Any, school: School) -> tuple[Actor, Person | None]:
    """Return who `by` is to the rules of `school`, with their row where they have one."""
    if isinstance(by, Nobody):
        return Actor(id="", roles=frozenset({by.role})), None
    return actor_for(by, school)


def open_case(*, by: Any, school: School, data: Mapping[str, Any], answers: Mapping[str, str] | None = None, key: str | None = None) -> Outcome:
    """Open an incident (`incident.report`).

    Args:
        by: who reports it; `ANONYMOUS` where no name is given.
        data: fields of `incident.report` in `vocabulary.STEPS`; a reporter's `severity` is kept as a signal only.
        answers: reasons by article, for lines that ask for one.
        key: the form's key; the same key again returns what it did the first time.

    Raises:
        InvalidData: a value cannot be read. StepDenied: the protocol refuses.
    """
    step = "incident.report"
    with transaction.atomic():
        school = School.objects.select_for_update().get(pk=school.pk)
        if done := _repeated(key):
            return done
        actor, person = actor_of(by, school)
        given = _read(step, data, school, protocol_for(school, clock.today()))
        roles = _roles_in(given)
        if person is not None:
            roles[person.pk] = roles.get(person.pk, frozenset()) | {"reporter"}
        loaded = fresh(school, roles)
        act = Act(loaded, actor, person, answers or {})
        facts = {**DEFAULTS, **given.facts, "anonymous": by is ANONYMOUS or bool(given.facts.get("anonymous"))}
        root = CASE_TYPES["incident"](
            school=school, type="incident", opened_at=clock.now(), changed_at=clock.now(), opened_by=person,
            owner=by if "employee" in actor.roles else None, number=school.last_number + 1,
            pins=pins_for(school, clock.today(), given.facts.get("acted_on")),
        )  # fmt: skip
        loaded = replace(loaded, root=root)
        act.loaded = loaded
        given = replace(given, facts=facts)
        asked = act.facts(root, step, given.as_facts())
        change = _take(act, root, step, asked, given)
        seal_packs(loaded.protocol)
        signal = facts.pop("severity", None)
        root.facts = {name: to_json(name, value) for name, value in facts.items() if name not in NOT_KEPT}
        if signal is not None:
            root.facts["signal"] = signal
        root.restricted = _is_restricted(root.facts.get("category"), loaded.people)
        root.save(force_insert=True)
        school.last_number = root.number
        school.save(update_fields=["last_number"])
        _involve(root, roles)
        if excluded := given.people.get("exclude"):
            _involve(root, {p.pk: frozenset({"excluded"}) for p in excluded})
            act.loaded = replace(act.loaded, barred=frozenset(p.pk for p in excluded))
        if root.owner_id is None:
            root.owner = consequences.first_owner(root, loaded.people)
        entry = _write(act, root, step, given, change)
        return _finish(act, root, entry, asked, key)


def open_child(
    incident: Case, step: str, *, by: Any, data: Mapping[str, Any], answers: Mapping[str, str] | None = None, key: str | None = None,
    seen_version: int | None = None,
) -> Outcome:  # fmt: skip
    """Open a track of an incident: `measure.propose`, `police.consider` or `takedown.request`.

    Raises:
        InvalidData, StepDenied, StalePage: see `perform`.
    """
    return perform(_new_child(incident, step), step, by=by, data=data, answers=answers, key=key, seen_version=seen_version)


def _new_child(incident: Case, step: str) -> Case:
    case_type = case_type_of(step)
    return CASE_TYPES[case_type](
        school=incident.school, type=case_type, parent=incident, opened_at=clock.now(), changed_at=clock.now(), pins=incident.pins
    )


def perform(
    case: Case, step: str, *, by: Any, data: Mapping[str, Any] | None = None, answers: Mapping[str, str] | None = None,
    key: str | None = None, seen_version: int | None = None,
) -> Outcome:  # fmt: skip
    """Take `step` on `case`. The only way a state changes.

    Args:
        case: an incident, or a track of one.
        step: `type.step` as in `vocabulary.STEPS`.
        by: who acts.
        data: fields of the step. answers: reasons by article id for lines of strength `answer`.
        key: the form's key (idempotency). seen_version: `root.log_count` when the page was made.

    Raises:
        StepDenied: the protocol or the state refuses; carries every reason.
        InvalidData: a value cannot be read, or a required field is missing and no line says so.
        StalePage: another step was taken since the page was made.
    """
    with transaction.atomic():
        act, case = _begin(case, by, answers)
        if done := _repeated(key):
            return done
        _refuse_stale(act.root, seen_version)
        given = _read(step, data or {}, act.root.school, act.loaded.protocol)
        if case.type == "measure":
            given = _about_somebody(act, case, step, given)
        elif case.pk is None:
            case.person = given.person
        elif joining := _roles_in(given):
            act.loaded = act.loaded.joined_by(joining)
        asked = act.facts(case, step, given.as_facts())
        change = _take(act, case, step, asked, given)
        _keep(act, case, step, given, asked)
        if case.pk is None:
            case.opened_by = act.person
            case.save(force_insert=True)
        entry = _write(act, case, step, given, change)
        if step == "incident.withdraw":
            consequences.after_withdrawal(act.root)
        return _finish(act, case, entry, asked, key)


def record(
    incident: Case, milestone: str, *, by: Any, person: Person | None = None, data: Mapping[str, Any] | None = None,
    answers: Mapping[str, str] | None = None, key: str | None = None,
) -> Outcome:  # fmt: skip
    """Record a milestone on an incident: a dated fact about a person that changes no state.

    Args:
        milestone: a key of `vocabulary.MILESTONES["incident"]`.
        person: whom it concerns; by default the only one it can concern.
        data: fields of the milestone; `happened` backdates it (default now).

    Raises:
        InvalidData, StepDenied: see `perform`.
    """
    spec = MILESTONES["incident"].get(milestone)
    if spec is None:
        raise InvalidData({"milestone": _("There is no milestone “%(name)s”.") % {"name": milestone}})
    step = f"record.{milestone}"
    with transaction.atomic():
        act, root = _begin(incident, by, answers)
        if done := _repeated(key):
            return done
        fields = (*spec.fields, "person")
        given = read({**(data or {}), **({"person": person} if person else {})}, fields, spec.required, school=root.school)
        if spec.person and given.person is None:
            given.people["person"] = [consequences.whom(milestone, act.loaded)]
        if milestone == "parents_informed":
            given.facts.setdefault("reached", True)
        asked = act.facts(root, step, given.as_facts())
        _take(act, root, step, asked, given)
        entry = _write(act, root, step, given, None)
        consequences.after_record(act.loaded, milestone, entry, given)
        return _finish(act, root, entry, asked, key)


def retract(entry: LogEntry, *, by: Any, reason: str, key: str | None = None) -> Outcome:
    """Take back a milestone or a logged talk: it stays, struck through, and no longer counts.

    Raises:
        InvalidData: no reason, not an entry that can be taken back, taken back already, or another's entry.
    """
    with transaction.atomic():
        act, root = _begin(entry.root, by, None)
        if done := _repeated(key):
            return done
        if not reason.strip():
            raise InvalidData({"reason": _("Write why this is taken back.")})
        if not (entry.step.startswith("record.") or entry.step == "incident.discuss"):
            raise InvalidData({"entry": _("A step cannot be taken back; it can only be followed by another one.")})
        if entry.retracted_by.exists():
            raise InvalidData({"entry": _("This was taken back already.")})
        own = act.person is not None and entry.by_id == act.person.pk
        if not own and not act.actor.roles & {"director", "board"}:
            raise InvalidData({"entry": _("Only who wrote this, or the director, can take it back.")})
        given = Data(words={"reason": reason.strip()})
        written = log.append(
            root, entry.case, "retract", by=act.person, by_roles=sorted(act.actor.roles), person=entry.person, words=given.words, retracts=entry
        )
        consequences.after_retract(entry)
        return _finish(act, root, written, None, key)


def correct_person(incident: Case, wrong: Person, right: Person | None, *, by: Any, reason: str, key: str | None = None) -> Outcome:
    """Take a person out of a case they were put in by mistake; from now on only the DPO sees that they were.

    Args:
        right: who it should have been, or None.

    Raises:
        InvalidData: no reason; the person is not in the case; a measure was imposed on them already.
    """
    with transaction.atomic():
        act, root = _begin(incident, by, None)
        if done := _repeated(key):
            return done
        if not act.actor.roles & {"mentor", "director", "board", "coordinator", "manager"}:
            raise StepDenied((_plain("Only the mentor, the director or the board may correct who is in a case."),))
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
            _involve(root, {right.pk: roles})
        facts = {"wrong": wrong.pk, "right": right.pk if right else None}
        entry = log.append(
            root, root, "correct_person", by=act.person, by_roles=sorted(act.actor.roles), facts=facts, words={"reason": reason.strip()}
        )
        consequences.after_correction(root, wrong, entry)
        for child in measures:
            if child.state in ("proposed", "approved"):
                _system_step(act, child, "measure.withdraw", {"reason": reason.strip()})
        root.restricted = _is_restricted(root.facts.get("category"), load(root).people)
        return _finish(act, root, entry, None, key)


def hand_over_case(case: Case, *, by: Any, to: Any, reason: str = "", key: str | None = None) -> Outcome:
    """Give a case another owner, who must be staff of the school today.

    Raises:
        InvalidData: the new owner holds no role at the school. StepDenied: `by` is neither owner nor director or board.
    """
    with transaction.atomic():
        act, root = _begin(case, by, None)
        if done := _repeated(key):
            return done
        receiver, person = actor_for(to, root.school)
        if "employee" not in receiver.roles or person is None:
            raise InvalidData({"owner": _("This person holds no role at the school today.")})
        if root.owner_id != getattr(by, "pk", None) and not act.actor.roles & {"director", "board", "administrator"}:
            raise StepDenied((_plain("Only the owner, the director or the board may hand over a case."),))
        words = {"reason": reason.strip()} if reason.strip() else {}
        entry = log.append(
            root, root, "hand_over", by=act.person, by_roles=sorted(act.actor.roles), person=person,
            facts={"from": root.owner_id, "to": to.pk}, words=words,
        )  # fmt: skip
        root.owner = to
        return _finish(act, root, entry, None, key)


def erase_words(case: Case, *, by: Any, reason: str) -> int:
    """Empty the words of a case; the log's chain stays whole. For the DPO and the end of a retention term.

    Returns:
        How many texts were erased.
    """
    from workflows.models import Words

    with transaction.atomic():
        act, root = _begin(case, by, None)
        if not act.actor.roles & {"dpo", "system"}:
            raise StepDenied((_plain("Only the data protection officer erases the words of a case."),))
        entry = log.append(root, root, "erase_words", by=act.person, by_roles=sorted(act.actor.roles), words={"reason": reason})
        rows = list(Words.objects.filter(entry__root=root, erased_at=None).exclude(entry=entry))
        for row in rows:
            row.text, row.salt, row.erased_at = "", "", clock.now()
            row.save(update_fields=["text", "salt", "erased_at"])
        Letter.objects.filter(root=root).update(context={}, pdf=None)
        _finish(act, root, entry, None, None)
        return len(rows)


def denials(case: Case, step: str, by: Any, data: Mapping[str, Any] | None = None, answers: Mapping[str, str] | None = None) -> tuple[Denial, ...]:
    """Return every reason why `by` may not take `step` now; empty means allowed. `by=None` forecasts, leaving roles out.

    Args:
        case: the case, saved or (for a creating step) unsaved with its `parent`.
        step: `type.step`, or `record.milestone`.
    """
    root = case.parent or case
    loaded = load(root)
    actor = actor_of(by, root.school)[0] if by is not None else None
    return denials_loaded(loaded, case, step, actor, data or {}, answers or {})


def denials_loaded(
    loaded: Loaded, case: Case, step: str, actor: Actor | None, data: Mapping[str, Any], answers: Mapping[str, str]
) -> tuple[Denial, ...]:
    """The same for what was loaded already: `denials` of many steps cost one load."""
    asking = Asking(loaded.protocol, loaded.for_step(case, step, actor=actor, data=data), answers)
    found = asking.denials(case.state) + consequences.lacking_in_letters(asking, loaded.root.school)
    if step == "incident.sanction":
        measures = [child for child in loaded.children if child.type == "measure" and child.state == "approved"]
        if not measures:
            found += (_plain("No measure has been approved yet."),)
        for measure in measures:
            found += denials_loaded(loaded, measure, "measure.impose", actor, {}, answers)
    if step == "incident.withdraw":
        found += _withdraw_denials(loaded.root, actor)
    return tuple(dict.fromkeys(found))


def _withdraw_denials(root: Case, actor: Actor | None) -> tuple[Denial, ...]:
    found: tuple[Denial, ...] = ()
    if actor is not None and (root.opened_by_id is None or actor.id != str(root.opened_by_id)):
        found += (_plain("Only who opened the case can take it back."),)
    if clock.now() - root.opened_at > WITHDRAW_WITHIN:
        found += (_plain("The thirty minutes for taking it back have passed; dismiss it with a reason."),)
    sent = Letter.objects.filter(root=root, state=Letter.State.SENT).exists()
    if sent or Outbox.objects.filter(root=root, done_at__isnull=False).exists():
        found += (_plain("Something has been sent already; dismiss it with a reason."),)
    return found


def _plain(sentence: str) -> Denial:
    """Return a denial that rests on the shape of the case, not on an article."""
    return Denial(sentence=Sentence(sentence, ()), articles=("state",), strength="block", remedy=None)


def _repeated(key: str | None) -> Outcome | None:
    """Return what the form with this key did, when it was sent before. The caller holds the lock that its twin waits for."""
    if key is None:
        return None
    done = Submission.objects.select_related("entry__case").filter(key=str(key)).first()
    if done is None or done.entry is None:
        return None
    case = _typed(done.entry.case)
    return Outcome(case=case, entry=done.entry, letters=tuple(done.entry.queued_letters.all()), repeated=True)


def _typed(case: Case) -> Case:
    case.__class__ = CASE_TYPES[case.type]
    return case


def _begin(case: Case, by: Any, answers: Mapping[str, str] | None) -> tuple[Act, Case]:
    """Lock the root and load it; return the act and the case as it is now (a new child stays unsaved)."""
    root_pk = case.parent_id or case.pk
    root = _typed(Case.objects.select_for_update().get(pk=root_pk))
    root.school = School.objects.defer("logo").get(pk=root.school_id)
    loaded = load(root)
    actor, person = actor_of(by, root.school)
    act = Act(loaded, actor, person, answers or {})
    if case.pk is None:
        case.parent, case.school = root, root.school
        return act, case
    if case.pk == root.pk:
        return act, root
    return act, _typed(next(child for child in loaded.children if child.pk == case.pk))


def _refuse_stale(root: Case, seen: int | None) -> None:
    if seen is None or root.log_count <= seen:
        return
    later = LogEntry.objects.filter(root=root, n__gt=seen).exclude(step__startswith="record.").select_related("by", "case")
    if entries := list(later.order_by("n")):
        raise StalePage(entries)


def _read(step: str, data: Mapping[str, Any], school: School, found: protocol.Protocol) -> Data:
    spec = STEPS.get(step)
    if spec is None:
        raise InvalidData({"step": _("There is no step “%(name)s”.") % {"name": step}})
    return read(data, spec.fields, spec.required, school=school, local_categories=tuple(found.categories))


def _about_somebody(act: Act, case: Case, step: str, given: Data) -> Data:
    """Settle whom a proposed measure is for: who was named, or the only suspect."""
    if not STEPS[step].creates:
        return given
    suspects = [p for p in act.loaded.people if "suspect" in p.case_roles]
    person = given.person
    if person is None and len(suspects) == 1:
        person = Person.objects.get(pk=suspects[0].id)
    if person is None:
        raise InvalidData({"person": _("Choose whom the measure is for.")})
    case.person = person
    given.people["person"] = [person]
    parents = {p.id for p in suspects if p.kind == "parent"}
    childs = any(p.id == str(person.pk) and "suspect" in p.case_roles for p in act.loaded.people)
    if person.kind == "pupil" and parents and not childs:
        given.facts["falls_on_child"] = True
    given.facts.setdefault("falls_on_child", False)
    return given


def _take(act: Act, case: Case, step: str, asked: Facts, given: Data) -> Change:
    """Ask the protocol and make the transition; raise with every reason."""
    asking = Asking(act.loaded.protocol, asked, act.answers)
    extra = consequences.lacking_in_letters(asking, act.root.school)
    if step == "incident.withdraw":
        extra += _withdraw_denials(case, act.actor)
    if step == "incident.sanction":
        extra += _impose_approved(act, given)
    refused = asking.denials(case.state) + extra
    if refused:
        raise StepDenied(tuple(dict.fromkeys(refused)), given.missing)
    if given.missing:
        raise InvalidData(given.missing)
    act.advice += asking.advice()
    if step.startswith("record."):
        return Change(case.state, case.state)
    method = cast(Callable[[Asking], Change], getattr(case, step.split(".", 1)[1]))
    return method(asking)


def _impose_approved(act: Act, given: Data) -> tuple[Denial, ...]:
    """Impose every approved measure, or return all reasons why not (the caller then undoes everything).

    What is told with the sanction fills the gaps of each measure and changes nothing that was decided before.
    """
    measures = [_typed(child) for child in act.loaded.children if child.type == "measure" and child.state == "approved"]
    if not measures:
        return (_plain("No measure has been approved yet."),)
    told = {name: value for name, value in {**given.facts, **given.words}.items() if name != "reason"}
    refused: tuple[Denial, ...] = ()
    for measure in measures:
        try:
            known = act.loaded.told(measure)
            _child_step(act, measure, "measure.impose", {name: value for name, value in told.items() if name not in known})
        except StepDenied as denied:
            refused += denied.denials
    return refused


def _child_step(act: Act, child: Case, step: str, data: Mapping[str, Any]) -> None:
    """Take a step of a track as part of another command on its root."""
    given = _read(step, data, act.root.school, act.loaded.protocol)
    asked = act.facts(child, step, given.as_facts())
    change = _take(act, child, step, asked, given)
    _keep(act, child, step, given, asked)
    entry = _write(act, child, step, given, change)
    _follow(act, child, entry, asked)
    act.loaded = load(act.root)


def _system_step(act: Act, child: Case, step: str, data: Mapping[str, Any]) -> bool:
    """Let the system take a step if nothing stands in its way; return whether it did."""
    own = replace(act.loaded)
    system = Act(own, Actor(id="", roles=frozenset({"system"})), None, {})
    try:
        _child_step(system, _typed(child), step, data)
    except StepDenied:
        return False
    act.loaded = system.loaded
    return True


def _keep(act: Act, case: Case, step: str, given: Data, asked: Facts) -> None:
    """Put on the case what the step told about it."""
    facts = {name: value for name, value in given.facts.items() if name not in NOT_KEPT}
    if step == "incident.triage":
        who = protocol.expected_roles(act.loaded.protocol, replace(asked, step="measure.approve"))
        if "severity" in facts and not (act.actor.roles & who):
            facts["signal"] = facts.pop("severity")
        _involve(case, _roles_in(given))
    case.facts = {**case.facts, **{name: to_json(name, value) for name, value in facts.items()}}
    if step == "incident.triage":
        case.restricted = case.restricted or _is_restricted(case.facts.get("category"), act.loaded.people)
    if case.state in ("closed", "dismissed", "completed", "settled", "concluded", "withdrawn", "rejected", "refused"):
        case.closed_at = clock.now()
    elif step == "incident.reopen":
        case.closed_at = None


def _roles_in(given: Data) -> dict[int, frozenset[str]]:
    """Return which roles in the case the given people get, by person."""
    roles: dict[int, frozenset[str]] = {}
    for name, role in ROLE_OF_FIELD.items():
        for person in given.people.get(name, []):
            roles[person.pk] = roles.get(person.pk, frozenset()) | {role}
    return roles


def _is_restricted(category: object, people: Any) -> bool:
    """Whether this takes the hard route: a member of staff and conduct of a sexual nature (WPO 4a, WVO 2020 3.38)."""
    return category in SEXUAL_CATEGORIES and any(p.kind == "employee" and "suspect" in p.case_roles for p in people)


def _involve(root: Case, roles: Mapping[int, frozenset[str]]) -> None:
    for person_id, names in roles.items():
        for role in sorted(names):
            Involvement.objects.get_or_create(case=root, person_id=person_id, role=role)


def _write(act: Act, case: Case, step: str, given: Data, change: Change | None) -> LogEntry:
    """Write the log entry of a step or milestone."""
    facts = {name: to_json(name, value) for name, value in given.facts.items() if name != "happened"}
    if ids := {name: [p.pk for p in people] for name, people in given.people.items() if name != "person"}:
        facts["people"] = ids
    if writes := consequences.milestone_of(step, case):
        facts["writes"] = writes
    words = dict(given.words)
    for article, reason in act.answers.items():
        if reason.strip():
            words[f"answer:{article}"[:60]] = reason.strip()
    person = given.person or case.person or (consequences.only_suspect(act.loaded, case) if facts.get("writes") else None)
    happened = given.facts.get("happened")
    entry = log.append(
        act.root, case, step, by=act.person, by_roles=sorted(act.actor.roles), person=person, facts=facts, words=words,
        source=change.source if change else "", target=change.target if change else "", happened_at=happened,
    )  # fmt: skip
    act.loaded = act.loaded.after(entry, case, words)
    return entry


def _follow(act: Act, case: Case, entry: LogEntry, asked: Facts) -> None:
    """Start duties, queue letters and tell people, as the protocol's lines for this step say."""
    case.changed_at = clock.now()
    if case.pk != act.root.pk:
        case.save(force_update=True)
    started = consequences.start_duties(act.loaded, case, entry, asked, act.answers)
    act.loaded = replace(act.loaded, duties=(*act.loaded.duties, *started))
    act.letters += consequences.queue_letters(act.loaded, case, entry, asked)
    act.told += consequences.tell(act.loaded, case, entry, asked)


def _finish(act: Act, case: Case, entry: LogEntry, asked: Facts | None, key: str | None) -> Outcome:
    """Do what follows from the entry, fulfil duties, settle what is settled, and save the root."""
    root = act.root
    if asked is None:
        act.loaded = load(root)
    else:
        _follow(act, case, entry, asked)
    for child in act.loaded.children:
        if child.type == "takedown" and child.state in ("removed", "corrected"):
            _system_step(act, child, "takedown.settle", {})
    consequences.fulfil_duties(act.loaded, entry)
    root.changed_at = clock.now()
    root.save(force_update=True)
    if key is not None:
        Submission.objects.create(key=str(key), entry=entry, at=clock.now())
    return Outcome(case=case, entry=entry, advice=tuple(act.advice), letters=tuple(act.letters), told=tuple(act.told))


__all__ = [
    "ANONYMOUS", "SYSTEM", "InvalidData", "Outcome", "StalePage", "StepDenied", "correct_person", "denials", "denials_loaded",
    "erase_words", "hand_over_case", "open_case", "open_child", "perform", "record", "retract",
]  # fmt: skip
