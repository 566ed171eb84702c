"""The set-up says in one sentence what is wrong with a Python, and what to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def setup(python: Path, venv: Path) -> subprocess.CompletedProcess[str]:
    """Run the set-up with one interpreter and an environment folder of its own."""
    env = {"PATH": "/usr/bin:/bin", "PYTHON": str(python), "VENV": str(venv)}
    return subprocess.run([ROOT / ".ci/setup", "demo"], env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def other_python(tmp_path: Path) -> Path:
    """An interpreter that is no Python 3.11 or 3.12."""
    path = tmp_path / "python3.13"
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    return path


def test_another_python_is_refused_with_the_remedy(other_python: Path, tmp_path: Path) -> None:
    done = setup(other_python, tmp_path / "env")
    assert done.returncode != 0
    assert "is not Python 3.11 or 3.12: name one that is" in done.stderr
    assert not (tmp_path / "env").exists()
