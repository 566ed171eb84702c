"""How a command acts: lock and load, read what was given, ask, change, write down, and do what follows.

The steps that every command of `workflows.commands` and `workflows.corrections` is made of, in the order in which they
are taken. All of them run inside the command's transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, ParamSpec, cast

from django.db import IntegrityError, connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from workflows import calling_off, clock, consequences, log, protocol, roots, telling, words
from workflows.actors import actor_of
from workflows.data import NOT_KEPT, Data, InvalidData, read, to_json
from workflows.facts import Loaded, load, typed
from workflows.forecasts import no_measure, stand_in_denials, twin_denials, withdraw_denials
from workflows.machine import Asking, Change, StepDenied
from workflows.models import CASE_TYPES, Case, Involvement, Letter, LogEntry, Person, School, Submission
from workflows.prepared import Prepared, insert, new, one_cursor, stored, update
from workflows.protocol import Denial
from workflows.situation import SUSPENSIONS, Actor, Facts
from workflows.vocabulary import SEXUAL_CATEGORIES, STEPS, case_type_of

P = ParamSpec("P")

ROLE_OF_FIELD = {"suspects": "suspect", "targets": "target", "participants": "participant", "sharers": "sharer", "bystanders": "bystander"}


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
    """One command under way: the locked root, what is known about it, who acts, what was given.

    `reasons` are those of the `answers` that the step just taken asked for; nothing else is written down.
    """

    loaded: Loaded
    actor: Actor
    person: Person | None
    answers: Mapping[str, str]
    reasons: Mapping[str, str] = field(default_factory=dict)
    advice: list[Denial] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    told: list[Person] = field(default_factory=list)
    asks_who: bool = True

    @property
    def root(self) -> Case:
        """The locked root."""
        return self.loaded.root

    def facts(self, case: Case, step: str, data: Mapping[str, Any]) -> Facts:
        """Return the facts of `step`, as things stand now; without who acts where no role is asked for."""
        return self.loaded.for_step(case, step, actor=self.actor if self.asks_who else None, data=data)


def act_once(command: Callable[P, Outcome]) -> Callable[P, Outcome]:
    """Make a command one transaction that the same form's `key` lets act only once: again gives the first one's outcome.

    The key is written with the act and is unique, so a second sending either comes too late for the step or meets the
    key at the end; either way it is undone, and only then is the first one looked up. A first sending asks nothing.
    """

    @wraps(command)
    def once(*args: P.args, **kwargs: P.kwargs) -> Outcome:
        if kwargs.get("key") is not None:
            kwargs["key"] = _key_of(kwargs["key"], kwargs.get("by"))
        try:
            with transaction.atomic(), one_cursor():
                return command(*args, **kwargs)
        except (StepDenied, StalePage, InvalidData, IntegrityError):
            if done := _outcome_of(kwargs.get("key")):
                return done
            raise

    return once


def _key_of(key: object, by: object) -> str:
    """Return a form's key as it is kept: bound to who sends it, so that nobody's key answers with another's case."""
    who = f"{by.__class__.__name__}:{getattr(by, 'pk', '')}"
    return hashlib.sha256(f"{who}:{key}".encode("utf-8", "backslashreplace")).hexdigest()


def _outcome_of(key: object) -> Outcome | None:
    """Return what the form with this key did, when it was sent before."""
    done = Submission.objects.select_related("entry__case").filter(key=str(key)).first() if key is not None else None
    if done is None or done.entry is None:
        return None
    return Outcome(case=typed(done.entry.case), entry=done.entry, letters=tuple(done.entry.queued_letters.all()), repeated=True)


RULED_BY = ("name", "slug", "key", "sector", "legal_form", "settings")
"""What rules ask about a school; the rest of its row is for letters, and loaded when a step sends one."""
_FOR_LETTERS = [field.name for field in School._meta.concrete_fields if field.name not in ("id", *RULED_BY)]


def _locked(root_id: int) -> QuerySet[Case, Any]:
    """Lock a root alone and read its school: by a join that leaves the school's row free, or, as MariaDB's would lock both, by subqueries."""
    rows = Case.objects.filter(pk=root_id)
    if connection.features.has_select_for_update and not connection.features.has_select_for_update_of:
        school = School.objects.filter(pk=OuterRef("school"))
        one: QuerySet[Case, Any] = rows.select_for_update().annotate(**{f"school_{name}": Subquery(school.values(name)) for name in RULED_BY})
        return one
    return rows.select_for_update(of=("self",)).select_related("school").defer(*(f"school__{name}" for name in _FOR_LETTERS))


_LOCKED = Prepared(_locked, int)

KEPT = ("state", "facts", "person", "until", "owner", "changed_at", "closed_at", "restricted", "log_count", "log_head")
"""What a step may change in a case's row."""


def begin(case: Case, by: Any, answers: Mapping[str, str] | None) -> tuple[Act, Case]:
    """Lock the root and load it; return the act and the case as it is now (a new child stays unsaved)."""
    root_pk = case.parent_id or case.pk
    (root,) = map(typed, _LOCKED(root_pk))
    if not Case.school.is_cached(root):
        root.school = stored(School, id=root.school_id, **{name: getattr(root, f"school_{name}") for name in RULED_BY})
    loaded = load(root, ahead=False, by=by)
    actor, person = actor_of(by, root.school, loaded.staff)
    act = Act(loaded, loaded.next_level(actor) or actor, person, answers or {})
    if case.pk is None:
        case.parent, case.school = root, root.school
        return act, case
    if case.pk == root.pk:
        return act, root
    return act, next(child for child in loaded.children if child.pk == case.pk)


def refuse_stale(root: Case, seen: int | None) -> None:
    """Raise `StalePage` when a step was taken since entry number `seen`; a recorded milestone does not count."""
    if seen is None or root.log_count <= seen:
        return
    later = LogEntry.objects.filter(root=root, n__gt=seen).exclude(step__startswith="record.").select_related("by", "case")
    if entries := list(later.order_by("n")):
        raise StalePage(entries)


def read_step(step: str, data: Mapping[str, Any], school: School, found: protocol.Protocol) -> Data:
    """Read what was given for a step.

    Raises:
        InvalidData: there is no such step, or a value cannot be read.
    """
    spec = STEPS.get(step)
    if spec is None:
        raise InvalidData({"step": _("There is no step “%(name)s”.") % {"name": step}})
    return read(data, spec.fields, spec.required, school=school, local_categories=tuple(found.categories), case_type=case_type_of(step))


def take(act: Act, case: Case, step: str, asked: Facts, given: Data) -> Change:
    """Ask the protocol and make the transition; nothing is written yet.

    Args:
        act: the command under way. case: the root or a track of it. step: `type.step` or `record.<milestone>`.
        asked: what rules may ask about it. given: what was filled in; what is `missing` is refused last.

    Raises:
        StepDenied: the protocol or the state refuses, with every reason. InvalidData: something has still to be filled in.
    """
    asking = Asking(act.loaded.protocol, asked, act.answers)
    first = given.facts.get("first_day")
    if first is not None and asked.get("kind") in SUSPENSIONS and not act.loaded.calendar.is_school_day(first):
        given.missing["first_day"] = _("There is no school on that day. The next school day is %(day)s.") % {
            "day": words.day(act.loaded.calendar.on_or_after(first))
        }
    extra = stand_in_denials(act.loaded, step) + consequences.lacking_in_letters(asking, act.root.school) + twin_denials(case, step)
    if step == "incident.withdraw":
        extra += withdraw_denials(act.loaded, act.actor)
    if step == "incident.sanction":
        extra += _impose_approved(act, given)
    refused = asking.denials(case.state) + extra
    if refused:
        raise StepDenied(tuple(dict.fromkeys(refused)), given.missing)
    if given.missing:
        raise InvalidData(given.missing)
    act.advice += asking.advice()
    act.reasons = asking.reasons()
    if step.startswith("record."):
        return Change(case.state, case.state)
    method = cast(Callable[[Asking], Change], getattr(case, step.split(".", 1)[1]))
    return method(asking)


def _impose_approved(act: Act, given: Data) -> tuple[Denial, ...]:
    """Impose every approved measure, or return all reasons why not (the caller then undoes everything).

    What is told with the sanction fills the gaps of each measure and changes nothing that was decided before.
    """
    measures = [child for child in act.loaded.children if child.type == "measure" and child.state == "approved"]
    if not measures:
        return (no_measure(act.loaded),)
    told = {name: value for name, value in {**given.facts, **given.words}.items() if name != "reason"}
    refused: tuple[Denial, ...] = ()
    for measure in measures:
        try:
            known = act.loaded.told(measure)
            child_step(act, measure, "measure.impose", {name: value for name, value in told.items() if name not in known})
        except StepDenied as denied:
            refused += denied.denials
    return refused


def child_step(act: Act, child: Case, step: str, data: Mapping[str, Any]) -> None:
    """Take a step of a track as part of another command on its root; what follows from it follows.

    Raises:
        StepDenied, InvalidData: as `take`.
    """
    given = read_step(step, data, act.root.school, act.loaded.protocol)
    asked = act.facts(child, step, given.as_facts())
    change = take(act, child, step, asked, given)
    keep(act, child, step, given, asked)
    if child.pk is None:
        child.save(force_insert=True)
    entry = write(act, child, step, given, change)
    _follow(act, child, entry, asked)
    act.loaded = load(act.root, ahead=False)


def system_step(act: Act, child: Case, step: str, data: Mapping[str, Any]) -> bool:
    """Let the system take a step, whose roles are then not asked, if nothing else stands in its way.

    Returns:
        Whether it was taken; where it was refused nothing has changed.
    """
    own = replace(act.loaded)
    system = Act(own, Actor(id="", roles=frozenset({"system"})), None, {}, asks_who=STEPS[step].system)
    try:
        child_step(system, child, step, data)
    except StepDenied:
        return False
    act.loaded = system.loaded
    return True


def open_track(act: Act, step: str, data: Mapping[str, Any]) -> bool:
    """Let the system open a track of the root, if nothing but roles stands in its way; return whether it did."""
    return system_step(act, new_track(act.root, step, act.root.person), step, data)


def new_track(root: Case, step: str, person: Person | None = None) -> Case:
    """Return the unsaved track that a creating step such as `measure.propose` would make on `root`, about `person`."""
    case_type, now = case_type_of(step), clock.now()
    return CASE_TYPES[case_type](
        school=root.school, type=case_type, parent=root, person=person, opened_at=now, changed_at=now, pins=root.pins
    )


def keep(act: Act, case: Case, step: str, given: Data, asked: Facts) -> None:
    """Put on the case what the step told about it."""
    if case.type in roots.TOPIC:
        roots.keep(case, given, act.loaded.protocol, asked)
        return
    facts = {name: value for name, value in given.facts.items() if name not in NOT_KEPT}
    if step == "incident.triage":
        who = protocol.expected_roles(act.loaded.protocol, replace(asked, step="measure.approve"))
        if "severity" in facts and not (act.actor.roles & who):
            facts["signal"] = facts.pop("severity")
        involve(case, roles_in(given))
    case.facts = {**case.facts, **{name: to_json(name, value) for name, value in facts.items()}}
    if case.type == "incident":
        case.restricted = case.restricted or is_restricted(case.facts.get("category"), act.loaded.people)
    if case.state in ("closed", "dismissed", "completed", "settled", "concluded", "withdrawn", "rejected", "refused"):
        case.closed_at = clock.now()
    elif step == "incident.reopen":
        case.closed_at = None


def roles_in(given: Data) -> dict[int, frozenset[str]]:
    """Return which roles in the case the given people get, by person."""
    roles: dict[int, frozenset[str]] = {}
    for name, role in ROLE_OF_FIELD.items():
        for person in given.people.get(name, []):
            roles[person.pk] = roles.get(person.pk, frozenset()) | {role}
    return roles


def is_restricted(category: object, people: Any) -> bool:
    """Whether this takes the hard route: a member of staff and conduct of a sexual nature (WPO 4a, WVO 2020 3.38)."""
    return category in SEXUAL_CATEGORIES and any(p.kind == "employee" and "suspect" in p.case_roles for p in people)


def involve(root: Case, roles: Mapping[int, frozenset[str]]) -> None:
    """Give people roles in a case, by their keys."""
    for person_id, names in roles.items():
        for role in sorted(names):
            row, _made = Involvement.objects.get_or_create(case=root, person_id=person_id, role=role)
            if row.masked:  # taken out by mistake, and back in
                row.masked = False
                row.save(update_fields=["masked"])


def entry_facts(given: Data) -> dict[str, Any]:
    """Return what the log keeps of a step: its facts, and the ids of the people named in it."""
    facts = {name: to_json(name, value) for name, value in given.facts.items() if name != "happened"}
    if ids := {name: [p.pk for p in people] for name, people in given.people.items() if name != "person"}:
        facts["people"] = ids
    return facts


def write(act: Act, case: Case, step: str, given: Data, change: Change | None) -> LogEntry:
    """Write the log entry of a step or milestone, with the reasons that were given for going on.

    Args:
        change: from which state to which; None where a milestone changes no state.
    """
    facts = entry_facts(given)
    if writes := consequences.milestone_of(step, case):
        facts["writes"] = writes
    words = dict(given.words)
    for article, reason in act.reasons.items():
        if reason.strip():
            words[f"answer:{article}"[:60]] = reason.strip()
    person = given.person or case.person or (consequences.only_suspect(act.loaded) if facts.get("writes") else None)
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
        update(case, *KEPT)
    if entry.target in calling_off.CALLED_OFF:
        calling_off.stop_letters(case)
    started = consequences.start_duties(act.loaded, case, entry, asked, act.answers)
    act.loaded = replace(act.loaded, duties=(*act.loaded.duties, *started))
    act.letters += consequences.queue_letters(act.loaded, case, entry, asked)
    act.told += telling.tell(act.loaded, case, entry, asked)
    telling.ask_on_desk(act.loaded, entry, asked)


def finish(act: Act, case: Case, entry: LogEntry, asked: Facts | None, key: str | None) -> Outcome:
    """Do what follows from the entry, fulfil duties, settle what is settled, and save the root.

    Args:
        asked: what rules may ask about the step; None for an act that no rule follows, such as a correction.
        key: of the form; sent again it does nothing.

    Returns:
        The case as it is now, the entry, the letters queued and the people told.
    """
    root = act.root
    if asked is None:
        act.loaded = load(root, ahead=False)
    else:
        _follow(act, case, entry, asked)
    if (places := consequences.to_take_down(act.loaded, entry)) is not None:
        open_track(act, "takedown.request", {"asks": "withdraw_publication", "published": True, "where": places})
    for child in act.loaded.children:
        if child.type == "takedown" and child.state in ("removed", "corrected"):
            system_step(act, child, "takedown.settle", {})
    consequences.fulfil_duties(act.loaded, entry)
    root.changed_at = clock.now()
    update(root, *KEPT)
    if key is not None:
        insert([new(Submission, key=str(key), entry_id=entry.pk, at=clock.now())])
    return Outcome(case=case, entry=entry, advice=tuple(act.advice), letters=tuple(act.letters), told=tuple(act.told))
