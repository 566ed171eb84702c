"""The layers of a protocol and its files: they hold together, only add, and what they refuse of each other is said."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.unit.kernel import (
    BOARD,
    DIRECTOR,
    HEAD,
    actor,
    facts,
    layer,
    line,
    pack,
    reasons,
    record,
)
from workflows import protocol
from workflows.guards import GUARDS
from workflows.pack_checks import is_looser
from workflows.protocol import (
    LoadError,
    Protocol,
    check,
    check_file,
    denials,
    from_texts,
    load,
)
from workflows.rules import STRENGTHS

# layers


STATUTE = layer(
    """
[steps.measure.propose]
requires = [{guard = "at_most", field = "school_days", value = 5, when = {kind = ["suspension", "internal_suspension"]}, cites = "A1"}]
[steps.measure.impose]
requires = [
  {guard = "by_role", roles = ["director", "board"], when = {kind = "suspension"}, cites = "A1"},
  {guard = "recorded", what = "parents_informed", of = "subject_guardians", since = "propose", when = {subject = "pupil"}, cites = "A1"},
]
""",
    head='key = "law"\nin_force = 2024-08-01\nsource = "Law"\n',
)
DEFAULTS = layer(
    """
[steps.measure.impose]
requires = [
  {guard = "recorded", what = "heard", of = "subject", cites = "A2"},
  {guard = "filled", fields = ["conduct"], cites = ["A2", "A3"]},
]
""",
    head='key = "ours"\nin_force = 2024-08-01\nsource = "Ours"\nbinding = false\n',
)


def test_all_layers_hold_together() -> None:
    found = pack('[steps.measure.impose]\nrequires = [{guard = "never", cites = "A4"}]', below=(STATUTE, DEFAULTS))
    assert reasons(denials(found, facts())) == ["A1", "A2", "A2", "A3", "A4"]


def test_a_dropped_default_takes_its_lines_along_when_nothing_else_carries_them() -> None:
    found = from_texts(DEFAULTS, HEAD + 'drops = ["A2"]')
    assert [denial.articles for denial in denials(found, facts())] == [("A3",)]
    left_out = from_texts(DEFAULTS, HEAD + 'drops = ["A2", "A3"]')
    assert reasons(denials(left_out, facts())) == ["step"]


def test_layers_of_another_sector_fall_out() -> None:
    primary = STATUTE.replace('key = "law"', 'key = "law-po"\nsector = ["po"]').replace(
        'nl = "Regel A1."', 'nl = "Regel A1."\nconfirmed = true'
    )
    found = pack('[steps.measure.impose]\nroles = ["director"]\ncites = "A4"', below=(primary,))
    assert found.sectors == ("po",)
    assert [one.key for one in found.for_sector("vo").layers] == ["test"]
    assert found.for_sector("po") is found
    assert denials(found, facts(sector="po"))
    assert not denials(found, facts(sector="vo")), "the case's own sector counts"


def problems(body: str, *below: str, head: str = HEAD) -> list[str]:
    return [problem.message for problem in check(from_texts(*below, layer(body, head=head)))]


def school(requires: str, place: str = "steps.measure.impose") -> str:
    return f'[{place}]\nrequires = [{{{requires}, cites = "A4"}}]'


PROPOSE = "steps.measure.propose"


@pytest.mark.parametrize(
    ("requires", "place", "looser"),
    [
        ('guard = "at_most", field = "school_days", value = 6, when = {kind = "suspension"}', PROPOSE, True),
        ('guard = "at_most", field = "school_days", value = 5, when = {kind = "suspension"}', PROPOSE, False),
        ('guard = "at_most", field = "school_days", value = 3, when = {kind = "suspension"}', PROPOSE, False),
        ('guard = "at_most", field = "school_days", value = 9, when = {kind = "network_ban"}', PROPOSE, False),
        ('guard = "at_most", field = "school_days", value = 9', PROPOSE, False),
        ('guard = "at_most", field = "school_days", value = 5, strength = "answer", when = {kind = "suspension"}', PROPOSE, True),
        ('guard = "at_most", field = "school_days", value = 4, strength = "answer", when = {kind = "suspension"}', PROPOSE, False),
        ('guard = "by_role", roles = ["director", "board", "manager"], when = {kind = "suspension"}', "", True),
        ('guard = "by_role", roles = ["employee"], when = {kind = "suspension"}', "", True),
        ('guard = "by_role", roles = ["director"], when = {kind = "suspension"}', "", False),
        ('guard = "recorded", what = "parents_informed", of = "subject_guardians", when = {subject = "pupil"}', "", True),
        (
            'guard = "recorded", what = "parents_informed", of = "each_guardian", since = "propose", when = {subject = "pupil"}',
            "",
            False,
        ),
        (
            'guard = "recorded", what = "parents_informed", of = "each_guardian", when = {subject = "pupil"}, strength = "advise"',
            "",
            False,
        ),
        ('guard = "recorded", what = "parents_informed", since = "propose", when = {subject = "pupil"}', "", True),
        ('guard = "recorded", what = "heard", of = "subject"', "", False),
    ],
)
def test_a_layer_can_only_add(requires: str, place: str, looser: bool) -> None:
    found = problems(school(requires, place or "steps.measure.impose"), STATUTE)
    assert any("looser than A1 of “law”" in message for message in found) is looser


def test_a_looser_line_never_stops_what_the_inherited_one_lets_through() -> None:
    """What the check calls looser is superfluous in every case: whenever it is unmet, the inherited line is too, as strongly."""
    guards = [
        *(f'guard = "at_most", field = "school_days", value = {days}' for days in (1, 3, 5)),
        *(f'guard = "by_role", roles = {roles}' for roles in ('["board"]', '["board", "director"]', '["employee"]')),
        *(f'guard = "one_of", field = "kind", values = {kinds}' for kinds in ('["task"]', '["task", "suspension"]', '["talk"]')),
        *(f'guard = "filled", fields = {fields}' for fields in ('["conduct"]', '["conduct", "school_days"]')),
        *(
            f'guard = "recorded", what = "parents_informed"{more}'
            for more in ("", ', of = "subject_guardians"', ', of = "each_guardian"', ', by = ["director"]', ', since = "propose"')
        ),
    ]
    whens = ["", ', when = {kind = "suspension"}', ', when = {kind = ["task", "suspension"]}', ", when = {school_days_at_least = 3}"]
    lines = [
        line(f'{guard}, strength = "{strength}"{when}').layers[0].lines[0]
        for guard in guards
        for when in whens
        for strength in ("block", "answer")
    ]
    early, proposed, late = record("parents_informed", "parent"), record("measure.propose"), record("parents_informed", "parent")
    cases = [
        facts(by=by, records=records, case={"kind": kind, "school_days": days, "conduct": conduct})
        for by in (DIRECTOR, BOARD, actor("pupil"))
        for records in ((), (early, proposed), (proposed, late))
        for kind in ("task", "suspension")
        for days in (2, 4, 6)
        for conduct in ("", "x")
    ]
    unmet = {
        id(one): [asked.judge(one.when) is True and bool(GUARDS[str(one.guard)].unmet(one.args, asked)) for asked in cases]
        for one in lines
    }
    looser = [(one, base) for one in lines for base in lines if one.guard == base.guard and is_looser(one, base)]
    assert len(looser) > 100
    for one, base in looser:
        assert all(base_unmet for own, base_unmet in zip(unmet[id(one)], unmet[id(base)], strict=True) if own), (one, base)
        assert STRENGTHS.index(one.strength) <= STRENGTHS.index(base.strength)


def test_defaults_may_be_looser_than_nothing() -> None:
    loosened = school('guard = "recorded", what = "heard", of = "subject", strength = "advise"')
    assert not any("looser" in message for message in problems(loosened, DEFAULTS))


@pytest.mark.parametrize(
    ("requires", "clashes"),
    [
        ('guard = "by_role", roles = ["mentor"], when = {kind = "suspension"}', True),
        ('guard = "by_role", roles = ["mentor"]', True),
        ('guard = "by_role", roles = ["mentor"], when = {kind = ["task", "suspension"]}', True),
        ('guard = "by_role", roles = ["mentor"], when = {kind_group = "exclusion"}', True),
        ('guard = "by_role", roles = ["mentor"], when = {kind_group = "repair"}', False),
        ('guard = "by_role", roles = ["mentor"], when = {kind = "task"}', False),
        ('guard = "by_role", roles = ["mentor", "board"]', False),
        ('guard = "by_role", roles = ["employee"]', False),
        ('guard = "by_role", roles = ["mentor"], strength = "answer"', False),
    ],
)
def test_roles_that_exclude_each_other_are_refused(requires: str, clashes: bool) -> None:
    assert any("share no role" in message for message in problems(school(requires), STATUTE)) is clashes


def test_a_statute_cannot_be_dropped() -> None:
    assert "“A1” of “law” is binding." in problems("", STATUTE, head=HEAD + 'drops = ["A1"]')
    assert "Unknown article “A7”." in problems("", DEFAULTS, head=HEAD + 'drops = ["A7"]')


def test_an_unconfirmed_statutory_line_may_not_block() -> None:
    head = HEAD + 'sector = ["po"]\n[articles.L1]\nen = "e"\nnl = "n"\nconfirmed = false'
    body = '[steps.measure.impose]\nrequires = [{guard = "never", cites = "L1"}]'
    assert "A statutory line whose reading is unconfirmed may not block." in problems(body, head=head)
    assert not problems(body.replace('"never"', '"never", strength = "answer"'), head=head)


def test_an_article_that_nothing_uses() -> None:
    found = check(from_texts(HEAD + '[articles.A1]\nen = "e"\nnl = "n"'))
    assert [(problem.key, problem.message) for problem in found] == [('articles."A1"', "Nothing uses this article.")]


def test_an_article_with_words_for_pupils_needs_no_line() -> None:
    for_pupils = HEAD + '[articles.A1]\nen = "e"\nnl = "n"\npupil = {nl = "Vraag het eerst.", en = "Ask first."}'
    found = from_texts(for_pupils)
    assert not check(found)
    assert found.articles["A1"].pupil["nl"] == "Vraag het eerst."


@pytest.mark.parametrize("pupil", ['{nl = "Vraag het eerst."}', '"Ask first."', '{nl = "a", en = "b", fr = "c"}'])
def test_words_for_pupils_come_in_both_languages(pupil: str) -> None:
    with pytest.raises(LoadError, match=r"articles\.\"A1\"\.pupil"):
        from_texts(HEAD + f'[articles.A1]\nen = "e"\nnl = "n"\npupil = {pupil}')


def mention(*steps: str, never: str = "") -> str:
    said = "".join(f'[steps.{step}]\nroles = ["employee"]\ncites = "A1"\n' for step in steps)
    return said + (f'[steps.{never}]\nrequires = [{{guard = "never", cites = "A1"}}]\n' if never else "")


def test_a_state_that_cannot_be_reached() -> None:
    police = ("police.consider", "police.report", "police.decline", "police.conclude")
    assert not problems(mention(*police))
    assert problems(mention(*police[:3])) == [
        "The state “concluded” of “police” cannot be reached: no layer provides for police.conclude."
    ]
    assert not problems(mention(*police[:3], never="police.conclude")), "an unconditional never leaves it out on purpose"
    assert problems(mention("police.report")) == ["No layer provides for police.consider, so no police can ever begin."]
    assert not problems(mention(*police[1:], never="police.consider"))


def test_a_field_that_no_step_asks_for() -> None:
    place = "steps.incident.close"
    found = problems(school('guard = "filled", fields = ["station"]', place))
    assert "No step of “incident” asks for “station”." in found
    found = problems(school('guard = "never", when = {kind = "suspension"}', place))
    assert "The condition on “kind” can never hold here: no step of “incident” asks for it." in found


# files


def write(folder: Path, key: str, day: str, body: str = "", extends: str = "") -> Path:
    path = folder / key / f"{day}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(layer(body, head=f'key = "{key}"\nin_force = {day}\nsource = "Test"\nextends = [{extends}]\n'), encoding="utf-8")
    return path


def test_the_version_in_force_on_a_day(tmp_path: Path) -> None:
    write(tmp_path, "base", "2024-01-01")
    write(tmp_path, "base", "2026-01-01")
    write(tmp_path, "mine", "2024-06-01", extends='"base"')

    def days(found: Protocol) -> list[str]:
        return [str(one.in_force) for one in found.layers]

    assert days(load("mine", search=[tmp_path], on=date(2025, 3, 1))) == ["2024-01-01", "2024-06-01"]
    assert days(load("mine", search=[tmp_path], on=date(2026, 3, 1))) == ["2026-01-01", "2024-06-01"]
    assert days(load("mine/2025-03-01", search=[tmp_path])) == ["2024-01-01", "2024-06-01"]
    assert days(load("mine", search=[tmp_path])) == ["2026-01-01", "2024-06-01"]
    assert days(load(tmp_path / "mine" / "2024-06-01.toml")) == ["2024-01-01", "2024-06-01"]
    with pytest.raises(LoadError, match=r"No version of “mine” was in force on 2024-05-31\. Its first is of 2024-06-01\."):
        load("mine/2024-05-31", search=[tmp_path])


def test_a_pack_is_checked_on_each_day_a_layer_below_changes(tmp_path: Path) -> None:
    roles = '[steps.measure.approve]\nroles = ["{role}"]\ncites = "A1"'
    write(tmp_path, "base", "2024-01-01", roles.format(role="director"))
    mine = write(tmp_path, "mine", "2024-06-01", roles.format(role="director"), extends='"base"')
    assert not [one for one in check_file(mine, [tmp_path]) if "share no role" in one.message]
    write(tmp_path, "base", "2026-01-01", roles.format(role="board"))
    assert [one.key for one in check_file(mine, [tmp_path]) if "share no role" in one.message]
    write(tmp_path, "mine", "2025-12-01", roles.format(role="board"), extends='"base"')
    assert not [one for one in check_file(mine, [tmp_path]) if "share no role" in one.message], "it was superseded before"


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, "mine", "2024-01-01")
    before = load("mine", search=[tmp_path])
    assert load("mine", search=[tmp_path]) is before, "and an unchanged one is not"
    path.write_text(path.read_text() + "# more\n")
    after = load("mine", search=[tmp_path])
    assert after.layers[0].sha256 != before.layers[0].sha256
    assert after.layers[0].sha256 == protocol.digest(path)


@pytest.mark.parametrize("key", ["groningn", "../kc", "", "kc/never"])
def test_a_pack_that_is_not_there(key: str) -> None:
    with pytest.raises(LoadError):
        load(key)


def test_what_was_probably_meant() -> None:
    with pytest.raises(LoadError, match="Did you mean “groningen”"):
        load("groningn")


def test_packs_that_extend_each_other(tmp_path: Path) -> None:
    write(tmp_path, "one", "2024-01-01", extends='"two"')
    write(tmp_path, "two", "2024-01-01", extends='"one"')
    with pytest.raises(LoadError, match="extends itself"):
        load("one", search=[tmp_path])


def test_a_misplaced_file(tmp_path: Path) -> None:
    path = write(tmp_path, "mine", "2024-01-01")
    wrong = path.rename(path.with_name("2025-01-01.toml"))
    with pytest.raises(LoadError, match=r"It must lie at mine/2024-01-01\.toml"):
        load(wrong)


@pytest.mark.parametrize("path", protocol.all_packs(), ids=lambda path: path.parent.name)
def test_every_pack_of_the_product_is_sound(path: Path) -> None:
    assert [str(problem) for problem in check_file(path)] == []
