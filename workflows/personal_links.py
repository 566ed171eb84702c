"""Personal links: made, found, closed and counted. A token is signed and never stored; the table holds its digest alone.

A token can be made again from its row and the site's secret, so that a reminder carries the same address, and no address
lies in a table or a backup. Knows nothing of what is asked behind a link.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Container, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from workflows import access, clock, registry
from workflows.models import Attempt, Outbox, Person, PersonalLink

VALID = timedelta(days=400)
"""How long a link opens its page: a school year and a month, so that taking a yes back stays as easy as giving it (GDPR art. 7(3))."""

GUESSES = 20
"""Wrong addresses that one sender may try within an hour."""

FORMS = 60
"""Forms that may be sent through one link within an hour; a parent with many questions sends a handful."""

KEEPERS = frozenset({"director", "board", "mentor", "coordinator", "administrator", "dpo"})
"""Roles that may close a link or send a new one."""


def _seal(link: PersonalLink) -> str:
    mac = salted_hmac("kc_workflows.personal_link", f"{link.key}:{link.person_id}", algorithm="sha256")
    return base64.urlsafe_b64encode(mac.digest()).decode().rstrip("=")


def digest_of(token: str) -> str:
    """Return what the table keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "backslashreplace")).hexdigest()


def token_of(link: PersonalLink) -> str:
    """Return the secret part of a link's address.

    Raises:
        ValueError: the site's secret changed since the link was made; `make_many` makes a new one.
    """
    token = _seal(link)
    if digest_of(token) != link.digest:
        raise ValueError("The secret of the site changed since this link was made.")
    return token


def last_day(link: PersonalLink) -> date:
    """Return the last day on which a link works."""
    return clock.local(link.expires_at - timedelta(seconds=1)).date()


def make_many(people: Iterable[Person]) -> dict[int, PersonalLink]:
    """Return a link for each person: the one that is still good for a month, or a new one. Constant SQL.

    Returns:
        The links, by the person's primary key.
    """
    wanted = {person.pk: person for person in people}
    now = clock.now().replace(microsecond=0)
    midnight = clock.aware(datetime.combine(clock.today() + VALID, time.min))
    good = PersonalLink.objects.filter(person__in=wanted, revoked_at=None, expires_at__gt=now + timedelta(days=31)).order_by("pk")
    found = {link.person_id: link for link in good if digest_of(_seal(link)) == link.digest}
    new = []
    for pk, person in wanted.items():
        if pk not in found:
            link = PersonalLink(school_id=person.school_id, person=person, made_at=now, expires_at=midnight)
            link.digest = digest_of(_seal(link))
            new.append(link)
    PersonalLink.objects.bulk_create(new)
    if any(link.pk is None for link in new):  # this database tells no keys of several rows
        keys = dict(PersonalLink.objects.filter(digest__in=[link.digest for link in new]).values_list("digest", "pk"))
        for link in new:
            link.pk = keys[link.digest]
    return {**found, **{link.person_id: link for link in new}}


def link_for(person: Person) -> PersonalLink:
    """Return a person's link: the one that is still good, or a new one."""
    return make_many([person])[person.pk]


def queue_mails(people: Iterable[Person], key: Callable[[Person], str], *, on_desk: Container[int] = (), **about: Any) -> None:
    """Put a mail in the outbox for everybody with an address: that a question waits behind their personal link, or on their own desk.

    Args:
        key: of each mail; one that lies there already stays the only one.
        on_desk: who answers about themselves alone, signed in, by key.
        about: what else the mail says: `reminder`, `yearly`.
    """
    told = [person for person in people if person.email.strip()]
    links = make_many([person for person in told if person.pk not in on_desk])
    now = clock.now()
    rows = [
        Outbox(
            key=key(person), kind="ask", person=person, created_at=now, not_before=now,
            payload={**({"link": links[person.pk].pk} if person.pk in links else {}), **about},
        )
        for person in told
    ]  # fmt: skip
    Outbox.objects.bulk_create(rows, ignore_conflicts=True)


def find(token: str) -> PersonalLink | None:
    """Return the link that a token opens, good or not; None for a guess."""
    rows = PersonalLink.objects.select_related("person", "school").defer("school__logo")
    return rows.filter(digest=digest_of(token)).first()


@transaction.atomic
def close_links(person: Person, *, by: object) -> int:
    """Close every link of a person at once; what was answered stays.

    Args:
        by: a member of staff with one of the roles in `KEEPERS`.

    Returns:
        How many were open.

    Raises:
        registry.PeopleError: not theirs to do.
    """
    _may_keep(person, by)
    closed = _close(person)
    registry.log(person.school, by, "link.close", person=person.pk, links=closed)
    return closed


@transaction.atomic
def replace_link(person: Person, *, by: object) -> PersonalLink:
    """Close a person's links and return a new one, to be sent or handed over.

    Raises:
        registry.PeopleError: not theirs to do.
    """
    _may_keep(person, by)
    closed = _close(person)
    link = link_for(person)
    registry.log(person.school, by, "link.replace", person=person.pk, links=closed)
    return link


def _may_keep(person: Person, by: object) -> None:
    if not access.roles_of(by, person.school) & KEEPERS:
        raise registry.PeopleError("", _("Only staff of this school who work with parents may close or replace a link."))


def _close(person: Person) -> int:
    return PersonalLink.objects.filter(person=person, revoked_at=None).update(revoked_at=clock.now())


def tried(what: str, value: object) -> int:
    """Count one more attempt within this hour and return how many there were.

    Args:
        what: `address` or `link`; `diploma` for the code of a diploma.
        value: the sender's address, of which only a digest is kept that changes every day, or the link's key.
    """
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    who = _who(what, value, clock.today())
    Attempt.objects.filter(hour__lt=hour - timedelta(days=1)).delete()
    if not Attempt.objects.filter(who=who, hour=hour).update(count=F("count") + 1):
        try:
            with transaction.atomic():
                Attempt.objects.create(who=who, hour=hour, count=1)
        except IntegrityError:  # another attempt of the same second was first
            Attempt.objects.filter(who=who, hour=hour).update(count=F("count") + 1)
    return Attempt.objects.values_list("count", flat=True).get(who=who, hour=hour)


def _who(what: str, value: object, day: date) -> str:
    return salted_hmac("kc_workflows.attempt", f"{what}:{value}:{day}", algorithm="sha256").hexdigest()
