"""What the forms of the media-literacy block send, and what its author set and still lacks. Decides nothing about anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kc_xblock import compat
from kc_xblock.card import LONGEST_NAME, own_title
from workflows import api

AFTER_DUE: Mapping[str, Any] = {
    "open": _("Answers count as before"),
    "practice": _("Pupils can go on, but the grade stays as it is"),
    "closed": _("Pupils can only read; no more answers"),
}
"""What happens after the due date that the course gives this block."""


def sent(request: Any) -> dict[str, str]:
    """Return the texts of a posted form; a file, or what is no form at all, counts for nothing."""
    try:
        return {name: value for name, value in request.POST.items() if isinstance(value, str)}
    except (ValueError, OSError):
        return {}


def number(text: str) -> int:
    """Return a whole number of at most four digits, -1 for anything else."""
    return int(text) if text.isdecimal() and len(text) <= 4 else -1


def settings_from(data: Any, school: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Read what an author set in Studio.

    Args:
        data: the posted JSON. school: the course's school, or None; it is never taken from the form.

    Returns:
        The block's fields with their values, and a sentence for each that cannot be used.
    """
    given = {str(name): str(value) for name, value in data.items()} if isinstance(data, dict) else {}
    found: dict[str, Any] = {"display_name": given.get("display_name", "").replace("\x00", "").strip(), "after_due": given.get("after_due", "")}
    wrong = {}
    if len(found["display_name"]) > LONGEST_NAME:
        wrong["display_name"] = gettext("At most %(n)s characters.") % {"n": LONGEST_NAME}
    for name, low, high in (("level", 1, max(api.LEVELS)), ("tries", 0, 10), ("pass_mark", 0, 100)):
        found[name] = number(given.get(name, "").strip())
        if not low <= found[name] <= high:
            wrong[name] = gettext("Give a whole number from %(low)s to %(high)s.") % {"low": low, "high": high}
    if found["after_due"] not in AFTER_DUE:
        wrong["after_due"] = gettext("Choose one of these.")
    level = found["level"]
    units = api.module.preview(school, level).progress.units
    found["units"] = [unit.key for unit in units if f"unit:{level}:{unit.key}" in given]
    return found, wrong


def settings_of(block: Any) -> dict[str, Any]:
    """Return what the author of this block set."""
    return {
        "display_name": own_title(block), "level": block.level, "tries": block.tries, "pass_mark": block.pass_mark,
        "after_due": block.after_due, "after_due_label": str(AFTER_DUE.get(block.after_due, "")),
    }  # fmt: skip


def lacking(block: Any) -> list[str]:
    """Return a sentence for each thing that keeps pupils from the lessons as they are set, for the author in Studio."""
    school = api.school_of_course(compat.course_key_of(block))
    here = {unit.key for unit in api.module.preview(school, block.level).progress.units}
    _usable, wrong = settings_from(settings_of(block), school)
    found = [gettext("A setting of this block cannot be used. Look at all of them, and save them again.")] if wrong else []
    if school is None:
        found.append(
            gettext(
                "This course is not linked to a school yet, so no pupil can earn anything here. The administrator of the school does that."
            )
        )
    if not here:
        found.append(gettext("There are no lessons for this level yet."))
    elif set(block.units or ()) - here:
        found.append(gettext("There is no such lesson (any more). Choose the lessons again."))
    return found
