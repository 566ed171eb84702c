"""The fixed cast of scenarios, tests and demo: one school with everybody who can play a part, made by the real acts.

Who they are is settled in docs/packs.md: mentor, teacher, director, deputy, board, manager, ict_coordinator, mediamaster,
counsellor, dpo, communications, personnel and administrator; pupil (parents parent and other_parent), classmate (parent
classmate_parent), adult_pupil and outsider. All names are plainly invented.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from workflows import people, schools
from workflows.models import Group, Person, School
from workflows.rules import Protocol, Setting

STAFF: Mapping[str, tuple[str, str, str]] = {
    "mentor": ("mentor", "Marit", "Krijtstreep"),
    "teacher": ("teacher", "Teun", "Borstelbord"),
    "director": ("director", "Dirkje", "Klokkentoon"),
    "deputy": ("deputy", "Wout", "Invalkruk"),
    "board": ("board", "Bes", "Hamertik"),
    "manager": ("manager", "Minke", "Roosterblok"),
    "ict_coordinator": ("ict_coordinator", "Ids", "Kabelgoot"),
    "mediamaster": ("mediamaster", "Fenna", "Pixelpunt"),
    "counsellor": ("confidential_counsellor", "Vera", "Luisterlamp"),
    "dpo": ("dpo", "Gijs", "Slotjesbos"),
    "communications": ("communications", "Coco", "Persmapje"),
    "personnel": ("personnel", "Petra", "Ladekastje"),
    "administrator": ("administrator", "Aaf", "Toetsenplank"),
}
"""Member of staff: role, first name and surname. The deputy stands in for the director."""

PUPILS: Mapping[str, tuple[str, str]] = {
    "pupil": ("Noa", "Regenboogje"),
    "classmate": ("Sem", "Paperclipje"),
    "adult_pupil": ("Finn", "Potloodpunt"),
}
PARENTS: Mapping[str, tuple[str, str, str]] = {
    "parent": ("pupil", "Rob", "Regenboogje"),
    "other_parent": ("pupil", "Olga", "Zonnewijzer"),
    "classmate_parent": ("classmate", "Carla", "Paperclipje"),
}
"""Parent: of whom, first name and surname. All have authority."""

NAMES = frozenset({*STAFF, *PUPILS, *PARENTS, "outsider"})
"""Everybody of whom a scenario may say something else."""

AGES = {"po": 10, "vo": 15}
GROUPS = {"po": "Groep 7a", "vo": "Klas 3b"}
ADULT = 18


@dataclass(frozen=True)
class Cast:
    """One school with its people: `users` are those who have an account, `people` are all."""

    school: School
    group: Group
    users: dict[str, Any] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)

    def person_of(self, user: Any) -> Person:
        """The person that one of the cast's users is."""
        return next(person for person in self.people.values() if person.user_id == user.pk)


@transaction.atomic
def build(
    school_key: str, sector: str, today: date, overrides: Mapping[str, Mapping[str, Any]] | None = None, *,
    slug: str = "cast", name: str = "De Verzonnen School", legal_form: str = "public", settings: Mapping[str, Any] | None = None,
) -> Cast:  # fmt: skip
    """Make the school and its cast.

    Args:
        school_key: key of the protocol pack.
        sector: "po" (pupils are 10) or "vo" (15).
        today: the day on which those ages hold; roles and places began a year before.
        overrides: by name: `age`, any field of a person, for a parent `authority` and `hides_address`, for a pupil or
            mentor `group` (a name), for a pupil `left` (the last day at the school), for staff `role`.
        slug: short name of the school; user names begin with it.
        settings: answers to the protocol's settings; the others get a neutral one.
    """
    overrides = overrides or {}
    began = today - timedelta(days=365)
    school = schools.create_school(
        name=name, slug=slug, key=school_key, sector=sector, legal_form=legal_form, **letterhead(slug, name)
    )
    protocol = schools.usable_protocol(school_key, sector)
    answers = {**neutral_settings(protocol), **(settings or {})}
    schools.change_school(school, by=None, settings=answers)
    cast = Cast(school, schools.add_group(school, by=None, name=GROUPS[sector]))
    for member in STAFF:
        add_staff(cast, member, overrides.get(member, {}), began, today)
    for pupil in PUPILS:
        age = ADULT if pupil == "adult_pupil" else AGES[sector]
        _pupil(cast, pupil, {"age": age, **overrides.get(pupil, {})}, began, today)
    for parent in PARENTS:
        _parent(cast, parent, overrides.get(parent, {}), began)
    outsider = {"given_name": "Otto", "family_name": "Buitenpaal", "address": "Verreweg 1\n9999 ZZ Elders"}
    told = {**outsider, **overrides.get("outsider", {})}
    cast.people["outsider"] = people.add_person(school, by=None, kind="outsider", **told)
    return cast


def letterhead(slug: str, name: str) -> dict[str, Any]:
    """Return letterhead and contacts for every field that a letter may need."""
    return {
        "brin": "00XX", "board_name": f"Stichting Verzonnen Bestuur {name}", "address": "Voorbeeldlaan 1",
        "postal_code": "1234 AB", "city": "Nergenshuizen", "phone": "000 000 0000", "email": f"info@{slug}.example",
        "website": f"https://{slug}.example", "objection_address": "Het bevoegd gezag\nPostbus 1\n1234 AB Nergenshuizen",
        "complaints_body": "Klachtencommissie\nPostbus 2\n1234 AB Nergenshuizen", "dpo_contact": f"fg@{slug}.example",
        "counsellor_contact": f"vertrouwenspersoon@{slug}.example, 000 000 0001",
        "parents_contact": f"ouders@{slug}.example, 000 000 0002", "retention": "twee jaar nadat de leerling de school verlaat",
    }  # fmt: skip


def neutral_settings(protocol: Protocol) -> dict[str, Any]:
    """Return a neutral answer to every setting that the protocol leaves to the school."""
    return {setting.key: _neutral(setting) for setting in protocol.unanswered({})}


def _neutral(setting: Setting) -> Any:
    if setting.choices:
        return setting.choices[0]
    return {"yes_no": False, "number": 1, "date": "2026-01-01"}.get(setting.kind, "…")


def _account(cast: Cast, name: str, given_name: str, family_name: str) -> Any:
    slug = cast.school.slug
    user = get_user_model().objects.create_user(
        f"{slug}-{name}", email=f"{name}@{slug}.example", first_name=given_name, last_name=family_name
    )
    cast.users[name] = user
    return user


def _split(told: Mapping[str, Any], special: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split what is said of somebody into fields of the person and the rest."""
    special = set(special)
    return {k: v for k, v in told.items() if k not in special}, {k: v for k, v in told.items() if k in special}


def _born(told: dict[str, Any], today: date, age: int) -> None:
    """Fill in a birth date of somebody who turned `age` half a year before `today`."""
    day = today - timedelta(days=180)
    told.setdefault("birth_date", date(day.year - age, day.month, min(day.day, 28)))


def add_staff(cast: Cast, name: str, told: Mapping[str, Any], began: date, today: date) -> None:
    """Add a member of staff with their role; `told` are fields of the person and `role`, `group`."""
    role, given_name, family_name = STAFF[name]
    fields, rest = _split(told, ("role", "group", "age"))
    fields = {"given_name": given_name, "family_name": family_name, **fields}
    user = _account(cast, name, fields["given_name"], fields["family_name"])
    cast.people[name] = people.add_person(
        cast.school, by=None, kind="employee", user=user, **{"number": f"m-{name}", "email": user.email, **fields}
    )
    role = rest.get("role", role)
    group = schools.add_group(cast.school, by=None, name=rest["group"]) if rest.get("group") else cast.group
    dates = {"starts": began, "ends": today + timedelta(days=365)} if role == "deputy" else {"starts": began}
    people.add_membership(
        cast.school, by=None, user=user, role=role, group=group if role == "mentor" else None,
        acting_for="director" if role == "deputy" else "", **dates,
    )  # fmt: skip


def _pupil(cast: Cast, name: str, told: Mapping[str, Any], began: date, today: date) -> None:
    given_name, family_name = PUPILS.get(name, (name.capitalize(), "Naamloos"))
    fields, rest = _split(told, ("age", "group", "left"))
    _born(fields, today, rest["age"])
    fields = {"given_name": given_name, "family_name": family_name, "address": _ADDRESS, "number": f"l-{name}", **fields}
    user = _account(cast, name, fields["given_name"], fields["family_name"])
    cast.people[name] = people.add_person(cast.school, by=None, kind="pupil", user=user, **{"email": user.email, **fields})
    group = schools.add_group(cast.school, by=None, name=rest["group"]) if rest.get("group") else cast.group
    people.enrol(cast.people[name], group, by=None, starts=began, **({"ends": rest["left"]} if rest.get("left") else {}))


def _parent(cast: Cast, name: str, told: Mapping[str, Any], began: date) -> None:
    pupil, given_name, family_name = PARENTS[name]
    fields, rest = _split(told, ("authority", "hides_address", "relation", "age"))
    fields = {
        "given_name": given_name, "family_name": family_name, "address": _ADDRESS, "number": f"o-{name}",
        "email": f"{name}@{cast.school.slug}.example", "phone": "000 000 0009", **fields,
    }  # fmt: skip
    cast.people[name] = people.add_person(cast.school, by=None, kind="parent", **fields)
    tie = {"authority": "yes", "relation": "ouder", **rest}
    tie.pop("age", None)
    tie["authority"] = {True: "yes", False: "no", "": "unknown"}.get(tie["authority"], tie["authority"])
    people.add_guardian(cast.people[pupil], cast.people[name], by=None, starts=began, **tie)


_ADDRESS = "Verzinselstraat 12\n1234 AB Nergenshuizen"
