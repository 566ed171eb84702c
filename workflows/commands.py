"""The commands: the only way anything about a case changes.

Each is one transaction: lock the root's row, ask the protocol, make the transition, write one log entry, start and fulfil
duties, queue letters and mails as outbox rows. Handlers of the platform are not in a request transaction, so every
command opens its own. `by` is a user, a `Person` (a guardian behind a personal link), `SYSTEM` or `ANONYMOUS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from workflows import calling_off, clock, consequences, roots, telling
from workflows.actors import ANONYMOUS, SYSTEM, actor_of
from workflows.acts import (
    ROLE_OF_FIELD,
    Act,
    Outcome,
    StalePage,
    act_once,
    begin,
    finish,
    involve,
    is_restricted,
    keep,
    new_track,
    read_step,
    refuse_stale,
    roles_in,
    take,
    write,
)
from workflows.corrections import correct_person, erase_words, hand_over_case, retract
from workflows.data import NOT_KEPT, Data, InvalidData, read, to_json
from workflows.facts import fresh, unopened
from workflows.forecasts import WITHDRAW_WITHIN, denials, denials_loaded
from workflows.machine import StepDenied
from workflows.models import CASE_TYPES, Case, Guardianship, Person, School
from workflows.pinned import pins_for, protocol_for, seal_packs
from workflows.vocabulary import MILESTONES, STEPS

DEFAULTS: Mapping[str, Any] = {"mode": "school", "origin": "report", "confidential": False, "anonymous": False}
"""What a new incident is until somebody says otherwise."""


@act_once
def open_case(
    *, by: Any, school: School, data: Mapping[str, Any], step: str = "incident.report", answers: Mapping[str, str] | None = None,
    key: str | None = None,
) -> Outcome:  # fmt: skip
    """Open a case that stands by itself: an incident, a consent, a connection or an account.

    Args:
        by: who opens it; `ANONYMOUS` where a reporter gives no name.
        data: fields of the step in `vocabulary.STEPS`; a reporter's `severity` is kept as a signal only.
        step: `incident.report`, `consent.request`, `friend_request.declare` or `account.request`.
        answers: reasons by article, for lines that ask for one.
        key: the form's key; the same key again returns what it did the first time.

    Raises:
        InvalidData: a value cannot be read, or it is no step that opens a case. StepDenied: the protocol refuses.
    """
    school = School.objects.select_for_update().get(pk=school.pk)
    if step != "incident.report":
        return _open_root(school, step, by, data, answers, key)
    actor, person = actor_of(by, school)
    given = read_step(step, data, school, protocol_for(school, clock.today()))
    roles = roles_in(given)
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
    change = take(act, root, step, asked, given)
    seal_packs(loaded.protocol)
    signal = facts.pop("severity", None)
    root.facts = {name: to_json(name, value) for name, value in facts.items() if name not in NOT_KEPT}
    if signal is not None:
        root.facts["signal"] = signal
    root.restricted = is_restricted(root.facts.get("category"), loaded.people)
    root.save(force_insert=True)
    school.last_number = root.number
    school.save(update_fields=["last_number"])
    involve(root, roles)
    if excluded := given.people.get("exclude"):
        involve(root, {p.pk: frozenset({"excluded"}) for p in excluded})
        act.loaded = replace(act.loaded, barred=frozenset(p.pk for p in excluded))
    if facts.get("help_contact") == "confidential_counsellor" and not root.restricted:  # who is asked for help reads the call
        asked_for = telling.holders(school, {"confidential_counsellor"}) - act.loaded.barred
        involve(root, dict.fromkeys(asked_for, frozenset({"reader"})))
    if root.owner_id is None:
        root.owner = telling.first_owner(root, loaded.people)
    entry = write(act, root, step, given, change)
    return finish(act, root, entry, asked, key)


def _open_root(
    school: School, step: str, by: Any, data: Mapping[str, Any], answers: Mapping[str, str] | None, key: str | None
) -> Outcome:  # fmt: skip
    """Open a consent, a connection or an account at a school whose row is locked."""
    actor, person = actor_of(by, school)
    found = protocol_for(school, clock.today())
    given = read_step(step, data, school, found)
    root = roots.prepare(school, step, person, given)
    act = Act(unopened(root, roots.people_of([root], clock.today())[0]), actor, person, answers or {})
    asked = act.facts(root, step, given.as_facts())
    change = take(act, root, step, asked, given)
    seal_packs(act.loaded.protocol)
    keep(act, root, step, given, asked)
    if root.type != "consent" and "employee" in actor.roles:
        root.owner = by.user if isinstance(by, Person) else by
    root.number = school.last_numbers[root.type] = school.last_numbers.get(root.type, 0) + 1
    root.save(force_insert=True)
    school.save(update_fields=["last_numbers"])
    entry = write(act, root, step, given, change)
    return finish(act, root, entry, asked, key)


def open_child(
    incident: Case, step: str, *, by: Any, data: Mapping[str, Any], answers: Mapping[str, str] | None = None, key: str | None = None,
    seen_version: int | None = None,
) -> Outcome:  # fmt: skip
    """Open a track of an incident: `measure.propose`, `police.consider` or `takedown.request` (also of a consent).

    Raises:
        InvalidData, StepDenied, StalePage: see `perform`.
    """
    return perform(new_track(incident, step), step, by=by, data=data, answers=answers, key=key, seen_version=seen_version)


@act_once
def perform(
    case: Case, step: str, *, by: Any, data: Mapping[str, Any] | None = None, answers: Mapping[str, str] | None = None,
    key: str | None = None, seen_version: int | None = None,
) -> Outcome:  # fmt: skip
    """Take `step` on `case`. The only way a state changes.

    Args:
        case: one that stands by itself, or a track of it.
        step: `type.step` as in `vocabulary.STEPS`.
        by: who acts.
        data: fields of the step. answers: reasons by article id for lines of strength `answer`.
        key: the form's key (idempotency). seen_version: `root.log_count` when the page was made.

    Raises:
        StepDenied: the protocol or the state refuses; carries every reason.
        InvalidData: a value cannot be read, or a required field is missing and no line says so.
        StalePage: another step was taken since the page was made.
    """
    act, case = begin(case, by, answers)
    refuse_stale(act.root, seen_version)
    given = read_step(step, data or {}, act.root.school, act.loaded.protocol)
    if case.type in roots.TOPIC:
        roots.settle(step, given, act.person, act.root.school)
    elif case.type == "measure":
        given = _about_somebody(act, case, step, given)
    elif case.pk is None:
        case.person = given.person
    elif step == "incident.discuss" and given.person is None and sum("suspect" in p.case_roles for p in act.loaded.people) > 1:
        raise InvalidData({"person": _("Name whom it concerns.")})
    elif joining := roles_in(given):
        act.loaded = act.loaded.joined_by(joining)
    asked = act.facts(case, step, given.as_facts())
    change = take(act, case, step, asked, given)
    keep(act, case, step, given, asked)
    if case.pk is None:
        case.opened_by = act.person
        case.save(force_insert=True)
    entry = write(act, case, step, given, change)
    if step == "incident.withdraw":
        calling_off.stop_mails(act.root)
    return finish(act, case, entry, asked, key)


@act_once
def record(
    incident: Case, milestone: str, *, by: Any, person: Person | None = None, data: Mapping[str, Any] | None = None,
    answers: Mapping[str, str] | None = None, key: str | None = None,
) -> Outcome:  # fmt: skip
    """Record a milestone on a case that stands by itself: a dated fact that changes no state.

    Args:
        milestone: a key of `vocabulary.MILESTONES` for its type.
        person: whom it concerns; by default the only one it can concern.
        data: fields of the milestone; `happened` backdates it (default now).

    Raises:
        InvalidData, StepDenied: see `perform`.
    """
    spec = MILESTONES.get(incident.type, {}).get(milestone)
    if spec is None:
        raise InvalidData({"milestone": _("There is no milestone “%(name)s”.") % {"name": milestone}})
    step = f"record.{milestone}"
    act, root = begin(incident, by, answers)
    fields = (*spec.fields, "person")
    told = {**(data or {}), **({"person": person} if person else {})}
    given = read(told, fields, spec.required, school=root.school, case_type=root.type)
    if spec.person and given.person is None:
        given.people["person"] = [consequences.whom(milestone, act.loaded)]
    if milestone == "parents_informed":
        given.facts.setdefault("reached", True)
    asked = act.facts(root, step, given.as_facts())
    take(act, root, step, asked, given)
    entry = write(act, root, step, given, None)
    consequences.after_record(act.loaded, milestone, entry, given)
    return finish(act, root, entry, asked, key)


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
    known = {p.id for p in act.loaded.people if p.case_roles}
    wards = Guardianship.objects.filter(pupil=person, guardian__in=[int(p.id) for p in suspects if p.kind == "parent"])
    if person.kind == "pupil" and str(person.pk) not in known and not wards.exists():
        raise InvalidData({"person": _("This person is not in the case.")})
    case.person = person
    given.people["person"] = [person]
    parents = {p.id for p in suspects if p.kind == "parent"}
    childs = any(p.id == str(person.pk) and "suspect" in p.case_roles for p in act.loaded.people)
    if person.kind == "pupil" and parents and not childs:
        given.facts["falls_on_child"] = True
    given.facts.setdefault("falls_on_child", False)
    return given


__all__ = [
    "ANONYMOUS", "ROLE_OF_FIELD", "SYSTEM", "WITHDRAW_WITHIN", "InvalidData", "Outcome", "StalePage", "StepDenied", "correct_person",
    "denials", "denials_loaded", "erase_words", "hand_over_case", "open_case", "open_child", "perform", "record", "retract",
]  # fmt: skip
