"""How hard the product's Dutch is to read, wherever it is written: letters, links, mails, rules, every message of a page.

`tests.readability` has the measure (Flesch's, with Douma's numbers of 1960); pages as they are shown stand in
`tests/integration/test_readability.py`.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.utils import translation

from tests.letter_contexts import context
from tests.readability import read, sentences_of, words_of
from tests.scenarios.cells import SCHOOLS
from workflows.delivery import letters
from workflows.protocol import load
from workflows.vocabulary import LETTERS

LONGEST = 18
"""Words that a sentence may have."""

EASY, PLAIN, STAFF = 80, 70, 60
"""What a pupil reads about an own case, what other pupils and parents read, what staff read."""

CATALOGUE = Path(__file__).parents[2] / "locale/nl/LC_MESSAGES/django.po"

PAGES = {
    "templates/workflows/pages/own.html": EASY,
    "templates/workflows/pages/help.html": EASY,
    "templates/workflows/pages/home.html": EASY,
    "templates/workflows/parts/help.html": PLAIN,
    "templates/kc_xblock/pupil.html": EASY,
    "templates/kc_xblock/module_part.html": EASY,
    "kc_xblock/module_page.py": PLAIN,
    "templates/workflows/pages/letter_link.html": PLAIN,
    "templates/workflows/pages/answer.html": PLAIN,
    "templates/workflows/pages/answer_closed.html": PLAIN,
    "workflows/answer_texts.py": PLAIN,
    "templates/workflows/mail/ask.txt": PLAIN,
    "templates/workflows/mail/ask_part.html": PLAIN,
    "templates/workflows/mail/letter.html": PLAIN,
    "templates/workflows/mail/letter.txt": PLAIN,
    "templates/workflows/mail/message.txt": PLAIN,
    "templates/workflows/mail/reminder.txt": PLAIN,
}
"""What pupils and parents read, with its bar; every other page is for staff."""


def dutch() -> list[tuple[frozenset[str], str]]:
    """Every translation with the files that show it."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="nl")
    found = []
    for one in catalogue:
        if one.id:
            texts = one.string if isinstance(one.string, (list, tuple)) else (one.string,)
            found.extend((frozenset(place for place, _ in one.locations), text) for text in texts)
    return found


SAID = dutch()


def page_of(texts: list[str]) -> str:
    """The texts as one page, each a paragraph."""
    return "<main>" + "".join(f"<p>{escape(text)}</p>" for text in texts) + "</main>"


def too_long(html: str) -> list[str]:
    return [one for one in sentences_of(html) if len(words_of(one)) > LONGEST]


@pytest.mark.parametrize(("template", "bar"), PAGES.items())
def test_what_pupils_and_parents_read_is_easy(template: str, bar: int) -> None:
    texts = [text for places, text in SAID if template in places]
    assert texts, "a page that no longer exists"
    found = read(page_of(texts))
    assert found.score >= bar, found


def test_what_staff_read_is_plain() -> None:
    pages = {place for places, _ in SAID for place in places if place not in PAGES and place.endswith(".html")}
    assert len(pages) > 10
    for page in sorted(pages):
        texts = [text for places, text in SAID if page in places]
        if sum(len(words_of(text)) for text in texts) >= 40:  # the measure says nothing of a few words
            found = read(page_of(texts))
            assert found.score >= STAFF, (page, found)


def test_no_message_has_a_long_sentence() -> None:
    assert too_long(page_of([text for _, text in SAID])) == []


def kinds() -> list[tuple[str, str]]:
    """Every letter to every reader it can have."""
    others = {"staff_letter": ("adult",), "police_note": ("file", "guardian")}
    return [(kind, to) for kind in LETTERS for to in others.get(kind, ("guardian", "pupil", "adult"))]


@pytest.mark.parametrize(("kind", "to"), kinds())
def test_letters_read_easily(kind: str, to: str) -> None:
    with translation.override("nl"):
        text = letters.html(context(kind, to=to))
    found = read(text)
    assert found.score >= PLAIN, found
    assert too_long(text) == []


@pytest.mark.parametrize("to", ["pupil", "guardian", "adult"])
@pytest.mark.parametrize("kind", [kind for kind in LETTERS if kind not in ("staff_letter", "police_note")])
def test_a_letter_speaks_to_its_reader_as_one(kind: str, to: str) -> None:
    with translation.override("nl"):
        said = " ".join(sentences_of(letters.html(context(kind, to=to)))).lower()
    for wrong in ("wilt je", "je heeft", "u hebt je", "jou kunt", "met je hebben", "over je.", " van je is", "wil u "):
        assert wrong not in said
    assert (" uw " in said or " u " in said) == (to != "pupil")


@pytest.mark.parametrize("school", SCHOOLS)
def test_rules_are_said_in_short_plain_sentences(school: str) -> None:
    rules = [article.nl for article in load(school).articles.values()]
    assert all(rules), "a rule without Dutch"
    found = read(page_of(rules))
    assert found.score >= PLAIN, found
    assert too_long(page_of(rules)) == []
