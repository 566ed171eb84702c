"""Runs scenario files: the packs' tests, readable by a school leader, through the real commands.

A scenario moves a fixed cast through steps on a throw-away database and says what must come of it. The format is design
part 4 and docs/packs.md. `run` is what `manage.py check_protocol --scenarios` calls.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TextIO

from django.core.management import call_command
from django.db import connections, transaction
from django.db.utils import load_backend
from django.utils.dateparse import parse_date, parse_datetime, parse_time

from workflows import clock, commands, protocol, scenario_cast
from workflows.access import visible_to
from workflows.commands import ANONYMOUS, SYSTEM, InvalidData, StepDenied
from workflows.facts import actor_for, fresh, load, protocol_dirs
from workflows.guards import Facts
from workflows.letter_fields import NEEDS
from workflows.models import CASE_TYPES, Case, Duty, Letter, LogEntry, Outbox, Person
from workflows.schooldays import AMSTERDAM
from workflows.vocabulary import FIELDS, MILESTONES, STEPS, case_type_of

ALIASES = {"suspect": "suspects", "target": "targets", "participant": "participants", "sharer": "sharers", "bystander": "bystanders"}
"""One person may be named in the singular."""

CONTROL = frozenset({"by", "do", "record", "at", "as", "on", "denied", "answers", "advice", "invalid"})
"""Keys of a step that are no fields."""

NEUTRAL: Mapping[str, Any] = {
    "scope": "school_related", "capacity": "personal", "published": True, "possibly_criminal": False, "school_medium": False,
    "confidential": False, "origin": "report", "act": "post", "with": "ict_coordinator", "channel": "phone", "reached": True,
    "manner": "public", "advice_kind": "advice", "mediation_possible": True, "action": "kept_apart", "police_hold": False,
    "police_outcome": "unknown", "outcome": "settled_by_talk", "mode": "school", "asks": "withdraw_publication", "how": "post_removed",
    "severity": 1, "school_days": 1, "kind": "warning", "finding": "deliberate", "bound_to": "device", "help_contact": "mentor",
    "category": "other",
}  # fmt: skip
"""What the runner fills in where a step says nothing and the pack names no value of its own."""

NEVER_FILLED = frozenset({"anonymous", "falls_on_child", "exclude", "on_behalf_of", "owner", "happened", "person", "lesson", *ALIASES.values()})
"""What somebody has to say themselves."""


class ScenarioError(Exception):
    """A scenario did not go as it says, or cannot be read; the message is for a school leader."""


@dataclass(slots=True)
class World:
    """One scenario under way: cast, protocol, the cases opened so far by name and type."""

    cast: scenario_cast.Cast
    found: protocol.Protocol
    named: dict[str, Case] = field(default_factory=dict)

    def latest(self, case_type: str) -> Case:
        """The latest case of a type."""
        case = Case.objects.filter(school=self.cast.school, type=case_type).order_by("-pk").first()
        if case is None:
            raise ScenarioError(f"there is no {case_type} yet")
        return self.again(case)

    def again(self, case: Case) -> Case:
        """The same case as it stands now."""
        case = Case.objects.select_related("school", "parent").get(pk=case.pk)
        case.__class__ = CASE_TYPES[case.type]
        return case

    def case(self, name: str | None, case_type: str) -> Case:
        """The named case, or the latest of a type; where the name is a case of another type, the one it belongs to or its latest track."""
        if name is None:
            return self.latest(case_type)
        if name not in self.named:
            raise ScenarioError(f"no case was named “{name}”")
        case = self.again(self.named[name])
        if case.type == case_type:
            return case
        if case.parent is not None and case_type == "incident":
            return self.again(case.parent)
        track = Case.objects.filter(parent=case, type=case_type).order_by("-pk").first()
        if track is None:
            raise ScenarioError(f"“{name}” has no {case_type} yet")
        return self.again(track)

    def person(self, name: str) -> Person:
        """Somebody of the cast."""
        if name not in self.cast.people:
            raise ScenarioError(f"“{name}” is not in the cast: {', '.join(sorted(self.cast.people))}")
        return self.cast.people[name]

    def actor(self, name: str) -> Any:
        """Who acts: a user, a person behind a link, the system or nobody by name."""
        if name == "anonymous":
            return ANONYMOUS
        if name == "system":
            return SYSTEM
        return self.cast.users.get(name) or self.person(name)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a scenario file; times may leave out the seconds, which TOML itself does not allow.

    Raises:
        ScenarioError: the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(re.sub(r"((?:\d{4}-\d\d-\d\d[T ]|=\s*)\d\d:\d\d)(?![:\d])", r"\1:00", text))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path}: {error}") from error


def run(paths: Iterable[Path | str], out: TextIO) -> tuple[int, int]:
    """Run every scenario of the files on a database of their own and print what failed.

    Returns:
        How many passed, how many failed.
    """
    with throwaway_database():
        return run_here(paths, out)


def run_here(paths: Iterable[Path | str], out: TextIO) -> tuple[int, int]:
    """The same on the database at hand; every scenario is undone afterwards."""
    passed = failed = 0
    for path in map(Path, paths):
        try:
            document = read_toml(path)
            scenarios = list(_scenarios(document))
        except (ScenarioError, TypeError) as error:
            out.write(f"FAILED {path.name}: {error}\n")
            failed += 1
            continue
        for scenario, problem in play_all(document, scenarios):
            if problem is None:
                passed += 1
            else:
                failed += 1
                out.write(f"FAILED {path.name}: {scenario.get('name', '?')}\n       {problem}\n")
    return passed, failed


def _scenarios(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    unknown = set(document) - {"protocol", "sector", "scenario", "cast", "settings", *SHARED}
    if unknown:
        raise ScenarioError(f"unknown keys: {', '.join(sorted(unknown))}")
    if "protocol" not in document:
        raise ScenarioError("say which protocol it is about: protocol = “groningen/2024-12-01”")
    shared = {name: document[name] for name in SHARED if name in document}
    for scenario in document.get("scenario", []):
        yield {**shared, **scenario}


@contextmanager
def throwaway_database() -> Iterator[None]:
    """Put an empty in-memory database in the place of the default one, whatever the site uses."""
    before = connections["default"]
    options = {**before.settings_dict, "ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": {}, "ATOMIC_REQUESTS": False,
               "AUTOCOMMIT": True, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False}  # fmt: skip
    connections["default"] = load_backend("django.db.backends.sqlite3").DatabaseWrapper(options, "default")
    try:
        for app in ("auth", "kc_workflows"):
            call_command("migrate", app, verbosity=0, interactive=False, skip_checks=True)
        yield
    finally:
        connections["default"].close()
        connections["default"] = before


def play_all(document: Mapping[str, Any], scenarios: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    """Play scenarios and undo each of them; those with the same cast on the same day share its making.

    Returns:
        Each scenario with None when it went as it says, else with what went otherwise, in words.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for scenario in scenarios:
        stage = {name: scenario.get(name) for name in ("today", "cast", "settings", "sector", "legal_form", "channels")}
        groups.setdefault(repr(stage), []).append(scenario)
    for group in groups.values():
        with transaction.atomic():
            try:
                world, moment = _stage(document, group[0])
            except Exception as error:  # anyone writes these files: one that cannot be read must not hide the others
                problem = _unreadable(error)
                yield from ((scenario, problem) for scenario in group)
            else:
                for scenario in group:
                    yield scenario, _play_undone(World(world.cast, world.found), moment, scenario)
            transaction.set_rollback(True)


def _play_undone(world: World, moment: datetime, scenario: Mapping[str, Any]) -> str | None:
    try:
        with transaction.atomic():
            _play(world, moment, scenario)
            transaction.set_rollback(True)
    except Exception as error:  # as above
        return _unreadable(error)
    return None


def _unreadable(error: Exception) -> str:
    return str(error) if isinstance(error, (ScenarioError, ValueError, protocol.LoadError)) else f"{type(error).__name__}: {error}"


def _sector(document: Mapping[str, Any], scenario: Mapping[str, Any], found: protocol.Protocol) -> str:
    sector = scenario.get("sector", document.get("sector"))
    if sector is None:
        sectors = {name for layer in found.layers for name in layer.sector}
        if len(sectors) != 1:
            raise ScenarioError("this protocol has two sectors: say sector = “po” or “vo”")
        (sector,) = sectors
    if sector not in ("po", "vo"):
        raise ScenarioError(f"unknown sector “{sector}”")
    return str(sector)


def _moment(value: Any, before: datetime | None = None) -> datetime:
    """Read a moment: a day alone is 09:00, a time alone is that of the day under way; quotes do no harm."""
    if isinstance(value, str):
        value = parse_datetime(value) or parse_date(value) or parse_time(value)
    if isinstance(value, time) and before is not None:
        return datetime.combine(before.astimezone(AMSTERDAM).date(), value, AMSTERDAM)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=AMSTERDAM)
    if isinstance(value, date):
        return datetime.combine(value, time(9, 0), AMSTERDAM)
    raise ScenarioError(f"{value!r} is no day or moment")


SHARED = ("today", "legal_form", "channels")
"""Keys of a scenario that a file may say once for all of them."""

KNOWN = frozenset({"name", "cites", "today", "steps", "expect", "cast", "settings", "sector", "legal_form", "channels"})
"""Keys of a scenario."""


def _stage(document: Mapping[str, Any], scenario: Mapping[str, Any]) -> tuple[World, datetime]:
    """Make the school and its cast as a scenario asks for them, on its day at 09:00."""
    moment = _moment(scenario.get("today", date(2026, 3, 2)))
    wanted = str(document["protocol"])
    key = wanted.split("/")[0]
    found = protocol.load(wanted, search=protocol_dirs(), on=moment.date() if "/" not in wanted else None)
    sector = _sector(document, scenario, found)
    others = {**document.get("cast", {}), **scenario.get("cast", {})}
    if unknown := set(others) - scenario_cast.NAMES:
        raise ScenarioError(f"not in the cast: {', '.join(sorted(unknown))}")
    with clock.at(moment):
        cast = scenario_cast.build(
            key, sector, moment.date(), others,
            settings={**document.get("settings", {}), **scenario.get("settings", {})}, legal_form=scenario.get("legal_form", "public"),
        )  # fmt: skip
    return World(cast, found.for_sector(sector)), moment


def _play(world: World, moment: datetime, scenario: Mapping[str, Any]) -> None:
    if unknown := set(scenario) - KNOWN:
        raise ScenarioError(f"unknown keys: {', '.join(sorted(unknown))}")
    for place, step in enumerate(scenario.get("steps", []), start=1):
        if "at" in step:
            moment = _moment(step["at"], moment)
            with clock.at(moment):
                _run_due()
            if set(step) == {"at"}:
                continue
        try:
            with clock.at(moment):
                _step(world, step)
        except ScenarioError as error:
            what = step.get("do") or step.get("record")
            raise ScenarioError(f"step {place} ({step.get('by')}: {what}): {error}") from error
    with clock.at(moment):
        _expect(world, scenario.get("expect", {}))


def _run_due() -> None:
    """Run what is due at this moment, as `manage.py tick` does."""
    from workflows.delivery.ticking import tick

    tick()


def _step(world: World, step: Mapping[str, Any]) -> None:
    act, by = _prepare(world, step)
    refused: StepDenied | None = None
    invalid: InvalidData | None = None
    advice: set[str] = set()
    try:
        with transaction.atomic():
            for outcome in act():
                advice |= {article for item in outcome.advice for article in item.articles}
                if "as" in step:
                    world.named[step["as"]] = outcome.case
    except StepDenied as denied:
        refused = denied
    except InvalidData as error:
        invalid = error
    reasons = {article for denial in refused.denials for article in denial.articles} if refused else set()
    if step.get("invalid"):
        if not invalid and not (refused and refused.missing):
            raise ScenarioError("the form should refuse this, and does not")
        return
    if "denied" in step:
        if refused is None:
            raise ScenarioError(f"should be denied by {', '.join(_several(step['denied']))}, but {invalid or 'is allowed'}")
        if lacking := set(_several(step["denied"])) - reasons:
            raise ScenarioError(f"denied, but not by {', '.join(sorted(lacking))}; the reasons are {_told(refused)}")
    elif refused is not None:
        raise ScenarioError(f"is denied: {_told(refused)}")
    elif invalid is not None:
        raise ScenarioError(f"is refused by the form: {invalid}")
    if "advice" in step:
        if refused is not None:
            advice = _advice(world, step, by)
        if lacking := set(_several(step["advice"])) - advice:
            raise ScenarioError(f"the advice {', '.join(sorted(lacking))} is not shown; shown: {', '.join(sorted(advice)) or 'none'}")


def _several(value: Any) -> list[Any]:
    """One may stand without brackets; `true` alone names none."""
    return value if isinstance(value, list) else [value] if value and value is not True else []


def _told(denied: StepDenied) -> str:
    return "; ".join(f"{denial.sentence} [{', '.join(denial.articles)}]" for denial in denied.denials)


def _fields(world: World, step: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    """Read the fields of a step: people by name, everything else as it stands."""
    given: dict[str, Any] = {}
    for name, value in step.items():
        if name in CONTROL or (name == "happened" and "happened" not in known):
            continue
        name = ALIASES.get(name, name)
        if name in known and name in FIELDS and FIELDS[name].kind in ("person", "people"):
            names = value if isinstance(value, list) else [value]
            people = [world.person(one) for one in names if one]
            value = people if FIELDS[name].kind == "people" else (people[0] if people else None)
        elif isinstance(value, datetime) or (name == "happened" and isinstance(value, date)):
            value = _moment(value)
        given[name] = value
    return given


def _prepare(world: World, step: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return what takes the step (yielding an outcome for each person it is taken for), and who acts."""
    if "by" not in step or ("do" in step) == ("record" in step):
        raise ScenarioError("say who (by) and what (do, or record)")
    by = world.actor(step["by"])
    answers = {str(key): str(text) for key, text in step.get("answers", {}).items()}
    if "record" in step:
        return _prepare_record(world, step, by, answers), by
    name = step["do"]
    spec = STEPS.get(name)
    if spec is None:
        raise ScenarioError(f"there is no step “{name}”")
    several = step["person"] if isinstance(step.get("person"), list) and name != "incident.report" else [step.get("person")]
    case_type = case_type_of(name)

    def take() -> Iterator[commands.Outcome]:
        for person in several:
            asked = {**step, "person": person} if person is not None else step
            given = _fields(world, asked, spec.fields)
            if name == "incident.report":
                case = Case(school=world.cast.school, type="incident")
                yield commands.open_case(by=by, school=world.cast.school, data=_filled(world, case, name, given, spec.fields, by), answers=answers)
            elif spec.creates:
                incident = world.case(step.get("on"), "incident")
                case = Case(school=world.cast.school, type=case_type, parent=incident, person=given.get("person"))
                yield commands.open_child(incident, name, by=by, data=_filled(world, case, name, given, spec.fields, by), answers=answers)
            else:
                case = world.case(step.get("on"), case_type)
                if by is SYSTEM and name == "takedown.settle" and case.state == "settled" and "denied" not in step:
                    return  # the system took it already, as soon as it could
                yield commands.perform(case, name, by=by, data=_filled(world, case, name, given, spec.fields, by), answers=answers)

    return take, by


def _prepare_record(world: World, step: Mapping[str, Any], by: Any, answers: Mapping[str, str]) -> Any:
    name = step["record"]
    spec = MILESTONES["incident"].get(name)
    if spec is None:
        raise ScenarioError(f"there is no milestone “{name}”")
    people = step.get("person")

    def take() -> Iterator[commands.Outcome]:
        for person in people if isinstance(people, list) else [people]:
            incident = world.case(step.get("on"), "incident")
            asked = {key: value for key, value in step.items() if key != "person"}
            given = _fields(world, asked, (*spec.fields, "happened"))
            somebody = world.person(person) if person else None
            data = _filled(world, incident, f"record.{name}", given, spec.fields, by, somebody)
            yield commands.record(incident, name, by=by, person=somebody, data=data, answers=answers)

    return take


def _ask(world: World, case: Case, step: str, by: Any, data: Mapping[str, Any]) -> Facts:
    actor = None if by in (ANONYMOUS, SYSTEM) else actor_for(by, world.cast.school)[0]
    if case.parent_id is None and case.pk is None:
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
    shown = {name: value for name, value in data.items() if not isinstance(value, (Person, list))}
    return loaded.for_step(case, step, actor=actor, data=shown)


def _filled(
    world: World, case: Case, step: str, given: dict[str, Any], fields: tuple[str, ...], by: Any, person: Person | None = None
) -> dict[str, Any]:
    """Add neutral valid data for what the step does not name and nobody has answered before."""
    facts = _ask(world, case, step, by, {**given, **({"person": person} if person else {})})
    data = dict(given)
    day = clock.today()
    for name in fields:
        if name in given or name in NEVER_FILLED:
            continue
        spec = FIELDS[name]
        told_before = name not in ("reason", "note", "severity") and (name in facts.case or name in facts.incident)
        if (told_before and step != "measure.propose") or (told_before and name in facts.incident and name != "category"):
            continue
        if name == "severity" and step == "incident.triage" and facts.case.get("severity") is not None:
            data[name] = facts.case["severity"]
            continue
        if spec.is_words and step in STEPS and not STEPS[step].creates and name not in _asked_here(world, step, facts):
            continue
        wanted = _wanted(world, step, name, facts)
        if wanted is not None:
            data[name] = wanted
        elif spec.is_words:
            data[name] = "…"
        elif spec.kind == "date":
            data[name] = {"return_talk_on": day + timedelta(days=14)}.get(name, day)
        elif spec.kind == "moment":
            data[name] = datetime.combine(day + timedelta(days=1), time(10, 0), AMSTERDAM)
        elif name == "file":
            data[name] = "personnel_file" if any(p.kind == "employee" and p.id in facts.subjects for p in facts.people) else "pupil_file"
        elif name in NEUTRAL:
            data[name] = NEUTRAL[name]
    if step == "incident.report":
        data.pop("severity", None) if "severity" not in given else None
        person = world.cast.person_of(by) if by in world.cast.users.values() else by
        if "help_contact" not in given and (by in (ANONYMOUS, SYSTEM) or getattr(person, "kind", "") != "pupil"):
            data.pop("help_contact", None)
    return data


def _asked_here(world: World, step: str, facts: Facts) -> set[str]:
    """Return the fields that this step insists on, by itself, in a line of the pack or for one of its letters."""
    asked = set(STEPS[step].required)
    for line in world.found.at(step, facts.case_type).lines:
        asked |= set(line.args.get("fields", ())) | {line.args.get("field", "")}
    for letter in world.found.at(step, facts.case_type).letters:
        asked |= set(NEEDS[letter.letter].facts)
    return asked


def _wanted(world: World, step: str, name: str, facts: Facts) -> Any:
    """Return the first value that the pack's own lines for this step want for a choice, or None."""
    if FIELDS[name].kind not in ("choice", "yes_no"):
        return None
    for line in world.found.at(step, facts.case_type).lines:
        if line.guard == "one_of" and line.args["field"] == name and line.args.get("values") and facts.judge(line.when) is not False:
            return line.args["values"][0]
    return None


def _advice(world: World, step: Mapping[str, Any], by: Any) -> set[str]:
    name = step.get("do") or f"record.{step['record']}"
    if name == "incident.report":
        case = Case(school=world.cast.school, type="incident")
    elif name in STEPS and STEPS[name].creates:
        case = Case(school=world.cast.school, type=case_type_of(name), parent=world.case(step.get("on"), "incident"))
    else:
        case = world.case(step.get("on"), "incident" if name.startswith("record.") else case_type_of(name))
    fields = STEPS[name].fields if name in STEPS else MILESTONES["incident"][name.removeprefix("record.")].fields
    facts = _ask(world, case, name, by, _fields(world, step, fields))
    return {article for item in protocol.advice(world.found, facts) for article in item.articles}


def _expect(world: World, expect: Mapping[str, Any]) -> None:
    for name, wanted in expect.items():
        match name:
            case "letters":
                wanted = _several(wanted)
                found = sorted(set(_letters(world).values_list("kind", flat=True)))
                _same("letters", found, sorted(set(wanted)))
            case "copies":
                for kind, people in wanted.items():
                    ids = _letters(world).filter(kind=kind).values_list("addressee_id", flat=True)
                    _same(f"copies of {kind}", sorted(_names(world, ids)), sorted(_several(people)))
            case "tasks":
                for task, day in wanted.items():
                    days = {d.due_at.astimezone(AMSTERDAM).date() for d in Duty.objects.filter(root__school=world.cast.school, task=task)}
                    if (day.date() if isinstance(day, datetime) else day) not in days:
                        raise ScenarioError(f"task {task} is not due on {day}; due: {', '.join(map(str, sorted(days))) or 'never'}")
            case "mails":
                wanted = _several(wanted)
                found = _names(world, Outbox.objects.filter(root__school=world.cast.school, person__isnull=False).values_list("person_id", flat=True))
                if (not wanted and found) or set(wanted) - set(found):
                    raise ScenarioError(f"mails went to {', '.join(sorted(found)) or 'nobody'}, not to {', '.join(wanted) or 'nobody'}")
            case "sees":
                incident = world.latest("incident")
                for who, yes in wanted.items():
                    if visible_to(world.cast.users.get(who)).filter(pk=incident.pk).exists() is not yes:
                        raise ScenarioError(f"{who} {'does not see' if yes else 'sees'} the case")
            case "log":
                steps = LogEntry.objects.filter(root=world.latest("incident")).order_by("n").values_list("step", flat=True)
                found = [step.removeprefix("record.") for step in steps]
                tail = [step.removeprefix("record.") for step in _several(wanted)]
                _same("the end of the log", found[len(found) - len(tail) :] if tail else found, tail)
            case _:
                case = world.again(world.named[name]) if name in world.named else world.latest(name) if name in CASE_TYPES else None
                if case is None:
                    raise ScenarioError(f"nothing is known as “{name}” to expect something of")
                _same(name, case.state, wanted)


def _letters(world: World) -> Any:
    return Letter.objects.filter(root__school=world.cast.school).exclude(state=Letter.State.VOID)


def _names(world: World, ids: Iterable[int | None]) -> list[str]:
    known = {person.pk: name for name, person in world.cast.people.items()}
    return [known[key] for key in dict.fromkeys(ids) if key in known]


def _same(what: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        raise ScenarioError(f"{what}: expected {wanted}, found {found}")
