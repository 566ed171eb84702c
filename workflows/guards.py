"""The guards: the closed list of what a line of a pack may demand, each with its sentence.

PURE: a guard looks at `Facts` and says what is unmet, in one sentence, and what would lift it. No school, no article
and no database is known here. A value nobody gave makes any guard unmet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import Any

from .sentences import Sentence, Word, gettext_noop, sentence, value_word, what_word
from .shapes import creating_step, leads_to
from .situation import (
    ADULT,
    MISSING,
    Actor,
    Facts,
    Linked,
    OpenDuty,
    Person,
    Record,
    blank,
    compare,
    plays,
    same,
)
from .vocabulary import FIELDS

__all__ = [
    "GUARDS", "MISSING", "Actor", "Facts", "Guard", "Linked", "OpenDuty", "Person", "Record", "Remedy", "Sentence",
    "Unmet", "Word", "guardians_of", "is_recorded", "may_go_on", "plays", "select",
]  # fmt: skip

LEADERS = ("director", "deputy", "board")
"""Who may state in writing that a guardian cannot be reached."""

ATTEMPTS = 2
"""Failed attempts, on as many channels, after which a guardian counts as not to be reached."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would lift a denial: take a `step`, record a `milestone` (about `person`), fill a `field`, answer a `setting`."""

    kind: str
    name: str
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Unmet:
    """Why a guard is not met."""

    sentence: Sentence
    remedy: Remedy | None = None


Args = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Guard:
    """One word of the language: the arguments it needs, those it may have, and its check."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    unmet: Callable[[Args, Facts], Unmet | None]


def select(of: str, facts: Facts) -> tuple[frozenset[str], ...]:
    """The people a selector names, as groups of which one member is enough.

    Args:
        of: a selector of the vocabulary.
        facts: the case.

    Returns:
        One group per person to be reached; an empty group where nobody is known for that person; no group at all when the
        selector finds nobody. `case` selects no person.
    """
    return tuple(group for _, group in _groups(of, facts))


def _groups(of: str, facts: Facts) -> list[tuple[str, frozenset[str]]]:
    """As `select`, each group with the person it stands for."""
    if of == "subject":
        return [(key, frozenset({key})) for key in facts.subjects]
    if of == "subject_guardians":
        return [(pupil.id, guardians_of(pupil)) for pupil in facts.pupils()]
    if of == "each_guardian":
        return [(pupil.id, one) for pupil in facts.pupils() for one in _singles(guardians_of(pupil))]
    if of == "pupils_guardians":
        inside = (one for one in facts.people if one.case_roles - {"reporter", "bystander"} or one.id in facts.subjects)
        return [(pupil.id, guardians_of(pupil)) for pupil in inside if pupil.kind == "pupil"]
    if of == "targets":
        return [(one.id, frozenset({one.id})) for one in facts.people if "target" in one.case_roles]
    if of == "pupils_mentor":
        return [(pupil.id, frozenset(pupil.mentors)) for pupil in facts.pupils()]
    return []


def guardians_of(one: Person) -> frozenset[str]:
    """The guardians of somebody; a pupil of 18 stands in their place."""
    return frozenset({one.id}) if one.kind == "pupil" and one.age is not None and one.age >= ADULT else frozenset(one.guardians)


def _singles(group: frozenset[str]) -> list[frozenset[str]]:
    return [frozenset({key}) for key in sorted(group)] or [group]


_ONLY = gettext_noop("Only {roles} may do this.")
_NEVER = gettext_noop("This protocol does not provide for this.")
_FILL = gettext_noop("Still to be filled in: {fields}.")
_MUST_BE = gettext_noop("“{field}” must be {values}.")
_AT_LEAST = gettext_noop("“{field}” must be at least {value}.")
_AT_MOST = gettext_noop("“{field}” may be at most {value}.")
_NOT_BEFORE = gettext_noop("“{field}” may not be before {value}.")
_NOT_AFTER = gettext_noop("“{field}” may not be after {value}.")
_ORDER = gettext_noop("“{then}” may not be before “{first}”.")
_DISTINCT = gettext_noop("These must be different people: {one}; {other}.")
_UNKNOWN_PERSON = gettext_noop("It is not known who this is: {one}.")
_FIRST = gettext_noop("First: {what}.")
_FIRST_WITH = gettext_noop("First: {what} ({details}).")
_BY = gettext_noop("by {roles}")
_AFTER = gettext_noop("after the step “{step}”")
_WITH = gettext_noop("“{field}”: {values}")
_NOBODY = gettext_noop("First: {what}. But nobody is known as {of}.")
_LINKED = gettext_noop("First the {type} must be {states}.")
_LINKED_MISSING = gettext_noop("First a {type} is needed that is {states}.")
_LINKED_COUNT = gettext_noop("First {n} times a {type} that is {states}.")
_FILED = gettext_noop("Not yet in the {file}, number of pieces: {n}.")
_DUTIES = gettext_noop("Still to do: {duties}.")
_LOOKS = gettext_noop("“{field}” must look like {pattern}.")


def _field(name: str) -> Word:
    return Word("field", name)


def _fill(*names: str) -> Unmet:
    return Unmet(sentence(_FILL, fields=tuple(_field(name) for name in names)), Remedy("field", names[0]))


def _by_role(args: Args, facts: Facts) -> Unmet | None:
    if facts.by is None or plays(facts.by.roles, args["roles"]):
        return None
    return Unmet(sentence(_ONLY, roles=tuple(Word("role", role) for role in args["roles"])))


def _never(args: Args, facts: Facts) -> Unmet | None:
    return Unmet(sentence(_NEVER))


def _filled(args: Args, facts: Facts) -> Unmet | None:
    missing = [name for name in args["fields"] if facts.get(name) is MISSING]
    return _fill(*missing) if missing else None


def _values(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, (tuple, list, frozenset)) else (value,)


def _one_of(args: Args, facts: Facts) -> Unmet | None:
    name = args["field"]
    if "values_from" in args:
        wanted = _values(facts.settings.get(args["values_from"]))
        if all(blank(one) for one in wanted):
            return _setting(args["values_from"])
    else:
        wanted = args["values"]
    value = facts.get(name)
    if value is not MISSING and all(any(same(one, good) for good in wanted) for one in _values(value)):
        return None
    words = tuple(value_word(name, one) for one in wanted)
    return Unmet(sentence(_MUST_BE, field=_field(name), values=words), Remedy("field", name))


def _setting(name: str) -> Unmet:
    return Unmet(sentence(_FILL, fields=(Word("setting", name),)), Remedy("setting", name))


def _bound(number: str, day: str, fits: Callable[[int], bool]) -> Callable[[Args, Facts], Unmet | None]:
    def unmet(args: Args, facts: Facts) -> Unmet | None:
        name, bound = args["field"], args["value"]
        value = facts.get(name)
        orders = [None] if value is MISSING else [compare(one, bound) for one in _values(value)]
        if all(order is not None and fits(order) for order in orders):
            return None
        template = day if isinstance(bound, date) else number
        return Unmet(sentence(template, field=_field(name), value=value_word(name, bound)), Remedy("field", name))

    return unmet


def _in_order(args: Args, facts: Facts) -> Unmet | None:
    first, then = args["first"], args["then"]
    missing = [name for name in (first, then) if facts.get(name) is MISSING]
    if missing:
        return _fill(*missing)
    order = compare(facts.get(first), facts.get(then))
    if order is not None and order <= 0:
        return None
    return Unmet(sentence(_ORDER, first=_field(first), then=_field(then)), Remedy("field", then))


def _distinct(args: Args, facts: Facts) -> Unmet | None:
    one, other = args["one"], args["other"]
    if facts.by is None and "by" in (one, other):
        return None
    sides = []
    for name in (one, other):
        value = facts.ask(name)
        if value is MISSING and name == "reporter" and facts.get("anonymous") is True:
            return None  # somebody nobody knows cannot be shown to be the other; the rules on anonymous reports guard this
        if value is MISSING:
            return Unmet(sentence(_UNKNOWN_PERSON, one=_field(name)), _to_name(name))
        sides.append(frozenset(_values(value)))
    if sides[0].isdisjoint(sides[1]):
        return None
    return Unmet(sentence(_DISTINCT, one=_field(one), other=_field(other)), _to_name(other))


def _to_name(name: str) -> Remedy | None:
    """What lifts it where a form names the person; who is in a case or takes a step is no field."""
    return Remedy("field", name) if name in FIELDS and FIELDS[name].kind == "person" else None


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _counting(args: Args, facts: Facts) -> list[Record]:
    """The records that a `recorded` line may count, in log order."""
    what, since, roles = args["what"], args.get("since"), args.get("by")
    wanted: Mapping[str, Iterable[object]] = args.get("value", {})
    own = "." in what and what.split(".", 1)[0] == facts.case_type
    found = [one for one in facts.records if one.what == what and (not own or one.case == facts.case_id)]
    if since is not None:
        step = since if "." in since else f"{facts.case_type}.{since}"
        mine = step.split(".", 1)[0] == facts.case_type
        starts = [one for one in facts.records if one.what == step and (not mine or one.case == facts.case_id)]
        if not starts:
            return []
        start = max((_minute(one.at), one.seq) for one in starts)
        found = [one for one in found if (_minute(one.at), one.seq) > start]
    if roles:
        found = [one for one in found if plays(one.by_roles, roles)]
    for name, values in wanted.items():
        found = [one for one in found if any(same(said, good) for said in _values(one.data.get(name)) for good in values)]
    return found


def _reached(person: str, tries: list[Record]) -> bool:
    """Whether the guardian was informed, or cannot be: tried on two channels, and a leader wrote down why that is enough."""
    own = [one for one in tries if one.person == person]
    if any(one.data.get("reached") is not False for one in own):
        return True
    return _tried(person, tries) and any(plays(one.by_roles, LEADERS) and not blank(one.data.get("reason")) for one in own)


def _tried(person: str, tries: list[Record]) -> bool:
    """Whether enough attempts at a guardian failed, on different channels."""
    own = [one for one in tries if one.person == person]
    channels = {one.data.get("channel") for one in own if not blank(one.data.get("channel"))}
    return len(own) >= ATTEMPTS and len(channels) >= ATTEMPTS


def may_go_on(args: Args, facts: Facts) -> bool:
    """Whether a leader who takes the step may give the reason there: a guardian in each group was tried often enough in vain."""
    if args.get("what") != "parents_informed" or args.get("of", "case") == "case":
        return False
    if facts.by is None or not plays(facts.by.roles, LEADERS):
        return False
    found = _counting(args, facts)
    missing = _missing_groups(args, facts) or []
    return bool(missing) and all(any(_tried(one, found) for one in group) for group in missing)


def _missing_groups(args: Args, facts: Facts) -> list[frozenset[str]] | None:
    """The groups for which nothing is recorded; None when the selector finds nobody (for somebody)."""
    what, of = args["what"], args["of"]
    groups = _groups(of, facts)
    if args.get("each"):
        groups = [(person, one) for person, group in groups for one in _singles(group)]
    if not groups or any(not group for _, group in groups):
        return None
    found = _counting(args, facts)
    people = {one.person for one in found}
    if what == "parents_informed":
        return [group for _, group in groups if not any(_reached(one, found) for one in group)]
    if what == "mentor_informed":  # this milestone may name the pupil whose mentor was told
        return [group for person, group in groups if person not in people and people.isdisjoint(group)]
    return [group for _, group in groups if people.isdisjoint(group)]


def is_recorded(args: Args, facts: Facts) -> bool:
    """Whether a `recorded` line with these arguments (what, of, by, value, since, each) is met."""
    if args.get("of", "case") == "case":
        return bool(_counting(args, facts))
    return _missing_groups(args, facts) == []


def _recorded(args: Args, facts: Facts) -> Unmet | None:
    what, of = args["what"], args.get("of", "case")
    person: str | None = None
    if of == "case":
        if _counting(args, facts):
            return None
    else:
        missing = _missing_groups(args, facts)
        if missing is None:
            return Unmet(sentence(_NOBODY, what=what_word(what), of=Word("people", of)), _to_record(what))
        if not missing:
            return None
        alone = [group for group in missing if len(group) == 1]
        person = next(iter(alone[0])) if alone else None
    return Unmet(_first(args, facts, of), _to_record(what, person))


def _to_record(what: str, person: str | None = None) -> Remedy:
    return Remedy("step" if "." in what else "milestone", what, person)


def _first(args: Args, facts: Facts, of: str) -> Sentence:
    details: list[object] = [] if of == "case" else [Word("people", of)]
    if args.get("by"):
        details.append(sentence(_BY, roles=tuple(Word("role", role) for role in args["by"])))
    for name, values in args.get("value", {}).items():
        details.append(sentence(_WITH, field=_field(name), values=tuple(value_word(name, one) for one in values)))
    since = args.get("since")
    if since is not None and since != "report":
        step = since if "." in since else f"{facts.case_type}.{since}"
        details.append(sentence(_AFTER, step=Word("step", step)))
    if not details:
        return sentence(_FIRST, what=what_word(args["what"]))
    return sentence(_FIRST_WITH, what=what_word(args["what"]), details=tuple(details))


def _linked(args: Args, facts: Facts) -> Unmet | None:
    kind, states, wanted = args["type"], args["states"], args.get("at_least", 0)
    cases = [one for one in facts.linked if one.type == kind]
    if args.get("via") == "person":
        cases = [one for one in cases if one.person in facts.subjects]
    good = sum(one.state in states for one in cases)
    words = {"type": Word("type", kind), "states": tuple(Word(f"state.{kind}", state) for state in states)}
    if good < len(cases):
        step = leads_to(kind, states)
        return Unmet(sentence(_LINKED, **words), Remedy("step", step) if step else None)
    if good < wanted:
        template = _LINKED_MISSING if wanted == 1 else _LINKED_COUNT
        return Unmet(sentence(template, **words, n=wanted), Remedy("step", creating_step(kind)))
    return None


def _filed(args: Args, facts: Facts) -> Unmet | None:
    pieces = facts.unfiled.get(args["file"], 0)
    if not pieces:
        return None
    return Unmet(sentence(_FILED, file=Word("file", args["file"]), n=pieces), Remedy("milestone", "filed"))


def _duties_done(args: Args, facts: Facts) -> Unmet | None:
    tasks = [one.task for one in facts.duties if one.owner and (facts.case_type == "incident" or one.case == facts.case_id)]
    if not tasks:
        return None
    return Unmet(sentence(_DUTIES, duties=tuple(what_word(task) for task in dict.fromkeys(tasks))), _to_record(tasks[0]))


def _matches(args: Args, facts: Facts) -> Unmet | None:
    name, pattern = args["field"], facts.settings.get(args["pattern"])
    if not isinstance(pattern, str) or blank(pattern):
        return _setting(args["pattern"])
    for key, text in facts.names.items():
        pattern = pattern.replace("{" + key + "}", text)
    value = facts.get(name)
    if isinstance(value, str) and fnmatchcase(_bare(value), _bare(pattern)):
        return None
    return Unmet(sentence(_LOOKS, field=_field(name), pattern=pattern), Remedy("field", name))


def _bare(text: str) -> str:
    """The text without spaces and capitals, by which names of accounts are compared."""
    return "".join(text.casefold().split())


GUARDS: Mapping[str, Guard] = {
    "by_role": Guard(("roles",), (), _by_role),
    "never": Guard((), (), _never),
    "filled": Guard(("fields",), (), _filled),
    "one_of": Guard(("field",), ("values", "values_from"), _one_of),
    "at_least": Guard(("field", "value"), (), _bound(_AT_LEAST, _NOT_BEFORE, lambda order: order >= 0)),
    "at_most": Guard(("field", "value"), (), _bound(_AT_MOST, _NOT_AFTER, lambda order: order <= 0)),
    "in_order": Guard(("first", "then"), (), _in_order),
    "distinct": Guard(("one", "other"), (), _distinct),
    "recorded": Guard(("what",), ("of", "by", "value", "since", "each"), _recorded),
    "linked": Guard(("type", "states"), ("at_least", "via"), _linked),
    "filed": Guard(("file",), (), _filed),
    "duties_done": Guard((), (), _duties_done),
    "matches": Guard(("field", "pattern"), (), _matches),
}
"""Every guard by name (design: "Guards"). Closed: a pack combines these and has no other words."""
