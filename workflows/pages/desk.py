"""The desk: what waits for me, what I asked, my cases. For a pupil: asking for help, and what concerns them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows import access, api, assigned, class_view, clock, diplomas, lapsing, queries, registers, vocabulary, words
from workflows.models import Case, Duty, Involvement
from workflows.pages.base import page, school_of, show
from workflows.pages.own_consents import asked_of

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
        pupil = access.person_of(request.user, school)
        lessons = assigned.assigned_to(pupil.user_id, school.pk) if pupil and pupil.user_id else []
        course = assigned.course_for(pupil) if pupil and lessons else ""
        has_diploma = bool(pupil and diplomas.of_pupil(pupil))
        own = any(asked_of(pupil)) if pupil else False
        context = {
            "cases": cases, "school": school, "own_consents": own, "lessons": lessons, "course": course, "has_diploma": has_diploma,
        }  # fmt: skip
        return show(request, "home.html", context, here="desk")
    found = api.desk(request.user, school)
    return show(
        request,
        "desk.html",
        {
            "school": school,
            "schools": schools if len(schools) > 1 else [],
            "duties": [_duty(duty) for duty in found.duties],
            "arrived": case_rows(request.user, found.arrived),
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
            "asked": [approval_row(measure) for measure in found.asked],
            "requests": request_rows(found.requests),
            "requested": request_rows(found.requested),
            "lapses": [_lapse(one) for one in lapsing.near(request.user, school)],
            "own_questions": lapsing.own_questions(request.user, school),
            "programme": [_programme(part) for part in class_view.due_parts(request.user, school)],
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
        "first_look": words.first_look(case.state),
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
        "title": _about(duty.root),
        "names": duty.root.person.full_name if duty.root.type != "incident" and duty.root.person else "",
        "due": duty.due_at,
        "late": duty.due_at < clock.now(),
        "url": url,
    }


def _programme(part: class_view.DuePart) -> dict[str, Any]:
    return {
        "label": words.in_language({"nl": part.setting.nl, "en": part.setting.en}), "group": part.group.name, "day": part.planned_on,
        "late": part.is_late, "url": f"{reverse('kc_workflows:class')}?group={part.group.pk}#programme",
    }  # fmt: skip


def _about(root: Case) -> str:
    """Return what a case is about, in a word or two."""
    if root.type != "incident":
        return words.capital(words.label("type", root.type))
    return words.label("category", root.facts.get("category", ""), fallback=_("Case"))


def request_rows(cases: list[Case]) -> list[dict[str, Any]]:
    """Return what a list shows of connections and accounts to be decided about, with the term where the protocol has one."""
    late = clock.now()
    terms: dict[int, Any] = dict(Duty.objects.filter(case__in=cases, done_at=None).order_by("-due_at").values_list("case_id", "due_at"))
    found = []
    for row in registers.told(cases):
        case, said = row.case, row.said
        other = row.people["counterpart"].full_name if "counterpart" in row.people else said.get("counterpart_name", "")
        names = [row.person.full_name if row.person and case.type == "friend_request" else "", other, said.get("name") or said.get("site") or ""]
        due = terms.get(case.pk)
        found.append({
            "label": _about(case), "names": words.all_of([name for name in names if name]), "topic": words.label(TOPICS[case.type], case.topic),
            "by": case.opened_by.full_name if case.opened_by else "", "since": case.opened_at, "due": due, "late": bool(due and due < late),
            "state": words.state_of(case), "url": reverse("kc_workflows:decide", args=[case.key]),
            "case_url": reverse("kc_workflows:root", args=[case.key]),
        })  # fmt: skip
    return found


def _lapse(one: lapsing.Lapse) -> dict[str, Any]:
    """Return what the desk says of something that lapses soon."""
    case = one.row.case
    other = one.row.people["counterpart"].full_name if "counterpart" in one.row.people else one.row.said.get("counterpart_name", "")
    name = one.row.said.get("name") or one.row.said.get("site") or ""
    day = words.day(one.day) if one.day else ""
    text = {
        "ends": _("ends on %(day)s"), "review": _("to be looked at again since %(day)s"), "ownerless": _("has no owner any more: hand it over"),
    }[one.why]  # fmt: skip
    return {
        "label": _about(case), "names": name or other or words.label(TOPICS[case.type], case.topic), "when": text % {"day": day},
        "late": one.why != "ends" or (one.day is not None and one.day < clock.today()), "url": reverse("kc_workflows:root", args=[case.key]),
    }  # fmt: skip


TOPICS = {"friend_request": "counterparty", "account": "account_kind"}
"""The field that a case's topic answers."""


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
