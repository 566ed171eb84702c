"""Words for people: turns vocabulary keys and the kernel's sentences into the reader's language.

The only place where the kernel's English becomes Dutch. Knows the vocabulary and Django's translations, no case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, pgettext

from workflows import clock, lesson_files, letter_fields, vocabulary
from workflows.labels import CHOICES, DONE, QUESTIONS, TASKS, THE_ROLES, TYPES
from workflows.lessons import LEVELS
from workflows.sentences import FACTS, ONE_OF_THESE

_MILESTONES = {name: one.label for kinds in vocabulary.MILESTONES.values() for name, one in kinds.items()}
_STATES = {f"{kind}.{state}": label for kind, states in vocabulary.STATES.items() for state, label in states.items()}
_PLAIN_STATES = {state: label for states in reversed(list(vocabulary.STATES.values())) for state, label in states.items()}

_TABLES: Mapping[str, tuple[str, Mapping[Any, str]]] = {
    "role": ("role", vocabulary.ROLES),
    "case_role": ("role in a case", vocabulary.CASE_ROLES),
    "person_kind": ("kind of person", vocabulary.PERSON_KINDS),
    "category": ("category", vocabulary.CATEGORIES),
    "kind": ("measure", vocabulary.KINDS),
    "severity": ("severity", {str(level): label for level, label in vocabulary.SEVERITIES.items()}),
    "purpose": ("purpose", vocabulary.PURPOSES),
    "publication": ("publication", vocabulary.PUBLICATIONS),
    "signer": ("signer", vocabulary.SIGNERS),
    "channel": ("channel", vocabulary.CHANNELS),
    "route": ("route", vocabulary.ROUTES),
    "letter": ("letter", {**vocabulary.LETTERS, **vocabulary.FORMS}),
    "people": ("people", vocabulary.SELECTORS),
    "step": ("step", {name: step.label for name, step in vocabulary.STEPS.items()}),
    "milestone": ("milestone", _MILESTONES),
    "field": ("field", {**FACTS, **letter_fields.SCHOOL_LABELS, **{name: field.label for name, field in vocabulary.FIELDS.items()}}),
}


def label(context: str, key: Any, *, fallback: str = "") -> str:
    """Return the reader's word for a vocabulary key.

    Args:
        context: role, case_role, person_kind, category, kind, severity, channel, route, letter, people, step, milestone,
            field, state (or `state.police`), type, task, or the name of a field with choices.
        key: the key; an unknown one comes back as plain words, so that a page never breaks on an older case.
        fallback: what to say for an unknown key.
    """
    if context == "state" or context.startswith("state."):
        return _state(f"{context}.{key}".removeprefix("state."))
    if context == "type":
        return str(TYPES.get(key, key))
    if context == "task":
        return _task(str(key))
    if context == "value":
        return value("", key)
    if context == "lesson_level" and str(key).isdecimal() and int(key) in LEVELS:
        return level_name(int(key))
    if context == "the role" and key in THE_ROLES:
        return str(THE_ROLES[key])
    if context == "channel" and key in vocabulary.PUBLICATIONS:
        context = "publication"
    if context in CHOICES and key in CHOICES[context]:
        return str(CHOICES[context][key])
    name, table = _TABLES.get(context, ("", {}))
    key = str(key)
    if key in table:
        return pgettext(name, table[key])
    return fallback or key.removeprefix("local.").replace("_", " ").replace(".", " ")


def question(name: str) -> str:
    """Return a field's label as a form asks it: with a question mark where it is a question."""
    return label("field", name) + ("?" if name in QUESTIONS else "")


def field_label(case_type: str, name: str) -> str:
    """Return what a field is called in this case type: the channel of a consent is where something is published."""
    own = vocabulary.OWN_FIELDS.get(case_type, {}).get(name)
    return pgettext("field", own.label) if own is not None else label("field", name)


def _state(key: str) -> str:
    text = _STATES.get(key) or _PLAIN_STATES.get(key)
    if text is None:
        return key
    context = "police" if key.startswith("police.") and key != "police.considered" else "state"
    translated = pgettext(context, text)
    return pgettext("police", text) if translated == text and context == "state" else translated


def _task(key: str) -> str:
    if key in TASKS:
        return str(TASKS[key])
    return label("milestone", key) if key in _MILESTONES else label("step", key)


def done(step: str) -> str:
    """Return what was done, after a name: `assessed the case`, `noted: parents informed`."""
    if step in DONE:
        return str(DONE[step])
    return pgettext("done", "noted: %(what)s") % {"what": label("milestone", step.removeprefix("record."))}


def state_of(case: Any) -> str:
    """Return the state of a case in words."""
    return _state(f"{case.type}.{case.state}")


def say(sentence: Any, protocol: Any = None) -> str:
    """Return a kernel sentence in the reader's language: template by gettext, its words by their own contexts.

    Args:
        sentence: a `sentences.Sentence`; a plain string is translated as it is.
        protocol: the case's protocol, which knows how its own settings and categories are called.
    """
    return capital(_say(sentence, protocol))


def _say(sentence: Any, protocol: Any) -> str:
    if isinstance(sentence, str):
        return gettext(sentence)
    return gettext(sentence.template).format_map({name: _word(name, word, protocol) for name, word in sentence.words})


def _word(place: str, word: Any, protocol: Any) -> str:
    if isinstance(word, tuple | list | frozenset):
        parts = [_word(place, one, protocol) for one in word]
        if place in ("details", "fields"):
            return "; ".join(parts)  # labels of fields have commas of their own
        return any_of(parts) if place in ONE_OF_THESE else all_of(parts)
    if hasattr(word, "template"):
        return _say(word, protocol)
    if hasattr(word, "context") and hasattr(word, "key"):
        return _vocabulary(place, word, protocol)
    if isinstance(word, bool):
        return pgettext("answer", "yes") if word else pgettext("answer", "no")
    if isinstance(word, datetime):
        return moment(word)
    if isinstance(word, date):
        return day(word)
    return str(word)


_WITHIN = frozenset({"what", "duties", "value", "values", "file", "one", "other"})
"""Places within a sentence, outside quotation marks, where a label loses its capital."""


def _vocabulary(place: str, word: Any, protocol: Any) -> str:
    if word.context == "setting" and protocol is not None and word.key in protocol.settings:
        told = protocol.settings[word.key]
        return in_language({"nl": told.nl, "en": told.en})
    if word.context == "category" and protocol is not None and word.key in protocol.categories:
        return in_language(protocol.categories[word.key])
    if place == "roles":
        return label("the role", word.key)
    text = label(word.context, word.key)
    if place == "fields":
        return f"“{text}”"
    return uncapital(text) if place in _WITHIN else text


def any_of(parts: list[str]) -> str:
    """Join words as a person would: `a, b or c`."""
    if len(parts) < 2:
        return "".join(parts)
    return pgettext("list", "{first} or {last}").format(first=", ".join(parts[:-1]), last=parts[-1])


def all_of(parts: list[str]) -> str:
    """Join words as a person would: `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return pgettext("list", "{first} and {last}").format(first=", ".join(parts[:-1]), last=parts[-1])


NO_TALK = frozenset({
    "incident.close", "measure.complete", "police.conclude", "takedown.confirm_removed", "takedown.confirm_corrected",
    "record.cause_examined", "record.sender_traced", "record.medium_stopped", "record.evidence_seen", "record.found", "record.school_found",
})  # fmt: skip
"""Steps and milestones whose note is no account of what somebody said."""


def note_label(step: str) -> str:
    """Return what the note of a step or milestone is called: what was said, or a remark where nobody talked."""
    return pgettext("field", "Remark") if step in NO_TALK else label("field", "note")


def capital(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def uncapital(text: str) -> str:
    """Return a label as it stands within a sentence; an abbreviation keeps its capitals."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def day(value: date) -> str:
    """Return a day in words: `2 March 2026`."""
    return date_format(value, pgettext("date format", "j F Y"))


def moment(value: datetime) -> str:
    """Return a moment in the school's time zone: `2 March 2026, 15:04`."""
    return date_format(clock.local(value), pgettext("date format", "j F Y, H:i"))


def first_look(state: str) -> str:
    """Return what is asked of whom a case in this state waits for: a new report, or one that was brought to them."""
    return gettext("Assess a new report") if state == "reported" else gettext("Look at a case that was brought to you")


def value(field: str, answer: Any) -> str:
    """Return what was answered to a field in words.

    Args:
        field: name of a vocabulary field.
        answer: its stored value (a key, number, ISO day, yes or no, or text).
    """
    declared = vocabulary.FIELDS.get(field)
    if isinstance(answer, bool):
        return pgettext("answer", "yes") if answer else pgettext("answer", "no")
    if declared is not None and declared.kind == "lessons" and isinstance(answer, list | tuple):
        return "; ".join(lesson_titles(answer))
    if isinstance(answer, list | tuple):
        return ", ".join(value(field, one) for one in answer)
    if isinstance(answer, datetime):
        return moment(answer)
    if isinstance(answer, date):
        return day(answer)
    if declared is None or answer is None:
        return "" if answer is None else str(answer)
    if field == "severity":
        return label("severity", str(answer))
    if declared.kind == "choice":
        return label(field, answer)
    if declared.kind == "date":
        return day(date.fromisoformat(str(answer)))
    if declared.kind == "moment":
        return moment(datetime.fromisoformat(str(answer)))
    return str(answer)


def level_name(level: int) -> str:
    """Return what a level of the lessons is called: `level 2 (10 to 12 years)`."""
    first, last = LEVELS[level].split("-")
    return gettext("level %(level)s (%(first)s to %(last)s years)") % {"level": level, "first": first, "last": last}


def lesson_titles(keys: Iterable[str]) -> list[str]:
    """Return the titles of lessons, in their order; one that is gone keeps its key."""
    found = {unit.key: in_language(unit.title) for unit in lesson_files.units(keys)}
    return [*found.values(), *(key for key in keys if key not in found)]


def article(protocol: Any, key: str) -> dict[str, str]:
    """Return an article as the reader sees it.

    Args:
        protocol: the case's protocol.
        key: the article's id; `state` is the shape of the procedure itself.

    Returns:
        `id`, `ref` (how the document numbers it), `text` in the reader's language and `source` (the pack's name).
    """
    found = protocol.articles.get(key)
    if found is None:
        return {"id": key, "ref": "", "text": gettext("The order of the steps."), "source": ""}
    dutch = (get_language() or "en").startswith("nl")
    return {
        "id": key,
        "ref": str(found.ref or key),
        "text": str((found.nl or found.en) if dutch else (found.en or found.nl)),
        "source": str(getattr(found, "source_key", "")),
    }


def time_tag(value: datetime) -> str:
    """Return a moment as an HTML `<time>`."""
    return format_html('<time datetime="{}">{}</time>', clock.local(value).isoformat("T", "minutes"), moment(value))


def in_language(texts: Mapping[str, str]) -> str:
    """Return the text in the reader's language of a pack's `{nl = …, en = …}`, or the first there is."""
    wanted = (get_language() or "en")[:2]
    return texts.get(wanted) or texts.get("en") or next(iter(texts.values()), "")
