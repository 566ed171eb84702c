"""Who acts: a user, a person behind a personal link, or nobody with a row, and with which roles at a school."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import F, FilteredRelation, Q

from workflows import clock, situation
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

TOLD = ("director", "board", "manager", "confidential_counsellor", "ict_coordinator", "mediamaster", "communications")
"""Roles that are told of a step because somebody has to act on it."""

_role = "user__kc_memberships__"
_STAFF = Prepared(
    lambda school, user, day: Person.objects.filter(
        Q(**{f"{_role}role__in": (*TOLD, "deputy")}) | Q(**{f"{_role}user": user}),
        Dated.active(day, _role), school=school, **{f"{_role}school": school},
    ).annotate(role=F(f"{_role}role"), acting_for=F(f"{_role}acting_for"))
    .only("school", "user", "kind", "given_name", "family_name").order_by(),
    int, int, date,
)  # fmt: skip


def staff_at(school: School, by: Any = None) -> list[Any]:
    """Return the people of `school` who may have to be told of a step, and who acts: once for each role they hold today."""
    return _STAFF(school.pk, by.pk if isinstance(by, AbstractBaseUser) else 0, clock.today())


def actor_of(by: Any, school: School, staff: Callable[[], Iterable[Any]] = tuple) -> tuple[situation.Actor, Person | None]:
    """Return who `by` is to the rules of `school`, with their row where they have one.

    Args:
        staff: gives the rows of `staff_at`, where a caller asks for these in any case.
    """
    if isinstance(by, Nobody):
        return situation.Actor(id="", roles=frozenset({by.role})), None
    return actor_for(by, school, staff)


def actor_for(user: Any, school: School, staff: Callable[[], Iterable[Any]] = tuple) -> tuple[situation.Actor, Person | None]:
    """Return who `user` is to the rules at `school`, with their row; roles include those of deputies.

    A pupil or guardian without a staff role acts as `pupil` or `guardian`. `staff`: see `actor_of`.
    """
    person, roles = _acting(user, school, staff)
    if not roles and person is not None:
        roles = frozenset({{"parent": "guardian"}.get(person.kind, person.kind)} - {"employee"})
    return situation.Actor(id=str(person.pk) if person else "", roles=roles), person


def _acting(user: Any, school: School, staff: Callable[[], Iterable[Any]]) -> tuple[Person | None, frozenset[str]]:
    if isinstance(user, Person):
        return user, roles_of(user.user, school)
    if user is None or isinstance(user, AnonymousUser) or not user.is_active:
        return person_of(user, school), frozenset()
    day = clock.today()
    rows = [row for row in staff() if row.user_id == user.pk] or _ACTING(school.pk, user.pk, day)
    if not rows:
        return None, roles_of(user, school)
    return rows[0], with_stand_ins([(row.role, row.acting_for) for row in rows if row.role], school.pk, day)
