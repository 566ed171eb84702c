"""A round for 2,000 parents: how long it takes, and one of its requests against a request by itself."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from tests.bench.crowd import fill
from tests.bench.measuring import Figure
from workflows import clock, commands, rounds
from workflows.models import Outbox, Person, Round
from workflows.scenario_cast import Cast, build

PARENTS = 2000
SINGLE = 60
LOOKS = 5
LINES = [("school_publication", "website"), ("school_publication", "newsletter"), ("school_publication", "instagram"), ("name", "website")]


def figures(engine: str) -> Iterator[Figure]:
    """Prepare a round from its start to the last mail in the outbox; single requests are timed before and after it."""
    cast = build("leyenburg", "po", clock.today())
    aside = build("leyenburg", "po", clock.today(), slug="aside")
    others = fill(aside, SINGLE)
    fill(cast, PARENTS // 2)
    alone = _single(aside, others[: SINGLE // 2])
    found = _draft(cast)
    yield Figure(f"preview of a round about {PARENTS // 2} pupils", _preview(found), 0.3, None, "nobody was asked before", "s")
    begun = time.perf_counter()
    found = rounds.start(found, by=cast.users["director"])
    planned = time.perf_counter() - begun
    while found.state == "preparing":
        rounds._batch(found.pk)
        found.refresh_from_db()
    prepared = time.perf_counter() - begun
    found = rounds.work(found)
    whole = time.perf_counter() - begun
    alone += _single(aside, others[SINGLE // 2 :])
    mails, requests = Outbox.objects.filter(key__startswith="round:").count(), found.cases.count()
    detail = f"{requests} requests, {mails} mails; {planned:.1f} s to plan, {prepared - planned:.1f} to open, {whole - prepared:.1f} to mail"
    yield Figure(f"requests for {PARENTS} parents prepared", whole, 60, None, detail, "s")
    again = _preview(_draft(cast))
    yield Figure("the same when everybody was asked before", again, 1, None, f"{requests} requests that stand", "s")
    one, single = (prepared - planned) / requests, statistics.median(alone)
    yield Figure("a request in a round, against one by itself", one / single, 0.25, None, f"{one * 1000:.2f} ms against {single * 1000:.1f} ms")


def _draft(cast: Cast) -> Round:
    return rounds.draft(cast.school, by=cast.users["director"], scope="school", lines=LINES, moment="first_round")


def _preview(found: Round) -> float:
    """Look at what a round would do, some times; return the seconds of processor time it takes in the middle."""
    taken = []
    for _ in range(LOOKS):
        begun = time.process_time()
        rounds.plan_of(found, found.made_by.user)
        taken.append(time.process_time() - begun)
    return statistics.median(taken)


def _single(cast: Cast, people: list[Person]) -> list[float]:
    """Ask for consent about each, one by one, as somebody does on a page."""
    taken = []
    for person in people:
        begun = time.perf_counter()
        data = {"person": person, "purpose": "school_publication", "channel": "website", "moment": "first_round"}
        commands.open_case(by=cast.users["director"], school=cast.school, step="consent.request", data=data)
        taken.append(time.perf_counter() - begun)
    return taken

