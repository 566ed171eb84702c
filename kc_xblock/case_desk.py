"""The case desk on a course page: what waits for staff, opening a case, asking for help, what a director must decide.

Knows `workflows.api` and nothing deeper. Keeps no data about anybody in its fields: they hold a title and a lesson name,
because course staff can export them. Who somebody is comes from `kc_xblock.viewer`, what they may do from the school.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from web_fragments.fragment import Fragment
from xblock.completable import XBlockCompletionMode
from xblock.core import XBlock
from xblock.exceptions import JsonHandlerError
from xblock.fields import Scope, String
from xblock.validation import Validation, ValidationMessage

from kc_xblock import compat
from kc_xblock.card import LONGEST_NAME, keep_title, notice_sentence, own_title, script_words, uid_of
from kc_xblock.viewer import Seen, Viewer, is_author, viewer_of
from workflows import api

LONGEST_STORY = 5000
"""Characters of what somebody tells."""

STAFF_FIELDS = ("category", "story", *api.ROLES)
PUPIL_FIELDS = ("category", "story", "help_contact", "exclude", "about")
"""What the two forms may send; anything else is refused."""

ABOUT_ME = {"me": "targets", "saw": "bystanders", "joined": "participants"}
"""How a pupil is in what they tell, and the field of `incident.report` that says so."""


@XBlock.wants("user", "studio_user_permissions")
class CaseDeskXBlock(XBlock):  # type: ignore[misc] # the XBlock library has no type hints
    """A small card in a lesson; the work itself is on full pages."""

    display_name = String(default="Case desk", scope=Scope.settings, help="Title of the card.")
    lesson = String(default="", scope=Scope.settings, help="Name of the lesson, noted with a case that is opened here.")

    completion_mode = XBlockCompletionMode.EXCLUDED
    has_author_view = True
    icon_class = "other"

    # --- what is shown ---------------------------------------------------------------------------------------------

    @XBlock.supports("multi_device")  # type: ignore[untyped-decorator] # as above
    def student_view(self, context: Mapping[str, Any] | None = None) -> Fragment:
        """Show the card of whoever looks: staff, a pupil, or one calm sentence."""
        viewer = viewer_of(self)
        if viewer.seen is not Seen.SELF:
            return self._notice(notice_sentence(viewer))
        course = compat.course_key_of(self)
        place = api.place_in(viewer.user, course)
        if place is None:
            if api.school_of_course(course) is None:
                return self._notice(_("This lesson is not linked to a school yet. The school's administrator can do that."))
            return self._notice(_("This part of the lesson is for people of the school. There is nothing here for you to do."))
        if place.pupil is not None:
            return self._pupil(viewer, place)
        return self._staff(viewer, place)

    def public_view(self, context: Mapping[str, Any] | None = None) -> Fragment:
        """Show nothing of anybody to a visitor of an open course."""
        return self._notice(notice_sentence(Viewer(Seen.VISITOR)))

    def author_view(self, context: Mapping[str, Any] | None = None) -> Fragment:
        """Explain the card in Studio, and say which school the course belongs to."""
        school = api.school_of_course(compat.course_key_of(self))
        return self._fragment("author.html", {"school": school.name if school else "", "lesson": self.lesson})

    def studio_view(self, context: Mapping[str, Any] | None = None) -> Fragment:
        """Let an author change the title and the name of the lesson; never the school."""
        school = api.school_of_course(compat.course_key_of(self))
        shown = {"school": school.name if school else "", "title": own_title(self), "lesson": self.lesson, "longest": LONGEST_NAME}
        return self._fragment("studio.html", shown, script="studio.js", start="KcCaseDeskStudio")

    def validate(self) -> Validation:
        """Tell an author in Studio what is missing."""
        found = super().validate()
        if api.school_of_course(compat.course_key_of(self)) is None:
            text = _("This course is not linked to a school yet, so nobody can open a case here. The administrator of the school does that.")
            found.add(ValidationMessage(ValidationMessage.WARNING, text))
        return found

    def index_dictionary(self) -> dict[str, Any]:
        """Let a course's search find the title, and nothing else."""
        return {"content": {"display_name": self.display_name}, "content_type": "Case desk"}

    def _staff(self, viewer: Viewer, place: api.Place) -> Fragment:
        page = api.staff_page(viewer.user, place)
        rows = [
            {"what": row.what, "label": row.label, "number": row.number, "at": row.at, "late": row.late, "url": _where(row, place.school.slug)}
            for row in page.waiting
        ]
        beside = {"school": place.school.slug, "group": place.group.pk if place.group else "", "lesson": self.lesson}
        told = {
            "place": place,
            "rows": rows,
            "waits": _how_much(page.total, page.more_than),
            "page": page,
            "roles": api.ROLES.items(),
            "desk_url": _address("desk", school=place.school.slug),
            "approvals_url": _address("approvals", school=place.school.slug),
            "report_url": f"{reverse('kc_workflows:report')}?{urlencode(beside)}",
            "longest": LONGEST_STORY,
        }
        return self._fragment("staff.html", told, script="case_desk.js", start="KcCaseDesk", handler="open_case")

    def _pupil(self, viewer: Viewer, place: api.Place) -> Fragment:
        page = api.pupil_page(viewer.user, place)
        told = {
            "place": place,
            "page": page,
            "cases": [{"title": case.title, "is_open": case.is_open, "url": reverse("kc_workflows:case", args=[case.key])} for case in page.cases],
            "about": [
                ("me", _("It happened to me")),
                ("saw", _("I saw it happen to somebody else")),
                ("joined", _("I joined in, and I want to put it right")),
            ],
            "lessons_url": _address("to_lessons", school=place.school.slug, course=compat.course_key_of(self)),
            "report_url": _address("report", school=place.school.slug),
            "longest": LONGEST_STORY,
        }
        return self._fragment("pupil.html", told, script="case_desk.js", start="KcCaseDesk", handler="ask_help")

    def _notice(self, text: str) -> Fragment:
        return self._fragment("notice.html", {"text": text})

    def _fragment(self, template: str, shown: Mapping[str, Any], *, script: str = "", start: str = "", handler: str = "") -> Fragment:
        """Render a template with the card's own style, and start its script with the words it says."""
        context = {**shown, "uid": uid_of(self), "heading": own_title(self), "lesson": shown.get("lesson", self.lesson)}
        fragment = Fragment(render_to_string(f"kc_xblock/{template}", context))
        fragment.add_css_url(self.runtime.local_resource_url(self, "public/block.css"))
        if script:
            fragment.add_javascript_url(self.runtime.local_resource_url(self, f"public/{script}"))
            fragment.initialize_js(start, {"handler": handler, "cookie": settings.CSRF_COOKIE_NAME, "words": script_words()})
        return fragment

    # --- what is done ----------------------------------------------------------------------------------------------

    @XBlock.json_handler  # type: ignore[untyped-decorator] # as above
    def open_case(self, data: Any, suffix: str = "") -> dict[str, Any]:
        """Open a case as a member of staff; answer what was opened and who was told.

        Raises:
            JsonHandlerError: 400 not this form; 403 not the person themselves; 404 not staff of this course's school;
                409 the school's protocol refuses; 422 something is missing or cannot be read.
        """
        user, place = self._acting()
        if place.pupil is not None:
            _refuse(404, _("There is nothing here for you to do."))
        given = _read(data, STAFF_FIELDS)
        if not given.get("category"):
            _refuse(422, _("Something is still missing."), {"category": _("Choose what happened.")})
        given = {**given, **({"lesson": self.lesson} if self.lesson else {})}
        outcome = _run(lambda: api.open_case(by=user, school=place.school, data=given, key=_key(data, user)), place)
        case = outcome.case
        unseen = api.who_reads(user, case)
        text = _("Case %(number)s is open.") % {"number": case.display_number}
        if outcome.told:
            text += " " + _("A message goes to: %(names)s.") % {"names": ", ".join(one.full_name for one in outcome.told)}
        if unseen:
            text += " " + unseen
        return {"text": text, "url": "" if unseen else reverse("kc_workflows:case", args=[case.key]), "link": _("Go to the case")}

    @XBlock.json_handler  # type: ignore[untyped-decorator] # as above
    def ask_help(self, data: Any, suffix: str = "") -> dict[str, Any]:
        """Ask for help as a pupil; answer who reads it and until when.

        Raises:
            JsonHandlerError: as `open_case`.
        """
        user, place = self._acting()
        if place.pupil is None:
            _refuse(404, _("There is nothing here for you to do."))
        page = api.pupil_page(user, place)
        given = _read(data, PUPIL_FIELDS)
        lacking = {
            name: text
            for name, text in {
                "story": _("Tell in a few words what happened."),
                "category": _("Choose what it is about."),
                "help_contact": _("Choose who may help you."),
            }.items()
            if not given.get(name)
        }
        if lacking:
            _refuse(422, _("Something is still missing."), lacking)
        if not set(given.get("exclude", [])) <= {key for key, _name in page.excludable}:
            _refuse(422, _("Choose somebody from the list."), {"exclude": _("Choose somebody from the list.")})
        if about := given.pop("about", ""):
            if about not in ABOUT_ME:
                _refuse(400, _("This form is not complete. Load the page again."))
            given[ABOUT_ME[about]] = [str(place.pupil.pk)]
        outcome = _run(lambda: api.open_case(by=user, school=place.school, data=given, key=_key(data, user)), place)
        text = _("Thank you for telling. Somebody of school reads it on %(day)s at the latest. Your number is %(number)s.") % {
            "day": date_format(page.read_by, pgettext("date format", "j F Y")), "number": outcome.case.display_number,
        }  # fmt: skip
        if outcome.told:
            text += " " + _("A message goes to: %(names)s.") % {"names": ", ".join(one.full_name for one in outcome.told)}
        return {"text": text, "url": "", "link": ""}

    @XBlock.json_handler  # type: ignore[untyped-decorator] # as above
    def save_settings(self, data: Any, suffix: str = "") -> dict[str, Any]:
        """Keep the title and the name of the lesson, for course staff in Studio.

        Raises:
            JsonHandlerError: 403 not course staff; 422 a name is too long.
        """
        if not is_author(self):
            _refuse(403, _("Only the makers of this course change its settings."))
        given = data if isinstance(data, dict) else {}
        names = {name: str(given.get(name, "")).replace("\x00", "").strip() for name in ("display_name", "lesson")}
        long = {name: _("At most %(n)s characters.") % {"n": LONGEST_NAME} for name, text in names.items() if len(text) > LONGEST_NAME}
        if long:
            _refuse(422, _("This is too long."), long)
        keep_title(self, names["display_name"])
        self.lesson = names["lesson"]
        return {"text": _("Saved.")}

    def _acting(self) -> tuple[Any, api.Place]:
        """Return who acts, as what; refuse whoever is not the person they are said to be, or has no part here."""
        viewer = viewer_of(self)
        if viewer.seen is not Seen.SELF:
            _refuse(403, notice_sentence(viewer))
        place = api.place_in(viewer.user, compat.course_key_of(self))
        if place is None:
            _refuse(404, _("There is nothing here for you to do."))
        return viewer.user, place


def _address(name: str, **query: str) -> str:
    return f"{reverse(f'kc_workflows:{name}')}?{urlencode(query)}"


def _where(row: Any, school: str) -> str:
    """Return the full page of something that waits."""
    if row.what == "programme":
        return _address("class", school=school, group=row.key) + "#programme"
    if row.what == "measure":
        return reverse("kc_workflows:decide", args=[row.key])
    if row.what == "letter":
        return reverse("kc_workflows:letter", args=[row.incident, row.key])
    return reverse("kc_workflows:case", args=[row.incident])


def _how_much(total: int, more_than: bool) -> str:
    if more_than:
        return _("More than %(n)s things wait for you.") % {"n": total}
    if not total:
        return _("Nothing waits for you.")
    return ngettext("%(n)s thing waits for you.", "%(n)s things wait for you.", total) % {"n": total}


def _refuse(status: int, text: str, fields: Mapping[str, str] | None = None, reasons: Any = ()) -> NoReturn:
    """Refuse in words: a sentence, a sentence per field, and the protocol's reasons with their articles."""
    raise JsonHandlerError(status, {"text": text, "fields": dict(fields or {}), "reasons": list(reasons)})


def _read(data: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields of a form that were filled in; refuse what no form of ours sends (400) or is too long (422)."""
    answers = data.get("answers") if isinstance(data, dict) else None
    if not isinstance(answers, dict) or not set(answers) <= set(fields):
        _refuse(400, _("This form is not complete. Load the page again."))
    found: dict[str, Any] = {}
    for name, value in answers.items():
        many = name in api.ROLES or name == "exclude"
        good = isinstance(value, list) and all(isinstance(one, str) for one in value) if many else isinstance(value, str)
        if not good:
            _refuse(400, _("This form is not complete. Load the page again."))
        if name == "story" and len(value) > LONGEST_STORY:
            _refuse(422, _("This is too long."), {"story": _("At most %(n)s characters.") % {"n": LONGEST_STORY}})
        if value:
            found[name] = value
    return found


def _key(data: Mapping[str, Any], user: Any) -> str:
    """Return the form's key, bound to who sends it, so that nobody's key can answer with somebody else's case."""
    try:
        return f"{user.pk}:{UUID(str(data.get('key', '')))}"
    except ValueError:
        _refuse(400, _("This form is not complete. Load the page again."))


def _run(act: Callable[[], api.Outcome], place: api.Place) -> api.Outcome:
    """Run a command; what it refuses becomes a status and sentences."""
    try:
        return act()
    except api.InvalidData as wrong:
        _refuse(422, _("Something is still missing."), wrong.errors)
    except api.StepDenied as denied:
        reasons = api.reasons(denied.denials, place.school)
        fields = {one["field"]: one["text"] for one in reasons if one["field"]}
        _refuse(409, _("You cannot send this yet."), {**denied.missing, **fields}, reasons)
    except api.StalePage:
        _refuse(409, _("Somebody else just changed this. Load the page again."))
