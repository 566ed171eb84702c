"""Forms of the set-up pages. They know types and lengths; what is allowed is asked of the acts on schools and people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.forms.models import fields_for_model
from django.utils.translation import gettext_lazy as _

from workflows import vocabulary, words
from workflows.forms import LONGEST_WORDS, Cards, PageForm, Ticks, YesNo
from workflows.models import Group, School
from workflows.models.people import Authority
from workflows.queries_setup import setting_label
from workflows.rules import Protocol, Setting

LETTERHEAD = (
    "name", "board_name", "brin", "address", "postal_code", "city", "phone", "email", "website", "objection_address",
    "complaints_body", "parents_contact", "counsellor_contact", "dpo_contact", "retention",
)  # fmt: skip
LARGEST_LOGO = 200_000  # bytes
PNG = b"\x89PNG\r\n\x1a\n"


def _day(**kwargs: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d")
    widget.input_type = "date"
    return forms.DateField(widget=widget, **kwargs)


class Tick(forms.MultipleChoiceField):
    """One thing to tick, as a card; its value is whether it was ticked."""

    def __init__(self, *, yes: Any, **kwargs: Any) -> None:
        super().__init__(choices=[("yes", yes)], widget=Ticks, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Show True as the ticked card."""
        return (["yes"] if value else []) if isinstance(value, bool) else value

    def clean(self, value: Any) -> bool:
        """Return whether it was ticked."""
        return bool(super().clean(value))


def _roles(*, without: Iterable[str] = ()) -> list[tuple[str, str]]:
    roles = [(role, words.label("role", role)) for role in vocabulary.STAFF_ROLES if role not in without]
    return [("", _("Choose")), *roles]  # type: ignore[list-item]  # a lazy string is a string to a form


class SchoolForm(PageForm):
    """Letterhead, contacts and ways to send letters."""

    def __init__(self, data: Any = None, *, school: School, routes: Iterable[str], **kwargs: Any) -> None:
        names = [(route, words.label("route", route)) for route in routes]
        kwargs.setdefault("initial", self._from(school))
        super().__init__(data, **kwargs)
        self.fields.update(fields_for_model(School, fields=LETTERHEAD))
        for name in ("objection_address", "complaints_body"):
            self.fields[name].widget = forms.Textarea(attrs={"rows": 3})
        self.fields["logo"] = forms.FileField(
            label=_("Logo"), required=False, help_text=_("A PNG picture of at most 200 kB. Empty keeps the present one.")
        )
        self.fields["channels"] = forms.MultipleChoiceField(label=_("Ways to send letters"), choices=names, widget=Ticks)
        self.fields["preferred"] = forms.ChoiceField(label=_("The way that is offered first"), choices=names, widget=Cards)

    @staticmethod
    def _from(school: School) -> dict[str, Any]:
        kept = {name: getattr(school, name) for name in LETTERHEAD}
        return {**kept, "channels": school.channels, "preferred": (school.channels or [""])[0]}

    def clean_logo(self) -> bytes | None:
        """Take a small PNG only; the letter's engine reads no other picture."""
        given = self.cleaned_data.get("logo")
        if not given:
            return None
        if given.size > LARGEST_LOGO:
            raise forms.ValidationError(_("This picture is larger than 200 kB."))
        content = bytes(given.read())
        if not content.startswith(PNG):
            raise forms.ValidationError(_("This is not a PNG picture."))
        return content

    @property
    def fields_of_school(self) -> dict[str, Any]:
        """What to change, for `schools.change_school`."""
        told = {name: self.cleaned_data[name] for name in LETTERHEAD}
        first, ticked = self.cleaned_data["preferred"], self.cleaned_data["channels"]
        told["channels"] = [first, *(route for route in ticked if route != first)]
        if self.cleaned_data.get("logo"):
            told["logo"] = self.cleaned_data["logo"]
        return told


class SettingsForm(PageForm):
    """The questions that the school's protocol leaves to the school, each with the article that asks it."""

    def __init__(self, data: Any = None, *, protocol: Protocol, answers: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.settings = protocol.unanswered({})
        for setting in self.settings:
            self.fields[setting.key] = _setting_field(setting, protocol)
            self.fields[setting.key].wanted = True  # type: ignore[attr-defined]  # cases wait for it; it may be saved half done
            self.initial[setting.key] = answers.get(setting.key)

    @property
    def answers(self) -> dict[str, Any]:
        """The answers given, by setting; one left empty becomes None, so that it is asked again."""
        told = {}
        for setting in self.settings:
            value = self.cleaned_data.get(setting.key)
            told[setting.key] = value.isoformat() if isinstance(value, date) else None if value == "" else value
        return told


def _setting_field(setting: Setting, protocol: Protocol) -> forms.Field:
    """Return the form field of one setting, with the articles that ask for it as its hint."""
    articles = [words.article(protocol, key) for key in setting.cites]
    hint = " ".join(f"{one['text']} ({one['ref'] or one['id']})" for one in articles)
    common: dict[str, Any] = {"label": words.capital(setting_label(setting)), "help_text": hint, "required": False}
    match setting.kind:
        case "yes_no":
            choices = (("yes", _("Yes")), ("no", _("No")))
            return forms.TypedChoiceField(choices=choices, coerce="yes".__eq__, empty_value=None, widget=YesNo, **common)
        case "number":
            return forms.IntegerField(min_value=0, **common)
        case "date":
            return _day(**common)
        case "choice":
            said = [(key, words.in_language(setting.labels[key]) if setting.labels else key.replace("_", " ")) for key in setting.choices]
            return forms.ChoiceField(choices=said, widget=Cards, **common)
        case "line":
            return forms.CharField(max_length=200, **common)
    return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST_WORDS, **common)


class HolidayForm(PageForm):
    """One holiday of the school's own."""

    name = forms.CharField(label=_("Name"), max_length=100)
    first = _day(label=_("First day"))
    last = _day(label=_("Last day"))


class MemberForm(PageForm):
    """A role for an account, with dates."""

    username = forms.CharField(
        label=_("User name"), max_length=150, help_text=_("As this person signs in on this site. They need an account first.")
    )
    role = forms.ChoiceField(label=_("Role"))
    group = forms.ModelChoiceField(
        Group.objects.none(), label=_("Group"), required=False, help_text=_("For a mentor."), empty_label=_("No group")
    )
    acting_for = forms.ChoiceField(label=_("Stands in for"), required=False, help_text=_("For a deputy."))
    starts = _day(label=_("From"), required=False, help_text=_("Today, when left empty."))
    ends = _day(label=_("Until and including"), required=False, help_text=_("A deputy needs a last day."))

    def __init__(self, data: Any = None, *, school: School, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        fields: Any = self.fields  # each kind of field has attributes of its own
        fields["role"].choices = _roles()
        fields["acting_for"].choices = _roles(without=["deputy"])
        fields["group"].queryset = Group.objects.filter(school=school)


class EndForm(PageForm):
    """The end of a role, and who takes over the open cases."""

    ends = _day(label=_("Last day"))
    hand_over_to = forms.ChoiceField(label=_("Who takes over the open cases"), required=False)

    def __init__(self, data: Any = None, *, colleagues: list[tuple[str, str]], cases: int, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if cases:
            fields: Any = self.fields  # each kind of field has attributes of its own
            fields["hand_over_to"].choices = [("", _("Choose")), *colleagues]
        else:
            del self.fields["hand_over_to"]


class GuardianForm(PageForm):
    """What the school knows of one parent's say over one pupil."""

    authority = forms.ChoiceField(label=_("Parental authority"), choices=Authority.choices, widget=Cards)
    relation = forms.CharField(label=_("Relation"), max_length=60, required=False)
    hides_address = Tick(label=_("Address"), yes=_("The other parent may not see this address"))
    ends = _day(label=_("Until and including"), required=False, help_text=_("Only when this tie has an end."))


class CourseForm(PageForm):
    """A course that belongs to this school."""

    course_key = forms.CharField(
        label=_("Course key"), max_length=255, help_text=_("As in the address of the course: course-v1:School+Course+2026.")
    )
    group = forms.ModelChoiceField(Group.objects.none(), label=_("Group"), required=False, empty_label=_("No group"))

    def __init__(self, data: Any = None, *, school: School, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        fields: Any = self.fields  # each kind of field has attributes of its own
        fields["group"].queryset = Group.objects.filter(school=school)


class UploadForm(PageForm):
    """A CSV file of people."""

    file = forms.FileField(label=_("CSV file"), help_text=_("Saved from a spreadsheet or pupil administration as CSV."))
    end_left = Tick(
        label=_("Who is no longer in the file"), yes=_("End their place or role"),
        help_text=_("Choose this only when the file holds everybody of its kind."),
    )  # fmt: skip
