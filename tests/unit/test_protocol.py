"""Asking a protocol: which lines speak and how strongly, answers, duties, letters and who may decide."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.kernel import (
    BOARD,
    DIRECTOR,
    PUPIL,
    TEACHER,
    actor,
    facts,
    line,
    pack,
    reasons,
    record,
)
from workflows.protocol import (
    DutyView,
    addressees,
    advice,
    answered,
    clauses,
    denials,
    duties,
    duty_met,
    expected_roles,
    letters,
)
from workflows.unmet import Remedy

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
    assert nothing.mentions("measure.approve") and not nothing.mentions("measure.reject")


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
    assert found.mentions("record.board_told")


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
