"""The guards: the closed list of what a line of a pack may demand, each with its sentence.

PURE: a guard looks at `Facts` and says what is unmet, in one sentence, and what would lift it. No school, no article
and no database is known here. A value nobody gave makes any guard unmet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from .conditions import MISSING, blank, compare, same, values_of
from .recorded import recorded, to_record
from .sentences import Word, gettext_noop, sentence, value_word, what_word
from .shapes import creating_step, leads_to
from .situation import Facts, plays
from .unmet import Args, Remedy, Unmet
from .vocabulary import FIELDS


@dataclass(frozen=True, slots=True)
class Guard:
    """One word of the language: the arguments it needs, those it may have, and its check."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    unmet: Callable[[Args, Facts], Unmet | None]


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


def _one_of(args: Args, facts: Facts) -> Unmet | None:
    name = args["field"]
    if "values_from" in args:
        wanted = values_of(facts.settings.get(args["values_from"]))
        if all(blank(one) for one in wanted):
            return _setting(args["values_from"])
    else:
        wanted = args["values"]
    value = facts.get(name)
    if value is not MISSING and all(any(same(one, good) for good in wanted) for one in values_of(value)):
        return None
    words = tuple(value_word(name, one) for one in wanted)
    return Unmet(sentence(_MUST_BE, field=_field(name), values=words), Remedy("field", name))


def _setting(name: str) -> Unmet:
    return Unmet(sentence(_FILL, fields=(Word("setting", name),)), Remedy("setting", name))


def _bound(number: str, day: str, fits: Callable[[int], bool]) -> Callable[[Args, Facts], Unmet | None]:
    def unmet(args: Args, facts: Facts) -> Unmet | None:
        name, bound = args["field"], args["value"]
        value = facts.get(name)
        orders = [None] if value is MISSING else [compare(one, bound) for one in values_of(value)]
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
        sides.append(frozenset(values_of(value)))
    if sides[0].isdisjoint(sides[1]):
        return None
    return Unmet(sentence(_DISTINCT, one=_field(one), other=_field(other)), _to_name(other))


def _to_name(name: str) -> Remedy | None:
    """What lifts it where a form names the person; who is in a case or takes a step is no field."""
    return Remedy("field", name) if name in FIELDS and FIELDS[name].kind == "person" else None


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
    return Unmet(sentence(_DUTIES, duties=tuple(what_word(task) for task in dict.fromkeys(tasks))), to_record(tasks[0]))


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
    "recorded": Guard(("what",), ("of", "by", "value", "since", "each"), recorded),
    "linked": Guard(("type", "states"), ("at_least", "via"), _linked),
    "filed": Guard(("file",), (), _filed),
    "duties_done": Guard((), (), _duties_done),
    "matches": Guard(("field", "pattern"), (), _matches),
}
"""Every guard by name (docs/packs.md, "The guards"). Closed: a pack combines these and has no other words."""
