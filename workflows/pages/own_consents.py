"""Own consents: what a pupil who may decide, or a member of staff, is asked about themselves, answered signed in.

The same questions, words and answering as behind a parent's link; a form of its own, because here the reader is signed in.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from workflows import access, answer_texts, answering, clock, words
from workflows.answering import Line
from workflows.commands import InvalidData, StepDenied
from workflows.forms import LONGEST_WORDS, PageForm, Ticks, YesNo
from workflows.models import Person
from workflows.pages.answer import Sent, shown_as_ended
from workflows.pages.base import page, school_of, show, tell


class OwnForm(PageForm):
    """Yes or no for each question, none chosen, and room for a reason."""

    asked = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(required=False, max_length=LONGEST_WORDS, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, data: Any, lines: list[Line], over: list[Line], language: str, reader: str) -> None:
        self.reader = reader
        self.lines = {f"a-{line.case.key}": line for line in (*lines, *over) if not (line.over and line.mine is False)}
        self.asked_away = [(_called(line), answer_texts.day(clock.local(line.mine_at).date())) for line in over if line.mine_at is not None]
        self.language = language
        super().__init__(data, initial={"asked": self.digest})
        why_not, to_pupil = pgettext("answer", "Do you want to tell us why not?"), pgettext("answer of a pupil", "Do you want to tell us why not?")
        self.fields["reason"].label = to_pupil if reader == "pupil" else why_not
        for name, line in self.lines.items():
            mine = ""
            if line.mine is not None and line.mine_at is not None:
                at = answer_texts.day(clock.local(line.mine_at).date())
                mine = (_("You said yes on %(day)s.") if line.mine else _("You said no on %(day)s.")) % {"day": at}
            where = answer_texts.channel(line.channel)
            if line.over:
                away = (("no", answer_texts.AWAY),)
                self.fields[name] = forms.MultipleChoiceField(choices=away, required=False, widget=Ticks, label=_called(line))
                continue
            self.fields[name] = forms.ChoiceField(
                choices=(("yes", answer_texts.YES), ("no", answer_texts.NO)), required=False, widget=YesNo, label=where.head,
                help_text=" ".join(map(str, filter(None, [where.text, answer_texts.how_long(line.until, reader), mine]))),
            )  # fmt: skip
            self.fields[name].wanted = True  # type: ignore[attr-defined]  # leaving it is answering later

    @property
    def digest(self) -> str:
        """The digest of the very words that are asked."""
        return answer_texts.version_of("\n".join(f"{name}:{line.version(self.language, self.reader)}" for name, line in self.lines.items()))

    @property
    def groups(self) -> list[tuple[answer_texts.Told, list[Any]]]:
        """The bound questions by purpose."""
        found: dict[str, list[Any]] = {}
        for name, line in self.lines.items():
            if not line.over:
                found.setdefault(line.purpose, []).append(self[name])
        return [(answer_texts.purpose(purpose), fields) for purpose, fields in found.items()]

    @property
    def over(self) -> list[Any]:
        """The bound questions whether what was published is taken away, now that the term has ended."""
        return [self[name] for name, line in self.lines.items() if line.over]

    @property
    def chosen(self) -> dict[str, bool]:
        """What was chosen, by the key of the case."""
        return {name[2:]: self.cleaned_data[name] == "yes" for name in self.lines if self.cleaned_data.get(name)}


def _called(line: Line) -> str:
    return f"{answer_texts.purpose(line.purpose).head}, {answer_texts.channel(line.channel).head}"


def asked_of(person: Person) -> tuple[list[Line], list[Line]]:
    """Return what somebody may answer now about themselves, and what is over with something that was published."""
    found = answering.lines_for(person)
    lines, over = ([line for line in lines if line.person.pk == person.pk] for lines in (found.lines, found.over))
    return lines, over


@page
def own_consents(request: HttpRequest) -> HttpResponse:
    """Show what the reader is asked about themselves; on POST keep the chosen answers.

    Returns:
        200 the questions, 302 kept, 422 nothing was chosen, 409 the questions changed or one has ended meanwhile, 410 the last has.

    Raises:
        Http404: the reader is nobody at this school.
    """
    school = school_of(request)
    person = access.person_of(request.user, school) if school else None
    if person is None:
        raise Http404
    language = "en" if (get_language() or "nl").startswith("en") else "nl"
    reader = "pupil" if person.kind == "pupil" else "desk"
    asked, over = asked_of(person)
    form = OwnForm(request.POST if request.method == "POST" else None, asked, over, language, reader)
    status, sent, ended = 200, Sent(request), None
    gone = sent.chosen.keys() - {str(line.case.key) for line in (*asked, *over)}
    if lines := answering.ended_for(person, gone) if gone else ():
        sent.reasons[str(person.key)] = request.POST.get("reason", "")
        ended = shown_as_ended(lines, sent, language, kept={str(person.key)} if form.lines else ())
        status = 409 if form.lines else 410
    elif sent.is_post:
        status = _save(form, person, request.user)
        if status == 302:
            kept = pgettext("answer of a pupil", "Your answers are kept. You can change them here at any time.")
            tell(request, kept if reader == "pupil" else _("Your answers are kept. You can change them here at any time."))
            return HttpResponseRedirect(reverse("kc_workflows:own_consents"))
    rules = dict.fromkeys(rule for line in form.lines.values() for rule in line.rules(language))
    context = {"form": form, "rules": rules, "in_short": answer_texts.IN_SHORT_FOR[reader], "after": answer_texts.AFTER, "ended": ended}
    return show(request, "own_consents.html", context, status=status, here="more")


def _save(form: OwnForm, person: Person, user: Any) -> int:
    """Keep the answers; what stands in the way is put on the form. Returns the status of the page."""
    if not form.is_valid():
        return 422
    if not form.chosen:
        form.add_error(next(iter(form.lines), None), pgettext("answer", "Choose yes or no for at least one question."))
        return 422
    if form.cleaned_data["asked"] != form.digest:
        form.add_error(None, _("The questions changed while this page was open. Read them again and send the answers once more."))
        return 409
    reason = form.cleaned_data["reason"]
    read = answering.keep_words([line for line in form.lines.values() if str(line.case.key) in form.chosen], form.language, form.reader)
    try:
        answering.answer(
            person, form.chosen, by=user, form="account", language=form.language, reasons=dict.fromkeys(form.chosen, reason), key=form.submission,
            versions=read,
        )  # fmt: skip
    except answering.NotYours:
        form.add_error(None, _("Somebody else decides about this now."))
        return 409
    except StepDenied as denied:
        for denial in denied.denials:
            form.add_error(None, words.say(denial.sentence))
        return 409
    except InvalidData as invalid:
        for message in invalid.errors.values():
            form.add_error(None, message)
        return 422
    return 302
