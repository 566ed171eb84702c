"""The page of one consent, connection or account: what it is, how it stands, who answered what, and what can be done now.

One page for the three, made from the vocabulary; what a reader may do is asked of the protocol, as on the page of an incident.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows import clock, paper, protocol, roots, vocabulary, words
from workflows.decisions import DECISIONS, decidable, is_lifted_here
from workflows.models import Case, Person, PersonalLink
from workflows.pages import asking, explaining, reading
from workflows.pages.base import log_read, page, root_or_404, show
from workflows.pages.case import people_of_case, tasks_of, timeline_of, track_of
from workflows.pages.reading import Reading
from workflows.personal_links import KEEPERS
from workflows.shapes import INITIAL, edge_from

TONES = {
    "granted": "good", "approved": "good", "requested": "wait", "declared": "wait", "refused": "late", "conflicting": "late", "withdrawn": "late",
}  # fmt: skip
"""How a state stands out."""

HOLDS = ("granted", "approved")
"""States in which the last day is a promise, not a wish."""

ELSEWHERE = frozenset({"consent.answer", "consent.withdraw"})
"""Steps that have a page of their own: what somebody else answered is written down there. So has the decision, the first time."""

CALLED = ("name", "site", "counterpart_name")
"""Words that say what an account is called, or the other side of a connection."""

SKIPPED = frozenset({"state", "reason", "note", *(name for names in roots.TOPIC.values() for name in names)})
"""What the page tells in another place."""


@page
def root_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show one consent, connection or account to somebody who may see it; a pupil gets what concerns them alone."""
    root = root_or_404(request, key)
    log_read(request, root, root.type)
    seen = reading.read(request.user, root)
    template = "root.html" if seen.sight.as_staff else "root_own.html"
    return show(request, template, context(seen) if seen.sight.as_staff else own_context(seen), here="more" if seen.sight.as_staff else "")


def own_context(seen: Reading) -> dict[str, Any]:
    """Return what a pupil reads: what it is, how it stands, and whom to ask."""
    own = seen.root.type == "consent" and seen.actor.id in asked_of(seen)
    return {**about(seen), "own_url": reverse("kc_workflows:own_consents") if own else "", "readers": reading.readers(seen)}


def about(seen: Reading) -> dict[str, Any]:
    """Return what every reader sees of it first."""
    root = seen.root
    state = seen.loaded.state_now()
    return {
        "case": root, "title": title(seen), "topic": topic_of(root), "state": words.label(f"state.{root.type}", state), "tone": TONES.get(state, ""),
        "until": root.until if state in HOLDS else None, "wanted": _day(root.facts.get("until")) if state in INITIAL.values() else None,
        "review_on": _day(root.facts.get("review_on")) if state in HOLDS else None,
    }  # fmt: skip


def title(seen: Reading) -> str:
    """Return what it is called: its type, and whose it is or what it is called."""
    root = seen.root
    told = seen.loaded.words.get(root.pk, {})
    kind = words.capital(words.label("type", root.type))
    whose = [root.person.full_name] if root.person and root.type != "account" else []
    other = [one.name for one in seen.involved if "counterpart" in one.role_keys] or [told[one] for one in CALLED if told.get(one)][:1]
    called = words.all_of(whose + other)
    return f"{kind}: {called}" if called else kind


def topic_of(root: Case) -> str:
    """Return what it is about, in words: `Photos … · Instagram`, `A pupil`, `Account for a lesson`."""
    return " · ".join(words.value(name, root.facts[name]) for name in roots.TOPIC[root.type] if root.facts.get(name))


def _day(text: Any) -> Any:
    return date.fromisoformat(text) if text else None


def context(seen: Reading) -> dict[str, Any]:
    """Return what the page shows to a member of staff."""
    root, loaded = seen.root, seen.loaded
    decided = DECISIONS.get(root.type, ()) if root.state == INITIAL[root.type] else ()
    moves = [step for step in vocabulary.STEPS if step.startswith(f"{root.type}.") and step not in {*ELSEWHERE, *decided}]
    usable = [step for step in moves if not vocabulary.STEPS[step].creates and not vocabulary.STEPS[step].system]
    overview = asking.overview(loaded, root, seen.actor, usable)
    return {
        **about(seen),
        "told": told_of(seen),
        "decision": decision(seen),
        "answers": answers_of(seen),
        "write_url": reverse("kc_workflows:root_answer", args=[root.key]) if may_write_down(seen) else "",
        "links_url": reverse("kc_workflows:root_links", args=[root.key]) if root.type == "consent" and may_reach_signers(seen) else "",
        "steps": [{"label": _label(root, one), "url": asking.step_url(loaded, root, one.step)} for one in overview.open],
        "blocked": [explaining.block(loaded, one, seen.names, one.elsewhere, actor=seen.actor) for one in overview.blocked],
        "tracks": [track_of(seen, child) for child in reading.tracks(loaded)],
        "places": [{"where": row.data.get("where"), "at": row.at} for row in loaded.records if row.what == "used"],
        "records": records_of(seen),
        "people": people_of_case(seen),
        "tasks": tasks_of(seen),
        "timeline": timeline_of(seen),
        "readers": reading.readers(seen),
    }


def _label(root: Case, asked: asking.Asked) -> str:
    """Return what a step is called here: approving what was approved before makes it last longer."""
    again = root.type in DECISIONS and asked.step == DECISIONS[root.type][0]
    return _("Prolong the approval") if again else asked.label


def told_of(seen: Reading) -> list[tuple[str, str]]:
    """Return what was told about it, in the order of the form: no people, who have a list of their own."""
    root = seen.root
    kept = seen.loaded.for_step(root, f"{root.type}.{reading.NEVER}", actor=None, data={}).case
    found = []
    for name in dict.fromkeys(one for step, spec in vocabulary.STEPS.items() if step.startswith(f"{root.type}.") for one in spec.fields):
        field, answer = vocabulary.field_of(root.type, name), kept.get(name)
        if name in SKIPPED or name in ("until", "review_on") or answer in (None, "", ()) or field.kind in ("person", "people", "code"):
            continue
        if name in ("answer", "form", "authority", "language", "happened"):
            continue  # of an answer, which is told with who gave it
        found.append((words.field_label(root.type, name), _linked(answer) if field.kind == "case" else words.value(name, answer)))
    return found


def _linked(key: Any) -> str:
    other = Case.objects.filter(key=key).first()
    return other.display_number if other else ""


def decision(seen: Reading) -> dict[str, Any]:
    """Return how the decision stands: the page on which the reader decides, or why it cannot be decided and who does."""
    root = seen.root
    if root.type not in DECISIONS or root.state != INITIAL[root.type]:
        return {}
    yes, no = (asking.ask(seen.loaded, root, step, seen.actor) for step in DECISIONS[root.type])
    found: dict[str, Any] = {}
    decided = decidable(seen.loaded.for_step(root, yes.step, actor=None, data={}), seen.loaded.protocol)
    if decided and any(one.is_open and not one.is_for_others for one in (yes, no)):
        found["url"] = reverse("kc_workflows:decide", args=[root.key])
    if barred := [one for one in yes.forecast if not is_lifted_here(one, yes.step)]:
        found["stop"] = explaining.block(seen.loaded, yes, seen.names, barred, actor=seen.actor)
    found["who"] = (yes.who or no.who) if decided else ""
    found["nobody"] = not decided
    return found


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody who is asked about a consent, and what they answered since."""

    key: Any
    name: str
    kind: str
    yes: bool | None
    form: str
    at: datetime | None
    link: datetime | None
    has_mail: bool


def answers_of(seen: Reading) -> list[Signer]:
    """Return who is asked about a consent by its protocol, each with their answer that counts."""
    if seen.root.type != "consent":
        return []
    facts = seen.loaded.for_step(seen.root, f"consent.{reading.NEVER}", actor=None, data={})
    said = protocol.answers_in(facts)
    people = Person.objects.in_bulk([int(key) for key in asked_of(seen)])
    links = dict(PersonalLink.objects.filter(person__in=people, revoked_at=None, expires_at__gt=clock.now()).values_list("person", "made_at"))
    found = []
    for person in sorted(people.values(), key=lambda one: one.pk):
        own = [row for row in seen.loaded.records if row.what in protocol.ANSWERS and row.person == str(person.pk)]
        yes = said.get(str(person.pk))
        last = own[-1] if own and yes is not None else None
        form = str(last.data.get("form") or "") if last else ""
        found.append(
            Signer(
                person.key, person.full_name, person.kind, yes, words.value("form", form) if form else "", last.at if last else None,
                links.get(person.pk), bool(person.email.strip()),
            )
        )  # fmt: skip
    return found


def asked_of(seen: Reading) -> frozenset[str]:
    """Return whom the protocol asks about a consent, by person id."""
    facts = seen.loaded.for_step(seen.root, f"consent.{reading.NEVER}", actor=None, data={})
    lines = protocol.signers(seen.loaded.protocol, facts)
    return frozenset[str]().union(*(protocol.people_asked(line, facts) for line in lines))


def may_write_down(seen: Reading) -> bool:
    """Whether the reader may write down what somebody answered on paper, in a talk or by telephone."""
    root = seen.root
    if root.type != "consent" or not (edge_from("consent.answer", roots.state_of(root, clock.today())) or is_left_up(seen)):
        return False
    return "employee" in seen.actor.roles and bool(asked_of(seen) - {seen.actor.id})


def is_left_up(seen: Reading) -> bool:
    """Whether the term of a consent has ended and something that was published still stands, of which nobody asked that it is taken away."""
    return roots.state_of(seen.root, clock.today()) == "expired" and protocol.left_up([row.what for row in seen.loaded.records])


def may_keep_links(seen: Reading) -> bool:
    """Whether the reader may close a personal link or send a new one."""
    return not KEEPERS.isdisjoint(seen.actor.roles)


def may_reach_signers(seen: Reading) -> bool:
    """Whether the reader may keep the links of those who are asked, or print their forms."""
    return may_keep_links(seen) or paper.may_print(seen.user, seen.root)


def records_of(seen: Reading) -> list[dict[str, str]]:
    """Return the milestones that the reader can note on it."""
    root = seen.root
    found = []
    for name in vocabulary.MILESTONES.get(root.type, {}):
        asked = asking.ask(seen.loaded, root, f"record.{name}", seen.actor)
        if asked.is_open and not asked.is_out_of_place and not asked.is_for_others:
            url = reverse("kc_workflows:record", args=[root.key, name])
            found.append({"label": _("Note: %(what)s") % {"what": words.label("milestone", name)}, "url": url})
    return found
