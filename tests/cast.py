"""The cast of the tests: one school, another school's people, and a stranger with every power of the platform."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib.auth import get_user_model

from tests.remembered import remembered
from workflows import scenario_cast, schools
from workflows.scenario_cast import GROUPS, Cast, add_staff, letterhead, neutral_settings

build = remembered(scenario_cast.build)

__all__ = ["Cast", "build", "build_other_school", "build_stranger"]


def build_other_school(school_key: str, sector: str, today: date, *, slug: str = "other") -> Cast:
    """Make a second school with a director and a mentor of its own, for whom the first one must not exist."""
    school = schools.create_school(
        name="De Andere School", slug=slug, key=school_key, sector=sector, legal_form="public",
        **letterhead(slug, "De Andere School"),
    )  # fmt: skip
    protocol = schools.usable_protocol(school_key, sector)
    schools.change_school(school, by=None, settings=neutral_settings(protocol))
    cast = Cast(school, schools.add_group(school, by=None, name=GROUPS[sector]))
    for member, given_name in (("director", "Ria"), ("mentor", "Ko"), ("administrator", "Bo")):
        add_staff(cast, member, {"given_name": given_name, "family_name": "Anderstuk"}, today - timedelta(days=365), today)
    return cast


def build_stranger() -> Any:
    """Make an account of somebody who belongs to no school, with every power the platform can give."""
    return get_user_model().objects.create_user(
        "stranger", email="stranger@example.org", first_name="Vreemd", last_name="Eling", is_staff=True, is_superuser=True
    )
