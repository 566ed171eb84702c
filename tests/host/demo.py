"""The demo's five schools: invented names, each following one of the packs, with the fixed cast and a course page per group."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.utils import timezone

from tests.host.runtime import course_id
from workflows import scenario_cast, schools


class DemoSchool(NamedTuple):
    """One school of the demo; `slug` is also the address of its course page."""

    slug: str
    name: str
    protocol: str
    sector: str
    legal_form: str


SCHOOLS = (
    DemoSchool("zonnehoek", "Scholengroep Zonnehoek", "groningen", "vo", "public"),
    DemoSchool("duinrand", "Brede School Duinrand", "leyenburg", "po", "private"),
    DemoSchool("appelgaard", "Basisschool De Appelgaard", "verkruisen", "po", "public"),
    DemoSchool("polderlicht", "Lyceum Polderlicht", "montessori", "vo", "private"),
    DemoSchool("lindehof", "Basisschool Lindehof", "wilhelmina", "po", "private"),
)


def build(out: Any) -> None:
    """Make everything through the product's own acts.

    Args:
        out: where progress goes, one line a school.
    """
    for school in SCHOOLS:
        cast = scenario_cast.build(
            school.protocol, school.sector, timezone.localdate(), slug=school.slug, name=school.name, legal_form=school.legal_form
        )
        schools.link_course(cast.school, by=None, course_key=course_id(school.slug), group=cast.group)
        out.write(f"  {school.name}: {len(cast.people)} people, follows {school.protocol}")
    User.objects.create_user("author", first_name="Les", last_name="Maker", is_staff=True)
