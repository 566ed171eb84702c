"""One step: an edge of the shape plus the protocol's gate.

Knows what a step is, not where its facts come from and not how it is written down: `workflows.commands` does both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django_fsm import RETURN_VALUE, transition

from workflows import protocol as protocols
from workflows.protocol import Denial, Protocol
from workflows.sentences import Sentence, Word, gettext_noop
from workflows.shapes import EDGES, INITIAL, PARENTS, Edge, creates, sources
from workflows.situation import Facts
from workflows.vocabulary import ROOTS, case_type_of


class StepDenied(Exception):
    """The protocol, or the state of the case, does not allow the step; `denials` says why, all of it.

    `missing` names fields that the form itself would have insisted on as well.
    """

    def __init__(self, denials: tuple[Denial, ...], missing: Mapping[str, str] | None = None) -> None:
        self.denials = denials
        self.missing = dict(missing or {})
        super().__init__("; ".join(str(denial) for denial in denials))


_NEW = ""
_NOT_IN_STATE = gettext_noop("“{step}” is not possible while the state is: {state}.")


@dataclass(frozen=True, slots=True)
class Asking:
    """What a step is asked with: the protocol that rules the case, the facts as they are now, and reasons given."""

    protocol: Protocol
    facts: Facts
    answers: Mapping[str, str] = field(default_factory=dict)

    def denials(self, state: str) -> tuple[Denial, ...]:
        """Return every reason why the step may not be taken from `state`; empty means allowed."""
        return _wrong_state(self.facts, state) + protocols.denials(self.protocol, self.facts, self.answers)

    def advice(self) -> tuple[Denial, ...]:
        """Return what the protocol advises for this step."""
        return protocols.advice(self.protocol, self.facts)

    def reasons(self) -> dict[str, str]:
        """Return the reasons given that the protocol asks for here, by article."""
        return protocols.reasons_for(self.protocol, self.facts, self.answers)

    def outcome(self) -> str:
        """Return the state that the answers given so far make of a consent, the one under way included."""
        return protocols.consent_state(self.protocol, self.facts, protocols.answers_in(self.facts))


@dataclass(frozen=True, slots=True)
class Change:
    """What a step changed: the state before and after."""

    source: str
    target: str


def _wrong_state(facts: Facts, state: str) -> tuple[Denial, ...]:
    """Return the denial with article `state` when the step cannot be taken in this state (of the root, for a new track)."""
    step = facts.step
    case_type = facts.case_type
    if creates(step):
        own, case_type, state = case_type, facts.root, str(facts.incident.get("state", ""))
        possible = own in ROOTS or (case_type in PARENTS[own] and state in sources(step, case_type))
    else:
        possible = state in sources(step, case_type)
    if possible:
        return ()
    asked = Word("milestone", step.removeprefix("record.")) if step.startswith("record.") else Word("step", step)
    words = (("step", asked), ("state", Word(f"state.{case_type}", state)))
    return (Denial(sentence=Sentence(_NOT_IN_STATE, words), articles=("state",), strength="block", remedy=None),)


def step(name: str) -> Callable[[Any, Asking], Change]:
    """Make the method that takes the step `name` of a case.

    The method asks the protocol first, raises `StepDenied` with every reason, and otherwise makes the transition and
    returns the `Change`. It writes nothing.
    """

    def move(case: Any, asking: Asking) -> str | None:
        """The edge itself has no effect but the state, which the answers may decide."""
        return asking.outcome() if computed else None

    move.__name__ = move.__qualname__ = f"_{name.split('.')[1]}"
    edge_method: Callable[[Any, Asking], str | None] = move
    edges = (Edge((_NEW,), INITIAL[case_type_of(name)]),) if creates(name) else EDGES[name]
    computed = any(edge.computed for edge in edges)
    for edge in edges:
        target = RETURN_VALUE(*edge.computed) if edge.computed else edge.target
        edge_method = transition(field="state", source=list(edge.sources), target=target)(edge_method)

    def take(case: Any, asking: Asking) -> Change:
        refused = asking.denials(case.state)
        if refused:
            raise StepDenied(refused)
        source = case.state
        edge_method(case, asking)
        return Change(source, case.state)

    take.__name__ = take.__qualname__ = name.split(".")[1]
    take.__doc__ = f"Take the step `{name}`; see `workflows.machine.step`."
    take._django_fsm = edge_method._django_fsm  # type: ignore[attr-defined]  # lets django-fsm list the edges of the model
    return take
