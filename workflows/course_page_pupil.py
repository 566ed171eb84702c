"""What a pupil finds on a course page: whom to ask for help, who can be kept out of it, own cases, own lessons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from workflows import clock, protocol, words
from workflows.access import seen_by
from workflows.assigned import Assigned, assigned_to
from workflows.course_page import SHOWN, Place
from workflows.facts import fresh
from workflows.models import Enrolment, Membership, Person
from workflows.models.people import Dated
from workflows.prepared import Prepared
from workflows.schooldays import SchoolCalendar
from workflows.situation import Actor, Facts
from workflows.vocabulary import FIELDS, OPEN

FOR_PUPILS: tuple[str, ...] = (
    "cyberbullying", "image_without_consent", "intimate_image", "threat", "impersonation", "unwanted_contact", "other",
)  # fmt: skip
"""What a pupil is asked, in the same words."""


@dataclass(frozen=True, slots=True)
class OwnCase:
    """An own case as a pupil sees it in a list."""

    key: str
    title: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class PupilPage:
    """What a pupil finds: who can be asked, who can be kept out, when it is read, own cases after the talk, lessons they were given."""

    categories: Sequence[tuple[str, str]]
    contacts: Sequence[tuple[str, str]]
    excludable: Sequence[tuple[str, str]]
    read_by: date
    cases: Sequence[OwnCase] = field(default_factory=tuple)
    lessons: Sequence[Assigned] = field(default_factory=tuple)


def pupil_page(user: Any, place: Place) -> PupilPage:
    """Return what a pupil finds on the course page.

    Raises:
        ValueError: the place is not a pupil's.
    """
    if place.pupil is None:
        raise ValueError("this place is not a pupil's")
    school = place.school
    near = _who_is_near(place.pupil)
    asked, found, calendar = _asked_by_pupil(place)
    due = [calendar.due(clock.now(), dict(line.within)) for line in protocol.duties(found, asked) if line.task == "incident.triage"]
    cases = _OWN(user.pk, school.pk, clock.today())
    local = found.categories
    return PupilPage(
        categories=[(key, words.label("category", key)) for key in FOR_PUPILS],
        contacts=[(key, _called(key, near)) for key in contacts_allowed(place)],
        excludable=[(str(pk), name) for pk, (name, _role) in near.items()],
        read_by=min(due).date() if due else calendar.next(clock.today()),
        cases=[
            OwnCase(
                key=str(case.key), is_open=case.state in OPEN,
                title=words.in_language(local[case.facts["category"]]) if case.facts.get("category") in local
                else words.label("category", case.facts.get("category", ""), fallback=_("Case")),
            )
            for case in cases
        ],
        lessons=assigned_to(user.pk, school.pk),
    )  # fmt: skip


_OWN = Prepared(
    lambda user, school, day: seen_by(user, [], day).filter(school=school).order_by("-changed_at", "-pk")[:SHOWN], int, int, date
)
"""A pupil's own cases; they have no standing as staff."""


def _asked_by_pupil(place: Place) -> tuple[Facts, protocol.Protocol, SchoolCalendar]:
    """Return the facts of a report that this pupil is about to make, with the protocol and calendar of the school."""
    loaded = fresh(place.school, {})
    actor = Actor(id=str(place.pupil.pk) if place.pupil else "", roles=frozenset({"pupil"}))
    return loaded.for_step(loaded.root, "incident.report", actor=actor, data={}), loaded.protocol, loaded.calendar


def contacts_allowed(place: Place) -> list[str]:
    """Return whom a pupil may ask for help by the school's protocol, such as only the teacher and the mentor."""
    allowed = []
    asked, found, _calendar = _asked_by_pupil(place)
    for key in FIELDS["help_contact"].choices:
        denied = protocol.denials(found, replace(asked, data={**asked.data, "help_contact": key}))
        if not any(one.remedy is not None and one.remedy.name == "help_contact" for one in denied):
            allowed.append(key)
    return allowed


def _who_is_near(pupil: Person) -> dict[int, tuple[str, str]]:
    """Return the staff who could be told what a pupil reports: (name, role) by person."""
    found: dict[int, tuple[str, str]] = {}
    for role, acting, pk, given, family in _NEAR(pupil.pk, pupil.school_id, clock.today()):
        found.setdefault(pk, (f"{given} {family}".strip(), acting or role))
    return found


def _near(pupil: int, school: int, day: date) -> QuerySet[Any, Any]:
    here = Enrolment.objects.filter(Dated.active(day), person=pupil).values("group")
    rows = Membership.objects.filter(Dated.active(day), school=school, user__kc_people__school=school)
    leaders = ("director", "confidential_counsellor")
    rows = rows.filter(Q(role="mentor", group__in=here) | Q(role__in=leaders) | Q(acting_for__in=leaders)).order_by("pk")
    return rows.values_list("role", "acting_for", "user__kc_people", "user__kc_people__given_name", "user__kc_people__family_name")


_NEAR = Prepared(_near, int, int, date)


def excludable(pupil: Person) -> list[tuple[str, str]]:
    """Return the staff a pupil may keep out of a report: whoever could otherwise be told, by (id, name)."""
    return [(str(pk), name) for pk, (name, _role) in _who_is_near(pupil).items()]


def _called(contact: str, near: Mapping[int, tuple[str, str]]) -> str:
    """Return a choice of help with the names behind it: `My mentor (Marit Krijtstreep)`."""
    names = [name for name, role in near.values() if role == contact]
    label = words.label("help_contact", contact)
    return f"{label} ({words.all_of(names)})" if names else label
