"""How hard a page reads: Flesch's measure, for Dutch with Douma's numbers, and the longest sentence.

Douma (1960): 206.84 - 0.93 x words per sentence - 77 x syllables per word. 60 and more is plain, 80 and more is easy.
Flesch (1948), for English: 206.835 - 1.015 x words per sentence - 84.6 x syllables per word, on the same scale.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser

APART = frozenset({"p", "li", "h1", "h2", "h3", "label", "legend", "dt", "dd", "div", "button", "td", "th", "summary", "span", "option"})
"""Elements whose text ends where they end, as a reader sees it."""

SILENT = frozenset({"script", "style", "head", "svg"})
VOWELS = re.compile(r"ij|[aeiouyáàâäéèêëíìîïóòôöúùûü]+", re.IGNORECASE)
ENGLISH_VOWELS = re.compile(r"[aeiouy]+", re.IGNORECASE)
ENGLISH_SILENT = re.compile(r"[^aeiouyl]e$|[^aeiouytd]e[sd]$|[aeiouy]le$", re.IGNORECASE)
"""How an English word ends whose last vowel is not heard: made, liked, while."""
ABBREVIATED = re.compile(r"\b(\d+)\.(\d)")


class _Text(HTMLParser):
    def __init__(self, *, main_only: bool) -> None:
        super().__init__()
        self.said: list[str] = []
        self.inside = 0 if main_only else 1
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside += tag == "main"
        self.silent += tag in SILENT
        if tag in APART:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag == "main"
        self.silent -= tag in SILENT
        if tag in APART:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if self.inside and not self.silent:
            self.said.append(re.sub(r"\s+", " ", data))


@dataclass(frozen=True)
class Reading:
    """The measure of a text, and its longest sentence."""

    score: float
    longest: str

    @property
    def most_words(self) -> int:
        """Words in the longest sentence."""
        return len(words_of(self.longest))


def words_of(text: str) -> list[str]:
    """The words of a text; numbers, times and addresses are none."""
    return re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text)


def sentences_of(html: str) -> list[str]:
    """The sentences in the main part of a page."""
    parser = _Text(main_only="<main" in html)
    parser.feed(html)
    text = ABBREVIATED.sub(r"\1\2", "".join(parser.said))
    return [part.strip() for part in re.split(r"[.!?:;]\s|[.!?:;]?\n", text) if words_of(part)]


def syllables(word: str) -> int:
    """Syllables of a Dutch word, by its groups of vowels."""
    return max(1, len(VOWELS.findall(word)))


def english_syllables(word: str) -> int:
    """Syllables of an English word, by its groups of vowels that are heard."""
    return max(1, len(ENGLISH_VOWELS.findall(word)) - bool(ENGLISH_SILENT.search(word)))


def _measured(html: str, whole: float, sentence: float, syllable: float, count: Callable[[str], int]) -> Reading:
    sentences = sentences_of(html)
    words = [word for one in sentences for word in words_of(one)]
    per_sentence = len(words) / len(sentences)
    per_word = sum(map(count, words)) / len(words)
    longest = max(sentences, key=lambda one: len(words_of(one)))
    return Reading(whole - sentence * per_sentence - syllable * per_word, longest)


def read(html: str) -> Reading:
    """Measure a Dutch page."""
    return _measured(html, 206.84, 0.93, 77, syllables)


def read_english(html: str) -> Reading:
    """Measure an English page."""
    return _measured(html, 206.835, 1.015, 84.6, english_syllables)
