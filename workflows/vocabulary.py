"""The closed vocabulary: case types, steps, milestones, fields, roles, categories, kinds and letters, each with its label.

PURE: knows no Django and no school. Forms, commands, packs, scenarios and `check_protocol --vocabulary` all read the
declarations through this door. Labels are English source strings; the pages translate them (`workflows.words`).
"""

from __future__ import annotations

from .vocabulary_fields import FIELDS, OWN_FIELDS, Field, FieldKind, field_of
from .vocabulary_steps import ABOUT, ASSESSED, DECIDED, LESSONS, MILESTONES, STEPS, Milestone, Step
from .vocabulary_words import (
    CASE_ROLES,
    CATEGORIES,
    CHANNELS,
    FORMS,
    GATES,
    KIND_GROUPS,
    KINDS,
    LETTERS,
    OPEN,
    PERSON_KINDS,
    PUBLICATIONS,
    PURPOSES,
    ROLES,
    ROOTS,
    ROUTES,
    SELECTORS,
    SEVERITIES,
    SEXUAL_CATEGORIES,
    SIGNERS,
    STAFF_ROLES,
    STATES,
    pgettext,
)

__all__ = [
    "ABOUT", "ASSESSED", "CASE_ROLES", "CATEGORIES", "CHANNELS", "DECIDED", "DERIVED_FACTS", "FACT_KEYS", "FIELDS",
    "FORMS", "GATES", "KINDS", "KIND_GROUPS", "LESSONS", "LETTERS", "MILESTONES", "OPEN", "OWN_FIELDS", "PERSON_KINDS",
    "PUBLICATIONS", "PURPOSES", "ROLES", "ROOTS", "ROUTES", "SELECTORS", "SEVERITIES", "SEXUAL_CATEGORIES", "SIGNERS",
    "STAFF_ROLES", "STATES", "STEPS", "Field", "FieldKind", "Milestone", "Step", "case_type_of", "field_of", "group_of",
    "pgettext",
]  # fmt: skip

FACT_KEYS: tuple[str, ...] = (
    "subject", "target", "by_kind", "category", "severity", "kind", "kind_group", "scope", "capacity", "mode", "sector", "age",
    "published", "possibly_criminal", "anonymous", "falls_on_child", "expulsion_running", "school_days", "school_medium", "purpose",
    "channel", "counterparty", "target_account", "how", "origin", "confidential", "legal_form", "act", "finding", "manner", "asks",
    "root", "state", "moment", "form", "answer", "harm_expected", "asked_by", "tie", "parents_told", "account_kind", "opened_on",
    "staff_taking_part", "moderators_number", "account_registered", "counterpart_age", "addressees",
)  # fmt: skip
"""What a `when` may ask, beside the pack's own settings."""

DERIVED_FACTS: tuple[str, ...] = (
    "same_facts_days", "school_days", "last_day", "proposer", "reporter", "involved", "suspects", "by", "today", "state", "staff_taking_part",
    "moderators_number", "account_registered", "counterpart_age",
)  # fmt: skip
"""Computed facts that guards may name as fields."""


def group_of(kind: str) -> str | None:
    """The group a measure kind belongs to, or None for an unknown kind."""
    return next((group for group, kinds in KIND_GROUPS.items() if kind in kinds), None)


def case_type_of(step: str) -> str:
    """`measure` for `measure.propose`."""
    return step.split(".", 1)[0]
