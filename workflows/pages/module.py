"""The media-literacy module beside the course page: the class view, the yearly programme, sheets for the wall and for home,
and diplomas, which anybody can check."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from workflows import access, assigned, class_view, clock, diplomas, module, opening, personal_links, programme, words
from workflows.lessons import LEVELS
from workflows.models import Diploma, Group, Person, School
from workflows.pages.base import POLICY, page, school_of, show, tell
from workflows.pinned import protocol_for
from workflows.protocol import Protocol
from workflows.registry import PeopleError

GUESSES = 30
"""Wrong codes that one sender may try in an hour. A good code is answered all the same: sixty bits are not guessed."""


@page
@require_safe
def class_page(request: HttpRequest) -> HttpResponse:
    """Show how a group is doing, the questions most often missed, and its programme; without a group, every group in one list.

    Raises:
        Http404: nobody of the staff, or no group of theirs. Staff who lead no group are told so.
    """
    school, groups = _groups(request)
    group = _group(request, groups)
    if group is None and len(groups) == 1:
        group = groups[0]
    if group is None:
        named = opening.parts_of(protocol_for(school, clock.today()), school)
        context = {
            "school": school, "rows": class_view.school_view(school, groups), "checked": clock.now(), "year": module.this_year(),
            "parts": sum(one.value is True for one in named.values()),
        }  # fmt: skip
        return show(request, "class_school.html", context, here="more")
    level = _level(request.GET.get("level"), class_view.level_of(school, group))
    parts = class_view.programme(school, group)
    awaited = [_part(part, protocol_for(school, clock.today())) for part in parts if part.keeps_waiting]
    # Before the lessons open, whoever did some has a reason of their own, which is nothing for this page.
    found = class_view.ClassView([], [], 0, ()) if awaited else class_view.class_view(school, group, level)
    context = {
        "school": school, "group": group, "groups": groups, "level": level, "level_name": words.level_name(level),
        "levels": [(one, words.level_name(one)) for one in LEVELS], "found": found,
        "rows": sorted(found.rows, key=lambda row: (ORDER.index(row.state), row.person.given_name)),
        "counts": [(state, STATES[state], found.count(state)) for state in ORDER],
        "missed": [_missed(one) for one in found.missed],
        "fewest": class_view.FEWEST, "checked": clock.now(),
        "programme": [_part(part, protocol_for(school, clock.today())) for part in parts],
        "awaited": awaited, "year": module.this_year(), "today": clock.today(),
    }  # fmt: skip
    return show(request, "class.html", context, here="more")


def _missed(one: class_view.Missed) -> dict[str, Any]:
    """What a list shows of a question: enough to talk about it without opening the lesson."""
    scene, lesson = one.scene, words.in_language(one.unit.title)
    told = {"title": scene.title, "story": scene.story, "question": scene.question}
    return {"it": one, "lesson": lesson, **{name: words.in_language(text) for name, text in told.items()}}


def _part(part: class_view.Part, protocol: Protocol) -> dict[str, Any]:
    """What a list shows of a part of the programme: its name, and the rule that asks for it."""
    rules = [words.article(protocol, key) for key in part.setting.cites]
    return {"it": part, "label": words.in_language({"nl": part.setting.nl, "en": part.setting.en}), "rules": rules}


ORDER = ("stuck", "begun", "none", "finished")
"""Whom a mentor wants to see first."""


STATES = {"stuck": gettext_lazy("stuck"), "begun": gettext_lazy("busy"), "none": gettext_lazy("not begun"), "finished": gettext_lazy("finished")}
"""What the states of a pupil in a level are called."""


def _groups(request: HttpRequest) -> tuple[School, list[Group]]:
    school = school_of(request)
    if school is None or not access.roles_of(request.user, school):
        raise Http404
    return school, class_view.groups_for(request.user, school)


def _group(request: HttpRequest, groups: list[Group]) -> Group | None:
    wanted = request.GET.get("group")
    if not wanted:
        return None
    found = next((one for one in groups if str(one.pk) == wanted), None)
    if found is None:
        raise Http404
    return found


def _level(value: str | None, default: int) -> int:
    return int(value) if value in {str(level) for level in LEVELS} else default


@page
@require_POST
def programme_part(request: HttpRequest, group: int, item: str) -> HttpResponse:
    """Plan a part of the programme, tick it off, or take that back."""
    _school, groups = _groups(request)
    found = next((one for one in groups if one.pk == group), None)
    if found is None:
        raise Http404
    act = request.POST.get("act", "")
    try:
        if act == "plan":
            typed = request.POST.get("day", "").strip()
            day = _day(typed)
            if typed and day is None:
                raise PeopleError("day", _("Write a date, such as 2026-03-02."))
            programme.plan(found, item, day, by=request.user)
            tell(request, _("Planned.") if day else _("No longer planned."))
        elif act in ("done", "undo"):
            programme.tick_off(found, item, by=request.user, done=act == "done")
            tell(request, _("Noted: done.") if act == "done" else _("Noted: not done yet."))
        else:
            raise PeopleError("act", _("Choose what to note."))
    except PeopleError as wrong:
        context = {"heading": _("This was not noted"), "text": str(wrong.reason)}
        return show(request, "problem.html", context, status=422, here="more")
    return HttpResponseRedirect(f"{reverse('kc_workflows:class')}?group={found.pk}#programme")


def _day(typed: str) -> Any:
    try:
        return parse_date(typed)
    except ValueError:
        return None


# sheets of paper


@page
@require_safe
def sheet(request: HttpRequest, kind: str) -> HttpResponse:
    """Give the poster, the tips for parents or the talk cards as a PDF.

    Raises:
        Http404: no such sheet, or the reader is no member of staff.
    """
    from workflows.delivery import sheets

    school, _groups_seen = _groups(request)
    protocol = protocol_for(school, clock.today())
    level = _level(request.GET.get("level"), 2 if school.sector == "po" else 3)
    make: dict[str, Callable[[], bytes]] = {
        "poster": lambda: sheets.poster(school, _pupil_rules(protocol), source=words.in_language(protocol.name)),
        "tips": lambda: sheets.tip_sheet(school, _units(level, protocol), level=words.level_name(level)),
        "cards": lambda: sheets.talk_cards(school, _units(level, protocol), level=words.level_name(level)),
    }
    if kind not in make:
        raise Http404
    name = kind if kind == "poster" else f"{kind}-{level}"
    return _pdf(make[kind](), f"{name}-{school.slug}")


def _pupil_rules(protocol: Protocol) -> list[Any]:
    """The rules of the school's own layer in children's words, each once, as the school's document numbers them."""
    from workflows.delivery.sheets import PosterRule

    found: dict[str, PosterRule] = {}
    for article in protocol.articles.values():
        if article.pupil and article.layer == protocol.key:
            text = words.in_language(article.pupil)
            found.setdefault(text, PosterRule(text, article.ref))
    sections = list(dict.fromkeys(_numbered(rule.ref)[0] for rule in found.values()))
    return sorted(found.values(), key=lambda rule: (sections.index(_numbered(rule.ref)[0]), _numbered(rule.ref)[1]))


def _numbered(ref: str) -> tuple[str, list[tuple[int, str]]]:
    """Return the section of a number and what comes after it, to be sorted: `internet 10a` is after `internet 2`."""
    section = re.match(r"[^\d]*", ref)
    name = section[0].strip(" ,") if section else ""
    return name.casefold(), [(int(digits or 0), letters) for digits, letters in re.findall(r"(\d+)|([a-z]+)", ref[len(name) :])]


def _units(level: int, protocol: Protocol) -> list[Any]:
    from workflows.delivery.sheets import UnitSheet

    return [
        UnitSheet(
            words.in_language(unit.title), tuple(map(words.in_language, unit.tips)), tuple(map(words.in_language, unit.home_card)),
            tuple(map(words.in_language, unit.class_card)),
        )
        for unit in module.units_of(level, protocol)
    ]  # fmt: skip


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


# diplomas


YEARLY = "diploma"
"""The part of a school's programme that has a diploma every school year (WIL-KIN-3)."""


@page
@require_safe
def my_diplomas(request: HttpRequest) -> HttpResponse:
    """Show a pupil their diplomas.

    Raises:
        Http404: the reader is no pupil here.
    """
    pupil = _pupil(request)
    rows = [(diploma, words.level_name(diploma.run.level), diplomas.shown(diploma.code)) for diploma in diplomas.of_pupil(pupil)]
    yearly = YEARLY in opening.parts_of(protocol_for(pupil.school, clock.today()), pupil.school)
    return show(request, "diplomas.html", {"rows": rows, "pupil": pupil, "school": pupil.school, "yearly": yearly}, here="desk")


@page
@require_safe
def to_lessons(request: HttpRequest) -> HttpResponse:
    """Lead a pupil to the course, at the first lesson they were given and have still to do.

    Raises:
        Http404: the reader is no pupil here.
    """
    pupil = _pupil(request)
    course = assigned.course_for(pupil, request.GET.get("course", ""))
    if (found := module.next_given(pupil)) is not None:
        assigned.lead_to(request.session, *found)
    return HttpResponseRedirect(f"{course}#kc-lesson" if course else reverse("kc_workflows:desk"))


def _pupil(request: HttpRequest) -> Person:
    school = school_of(request)
    person = access.person_of(request.user, school) if school else None
    if person is None or school is None or person.kind != "pupil":
        raise Http404
    person.school = school
    return person


@page
@require_safe
def diploma_pdf(request: HttpRequest, code: str) -> HttpResponse:
    """Give a diploma as a PDF to the pupil whose it is, or to who leads their group.

    Raises:
        Http404: no such diploma, or not theirs to print.
    """
    from workflows.delivery import sheets

    found = Diploma.objects.filter(code=code).select_related("run__person__school").first()
    if found is None or not _may_print(request.user, found):
        raise Http404
    run, school = found.run, found.run.person.school
    done = module.of_run(run).progress
    content = sheets.diploma(
        school, first_name=run.person.given_name, level=words.capital(words.level_name(run.level)), school_year=run.school_year.replace("-", "–"),
        lessons=[words.in_language(unit.title) for unit in done.units if done.is_done(unit)], code=diplomas.shown(found.code),
        check_url=request.build_absolute_uri(reverse("kc_workflows:diploma")),
    )  # fmt: skip
    return _pdf(content, f"diploma-{run.level}")


def _may_print(user: Any, found: Diploma) -> bool:
    person = found.run.person
    if person.user_id == user.pk:
        return True
    groups = class_view.groups_for(user, person.school)
    return bool(groups) and person.enrolments.filter(group__in=groups, starts__lte=clock.today()).exclude(ends__lt=clock.today()).exists()


@require_safe
@never_cache
def check_diploma(request: HttpRequest) -> HttpResponse:
    """Say whether a diploma's code is genuine: its school, level and year, and nothing about whose it is. For anybody."""
    typed = request.GET.get("code", "").replace("\x00", "").strip()[:40]
    found = diplomas.check(typed) if typed else None
    blocked = bool(typed) and found is None and personal_links.tried("diploma", request.META.get("REMOTE_ADDR", "")) > GUESSES
    status = 429 if blocked else 404 if typed and found is None else 200
    shown = {"typed": typed, "found": found, "blocked": blocked, "level": words.level_name(found.level) if found else "", "frame": None}
    response = HttpResponse(render_to_string("workflows/pages/diploma_check.html", shown, request=request), status=status)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
