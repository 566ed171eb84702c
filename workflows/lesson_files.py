"""Where lessons lie: the folders that course blocks hand over, and those of the settings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from workflows import lessons

_handed_over: list[Path] = []


def hand_over(folder: Path) -> None:
    """Add the lessons that a course block brings; it says so when its app is ready."""
    if folder not in _handed_over:
        _handed_over.append(folder)


def folders() -> tuple[Path, ...]:
    """Return every folder with lessons: the product's, and an author's own (`KC_LESSON_DIRS`)."""
    own = (Path(folder) for folder in getattr(settings, "KC_LESSON_DIRS", []))
    return tuple(folder for folder in (*_handed_over, *own) if folder.is_dir())


def library() -> lessons.Library:
    """Return every sound lesson there is."""
    return lessons.load(lessons.files(folders()))


def units(keys: Iterable[str]) -> list[lessons.Unit]:
    """Return the lessons with these keys that there are, in the library's order."""
    wanted = set(keys)
    return [unit for unit in library().units if unit.key in wanted]
