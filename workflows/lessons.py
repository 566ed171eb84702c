"""Lessons of the media-literacy module as data: reads the files, and says everything that is wrong with them.

PURE but for reading files: no Django, no clock, no person. A lesson lies at `<folder>/<level>-<key>.toml`. What differs per
school stands in a scene's `versions` and is chosen by the articles that the school's own pack carries.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from .line_reader import Reader, hint
from .rules import Problem

Texts = Mapping[str, str]
"""One text per language."""

LANGUAGES = ("nl", "en")
"""The languages every text of a lesson has."""

LEVELS: Mapping[int, str] = {1: "8-9", 2: "10-12", 3: "12-13", 4: "14-16"}
"""The levels, and the ages (years) they are written for."""

FEWEST, MOST = 2, 4
"""Choices of a question."""

_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_KEY = 60
_END = "."  # no key: where a choice leads when all that would follow is left out
_UNIT_KEYS = ("key", "level", "order", "title", "about", "frames", "tips", "class_card", "home_card", "scenes")
_SCENE_KEYS = ("key", "title", "teaches", "story", "question", "choices", "versions")
_CHOICE_KEYS = ("key", "text", "right", "feedback", "then")
_VERSION_KEYS = ("articles", "right", "feedback")


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question; `then` is the key of the scene it leads to ("": the next one)."""

    key: str
    text: Texts
    right: bool
    feedback: Texts
    then: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """What is right, and why, at schools whose pack carries all of `articles`."""

    articles: tuple[str, ...]
    right: str
    feedback: Mapping[str, Texts]


@dataclass(frozen=True, slots=True)
class Scene:
    """A short story with one question. `teaches` names the rules it is about."""

    key: str
    title: Texts
    teaches: tuple[str, ...]
    story: Texts
    question: Texts
    choices: tuple[Choice, ...]
    versions: tuple[Version, ...] = ()

    def choice(self, key: str) -> Choice | None:
        """Return the choice with this key."""
        return next((one for one in self.choices if one.key == key), None)

    def at_school(self, articles: Collection[str]) -> Scene | None:
        """Return the scene as a school teaches it, without versions; None when it has no right answer there.

        The articles that make it differ are then the first it teaches.

        Args:
            articles: the ids that the school's protocol carries.
        """
        fitting = next((one for one in self.versions if set(one.articles) <= set(articles)), None)
        choices, teaches = self.choices, self.teaches
        if fitting is not None:
            teaches = tuple(dict.fromkeys((*fitting.articles, *teaches)))
            choices = tuple(replace(one, right=one.key == fitting.right, feedback=fitting.feedback.get(one.key, one.feedback)) for one in choices)
        return replace(self, choices=choices, teaches=teaches, versions=()) if any(one.right for one in choices) else None


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One lesson: scenes in their order, with cards to talk about them in class and at home. Equal to itself alone."""

    key: str
    level: int
    order: int
    title: Texts
    about: Texts
    frames: tuple[str, ...]
    class_card: tuple[Texts, ...]
    home_card: tuple[Texts, ...]
    tips: tuple[Texts, ...]
    scenes: tuple[Scene, ...]
    file: str = ""

    def at_school(self, articles: Collection[str]) -> Unit:
        """Return the lesson as a school teaches it: scenes with no right answer there are left out.

        What led to one of these leads to the scene after it.
        """
        taught = [scene.at_school(articles) for scene in self.scenes]
        instead: dict[str, str] = {}
        following = _END
        for scene, here in zip(reversed(self.scenes), reversed(taught), strict=True):
            following = scene.key if here is not None else following
            instead[scene.key] = following
        kept = (scene for scene in taught if scene is not None)
        led = (replace(scene, choices=tuple(replace(one, then=instead.get(one.then, "")) for one in scene.choices)) for scene in kept)
        return replace(self, scenes=tuple(led))

    def scene(self, key: str) -> Scene | None:
        """Return the scene with this key."""
        return next((one for one in self.scenes if one.key == key), None)

    def after(self, scene: Scene, choice: Choice) -> Scene | None:
        """Return the scene that follows when `choice` is the right one; None at the end."""
        if choice.then:
            return self.scene(choice.then)
        place = self.scenes.index(scene) + 1
        return self.scenes[place] if place < len(self.scenes) else None

    def path(self) -> tuple[Scene, ...]:
        """Return the scenes that lead from the first to the end by the right answers, as this school teaches them."""
        found: list[Scene] = []
        here = self.scenes[0] if self.scenes else None
        while here is not None:  # links lead on, so this ends
            found.append(here)
            here = next((self.after(here, one) for one in here.choices if one.right), None)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Library:
    """Every sound lesson, by level and order, and what is wrong with the others, which are left out."""

    units: tuple[Unit, ...] = ()
    problems: tuple[Problem, ...] = ()

    def level(self, level: int) -> tuple[Unit, ...]:
        """Return the lessons of one level in their order."""
        return tuple(unit for unit in self.units if unit.level == level)


@dataclass(slots=True)
class _Lesson:
    """One file being read; knows which articles packs carry, and which of these have words for pupils."""

    reader: Reader
    articles: Mapping[str, bool] | None
    seen: set[str] = field(default_factory=set)

    def texts(self, key: str, value: object) -> Texts:
        """Demand a text in every language."""
        table = self.reader.table(key, value)
        self.reader.keys(key, table, LANGUAGES)
        for language in LANGUAGES:
            if not isinstance(table.get(language), str) or not table[language].strip():
                self.reader.wrong(f"{key}.{language}", "This translation is missing.", "Write {nl = “…”, en = “…”}.")
        return {language: str(table.get(language, "")).strip() for language in LANGUAGES}

    def many(self, key: str, value: object) -> tuple[Texts, ...]:
        """Demand a list of texts, each in every language."""
        return tuple(self.texts(place, one) for place, one in self.reader.tables(key, value))

    def key(self, place: str, table: Mapping[str, Any], taken: Collection[str] = ()) -> str:
        """Demand a key of small letters, digits and hyphens that nothing else here has."""
        key = str(table.get("key", ""))
        if not _KEY.fullmatch(key) or len(key) > _LONGEST_KEY:
            self.reader.wrong(f"{place}key", f"“{key}” is no key.", "Use small letters, digits and hyphens, at most 60: key = “sleeping-photo”.")
        elif key in taken:
            self.reader.wrong(f"{place}key", f"There are two with the key “{key}”.", "Give one of them another key.")
        return key

    def cited(self, place: str, table: Mapping[str, Any], name: str, *, taught: bool) -> tuple[str, ...]:
        """Demand rules that some pack carries and, where they are taught, that have words for pupils."""
        listed = table.get(name)
        if not isinstance(listed, list) or not listed or not all(isinstance(one, str) for one in listed):
            self.reader.wrong(f"{place}.{name}", "This names no rule.", f"Write {name} = [“…”], with ids of articles in a pack.")
            return ()
        known = self.articles
        if known is None:
            return tuple(listed)
        for one in listed:
            if one not in known:
                self.reader.wrong(f"{place}.{name}", f"No pack carries the article “{one}”.", _near(one, known))
            elif taught and not known[one]:
                message = f"The article “{one}” has no words for pupils."
                self.reader.wrong(f"{place}.{name}", message, "Add pupil = {nl = “…”, en = “…”} to it in its pack.")
        return tuple(listed)

    def choice(self, place: str, table: Mapping[str, Any], taken: Collection[str], versions: Sequence[Mapping[str, Any]]) -> Choice:
        """Read one answer; its feedback may be left to the versions when every one of them has it."""
        self.reader.keys(place, table, _CHOICE_KEYS)
        key = self.key(f"{place}.", table, taken)
        if not isinstance(table.get("right", False), bool):
            self.reader.wrong(f"{place}.right", "This must be true or false.")
        told = table.get("feedback")
        elsewhere = bool(versions) and all(key in _table(one.get("feedback")) for one in versions)
        feedback = {} if told is None and elsewhere else self.texts(f"{place}.feedback", told if told is not None else {})
        text = self.texts(f"{place}.text", table.get("text", {}))
        return Choice(key, text, table.get("right") is True, feedback, str(table.get("then", "")))

    def scene(self, place: str, table: Mapping[str, Any]) -> Scene:
        """Read one scene."""
        self.reader.keys(place, table, _SCENE_KEYS)
        key = self.key(f"{place}.", table, self.seen)
        self.seen.add(key)
        versions = self.reader.tables(f"{place}.versions", table.get("versions", []))
        choices: list[Choice] = []
        for where, one in self.reader.tables(f"{place}.choices", table.get("choices", [])):
            choices.append(self.choice(where, one, [known.key for known in choices], [told for _, told in versions]))
        if not FEWEST <= len(choices) <= MOST:
            self.reader.wrong(f"{place}.choices", f"A question has {FEWEST} to {MOST} choices, this one {len(choices)}.")
        right = [one.key for one in choices if one.right]
        if len(right) > 1:
            self.reader.wrong(f"{place}.choices", f"There are two right answers: {', '.join(right)}.", "Keep right = true at one of them.")
        if not right and not versions:
            self.reader.wrong(f"{place}.choices", "There is no right answer.", "Write right = true at one choice, or add versions.")
        return Scene(
            key, self.texts(f"{place}.title", table.get("title", {})), self.cited(place, table, "teaches", taught=True),
            self.texts(f"{place}.story", table.get("story", {})), self.texts(f"{place}.question", table.get("question", {})),
            tuple(choices), tuple(self.version(where, one, choices) for where, one in versions),
        )  # fmt: skip

    def version(self, place: str, table: Mapping[str, Any], choices: Sequence[Choice]) -> Version:
        """Read what differs at some schools; a choice that becomes right or wrong there needs feedback of its own."""
        self.reader.keys(place, table, _VERSION_KEYS)
        keys = [one.key for one in choices]
        right = str(table.get("right", ""))
        self.reader.known(f"{place}.right", "choice", right, keys)
        told = self.reader.table(f"{place}.feedback", table.get("feedback", {}))
        feedback = {}
        for key, value in told.items():
            self.reader.known(f"{place}.feedback", "choice", key, keys)
            feedback[key] = self.texts(f"{place}.feedback.{key}", value)
        for one in choices:
            if one.right != (one.key == right) and one.key not in feedback:
                self.reader.wrong(f"{place}.feedback", f"The choice “{one.key}” changes here, but its feedback does not.", f"Add {one.key} = {{…}}.")
        return Version(self.cited(place, table, "articles", taught=False), right, feedback)


def _near(article: str, articles: Mapping[str, bool]) -> str:
    """Say which article was probably meant."""
    found = hint(article, articles)
    return found if found.startswith("Did") else "Take an id from [articles] of a pack."


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _links(reader: Reader, scenes: Sequence[Scene]) -> None:
    """Find links to nowhere, circles, and scenes that nothing leads to. Links lead on, so one look in the file's order is enough."""
    keys = [scene.key for scene in scenes]
    reached = set(keys[:1])
    for number, scene in enumerate(scenes, 1):
        for place, one in enumerate(scene.choices, 1):
            if one.then and one.then not in keys:
                reader.wrong(f"scenes[{number}].choices[{place}].then", f"There is no scene “{one.then}” here.", hint(one.then, keys))
            elif one.then in keys[:number]:
                message = f"“{one.then}” comes before, or is the same: this goes round in a circle."
                reader.wrong(f"scenes[{number}].choices[{place}].then", message, "Lead to a scene further on in the file.")
        if scene.key not in reached:
            reader.wrong(f"scenes[{number}]", f"Nothing leads to “{scene.key}”.", "Let a choice of another scene lead to it, or take it out.")
        right = {one.key for one in scene.choices if one.right} | {version.right for version in scene.versions}
        reached.update(one.then for one in scene.choices if one.then)
        reached.update(keys[number : number + 1] if any(one.key in right and not one.then for one in scene.choices) else ())


def read(text: str, file: str, articles: Mapping[str, bool] | None = None) -> tuple[Unit | None, tuple[Problem, ...]]:
    """Read one lesson.

    Args:
        text: the TOML.
        file: its path; problems name it, and its name must be `<level>-<key>.toml`.
        articles: every article that a pack carries, and whether it has words for pupils; None: do not look.

    Returns:
        The lesson, or None when anything is wrong; and everything that is wrong.
    """
    reader = Reader(file)
    try:
        raw: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        return None, (Problem(file, "", f"This is no valid TOML: {wrong}."),)
    lesson = _Lesson(reader, articles)
    reader.keys("", raw, _UNIT_KEYS)
    key = lesson.key("", raw)
    level = raw.get("level")
    reader.known("level", "level", level, LEVELS)
    if type(raw.get("order")) is not int:
        reader.wrong("order", "This must be a number: the place of the lesson in its level.")
    if Path(file).suffix == ".toml" and Path(file).name != f"{level}-{key}.toml":
        reader.wrong("key", f"This file is lesson “{key}” of level {level}.", f"Call it {level}-{key}.toml.")
    frames = raw.get("frames")
    if not isinstance(frames, list) or not frames or not all(isinstance(one, str) and one.strip() for one in frames):
        reader.wrong("frames", "This names no goal of the curriculum.", "Write frames = [“…”].")
    cards = {}
    for name in ("class_card", "home_card"):
        card = reader.table(name, raw.get(name, {}))
        reader.keys(name, card, ("questions",))
        cards[name] = lesson.many(f"{name}.questions", card.get("questions", []))
        if not cards[name]:
            reader.wrong(f"{name}.questions", "This card asks nothing.", "Every lesson ends with a card for class and one for home.")
    title, about = (lesson.texts(name, raw.get(name, {})) for name in ("title", "about"))
    scenes = tuple(lesson.scene(place, one) for place, one in reader.tables("scenes", raw.get("scenes", [])))
    if not scenes:
        reader.wrong("scenes", "This lesson has no scene.", "Begin one with [[scenes]].")
    tips = lesson.many("tips", raw.get("tips", []))
    _links(reader, scenes)
    if reader.problems:
        return None, tuple(reader.problems)
    found = Unit(
        key, int(raw["level"]), raw["order"], title, about, tuple(raw["frames"]), cards["class_card"], cards["home_card"], tips, scenes, file
    )
    return found, ()


def files(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Return every lesson file of these folders."""
    return tuple(path for folder in folders for path in sorted(folder.glob("*.toml")))


def load(paths: Iterable[Path], articles: Mapping[str, bool] | None = None) -> Library:
    """Read lessons. One with a fault is left out and does not take the others with it; of two with one key the first stands.

    Args:
        paths: the files.
        articles: as for `read`.
    """
    known = tuple(sorted((articles or {}).items())) if articles is not None else None
    return _loaded(tuple((str(path), _changed_at(path)) for path in paths), known)


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # gone meanwhile, or a link to what is gone: reading it says so
        return 0


@lru_cache(maxsize=16)
def _loaded(stamps: tuple[tuple[str, int], ...], articles: tuple[tuple[str, bool], ...] | None) -> Library:
    units: list[Unit] = []
    problems: list[Problem] = []
    known = dict(articles) if articles is not None else None
    for file, _changed in stamps:
        try:
            unit, wrong = read(Path(file).read_text(encoding="utf-8"), file, known)
        except UnicodeDecodeError:
            unit, wrong = None, (Problem(file, "", "This file is not written in UTF-8."),)
        except OSError as why:
            unit, wrong = None, (Problem(file, "", f"This file cannot be read: {why.strerror}."),)
        problems += wrong
        if unit is not None:
            units.append(unit)
    kept: dict[tuple[int, str], Unit] = {}
    for one in units:
        if (first := kept.setdefault((one.level, one.key), one)) is not one:
            text = f"Level {one.level} has “{one.key}” already: {first.file}."
            problems.append(Problem(one.file, "key", text, "Give this one another key."))
    return Library(tuple(sorted(kept.values(), key=lambda unit: (unit.level, unit.order, unit.key))), tuple(problems))
