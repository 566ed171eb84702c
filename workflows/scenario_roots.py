"""What a scenario about a consent, a connection or an account leaves unsaid: neutral, valid, and as a careful person would fill it in."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from workflows import clock
from workflows.models import CASE_TYPES, Case, Person
from workflows.pinned import pins_for
from workflows.protocol import Protocol
from workflows.scenario_cast import Cast
from workflows.signing import ANSWERS
from workflows.situation import Facts

STAND_INS = ("manager", "personnel", "administrator")
"""Who stands in for the owner of an account; somebody a scenario seldom names."""

SIDES: Mapping[str, str] = {"pupil": "pupil", "parent": "guardian", "outsider": "page_visitor"}
"""What somebody who is no member of staff is to the school."""

ASKERS: Mapping[str, str] = {"employee": "employee", "pupil": "pupil", "parent": "guardian"}

HALF_A_YEAR, LONG_AGO, LAST_YEAR = timedelta(days=180), timedelta(days=3650), timedelta(days=365)


def people(cast: Cast, step: str, given: Mapping[str, Any], opener: Person | None, asked: Collection[str]) -> dict[str, Any]:
    """Return the people a step does not name.

    Args:
        cast: everybody there is. step: the step. given: what it names.
        opener: who acts. asked: the fields that a line insists on.
    """
    named = cast.people
    if step == "consent.request":
        return {"asked": [named["parent"]]} if "asked" in asked and "asked" not in given else {}
    if step == "account.request":
        owner = given.get("owner_person") or (opener if opener is not None and opener.kind == "employee" else named["teacher"])
        stand_in = next(named[one] for one in STAND_INS if named[one] != owner)
        found = {"owner_person": owner, "stand_in": stand_in}
        kind = given.get("account_kind", "school")
        if kind == "school":
            found["moderators"] = [named["mediamaster"], named["teacher"]]
        if kind == "class_group":
            found["taking_part"] = [named["teacher"]]
        return {name: one for name, one in found.items() if name not in given}
    if step == "consent.answer" and given.get("form") == "phone" and "witness" not in given:
        return {"witness": named["mentor" if opener == named["teacher"] else "teacher"]}
    if step == "friend_request.declare" and opener is not None and opener.kind != "employee" and not on_page(given):
        return {} if "person" in given else {"person": named["teacher"]}
    return {}


def without_the_pupil(step: str, given: Mapping[str, Any], opener: Person | None, about: int | None) -> dict[str, Any]:
    """Return what a step names; a parent who answers about a child may name the child, and speaks for themselves all the same."""
    named = given.get("person")
    if step in ANSWERS and opener is not None and opener.kind != "employee" and named is not None and named.pk == about:
        return {name: value for name, value in given.items() if name != "person"}
    return dict(given)


def facts_of_connection(step: str, given: Mapping[str, Any], opener: Person | None, day: date) -> dict[str, Any]:
    """Return what a step of a connection does not say: who sent the request, what the other is, since when and until when."""
    found: dict[str, Any] = {}
    if step == "friend_request.declare":
        kind = opener.kind if opener is not None else "outsider"
        found = {"asked_by": ASKERS.get(kind, "other"), "contact_since": day - LAST_YEAR}
        if on_page(given):
            found["counterparty"] = "page_visitor"
        elif kind in SIDES:
            found["counterparty"] = SIDES[kind]
        if given.get("tie") in ("family", "friendship"):
            found["tie_since"] = day - LONG_AGO
    elif step == "friend_request.review":
        found["until"] = day + HALF_A_YEAR
    return {name: value for name, value in found.items() if name not in given}


def within_its_term(name: str, filled_in: date, known: Mapping[str, Any]) -> date:
    """Return the day that is filled in, brought in line with the other one that was said: the review is not after the last day."""
    other = known.get({"review_on": "until", "until": "review_on"}.get(name, ""))
    other = date.fromisoformat(other) if isinstance(other, str) and other else other
    if not isinstance(other, date):
        return filled_in
    return min(filled_in, other) if name == "review_on" else max(filled_in, other)


def on_page(given: Mapping[str, Any]) -> bool:
    """Whether it is a request to the school's page."""
    return given.get("target_account") == "school_page"


def name_of_account(cast: Cast, protocol: Protocol, facts: Facts, owner: Person | None) -> str:
    """Return a name that fits the pattern the protocol has for such an account, or the school's own name."""
    for line in protocol.at("account.request", "account").lines:
        if line.guard == "matches" and line.args["field"] == "name" and facts.judge(line.when) is True:
            pattern = str(facts.settings[line.args["pattern"]])
            text = pattern.replace("{school}", f" {cast.school.name} ").replace("{owner}", f" {owner.full_name} " if owner else " ")
            return " ".join(re.sub(r"[?*]+", " De Rupsjes ", text).split())
    return cast.school.name


def register_quietly(cast: Cast, given: Mapping[str, Any]) -> Case:
    """Return a registered, approved account of the kind a connection is on, that the scenario itself knows nothing of."""
    kind, owner = str(given["target_account"]), cast.people["teacher"]
    until = given.get("account_until", clock.today() + HALF_A_YEAR) or None
    facts = {"account_kind": kind, "name": "Project Weer", **({"until": until.isoformat()} if until else {})}
    row = CASE_TYPES["account"](
        school=cast.school, type="account", topic=kind, person=owner, opened_by=owner, opened_at=clock.now(), changed_at=clock.now(),
        pins=pins_for(cast.school, clock.today(), None), state="approved", until=until, facts=facts,
    )  # fmt: skip
    row.save()
    return row
