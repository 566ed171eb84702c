"""What a step's form offers: whom to choose, which measures, what is known already, and what the step will bring about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from workflows import class_view, clock, module, protocol, vocabulary, words
from workflows.decisions import fields_of
from workflows.lessons import LEVELS
from workflows.models import Case, Enrolment, Guardianship, Person
from workflows.models.people import Authority, Dated
from workflows.pages import asking, explaining, reading
from workflows.pages.reading import Reading
from workflows.pinned import protocol_for
from workflows.rules import DutyLine
from workflows.situation import Facts

Choice = tuple[str, str]

NAMED_IN_CASE = ("suspects", "targets", "participants", "sharers", "bystanders")
"""Fields that put people into a case."""

KEPT_ANSWERS = frozenset({
    "category", "scope", "capacity", "published", "possibly_criminal", "school_medium", "acted_on", "origin", "confidential",
    "conduct", "rule", "act", "platform", "acted_at", "first_day", "school_days", "bound_to", "other_evidence", "correction",
    "lesson_level", "lessons", "due_on",
    "why_on_child", "qualification", "gravity_words", "gravity_conduct", "gravity_effects", "victim_view",
    "owner_person", "stand_in", "moderators", "taking_part", "responsible", "moment",
})  # fmt: skip
"""Fields that a later form shows as they were answered; a judgement such as severity is asked anew."""


OF_STAFF = ("owner_person", "stand_in", "moderators", "taking_part", "witness")
"""Fields that name members of staff."""

FOR_STAFF = ("reprimand", "dismissal", "instant_dismissal")
FOR_ANYBODY = ("talk", "warning", "apology", "repair", "end_collaboration", "access_ban")
"""Measures not offered for the wrong kind of person; whether one is allowed is the protocol's."""


def people_for(seen: Reading, step: str) -> dict[str, Sequence[Choice]]:
    """Return the choices of each person field of a step."""
    if seen.root.type != "incident":
        return {name: reading.staff_choices(seen.root) for name in fields_of(step) if name in OF_STAFF}
    involved = [(str(one.person.pk), f"{one.name} ({', '.join(one.roles)})") for one in seen.involved if one.seen]
    fields = fields_of(step)
    found: dict[str, Sequence[Choice]] = {}
    if "person" in fields:
        found["person"] = _whom(seen, step, involved)
    if "on_behalf_of" in fields:
        found["on_behalf_of"] = involved
    if set(NAMED_IN_CASE) & set(fields):
        everybody = [*((key, label.split(" (")[0]) for key, label in involved), *classmates(seen)]
        known = list(dict(everybody).items())
        found |= {name: known for name in NAMED_IN_CASE if name in fields}
    return found


def _whom(seen: Reading, step: str, involved: list[Choice]) -> list[Choice]:
    pupils = [one.person for one in seen.involved if one.seen and one.person.kind == "pupil"]
    if step == "record.parents_informed":
        return parents_of(pupils)
    if step == "record.invited":
        return [*involved, *parents_of(pupils)]
    if step == "record.shared":
        return reading.staff_choices(seen.root, without=[seen.person.pk] if seen.person else [])
    if step == "record.mentor_informed":
        return _mentors(seen)
    if step == "record.heard":  # a protocol may want the parents' view first, and the mentor's before a removal
        others = [*parents_of(pupils), *_mentors(seen)]
        return [*involved, *(one for one in others if one[0] not in dict(involved))]
    if step == "measure.propose":
        concerned = [
            (str(one.person.pk), f"{one.name} ({', '.join(one.roles)})")
            for one in seen.involved
            if one.seen and one.role_keys - {"reporter", "target", "bystander"}
        ]
        return concerned + _wards(seen)
    return involved


def _mentors(seen: Reading) -> list[Choice]:
    """The mentors of the pupils in the case."""
    ids = {mentor for one in seen.loaded.people for mentor in one.mentors}
    return [(str(one.pk), one.full_name) for one in Person.objects.filter(pk__in=ids)]


def _wards(seen: Reading) -> list[Choice]:
    """Children of a parent who is said to have done it: a measure may fall on them."""
    parents = [one.person.pk for one in seen.involved if one.seen and one.person.kind == "parent" and "suspect" in one.role_keys]
    if not parents:
        return []
    ties = Guardianship.objects.filter(Dated.active(clock.today()), guardian__in=parents).select_related("pupil", "guardian")
    text = _("%(child)s (child of %(parent)s)")
    return [
        (str(tie.pupil.pk), text % {"child": tie.pupil.full_name, "parent": tie.guardian.full_name}) for tie in ties if seen.sight.names(tie.pupil)
    ]


def parents_of(pupils: list[Person]) -> list[Choice]:
    """Return the parents with authority of these pupils; a pupil of 18 stands in their place."""
    today = clock.today()
    adults = [(str(one.pk), one.full_name) for one in pupils if one.is_adult_on(today)]
    minors = [one for one in pupils if not one.is_adult_on(today)]
    ties = Guardianship.objects.filter(Dated.active(today), pupil__in=minors, authority=Authority.YES).order_by("pk")
    text = _("%(parent)s (parent of %(child)s)")
    for tie in ties.select_related("guardian", "pupil"):
        adults.append((str(tie.guardian.pk), text % {"parent": tie.guardian.full_name, "child": tie.pupil.full_name}))
    return adults


def lessons(seen: Reading, pupil: Person | None, chosen: str | None) -> tuple[list[str], list[tuple[str, list[Choice]]]]:
    """Return the levels to offer, the likely one first, and by level the lessons that the school teaches.

    It says which of them the pupil did, where the reader sees that in the class view as well.

    Args:
        chosen: the level a proposal named before; it stays.
    """
    school = seen.root.school
    here = protocol_for(school, clock.today())
    levels = class_view.levels_for(pupil, school)
    if chosen and chosen.isdecimal() and int(chosen) in LEVELS:
        levels = tuple(dict.fromkeys((*levels, int(chosen))))
    done = class_view.done_lessons(seen.user, pupil, school) if pupil else set()
    text = _("%(lesson)s (this pupil did it this year)")
    found = []
    for level in levels:
        units = [(unit.key, words.in_language(unit.title), (level, unit.key) in done) for unit in module.units_of(level, here)]
        if units:
            found.append((level, [(key, text % {"lesson": title} if is_done else title) for key, title, is_done in units]))
    return [str(level) for level, _units in found], [(words.capital(words.level_name(level)), units) for level, units in found]


def classmates(seen: Reading, *, without: int | None = None) -> list[Choice]:
    """Return the pupils in the groups of the pupils involved whom the reader knows."""
    today = clock.today()
    pupils = [one.person.pk for one in seen.involved if one.seen and one.person.kind == "pupil"]
    groups = Enrolment.objects.filter(Dated.active(today), person__in=pupils).values("group")
    rows = Person.objects.filter(Dated.active(today, "enrolments__"), enrolments__group__in=groups, kind="pupil").distinct()
    return [(str(one.pk), one.full_name) for one in rows if one.pk != without]


def measured(seen: Reading, named: str | None) -> Person | None:
    """Return whom a new track is for: who was named, or the only one said to have done it."""
    if named:
        return Person.objects.filter(pk=named, school=seen.root.school).first() if str(named).isdecimal() and len(str(named)) < 19 else None
    suspects = [one.person for one in seen.involved if "suspect" in one.role_keys]
    return suspects[0] if len(suspects) == 1 else None


def known(seen: Reading, case: Case, step: str) -> dict[str, Any]:
    """Return what the form shows as answered before: the case's own answers, then those of its incident."""
    fields = fields_of(step)
    asked = seen.loaded.for_step(case, step, actor=None, data={})
    found: dict[str, Any] = {}
    for name in fields:
        if name in KEPT_ANSWERS:
            answer = asked.case.get(name, asked.incident.get(name))
            if answer is not None:
                found[name] = seen.hide(str(answer)) if vocabulary.FIELDS[name].is_words else answer
    return found


def needed_later(seen: Reading, case: Case, data: dict[str, Any]) -> list[str]:
    """Return the fields of a proposal that imposing the measure, and its letter, will need: asking at once saves a way back."""
    later = asking.ask(seen.loaded, case, "measure.impose", seen.actor, data=data)
    wanted: list[str] = []
    for denial in later.forecast:
        named = [word.key for place, words_ in denial.sentence.words if place == "fields" for word in _each(words_)]
        if denial.remedy is not None and denial.remedy.kind == "field":
            named.append(denial.remedy.name)
        wanted += [name for name in named if name in fields_of("measure.propose")]
    return wanted


def _each(words_in_place: Any) -> tuple[Any, ...]:
    return words_in_place if isinstance(words_in_place, tuple) else (words_in_place,)


def kinds(seen: Reading, case: Case) -> tuple[list[tuple[str, list[explaining.Out]]], list[explaining.Out]]:
    """Return the measures this protocol provides for here, by group, and the other ones (with their reasons a click away)."""
    possible: list[tuple[str, list[explaining.Out]]] = []
    other: list[explaining.Out] = []
    staff = case.person is not None and case.person.kind == "employee"
    for group, names in vocabulary.KIND_GROUPS.items():
        fitting: list[explaining.Out] = []
        for name in names:
            if name not in FOR_ANYBODY and staff != (name in FOR_STAFF):
                continue
            asked = asking.ask(seen.loaded, case, "measure.propose", seen.actor, data={"kind": name})
            barred = [d for d in asked.denials if d.strength == "block" and (d.remedy is None or d.remedy.name == "kind")]
            url = reverse("kc_workflows:step", args=[seen.root.key, "measure.propose"]) + f"?kind={name}"
            (other if barred else fitting).append(explaining.Out(words.label("kind", name), url))
        if fitting:
            possible.append((group_label(group), fitting))
    return possible, other


def group_label(group: str) -> str:
    """Return the heading of a group of measures."""
    return {
        "repair": pgettext("measures", "Talk and repair"),
        "order": pgettext("measures", "Keeping order"),
        "disciplinary": pgettext("measures", "Discipline"),
        "exclusion": pgettext("measures", "Away from school"),
    }[group]


def consequences(seen: Reading, step: str, asked: asking.Asked) -> list[str]:
    """Return in words what the step brings about: letters to be made and tasks that start."""
    found: dict[str, None] = {}
    facts = [asked.facts]
    if step == "incident.sanction":
        approved = [child for child in seen.loaded.children if child.type == "measure" and child.state == "approved"]
        facts += [seen.loaded.for_step(child, "measure.impose", actor=seen.actor, data={}) for child in approved]
    for one in facts:
        for letter in protocol.letters(seen.loaded.protocol, one):
            told = {"letter": words.label("letter", letter.letter), "to": words.label("people", letter.to)}
            found[_("A letter is prepared: %(letter)s, for %(to)s.") % told] = None
        for duty in protocol.duties(seen.loaded.protocol, one):
            started = {"task": words.uncapital(words.label("task", duty.task)), "within": _term(duty, one)}
            found[_("A task starts: %(task)s (%(within)s).") % started] = None
    return list(found)


def advice(seen: Reading, asked: asking.Asked) -> list[dict[str, str]]:
    """Return what the protocol advises about a step."""
    return explaining.advised(seen.loaded, protocol.advice(seen.loaded.protocol, asked.facts))


def _term(duty: DutyLine, facts: Facts) -> str:
    """Return by when a task is to be done; one that runs from a field's day is due on that day."""
    if duty.from_field is None:
        return within(duty.within)
    given = facts.get(duty.from_field)
    label = words.uncapital(words.label("field", duty.from_field))
    return f"{label} {words.day(given)}" if isinstance(given, date) else label


def within(term: Any) -> str:
    """Return a term in words: `by the end of this school day`, `within 5 school days`."""
    parts = dict(term) if not isinstance(term, tuple) else dict([term])
    unit, n = next(iter(parts.items()))
    if unit == "school_days":
        return _("by the end of this school day") if n == 0 else ngettext("within %(n)s school day", "within %(n)s school days", n) % {"n": n}
    text = ngettext("within %(n)s hour", "within %(n)s hours", n) if unit == "hours" else ngettext("within %(n)s day", "within %(n)s days", n)
    return text % {"n": n}
