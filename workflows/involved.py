"""Loads the people of a case as the rules know them: age, guardians with authority and mentors, on a day."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any

from django.db.models import FilteredRelation, Q, QuerySet

from workflows import situation
from workflows.models import Case, Guardianship, Involvement, Membership, Person, School
from workflows.models.people import Authority, Dated, age_on
from workflows.prepared import Prepared
from workflows.vocabulary import CASE_ROLES


def _holding(day: date, pupils: Q) -> QuerySet[Guardianship, Any]:
    return Guardianship.objects.filter(pupils, Dated.active(day), authority=Authority.YES).order_by("pk").values_list("pupil_id", "guardian_id")


def _mentoring(school_id: int, day: date, pupils: Q) -> QuerySet[Membership, Any]:
    # One filter: the pupil that is asked about is the one whose enrolment holds on the day.
    rows = Membership.objects.filter(
        pupils, Dated.active(day), Dated.active(day, "group__enrolments__"), school=school_id, role="mentor", user__kc_people__school=school_id
    )
    return rows.order_by("pk").values_list("group__enrolments__person", "user__kc_people")


_tie = "person__guardianships"
_INVOLVED = Prepared(
    lambda root, day: Involvement.objects.filter(case=root, masked=False)
    .annotate(tie=FilteredRelation(_tie, condition=Dated.active(day, f"{_tie}__") & Q(**{f"{_tie}__authority": Authority.YES})))
    .order_by().values_list("tie__pk", "person_id", "role", "person__kind", "person__birth_date", "tie__guardian"), int, date,
)  # fmt: skip
"""Who is in a case in which role, once for each guardian with authority today (once with none where there is none)."""
_MENTORS = Prepared(lambda school, day, root: _mentoring(school, day, Q(group__enrolments__person__involvements__case=root)), int, date, int)


class _Mentors(Collection[str]):
    """The mentors of one pupil of a case; those of all its pupils are asked for when somebody first looks."""

    def __init__(self, pupil: int, ask: Callable[[], Mapping[int, tuple[str, ...]]]) -> None:
        self._pupil, self._ask = pupil, ask

    def _found(self) -> tuple[str, ...]:
        return self._ask().get(self._pupil, ())

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._found())

    def __contains__(self, person: object) -> bool:
        return person in self._found()


def people_in(root: Case, day: date, *, ahead: bool) -> tuple[tuple[situation.Person, ...], frozenset[int]]:
    """Return everybody with a role in a case, as they are on `day`, and the keys of those whom the reporter kept out.

    Args:
        ahead: ask at once for the mentors, about whom few steps ask.
    """
    roles: dict[int, frozenset[str]] = {}
    rows: list[tuple[Any, ...]] = []
    ties: list[tuple[Any, ...]] = []
    barred: set[int] = set()
    for _, person_id, role, kind, born, guardian in sorted(_INVOLVED(root.pk, day), key=lambda row: row[0] or 0):
        if role in CASE_ROLES:
            roles[person_id] = roles.get(person_id, frozenset()) | {role}
            rows.append((person_id, kind, born))
            if guardian is not None:
                ties.append((person_id, guardian))
        elif role == "excluded":
            barred.add(person_id)
    pupils = any(kind == "pupil" for _, kind, _ in rows)
    mentors = cache(lambda: _by_pupil(_MENTORS(root.school_id, day, root.pk) if pupils else ()))
    if ahead:
        mentors()
    return _people(rows, roles, ties, mentors, day), frozenset(barred)


def load_people(school: School, roles: Mapping[int, frozenset[str]], day: date) -> tuple[situation.Person, ...]:
    """Return the people with the given ids, with age, guardians with authority and mentors as they are on `day`."""
    if not roles:
        return ()
    ids = list(roles)
    rows = Person.objects.filter(pk__in=ids).values_list("pk", "kind", "birth_date")
    ties, mentors = _holding(day, Q(pupil__in=ids)), _by_pupil(_mentoring(school.pk, day, Q(group__enrolments__person__in=ids)))
    return _people(rows, roles, ties, lambda: mentors, day)


def _people(
    rows: Iterable[tuple[Any, ...]], roles: Mapping[int, frozenset[str]], holding: Iterable[tuple[Any, ...]],
    mentors: Callable[[], Mapping[int, tuple[str, ...]]], day: date,
) -> tuple[situation.Person, ...]:  # fmt: skip
    ties = _by_pupil(holding)
    return tuple(
        situation.Person(
            id=str(pk), kind=kind, case_roles=roles[pk], age=age_on(born, day), guardians=ties.get(pk, ()), mentors=_Mentors(pk, mentors),
        )
        for pk, kind, born in sorted(set(rows))
    )  # fmt: skip


def _by_pupil(pairs: Iterable[tuple[Any, ...]]) -> dict[int, tuple[str, ...]]:
    """Return the others of each pupil, each once, in the order given."""
    found: dict[int, dict[str, None]] = {}
    for pupil, other in pairs:
        found.setdefault(pupil, {})[str(other)] = None
    return {pupil: tuple(others) for pupil, others in found.items()}
