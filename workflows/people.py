"""Acts on the people of a school: who is who, who is in which group, who holds which role, who has a say over whom.

Nobody gives a role to themselves: that would be a way around the protocol. Must not know what happens in a case, only
who owns one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from workflows import clock, vocabulary
from workflows.models import Case, Enrolment, Group, Guardianship, Incident, Membership, Outbox, Person, School
from workflows.models.people import Authority, Dated
from workflows.registry import MANAGING, PeopleError, begin, in_order, log, same_school, saved
from workflows.schooldays import AMSTERDAM
from workflows.shapes import LIVE

_PERSON = frozenset({
    "kind", "user", "number", "given_name", "family_name", "nicknames", "birth_date", "email", "phone", "address", "language",
})  # fmt: skip


@transaction.atomic
def add_person(school: School, *, by: Any, kind: str, given_name: str, **fields: Any) -> Person:
    """Add somebody to a school.

    Args:
        kind: pupil, employee, parent or outsider.
        fields: further fields of `Person`; `number` is the school's own number, never a citizen service number.

    Raises:
        PeopleError: an unknown field, or a number or account that somebody else of this school has.
    """
    begin(school, by)
    _known(fields)
    person = Person(school=school, kind=kind, given_name=given_name, **fields)
    _unique(person)
    saved(person)
    log(school, by, "person.add", person=person.pk)
    return person


@transaction.atomic
def change_person(person: Person, *, by: Any, **fields: Any) -> Person:
    """Change what is known of somebody; the log names the fields, not their content."""
    begin(person.school, by)
    _known(fields)
    changed = sorted(name for name, value in fields.items() if getattr(person, name) != value)
    for name in changed:
        setattr(person, name, fields[name])
    if changed:
        _unique(person)
        saved(person)
        log(person.school, by, "person.change", person=person.pk, fields=changed)
    return person


def _known(fields: Mapping[str, Any]) -> None:
    unknown = set(fields) - _PERSON
    if unknown:
        raise PeopleError(sorted(unknown)[0], _("This is not known of a person."))


def _unique(person: Person) -> None:
    others = Person.objects.filter(school_id=person.school_id).exclude(pk=person.pk)
    if person.number and others.filter(kind=person.kind, number=person.number).exists():
        raise PeopleError("number", _("Somebody else has this number."))
    if person.user_id and others.filter(user_id=person.user_id).exists():
        raise PeopleError("user", _("Somebody else of this school has this account."))


@transaction.atomic
def enrol(person: Person, group: Group, *, by: Any, starts: date | None = None, ends: date | None = None) -> Enrolment:
    """Put a pupil in a group; a place in another group ends the day before, and this one before a place that begins later.

    Args:
        starts: first day; today when left out.
        ends: last day, when it is known.

    Raises:
        PeopleError: no pupil, a group of another school, or the dates are the wrong way round.
    """
    school = person.school
    begin(school, by)
    same_school(school, group=group)
    starts = starts or clock.today()
    in_order(starts, ends)
    if person.kind != "pupil":
        raise PeopleError("person", _("Only pupils are in a group."))
    for old in Enrolment.objects.filter(Dated.active(starts), person=person):
        if old.starts >= starts:  # corrected on the day itself
            old.group, old.ends = group, ends
            old.save()
            log(school, by, "enrolment.change", person=person.pk, group=group.pk)
            return old
        old.ends = starts - timedelta(days=1)
        old.save()
    later = Enrolment.objects.filter(person=person, starts__gt=starts).order_by("starts").first()
    if later is not None and (ends is None or ends >= later.starts):
        ends = later.starts - timedelta(days=1)
    place: Enrolment = saved(Enrolment(person=person, group=group, starts=starts, ends=ends))
    log(school, by, "enrolment.add", person=person.pk, group=group.pk, starts=starts.isoformat())
    return place


@transaction.atomic
def end_enrolment(enrolment: Enrolment, *, by: Any, on: date) -> Enrolment:
    """End a pupil's place in a group on its last day `on`; access to cases through it ends with that day."""
    school = enrolment.person.school
    begin(school, by)
    enrolment.ends = max(on, enrolment.starts)
    enrolment.save()
    log(school, by, "enrolment.end", person=enrolment.person_id, group=enrolment.group_id, ends=enrolment.ends.isoformat())
    return enrolment


@transaction.atomic
def add_guardian(
    pupil: Person, guardian: Person, *, by: Any, authority: str = Authority.UNKNOWN, relation: str = "",
    hides_address: bool = False, starts: date | None = None, ends: date | None = None,
) -> Guardianship:  # fmt: skip
    """Tie a parent or carer to a pupil, or change the tie there is.

    Args:
        authority: yes, no, unknown or court_limit; only `yes` receives letters and answers for the pupil.
        hides_address: the other parent may not see this one's address.

    Raises:
        PeopleError: a person of another school or kind, or unknown authority words.
    """
    school = pupil.school
    begin(school, by)
    same_school(school, guardian=guardian)
    if pupil.kind != "pupil" or guardian.kind not in ("parent", "employee"):
        raise PeopleError("guardian", _("A parent or carer is tied to a pupil."))
    tie = Guardianship.objects.filter(pupil=pupil, guardian=guardian).first()
    what = "guardian.change" if tie else "guardian.add"
    tie = tie or Guardianship(pupil=pupil, guardian=guardian, starts=starts or clock.today())
    tie.starts = starts or tie.starts
    in_order(tie.starts, ends)
    before = (tie.authority, tie.ends) if tie.pk else (Authority.UNKNOWN, None)
    tie.authority, tie.relation, tie.hides_address, tie.ends = authority, relation, hides_address, ends
    saved(tie)
    if before != (tie.authority, tie.ends):
        _say_changed(tie)
    log(school, by, what, pupil=pupil.pk, guardian=guardian.pk, authority=str(authority), hides_address=hides_address)
    return tie


@transaction.atomic
def end_guardian(tie: Guardianship, *, by: Any, on: date) -> Guardianship:
    """End a parent's tie to a pupil on its last day `on`: no letter goes to them afterwards."""
    school = tie.pupil.school
    begin(school, by)
    tie.ends = max(on, tie.starts)
    tie.save()
    _say_changed(tie)
    log(school, by, "guardian.end", pupil=tie.pupil_id, guardian=tie.guardian_id, ends=tie.ends.isoformat())
    return tie


def _say_changed(tie: Guardianship) -> None:
    """Queue that the pupil's consents are counted anew: now, and on the day after a tie has ended."""
    if not Case.objects.filter(school=tie.pupil.school_id, type="consent", state__in=LIVE["consent"]).exists():
        return
    now = clock.now()
    days = {now, *([datetime.combine(tie.ends + timedelta(days=1), time.min, AMSTERDAM)] if tie.ends else [])}
    for day in sorted(days):
        Outbox.objects.create(
            key=f"say:{tie.pk}:{uuid.uuid4().hex}", kind="recount", person=tie.pupil, payload={"guardian": tie.guardian_id}, created_at=now,
            not_before=day,
        )  # fmt: skip


@transaction.atomic
def add_membership(
    school: School, *, by: Any, user: Any, role: str, group: Group | None = None, acting_for: str = "",
    starts: date | None = None, ends: date | None = None,
) -> Membership:  # fmt: skip
    """Give somebody a role at a school.

    Args:
        group: for a mentor, whose group.
        acting_for: for a deputy, the role stood in for; then a last day is needed.
        starts: first day; today when left out.

    Raises:
        PeopleError: to oneself, an unknown role, a deputy without role or last day, a pupil, a role held already.
    """
    begin(school, by)
    same_school(school, group=group)
    starts = starts or clock.today()
    in_order(starts, ends)
    if by is not None and by == user:
        raise PeopleError("user", _("Nobody gives a role to themselves. Ask another administrator or the board."))
    if role not in vocabulary.STAFF_ROLES:
        raise PeopleError("role", _("This role is not known."))
    if role == "deputy" and acting_for not in set(vocabulary.STAFF_ROLES) - {"deputy"}:
        raise PeopleError("acting_for", _("Say for which role the deputy stands in."))
    if role == "deputy" and ends is None:
        raise PeopleError("ends", _("Somebody stands in for a time: fill in the last day."))
    if role != "deputy" and acting_for:
        raise PeopleError("acting_for", _("Only a deputy stands in for a role."))
    held = Membership.objects.filter(Dated.active(starts), school=school, user=user, role=role)
    if held.filter(group=group, acting_for=acting_for).exists():
        raise PeopleError("role", _("This person holds this role already."))
    _employee(school, user, by)
    member: Membership = saved(
        Membership(school=school, user=user, role=role, group=group, acting_for=acting_for, starts=starts, ends=ends)
    )
    log(school, by, "membership.add", membership=member.pk, user=user.pk, role=role, acting_for=acting_for)
    return member


def _employee(school: School, user: Any, by: Any) -> Person:
    """Return the member of staff that `user` is at the school, made when there is none."""
    person = Person.objects.filter(school=school, user=user).first()
    if person is not None and person.kind == "pupil":
        raise PeopleError("user", _("This is the account of a pupil."))
    if person is not None and person.kind == "employee":
        return person
    if person is not None:  # a parent who comes to work here stays a parent in their own row
        change_person(person, by=by, user=None)
    given, family = user.first_name, user.last_name
    if not given:  # Open edX leaves both empty and keeps one name, in the account's profile
        given, _space, family = str(getattr(getattr(user, "profile", None), "name", "")).strip().partition(" ")
    return add_person(school, by=by, kind="employee", user=user, given_name=given or user.get_username(), family_name=family, email=user.email)


def open_cases_of(user: Any, school: School) -> Any:
    """Return the open cases that `user` owns at `school`."""
    return Incident.objects.filter(school=school, owner=user, type="incident", state__in=vocabulary.OPEN)


@transaction.atomic
def end_membership(member: Membership, *, by: Any, on: date, hand_over_to: Any = None) -> Membership:
    """End somebody's role on its last day `on`; their access ends with that day.

    Args:
        on: last day. Today or earlier is leaving now; a later day is noted, and the set-up page names the cases to hand over.
        hand_over_to: the member of staff who becomes the owner of this person's open cases.

    Raises:
        PeopleError: the last administrator, one's own role made longer, or the person leaves the school with open cases.
    """
    school = member.school
    begin(school, by)
    if on < member.starts:
        raise PeopleError("ends", _("The last day is before the first day."))
    if by is not None and by == member.user and member.ends is not None and on > member.ends:
        raise PeopleError("ends", _("Nobody makes their own role longer."))
    later = on + timedelta(days=1)
    rest = Membership.objects.filter(Dated.active(later), school=school).exclude(pk=member.pk)
    if member.role in MANAGING and not rest.filter(role__in=MANAGING).exists():
        raise PeopleError("", _("Somebody must stay administrator or board. Give that role to somebody else first."))
    cases = open_cases_of(member.user, school)
    if hand_over_to is not None:
        from workflows import commands

        try:
            for case in cases:
                commands.hand_over_case(case, by=by, to=hand_over_to)
        except commands.InvalidData as wrong:
            raise PeopleError("hand_over_to", " ".join(wrong.errors.values())) from wrong
        except commands.StepDenied as denied:
            raise PeopleError("hand_over_to", str(denied)) from denied
    elif on <= clock.today() and not rest.filter(user=member.user).exists() and cases.exists():
        numbers = ", ".join(case.display_number for case in cases)
        raise PeopleError("hand_over_to", _("Open cases first go to somebody else: %(numbers)s.") % {"numbers": numbers})
    member.ends = on
    member.save()
    log(school, by, "membership.end", membership=member.pk, user=member.user_id, role=member.role, ends=on.isoformat())
    return member


def account(username: str) -> Any:
    """Return the account with that user name.

    Raises:
        PeopleError: there is none; accounts are made by the platform.
    """
    found = get_user_model().objects.filter(username=username, is_active=True).first()
    if found is None:
        raise PeopleError("username", _("There is no account “%(name)s” on this site.") % {"name": username})
    return found
