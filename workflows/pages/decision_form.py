"""The form of a decision: yes, no or back with a question, with words and nothing chosen beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows import words
from workflows.forms import LONGEST_WORDS, Cards, PageForm, make_field


class DecisionForm(PageForm):
    """Yes, no or back with a question; each with words, none chosen beforehand."""

    decision = forms.ChoiceField(label=gettext_lazy("Your decision"), widget=Cards)
    reason = forms.CharField(
        label=gettext_lazy("Reason or question"),
        help_text=gettext_lazy("Whoever asked reads this. It stays with the case."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONGEST_WORDS,
    )

    def __init__(self, data: Any = None, *, answers: list[tuple[str, str]], reasons: Any = (), gaps: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.gaps = list(dict.fromkeys(gaps))
        for name in self.gaps:
            self.fields[name] = make_field(name, False)
        self.fields["decision"].choices = answers  # type: ignore[attr-defined]  # a ChoiceField
        self.reasons_for: list[str] = []
        for denial in reasons:
            name = f"answer:{denial.articles[0]}"
            if name not in self.fields:
                self.reasons_for.append(name)
                self.fields[name] = forms.CharField(
                    label=words.say(denial.sentence), required=False, widget=forms.Textarea(attrs={"rows": 3}),
                    help_text=_("You may go on without this if you write why. The reason stays with the case."),
                )  # fmt: skip

    @property
    def main(self) -> list[Any]:
        """What is asked at once: the decision, its words, and reasons for what is not met."""
        return [self[name] for name in ("decision", "reason", *self.reasons_for)]

    @property
    def later(self) -> list[Any]:
        """What imposing the measure will need; it can be filled in now."""
        return [self[name] for name in self.gaps]

    @property
    def filled(self) -> dict[str, Any]:
        """What was filled in of it."""
        return {name: self.cleaned_data[name] for name in self.gaps if self.cleaned_data.get(name) not in (None, "")}
