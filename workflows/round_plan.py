"""What a round will ask of whom, before anything is done: the same plan is shown beforehand and carried out in batches.

Reading only, in a number of queries that does not grow with the people planned for at once. Who is asked is the protocol's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import cache, partial
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from workflows import clock, protocol, roots
from workflows.actors import actor_of, staff_at
from workflows.facts import Loaded, unopened
from workflows.forecasts import stand_in_denials
from workflows.involved import load_people
from workflows.models import CASE_TYPES, Case, Enrolment, Guardianship, LogEntry, Membership, Person, Round, RoundAsk, RoundCase
from workflows.models.people import Authority, Dated
from workflows.prepared import new as row
from workflows.prepared import stored
from workflows.protocol import Denial
from workflows.rules import SignerLine
from workflows.schooldays import AMSTERDAM, SchoolCalendar
from workflows.shapes import LIVE
from workflows.signing import ANSWERS, ASKS, people_asked, signers
from workflows.situation import Actor, Facts
from workflows.situation import Person as Known

NO_PARENT = _("No parent is known.")
NO_AUTHORITY = _("Of no parent it is known that they have authority.")
NOBODY = _("The protocol names nobody who can be asked.")

Route = RoundAsk.Route


@dataclass(slots=True)
class Plan:
    """What a round does for some people.

    Attributes:
        people: how many it looked at. over: consents whose term has passed, to be closed first.
        rows: what to open, as fields of `consent.request`. again: consents to ask for anew.
        taken: consents asked for before of which somebody was never told. standing: how many are left as they are.
        asked: who is asked, by key, and about whom. routes: how each of them is told.
        nobody: pupils or staff for whom somebody lacks who has to say yes, and why. refused: reasons of the protocol, and whom they hold back.
    """

    people: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    again: list[Case] = field(default_factory=list)
    taken: list[Case] = field(default_factory=list)
    over: list[Case] = field(default_factory=list)
    standing: int = 0
    asked: dict[int, set[int]] = field(default_factory=dict)
    signers: dict[int, Person] = field(default_factory=dict)
    nobody: dict[int, tuple[Person, Any]] = field(default_factory=dict)
    refused: dict[Denial, set[int]] = field(default_factory=dict)

    @property
    def routes(self) -> dict[int, str]:
        """How each person asked is told."""
        return {key: route_of(person, self.asked.get(key, ())) for key, person in self.signers.items()}

    @property
    def mails(self) -> int:
        """How many people get a mail."""
        return sum(bool(person.email.strip()) for person in self.signers.values())

    def by_route(self, route: str) -> list[Person]:
        """Everybody who is told that way, by name."""
        found = [self.signers[key] for key, own in self.routes.items() if own == route]
        return sorted(found, key=lambda one: (one.family_name, one.given_name))

    def add(self, other: Plan) -> None:
        """Take in the plan for more people."""
        self.people += other.people
        self.standing += other.standing
        self.rows += other.rows
        self.again += other.again
        self.taken += other.taken
        self.over += other.over
        self.signers |= other.signers
        self.nobody |= other.nobody
        for key, about in other.asked.items():
            self.asked.setdefault(key, set()).update(about)
        for denial, held in other.refused.items():
            self.refused.setdefault(denial, set()).update(held)


def route_of(person: Person, about: Iterable[int]) -> str:
    """Return how somebody is told: staff and pupils with an account on their own desk, others by mail, else on paper.

    Args:
        about: whom they are asked about, by key: of others a desk tells nothing, so staff who are parents too are asked as parents.
    """
    if person.has_desk and set(about) == {person.pk}:
        return Route.DESK
    return Route.MAIL if person.email.strip() else Route.PAPER


def school_year_start(day: date) -> date:
    """Return the first day of the school year that `day` is in."""
    return date(day.year if day.month >= 8 else day.year - 1, 8, 1)


def year_began(day: date) -> datetime:
    """Return the first moment of the school year that `day` is in."""
    return datetime.combine(school_year_start(day), time.min, AMSTERDAM)


def members(asked: Round) -> QuerySet[Person, Any]:
    """Return the people that a round is about today."""
    day = clock.today()
    people = Person.objects.filter(school=asked.school).order_by("pk")
    if asked.scope == Round.Scope.STAFF:
        roles = Membership.objects.filter(Dated.active(day), school=asked.school, user=OuterRef("user"))
        return people.filter(Exists(roles), kind="employee")
    places = Enrolment.objects.filter(Dated.active(day), person=OuterRef("pk"))
    if asked.scope in (Round.Scope.GROUPS, Round.Scope.YEAR):
        places = places.filter(group__in=asked.groups)
    people = people.filter(Exists(places), kind="pupil")
    if asked.scope == Round.Scope.NEW:
        before = Enrolment.objects.filter(person=OuterRef("pk"), starts__lt=school_year_start(day))
        people = people.filter(~Exists(before))
    return people


def plan_of(asked: Round, by: Any) -> Plan:
    """Return what a round would do for everybody it is about.

    Args:
        asked: the round, saved or not.
        by: who would start it.
    """
    found, after = Plan(), 0
    while people := list(members(asked).filter(pk__gt=after)[:SOME]):
        found.add(plan_for(asked, people, by))
        after = people[-1].pk
    return found


SOME = 250
"""People planned for at once."""


def plan_for(asked: Round, people: Sequence[Person], by: Any) -> Plan:
    """Return what a round does for these people."""
    if asked.kind == Round.Kind.YEARLY:
        return _yearly(asked, people, by)
    plan = Plan(people=len(people))
    topics = [f"{purpose}/{channel}" for purpose, channel in asked.lines]
    latest = _latest(asked, people, topics)
    plan.over = [case for case in latest.values() if case.state in LIVE["consent"] and case.until is not None and case.until < clock.today()]
    gone = {case.pk for case in plan.over} | {case.pk for case in latest.values() if case.state == "expired"}
    questions = _questions(asked, people, topics, {about: case for about, case in latest.items() if case.pk not in gone})
    rules, before = _Rules(asked, by), _Before(() if asked.renew else questions)  # who is asked anew is asked whatever came before
    wanted: dict[int, set[int]] = {}
    for one in questions:
        about, case = one.person, one.case
        again = case is not None and asked.renew
        if case is not None and case.state == "withdrawn" and not again:
            plan.standing += 1
            continue
        signing, whole = rules.asked(one)
        if not whole:
            plan.nobody[about.pk] = (about, NOBODY)
        if not signing:
            continue
        if case is None or again:
            if denials := rules.denials(one, "consent.renew" if case else "consent.request"):
                for denial in denials:
                    plan.refused.setdefault(denial, set()).add(about.pk)
                continue
            if case is None:
                purpose, _slash, channel = one.topic.partition("/")
                until = {"until": asked.until} if asked.until else {}
                plan.rows.append({"person": about, "purpose": purpose, "channel": channel, "moment": asked.moment, **until})
            else:
                plan.again.append(case)
            new = signing
        else:
            new = before.left(case, signing)
            if new:
                plan.taken.append(case)
            else:
                plan.standing += 1
        for key in new:
            wanted.setdefault(key, set()).add(about.pk)
    plan.asked = wanted
    plan.signers = {one.pk: one for one in Person.objects.filter(pk__in=list(wanted))}
    _say_why(plan)
    return plan


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked about one person, the consent that stands about it, if any, and whom the rules know in it."""

    person: Person
    topic: str
    case: Case | None
    known: tuple[Known, ...]


def _questions(asked: Round, people: Sequence[Person], topics: Sequence[str], still: Mapping[tuple[int, str], Case]) -> list[_Question]:
    known, of_case = _known(asked, people, still.values())
    found = []
    for one in people:
        for topic in topics:
            case = still.get((one.pk, topic))
            found.append(_Question(one, topic, case, of_case.get(case.pk, known[one.pk]) if case else known[one.pk]))
    return found


def _known(asked: Round, people: Sequence[Person], cases: Iterable[Case]) -> tuple[dict[int, tuple[Known, ...]], dict[int, tuple[Known, ...]]]:
    """Return whom the rules know about each person today, and in each consent that asks parents about a member of staff; by key."""
    day = clock.today()
    pictured = [case for case in cases if case.facts.get("asked")]
    for shown in pictured:
        shown.school = asked.school
    of_case = {case.pk: found for case, found in zip(pictured, roots.people_of(pictured, day), strict=True)}
    return {int(one.id): (one,) for one in load_people(asked.school, {one.pk: frozenset() for one in people}, day)}, of_case


def _new(asked: Round, person: Person, topic: str) -> Case:
    purpose, _slash, channel = topic.partition("/")
    facts = {"purpose": purpose, "channel": channel, "moment": asked.moment}
    return row(CASE_TYPES["consent"], school_id=asked.school_id, type="consent", person_id=person.pk, topic=topic, state="requested", facts=facts)


_ASKED_ABOUT = ("id", "school_id", "type", "parent_id", "person_id", "topic", "state", "until", "facts", "pins", "opened_by_id")
"""The columns of a consent that rules and batches look at; there are thousands of rows."""


def _latest(asked: Round, people: Sequence[Person], topics: Sequence[str]) -> dict[tuple[int, str], Case]:
    """Return the last consent of each person for each topic."""
    rows = Case.objects.filter(school=asked.school, type="consent", person__in=[one.pk for one in people], topic__in=topics)
    found: dict[tuple[int, str], Case] = {}
    for values in rows.order_by("opened_at", "pk").values_list(*_ASKED_ABOUT):
        case = stored(CASE_TYPES["consent"], **dict(zip(_ASKED_ABOUT, values, strict=True)))
        found[case.person_id or 0, case.topic] = case
    return found


class _Before:
    """Who was told of the consents that were asked for before, and who answered them, since each was last asked for."""

    def __init__(self, questions: Iterable[_Question]) -> None:
        known = {one.case.pk: one.known for one in questions if one.case}
        people = {int(key) for each in known.values() for one in each for key in (one.id, *one.guardians)}
        rows = LogEntry.objects.filter(case__in=known, step__in=[*ASKS, *ANSWERS], retracted_by=None) if known else LogEntry.objects.none()
        entries = list(rows.order_by("n").values_list("case", "step", "person", "n", "at"))
        self._since = {case: (n, at) for case, step, _person, n, at in entries if step in ASKS}
        self._answered = {
            (case, person) for case, step, person, n, _at in entries if step in ANSWERS and (case not in self._since or n > self._since[case][0])
        }
        self._rounds: dict[int, list[int]] = {}
        for case, asked in RoundCase.objects.filter(case__in=known).values_list("case", "round") if known else ():
            self._rounds.setdefault(case, []).append(asked)
        # Not joined to the consents: each round has as many pairs of those and of people as the one times the other.
        asks = RoundAsk.objects.filter(round__in={key for keys in self._rounds.values() for key in keys}, person__in=people, told_at__isnull=False)
        self._told = {(asked, person): at for asked, person, at in asks.order_by("told_at").values_list("round", "person", "told_at")}

    def left(self, case: Case, signing: Iterable[int]) -> set[int]:
        """Return those of `signing` who were not told of it and did not answer it."""
        return {key for key in signing if (case.pk, key) not in self._answered and not self._was_told(case.pk, key)}

    def _was_told(self, case: int, person: int) -> bool:
        if case not in self._since:
            return False
        told = (self._told.get((asked, person)) for asked in self._rounds.get(case, ()))
        return any(at is not None and at >= self._since[case][1] for at in told)


class _Rules:
    """What the protocol says about a consent, asked once for all who are alike to it."""

    def __init__(self, asked: Round, by: Any) -> None:
        self._asked = asked
        self._actor: Actor = actor_of(by, asked.school)[0]
        self._calendar = SchoolCalendar(asked.school)
        self._staff = cache(partial(staff_at, asked.school))
        self._lines: dict[Any, tuple[tuple[SignerLine, ...], Facts]] = {}
        self._denials: dict[Any, tuple[Denial, ...]] = {}
        self._facts: dict[Any, Facts] = {}
        self._asked_of: dict[Any, set[int]] = {}

    def _load(self, one: _Question) -> tuple[Case, Loaded]:
        case = one.case or _new(self._asked, one.person, one.topic)
        case.school, case.person = self._asked.school, one.person
        return case, unopened(case, one.known, self._calendar, self._staff)

    def _like(self, one: _Question) -> tuple[Any, ...]:
        case, who = one.case, tuple((each.kind, each.age, bool(each.guardians)) for each in one.known)
        if case is None:
            return (one.topic, who)
        return ((case.pins.get("procedure") or {}).get("on"), one.topic, case.state, case.facts.get("moment"), bool(case.facts.get("asked")), who)

    def asked(self, one: _Question) -> tuple[set[int], bool]:
        """Return whose yes the consent needs, by key, and whether everybody is known whose yes it needs."""
        like = self._like(one)
        if like not in self._lines:
            case, loaded = self._load(one)
            facts = loaded.for_step(case, "consent.answer", actor=None, data={})
            self._lines[like] = (signers(loaded.protocol, facts), facts)
        lines, alike = self._lines[like]
        each = [self._asked_by(line, alike, one) for line in lines]
        return set().union(*each), bool(each) and all(each)

    def _asked_by(self, line: SignerLine, alike: Facts, one: _Question) -> set[int]:
        """Return whose yes meets a line; the same for each of a person's questions."""
        who = (one.person.pk, *(each.guardians for each in one.known))
        if (id(line), who) not in self._asked_of:
            if who not in self._facts:
                self._facts[who] = replace(alike, people=one.known, subjects=(str(one.person.pk),))
            self._asked_of[id(line), who] = {int(key) for key in people_asked(line, self._facts[who])}
        return self._asked_of[id(line), who]

    def denials(self, one: _Question, step: str) -> tuple[Denial, ...]:
        """Return why it may not be asked, or not be asked anew."""
        like = (step, *self._like(one))
        if like not in self._denials:
            case, loaded = self._load(one)
            data: dict[str, Any] = {"moment": self._asked.moment, **({"until": self._asked.until} if self._asked.until else {})}
            if step == "consent.request":
                data |= {"person": str(case.person_id), "purpose": case.facts["purpose"], "channel": case.facts["channel"]}
            facts = loaded.for_step(case, step, actor=self._actor, data=data)
            self._denials[like] = protocol.denials(loaded.protocol, facts) + stand_in_denials(loaded, step)
        return self._denials[like]


def _say_why(plan: Plan) -> None:
    """Say of each pupil whom nobody can be asked about why that is so."""
    pupils = [key for key, (person, _why) in plan.nobody.items() if person.kind == "pupil"]
    if not pupils:
        return
    ties = Guardianship.objects.filter(Dated.active(clock.today()), pupil__in=pupils).values_list("pupil", "authority")
    known: dict[int, set[str]] = {}
    for pupil, authority in ties:
        known.setdefault(pupil, set()).add(authority)
    for key in pupils:
        why = NO_PARENT if key not in known else NOBODY if Authority.YES in known[key] else NO_AUTHORITY
        plan.nobody[key] = (plan.nobody[key][0], why)


def _yearly(asked: Round, people: Sequence[Person], by: Any) -> Plan:
    """Return whom to remind of a yes that still holds, was given before this school year and is still theirs; nothing is asked anew."""
    plan = Plan(people=len(people))
    rows = Case.objects.filter(type="consent", school=asked.school, person__in=[one.pk for one in people], state="granted")
    cases = [case for case in rows if roots.state_of(case, clock.today()) == "granted"]
    start = year_began(clock.today())
    last: dict[tuple[int, int], LogEntry] = {}
    for entry in LogEntry.objects.filter(case__in=[case.pk for case in cases], step__in=ANSWERS, retracted_by=None).order_by("n"):
        last[entry.case_id, entry.person_id or 0] = entry
    about = {case.pk: case.person_id or 0 for case in cases}
    own, rules, (known, of_case) = {one.pk: one for one in people}, _Rules(asked, by), _known(asked, people, cases)
    whose = {
        case.pk: rules.asked(_Question(own[about[case.pk]], case.topic, case, of_case.get(case.pk, known[about[case.pk]])))[0] for case in cases
    }
    for (case_pk, signer), entry in last.items():
        if signer in whose[case_pk] and entry.facts.get("answer") is True and entry.at < start:
            plan.asked.setdefault(signer, set()).add(about[case_pk])
            plan.standing += 1
    plan.signers = {one.pk: one for one in Person.objects.filter(pk__in=list(plan.asked))}
    return plan


def years_of(groups: Iterable[Any]) -> Mapping[str, list[int]]:
    """Return the school years of these groups by the number in their names (`Klas 3b` is of year 3), with the keys of the groups."""
    found: dict[str, list[int]] = {}
    for group in groups:
        number = next((part for part in "".join(sign if sign.isdigit() else " " for sign in group.name).split()), "")
        if number:
            found.setdefault(number, []).append(group.pk)
    return dict(sorted(found.items(), key=lambda item: int(item[0])))


__all__ = ["Plan", "Route", "members", "plan_for", "plan_of", "route_of", "school_year_start", "year_began", "years_of"]
