"""The media-literacy module with rows behind it: where a pupil is, answering, practising again.

What a pupil chose is used to answer and then forgotten. Nothing here writes a case, or tells why somebody does a lesson. A run keeps
to the protocol it began with until the school year ends, also when the school's protocol is superseded meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from workflows import clock, diplomas, lesson_files, opening, prepared, words
from workflows.assigned import Assigned, assigned_to, imposed
from workflows.lesson_progress import Mark, OutOfTurn, Place, Progress, Turn
from workflows.lessons import Scene, Unit
from workflows.models import Group, LessonAnswer, LessonRun, Person, School
from workflows.pinned import pins_for, protocol_for, protocol_pinned
from workflows.prepared import Prepared
from workflows.protocol import Protocol
from workflows.rules import Setting
from workflows.schooldays import school_year


@dataclass(frozen=True, slots=True)
class Learning:
    """Somebody in a level of the module: how far, by whose rules, and the run behind it (None: not begun, or a preview).

    `closed` are lessons that wait until the parts of the programme in `awaits` were done with the pupil's group.
    """

    level: int
    progress: Progress
    protocol: Protocol | None
    run: LessonRun | None = None
    closed: frozenset[str] = frozenset()
    awaits: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class PupilRule:
    """A rule of the school's own protocol in words for pupils, and how its document numbers it."""

    text: str
    ref: str


@dataclass(frozen=True, slots=True)
class Awaited:
    """A part of the programme that comes before the lessons, with the rules that ask for it."""

    label: str
    rules: tuple[PupilRule, ...]


class _Asked:
    """What else the school asks of a pupil in a level just now; looked up when it matters, and once."""

    def __init__(self, pupil: Person, level: int) -> None:
        self.pupil, self.level = pupil, level

    @cached_property
    def first(self) -> tuple[Setting, ...]:
        """Parts of the programme that must come before the lessons and have not."""
        return opening.awaited(self.pupil, protocol_for(self.pupil.school, clock.today()), this_year())

    @cached_property
    def given(self) -> list[Assigned]:
        """Lessons of this level that the pupil was given."""
        user = self.pupil.user_id
        return [one for one in assigned_to(user, self.pupil.school_id) if one.level == self.level] if user else []

    def closed(self, progress: Progress) -> frozenset[str]:
        """Lessons that wait: not those the pupil began or was given."""
        if not self.first:
            return frozenset()
        began = {unit for unit, _scene in progress.marks}
        return frozenset(unit.key for unit in progress.units if unit.key not in began and not any(one.holds(unit.key) for one in self.given))

    def anew(self, rows: list[LessonAnswer]) -> frozenset[Place]:
        """Questions that were found before the pupil was given their lesson."""
        solved = [row for row in rows if row.solved and getattr(row, "given", True)]
        since = {row.unit: max((one.since for one in self.given if one.since and one.holds(row.unit)), default=None) for row in solved}
        return _older(solved, since)


def _older(rows: list[LessonAnswer], since: Mapping[str, datetime | None]) -> frozenset[Place]:
    """Return which questions were found last before the moment that counts for their lesson."""
    return frozenset((row.unit, row.scene) for row in rows if row.solved and (from_when := since.get(row.unit)) and row.at < from_when)


def this_year() -> str:
    """Return the present school year."""
    return school_year(clock.today())


def units_of(level: int, protocol: Protocol | None) -> tuple[Unit, ...]:
    """Return the lessons of a level as a school with this protocol teaches them; one that leaves no question is left out."""
    carried = frozenset(protocol.articles) if protocol is not None else frozenset[str]()
    taught = (_taught(unit, carried) for unit in lesson_files.library().level(level))
    return tuple(unit for unit in taught if unit.scenes)


@lru_cache(maxsize=1000)
def _taught(unit: Unit, carried: frozenset[str]) -> Unit:
    return unit.at_school(carried)


def learning(pupil: Person, level: int, extra: Place | None = None) -> Learning:
    """Return where a pupil is in a level this school year. Changes nothing.

    Args:
        extra: the extra scene that the pupil was led to, as the course page remembers it.
    """
    rows = _held(level)(pupil.pk, this_year())
    return _learning(_Asked(pupil, level), rows[0].run if rows else None, rows, extra)


def _answers(**run: Any) -> QuerySet[LessonAnswer]:
    """Return answers with whether the pupil was `given` any lesson at all: hardly any was, and then nothing more is asked."""
    return LessonAnswer.objects.filter(**run).annotate(given=Exists(imposed().filter(person=OuterRef("run__person"))))


_OF_RUN = Prepared(lambda run: _answers(run=run), int)

# The level is no value to fill in: a column of small numbers takes none of those that stand for them.


@lru_cache(maxsize=20)
def _held(level: int) -> Prepared:
    """Return the query for the answers of a pupil in a school year, each with its run."""
    return Prepared(lambda pupil, year: _answers(run__person=pupil, run__level=level, run__school_year=year).select_related("run"), int, str)


@lru_cache(maxsize=20)
def _locked(level: int) -> Prepared:
    """Return the query for the run of a pupil in a school year, which it locks."""
    return Prepared(lambda pupil, year: LessonRun.objects.select_for_update().filter(person=pupil, level=level, school_year=year), int, str)


def of_run(run: LessonRun, since: datetime | None = None) -> Learning:
    """Return where a pupil is in a run; asks the answers of the run and nothing else.

    Args:
        since: only what was found since this moment counts.
    """
    rows = list(run.answers.all())
    found = _plain(run.person.school, run.level, run, rows, None)
    return replace(found, progress=replace(found.progress, anew=_older(rows, {row.unit: since for row in rows})))


def preview(school: School | None, level: int, marks: Mapping[Place, Mark] | None = None, extra: Place | None = None) -> Learning:
    """Return a level as pupils of a school see it, with marks that are nobody's. Without a school: what holds everywhere."""
    protocol = protocol_for(school, clock.today()) if school is not None else None
    return Learning(level, Progress(units_of(level, protocol), dict(marks or {}), extra), protocol)


@transaction.atomic
def answer(pupil: Person, level: int, *, unit: str, scene: str, choice: str, seen: int, extra: Place | None = None) -> tuple[Learning, Turn]:
    """Answer a question as a pupil; the first answer of a school year begins the run and pins the protocol.

    Args:
        unit, scene, choice: keys. seen: how many tries the pupil had when the question was shown.
        extra: as for `learning`.

    Returns:
        Where the pupil is now, and what the answer brought. Sent twice, it counts once.

    Raises:
        OutOfTurn: no such question or choice, not yet its turn, or a lesson that is not open yet; then nothing was written.
    """
    year, asked = this_year(), _Asked(pupil, level)
    run = next(iter(_locked(level)(pupil.pk, year)), None)
    if run is None:
        _answer(_learning(asked, None, [], extra), unit, scene, choice, seen)  # what is refused begins no run
        pins = pins_for(pupil.school, clock.today(), None)["procedure"]
        begun = {"started_at": clock.now(), "pins": pins}
        # One beginner at a time: who inserts the same run at once would, on MariaDB, wait for each other until one is thrown out.
        Person.objects.select_for_update().get(pk=pupil.pk)
        run, _new = LessonRun.objects.select_for_update().get_or_create(person=pupil, level=level, school_year=year, defaults=begun)
    rows = {(row.unit, row.scene): row for row in _OF_RUN(run.pk)}
    here = _learning(asked, run, list(rows.values()), extra)
    turn = _answer(here, unit, scene, choice, seen)
    if turn.changed:
        place = (unit, scene)
        _write(run.pk, rows.get(place), place, turn.mark)
        if turn.mark.solved and run.finished_at is None and turn.progress.as_earned().is_finished:
            run.finished_at = clock.now()
            run.save(update_fields=["finished_at"])
            diplomas.award(run)
    return replace(here, progress=turn.progress), turn


@transaction.atomic
def practise_again(pupil: Person, level: int, *, unit: str, attempts: int) -> Learning:
    """Let a pupil try anew those questions of a finished lesson that took more than `attempts` tries.

    Raises:
        OutOfTurn: no such lesson.
    """
    run = next(iter(_locked(level)(pupil.pk, this_year())), None)
    rows = {(row.unit, row.scene): row for row in _OF_RUN(run.pk)} if run else {}
    here = _learning(_Asked(pupil, level), run, list(rows.values()), None)
    found = here.progress.unit(unit)
    if found is None:
        raise OutOfTurn("unknown")
    scenes = here.progress.to_practise(found, attempts) if here.progress.is_done(found) else ()
    progress = here.progress.again(found, scenes)
    for scene in scenes:
        row = rows[unit, scene.key]
        _write(row.run_id, row, (unit, scene.key), progress.mark(found, scene))
    return replace(here, progress=progress)


def next_given(pupil: Person) -> tuple[int, str] | None:
    """Return level and key of the first lesson that a pupil was given and has still to do."""
    for one in assigned_to(pupil.user_id, pupil.school_id) if pupil.user_id else ():
        progress = learning(pupil, one.level).progress
        for unit in progress.units:
            if one.holds(unit.key) and not progress.is_done(unit):
                return one.level, unit.key
    return None


def group_awaits(school: School, group: Group | None) -> bool:
    """Whether the lessons are not open to a group of a school yet."""
    return group is not None and bool(opening.awaited_in(group, school, protocol_for(school, clock.today()), this_year()))


def rules_taught(protocol: Protocol | None, scene: Scene) -> list[PupilRule]:
    """Return the rules a scene teaches that this school's protocol carries, in words for pupils and the reader's language."""
    carried = (protocol.articles[key] for key in scene.teaches if key in protocol.articles) if protocol is not None else ()
    return [PupilRule(words.in_language(article.pupil), article.ref or article.id) for article in carried if article.pupil]


def parts_awaited(protocol: Protocol, parts: tuple[Setting, ...]) -> list[Awaited]:
    """Return parts of the programme that come before the lessons, in the reader's language, with the rules they rest on."""
    articles = [[protocol.articles[key] for key in part.cites if key in protocol.articles] for part in parts]
    return [
        Awaited(
            words.in_language({"nl": part.nl, "en": part.en}),
            tuple(PupilRule(words.in_language({"nl": one.nl, "en": one.en}), one.ref or one.id) for one in cited),
        )
        for part, cited in zip(parts, articles, strict=True)
    ]


def _answer(here: Learning, unit: str, scene: str, choice: str, seen: int) -> Turn:
    if unit in here.closed:
        raise OutOfTurn("not open")
    return here.progress.answer(unit, scene, choice, seen)


def _learning(asked: _Asked, run: LessonRun | None, rows: list[LessonAnswer], extra: Place | None) -> Learning:
    found = _plain(asked.pupil.school, asked.level, run, rows, extra)
    progress = replace(found.progress, anew=asked.anew(rows))
    closed = asked.closed(progress)
    return replace(found, progress=progress, closed=closed, awaits=asked.first if closed else ())


def _plain(school: School, level: int, run: LessonRun | None, rows: list[LessonAnswer], extra: Place | None) -> Learning:
    protocol = protocol_pinned(school, run.pins) if run is not None else protocol_for(school, clock.today())
    marks = {(row.unit, row.scene): Mark(row.tries, row.right_first, row.solved) for row in rows}
    return Learning(level, Progress(units_of(level, protocol), marks, extra), protocol, run)


def _write(run: int, row: LessonAnswer | None, place: Place, mark: Mark) -> None:
    told = {"tries": mark.tries, "right_first": mark.right_first, "solved": mark.solved, "at": clock.now()}
    if row is None:
        prepared.insert([prepared.new(LessonAnswer, run_id=run, unit=place[0], scene=place[1], **told)])
        return
    for name, value in told.items():
        setattr(row, name, value)
    prepared.update(row, *told)
