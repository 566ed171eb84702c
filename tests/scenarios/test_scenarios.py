"""Plays every scenario file, and holds the files to their promise: each rule is shown once allowing and once denying."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.cast import build
from workflows import scenario_cast, scenario_reader, scenarios
from workflows.protocol import HOME, load
from workflows.rules import Layer

HERE = Path(__file__).parent
FILES = tuple(sorted(HERE.glob("*/*.toml")))
Step = Mapping[str, Any]
TWINLESS = {"KC-TAKE": "the system settles a request by itself the moment it may, so no step of anybody shows it allowed"}
"""Articles without an allowing story beside the denying one, each with its reason."""

SHOWN = {"denied", "advice", "invalid"}
"""What a step says about its outcome; everything else is what was done."""


@cache
def _read(path: Path) -> dict[str, Any]:
    return scenario_reader.read_toml(path)


STORIES = [(path, scenario) for path in FILES for scenario in _read(path)["scenario"]]


def _of_each_step() -> list[tuple[Path, Mapping[str, Any]]]:
    """Few stories in which every step and milestone is taken that is taken in any."""
    named = [[(step.get("do", step.get("record")), SHOWN & set(step)) for step in story["steps"]] for _, story in STORIES]
    taken = [{name for name, stopped in steps if name and not stopped} for steps in named]
    left, chosen = set().union(*taken), []
    while left:
        most = max(range(len(STORIES)), key=lambda number: len(taken[number] & left))
        chosen.append(STORIES[most])
        left -= taken[most]
    return chosen


@pytest.fixture
def one_making(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the same cast on the same day be made once for all files."""
    monkeypatch.setattr(scenario_cast, "build", build)


@pytest.mark.once
@pytest.mark.django_db
@pytest.mark.usefixtures("one_making")
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_scenarios_go_as_they_say(path: Path) -> None:
    document = _read(path)
    wrong = [f"{story['name']}: {problem}" for story, problem in scenarios.play_all(document, document["scenario"]) if problem]
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
@pytest.mark.usefixtures("one_making")
@pytest.mark.parametrize(("path", "story"), _of_each_step())
def test_every_step_is_taken_on_every_database(path: Path, story: Mapping[str, Any]) -> None:
    assert [problem for _, problem in scenarios.play_all(_read(path), [story])] == [None]


def test_names_are_told_once() -> None:
    names = [(path, scenario["name"]) for path, scenario in STORIES]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice


def _gates(layer: Layer) -> frozenset[str]:
    """The articles that hold a step up: what is only advised, printed, timed or set is shown elsewhere."""
    lines = (line for line in layer.lines if line.strength != "advise")
    return frozenset(article for one in (*lines, *layer.signers) for article in one.articles)


def _layers_that_hold_steps_up() -> Iterator[tuple[str, str]]:
    for folder in sorted(HOME.iterdir()):
        if folder.is_dir():
            yield from ((folder.name, article) for article in sorted(_gates(load(folder.name).layers[-1])))


def _bare(step: Step) -> dict[str, Any]:
    return {key: value for key, value in step.items() if key not in SHOWN}


def _denied_by(article: str) -> Iterator[tuple[dict[str, Any], list[Step]]]:
    for path, scenario in STORIES:
        for n, step in enumerate(scenario["steps"]):
            if article in step.get("denied", ()):
                yield _frame(path, scenario), [*scenario["steps"][: n + 1]]


def _frame(path: Path, scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Everything of a scenario that is no step and no expectation: protocol, sector, day, cast, settings."""
    kept = {key: value for key, value in _read(path).items() if key != "scenario"}
    return {**kept, **{key: value for key, value in scenario.items() if key in ("today", "cast", "settings", "sector", "legal_form")}}


def _differences(one: list[Step], other: list[Step]) -> int:
    """In how many facts two stories differ: a step more or less, or one key of a step."""
    ours = [_bare(step) for step in one if not (step.keys() & {"denied", "invalid"}) or step is one[-1]]
    theirs = [_bare(step) for step in other if not (step.keys() & {"denied", "invalid"}) or step is other[-1]]
    if abs(len(ours) - len(theirs)) > 1:
        return 99
    if len(ours) == len(theirs):
        return sum(_keys_that_differ(mine, yours) for mine, yours in zip(ours, theirs, strict=True))
    longer, shorter = (ours, theirs) if len(ours) > len(theirs) else (theirs, ours)
    return 1 if any([*longer[:n], *longer[n + 1 :]] == shorter for n in range(len(longer))) else 99


def _keys_that_differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    return sum(one.get(key) != other.get(key) for key in one.keys() | other.keys())


def _has_a_twin(article: str) -> bool:
    """Whether a denial by the article has a story beside it that differs in one fact and is allowed."""
    for frame, denied in _denied_by(article):
        what = denied[-1].get("do"), denied[-1].get("record")
        for path, scenario in STORIES:
            other = _frame(path, scenario)
            moved = sum(frame.get(key) != other.get(key) for key in frame.keys() | other.keys())
            for n, step in enumerate(scenario["steps"]):
                same = (step.get("do"), step.get("record")) == what and not step.keys() & {"denied", "invalid"}
                if same and moved + _differences(denied, scenario["steps"][: n + 1]) == 1:
                    return True
    return False


@pytest.mark.parametrize(("key", "article"), list(_layers_that_hold_steps_up()))
def test_each_rule_denies_once_and_allows_once_for_one_fact(key: str, article: str) -> None:
    assert any(_denied_by(article)), f"no scenario of {key} is denied by {article}"
    assert article in TWINLESS or _has_a_twin(article), f"no allowed scenario differs in one fact from a denial by {article}"
