"""Who somebody is at a school: their roles today, and which incidents they may see.

Seeing is a queryset (`visible_to`), doing is `denials`; there is no third place. Roles come from dated rows alone:
never from the platform's course roles, never from superuser status.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from workflows import clock
from workflows.models import Case, Enrolment, Guardianship, Incident, Involvement, LogEntry, Membership, Person, School
from workflows.models.people import Authority, Dated
from workflows.prepared import Prepared

STAND_IN_BY_BOARD = ("director", "manager", "ict_coordinator", "communications", "personnel", "coordinator", "mediamaster")
"""Roles the board fills itself on a day on which nobody holds them and nobody stands in."""

WHOLE_SCHOOL = ("director", "board", "dpo", "coordinator")
"""Roles that see every incident of their school that is not restricted."""

STAFF_CASES = ("manager", "personnel")
"""Roles that see incidents in which a member of staff is the one concerned."""

_KNOWS_EVERYBODY = frozenset({*WHOLE_SCHOOL, *STAFF_CASES, "communications"})
"""Roles that see all names in a case they may see."""

CONFIDENTIAL = ("director", "board", "dpo", "manager", "personnel", "communications")
"""Roles that see an incident handled in confidence (OOG-4.3-4c: as our default its only readers beside the DPO)."""

ICT_CATEGORIES = ("technical", "security", "unwanted_site", "hate_mail", "account_takeover", "account_access")
"""What an ICT coordinator sees without being asked along."""


def roles_of(user: Any, school: School, on: date | None = None) -> frozenset[str]:
    """Return every role `user` holds at `school` on a day (default today), deputies' roles included.

    A deputy holds `deputy` and the role stood in for. The board holds a role that nobody else holds that day.
    """
    if user is None or isinstance(user, AnonymousUser) or not user.is_active:
        return frozenset()
    day = on or clock.today()
    rows = Membership.objects.filter(Dated.active(day), school=school, user=user)
    return with_stand_ins(list(rows.values_list("role", "acting_for")), school.pk, day)


def with_stand_ins(own: list[tuple[str, str]], school_id: int, day: date) -> frozenset[str]:
    """Return the roles that somebody's rows at a school give them: their own, those stood in for, those the board fills."""
    roles = {role for role, _ in own} | {acting for _, acting in own if acting}
    if "board" in roles:
        rows = Membership.objects.filter(Dated.active(day), school=school_id)
        held = {name for pair in rows.values_list("role", "acting_for").distinct() for name in pair}
        roles |= set(STAND_IN_BY_BOARD) - held
    if roles:
        roles.add("employee")
    return frozenset(roles)


def person_of(user: Any, school: School) -> Person | None:
    """Return the person that `user` is at `school`."""
    if user is None or isinstance(user, AnonymousUser):
        return None
    return Person.objects.filter(school=school, user=user).first()


def schools_of(user: Any) -> QuerySet[School]:
    """Return the schools at which `user` is a member of staff today or a pupil."""
    if user is None or isinstance(user, AnonymousUser) or not user.is_active:
        return School.objects.none()
    today = clock.today()
    staff = Membership.objects.filter(Dated.active(today), user=user).values("school")
    pupil = Enrolment.objects.filter(Dated.active(today), person__user=user).values("person__school")
    return School.objects.filter(Q(pk__in=staff) | Q(pk__in=pupil), is_active=True)


def _involved(roles: list[str] | None = None, **conditions: Any) -> Q:
    rows = Involvement.objects.filter(case=OuterRef("pk"), masked=False, **conditions)
    return Q(Exists(rows.filter(role__in=roles) if roles else rows))


_CONCERNED = ["target", "suspect", "participant", "sharer", "bystander"]


def visible_to(user: Any) -> QuerySet[Incident]:
    """Return the incidents that `user` may see today; the page shows each of them as far as `view_of` says.

    - director, board, coordinator, DPO: those of their school; manager, personnel: those about staff;
    - mentor: those in which a pupil of their group is concerned; ICT coordinator: technical ones;
    - whoever opened or owns one, and whoever it was shared with, while they are staff of the school;
    - a pupil: an own case after the talk or a release, never under a police hold or on the hard route;
    - restricted (staff-suspect, sexual): the board's named persons alone;
    - nobody sees one in which they are the suspect as staff, or from which the reporter kept them out.
    """
    if user is None or isinstance(user, AnonymousUser) or not user.is_active:
        return Incident.objects.none()
    today = clock.today()
    return seen_by(user.pk, standing_of(user, today), today)


REGISTERS: Mapping[str, frozenset[str]] = {
    "consent": frozenset({"director", "board", "dpo", "coordinator", "administrator", "communications", "mediamaster"}),
    "friend_request": frozenset({"director", "board", "dpo", "coordinator"}),
    "account": frozenset({"director", "board", "dpo", "coordinator", "ict_coordinator", "communications", "administrator"}),
}
"""Roles that see every consent, connection or account of their school."""


def visible_roots(user: Any, *case_types: str) -> QuerySet[Case]:
    """Return the consents, connections or accounts that `user` may see today.

    - whoever holds a role of `REGISTERS`: those of the school;
    - consent: a mentor those of the pupils of the own groups; everybody those about themselves;
    - connection: a mediamaster the requests to the school's page; a member of staff the own ones, but not
      what a pupil or parent told about them; a pupil those they declared;
    - account: a member of staff the own ones, and those in use.

    A parent sees what concerns a child behind the personal link, never here. A pupil sees what is about themselves, and of
    connections those they told of, never one that somebody else declared.

    Args:
        case_types: of `consent`, `friend_request` and `account`.
    """
    if user is None or isinstance(user, AnonymousUser) or not user.is_active:
        return Case.objects.none()
    today = clock.today()
    return roots_seen_by(user.pk, standing_of(user, today), today, *case_types)


def roots_seen_by(user: int, standing: Sequence[Standing], today: date, *case_types: str) -> QuerySet[Case]:
    """Return what `visible_roots` says for the user with this key and standing; only the shape of the standing shapes the query."""
    seen = Q(pk__in=[])
    for case_type in case_types:
        seen |= Q(type=case_type) & _root_sight(user, case_type, standing, today)
    return Case.objects.filter(seen, type__in=case_types)


def _root_sight(user: int, case_type: str, standing: Iterable[Standing], today: date) -> Q:
    """Return which consents, connections or accounts somebody with this standing sees."""
    seen = Q(pk__in=[])
    for one in standing:
        here = Q(school_id=one.school)
        own = Q(person__user=user)
        if case_type != "consent":  # what a pupil or parent told about somebody is not for that somebody
            own = Q(opened_by__user=user) | own & (Q(opened_by=None) | Q(opened_by__kind="employee"))
        seen |= here & own
        if one.roles & REGISTERS[case_type]:
            seen |= here
        elif case_type == "consent" and one.groups:
            seen |= here & Q(person__in=Enrolment.objects.filter(Dated.active(today), group_id__in=one.groups).values("person"))
        elif case_type == "friend_request" and "mediamaster" in one.roles:
            seen |= here & Q(facts__target_account="school_page")
        elif case_type == "account":
            seen |= here & Q(state="approved")
    whose = {"consent": "person", "friend_request": "opened_by"}.get(case_type)
    if whose is not None:
        seen |= Q(Exists(Enrolment.objects.filter(Dated.active(today), person=OuterRef(whose), person__user=user)))
    return seen


def may_see(user: Any, root: Case) -> bool:
    """Whether `user` may see this incident, consent, connection or account today."""
    rows: QuerySet[Any] = visible_to(user) if root.type == "incident" else visible_roots(user, root.type)
    return rows.filter(pk=root.pk).exists()


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is as staff of one school on a day: roles, and the groups they are mentor of."""

    school: int
    roles: frozenset[str]
    groups: tuple[int, ...] = ()


def standing_of(user: Any, day: date, school: School | None = None) -> list[Standing]:
    """Return what `user` is as staff on a day, at each of their schools or at one."""
    staff = [row for row in _MEMBERSHIPS(user.pk, day) if school is None or row[0] == school.pk]
    schools = dict.fromkeys(row[0] for row in staff)
    return [standing_from(one, [row[1:] for row in staff if row[0] == one], day) for one in schools]


_MEMBERSHIPS = Prepared(
    lambda user, day: Membership.objects.filter(Dated.active(day), user=user).values_list("school_id", "role", "acting_for", "group_id"), int, date
)


def standing_from(school: int, rows: list[tuple[str, str, int | None]], day: date) -> Standing:
    """Return the standing that these rows at a school (role, acting for, group) give on a day."""
    groups = tuple(dict.fromkeys(group for role, _, group in rows if role == "mentor" and group))
    return Standing(school, with_stand_ins([(role, acting) for role, acting, _ in rows], school, day), groups)


def seen_by(user: int, standing: Iterable[Standing], today: date) -> QuerySet[Incident]:
    """Return what `visible_to` says for the user with this key and standing; only the shape of the standing shapes the query."""
    seen = Q(pk__in=[])
    for one in standing:
        seen |= Q(school_id=one.school) & _staff_sight(user, one.roles, one.groups, today)
    concerned = _involved(["target", "suspect", "participant", "sharer"], person__user=user, person__kind="pupil")
    told = Exists(
        LogEntry.objects.filter(
            root=OuterRef("pk"), step__in=["incident.discuss", "record.heard", "record.released"], person__user=user,
            retracted_by=None,
        )
    )  # fmt: skip
    held = Exists(Case.objects.filter(parent=OuterRef("pk"), type="police", facts__police_hold=True).exclude(state="concluded"))
    enrolled = Exists(Enrolment.objects.filter(Dated.active(today), person__user=user, person__school=OuterRef("school")))
    seen |= Q(concerned, told, enrolled) & ~Q(held) & Q(restricted=False)
    barred = _involved(["suspect"], person__user=user, person__kind="employee") | _involved(["excluded"], person__user=user)
    return Incident.objects.filter(seen, type="incident").exclude(barred)


def _staff_sight(user: int, roles: frozenset[str], groups: Sequence[int], today: date) -> Q:
    """Return which incidents of one school somebody with `roles` sees."""
    openly = Q(restricted=False, facts__confidential=False)
    personally = Q(owner=user) | Q(opened_by__user=user) | _involved(["reader"], person__user=user)
    seen = Q(restricted=False) & personally
    if roles & set(WHOLE_SCHOOL):
        seen |= openly
    if roles & set(CONFIDENTIAL):
        about_staff = _involved(["suspect"], person__kind="employee")
        wide = roles & {"director", "board", "dpo", "communications"}
        seen |= Q(restricted=False, facts__confidential=True) & (Q() if wide else about_staff)
    if roles & set(STAFF_CASES):
        seen |= Q(restricted=False) & _involved(["suspect"], person__kind="employee")
    if "ict_coordinator" in roles:
        seen |= openly & Q(facts__category__in=ICT_CATEGORIES)
    if groups:
        members = Enrolment.objects.filter(Dated.active(today), group_id__in=groups).values("person")
        seen |= openly & _involved(_CONCERNED, person__in=members)
    if "board" in roles:
        seen |= Q(restricted=True)
    return seen


@dataclass(frozen=True, slots=True)
class Sight:
    """How far somebody sees one incident: as staff or as the pupil concerned, and whose names."""

    as_staff: bool
    everybody: bool
    people: frozenset[int]

    def names(self, person: Person | int) -> bool:
        """Whether the name of `person` is shown."""
        return self.everybody or (person if isinstance(person, int) else person.pk) in self.people


def sight_of(user: Any, root: Case) -> Sight:
    """Return whose names `user` sees in `root`, which must be visible to them.

    In an incident across groups each mentor sees the own pupils, until the director shares it (a `reader`, or an owner). Of a
    consent, connection or account staff who may see it see everybody in it: they see those of their own pupils alone.
    """
    return sights_of(user, root.school, [root])[root.pk]


def sights_of(user: Any, school: School, roots: Iterable[Case]) -> dict[int, Sight]:
    """Return `sight_of` for many visible cases of one school, in a number of queries that does not grow with them."""
    roots = list(roots)
    roles = roles_of(user, school)
    if not roles:
        own = frozenset(Person.objects.filter(user=user, school=school).values_list("pk", flat=True))
        return {root.pk: Sight(False, False, own) for root in roots}
    everybody = Sight(True, True, frozenset())
    wide = bool(roles & _KNOWS_EVERYBODY)
    found = {root.pk: everybody for root in roots if wide or root.type != "incident" or root.owner_id == user.pk}
    rest = [root for root in roots if root.pk not in found]
    if not rest:
        return found
    person = person_of(user, school)
    rows = Involvement.objects.filter(case__in=[root.pk for root in rest], masked=False)
    reads = set(rows.filter(person__user=user, role="reader").values_list("case_id", flat=True))
    groups = Membership.objects.filter(Dated.active(clock.today()), user=user, school=school, role="mentor").values("group")
    members = Enrolment.objects.filter(Dated.active(clock.today()), group__in=groups).values("person")
    seen: dict[int, set[int]] = {}
    for case_id, person_id in rows.filter(Q(person__in=members) | Q(person__user=user)).values_list("case_id", "person_id"):
        seen.setdefault(case_id, set()).add(person_id)
    for root in rest:
        opened = person is not None and root.opened_by_id == person.pk
        found[root.pk] = everybody if opened or root.pk in reads else Sight(True, False, frozenset(seen.get(root.pk, ())))
    return found


def guardians_of(pupil: Person, on: date | None = None) -> list[Person]:
    """Return the guardians of `pupil` who have authority today; nobody whose authority is unknown, limited or absent."""
    ties = Guardianship.objects.filter(Dated.active(on or clock.today()), pupil=pupil, authority=Authority.YES)
    return [tie.guardian for tie in ties.select_related("guardian").order_by("pk")]


def board_readers(incident: Case) -> list[Any]:
    """Return the users who may open an incident on the hard route today: the board's named persons, without whom it is about."""
    users = get_user_model().objects.filter(pk__in=holders_of(incident.school, "board")).order_by("pk")
    return [user for user in users if visible_to(user).filter(pk=incident.pk).exists()]


def holders_of(school: School, *roles: str) -> frozenset[int]:
    """Return the ids of the users who hold one of `roles` at the school today; deputies count."""
    rows = Membership.objects.filter(Q(role__in=roles) | Q(acting_for__in=roles), Dated.active(clock.today()), school=school)
    return frozenset(rows.values_list("user", flat=True))
