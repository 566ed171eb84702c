"""What time brings: reminders once a term has passed, deputies who take over, the outbox, the daily head of the log.

Idempotent: run as often as one likes (cron, Kubernetes); what was done is written on the row it was done for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import transaction

from workflows import clock, lesson_measures, log, retention, rounds, telling
from workflows.access import may_see
from workflows.delivery import outbox, paper, terms
from workflows.models import Case, Duty, Enrolment, Membership, Outbox, Person, School, TickRun
from workflows.models.people import Dated
from workflows.schooldays import SchoolCalendar

TAKE_OVER_AFTER = 1
"""School days after the term at which a deputy sees the duty too (our default; systems.md part 9)."""

logger = logging.getLogger(__name__)


def tick() -> TickRun:
    """Run everything that is due. One part that fails does not keep the others from running.

    Returns:
        The row of this run; its `problem` names what failed, and the desk warns of it.
    """
    run = TickRun.objects.create(started_at=clock.now())
    problems = []
    parts: tuple[tuple[str, Callable[[], object]], ...] = (
        ("terms", terms.run), ("rounds", rounds.work_all), ("forms on paper", paper.print_all), ("rounds' reminders", rounds.remind),
        ("lessons", lesson_measures.complete_all), ("reminders", remind), ("take-over", take_over), ("retention", retention.erase),
        ("log heads", _heads), ("delivery", outbox.drain),
    )  # fmt: skip
    for name, work in parts:
        try:
            work()
        except Exception as error:
            # A clock must not stop because one part fails: the reason is kept with the run and shown.
            logger.exception("tick: %s failed", name)
            problems.append(f"{name}: {type(error).__name__}: {error}"[:300])
    run.finished_at, run.problem = clock.now(), "\n".join(problems)
    run.save(update_fields=["finished_at", "problem"])
    return run


def remind() -> int:
    """Remind the owner of each duty whose term has passed, once.

    Returns:
        How many duties were reminded of.
    """
    late = Duty.objects.filter(done_at=None, reminded_at=None, due_at__lte=clock.now()).exclude(owner="")
    count = 0
    for duty in late.select_related("root", "root__school", "root__owner").order_by("pk"):
        people = _readers(duty, _holders(duty, duty.owner)) or _readers(duty, telling.holders(duty.root.school, {"board"}))
        if not people:  # nobody may read it today: whoever is named later is reminded then
            continue
        with transaction.atomic():
            if not Duty.objects.filter(pk=duty.pk, done_at=None, reminded_at=None).update(reminded_at=clock.now()):
                continue
            _mail(duty, "reminder", people)
            count += 1
    return count


def take_over() -> int:
    """Let the deputies of a role take over what its holder left undone a school day after the term.

    The log says so, so that the timeline shows why the deputy sees it; each deputy gets one mail.

    Returns:
        How many duties were taken over.
    """
    now = clock.now()
    count = 0
    late = Duty.objects.filter(done_at=None, taken_over_by="", due_at__lt=now).exclude(owner="")
    calendars: dict[int, SchoolCalendar] = {}
    for duty in late.select_related("root", "case", "root__school").order_by("pk"):
        school = duty.root.school
        calendar = calendars.setdefault(school.pk, SchoolCalendar(school))
        deputies = _readers(duty, _deputies(school, duty.owner))
        if not deputies or calendar.due(duty.due_at, {"school_days": TAKE_OVER_AFTER}) > now:
            continue
        with transaction.atomic():
            root = Case.objects.select_for_update().get(pk=duty.root_id)
            if not Duty.objects.filter(pk=duty.pk, done_at=None, taken_over_by="").update(taken_over_by="deputy"):
                continue
            facts = {"duty": duty.pk, "task": duty.task, "from": duty.owner}
            log.append(root, duty.case, "duty.take_over", by=None, by_roles=["system"], facts=facts)
            root.changed_at = now
            root.save(update_fields=["log_count", "log_head", "changed_at"])
            _mail(duty, "takeover", deputies)
            count += 1
    return count


def _holders(duty: Duty, role: str) -> set[int]:
    """Return the people a duty falls to: on the hard route the board; a mentor's duty to the mentors of this case."""
    school = duty.root.school
    if duty.root.restricted:
        return telling.holders(school, {"board"})
    if role != "mentor":
        return telling.holders(school, {role})
    today = clock.today()
    pupils = duty.root.involvements.filter(masked=False, person__kind="pupil").values("person")
    groups = Enrolment.objects.filter(Dated.active(today), person__in=pupils).values("group")
    users = Membership.objects.filter(Dated.active(today), school=school, role="mentor", group__in=groups).values("user")
    found = set(Person.objects.filter(school=school, user__in=users).values_list("pk", flat=True))
    if duty.root.owner_id:
        found |= set(Person.objects.filter(school=school, user=duty.root.owner_id).values_list("pk", flat=True))
    return found or telling.holders(school, {"director"})


def _deputies(school: School, role: str) -> set[int]:
    users = Membership.objects.filter(Dated.active(clock.today()), school=school, role="deputy", acting_for=role).values("user")
    return set(Person.objects.filter(school=school, user__in=users).values_list("pk", flat=True))


def _readers(duty: Duty, people: set[int]) -> set[int]:
    """Return those who may open the case: nobody is reminded of one that is kept from them."""
    rows = Person.objects.filter(pk__in=people).select_related("user")
    return {person.pk for person in rows if may_see(person.user, duty.root)}


def _mail(duty: Duty, what: str, people: set[int]) -> None:
    for person in sorted(people):
        Outbox.objects.get_or_create(
            key=f"{what}:{duty.pk}:{person}",
            defaults={
                "kind": "reminder", "root": duty.root, "person_id": person, "payload": {"case": str(duty.root.key), "task": duty.task},
                "created_at": clock.now(), "not_before": clock.now(),
            },
        )  # fmt: skip


def _heads() -> int:
    return sum(log.write_head(school) for school in School.objects.filter(is_active=True).order_by("pk"))
