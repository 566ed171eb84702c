"""What somebody is told before they answer, in six languages: the same words on the page, on the paper form and in the proof.

Dutch binds; the others are reading copies. No name of anybody stands in these words, so that one text serves all who are
asked the same. Every string has the context "answer": the catalogues in locale/ for Turkish, Arabic, Polish and Ukrainian
hold these alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext, pgettext_lazy

LANGUAGES: Mapping[str, str] = {
    "nl": "Nederlands", "en": "English", "tr": "Türkçe", "ar": "العربية", "pl": "Polski", "uk": "Українська",
}  # fmt: skip
"""The languages of the questions, each by its own name. The first binds."""

RIGHT_TO_LEFT = frozenset({"ar"})


@dataclass(frozen=True, slots=True)
class Told:
    """A heading and what stands with it."""

    head: Any
    text: Any


PURPOSES: Mapping[str, Told] = {
    "school_publication": Told(
        pgettext_lazy("answer", "Photos, films and sound"),
        pgettext_lazy("answer", "The school shows photos or films, or plays sound. People can see or hear who it is."),
    ),
    "name": Told(
        pgettext_lazy("answer", "The name"),
        pgettext_lazy("answer", "The school writes the name with a photo or in a text."),
    ),
    "lesson_activity": Told(
        pgettext_lazy("answer", "Social media in the lesson"),
        pgettext_lazy("answer", "The class uses this in a lesson. The teacher is there. The age rules of the app itself still hold."),
    ),
    "parent_publication": Told(
        pgettext_lazy("answer", "Photos and films by other parents"),
        pgettext_lazy("answer", "Other parents show photos or films that they made at school."),
    ),
    "research": Told(
        pgettext_lazy("answer", "Research"),
        pgettext_lazy("answer", "Researchers use photos, films or sound that were made at school."),
    ),
}
"""What is asked, by purpose; a question for each purpose and channel (AVG 4(11), 7)."""

_COMPANY = pgettext_lazy("answer", "Everyone can see it, copy it and share it. The school cannot change what the company does with it.")

CHANNELS: Mapping[str, Told] = {
    "website": Told(pgettext_lazy("answer", "Website of the school"), pgettext_lazy("answer", "Everyone on the internet can see it and copy it.")),
    "newsletter": Told(
        pgettext_lazy("answer", "Newsletter"), pgettext_lazy("answer", "Parents and staff of the school get it. They can pass it on.")
    ),
    "school_guide": Told(pgettext_lazy("answer", "School guide"), pgettext_lazy("answer", "Everyone can read the guide, also on the internet.")),
    "parent_app": Told(
        pgettext_lazy("answer", "Parent app of the school"),
        pgettext_lazy("answer", "Only parents and staff of the school can see it. They need a password."),
    ),
    "facebook": Told(pgettext_lazy("answer", "Facebook"), _COMPANY),
    "instagram": Told(pgettext_lazy("answer", "Instagram"), _COMPANY),
    "youtube": Told(pgettext_lazy("answer", "YouTube"), _COMPANY),
    "press": Told(
        pgettext_lazy("answer", "Newspaper, radio and television"),
        pgettext_lazy("answer", "Everyone can see it or hear it. The school cannot change what the newspaper or the station does with it."),
    ),
    "printed": Told(
        pgettext_lazy("answer", "Leaflets and posters"), pgettext_lazy("answer", "Everyone who gets the paper or walks past can see it.")
    ),
}
"""Where it appears and who may see it there, by publication channel."""

IN_SHORT: tuple[Told, ...] = (
    Told(
        pgettext_lazy("answer", "What we ask:"),
        pgettext_lazy("answer", "each question is about one thing in one place. There you also read who can see it."),
    ),
    Told(
        pgettext_lazy("answer", "You may say no."),
        pgettext_lazy("answer", "That never has bad consequences. Nobody is treated in another way because of it."),
    ),
    Told(
        pgettext_lazy("answer", "You may change your answer later."),
        pgettext_lazy("answer", "You can do that at any time. Use this same link, or tell the school."),
    ),
    Told(
        pgettext_lazy("answer", "If you take back a yes:"),
        pgettext_lazy(
            "answer",
            "from then on we use nothing new. What we put online ourselves, we take away. What others copied or printed, we cannot get back.",
        ),
    ),
    Told(
        pgettext_lazy("answer", "One no is enough."),
        pgettext_lazy("answer", "Sometimes we ask more people, such as the other parent. If one of them says no, we do not do it."),
    ),
    Told(
        pgettext_lazy("answer", "No answer counts as a no."),
        pgettext_lazy("answer", "As long as we have no yes, we do nothing."),
    ),
    Told(
        pgettext_lazy("answer", "What we keep:"),
        pgettext_lazy("answer", "your answer, the date and the text that you read. We keep that as long as your answer counts, and two years after."),
    ),
)
"""What holds for every question (AVG 7, 13)."""

KEPT_YEARS = 2
"""How long after it counted an answer is kept, as the sentence above promises."""

_LATER = IN_SHORT[2]
_LATER_ON_PAPER = pgettext_lazy("answer", "You can do that at any time. Tell the school.")
ON_PAPER: tuple[Told, ...] = tuple(Told(one.head, _LATER_ON_PAPER) if one is _LATER else one for one in IN_SHORT)
"""The same for a form on paper, which has no link."""

_ON_DESK = pgettext_lazy("answer on the desk", "You can do that at any time on this page, or tell the school.")
ON_DESK: tuple[Told, ...] = tuple(Told(one.head, _ON_DESK) if one is _LATER else one for one in IN_SHORT)
"""The same on the own desk of a member of staff, in Dutch and English."""

TO_PUPIL: tuple[Told, ...] = (
    Told(
        pgettext_lazy("answer of a pupil", "What we ask:"),
        pgettext_lazy("answer of a pupil", "each question is about one thing in one place. There you also read who can see it."),
    ),
    Told(pgettext_lazy("answer of a pupil", "You may say no."), IN_SHORT[1].text),
    Told(
        pgettext_lazy("answer of a pupil", "You may change your answer later."),
        pgettext_lazy("answer of a pupil", "You can do that at any time on this page, or tell the school."),
    ),
    Told(pgettext_lazy("answer of a pupil", "If you take back a yes:"), IN_SHORT[3].text),
    Told(
        IN_SHORT[4].head,
        pgettext_lazy("answer of a pupil", "Sometimes we ask others too, such as your parents. If one of them says no, we do not do it."),
    ),
    IN_SHORT[5],
    Told(
        IN_SHORT[6].head,
        pgettext_lazy(
            "answer of a pupil", "your answer, the date and the text that you read. We keep that as long as your answer counts, and two years after."
        ),
    ),
)
"""The same on the own desk of a pupil, in Dutch and English: Dutch has another word for a young "you"."""

PUPIL_BY_LINK: tuple[Told, ...] = (*TO_PUPIL[:2], Told(TO_PUPIL[2].head, _LATER.text), *TO_PUPIL[3:])
"""The same behind the link of a pupil who has no account."""

PUPIL_ON_PAPER: tuple[Told, ...] = (*TO_PUPIL[:2], Told(TO_PUPIL[2].head, _LATER_ON_PAPER), *TO_PUPIL[3:])
"""The same on the form of a pupil who has neither account nor e-mail."""

IN_SHORT_FOR: Mapping[str, tuple[Told, ...]] = {
    "": IN_SHORT, "paper": ON_PAPER, "desk": ON_DESK, "pupil": TO_PUPIL, "pupil_link": PUPIL_BY_LINK, "pupil_paper": PUPIL_ON_PAPER,
}  # fmt: skip
"""What is told in short, by who reads it where: behind a link, on paper, on the own desk of staff, and the same three for a pupil."""

AFTER = Told(
    pgettext_lazy("answer", "This is over"),
    pgettext_lazy("answer", "We use nothing new. What we showed before is still there. Do you want us to take it away?"),
)
"""What is asked when a term has ended and something that was published still stands."""

AWAY = pgettext_lazy("answer", "Take it away")

YES, NO = pgettext_lazy("answer", "Yes, I agree"), pgettext_lazy("answer", "No, I do not agree")
AUTHORITY = Told(
    pgettext_lazy("answer", "I have parental authority."),
    pgettext_lazy("answer", "Parental authority means: by law you may decide for your child. We only need this for a yes."),
)
WITH_A_YES = Told(pgettext_lazy("answer", "With a yes you tell us: I have parental authority."), AUTHORITY.text)
"""The same behind a link, where the yes itself declares it: nobody clicks once more for a second thing."""


def language_for(wanted: str | None) -> str:
    """Return the language to show: the one wanted if the questions speak it, else Dutch."""
    short = (wanted or "").split("-")[0].lower()
    return short if short in LANGUAGES else "nl"


def to_pupil(kind: str, language: str) -> bool:
    """Return whether words in a language are the ones for a pupil: Dutch has another "you" for them, and English goes with it.

    The other languages have one text for everybody.

    Args:
        kind: of whoever reads: `pupil`, `parent`, `employee`.
    """
    return kind == "pupil" and language in ("nl", "en")


def behind_link(kind: str, language: str) -> str:
    """Return who reads it where, a key of `IN_SHORT_FOR`, for somebody of this kind behind a personal link."""
    return "pupil_link" if to_pupil(kind, language) else ""


def on_paper(kind: str, language: str) -> str:
    """Return the same for somebody of this kind who signs a form on paper."""
    return "pupil_paper" if to_pupil(kind, language) else "paper"


def day(value: date) -> str:
    """Return a day in words, as the active language writes it: `2 March 2026`."""
    return date_format(value, "j E Y")


def how_long(until: date | None, reader: str = "") -> str:
    """Return how long a yes holds; `reader`: a key of `IN_SHORT_FOR`."""
    if until is None and reader in ("pupil", "pupil_link", "pupil_paper"):
        return pgettext("answer of a pupil", "A yes holds until you take it back.")
    if until is None:
        return pgettext("answer", "A yes holds until you take it back.")
    return pgettext("answer", "A yes holds until %(day)s at the latest. After that we ask again.") % {"day": day(until)}


def purpose(key: str) -> Told:
    """Return what is asked with a purpose; an unknown key comes back as it is, so that a page never breaks on an older case."""
    return PURPOSES.get(key) or Told(key.replace("_", " "), "")


def channel(key: str) -> Told:
    """Return where it appears and who sees it there."""
    return CHANNELS.get(key) or Told(key.replace("_", " "), "")


def words_of(
    purpose_key: str, channel_key: str, until: date | None, *, authority: bool, clauses: Iterable[str] = (), reader: str = ""
) -> str:
    """Return everything that is told before one answer, in the active language, as it is kept for proof.

    Args:
        purpose_key: what it is for. channel_key: where it appears. until: last day on which a yes holds, None without end.
        authority: whether the one who answers is asked to declare parental authority.
        clauses: what the school's protocol adds.
        reader: who reads it where, a key of `IN_SHORT_FOR`; empty: whoever has a link.
    """
    what, where, short = purpose(purpose_key), channel(channel_key), IN_SHORT_FOR[reader]
    told = [f"{what.head} – {where.head}", what.text, where.text, how_long(until, reader)]
    told += [*(f"{one.head} {one.text}" for one in short), *clauses, YES, NO]
    if authority:
        declared = AUTHORITY if reader == "paper" else WITH_A_YES
        told.append(f"{declared.head} {declared.text}")
    return "\n".join(str(one) for one in told if one)


def words_after(purpose_key: str, channel_key: str, reader: str = "") -> str:
    """Return everything that is told before somebody has taken away what was published, in the active language, as it is kept for proof."""
    back = IN_SHORT_FOR[reader][3]
    told = [f"{purpose(purpose_key).head} – {channel(channel_key).head}", AFTER.head, AFTER.text, f"{back.head} {back.text}", AWAY]
    return "\n".join(str(one) for one in told)


def version_of(text: str) -> str:
    """Return the digest under which these words in the active language are known: the `text_version` of an answer."""
    return hashlib.sha256(f"{get_language()}\n{text}".encode()).hexdigest()
