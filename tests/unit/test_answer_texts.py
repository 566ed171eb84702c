"""The words that parents are asked with, and those of the letters' reading copies: whole in each language, plain, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from html import escape
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.utils import translation

from tests.readability import sentences_of, words_of
from workflows import answer_texts, vocabulary

LOCALE = Path(__file__).parents[2] / "locale"
READING = [language for language in answer_texts.LANGUAGES if language not in ("nl", "en")]


def catalogue(language: str) -> dict[tuple[str | None, str], str]:
    with (LOCALE / language / "LC_MESSAGES/django.po").open("rb") as file:
        return {(one.context, str(one.id)): str(one.string) for one in read_po(file, locale=language) if one.id and not one.fuzzy}


SOURCE = re.compile(r"""\{% translate "([^"]*)" context "reading" %\}|pgettext(?:_lazy)?\("reading", "([^"]*)"\)""")


def told() -> set[tuple[str | None, str]]:
    """Every string of the context "reading" in templates and code: the Dutch of these is the letter itself."""
    root = LOCALE.parent
    files = [*root.glob("templates/**/*.html"), *root.glob("workflows/**/*.py")]
    return {("reading", "".join(found)) for file in files for found in SOURCE.findall(file.read_text())}


def asked() -> set[tuple[str | None, str]]:
    """Every string of the context "answer": the Dutch catalogue is whole, as another test demands."""
    return {key for key in catalogue("nl") if key[0] == "answer"}


def test_there_is_something_to_translate() -> None:
    assert len(asked()) > 90 and ("answer", "Send my answers") in asked()
    assert len(told()) > 190 and {("reading", "Decision to suspend"), ("reading", "First day")} < told()


def test_the_dutch_of_a_letter_is_in_no_catalogue() -> None:
    assert not [key for key in catalogue("nl") if key[0] == "reading"]
    assert [key for key in catalogue("nl") if key[0] == "letter"], "the names of the letters are in it"


@pytest.mark.parametrize("language", READING)
def test_a_reading_copy_holds_every_string_of_the_answer_and_of_the_letters_and_no_other(language: str) -> None:
    found = catalogue(language)
    assert set(found) == asked() | told()
    assert not [key for key, text in found.items() if not text.strip()]
    names = {"Facebook", "Instagram", "YouTube"}
    same = {key[1] for key, text in found.items() if text == key[1]} - names
    assert not same, "left in English"


@pytest.mark.parametrize(("language", "letters"), [("ar", r"[؀-ۿ]"), ("uk", r"[Ѐ-ӿ]")])
def test_a_language_is_in_its_own_letters(language: str, letters: str) -> None:
    for (_context, english), text in catalogue(language).items():
        said = re.sub(r"%\(\w+\)s|</?bdi>", "", text)
        if english not in ("Facebook", "Instagram", "YouTube"):
            assert re.search(letters, said) and not re.search("[A-Za-z]{3,}", said), text


def test_every_purpose_and_place_has_words() -> None:
    assert set(answer_texts.PURPOSES) == set(vocabulary.PURPOSES) and set(answer_texts.CHANNELS) == set(vocabulary.PUBLICATIONS)
    assert set(answer_texts.LANGUAGES) == set(vocabulary.FIELDS["language"].choices)


def everything() -> list[str]:
    short = (*answer_texts.TO_PUPIL, *answer_texts.IN_SHORT, answer_texts.AUTHORITY)
    points = [*answer_texts.PURPOSES.values(), *answer_texts.CHANNELS.values(), *short]
    return [*(f"{one.head}. {one.text}" for one in points), answer_texts.how_long(None), answer_texts.how_long(date(2027, 7, 31))]


@pytest.mark.parametrize("which", [asked, told])
def test_the_english_is_plain_too(which: Callable[[], set[tuple[str | None, str]]]) -> None:
    """Flesch (1948): 206.835 - 1.015 x words per sentence - 84.6 x syllables per word; 70 and more is plain."""
    english = [str(text) for _context, text in which()]
    html = "<main>" + "".join(f"<p>{escape(text)}</p>" for text in english) + "</main>"
    sentences = sentences_of(html)
    assert not [one for one in sentences if len(words_of(one)) > 18]
    words = [word for one in sentences for word in words_of(one)]
    syllables = sum(max(1, len(re.findall("[aeiouy]+", re.sub(r"e$", "", word.lower())))) for word in words)
    assert 206.835 - 1.015 * len(words) / len(sentences) - 84.6 * syllables / len(words) >= 70


@pytest.mark.parametrize("language", answer_texts.LANGUAGES)
def test_the_words_of_an_answer_are_known_by_a_digest_of_their_own(language: str) -> None:
    with translation.override(language):
        base = answer_texts.words_of("name", "website", date(2027, 7, 31), authority=True)
        others = [
            answer_texts.words_of("name", "press", date(2027, 7, 31), authority=True),
            answer_texts.words_of("name", "website", None, authority=True),
            answer_texts.words_of("name", "website", date(2027, 7, 31), authority=False),
            answer_texts.words_of("name", "website", date(2027, 7, 31), authority=True, clauses=["Een regel van de school."]),
        ]
        assert len({answer_texts.version_of(text) for text in (base, *others)}) == 5
        assert answer_texts.version_of(base) == answer_texts.version_of(base) and "2027" in base
    with translation.override("en" if language != "en" else "nl"):
        assert answer_texts.version_of(base) != answer_texts.version_of(answer_texts.words_of("name", "website", date(2027, 7, 31), authority=True))


@pytest.mark.parametrize("language", READING)
def test_no_sentence_of_a_letters_copy_is_long(language: str) -> None:
    page = "<main>" + "".join(f"<p>{escape(text)}</p>" for key, text in catalogue(language).items() if key[0] == "reading") + "</main>"
    assert [one for one in sentences_of(page) if len(words_of(one)) > 25] == []


def test_arabic_of_the_letters_has_no_small_signs() -> None:
    """The printer writes a vowel sign and its letter as two glyphs of one text; a PDF with them is no PDF/UA (empty ToUnicode)."""
    assert not [text for key, text in catalogue("ar").items() if key[0] == "reading" and re.search("[\u064b-\u0652]", text)]


@pytest.mark.parametrize("language", READING)
def test_no_sentence_of_a_reading_copy_is_long(language: str) -> None:
    with translation.override(language):
        page = "<main>" + "".join(f"<p>{escape(text)}</p>" for text in everything()) + "</main>"
    assert [one for one in sentences_of(page) if len(words_of(one)) > 20] == []
