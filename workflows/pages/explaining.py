"""Why a step cannot be taken yet, in words and links: each denial with its articles and, for whom it is theirs, the way out.

It judges nothing; what is denied was asked in `asking`. Shared by the case page, the step pages and the desk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from workflows import clock, vocabulary, words
from workflows.decisions import fields_of
from workflows.facts import Loaded
from workflows.models import Case
from workflows.pages.asking import ENDED, Asked, ask, case_for, step_url
from workflows.pages.base import root_url
from workflows.protocol import Denial, Protocol
from workflows.sentences import Sentence
from workflows.situation import Actor
from workflows.unmet import Remedy

MOST_OUTS = 4
"""Ways out shown as buttons; more would be a wall."""


@dataclass(frozen=True, slots=True)
class Out:
    """One way out: what to do, and where."""

    label: str
    url: str


@dataclass(slots=True)
class Reason:
    """One denial in words, with the articles it rests on and the way out, if there is one."""

    text: str
    articles: list[dict[str, str]]
    out: Out | None
    denial: Denial

    @property
    def refs(self) -> str:
        """How the protocol numbers the articles, each once."""
        return "; ".join(dict.fromkeys(one["ref"] for one in self.articles if one["ref"]))


@dataclass(slots=True)
class Block:
    """A step that cannot be taken yet: everything the reader needs to understand and to get on."""

    step: str
    label: str
    reasons: list[Reason]
    protocol: str
    checked: datetime
    who: str = ""
    also: list[Out] = field(default_factory=list)

    @property
    def outs(self) -> list[Out]:
        """The ways out, each once."""
        found: dict[str, Out] = {out.url: out for out in self.also}
        for reason in self.reasons:
            if reason.out is not None:
                page = reason.out.url.partition("#")[0]  # two fields of one form are one way out; two tracks of a case are two
                found.setdefault(page if "/do/" in page else reason.out.url, reason.out)
        return list(found.values())[:MOST_OUTS]

    @property
    def articles(self) -> list[dict[str, str]]:
        """Every article named, each once."""
        return list({one["id"]: one for reason in self.reasons for one in reason.articles}.values())


def way_out(loaded: Loaded, case: Case, step: str, denial: Denial, names: Mapping[str, str]) -> Out | None:
    """Return where the reader can lift a denial, or None when nothing can be pressed for it.

    Args:
        loaded: everything about the incident.
        case: the case of the denied step.
        step: the denied step.
        denial: what is missing.
        names: names the reader may see, by person id.
    """
    remedy = denial.remedy
    if remedy is None:
        return None
    of_whom = names.get(str(remedy.person), "") if remedy.person else ""
    if remedy.kind == "milestone":
        return _by_noting(loaded, remedy, of_whom)
    if remedy.kind == "step":
        return _by_step(loaded, case, remedy, of_whom)
    if _is_filled_in_deciding(case, step, denial):
        return Out(_("Fill it in while deciding"), reverse("kc_workflows:decide", args=[case.key]))
    return _by_filling_in(loaded, case, step, remedy.name) if remedy.kind == "field" else None


def _by_noting(loaded: Loaded, remedy: Remedy, of_whom: str) -> Out | None:
    """Return the page on which a milestone is noted."""
    if remedy.name not in vocabulary.MILESTONES.get(loaded.root.type, {}):
        return None
    text = _("Note: %(what)s (%(who)s)") if of_whom else _("Note: %(what)s")
    label = words.uncapital(words.label("milestone", remedy.name))
    return Out(text % {"what": label, "who": of_whom}, step_url(loaded, loaded.root, f"record.{remedy.name}", person=remedy.person))


def _by_step(loaded: Loaded, case: Case, remedy: Remedy, of_whom: str) -> Out | None:
    """Return the page on which a step is taken, or the track whose end is waited for."""
    step = remedy.name
    if step not in vocabulary.STEPS:
        return None
    if (track := _running_track(loaded, case, step)) is not None:
        url = f"{root_url(loaded.root)}#track-{track.key}"
        return Out(_("Go on with: %(track)s") % {"track": words.uncapital(track_title(track))}, url)
    target = _taken_on(loaded, case, step)
    if vocabulary.STEPS[step].system or target is None:
        return None
    if step == "measure.approve" and target.pk:
        return Out(_("Decide on this measure"), reverse("kc_workflows:decide", args=[target.key]))
    person = remedy.person if "person" in fields_of(step) else None
    label = words.label("step", step)
    return Out(f"{label} ({of_whom})" if of_whom and person else label, step_url(loaded, target, step, person=person))


def _by_filling_in(loaded: Loaded, case: Case, step: str, field_name: str) -> Out | None:
    """Return the field, in the form of the step itself or in the assessment of the incident."""
    asked = step if field_name in fields_of(step) else "incident.triage"
    if field_name not in fields_of(asked) or vocabulary.case_type_of(asked) not in (case.type, loaded.root.type, "record"):
        return None
    label = _("Fill in: %(field)s") % {"field": words.label("field", field_name)}
    return Out(label, f"{step_url(loaded, case if asked == step else loaded.root, asked)}#f-{field_name}")


def _taken_on(loaded: Loaded, case: Case, step: str) -> Case | None:
    """Return the case on which a step is taken that stands in the way of one of `case`: that case itself where it is of its type."""
    same_type = case.pk and vocabulary.case_type_of(step) == case.type
    return case if same_type else case_for(loaded, step)


def _is_filled_in_deciding(case: Case, step: str, denial: Denial) -> bool:
    """Whether what imposing a measure lacks is a field that the decision on it still asks."""
    remedy = denial.remedy
    waits = step == "measure.impose" and case.pk and case.state == "proposed"
    return bool(waits and remedy and remedy.kind == "field" and remedy.name in fields_of("measure.approve"))


def _running_track(loaded: Loaded, case: Case, step: str) -> Case | None:
    """Return the track that a case waits for, when `step` is one of a track and not of the case itself."""
    kind = vocabulary.case_type_of(step)
    if kind in (case.type, loaded.root.type) or vocabulary.STEPS[step].creates:
        return None
    return next((child for child in loaded.children if child.type == kind and child.state not in ENDED), None)


def track_title(child: Case) -> str:
    """Return what a track is called: the measure, or the kind of track."""
    kind = child.facts.get("kind", "")
    return words.label("kind", kind) if child.type == "measure" else words.capital(words.label("type", child.type))


def reasons(
    loaded: Loaded, case: Case, step: str, denials: Iterable[Denial], names: Mapping[str, str], actor: Actor | None = None
) -> list[Reason]:
    """Put denials in words, blocking ones first; what two articles say in the same words is said once, with both.

    Args:
        loaded: everything about the incident.
        case: the case of the step. step: the step. denials: what stands in its way.
        names: names the reader may see, by person id.
        actor: the reader; ways out that only somebody else can take are then left out.
    """
    found: dict[str, Reason] = {}
    for denial in sorted(denials, key=lambda one: one.strength != "block"):
        text = words.say(denial.sentence, loaded.protocol)
        articles = [words.article(loaded.protocol, key) for key in denial.articles]
        if text in found:
            known = {one["id"] for one in found[text].articles}
            found[text].articles.extend(one for one in articles if one["id"] not in known)
            continue
        out = way_out(loaded, case, step, denial, names)
        if out is not None and actor is not None and not _is_mine(loaded, case, step, denial, actor):
            out = None
        found[text] = Reason(text, articles, out, denial)
    return list(found.values())


def _is_mine(loaded: Loaded, case: Case, step: str, denial: Denial, actor: Actor) -> bool:
    """Whether the reader is one of those who can lift the denial."""
    remedy = denial.remedy
    if remedy is None:
        return False
    if _is_filled_in_deciding(case, step, denial):
        return not ask(loaded, case, "measure.approve", actor).is_for_others
    if remedy.kind == "field":
        return True
    if not is_asked_of(denial, actor):
        return False
    wanted = f"record.{remedy.name}" if remedy.kind == "milestone" else remedy.name
    if remedy.kind == "step" and _running_track(loaded, case, wanted) is not None:
        return True
    target = _taken_on(loaded, case, wanted)
    return target is not None and not ask(loaded, target, wanted, actor).is_for_others


def is_asked_of(denial: Denial, actor: Actor) -> bool:
    """Whether what is missing is asked of the reader: a denial may want a step or milestone by somebody in certain roles."""
    details: Any = dict(denial.sentence.words).get("details", ())  # what stands in a sentence has many kinds
    named: list[Any] = [dict(one.words)["roles"] for one in details if isinstance(one, Sentence) and "roles" in dict(one.words)]
    roles = {word.key for found in named for word in found}
    return not roles or bool(roles & actor.roles)


def block(
    loaded: Loaded, asked: Asked, names: Mapping[str, str], denials: Iterable[Denial] | None = None, *, label: str = "",
    actor: Actor | None = None,
) -> Block:  # fmt: skip
    """Explain a step that cannot be taken yet.

    Args:
        loaded: everything about the incident. asked: the step, as the protocol sees it now.
        names: names the reader may see, by person id.
        denials: what to explain of what stands in the way; all of it when left out.
        label: what the step is called here, when not by its own name.
        actor: the reader; only the ways out that are theirs are offered then.
    """
    shown = asked.denials if denials is None else tuple(denials)
    return Block(
        step=asked.step,
        label=words.uncapital(label or asked.label),
        reasons=reasons(loaded, asked.case, asked.step, shown, names, actor),
        protocol=protocol_line(loaded.protocol),
        checked=clock.now(),
        who=asked.who if asked.is_for_others else "",
    )


def protocol_line(found: Protocol) -> str:
    """Return the protocol's name and version in words."""
    name: Any = found.name
    if isinstance(name, Mapping):
        name = words.in_language(name)
    return _("%(name)s, version of %(day)s") % {"name": name or found.key, "day": words.day(found.in_force)}


def advised(loaded: Loaded, denials: Iterable[Denial]) -> list[dict[str, str]]:
    """Put advice in words, each once: what is missing, or where a line only tells a rule, the rule itself."""
    found: dict[str, dict[str, str]] = {}
    for denial in denials:
        articles = [words.article(loaded.protocol, key) for key in denial.articles]
        if denial.sentence.words:
            text = words.say(denial.sentence, loaded.protocol)
            found.setdefault(text, {"text": text, "refs": "; ".join(dict.fromkeys(one["ref"] for one in articles if one["ref"]))})
        else:
            found |= {one["id"]: {"text": one["text"], "refs": one["ref"]} for one in articles}
    return list(found.values())
