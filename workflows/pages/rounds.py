"""Asking for consent in a round: the list, a new one, what it would do, how far it is, what came back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from workflows import answer_texts, api, clock, rounds, school_year, vocabulary, words
from workflows.delivery import paper as press
from workflows.forms import Cards, PageForm, Ticks
from workflows.models import Group, Round, School
from workflows.pages.base import page, school_of, show, tell
from workflows.pages.pictures import STATES
from workflows.pinned import protocol_for
from workflows.protocol import Denial
from workflows.round_plan import Plan
from workflows.rounds import Kind, Reach, RoundRefused, Route, Scope, State

SHOWN = 100
"""People listed by name for each route; the counts are of all."""

AT_ONCE = 2.0
"""Seconds of a round that are worked off while the reader waits; the clock does the rest."""


class NewForm(PageForm):
    """Whom a round is about, what it asks, why now and until when."""

    scope = forms.ChoiceField(label=gettext_lazy("Whom is it about?"), widget=Cards)
    groups = forms.MultipleChoiceField(label=gettext_lazy("Which groups?"), widget=Ticks, required=False)
    lines = forms.MultipleChoiceField(
        label=gettext_lazy("What do you ask?"), help_text=gettext_lazy("Each is a question of its own, with a yes and a no."), widget=Ticks
    )
    moment = forms.ChoiceField(label=gettext_lazy("What is the occasion?"), widget=Cards)
    until = forms.DateField(
        label=gettext_lazy("Last day that a yes holds"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=gettext_lazy("Leave this empty when a yes holds until somebody takes it back."),
    )  # fmt: skip
    renew = forms.BooleanField(
        label=gettext_lazy("Ask again those who answered before"), required=False,
        help_text=gettext_lazy("Their old answer no longer counts then. Without this tick nobody is asked twice."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, reach: Reach, moments: Iterable[str], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        fields: Any = self.fields
        years = rounds.years_of(reach.groups) if len(reach.groups) > 1 else {}
        whole = [(scope.value, scope.label) for scope in (Scope.SCHOOL, Scope.NEW, Scope.STAFF)] if reach.whole else []
        by_year = [(f"{Scope.YEAR}:{year}", _("School year %(year)s") % {"year": year}) for year, keys in years.items() if len(keys) > 1]
        fields["scope"].choices = [*whole, *by_year, (Scope.GROUPS.value, _("The groups that I tick below"))]
        fields["groups"].choices = [(str(group.pk), group.name) for group in reach.groups]
        fields["moment"].choices = [(key, words.capital(words.label("moment", key))) for key in moments]
        fields["lines"].choices = [
            (f"{purpose}/{channel}", f"{words.label('purpose', purpose)} – {words.label('publication', channel)}")
            for purpose in vocabulary.PURPOSES for channel in vocabulary.PUBLICATIONS
        ]  # fmt: skip
        if not reach.whole and len(fields["scope"].choices) == 1:
            self.initial.setdefault("scope", Scope.GROUPS.value)

    def by_purpose(self) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """The questions as ticks, per purpose."""
        chosen = set(self["lines"].value() or ())
        where = [(key, words.capital(words.label("publication", key))) for key in vocabulary.PUBLICATIONS]
        return [
            (words.capital(words.label("purpose", what)), [(f"{what}/{key}", label, f"{what}/{key}" in chosen) for key, label in where])
            for what in vocabulary.PURPOSES
        ]

    def asked(self) -> dict[str, Any]:
        """What was filled in, for `rounds.draft`."""
        told = self.cleaned_data
        scope, _colon, year = str(told["scope"]).partition(":")
        groups: Iterable[Any] = told["groups"] if scope == Scope.GROUPS else ()
        return {
            "scope": scope, "groups": [int(key) for key in groups], "lines": [tuple(line.split("/", 1)) for line in told["lines"]],
            "moment": told["moment"], "until": told["until"], "renew": told["renew"], "year": year,
        }  # fmt: skip


def _reach_or_404(request: HttpRequest) -> tuple[School, Reach]:
    school = school_of(request)
    reach = rounds.reach_of(request.user, school) if school else None
    if school is None or reach is None:
        raise Http404
    return school, reach


def _round_or_404(request: HttpRequest, key: UUID) -> Round:
    found = Round.objects.select_related("school", "made_by", "started_by").filter(key=key).first()
    if found is None or not rounds.may_see(request.user, found):
        raise Http404
    request.kc_school = found.school  # type: ignore[attr-defined]  # the frame follows the round
    return found


@page
@require_safe
def round_list(request: HttpRequest) -> HttpResponse:
    """Show the rounds there were, and what this school year asks for."""
    school, reach = _reach_or_404(request)
    found = rounds.visible(request.user, school)
    year = school_year.overview(school, request.user) if reach.whole else None
    context = {"rounds": [_row(one) for one in found], "year": year, "school": school, "enrolment": bool(year and "enrolment" in year.moments)}
    return show(request, "rounds.html", context, here="more")


def _row(found: Round) -> dict[str, Any]:
    return {
        "url": reverse("kc_workflows:round", args=[found.key]), "name": _name(found), "state": found.get_state_display(), "raw": found.state,
        "at": found.started_at or found.made_at, "lines": _lines(found),
    }  # fmt: skip


def _name(found: Round) -> str:
    if found.scope in (Scope.GROUPS, Scope.YEAR):
        return ", ".join(Group.objects.filter(pk__in=found.groups).values_list("name", flat=True))
    return str(found.get_scope_display())


def _lines(found: Round) -> list[str]:
    if found.kind == Kind.YEARLY:
        return [str(found.get_kind_display())]
    return [f"{words.capital(words.label('purpose', purpose))} – {words.label('publication', channel)}" for purpose, channel in found.lines]


@page
@require_http_methods(["GET", "HEAD", "POST"])
def round_new(request: HttpRequest) -> HttpResponse:
    """Make a round; nothing is asked of anybody yet."""
    school, reach = _reach_or_404(request)
    offered = protocol_for(school, clock.today()).answered(school.settings).get("consent_moments")
    moments = offered if isinstance(offered, (list, tuple)) else vocabulary.FIELDS["moment"].choices
    given = {name: request.GET[name] for name in ("scope", "moment") if name in request.GET}
    form = NewForm(request.POST if request.method == "POST" else None, reach=reach, moments=moments, initial=given)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            told = form.asked()
            year = told.pop("year")
            if year:
                told["groups"] = rounds.years_of(reach.groups).get(year, [])
            try:
                found = rounds.draft(school, by=request.user, **told)
            except RoundRefused as wrong:
                form.blame(wrong.field, wrong.reason)
            else:
                return HttpResponseRedirect(reverse("kc_workflows:round", args=[found.key]))
    return show(request, "round_new.html", {"form": form, "school": school, "whole": reach.whole}, status=status, here="more")


@page
@require_POST
def round_yearly(request: HttpRequest) -> HttpResponse:
    """Make the yearly reminder: what was answered still counts, no new signature."""
    school, _reach = _reach_or_404(request)
    try:
        found = rounds.draft(school, by=request.user, scope=Scope.SCHOOL, kind=Kind.YEARLY)
    except RoundRefused as wrong:
        tell(request, wrong.reason)
        return HttpResponseRedirect(reverse("kc_workflows:rounds"))
    return HttpResponseRedirect(reverse("kc_workflows:round", args=[found.key]))


@page
@require_http_methods(["GET", "HEAD", "POST"])
def round_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show a round: before it starts what it would do, then how far it is and what came back. On POST start, stop or remove it."""
    found = _round_or_404(request, key)
    if request.method == "POST":
        return _act(request, found)
    return _show(request, found)


def _act(request: HttpRequest, found: Round) -> HttpResponse:
    here = HttpResponseRedirect(reverse("kc_workflows:round", args=[found.key]))
    try:
        match request.POST.get("do"):
            case "start":
                started = rounds.work(rounds.start(found, by=request.user), seconds=AT_ONCE)
                tell(request, _("The round has started.") if started.state in rounds.RUNNING else _("The round is on its way."))
            case "stop":
                rounds.stop(found, by=request.user)
                tell(request, _("The round is stopped. Mails that had not left yet will not leave."))
            case "remove":
                rounds.remove(found, by=request.user)
                tell(request, _("The round is removed. Nobody was asked anything."))
                return HttpResponseRedirect(reverse("kc_workflows:rounds"))
            case _:
                return _show(request, found, status=422)
    except RoundRefused as wrong:
        return _show(request, _round_or_404(request, found.key), status=409, problem=wrong.reason)
    except api.StepDenied as denied:
        return _show(request, found, status=409, denials=denied.denials)
    return here


def _show(request: HttpRequest, found: Round, *, status: int = 200, problem: str = "", denials: tuple[Denial, ...] | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "round": found, "name": _name(found), "lines": _lines(found), "problem": problem, "yearly": found.kind == Kind.YEARLY,
        "moment": words.label("moment", found.moment) if found.moment else "", "running": found.state in rounds.RUNNING,
        "raised": denials is not None,
    }  # fmt: skip
    if found.state == State.DRAFT:
        plan = rounds.plan_of(found, request.user)
        refused = denials if denials is not None else rounds.refusals(found, plan, request.user)
        context |= _preview(found, plan) | {"stop": _stop(found, refused) if refused else None}
    else:
        context |= _progress(found)
    return show(request, "round.html", context, status=status, here="more")


def _preview(found: Round, plan: Plan) -> dict[str, Any]:
    known = protocol_for(found.school, clock.today())
    routes = []
    for route in (Route.MAIL, Route.PAPER, Route.DESK):
        people = plan.by_route(route)
        languages = Counter(answer_texts.language_for(one.language) for one in people)
        routes.append({
            "key": route.value, "label": route.label, "n": len(people), "more": max(len(people) - SHOWN, 0),
            "languages": [(answer_texts.LANGUAGES[key], n) for key, n in languages.most_common()] if route != Route.DESK else [],
            "people": [
                {"name": one.full_name, "about": len(plan.asked[one.pk]), "language": answer_texts.LANGUAGES[answer_texts.language_for(one.language)]}
                for one in people[:SHOWN]
            ],
        })  # fmt: skip
    return {
        "plan": plan, "routes": [one for one in routes if one["n"]], "questions": len(plan.rows) + len(plan.again) + len(plan.taken),
        "nobody": sorted((person.full_name, str(why)) for person, why in plan.nobody.values())[:SHOWN], "asked": len(plan.asked),
        "refused": [
            {
                "text": words.say(one.sentence, known), "n": len(held),
                "articles": [words.article(known, key) for key in one.articles],
            }
            for one, held in plan.refused.items()
        ],
    }  # fmt: skip


def _stop(found: Round, denials: Iterable[Denial]) -> dict[str, Any]:
    """Return why the round may not be sent now and whom to ask, for `parts/blocked.html`."""
    denials = tuple(denials)
    known = protocol_for(found.school, clock.today())
    told: list[Any] = [dict(one.sentence.words).get("roles", ()) for one in denials]
    roles = [word.key for named in told for word in named]
    articles = list(dict.fromkeys(key for one in denials for key in one.articles))
    refs = [", ".join(words.article(known, key)["ref"] for key in one.articles) for one in denials]
    return {
        "label": _("send this round"), "outs": [], "checked": clock.now(), "protocol": words.in_language(known.name),
        "reasons": [{"text": words.say(one.sentence, known), "refs": ref} for one, ref in zip(denials, refs, strict=True)],
        "who": words.any_of([words.label("the role", role) for role in dict.fromkeys(roles) if role in vocabulary.STAFF_ROLES]),
        "articles": [words.article(known, key) for key in articles],
    }  # fmt: skip


def _progress(found: Round) -> dict[str, Any]:
    count = rounds.counts(found)
    return {
        "count": count, "ready": press.ready(found), "unprintable": press.unprintable(found),
        "states": [(STATES.get(state, state), n, state) for state, n in sorted(count.states.items(), key=lambda item: -item[1])],
        "routes": [(Route(route).label, n) for route, n in count.routes.items() if route != Route.NOBODY],
        "unreachable": [one.full_name for one in rounds.unreachable(found)[:SHOWN]], "nobody": count.routes.get(Route.NOBODY, 0),
        "without_mail": [one.full_name for one in rounds.without_mail(found)[:SHOWN]],
        "can_stop": found.state in rounds.RUNNING or (found.state == State.DONE and count.sent < count.mails),
    }  # fmt: skip


@page  # type: ignore[arg-type]  # a response that streams is one all the same
@require_safe
def round_forms(request: HttpRequest, key: UUID) -> StreamingHttpResponse:
    """Give the printed forms as one file, as it is joined."""
    found = _round_or_404(request, key)
    pdf = press.file(found)
    if pdf is None:
        raise Http404
    api.log_export(request.user, found.school, f"export round forms {found.pk}")
    response = StreamingHttpResponse(pdf, content_type="application/pdf")
    name = pgettext("file", "forms")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{found.pk}.pdf"'
    return response


__all__ = ["round_forms", "round_list", "round_new", "round_page", "round_yearly"]
