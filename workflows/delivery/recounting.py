"""Counts the answers of consents anew once somebody's say over a pupil has changed, and asks again whoever decides now.

`workflows.people` queues it with the change, for the day on which it counts. Doing it twice changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from workflows import clock, commands, personal_links, protocol, registers, telling
from workflows.actors import SYSTEM
from workflows.data import InvalidData
from workflows.facts import load_many
from workflows.machine import StepDenied
from workflows.models import Case, Enrolment, Membership, Outbox, Person
from workflows.models.people import Dated
from workflows.shapes import LIVE

logger = logging.getLogger(__name__)


def recount(row: Outbox) -> int:
    """Bring along the consents that a change of somebody's say touches: those of the pupil, and of staff about whom this parent was asked.

    Args:
        row: what `people` queued: the pupil, and in `guardian` whose say changed.

    Returns:
        How many changed, or are noted for a parent who came later.
    """
    guardian = Person.objects.get(pk=row.payload["guardian"])
    live = Case.objects.filter(school=guardian.school_id, type="consent", state__in=LIVE["consent"]).select_related("school", "person")
    of_staff = live.filter(person__kind="employee", facts__has_key="asked").order_by("pk")
    cases = [*live.filter(person=row.person_id).order_by("pk"), *(case for case in of_staff if guardian.pk in case.facts["asked"])]
    noted = registers.came_later(cases)
    changed: dict[Case, set[int]] = {}
    done = 0
    for loaded in load_many(cases):
        case = loaded.root
        facts = loaded.for_step(case, protocol.RECOUNT, actor=None, data={})
        deciding = {int(key) for line in protocol.signers(loaded.protocol, facts) for key in protocol.people_asked(line, facts)}
        silent = deciding - {int(key) for key in protocol.answers_in(facts)}
        state, before = str(facts.case["state"]), case.state
        later = guardian.pk in silent
        if state not in LIVE["consent"] or (state == before and later == (guardian.pk in noted.get(case.pk, ()))):
            continue
        try:
            commands.perform(case, protocol.RECOUNT, by=SYSTEM, data={"person": guardian})
        except (StepDenied, InvalidData) as refused:
            logger.warning("%s %s is not counted anew: %s", case.type, case.display_number, refused)
            continue
        done += 1
        if state == "requested" != before:
            changed[case] = silent
    ask(changed, f"recount:{row.pk}")
    return done


def ask(deciding: Mapping[Case, Iterable[int]], occasion: str) -> None:
    """Queue one mail for everybody who decides now: their personal link, or that it waits on their own desk.

    Where somebody has no e-mail address, or nobody is known, the teachers of the pupil are told that not everybody is reached.

    Args:
        deciding: who is asked about each consent, by key. occasion: begins the key of each mail, so that nobody gets it twice.
    """
    asked = {case: set(keys) for case, keys in deciding.items()}
    reached = {person.pk: person for person in Person.objects.filter(pk__in=set().union(*asked.values())).exclude(email="")}
    others = {key for case, keys in asked.items() for key in keys if key != case.person_id}
    on_desk = {key for key, person in reached.items() if person.has_desk and key not in others}
    personal_links.queue_mails(reached.values(), lambda person: f"{occasion}:{person.pk}", on_desk=on_desk)
    now = clock.now()
    for case, keys in asked.items():
        for teacher in _teachers(case) if not keys or keys - reached.keys() else ():
            Outbox.objects.get_or_create(
                key=f"unreached:{case.person_id}:{clock.today()}:{teacher.pk}",
                defaults={
                    "kind": "mail", "root": case, "person": teacher, "payload": {"step": "unreached", "case": str(case.key)},
                    "created_at": now, "not_before": now,
                },
            )  # fmt: skip


def _teachers(case: Case) -> Iterable[Person]:
    """Return the mentors of a consent's pupil; the head where there is none, or it is about staff."""
    today = clock.today()
    groups = Enrolment.objects.filter(Dated.active(today), person=case.person).values("group")
    users = Membership.objects.filter(Dated.active(today), school=case.school, role="mentor", group__in=groups).values("user")
    people = Person.objects.exclude(email="")
    return people.filter(school=case.school, user__in=users) or people.filter(pk__in=telling.holders(case.school, {"director"}))
