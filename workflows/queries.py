"""What people look at: desk, timeline, who reads along. Reading only, a fixed number of queries each.

Who may see an incident is `access.visible_to`; here is what is shown of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from workflows import clock, waiting
from workflows.access import REGISTERS, Sight, board_readers, may_see, roles_of, sight_of, sights_of, visible_roots, visible_to
from workflows.deciders import DECIDERS
from workflows.decisions import DECISIONS
from workflows.models import Case, Duty, Guardianship, Involvement, Letter, LogEntry, Membership, Person, ReadEntry, School, TickRun, Words
from workflows.models.people import Dated
from workflows.prepared import Prepared
from workflows.privacy import hide
from workflows.vocabulary import CASE_ROLES, OPEN, STAFF_ROLES

ROOT_TYPES = ("consent", "friend_request", "account")

APPROVERS = frozenset({"director", "board"})
"""Who approves a letter: the director the PDF's digest; the board on the hard route."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What waits for somebody, what they follow, and what they had opened."""

    duties: list[Duty]
    arrived: list[Case]
    letters: list[Letter]
    approvals: list[Case]
    asked: list[Case]
    requests: list[Case]
    requested: list[Case]
    cases: QuerySet[Case]
    closed: QuerySet[Case]
    tick_late: bool


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


def arrived(user: int, roles: frozenset[str]) -> Q:
    """Return which incidents wait for a first look by `user` with these roles: new reports, and what was brought to who decides."""
    mine = Q(state="reported") & (Q(owner=user) | Q(owner=None))
    return mine | Q(state="escalated") if roles & DECIDERS else mine


def _duties_for(user: Any, school: School) -> list[Duty]:
    seen = Q(pk__in=visible_to(user).values("pk")) | Q(pk__in=visible_roots(user, *ROOT_TYPES).values("pk"))
    rows = duties_of(user, roles_of(user, school), Case.objects.filter(seen, school=school).values("pk"))
    rows = rows.exclude(task__in=[yes for yes, _no in DECISIONS.values()])  # these wait among the approvals
    return list(rows.select_related("root", "case", "root__school", "root__person")[:100])


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
    measures = waiting.approvals(user, school)
    return Desk(
        duties=_duties_for(user, school),
        arrived=list(cases.filter(arrived(user.pk, roles))[:100]),
        letters=[letter for letter in found if may_open(letter, sights[letter.root_id], nobody)],
        approvals=measures.waiting,
        asked=measures.asked,
        requests=measures.requests,
        requested=measures.requested,
        cases=cases.filter(state__in=OPEN),
        closed=cases.exclude(state__in=OPEN),
        tick_late=tick_late(),
    )


def letters_of(incident: Case, sight: Sight, kept: Kept) -> list[Letter]:
    """Return the letters of an incident that somebody with this sight may see."""
    rows = Letter.objects.filter(root=incident).defer("pdf").select_related("addressee", "about", "approved_by", "root", "root__school")
    return [letter for letter in rows if may_open(letter, sight, kept)]


def readers_of(incident: Case) -> list[tuple[str, int]]:
    """Return which roles read an incident, for "who sees this": role and how many people hold it."""
    if incident.restricted:
        return [("board", len(board_readers(incident)))]
    confidential = bool(incident.facts.get("confidential"))
    roles = ["director", "board", "manager", "personnel", "communications"] if confidential else ["mentor", "director", "coordinator", "board", "dpo"]
    held: dict[str, set[int]] = {}
    rows = Membership.objects.filter(Dated.active(clock.today()), school=incident.school)
    for user_id, role, acting_for in rows.values_list("user_id", "role", "acting_for"):
        for name in filter(None, (role, acting_for)):
            held.setdefault(name, set()).add(user_id)
    return [(role, len(held[role])) for role in roles if role in held]


def root_readers(root: Case) -> list[str]:
    """Return which roles read a consent, connection or account, as far as somebody holds them today; see `visible_roots`."""
    if root.type == "account" and root.state == "approved":
        return ["employee"]
    also = {"consent": {"mentor"}, "friend_request": {"mediamaster"} if root.facts.get("target_account") == "school_page" else set()}
    rows = Membership.objects.filter(Dated.active(clock.today()), school=root.school).values_list("role", "acting_for").distinct()
    held = {role for pair in rows for role in pair}
    return [role for role in STAFF_ROLES if role in held & (REGISTERS[root.type] | also.get(root.type, set()))]


def who_reads(user: Any, incident: Case) -> str:
    """Return what somebody is told who changed an incident and may not open it (any more); nothing where they may.

    Where nobody at the school may read it, it says whom to call: the confidential inspector of the Inspectorate of Education
    (WPO 4a, WVO 2020 3.38; number and hours as the Inspectorate gives them).
    """
    if may_see(user, incident):
        return ""
    if not incident.restricted:
        return _("You cannot open this case any more.")
    if board_readers(incident):
        return _("Only the board reads this case. Keep the number.")
    return _(
        "At this moment nobody at the school may read this case. It is kept. Call the confidential inspector (vertrouwensinspecteur) "
        "yourself: 0900-1113111, on workdays from 8 to 17. Is somebody in danger now? Call 112. Keep the number."
    )


def log_read(user: Any, case: Case, page: str) -> None:
    """Note that `user` read or exported something of a case (AVG article 32 and 5(2))."""
    root_id = case.parent_id or case.pk
    ReadEntry.objects.create(school_id=case.school_id, case_id=root_id, user=user, page=page[:60], at=clock.now())


def log_export(user: Any, school: School, page: str) -> None:
    """Note that `user` exported something of the school that is about no single case (AVG article 32 and 5(2))."""
    ReadEntry.objects.create(school=school, user=user, page=page[:60], at=clock.now())


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
