"""What one scenario is played on: its cast and cases, and the neutral data for what a step leaves unsaid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

from workflows import clock, commands, protocol, roots, scenario_cast, scenario_roots
from workflows.actors import actor_for
from workflows.commands import ANONYMOUS, SYSTEM
from workflows.facts import fresh, load, unopened
from workflows.letter_fields import NEEDS
from workflows.line_reader import hint
from workflows.models import CASE_TYPES, Case, Person
from workflows.pinned import pins_for
from workflows.scenario_reader import ALIASES, ScenarioError
from workflows.schooldays import AMSTERDAM
from workflows.shapes import PARENTS
from workflows.situation import Facts
from workflows.vocabulary import FIELDS, STEPS, field_of

NEUTRAL: Mapping[str, Any] = {
    "scope": "school_related", "capacity": "personal", "published": True, "possibly_criminal": False, "school_medium": False,
    "confidential": False, "origin": "report", "act": "post", "with": "ict_coordinator", "channel": "phone", "reached": True,
    "manner": "public", "advice_kind": "advice", "mediation_possible": True, "action": "kept_apart", "police_hold": False,
    "police_outcome": "unknown", "outcome": "settled_by_talk", "mode": "school", "asks": "withdraw_publication", "how": "post_removed",
    "severity": 1, "school_days": 1, "kind": "warning", "finding": "deliberate", "bound_to": "device", "help_contact": "mentor",
    "category": "other", "purpose": "school_publication", "moment": "on_request", "authority": True, "language": "nl",
    "text_version": "test", "harm_expected": False, "counterparty": "pupil", "asked_by": "employee", "target_account": "personal",
    "tie": "none", "parents_told": True, "account_kind": "school", "aim": "communicating", "responsible": "director",
    "professional": True, "no_private_data": True, "moderation": "message_removed", "lesson_level": "1",
}  # fmt: skip
"""What the runner fills in where a step says nothing and the pack names no value of its own."""

NEVER_FILLED = frozenset({
    "anonymous", "falls_on_child", "exclude", "on_behalf_of", "owner", "happened", "person", "lesson", "answer", "account", "addressees",
    *ALIASES.values(),
})  # fmt: skip
"""What somebody has to say themselves."""

DAYS: Mapping[str, int] = {
    "return_talk_on": 14, "until": 180, "account_until": 180, "review_on": 90, "tie_since": -3650, "contact_since": -365
}  # fmt: skip
"""Days from today of a date that is filled in, where it is not today."""

ONLY_ASKED = frozenset({"until", "account_until", "review_on", "tie_since", "contact_since", "lesson_level"})
"""What is filled in only where a line asks for it."""


LOOKED_AT = ("letters", "copies", "tasks", "mails", "sees", "log", "until")
"""What an expectation may look at beside the states of cases."""


@dataclass(slots=True)
class World:
    """One scenario under way: cast, protocol, the cases opened so far by name and type."""

    cast: scenario_cast.Cast
    found: protocol.Protocol
    named: dict[str, Case] = field(default_factory=dict)
    quiet: set[int] = field(default_factory=set)
    """Cases that are there for the others' sake, and that no scenario means."""
    notes: list[str] = field(default_factory=list)
    """What a scenario says that does no harm, and is worth a word when it fails."""

    def latest(self, case_type: str) -> Case:
        """The latest case of a type."""
        case = Case.objects.filter(school=self.cast.school, type=case_type).exclude(pk__in=self.quiet).order_by("-pk").first()
        if case is None:
            raise ScenarioError(f"there is no {case_type} yet")
        return self.again(case)

    def again(self, case: Case) -> Case:
        """The same case as it stands now."""
        case = Case.objects.select_related("school", "parent").get(pk=case.pk)
        case.__class__ = CASE_TYPES[case.type]
        return case

    def case(self, name: str | None, case_type: str) -> Case:
        """The named case, or the latest of a type; where that is a case of another type, the one it belongs to or its latest track."""
        if name is None:
            return self.latest(case_type)
        if name not in self.named and name not in CASE_TYPES:
            raise ScenarioError(f"no case was named “{name}”. Named: {', '.join(self.named) or 'none'}")
        case = self.called(name)
        if case.type == case_type:
            return case
        if case.parent is not None and case.parent.type == case_type:
            return self.again(case.parent)
        track = Case.objects.filter(parent=case, type=case_type).order_by("-pk").first()
        if track is None:
            raise ScenarioError(f"“{name}” has no {case_type} yet")
        return self.again(track)

    def called(self, name: str) -> Case:
        """The named case, or the latest of a type."""
        if name in self.named:
            return self.again(self.named[name])
        if name not in CASE_TYPES:
            raise ScenarioError(f"nothing is known as “{name}” to expect something of. {hint(name, (*self.named, *CASE_TYPES, *LOOKED_AT))}")
        return self.latest(name)

    def root(self) -> Case:
        """The latest incident, or without one the latest case that stands by itself."""
        roots = Case.objects.filter(school=self.cast.school, parent=None).exclude(pk__in=self.quiet).order_by("-pk")
        case = roots.filter(type="incident").first() or roots.first()
        if case is None:
            raise ScenarioError("there is no case yet")
        return self.again(case)

    def parent(self, name: str | None, track: str) -> Case:
        """The case to which a new track belongs: the named one, or the latest incident."""
        named = self.named[name].type if name in self.named else name
        return self.case(name, named if named in PARENTS[track] else "incident")

    def person(self, name: str) -> Person:
        """Somebody of the cast."""
        if name not in self.cast.people:
            raise ScenarioError(f"“{name}” is not in the cast: {', '.join(sorted(self.cast.people))}, anonymous, system")
        return self.cast.people[name]

    def actor(self, name: str) -> Any:
        """Who acts: a user, a person behind a link, the system or nobody by name."""
        if name == "anonymous":
            return ANONYMOUS
        if name == "system":
            return SYSTEM
        return self.cast.users.get(name) or self.person(name)


def ask(world: World, case: Case, step: str, by: Any, data: Mapping[str, Any]) -> Facts:
    """Return what the rules see of this step, to find out what it still lacks."""
    actor = None if by in (ANONYMOUS, SYSTEM) else actor_for(by, world.cast.school)[0]
    if case.pk is None and case.type in roots.TOPIC:
        case = _unopened(world, case, by, data)
        loaded = unopened(case, roots.people_of([case], clock.today())[0])
    elif case.parent_id is None and case.pk is None:
        roles: dict[int, frozenset[str]] = {}
        for name, role in commands.ROLE_OF_FIELD.items():
            for person in data.get(name, []):
                roles[person.pk] = roles.get(person.pk, frozenset()) | {role}
        loaded = fresh(world.cast.school, roles)
        case = loaded.root
    else:
        loaded = load(world.again(case.parent or case))
        if case.type == "measure" and case.person_id is None:
            suspects = [person for person in loaded.people if "suspect" in person.case_roles]
            case.person_id = int(suspects[0].id) if len(suspects) == 1 else None
    shown = {name: str(value.key) if isinstance(value, Case) else value for name, value in data.items() if not isinstance(value, (Person, list))}
    if case.type in roots.TOPIC:
        shown |= {name: str(value.pk) for name, value in data.items() if isinstance(value, Person)}
        shown |= {name: tuple(str(one.pk) for one in value) for name, value in data.items() if isinstance(value, list)}
    return loaded.for_step(case, step, actor=actor, data=shown)


def _unopened(world: World, case: Case, by: Any, data: Mapping[str, Any]) -> Case:
    """Return the consent, connection or account as it would be opened with this data."""
    own = case.type != "consent" and by not in (ANONYMOUS, SYSTEM) and data.get("target_account") != "school_page"
    opener = actor_for(by, world.cast.school)[1] if own else None
    people = {name: [one.pk for one in value] if isinstance(value, list) else getattr(value, "pk", None) for name, value in data.items()}
    return Case(
        school=world.cast.school, type=case.type, person=data.get(roots.PERSON[case.type]) or opener, opened_at=clock.now(),
        pins=pins_for(world.cast.school, clock.today(), None), facts={name: people[name] for name in ("asked", "counterpart") if people.get(name)},
    )  # fmt: skip


def filled(
    world: World, case: Case, step: str, given: dict[str, Any], fields: tuple[str, ...], by: Any, person: Person | None = None
) -> dict[str, Any]:
    """Add neutral valid data for what the step does not name and nobody has answered before."""
    day = clock.today()
    opener = None if by in (ANONYMOUS, SYSTEM) else actor_for(by, world.cast.school)[1]
    given = scenario_roots.without_the_pupil(step, given, opener, case.person_id)
    facts = ask(world, case, step, by, {**given, **({"person": person} if person else {})})
    data = {**given, **scenario_roots.people(world.cast, step, given, opener, _asked_here(world, step, facts))}
    data |= scenario_roots.facts_of_connection(step, given, opener, day)
    for name in fields:
        if name in data or name in NEVER_FILLED:
            continue
        spec = field_of(case.type, name)
        told_before = name not in ("reason", "note", "severity") and (name in facts.case or name in facts.incident)
        if (told_before and step != "measure.propose") or (told_before and name in facts.incident and name != "category"):
            continue
        if name == "severity" and step == "incident.triage" and facts.case.get("severity") is not None:
            data[name] = facts.case["severity"]
            continue
        if spec.is_words and step in STEPS and not STEPS[step].creates and name not in _asked_here(world, step, facts):
            continue
        if name in ONLY_ASKED and name not in _asked_here(world, step, replace(facts, data={**facts.data, **_plain(data)})):
            continue
        wanted = _wanted(world, step, name, facts)
        if wanted is not None:
            data[name] = wanted
        elif name == "form":
            data[name] = "paper" if "person" in given and given["person"] != by else "link"
        elif name == "channel" and case.type == "consent":
            data[name] = "instagram"
        elif spec.is_words:
            data[name] = "…"
        elif spec.kind == "date":
            data[name] = scenario_roots.within_its_term(name, day + timedelta(days=DAYS.get(name, 0)), {**facts.case, **data})
        elif spec.kind == "moment":
            data[name] = datetime.combine(day + timedelta(days=1), time(10, 0), AMSTERDAM)
        elif name == "file":
            data[name] = "personnel_file" if any(p.kind == "employee" and p.id in facts.subjects for p in facts.people) else "pupil_file"
        elif name in NEUTRAL:
            data[name] = NEUTRAL[name]
    if step == "account.request" and "name" not in given:
        told = replace(facts, data={**facts.data, **_plain(data)})
        data["name"] = scenario_roots.name_of_account(world.cast, world.found, told, data.get("owner_person"))
    if step == "friend_request.declare" and data["target_account"] in ("lesson", "project") and "account" not in given:
        data["account"] = scenario_roots.register_quietly(world.cast, data)
        world.quiet.add(data["account"].pk)
    if step == "incident.report":
        data.pop("severity", None) if "severity" not in given else None
        person = world.cast.person_of(by) if by in world.cast.users.values() else by
        if "help_contact" not in given and (by in (ANONYMOUS, SYSTEM) or getattr(person, "kind", "") != "pupil"):
            data.pop("help_contact", None)
    return data


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if not isinstance(value, (Person, Case, list))}


def _asked_here(world: World, step: str, facts: Facts) -> set[str]:
    """Return the fields that this step insists on, by itself, in a line of the pack or for one of its letters."""
    asked = set(STEPS[step].required) if step in STEPS else set()
    for line in world.found.at(step, facts.case_type).lines:
        if facts.judge(line.when) is False:
            continue
        asked |= set(line.args.get("fields", ())) | {line.args.get(name, "") for name in ("field", "first", "then")}
    for letter in world.found.at(step, facts.case_type).letters:
        asked |= set(NEEDS[letter.letter].facts)
    return asked


def _wanted(world: World, step: str, name: str, facts: Facts) -> Any:
    """Return the first value that the pack's own lines for this step want for a choice, or None."""
    if FIELDS[name].kind not in ("choice", "yes_no"):
        return None
    for line in world.found.at(step, facts.case_type).lines:
        if line.guard == "one_of" and line.args["field"] == name and facts.judge(line.when) is not False:
            given = line.args.get("values") or facts.settings.get(line.args["values_from"])
            if given:
                return given[0] if isinstance(given, (list, tuple)) else given
    return None
