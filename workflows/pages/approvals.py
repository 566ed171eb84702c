"""Approvals: what waits for my decision, apart from what I asked of others; and the page on which a measure is decided."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows import access, api, commands, vocabulary, words
from workflows.deciders import DECIDERS
from workflows.decisions import fields_of
from workflows.forms import answers_in
from workflows.models import Case, LogEntry, ReadEntry
from workflows.pages import asking, choices, explaining, reading
from workflows.pages.base import act_of, case_or_404, changes, log_read, page, school_of, show, staff_or_404, tell, with_told
from workflows.pages.decision_form import DecisionForm
from workflows.pages.desk import approval_row, approval_rows, case_rows, request_rows
from workflows.pages.reading import Reading

ANSWERS = {
    "measure.approve": gettext_lazy("Yes, approve"),
    "measure.reject": gettext_lazy("No, refuse"),
    "incident.send_back": gettext_lazy("Back with a question"),
}
"""The three answers to a proposal, by the step each one takes."""


FIRST = ("first_day", "school_days", "conduct", "acted_at", "why_not_lighter", "earlier_measures")
"""What a decision rests on most; shown before the rest of a proposal."""

TOLD_AT_ONCE = 5
"""Answers of a proposal shown at once; the others are folded."""


@page
def approvals(request: HttpRequest) -> HttpResponse:
    """Show what waits for the reader's decision, and what the reader asked of others."""
    school = school_of(request)
    if school is None or not access.roles_of(request.user, school):
        raise Http404
    found = api.approvals(request.user, school)
    brought = []
    if access.roles_of(request.user, school) & DECIDERS:
        decided = {measure.parent_id for measure in found.waiting}
        cases = api.cases_for(request.user, school).filter(state="escalated")[:50]
        brought = case_rows(request.user, [case for case in cases if case.pk not in decided])
    waiting = approval_rows(found.waiting)
    for row, looking in zip(waiting, _looking(request, found.waiting), strict=True):
        row["looking"] = looking
    return show(
        request,
        "approvals.html",
        {
            "waiting": waiting, "brought": brought, "asked": [approval_row(measure) for measure in found.asked],
            "requests": request_rows(found.requests), "requested": request_rows(found.requested), "count": len(waiting) + len(found.requests),
        },
        here="approvals",
    )


def _looking(request: HttpRequest, measures: list[Case]) -> list[str]:
    """Say for each measure which colleague opened its case since it was proposed."""
    first = min((measure.opened_at for measure in measures), default=None)
    if first is None:
        return []
    rows = ReadEntry.objects.filter(case__in=[m.parent_id for m in measures], at__gte=first).exclude(user=request.user)
    names: dict[int, list[str]] = {}
    deciding = rows.filter(user__kc_memberships__role__in=["director", "board", "manager", "deputy"])
    for case_id, given, family in deciding.values_list("case", "user__kc_people__given_name", "user__kc_people__family_name").distinct():
        if given and case_id is not None:
            names.setdefault(case_id, []).append(f"{given} {family}".strip())
    return [words.all_of(names.get(measure.parent_id or 0, [])[:3]) for measure in measures]


@page
def decide(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show one proposed measure with what is still missing, and take the decision."""
    case, root = case_or_404(request, key)
    staff_or_404(request, root)
    if case.type != "measure":
        raise Http404
    seen = reading.read(request.user, root)
    measure = next(child for child in seen.loaded.children if child.pk == case.pk)
    if not seen.knows(measure):
        raise Http404
    log_read(request, root, "decide")
    if request.method == "POST":
        return _take(request, seen, measure)
    return _page(request, seen, measure, None)


def _offered(seen: Reading, measure: Case) -> list[asking.Asked]:
    """The answers the reader can give now: those that belong to this state and to them."""
    asked = [asking.ask(seen.loaded, measure if step.startswith("measure.") else seen.root, step, seen.actor) for step in ANSWERS]
    return [one for one in asked if not one.is_out_of_place and not one.is_for_others]


def is_undecided(seen: Reading, measure: Case) -> bool:
    """Whether a decision is still awaited that the reader may give: the first, or that of a second role the protocol asks for."""
    if measure.state != "approved":
        return bool(measure.state == "proposed")
    lacks = asking.ask(seen.loaded, measure, "measure.impose", seen.actor).forecast
    return any(
        one.remedy is not None and one.remedy.name == "measure.approve" and explaining.is_asked_of(one, seen.actor) for one in lacks
    )


def sealed(seen: Reading) -> frozenset[int]:
    """Return the measures on which the reader still gives the second answer: the words of the first one stay hidden till then."""
    return frozenset(
        child.pk
        for child in seen.loaded.children
        if child.type == "measure"
        and child.state == "approved"
        and is_undecided(seen, child)
        and not asking.ask(seen.loaded, child, "measure.approve", seen.actor).is_for_others
    )


def _form(seen: Reading, measure: Case, data: Any) -> DecisionForm | None:
    if not is_undecided(seen, measure):
        return None
    offered = _offered(seen, measure)
    possible = [one for one in offered if one.is_open]
    if not possible:
        return None
    reasons = [denial for one in possible if one.step == "measure.approve" for denial in one.denials if denial.strength == "answer"]
    answers = [(one.step, str(ANSWERS[one.step])) for one in possible]
    gaps: list[str] = []
    if any(one.step == "measure.approve" for one in possible):
        taken = {"reason", "kind", "person"}
        takes = [name for name in fields_of("measure.approve") if name not in taken]
        gaps = [name for name in choices.needed_later(seen, measure, {}) if name in takes]
    return DecisionForm(data, answers=answers, reasons=reasons, gaps=gaps, version=seen.root.log_count)


def _take(request: HttpRequest, seen: Reading, measure: Case) -> HttpResponse:
    posted = request.POST
    form = _form(seen, measure, posted)
    if form is None:
        # The step is asked all the same, so that a hand-made answer gets the protocol's own sentences.
        return _page(request, seen, measure, None, status=409)
    if not form.is_valid():
        return _page(request, seen, measure, form, status=422)
    step = form.cleaned_data["decision"]
    answers = answers_in(posted)
    data = {"reason": form.cleaned_data["reason"], **(form.filled if step == "measure.approve" else {})}
    target = measure if step.startswith("measure.") else seen.root
    try:
        outcome = commands.perform(
            target, step, by=request.user, data=data, answers=answers, key=form.submission,
            seen_version=form.seen_version,
        )  # fmt: skip
    except commands.StepDenied as denied:
        for denial in denied.denials:
            form.blame(f"answer:{denial.articles[0]}", words.say(denial.sentence))
        return _page(request, reading.read(request.user, seen.root), measure, form, status=409)
    except commands.InvalidData as invalid:
        form.blame_each(invalid.errors)
        return _page(request, seen, measure, form, status=422)
    except commands.StalePage as stale:
        fresh = reading.read(request.user, Case.objects.select_related("school").get(pk=seen.root.pk))
        again = posted.copy()
        again["version"] = str(fresh.root.log_count)
        now = next(child for child in fresh.loaded.children if child.pk == measure.pk)
        return _page(request, fresh, now, _form(fresh, now, again), status=409, changed=changes(stale))
    text = with_told(_("Done: %(what)s.") % {"what": words.uncapital(words.label("step", step))}, [one.full_name for one in outcome.told])
    tell(request, text)
    return HttpResponseRedirect(reverse("kc_workflows:case", args=[seen.root.key]))


def _page(
    request: HttpRequest, seen: Reading, measure: Case, form: DecisionForm | None, *, status: int = 200, **more: Any
) -> HttpResponse:
    if form is None and status == 200:
        form = _form(seen, measure, None)
    before = asking.ask(seen.loaded, measure, "measure.impose", seen.actor)
    needs = explaining.reasons(seen.loaded, measure, "measure.impose", before.forecast, seen.names, seen.actor)
    needs = [need for need in needs if not (need.denial.remedy and need.denial.remedy.name == "measure.approve")]
    approve = asking.ask(seen.loaded, measure, "measure.approve", seen.actor)
    done = None
    if measure.state != "proposed":
        rows = LogEntry.objects.filter(case=measure, step__in=["measure.approve", "measure.reject", "measure.withdraw", "measure.impose"])
        last = rows.select_related("by").order_by("-n").first()
        done = last and _("Already decided: %(who)s %(what)s, %(when)s.") % act_of(last)
    kept = seen.loaded.for_step(measure, "measure.approve", actor=None, data={}).case
    skipped = {"state", "kind", "reason"}
    told = [
        (words.label("field", name), words.value(name, answer))
        for name, answer in sorted(kept.items(), key=lambda item: FIRST.index(item[0]) if item[0] in FIRST else len(FIRST))
        if name in vocabulary.FIELDS and name not in skipped and answer not in (None, "") and (name, answer) != ("falls_on_child", False)
    ]
    context = {
        "case": seen.root,
        "row": approval_row(measure),
        "who": seen.name_of(measure.person),
        "reason": kept.get("reason", ""),
        "told": told[:TOLD_AT_ONCE],
        "told_later": told[TOLD_AT_ONCE:],
        "needs": needs,
        "form": form,
        "done": done,
        "stop": explaining.block(seen.loaded, approve, seen.names, actor=seen.actor) if form is None and not done and approve.denials else None,
        "readers": reading.readers(seen),
        "back": reverse("kc_workflows:case", args=[seen.root.key]),
        **more,
    }
    return show(request, "decide.html", context, status=status, here="approvals")
