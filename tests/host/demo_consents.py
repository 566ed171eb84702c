"""The demo's consents, connections and accounts: asked, answered and decided through the product's own commands.

As in `demo_cases`, every school gets the same as far as its protocol allows; where it refuses, the refusal is what is shown.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from workflows import clock, commands, commands_bulk
from workflows.commands import StepDenied
from workflows.facts import load_many
from workflows.models import Case, Person
from workflows.scenario_cast import Cast
from workflows.schooldays import AMSTERDAM
from workflows.signing import people_asked, signers

TOPICS = (("school_publication", "website"), ("school_publication", "instagram"), ("name", "newsletter"))
PROOF = {"form": "link", "language": "nl", "text_version": "0" * 16}

ANSWERED = 16
"""Pupils about whom somebody answered already; the others were only asked."""

WHERE = "instagram.example/schoolreis/3"


def play(cast: Cast, now: datetime) -> int:
    """Make everything; return how many consents were asked for."""
    asked = _asked(cast, now)
    _answered(cast, asked, now)
    _published(cast, now)
    _accounts(cast, now)
    _connections(cast, now)
    return len(asked)


def _ago(now: datetime, days: int) -> datetime:
    return now.astimezone(AMSTERDAM).replace(hour=10, minute=0, second=0, microsecond=0) - timedelta(days=days)


def _asked(cast: Cast, now: datetime) -> list[Case]:
    moments = cast.school.settings.get("consent_moments") or ["first_round"]
    pupils = [one for one in cast.people.values() if one.kind == "pupil"]
    today = now.astimezone(AMSTERDAM).date()
    ends = date(today.year + (today.month >= 8), 7, 31)
    rows = [
        {"person": pupil, "purpose": purpose, "channel": channel, "moment": moments[0], "until": ends}
        for pupil in pupils for purpose, channel in TOPICS
    ]  # fmt: skip
    with clock.at(_ago(now, 40)):
        return commands_bulk.open_many(cast.school, rows, by=cast.users["administrator"])


def _says(number: int, topic: str, place: int) -> bool | None:
    """What somebody answers: most say yes, some no on the open internet, some nothing, one pair of parents disagrees."""
    if number % 7 == 5:
        return None
    if number % 7 == 3 and "instagram" in topic:
        return place > 0 if number == 3 else False
    return not (number % 11 == 8 and "website" in topic)


def _asking(cases: list[Case]) -> list[tuple[Case, list[Person]]]:
    """Whom the protocol asks about each consent."""
    found = []
    for loaded in load_many(cases):
        facts = loaded.for_step(loaded.root, "consent.answer", actor=None, data={})
        keys = {key for line in signers(loaded.protocol, facts) for key in people_asked(line, facts)}
        found.append((loaded.root, list(Person.objects.filter(pk__in=keys).order_by("pk"))))
    return found


def _answered(cast: Cast, asked: list[Case], now: datetime) -> None:
    pupils = {pk: number for number, pk in enumerate(dict.fromkeys(case.person_id for case in asked))}
    asked = [case for case in asked if pupils[case.person_id] < ANSWERED]  # the others have just got the question
    with clock.at(_ago(now, 35)):
        for case, people in _asking(asked):
            for place, signer in enumerate(people):
                yes = _says(pupils[case.person_id], case.topic, place)
                if yes is not None:
                    parent = {"authority": True} if signer.kind == "parent" else {}
                    told = {**PROOF, **parent, "answer": yes, "person": signer}
                    commands.perform(Case.objects.get(pk=case.pk), "consent.answer", by=signer, data=told)


def _published(cast: Cast, now: datetime) -> None:
    """A picture of three went online; one family takes the consent back, and the school has to take it down."""
    granted = list(Case.objects.filter(school=cast.school, type="consent", state="granted", topic="school_publication/instagram").order_by("pk")[:3])
    with clock.at(_ago(now, 20)):
        for case in granted:
            commands.record(case, "used", by=cast.users["mentor"], data={"where": WHERE, "harm_expected": False})
    with clock.at(_ago(now, 1)):
        for case, people in _asking(granted[-1:]):
            commands.perform(Case.objects.get(pk=case.pk), "consent.withdraw", by=people[0], data={"form": "link"})


def _try(step: str, case: Case, by: Any, **data: Any) -> bool:
    try:
        commands.perform(Case.objects.get(pk=case.pk), step, by=by, data=data)
    except StepDenied:
        return False
    return True


def _open(cast: Cast, by: str, step: str, **data: Any) -> Case | None:
    try:
        return commands.open_case(by=cast.users[by], school=cast.school, step=step, data=data).case
    except StepDenied:
        return None


def _accounts(cast: Cast, now: datetime) -> None:
    today = now.astimezone(AMSTERDAM).date()
    said = {
        "aim": "learning", "aims": "Foto’s van proefjes en huiswerk.", "stand_in": cast.people["mentor"], "responsible": "director",
        "professional": True, "no_private_data": True,
    }  # fmt: skip
    with clock.at(_ago(now, 15)):
        pattern = str(cast.school.settings.get("account_name_teacher", "{owner} {school}"))
        name = pattern.replace("{school}", cast.school.name).replace("{owner}", cast.people["teacher"].full_name).replace("*", "")
        lesson = _open(
            cast, "teacher", "account.request", account_kind="lesson", name=name, platform="fotosite", opened_on=today - timedelta(days=15),
            until=today + timedelta(days=25), review_on=today + timedelta(days=20), **said,
        )  # fmt: skip
        if lesson is not None:
            _try("account.approve", lesson, cast.users["director"], until=today + timedelta(days=25), reason="Past bij het project.")
        _open(
            cast, "mentor", "account.request", account_kind="class_group", name="Klassengroep", platform="chatapp",
            taking_part=[cast.people["mentor"]], opened_on=today - timedelta(days=3), **{**said, "stand_in": cast.people["teacher"]},
        )  # fmt: skip


def _connections(cast: Cast, now: datetime) -> None:
    """A pupil asks a teacher to be friends; a teacher knows a pupil from the family; somebody asks the school's page."""
    with clock.at(_ago(now, 5)):
        told = {"asked_by": "pupil", "platform": "fotosite", "target_account": "personal", "tie": "none", "contact_since": _ago(now, 400).date()}
        first = _open(cast, "teacher", "friend_request.declare", counterpart=cast.people["pupil"], **told)
        if first is not None:
            _try("friend_request.refuse", first, cast.users["director"], reason="Gebruik de schoolmail.")
        proof = "Neef en nicht, al van voor de school."
        tie = {**told, "asked_by": "employee", "tie": "family", "tie_since": _ago(now, 3000).date(), "tie_proof": proof}
        _open(cast, "mentor", "friend_request.declare", counterpart=cast.people["classmate"], **tie)
        page = {
            "asked_by": "other", "platform": "de pagina van de school", "target_account": "school_page", "counterparty": "page_visitor",
            "counterpart_name": "Buurtvereniging Verreweg",
        }  # fmt: skip
        _open(cast, "mediamaster", "friend_request.declare", **page)
