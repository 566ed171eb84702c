"""The shapes of the cases: from which states a step may be taken and where it leads.

PURE and the only place of an edge: the state machines, the static check of packs, `denials()` and the diagrams are all
built on `EDGES`. A shape is the same for all schools; what a school asks of an edge stands in its pack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .vocabulary import OPEN, STATES, STEPS, case_type_of


@dataclass(frozen=True, slots=True)
class Edge:
    """From each of `sources` to `target`; `target` None means the case stays in its state."""

    sources: tuple[str, ...]
    target: str | None


_OPEN_BUT_REPORTED = tuple(state for state in OPEN if state != "reported")

INITIAL: Mapping[str, str] = {"incident": "reported", "measure": "proposed", "police": "considered", "takedown": "requested"}
"""The state a case type begins in, after its creating step."""

EDGES: Mapping[str, tuple[Edge, ...]] = {
    "incident.triage": (Edge(("reported",), "triaged"), Edge(_OPEN_BUT_REPORTED, None)),
    "incident.discuss": (Edge(("triaged",), "discussed"), Edge(tuple(s for s in OPEN if s != "triaged"), None)),
    "incident.escalate": (Edge(("triaged", "discussed"), "escalated"),),
    "incident.send_back": (Edge(("escalated",), "discussed"),),
    "incident.sanction": (Edge(_OPEN_BUT_REPORTED, "sanctioned"),),
    "incident.close": (Edge(_OPEN_BUT_REPORTED, "closed"),),
    "incident.dismiss": (Edge(tuple(s for s in OPEN if s != "sanctioned"), "dismissed"),),
    "incident.withdraw": (Edge(("reported",), "dismissed"),),
    "incident.refer": (Edge(OPEN, "referred"),),
    "incident.take_over": (Edge(OPEN, None),),
    "incident.reopen": (Edge(("closed", "dismissed", "referred"), "triaged"),),
    "measure.approve": (Edge(("proposed",), "approved"), Edge(("approved",), None)),
    "measure.reject": (Edge(("proposed", "approved"), "rejected"),),
    "measure.impose": (Edge(("proposed", "approved"), "imposed"),),
    "measure.complete": (Edge(("imposed",), "completed"),),
    "measure.withdraw": (Edge(("proposed", "approved", "imposed"), "withdrawn"),),
    "police.report": (Edge(("considered", "not_reported"), "reported"),),
    "police.decline": (Edge(("considered",), "not_reported"),),
    "police.conclude": (Edge(("reported",), "concluded"),),
    "takedown.confirm_removed": (Edge(("requested", "corrected"), "removed"),),
    "takedown.confirm_corrected": (Edge(("requested", "removed"), "corrected"),),
    "takedown.settle": (Edge(("removed", "corrected"), "settled"),),
    "takedown.refuse": (Edge(("requested", "removed", "corrected"), "refused"),),
}
"""Every edge by step. The creating steps (`incident.report`, `measure.propose` …) have none: see `INITIAL`."""

RECORDABLE: tuple[str, ...] = tuple(state for state in STATES["incident"] if state != "dismissed")
"""The states of an incident in which a milestone may still be recorded."""


def creates(step: str) -> bool:
    """Whether the step opens a new case."""
    known = STEPS.get(step)
    return known is not None and known.creates


def creating_step(case_type: str) -> str:
    """The step that opens a case of this type: `police.consider` for `police`.

    Raises:
        StopIteration: never for a type of `INITIAL`.
    """
    return next(step for step, known in STEPS.items() if known.creates and case_type_of(step) == case_type)


def sources(step: str) -> tuple[str, ...]:
    """The states from which the step may be taken; of the incident it belongs to when the step opens a case.

    Args:
        step: `measure.impose`, or `record.heard` for a milestone of an incident.
    """
    if step.startswith("record."):
        return RECORDABLE
    if creates(step):
        return () if step == "incident.report" else OPEN
    return tuple(state for edge in EDGES.get(step, ()) for state in edge.sources)


def edge_from(step: str, state: str) -> Edge | None:
    """The edge of the step that leaves `state`, or None when the step may not be taken there."""
    return next((edge for edge in EDGES.get(step, ()) if state in edge.sources), None)


def target(step: str, state: str) -> str | None:
    """Where the step leads from `state`, or None when it may not be taken there. Equal to `state` when the case stays."""
    edge = edge_from(step, state)
    return None if edge is None else edge.target or state


def moves(case_type: str) -> Iterator[tuple[str, str, str]]:
    """Every (step, source, target) of a case type that changes its state."""
    for step, edges in EDGES.items():
        if case_type_of(step) == case_type:
            for edge in edges:
                if edge.target is not None:
                    yield from ((step, source, edge.target) for source in edge.sources if source != edge.target)


def leads_to(case_type: str, states: tuple[str, ...]) -> str | None:
    """A step of the type that ends in one of `states`, the first declared; None when only creating it does, or nothing."""
    return next((step for step, _, end in moves(case_type) if end in states), None)
