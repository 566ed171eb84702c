"""A letter's reading copy in a parent's own language: a PDF of its own beside the Dutch letter, which alone binds.

It is made from the data that are kept with the Dutch PDF, so that it can tell nothing else; where those no longer hold, it is
refused. What the school typed and the sentences of its protocol stay Dutch and are marked as such.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from workflows import answer_texts, clock
from workflows.delivery import letters, reading_words
from workflows.delivery.building import build
from workflows.delivery.contents import LetterContext, restored, same, snapshot
from workflows.delivery.faults import Fault, LetterChanged, LetterRefused, faults_of
from workflows.delivery.recipients import no_copy_for
from workflows.delivery.sending import still_approved
from workflows.models import Letter

LANGUAGES = tuple(language for language in answer_texts.LANGUAGES if language != "nl")
"""The languages of reading copies."""

KINDS = frozenset({"invitation", "report_notice", "measure_notice", "suspension", "removal_agreement", "police_note", "takedown_request"})
"""Letters that parents get; a letter to staff has no copy."""


def language_of(letter: Letter) -> str:
    """Return the language of a letter's reading copy; empty when it has none, as for a parent who reads Dutch, a pupil or staff."""
    reader = letter.addressee
    if letter.kind not in KINDS or reader is None or reader.kind != "parent":
        return ""
    language = answer_texts.language_for(reader.language)
    return language if language in LANGUAGES else ""


def button(letter: Letter) -> str:
    """Return "Read this letter in …" in that language; empty when there is no copy."""
    language = language_of(letter)
    with translation.override(language or "nl"):
        return str(reading_words.READ_IN[language]) if language else ""


def note() -> str:
    """Return, in the active language, which text binds."""
    return pgettext("reading", "This is a reading copy. The letter in Dutch is the one that counts.")


def copy_of(letter: Letter) -> bytes:
    """Print the reading copy of a letter as it stands.

    Returns:
        A tagged PDF in the addressee's language.

    Raises:
        LetterRefused: there is no copy for this addressee, or another child is named in it. LetterChanged: the Dutch letter is
            not printed yet, or no longer says what the data say.
        letters.PrintingUnavailable, letters.LetterFault: it cannot be printed.
    """
    language = language_of(letter)
    why = _("There is no reading copy of this letter.") if not language or letter.state == Letter.State.VOID else no_copy_for(letter)
    if why:
        raise LetterRefused(Fault("language", why))
    built = build(letter)
    if not _still_holds(letter, snapshot(built.context)):
        raise LetterChanged(Fault("digest", _("What stands in this letter changed. Its reading copy can be made when the letter is ready again.")))
    context = restored(letter.context)
    if faults := faults_of(replace(built, context=context)):
        raise LetterRefused(*faults)
    return letters.print_html(html(context, language))


def _still_holds(letter: Letter, now: dict[str, Any]) -> bool:
    """Whether the kept data are those of the Dutch PDF, and of today as long as it was not sent."""
    if letter.pdf is None or not letter.context:
        return False
    if letter.state in (Letter.State.APPROVED, Letter.State.FAILED):
        return still_approved(letter)
    digest = hashlib.sha256(bytes(letter.pdf)).hexdigest()
    if letter.state == Letter.State.SENT:
        return digest == letter.approved_digest
    return digest == letter.digest and same(now, letter.context)


def html(context: LetterContext, language: str) -> str:
    """Return the copy as HTML, without the letters' style sheet.

    Args:
        context: of the Dutch letter.
        language: one of `LANGUAGES`.
    """
    facts = context.facts
    kind = str(facts.get("kind"))
    title = "internal_suspension" if (context.kind, kind) == ("suspension", "internal_suspension") else context.kind
    with translation.override(language), clock.school_time():
        shown = {
            "l": context, "f": facts, "s": context.sender, "language": language, "rtl": language in answer_texts.RIGHT_TO_LEFT,
            "day": reading_words.DAYS[language], "dutch_name": reading_words.DUTCH_NAMES[language], "title": reading_words.TITLES[title],
            "phone": context.sender.phone.replace(" ", "\u00a0"),  # from right to left the groups would change places otherwise
            "kind_words": reading_words.KINDS.get(kind, ""),
            "category_words": reading_words.CATEGORIES.get(str(facts.get("category")), reading_words.CATEGORIES["other"]),
            "asks_words": reading_words.ASKS.get(str(facts.get("asks")), ""),
            "police_outcome_words": reading_words.POLICE_OUTCOMES.get(str(facts.get("police_outcome")), reading_words.POLICE_OUTCOMES["unknown"]),
            "hearings": [(hearing, reading_words.how(hearing.how)) for hearing in context.hearings],
        }  # fmt: skip
        return render_to_string(f"workflows/letters/reading/{context.kind}.html", shown)
