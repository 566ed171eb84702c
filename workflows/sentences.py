"""Sentences with vocabulary words in them, kept apart from their language.

PURE: a guard builds a `Sentence`; `str()` gives English, `workflows.words.say` the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from . import vocabulary
from .vocabulary import pgettext


def gettext_noop(message: str) -> str:
    """Mark `message` for the catalogue; it is translated where it is shown."""
    return message


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the vocabulary inside a sentence: `Word("role", "director")`, `Word("state.police", "reported")`.

    A choice of a field has the field as its context: `Word("scope", "private")`.
    """

    context: str
    key: str

    def __str__(self) -> str:
        """The English label; a word the vocabulary does not know becomes its key, readable."""
        if self.context.startswith("state."):
            label = vocabulary.STATES.get(self.context.removeprefix("state."), {}).get(self.key)
        else:
            label = _LABELS.get(self.context, {}).get(self.key)
        return label or self.key.removeprefix("local.").replace("_", " ")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One translatable sentence: an English `template` with named places, and what fills them.

    A place holds a `Word`, another `Sentence`, a yes or no, a number, a date, a text, or a tuple of these. A tuple in a
    place of `ONE_OF_THESE` is joined by "or", in the place `details` by semicolons, elsewhere by "and".
    """

    template: str
    words: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        """The sentence in English."""
        return self.template.format(**{name: _english(name, value) for name, value in self.words})


ONE_OF_THESE = frozenset({"roles", "values", "states"})
"""Places whose lists mean any of them."""


def sentence(template: str, **words: object) -> Sentence:
    """Build a sentence from a template that was marked with `gettext_noop`."""
    return Sentence(template, tuple(words.items()))


def _english(name: str, value: object) -> str:
    if isinstance(value, tuple):
        parts = [_english(name, item) for item in value]
        if name == "details":
            return "; ".join(parts)
        last = " or " if name in ONE_OF_THESE else " and "
        return last.join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return str(value)


FACTS: Mapping[str, str] = {
    "subject": pgettext("field", "Whom the case is about"),
    "target": pgettext("field", "To whom it was done"),
    "by_kind": pgettext("field", "Who takes this step"),
    "kind_group": pgettext("field", "Group of measures"),
    "sector": pgettext("field", "Primary or secondary school"),
    "legal_form": pgettext("field", "Public or private school"),
    "age": pgettext("field", "Age"),
    "expulsion_running": pgettext("field", "A removal from school is under way"),
    "root": pgettext("field", "What it is part of"),
    "counterpart_age": pgettext("field", "Age of the other"),
    "moderators_number": pgettext("field", "Number of people who keep order"),
    "staff_taking_part": pgettext("field", "Number of staff who take part"),
    "account_registered": pgettext("field", "The account is registered and in use"),
    "same_facts_days": pgettext("field", "School days of suspension for the same facts, together"),
    "last_day": pgettext("field", "Last day"),
    "proposer": pgettext("field", "who proposed the measure"),
    "reporter": pgettext("field", "who reported it"),
    "involved": pgettext("field", "the people in the case"),
    "by": pgettext("field", "whoever takes this step"),
    "today": pgettext("field", "today"),
    "state": pgettext("field", "State"),
}
"""Labels of the facts that are no field of a form."""

_LABELS: Mapping[str, Mapping[str, str]] = {
    "role": vocabulary.ROLES,
    "person_kind": vocabulary.PERSON_KINDS,
    "category": vocabulary.CATEGORIES,
    "kind": vocabulary.KINDS,
    "severity": {str(level): label for level, label in vocabulary.SEVERITIES.items()},
    "channel": {**vocabulary.CHANNELS, **vocabulary.PUBLICATIONS},
    "purpose": vocabulary.PURPOSES,
    "letter": {**vocabulary.LETTERS, **vocabulary.FORMS},
    "people": vocabulary.SELECTORS,
    "signer": vocabulary.SIGNERS,
    "field": {**FACTS, **{name: field.label for name, field in vocabulary.FIELDS.items()}},
    "type": {"police": "police track", "takedown": "request to take it down"},
    "step": {name: step.label for name, step in vocabulary.STEPS.items()},
    "milestone": {name: known.label for table in vocabulary.MILESTONES.values() for name, known in table.items()},
}

_VALUES: Mapping[str, str] = {
    "subject": "person_kind", "target": "person_kind", "by_kind": "person_kind", "category": "category", "kind": "kind",
    "severity": "severity", "channel": "channel", "help_contact": "role", "with": "role",
}  # fmt: skip
"""Where the values of a field have their label, when not under the field's own name."""


def value_word(field: str, value: object) -> object:
    """The vocabulary word for a value of a field; a yes or no, number, date or free text stays as it is."""
    if field == "severity" and isinstance(value, int):
        return Word("severity", str(value))
    if not isinstance(value, str):
        return value
    if field in _VALUES:
        return Word(_VALUES[field], value)
    known = vocabulary.FIELDS.get(field)
    return Word(field, value) if known is not None and known.choices else value


def what_word(what: str) -> Word:
    """The word for a milestone or, when it has a dot, a step."""
    return Word("step" if "." in what else "milestone", what)
