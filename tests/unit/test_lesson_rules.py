"""The product's lessons: every rule that children learn is taught at a level its school has, in words they can read."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest

from tests.readability import read, read_english, sentences_of, words_of
from workflows import lessons
from workflows.lessons import Scene, Texts, Unit
from workflows.packs import HOME, articles_of
from workflows.protocol import load

LESSONS = Path(__file__).parents[2] / "kc_xblock/lessons"
LIBRARY = lessons.load(lessons.files([LESSONS]), articles_of([HOME]))

TAUGHT: dict[str, list[str]] = {school: table["rules"] for school, table in tomllib.loads((HOME / "taught.toml").read_text(encoding="utf-8")).items()}

AGES = {"nl-po": {1, 2}, "nl-vo": {3, 4}}
"""The levels of a sector's pupils."""

PLAIN, LONGEST = 70, 18
"""What a text must reach, and the words a sentence may have."""

FEWEST = 40
"""Scenes that the product brings."""

QUOTED = re.compile("“[^”]*”")
"""What somebody in a scene says or writes."""

MEASURES = {"nl": read, "en": read_english}


def levels_of(school: str) -> set[int]:
    """The levels that a school's pupils meet."""
    return set().union(*(AGES.get(layer.key, set()) for layer in load(school).layers))


def scenes_for(school: str) -> Iterator[tuple[Unit, Scene]]:
    """Every scene that a school's pupils come by on their way through a lesson."""
    articles = load(school).articles
    for unit in LIBRARY.units:
        if unit.level in levels_of(school):
            yield from ((unit, scene) for scene in unit.at_school(articles).path())


def _listed() -> list[object]:
    """Every rule of every school with the scenes that teach it; `pytest -v` shows them."""
    found: list[object] = []
    for school, rules in TAUGHT.items():
        met = list(scenes_for(school))
        for rule in rules:
            scenes = tuple(f"{unit.level}-{unit.key}/{scene.key}" for unit, scene in met if rule in scene.teaches)
            found.append(pytest.param(school, rule, scenes, id=f"{rule}: {', '.join(scenes) or 'nowhere'}"))
    return found


def test_the_lessons_are_sound() -> None:
    assert [str(problem) for problem in LIBRARY.problems] == []


@pytest.mark.parametrize(("school", "rule", "scenes"), _listed())
def test_the_rule_is_taught(school: str, rule: str, scenes: tuple[str, ...]) -> None:
    assert scenes, f"no scene teaches {rule} at a level of {school}"
    pupil = load(school).articles[rule].pupil
    assert pupil["nl"].strip() and pupil["en"].strip()


def test_every_school_has_its_rules_and_each_once() -> None:
    assert set(TAUGHT) == {path.name for path in HOME.iterdir() if path.is_dir() and load(path.name).layers[-1].is_complete}
    rules = [rule for listed in TAUGHT.values() for rule in listed]
    assert len(rules) == len(set(rules))


def test_there_are_enough_scenes_at_every_level() -> None:
    per_level = Counter(unit.level for unit in LIBRARY.units for _ in unit.scenes)
    assert per_level.total() >= FEWEST
    assert all(per_level[level] >= FEWEST / len(lessons.LEVELS) for level in lessons.LEVELS), per_level


@pytest.mark.parametrize("level", lessons.LEVELS)
def test_neither_place_nor_length_gives_the_right_answer_away(level: int) -> None:
    scenes = [scene for unit in LIBRARY.level(level) for scene in unit.scenes]
    places = Counter(place for scene in scenes for place, one in enumerate(scene.choices) if one.right)
    assert max(places.values()) <= len(scenes) / 2, places
    for language in lessons.LANGUAGES:
        longest = [scene.key for scene in scenes if max(scene.choices, key=lambda one: len(one.text[language])).right]
        assert len(longest) <= len(scenes) / 2, (language, longest)


@pytest.mark.parametrize(
    ("scene", "right"),
    [
        ("who-may-know", {"groningen": "b", "leyenburg": "a", "wilhelmina": "a", "verkruisen": "a"}),
        ("teacher-on-the-beach", {"groningen": "b", "leyenburg": "c", "wilhelmina": "b", "verkruisen": "c"}),
        ("dad-asks", {"groningen": "a", "leyenburg": "b", "montessori": "d"}),
        ("mentor-account", {"groningen": "a", "leyenburg": "b", "montessori": "a"}),
        ("phone-in-break", {"groningen": "c", "leyenburg": "b", "montessori": "c"}),
    ],
)
def test_what_is_right_is_what_the_school_itself_says(scene: str, right: dict[str, str]) -> None:
    found = {school: [one.key for _, met in scenes_for(school) if met.key == scene for one in met.choices if one.right] for school in right}
    assert found == {school: [key] for school, key in right.items()}


def test_a_phone_in_the_break_is_explained_by_the_schools_own_rule() -> None:
    told = {school: next(scene for _, scene in scenes_for(school) if scene.key == "phone-in-the-break") for school in ("leyenburg", "groningen")}
    said = {school: scene.choices[1].feedback["nl"] for school, scene in told.items()}
    assert "Op jouw school mag je telefoon mee" in said["leyenburg"]
    assert "Zoek het samen op" in said["groningen"]


@pytest.mark.parametrize(
    ("scene", "said"),
    [
        ("may-i-see", {"groningen": "zo staat het in onze code", "montessori": "Vragen mag, dwingen niet"}),
        ("turned-sixteen", {"groningen": "Bij ons vraagt school ook je ouders", "montessori": "Sommige scholen vragen"}),
        ("trainee-adds-you", {"groningen": "Een account voor een les mag je wel volgen", "montessori": "Bij ons mag iemand die op school werkt"}),
    ],
)
def test_the_right_answer_is_explained_by_the_schools_own_rule(scene: str, said: dict[str, str]) -> None:
    for school, words in said.items():
        right = [one.feedback["nl"] for _, met in scenes_for(school) if met.key == scene for one in met.choices if one.right]
        assert len(right) == 1 and words in right[0]


# --- how it reads -------------------------------------------------------------------------------------------------------


def scene_texts(scene: Scene) -> Iterator[Texts]:
    """Everything a pupil may read in one scene."""
    yield from (scene.title, scene.story, scene.question)
    for one in scene.choices:
        yield one.text
        if one.feedback:
            yield one.feedback
    for version in scene.versions:
        yield from version.feedback.values()


def page_of(texts: list[str]) -> str:
    """The texts as one page, each a paragraph."""
    return "<main>" + "".join(f"<p>{escape(text, quote=False)}</p>" for text in texts) + "</main>"


def assert_reads_well(texts: list[Texts], name: str) -> None:
    """Demand easy words and short sentences in both languages."""
    for language, measure in MEASURES.items():
        page = page_of([text[language] for text in texts])
        found = measure(page)
        assert found.score >= PLAIN, (name, language, found)
        assert [one for one in sentences_of(page) if len(words_of(one)) > LONGEST] == [], (name, language)


SCENES = [pytest.param(scene, id=f"{unit.level}-{unit.key}/{scene.key}") for unit in LIBRARY.units for scene in unit.scenes]


@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_reads_easily(scene: Scene) -> None:
    texts = list(scene_texts(scene))
    assert_reads_well(texts, scene.key)
    for text in texts:
        if len(words_of(text["nl"])) >= 20:  # the measure says nothing of a few words
            assert_reads_well([text], scene.key)


@pytest.mark.parametrize("unit", [pytest.param(unit, id=f"{unit.level}-{unit.key}") for unit in LIBRARY.units])
def test_cards_and_tips_read_easily(unit: Unit) -> None:
    assert_reads_well([unit.title, unit.about, *unit.class_card, *unit.home_card], unit.key)
    assert_reads_well(list(unit.tips), unit.key)


@pytest.mark.parametrize("school", TAUGHT)
def test_the_rules_in_words_for_pupils_read_easily(school: str) -> None:
    said = [article.pupil for article in load(school).articles.values() if article.pupil]
    assert_reads_well(said, school)


def test_pupils_are_spoken_to_as_pupils() -> None:
    for unit in LIBRARY.units:
        pupils = [text for scene in unit.scenes for text in scene_texts(scene)] + [unit.title, unit.about, *unit.class_card, *unit.home_card]
        formal = [text["nl"] for text in pupils if {"u", "uw"} & set(words_of(QUOTED.sub("", text["nl"]).lower()))]
        assert formal == [], unit.key
