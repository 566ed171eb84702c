"""The same step for many consents at once: a round that asks, a school year that ends.

What is checked, changed and written for each of them is what `workflows.commands` does for one; only the rows are fetched and
written together, in a number of queries that does not grow with them. Nobody is told by mail here: a round does that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from workflows import clock, consequences, log, roots
from workflows.actors import SYSTEM, actor_of
from workflows.acts import KEPT, Act, entry_facts, read_step
from workflows.data import Data
from workflows.facts import load_many, typed
from workflows.forecasts import stand_in_denials, twin_denials
from workflows.machine import Asking, Change, StepDenied
from workflows.models import Case, Duty, School
from workflows.pinned import protocol_for, seal_packs
from workflows.prepared import insert, update_many
from workflows.protocol import Denial
from workflows.situation import Facts

BATCH = 500
"""Rows written in one statement: what every database takes at once."""


@transaction.atomic
def open_many(school: School, rows: Iterable[Mapping[str, Any]], *, by: Any) -> list[Case]:
    """Ask for many consents (`consent.request`), all or none. What was asked already and still stands is left as it is.

    Args:
        school: the school of all of them; its row is locked until the end.
        rows: fields of `consent.request` in `vocabulary.STEPS`, people as rows.
        by: who asks.

    Returns:
        The consents that were opened, in the order of `rows`.

    Raises:
        InvalidData: a value cannot be read. StepDenied: the protocol refuses one of them; with every reason of all.
    """
    step = "consent.request"
    school = School.objects.select_for_update().get(pk=school.pk)
    actor, opener = actor_of(by, school)
    found = protocol_for(school, clock.today())
    read = [read_step(step, row, school, found) for row in rows]
    prepared = [(roots.prepare(school, step, opener, given), given) for given in read]
    standing = roots.standing([case.person_id for case, _ in prepared])
    fresh: dict[tuple[int | None, str], tuple[Case, Data]] = {}
    for case, given in prepared:
        if (case.person_id, case.topic) not in standing:
            fresh.setdefault((case.person_id, case.topic), (case, given))
    new = list(fresh.values())
    acts = [Act(loaded, actor, opener, {}) for loaded in load_many([case for case, _ in new])]
    asked = [act.facts(act.root, step, given.as_facts()) for act, (_, given) in zip(acts, new, strict=True)]
    changes = _take(acts, step, asked, [given for _, given in new])
    if acts:
        seal_packs(acts[0].loaded.protocol)
    for act, (case, given), facts in zip(acts, new, asked, strict=True):
        roots.keep(case, given, act.loaded.protocol, facts)
        case.number = school.last_numbers["consent"] = school.last_numbers.get("consent", 0) + 1
    school.save(update_fields=["last_numbers"])
    cases = [case for case, _ in new]
    for start in range(0, len(cases), BATCH):
        _insert(cases[start : start + BATCH])
    _write(acts, step, asked, [given for _, given in new], changes)
    return cases


@transaction.atomic
def perform_many(cases: Iterable[Case], step: str, *, by: Any, data: Mapping[str, Any] | None = None) -> list[Case]:
    """Take the same step on many consents of one school, all or none.

    Args:
        by: who acts. data: the same for each, as for `commands.perform`.

    Returns:
        The consents as they are now.

    Raises:
        InvalidData: a value cannot be read. StepDenied: the protocol or a state refuses; with every reason of all.
    """
    # Without a join: MariaDB would lock the school's row too.
    rows = Case.objects.select_for_update().filter(pk__in=[case.pk for case in cases]).prefetch_related("person")
    locked = [typed(case) for case in rows.order_by("pk")]
    if not locked:
        return []
    school = School.objects.get(pk=locked[0].school_id)
    for case in locked:
        case.school = school
    actor, person = actor_of(by, school)
    acts = [Act(loaded, actor, person, {}) for loaded in load_many(locked)]
    given = [read_step(step, data or {}, school, act.loaded.protocol) for act in acts]
    asked = [act.facts(act.root, step, one.as_facts()) for act, one in zip(acts, given, strict=True)]
    if twins := [one for case in locked for one in twin_denials(case, step)]:
        raise StepDenied(tuple(twins))
    changes = _take(acts, step, asked, given)
    for act, one, facts in zip(acts, given, asked, strict=True):
        roots.keep(act.root, one, act.loaded.protocol, facts)
    _write(acts, step, asked, given, changes)
    return locked


def expire_many(cases: Iterable[Case]) -> list[Case]:
    """Let many consents of one school expire whose term is over; see `perform_many`."""
    return perform_many(cases, "consent.expire", by=SYSTEM)


def _take(acts: Sequence[Act], step: str, asked: Sequence[Facts], given: Sequence[Data]) -> list[Change]:
    """Ask the protocol about each and make the transitions.

    Raises:
        StepDenied: one of them is refused.
    """
    refused: dict[Denial, None] = {}
    asking = [Asking(act.loaded.protocol, facts, {}) for act, facts in zip(acts, asked, strict=True)]
    missing: dict[str, str] = {}
    for act, one, told in zip(acts, asking, given, strict=True):
        denied = one.denials(act.root.state) + stand_in_denials(act.loaded, step) + consequences.lacking_in_letters(one, act.root.school)
        refused.update(dict.fromkeys(denied))
        missing |= told.missing
    if refused or missing:
        raise StepDenied(tuple(refused), missing)
    return [getattr(act.root, step.split(".", 1)[1])(one) for act, one in zip(acts, asking, strict=True)]


def _insert(cases: Sequence[Case]) -> None:
    """Write new cases; where the database tells no keys of several rows they are asked for."""
    insert(cases)
    if any(case.pk is None for case in cases):
        keys = dict(Case.objects.filter(key__in=[case.key for case in cases]).values_list("key", "pk"))
        for case in cases:
            case.pk = keys[case.key]


def _write(acts: Sequence[Act], step: str, asked: Sequence[Facts], given: Sequence[Data], changes: Sequence[Change]) -> None:
    """Write an entry for each, start and fulfil duties, and save the roots."""
    now = clock.now()
    pending = []
    for act, told, change in zip(acts, given, changes, strict=True):
        root = act.root
        pending.append(
            log.make(
                root, root, step, by=act.person, by_roles=sorted(act.actor.roles), person=told.person or root.person,
                facts=entry_facts(told), words=told.words, source=change.source, target=change.target, happened_at=told.facts.get("happened"),
            )
        )  # fmt: skip
        root.changed_at = now
    for start in range(0, len(pending), BATCH):
        log.write(pending[start : start + BATCH])
    started: list[Duty] = []
    for act, told, one, facts in zip(acts, given, pending, asked, strict=True):
        act.loaded = act.loaded.after(one.entry, act.root, told.words)
        started += consequences.duties_of(act.loaded, act.root, one.entry, facts, {})
        consequences.queue_letters(act.loaded, act.root, one.entry, facts)
        consequences.fulfil_duties(act.loaded, one.entry)
    for start in range(0, len(started), BATCH):
        insert(started[start : start + BATCH])
    update_many([act.root for act in acts], *KEPT)

