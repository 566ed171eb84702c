"""The cast of the tests: one school, another school's people, and a stranger with every power of the platform."""

from __future__ import annotations

from tests.remembered import remembered
from workflows import scenario_cast
from workflows.scenario_cast import Cast, build_other_school, build_stranger

build = remembered(scenario_cast.build)

__all__ = ["Cast", "build", "build_other_school", "build_stranger"]
