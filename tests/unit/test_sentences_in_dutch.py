"""Dutch all the way: every sentence of a rule, every word of the vocabulary, every message of the pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.pofile import read_po
from django.utils import translation

from tests.scenarios.cells import SCHOOLS, read_table
from workflows import labels, vocabulary, words
from workflows.guards import GUARDS
from workflows.protocol import Denial, advice, denials, load
from workflows.sentences import FACTS, Sentence, Word, sentence

ROOT = Path(__file__).parents[2]
CATALOGUES = (ROOT / "locale/nl/LC_MESSAGES/django.po", ROOT / "tests/host/locale/nl/LC_MESSAGES/django.po")

SAME = frozenset(
    (
        "mentor", "mediamaster", "incident", "Halt", "ICT", "protocol", "sector", "website", "account", "School", "Logo", "e-mail", "logo (PNG)",
        "Demo", "Protocol", "Account", "code %(code)s", "Facebook", "Instagram", "YouTube",
    )
)  # fmt: skip
"""Words that are the same in both languages."""

ENGLISH = re.compile(
    r"\b(the|and|must|may|only|who|whom|what|which|has|have|been|this|that|to|for|from|with|by|not|parents|case|measure|talk|"
    r"somebody|nobody|until|first|pupils?|board|staff|school's|day|days|still|needed|must|done|without|after|before|their|them)\b",
    re.IGNORECASE,
)
"""Common English words that are no Dutch ones."""

TYPICAL: dict[str, Any] = {
    "roles": (Word("role", "director"), Word("role", "board")),
    "fields": (Word("field", "reason"), Word("field", "scope")),
    "field": Word("field", "first_day"),
    "first": Word("field", "acted_on"),
    "then": Word("field", "first_day"),
    "values": (Word("scope", "private"), Word("kind", "suspension")),
    "value": date(2026, 3, 2),
    "one": Word("field", "proposer"),
    "other": Word("field", "by"),
    "what": Word("milestone", "parents_informed"),
    "of": Word("people", "each_guardian"),
    "type": Word("type", "police"),
    "states": (Word("state.police", "reported"), Word("state.police", "not_reported")),
    "state": Word("state.incident", "triaged"),
    "step": Word("step", "measure.propose"),
    "file": Word("file", "pupil_file"),
    "duties": (Word("milestone", "heard"), Word("step", "incident.close")),
    "details": (Word("people", "subject"), Sentence("by {roles}", (("roles", (Word("role", "mentor"),)),))),
    "pattern": "*@school.example",
    "letter": Word("letter", "invitation"),
    "n": 2,
}
"""A typical filling for each place that a sentence of the kernel may have."""


def is_dutch(text: str) -> bool:
    """Whether no common English word is in it."""
    return ENGLISH.search(text) is None


def marked() -> Iterator[str]:
    """Every string the modules mark with `gettext_noop`: the sentences that are translated where they are shown."""
    for path in sorted((ROOT / "workflows").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "gettext_noop" and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value


TEMPLATES = sorted(set(marked()))


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_the_search_for_sentences_finds_the_guards() -> None:
    assert len(TEMPLATES) > len(GUARDS), "one sentence at least for each guard"
    assert set().union(*map(places, TEMPLATES)) <= set(TYPICAL), "a place without a typical word"


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_sentence_of_the_kernel_is_dutch(template: str) -> None:
    filled = sentence(template, **{name: TYPICAL[name] for name in places(template)})
    with translation.override("nl"):
        assert places(translation.gettext(template)) == places(template), "a place got lost"
        said = words.say(filled)
    assert said != str(filled)
    assert is_dutch(said), said
    assert "{" not in said
    assert said[0] in "“" or not said[0].islower()


def test_every_denial_and_advice_of_every_school_is_dutch() -> None:
    seen: set[str] = set()
    for cell in read_table():
        protocol = load(cell.school).for_sector(cell.facts.sector)
        told: tuple[Denial, ...] = (*denials(protocol, cell.facts), *advice(protocol, cell.facts))
        with translation.override("nl"):
            seen.update(words.say(one.sentence, protocol) for one in told)
    assert len(seen) > 80
    assert sorted(text for text in seen if not is_dutch(text) or "_" in text) == []


def test_every_question_to_a_school_is_named_as_its_pack_says() -> None:
    asked = 0
    for school in SCHOOLS:
        protocol = load(school)
        for key, setting in protocol.settings.items():
            filled = sentence("First answer: {fields}.", fields=(Word("setting", key),))
            with translation.override("nl"):
                said = words.say(filled, protocol)
            if setting.nl:
                asked += 1
                assert setting.nl in said
                assert is_dutch(said), said
    assert asked


def test_roles_stand_in_a_sentence_with_their_article() -> None:
    only = sentence("Only {roles} may do this.", roles=(Word("role", "director"), Word("role", "board")))
    with translation.override("nl"):
        assert words.say(only) == "Alleen de directeur of het bevoegd gezag mag dit doen."
    with translation.override("en"):
        assert words.say(only) == "Only the director or the board may do this."
    assert set(labels.THE_ROLES) == set(vocabulary.ROLES)


def test_a_day_and_a_number_have_sentences_of_their_own() -> None:
    day = sentence("“{field}” may not be before {value}.", field=Word("field", "first_day"), value=date(2026, 3, 2))
    with translation.override("nl"):
        assert words.say(day) == "“Eerste dag” mag niet vóór 2 maart 2026 liggen."


# every word of the vocabulary


def vocabulary_words() -> Iterator[tuple[str, Any]]:
    """Every (context, key) that a page may have to put in words."""
    tables: dict[str, Any] = {
        "role": vocabulary.ROLES, "the role": vocabulary.ROLES, "case_role": vocabulary.CASE_ROLES,
        "person_kind": vocabulary.PERSON_KINDS, "category": vocabulary.CATEGORIES, "kind": vocabulary.KINDS,
        "severity": vocabulary.SEVERITIES, "channel": vocabulary.CHANNELS, "route": vocabulary.ROUTES,
        "letter": vocabulary.LETTERS, "people": vocabulary.SELECTORS, "step": vocabulary.STEPS, "task": vocabulary.STEPS,
        "milestone": {name: None for kinds in vocabulary.MILESTONES.values() for name in kinds},
        "field": {**vocabulary.FIELDS, **FACTS}, "type": vocabulary.STATES,
    }  # fmt: skip
    for context, table in tables.items():
        for key in table:
            yield context, key
    for kind, states in vocabulary.STATES.items():
        for state in states:
            yield f"state.{kind}", state
    for name, field in vocabulary.FIELDS.items():
        for choice in field.choices:
            yield name, choice


@pytest.mark.parametrize(("context", "key"), list(vocabulary_words()), ids=str)
def test_each_word_of_the_vocabulary_has_a_dutch_one(context: str, key: Any) -> None:
    with translation.override("en"):
        english = words.label(context, key)
    with translation.override("nl"):
        dutch = words.label(context, key)
    assert english, "a label at all"
    assert "_" not in dutch
    assert dutch != english or english in SAME
    assert is_dutch(dutch), dutch


def test_each_choice_of_a_form_has_a_label_of_its_own() -> None:
    bare = [
        f"{name}: {choice}"
        for name, field in vocabulary.FIELDS.items()
        for choice in field.choices
        if words.label(name, choice) == choice.replace("_", " ") and words.label("role", choice) != choice.replace("_", " ")
    ]
    assert bare == []


def test_what_was_done_is_told_in_dutch() -> None:
    with translation.override("nl"):
        steps = [*vocabulary.STEPS, *labels.DONE, *(f"record.{name}" for kinds in vocabulary.MILESTONES.values() for name in kinds)]
        assert [said for said in map(words.done, steps) if not is_dutch(said)] == []


# the catalogues


@pytest.mark.parametrize("path", CATALOGUES, ids=["product", "demo host"])
def test_the_catalogue_is_complete(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file, locale="nl")
    said = [one for one in catalogue if one.id]
    assert len(said) > 10
    empty = [one.id for one in said if not (all(one.string) if isinstance(one.string, (list, tuple)) else one.string)]
    assert empty == []
    assert [one.id for one in said if one.fuzzy] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=["product", "demo host"])
def test_each_translation_keeps_its_places_and_its_end(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file, locale="nl")
    wrong = []
    for one in catalogue:
        if not one.id:
            continue
        sources = one.id if isinstance(one.id, (list, tuple)) else (one.id,)
        targets = one.string if isinstance(one.string, (list, tuple)) else (one.string,)
        for source, target in zip(sources, targets, strict=True):
            if _places(source) != _places(target):
                wrong.append(f"places: {source} / {target}")
            if source.endswith((".", ":")) and not target.endswith((".", ":", "?")):
                wrong.append(f"end: {source} / {target}")
            if source == target and target not in SAME and not _is_bare(target):
                wrong.append(f"not translated: {source}")
            if not _is_bare(target) and not is_dutch(_plain(target)):
                wrong.append(f"English left: {target}")
    assert wrong == []


_PLACE = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")


def _places(text: str) -> list[str]:
    return sorted(_PLACE.findall(text))


def _plain(text: str) -> str:
    """The text without what is a name in any language: commands, links, abbreviations."""
    return re.sub(r"“[^”]*”|course-v1:\S+|\S+@\S+", "", _PLACE.sub("", text))


def _is_bare(text: str) -> bool:
    """Whether nothing is left to translate: places, signs, formats and single letters."""
    return not re.search(r"[^\W\d_]{2,}", _plain(text))
