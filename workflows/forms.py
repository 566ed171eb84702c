"""Forms made from the vocabulary: one form for every step and milestone, without a rule of any school.

A form knows how a field is typed and what the form itself insists on. Whether a step may be taken is asked of the
protocol, by the command. Knows the vocabulary and the words; no model, no query.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.forms.renderers import DjangoTemplates
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from workflows import vocabulary, words

MANY = 9
"""A choice with more answers than this becomes a list to open instead of a row of cards."""

COLLEAGUES = frozenset({"counterpart", "witness", "owner_person", "stand_in"})
"""Fields that name one of a whole group or of all the staff: many names become a list to open."""

LONGEST_WORDS = 5000
"""Characters that a free text may have."""

HINTS: Mapping[str, Any] = {
    "story": _("Write briefly what you saw yourself. Never add an intimate image."),
    "conduct": _("Say what was done, not what it may be called in law. Name no other pupils."),
    "reason": _("Others read this later. Write what you would also say aloud."),
    "note": _("Write briefly. Name no pupils who were not there."),
    "happened": _("Leave this empty when it is just now."),
    "suspects": _("Tick more than one when needed."),
    "targets": _("Tick more than one when needed."),
    "school_days": _("Weekends and holidays do not count."),
    "severity": _("A report's severity is a signal. The one who assesses the case decides."),
    "possibly_criminal": _("You need not be sure, and you need not name the offence."),
    "published": _("For instance on a public page, or in a group chat."),
    "reached": _("Choose no when there was no answer. Try again another way later."),
    "exclude": _("This person gets no message and cannot open your report."),
    "device": _("For instance: the school laptop with number 12."),
    "rule_followed": _("For instance: house rules, part 3."),
    "school_work": _("What the pupil does meanwhile, and who helps with it."),
    "other_evidence": _("An anonymous report alone carries no measure."),
    "confidential": _("Then fewer people read it."),
    "lessons": _("Tick nothing for all lessons of the level. What the pupil did before is asked anew."),
    "due_on": _("The pupil sees this day. After it the mentor is told what is still open."),
}

_YES_NO = (("yes", pgettext_lazy("answer", "Yes")), ("no", pgettext_lazy("answer", "No")))


class PageRenderer(DjangoTemplates):
    """Renders fields with the templates of these pages, whatever renderer the host uses for its own forms."""

    field_template_name = "workflows/forms/field.html"


class Cards(forms.RadioSelect):
    """One of a few answers, each a card of at least 44 pixels."""

    template_name = "workflows/forms/cards.html"
    in_row = False

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add whether the answers stand in a row, as yes and no do."""
        return {**super().get_context(name, value, attrs), "in_row": self.in_row}


class YesNo(Cards):
    """Yes or no side by side, with equal weight and neither chosen."""

    in_row = True

    def format_value(self, value: Any) -> list[str]:
        """Show a stored True or False as its card."""
        return super().format_value({True: "yes", False: "no"}.get(value, value))


class Ticks(forms.CheckboxSelectMultiple):
    """Any number of answers, each a card."""

    template_name = "workflows/forms/cards.html"


class FoldedTicks(Ticks):
    """Any number of answers in groups that open one by one, so that a long list of people fits a phone; what is ticked stands open."""

    template_name = "workflows/forms/folded.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add for each group whether something in it is ticked."""
        context = super().get_context(name, value, attrs)
        groups = context["widget"]["optgroups"]
        return {**context, "groups": [(group, options, any(one["selected"] for one in options)) for group, options, _place in groups]}


class PageForm(forms.Form):
    """What every form of the pages carries: a key, so that sending it twice acts once, and the version it was made for."""

    default_renderer = PageRenderer
    required_css_class = ""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, version: int | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(data, **kwargs)
        self.initial.setdefault("key", uuid.uuid4())
        self.initial.setdefault("version", version)

    @property
    def submission(self) -> str | None:
        """The form's key with what was filled in, for the command: sent twice it acts once, changed after "back" it acts anew."""
        key = self.cleaned_data.get("key")
        if not key:
            return None
        lists = getattr(self.data, "lists", None)
        given = sorted((name, values) for name, values in (lists() if lists else self.data.items()) if name not in ("version", "csrfmiddlewaretoken"))
        return f"{key}:{hashlib.sha256(repr(given).encode('utf-8', 'backslashreplace')).hexdigest()}"

    @property
    def seen_version(self) -> int | None:
        """The version of the case that the reader saw when the form was made."""
        version: int | None = self.cleaned_data.get("version")
        return version

    @property
    def mistakes(self) -> list[tuple[str, str, str]]:
        """Every error as (id of the field to go to, its label, message), in the order of the page."""
        found = [("", "", str(message)) for message in self.non_field_errors()]
        for bound in self.visible_fields():
            for message in bound.errors:
                found.append((bound.id_for_label or f"f-{bound.html_name}", str(bound.label), str(message)))
        return found

    def blame(self, field: str | None, message: str) -> None:
        """Add an error to a field, or to the whole form when the field is not on it."""
        self.add_error(field if field in self.fields else None, message)

    def blame_each(self, errors: Mapping[str, str]) -> None:
        """Add what a command said is wrong, by field."""
        for name, message in errors.items():
            self.blame(name, message)


class StepForm(PageForm):
    """The form of one step or milestone.

    Args:
        data: what was posted, or None.
        fields: vocabulary names of the fields, in order.
        required: those the form itself insists on.
        first: those to ask at once; the others stand under "more".
        people: for each person field its choices, (id, label); for lessons (level, [(key, label)]).
        choices: for a choice field a shorter list of its keys, where not all make sense.
        wanted: those the protocol asks for; they are not called "not required", though the form lets them pass.
        answers: denials that may be answered with a reason.
        rules: sentences of the articles that `answers` rest on, by article.
    """

    def __init__(
        self,
        data: Any = None,
        *,
        fields: Sequence[str],
        required: Iterable[str] = (),
        first: Iterable[str] = (),
        people: Mapping[str, Sequence[tuple[str, str]]] | None = None,
        choices: Mapping[str, Sequence[str]] | None = None,
        wanted: Iterable[str] = (),
        answers: Sequence[Any] = (),
        rules: Mapping[str, str] | None = None,
        hidden: Iterable[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        required, hidden = frozenset(required), frozenset(hidden)
        people = people or {}
        self.step_fields = [name for name in fields if _is_askable(name, people)]
        for name in self.step_fields:
            shorter = (choices or {}).get(name)
            self.fields[name] = make_field(name, name in required, people.get(name, ()), shorter)
            if name in hidden:
                self.fields[name].widget = forms.HiddenInput()
        for name in set(wanted) & set(self.step_fields):
            self.fields[name].wanted = True  # type: ignore[attr-defined]  # read by the field's template
        early = [*required, *first, *wanted]
        self._first = [name for name in self.step_fields if name in early] or self.step_fields[:3]
        self.answer_fields: dict[str, str] = {}
        for denial in answers:
            self._add_answer(denial, [(rules or {}).get(article, "") for article in denial.articles])

    def _add_answer(self, denial: Any, rules: Sequence[str]) -> None:
        article = denial.articles[0]
        name = f"answer:{article}"
        if name in self.fields:
            return
        self.answer_fields[name] = article
        self.fields[name] = forms.CharField(
            label=words.say(denial.sentence),
            help_text=" ".join([*filter(None, rules), str(_("You may go on without this if you write why. The reason stays with the case."))]),
            widget=forms.Textarea(attrs={"rows": 3}),
            max_length=LONGEST_WORDS,
            required=False,
        )
        self.fields[name].wanted = True  # type: ignore[attr-defined]  # as above

    @property
    def first(self) -> list[Any]:
        """The bound fields asked at once."""
        return [self[name] for name in self._first if not self[name].is_hidden]

    @property
    def more(self) -> list[Any]:
        """The bound fields under "more"."""
        return [self[name] for name in self.step_fields if name not in self._first and not self[name].is_hidden]

    @property
    def more_is_open(self) -> bool:
        """Whether something under "more" was answered or is wrong, so that it must not stay folded."""
        return any(bound.errors or (self.is_bound and bound.data) for bound in self.more)

    @property
    def reasons(self) -> list[Any]:
        """The bound fields that take a reason for an answerable line."""
        return [self[name] for name in self.answer_fields]

    @property
    def asked(self) -> dict[str, Any]:
        """What was answered, under vocabulary names.

        A field left empty is not in it, unless it stood filled in and was emptied: that takes the old answer back. One that was
        not sent at all, as in a form made by hand, was not emptied.
        """
        found: dict[str, Any] = {}
        for name in self.step_fields:
            answer = self.cleaned_data.get(name)
            if answer not in (None, "", []):
                found[name] = answer
            elif self.initial.get(name) not in (None, "", []) and not self._is_left_out(name):
                found[name] = ""
        return found

    def _is_left_out(self, name: str) -> bool:
        return bool(self.fields[name].widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name)))

    @property
    def answers(self) -> dict[str, str]:
        """Reasons given, by article."""
        return {
            article: self.cleaned_data[name]
            for name, article in self.answer_fields.items()
            if self.cleaned_data.get(name)
        }

    def forget_errors(self) -> None:
        """Judge nothing yet: the page comes back for another reason than that the form was sent."""
        self._errors: ErrorDict | None = ErrorDict()


def answers_in(posted: QueryDict) -> dict[str, str]:
    """Return the reasons typed for answerable lines, by article, as a form's fields `answer:<article>` bring them."""
    return {name.removeprefix("answer:"): str(text) for name, text in posted.items() if name.startswith("answer:") and text}


def _is_askable(name: str, people: Mapping[str, Sequence[tuple[str, str]]]) -> bool:
    kind = vocabulary.FIELDS[name].kind
    return kind not in ("person", "people") or bool(people.get(name))


def make_field(
    name: str, required: bool, people: Sequence[tuple[str, str]] = (), keys: Sequence[str] | None = None
) -> forms.Field:
    """Return the form field of a vocabulary field.

    Args:
        name: the vocabulary's name.
        required: whether the form itself insists on it.
        people: the choices of a person field, (id, label), or of lessons by level.
        keys: the keys to offer of a choice field; None for all.
    """
    declared = vocabulary.FIELDS[name]
    common: dict[str, Any] = {
        "label": words.question(name),
        "required": required,
        "help_text": HINTS.get(name, ""),
    }
    if name == "severity":
        levels = [(str(level), words.label("severity", str(level))) for level in vocabulary.SEVERITIES]
        return forms.TypedChoiceField(choices=levels, coerce=int, empty_value=None, widget=Cards, **common)
    match declared.kind:
        case "text":
            return forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), max_length=LONGEST_WORDS, **common)
        case "line":
            return forms.CharField(max_length=200, **common)
        case "date":
            return forms.DateField(widget=_input("date", "%Y-%m-%d"), **common)
        case "moment":
            return forms.DateTimeField(
                widget=_moment(), input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **common
            )
        case "number":
            return forms.IntegerField(min_value=0, max_value=999, **common)
        case "yes_no":
            return forms.TypedChoiceField(
                choices=_YES_NO, coerce=lambda given: given == "yes", empty_value=None, widget=YesNo, **common
            )
        case "person" if name == "exclude":
            return forms.MultipleChoiceField(choices=list(people), widget=Ticks, **common)
        case "person" if name in COLLEAGUES and len(people) >= MANY:
            return forms.ChoiceField(choices=[("", pgettext_lazy("choice", "Choose")), *people], **common)
        case "person":
            return forms.ChoiceField(choices=list(people), widget=Cards, **common)
        case "people":
            return forms.MultipleChoiceField(choices=list(people), widget=Ticks, **common)
        case "lessons":
            unknown = _("Choose from the lessons below. Your school does not teach “%(value)s”, or it is far from the pupil's level.")
            return forms.MultipleChoiceField(choices=list(people), widget=Ticks, error_messages={"invalid_choice": unknown}, **common)
    offered = [(key, words.capital(words.label(name, key))) for key in (keys if keys is not None else declared.choices)]
    if len(offered) >= MANY:
        return forms.ChoiceField(choices=[("", pgettext_lazy("choice", "Choose")), *offered], **common)
    return forms.ChoiceField(choices=offered, widget=Cards, **common)


def _input(kind: str, layout: str) -> forms.DateInput:
    widget = forms.DateInput(format=layout)
    widget.input_type = kind
    return widget


def _moment() -> forms.DateTimeInput:
    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M")
    widget.input_type = "datetime-local"
    return widget
