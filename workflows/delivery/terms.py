"""What the calendar does to consents, connections and accounts: terms end, the say moves on a birthday, and both are announced.

Idempotent: what is over is looked up by its last day, and each notice is known by its key. Nothing here decides anything: the
steps are the system's, and a pack says with `roles` whether the system may take them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import translation
from django.utils.translation import gettext

from workflows import clock, commands, commands_bulk, protocol, telling
from workflows.actors import SYSTEM
from workflows.data import InvalidData
from workflows.delivery import recounting
from workflows.facts import load_many
from workflows.forecasts import denials_loaded
from workflows.machine import StepDenied
from workflows.models import Case, Enrolment, Membership, Outbox, Person, School
from workflows.shapes import LIVE

AHEAD = (1, 7, 30)
"""Days before an end or a birthday on which it is announced; a birthday once, the first time it comes within the longest."""

ENDING = {"friend_request": "friend_request.expire", "account": "account.retire"}
"""The step that ends a connection or an account whose last day has passed."""

GONE = timedelta(days=90)
"""How long a pupil's last place is over before the consents end: longer than a summer in which the new groups are not known yet."""

BATCH = 500

logger = logging.getLogger(__name__)


def run() -> None:
    """End what is over, ask again where the say has moved, and announce what is near."""
    expire()
    renew()
    end()
    lapse()
    leave()
    announce_birthdays()
    announce_ends()


def _over(case_type: str) -> Any:
    """Return what is over: its last day has passed and it was not ended yet."""
    rows = Case.objects.filter(type=case_type, state__in=LIVE[case_type], until__lt=clock.today())
    return rows.select_related("school", "person").order_by("school_id", "pk")


def expire() -> int:
    """Let consent expire whose term is over; return how many did."""
    day = clock.today().isoformat()
    return _expire(case for case in _over("consent") if (case.facts.get("until") or day) < day)


def _expire(over: Iterable[Case]) -> int:
    done = 0
    for _school, cases in groupby(over, key=lambda case: case.school_id):
        rows = list(cases)
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            try:
                done += len(commands_bulk.expire_many(some))
            except StepDenied:  # of one of them; the others do not wait for it
                done += sum(_take(case, "consent.expire") for case in some)
    return done


def renew() -> int:
    """Ask again where somebody else decides since a birthday; whoever decides now gets one mail. Return how many were asked again."""
    day = clock.today().isoformat()
    moved = [case for case in _over("consent") if (case.facts.get("until") or day) >= day]
    again = [case for case in moved if _take(case, "consent.renew")]
    for _school, cases in groupby(again, key=lambda case: case.school_id):
        recounting.ask(dict(_deciding(list(cases))), f"ask:renew:{day}")
    return len(again)


def end() -> int:
    """End connections and accounts whose last day has passed; return how many."""
    return sum(_take(case, step) for case_type, step in ENDING.items() for case in _over(case_type))


def lapse() -> int:
    """Retire class groups that would not be approved today as they were: a permission stands only while what it rests on does.

    As long as a member of staff takes part (MLF-A8b); until the school has a portal (OOG-3.1.fn1a).

    Returns:
        How many were retired.
    """
    rows = Case.objects.filter(type="account", topic="class_group", state="approved").select_related("school", "person")
    done = 0
    for _school, cases in groupby(rows.order_by("school_id", "pk"), key=lambda case: case.school_id):
        for loaded in load_many(list(cases)):
            told = next((dict(one.data) for one in reversed(loaded.records) if one.what == "account.approve"), {})
            answers = {name.removeprefix("answer:"): str(text) for name, text in told.items() if name.startswith("answer:")}
            if denials_loaded(loaded, loaded.root, "account.approve", None, told, answers):
                with translation.override("nl"):  # it stays in the case, for whoever reads it later
                    reason = gettext("What this permission rested on no longer holds.")
                done += _take(loaded.root, "account.retire", {"reason": reason})
    return done


def leave() -> int:
    """Close what stayed open with somebody who left; return how much.

    The consents of a pupil whose last place ended `GONE` ago, and at once the consents and connections of a member of staff without a
    role. An account needs a new owner: whoever stands in, and the head, hear of it once.
    """
    today = clock.today()
    staying = Enrolment.objects.filter(Q(ends=None) | Q(ends__gte=today - GONE)).values("person")
    gone = Enrolment.objects.filter(ends__lt=today - GONE).exclude(person__in=staying).values("person")
    done = _expire(Case.objects.filter(person__in=gone, type="consent", state__in=LIVE["consent"]).order_by("school_id", "pk"))
    roles = Membership.objects.filter(Q(ends=None) | Q(ends__gte=today), school=OuterRef("school"), user=OuterRef("person__user"))
    rows = Case.objects.filter(~Exists(roles), person__kind="employee", person__user__isnull=False).select_related("school", "person")
    done += _expire(rows.filter(type="consent", state__in=LIVE["consent"]).order_by("school_id", "pk"))
    for case in rows.filter(type="friend_request", state__in=LIVE["friend_request"]).order_by("pk"):
        with translation.override("nl"):
            reason = gettext("This member of staff left the school.")
        done += _take(case, "friend_request.end", {"reason": reason})
    for case in rows.filter(type="account", state="approved").order_by("pk"):
        keys = {case.facts.get("stand_in"), *telling.holders(case.school, {"director"})}
        for person in Person.objects.filter(pk__in=[key for key in keys if key]).exclude(email="").order_by("pk"):
            _queue(f"ownerless:{case.pk}:{case.person_id}:{person.pk}", "mail", person, {"step": "ownerless", "case": str(case.key)}, case)
    return done


def _take(case: Case, step: str, data: Mapping[str, Any] | None = None) -> bool:
    """Let the system take a step; return whether a pack lets it. Without it the case stays, and counts for nothing all the same."""
    try:
        commands.perform(case, step, by=SYSTEM, data=data)
    except (StepDenied, InvalidData) as refused:
        logger.warning("%s %s stays as it is: %s", case.type, case.display_number, refused)
        return False
    return True


def _deciding(cases: Sequence[Case]) -> list[tuple[Case, set[int]]]:
    """Return for each consent of one school who decides today, by key."""
    found = []
    for loaded in load_many(cases):
        facts = loaded.for_step(loaded.root, "consent.answer", actor=None, data={})
        lines = protocol.signers(loaded.protocol, facts)
        found.append((loaded.root, {int(key) for line in lines for key in protocol.people_asked(line, facts)}))
    return found


def announce_birthdays() -> None:
    """Tell whoever decides now, and whoever decides then, that the say moves within a month; each of them once."""
    today = clock.today()
    rows = Case.objects.filter(type="consent", state__in=LIVE["consent"], until__gte=today, until__lt=today + timedelta(days=AHEAD[-1]))
    near = [case for case in rows.select_related("school", "person").order_by("school_id", "pk") if case.facts.get("until") != str(case.until)]
    for _school, cases in groupby(near, key=lambda case: case.school_id):
        told: dict[tuple[int, date], None] = {}
        for case, deciding in _deciding(list(cases)):
            if case.until is not None:
                told.update(dict.fromkeys((key, case.until + timedelta(days=1)) for key in sorted(deciding | {case.person_id or 0})))
        people = {person.pk: person for person in Person.objects.filter(pk__in={key for key, _ in told}).exclude(email="")}
        for key, day in told:
            if key in people:
                _queue(f"turn:{key}:{day}", "turn", people[key], {"day": str(day)})


def announce_ends() -> None:
    """Tell that something ends: whoever's connection or account it is, and of consents the head, once for all of the same day."""
    today = clock.today()
    near = Case.objects.filter(until__gte=today, until__lte=today + timedelta(days=AHEAD[-1]))
    for case in near.filter(type__in=list(ENDING), state="approved").select_related("person", "opened_by").order_by("pk"):
        payload = {"step": "ends", "case": str(case.key)}
        for person in dict.fromkeys((case.person, case.opened_by)):
            if person is not None and person.kind == "employee" and person.email:
                _queue(f"ends:{case.pk}:{case.until}:{_ahead(case.until, today)}:{person.pk}", "mail", person, payload, case)
    granted = near.filter(type="consent", state="granted").values_list("school", "until", "facts__until").distinct()
    for school, until in sorted({(school, until) for school, until, term in granted if term == str(until)}):
        heads = telling.holders(School.objects.get(pk=school), {"director"})
        for person in Person.objects.filter(pk__in=heads).exclude(email="").order_by("pk"):
            _queue(f"ends:{school}:{until}:{_ahead(until, today)}:{person.pk}", "mail", person, {"step": "ends"})


def _ahead(until: date | None, today: date) -> int:
    """Return which of the announcements is due: the nearest one."""
    left = (until - today).days if until is not None else AHEAD[-1]
    return next(days for days in AHEAD if left <= days)


def _queue(key: str, kind: str, person: Person, payload: dict[str, Any], root: Case | None = None) -> None:
    now = clock.now()
    Outbox.objects.get_or_create(
        key=key, defaults={"kind": kind, "root": root, "person": person, "payload": payload, "created_at": now, "not_before": now}
    )
