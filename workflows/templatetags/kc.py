"""Template tags of the pages: vocabulary words, kernel sentences, days and moments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template

from workflows import words

register = template.Library()


@register.filter
def word(key: Any, context: str) -> str:
    """`{{ "director"|word:"role" }}`: the reader's word for a vocabulary key."""
    return words.label(context, key)


@register.filter
def say(sentence: Any) -> str:
    """`{{ denial.sentence|say }}`: a kernel sentence in the reader's language."""
    return words.say(sentence)


@register.filter
def capital(text: Any) -> str:
    """The text with a capital first letter."""
    return words.capital(str(text))


@register.filter
def state(case: Any) -> str:
    """`{{ case|state }}`: the state of a case in words."""
    return words.state_of(case)


@register.filter
def day(value: date | None) -> str:
    """A day in words."""
    return words.day(value) if value else ""


@register.filter
def moment(value: datetime | None) -> str:
    """A moment as a `<time>` element."""
    return words.time_tag(value) if value else ""
