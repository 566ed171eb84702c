"""Plain Dutch: what pupils read is easy, what staff read is plain, and no sentence is long."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.readability import read, sentences_of, syllables
from tests.stories import Story, tell

LONGEST = 18
"""Words that a sentence may have."""


@pytest.fixture
def story(db: Any, monday: None) -> Story:
    return tell()


def page(user: Any, address: str) -> str:
    client = Client(headers={"accept-language": "nl"})
    client.force_login(user)
    with translation.override("nl"):
        return client.get(address).content.decode()


def test_the_measure_knows_easy_from_hard() -> None:
    easy = read("<main><p>De kat zit op de mat. Zij slaapt.</p></main>")
    hard = read("<main><p>Verantwoordelijkheidsverdeling impliceert organisatorische besluitvormingsprocedures.</p></main>")
    assert easy.score > 100 > 0 > hard.score
    assert [syllables(word) for word in ("kat", "ij", "mentor", "leerling", "coördinator")] == [1, 1, 2, 2, 4]
    assert sentences_of("<h1>Een kop</h1><p>Bel 0800-0432. Nu.</p>") == ["Een kop", "Bel 0800-0432", "Nu"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("who", "name", "bar"),
    [("pupil", "desk", 80), ("pupil", "report", 70), ("pupil", "case", 80), ("mentor", "desk", 60), ("mentor", "report", 60),
     ("director", "approvals", 60), ("director", "decide", 60)],
)  # fmt: skip
def test_pages_read_easily(story: Story, who: str, name: str, bar: int) -> None:
    address = story.url(name) if name in ("case", "decide") else reverse(f"kc_workflows:{name}")
    found = read(page(story.cast.users[who], address))
    assert found.score >= bar, found
    assert found.most_words <= LONGEST, found.longest
