"""Reads what a form, a scenario or a caller gave for a step: typed facts, words and people, or an error per field.

Only what no protocol could want otherwise is refused here: an unknown field, a wrong type, a choice that does not exist,
a moment in the future, a person of another school. Everything else is a line of a pack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from workflows import clock, lesson_files, words
from workflows.models import Case, Person, School
from workflows.pinned import protocol_for
from workflows.vocabulary import FIELDS, Field, field_of

PAST_ONLY = frozenset({"happened", "acted_on"})
"""Fields that tell of something that has happened already."""

NOT_KEPT = frozenset({
    "happened", "person", "channel", "reached", "exclude", "on_behalf_of", "owner", "file", "action", "meeting_at", "answer", "form", "authority",
    "witness", "language", "text_version",
})  # fmt: skip
"""Facts that belong to one entry of the log and are no fact of the case afterwards."""

BETWEEN: Mapping[str, tuple[int, int]] = {"severity": (0, 4), "school_days": (1, 400), "addressees": (0, 1_000_000)}
"""Least and most of a number; one school day is back the same day."""

YES, NO = ("true", "yes", "ja", "on", "1"), ("false", "no", "nee", "off", "0")


class InvalidData(Exception):
    """What was given cannot be read; `errors` maps a field to a sentence that names the way out."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__("; ".join(f"{name}: {message}" for name, message in self.errors.items()))


@dataclass(frozen=True, slots=True)
class Data:
    """What was given, read: `facts` (typed), `words` (free text), `person` and `people` (rows, by field)."""

    facts: dict[str, Any] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    people: dict[str, list[Person]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    blank: list[str] = field(default_factory=list)

    @property
    def person(self) -> Person | None:
        """The one person it concerns."""
        found = self.people.get("person")
        return found[0] if found else None

    def as_facts(self) -> dict[str, Any]:
        """Return facts, words and ids of people together, as the guards ask for them."""
        ids: dict[str, Any] = {name: tuple(str(p.pk) for p in rows) for name, rows in self.people.items()}
        ids.update({name: found[0] for name, found in ids.items() if FIELDS[name].kind == "person"})
        return {**dict.fromkeys(self.blank), **self.facts, **self.words, **ids}


def to_json(name: str, value: Any) -> Any:
    """Return `value` of the field `name` as it is kept in a JSON column."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Person):
        return value.pk
    if isinstance(value, (list, tuple)):
        return [to_json(name, item) for item in value]
    return value


def from_json(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return kept facts with dates and moments as such, and people by id."""
    return {name: _READ[name](value) if name in _READ and not isinstance(value, _AS_IT_IS) else value for name, value in facts.items()}


_AS_IT_IS = (date, type(None))
_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "date": date.fromisoformat, "moment": datetime.fromisoformat, "person": str, "people": lambda keys: tuple(map(str, keys)),
    "lessons": tuple,
}  # fmt: skip
_READ: Mapping[str, Callable[[Any], Any]] = {name: _KINDS[field.kind] for name, field in FIELDS.items() if field.kind in _KINDS}


def read(
    given: Mapping[str, Any], fields: tuple[str, ...], required: tuple[str, ...], *, school: School, local_categories: tuple[str, ...] = (),
    case_type: str = "incident",
) -> Data:  # fmt: skip
    """Read `given` for a step or milestone of `case_type` that takes `fields`.

    A field that is given empty counts as left empty on purpose: what the case knew before does not stand in for it.
    Missing required fields are noted in `Data.missing` and not raised: the protocol is asked first, as it may have a better
    sentence about the same gap.

    Raises:
        InvalidData: a value cannot be read, or a field is not one of this step.
    """
    errors: dict[str, str] = {}
    data = Data()
    for name, value in given.items():
        if name not in fields:
            errors[name] = _("This step has no field “%(name)s”.") % {"name": name}
            continue
        if value is None or value == "" or value == [] or value == ():
            data.blank.append(name)
            continue
        spec = field_of(case_type, name)
        try:
            if spec.kind in ("person", "people"):
                data.people[name] = _people(value, school)
            elif spec.kind == "lessons":
                data.facts[name] = _lessons(value, given.get("lesson_level"), school)
            elif spec.kind == "case":
                data.facts[name] = _case(value, name, school)
            elif spec.is_words:
                text = str(value).replace("\x00", "").strip()
                if text:
                    data.words[name] = text
            else:
                data.facts[name] = _fact(spec, value, local_categories)
        except ValueError as error:
            errors[name] = str(error)
    if errors:
        raise InvalidData(errors)
    for name in required:
        if name not in data.facts and name not in data.words and name not in data.people:
            data.missing[name] = _("This is still needed.")
    return data


def _fact(spec: Field, value: Any, local_categories: tuple[str, ...]) -> Any:
    match spec.kind:
        case "yes_no":
            if isinstance(value, bool):
                return value
            if str(value).lower() in (*YES, *NO):
                return str(value).lower() in YES
            raise ValueError(_("Answer yes or no."))
        case "number":
            try:
                number = int(value)
            except (TypeError, ValueError):
                raise ValueError(_("Write a whole number.")) from None
            least, most = BETWEEN.get(spec.name, (0, 400))
            if not least <= number <= most:
                raise ValueError(_("This number is out of range."))
            return number
        case "date":
            day = value if isinstance(value, date) and not isinstance(value, datetime) else parse_date(str(value))
            if day is None:
                raise ValueError(_("Write a date, such as 2026-03-02."))
            if spec.name in PAST_ONLY and day > clock.today():
                raise ValueError(_("This day has not come yet."))
            if not date(2000, 1, 1) <= day <= date(2100, 1, 1):
                raise ValueError(_("This date cannot be right."))
            return day
        case "moment":
            moment = value if isinstance(value, datetime) else parse_datetime(str(value))
            if moment is None:
                raise ValueError(_("Write a day and a time, such as 2026-03-02 09:30."))
            if not 2000 <= moment.year < 2100:
                raise ValueError(_("This date cannot be right."))
            if timezone.is_naive(moment):
                moment = clock.aware(moment)
            if spec.name in PAST_ONLY and moment > clock.now():
                raise ValueError(_("This moment has not come yet."))
            return moment
        case "code":
            if not re.fullmatch(r"[\w.:/+-]{1,64}", str(value), re.ASCII):
                raise ValueError(_("“%(value)s” is not such a mark.") % {"value": str(value)[:64]})
            return str(value)
        case _:
            text = str(value)
            if text not in spec.choices and text not in local_categories:
                raise ValueError(_("“%(value)s” is not one of the choices.") % {"value": text})
            return text


def _lessons(value: Any, level: Any, school: School) -> tuple[str, ...]:
    """Return keys of lessons that the school teaches, of one level, in the order of the library."""
    wanted = {str(one) for one in value} if isinstance(value, (list, tuple, set)) else {str(value)}
    found = lesson_files.units(wanted)
    if len(found) < len(wanted):
        unknown = sorted(wanted - {unit.key for unit in found})
        raise ValueError(_("There is no lesson “%(name)s”.") % {"name": unknown[0][:60]})
    if len({*(str(unit.level) for unit in found), str(level or found[0].level)}) > 1:
        raise ValueError(_("Choose lessons of the level you chose."))
    carried = protocol_for(school, clock.today()).articles
    if untaught := [unit for unit in found if not unit.at_school(carried).scenes]:
        name = words.in_language(untaught[0].title)
        raise ValueError(_("Your school does not teach the lesson “%(name)s”: its protocol lacks the rules.") % {"name": name})
    return tuple(unit.key for unit in found)


def _case(value: Any, case_type: str, school: School) -> str:
    """Return the key of a case of this type (the field's name) at the school."""
    try:
        key = value.key if isinstance(value, Case) else UUID(str(value))
    except ValueError:
        key = None
    if key is None or not Case.objects.filter(key=key, type=case_type, school=school).exists():
        raise ValueError(_("This is not known at the school."))
    return str(key)


def _is_key(given: object) -> bool:
    return str(given).isdecimal() and len(str(given)) < 19


def _people(value: Any, school: School) -> list[Person]:
    rows: list[Person] = []
    for item in value if isinstance(value, (list, tuple, set)) else [value]:
        person = item if isinstance(item, Person) else Person.objects.filter(pk=item, school=school).first() if _is_key(item) else None
        if person is None or person.school_id != school.pk:
            raise ValueError(_("This person is not known at the school."))
        if person not in rows:
            rows.append(person)
    return rows
