"""Every scenario file of the packs, played through the real commands."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

from workflows import scenarios

HERE = Path(__file__).parent
FILES = sorted(path for path in HERE.glob("*/*.toml"))


@pytest.mark.django_db
@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(HERE)) for path in FILES])
def test_the_scenarios_go_as_they_say(path: Path) -> None:
    out = StringIO()
    passed, failed = scenarios.run_here([path], out)
    assert failed == 0, out.getvalue()
    assert passed > 0
