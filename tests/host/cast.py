"""Who can be chosen on the sign-in page, read from the database, school by school."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import get_language

from tests.host.runtime import slug_of


@dataclass(frozen=True)
class Player:
    """One person of the demo who can sign in."""

    user: User
    roles: str


@dataclass(frozen=True)
class DemoSchool:
    """One school of the demo: whose protocol it follows, its course pages (slug and group) and its people."""

    name: str
    protocol: str
    courses: tuple[tuple[str, str], ...]
    players: tuple[Player, ...]


def schools() -> list[DemoSchool]:
    """The schools in the database with everybody who has an account there, staff first."""
    from workflows import schools as acts
    from workflows.models import CourseLink, Membership, Person, School
    from workflows.words import label

    today = timezone.localdate()
    found = []
    for school in School.objects.order_by("name"):
        roles: dict[User, list[str]] = {}
        for member in Membership.objects.filter(school=school).select_related("user", "group").order_by("pk"):
            if member.ends is None or member.ends >= today:
                where = f" {member.group.name}" if member.group else ""
                roles.setdefault(member.user, []).append(f"{label('role', member.role)}{where}")
        for person in Person.objects.filter(school=school, user__isnull=False).select_related("user").order_by("pk"):
            if person.user and person.user not in roles:
                roles[person.user] = [label("person_kind", person.kind)]
        courses = tuple(
            (slug_of(link.course_key), link.group.name if link.group else "")
            for link in CourseLink.objects.filter(school=school).select_related("group").order_by("pk")
        )
        players = tuple(Player(user, ", ".join(words)) for user, words in roles.items())
        names = acts.usable_protocol(school.key, school.sector).name
        protocol = names.get((get_language() or "en")[:2], school.key)
        found.append(DemoSchool(school.name, protocol, courses, players))
    return found


def others() -> list[User]:
    """Accounts of no school: course authors and the platform's administrator, who open no case."""
    return list(User.objects.filter(is_staff=True, is_active=True).order_by("pk"))
