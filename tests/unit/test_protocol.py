"""Asking a protocol: strengths, answers, layers, duties, letters, roles, and what the layers refuse of each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.unit.kernel import (
    BOARD,
    DIRECTOR,
    HEAD,
    PUPIL,
    TEACHER,
    actor,
    facts,
    layer,
    line,
    pack,
    record,
)
from workflows import protocol
from workflows.guards import GUARDS
from workflows.pack_checks import is_looser
from workflows.protocol import (
    DutyView,
    LoadError,
    Protocol,
    addressees,
    advice,
    answered,
    check,
    check_file,
    clauses,
    denials,
    duties,
    duty_met,
    expected_roles,
    from_texts,
    letters,
    load,
)
from workflows.rules import STRENGTHS
from workflows.unmet import Remedy


def reasons(found: tuple[protocol.Denial, ...]) -> list[str]:
    """The articles of all denials, in order."""
    return [article for denial in found for article in denial.articles]


# which lines speak


def test_all_unmet_lines_are_said_at_once() -> None:
    both = pack("""
[steps.measure.impose]
roles = ["board"]
cites = "A1"
requires = [
  {guard = "recorded", what = "heard", of = "subject", cites = "A2"},
  {guard = "filled", fields = ["conduct"], cites = ["A3", "A4"]},
  {guard = "filled", fields = ["kind"], cites = "A5"},
]
""")
    found = denials(both, facts())
    assert [denial.articles for denial in found] == [("A1",), ("A2",), ("A3", "A4")]
    assert str(found[2]) == "Still to be filled in: What was done, in neutral words. [A3, A4]"


def test_a_step_no_layer_mentions_is_open_to_nobody() -> None:
    nothing = pack('[steps.measure.approve]\nroles = ["director"]\ncites = "A1"')
    assert [str(denial) for denial in denials(nothing, facts())] == ["This protocol does not provide for this step. [step]"]
    assert expected_roles(nothing, facts()) == frozenset()
    assert nothing.steps_open("measure") == ("measure.approve",)


def test_lines_for_any_step_add_to_those_mentioned_and_open_none() -> None:
    found = pack("""
[steps.measure.any]
requires = [{guard = "filled", fields = ["conduct"], cites = "A1"}]
[steps.measure.impose]
roles = ["director"]
cites = "A2"
""")
    assert reasons(denials(found, facts())) == ["A1"]
    assert reasons(denials(found, facts("measure.approve"))) == ["step"]


def test_lines_for_any_milestone_open_them_all() -> None:
    found = pack("""
[records.incident.any]
roles = ["employee"]
cites = "A1"
[records.incident.evidence_seen]
requires = [{guard = "one_of", field = "manner", values = ["public"], cites = "A2"}]
""")
    assert not denials(found, facts("record.heard"))
    assert reasons(denials(found, facts("record.heard", by=actor("pupil")))) == ["A1"]
    assert reasons(denials(found, facts("record.evidence_seen", by=actor("pupil"), data={"manner": "handed_in"}))) == ["A1", "A2"]
    assert "board_told" in found.milestones_open()


def test_a_condition_that_does_not_hold_silences_the_line() -> None:
    found = line('guard = "never", when = {kind = "expulsion"}')
    assert not denials(found, facts())
    assert denials(found, facts(case={"kind": "expulsion"}))


def test_an_unanswered_condition_asks_for_the_answer() -> None:
    found = line('guard = "never", when = {published = true, kind = "suspension"}')
    (denial,) = denials(found, facts())
    assert str(denial.sentence) == "First answer: Can others see it online."
    assert denial.remedy == Remedy("field", "published")
    assert not denials(found, facts(case={"kind": "warning"})), "a definite no on another key wins"
    assert not denials(found, facts(incident={"published": False}))


def test_nobody_named_the_target_so_the_name_is_asked() -> None:
    found = line('guard = "never", when = {target = "pupil"}', "steps.incident.close")
    (denial,) = denials(found, facts("incident.close", people=(PUPIL,)))
    assert denial.remedy == Remedy("field", "targets")


def test_a_setting_nobody_answered_is_the_schools_to_answer() -> None:
    found = pack("""
[settings.grey_zone]
cites = "A2"
[steps.measure.impose]
requires = [{guard = "never", when = {grey_zone = "ignore"}, cites = "A1"}]
""")
    (denial,) = denials(found, facts())
    assert denial.remedy == Remedy("setting", "grey_zone")
    assert not denials(found, facts(settings={"grey_zone": "handle"}))
    assert [setting.key for setting in found.unanswered({})] == ["grey_zone"]
    assert found.unanswered({"grey_zone": "handle"}) == ()


def test_values_and_patterns_can_come_from_a_setting() -> None:
    found = pack("""
[settings]
pages = {cites = "A1", value = ["school", "class"]}
name_pattern = {cites = "A1"}
[steps.takedown.request]
requires = [
  {guard = "one_of", field = "where", values_from = "pages", cites = "A2"},
  {guard = "matches", field = "platform", pattern = "name_pattern", cites = "A3"},
]
""")
    asked = facts("takedown.request", data={"where": "school", "platform": "My School 3b"})
    settings = found.answered({"name_pattern": "my school *"})
    assert reasons(denials(found, asked)) == ["A2", "A3"]
    assert not denials(found, replace(asked, settings=settings))
    assert reasons(denials(found, replace(asked, settings=settings, data={"where": "home", "platform": "Club"}))) == ["A2", "A3"]


# strengths


ANSWERABLE = """
[steps.measure.impose]
requires = [
  {guard = "recorded", what = "heard", of = "subject", strength = "answer", cites = ["A1", "A2"]},
  {guard = "recorded", what = "board_told", strength = "answer", answer_by = ["board"], cites = "A3"},
  {guard = "recorded", what = "communications_consulted", strength = "advise", cites = "A4"},
  {strength = "advise", when = {subject = "pupil"}, cites = "A5"},
]
"""


def test_an_answer_line_is_met_by_a_written_reason() -> None:
    found = pack(ANSWERABLE)
    assert reasons(denials(found, facts())) == ["A1", "A2", "A3"]
    assert all(denial.answerable for denial in denials(found, facts()))
    assert reasons(denials(found, facts(), {"A2": "it was urgent"})) == ["A3"], "by any of its articles"
    assert reasons(denials(found, facts(), {"A1": "  "})) == ["A1", "A2", "A3"], "an empty reason is none"


def test_answer_by_limits_who_may_give_the_reason() -> None:
    found = pack(ANSWERABLE)
    given = {"A1": "urgent", "A3": "urgent"}
    assert reasons(denials(found, facts(by=DIRECTOR), given)) == ["A3"]
    assert denials(found, facts(by=DIRECTOR))[-1].answer_by == ("board",)
    assert not denials(found, facts(by=BOARD), given)


def test_what_was_answered_instead_is_still_owed() -> None:
    found = pack(ANSWERABLE)
    assert [(owed.what, owed.of) for owed in answered(found, facts(by=BOARD), {"A1": "urgent"})] == [("heard", "subject")]
    heard = facts(by=BOARD, records=(record("heard", "pupil"),))
    assert answered(found, heard, {"A1": "urgent"}) == (), "it was met, so nothing is owed"


def test_a_block_line_takes_no_answer() -> None:
    assert denials(line('guard = "never"'), facts(), {"A1": "but we want to"})


def test_advice_is_shown_and_never_blocks() -> None:
    found = pack(ANSWERABLE)
    assert reasons(advice(found, facts())) == ["A4", "A5"]
    assert reasons(advice(found, facts(people=(TEACHER,)))) == ["A4"]
    unknown = pack('[steps.measure.impose]\nrequires = [{strength = "advise", when = {published = true}, cites = "A1"}]')
    assert advice(unknown, facts()) == (), "advice waits for no answer"


# duties, letters, roles


FOLLOWS = """
[steps.measure.impose]
roles = ["director", "board"]
cites = "A1"
requires = [{guard = "by_role", roles = ["board", "manager"], when = {kind = "expulsion"}, cites = "A2"}]
duties = [
  {task = "inspectorate_notified", within = {school_days = 0}, owner = "director", when = {school_days_at_least = 2}, cites = "A3"},
  {task = "phone_returned", within = {hours = 4}, when = {kind = "confiscate_phone"}, cites = "A4"},
  {task = "return_talk", within = {days = 3}, from = "last_day", when = {published = true}, cites = "A5"},
]
letters = [
  {letter = "suspension", to = "each_guardian", when = {subject = "pupil", kind = "suspension"}, cites = "A6"},
  {letter = "staff_letter", to = "subject", when = {subject = "employee"}, cites = "A7"},
]
[letters.suspension]
says = [{cites = "A8"}, {cites = "A9", when = {age_under = 16}}]
"""


def test_the_duties_whose_condition_holds_start() -> None:
    found = pack(FOLLOWS)
    (duty,) = duties(found, facts())
    assert (duty.task, duty.within, duty.owner, duty.articles) == ("inspectorate_notified", {"school_days": 0}, "director", ("A3",))
    assert duties(found, facts(case={"kind": "suspension", "school_days": 1})) == ()


def test_the_letters_and_who_gets_them() -> None:
    found = pack(FOLLOWS)
    (letter,) = letters(found, facts())
    assert letter.letter == "suspension"
    assert set(addressees(letter, facts())) == {"parent", "other_parent"}
    assert [one.letter for one in letters(found, facts(people=(TEACHER,)))] == ["staff_letter"]


def test_the_articles_a_letter_prints() -> None:
    found = pack(FOLLOWS)
    assert clauses(found, "suspension", facts()) == ("A8", "A9")
    assert clauses(found, "suspension", facts(people=(replace(PUPIL, age=17),))) == ("A8",)
    assert clauses(found, "invitation", facts()) == ()


def test_who_may_decide() -> None:
    found = pack(FOLLOWS)
    assert expected_roles(found, facts(by=None)) == {"director", "board"}
    assert expected_roles(found, facts(by=None, case={"kind": "expulsion"})) == {"board"}
    anybody = expected_roles(pack('[steps.measure.impose]\nroles = ["employee"]\ncites = "A1"'), facts())
    assert {"mentor", "teacher", "board"} <= anybody
    assert "pupil" not in anybody


def test_a_duty_is_met_for_everybody_it_is_about() -> None:
    kept = DutyView(task="parents_informed", of=None, since=0, case="measure")
    assert not duty_met(kept, facts(records=(record("parents_informed", "classmate_parent"),)))
    call = record("parents_informed", "parent")
    assert duty_met(kept, facts(records=(call,))), "without `of`, whom the milestone concerns"
    assert not duty_met(replace(kept, since=call.seq), facts(records=(call,))), "it was done before the duty began"


def test_a_duty_line_is_met_by_the_same_predicate() -> None:
    found = pack("""
[steps.measure.impose]
duties = [{task = "measure.complete", within = {days = 1}, since = "propose", cites = "A1"}]
""")
    (duty,) = duties(found, facts())
    proposed = record("measure.propose")
    assert not duty_met(duty, facts(records=(proposed,)))
    assert duty_met(duty, facts(records=(proposed, record("measure.complete"))))


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
