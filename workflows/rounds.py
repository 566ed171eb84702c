"""Rounds: make one, look what it would do, start it, work it off in batches, stop it, remind, count.

A batch is one transaction: it takes the next people, opens their consents and writes down who is asked how. Whoever dies in
the middle leaves the batch undone, and the next one to come takes the same people. Mails are rows of the outbox with a key
of round and person, so that nobody gets two. Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _

from workflows import access, clock, personal_links, registry, words
from workflows.actors import actor_of
from workflows.commands_bulk import expire_many, open_many, perform_many
from workflows.data import InvalidData, read
from workflows.forecasts import gate
from workflows.machine import StepDenied
from workflows.models import Case, Group, LogEntry, Membership, Outbox, PaperForm, Person, Round, RoundAsk, RoundCase, School
from workflows.models.people import Dated
from workflows.pinned import protocol_for
from workflows.protocol import Denial
from workflows.round_plan import Plan, members, plan_for, plan_of, route_of, years_of
from workflows.signing import ANSWERS
from workflows.vocabulary import PUBLICATIONS, PURPOSES

BATCH = 200
"""People prepared in one transaction."""

MAILS = 500
"""Mails put in the outbox in one transaction."""

REMIND_AFTER = timedelta(days=7)
"""After which somebody who has not answered is reminded, once (our default)."""

REMIND_UNTIL = timedelta(days=60)
"""After which nobody is reminded any more, should the clock have stood still."""

WIDE = access.REGISTERS["consent"]
"""Roles that may ask about the whole school; a mentor asks about the own groups."""

Kind, Scope, State, Route = Round.Kind, Round.Scope, Round.State, RoundAsk.Route
BY_MAIL = (Route.MAIL, Route.DESK)
"""Ways of being asked of which a mail tells: with a personal link, or that it waits on the own desk."""

RUNNING = (State.PREPARING, State.SENDING)


class RoundRefused(Exception):
    """A round cannot be made, started or stopped so; `field` names what is wrong (empty: no one field)."""

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Reach:
    """About whom somebody may ask: `whole` the school and its staff, or some groups."""

    groups: tuple[Group, ...]
    whole: bool


def reach_of(user: Any, school: School) -> Reach | None:
    """Return about whom `user` may ask at `school`; None: about nobody."""
    roles = access.roles_of(user, school)
    if roles & WIDE:
        return Reach(tuple(Group.objects.filter(school=school)), whole=True)
    own = Membership.objects.filter(Dated.active(clock.today()), user=user, school=school, role="mentor")
    groups = tuple(Group.objects.filter(school=school, pk__in=own.values("group"))) if roles else ()
    return Reach(groups, whole=False) if groups else None


def may_see(user: Any, found: Round) -> bool:
    """Whether `user` sees a round: those who may ask about the whole school all of them, a mentor the own ones about own groups."""
    reach = reach_of(user, found.school)
    if reach is None:
        return False
    own = found.made_by.user_id == user.pk and set(found.groups) <= {group.pk for group in reach.groups}
    return reach.whole or (own and found.scope in (Scope.GROUPS, Scope.YEAR))


def visible(user: Any, school: School) -> list[Round]:
    """Return the rounds of a school that `user` sees, the latest first."""
    rows = Round.objects.filter(school=school).select_related("made_by", "school")[:200]
    return [found for found in rows if may_see(user, found)]


def draft(
    school: School, *, by: Any, scope: str, groups: Iterable[int] = (), lines: Sequence[tuple[str, str]] = (), moment: str = "",
    until: date | None = None, renew: bool = False, kind: str = Kind.ASK,
) -> Round:  # fmt: skip
    """Make a round that nobody has started yet.

    Args:
        by: the user who makes it. scope: a key of `Round.Scope`. groups: keys, for some groups or a year.
        lines: what is asked, purpose and channel. moment: a key of the field `moment`. until: the last day a yes holds.
        renew: ask again those who answered. kind: `ask`, or `yearly` for a reminder that asks no new signature.

    Raises:
        RoundRefused: nobody, nothing or what does not exist is asked, or somebody outside the own groups.
    """
    reach, person = reach_of(by, school), access.person_of(by, school)
    if reach is None or person is None:
        raise RoundRefused("", _("Only staff who work with these pupils may ask."))
    keys = sorted(set(groups))
    if scope not in Scope.values or (scope not in (Scope.GROUPS, Scope.YEAR) and not reach.whole) or not set(keys) <= {g.pk for g in reach.groups}:
        raise RoundRefused("scope", _("You can ask about your own groups only."))
    if scope in (Scope.GROUPS, Scope.YEAR) and not keys:
        raise RoundRefused("groups", _("Choose at least one group."))
    if kind == Kind.ASK:
        _check(school, lines, moment, until)
    elif protocol_for(school, clock.today()).answered(school.settings).get("consent_reminder") != "yearly":
        raise RoundRefused("kind", _("The protocol of this school has no yearly reminder."))
    return Round.objects.create(
        school=school, kind=kind, scope=scope, groups=keys if scope in (Scope.GROUPS, Scope.YEAR) else [], lines=[list(line) for line in lines],
        moment=moment, until=until, renew=renew, made_by=person, made_at=clock.now(),
    )  # fmt: skip


def _check(school: School, lines: Sequence[tuple[str, str]], moment: str, until: date | None) -> None:
    if not lines:
        raise RoundRefused("lines", _("Choose at least one thing to ask."))
    if any(purpose not in PURPOSES or channel not in PUBLICATIONS for purpose, channel in lines):
        raise RoundRefused("lines", _("One of these cannot be asked."))
    if not moment:
        raise RoundRefused("moment", _("Choose the occasion."))
    if until is not None and until < clock.today():
        raise RoundRefused("until", _("This day is over."))
    try:
        read({"until": until}, ("until",), (), school=school, case_type="consent")
    except InvalidData as wrong:  # or the round would stop by itself at its first question
        raise RoundRefused("until", wrong.errors["until"]) from None


def refusals(found: Round, plan: Plan, by: Any) -> tuple[Denial, ...]:
    """Return every reason why `by` may not send a round with this plan (`round.send`)."""
    return gate(found.school, "round.send", by, {"addressees": plan.mails, **({"moment": found.moment} if found.moment else {})})


@transaction.atomic
def start(found: Round, *, by: Any) -> Round:
    """Start a round: from now on it is worked off.

    Raises:
        RoundRefused: it was started before, or there is nobody to ask. StepDenied: the protocol refuses `round.send`.
    """
    asked = Round.objects.select_for_update().get(pk=found.pk)
    if asked.state != State.DRAFT:
        raise RoundRefused("", _("This round was started already."))
    plan = plan_of(asked, by)
    if denials := refusals(asked, plan, by):
        raise StepDenied(denials)
    if not plan.asked:
        raise RoundRefused("", _("There is nobody to ask."))
    asked.state, asked.total = State.PREPARING, plan.people
    asked.started_by, asked.started_at = actor_of(by, asked.school)[1], clock.now()
    asked.save()
    registry.log(asked.school, by, "round.start", round=asked.pk, addressees=len(plan.asked))
    return asked


def work(found: Round, seconds: float | None = None) -> Round:
    """Work a round off, or as far as it comes in so many seconds; returns it as it is now. Several may work at once."""
    until = None if seconds is None else monotonic() + seconds
    while (until is None or monotonic() < until) and _batch(found.pk):
        pass
    return Round.objects.select_related("school", "made_by").get(pk=found.pk)


def work_all() -> int:
    """Work off every round that is under way; return how many."""
    waiting = list(Round.objects.filter(state__in=RUNNING).order_by("pk"))
    for found in waiting:
        work(found)
    return len(waiting)


def _batch(pk: int) -> bool:
    """Do the next batch of a round; return whether there may be more to do. A refusal stops the round and says why."""
    try:
        with transaction.atomic():
            asked = Round.objects.select_for_update().get(pk=pk)
            if asked.state == State.PREPARING:
                _prepare(asked)
            elif asked.state == State.SENDING:
                _send(asked)
            else:
                return False
            asked.save()
            return True
    except (StepDenied, InvalidData) as refused:
        why = " ".join(words.say(one.sentence) for one in refused.denials) if isinstance(refused, StepDenied) else str(refused)
        Round.objects.filter(pk=pk, state__in=RUNNING).update(state=State.STOPPED, problem=why, ended_at=clock.now())
        return False


def _prepare(asked: Round) -> None:
    if denials := gate(asked.school, "round.send", asked.started_by, {"addressees": 0}):  # who started it may not any more
        raise StepDenied(denials)
    people = list(members(asked).filter(pk__gt=asked.cursor)[:BATCH])
    if not people:
        asked.state, asked.total = State.SENDING, asked.done
        return
    plan = plan_for(asked, people, asked.started_by)
    expire_many(plan.over)
    cases = [*open_many(asked.school, plan.rows, by=asked.started_by), *plan.taken]
    if plan.again:
        again: dict[str, Any] = {"moment": asked.moment, **({"until": asked.until} if asked.until else {})}
        cases += perform_many(plan.again, "consent.renew", by=asked.started_by, data=again)
    RoundCase.objects.bulk_create([RoundCase(round=asked, case=case) for case in cases], ignore_conflicts=True)
    asks = [RoundAsk(round=asked, person=person, route=route_of(person, plan.asked[key])) for key, person in plan.signers.items()]
    asks += [RoundAsk(round=asked, person=person, route=Route.NOBODY) for person, _why in plan.nobody.values()]
    RoundAsk.objects.bulk_create(asks, ignore_conflicts=True)
    if asked.kind == Kind.ASK:
        on_paper = [one.pk for one in plan.by_route(Route.PAPER)]
        forms = [PaperForm(school=asked.school, round=asked, signer_id=key, about_id=about) for key in on_paper for about in sorted(plan.asked[key])]
        PaperForm.objects.bulk_create(forms, ignore_conflicts=True)
    asked.cursor, asked.done = people[-1].pk, asked.done + len(people)
    asked.total = max(asked.total, asked.done)


def mail_key(found: Round, person_pk: int, *, again: bool = False) -> str:
    """Return the key of somebody's mail in a round: the outbox takes it once."""
    return f"round:{found.pk}:{person_pk}{':again' if again else ''}"


def _send(asked: Round) -> None:
    now = clock.now()
    asks = list(asked.asks.filter(route__in=BY_MAIL, told_at=None).select_related("person").order_by("pk")[:MAILS])
    if not asks:
        asked.asks.filter(told_at=None).exclude(route=Route.NOBODY).update(told_at=now)
        asked.state, asked.ended_at = State.DONE, now
        return
    _queue(asked, asks)
    RoundAsk.objects.filter(pk__in=[one.pk for one in asks]).update(told_at=now)


def _queue(asked: Round, asks: Sequence[RoundAsk], *, again: bool = False) -> None:
    """Put a mail for each in the outbox; one that lies there already stays the only one."""
    about = {"reminder": again, **({"yearly": True} if asked.kind == Kind.YEARLY else {})}
    on_desk = {one.person_id for one in asks if one.route == Route.DESK}
    personal_links.queue_mails([one.person for one in asks], lambda person: mail_key(asked, person.pk, again=again), on_desk=on_desk, **about)


@transaction.atomic
def stop(found: Round, *, by: Any) -> Round:
    """Stop a round: nobody more is asked, and mails that have not left are taken back. What was asked can still be answered.

    Raises:
        RoundRefused: it is not under way.
    """
    asked = Round.objects.select_for_update().get(pk=found.pk)
    waiting = Outbox.objects.filter(key__startswith=f"round:{asked.pk}:", done_at=None)
    if asked.state not in RUNNING and not (asked.state == State.DONE and waiting.exists()):
        raise RoundRefused("", _("This round is not under way."))
    asked.asks.filter(person__in=waiting.values("person"), reminded_at=None).update(told_at=None)
    waiting.delete()
    asked.state, asked.ended_at = State.STOPPED, clock.now()
    asked.save()
    registry.log(asked.school, by, "round.stop", round=asked.pk)
    return asked


@transaction.atomic
def remove(found: Round, *, by: Any) -> None:
    """Remove a round that was never started.

    Raises:
        RoundRefused: it was started.
    """
    asked = Round.objects.select_for_update().get(pk=found.pk)
    if asked.state != State.DRAFT:
        raise RoundRefused("", _("This round was started already."))
    registry.log(asked.school, by, "round.remove", round=asked.pk)
    asked.delete()


def _has_answered() -> Exists:
    """Whether somebody asked in a round has answered since it started; a condition on `RoundAsk`."""
    rows = LogEntry.objects.filter(person=OuterRef("person"), step__in=ANSWERS, retracted_by=None, case__rounds__round=OuterRef("round"))
    return Exists(rows.filter(at__gte=OuterRef("round__started_at")))


def remind() -> int:
    """Remind everybody once who got a mail a week ago and has answered nothing of that round; return how many."""
    now = clock.now()
    due = RoundAsk.objects.filter(
        ~_has_answered(), round__state=State.DONE, round__kind=Kind.ASK, route__in=BY_MAIL, reminded_at=None,
        told_at__lte=now - REMIND_AFTER, told_at__gt=now - REMIND_UNTIL,
    ).exclude(person__email="").filter(Q(round__until=None) | Q(round__until__gte=clock.today()))  # fmt: skip
    count = 0
    for found in Round.objects.filter(pk__in=due.values("round")).order_by("pk"):
        with transaction.atomic():
            Round.objects.select_for_update().get(pk=found.pk)
            waits = set(Outbox.objects.filter(key__startswith=f"round:{found.pk}:", done_at=None).values_list("person", flat=True))
            asks = [one for one in due.filter(round=found).select_related("person").order_by("pk") if one.person_id not in waits]
            _queue(found, asks, again=True)
            RoundAsk.objects.filter(pk__in=[one.pk for one in asks]).update(reminded_at=now)
            count += len(asks)
    return count


@dataclass(frozen=True, slots=True)
class Counts:
    """How a round stands. `states` of its consents; the others are people, mails or forms."""

    states: dict[str, int]
    routes: dict[str, int]
    answered: int
    reminded: int
    mails: int
    sent: int
    stuck: int
    forms: int
    printed: int
    received: int

    @property
    def asked(self) -> int:
        """How many people are asked."""
        return sum(n for route, n in self.routes.items() if route != Route.NOBODY)


def counts(found: Round) -> Counts:
    """Count a round, in a fixed number of queries."""
    day = clock.today()
    over = Q(state="granted", until__lt=day)
    cases = Case.objects.filter(rounds__round=found)
    states = dict(cases.exclude(over).values_list("state").annotate(n=Count("pk")).order_by())
    if late := cases.filter(over).count():
        states["expired"] = states.get("expired", 0) + late
    asks = found.asks.order_by()
    mails = Outbox.objects.filter(key__startswith=f"round:{found.pk}:").aggregate(
        n=Count("pk"), sent=Count("pk", filter=Q(done_at__isnull=False)), stuck=Count("pk", filter=Q(done_at=None) & ~Q(last_error=""))
    )
    forms = found.forms.aggregate(
        n=Count("pk"), printed=Count("pk", filter=Q(looked_at__isnull=False)), received=Count("pk", filter=Q(received_at__isnull=False))
    )
    answered = asks.filter(_has_answered()).exclude(route=Route.NOBODY).count()
    reminded = asks.filter(reminded_at__isnull=False).count()
    return Counts(
        states, dict(asks.values_list("route").annotate(n=Count("pk"))), answered, reminded, mails["n"], mails["sent"],
        mails["stuck"], forms["n"], forms["printed"], forms["received"],
    )  # fmt: skip


def without_mail(found: Round) -> list[Person]:
    """Return the people who are asked on their own desk and get no mail of it, because no address is known; by name."""
    rows = Person.objects.filter(pk__in=found.asks.filter(route=Route.DESK).values("person"), email="")
    return list(rows.order_by("family_name", "given_name"))


def unreachable(found: Round) -> list[Person]:
    """Return the people for whom somebody lacks who has to say yes, by name."""
    rows = Person.objects.filter(pk__in=found.asks.filter(route=Route.NOBODY).values("person"))
    return list(rows.order_by("family_name", "given_name"))


__all__ = [
    "BATCH", "Counts", "Kind", "Plan", "Reach", "RoundRefused", "Route", "Scope", "State", "counts", "draft", "mail_key", "may_see", "plan_of",
    "reach_of", "refusals", "remind", "remove", "start", "stop", "unreachable", "visible", "without_mail", "work", "work_all", "years_of",
]  # fmt: skip
