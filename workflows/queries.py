"""What people look at: desk, approvals, timeline, who reads along. Reading only, a fixed number of queries each.

Who may see an incident is `access.visible_to`; here is what is shown of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Prefetch, Q, QuerySet

from workflows import clock, protocol
from workflows.access import Sight, holders_of, person_of, roles_of, schools_of, sight_of, sights_of, visible_to
from workflows.facts import Loaded, actor_for, load, protocol_dirs, protocol_for, protocol_of
from workflows.models import Case, Duty, Guardianship, Involvement, Letter, LogEntry, Membership, Person, ReadEntry, School, TickRun, Words
from workflows.models.people import Dated
from workflows.prepared import Prepared
from workflows.privacy import hide
from workflows.vocabulary import CASE_ROLES

OPEN_STATES = ("reported", "triaged", "discussed", "escalated", "sanctioned")


@dataclass(frozen=True, slots=True)
class Desk:
    """What waits for somebody, what they follow, and what they had opened."""

    duties: list[Duty]
    letters: list[Letter]
    approvals: list[Case]
    cases: QuerySet[Case]
    closed: QuerySet[Case]
    tick_late: bool


@dataclass(frozen=True, slots=True)
class Approvals:
    """Measures to be decided: by this person, and asked by them."""

    waiting: list[Case]
    asked: list[Case]


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a timeline. `texts` are the words by field, masked for who looks; `by_system` events may be folded."""

    entry: LogEntry
    texts: tuple[tuple[str, str, bool], ...]
    person: Person | None
    by: Person | None
    retracted: LogEntry | None
    by_system: bool


def people_of(incident: Case, sight: Sight) -> list[tuple[Person | None, tuple[str, ...]]]:
    """Return everybody in an incident with their roles; None stands for somebody whose name is not shown."""
    found: dict[int, tuple[Person, list[str]]] = {}
    rows = Involvement.objects.filter(case=incident, masked=False).select_related("person").order_by("pk")
    for row in rows:
        if row.role in CASE_ROLES:
            found.setdefault(row.person_id, (row.person, []))[1].append(row.role)
    return [(person if sight.names(person) else None, tuple(roles)) for person, roles in found.values()]


@dataclass(frozen=True, slots=True)
class Kept:
    """Whom a reader of one incident must not find in it: `mistaken` were put in by mistake (with their parents), shown to
    the DPO alone; `names` are theirs and those of everybody else whose name this reader may not see, for texts."""

    mistaken: frozenset[int]
    names: tuple[str, ...]


def kept_from(incident: Case, user: Any, sight: Sight) -> Kept:
    """Return who is kept from `user` in an incident they may see; a parent goes with the child."""
    rows = list(Involvement.objects.filter(case=incident).exclude(role__in=["excluded", "reader"]).select_related("person"))
    there = {row.person_id for row in rows if not row.masked}
    dpo = "dpo" in roles_of(user, incident.school)
    mistaken = {row.person_id for row in rows if row.masked} - there if not dpo else set()
    hidden = mistaken | {pk for pk in there if not sight.names(pk)}
    people = {row.person_id: row.person for row in rows if row.person_id in hidden}
    ties = Guardianship.objects.filter(pupil__in={row.person_id for row in rows}) if hidden else Guardianship.objects.none()
    known = {row.person_id for row in rows} - hidden
    parents: dict[int, set[int]] = {}
    for tie in ties.select_related("guardian"):
        parents.setdefault(tie.guardian_id, set()).add(tie.pupil_id)
        people.setdefault(tie.guardian_id, tie.guardian)
    unseen = {pk for pk, pupils in parents.items() if pk not in known and not pupils & known}
    mistaken |= {pk for pk in unseen if parents[pk] <= mistaken and pk not in there}
    names = {name for pk in hidden | unseen for name in called(people[pk]) if people[pk].kind != "employee" or pk in mistaken}
    return Kept(frozenset(mistaken), tuple(sorted(names, key=lambda name: (-len(name), name))))


def called(person: Person) -> list[str]:
    """Return every name by which somebody may be mentioned."""
    return [name for name in (person.full_name, person.given_name, person.family_name, *map(str, person.nicknames)) if len(name) > 1]


def may_open(letter: Letter, sight: Sight, kept: Kept) -> bool:
    """Whether a letter is for this reader: about somebody they know of; a note about several for whoever knows all of them."""
    if kept.mistaken & {letter.about_id, letter.addressee_id}:
        return False
    return sight.everybody or (letter.about_id is not None and sight.names(letter.about_id))


def timeline(incident: Case, user: Any, sight: Sight | None = None, kept: Kept | None = None) -> list[Event]:
    """Return what happened in an incident, newest first, as far as `user` may see it."""
    sight = sight or sight_of(user, incident)
    kept = kept or kept_from(incident, user, sight)
    wrong = kept.mistaken
    words = Prefetch("words", queryset=Words.objects.order_by("pk"))
    entries = list(
        LogEntry.objects.filter(root=incident).select_related("by", "person", "case").prefetch_related(words).order_by("-n")
    )
    retracted = {entry.retracts_id: entry for entry in entries if entry.retracts_id}
    events = []
    for entry in entries:
        if entry.step == "correct_person" and wrong:
            texts: tuple[tuple[str, str, bool], ...] = ()
        else:
            texts = tuple((w.field, hide(w.text, kept.names), w.erased_at is not None) for w in entry.words.all())
        person = entry.person if entry.person and sight.names(entry.person) and entry.person_id not in wrong else None
        by = entry.by if entry.by_id not in wrong else None
        system = entry.by_id is None and "anonymous" not in entry.by_roles
        events.append(Event(entry, texts, person, by, retracted.get(entry.pk), system))
    return events


def tick_late() -> bool:
    """Whether the terms, reminders and letters have not been seen to for longer than `KC_TICK_LATE_HOURS` (default 2)."""
    last = TickRun.objects.filter(finished_at__isnull=False, problem="").order_by("-finished_at").first()
    hours = getattr(settings, "KC_TICK_LATE_HOURS", 2)
    return last is None or last.finished_at is None or clock.now() - last.finished_at > timedelta(hours=hours)


def checked_at() -> datetime | None:
    """Return when the terms were last looked at, for "checked at 07:00"."""
    return TickRun.objects.filter(finished_at__isnull=False).values_list("finished_at", flat=True).order_by("-finished_at").first()


def cases_for(user: Any, school: School) -> QuerySet[Case]:
    """Return the incidents of a school that `user` may see, with what a list shows."""
    return visible_to(user).filter(school=school).select_related("school", "owner").order_by("-changed_at", "-pk")


def duties_of(user: Any, roles: frozenset[str], seen: Any) -> QuerySet[Duty]:
    """Return the duties still to be done by `user` with these roles, among the incidents `seen` (their primary keys)."""
    mine = Q(owner__in=roles - {"mentor"}) | Q(taken_over_by__in=roles)
    if "board" in roles:
        mine |= Q(root__restricted=True)
    if "mentor" in roles:
        mine |= Q(owner="mentor", root__owner=user) | Q(owner="mentor", root__opened_by__user=user)
    return Duty.objects.filter(mine, root__in=seen, done_at=None).exclude(owner="")


def _duties_for(user: Any, school: School) -> list[Duty]:
    rows = duties_of(user, roles_of(user, school), visible_to(user).filter(school=school).values("pk"))
    return list(rows.select_related("root", "case", "root__school")[:100])


def approvals(user: Any, school: School | None = None) -> Approvals:
    """Return the proposed measures that wait for `user`'s decision, and those they proposed themselves."""
    seen = visible_to(user).values("pk")
    rows = Case.objects.filter(type="measure", parent__in=seen, state__in=["proposed", "approved"])
    if school is not None:
        rows = rows.filter(school=school)
    rows = rows.select_related("parent", "parent__school", "school", "person", "opened_by").order_by("opened_at")
    waiting, asked = [], []
    roles_at: dict[int, frozenset[str]] = {}
    for measure in rows[:200]:
        person_user = measure.opened_by.user_id if measure.opened_by else None
        if person_user == user.pk:
            asked.append(measure)
            continue
        if measure.school_id not in roles_at:
            roles_at[measure.school_id] = roles_of(user, measure.school)
        roles = roles_at[measure.school_id]
        if measure.state == "proposed" and roles & {"director", "board", "manager"}:
            waiting.append(measure)
    return Approvals(waiting, asked)


def count_waiting(user: Any) -> int:
    """Return how many measures wait for `user`'s decision, for the menu."""
    schools = [school for school in schools_of(user) if roles_of(user, school) & {"director", "board", "manager"}]
    if not schools:
        return 0
    seen = visible_to(user).filter(school__in=schools).values("pk")
    return Case.objects.filter(type="measure", state="proposed", parent__in=seen).exclude(opened_by__user=user).count()


def desk(user: Any, school: School) -> Desk:
    """Return what a member of staff finds on their desk at a school."""
    cases = cases_for(user, school)
    roles = roles_of(user, school)
    letters = Letter.objects.none()
    if roles & {"director", "board", "manager", "mentor", "coordinator"}:
        letters = Letter.objects.filter(root__in=cases.values("pk"), state__in=["draft", "approved", "failed"])
        letters = letters.defer("pdf").select_related("root", "root__school", "addressee", "about")
    found = list(letters[:100])
    sights = sights_of(user, school, {letter.root_id: letter.root for letter in found}.values())
    nobody = Kept(frozenset(), ())
    return Desk(
        duties=_duties_for(user, school),
        letters=[letter for letter in found if may_open(letter, sights[letter.root_id], nobody)],
        approvals=approvals(user, school).waiting,
        cases=cases.filter(state__in=OPEN_STATES),
        closed=cases.exclude(state__in=OPEN_STATES),
        tick_late=tick_late(),
    )


def letters_of(incident: Case, sight: Sight, kept: Kept) -> list[Letter]:
    """Return the letters of an incident that somebody with this sight may see."""
    rows = Letter.objects.filter(root=incident).defer("pdf").select_related("addressee", "about", "approved_by", "root", "root__school")
    return [letter for letter in rows if may_open(letter, sight, kept)]


def readers_of(incident: Case) -> list[tuple[str, int]]:
    """Return which roles read an incident, for "who sees this": role and how many people hold it."""
    if incident.restricted:
        return [("board", len(holders_of(incident.school, "board")))]
    confidential = bool(incident.facts.get("confidential"))
    roles = ["director", "board", "manager", "personnel", "communications"] if confidential else ["mentor", "director", "coordinator", "board", "dpo"]
    held: dict[str, set[int]] = {}
    rows = Membership.objects.filter(Dated.active(clock.today()), school=incident.school)
    for user_id, role, acting_for in rows.values_list("user_id", "role", "acting_for"):
        for name in filter(None, (role, acting_for)):
            held.setdefault(name, set()).add(user_id)
    return [(role, len(held[role])) for role in roles if role in held]


def log_read(user: Any, case: Case, page: str) -> None:
    """Note that `user` read or exported something of a case (AVG article 32 and 5(2))."""
    root_id = case.parent_id or case.pk
    ReadEntry.objects.create(school_id=case.school_id, case_id=root_id, user=user, page=page[:60], at=clock.now())


def roster(school: School, group: Any) -> list[Person]:
    """Return the pupils of a group today, by name."""
    if group is None:
        return list(Person.objects.filter(Dated.active(clock.today(), "enrolments__"), school=school, kind="pupil").distinct())
    return _ROSTER(school.pk, group if isinstance(group, int) else group.pk, clock.today())


# One filter: the enrolment in this group is the one that must hold today.
_ROSTER = Prepared(
    lambda school, group, day: Person.objects.filter(
        Dated.active(day, "enrolments__"), school=school, kind="pupil", enrolments__group=group
    ).distinct(), int, int, date,
)  # fmt: skip


def earlier_cases(incident: Case) -> list[Case]:
    """Return this school year's other incidents about the same suspects: shown, never counted (default 36)."""
    suspects = Involvement.objects.filter(case=incident, role="suspect", masked=False).values("person")
    today = clock.today()
    start = datetime(today.year if today.month >= 8 else today.year - 1, 8, 1, tzinfo=clock.now().tzinfo)
    rows = Case.objects.filter(
        type="incident", school=incident.school, opened_at__gte=start, restricted=False, involvements__person__in=suspects,
        involvements__role="suspect", involvements__masked=False,
    )  # fmt: skip
    return list(rows.exclude(pk=incident.pk).exclude(state="dismissed").distinct().order_by("-opened_at"))


def figures_by_state(school: School) -> dict[str, int]:
    """Return how many incidents of a school are in each state."""
    rows = Case.objects.filter(school=school, type="incident").values_list("state").annotate(n=Count("pk"))
    return dict(rows.order_by())


__all__ = [
    "Approvals",
    "Desk",
    "Event",
    "Kept",
    "Loaded",
    "Sight",
    "actor_for",
    "approvals",
    "called",
    "cases_for",
    "checked_at",
    "count_waiting",
    "desk",
    "earlier_cases",
    "figures_by_state",
    "kept_from",
    "letters_of",
    "load",
    "log_read",
    "may_open",
    "people_of",
    "person_of",
    "protocol",
    "protocol_dirs",
    "protocol_for",
    "protocol_of",
    "readers_of",
    "roles_of",
    "roster",
    "schools_of",
    "sight_of",
    "tick_late",
    "timeline",
    "visible_to",
]  # fmt: skip
