"""Whom a selector of a pack names in a case: its subjects, their guardians, each guardian, the mentor.

PURE: groups of people, of which one member is enough; whether they were reached is asked in `recorded`.
"""

from __future__ import annotations

from .situation import ADULT, Facts, Person


def select(of: str, facts: Facts) -> tuple[frozenset[str], ...]:
    """The people a selector names, as groups of which one member is enough.

    Args:
        of: a selector of the vocabulary.
        facts: the case.

    Returns:
        One group per person to be reached; an empty group where nobody is known for that person; no group at all when the
        selector finds nobody. `case` selects no person.
    """
    return tuple(group for _, group in groups_of(of, facts))


def groups_of(of: str, facts: Facts) -> list[tuple[str, frozenset[str]]]:
    """As `select`, each group with the person it stands for."""
    if of == "subject":
        return [(key, frozenset({key})) for key in facts.subjects]
    if of == "subject_guardians":
        return [(pupil.id, guardians_of(pupil)) for pupil in facts.pupils()]
    if of == "each_guardian":
        return [(pupil.id, one) for pupil in facts.pupils() for one in singles(guardians_of(pupil))]
    if of == "pupils_guardians":
        inside = (one for one in facts.people if one.case_roles - {"reporter", "bystander"} or one.id in facts.subjects)
        return [(pupil.id, guardians_of(pupil)) for pupil in inside if pupil.kind == "pupil"]
    if of == "targets":
        return [(one.id, frozenset({one.id})) for one in facts.people if "target" in one.case_roles]
    if of == "pupils_mentor":
        return [(pupil.id, frozenset(pupil.mentors)) for pupil in facts.pupils()]
    return []


def guardians_of(one: Person) -> frozenset[str]:
    """The guardians of somebody; a pupil of 18 stands in their place."""
    return frozenset({one.id}) if one.kind == "pupil" and one.age is not None and one.age >= ADULT else frozenset(one.guardians)


def singles(group: frozenset[str]) -> list[frozenset[str]]:
    """Each member of a group as a group of their own; an empty group stays, for somebody is wanted there."""
    return [frozenset({key}) for key in sorted(group)] or [group]
