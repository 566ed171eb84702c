"""The parts of a group's yearly programme, and whether the lessons are open to a pupil yet: reading only.

Both are settings of the protocol, which a school can change. A setting `programme_<part>` names a part, and a setting
`lessons_open_after_<part>` lets the lessons wait until that part was ticked off for the pupil's group (WIL-KIN-0a, our default there).
"""

from __future__ import annotations

from typing import Any

from workflows import clock
from workflows.models import Enrolment, Group, Person, ProgrammeItem, School
from workflows.models.people import Dated
from workflows.protocol import Protocol
from workflows.rules import Setting

PROGRAMME = "programme_"
"""Settings of a pack that name a part of the yearly programme begin so."""

FIRST = "lessons_open_after_"
"""Settings of a pack that let the lessons wait for a part begin so."""

WHEN_NEEDED = "when_needed"
"""The value of a part that is done only where somebody finds it needed; True: by every group."""


def parts_of(protocol: Protocol, school: School) -> dict[str, Setting]:
    """Return the parts of a yearly programme that a protocol names, by key."""
    told = {key: school.settings.get(key, setting.value) for key, setting in protocol.settings.items()}
    asked = (key for key, value in told.items() if key.startswith(PROGRAMME) and (value is True or value == WHEN_NEEDED))
    return {key.removeprefix(PROGRAMME): protocol.settings[key] for key in asked}


def first_parts(protocol: Protocol, school: School) -> dict[str, Setting]:
    """Return those parts that come before the lessons, by key; one that the school's programme lacks keeps nobody waiting."""
    parts = parts_of(protocol, school)
    return {key: part for key, part in parts.items() if FIRST + key in protocol.settings and _holds(protocol, school, FIRST + key)}


def _holds(protocol: Protocol, school: School, key: str) -> bool:
    return school.settings.get(key, protocol.settings[key].value) is True


def awaited(pupil: Person, protocol: Protocol, year: str) -> tuple[Setting, ...]:
    """Return the parts that come before the lessons and that no group of the pupil has had this school year; one query at most."""
    return _missing(Enrolment.objects.filter(Dated.active(clock.today()), person=pupil).values("group"), pupil.school, protocol, year)


def awaited_in(group: Group, school: School, protocol: Protocol, year: str) -> tuple[Setting, ...]:
    """Return the parts that come before the lessons and that a group has not had this school year; one query at most."""
    return _missing([group.pk], school, protocol, year)


def _missing(groups: Any, school: School, protocol: Protocol, year: str) -> tuple[Setting, ...]:
    first = first_parts(protocol, school)
    if not first:
        return ()
    done = ProgrammeItem.objects.filter(group__in=groups, school_year=year, item__in=list(first), done_on__isnull=False)
    held = set(done.values_list("item", flat=True))
    return tuple(part for key, part in first.items() if key not in held)
