"""Names in texts: finds another child's in every text of a letter's copy, and hides on a page those a reader may not see.

Knows no database: it is given the names. A find is a refusal, so a false alarm costs a rewritten sentence and a miss costs
a child's privacy. People involved in the case are therefore matched strictly; the rest of the roster only where a hit can
hardly be an ordinary word (see `_common`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

_PREFIXES_WORDS = """
van de der den het ter ten te op in von zu la le el al ben bin abu di da do dos del della du des af aan bij onder over
uit voor tot
"""
PREFIXES = frozenset(_PREFIXES_WORDS.split())
"""Prefixes of Dutch and other family names: alone they are no name."""

_FUNCTION_WORDS = """
wil dan an door mei jan feb max mark nu zo als ties al een en of maar want dat die dit deze wie wat waar niet wel nog
ook er hij zij wij jij ons hun hem haar mij is was zijn heeft had hebben kan kon mag moet zal zou gaat ging komt kwam
doet deed zegt zei los pas mis ziet zag bij app les les
"""
_FUNCTION = PREFIXES | frozenset(_FUNCTION_WORDS.split())
"""Words without which no letter is written: they are a name only with a capital, and only of somebody in the case."""

_COMMON_WORDS = """
mees roos bloem storm ster zon maan lot toon bas rob kees merel lente zomer winter herfst sneeuw vlinder parel hoop
vrede geluk engel prins koning keizer graaf hertog bakker smit visser mulder kok koster kuiper slager boer herder
jager molenaar schipper timmerman dekker brouwer snijders kramer meester leraar dokter pastoor wit witte zwart bruin
groen rood blauw geel grijs groot grote klein lang lange kort jong oud oude dik recht sterk hard zacht goed beter best
berg dijk brug meer zee beek bos bosch heide veld weide tuin hof huis kerk molen dam haven boom linde eik vos haas
wolf beer leeuw haan vogel valk arend spreeuw bie kat hond paard schaap post brand steen ijzer zilver goud zijde draad
bal spel prijs school stad dorp straat laan plein poort toren kamp maart april juni juli augustus ouder ouders vader
moeder broer zus kind vriend klas groep mentor week dag uur tijd jaar foto film bericht telefoon gesprek reden regel
werk hulp vraag fee puck bo bron amsterdam rotterdam utrecht groningen leiden zwolle hoorn breda delft almere lelystad
haarlem arnhem assen emmen drenthe holland friesland zeeland brabant limburg duits frans engels hollander fries turk
pool
"""
_COMMON = _FUNCTION | frozenset(_COMMON_WORDS.split())
"""Ordinary words. As a name on the roster they say nothing by themselves; a surname in the case counts with a capital."""

_ALIKE = str.maketrans("’‘`´‐‑øØłŁıđĐ", "''''--oOlLidD")
_WORD = re.compile(r"[^\W\d_]+(?:['’`´.\-‐‑][^\W\d_]+)*['’`´]?", re.UNICODE)
_SPLIT = re.compile(r"[.\-‐‑]")
_PART = re.compile(r"[^.\-‐‑]+")
HIDDEN = "[…]"
"""What stands on a page in place of a name."""
_HIDDEN_NAME = re.compile(rf"{re.escape(HIDDEN)}(?:[\s._\-]*(?:{'|'.join(sorted(PREFIXES))}))*[\s._\-]*{re.escape(HIDDEN)}", re.IGNORECASE)
_DIMINUTIVES = ("je", "jes", "tje", "tjes", "pje", "pjes", "kje", "kjes", "etje", "etjes")
_POSSESSIVES = ("s", "'s", "'")


class Found(NamedTuple):
    """A name of another child: the field it stands in and the name as the school knows it."""

    field: str
    name: str


@dataclass(frozen=True, slots=True)
class Name:
    """The names by which a person may be mentioned. `involved`: has a part in this case."""

    given: str
    family: str = ""
    nicknames: tuple[str, ...] = ()
    involved: bool = False

    @property
    def full(self) -> str:
        """First name and surname."""
        return f"{self.given} {self.family}".strip()


class _Token(NamedTuple):
    text: str
    is_name_like: bool


def plain(text: str) -> str:
    """Return `text` without accents, invisible characters and differences of case or apostrophe."""
    visible = "".join(char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char) not in ("Mn", "Cf"))
    return visible.translate(_ALIKE).casefold()


def _tokens(text: str) -> list[_Token]:
    """Return the words of a text: whole ones, and the parts of hyphenated and dotted ones; capitalised ones marked.

    A capital at the start of a sentence counts as well: a name may stand there. Digits and underscores part words, so
    that a name inside an account name is seen.
    """
    visible = "".join(char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char) != "Cf")
    tokens = []
    for match in _WORD.finditer(visible):
        parts = [part for part in _SPLIT.split(match.group()) if part]
        tokens += [_Token(plain(part), part[:1].isupper()) for part in parts]
    return tokens


def _forms(word: str) -> set[str]:
    """Return how one name word may be written: itself, possessive, diminutive ("Sams", "Max'", "Jantje", "Sammetje")."""
    forms = {word} | {word + end for end in (*_POSSESSIVES, *_DIMINUTIVES)}
    last = word[-1:]
    if last and last not in "aeiouy'":
        forms |= {f"{word}{last}{end}" for end in ("etje", "etjes", "ie", "ies", "y")}
    if last in ("a", "o", "u", "e"):
        forms |= {f"{word}{last}{end}" for end in ("tje", "tjes")}
    return forms | {form + "'s" for form in forms}


def _words_of(name: str) -> list[str]:
    return [token.text.rstrip("'") for token in _tokens(name)]


def _core(family: str) -> list[str]:
    """The words of a family name that carry it: prefixes left out, unless it has nothing else."""
    words = _words_of(family)
    return [word for word in words if word not in PREFIXES and len(word) > 1] or words


class _Matcher:
    """Finds one person's names in tokens, given the words that this copy may contain."""

    def __init__(self, name: Name, allowed: frozenset[str]) -> None:
        self.name = name
        calls = [word for call in (name.given, *name.nicknames) for word in _words_of(call)]
        calls = [word for word in dict.fromkeys(calls) if len(word) > 1 and (word not in PREFIXES or len(calls) == 1)]
        family = _core(name.family) if name.family else []
        whole = "".join(_words_of(name.family))
        self.calls = {form for call in calls for form in _forms(call)}
        self.initials = {call[0] for call in calls}
        self.family_initials = {word[0] for word in (*family, *_words_of(name.family)) if word}
        self.last = {form for word in family for form in _forms(word)}
        self.joined = {joined for call in calls for joined in (call + whole, whole + call, call[0] + whole) if len(whole) > 2}
        self.own_calls = [word for word in calls if word not in allowed]
        self.own_family = [word for word in family if word not in allowed]

    @property
    def starts(self) -> set[str]:
        """First letters of everything that this matcher looks for."""
        return {form[:2] for form in (*self.calls, *self.last, *self.joined)}

    def _alone(self, word: str, tokens: list[_Token], ordinary: frozenset[str]) -> bool:
        """Whether one name word gives the person away by itself; an `ordinary` word does with a capital, if involved."""
        forms = _forms(word)
        for token in tokens:
            if token.text in forms:
                if token.text not in _COMMON:
                    return True
                if self.name.involved and (token.is_name_like or (token.text == word and word not in ordinary)):
                    return True
        return False

    def is_named_by(self, word: str) -> bool:
        """Whether this one word is the person's, be it an ordinary word as well."""
        return word in self.calls or word in self.joined

    def together(self, tokens: list[_Token]) -> bool:
        """Whether first name (or its initial) and surname stand together, in either order, prefixes between them ignored."""
        for index, token in enumerate(tokens):
            if token.text in self.joined:
                return True
            after = tokens[index + 1] if index + 1 < len(tokens) else _Token("", False)
            if token.text in self.calls and after.is_name_like and after.text in self.family_initials:
                return True
            if token.text not in self.last:
                continue
            if after.text in self.calls or (after.is_name_like and after.text in self.initials):
                return True
            place = index - 1
            while place >= 0 and (len(tokens[place].text) == 1 or tokens[place].text in PREFIXES - self.calls):
                if tokens[place].text in self.initials and tokens[place].is_name_like and token.is_name_like:
                    return True
                place -= 1
            if place >= 0 and tokens[place].text in self.calls:
                return True
        return False

    def found(self, tokens: list[_Token]) -> bool:
        """Whether these tokens mention the person."""
        if self.together(tokens) or any(self._alone(word, tokens, _FUNCTION) for word in self.own_calls):
            return True
        surnames = [self._alone(word, tokens, _COMMON) for word in self.own_family]
        return any(surnames) if self.name.involved else bool(surnames) and all(surnames)


def other_children(
    texts: Mapping[str, str], others: Iterable[Name], allowed: Iterable[str] = (), known: Iterable[str] = ()
) -> list[Found]:
    """Find other pupils in the texts of one copy.

    Args:
        texts: every free text of the copy and the PDF's metadata, by field (`contents.free_texts`).
        others: all other pupils: those involved, and the roster.
        allowed: the pupil's own names and the receiver's. A word in them is no find by itself; first name *and* surname of
            another child together always are.
        known: names of staff, school and town: no find for somebody on the roster, but one for a child in the case.

    Returns:
        Field and name of each find, in the order of the texts; empty when nobody is named. The school's own contacts
        ("school.…") are searched for first name and surname together only.
    """
    may = frozenset(word for name in allowed for word in _words_of(name))
    also = may | frozenset(word for name in known for word in _words_of(name))
    names = list(others)
    matchers = [_Matcher(name, may if name.involved else also) for name in names]
    index: dict[str, list[int]] = {}
    for number, matcher in enumerate(matchers):
        for start in matcher.starts:
            index.setdefault(start, []).append(number)
    found = []
    for field, text in texts.items():
        tokens = _tokens(text)
        for number in sorted({number for token in tokens for number in index.get(token.text[:2], ())}):
            search = matchers[number].together if field.startswith("school.") else matchers[number].found
            if search(tokens):
                found.append(Found(field, names[number].full))
    return found


def hide(text: str, names: Iterable[str]) -> str:
    """Return `text` with every way of writing one of `names` replaced by `HIDDEN`.

    Each word of a name counts, with its possessives and diminutives, without regard to accents, invisible characters or
    capitals, also inside an account name. A false alarm costs a word; a text without a name is returned as it is.
    """
    seekers = [_seeker(name) for name in dict.fromkeys(names)]
    visible = "".join(char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char) != "Cf")
    pieces, done = [], 0
    for word in _WORD.finditer(visible) if seekers else ():
        for part in _PART.finditer(word.group()):
            if any(seeker.is_named_by(plain(part.group())) for seeker in seekers):
                start = word.start() + part.start()
                pieces += [visible[done:start], HIDDEN]
                done = start + len(part.group())
    if not pieces:
        return text
    hidden = "".join(pieces) + visible[done:]
    while (closer := _HIDDEN_NAME.sub(HIDDEN, hidden)) != hidden:
        hidden = closer
    return hidden


@lru_cache(maxsize=4096)
def _seeker(name: str) -> _Matcher:
    seeker = _Matcher(Name(name, involved=True), frozenset())
    first, *rest = _words_of(name) or [""]
    if rest:
        seeker.joined |= {first + "".join(rest), "".join(rest) + first, first[0] + "".join(rest)}
    return seeker


def hidden_contacts(texts: Mapping[str, str], hidden: Iterable[tuple[str, str]]) -> list[Found]:
    """Find contact data that this reader may not see: another guardian's address, telephone or e-mail.

    Args:
        texts: every text of the copy, by field.
        hidden: pairs of whose it is and the text to look for (each line of an address counts, and its postal code).

    Returns:
        Field and owner of each find.
    """
    found = []
    for field, text in texts.items():
        squeezed = re.sub(r"[\s\-.,]", "", plain(text))
        for owner, secret in hidden:
            codes = re.findall(r"\b\d{4}\s?[A-Za-z]{2}\b", secret)
            lines = [re.sub(r"[\s\-.,]", "", plain(line)) for line in (*secret.splitlines(), *codes)]
            if any(len(line) >= 5 and line in squeezed for line in lines):
                found.append(Found(field, owner))
    return found
