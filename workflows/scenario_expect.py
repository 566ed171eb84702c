"""What a scenario expects in the end, compared with what there is: letters, mails, terms, the log, states, who sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from workflows.access import may_see
from workflows.models import Duty, Letter, LogEntry, Outbox
from workflows.scenario_reader import ScenarioError, dotted, moment_of, several
from workflows.scenario_world import World
from workflows.schooldays import AMSTERDAM


def compare(world: World, expected: Mapping[str, Any]) -> None:
    """Compare the end of a scenario with its `expect` table (docs/packs.md).

    Raises:
        ScenarioError: something is otherwise; the message says what was expected and what was found.
    """
    for name, wanted in expected.items():
        match name:
            case "letters":
                wanted = several(wanted)
                found = sorted(set(_letters(world).values_list("kind", flat=True)))
                _same("letters", found, sorted(set(wanted)))
            case "copies":
                for kind, people in wanted.items():
                    ids = _letters(world).filter(kind=kind).values_list("addressee_id", flat=True)
                    _same(f"copies of {kind}", sorted(_names(world, ids)), sorted(several(people)))
            case "tasks":
                for task, day in dotted(wanted).items():
                    days = {d.due_at.astimezone(AMSTERDAM).date() for d in Duty.objects.filter(root__school=world.cast.school, task=task)}
                    if _day(day) not in days:
                        raise ScenarioError(f"task {task} is not due on {day}; due: {', '.join(map(str, sorted(days))) or 'never'}")
            case "mails":
                wanted = several(wanted)
                for who in wanted:
                    world.person(who)
                found = _names(world, Outbox.objects.filter(person__school=world.cast.school).values_list("person_id", flat=True))
                if (not wanted and found) or set(wanted) - set(found):
                    raise ScenarioError(f"mails went to {', '.join(sorted(found)) or 'nobody'}, not to {', '.join(wanted) or 'nobody'}")
            case "sees":
                root = world.root()
                for who, yes in wanted.items():
                    world.actor(who)
                    if may_see(world.cast.users.get(who), root) is not yes:
                        raise ScenarioError(f"{who} {'does not see' if yes else 'sees'} the case")
            case "log":
                steps = LogEntry.objects.filter(root=world.root()).order_by("n").values_list("step", flat=True)
                found = [step.removeprefix("record.") for step in steps]
                tail = [step.removeprefix("record.") for step in several(wanted)]
                _same("the end of the log", found[len(found) - len(tail) :] if tail else found, tail)
            case "until":
                for case_name, day in wanted.items():
                    _same(f"the last day of {case_name}", world.called(case_name).until, _day(day) if day else None)
            case _:
                _same(name, world.called(name).state, wanted)


def _day(said: Any) -> date:
    return moment_of(said).astimezone(AMSTERDAM).date()


def _letters(world: World) -> Any:
    return Letter.objects.filter(root__school=world.cast.school).exclude(state=Letter.State.VOID)


def _names(world: World, ids: Iterable[int | None]) -> list[str]:
    known = {person.pk: name for name, person in world.cast.people.items()}
    return [known[key] for key in dict.fromkeys(ids) if key in known]


def _same(what: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        raise ScenarioError(f"{what}: expected {wanted}, found {found}")
