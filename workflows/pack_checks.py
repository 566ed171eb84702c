"""What only shows when layers lie on each other: a line looser than an inherited one, roles that exclude each other,
an article that nothing uses, a state nobody can reach.

PURE. Faults of a single line are found while reading (`workflows.pack_reader`); a pack with those does not load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from typing import Any

from .conditions import Condition, compare
from .line_reader import hint
from .rules import STRENGTHS, Layer, Line, Problem, Protocol
from .sentences import FACTS
from .shapes import INITIAL, creating_step, moves
from .situation import fields_of
from .vocabulary import DERIVED_FACTS, FIELDS, MILESTONES, STAFF_ROLES, STATES, STEPS, case_type_of, group_of

Args = Mapping[str, Any]
Verdict = tuple[bool, bool] | None
"""Whether the first is somewhere weaker, and somewhere stronger; None when the two demand different things."""


def check(protocol: Protocol, answers: Mapping[str, object] | None = None) -> tuple[Problem, ...]:
    """Everything that is wrong with a protocol that loads.

    Args:
        protocol: with the layers of all its sectors.
        answers: a school's answers to the settings; with them, an empty one is a problem too.

    Returns:
        Problems of the pack's own file, and of its interplay with the layers below it; empty when it is sound.
    """
    found: list[Problem] = [*_unused(protocol), *_drops(protocol), *_unconfirmed(protocol), *_out_of_reach(protocol)]
    for sector in protocol.sectors or ("",):
        view = protocol.for_sector(sector) if protocol.sectors else protocol
        if view.key == protocol.key:
            found += [*_looser(view), *_clashes(view), *_unreachable(view)]
    if answers is not None:
        file = protocol.file
        found += [Problem(file, f"settings.{one.key}", "The school has not answered this.") for one in protocol.unanswered(answers)]
    return tuple(dict.fromkeys(found))


def _unused(protocol: Protocol) -> Iterator[Problem]:
    own = protocol.layers[-1]
    for key, article in own.articles.items():
        if key not in own.cited and not article.pupil:
            way_out = "Cite it in a line, a letter or a setting, or give it words for pupils."
            yield Problem(own.file, f'articles."{key}"', "Nothing uses this article.", way_out)


def _drops(protocol: Protocol) -> Iterator[Problem]:
    own, below = protocol.layers[-1], protocol.layers[:-1]
    for key in own.drops:
        layer = next((layer for layer in below if key in layer.articles), None)
        if layer is None:
            known = [article for one in below if not one.binding for article in one.articles]
            yield Problem(own.file, "drops", f"Unknown article “{key}”.", hint(key, known))
        elif layer.binding:
            yield Problem(own.file, "drops", f"“{key}” of “{layer.key}” is binding.", "Only defaults can be dropped.")


def _unconfirmed(protocol: Protocol) -> Iterator[Problem]:
    own = protocol.layers[-1]
    for line in own.lines if own.sector else ():
        cited = [own.articles[key] for key in line.articles if key in own.articles]
        if line.strength == "block" and cited and not any(article.confirmed for article in cited):
            message = "A statutory line whose reading is unconfirmed may not block."
            yield Problem(own.file, line.key, message, 'Write strength = "answer", or confirm the article.')


# Looser than an inherited line (docs/packs.md, “Layers”, 1)


def _looser(protocol: Protocol) -> Iterator[Problem]:
    own = protocol.layers[-1]
    inherited = [line for layer in protocol.layers[:-1] if layer.binding for line in layer.lines]
    for line in own.lines:
        for base in inherited:
            if _covers(base.place, line.place) and base.guard == line.guard and is_looser(line, base):
                message = f"This line is looser than {', '.join(base.articles)} of “{base.layer}”."
                yield Problem(own.file, line.key, message, "A layer can only add: make it as strict, or leave it out.")
    asked = [line for layer in protocol.layers[:-1] if layer.binding for line in layer.signers]
    for signer in own.signers:
        for other in asked:
            if other.who == signer.who and other.each and not signer.each and _inside(signer.when, other.when):
                message = f"This line is looser than {', '.join(other.articles)} of “{other.layer}”, which asks each of them."
                yield Problem(own.file, signer.key, message, "A layer can only add signers: ask each of them too, or leave it out.")


def _covers(base: str, place: str) -> bool:
    return base == place or base == place.rpartition(".")[0] + ".any"


def is_looser(line: Line, base: Line) -> bool:
    """Whether a line of the same guard only weakens an inherited one: wherever it speaks, the inherited line speaks too."""
    if line.guard is None or not _inside(line.when, base.when):
        return False
    verdict = _COMPARE.get(line.guard, _equal)(line.args, base.args)
    if verdict is None:
        return False
    order = STRENGTHS.index(line.strength) - STRENGTHS.index(base.strength)
    weaker, stronger = verdict[0] or order < 0, verdict[1] or order > 0
    if line.strength == base.strength == "answer":
        by = _sets(_people(line.answer_by) or None, _people(base.answer_by) or None)
        weaker, stronger = weaker or bool(by and by[0]), stronger or bool(by and by[1])
    return weaker and not stronger


def _inside(own: Iterable[Condition], base: Iterable[Condition]) -> bool:
    """Whether `own` can only hold where `base` holds."""
    own = tuple(own)
    return all(any(_implies(one, other) for one in own) for other in base)


def _implies(one: Condition, other: Condition) -> bool:
    if one.key == "kind" and other.key == "kind_group" and one.op == other.op == "in":
        return all(group_of(str(kind)) in other.values for kind in one.values)
    if one.key != other.key:
        return False
    if one.op == "in":
        return all(other.test(value) for value in one.values)
    if one.op != other.op:
        return False
    order = compare(one.values[0], other.values[0])
    return order is not None and (order >= 0 if one.op == "at_least" else order <= 0)


def _sets(own: frozenset[object] | None, base: frozenset[object] | None) -> Verdict:
    """More members are weaker; None admits everybody."""
    if own == base:
        return False, False
    if own is None or (base is not None and own > base):
        return True, False
    if base is None or own < base:
        return False, True
    return None


def _people(roles: Iterable[str]) -> frozenset[object]:
    found = frozenset(roles)
    return found | frozenset(STAFF_ROLES) if "employee" in found else found


def _all_of(*parts: Verdict) -> Verdict:
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    return any(part[0] for part in known), any(part[1] for part in known)


def _flip(verdict: Verdict) -> Verdict:
    return None if verdict is None else (verdict[1], verdict[0])


def _equal(own: Args, base: Args) -> Verdict:
    return (False, False) if own == base else None


def _by_role(own: Args, base: Args) -> Verdict:
    return _sets(_people(own["roles"]), _people(base["roles"]))


def _filled(own: Args, base: Args) -> Verdict:
    return _flip(_sets(frozenset(own["fields"]), frozenset(base["fields"])))


def _one_of(own: Args, base: Args) -> Verdict:
    if own["field"] != base["field"] or own.get("values_from") != base.get("values_from"):
        return None
    return _sets(frozenset(own.get("values", ())), frozenset(base.get("values", ())))


def _bound(weaker: int) -> Callable[[Args, Args], Verdict]:
    def verdict(own: Args, base: Args) -> Verdict:
        order = compare(own["value"], base["value"]) if own["field"] == base["field"] else None
        return None if order is None else (order == weaker, order == -weaker)

    return verdict


def _distinct(own: Args, base: Args) -> Verdict:
    return (False, False) if {own["one"], own["other"]} == {base["one"], base["other"]} else None


def _has(own: object, base: object) -> Verdict:
    """An argument that narrows: leaving it out is weaker, another value is another demand."""
    if own == base:
        return False, False
    return (True, False) if not own else (False, True) if not base else None


def _recorded(own: Args, base: Args) -> Verdict:
    if own["what"] != base["what"]:
        return None
    by = _sets(*(_people(args["by"]) if args.get("by") else None for args in (own, base)))
    said = [frozenset(args.get("value", {}).items()) for args in (own, base)]
    each = _has(*(bool(args.get("each")) or args.get("of") == "each_guardian" for args in (own, base)))
    of = _has(*(_plain(args.get("of", "case")) for args in (own, base)))
    return _all_of(by, _flip(_sets(*said)), _has(own.get("since"), base.get("since")), each, of)


def _plain(of: str) -> str:
    return {"case": "", "each_guardian": "subject_guardians"}.get(of, of)


def _linked(own: Args, base: Args) -> Verdict:
    if own["type"] != base["type"] or own.get("via", "incident") != base.get("via", "incident"):
        return None
    few, many = own.get("at_least", 0), base.get("at_least", 0)
    return _all_of(_sets(frozenset(own["states"]), frozenset(base["states"])), (few < many, few > many))


_COMPARE: Mapping[str, Callable[[Args, Args], Verdict]] = {
    "by_role": _by_role,
    "filled": _filled,
    "one_of": _one_of,
    "at_least": _bound(-1),
    "at_most": _bound(1),
    "distinct": _distinct,
    "recorded": _recorded,
    "linked": _linked,
}
"""How two lines of a guard compare; a guard not named here has nothing to loosen but its strength."""


# Roles that exclude each other (docs/packs.md, “Layers”, 2)


def _clashes(protocol: Protocol) -> Iterator[Problem]:
    for place, rules in protocol.index.items():
        if place.endswith(".any") or _left_out(rules.lines):
            continue
        lines = [line for line in rules.lines if line.guard == "by_role" and line.strength == "block"]
        for one, other in combinations(lines, 2):
            if _people(one.args["roles"]).isdisjoint(_people(other.args["roles"])) and _together(one, other, place):
                # The later line is the one that was added, and the one to change.
                message = f"Nobody can meet both this line and {', '.join(one.articles)} of “{one.layer}”: they share no role."
                yield Problem(other.file, other.key, message, "Let them share a role, or let their conditions exclude each other.")


def _together(one: Line, other: Line, place: str) -> bool:
    """Whether both conditions can hold at once."""
    # An incident may have suspects and targets of several kinds; a measure has one person.
    several = {"target", "by_kind"} if ".measure." in place else {"target", "by_kind", "subject", "age"}
    return all(a.key in several or _meet(a, b) for a in one.when for b in other.when)


def _meet(one: Condition, other: Condition) -> bool:
    if {one.key, other.key} == {"kind", "kind_group"} and one.op == other.op == "in":
        kinds, groups = (one, other) if one.key == "kind" else (other, one)
        return any(group_of(str(kind)) in groups.values for kind in kinds.values)
    if one.key != other.key:
        return True
    if one.op == "in":
        return any(other.test(value) for value in one.values)
    if other.op == "in":
        return _meet(other, one)
    low, high = (one, other) if one.op == "at_least" else (other, one)
    return one.op == other.op or compare(low.values[0], high.values[0]) == -1


# Words that cannot be asked at their place, and states nobody reaches


def _out_of_reach(protocol: Protocol) -> Iterator[Problem]:
    """Fields and facts of the pack's own lines that no step at that place ever asks for."""
    own = protocol.layers[-1]
    for line in own.lines:
        asked = _asked_at(line.place)
        named = [line.args[key] for key in ("field", "first", "then") if key in line.args] + list(line.args.get("fields", ()))
        for field in named:
            if field in FIELDS and field not in asked:
                message = f"No step of “{line.place.split('.')[1]}” asks for “{field}”."
                yield Problem(own.file, line.key, message, hint(field, asked))
    told = {name for table in MILESTONES.values() for one in table.values() for name in one.fields} | set(protocol.settings)
    for key, place, when in _conditions(own):
        for condition in when:
            if condition.key not in told and condition.key not in _asked_at(place):
                case_type = place.split(".")[1]
                message = f"The condition on “{condition.key}” can never hold here: no step of “{case_type}” asks for it."
                yield Problem(own.file, f"{key}.when", message, "Move the line to a step of the case that has it.")


def _conditions(layer: Layer) -> Iterator[tuple[str, str, tuple[Condition, ...]]]:
    yield from ((line.key, line.place, line.when) for line in layer.lines)
    yield from ((f"{duty.place}.duties", duty.place, duty.when) for duty in layer.duties)
    yield from ((f"{letter.place}.letters", letter.place, letter.when) for letter in layer.letters)
    yield from ((signer.key, "steps.consent.answer", signer.when) for signer in layer.signers)


@lru_cache(maxsize=256)
def _asked_at(place: str) -> frozenset[str]:
    """What a rule at this place may ask: computed facts, and the fields of the steps (and the milestone) there."""
    part, case_type, name = place.split(".")
    asked = fields_of(case_type) | {*FACTS, *DERIVED_FACTS, *_COMPUTED}
    if part == "records":
        milestones = MILESTONES[case_type]
        asked |= {field for milestone in milestones if name in (milestone, "any") for field in milestones[milestone].fields}
    return asked


_COMPUTED = ("severity", "falls_on_child", "anonymous", "mode", "suspects", "targets")


def _left_out(lines: Iterable[Line]) -> bool:
    """Whether an unconditional `never` leaves the step out."""
    return any(line.guard == "never" and line.strength == "block" and not line.when for line in lines)


def _unreachable(protocol: Protocol) -> Iterator[Problem]:
    own: Layer = protocol.layers[-1]
    if not own.is_complete:
        return
    for case_type, states in STATES.items():
        first = creating_step(case_type)
        if not protocol.mentions(first):
            orphans = [step for step in STEPS if case_type_of(step) == case_type and protocol.mentions(step)]
            if orphans:
                message = f"No layer provides for {first}, so no {case_type} can ever begin."
                yield Problem(own.file, f"steps.{first}", message, "Mention it, or leave it out with an unconditional never.")
            continue
        if _left_out(protocol.at(first, case_type).lines):
            continue
        provided = [move for move in moves(case_type) if protocol.mentions(move[0])]
        reached = _reach(case_type, provided)
        for state in states:
            if state not in reached:
                into = " or ".join(dict.fromkeys(step for step, _, end in moves(case_type) if end == state))
                message = f"The state “{state}” of “{case_type}” cannot be reached: no layer provides for {into}."
                yield Problem(own.file, f"steps.{case_type}", message, "Mention the step, or leave it out with an unconditional never.")


def _reach(case_type: str, provided: Iterable[tuple[str, str, str]]) -> set[str]:
    """The states that can be reached; steps left out by `never` count, because leaving out is then meant."""
    provided = list(provided)
    reached = {INITIAL[case_type]}
    while True:
        more = {end for _, start, end in provided if start in reached} - reached
        if not more:
            return reached
        reached |= more
