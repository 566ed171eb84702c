"""The set-up pages of a school: what it lacks, its letterhead, settings, holidays, courses, roles and parents' authority.

Open to the school's administrator and board alone; for anybody else, superusers among them, there is no such page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from workflows import clock, people, queries_setup, rounds, schools, vocabulary, words
from workflows.conditions import to_minute
from workflows.corrections import NO_OWNERS
from workflows.models import CourseLink, Guardianship, Membership, School, SchoolHoliday
from workflows.models.people import Dated
from workflows.pages.base import page, show, tell
from workflows.pages.people_forms import (
    CourseForm,
    EndForm,
    GuardianForm,
    HolidayForm,
    MemberForm,
    SchoolForm,
    SettingsForm,
)
from workflows.registry import PeopleError, manages
from workflows.schooldays import local_day

SHOWN_CHANGES = 8

SECTIONS = {
    "setup-school": gettext_lazy("Letterhead and contacts"),
    "setup-settings": gettext_lazy("Settings of the protocol"),
    "setup-holidays": gettext_lazy("Holidays"),
    "setup-members": gettext_lazy("Roles"),
    "setup-import": gettext_lazy("Import people"),
    "setup-guardians": gettext_lazy("Parents and authority"),
    "setup-courses": gettext_lazy("Courses"),
}

ACTS = {
    "school.create": gettext_lazy("School made"),
    "school.change": gettext_lazy("Letterhead, contacts or settings changed"),
    "holiday.add": gettext_lazy("Holiday added"),
    "holiday.remove": gettext_lazy("Holiday removed"),
    "group.add": gettext_lazy("Group added"),
    "course.link": gettext_lazy("Course added"),
    "course.unlink": gettext_lazy("Course removed"),
    "person.add": gettext_lazy("Person added"),
    "person.change": gettext_lazy("Person changed"),
    "enrolment.add": gettext_lazy("Pupil placed in a group"),
    "enrolment.change": gettext_lazy("Place in a group corrected"),
    "enrolment.end": gettext_lazy("Place in a group ended"),
    "guardian.add": gettext_lazy("Parent added"),
    "guardian.change": gettext_lazy("Authority of a parent changed"),
    "guardian.end": gettext_lazy("Tie of a parent ended"),
    "membership.add": gettext_lazy("Role given"),
    "membership.end": gettext_lazy("Role ended"),
    "programme.plan": gettext_lazy("Part of the media literacy programme planned"),
    "programme.done": gettext_lazy("Part of the media literacy programme done"),
    "programme.undo": gettext_lazy("Part of the media literacy programme not done after all"),
    "link.replace": gettext_lazy("New personal link sent"),
    "link.close": gettext_lazy("Personal link closed"),
    "round.start": gettext_lazy("Round of questions started"),
    "round.stop": gettext_lazy("Round of questions stopped"),
    "round.remove": gettext_lazy("Round of questions removed before it started"),
    "retention.erase": gettext_lazy("Old links, mails and printed forms erased"),
}


def managed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Make a view a page of a school's administrator: it gets the school, and others get 404."""

    @page
    @wraps(view)
    def shown(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
        school = School.objects.filter(slug=slug).first()
        if school is None or not manages(request.user, school):
            raise Http404
        request.kc_school = school  # type: ignore[attr-defined]  # the frame follows the school
        return view(request, school, *args, **kwargs)

    return shown


def to(name: str, school: School) -> HttpResponse:
    """Go to one of the set-up pages."""
    return redirect(address(name, school))


def address(name: str, school: School, *args: Any) -> str:
    """Return the address of one of the set-up pages."""
    return reverse(f"kc_workflows:{name}", args=[school.slug, *args])


def _without(request: HttpRequest, school: School, row: Any, remove: Callable[..., object], page_name: str) -> HttpResponse:
    """Remove one row, if it is still there, and go back to its page."""
    if row is not None:
        remove(row, by=request.user)
        tell(request, _("Removed."))
    return to(page_name, school)


def _posted(request: HttpRequest) -> Any:
    """What a form was sent with, empty ones included; None when the page is only asked for."""
    return request.POST if request.method == "POST" else None


def _show(request: HttpRequest, school: School, template: str, form: Any = None, **context: Any) -> HttpResponse:
    wrong = form is not None and form.is_bound and not form.is_valid()
    context = {"school": school, "form": form, "setup_url": address("setup", school), **context}
    return show(request, f"setup/{template}.html", context, status=422 if wrong else 200, here="setup")


def _done(form: Any, act: Callable[[], Any]) -> bool:
    """Carry out an act with a valid form; put a refusal on the field that it names."""
    if not form.is_valid():
        return False
    try:
        act()
    except PeopleError as wrong:
        form.blame(wrong.field, str(wrong.reason))
        return False
    return True


@managed
@require_safe
def setup(request: HttpRequest, school: School) -> HttpResponse:
    """What the school still lacks, the other set-up pages, and the last changes."""
    lacking = [(lack, address(lack.where, school) if lack.where != "setup" else "") for lack in queries_setup.lacks(school)]
    links = [(address(name, school), label) for name, label in SECTIONS.items()]
    stops = sum(lack.stops for lack, _url in lacking)
    reach = rounds.reach_of(request.user, school)
    return _show(
        request, school, "setup", asks=reach is not None and reach.whole, imported="imported" in request.GET, lacking=lacking, links=links,
        changes=_changes(school), stops=stops, checked=clock.now(), change_count=school.changes.count(), protocol=_protocol_name(school),
    )  # fmt: skip


def _protocol_name(school: School) -> str:
    try:
        names = schools.usable_protocol(school.key, school.sector).name
    except PeopleError:
        return school.key
    return names.get((get_language() or "en")[:2]) or names.get("nl", school.key)


def _changes(school: School) -> list[dict[str, Any]]:
    """Return the last changes, the same ones by the same person in the same minute told once with their number."""
    names = _names(school)
    found: list[dict[str, Any]] = []
    for one in school.changes.all()[:200]:
        key = (one.what, one.by_id, to_minute(one.at))
        if known := next((row for row in found if row["key"] == key), None):
            known["count"] += 1
        elif len(found) < SHOWN_CHANGES:
            found.append({"key": key, "what": ACTS.get(one.what, one.what), "who": names.get(one.by_id, ""), "at": one.at, "count": 1})
    return found


@managed
@require_http_methods(["GET", "HEAD", "POST"])
def letterhead(request: HttpRequest, school: School) -> HttpResponse:
    """Change letterhead, contacts and the ways to send letters."""
    protocol = schools.usable_protocol(school.key, school.sector)
    routes = protocol.routes or tuple(vocabulary.ROUTES)
    form = SchoolForm(_posted(request), files=request.FILES if request.method == "POST" else None, school=school, routes=routes)
    if request.method == "POST" and _done(
        form, lambda: schools.change_school(school, by=request.user, **form.fields_of_school)
    ):
        tell(request, _("Saved."))
        return to("setup", school)
    return _show(request, school, "form", form, title=SECTIONS["setup-school"], files=True)


@managed
@require_http_methods(["GET", "HEAD", "POST"])
def protocol_settings(request: HttpRequest, school: School) -> HttpResponse:
    """Answer the questions that the protocol leaves to the school."""
    protocol = schools.usable_protocol(school.key, school.sector)
    form = SettingsForm(_posted(request), protocol=protocol, answers=school.settings)
    if request.method == "POST" and _done(
        form, lambda: schools.change_school(school, by=request.user, settings={**school.settings, **form.answers})
    ):
        tell(request, _("Saved."))
        return to("setup", school)
    asked = _("Your protocol asks the school these questions. Cases cannot run while one has no answer.")
    lead = asked if form.settings else _("Your protocol leaves no question to the school.")
    return _show(request, school, "form", form, title=SECTIONS["setup-settings"], lead=lead)


@managed
@require_http_methods(["GET", "HEAD", "POST"])
def holidays(request: HttpRequest, school: School) -> HttpResponse:
    """The school's own holidays."""
    form = HolidayForm(_posted(request))

    def act() -> None:
        told = {name: form.cleaned_data[name] for name in ("name", "first", "last")}
        schools.add_holiday(school, by=request.user, **told)

    if request.method == "POST" and _done(form, act):
        tell(request, _("Added."))
        return to("setup-holidays", school)
    return _show(request, school, "holidays", form, title=SECTIONS["setup-holidays"], rows=school.holidays.filter(last__gte=local_day(clock.now())))


@managed
@require_POST
def holiday_remove(request: HttpRequest, school: School, pk: int) -> HttpResponse:
    """Take one holiday out; gone already is fine."""
    return _without(request, school, SchoolHoliday.objects.filter(school=school, pk=pk).first(), schools.remove_holiday, "setup-holidays")


@managed
@require_http_methods(["GET", "HEAD", "POST"])
def courses(request: HttpRequest, school: School) -> HttpResponse:
    """Which courses belong to the school."""
    form = CourseForm(_posted(request), school=school)

    def act() -> None:
        key, group = form.cleaned_data["course_key"], form.cleaned_data["group"]
        schools.link_course(school, by=request.user, course_key=key, group=group)

    if request.method == "POST" and _done(form, act):
        tell(request, _("Added."))
        return to("setup-courses", school)
    rows = CourseLink.objects.filter(school=school).select_related("group").order_by("course_key")
    return _show(request, school, "courses", form, title=SECTIONS["setup-courses"], rows=rows)


@managed
@require_POST
def course_remove(request: HttpRequest, school: School, pk: int) -> HttpResponse:
    """Say that one course belongs to no school."""
    return _without(request, school, CourseLink.objects.filter(school=school, pk=pk).first(), schools.unlink_course, "setup-courses")


@managed
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, school: School) -> HttpResponse:
    """Who holds which role from when until when, and a form to give one."""
    form = MemberForm(_posted(request), school=school)

    def act() -> None:
        told = {name: form.cleaned_data[name] for name in ("role", "group", "acting_for", "starts", "ends")}
        people.add_membership(school, by=request.user, user=people.account(form.cleaned_data["username"]), **told)

    if request.method == "POST" and _done(form, act):
        tell(request, _("The role is given."))
        return to("setup-members", school)
    today = local_day(clock.now())
    rows = Membership.objects.filter(school=school).exclude(ends__lt=today).select_related("user", "group")
    names = _names(school)
    told = [
        {
            "pk": row.pk, "name": names.get(row.user_id, row.user.get_username()), "role": words.label("role", row.role),
            "group": row.group, "acting_for": words.label("role", row.acting_for) if row.acting_for else "",
            "starts": row.starts, "ends": row.ends, "end_url": address("setup-member-end", school, row.pk),
        }
        for row in rows
    ]  # fmt: skip
    told.sort(key=lambda row: str(row["name"]))
    return _show(request, school, "members", form, title=SECTIONS["setup-members"], rows=told)


def _names(school: School) -> dict[int | None, str]:
    """Return the names of the school's staff by account."""
    staff = school.people.filter(kind="employee", user__isnull=False)
    return {person.user_id: person.full_name for person in staff if person.user_id}


@managed
@require_http_methods(["GET", "HEAD", "POST"])
def member_end(request: HttpRequest, school: School, pk: int) -> HttpResponse:
    """End one role, and hand over the open cases of who leaves."""
    member = get_object_or_404(Membership.objects.select_related("user"), school=school, pk=pk)
    names = _names(school)
    today = local_day(clock.now())
    here = Membership.objects.filter(Dated.active(today), school=school).exclude(user=member.user)
    ids = sorted(set(here.exclude(role__in=NO_OWNERS).values_list("user_id", flat=True)), key=lambda user: names.get(user, ""))
    cases = people.open_cases_of(member.user, school).count()
    form = EndForm(
        _posted(request), colleagues=[(str(user), names.get(user, "")) for user in ids], cases=cases,
        initial={"ends": today},
    )  # fmt: skip

    def act() -> None:
        chosen = form.cleaned_data.get("hand_over_to")
        taker = here.filter(user=chosen).select_related("user")[0].user if chosen else None
        people.end_membership(member, by=request.user, on=form.cleaned_data["ends"], hand_over_to=taker)

    if request.method == "POST" and _done(form, act):
        tell(request, _("The role is ended."))
        return to("setup-members", school)
    told = {"name": names.get(member.user_id, member.user.get_username()), "role": words.label("role", member.role)}
    title = _("End a role: {name}, {role}").format(**told)
    return _show(request, school, "form", form, title=title, back=address("setup-members", school))


@managed
@require_safe
def guardians(request: HttpRequest, school: School) -> HttpResponse:
    """Parents' authority, those of whom it is not known first."""
    today = local_day(clock.now())
    ties = Guardianship.objects.filter(Dated.active(today), pupil__school=school).select_related("pupil", "guardian")
    rows = [(tie, address("setup-guardian", school, tie.pk)) for tie in ties.order_by("pupil__family_name", "pupil__given_name")]
    unknown = [row for row in rows if row[0].authority == "unknown"]
    known = [row for row in rows if row[0].authority != "unknown"]
    return _show(request, school, "guardians", title=SECTIONS["setup-guardians"], unknown=unknown, known=known)


@managed
@require_http_methods(["GET", "HEAD", "POST"])
def guardian(request: HttpRequest, school: School, pk: int) -> HttpResponse:
    """What is known of one parent's say over one pupil."""
    tie = get_object_or_404(Guardianship.objects.select_related("pupil", "guardian"), pupil__school=school, pk=pk)
    names = ("authority", "relation", "hides_address", "ends")
    form = GuardianForm(_posted(request), initial={name: getattr(tie, name) for name in names})

    def act() -> None:
        told = {name: form.cleaned_data[name] for name in names}
        people.add_guardian(tie.pupil, tie.guardian, by=request.user, **told)

    if request.method == "POST" and _done(form, act):
        tell(request, _("Saved."))
        return to("setup-guardians", school)
    title = _("{parent}, parent of {pupil}").format(parent=tie.guardian.full_name, pupil=tie.pupil.full_name)
    return _show(request, school, "form", form, title=title, back=address("setup-guardians", school))
