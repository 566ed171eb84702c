"""The case page: where it stands, what the reader can do, what is still needed and why, and what has happened."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows import clock, commands, queries, vocabulary, words
from workflows.corrections import HANDERS_OVER, RETRACTABLE, RETRACTERS
from workflows.models import Case
from workflows.pages import asking, explaining, reading
from workflows.pages.approvals import is_undecided, sealed
from workflows.pages.base import incident_or_404, log_read, page, root_or_404, root_url, show
from workflows.pages.letters import standing
from workflows.pages.own import own_case, title
from workflows.pages.reading import Reading

MAIN = (
    "incident.triage", "incident.discuss", "measure.propose", "incident.escalate", "incident.send_back", "incident.sanction",
    "incident.close", "incident.reopen",
)  # fmt: skip
"""The main line of an incident, in the order in which its steps are offered."""

SIDE = ("police.consider", "takedown.request", "incident.take_over", "incident.refer", "incident.dismiss")
"""Steps beside the main line, offered as links below it."""

USUAL = {
    "reported": ("incident.triage",), "triaged": ("incident.discuss",), "discussed": ("measure.propose", "incident.close"),
    "escalated": ("incident.sanction",), "sanctioned": ("incident.close",),
}  # fmt: skip
"""What usually comes next in a state: the one button that stands out, if the reader can take it."""

EVERYDAY = ("parents_informed", "evidence_seen", "victim_checked", "shared")
"""Milestones offered at once when no rule asks for another one."""

DECIDING = ("measure.approve", "measure.reject")
"""Steps taken on the page on which a measure is decided."""

QUIET = {"closed", "dismissed", "referred", "completed", "withdrawn", "rejected", "settled", "concluded"}
"""States in which nothing more is to be done about a case or a track."""


@page
def case_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show one incident to somebody who may see it; a pupil gets the page about their own part."""
    try:
        root = incident_or_404(request, key)
    except Http404:  # a mail about a consent, connection or account leads here too
        return HttpResponseRedirect(root_url(root_or_404(request, key)))
    log_read(request, root, "case")
    seen = reading.read(request.user, root)
    if not seen.sight.as_staff:
        return own_case(request, seen)
    return show(request, "case.html", context(seen), here="desk")


def context(seen: Reading) -> dict[str, Any]:
    """Return what the case page shows to a member of staff."""
    root, loaded = seen.root, seen.loaded
    overview = asking.overview(loaded, root, seen.actor, (*MAIN, *SIDE))
    blocked = [asked for asked in overview.blocked if _is_worth_telling(seen, asked)]
    blocks = [_block(seen, asked) for asked in blocked]
    expected = USUAL.get(root.state, ())
    has_usual = any(asked.step in expected for asked in overview.open)
    usual = None if has_usual else next((one for one in blocks if one.step in expected), None)
    tracks = [track_of(seen, child) for child in reading.tracks(loaded) if seen.knows(child)]
    wanted = [out for block in blocks for out in block.outs] + [need["out"] for one in tracks for need in one["needs"]]
    return {
        "case": root,
        "title": title(seen),
        "state": words.state_of(root),
        "tone": "good" if root.state == "closed" else "wait" if root.state == "escalated" else "",
        "severity": words.label("severity", root.facts["severity"]).split(":")[0] if root.facts.get("severity") is not None else "",
        "closed": root.state in QUIET,
        "group": ", ".join(sorted({one.group for one in seen.involved if one.seen and one.group})),
        "owner": root.owner and _owner(seen),
        "urgent_url": _urgent(root) if root.state in vocabulary.OPEN else "",
        "stop": usual,
        "blocked": [one for one in blocks if one is not usual],
        "steps": [_link(seen, asked) for asked in overview.open if asked.step in MAIN],
        "side": [_link(seen, asked) for asked in overview.open if asked.step in SIDE],
        "tracks": tracks,
        "readers": reading.readers(seen),
        "timeline": timeline_of(seen),
        "people": people_of_case(seen),
        "tasks": tasks_of(seen),
        "letters": _letters(seen),
        "letters_url": True,
        "more": _more(seen),
        **_records(seen, [out.url for out in wanted if out]),
        **_withdraw(seen),
    }


def _is_worth_telling(seen: Reading, asked: asking.Asked) -> bool:
    """Leave out what nobody waits for: imposing measures when there are none, and steps that only somebody else takes."""
    if asked.step == "incident.sanction":
        return any(child.type == "measure" and child.state in ("proposed", "approved") for child in seen.loaded.children)
    return bool(asked.elsewhere)


def _block(seen: Reading, asked: asking.Asked) -> explaining.Block:
    found = explaining.block(seen.loaded, asked, seen.names, asked.elsewhere, actor=seen.actor)
    if asked.step == "incident.sanction":
        proposed = [child for child in seen.loaded.children if child.type == "measure" and child.state == "proposed"]
        for child in proposed:
            if not asking.ask(seen.loaded, child, "measure.approve", seen.actor).is_for_others:
                found.also.append(explaining.Out(_("Decide on this measure"), reverse("kc_workflows:decide", args=[child.key])))
    return found


def _link(seen: Reading, asked: asking.Asked) -> dict[str, Any]:
    usual = asked.step in USUAL.get(seen.root.state, ())
    return {"label": asked.label, "url": asking.step_url(seen.loaded, asked.case, asked.step), "usual": usual}


def _urgent(root: Case) -> str:
    return reverse("kc_workflows:record", args=[root.key, "urgent_safety_measure"])


def _owner(seen: Reading) -> str:
    owner = seen.root.owner
    found = owner.kc_people.filter(school=seen.root.school).first() if owner else None
    return found.full_name if found else ""


def track_of(seen: Reading, child: Case) -> dict[str, Any]:
    """Return one track: its state, what it still needs, and what the reader can do with it."""
    loaded = seen.loaded
    moves = [step for step in vocabulary.STEPS if step.startswith(f"{child.type}.")]
    usable = [step for step in moves if not vocabulary.STEPS[step].creates and not vocabulary.STEPS[step].system]
    overview = asking.overview(loaded, child, seen.actor, usable)
    goal = {"measure": "measure.impose", "police": "police.report", "takedown": "takedown.confirm_removed"}[child.type]
    needs: list[dict[str, Any]] = []
    if child.type == "measure" and child.state in ("proposed", "approved"):
        asked = asking.ask(loaded, child, goal, seen.actor)
        missing = explaining.reasons(loaded, child, goal, asked.forecast, seen.names, seen.actor)
        needs = [{"text": reason.text, "refs": reason.refs, "out": reason.out} for reason in missing]
    decides = child.type == "measure" and _can_decide(overview) and is_undecided(seen, child)
    return {
        "key": child.key,
        "title": explaining.track_title(child),
        "person": seen.name_of(child.person) if child.person else "",
        "state": words.state_of(child),
        "tone": "good" if child.state in QUIET else "wait" if child.state in ("proposed", "requested") else "",
        "when": _when(child),
        "needs": needs,
        "needs_title": _("Still needed before this can start:"),
        "decide_url": reverse("kc_workflows:decide", args=[child.key]) if decides else "",
        "steps": [_link(seen, asked) for asked in overview.open if asked.step not in DECIDING],
        "later": [_link(seen, asked) for asked in overview.blocked],
    }


def _can_decide(overview: asking.Overview) -> bool:
    return any(asked.step in DECIDING for asked in overview.open)


def _when(child: Case) -> str:
    first, days = child.facts.get("first_day"), child.facts.get("school_days")
    told = []
    if first:
        told.append(_("from %(day)s") % {"day": words.value("first_day", first)})
    if days:
        told.append(_("school days: %(n)s") % {"n": days})
    if due := child.facts.get("due_on"):
        told.append(_("to be done by %(day)s") % {"day": words.value("due_on", due)})
    return ", ".join(told)


def timeline_of(seen: Reading) -> list[Any]:
    """Return the lines of the timeline, newest first, each with the page on which it is taken back, if the reader may."""
    return [
        item if isinstance(item, reading.Fold) else {"entry": item, "retract_url": _retract_url(seen, item)}
        for item in reading.timeline(seen, sealed(seen))
    ]


def _retract_url(seen: Reading, entry: reading.Entry) -> str:
    if entry.retracted or not entry.step.startswith(RETRACTABLE) or not (entry.is_own or seen.actor.roles & RETRACTERS):
        return ""
    return reverse("kc_workflows:retract", args=[seen.root.key, entry.n])


def people_of_case(seen: Reading) -> list[dict[str, Any]]:
    """Return everybody in the case; of an incident with the page about their part in it."""
    return [_person(seen, one) for one in seen.involved]


def _person(seen: Reading, one: reading.Involved) -> dict[str, Any]:
    url = reverse("kc_workflows:person", args=[seen.root.key, one.person.key]) if one.seen and seen.root.type == "incident" else ""
    known = [words.label("person_kind", one.person.kind), one.group]
    return {
        "name": one.name,
        "about": " · ".join(filter(None, known)),
        "roles": one.roles,
        "url": url,
        "masked": one.masked,
    }


def tasks_of(seen: Reading) -> list[dict[str, Any]]:
    """Return what is still to be done about the case, with its term and who does it."""
    return [_task(seen, duty) for duty in seen.loaded.duties]


def _task(seen: Reading, duty: Any) -> dict[str, Any]:
    step = duty.task if "." in duty.task else f"record.{duty.task}"
    known = step in vocabulary.STEPS or duty.task in vocabulary.MILESTONES.get(seen.root.type, {})
    case = next((child for child in seen.loaded.children if child.pk == duty.case_id), seen.root)
    if known and vocabulary.case_type_of(step) not in (case.type, "record"):
        case = asking.case_for(seen.loaded, step) or seen.root
    return {
        "label": words.label("task", duty.task),
        "due": duty.due_at,
        "late": duty.due_at < clock.now(),
        "owner": words.label("role", duty.taken_over_by or duty.owner) if duty.owner else "",
        "url": asking.step_url(seen.loaded, case, step) if known else "",
    }


def _letters(seen: Reading) -> list[dict[str, Any]]:
    root = seen.root
    rows = queries.letters_of(root, seen.sight, seen.kept)
    return [
        {
            "label": words.label("letter", letter.kind),
            "to": letter.addressee.full_name if letter.addressee else _("the file of this case"),
            "state": standing(letter),
            "url": reverse("kc_workflows:letter", args=[root.key, letter.key]),
        }
        for letter in rows
    ]


def _records(seen: Reading, wanted: list[str]) -> dict[str, Any]:
    """Return the milestones to note: those a rule asks for or everyday ones at once, the others folded."""
    root = seen.root
    if root.state == "dismissed":
        return {"records": [], "others": []}
    everyday: list[dict[str, str]] = []
    others: list[dict[str, str]] = []
    for name in vocabulary.MILESTONES["incident"]:
        if name == "urgent_safety_measure":
            continue
        asked = asking.ask(seen.loaded, root, f"record.{name}", seen.actor)
        if asked.is_out_of_place or asked.is_for_others:
            continue
        url = reverse("kc_workflows:record", args=[root.key, name])
        at_once = any(one.startswith(url) for one in wanted) or name in EVERYDAY
        (everyday if at_once else others).append({"label": words.label("milestone", name), "url": url})
    return {"records": everyday, "others": others}


def _withdraw(seen: Reading) -> dict[str, Any]:
    asked = asking.ask(seen.loaded, seen.root, "incident.withdraw", seen.actor)
    if asked.elsewhere:
        return {}
    until = clock.local(seen.root.opened_at) + commands.WITHDRAW_WITHIN
    return {"withdraw_url": asking.step_url(seen.loaded, seen.root, "incident.withdraw"), "withdraw_until": until}


def _more(seen: Reading) -> list[dict[str, str]]:
    """Return the acts on the case as a whole that the reader may take."""
    root = seen.root
    found = []
    owns = root.owner_id is not None and seen.person is not None and root.owner_id == seen.person.user_id
    if root.state in vocabulary.OPEN and (owns or seen.actor.roles & HANDERS_OVER):
        found.append({"label": _("Hand over this case"), "url": reverse("kc_workflows:owner", args=[root.key])})
    return found


