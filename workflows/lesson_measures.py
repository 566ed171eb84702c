"""A measure that is a lesson is completed by the system once its lessons are done: right after the last answer, or by the clock.

What goes wrong here never costs a pupil an answer: it runs after the answer was kept, and the clock tries again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from workflows import commands, module
from workflows.actors import SYSTEM
from workflows.assigned import imposed, what
from workflows.machine import StepDenied
from workflows.models import Case, LessonRun, Person
from workflows.schooldays import local_day, school_year

logger = logging.getLogger(__name__)


def complete_measures(pupil: Person) -> int:
    """Complete those measures of a pupil whose lessons are all done. Never raises: the clock tries again.

    Returns:
        How many were completed.
    """
    try:
        return _complete(imposed().filter(person=pupil))
    except Exception:  # the answer that brought us here is kept whatever becomes of a case
        logger.exception("measures of pupil %s were not looked at", pupil.pk)
        return 0


def complete_all() -> int:
    """Complete every measure whose lessons are all done and that was missed. Run by `tick`; as often as one likes.

    Returns:
        How many were completed.
    """
    return _complete(imposed().filter(person__lesson_runs__isnull=False).distinct())


def _complete(measures: Iterable[Case]) -> int:
    done = 0
    for measure in measures:
        try:
            if is_done(measure):
                commands.perform(measure, "measure.complete", by=SYSTEM)
                done += 1
        except StepDenied as denied:  # the protocol wants more first; the duty reaches the mentor
            logger.info("measure %s waits: %s", measure.key, denied)
        except Exception:  # one case that fails does not keep the others waiting
            logger.exception("measure %s was not completed", measure.key)
    return done


def is_done(measure: Case) -> bool:
    """Whether the pupil has done every lesson of a measure since it was imposed: what was done before does not count (decision 12)."""
    given = what(measure)
    if given.since is None:
        return False
    runs = LessonRun.objects.filter(person=measure.person_id, level=given.level, school_year__gte=school_year(local_day(given.since)))
    for run in runs.select_related("person__school").prefetch_related("answers"):
        progress = module.of_run(run, given.since).progress
        if given.lessons:
            progress = progress.only(given.lessons)
        if progress.is_finished and (not given.lessons or len(progress.units) == len(given.lessons)):
            return True
    return False
