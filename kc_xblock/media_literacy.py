"""The media-literacy module on a course page: one question at a time, feedback from the school's own rules, retry, resume.

Knows `workflows.api` and nothing deeper. Answers of pupils live in rows of their school; the learner's state of this block
holds the grade it published and the place last looked at. Whoever is no pupil of the school (staff, an author, a preview)
walks through the same lessons and leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import urlsplit

from django.conf import settings
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from web_fragments.fragment import Fragment
from webob import Response
from xblock.core import XBlock
from xblock.exceptions import JsonHandlerError
from xblock.fields import Float, Integer, List, Scope, String
from xblock.scorable import Score
from xblock.validation import Validation, ValidationMessage

from kc_xblock import compat, module_page
from kc_xblock.card import LONGEST_NAME, keep_title, notice_sentence, own_title, script_words, uid_of
from kc_xblock.grade import GradedByLessons
from kc_xblock.module_form import AFTER_DUE, lacking, number, sent, settings_from, settings_of
from kc_xblock.viewer import Seen, Viewer, is_author, viewer_of
from workflows import api

PART = "X-KC-Part"
"""Header of a request that wants the changed part of the card alone, and of the answer that is one."""

REFUSED: Mapping[str, tuple[int, Any]] = {
    "unknown": (404, _("This question is not in these lessons any more. Here is where you are.")),
    "nothing chosen": (422, _("Choose one of the answers first.")),
    "later": (409, _("That question comes later. First this one.")),
    "not open": (409, _("This lesson is not open yet.")),
}
"""What is said, with which status, to an answer that is not asked for now."""


class Reader:
    """Who reads: a pupil with rows, or anybody else with a preview that travels in its forms. Where they are is read when asked."""

    def __init__(self, read: Callable[[], api.Learning], pupil: Any = None, staff_of: str = "", waiting: bool = False) -> None:
        self._read = read
        self.pupil = pupil
        #: Whether the pupils of the course's group cannot begin yet.
        self.waiting = waiting
        #: Short name of the school whose staff they are.
        self.staff_of = staff_of

    @cached_property
    def learning(self) -> api.Learning:
        """Where the reader is, in the block's lessons."""
        return self._read()


@XBlock.wants("user", "studio_user_permissions")
@XBlock.wants("completion")
class MediaLiteracyXBlock(GradedByLessons, XBlock):  # type: ignore[misc] # XBlock has no type hints
    """Lessons of one level, graded and completable."""

    display_name = String(default="Online together", scope=Scope.settings, help="Title of the card.")
    level = Integer(default=2, scope=Scope.settings, help="Level of the lessons, 1 to 4.")
    units = List(default=[], scope=Scope.settings, help="Keys of the lessons shown; empty: all of the level.")
    tries = Integer(default=0, scope=Scope.settings, help="Tries per question that count for the grade; 0: all.")
    pass_mark = Integer(default=60, scope=Scope.settings, help="Percentage of the questions to be found within these tries.")
    after_due = String(default="open", scope=Scope.settings, help="What happens after the due date: open, practice or closed.")
    weight = Float(default=None, scope=Scope.settings, help="Points it counts for in the course; the platform reads it. Empty: one.")

    place = String(default="", scope=Scope.user_state, help="Where the learner is: school year/lesson/extra scene.")

    has_author_view = True
    icon_class = "problem"

    # --- what is shown ---------------------------------------------------------------------------------------------

    @XBlock.supports("multi_device")  # type: ignore[untyped-decorator] # as above
    def student_view(self, context: Mapping[str, Any] | None = None) -> Fragment:
        """Show a pupil the question whose turn it is, and staff and authors what a pupil would see."""
        viewer = viewer_of(self)
        reader = self._reader(viewer, {})
        if isinstance(reader, str):
            return self._notice(reader)
        shown = self._shown(reader)
        if "notice" in shown:
            return self._notice(shown["notice"])
        return self._fragment(self._render("module.html", {**shown, "led": self._is_led(shown)}), "module.js", "KcModule")

    def public_view(self, context: Mapping[str, Any] | None = None) -> Fragment:
        """Show nothing but a sentence to a visitor of an open course."""
        return self._notice(notice_sentence(Viewer(Seen.VISITOR)))

    def author_view(self, context: Mapping[str, Any] | None = None) -> Fragment:
        """Show an author what is set here, and the lessons as pupils see them; nothing done in it is kept."""
        reader = self._preview({})
        part = self._shown(reader)
        lessons = [api.in_language(unit.title) for unit in reader.learning.progress.units]
        school = api.school_of_course(compat.course_key_of(self))
        way = f"{reverse('kc_workflows:class')}?{urlencode({'school': school.slug})}" if school else ""
        about = {**self._course(), "class_view_url": way, "ages": api.LEVELS.get(self.level, ""), "lessons": lessons, "set": settings_of(self)}
        html = self._render("module_author.html", {**part, **about})
        return self._fragment(html, "module.js", "KcModule")

    def studio_view(self, context: Mapping[str, Any] | None = None) -> Fragment:
        """Let an author choose level, lessons and what counts; the school comes with the course and is only shown."""
        school = api.school_of_course(compat.course_key_of(self))
        levels = module_page.catalogue({level: api.module.preview(school, level) for level in api.LEVELS})
        for row in levels:
            for unit in row["units"]:
                unit["checked"] = row["level"] == self.level and unit["key"] in (self.units or ())
        shown = {**self._course(), "set": settings_of(self), "levels": levels, "longest": LONGEST_NAME, "after": AFTER_DUE.items()}
        return self._fragment(self._render("module_studio.html", shown), "studio.js", "KcCaseDeskStudio", script_words())

    def student_view_data(self, context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Describe the block to a mobile app: what its author made, nothing of any learner.

        The platform asks when a course is published, for no user and no language, and keeps it for all: each text comes in every language.
        """
        units = self._preview({}).learning.progress.units
        lessons = [{"key": one.key, "title": dict(one.title), "about": dict(one.about), "questions": len(one.path())} for one in units]
        own = {name: value for name, value in settings_of(self).items() if name != "after_due_label"}
        return {"ages": api.LEVELS.get(self.level, ""), "lessons": lessons, **own}

    def index_dictionary(self) -> dict[str, Any]:
        """Let a course's search find the titles in every language, and nothing else."""
        units = self._preview({}).learning.progress.units
        titles = " ".join(unit.title[language] for language in api.LANGUAGES for unit in units)
        found = super().index_dictionary()
        name = own_title(self) or gettext("Online together")
        return {**found, "content": {**found.get("content", {}), "display_name": name, "lessons": titles}, "content_type": "Media literacy"}

    def validate(self) -> Validation:
        """Tell an author in Studio what is missing."""
        found = super().validate()
        for text in lacking(self):
            found.add(ValidationMessage(ValidationMessage.WARNING, text))
        return found

    # --- what is done ----------------------------------------------------------------------------------------------

    @XBlock.handler  # type: ignore[untyped-decorator] # as above
    def turn(self, request: Any, suffix: str = "") -> Response:
        """Answer a form of the card, which says what to `do`: answer a question, show a lesson, try questions again, count what was done elsewhere.

        A script gets the changed part of the card; a plain form gets a full page. Refused in words with 403 (not the person
        themselves), 404 (no such question), 405 (not posted), 409 (not its turn, or closed) or 422 (nothing chosen).
        """
        if request.method != "POST":
            return Response(status=405, allow="POST")
        viewer = viewer_of(self)
        given = sent(request)
        reader = self._reader(viewer, given)
        if isinstance(reader, str):
            return self._answered(request, 403, {"notice": reader})
        what = given.get("do", "")
        if what not in ("answer", "again"):
            return self._show(request, given, reader)
        if reader.pupil is not None and self.is_closed:
            return self._answered(request, 409, self._shown(reader))
        try:
            return self._again(request, given, reader) if what == "again" else self._answer(request, given, reader)
        except api.OutOfTurn as wrong:
            status, text = REFUSED[wrong.why]
            return self._answered(request, status, self._shown(reader, problem=str(text)))

    def _show(self, request: Any, given: Mapping[str, str], reader: Reader) -> Response:
        """Go to a lesson; where somebody is in it is found anew."""
        unit = reader.learning.progress.unit(given.get("unit", ""))
        if unit is not None and unit.key in reader.learning.closed:
            unit = None
        if unit is not None and reader.pupil is not None:
            self._go(unit.key, self._extra)
            api.go_elsewhere(self._session)
        if given.get("do") == "count" and reader.pupil is not None and self.is_uncounted(reader.learning):
            self._earn(reader.learning)
        return self._answered(request, 200, self._shown(reader, unit))

    def _answer(self, request: Any, given: Mapping[str, str], reader: Reader) -> Response:
        """Answer a question, once however often the form comes; publish what it earned."""
        keys = {name: given.get(name, "") for name in ("unit", "scene", "choice")}
        seen = number(given.get("seen", ""))
        if reader.pupil is None:
            turn = reader.learning.progress.answer(**{f"{name}_key": key for name, key in keys.items()}, seen=seen)
            learning = api.Learning(reader.learning.level, turn.progress, reader.learning.protocol)
        else:
            if self.units and keys["unit"] not in self.units:
                raise api.OutOfTurn("unknown")
            whole, turn = api.module.answer(reader.pupil, self.level, **keys, seen=seen, extra=self._extra)
            learning = module_page.narrowed(whole, self.units)
            self._remember(turn, learning)
            if turn.changed and whole.progress.is_done(turn.unit):
                api.complete_measures(reader.pupil)
        reader.learning = learning
        return self._answered(request, 200, self._shown(reader, turn.unit, turn=turn))

    def _again(self, request: Any, given: Mapping[str, str], reader: Reader) -> Response:
        """Let somebody try anew what took more tries than count."""
        key = given.get("unit", "")
        unit = reader.learning.progress.unit(key)
        if unit is None:
            raise api.OutOfTurn("unknown")
        if reader.pupil is None:
            progress = reader.learning.progress
            again = progress.again(unit, progress.to_practise(unit, self._asked.tries))
            reader.learning = api.Learning(reader.learning.level, again, reader.learning.protocol)
        else:
            whole = api.module.practise_again(reader.pupil, self.level, unit=key, attempts=self._asked.tries)
            reader.learning = module_page.narrowed(whole, self.units)
            self._go(key)
        return self._answered(request, 200, self._shown(reader, reader.learning.progress.unit(key)))

    def _remember(self, turn: api.Turn, learning: api.Learning) -> None:
        """Keep the place, and publish grade and completion when they rose."""
        self._go(turn.unit.key, turn.progress.extra)
        if turn.changed and self.counts:
            self._earn(learning)

    def _earn(self, learning: api.Learning) -> None:
        """Publish grade and completion as far as they rose."""
        share = learning.progress.share(self._asked.tries)
        if self.earned is None or share > self.earned:
            self.set_score(Score(share, 1.0))
            self.publish_grade(only_if_higher=True)
        if self._asked.passed(learning.progress):
            self.emit_completion(1.0)

    @property
    def _here(self) -> list[str]:
        """The lesson and the extra scene this learner looked at last, this school year; each may be empty."""
        year, *rest = self.place.split("/")
        return rest if len(rest) == 2 and year == api.module.this_year() else ["", ""]

    @property
    def _extra(self) -> tuple[str, str] | None:
        return module_page.extra_from("/".join(self._here))

    def _go(self, unit: str, extra: tuple[str, str] | None = None) -> None:
        """Remember where the learner is; an extra scene of another lesson is left behind."""
        place = f"{api.module.this_year()}/{unit}/{extra[1] if extra and extra[0] == unit else ''}"
        if self.place != place:
            self.place = place

    @XBlock.json_handler  # type: ignore[untyped-decorator] # as above
    def save_settings(self, data: Any, suffix: str = "") -> dict[str, Any]:
        """Keep what an author chose, for course staff in Studio. The school is not among it.

        Raises:
            JsonHandlerError: 403 not course staff; 422 something cannot be read.
        """
        if not is_author(self):
            _refuse(403, gettext("Only the makers of this course change its settings."))
        found, wrong = settings_from(data, api.school_of_course(compat.course_key_of(self)))
        if wrong:
            _refuse(422, gettext("Some of this cannot be used."), wrong)
        keep_title(self, found.pop("display_name"))
        for name, value in found.items():
            setattr(self, name, value)
        return {"text": gettext("Saved.")}

    # --- who reads, and how it looks -------------------------------------------------------------------------------

    def _reader(self, viewer: Viewer, given: Mapping[str, str]) -> Reader | str:
        """Return who reads, or the sentence for whoever does not."""
        if viewer.seen is Seen.PREVIEW:
            return self._preview(given)
        if viewer.seen is not Seen.SELF:
            return notice_sentence(viewer)
        course = compat.course_key_of(self)
        place = api.place_in(viewer.user, course)
        if place is not None and place.pupil is not None:
            pupil = place.pupil
            pupil.school = place.school
            return Reader(lambda: module_page.narrowed(api.module.learning(pupil, self.level, self._extra), self.units), pupil)
        if place is not None or viewer.is_course_staff:
            return self._preview(given, place)
        if api.school_of_course(course) is None:
            return gettext("This lesson is not linked to a school yet. The school's administrator can do that.")
        return gettext("These lessons are for pupils of the school. There is nothing here for you to do.")

    def _preview(self, given: Mapping[str, str], place: api.Place | None = None) -> Reader:
        """Return a reader who leaves no trace, where the last form said they were; `place`: as whom of the school."""
        school = place.school if place else api.school_of_course(compat.course_key_of(self))
        marks, extra = module_page.marks_from(given.get("trail", "")), module_page.extra_from(given.get("extra", ""))
        return Reader(
            lambda: module_page.narrowed(api.module.preview(school, self.level, marks, extra), self.units),
            staff_of=place.school.slug if place else "", waiting=place is not None and api.module.group_awaits(place.school, place.group),
        )  # fmt: skip

    def _shown(self, reader: Reader, unit: api.Unit | None = None, *, turn: api.Turn | None = None, problem: str = "") -> dict[str, Any]:
        """Return the values of the part that changes."""
        progress, is_pupil = reader.learning.progress, reader.pupil is not None
        if not progress.units:
            return {"notice": gettext("There are no lessons for this level yet.")}
        wanted = [api.led_to(self._session, self.level), self._here[0]] if is_pupil else []
        unit = unit or module_page.unit_to_show(reader.learning, *wanted)
        if unit is None:
            return {"awaits": module_page.awaited(reader.learning)}
        shown = module_page.shown(reader.learning, self._asked, unit, turn=turn, problem=problem)
        if is_pupil:
            closed = gettext("The last day for this was over. You can still read it.") if self.is_closed else ""
            return {**shown, "closed": closed, "is_pupil": True, "uncounted": "end" in shown and self.is_uncounted(reader.learning)}
        note = gettext("You see this as pupils see it. Nothing you do here is kept.")
        group = f"{reverse('kc_workflows:class')}?{urlencode({'school': reader.staff_of})}" if reader.staff_of else ""
        shown = {**shown, "note": note, "class_url": group, "waiting": reader.waiting}
        return {**shown, "trail": module_page.trail_of(progress), "extra": "/".join(progress.extra or ())}

    @property
    def _session(self) -> Any:
        """The reader's session, which leads a pupil to a lesson; an empty one outside a request."""
        return getattr(compat.current_request(), "session", {})

    def _is_led(self, shown: Mapping[str, Any]) -> bool:
        """Whether the reader was led to the lesson that is shown; of several cards on a page it is the first."""
        request = compat.current_request()
        if not shown.get("is_pupil") or shown["unit"]["key"] != api.led_to(self._session, self.level) or hasattr(request, "kc_led"):
            return False
        request.kc_led = True
        return True

    def _course(self) -> dict[str, str]:
        """The school and the rules that come with the course; never a field of this block."""
        school = api.school_of_course(compat.course_key_of(self))
        protocol = api.module.preview(school, self.level).protocol if school else None
        return {"school": school.name if school else "", "pack": api.in_language(protocol.name) if protocol else ""}

    def _notice(self, text: str) -> Fragment:
        return self._fragment(self._render("notice.html", {"text": text}))

    def _heading(self) -> str:
        """The title, for a template that shows it."""
        return own_title(self) or gettext("Online together")

    def _render(self, template: str, shown: Mapping[str, Any]) -> str:
        request = compat.current_request()
        token = get_token(request) if request is not None else "NOTPROVIDED"  # the word by which Django's tag writes nothing
        return render_to_string(
            f"kc_xblock/{template}",
            {"turn_url": self.runtime.handler_url(self, "turn"), "uid": uid_of(self), "heading": self._heading, "csrf_token": token, **shown},
        )

    def _fragment(self, html: str, script: str = "", start: str = "", words: Mapping[str, str] | None = None) -> Fragment:
        """Return the markup with the card's style, and its script with the words that it says."""
        fragment = Fragment(html)
        fragment.add_css_url(self.runtime.local_resource_url(self, "public/block.css"))
        if script:
            fragment.add_javascript_url(self.runtime.local_resource_url(self, f"public/{script}"))
            fragment.initialize_js(start, {"cookie": settings.CSRF_COOKIE_NAME, "words": words or _module_words(), "part": PART})
        return fragment

    def _answered(self, request: Any, status: int, shown: Mapping[str, Any]) -> Response:
        """Answer with the changed part for the script, with a full page for a plain form."""
        if request.headers.get(PART):
            answer = Response(self._render("module_part.html", shown), status=status, content_type="text/html", charset="utf-8")
            answer.headers[PART] = "1"
            return answer
        style = self.runtime.local_resource_url(self, "public/block.css")
        page = {**shown, "page": True, "style": style, "language": get_language() or "en", "back": self._back(request)}
        return Response(self._render("module_page.html", page), status=status, content_type="text/html", charset="utf-8")

    def _back(self, request: Any) -> str:
        """Return the page of the lesson that a full page leads back to, if it is one of this site."""
        back = sent(request).get("back") or request.referer or ""
        host = getattr(compat.current_request(), "get_host", str)()
        own = url_has_allowed_host_and_scheme(back, {host}) and "/handler/" not in urlsplit(back).path
        return back if own else ""


def _module_words() -> dict[str, str]:
    """What the script says by itself, in the reader's language."""
    return {
        "offline": gettext("There is no connection. Your answer was not sent. Try again in a moment."),
        "gone": gettext("You are no longer signed in. Load the page again."),
        "failed": gettext("Something went wrong on our side. Your answer was not sent. Try again in a few minutes."),
    }


def _refuse(status: int, text: str, fields: Mapping[str, str] | None = None) -> NoReturn:
    raise JsonHandlerError(status, {"text": text, "fields": dict(fields or {}), "reasons": []})
