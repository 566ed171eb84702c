"""What waits for somebody's decision, what they asked others to decide, and how much that is for the menu.

Who may see it is `access`; who decides, by the case's own protocol, is `deciders` (measures) and `decisions` (connections and
accounts). Reading only, in a number of queries that does not grow with what waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from workflows import clock
from workflows.access import Standing, roles_of, roots_seen_by, seen_by, standing_of, visible_roots, visible_to
from workflows.deciders import UNDECIDED, decided_by
from workflows.decisions import DECISIONS, decidable, facts_of, for_reader
from workflows.models import Case, School
from workflows.pinned import protocol_of
from workflows.prepared import Prepared
from workflows.shapes import INITIAL

MOST = 200
"""Rows looked at of each kind; a school where more waits has another problem."""


@dataclass(frozen=True, slots=True)
class Approvals:
    """What is to be decided by this person, and what they asked: measures, and beside them connections and accounts."""

    waiting: list[Case]
    asked: list[Case]
    requests: list[Case]
    requested: list[Case]


def approvals(user: Any, school: School | None = None) -> Approvals:
    """Return the measures that wait for `user`'s decision by their protocol, as first or as second, and those they proposed themselves.

    Beside them the connections and accounts, likewise.

    Args:
        user: a Django user.
        school: of this school alone; without it the connections and accounts they asked for are left out.
    """
    seen = visible_to(user).values("pk")
    rows = Case.objects.filter(type="measure", parent__in=seen, state__in=UNDECIDED)
    if school is not None:
        rows = rows.filter(school=school)
    proposed: list[Case] = []
    asked: list[Case] = []
    for measure in _with_people(rows)[:MOST]:
        own = measure.opened_by is not None and measure.opened_by.user_id == user.pk
        (asked if own else proposed).append(measure)
    roles = {school.pk: roles_of(user, school) for school in {measure.school for measure in proposed}}
    requests, requested = _requests(user, school)
    return Approvals(decided_by(proposed, roles), asked, requests, requested)


def _with_people(rows: QuerySet[Case]) -> QuerySet[Case]:
    """Load with cases what says who decides on them, the oldest first."""
    return rows.select_related("parent", "parent__school", "school", "person", "opened_by").order_by("opened_at")


def _requests(user: Any, school: School | None) -> tuple[list[Case], list[Case]]:
    """Return the undecided connections and accounts that wait for `user`, and those they opened and somebody else decides about."""
    rows = visible_roots(user, *DECISIONS).filter(state__in=[INITIAL[one] for one in DECISIONS])
    if school is not None:
        rows = rows.filter(school=school)
    found = list(rows.select_related("school", "person", "opened_by").defer("school__logo").order_by("opened_at")[:MOST])
    waiting = for_reader(user, found)
    if school is None:
        return waiting, []
    own = [case for case in found if case not in waiting and case.opened_by is not None and case.opened_by.user_id == user.pk]
    return waiting, [case for case, facts in zip(own, facts_of(own, None), strict=True) if decidable(facts, protocol_of(case))]


def count_waiting(user: Any) -> int:
    """Return how many measures, connections and accounts wait for the decision of `user`, a member of staff, for the menu.

    Every page shows it, so what may wait is asked in one query that is compiled once per set of roles.
    """
    today = clock.today()
    standing = standing_of(user, today)
    keys = [
        key for one in standing for (key,) in _undecided(one.roles, len(one.groups))(user.pk, one.school, today, *one.groups)
    ]  # fmt: skip
    if not keys:
        return 0
    rows = list(_with_people(Case.objects.filter(pk__in=keys)))
    measures = decided_by((one for one in rows if one.type == "measure"), {one.school: one.roles for one in standing})
    return len(measures) + len(for_reader(user, (one for one in rows if one.type in DECISIONS)))


@lru_cache(maxsize=200)
def _undecided(roles: frozenset[str], groups: int) -> Prepared:
    """Return the query for what is undecided at a school and seen by staff with these roles and so many groups, by key."""

    def asked(user: int, school: int, day: date, *own: int) -> QuerySet[Any, Any]:
        standing = [Standing(school, roles, own)]
        seen = seen_by(user, standing, day).order_by().values("pk")
        measures = Case.objects.filter(type="measure", state__in=UNDECIDED, school=school, parent__in=seen).exclude(opened_by__user=user)
        requests = roots_seen_by(user, standing, day, *DECISIONS).filter(state__in=[INITIAL[one] for one in DECISIONS], school=school)
        plain = requests.order_by().values_list("pk")
        found: QuerySet[Any, Any] = measures.order_by().values_list("pk").union(plain, all=True)[:MOST]
        return found

    return Prepared(asked, int, int, date, *[int] * groups)
