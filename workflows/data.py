"""Reads what a form, a scenario or a caller gave for a step: typed facts, words and people, or an error per field.

Only what no protocol could want otherwise is refused here: an unknown field, a wrong type, a choice that does not exist,
a moment in the future, a person of another school. Everything else is a line of a pack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from workflows import clock
from workflows.models import Person, School
from workflows.vocabulary import FIELDS, Field

PAST_ONLY = frozenset({"happened", "acted_on"})
"""Fields that tell of something that has happened already."""

NOT_KEPT = frozenset({"happened", "person", "channel", "reached", "exclude", "on_behalf_of", "owner", "file", "action", "meeting_at"})
"""Facts that belong to one entry of the log and are no fact of the case afterwards."""

BETWEEN: Mapping[str, tuple[int, int]] = {"severity": (0, 4), "school_days": (1, 400)}
"""Least and most of a number; one school day is back the same day (design part 4)."""

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
        for name in ("person", "exclude", "on_behalf_of", "owner"):
            if name in ids:
                ids[name] = ids[name][0]
        return {**dict.fromkeys(self.blank), **self.facts, **self.words, **ids}


def read(
    given: Mapping[str, Any], fields: tuple[str, ...], required: tuple[str, ...], *, school: School, local_categories: tuple[str, ...] = ()
) -> Data:
    """Read `given` for a step or milestone that takes `fields`.

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
        spec = FIELDS[name]
        try:
            if spec.kind in ("person", "people"):
                data.people[name] = _people(value, school)
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
                moment = timezone.make_aware(moment)
            if spec.name in PAST_ONLY and moment > clock.now():
                raise ValueError(_("This moment has not come yet."))
            return moment
        case _:
            text = str(value)
            if text not in spec.choices and text not in local_categories:
                raise ValueError(_("“%(value)s” is not one of the choices.") % {"value": text})
            return text


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
