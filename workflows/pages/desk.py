"""The desk: what waits for me, what I asked, my cases. For a pupil: asking for help, and what concerns them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows import access, api, clock, queries, vocabulary, words
from workflows.models import Case, Duty, Involvement
from workflows.pages.base import page, school_of, show

PER_PAGE = 20
"""Cases on one page of the desk."""


@page
def desk(request: HttpRequest) -> HttpResponse:
    """Show the desk of a member of staff, or the home page of a pupil."""
    school = school_of(request)
    if school is None:
        return show(request, "nowhere.html", {}, here="desk")
    schools = getattr(request, "kc_schools", [])
    if not access.roles_of(request.user, school):
        cases = [{**_row(case), "open": case.state in vocabulary.OPEN} for case in api.cases_for(request.user, school)[:PER_PAGE]]
        return show(request, "home.html", {"cases": cases, "school": school}, here="desk")
    found = api.desk(request.user, school)
    asked = api.approvals(request.user, school).asked
    return show(
        request,
        "desk.html",
        {
            "school": school,
            "schools": schools if len(schools) > 1 else [],
            "duties": [_duty(duty) for duty in found.duties],
            "approvals": approval_rows(found.approvals),
            "letters": [
                {
                    "label": words.label("letter", letter.kind),
                    "about": letter.about.full_name if letter.about else "",
                    "to": letter.addressee.full_name if letter.addressee else "",
                    "number": letter.root.display_number,
                    "url": reverse("kc_workflows:letter", args=[letter.root.key, letter.key]),
                    "failed": letter.state == "failed",
                }
                for letter in found.letters
            ],
            "asked": [approval_row(measure) for measure in asked],
            "tick_late": found.tick_late,
            "checked": queries.checked_at(),
            **_cases(request, found),
        },
        here="desk",
    )


def _cases(request: HttpRequest, found: queries.Desk) -> dict[str, Any]:
    """Return one page of cases; later pages start after the last one shown, so that they stay as quick as the first."""
    closed = request.GET.get("show") == "closed"
    rows = found.closed if closed else found.cases
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        last = Case.objects.filter(pk=int(before)).values_list("changed_at", flat=True).first()
        if last is not None:
            rows = rows.filter(changed_at__lte=last).exclude(changed_at=last, pk__gte=int(before))
    some = list(rows[: PER_PAGE + 1])
    more = len(some) > PER_PAGE
    some = some[:PER_PAGE]
    query = f"?before={some[-1].pk}" + ("&show=closed" if closed else "") if more else ""
    rows_shown = case_rows(request.user, some)
    return {"cases": rows_shown, "closed": closed, "next": query, "later_page": bool(before)}


def case_rows(user: Any, cases: list[Case]) -> list[dict[str, Any]]:
    """Return what a list shows of cases of one school, with the names that the reader may see."""
    if not cases:
        return []
    sights = access.sights_of(user, cases[0].school, cases)
    names: dict[int, dict[str, None]] = {}
    involved = Involvement.objects.filter(case__in=cases, masked=False, role__in=["suspect", "target"]).select_related("person")
    for row in involved.order_by("role", "pk"):
        if sights[row.case_id].names(row.person_id):
            names.setdefault(row.case_id, {})[row.person.full_name] = None
    return [{**_row(case), "names": list(names.get(case.pk, {}))[:3]} for case in cases]


def _row(case: Case) -> dict[str, Any]:
    return {
        "title": words.label("category", case.facts.get("category", ""), fallback=_("Case")),
        "number": case.display_number,
        "state": words.state_of(case),
        "wait": case.state in ("reported", "escalated"),
        "changed": case.changed_at,
        "url": reverse("kc_workflows:case", args=[case.key]),
    }


def _duty(duty: Duty) -> dict[str, Any]:
    step = duty.task if "." in duty.task else f"record.{duty.task}"
    if step in vocabulary.STEPS and vocabulary.case_type_of(step) == duty.case.type:
        url = reverse("kc_workflows:step", args=[duty.case.key, step])
    elif duty.task in vocabulary.MILESTONES["incident"]:
        url = reverse("kc_workflows:record", args=[duty.root.key, duty.task])
    else:
        url = reverse("kc_workflows:case", args=[duty.root.key])
    return {
        "label": words.capital(words.label("task", duty.task)),
        "number": duty.root.display_number,
        "title": words.label("category", duty.root.facts.get("category", ""), fallback=_("Case")),
        "due": duty.due_at,
        "late": duty.due_at < clock.now(),
        "url": url,
    }


def approval_rows(measures: list[Case]) -> list[dict[str, Any]]:
    """Return what a list shows of measures to be decided, with the term for deciding where the protocol has one."""
    terms: dict[int, Any] = {}
    for case_id, due in Duty.objects.filter(case__in=measures, task="measure.approve", done_at=None).values_list("case_id", "due_at"):
        terms[case_id] = min(due, terms.get(case_id, due))
    now = clock.now()
    return [
        {**approval_row(measure), "due": terms.get(measure.pk), "late": measure.pk in terms and terms[measure.pk] < now}
        for measure in measures
    ]


def approval_row(measure: Case) -> dict[str, Any]:
    """Return what a list shows of a measure to be decided."""
    root = measure.parent or measure
    return {
        "label": words.label("kind", measure.facts.get("kind", ""), fallback=_("Measure")),
        "person": measure.person.full_name if measure.person else "",
        "by": measure.opened_by.full_name if measure.opened_by else "",
        "since": measure.opened_at,
        "first_day": words.value("first_day", measure.facts.get("first_day")) if measure.facts.get("first_day") else "",
        "state": words.state_of(measure),
        "number": root.display_number,
        "title": words.label("category", root.facts.get("category", ""), fallback=_("Case")),
        "url": reverse("kc_workflows:decide", args=[measure.key]),
        "case_url": reverse("kc_workflows:case", args=[root.key]),
    }
