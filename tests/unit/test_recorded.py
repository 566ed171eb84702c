"""The guard “recorded”: whom a milestone or a step must be noted for, since when, by whom and saying what; and its selectors."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.unit.kernel import (
    ADULT,
    BOARD,
    CLASSMATE,
    DIRECTOR,
    MENTOR,
    NOW,
    PUPIL,
    TEACHER,
    facts,
    only,
    record,
    says,
)
from workflows.selectors import select
from workflows.situation import Person
from workflows.unmet import Remedy

# selectors


def groups(of: str, **said: Any) -> tuple[frozenset[str], ...]:
    return select(of, facts("incident.close", **said))


def test_one_parent_of_each_pupil_or_each_parent() -> None:
    both = (PUPIL, replace(CLASSMATE, case_roles=frozenset({"suspect"})))
    assert groups("subject_guardians", people=both) == ({"parent", "other_parent"}, {"classmate_parent"})
    assert groups("each_guardian", people=both) == ({"other_parent"}, {"parent"}, {"classmate_parent"})


def test_a_pupil_of_18_stands_in_the_place_of_the_guardians() -> None:
    assert groups("subject_guardians", people=(ADULT,)) == ({"adult_pupil"},)
    assert groups("each_guardian", people=(ADULT,)) == ({"adult_pupil"},)
    assert groups("subject_guardians", people=(replace(ADULT, age=17),)) == ({"parent"},)


def test_the_parents_of_every_pupil_but_reporter_and_bystander() -> None:
    bystander = Person("other", "pupil", frozenset({"bystander", "reporter"}), 15, ("p",))
    assert groups("pupils_guardians", people=(PUPIL, CLASSMATE, bystander)) == (
        {"parent", "other_parent"},
        {"classmate_parent"},
    )


def test_the_other_selectors() -> None:
    assert groups("subject") == ({"pupil"},)
    assert groups("targets") == ({"classmate"},)
    assert groups("pupils_mentor") == ({"mentor"},)
    assert groups("case") == ()
    assert groups("subject_guardians", people=(TEACHER,)) == (), "an employee has no guardians"
    assert groups("subject_guardians", people=(replace(PUPIL, guardians=()),)) == (frozenset(),), "nobody known for this pupil"


# recorded


HEARD = 'guard = "recorded", what = "heard", of = "subject"'
CALLED = 'guard = "recorded", what = "parents_informed", of = "subject_guardians"'


def test_a_milestone_counts_for_the_person_it_concerns() -> None:
    denial = only(HEARD, facts())
    assert denial is not None
    assert str(denial.sentence) == "First: heard (the person concerned)."
    assert denial.remedy == Remedy("milestone", "heard", "pupil")
    assert only(HEARD, facts(records=(record("heard", "classmate"),)))
    assert not only(HEARD, facts(records=(record("heard", "pupil"),)))


def test_every_subject_must_be_heard() -> None:
    other = replace(CLASSMATE, case_roles=frozenset({"suspect"}))
    asked = facts("incident.close", people=(PUPIL, other), records=(record("heard", "pupil"),))
    denial = only(HEARD, asked, "steps.incident.close")
    assert denial is not None and denial.remedy == Remedy("milestone", "heard", "classmate")


def test_one_parent_is_enough_unless_each_is_asked() -> None:
    called = facts(records=(record("parents_informed", "parent"),))
    assert only(CALLED, facts())
    assert not only(CALLED, called)
    assert only(CALLED + ", each = true", called)
    assert only(CALLED.replace("subject_guardians", "each_guardian"), called)
    both = facts(records=(*called.records, record("parents_informed", "other_parent")))
    assert not only(CALLED + ", each = true", both)


def test_a_selector_that_finds_nobody_is_not_met_and_says_so() -> None:
    asked = facts(people=(replace(PUPIL, guardians=()),), records=(record("parents_informed", "parent"),))
    assert says(CALLED, asked) == "First: parents informed. But nobody is known as a parent of each pupil concerned."


def test_a_call_that_reached_nobody_does_not_count() -> None:
    assert only(CALLED, facts(records=(record("parents_informed", "parent", reached=False, channel="phone"),)))


def test_a_guardian_who_cannot_be_reached_does_not_block_for_ever() -> None:
    tries = (
        record("parents_informed", "parent", reached=False, channel="phone"),
        record("parents_informed", "parent", reached=False, channel="email", by=DIRECTOR, reason="abroad without a telephone"),
    )
    assert not only(CALLED, facts(records=tries))
    by_mentor = replace(tries[1], by_roles=MENTOR.roles)
    no_reason = replace(tries[1], data={"reached": False, "channel": "email"})
    same_channel = replace(tries[1], data={**tries[1].data, "channel": "phone"})
    for second in (by_mentor, no_reason, same_channel):
        assert only(CALLED, facts(records=(tries[0], second)))
    each = facts(records=(*tries, record("parents_informed", "other_parent", channel="phone")))
    assert not only(CALLED + ", each = true", each), "the other parent was reached"


def test_since_counts_only_what_came_after_this_measure_was_proposed() -> None:
    guard = CALLED + ', since = "propose"'
    early, proposed, late = record("parents_informed", "parent"), record("measure.propose"), record("parents_informed", "parent")
    assert only(guard, facts(records=(early, proposed)))
    assert not only(guard, facts(records=(early, proposed, late))), "the same minute, but later in the log"
    backdated = replace(late, at=NOW - timedelta(minutes=1))
    assert only(guard, facts(records=(early, proposed, backdated))), "it happened before the proposal"
    assert only(guard, facts(records=(replace(proposed, case="another"), late))), "another measure's proposal is not this one's"
    expected = "First: parents informed (a parent of each pupil concerned; after the step “Propose a measure”)."
    assert says(guard, facts()) == expected


def test_a_step_counts_for_its_own_case_alone() -> None:
    guard = 'guard = "recorded", what = "measure.approve", by = ["board"]'
    assert says(guard, facts()) == "First: Approve the measure (by board)."
    assert only(guard, facts(records=(record("measure.approve", by=DIRECTOR),)))
    assert only(guard, facts(records=(record("measure.approve", by=BOARD, case="another"),)))
    assert not only(guard, facts(records=(record("measure.approve", by=BOARD),)))
    police = 'guard = "recorded", what = "police.report"'
    assert not only(police, facts(records=(record("police.report", case="police"),))), "a step of another case of the incident"


def test_what_a_milestone_must_say() -> None:
    guard = 'guard = "recorded", what = "cause_examined", value = {finding = ["deliberate"]}'
    assert says(guard, facts()) == "First: cause examined (“Finding”: deliberate)."
    assert only(guard, facts(records=(record("cause_examined", finding="accidental"),)))
    assert not only(guard, facts(records=(record("cause_examined", finding="deliberate"),)))


def test_the_mentor_was_told_of_this_pupil() -> None:
    guard = 'guard = "recorded", what = "mentor_informed", of = "pupils_mentor"'
    assert only(guard, facts())
    assert not only(guard, facts(records=(record("mentor_informed", "mentor"),)))
    assert not only(guard, facts(records=(record("mentor_informed", "pupil"),)))
    heard = 'guard = "recorded", what = "heard", of = "pupils_mentor"'
    assert only(heard, facts(records=(record("heard", "pupil"),))), "hearing the pupil is not hearing the mentor"
