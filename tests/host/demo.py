"""The demo's five schools: invented names, each following one of the packs, with the fixed cast, two groups of pupils,
cases in several states, and a course page per group."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from tests.host import demo_cases, demo_consents, demo_people
from tests.host.runtime import HostRuntime, course_id, usages
from workflows import programme, scenario_cast, schools
from workflows.schooldays import local_day


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


LEVELS = {"po": 2, "vo": 4}
"""The level of the media-literacy lessons on the demo's course pages: pupils are 10 or 11 in po, 15 or 16 in vo."""


def build(out: Any) -> None:
    """Make everything through the product's own acts and commands.

    Args:
        out: where progress goes, one line a school.
    """
    now = timezone.now()
    today = local_day(now)
    for school in SCHOOLS:
        who = demo_people.names(school.slug)
        with transaction.atomic():
            cast = scenario_cast.build(
                school.protocol, school.sector, today, who.overrides, slug=school.slug, name=school.name,
                legal_form=school.legal_form, settings=demo_people.answers(school.protocol, school.sector),
            )  # fmt: skip
            demo_people.add_holidays(cast.school, today)
            second = demo_people.fill(cast, school.sector, today, who)
            schools.link_course(cast.school, by=None, course_key=course_id(school.slug), group=cast.group)
            schools.link_course(cast.school, by=None, course_key=course_id(f"{school.slug}-2"), group=second)
            # The first group had its class talk; where lessons wait for that, the second shows how.
            programme.tick_off(cast.group, "class_talk", by=cast.users["mentor"])
            for course in (school.slug, f"{school.slug}-2"):
                _set_level(course, LEVELS[school.sector])
        cases = [_play(story, cast, now) for story in demo_cases.STORIES]
        with transaction.atomic():
            asked = demo_consents.play(cast, now)
        told = f"{cast.school.people.count()} people, {len(cases)} cases, {asked} questions about consent, follows {school.protocol}"
        out.write(f"  {school.name}: {told}")
    User.objects.create_user("author", first_name="Les", last_name="Maker", is_staff=True)
    call_command("tick", verbosity=0)


def _set_level(slug: str, level: int) -> None:
    """Choose the level as an author does in Studio."""
    for usage in usages(slug):
        block = HostRuntime(AnonymousUser(), slug).get_block(usage)
        if "level" in block.fields:
            block.level = level
            block.save()


def _play(story: Callable[[demo_cases.Story], None], cast: scenario_cast.Cast, now: datetime) -> demo_cases.Story:
    """Play one story, whole or not at all."""
    stage = demo_cases.Story(cast, now)
    with transaction.atomic():
        story(stage)
    return stage
