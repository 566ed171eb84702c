"""What a school still lacks before its cases can run as its protocol says: shown on the set-up page, asked for nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from workflows import clock, words
from workflows.conditions import blank
from workflows.letter_fields import NEEDS, SCHOOL_LABELS, school_fields
from workflows.models import CourseLink, Enrolment, Group, Guardianship, Incident, Membership, Person, School, TickRun
from workflows.models.people import Authority, Dated
from workflows.pinned import protocol_for
from workflows.rules import LoadError, Protocol, Setting
from workflows.schooldays import local_day
from workflows.situation import ADULT
from workflows.vocabulary import OPEN, STAFF_ROLES

NEEDED_ROLES = ("director", "board", "confidential_counsellor", "dpo")
"""Roles without which a case gets stuck at any school; a protocol may name more."""


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is missing: what, on which set-up page it is mended, and the article that asks for it.

    `stops`: cases cannot run without it; else it is advice.
    """

    text: str
    where: str
    articles: tuple[str, ...] = ()
    stops: bool = False


def lacks(school: School) -> list[Lack]:
    """Return what `school` lacks today, what stops its cases first.

    The number of queries does not grow with the number of people.
    """
    today = local_day(clock.now())
    try:
        protocol = protocol_for(school, today)
    except LoadError as wrong:
        return [Lack(_("The protocol “{key}” cannot be used: {why}").format(key=school.key, why=wrong), "setup", stops=True)]
    found = [
        *_settings(school, protocol), *_letterhead(school), *_roles(school, protocol, today), *_groups(school, today),
        *_pupils(school, today), *_guardians(school, today), *_owners(school, today), *_calendar(school, today), *_host(school),
    ]  # fmt: skip
    return sorted(found, key=lambda lack: not lack.stops)


def _settings(school: School, protocol: Protocol) -> Iterator[Lack]:
    for setting in protocol.unanswered(school.settings):
        text = _("Not answered: {setting}").format(setting=setting_label(setting))
        yield Lack(text, "setup-settings", setting.cites, stops=True)


def setting_label(setting: Setting) -> str:
    """Return what a setting of a protocol is called, in the reader's language as far as the pack says so."""
    told = setting.nl if (get_language() or "en").startswith("nl") else setting.en
    return told or setting.en or setting.key.replace("_", " ")


def _letterhead(school: School) -> Iterator[Lack]:
    asked = {name for kind in NEEDS for to in ("parent", "employee") for name in school_fields(kind, school.legal_form, to)}
    missing = [name for name in SCHOOL_LABELS if name.startswith("school.") and name.removeprefix("school.") in asked]
    for name in missing:
        if blank(getattr(school, name.removeprefix("school."))):
            label = pgettext("school field", SCHOOL_LABELS[name])
            yield Lack(_("Letters need: {field}").format(field=label), "setup-school", stops=True)
    if not school.channels:
        yield Lack(_("No way to send letters is chosen."), "setup-school", stops=True)


def _roles(school: School, protocol: Protocol, today: date) -> Iterator[Lack]:
    rows = list(Membership.objects.filter(Dated.active(today), school=school).values_list("role", "acting_for", "user", "user__is_active"))
    held = {role for role, *_rest in rows}
    stood_in = {acting for _role, acting, *_rest in rows if acting}
    board = {user for role, acting, user, active in rows if active and "board" in (role, acting)}
    named = set(NEEDED_ROLES) | {role for role in _alone(protocol) if role not in ("mentor", "teacher", "administrator")}
    for role in sorted(named - held - stood_in):
        yield Lack(_("Nobody is {role}.").format(role=words.label("role", role)), "setup-members", stops=role in ("director", "board"))
    if "board" in held | stood_in and len(board) < 2:
        text = _(
            "Only one person is board. Name a second person, such as the chair of the supervisory board: "
            "a report of sexual conduct by the only one could be read by nobody."
        )
        yield Lack(text, "setup-members", stops=True)
    if "director" in held and "director" not in stood_in:
        yield Lack(_("Nobody stands in for the director."), "setup-members")


def _alone(protocol: Protocol) -> set[str]:
    """Return the roles of staff that are the only ones to take some step of the protocol."""
    lines = (line for rules in protocol.index.values() for line in rules.lines if line.guard == "by_role")
    return {line.args["roles"][0] for line in lines if len(line.args["roles"]) == 1} & set(STAFF_ROLES)


def _groups(school: School, today: date) -> Iterator[Lack]:
    mentor = Membership.objects.filter(Dated.active(today), group=OuterRef("pk"), role="mentor")
    pupils = Enrolment.objects.filter(Dated.active(today), group=OuterRef("pk"))
    for group in Group.objects.filter(Exists(pupils), ~Exists(mentor), school=school):
        yield Lack(_("{group} has no mentor.").format(group=group.name), "setup-members")


def _pupils(school: School, today: date) -> Iterator[Lack]:
    places = Enrolment.objects.filter(Dated.active(today), person=OuterRef("pk"))
    pupils = Person.objects.filter(Exists(places), school=school, kind="pupil")
    if not pupils.exists():
        yield Lack(_("There are no pupils in a group yet."), "setup-import", stops=True)
    without_date = pupils.filter(birth_date=None).count()
    if without_date:
        yield Lack(
            ngettext("{n} pupil has no birth date.", "{n} pupils have no birth date.", without_date).format(n=without_date),
            "setup-import", stops=True,
        )  # fmt: skip
    told = Guardianship.objects.filter(Dated.active(today), pupil=OuterRef("pk"), authority=Authority.YES)
    grown = date(today.year - ADULT, today.month, min(today.day, 28))
    alone = pupils.filter(~Exists(told)).exclude(birth_date__lte=grown).count()
    if alone:
        yield Lack(
            ngettext(
                "{n} pupil has no parent whose authority is known: nobody gets a letter.",
                "{n} pupils have no parent whose authority is known: nobody gets a letter.", alone,
            ).format(n=alone),
            "setup-guardians",
        )  # fmt: skip


def _guardians(school: School, today: date) -> Iterator[Lack]:
    ties = Guardianship.objects.filter(Dated.active(today), pupil__school=school)
    unknown = ties.filter(authority=Authority.UNKNOWN).count()
    if unknown:
        yield Lack(
            ngettext(
                "Of {n} parent it is not known whether they have authority.",
                "Of {n} parents it is not known whether they have authority.", unknown,
            ).format(n=unknown),
            "setup-guardians",
        )  # fmt: skip
    bare = ties.filter(Q(guardian__address="") | Q(guardian__email="", guardian__phone=""), authority=Authority.YES)
    count = bare.values("guardian").distinct().count()
    if count:
        yield Lack(
            ngettext(
                "{n} parent has no address, or neither e-mail nor telephone.",
                "{n} parents have no address, or neither e-mail nor telephone.", count,
            ).format(n=count),
            "setup-import",
        )  # fmt: skip


def _owners(school: School, today: date) -> Iterator[Lack]:
    """Name open cases whose owner is gone, or leaves within two weeks."""
    here = Membership.objects.filter(Dated.active(today + timedelta(days=14)), school=school, user=OuterRef("owner"))
    cases = Incident.objects.filter(~Exists(here), school=school, type="incident", state__in=OPEN, owner__isnull=False)
    for case in cases.order_by("opened_at")[:20]:
        text = _("Case {number}: whoever handles it has left or leaves within two weeks. Hand it over.")
        yield Lack(text.format(number=case.display_number), "setup-members", stops=True)


def _calendar(school: School, today: date) -> Iterator[Lack]:
    if not school.holidays.filter(last__gte=today).exists():
        yield Lack(_("No holidays are entered: terms are counted without them."), "setup-holidays")


def _host(school: School) -> Iterator[Lack]:
    if not CourseLink.objects.filter(school=school).exists():
        yield Lack(_("No course belongs to this school yet, so no course page shows its cases."), "setup-courses")
    last = TickRun.objects.filter(finished_at__isnull=False, problem="").order_by("-finished_at").first()
    if last is None:
        yield Lack(_("“manage.py tick” has never run: terms, reminders and letters wait. Ask your platform's manager."), "setup")
    elif last.finished_at and clock.now() - last.finished_at > timedelta(hours=settings.KC_TICK_LATE_HOURS):
        when = words.moment(last.finished_at)
        yield Lack(_("“manage.py tick” last ran on {when}. Ask your platform's manager.").format(when=when), "setup")
