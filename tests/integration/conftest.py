"""The moment and the stories that many of these tests begin with; a file may have its own of the same name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cast import Cast, build
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
