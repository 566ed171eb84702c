"""The smallest useful REST surface, for the signed-in user: the cases they see, and what each step still needs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from workflows import api, facts, vocabulary, words
from workflows.actors import actor_for
from workflows.acts import new_track
from workflows.models import Case
from workflows.pages import asking, explaining
from workflows.pages.base import log_read

PER_PAGE = 50


@never_cache
@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """List the cases the user sees, newest change first; `?after=<number of rows>` turns the page."""
    if not request.user.is_authenticated:
        return _refusal(401, _("Sign in first."))
    start = request.GET.get("after", "0")
    first = int(start) if start.isdecimal() and len(start) < 9 else 0
    rows = list(api.visible_to(request.user).select_related("school").order_by("-changed_at", "-pk")[first : first + PER_PAGE + 1])
    return JsonResponse({"cases": [_case(row) for row in rows[:PER_PAGE]], "more": len(rows) > PER_PAGE})


@never_cache
@require_GET
def case_steps(request: HttpRequest, key: UUID) -> HttpResponse:
    """List every step of a case and its tracks with what stands in the way, for the user who asks."""
    if not request.user.is_authenticated:
        return _refusal(401, _("Sign in first."))
    root = api.visible_to(request.user).filter(key=key).select_related("school").first()
    if root is None or not api.sight_of(request.user, root).as_staff:
        return _refusal(404, _("There is no such case for you."))
    log_read(request, root, "api steps")
    loaded = facts.load(root)
    actor, _person = actor_for(request.user, root.school)
    found = []
    for case in (root, *loaded.children):
        for name, declared in vocabulary.STEPS.items():
            if declared.system or name == "incident.report":
                continue
            if declared.creates and case is root:
                asked = asking.ask(loaded, new_track(root, name), name, actor)
            elif not declared.creates and vocabulary.case_type_of(name) == case.type:
                asked = asking.ask(loaded, case, name, actor)
            else:
                continue
            found.append({"case": str(case.key), "step": name, "denials": [_denial(one) for one in asked.denials]})
    return JsonResponse({**_case(root), "protocol": explaining.protocol_line(loaded.protocol), "steps": found})


def _case(case: Case) -> dict[str, Any]:
    return {
        "key": str(case.key),
        "number": case.display_number,
        "school": case.school.slug,
        "state": case.state,
        "category": case.facts.get("category"),
        "opened_at": case.opened_at.isoformat(),
        "changed_at": case.changed_at.isoformat(),
    }


def _denial(denial: Any) -> dict[str, Any]:
    remedy = denial.remedy
    return {
        "sentence": words.say(denial.sentence),
        "articles": list(denial.articles),
        "strength": denial.strength,
        "remedy": {"kind": remedy.kind, "name": remedy.name} if remedy else None,
    }


def _refusal(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)
