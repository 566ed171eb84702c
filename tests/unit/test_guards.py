"""Each guard but “recorded”, met and unmet, with the sentence a reader sees and what would lift it; and the conditions of a line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.unit.kernel import (
    MENTOR,
    NOW,
    PARENT,
    PUPIL,
    TEACHER,
    TODAY,
    actor,
    facts,
    linked,
    only,
    record,
    says,
)
from workflows.situation import OpenDuty, Person
from workflows.unmet import Remedy

# by_role


def test_by_role_lets_the_named_roles_through() -> None:
    assert not only('guard = "by_role", roles = ["director", "board"]', facts())
    assert says('guard = "by_role", roles = ["director", "board"]', facts(by=MENTOR)) == "Only director or board may do this."


def test_employee_is_every_role_of_the_staff_and_no_other() -> None:
    guard = 'guard = "by_role", roles = ["employee"]'
    assert not only(guard, facts(by=actor("teacher")))
    assert only(guard, facts(by=actor("pupil")))
    assert only(guard, facts(by=actor("guardian")))


def test_the_forecast_leaves_out_who_acts() -> None:
    assert not only('guard = "by_role", roles = ["board"]', facts(by=None))
    assert not only('guard = "distinct", one = "by", other = "proposer"', facts(by=None))


# never, filled, one_of


def test_never_is_never_met() -> None:
    assert says('guard = "never"', facts()) == "This protocol does not provide for this."


@pytest.mark.parametrize("empty", [None, "", "   ", [], ()])
def test_filled_names_only_what_is_missing(empty: object) -> None:
    asked = facts(case={"conduct": "x", "reason": empty})
    denial = only('guard = "filled", fields = ["conduct", "reason"]', asked)
    assert denial is not None
    assert str(denial.sentence) == "Still to be filled in: Reason."
    assert denial.remedy == Remedy("field", "reason")


@pytest.mark.parametrize("value", [0, False, "x", date(2026, 3, 2)])
def test_zero_and_no_are_answers(value: object) -> None:
    assert not only('guard = "filled", fields = ["reason"]', facts(case={"reason": value}))


def test_facts_are_looked_up_in_the_step_then_the_case_then_its_incident() -> None:
    guard = 'guard = "one_of", field = "scope", values = ["overlap"]'
    assert not only(guard, facts(incident={"scope": "overlap"}))
    assert only(guard, facts(incident={"scope": "overlap"}, case={"scope": "private"}))
    assert not only(guard, facts(incident={"scope": "private"}, case={"scope": "private"}, data={"scope": "overlap"}))


def test_the_reason_of_a_measure_is_never_that_of_its_incident() -> None:
    assert only('guard = "filled", fields = ["reason"]', facts(incident={"reason": "why it went to the director"}))


def test_one_of_says_what_it_must_be() -> None:
    guard = 'guard = "one_of", field = "kind", values = ["warning", "task"]'
    assert says(guard, facts()) == "“Measure” must be Warning or Task."
    assert not only(guard, facts(case={"kind": "task"}))
    assert only(guard, facts(case={})), "a missing value makes any guard unmet"


def test_one_of_keeps_yes_apart_from_one() -> None:
    guard = 'guard = "one_of", field = "published", values = [true]'
    assert not only(guard, facts(incident={"published": True}))
    assert only(guard, facts(incident={"published": 1}))
    assert says(guard, facts(incident={"published": False})) == "“Can others see it online” must be yes."


def test_one_of_wants_every_value_of_several() -> None:
    guard = 'guard = "one_of", field = "subject", values = ["pupil"]'
    place = "steps.incident.close"
    assert not only(guard, facts("incident.close"), place)
    assert only(guard, facts("incident.close", people=(PUPIL, TEACHER)), place)
    assert only(guard, facts("incident.close", people=()), place)


# bounds and order


@pytest.mark.parametrize(("days", "met"), [(4, True), (5, True), (6, False), (None, False), ("5", False), (True, False)])
def test_at_most(days: object, met: bool) -> None:
    asked = facts(case={"school_days": days})
    assert (only('guard = "at_most", field = "school_days", value = 5', asked) is None) is met


@pytest.mark.parametrize(("severity", "met"), [(2, False), (3, True), (4, True)])
def test_at_least(severity: int, met: bool) -> None:
    asked = facts(incident={"state": "triaged", "severity": severity})
    assert (only('guard = "at_least", field = "severity", value = 3', asked) is None) is met


def test_a_bound_in_words() -> None:
    assert says('guard = "at_most", field = "school_days", value = 1', facts()) == "“Number of school days” may be at most 1."
    guard = 'guard = "at_least", field = "acted_on", value = 2026-01-15'
    assert says(guard, facts(incident={"acted_on": date(2026, 1, 14)})) == "“Day it happened” may not be before 2026-01-15."
    assert not only(guard, facts(incident={"acted_on": date(2026, 1, 15)}))


def test_the_reporters_severity_is_a_signal_only() -> None:
    guard = 'guard = "at_least", field = "severity", value = 3'
    assert only(guard, facts(incident={"state": "reported", "severity": 4}))
    assert not only(guard, facts("incident.triage", case={"state": "reported"}, data={"severity": 3}), "steps.incident.triage")


@pytest.mark.parametrize(("days", "met"), [(-1, False), (0, True), (1, True)])
def test_in_order_allows_the_same_day(days: int, met: bool) -> None:
    asked = facts(data={"first_day": TODAY + timedelta(days=days)})
    assert (only('guard = "in_order", first = "today", then = "first_day"', asked) is None) is met


def test_in_order_asks_for_the_missing_date() -> None:
    guard = 'guard = "in_order", first = "today", then = "first_day"'
    assert says(guard, facts()) == "Still to be filled in: First day."
    assert says(guard, facts(data={"first_day": date(2026, 3, 1)})) == "“First day” may not be before “today”."


# distinct


def test_whoever_proposed_is_somebody_else() -> None:
    guard = 'guard = "distinct", one = "by", other = "proposer"'
    assert not only(guard, facts())
    expected = "These must be different people: whoever takes this step; who proposed the measure."
    assert says(guard, facts(proposer="director")) == expected
    assert only(guard, facts(proposer=None)), "an unknown proposer may be anybody"


def test_nobody_decides_on_a_case_they_are_part_of() -> None:
    guard = 'guard = "distinct", one = "by", other = "involved"'
    witness = Person("director", "employee", frozenset({"bystander"}))
    reporter = Person("director", "employee", frozenset({"reporter"}))
    child = replace(PUPIL, guardians=("director",))
    assert not only(guard, facts())
    assert only(guard, facts(people=(PUPIL, witness)))
    assert not only(guard, facts(people=(PUPIL, reporter))), "who reported it may decide"
    assert only(guard, facts(people=(child,))), "a parent does not decide about an own child"


def test_a_reporter_who_is_no_suspect() -> None:
    guard = 'guard = "distinct", one = "reporter", other = "suspects"'
    place = "steps.incident.report"
    assert not only(guard, facts("incident.report"), place)
    assert only(guard, facts("incident.report", reporter="pupil"), place)
    assert not only(guard, facts("incident.report", people=()), place), "without a suspect nobody coincides"
    anonymous = facts("incident.report", reporter=None, by=actor("anonymous", key=""), data={"anonymous": True})
    assert not only(guard, replace(anonymous, by=None), place)


# linked, filed, duties_done, matches


def test_every_linked_case_is_in_one_of_the_states() -> None:
    guard, place = 'guard = "linked", type = "takedown", states = ["settled", "refused"]', "steps.incident.close"
    close = facts("incident.close")
    assert not only(guard, close, place), "no takedown is needed"
    assert not only(guard, replace(close, linked=(linked("takedown", "settled"),)), place)
    denial = only(guard, replace(close, linked=(linked("takedown", "settled"), linked("takedown", "removed"))), place)
    assert denial is not None
    assert str(denial.sentence) == "First the request to take it down must be settled or refused."
    assert denial.remedy == Remedy("step", "takedown.settle")


def test_a_linked_case_can_be_demanded() -> None:
    guard, place = 'guard = "linked", type = "police", states = ["reported", "concluded"], at_least = 1', "steps.incident.close"
    denial = only(guard, facts("incident.close"), place)
    assert denial is not None
    assert str(denial.sentence) == "First a police track is needed that is reported to the police or concluded."
    assert denial.remedy == Remedy("step", "police.consider")
    assert not only(guard, facts("incident.close", linked=(linked("police", "reported"),)), place)


def test_linked_through_the_same_person() -> None:
    guard = 'guard = "linked", type = "measure", states = ["completed"], via = "person"'
    assert not only(guard, facts(linked=(linked("measure", "imposed", "classmate"),)))
    assert only(guard, facts(linked=(linked("measure", "imposed", "pupil"),)))


def test_all_pieces_are_filed() -> None:
    guard, place = 'guard = "filed", file = "pupil_file"', "steps.incident.close"
    assert not only(guard, facts("incident.close", unfiled={"personnel_file": 1}), place)
    assert says(guard, facts("incident.close", unfiled={"pupil_file": 2}), place) == "Not yet in the pupil file, number of pieces: 2."


def test_duties_are_done_but_a_term_blocks_nothing() -> None:
    guard, place = 'guard = "duties_done"', "steps.incident.close"
    term, duty = OpenDuty("heard", NOW, None, "measure"), OpenDuty("inspectorate_notified", NOW, "director", "measure")
    assert not only(guard, facts("incident.close", duties=(term,)), place)
    assert says(guard, facts("incident.close", duties=(term, duty)), place) == "Still to do: inspectorate notified."
    other = replace(duty, case="another")
    assert not only(guard, facts("measure.complete", duties=(other,)), "steps.measure.complete"), "another measure's duty"


# conditions


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, True),
        ({"subject": "pupil"}, True),
        ({"subject": ["employee", "pupil"]}, True),
        ({"subject": "employee"}, False),
        ({"target": "pupil", "kind": "suspension"}, True),
        ({"kind_group": "exclusion"}, True),
        ({"kind_group": "repair"}, False),
        ({"age": 15}, True),
        ({"age_under": 16}, True),
        ({"age_under": 15}, False),
        ({"age_at_least": 15}, True),
        ({"school_days_at_least": 2}, True),
        ({"school_days_at_least": 3}, False),
        ({"severity_at_least": 3}, True),
        ({"sector": "vo"}, True),
        ({"sector": "po"}, False),
        ({"mode": "school"}, True),
        ({"anonymous": False}, True),
        ({"falls_on_child": True}, False),
        ({"by_kind": "employee"}, True),
        ({"published": True}, None),
        ({"published": True, "kind": "suspension"}, None),
        ({"published": True, "kind": "warning"}, False),
        ({"how": "post_removed"}, False),
        ({"grey_zone": "handle"}, None),
    ],
)
def test_a_condition_holds_or_not_or_waits_for_an_answer(when: dict[str, Any], expected: bool | None) -> None:
    assert facts().holds(when) is expected


def test_keys_that_cannot_apply_do_not_hold() -> None:
    measure = facts(people=(TEACHER,))
    assert measure.holds({"age_under": 18}) is False, "the age of an employee is not asked"
    assert facts(people=(replace(PUPIL, age=None),)).holds({"age_under": 18}) is None, "a pupil's birth date can be filled in"
    assert facts("incident.close").holds({"kind": "suspension"}) is False, "an incident has no measure of its own"
    assert facts("incident.close", people=()).holds({"subject": "pupil"}) is False, "nobody knows who did it"
    assert facts("incident.close", people=()).holds({"target": "pupil"}) is None, "nobody said to whom it was done"
    assert facts(by=None).holds({"by_kind": "pupil"}) is False


def test_on_an_incident_any_suspect_is_enough() -> None:
    asked = facts("incident.close", people=(PUPIL, TEACHER))
    assert asked.holds({"subject": "pupil"}) is True
    assert asked.holds({"subject": "employee"}) is True
    assert asked.holds({"subject": "parent"}) is False


def test_a_setting_is_a_condition_too() -> None:
    asked = facts(settings={"grey_zone": "handle"})
    assert asked.holds({"grey_zone": "handle"}) is True
    assert asked.holds({"grey_zone": ["ignore", "talk"]}) is False


def test_a_milestone_tells_facts() -> None:
    told = facts(records=(record("cause_examined", finding="accidental"), record("cause_examined", finding="deliberate")))
    assert told.holds({"finding": "deliberate"}) is True, "the latest counts"


def test_a_parents_act_falls_on_the_child_whatever_the_form_says() -> None:
    child = replace(PUPIL, case_roles=frozenset())
    asked = facts(people=(PARENT, child), subjects=("pupil",), data={"falls_on_child": False})
    assert asked.get("falls_on_child") is True


def test_days_for_the_same_facts_add_up() -> None:
    others = (
        linked("measure", "imposed", kind="suspension", school_days=3),
        linked("measure", "rejected", kind="suspension", school_days=5),
        linked("measure", "imposed", "classmate", kind="suspension", school_days=5),
        linked("measure", "imposed", kind="task", school_days=5),
        linked("measure", "completed", kind="internal_suspension", school_days=1),
    )
    assert facts(linked=others).get("same_facts_days") == 2 + 3 + 1
    denial = only('guard = "at_most", field = "same_facts_days", value = 5', facts(linked=others))
    assert denial is not None
    assert str(denial.sentence) == "“School days of suspension for the same facts, together” may be at most 5."


def test_an_expulsion_under_way_is_seen() -> None:
    assert facts().get("expulsion_running") is False
    assert facts(linked=(linked("measure", "proposed", kind="expulsion"),)).get("expulsion_running") is True
