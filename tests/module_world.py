"""A school with a pack that has rules in children's words, and two small lessons: the module's tests lean on nothing that grows.

Also how a pupil goes through them on the course page.
"""

from __future__ import annotations

import atexit
import re
from functools import cache
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.test import Client

from kc_xblock.media_literacy import PART
from tests.cast import Cast, build
from tests.course_page import handler, put_on_page
from tests.stories import MONDAY
from workflows import lesson_files
from workflows.models import LessonAnswer

KIND = "kc_media_literacy"
TURN = handler(KIND, "turn")

PHOTO = {"unit": "sample", "scene": "sleeping-photo"}
SAD = {"unit": "sample", "scene": "sam-sees-it"}
PASSWORD = {"unit": "sample", "scene": "password"}
STRONG = {"unit": "passwords", "scene": "strong"}

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

HOME_RULE = """
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
    second = PACK.format(day="2026-04-01", nl="Geen foto zonder vragen.", en="No photo without asking.", more=HOME_RULE)
    (home / "2025-08-01.toml").write_text(first, encoding="utf-8")
    (home / "2026-04-01.toml").write_text(second, encoding="utf-8")
    return home.parent


def on_page(settings: Any, monkeypatch: Any) -> Cast:
    """Build the cast at a school of Test Village, with the block on its course page.

    Its packs and lessons alone are seen; the pack of 2026 supersedes the other on 1 April and then lets parents know a password.
    """
    settings.KC_PROTOCOL_DIRS = [str(packs())]
    settings.KC_LESSON_DIRS = [str(LESSONS)]
    monkeypatch.setattr(lesson_files, "_handed_over", [])
    return put_on_page(KIND, build("toetsdorp", "vo", MONDAY.date()), monkeypatch)


def turn(client: Client, what: str = "answer", *, whole: bool = False, number: int = 0, **sent: Any) -> Any:
    """Send a form of the card, as its script does; `whole`: as a browser without it does."""
    headers = {} if whole else {PART: "1"}
    return client.post(handler(KIND, "turn", number), {"do": what, **sent}, headers=headers)


def finish(client: Client) -> None:
    """Answer every question right."""
    turn(client, **PHOTO, choice="ask", seen=0)
    turn(client, **PASSWORD, choice="no", seen=0)
    turn(client, **STRONG, choice="sentence", seen=0)


def says(answer: Any) -> str:
    """Return the words of an answer."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def kept() -> dict[tuple[str, str], tuple[int, bool, bool]]:
    """Return what is kept of each question: how many tries, whether the first was right, whether it was solved."""
    return {(row.unit, row.scene): (row.tries, row.right_first, row.solved) for row in LessonAnswer.objects.all()}
