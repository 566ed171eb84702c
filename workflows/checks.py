"""Wrong packs speak at boot: Django's system checks for every pack, each fault with its file, its key and a hint.

What needs the database (a pack edited after a case followed it, a setting a school left open) is asked by
`manage.py check --database default` alone, because a boot must not depend on the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from workflows import clock, lesson_files, lessons, protocol
from workflows.pinned import articles_carried


def _folders() -> list[Path]:
    return [Path(folder) for folder in getattr(settings, "KC_PROTOCOL_DIRS", [])]


def _error(problem: protocol.Problem) -> Error:
    place = f"{problem.file}: {problem.key}" if problem.key else problem.file
    return Error(f"{place}: {problem.message}", hint=problem.hint or None, id="kc.E001")


@register("protocols")
def packs_are_sound(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """kc.E001: a pack that does not load or is unsound; kc.E002: a folder of packs that is not there."""
    found: list[CheckMessage] = [
        Error(f"KC_PROTOCOL_DIRS: there is no folder “{folder}”.", hint="Make it, or take it out of the settings.", id="kc.E002")
        for folder in _folders()
        if not folder.is_dir()
    ]
    problems = [problem for path in protocol.all_packs(_folders()) for problem in protocol.check_file(path, _folders())]
    return [*found, *(_error(problem) for problem in dict.fromkeys(problems))]


@register("lessons")
def lessons_are_sound(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """kc.W002: a lesson with a fault; kc.W003: a folder of lessons that is not there.

    Warnings: the lesson is left out, and must not keep a school from its cases.
    """
    hint = "Make it, or take it out of the settings."
    found: list[CheckMessage] = [
        Warning(f"KC_LESSON_DIRS: there is no folder “{folder}”.", hint=hint, id="kc.W003")
        for folder in map(Path, getattr(settings, "KC_LESSON_DIRS", []))
        if not folder.is_dir()
    ]
    problems = lessons.load(lessons.files(lesson_files.folders()), articles_carried()).problems
    for one in problems:
        place = f"{one.file}: {one.key}" if one.key else one.file
        found.append(Warning(f"{place}: {one.message}", hint=one.hint or None, id="kc.W002"))
    return found


@register(Tags.database)
def packs_are_kept(
    app_configs: Sequence[AppConfig] | None, databases: Iterable[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """kc.E003: a pack that was edited or taken away after a case followed it; kc.W001: what a school has yet to answer."""
    from django.db import connections

    from workflows.models import PackSeal, School

    found: list[CheckMessage] = []
    for alias in databases or ():
        tables = connections[alias].introspection.table_names()
        if PackSeal._meta.db_table not in tables:
            continue
        for seal in PackSeal.objects.using(alias).order_by("key", "in_force"):
            found += _seal(seal.key, str(seal.in_force), seal.sha256)
        for school in School.objects.using(alias).filter(is_active=True).order_by("name"):
            found += _school(school)
    return found


def _seal(key: str, day: str, digest: str) -> list[CheckMessage]:
    place = f"{key}/{day}.toml"
    path = next((one for one in protocol.all_packs(_folders()) if f"{one.parent.name}/{one.name}" == place), None)
    hint = "Put the old text back; a change is a new file with a later date."
    if path is None:
        return [Error(f"{place}: this pack is gone, but cases follow it.", hint=hint, id="kc.E003")]
    if protocol.digest(path) != digest:
        return [Error(f"{path}: this pack was edited after a case had followed it.", hint=hint, id="kc.E003")]
    return []


def _school(school: Any) -> list[CheckMessage]:
    try:
        found = protocol.load(school.key, search=_folders(), on=clock.today()).for_sector(school.sector)
    except protocol.LoadError as wrong:
        return [Error(f"{school}: its protocol cannot be used.", hint=str(wrong), id="kc.E004")]
    return [
        Warning(f"{school}: settings.{one.key} has no answer.", hint="The school cannot open a case before it has.", id="kc.W001")
        for one in found.unanswered(school.settings)
    ]
