"""A school with a pack that has rules in children's words, and two small lessons: the module's tests lean on nothing that grows."""

from __future__ import annotations

import atexit
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.cast import Cast, build
from workflows import lesson_files

LESSONS = Path(__file__).parent / "lessons"

PACK = """
key = "toetsdorp"
name = {{nl = "Toetsdorp", en = "Test Village"}}
extends = ["groningen"]
in_force = {day}
source = "Afspraken Toetsdorp"

[articles."LEY-3b"]
ref = "3b"
nl = "Een foto van een ander gaat alleen verder met toestemming."
en = "A photo of somebody else goes on with permission alone."
pupil = {{nl = "{nl}", en = "{en}"}}
{more}
[settings.lessons_open_after_class_talk]
kind = "yes_no"
nl = "Eerst het klassengesprek"
en = "The class talk first"
value = false
cites = "LEY-3b"
"""

PASSWORD = """
[articles."TD-1"]
ref = "1"
nl = "Ouders mogen het wachtwoord weten."
en = "Parents may know the password."
pupil = {nl = "Je ouders mogen je wachtwoord weten.", en = "Your parents may know your password."}
"""


@cache
def packs() -> Path:
    """The folder with the packs, written once a run: in the same folder a school that was made is found again."""
    folder = TemporaryDirectory(prefix="kc-packs-")
    atexit.register(folder.cleanup)
    home = Path(folder.name) / "toetsdorp"
    home.mkdir()
    first = PACK.format(day="2025-08-01", nl="Vraag eerst of een foto mag.", en="Ask first whether a photo is fine.", more="")
    second = PACK.format(day="2026-04-01", nl="Geen foto zonder vragen.", en="No photo without asking.", more=PASSWORD)
    (home / "2025-08-01.toml").write_text(first, encoding="utf-8")
    (home / "2026-04-01.toml").write_text(second, encoding="utf-8")
    return home.parent


def prepare(settings: Any, monkeypatch: Any) -> None:
    """Let a test see these packs and lessons alone; the pack of 2026 is superseded on 1 April 2026 and then lets parents know a password."""
    settings.KC_PROTOCOL_DIRS = [str(packs())]
    settings.KC_LESSON_DIRS = [str(LESSONS)]
    monkeypatch.setattr(lesson_files, "_handed_over", [])


def school(day: Any, **more: Any) -> Cast:
    """Build the cast at a school of Test Village."""
    return build("toetsdorp", "vo", day, **more)
