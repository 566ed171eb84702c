"""Every rule this product says it carries stands somewhere in its school's pack: a line, a duty, a letter, a setting."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest

from workflows.protocol import HOME, Layer, load

CARRIED: dict[str, list[str]] = {
    school: table["rules"] for school, table in tomllib.loads((HOME / "carried.toml").read_text(encoding="utf-8")).items()
}
PAIRS = [(school, rule) for school, rules in CARRIED.items() for rule in rules]


def _carried_by(layer: Layer) -> Iterator[str]:
    """The articles that something in the pack rests on; naming one under [articles] alone carries nothing."""
    for said in (layer.lines, layer.signers, layer.duties, layer.letters, layer.clauses):
        for one in said:
            yield from one.articles
    for setting in layer.settings:
        yield from setting.cites
    for _, cited in layer.places:
        yield from cited
    yield from layer.routes_cites


@pytest.mark.parametrize(("school", "rule"), PAIRS)
def test_the_rule_is_carried(school: str, rule: str) -> None:
    layer = load(school).layers[-1]
    assert rule in set(_carried_by(layer)), f"{rule} is carried by nothing in {layer.file}"
    article = layer.articles[rule]
    assert article.en.strip() and article.nl.strip()


def test_every_school_has_its_rules_and_each_once() -> None:
    assert set(CARRIED) == {path.name for path in HOME.iterdir() if path.is_dir() and load(path.name).layers[-1].is_complete}
    assert len(PAIRS) == len(set(PAIRS))
