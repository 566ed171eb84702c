"""The page on which a declared connection or a requested account is decided about: yes or no, with words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows import clock, commands, words
from workflows.decisions import DECISIONS, is_lifted_here, is_only_noted
from workflows.forms import answers_in
from workflows.models import Case, LogEntry, Words
from workflows.pages import approvals, asking, explaining, reading, root
from workflows.pages.base import act_of, case_or_404, changes, log_read, page, root_url, show, staff_or_404, tell, with_told
from workflows.pages.decision_form import DecisionForm
from workflows.pages.reading import Reading
from workflows.shapes import INITIAL

YES, NO = gettext_lazy("Yes, approve"), gettext_lazy("No, refuse")

TERMS = ("until", "review_on")
"""Fields of a yes that have a likely answer."""


class RootDecision(DecisionForm):
    """A decision whose terms are asked at once: an approval has a last day, and a day to look at it again."""

    @property
    def main(self) -> list[Any]:
        """The decision, its words, its terms, and reasons for what is not met."""
        return [self[name] for name in ("decision", "reason", *self.gaps, *self.reasons_for)]


@page
def decide(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show what is to be decided to whoever sees it as staff, and take the decision: a measure, a connection or an account.

    Returns:
        200 the page, 302 decided, 422 words are missing, 409 not theirs, not now, or decided meanwhile.

    Raises:
        Http404: nothing is decided about such a case, or not at this school.
    """
    case, whole = case_or_404(request, key)
    if case is not whole:
        return approvals.decide(request, key)
    staff_or_404(request, case)
    if case.type not in DECISIONS:
        raise Http404
    seen = reading.read(request.user, case)
    facts = seen.loaded.for_step(case, DECISIONS[case.type][0], actor=None, data={})
    if case.state == INITIAL[case.type] and is_only_noted(facts, seen.loaded.protocol):
        raise Http404
    log_read(request, case, "decide")
    if request.method != "POST":
        return _page(request, seen, _form(seen, None))
    form = _form(seen, request.POST)
    if form is None:
        # A hand-made answer gets the protocol's own sentences.
        return _page(request, seen, None, status=409)
    if not form.is_valid():
        return _page(request, seen, form, status=422)
    return _take(request, seen, form)


def _asked(seen: Reading) -> list[asking.Asked]:
    """The answers that the reader can give now."""
    if seen.root.state != INITIAL[seen.root.type]:
        return []
    asked = [asking.ask(seen.loaded, seen.root, step, seen.actor) for step in DECISIONS[seen.root.type]]
    return [one for one in asked if one.is_open and not one.is_for_others and not one.is_out_of_place]


def _form(seen: Reading, data: Any) -> RootDecision | None:
    possible = _asked(seen)
    if not possible:
        return None
    yes = DECISIONS[seen.root.type][0]
    reasons = {denial: None for one in possible for denial in one.denials if denial.strength == "answer"}
    gaps = [
        one.remedy.name for asked in possible for one in asked.denials if one.remedy is not None and one.remedy.kind == "field" and asked.step == yes
    ]
    if set(TERMS) & set(gaps):
        gaps = [*TERMS, *(name for name in gaps if name not in TERMS)]
    answers = [(one.step, str(YES if one.step == yes else NO)) for one in possible]
    form = RootDecision(data, answers=answers, reasons=reasons, gaps=[name for name in gaps if name != "reason"], version=seen.root.log_count)
    until = _until(seen.root)
    form.initial.update({"until": until, "review_on": _review(until)})
    for name in form.gaps:
        form.fields[name].wanted = True  # type: ignore[attr-defined]  # read by the field's template
    return form


def _until(case: Case) -> date:
    """The end that is offered: the one asked for, else that of this school year, which for a connection is the first day after it."""
    if asked := case.facts.get("until"):
        return date.fromisoformat(asked)
    if account := case.facts.get("account_until"):
        return date.fromisoformat(account) + timedelta(days=1)
    today = clock.today()
    year = today.year + (today.month >= 8)
    return date(year, 8, 1) if case.type == "friend_request" else date(year, 7, 31)


def _review(until: date) -> date:
    """The day of review that is offered: a month before the end, or half-way when that has passed."""
    today = clock.today()
    return max(until - timedelta(days=30), today + (until - today) / 2)


def _take(request: HttpRequest, seen: Reading, form: RootDecision) -> HttpResponse:
    step = form.cleaned_data["decision"]
    yes = DECISIONS[seen.root.type][0]
    data = {"reason": form.cleaned_data["reason"], **(form.filled if step == yes else {})}
    try:
        outcome = commands.perform(
            seen.root, step, by=request.user, data=data, answers=answers_in(request.POST), key=form.submission, seen_version=form.seen_version
        )
    except commands.StepDenied as denied:
        for denial in denied.denials:
            names = (f"answer:{denial.articles[0]}", denial.remedy.name if denial.remedy is not None else "")
            form.blame(next((name for name in names if name in form.fields), None), words.say(denial.sentence, seen.loaded.protocol))
        here = all(is_lifted_here(denial, step) for denial in denied.denials)
        return _page(request, seen, form, status=422 if here else 409)
    except commands.InvalidData as invalid:
        form.blame_each(invalid.errors)
        return _page(request, seen, form, status=422)
    except commands.StalePage as stale:
        fresh = reading.read(request.user, Case.objects.select_related("school", "person", "opened_by").get(pk=seen.root.pk))
        again = request.POST.copy()
        again["version"] = str(fresh.root.log_count)
        return _page(request, fresh, _form(fresh, again), status=409, changed=changes(stale))
    text = with_told(_("Done: %(what)s.") % {"what": words.uncapital(words.label("step", step))}, [one.full_name for one in outcome.told])
    tell(request, text)
    return HttpResponseRedirect(root_url(seen.root))


def _page(request: HttpRequest, seen: Reading, form: RootDecision | None, *, status: int = 200, **more: Any) -> HttpResponse:
    case = seen.root
    steps_of = DECISIONS[case.type]
    undecided = case.state == INITIAL[case.type]
    yes = asking.ask(seen.loaded, case, steps_of[0], seen.actor)
    last = None
    if not undecided:
        last = LogEntry.objects.filter(case=case).exclude(target="").select_related("by").order_by("-n").first()
    barred = [one for one in yes.denials if not is_lifted_here(one, yes.step)] if undecided else []
    reason = _said(case, "reason")
    shown = {
        **root.about(seen), "told": root.told_of(seen), "people": [(one.name, ", ".join(one.roles)) for one in seen.involved],
        "by": case.opened_by.full_name if case.opened_by else "", "since": case.opened_at, "reason": reason, "form": form,
        "stop": explaining.block(seen.loaded, yes, seen.names, barred, actor=seen.actor) if barred else None,
        "done": _("Already decided: %(who)s %(what)s, %(when)s.") % act_of(last) if last else "",
        "readers": reading.readers(seen), "back": root_url(case), **more,
    }  # fmt: skip
    return show(request, "decide_root.html", shown, status=status, here="approvals")


def _said(case: Case, field: str) -> str:
    """Return the words told for a field of a case, as they stand now."""
    rows = Words.objects.filter(entry__case=case, field=field, struck_by=None).order_by("pk").values_list("text", flat=True)
    return rows.last() or ""
