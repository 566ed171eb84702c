"""The cast of the tests: one school, another school's people, and a stranger with every power of the platform."""

from __future__ import annotations

from workflows.scenario_cast import Cast, build, build_other_school, build_stranger

__all__ = ["Cast", "build", "build_other_school", "build_stranger"]
