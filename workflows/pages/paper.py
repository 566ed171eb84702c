"""Forms on paper: print one for somebody who needs it, and when one comes back, type its code and fill in what was ticked."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override, pgettext
from django.views.decorators.http import require_http_methods, require_POST

from workflows import access, answer_texts, answering, api, clock, paper, words
from workflows.answering import Line
from workflows.delivery import paper as press
from workflows.delivery.letters import LetterFault, PrintingUnavailable
from workflows.forms import LONGEST_WORDS, PageForm, YesNo
from workflows.models import PaperForm, Person, School
from workflows.pages import reading, root
from workflows.pages.base import log_read, page, root_or_404, school_of, show, staff_or_404, tell
from workflows.pinned import protocol_of
from workflows.schooldays import AMSTERDAM


class CodeForm(PageForm):
    """The code that stands at the top of a form."""

    code = forms.CharField(
        label=gettext_lazy("Code of the form"), help_text=gettext_lazy("Ten figures at the top of the paper. Spaces do not matter."), max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip


class TickedForm(PageForm):
    """What was ticked: one yes or no a question, none chosen beforehand, and what else stands on the paper."""

    def __init__(self, data: Any = None, *, lines: tuple[Line, ...], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.lines = lines
        for line in lines:
            what, where = answer_texts.purpose(line.purpose), answer_texts.channel(line.channel)
            self.fields[f"a-{line.case.key}"] = forms.ChoiceField(
                label=f"{what.head} – {where.head}", required=False, widget=YesNo,
                choices=[("yes", _("Yes is ticked")), ("no", _("No is ticked"))],
            )  # fmt: skip
        if any(line.needs_authority for line in lines):
            self.fields["authority"] = forms.BooleanField(label=_("“I have parental authority” is ticked"), required=False)
        self.fields["on"] = forms.DateField(
            label=_("Date on the form"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            help_text=_("The day next to the signature. Without a signature the form does not count: give it back."),
        )  # fmt: skip
        self.fields["reason"] = forms.CharField(
            label=_("Reason for a no, if one was written"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST_WORDS
        )

    def clean_on(self) -> Any:
        """Refuse a day that has not come yet, or long before the form was printed."""
        day = self.cleaned_data["on"]
        if day > clock.today():
            raise forms.ValidationError(_("This day has not come yet."))
        return day

    @property
    def answers(self) -> dict[str, bool]:
        """Yes or no by the key of the consent; what was left open is left out."""
        found = {str(line.case.key): self.cleaned_data.get(f"a-{line.case.key}") for line in self.lines}
        return {key: answer == "yes" for key, answer in found.items() if answer}


def _school_or_404(request: HttpRequest) -> School:
    school = school_of(request)
    if school is None or not access.roles_of(request.user, school):
        raise Http404
    return school


@page
@require_http_methods(["GET", "HEAD", "POST"])
def paper_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code of a form, and open the form."""
    school = _school_or_404(request)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            found = paper.find(school, form.cleaned_data["code"], by=request.user)
        except paper.WrongCode as wrong:
            form.blame("code", str(wrong))
        else:
            return HttpResponseRedirect(reverse("kc_workflows:paper_form", args=[paper.code_of(found).replace(" ", "")]))
    return show(request, "paper_code.html", {"form": form, "school": school}, status=422 if form.is_bound else 200, here="more")


@page
@require_http_methods(["GET", "HEAD", "POST"])
def paper_form(request: HttpRequest, code: str) -> HttpResponse:
    """Fill in what was ticked on a form."""
    school = _school_or_404(request)
    try:
        found = paper.find(school, code, by=request.user)
    except paper.WrongCode:
        raise Http404 from None
    with override("nl"):  # the words that stand on the paper
        lines = paper.lines_of(found)
    form = TickedForm(request.POST if request.method == "POST" else None, lines=lines)
    if request.method != "POST":
        return _show(request, found, form)
    if not form.is_valid():
        return _show(request, found, form, status=422)
    if not form.answers:
        form.blame(None, _("Choose yes or no for at least one question."))
        return _show(request, found, form, status=422)
    told = form.cleaned_data
    moment = min(datetime.combine(told["on"], time(12), AMSTERDAM), clock.now())
    reasons = {key: told["reason"] for key, yes in form.answers.items() if told["reason"] and not yes}
    try:
        paper.receive(
            found, form.answers, by=request.user, authority=bool(told.get("authority")), happened=moment, reasons=reasons, key=form.submission
        )
    except answering.AuthorityNotDeclared as wrong:
        form.blame("authority", wrong.errors["authority"])
        return _show(request, found, form, status=422)
    except answering.NotYours:
        form.blame(None, _("This person does not decide about one of these any more. Look again at what is open."))
        return _show(request, found, form, status=409)
    except api.StepDenied as denied:
        for one in denied.denials:
            form.blame(None, f"{words.say(one.sentence, protocol_of(lines[0].case))} ({', '.join(one.articles)})")
        return _show(request, found, form, status=409)
    except api.InvalidData as invalid:
        for name, message in invalid.errors.items():
            form.blame("on" if name == "happened" else name, message)
        return _show(request, found, form, status=422)
    tell(request, _("The answers are saved. Keep the paper in the file."))
    return HttpResponseRedirect(reverse("kc_workflows:paper"))


@page
@require_POST
def root_paper(request: HttpRequest, key: UUID) -> HttpResponse:
    """Print the form of somebody who is asked about a consent, outside any round, as a PDF. Logged as an export.

    Returns:
        200 with the PDF; 302 to the page of links and forms, which says why, where it cannot be printed.

    Raises:
        Http404: no consent, not for the reader, not theirs to print, or this person is not asked.
    """
    consent = root_or_404(request, key)
    staff_or_404(request, consent)
    if consent.type != "consent" or not paper.may_print(request.user, consent):
        raise Http404
    asked = [int(pk) for pk in root.asked_of(reading.read(request.user, consent))]
    signer = next((one for one in Person.objects.filter(pk__in=asked) if str(one.key) == request.POST.get("person")), None)
    if signer is None:
        raise Http404
    try:
        with transaction.atomic():
            form, lines = paper.print_again(consent, signer)
            pdf = press.render([(form, lines)])
    except answering.NotYours:
        tell(request, _("There is nothing left to ask on paper: the question has ended."))
    except (PrintingUnavailable, LetterFault):
        tell(request, _("This form cannot be printed on this computer. Ask the questions in a talk or by telephone."))
    else:
        log_read(request, consent, "export paper form")
        api.log_export(request.user, consent.school, f"export paper form {form.pk}")
        name, code = pgettext("file", "form"), paper.code_of(form).replace(" ", "")
        return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}-{code}.pdf"'})
    return HttpResponseRedirect(reverse("kc_workflows:root_links", args=[consent.key]))


def _show(request: HttpRequest, found: PaperForm, form: TickedForm, *, status: int = 200) -> HttpResponse:
    context = {
        "paper": found, "form": form, "code": paper.code_of(found), "questions": [form[f"a-{line.case.key}"] for line in form.lines],
        "rest": [form[name] for name in ("authority", "on", "reason") if name in form.fields],
    }  # fmt: skip
    return show(request, "paper_form.html", context, status=status, here="more")
