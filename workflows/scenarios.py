"""Plays scenarios: the packs' tests, readable by a school leader, through the real commands.

A scenario moves a fixed cast through steps on a throw-away database and says what must come of it. `scenario_reader`
reads the file, `scenario_world` keeps the cast and its cases. `run` is what `manage.py check_protocol --scenarios` calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TextIO

from django.core.management import call_command
from django.db import connections, transaction
from django.db.utils import load_backend

from workflows import clock, commands, protocol, scenario_cast, scenario_expect
from workflows.commands import SYSTEM, InvalidData, StepDenied
from workflows.forecasts import gate
from workflows.line_reader import hint
from workflows.models import Case
from workflows.pinned import protocol_dirs
from workflows.registry import PeopleError
from workflows.scenario_reader import (
    ALIASES,
    CONTROL,
    ScenarioError,
    check_shape,
    dotted,
    files_of,
    moment_of,
    read_toml,
    scenarios_of,
    sector_of,
    several,
)
from workflows.scenario_world import World, ask, filled
from workflows.schooldays import AMSTERDAM
from workflows.vocabulary import FIELDS, GATES, MILESTONES, ROOTS, STEPS, case_type_of, field_of


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
    for path in files_of(paths):
        try:
            document = read_toml(path)
            scenarios = list(scenarios_of(document))
        except ScenarioError as error:
            out.write(f"FAILED {path}: {error}\n")
            failed += 1
            continue
        for scenario, problem in play_all(document, scenarios):
            if problem is None:
                passed += 1
            else:
                failed += 1
                out.write(f"FAILED {path}: {scenario['name']}\n       {problem}\n")
    return passed, failed


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
        stage = {name: scenario.get(name) for name in ("today", "cast", "settings", "sector", "legal_form")}
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
                    yield scenario, _play_undone(World(world.cast, world.found, notes=world.notes), moment, scenario)
            transaction.set_rollback(True)


def _play_undone(world: World, moment: datetime, scenario: Mapping[str, Any]) -> str | None:
    try:
        with transaction.atomic():
            _play(world, moment, scenario)
            transaction.set_rollback(True)
    except Exception as error:  # as above
        return " ".join([_unreadable(error), *world.notes])
    return None


def _unreadable(error: Exception) -> str:
    if isinstance(error, PeopleError):
        return f"{error.field}: {error}"
    return str(error) if isinstance(error, (ScenarioError, ValueError, protocol.LoadError)) else f"{type(error).__name__}: {error}"


def _stage(document: Mapping[str, Any], scenario: Mapping[str, Any]) -> tuple[World, datetime]:
    """Make the school and its cast as a scenario asks for them, on its day at 09:00."""
    try:
        moment = moment_of(scenario.get("today", date(2026, 3, 2)))
    except ScenarioError as error:
        raise ScenarioError(f"today: {error}") from error
    wanted = str(document["protocol"])
    key = wanted.split("/")[0]
    notes = []
    try:
        found = protocol.load(wanted, search=protocol_dirs(), on=moment.date() if "/" not in wanted else None)
    except protocol.LoadError as error:
        if "/" not in wanted:
            raise
        found = protocol.load(key, search=protocol_dirs(), on=moment.date())  # a document without a date has the day its pack gave it
        notes.append(f"({error} Played with {found.key}/{found.in_force}.)")
    settings = {**document.get("settings", {}), **scenario.get("settings", {})}
    if unknown := sorted(set(settings) - set(found.settings)):
        notes.append(f"({found.key} has no setting {', '.join(unknown)}; it has {', '.join(found.settings) or 'none'}.)")
    sector = sector_of(document, scenario, found)
    others = {**document.get("cast", {}), **scenario.get("cast", {})}
    if unknown := sorted(set(others) - scenario_cast.NAMES):
        raise ScenarioError(f"not in the cast: {', '.join(unknown)}. {hint(unknown[0], sorted(scenario_cast.NAMES))}")
    with clock.at(moment):
        cast = scenario_cast.build(
            key, sector, moment.date(), others,
            settings=settings, legal_form=scenario.get("legal_form", "public"),
        )  # fmt: skip
    return World(cast, found.for_sector(sector), notes=notes), moment


def _play(world: World, moment: datetime, scenario: Mapping[str, Any]) -> None:
    check_shape(scenario)
    for place, step in enumerate(scenario["steps"], start=1):
        try:
            if "at" in step:
                moment = _later(moment, step["at"], first=place == 1)
                with clock.at(moment):
                    _run_due()
            if set(step) != {"at"}:
                with clock.at(moment):
                    _step(world, step)
        except ScenarioError as error:
            said = ": ".join(str(step[key]) for key in ("by", "do", "record") if key in step)
            raise ScenarioError(f"step {place} ({said or 'the clock'}): {error}") from error
    with clock.at(moment):
        scenario_expect.compare(world, scenario.get("expect", {}))


def _later(moment: datetime, said: Any, *, first: bool) -> datetime:
    """Move the clock forward; the day under way alone leaves it as it is, and a story may begin before nine."""
    later = moment_of(said, moment)
    if later >= moment or first:
        return later
    if str(said) == str(moment.astimezone(AMSTERDAM).date()):
        return moment
    now = f"{moment.astimezone(AMSTERDAM):%Y-%m-%d %H:%M}"
    raise ScenarioError(f"at = {said} lies before {now}: the clock goes forward only; backdate a record with happened")


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
    if step.get("denied"):
        if refused is None:
            said = f"is refused by the form: {_wrong(world, step, invalid)}" if invalid else "is allowed"
            wanted = several(step["denied"])
            raise ScenarioError(f"should be denied{' by ' * bool(wanted)}{', '.join(wanted)}, but {said}{_unknown(world, wanted)}")
        if lacking := sorted(set(several(step["denied"])) - reasons):
            raise ScenarioError(f"denied, but not by {', '.join(lacking)}; the reasons are {_told(refused)}{_unknown(world, lacking)}")
    elif refused is not None:
        raise ScenarioError(f"is denied: {_told(refused)}")
    elif invalid is not None:
        raise ScenarioError(f"is refused by the form: {_wrong(world, step, invalid)}")
    if "advice" in step:
        if refused is not None:
            advice = _advice(world, step, by)
        if lacking := sorted(set(several(step["advice"])) - advice):
            shown = ", ".join(sorted(advice)) or "none"
            raise ScenarioError(f"the advice {', '.join(lacking)} is not shown; shown: {shown}{_unknown(world, lacking)}")


def _wrong(world: World, step: Mapping[str, Any], invalid: InvalidData) -> str:
    """What the form said, with the names that would do."""
    name = step.get("do") or _milestone(step)
    spec = STEPS[name] if "do" in step else MILESTONES[_recorded_on(name)][name]
    case_type = case_type_of(name) if "do" in step else _recorded_on(name)
    said = []
    for field, message in invalid.errors.items():
        if field not in spec.fields:
            said.append(f"{message} It has {', '.join(spec.fields) or 'none'}.")
            continue
        choices = [*field_of(case_type, field).choices, *(world.found.categories if field == "category" else ())]
        said.append(f"{field}: {message}" + (f" Known: {', '.join(choices)}." if choices else ""))
    return " ".join(said)


def _unknown(world: World, articles: Iterable[str]) -> str:
    """Which of these articles this protocol does not have, if any."""
    unknown = [one for one in articles if one not in world.found.articles and one not in ("state", "step")]
    return "".join(f"; the protocol has no article {one}. {hint(one, world.found.articles)}" for one in unknown)


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
        elif name in known and FIELDS[name].kind == "case" and value:
            value = world.case(value, name)
        elif name == "category" and f"local.{value}" in world.found.categories:
            value = f"local.{value}"
        elif isinstance(value, datetime) or (name == "happened" and isinstance(value, (date, time))):
            value = moment_of(value, clock.now())
        given[name] = value
    return given


def _prepare(world: World, step: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return what takes the step (yielding an outcome for each person it is taken for), and who acts."""
    if "by" not in step or ("do" in step) == ("record" in step):
        raise ScenarioError("say who (by) and what: either do, a step, or record, a milestone")
    by = world.actor(step["by"])
    answers = {str(key): str(text) for key, text in dotted(step.get("answers", {})).items()}
    if "record" in step:
        return _prepare_record(world, step, by, answers), by
    name = step["do"]
    spec = STEPS.get(name)
    if spec is None:
        said = f"it is a milestone: write record = “{name}”" if any(name in known for known in MILESTONES.values()) else hint(name, STEPS)
        raise ScenarioError(f"there is no step “{name}”. {said}")
    people = step["person"] if isinstance(step.get("person"), list) and name != "incident.report" else [step.get("person")]
    case_type = case_type_of(name)
    school = world.cast.school

    def take() -> Iterator[commands.Outcome]:
        for person in people:
            asked = {**step, "person": person} if person is not None else step
            given = _fields(world, asked, spec.fields)
            if case_type in GATES:
                if refused := gate(school, name, by, given):
                    raise StepDenied(refused)
            elif spec.creates and case_type in ROOTS:
                data = filled(world, Case(school=school, type=case_type), name, given, spec.fields, by)
                yield commands.open_case(by=by, school=school, step=name, data=data, answers=answers)
            elif spec.creates:
                root = world.parent(step.get("on"), case_type)
                case = Case(school=school, type=case_type, parent=root, person=given.get("person"))
                yield commands.open_child(root, name, by=by, data=filled(world, case, name, given, spec.fields, by), answers=answers)
            else:
                case = world.case(step.get("on"), case_type)
                if by is SYSTEM and name == "takedown.settle" and case.state == "settled" and not step.get("denied"):
                    return  # the system took it already, as soon as it could
                yield commands.perform(case, name, by=by, data=filled(world, case, name, given, spec.fields, by), answers=answers)

    return take, by


def _prepare_record(world: World, step: Mapping[str, Any], by: Any, answers: Mapping[str, str]) -> Any:
    name = _milestone(step)
    case_type = _recorded_on(name)
    spec = MILESTONES[case_type].get(name)
    if spec is None:
        raise ScenarioError(f"there is no milestone “{name}”. {hint(name, [one for known in MILESTONES.values() for one in known])}")
    people = step.get("person")

    def take() -> Iterator[commands.Outcome]:
        for person in people if isinstance(people, list) else [people]:
            case = world.case(step.get("on"), case_type)
            asked = {key: value for key, value in step.items() if key != "person"}
            given = _fields(world, asked, (*spec.fields, "happened"))
            somebody = world.person(person) if person else None
            data = filled(world, case, f"record.{name}", given, spec.fields, by, somebody)
            yield commands.record(case, name, by=by, person=somebody, data=data, answers=answers)

    return take


def _milestone(step: Mapping[str, Any]) -> str:
    """The milestone a step records; a pack writes its case type before it, and so may a scenario."""
    case_type, _, name = str(step["record"]).rpartition(".")
    return name if case_type in MILESTONES else str(step["record"])


def _recorded_on(milestone: str) -> str:
    """The type of case on which a milestone is recorded; no two types share one."""
    return next((case_type for case_type, known in MILESTONES.items() if milestone in known), "incident")


def _advice(world: World, step: Mapping[str, Any], by: Any) -> set[str]:
    name = step.get("do") or f"record.{_milestone(step)}"
    milestone = name.removeprefix("record.")
    case_type = case_type_of(name) if name in STEPS else _recorded_on(milestone)
    if name in STEPS and STEPS[name].creates:
        parent = None if case_type in ROOTS else world.parent(step.get("on"), case_type)
        case = Case(school=world.cast.school, type=case_type, parent=parent)
    else:
        case = world.case(step.get("on"), case_type)
    fields = STEPS[name].fields if name in STEPS else MILESTONES[case_type][milestone].fields
    facts = ask(world, case, name, by, _fields(world, step, fields))
    return {article for item in protocol.advice(world.found, facts) for article in item.articles}
