"""Sheets on paper that are no letters: diploma, poster of the pupils' rules, tip sheet and talk cards.

Printed in the reader's language by the letters' press (tagged, PDF/UA-1, nothing fetched). They name no child but the
first name on a diploma.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from workflows.delivery.letters import print_html
from workflows.models import School

FEW_RULES, MOST_RULES = 12, 25
"""Rules that a poster can show in one column of large type; with more it has two columns of smaller type, and with most it is an A3."""


@dataclass(frozen=True, slots=True)
class PosterRule:
    """One rule in children's words, and how the school's document numbers it."""

    text: str
    ref: str = ""


@dataclass(frozen=True, slots=True)
class UnitSheet:
    """What a unit of the module has for the class and for home, in the reader's language."""

    title: str
    tips: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    class_questions: tuple[str, ...] = ()


def diploma(school: School, *, first_name: str, level: str, school_year: str, lessons: Sequence[str], code: str, check_url: str) -> bytes:
    """Print a diploma: first name only, and a code that anyone can check.

    Args:
        level: what the level is called, in the reader's language.
        lessons: titles of the lessons that the pupil did.
        check_url: address of the public page on which the code is checked, without the code.

    Raises:
        PrintingUnavailable, LetterFault: as `letters.render`.
    """
    shown = {"first_name": first_name, "level": level, "school_year": school_year, "lessons": lessons, "code": code, "check_url": check_url}
    return _print("diploma", school, shown)


def poster(school: School, rules: Sequence[PosterRule], *, source: str) -> bytes:
    """Print the poster for the classroom: the pupils' rules of the school's own protocol in children's words (WIL-KIN-1)."""
    return _print("poster", school, {"rules": rules, "source": source, "dense": len(rules) > FEW_RULES, "many": len(rules) > MOST_RULES})


def tip_sheet(school: School, units: Sequence[UnitSheet], *, level: str) -> bytes:
    """Print the tips for parents that go with a level of the module (WIL-UIT-6b, WIL-DOE-5)."""
    contact = school.parents_contact or school.phone or school.email
    return _print("tips", school, {"units": units, "level": level, "contact": contact})


def talk_cards(school: School, units: Sequence[UnitSheet], *, level: str) -> bytes:
    """Print the talk cards of a level, for class and for home (LEY-INL-2)."""
    return _print("cards", school, {"units": units, "level": level})


def _print(kind: str, school: School, shown: dict[str, Any]) -> bytes:
    language = translation.get_language() or "nl"
    return print_html(render_to_string(f"workflows/sheets/{kind}.html", {**shown, "school": school, "language": language}))
