"""A school with many pupils and parents, written straight into the tables: only for measuring."""

from __future__ import annotations

from datetime import date, timedelta

from workflows import clock
from workflows.models import Enrolment, Group, Guardianship, Person
from workflows.scenario_cast import Cast

LANGUAGES = ("nl", "nl", "nl", "nl", "tr", "ar", "pl", "uk", "en", "nl")
PER_GROUP = 30


def fill(cast: Cast, pupils: int, parents: int = 2, mail: bool = True) -> list[Person]:
    """Add pupils of 10 in groups of thirty, each with so many parents; return the pupils."""
    school, began = cast.school, clock.today() - timedelta(days=100)
    groups = Group.objects.bulk_create(Group(school=school, name=f"Groep {number}") for number in range(-(-pupils // PER_GROUP)))
    born = date(clock.today().year - 11, 2, 1)
    children = Person.objects.bulk_create(
        Person(school=school, kind="pupil", given_name=f"Kind{n}", family_name=f"Knikker{n}", birth_date=born) for n in range(pupils)
    )
    elders = Person.objects.bulk_create(
        Person(
            school=school, kind="parent", given_name=f"Ouder{n}", family_name=f"Knikker{n}", language=LANGUAGES[n % len(LANGUAGES)],
            email=f"ouder{n}@{school.slug}.example" if mail else "",
        )
        for n in range(pupils * parents)
    )  # fmt: skip
    Enrolment.objects.bulk_create(Enrolment(person=child, group=groups[n // PER_GROUP], starts=began) for n, child in enumerate(children))
    Guardianship.objects.bulk_create(
        Guardianship(pupil=children[n // parents], guardian=elder, authority="yes", starts=began) for n, elder in enumerate(elders)
    )
    return children
