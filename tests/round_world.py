"""A round of asking for consent: pupils with parents, a round drafted and sent, and what their parents answer."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.cast import Cast
from workflows import answering, people, rounds, schools
from workflows.models import Case, Group, LogEntry, Outbox, PaperForm, Person, Round, RoundAsk

LINES = [("school_publication", "website"), ("school_publication", "instagram")]


def make(cast: Cast, by: str = "director", **told: Any) -> Round:
    """Draft a round about the group of the cast, or as is told."""
    given: dict[str, Any] = {"scope": "groups", "groups": [cast.group.pk], "lines": LINES, "moment": "first_round", **told}
    return rounds.draft(cast.school, by=cast.users[by], **given)


def send(cast: Cast, by: str = "director", **told: Any) -> Round:
    """Draft a round and send it."""
    return rounds.work(rounds.start(make(cast, by, **told), by=cast.users[by]))


def pupil(cast: Cast, number: int, *parents: dict[str, Any], **told: Any) -> tuple[Person, list[Person]]:
    """Add a pupil of the group with parents, each with fields of a person and `authority`."""
    fields = {"given_name": f"Kind{number}", "family_name": "Knikker", "birth_date": date(2016, 1, 15), **told}
    child = people.add_person(cast.school, by=None, kind="pupil", **fields)
    people.enrol(child, cast.group, by=None, starts=date(2025, 9, 1))
    found = []
    for place, parent in enumerate(parents):
        own = {"given_name": f"Ouder{number}{place}", "family_name": "Knikker", "email": f"o{number}{place}@cast.example", **parent}
        authority = own.pop("authority", "yes")
        found.append(people.add_person(cast.school, by=None, kind="parent", **own))
        people.add_guardian(child, found[-1], by=None, authority=authority)
    return child, found


def another_group(cast: Cast, name: str) -> Group:
    """Add a group with one pupil."""
    group = schools.add_group(cast.school, by=None, name=name)
    child = people.add_person(cast.school, by=None, kind="pupil", given_name="Lotje", family_name="Knikker", birth_date=date(2015, 1, 15))
    people.enrol(child, group, by=None, starts=date(2025, 9, 1))
    return group


def answer(signer: Person, yes: bool = True, *cases: Case) -> None:
    """Answer by the personal link: these cases, or everything that is asked of this person."""
    chosen = {str(line.case.key): yes for line in answering.lines_for(signer).lines if not cases or line.case in cases}
    answering.answer(signer, chosen, by=signer, form="link", authority=True)


def how_many() -> dict[str, int]:
    """Count the rows that asking writes."""
    return {model.__name__: model._base_manager.count() for model in (Case, LogEntry, RoundAsk, Outbox, PaperForm)}
