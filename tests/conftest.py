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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let CI leave out, on the second and third database, what asks none."""
    parser.addoption("--database-only", action="store_true", help="run only tests that use the database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what stands in tests/browser, so that `-m "not browser"` needs no mark in each file; obey --database-only."""
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
    if config.getoption("--database-only"):
        asking = {"db", "transactional_db", "live_server", "client"}
        kept = [item for item in items if item.get_closest_marker("django_db") or asking & set(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept
