"""Words for people: turns vocabulary keys and the kernel's sentences into the reader's language.

The only place where the kernel's English becomes Dutch. Knows the vocabulary and Django's translations, no case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, pgettext, pgettext_lazy

from workflows import letter_fields, vocabulary
from workflows.sentences import FACTS, ONE_OF_THESE

CHOICES: Mapping[str, Mapping[str, Any]] = {
    "act": {
        "post": pgettext_lazy("act", "Posted it"),
        "forward": pgettext_lazy("act", "Passed it on"),
        "repost": pgettext_lazy("act", "Posted it again"),
        "like": pgettext_lazy("act", "Liked it"),
        "search": pgettext_lazy("act", "Searched for it"),
        "view": pgettext_lazy("act", "Looked at it"),
        "receive": pgettext_lazy("act", "Received it"),
        "other": pgettext_lazy("act", "Something else"),
    },
    "scope": {
        "school_related": pgettext_lazy("scope", "Yes, it has to do with school"),
        "overlap": pgettext_lazy("scope", "Partly: it started outside and reaches school"),
        "private": pgettext_lazy("scope", "No, it is private"),
    },
    "capacity": {
        "personal": pgettext_lazy("capacity", "As a private person"),
        "professional": pgettext_lazy("capacity", "In their work for the school"),
    },
    "origin": {
        "report": pgettext_lazy("origin", "Somebody reported it"),
        "monitoring": pgettext_lazy("origin", "Found by monitoring"),
        "seen": pgettext_lazy("origin", "Seen by a member of staff"),
    },
    "help_contact": {
        "teacher": pgettext_lazy("help", "A teacher"),
        "mentor": pgettext_lazy("help", "My mentor"),
        "director": pgettext_lazy("help", "The director"),
        "confidential_counsellor": pgettext_lazy("help", "The confidential counsellor"),
    },
    "qualification": {
        "possible_neglect_of_duty": pgettext_lazy("qualification", "Possibly neglect of duty"),
        "possibly_culpable": pgettext_lazy("qualification", "Possibly culpable"),
    },
    "mode": {
        "school": pgettext_lazy("mode", "The school handles it"),
        "joint": pgettext_lazy("mode", "School and board together"),
        "handed_over": pgettext_lazy("mode", "The board has taken it over"),
    },
    "outcome": {
        "unfounded": pgettext_lazy("outcome", "It turned out not to be so"),
        "settled_by_talk": pgettext_lazy("outcome", "Settled by talking"),
        "repaired": pgettext_lazy("outcome", "The harm was repaired"),
        "measure_completed": pgettext_lazy("outcome", "The measure is completed"),
        "referred": pgettext_lazy("outcome", "Referred"),
        "no_action": pgettext_lazy("outcome", "No further action"),
    },
    "bound_to": {
        "person": pgettext_lazy("ban", "One person, on every device"),
        "device": pgettext_lazy("ban", "One device"),
    },
    "manner": {
        "public": pgettext_lazy("evidence", "It stood in public"),
        "asked_and_shown": pgettext_lazy("evidence", "Asked, and shown freely"),
        "handed_in": pgettext_lazy("evidence", "Handed in"),
    },
    "with": {
        "ict_coordinator": pgettext_lazy("together", "The ICT coordinator"),
        "teacher": pgettext_lazy("together", "A teacher"),
        "director": pgettext_lazy("together", "The director"),
    },
    "finding": {
        "accidental": pgettext_lazy("finding", "By accident"),
        "deliberate": pgettext_lazy("finding", "On purpose"),
        "unclear": pgettext_lazy("finding", "Not clear"),
    },
    "file": {
        "pupil_file": pgettext_lazy("file", "Pupil's file"),
        "personnel_file": pgettext_lazy("file", "Personnel file"),
    },
    "advice_kind": {
        "advice": pgettext_lazy("police talk", "Advice"),
        "discuss_offence": pgettext_lazy("police talk", "Whether it is an offence"),
    },
    "action": {
        "kept_apart": pgettext_lazy("safety", "Pupils kept apart"),
        "brought_to_safe_place": pgettext_lazy("safety", "Brought to a safe place"),
        "collected_by_guardian": pgettext_lazy("safety", "Collected by a parent"),
        "phone_kept_safe": pgettext_lazy("safety", "Phone kept safe, switched off"),
        "account_closed": pgettext_lazy("safety", "Account closed for today"),
        "other": pgettext_lazy("safety", "Something else"),
    },
    "police_outcome": {
        "settled": pgettext_lazy("police outcome", "Settled"),
        "halt": pgettext_lazy("police outcome", "Halt"),
        "dismissed": pgettext_lazy("police outcome", "No further action by the police"),
        "court": pgettext_lazy("police outcome", "Before the court"),
        "unknown": pgettext_lazy("police outcome", "Not known"),
    },
    "asks": {
        "withdraw_publication": pgettext_lazy("takedown", "Withdraw what was published"),
        "remove_and_correct": pgettext_lazy("takedown", "Remove it and post a correction"),
        "close_account": pgettext_lazy("takedown", "Close the account"),
    },
    "how": {
        "post_removed": pgettext_lazy("takedown", "The post was removed"),
        "account_deleted": pgettext_lazy("takedown", "The account was deleted"),
        "withdrawn": pgettext_lazy("takedown", "It was withdrawn from view"),
    },
}
"""Labels of the choices that the vocabulary leaves bare, by field."""

TYPES: Mapping[str, Any] = {
    "incident": pgettext_lazy("case type", "incident"),
    "measure": pgettext_lazy("case type", "measure"),
    "police": pgettext_lazy("case type", "police track"),
    "takedown": pgettext_lazy("case type", "request to take it down"),
}

TASKS: Mapping[str, Any] = {
    "incident.triage": pgettext_lazy("task", "assess the case"),
    "incident.discuss": pgettext_lazy("task", "talk with those concerned"),
    "incident.close": pgettext_lazy("task", "close the case"),
}
"""Names of duties whose label as a step or milestone reads oddly as a task."""

DONE: Mapping[str, Any] = {
    "incident.report": pgettext_lazy("done", "opened the case"),
    "incident.triage": pgettext_lazy("done", "assessed the case"),
    "incident.discuss": pgettext_lazy("done", "logged a talk"),
    "incident.escalate": pgettext_lazy("done", "brought it to the director"),
    "incident.send_back": pgettext_lazy("done", "sent it back with a question"),
    "incident.sanction": pgettext_lazy("done", "imposed the approved measures"),
    "incident.close": pgettext_lazy("done", "closed the case"),
    "incident.dismiss": pgettext_lazy("done", "dismissed the case"),
    "incident.withdraw": pgettext_lazy("done", "took the case back"),
    "incident.refer": pgettext_lazy("done", "referred the case"),
    "incident.take_over": pgettext_lazy("done", "settled who handles the case"),
    "incident.reopen": pgettext_lazy("done", "reopened the case"),
    "letter.approve": pgettext_lazy("done", "approved a letter"),
    "letter.send": pgettext_lazy("done", "sent a letter"),
    "letter.sent": pgettext_lazy("done", "a letter left by e-mail"),
    "letter.void": pgettext_lazy("done", "a letter may no longer go out"),
    "letter.draft": pgettext_lazy("done", "a letter changed and must be approved again"),
    "duty.take_over": pgettext_lazy("done", "the term passed: the deputy sees it too"),
    "measure.propose": pgettext_lazy("done", "proposed a measure"),
    "measure.approve": pgettext_lazy("done", "approved the measure"),
    "measure.reject": pgettext_lazy("done", "refused the measure"),
    "measure.impose": pgettext_lazy("done", "imposed the measure"),
    "measure.complete": pgettext_lazy("done", "completed the measure"),
    "measure.withdraw": pgettext_lazy("done", "withdrew the measure"),
    "police.consider": pgettext_lazy("done", "put the question whether to go to the police"),
    "police.report": pgettext_lazy("done", "reported it to the police"),
    "police.decline": pgettext_lazy("done", "decided not to report it to the police"),
    "police.conclude": pgettext_lazy("done", "noted how the police track ended"),
    "takedown.request": pgettext_lazy("done", "asked to take it down"),
    "takedown.confirm_removed": pgettext_lazy("done", "confirmed that it is gone"),
    "takedown.confirm_corrected": pgettext_lazy("done", "confirmed the correction"),
    "takedown.settle": pgettext_lazy("done", "the request is settled"),
    "takedown.refuse": pgettext_lazy("done", "noted that it stays up"),
    "retract": pgettext_lazy("done", "took an entry back"),
    "correct_person": pgettext_lazy("done", "corrected who is in the case"),
    "hand_over": pgettext_lazy("done", "handed the case over"),
    "erase_words": pgettext_lazy("done", "erased the words of this case"),
}
"""What somebody did, as the timeline says it after their name."""

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
    "channel": ("channel", vocabulary.CHANNELS),
    "route": ("route", vocabulary.ROUTES),
    "letter": ("letter", vocabulary.LETTERS),
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
    if context in CHOICES and key in CHOICES[context]:
        return str(CHOICES[context][key])
    name, table = _TABLES.get(context, ("", {}))
    key = str(key)
    if key in table:
        return pgettext(name, table[key])
    return fallback or key.removeprefix("local.").replace("_", " ").replace(".", " ")


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


def say(sentence: Any) -> str:
    """Return a kernel sentence in the reader's language: template by gettext, its words by their own contexts.

    Args:
        sentence: a `sentences.Sentence`; a plain string is translated as it is.
    """
    return capital(_say(sentence))


def _say(sentence: Any) -> str:
    if isinstance(sentence, str):
        return gettext(sentence)
    return gettext(sentence.template).format_map({name: _word(name, word) for name, word in sentence.words})


def _word(place: str, word: Any) -> str:
    if isinstance(word, tuple | list | frozenset):
        parts = [_word(place, one) for one in word]
        if place == "details":
            return "; ".join(parts)
        return any_of(parts) if place in ONE_OF_THESE else all_of(parts)
    if hasattr(word, "template"):
        return _say(word)
    if hasattr(word, "context") and hasattr(word, "key"):
        return label(word.context, word.key)
    if isinstance(word, bool):
        return pgettext("answer", "yes") if word else pgettext("answer", "no")
    if isinstance(word, datetime):
        return moment(word)
    if isinstance(word, date):
        return day(word)
    return str(word)


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


def capital(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def day(value: date) -> str:
    """Return a day in words: `2 March 2026`."""
    return date_format(value, pgettext("date format", "j F Y"))


def moment(value: datetime) -> str:
    """Return a moment in the school's time zone: `2 March 2026, 15:04`."""
    return date_format(timezone.localtime(value), pgettext("date format", "j F Y, H:i"))


def value(field: str, answer: Any) -> str:
    """Return what was answered to a field in words.

    Args:
        field: name of a vocabulary field.
        answer: its stored value (a key, number, ISO day, yes or no, or text).
    """
    declared = vocabulary.FIELDS.get(field)
    if isinstance(answer, bool):
        return pgettext("answer", "yes") if answer else pgettext("answer", "no")
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
    return format_html('<time datetime="{}">{}</time>', timezone.localtime(value).isoformat("T", "minutes"), moment(value))


def in_language(texts: Mapping[str, str]) -> str:
    """Return the text in the reader's language of a pack's `{nl = …, en = …}`, or the first there is."""
    wanted = (get_language() or "en")[:2]
    return texts.get(wanted) or texts.get("en") or next(iter(texts.values()), "")
