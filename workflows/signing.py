"""Whose yes a consent needs, and what the answers given so far make of it.

PURE. The lines of `[signers.consent]` of all layers add up: law and school may each ask their own, and every line that holds
needs a yes. Only a state of `granted` counts as consent.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from .conditions import to_minute
from .rules import Protocol, SignerLine
from .selectors import guardians_of
from .sentences import Sentence, Word, gettext_noop, sentence
from .situation import ADULT, Facts, plays

ANSWERS = ("consent.answer", "consent.withdraw")
"""The steps by which somebody speaks for the person a consent is about."""

OWN_HAND = ("link", "account")
"""Ways of answering that only the signer has; as proof they say that nobody stood between."""

RECOUNT = "consent.recount"
"""The step by which the answers are counted anew when who may decide has changed; the person is whose say came or went."""

_PUBLISHED = {"used": True, "takedown.request": False}

ASKS = ("consent.request", "consent.renew")
"""The steps after which answers count anew."""

_ONLY = gettext_noop("Here only {values} may answer.")
_FOR_ANOTHER = gettext_noop("Only staff may write down what somebody else answered.")
_CAME = gettext_noop("What staff write down came on paper, in a talk or by telephone.")
_NOBODY = gettext_noop("This protocol does not say who may answer.")


def signers(protocol: Protocol, facts: Facts) -> tuple[SignerLine, ...]:
    """The signer lines that hold for this consent.

    A line that depends on something nobody told (a birth date) counts too: nothing is granted on a guess.

    Args:
        protocol: the rules the consent is pinned to.
        facts: of any step of the consent.
    """
    return tuple(line for line in protocol.for_sector(facts.sector).signers if facts.judge(line.when) is not False)


def people_asked(line: SignerLine, facts: Facts) -> frozenset[str]:
    """The people whose yes meets the line, by id; empty when nobody is known.

    A pupil of 18 stands in the place of the guardians. The guardians of a member of staff are the parents who were asked about
    their picture.
    """
    about = [one for one in facts.people if one.id in facts.subjects]
    if line.who == "guardian":
        return frozenset(key for one in about for key in guardians_of(one))
    return frozenset(one.id for one in about if line.who in ("self", one.kind))


def consent_state(protocol: Protocol, facts: Facts, answers: Mapping[str, bool]) -> str:
    """The state that the answers make of a consent.

    Args:
        answers: the latest yes or no of each person. Those of people whom no line asks count for nothing.

    Returns:
        `granted` when every line that holds has a yes (with `each`, of all it asks) and nobody asked said no; `conflicting` with a
        yes and a no; `refused` with only a no; else `requested`.
    """
    asked = [(line, people_asked(line, facts)) for line in signers(protocol, facts)]
    counted = {answers[key] for _, people in asked for key in people if key in answers}
    if False in counted:
        return "conflicting" if True in counted else "refused"
    said_yes = {key for key, yes in answers.items() if yes}
    met = [bool(people) and (people <= said_yes if line.each else not people.isdisjoint(said_yes)) for line, people in asked]
    return "granted" if met and all(met) else "requested"


def answers_in(facts: Facts) -> dict[str, bool]:
    """The latest answer of each person since the consent was last asked for, with the one that is being given.

    A paper form that comes in late counts as of the day it was filled in, and not at all when that was before the consent was
    asked for again. Withdrawing is a no.
    """
    asked = next((one for one in reversed(facts.records) if one.what in ASKS and one.case == facts.case_id), None)
    said = [
        (one.at, one.seq, one.person, one.what == "consent.answer" and one.data.get("answer") is True)
        for one in facts.records
        if one.what in ANSWERS and one.case == facts.case_id
    ]
    if facts.step in ANSWERS:
        happened = facts.data.get("happened")
        at = to_minute(happened if isinstance(happened, datetime) else facts.now)
        said.append((at, _NOW, signer_of(facts), facts.step == "consent.answer" and facts.data.get("answer") is True))
    if asked is not None:
        again = asked.at.date() if asked.what == "consent.renew" else date.min
        said = [one for one in said if one[1] > asked.seq and one[0].date() >= again]
    return {person: yes for _, _, person, yes in sorted(said, key=lambda one: one[:2]) if person}


_NOW = 10**12
"""A place in the log after every entry there is."""


def came_later(noted: Iterable[tuple[str, Hashable]]) -> set[Hashable]:
    """Return who got a say while a consent stood, and has not answered since it was last asked for.

    Args:
        noted: step and person of what was asked, answered and counted anew on one consent without a change of state, in order.
    """
    found: set[Hashable] = set()
    for step, person in noted:
        if step in ASKS:
            found.clear()
        elif step in ANSWERS or person in found:
            found.discard(person)
        elif step == RECOUNT:
            found.add(person)
    return found


def left_up(steps: Sequence[str]) -> bool:
    """Whether something was published of which nobody has asked since that it is taken down.

    Args:
        steps: the milestones and steps of a consent and its tracks, in order.
    """
    return next((_PUBLISHED[one] for one in reversed(steps) if one in _PUBLISHED), False)


def signer_of(facts: Facts) -> str | None:
    """Who answers: the person named, else whoever takes the step; None in a forecast."""
    named = facts.data.get("person")
    return str(named) if named else facts.by.id if facts.by is not None else None


def signer_denials(protocol: Protocol, facts: Facts) -> Iterator[tuple[Sentence, tuple[str, ...]]]:
    """Why this person may not answer: a sentence and the articles it rests on.

    A forecast that names nobody is asked no question. Staff may write down what somebody told them, on paper or by telephone.
    """
    signer = signer_of(facts)
    if facts.step not in ANSWERS or signer is None:
        return
    lines = signers(protocol, facts)
    articles = tuple(dict.fromkeys(article for line in lines for article in line.articles)) or ("step",)
    if not lines:
        yield sentence(_NOBODY), articles
    elif not any(signer in people_asked(line, facts) for line in lines):
        yield sentence(_ONLY, values=tuple(dict.fromkeys(Word("signer", line.who) for line in lines))), articles
    elif facts.by is not None and facts.by.id != signer and not plays(facts.by.roles, ("employee",)):
        yield sentence(_FOR_ANOTHER), articles
    elif facts.by is not None and facts.by.id != signer and facts.data.get("form") in OWN_HAND:
        yield sentence(_CAME), articles


def say_moves_at(protocol: Protocol, facts: Facts) -> int | None:
    """The next birthday, in years, on which other people are asked than today; None when that cannot be told or never comes."""
    subject = next((one for one in facts.people if one.id in facts.subjects), None)
    if subject is None or subject.age is None or subject.kind != "pupil":
        return None
    named = {int(str(value)) for line in protocol.signers for one in line.when if one.key == "age" for value in one.values}
    ages = {ADULT, *named, *(age + 1 for age in named)}
    today = _whom(protocol, facts)
    for age in sorted(one for one in ages if one > subject.age):
        older = tuple(replace(one, age=age) if one.id == subject.id else one for one in facts.people)
        if _whom(protocol, replace(facts, people=older)) != today:
            return age
    return None


def _whom(protocol: Protocol, facts: Facts) -> set[tuple[frozenset[str], bool]]:
    return {(people_asked(line, facts), line.each) for line in signers(protocol, facts)}
