"""The picture check and the register of consents at 2,000 pupils with 100,000 answers, against a school of 60 in the same tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from tests.bench.crowd import PER_GROUP, fill
from tests.bench.measuring import Figure, interleaved
from workflows import clock, log, picture_check, registers, roots
from workflows.models import CASE_TYPES, Case, Person
from workflows.pinned import pins_for
from workflows.prepared import insert, update_many
from workflows.scenario_cast import Cast, build
from workflows.vocabulary import PUBLICATIONS

PUPILS, FEW = 2000, 60
ANSWERS = 5
TOPICS = [("school_publication", channel) for channel in PUBLICATIONS] + [("name", "website")]
ROUNDS = 15
SIZE = 500


def ask_and_answer(cast: Cast, pupils: list[Person]) -> None:
    """Ask about every pupil and answer each consent five times, with the chain of the log, in bulk."""
    now = clock.now() - timedelta(days=30)
    pins = pins_for(cast.school, clock.today(), None)
    parents = dict(Person.objects.filter(kind="parent", wards__pupil__in=pupils).values_list("wards__pupil", "pk"))
    signer = {one.pk: one for one in Person.objects.filter(pk__in=list(parents.values()))}
    for start in range(0, len(pupils), SIZE // len(TOPICS)):
        cases: list[Case] = []
        for pupil in pupils[start : start + SIZE // len(TOPICS)]:
            for purpose, channel in TOPICS:
                case = CASE_TYPES["consent"](
                    school=cast.school, type="consent", person=pupil, topic=roots.topic_of("consent", {"purpose": purpose, "channel": channel}),
                    opened_at=now + timedelta(seconds=start), changed_at=now + timedelta(seconds=start), pins=pins, number=len(cases) + 1,
                    facts={"purpose": purpose, "channel": channel, "moment": "first_round"}, state="granted",
                )  # fmt: skip
                cases.append(case)
        insert(cases)
        for place in range(ANSWERS + 1):
            entries = [
                log.make(case, case, "consent.request", by=None, by_roles=["system"], source="", target="requested", person=case.person)
                if place == 0 else log.make(
                    case, case, "consent.answer", by=signer[parents[case.person_id]], by_roles=["guardian"], source="requested", target="granted",
                    person=signer[parents[case.person_id]], facts={"answer": True, "authority": True, "form": "link", "language": "nl"},
                )
                for case in cases
            ]  # fmt: skip
            log.write(entries)
        update_many(cases, "log_count", "log_head")


def figures(engine: str) -> Iterator[Figure]:
    """Measure both schools in turn."""
    large, small = build("leyenburg", "po", clock.today()), build("leyenburg", "po", clock.today(), slug="small")
    groups = {}
    for cast, number in ((small, FEW), (large, PUPILS)):
        pupils = fill(cast, number, parents=1)
        ask_and_answer(cast, pupils)
        groups[cast.school.pk] = pupils[:PER_GROUP]

    def check(cast: Cast) -> object:
        return picture_check.check(cast.school, groups[cast.school.pk], "school_publication", "instagram")

    ours, floor = interleaved(partial(check, large), partial(check, small), rounds=ROUNDS)
    yield _figure("the picture check of a group, 2,000 pupils against 60", ours, floor)

    def register(cast: Cast, mark: str = "", **filters: str) -> registers.Page:
        rows = registers.rows_of(cast.users["director"], cast.school, "consent", registers.Filters(**filters))
        return registers.page_of(rows, mark)

    for name, filters in (("first page", {}), ("by state and channel", {"state": "granted", "purpose": "school_publication", "channel": "website"})):
        ours, floor = interleaved(partial(register, large, **filters), partial(register, small, **filters), rounds=ROUNDS)
        yield _figure(f"the register of consents, {name}, 2,000 pupils against 60", ours, floor)
    mark = ""
    for _ in range(200):
        mark = register(large, mark).next
    ours, floor = interleaved(partial(register, large, mark), partial(register, large), rounds=ROUNDS)
    yield Figure("the register, page 201 against page 1", ours / floor, 1.3, None, f"{ours * 1000:.1f} ms against {floor * 1000:.1f} ms")


def _figure(name: str, ours: float, floor: float) -> Figure:
    return Figure(name, ours / floor, 1.25, None, f"{ours * 1000:.1f} ms against {floor * 1000:.1f} ms")
