"""Whose yes a consent needs, what the answers make of it, and when the say moves: against a plain restatement of the rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.kernel import NOW, TODAY, actor, pack
from workflows import protocol
from workflows.protocol import LoadError
from workflows.situation import Actor, Facts, Person, Record

LAW = """
{who = "guardian", when = {subject = "pupil", age_under = 16}, cites = "A1"},
{who = "pupil", when = {subject = "pupil", age_at_least = 16}, cites = "A2"},
"""
UNTIL_18 = '{who = "guardian", when = {subject = "pupil", age_under = 18}, cites = "A3"},'
STAFF = '{who = "self", when = {subject = "employee"}, cites = "A4"}, {who = "guardian", when = {subject = "employee"}, cites = "A5"},'
STEPS = '[steps.consent.answer]\ncites = "A1"\n[steps.consent.withdraw]\ncites = "A1"\n'


@cache
def signing(lines: str) -> protocol.Protocol:
    """A protocol with these signer lines, and nothing else in the way."""
    return pack(f"[signers.consent]\nlines = [{lines}]\n{STEPS}")


def pupil(age: int | None, *guardians: str) -> Person:
    return Person("pupil", "pupil", age=age, guardians=guardians)


def consent(subject: Person, step: str = "consent.answer", by: Actor | None = None, records: tuple[Record, ...] = (), **data: Any) -> Facts:
    """The facts of a step of a consent about somebody."""
    return Facts(
        step=step, case_type="consent", case_id="consent", by=by, now=NOW, today=TODAY, sector="vo", legal_form="public", data=data,
        case={"state": "requested", "purpose": "school_publication", "channel": "website"}, incident={}, people=(subject,),
        subjects=(subject.id,), records=records, root="consent",
    )  # fmt: skip


def said(what: str, person: str, *, day: int = 0, seq: int = 1, **data: object) -> Record:
    return Record(
        what=f"consent.{what}", case="consent", person=person, by=person, by_roles=frozenset(), at=NOW + timedelta(days=day), seq=seq, data=data
    )


def state(lines: str, subject: Person, **answers: bool) -> str:
    return protocol.consent_state(signing(lines), consent(subject), answers)


def test_one_parent_is_enough_in_good_faith_and_one_refusal_is_a_no() -> None:
    child = pupil(10, "mum", "dad")
    assert state(LAW, child) == "requested"
    assert state(LAW, child, mum=True) == "granted"
    assert state(LAW, child, mum=True, dad=False) == "conflicting"
    assert state(LAW, child, dad=False) == "refused"
    assert state(LAW, child, aunt=True) == "requested", "nobody asked her"
    assert state(LAW, child, mum=True, aunt=False) == "granted"


def test_a_pack_may_ask_each_parent() -> None:
    each = LAW.replace('"guardian",', '"guardian", each = true,')
    assert state(each, pupil(10, "mum", "dad"), mum=True) == "requested"
    assert state(each, pupil(10, "mum", "dad"), mum=True, dad=True) == "granted"


def test_lines_of_law_and_school_add_up() -> None:
    child = pupil(16, "mum")
    assert state(LAW, child, pupil=True) == "granted"
    assert state(LAW, child, mum=True) == "requested"
    both = LAW + UNTIL_18
    assert state(both, child, pupil=True) == "requested"
    assert state(both, child, mum=True) == "requested"
    assert state(both, child, pupil=True, mum=True) == "granted"
    assert state(both, child, pupil=True, mum=False) == "conflicting"
    assert state(both, pupil(18, "mum"), pupil=True) == "granted"
    assert state(both, pupil(18, "mum"), pupil=True, mum=False) == "granted", "no say any more"


def test_without_anybody_to_ask_nothing_is_granted() -> None:
    assert state(LAW, pupil(10), mum=True) == "requested"
    assert state("", pupil(10, "mum"), mum=True) == "requested"


def test_nothing_is_granted_on_a_guess_about_the_age() -> None:
    unknown = pupil(None, "mum")
    assert state(LAW, unknown, mum=True) == "requested"
    assert state(LAW, unknown, mum=True, pupil=True) == "granted"


def test_a_picture_of_staff_needs_their_own_yes_and_one_of_the_parents_asked() -> None:
    teacher = Person("teacher", "employee", guardians=("parent_of_one", "parent_of_another"))
    assert state(STAFF, teacher, teacher=True) == "requested"
    assert state(STAFF, teacher, parent_of_one=True) == "requested"
    assert state(STAFF, teacher, teacher=True, parent_of_another=True) == "granted"
    assert state(STAFF, replace(teacher, guardians=()), teacher=True) == "requested"


PARENT, TEACHER = Actor("mum", frozenset({"guardian"})), actor("teacher", "employee", key="teacher")


def refused(lines: str, facts: Facts) -> list[tuple[str, tuple[str, ...]]]:
    return [(str(one.sentence), one.articles) for one in protocol.denials(signing(lines), facts)]


@pytest.mark.parametrize("step", ["consent.answer", "consent.withdraw"])
def test_who_is_not_asked_is_told_by_which_article(step: str) -> None:
    assert refused(LAW, consent(pupil(10, "mum"), step, PARENT)) == []
    assert refused(LAW, consent(pupil(16, "mum"), step, PARENT)) == [("Here only the pupil may answer.", ("A2",))]
    assert refused(LAW + UNTIL_18, consent(pupil(16, "dad"), step, PARENT)) == [
        ("Here only the pupil or a parent or carer with authority may answer.", ("A2", "A3"))
    ]
    assert refused("", consent(pupil(10, "mum"), step, PARENT)) == [("This protocol does not say who may answer.", ("step",))]


def test_staff_write_down_what_a_parent_said_and_nobody_else_does() -> None:
    child = pupil(10, "mum", "dad")
    assert refused(LAW, consent(child, by=TEACHER, person="mum")) == []
    assert refused(LAW, consent(child, by=TEACHER)) == [("Here only a parent or carer with authority may answer.", ("A1",))]
    assert refused(LAW, consent(child, by=PARENT, person="dad")) == [("Only staff may write down what somebody else answered.", ("A1",))]
    assert refused(LAW, consent(child, by=Actor("", frozenset({"system"})), person="mum")) != []
    assert refused(LAW, consent(child)) == [], "a forecast names nobody"


def test_the_latest_answer_of_each_counts_since_the_consent_was_asked_for() -> None:
    child = pupil(10, "mum", "dad")
    asked = said("request", "pupil", seq=1)
    yes, no = said("answer", "mum", seq=2, answer=True), said("answer", "mum", day=1, seq=3, answer=False)
    assert protocol.answers_in(consent(child, "consent.expire", records=(asked, yes, no))) == {"mum": False}
    late = said("answer", "mum", day=-3, seq=4, answer=True)
    assert protocol.answers_in(consent(child, "consent.expire", records=(asked, yes, no, late))) == {"mum": False}, "an older form"
    assert protocol.answers_in(consent(child, "consent.expire", records=(asked, late))) == {"mum": True}, "signed before the school asked"
    taken_back = said("withdraw", "mum", day=1, seq=5)
    assert protocol.answers_in(consent(child, "consent.expire", records=(asked, yes, taken_back))) == {"mum": False}
    again = said("renew", "pupil", day=2, seq=6)
    assert protocol.answers_in(consent(child, "consent.expire", records=(asked, yes, again))) == {}
    from_before = said("answer", "mum", day=1, seq=7, answer=True)
    assert protocol.answers_in(consent(child, "consent.expire", records=(asked, yes, again, from_before))) == {}


def test_the_answer_being_given_counts() -> None:
    child = pupil(10, "mum", "dad")
    records = (said("request", "pupil", seq=1), said("answer", "dad", seq=2, answer=True))
    assert protocol.answers_in(consent(child, by=PARENT, records=records, answer=False)) == {"dad": True, "mum": False}
    written = consent(child, by=TEACHER, records=records, person="dad", answer=False)
    assert protocol.answers_in(written) == {"dad": False}


@pytest.mark.parametrize(
    ("lines", "age", "birthday"),
    [(LAW, 10, 16), (LAW, 15, 16), (LAW, 16, None), (LAW, 17, None), (LAW + UNTIL_18, 10, 16), (LAW + UNTIL_18, 16, 18), (LAW, None, None)],
)
def test_the_say_moves_on_the_birthday_that_changes_who_is_asked(lines: str, age: int | None, birthday: int | None) -> None:
    assert protocol.say_moves_at(signing(lines), consent(pupil(age, "mum"))) == birthday


def test_a_line_without_an_age_still_moves_at_18() -> None:
    always = '{who = "guardian", when = {subject = "pupil"}, cites = "A1"},'
    assert protocol.say_moves_at(signing(always), consent(pupil(10, "mum"))) == 18
    assert state(always, pupil(18, "mum"), mum=True) == "requested"
    assert state(always, pupil(18, "mum"), pupil=True) == "granted"


def test_a_takedown_of_a_consent_is_asked_with_purpose_and_channel_of_the_consent() -> None:
    found = pack('[steps.takedown.refuse]\nrequires = [{guard = "never", when = {root = "consent", channel = "website"}, cites = "A1"}]')
    asked = consent(pupil(10, "mum"), "takedown.refuse")
    takedown = replace(asked, case_type="takedown", case={"state": "requested"}, incident=asked.case, subjects=())
    assert [str(one.sentence) for one in protocol.denials(found, takedown)] == ["This protocol does not provide for this."]
    assert protocol.denials(found, replace(takedown, incident={**asked.case, "channel": "press"})) == ()
    assert protocol.denials(found, replace(takedown, root="incident", incident={"state": "triaged"})) == ()


# What the reader and the check say


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('{who = "parent", cites = "A1"}', "Unknown signer “parent”."),
        ('{who = "guardian"}', "This line cites no article."),
        ('{cites = "A1"}', "A signer line says whose yes is needed."),
        ('{who = "pupil", each = "yes", cites = "A1"}', "This is true or false."),
        ('{who = "pupil", when = {agee = 3}, cites = "A1"}', "Unknown fact “agee”."),
        ('{who = "pupil", cites = "NONE"}', "Unknown article “NONE”."),
    ],
)
def test_a_wrong_signer_line_is_named(lines: str, message: str) -> None:
    with pytest.raises(LoadError, match=message):
        signing(lines)


def test_a_layer_only_adds_signers() -> None:
    base = 'key = "base"\nin_force = 2026-01-01\nsource = "B"\n[articles.B1]\nen = "b"\nnl = "b"\n[signers.consent]\nlines = [LINE]'
    strict = '{who = "guardian", each = true, when = {subject = "pupil"}, cites = "B1"}'
    body = '[signers.consent]\nlines = [{who = "guardian", when = {subject = "pupil", age_under = 12}, cites = "A1"}]'

    def problems(base_line: str) -> list[str]:
        return [one.message for one in protocol.check(pack(body, below=(base.replace("LINE", base_line),)))]

    assert problems(strict) == ["This line is looser than B1 of “base”, which asks each of them."]
    assert problems(strict.replace("each = true, ", "")) == []


def test_dropping_a_default_takes_its_signer_line_along() -> None:
    base = (
        'key = "kc"\nbinding = false\nin_force = 2026-01-01\nsource = "B"\n[articles.B1]\nen = "b"\nnl = "b"\n'
        '[signers.consent]\nlines = [{who = "guardian", cites = "B1"}]'
    )
    head = 'key = "test"\nin_force = 2026-01-01\nsource = "A test"\nextends = ["kc"]\n'
    assert len(pack("", head=head, below=(base,)).signers) == 1
    assert pack("", head=head + 'drops = ["B1"]\n', below=(base,)).signers == ()


# Against a plain restatement

PEOPLE = ("pupil", "mum", "dad", "aunt")


def restated(age: int, guardians: frozenset[str], answers: dict[str, bool], *, each: bool, until_18: bool) -> str:
    """The rule in other words: the law's signer, and where the school wants it a parent until 18."""
    parents = frozenset({"pupil"}) if age >= 18 else guardians
    demands = [(parents, each)] if age < 16 else [(frozenset({"pupil"}), False)]
    if until_18 and age < 18:
        demands.append((parents, False))
    asked = frozenset().union(*(people for people, _ in demands))
    heard = {person: yes for person, yes in answers.items() if person in asked}
    if not all(heard.values()):
        return "conflicting" if any(heard.values()) else "refused"
    for people, all_of_them in demands:
        yes = sum(person in heard for person in people)
        if not people or yes < (len(people) if all_of_them else 1):
            return "requested"
    return "granted"


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    age=st.integers(4, 20),
    guardians=st.frozensets(st.sampled_from(("mum", "dad"))),
    answers=st.dictionaries(st.sampled_from(PEOPLE), st.booleans()),
    each=st.booleans(),
    until_18=st.booleans(),
)
def test_the_state_is_what_the_rule_says(age: int, guardians: frozenset[str], answers: dict[str, bool], each: bool, until_18: bool) -> None:
    lines = (LAW.replace('"guardian",', '"guardian", each = true,') if each else LAW) + (UNTIL_18 if until_18 else "")
    assert state(lines, pupil(age, *sorted(guardians)), **answers) == restated(age, guardians, answers, each=each, until_18=until_18)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(age=st.integers(4, 20), answers=st.dictionaries(st.sampled_from(PEOPLE), st.booleans()), line=st.sampled_from((UNTIL_18, STAFF)))
def test_another_line_never_turns_anything_into_a_yes(age: int, answers: dict[str, bool], line: str) -> None:
    child = pupil(age, "mum", "dad")
    if state(LAW + line, child, **answers) == "granted":
        assert state(LAW, child, **answers) == "granted"
