"""Who acts: a user, a person behind a personal link, or nobody with a row, and with which roles at a school."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, FilteredRelation, Q

from workflows import clock, guards
from workflows.access import person_of, roles_of, with_stand_ins
from workflows.models import Person, School
from workflows.models.people import Dated
from workflows.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Nobody:
    """Somebody who acts without a row: the system itself, or an anonymous reporter."""

    role: str
    is_active: bool = True


SYSTEM = Nobody("system")
ANONYMOUS = Nobody("anonymous")

_held = "user__kc_memberships"
_ACTING = Prepared(
    lambda school, user, day: Person.objects.filter(school=school, user=user).annotate(
        held=FilteredRelation(_held, condition=Q(**{f"{_held}__school": school}) & Dated.active(day, f"{_held}__")),
        role=F("held__role"), acting_for=F("held__acting_for"),
    ).only("school", "user", "kind", "given_name", "family_name").order_by(),
    int, int, date,
)  # fmt: skip
"""Somebody's row at a school, once for each role they hold today (once with no role where they hold none)."""


def actor_of(by: Any, school: School) -> tuple[guards.Actor, Person | None]:
    """Return who `by` is to the rules of `school`, with their row where they have one."""
    if isinstance(by, Nobody):
        return guards.Actor(id="", roles=frozenset({by.role})), None
    return actor_for(by, school)


def actor_for(user: Any, school: School) -> tuple[guards.Actor, Person | None]:
    """Return who `user` is to the rules at `school`, with their row; roles include those of deputies.

    A pupil or guardian without a staff role acts as `pupil` or `guardian`.
    """
    person, roles = _acting(user, school)
    if not roles and person is not None:
        roles = frozenset({{"parent": "guardian"}.get(person.kind, person.kind)} - {"employee"})
    return guards.Actor(id=str(person.pk) if person else "", roles=roles), person


def _acting(user: Any, school: School) -> tuple[Person | None, frozenset[str]]:
    if isinstance(user, Person):
        return user, roles_of(user.user, school)
    if user is None or isinstance(user, AnonymousUser) or not user.is_active:
        return person_of(user, school), frozenset()
    day = clock.today()
    rows = _ACTING(school.pk, user.pk, day)
    if not rows:
        return None, roles_of(user, school)
    return rows[0], with_stand_ins([(row.role, row.acting_for) for row in rows if row.role], school.pk, day)
