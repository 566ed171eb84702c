"""What a new school year asks for: who is new and was never asked, what ended or ends soon, who has nobody to sign, who is reminded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from workflows import clock
from workflows.models import Case, Enrolment, Guardianship, Person, Round, School
from workflows.models.people import Authority, Dated
from workflows.pinned import protocol_for
from workflows.round_plan import members, plan_of, school_year_start, year_began

SOON = timedelta(days=30)
"""Before the last day of a consent at which it is shown: the first notice (our default)."""

SHOWN = 20
"""Names shown of pupils who have nobody to sign; the count is of all."""


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """How a school stands: numbers of pupils, of consents, and of people to remind; `moments` are the occasions its protocol knows."""

    new: int
    ended: int
    ending: int
    without_signer: tuple[Person, ...]
    without_signer_count: int
    to_remind: int
    moments: tuple[str, ...]


def overview(school: School, by: Any) -> SchoolYear:
    """Return what this school year asks for. Few queries; for who works with the whole school.

    Args:
        by: who looks, and would start the rounds.
    """
    day = clock.today()
    settings = protocol_for(school, day).answered(school.settings)
    asked = Case.objects.filter(type="consent", school=school, person=OuterRef("pk"))
    new = members(Round(school=school, scope=Round.Scope.NEW)).filter(~Exists(asked)).count()
    here = Exists(Enrolment.objects.filter(Dated.active(day), person=OuterRef("person")))
    same = Case.objects.filter(type="consent", school=school, person=OuterRef("person"), topic=OuterRef("topic"))
    consents = Case.objects.filter(here, ~Exists(same.filter(opened_at__gt=OuterRef("opened_at"))), type="consent", school=school)
    start = school_year_start(day)
    ended = consents.filter(Q(state="expired") | Q(state="granted", until__lt=day), until__gte=start - timedelta(days=365)).count()
    ending = consents.filter(state="granted", until__range=(day, day + SOON)).count()
    lacking = _without_signer(school)
    remind = 0
    if settings.get("consent_reminder") == "yearly" and not _reminded(school):
        remind = len(plan_of(Round(school=school, kind=Round.Kind.YEARLY, scope=Round.Scope.SCHOOL), by).asked)
    moments = settings.get("consent_moments")
    return SchoolYear(
        new, ended, ending, tuple(lacking[:SHOWN]), lacking.count(), remind, tuple(moments) if isinstance(moments, (list, tuple)) else ()
    )


def _reminded(school: School) -> bool:
    """Whether the yearly reminder of this school year was started already."""
    rows = Round.objects.filter(school=school, kind=Round.Kind.YEARLY, started_at__gte=year_began(clock.today()))
    return rows.exclude(state=Round.State.STOPPED).exists()


def _without_signer(school: School) -> Any:
    """Return the pupils under 16 of whom no parent has authority, by name."""
    day = clock.today()
    here = Enrolment.objects.filter(Dated.active(day), person=OuterRef("pk"))
    told = Guardianship.objects.filter(Dated.active(day), pupil=OuterRef("pk"), authority=Authority.YES)
    grown = day.replace(year=day.year - 16, day=min(day.day, 28))
    pupils = Person.objects.filter(Exists(here), ~Exists(told), school=school, kind="pupil").exclude(birth_date__lte=grown)
    return pupils.order_by("family_name", "given_name")
