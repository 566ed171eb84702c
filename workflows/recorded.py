"""The guard `recorded`: whether something was written down in time, by the right role, about everybody it concerns.

PURE. What counts as reaching a guardian who does not answer is settled here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .conditions import blank, same, to_minute, values_of
from .selectors import groups_of, singles
from .sentences import Sentence, Word, gettext_noop, sentence, value_word, what_word
from .situation import Facts, Record, plays
from .unmet import Args, Remedy, Unmet

LEADERS = ("director", "deputy", "board")
"""Who may state in writing that a guardian cannot be reached."""

ATTEMPTS = 2
"""Failed attempts, on as many channels, after which a guardian counts as not to be reached."""

_FIRST = gettext_noop("First: {what}.")
_FIRST_WITH = gettext_noop("First: {what} ({details}).")
_BY = gettext_noop("by {roles}")
_AFTER = gettext_noop("after the step “{step}”")
_WITH = gettext_noop("“{field}”: {values}")
_NOBODY = gettext_noop("First: {what}. But nobody is known as {of}.")


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
        start = max((to_minute(one.at), one.seq) for one in starts)
        found = [one for one in found if (to_minute(one.at), one.seq) > start]
    if roles:
        found = [one for one in found if plays(one.by_roles, roles)]
    if wanted:  # a later word on the same case and person takes the place of an earlier one
        found = list({(one.case, one.person): one for one in found}.values())
    for name, values in wanted.items():
        found = [one for one in found if any(same(said, good) for said in values_of(one.data.get(name)) for good in values)]
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
    groups = groups_of(of, facts)
    if args.get("each"):
        groups = [(person, one) for person, group in groups for one in singles(group)]
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


def recorded(args: Args, facts: Facts) -> Unmet | None:
    """Say which record is lacking, and about whom; None when there is one about everybody.

    Args:
        args: of the line: what, of, by, value, since, each (docs/packs.md, “The guards”).
        facts: the case.
    """
    what, of = args["what"], args.get("of", "case")
    person: str | None = None
    if of == "case":
        if _counting(args, facts):
            return None
    else:
        missing = _missing_groups(args, facts)
        if missing is None:
            return Unmet(sentence(_NOBODY, what=what_word(what), of=Word("people", of)), to_record(what))
        if not missing:
            return None
        alone = [group for group in missing if len(group) == 1]
        person = next(iter(alone[0])) if alone else None
    return Unmet(_first(args, facts, of), to_record(what, person))


def to_record(what: str, person: str | None = None) -> Remedy:
    """What lifts a lacking record: taking the step (`type.step`) or noting the milestone `what`, about `person`."""
    return Remedy("step" if "." in what else "milestone", what, person)


def _first(args: Args, facts: Facts, of: str) -> Sentence:
    details: list[object] = [] if of == "case" else [Word("people", of)]
    if args.get("by"):
        details.append(sentence(_BY, roles=tuple(Word("role", role) for role in args["by"])))
    for name, values in args.get("value", {}).items():
        details.append(sentence(_WITH, field=Word("field", name), values=tuple(value_word(name, one) for one in values)))
    since = args.get("since")
    if since is not None and since != "report":
        step = since if "." in since else f"{facts.case_type}.{since}"
        details.append(sentence(_AFTER, step=Word("step", step)))
    if not details:
        return sentence(_FIRST, what=what_word(args["what"]))
    return sentence(_FIRST_WITH, what=what_word(args["what"]), details=tuple(details))
