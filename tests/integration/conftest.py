"""The moment and the stories that many of these tests begin with; a file may have its own of the same name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.cast import Cast, build
from tests.host.runtime import HostRuntime
from tests.stories import MONDAY, Story, tell
from workflows import clock


@pytest.fixture
def monday() -> Iterator[None]:
    """Hold the clock on a Monday morning."""
    with clock.at(MONDAY):
        yield


@pytest.fixture
def cast(monday: None) -> Cast:
    """The school that follows Groningen's protocol, with its people and no case."""
    return build("groningen", "vo", MONDAY.date())


@pytest.fixture
def story(monday: None) -> Story:
    """The same with a case for which a suspension waits for the director."""
    return tell()


@pytest.fixture
def author(db: None) -> User:
    """Course staff of no school."""
    return User.objects.create_user("author", is_staff=True)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Every grade and completion that a block publishes."""
    found: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(HostRuntime, "publish", lambda self, block, kind, data: found.append((kind, data)))
    return found
