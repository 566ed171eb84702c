"""Opening a case: one page for staff, with the roster; one for a pupil who asks for help."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows import access, clock, commands, facts, vocabulary, words
from workflows.course_page import ROLES, Place
from workflows.course_page_pupil import FOR_PUPILS, contacts_allowed, excludable
from workflows.course_page_staff import COMMON
from workflows.forms import StepForm, answers_in
from workflows.models import Group, Membership, Person, School
from workflows.models.people import Dated
from workflows.pages import explaining
from workflows.pages.base import back_to_case, page, school_of, show, tell, with_told
from workflows.pinned import protocol_for
from workflows.queries import roster
from workflows.schooldays import SchoolCalendar

STAFF_FIELDS = (
    "category", "severity", "story", "acted_on", "acted_at", "platform", "act", "published", "possibly_criminal", "scope",
    "school_medium", "capacity", "origin", "anonymous", "confidential", "rule",
)  # fmt: skip
FOUND_AT_MOST = 10
"""People shown for a name looked up."""


@page
def report(request: HttpRequest) -> HttpResponse:
    """Open a case, as staff or as a pupil."""
    school = school_of(request)
    if school is None:
        raise Http404
    if access.roles_of(request.user, school):
        return _Report(request, school).answer()
    person = access.person_of(request.user, school)
    if person is None or person.kind != "pupil":
        raise Http404
    return _help(request, school, person)


class _Report:
    """One visit of a member of staff to the page on which a case is opened."""

    def __init__(self, request: HttpRequest, school: School) -> None:
        self.request, self.school = request, school
        self.given = request.POST if request.method == "POST" else request.GET
        self.lesson = self.given.get("lesson", "")[:200]
        self.groups = list(Group.objects.filter(school=school))
        self.group = self._group()

    def _group(self) -> Group | None:
        """The group shown: the one just picked, the one of the course page, or the one the reader is mentor of."""
        wanted = self.given.get("pick" if self.given.get("show") == "group" else "group", "")
        found = next((one for one in self.groups if wanted in (str(one.pk), one.name)), None)
        if found is None and len(self.groups) == 1:
            return self.groups[0]
        if found is None and "group" not in self.given:
            own = Membership.objects.filter(
                Dated.active(clock.today()), user_id=self.request.user.pk or 0, school=self.school, group__isnull=False
            ).values_list("group_id", flat=True)
            found = next((one for one in self.groups if one.pk in set(own)), None)
        return found

    def answer(self) -> HttpResponse:
        """Answer the request."""
        if self.request.method != "POST":
            return self.page(self.form(None, ()))
        if "show" in self.request.POST:
            return self.page(self.form(self.request.POST, ()), checked=False)
        return self.open()

    def form(self, data: Any, answers: Any) -> StepForm:
        """The form, without the people, who have a roster of their own."""
        local = tuple(protocol_for(self.school, clock.today()).categories)
        return StepForm(
            data,
            fields=STAFF_FIELDS,
            required=["category"],
            first=["category", "severity", "story"],
            choices={"category": (*vocabulary.CATEGORIES, *local)},
            answers=answers,
        )

    def open(self) -> HttpResponse:
        """Open the case, or show what is missing."""
        posted = self.request.POST
        form = self.form(posted, ())
        people = {name: posted.getlist(name) for name in ROLES if posted.getlist(name)}
        if not form.is_valid():
            return self.page(form, status=422)
        answers = answers_in(posted)
        data = {**form.asked, **people, **({"lesson": self.lesson} if self.lesson else {})}
        try:
            outcome = commands.open_case(by=self.request.user, school=self.school, data=data, answers=answers, key=form.submission)
        except commands.StepDenied as denied:
            return self.denied(denied, posted)
        except commands.InvalidData as invalid:
            form.blame_each(invalid.errors)
            return self.page(form, status=422)
        text = with_told(_("Case %(number)s is open.") % {"number": outcome.case.display_number}, [one.full_name for one in outcome.told])
        return back_to_case(self.request, outcome.case, text)

    def denied(self, denied: commands.StepDenied, posted: Any) -> HttpResponse:
        """Show the protocol's reasons at their field, as a box to answer, or as a block."""
        form = self.form(posted, [one for one in denied.denials if one.strength == "answer"])
        form.is_valid()
        elsewhere, people_error = [], False
        for denial in denied.denials:
            name = denial.remedy.name if denial.remedy is not None and denial.remedy.kind == "field" else ""
            if denial.strength == "answer":
                form.blame(f"answer:{denial.articles[0]}", _("Write a reason, or fill this in."))
            elif name in form.fields:
                form.blame(name, words.say(denial.sentence))
            elif name in ROLES:
                form.blame(None, words.say(denial.sentence))
                people_error = True
            else:
                elsewhere.append(denial)
        if not elsewhere:
            return self.page(form, status=422, people_error=people_error)
        loaded = facts.fresh(self.school, {})
        found = explaining.Block(
            step="incident.report", label=_("open this case"), protocol=explaining.protocol_line(loaded.protocol), checked=clock.now(),
            reasons=explaining.reasons(loaded, loaded.root, "incident.report", elsewhere, {}),
        )  # fmt: skip
        return self.page(form, status=409, stop=found)

    def page(self, form: StepForm, *, status: int = 200, checked: bool = True, **more: Any) -> HttpResponse:
        """Render the page; `checked` False: only the roster changed, nothing is judged yet."""
        if form.is_bound and not checked:
            form.forget_errors()
        chosen = self.request.POST.get("category", "")
        local = protocol_for(self.school, clock.today()).categories
        rare = [(key, words.label("category", key)) for key in vocabulary.CATEGORIES if key not in COMMON]
        rare[-1:-1] = [(key, words.in_language(names)) for key, names in local.items()]
        find = self.request.POST.get("find", "").replace("\x00", "").strip()[:200]
        people, nobody = self.roster(find)
        return show(
            self.request,
            "report.html",
            {
                "form": form, "lesson": self.lesson, "group": self.group, "group_id": self.group.pk if self.group else "",
                "groups": self.groups, "roster": people, "find": find, "nobody": nobody, "chosen": chosen,
                "categories": [(key, words.label("category", key)) for key in COMMON], "rare": rare,
                "rare_chosen": chosen in dict(rare), **more,
            },
            status=status,
            here="report",
        )  # fmt: skip

    def roster(self, find: str) -> tuple[list[dict[str, Any]], bool]:
        """Return the rows of the roster: the group's pupils, whoever is ticked already, and whoever was looked up."""
        posted = self.request.POST
        ticked = {int(pk) for name in ROLES for pk in posted.getlist(name) if pk.isdecimal() and len(pk) < 19}
        people = {one.pk: one for one in (roster(self.school, self.group) if self.group else [])}
        wanted = self.request.GET.get("pupil", "")
        also = Q(pk__in=ticked - set(people)) | Q(pk=int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0)
        found: list[Person] = []
        if posted.get("show") == "find" and len(find) > 1:
            match = Q()
            for part in find.split():
                match &= Q(given_name__icontains=part) | Q(family_name__icontains=part)
            found = list(Person.objects.filter(match, school=self.school)[:FOUND_AT_MOST])
        first = {one.pk: one for one in [*Person.objects.filter(also, school=self.school), *found]}
        rows = [
            {
                "pk": one.pk,
                "name": one.full_name,
                "kind": "" if one.kind == "pupil" else words.label("person_kind", one.kind),
                "roles": [(name, label, str(one.pk) in posted.getlist(name)) for name, label in ROLES.items()],
            }
            for one in {**first, **people}.values()
        ]
        return rows, posted.get("show") == "find" and not found


def _help(request: HttpRequest, school: School, person: Person) -> HttpResponse:
    """The page on which a pupil asks for help: few questions, who reads it and when, and who does not."""
    people = {"exclude": excludable(person)}
    fields = ["story", "category", "help_contact", "exclude"]
    form = StepForm(
        request.POST if request.method == "POST" else None, fields=fields, required=["story", "category", "help_contact"],
        first=fields, people=people, choices={"category": FOR_PUPILS, "help_contact": contacts_allowed(Place(school, None, pupil=person))},
    )  # fmt: skip
    form.fields["story"].label = _("What happened?")
    form.fields["story"].help_text = _("A few words are enough. Do not add photos.")
    form.fields["category"].label = _("What is it about?")
    form.fields["help_contact"].label = _("Who may help you?")
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                commands.open_case(by=request.user, school=school, data=form.asked, key=form.submission)
            except commands.StepDenied as denied:
                for denial in denied.denials:
                    field = denial.remedy.name if denial.remedy is not None else ""
                    form.blame(field if field in form.fields else None, words.say(denial.sentence))
            except commands.InvalidData as invalid:
                form.blame_each(invalid.errors)
            else:
                tell(request, _("Thank you for telling. Somebody reads it on %(day)s at the latest.") % {"day": _read_by(school)})
                return HttpResponseRedirect(reverse("kc_workflows:desk"))
    return show(
        request, "help.html", {"form": form, "read_by": _read_by(school), "school": school}, status=status, here="report"
    )


def _read_by(school: School) -> str:
    """The day on which a request for help is read at the latest: the next school day."""
    return words.day(SchoolCalendar(school).next(clock.today()))


