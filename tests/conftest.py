"""What every test shares: an isolated workbench, and mails and log heads that stay in the test's own folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings


@pytest.fixture(autouse=True)
def own_folders(settings: Settings, tmp_path: Path) -> None:
    """Keep what a test writes beside the database in its own folder."""
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    settings.KC_LOG_HEADS = str(tmp_path / "log-heads")


@pytest.fixture(autouse=True)
def fresh_workbench() -> None:
    """Forget the workbench's blocks, which it keeps in one global."""
    from workbench.runtime import ID_MANAGER

    ID_MANAGER.clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands in tests/browser, so that `-m "not browser"` needs no mark in each file."""
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
