"""What every test shares: an isolated workbench, and mails and log heads that stay in the test's own folder."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from django.utils import translation
from pytest_django.fixtures import Settings


@pytest.fixture(autouse=True)
def own_folders(request: pytest.FixtureRequest) -> None:
    """Keep what a test writes beside the database in its own folder; thousands of tests touch no database and need none."""
    if asks_a_database(request.node):
        settings: Settings = request.getfixturevalue("settings")
        folder: Path = request.getfixturevalue("tmp_path")
        settings.EMAIL_FILE_PATH = str(folder / "mail")
        settings.KC_LOG_HEADS = str(folder / "log-heads")
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a good one takes a second, which is its aim


@pytest.fixture(autouse=True)
def fresh_workbench() -> None:
    """Forget the workbench's blocks, which it keeps in one global."""
    from workbench.runtime import ID_MANAGER

    ID_MANAGER.clear()


@pytest.fixture(autouse=True)
def own_language() -> None:
    """Begin in the site's language: the request of an earlier test leaves its reader's behind in this thread."""
    translation.deactivate()


def pytest_collection_finish() -> None:
    """Let the cyclic garbage collector leave alone what the whole run needs, and look seldom: it took an eighth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let CI leave out, on the second and third database, what asks none, and what is marked `once`.

    What differs between databases is SQL. Whether a rule decides rightly, a page says the right words or a PDF is valid is the
    same on each, and is asked on SQLite with every Python; the steps, pages and queries themselves run on all of them. A test is
    marked `once` when it repeats what others send to the database, for more readers, schools or texts; a second Python leaves
    these out as well.
    """
    parser.addoption("--database-only", action="store_true", help="run only tests that use the database and are not marked `once`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what stands in tests/browser, so that `-m "not browser"` needs no mark in each file; obey --database-only."""
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
    if config.getoption("--database-only"):
        kept = [item for item in items if asks_a_database(item) and not item.get_closest_marker("once")]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


def asks_a_database(item: pytest.Item) -> bool:
    """Whether the test uses a database, by its mark or by a fixture."""
    asking = {"db", "transactional_db", "live_server", "client"}
    return item.get_closest_marker("django_db") is not None or bool(asking & set(getattr(item, "fixturenames", ())))
