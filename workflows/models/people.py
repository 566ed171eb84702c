"""Schools and the people in them: who somebody is, to which group they belong, and who has a say over whom.

Access follows these rows with their dates and nothing else: never the platform's course roles, never superuser status.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows import vocabulary
from workflows.situation import ADULT


def age_on(born: date | None, day: date) -> int | None:
    """Return the age in whole years on `day` of somebody born on `born`, or None when that is unknown."""
    if born is None:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


class Dated(models.Model):
    """Something that holds from a day until and including another (`ends` empty: still)."""

    starts = models.DateField(_("from"))
    ends = models.DateField(_("until and including"), null=True, blank=True)

    class Meta:
        abstract = True

    @staticmethod
    def active(on: date, prefix: str = "") -> Q:
        """Return the condition that a row holds on the day `on`."""
        return Q(**{f"{prefix}starts__lte": on}) & (
            Q(**{f"{prefix}ends__isnull": True}) | Q(**{f"{prefix}ends__gte": on})
        )


class School(models.Model):
    """A school: its protocol pack, letterhead, channels and the answers to its protocol's settings."""

    pii: ClassVar[str] = "Names and contact data of officials in letterhead, contact and settings fields."

    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("short name"), unique=True)
    key = models.SlugField(_("protocol"), max_length=60, help_text=_("Key of the protocol pack the school follows."))
    sector = models.CharField(_("sector"), max_length=2, choices=[("po", _("primary")), ("vo", _("secondary"))])
    legal_form = models.CharField(
        _("legal form"), max_length=7, choices=[("public", _("public")), ("private", _("private"))]
    )
    brin = models.CharField(_("BRIN number"), max_length=6, blank=True)
    board_name = models.CharField(_("board"), max_length=200, blank=True)
    address = models.CharField(_("street and number"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=10, blank=True)
    city = models.CharField(_("town"), max_length=100, blank=True)
    phone = models.CharField(_("telephone"), max_length=30, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    website = models.CharField(_("website"), max_length=200, blank=True)
    logo = models.BinaryField(_("logo (PNG)"), null=True, blank=True, editable=True)
    objection_address = models.TextField(_("where to object"), blank=True)
    complaints_body = models.TextField(_("where to complain"), blank=True)
    dpo_contact = models.CharField(_("how to reach the data protection officer"), max_length=200, blank=True)
    counsellor_contact = models.CharField(_("how to reach the confidential counsellor"), max_length=200, blank=True)
    parents_contact = models.CharField(_("contact for parents"), max_length=200, blank=True)
    retention = models.CharField(_("how long a case is kept"), max_length=200, blank=True)
    settings = models.JSONField(_("settings of the protocol"), default=dict, blank=True)
    channels = models.JSONField(_("routes for letters, the first one preferred"), default=list, blank=True)
    last_number = models.PositiveIntegerField(default=0, editable=False)
    last_numbers = models.JSONField(default=dict, editable=False, help_text="The last number of each other kind of case.")
    is_active = models.BooleanField(_("in use"), default=True)

    def __str__(self) -> str:
        return self.name


class SchoolHoliday(models.Model):
    """Days on which this school is closed, beside weekends and public holidays."""

    pii: ClassVar[str] = "none"

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="holidays")
    name = models.CharField(_("name"), max_length=100)
    first = models.DateField(_("first day"))
    last = models.DateField(_("last day"))

    class Meta:
        ordering = ["first"]

    def __str__(self) -> str:
        return f"{self.name} ({self.first} – {self.last})"


class Group(models.Model):
    """A class or group of a school."""

    pii: ClassVar[str] = "none"

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="groups")
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["school", "name"], name="kc_group_name")]

    def __str__(self) -> str:
        return self.name


class CourseLink(models.Model):
    """Which school (and group) a course belongs to; set by the administrator, never in Studio."""

    pii: ClassVar[str] = "none"

    course_key = models.CharField(_("course"), max_length=255, unique=True)
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="courses")
    group = models.ForeignKey(Group, on_delete=models.SET_NULL, null=True, blank=True)

    def __str__(self) -> str:
        return self.course_key


class Person(models.Model):
    """Somebody a case can be about or who acts in one: pupil, member of staff, parent or outsider."""

    pii: ClassVar[str] = "Names, birth date, e-mail, telephone, address and language of a pupil, parent or employee."

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="people")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=list(vocabulary.PERSON_KINDS.items()))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="kc_people"
    )
    number = models.CharField(_("school number"), max_length=40, null=True, blank=True, default=None)  # noqa: DJ001 - unique within a school, and several have none
    given_name = models.CharField(_("first name"), max_length=100)
    family_name = models.CharField(_("surname"), max_length=100, blank=True)
    nicknames = models.JSONField(_("nicknames"), default=list, blank=True)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=30, blank=True)
    address = models.TextField(_("address"), blank=True)
    language = models.CharField(_("language"), max_length=5, default="nl", blank=True)

    class Meta:
        ordering = ["given_name", "family_name"]
        indexes = [models.Index(fields=["school", "kind", "family_name"], name="kc_person_name")]
        constraints = [
            models.UniqueConstraint(fields=["school", "user"], name="kc_person_user"),
            models.UniqueConstraint(fields=["school", "kind", "number"], name="kc_person_number"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """First name and surname."""
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def has_desk(self) -> bool:
        """Whether questions about themselves wait on a desk of their own: staff and pupils who sign in."""
        return self.kind in ("employee", "pupil") and self.user_id is not None

    def age_on(self, day: date) -> int | None:
        """Return the age in whole years on `day`, or None when the birth date is unknown."""
        return age_on(self.birth_date, day)

    def is_adult_on(self, day: date) -> bool:
        """Whether they stand in the place of their guardians on `day`; not where the birth date is unknown."""
        return (self.age_on(day) or 0) >= ADULT


class Membership(Dated):
    """A role of a user at a school, for a group where it has one. A deputy stands in for `acting_for`."""

    pii: ClassVar[str] = "Which role a person holds, and when."

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="kc_memberships")
    role = models.CharField(
        _("role"), max_length=25, choices=[(role, vocabulary.ROLES[role]) for role in vocabulary.STAFF_ROLES]
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships")
    acting_for = models.CharField(_("stands in for"), max_length=25, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "school", "role"], name="kc_membership_user")]

    def __str__(self) -> str:
        return f"{self.user} – {self.role}"


class Enrolment(Dated):
    """A pupil's place in a group."""

    pii: ClassVar[str] = "Which group a pupil is in, and when."

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="enrolments")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="enrolments")

    class Meta:
        indexes = [models.Index(fields=["group", "person"], name="kc_enrolment_group")]


class Authority(models.TextChoices):
    """Whether a guardian has parental authority (Dutch Civil Code 1:245). Only `yes` receives letters and counts as a parent."""

    YES = "yes", _("has authority")
    NO = "no", _("has no authority")
    UNKNOWN = "unknown", _("unknown")
    COURT_LIMIT = "court_limit", _("limited by a court")


class Guardianship(Dated):
    """A parent's or carer's tie to a pupil."""

    pii: ClassVar[str] = "Family ties, parental authority and limits set by a court."

    pupil = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="guardianships")
    guardian = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="wards")
    authority = models.CharField(_("authority"), max_length=11, choices=Authority, default=Authority.UNKNOWN)
    relation = models.CharField(_("relation"), max_length=60, blank=True)
    hides_address = models.BooleanField(_("address is kept from the other parent"), default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pupil", "guardian"], name="kc_guardianship_once")]


class PeopleChange(models.Model):
    """Who changed what about schools, roles and ties: kept apart from cases, append-only by convention of `people.py`."""

    pii: ClassVar[str] = "Ids of the people and rows changed; no names."

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="changes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    what = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at"]
