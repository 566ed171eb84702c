"""Who decides on a measure by its case's protocol, for many measures at once: first, and where it asks a second role, second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from workflows import clock, facts, protocol, situation
from workflows.access import holders_of
from workflows.data import from_json
from workflows.models import Case, Involvement, LogEntry
from workflows.models.people import age_on
from workflows.pinned import protocol_of
from workflows.vocabulary import CASE_ROLES

DECIDERS = frozenset({"director", "board", "manager"})
"""Roles to whom cases are brought."""

UNDECIDED = ("proposed", "approved")
"""States of a measure in which a decision may be awaited: the first, or that of a second role."""


def decided_by(measures: Iterable[Case], roles: Mapping[int, frozenset[str]]) -> list[Case]:
    """Return those of these proposed or approved measures on which somebody with these roles, by school, still decides.

    Args:
        measures: measures with their parent, the school of each, and the person.
        roles: by the key of the school.
    """
    rows = list(measures)
    deciding = _who_decides(rows) if rows else {}
    return [one for one in rows if deciding[one.pk] & roles.get(one.school_id, frozenset())]


def _who_decides(rows: Sequence[Case]) -> dict[int, frozenset[str]]:
    """Return the roles that decide on each of these measures, by key; one query for the people of all of them.

    Only what says who decides is looked at: the measure, its incident and who is in it; of the log the approvals alone.
    """
    day = clock.today()
    incidents = {measure.parent_id for measure in rows}
    people: dict[int | None, dict[int, situation.Person]] = {key: {} for key in incidents}
    parties: dict[int | None, set[int]] = {key: set() for key in incidents}
    known = Involvement.objects.filter(case__in=incidents, masked=False, role__in=CASE_ROLES)
    for case_id, role, pk, user, kind, born in known.values_list(
        "case_id", "role", "person_id", "person__user_id", "person__kind", "person__birth_date"
    ):
        if role != "reporter":
            parties[case_id].add(user)
        before = people[case_id].get(pk)
        roles = frozenset({role}) | (before.case_roles if before else frozenset())
        people[case_id][pk] = situation.Person(id=str(pk), kind=kind, case_roles=roles, age=age_on(born, day))
    given = _approvals(one for one in rows if one.state == "approved")
    found = {}
    directors: dict[int, frozenset[int]] = {}
    for measure in rows:
        root, about = measure.parent or measure, measure.person
        there = dict(people[measure.parent_id])
        if about is not None and about.pk not in there:
            there[about.pk] = situation.Person(id=str(about.pk), kind=about.kind, age=age_on(about.birth_date, day))
        asked = situation.Facts(
            step="measure.approve", case_type="measure", case_id=str(measure.pk), by=None, now=clock.now(), today=day,
            sector=measure.school.sector, legal_form=measure.school.legal_form, data={}, case={**from_json(measure.facts), "state": measure.state},
            incident={**from_json(root.facts), "state": root.state}, people=tuple(there.values()),
            subjects=(str(about.pk),) if about else (), settings=measure.school.settings,
        )  # fmt: skip
        roles = protocol.expected_roles(protocol_of(root), asked)
        if measure.state == "approved":
            roles &= protocol.second_roles(protocol_of(root), replace(asked, step="measure.impose", records=given.get(measure.pk, ())))
        if "director" in roles and "board" not in roles:  # where everybody who is director is a party, the next level decides (KC-35)
            if measure.school_id not in directors:
                directors[measure.school_id] = holders_of(measure.school, "director")
            if directors[measure.school_id] and directors[measure.school_id] <= parties[measure.parent_id]:
                roles = roles - {"director"} | {"board"}
        found[measure.pk] = roles
    return found


def _approvals(measures: Iterable[Case]) -> dict[int, tuple[situation.Record, ...]]:
    """Return the approvals that these measures have, by key; no query where there are none of them."""
    entries: dict[int, list[tuple[object, ...]]] = {one.pk: [] for one in measures}
    if entries:
        rows = LogEntry.objects.filter(case__in=entries, step="measure.approve").order_by("n").values_list(*facts.ENTRY)
        for row in rows:
            entries[row[1]].append(row)
    return {key: facts.records_of(own, {}) for key, own in entries.items()}
