"""Lessons at the command line and at boot: a fault is named with its file, and keeps nothing from going on."""

from __future__ import annotations

import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import WARNING, run_checks
from django.core.management import CommandError, call_command

from workflows import lesson_files

SAMPLE = Path(__file__).parents[1] / "lessons/2-passwords.toml"


@pytest.fixture
def own(settings: Any, tmp_path: Path) -> Path:
    """An author's own folder with one sound lesson."""
    folder = tmp_path / "own"
    folder.mkdir()
    text = SAMPLE.read_text(encoding="utf-8").replace('["LEY-3b"]', '["LEY-8"]')
    (folder / "2-passwords.toml").write_text(text, encoding="utf-8")
    settings.KC_LESSON_DIRS = [str(folder)]
    return folder


def checked(*paths: Any) -> str:
    out = StringIO()
    call_command("check_lessons", *map(str, paths), stdout=out)
    return out.getvalue()


def test_every_lesson_of_the_product_is_sound() -> None:
    said = checked()
    assert said.strip().endswith("0 failed")
    assert run_checks(tags=["lessons"]) == []


def test_an_author_s_own_lesson_stands_beside_the_product_s(own: Path) -> None:
    assert checked().strip().endswith("0 failed")
    keys = {(unit.level, unit.key) for unit in lesson_files.library().units}
    assert (2, "passwords") in keys and len(keys) > 1
    assert checked(own).strip().endswith("1 passed, 0 failed")


def test_a_fault_is_named_with_file_key_and_hint_and_fails_the_command(own: Path, capsys: Any) -> None:
    path = own / "2-passwords.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("right = true", ""), encoding="utf-8")
    out = StringIO()
    with pytest.raises(CommandError, match="1 failed"):
        call_command("check_lessons", str(path), stdout=out)
    assert f"{path}: scenes[1].choices: There is no right answer. Write right = true" in out.getvalue()
    copy = own / "2-group-chat.toml"
    shutil.copy(lesson_files.folders()[0] / copy.name, copy)
    with pytest.raises(CommandError, match="1 failed"):
        call_command("check_lessons", str(copy), stdout=out)
    assert f"{copy}: key: Level 2 has “group-chat” already" in out.getvalue()
    with pytest.raises(CommandError, match="There is no"):
        checked(own / "nowhere.toml")


def test_at_boot_a_fault_is_a_warning_and_the_lesson_is_left_out(own: Path, settings: Any) -> None:
    shutil.copy(own / "2-passwords.toml", own / "2-copy.toml")
    settings.KC_LESSON_DIRS.append("/nowhere/at/all")
    found = run_checks(tags=["lessons"])
    assert {one.id for one in found} == {"kc.W002", "kc.W003"} and all(one.level == WARNING for one in found)
    assert any("2-copy.toml: key:" in one.msg and "Call it 2-passwords.toml." in str(one.hint) for one in found)
    assert any("/nowhere/at/all" in one.msg for one in found)
    call_command("check", verbosity=0)
