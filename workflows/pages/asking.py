"""Asks about a step for a page: may the reader take it, may anybody, is it theirs, and on which page it is taken.

Asks the one question, `denials`, for the reader and for nobody (the forecast), and never judges on its own. What differs
between the two answers is who may act; what both have is what must still happen. `explaining` puts it in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from workflows import commands, protocol, vocabulary, words
from workflows.acts import new_track
from workflows.decisions import is_for_others, is_lifted_here
from workflows.facts import Loaded
from workflows.models import Case
from workflows.protocol import Denial, Protocol
from workflows.shapes import edge_from, sources
from workflows.situation import Actor, Facts

NOT_PROVIDED = "step"
"""Article of a denial that says: no layer of this protocol provides for the step."""

ENDED = frozenset({"completed", "withdrawn", "rejected", "settled", "refused", "concluded", "not_reported"})
"""States in which a track runs no more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A step as the protocol sees it now: for the reader, and for anybody at all."""

    case: Case
    step: str
    found: Protocol
    facts: Facts
    denials: tuple[Denial, ...]
    forecast: tuple[Denial, ...]

    @property
    def label(self) -> str:
        """The step's name."""
        return words.label("step", self.step) if "record." not in self.step else record_label(self.step)

    @property
    def is_out_of_place(self) -> bool:
        """Whether the step does not belong to the state of the case, or to this protocol."""
        if self.step.startswith("record."):
            elsewhere = self.case.state == "dismissed"
        else:
            opened = self.case.parent if vocabulary.STEPS[self.step].creates else None
            elsewhere = opened.state not in sources(self.step, opened.type) if opened else edge_from(self.step, self.case.state) is None
        return elsewhere or any(NOT_PROVIDED in denial.articles for denial in self.denials)

    @property
    def is_for_others(self) -> bool:
        """Whether the reader is not the one who takes this step, whatever else is missing."""
        return is_for_others(self.denials, self.forecast, self.facts)

    @property
    def here(self) -> list[Denial]:
        """The denials that the step's own form can lift: a field of it, or a reason in answer."""
        return [denial for denial in self.denials if is_lifted_here(denial, self.step)]

    @property
    def elsewhere(self) -> list[Denial]:
        """The denials that something else must lift first."""
        return [denial for denial in self.denials if not is_lifted_here(denial, self.step)]

    @property
    def is_open(self) -> bool:
        """Whether the reader can take the step now, by filling in its form."""
        return not self.elsewhere

    @property
    def who(self) -> str:
        """Who takes this step according to the protocol, in words; empty when no line says so, or any of the staff may."""
        roles = protocol.expected_roles(self.found, self.facts) - {"deputy"}
        known = [role for role in vocabulary.STAFF_ROLES if role in roles]
        is_named = known and not roles >= frozenset(vocabulary.STAFF_ROLES) - {"deputy"}
        return words.any_of([words.label("the role", role) for role in known]) if is_named else ""


def record_label(step: str) -> str:
    """Return the name of a milestone written `record.<milestone>`."""
    return words.label("milestone", step.removeprefix("record."))


def ask(
    loaded: Loaded,
    case: Case,
    step: str,
    actor: Actor,
    *,
    data: Mapping[str, Any] | None = None,
    answers: Mapping[str, str] | None = None,
) -> Asked:
    """Ask the protocol about one step, for the reader and as a forecast.

    Args:
        loaded: everything about the incident.
        case: the incident, one of its tracks, or an unsaved one that a creating step would make.
        step: `type.step` or `record.<milestone>`.
        actor: who the reader is to the rules.
        data: what the form would send, as far as it is known.
        answers: reasons given, by article.
    """
    known = data or {}
    given, known = answers or {}, data or {}
    return Asked(
        case=case,
        step=step,
        found=loaded.protocol,
        facts=loaded.for_step(case, step, actor=actor, data=known),
        denials=commands.denials_loaded(loaded, case, step, actor, known, given),
        forecast=commands.denials_loaded(loaded, case, step, None, known, given),
    )


def case_for(loaded: Loaded, step: str) -> Case | None:
    """Return the case on which `step` would be taken: the incident, a new track, or the last track of that type."""
    kind = vocabulary.case_type_of(step)
    if kind in (loaded.root.type, "record"):
        return loaded.root
    if vocabulary.STEPS[step].creates:
        return new_track(loaded.root, step)
    same = [child for child in loaded.children if child.type == kind]
    return same[-1] if same else None


def step_url(loaded: Loaded, case: Case, step: str, **query: str | None) -> str:
    """Return the address of the page on which a step is taken or a milestone noted."""
    key = (case if case.pk else loaded.root).key
    if step.startswith("record."):
        url = reverse("kc_workflows:record", args=[loaded.root.key, step.removeprefix("record.")])
    else:
        url = reverse("kc_workflows:step", args=[key, step])
    given = {name: text for name, text in query.items() if text}
    return f"{url}?{urlencode(given)}" if given else url


@dataclass(slots=True)
class Overview:
    """Every step of an incident and its tracks, sorted by what the reader can do with it."""

    open: list[Asked] = field(default_factory=list)
    blocked: list[Asked] = field(default_factory=list)
    others: list[Asked] = field(default_factory=list)


def overview(loaded: Loaded, case: Case, actor: Actor, steps: Iterable[str]) -> Overview:
    """Ask about each of `steps` and sort them: open to the reader, not yet possible, or somebody else's.

    Args:
        loaded: everything about the incident. case: whose steps these are; a creating step is asked of the track it would make.
        actor: who the reader is to the rules.
    """
    found = Overview()
    for step in steps:
        creates = vocabulary.STEPS[step].creates
        asked = ask(loaded, new_track(loaded.root, step) if creates else case, step, actor)
        if asked.is_out_of_place:
            continue
        if asked.is_for_others:
            found.others.append(asked)
        elif asked.is_open:
            found.open.append(asked)
        else:
            found.blocked.append(asked)
    return found
