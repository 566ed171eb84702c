"""The shapes of the cases: from which states a step may be taken and where it leads.

PURE and the only place of an edge: the state machines, the static check of packs, `denials()` and the diagrams are all
built on `EDGES`. A shape is the same for all schools; what a school asks of an edge stands in its pack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .vocabulary import OPEN, ROOTS, STATES, STEPS, case_type_of


@dataclass(frozen=True, slots=True)
class Edge:
    """From each of `sources` to `target`; `target` None means the case stays in its state, or goes where `computed` says.

    `computed` are the states of which the answers given so far make one (`protocol.consent_state`).
    """

    sources: tuple[str, ...]
    target: str | None
    computed: tuple[str, ...] = ()


_OPEN_BUT_REPORTED = tuple(state for state in OPEN if state != "reported")

_ANSWERED = ("requested", "granted", "refused", "conflicting")

INITIAL: Mapping[str, str] = {
    "incident": "reported", "measure": "proposed", "police": "considered", "takedown": "requested", "consent": "requested",
    "friend_request": "declared", "account": "requested",
}  # fmt: skip
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
    "consent.answer": (Edge((*_ANSWERED, "withdrawn"), None, _ANSWERED),),
    "consent.withdraw": (Edge(("requested", "granted", "conflicting"), "withdrawn"), Edge(("expired",), None)),
    "consent.expire": (Edge(_ANSWERED, "expired"),),
    "consent.recount": (Edge(_ANSWERED, None, _ANSWERED),),
    "consent.renew": (Edge((*_ANSWERED, "withdrawn", "expired"), "requested"),),
    "friend_request.approve": (Edge(("declared",), "approved"),),
    "friend_request.refuse": (Edge(("declared",), "refused"),),
    "friend_request.end": (Edge(("declared", "approved"), "ended"),),
    "friend_request.review": (Edge(("approved",), None),),
    "friend_request.expire": (Edge(("declared", "approved"), "expired"),),
    "account.approve": (Edge(("requested",), "approved"), Edge(("approved",), None)),
    "account.refuse": (Edge(("requested",), "refused"),),
    "account.transfer": (Edge(("approved",), None),),
    "account.retire": (Edge(("requested", "approved"), "retired"),),
}
"""Every edge by step. The creating steps (`incident.report`, `measure.propose` …) have none: see `INITIAL`."""

LIVE: Mapping[str, tuple[str, ...]] = {
    "consent": _ANSWERED, "friend_request": ("declared", "approved"), "account": ("requested", "approved")
}  # fmt: skip
"""The states of a root in which its term can still end; of a consent those in which another one for the same is not asked."""

PARENTS: Mapping[str, tuple[str, ...]] = {"measure": ("incident",), "police": ("incident",), "takedown": ("incident", "consent")}
"""What a track may belong to."""


def recordable(case_type: str) -> tuple[str, ...]:
    """The states of a case in which a milestone may still be recorded."""
    return tuple(state for state in STATES[case_type] if state != "dismissed")


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


def sources(step: str, case_type: str = "incident") -> tuple[str, ...]:
    """The states from which the step may be taken; of the case it belongs to when the step opens a track.

    Args:
        step: `measure.impose`, or `record.heard` for a milestone.
        case_type: of the case on which a milestone is recorded, or of the root to which a new track belongs.

    Returns:
        No state at all for a step that opens a root.
    """
    if step.startswith("record."):
        return recordable(case_type)
    if creates(step):
        if case_type_of(step) in ROOTS:
            return ()
        return OPEN if case_type == "incident" else tuple(STATES[case_type])
    return tuple(state for edge in EDGES.get(step, ()) for state in edge.sources)


def edge_from(step: str, state: str) -> Edge | None:
    """The edge of the step that leaves `state`, or None when the step may not be taken there."""
    return next((edge for edge in EDGES.get(step, ()) if state in edge.sources), None)


def target(step: str, state: str) -> str | None:
    """Where the step leads from `state`, or None when it may not be taken there.

    Equal to `state` when the case stays, and where the answers decide.
    """
    edge = edge_from(step, state)
    return None if edge is None else edge.target or state


def moves(case_type: str) -> Iterator[tuple[str, str, str]]:
    """Every (step, source, target) of a case type that changes its state."""
    for step, edges in EDGES.items():
        if case_type_of(step) == case_type:
            for edge in edges:
                ends = edge.computed or ((edge.target,) if edge.target is not None else ())
                yield from ((step, source, end) for source in edge.sources for end in ends if source != end)


def leads_to(case_type: str, states: tuple[str, ...]) -> str | None:
    """A step of the type that ends in one of `states`, the first declared; None when only creating it does, or nothing."""
    return next((step for step, _, end in moves(case_type) if end in states), None)
