"""Diplomas of the media-literacy module: given when a level is finished, checked by anyone who has the code.

Whoever checks a code learns that it is genuine, of which school, level and school year; never whose it is.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from workflows import clock
from workflows.models import Diploma, LessonRun, Person

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that a code survives handwriting."""

LENGTH = 12
"""Signs of a code: 60 bits, which nobody guesses."""

_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})


@dataclass(frozen=True, slots=True)
class Genuine:
    """What a good code tells."""

    school: str
    level: int
    school_year: str


def award(run: LessonRun) -> Diploma:
    """Return the diploma of a run that is finished, made at the first call."""
    while True:
        try:
            with transaction.atomic():
                return Diploma.objects.get_or_create(run=run, defaults={"code": _code(), "made_at": clock.now()})[0]
        except IntegrityError:  # somebody else's code by chance: draw again
            continue


def of_pupil(pupil: Person) -> list[Diploma]:
    """Return a pupil's diplomas, the newest first."""
    return list(Diploma.objects.filter(run__person=pupil).select_related("run").order_by("-made_at", "-pk"))


def check(typed: str) -> Genuine | None:
    """Return what a code tells, however it was typed; None when no diploma has it."""
    code = _plain(typed)
    if len(code) != LENGTH:
        return None
    found = Diploma.objects.filter(code=code).select_related("run__person__school").first()
    return Genuine(found.run.person.school.name, found.run.level, found.run.school_year) if found else None


def shown(code: str) -> str:
    """Return a code in groups of four, as it is printed."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _plain(typed: str) -> str:
    return typed.upper().translate(_READ_AS)[: LENGTH + 1]


def _code() -> str:
    return "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
