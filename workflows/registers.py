"""The registers: every consent, connection and account of a school that somebody may see, filtered, page by page.

Reading only, a fixed number of queries each. Which rows somebody sees is `access.visible_roots`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import Count, F, Q, QuerySet
from django.utils.dateparse import parse_datetime

from workflows import clock, signing
from workflows.access import visible_roots
from workflows.models import Case, LogEntry, Person, School, Words
from workflows.models.people import Dated
from workflows.shapes import LIVE
from workflows.signing import ANSWERS, ASKS, RECOUNT
from workflows.vocabulary import PUBLICATIONS, PURPOSES, STATES

PER_PAGE = 50
"""Rows on one page of a register."""

SOON = 30
"""Days before its last day from which something is said to lapse soon (our default)."""

PEOPLE = ("counterpart", "stand_in")
"""Fields that name one person, shown in a register."""

SAID = ("name", "platform", "url", "site", "counterpart_name", "aims")
"""Words of the request that a register shows."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a register is narrowed to; empty means everything. `find` is part of a name."""

    state: str = ""
    topic: str = ""
    purpose: str = ""
    channel: str = ""
    group: int | None = None
    find: str = ""
    soon: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a register. `people` by field, `said` the words of the request by field.

    `came_later`: somebody got a say over a consent while it stood, and has not answered.
    """

    case: Case
    person: Person | None
    people: Mapping[str, Person] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    came_later: bool = False

    @property
    def lapses(self) -> bool:
        """Whether it still holds and ends within `SOON` days."""
        until = self.case.until
        return until is not None and self.case.state in LIVE[self.case.type] and until <= clock.today() + timedelta(days=SOON)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a register: `next` continues after its last row ("": the end)."""

    rows: list[Row]
    next: str


def rows_of(user: Any, school: School, case_type: str, filters: Filters) -> QuerySet[Case]:
    """Return the cases of a type at a school that `user` may see, narrowed by `filters`, the last changed first."""
    found = visible_roots(user, case_type).filter(school=school).select_related("person", "school").defer("school__logo")
    if filters.state in STATES[case_type]:
        found = found.filter(state=filters.state)
    if filters.topic:
        found = found.filter(topic=filters.topic)
    if filters.purpose or filters.channel:
        purposes, channels = ([filters.purpose] if filters.purpose else PURPOSES), ([filters.channel] if filters.channel else PUBLICATIONS)
        found = found.filter(topic__in=[f"{purpose}/{channel}" for purpose in purposes for channel in channels])
    if filters.group is not None:
        people = Person.objects.filter(Dated.active(clock.today(), "enrolments__"), school=school, enrolments__group=filters.group)
        found = found.filter(person__in=people.order_by().values("pk"))
    if filters.soon:
        found = found.filter(state__in=LIVE[case_type], until__lte=clock.today() + timedelta(days=SOON))
    for part in filters.find.split():
        named = Q(person__given_name__icontains=part) | Q(person__family_name__icontains=part)
        said = Words.objects.filter(field__in=SAID, struck_by=None, text__icontains=part).values("entry__root") if case_type != "consent" else None
        found = found.filter(named | Q(pk__in=said) if said is not None else named)
    return found.order_by("-changed_at", "-pk")


def page_of(rows: QuerySet[Case], after: str = "") -> Page:
    """Return one page of a register, after the mark that the page before gave as `next`; a wrong mark begins at the top."""
    if mark := _read(after):
        at, pk = mark
        rows = rows.filter(Q(changed_at__lt=at) | Q(changed_at=at, pk__lt=pk))
    found = list(rows[: PER_PAGE + 1])
    shown, last = found[:PER_PAGE], found[PER_PAGE:]
    return Page(told(shown), _mark(shown[-1]) if last else "")


def every_row(rows: QuerySet[Case]) -> Iterator[Row]:
    """Yield all rows for a download, a page at a time, so that a large register takes no more memory than a small one."""
    mark = ""
    while True:
        found = page_of(rows, mark)
        yield from found.rows
        if not found.next:
            return
        mark = found.next


def counts(rows: QuerySet[Case]) -> dict[str, int]:
    """Return how many of the rows are in each state."""
    return dict(rows.order_by().values_list("state").annotate(n=Count("pk")))


def told(cases: list[Case]) -> list[Row]:
    """Add the people and words that a register shows, and who got a say later, in three queries."""
    said: dict[int, dict[str, str]] = {}
    spoken = Words.objects.filter(entry__root__in=[case.pk for case in cases], field__in=SAID, struck_by=None)
    for root, name, text in spoken.order_by("pk").values_list("entry__root", "field", "text") if cases else ():
        said.setdefault(root, {})[name] = text
    ids = {case.facts[name] for case in cases for name in PEOPLE if isinstance(case.facts.get(name), int)}
    people = {one.pk: one for one in Person.objects.filter(pk__in=ids)} if ids else {}
    later = came_later(cases)
    return [
        Row(
            case, case.person, {name: people[case.facts[name]] for name in PEOPLE if case.facts.get(name) in people}, said.get(case.pk, {}),
            case.pk in later,
        )
        for case in cases
    ]  # fmt: skip


def came_later(cases: Iterable[Case]) -> dict[int, set[Any]]:
    """Return by consent who got a say while it stood and has not answered since, by key; one query."""
    keys = [case.pk for case in cases if case.type == "consent" and case.state in LIVE["consent"]]
    steps = [RECOUNT, *ASKS, *ANSWERS]
    entries = LogEntry.objects.filter(case__in=keys, step__in=steps, retracted_by=None).exclude(~Q(source=F("target")), step=RECOUNT)
    noted: dict[int, list[tuple[str, Any]]] = {}
    for case, step, person in entries.order_by("case", "n").values_list("case", "step", "person") if keys else ():
        noted.setdefault(case, []).append((step, person))
    return {case: people for case, said in noted.items() if (people := signing.came_later(said))}


_signer = Signer(salt="workflows.registers")


def _mark(case: Case) -> str:
    return _signer.sign(f"{case.changed_at.isoformat()} {case.pk}")


def _read(mark: str) -> tuple[datetime, int] | None:
    try:
        at, _, pk = _signer.unsign(mark).partition(" ")
    except BadSignature:
        return None
    moment = parse_datetime(at)
    return (moment, int(pk)) if moment is not None else None


