"""What lapses soon, for a desk: connections and accounts that end or are to be looked at again, and accounts without an owner.

Reading only, a fixed number of queries. Ending itself is the clock's, and what a permission depends on the protocol's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from workflows import clock
from workflows.access import person_of, roles_of
from workflows.models import Case, Membership, School
from workflows.models.people import Dated
from workflows.registers import SOON, Row, told

KEEPERS: Mapping[str, frozenset[str]] = {
    "friend_request": frozenset({"director"}), "account": frozenset({"director", "ict_coordinator"}),
}  # fmt: skip
"""Roles that keep an eye on all connections or accounts of the school, beside the own ones."""

AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Lapse:
    """Something that asks for attention before it lapses: `why` is ends, review or ownerless, `day` when."""

    row: Row
    why: str
    day: date | None


def near(user: Any, school: School) -> list[Lapse]:
    """Return what of the reader's own, or of what they keep an eye on, lapses within `registers.SOON` days, the first first."""
    today = clock.today()
    roles, person = roles_of(user, school), person_of(user, school)
    wide = [case_type for case_type, keepers in KEEPERS.items() if roles & keepers]
    own = Q(person__user=user) | Q(opened_by__user=user)
    if person is not None:
        own |= Q(facts__stand_in=person.pk)
    owner = Membership.objects.filter(Dated.active(today), school=school, user=OuterRef("person__user"))
    rows = Case.objects.filter(Q(type__in=wide) | (own & Q(type__in=list(KEEPERS))), school=school, state="approved")
    rows = rows.annotate(owned=Exists(owner)).select_related("person", "school").defer("school__logo").order_by("until", "pk")
    soon = today + timedelta(days=SOON)
    found: list[tuple[Case, str, date | None]] = []
    for case in rows:
        review = date.fromisoformat(case.facts["review_on"]) if case.facts.get("review_on") else None
        if case.type == "account" and not case.owned:
            found.append((case, "ownerless", None))
        elif case.until is not None and case.until <= soon:
            found.append((case, "ends", case.until))
        elif review is not None and review <= today:
            found.append((case, "review", review))
    found.sort(key=lambda one: (one[2] or date.min, one[0].pk))
    shown = told([case for case, _why, _day in found[:AT_MOST]])
    return [Lapse(row, why, day) for row, (_case, why, day) in zip(shown, found, strict=False)]


def own_questions(user: Any, school: School) -> int:
    """Return how many consents about the reader wait for an answer."""
    return Case.objects.filter(school=school, type="consent", person__user=user, state="requested").count()
