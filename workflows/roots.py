"""What is particular to consents, connections and accounts: whom they are about, what they keep, how long they hold.

These stand by themselves as an incident does, and have no roles of people: who is in one stands in its row and its facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from workflows import clock, protocol, situation
from workflows.data import NOT_KEPT, Data, InvalidData, to_json
from workflows.involved import load_people
from workflows.models import CASE_TYPES, Case, Enrolment, Guardianship, Membership, Person, School
from workflows.models.people import Authority, Dated
from workflows.pinned import pins_for
from workflows.shapes import LIVE
from workflows.situation import COUNTERPART
from workflows.vocabulary import FIELDS, STEPS, case_type_of

TOPIC: Mapping[str, tuple[str, ...]] = {"consent": ("purpose", "channel"), "friend_request": ("counterparty",), "account": ("account_kind",)}
"""The fields of the creating step that say what a root is about; together its `topic`."""

PERSON: Mapping[str, str] = {"consent": "person", "friend_request": "person", "account": "owner_person"}
"""The field that says whose root it is; without it, whoever opens it."""


def topic_of(case_type: str, told: Mapping[str, Any]) -> str:
    """Return the topic: `school_publication/website`, `pupil`, `lesson`."""
    return "/".join(str(told.get(name, "")) for name in TOPIC[case_type])


def state_of(case: Case, day: date) -> str:
    """Return the state of a case as it counts on `day`: consent whose term has passed is expired, whether or not the clock has run."""
    if case.type == "consent" and case.state == "granted" and case.until is not None and case.until < day:
        return "expired"
    return str(case.state)


def keep(root: Case, given: Data, found: protocol.Protocol, asked: situation.Facts) -> None:
    """Put on a root what a step told: answers, the people named, whose it is, and how long it holds now.

    Raises:
        InvalidData: a consent whose term is over is asked for again, and nobody said until when.
    """
    told: dict[str, Any] = {**dict.fromkeys(given.blank), **given.facts}
    for name, rows in given.people.items():
        told[name] = rows if FIELDS[name].kind == "people" else rows[0]
    if (person := told.pop(PERSON[root.type], None)) is not None and asked.step not in (*protocol.ANSWERS, protocol.RECOUNT):
        root.person = person
    kept = {name: to_json(name, value) for name, value in told.items() if name not in NOT_KEPT or name in TOPIC[root.type]}
    root.facts = {**root.facts, **kept}
    if asked.step == "consent.renew" and root.facts.get("until") and root.facts["until"] < str(asked.today):
        raise InvalidData({"until": _("The last term is over. Say until when consent is asked for now.")})
    root.until = until_of(root, found, asked)
    root.closed_at = None if root.state in LIVE[root.type] else clock.now()


def prepare(school: School, step: str, opener: Person | None, given: Data) -> Case:
    """Return an unsaved root as the step would open it; `given` gets what the school itself knows.

    Raises:
        InvalidData: this step opens no such case, or nobody is named whom it is about.
    """
    case_type = case_type_of(step)
    if case_type not in TOPIC or not STEPS[step].creates:
        raise InvalidData({"step": _("There is no step “%(name)s”.") % {"name": step}})
    settle(step, given, opener, school)
    named = given.people.get(PERSON[case_type])
    # A request to the school's page is no connection of whoever notes it down, nor is a pupil's request the pupil's own account.
    own = case_type == "account" or (case_type == "friend_request" and given.facts.get("target_account") != "school_page")
    if not named and own and opener is not None and opener.kind == "employee" and PERSON[case_type] not in given.blank:
        named = [opener]
    person = named[0] if named else None
    people = {name: [row.pk for row in rows] for name, rows in given.people.items()}
    root = CASE_TYPES[case_type](
        school=school, type=case_type, person=person, topic=topic_of(case_type, given.facts), opened_by=opener, opened_at=clock.now(),
        changed_at=clock.now(), pins=pins_for(school, clock.today(), None),
        facts={name: keys if FIELDS[name].kind == "people" else keys[0] for name, keys in people.items() if name != PERSON[case_type]},
    )  # fmt: skip
    return root


def settle(step: str, given: Data, actor: Person | None, school: School) -> None:
    """Fill in what the school knows better than who fills in a form.

    Raises:
        InvalidData: somebody is asked as a parent who has no child at the school.
    """
    day = clock.today()
    if step in protocol.ANSWERS and given.person is None and actor is not None:
        given.people["person"] = [actor]
    if step == "friend_request.declare" and actor is not None:  # the request may come from either side
        given.facts.setdefault("asked_by", {"employee": "employee", "pupil": "pupil", "parent": "guardian"}.get(actor.kind, "other"))
        if actor.kind != "employee" and "counterpart" not in given.blank:
            given.people.setdefault("counterpart", [actor])
    asked = {person.pk for person in given.people.get("asked", [])}
    if asked and asked - guardians_at(school, asked, day):
        raise InvalidData({"asked": _("Only parents with authority over a pupil of the school can be asked.")})
    if other := given.people.get("counterpart"):
        given.facts["counterparty"] = counterparty_of(other[0], day) or given.facts.get("counterparty", "page_visitor")
        given.missing.pop("counterparty", None)


def whose(case: Case) -> dict[str, str]:
    """Return whose root it is, under the name of the field that says so."""
    return {PERSON[case.type]: str(case.person_id)} if case.type in PERSON and case.person_id else {}


def counterparty_of(person: Person, day: date) -> str | None:
    """Return what a pupil or parent is to the school on `day`, whatever is declared; None where the school cannot tell.

    A parent is a guardian while a child is at the school.
    """
    if person.kind == "pupil":
        return "pupil" if Enrolment.objects.filter(Dated.active(day), person=person).exists() else "former_pupil"
    if person.kind == "parent":
        ties = Guardianship.objects.filter(Dated.active(day), Dated.active(day, "pupil__enrolments__"), guardian=person)
        return "guardian" if ties.exists() else "former_guardian"
    return None


def people_of(cases: Sequence[Case], day: date) -> list[tuple[situation.Person, ...]]:
    """Return for each root whom it is about and the other side of a connection, as they are on `day`; few queries for any number.

    The guardians of a member of staff are the parents who are asked about their picture and have a child at the school.
    """
    if not cases:
        return []
    sides = [(case.person_id, case.facts.get("counterpart")) for case in cases]
    asked = {key for case in cases for key in case.facts.get("asked") or ()}
    parents = guardians_at(cases[0].school, asked, day) if asked else set()
    wanted: dict[int, frozenset[str]] = {key: frozenset() for pair in sides for key in pair if key}
    known = {int(one.id): one for one in load_people(cases[0].school, wanted, day)}
    found = []
    for case, (own, other) in zip(cases, sides, strict=True):
        people = [replace(known[other], case_roles=frozenset({COUNTERPART}))] if other in known else []
        if own in known and own != other:
            subject = known[own]
            if subject.kind == "employee":
                subject = replace(subject, guardians=tuple(str(key) for key in case.facts.get("asked") or () if key in parents))
            people.append(subject)
        found.append(tuple(people))
    return found


def guardians_at(school: School, people: Iterable[int], day: date) -> set[int]:
    """Return those of `people` (keys) who have authority over a pupil of the school on `day`."""
    rows = Guardianship.objects.filter(Dated.active(day), Dated.active(day, "pupil__enrolments__"), authority=Authority.YES)
    return set(rows.filter(pupil__school=school, guardian__in=list(people)).values_list("guardian_id", flat=True))


def derived(case: Case, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the school's own rows say about a connection or an account.

    Args:
        told: what was answered, the step under way included.
    """
    if case.type == "account":
        members = [int(key) for key in told.get("taking_part") or ()]
        rows = Membership.objects.filter(Dated.active(clock.today()), school=case.school, user__kc_people__in=members)
        return {"staff_taking_part": rows.values("user").distinct().count() if members else 0}
    if case.type != "friend_request":
        return {}
    key = told.get("account")
    account = Case.objects.filter(school=case.school, type="account", key=key).first() if key else None
    if account is None:
        return {"account_registered": False}
    kind = str(told.get("target_account"))
    good = account.state == "approved" and account.topic == {"school_page": "school"}.get(kind, kind)
    until = account.until or told.get("account_until")
    return {"account_registered": good, **({"account_until": until} if until else {})}


def names_of(case: Case, told: Mapping[str, Any]) -> dict[str, str]:
    """Return the names a pattern for the name of an account may ask for."""
    if case.type != "account":
        return {}
    owner = Person.objects.filter(pk=int(told.get("owner_person") or case.person_id or 0)).first()
    return {"school": case.school.name, "owner": owner.full_name if owner else ""}


def until_of(root: Case, found: protocol.Protocol, asked: situation.Facts) -> date | None:
    """Return the last day on which a root holds as it is now; None while nothing ends it."""
    return would_hold_until(root, found, asked) if root.state in LIVE[root.type] else None


def would_hold_until(root: Case, found: protocol.Protocol, asked: situation.Facts) -> date | None:
    """Return the last day on which a root holds, or would if it were agreed to today; None when nothing ends it.

    Of consent that is the end of its term or the day before the say moves to somebody else, whichever comes first; of a
    connection the day before its approval ends (it expires on `until`) or the end of the account it is on.
    """
    ends = [date.fromisoformat(root.facts[name]) for name in ("until", "account_until") if root.facts.get(name)]
    if root.type == "friend_request" and root.facts.get("until"):
        ends[0] -= timedelta(days=1)
    if root.type == "consent":
        age = protocol.say_moves_at(found, asked)
        born = root.person.birth_date if root.person is not None else None
        if age is not None and born is not None:
            ends.append(birthday(born, age) - timedelta(days=1))
    elif root.type == "friend_request" and isinstance(until := asked.data.get("account_until"), date):
        ends.append(until)
    return min(ends, default=None)


def birthday(born: date, age: int) -> date:
    """Return the first day on which somebody born on `born` is `age`: of 29 February that is 1 March in most years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def open_twin(case: Case) -> bool:
    """Whether the same consent of the same person was asked for in another case that still stands."""
    if case.person_id is None or case.state in LIVE["consent"]:
        return False
    return Case.objects.filter(person=case.person_id, type="consent", topic=case.topic, state__in=LIVE["consent"]).exclude(pk=case.pk).exists()


def standing(people: Iterable[int | None]) -> set[tuple[int | None, str]]:
    """Return who was asked for which consent already, and it still stands: person and topic."""
    rows = Case.objects.filter(person__in=[key for key in people if key], type="consent", state__in=LIVE["consent"])
    return set(rows.values_list("person_id", "topic"))
