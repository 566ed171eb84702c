"""The words of the letters' reading copies: English at the source, context "reading"; never Dutch, because that is the letter itself.

Each table has an entry for each word of the vocabulary that can stand in a letter to a parent; a test says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import pgettext_lazy

from workflows.delivery import dutch

TITLES: Mapping[str, Any] = {
    "invitation": pgettext_lazy("reading", "Invitation to a talk"),
    "report_notice": pgettext_lazy("reading", "Message about a report"),
    "measure_notice": pgettext_lazy("reading", "Message about a measure"),
    "suspension": pgettext_lazy("reading", "Decision to suspend"),
    "internal_suspension": pgettext_lazy("reading", "Decision to suspend inside the school"),
    "removal_agreement": pgettext_lazy("reading", "Agreement about removing and correcting"),
    "police_note": pgettext_lazy("reading", "Note about contact with the police"),
    "takedown_request": pgettext_lazy("reading", "Request to withdraw a publication"),
}
KINDS: Mapping[str, Any] = {
    "talk": pgettext_lazy("reading", "a talk"),
    "apology": pgettext_lazy("reading", "saying sorry"),
    "repair": pgettext_lazy("reading", "repairing the harm"),
    "lesson_module": pgettext_lazy("reading", "a lesson about social media"),
    "confiscate_phone": pgettext_lazy("reading", "handing in the phone"),
    "network_ban": pgettext_lazy("reading", "no access to the network of the school"),
    "time_out": pgettext_lazy("reading", "a time-out for the rest of the day"),
    "class_change": pgettext_lazy("reading", "another class"),
    "warning": pgettext_lazy("reading", "a warning"),
    "reprimand": pgettext_lazy("reading", "a reprimand"),
    "task": pgettext_lazy("reading", "a task"),
    "detention": pgettext_lazy("reading", "staying after school"),
    "suspension": pgettext_lazy("reading", "a suspension"),
    "internal_suspension": pgettext_lazy("reading", "a suspension inside the school"),
    "expulsion": pgettext_lazy("reading", "removal from the school"),
    "access_ban": pgettext_lazy("reading", "no access to the grounds of the school"),
    "end_collaboration": pgettext_lazy("reading", "end of the collaboration"),
}
CATEGORIES: Mapping[str, Any] = {
    "cyberbullying": pgettext_lazy("reading", "bullying in an app or chat"),
    "insult": pgettext_lazy("reading", "a hurtful message"),
    "untrue_statement": pgettext_lazy("reading", "a story that is not true and was spread"),
    "unwanted_contact": pgettext_lazy("reading", "contact that was not wanted"),
    "threat": pgettext_lazy("reading", "a threatening message"),
    "image_without_consent": pgettext_lazy("reading", "a photo or film that was shared without consent"),
    "intimate_image": pgettext_lazy("reading", "a picture that should have stayed private"),
    "humiliating_video": pgettext_lazy("reading", "a film that makes fun of somebody"),
    "impersonation": pgettext_lazy("reading", "a fake account, or somebody who pretended to be somebody else"),
    "account_takeover": pgettext_lazy("reading", "an account that was taken over"),
    "account_access": pgettext_lazy("reading", "use of the account of somebody else"),
    "doxing": pgettext_lazy("reading", "private details that were spread"),
    "discrimination": pgettext_lazy("reading", "a message that shuts people out"),
    "sexual_approach": pgettext_lazy("reading", "unwanted advances online"),
    "sexual_misconduct": pgettext_lazy("reading", "conduct that goes over a limit"),
    "accusation": pgettext_lazy("reading", "an accusation"),
    "staff_contact": pgettext_lazy("reading", "contact between a member of staff and a pupil outside the rules"),
    "phone_use": pgettext_lazy("reading", "use of the phone when that was not allowed"),
    "harmful_challenge": pgettext_lazy("reading", "a dangerous challenge or dangerous content"),
    "school_name": pgettext_lazy("reading", "messages that touch the name of the school"),
    "parent_conduct": pgettext_lazy("reading", "conduct of a parent online"),
    "unwanted_site": pgettext_lazy("reading", "an unwanted website"),
    "hate_mail": pgettext_lazy("reading", "a hate message"),
    "technical": pgettext_lazy("reading", "a technical problem"),
    "security": pgettext_lazy("reading", "a possible leak of data"),
    "other": pgettext_lazy("reading", "something else on the internet or in an app"),
}
ASKS: Mapping[str, Any] = {
    "withdraw_publication": pgettext_lazy("reading", "withdraw the publication, so that others can no longer see it"),
    "remove_and_correct": pgettext_lazy("reading", "remove the publication and post a correction"),
    "close_account": pgettext_lazy("reading", "close the account"),
}
POLICE_OUTCOMES: Mapping[str, Any] = {
    "settled": pgettext_lazy("reading", "settled by talking"),
    "halt": pgettext_lazy("reading", "sent on to Halt, an office that helps young people to put things right"),
    "dismissed": pgettext_lazy("reading", "no prosecution"),
    "court": pgettext_lazy("reading", "brought before the court"),
    "unknown": pgettext_lazy("reading", "not known yet"),
}
CHANNELS: Mapping[str, Any] = {
    "in_person": pgettext_lazy("reading", "in a talk at school"),
    "phone": pgettext_lazy("reading", "by telephone"),
    "email": pgettext_lazy("reading", "by e-mail"),
    "portal": pgettext_lazy("reading", "through the parent portal"),
    "post": pgettext_lazy("reading", "by letter"),
    "video": pgettext_lazy("reading", "in a video call"),
}
READ_IN: Mapping[str, Any] = {
    "en": pgettext_lazy("reading", "Read this letter in English"),
    "tr": pgettext_lazy("reading", "Read this letter in Turkish"),
    "ar": pgettext_lazy("reading", "Read this letter in Arabic"),
    "pl": pgettext_lazy("reading", "Read this letter in Polish"),
    "uk": pgettext_lazy("reading", "Read this letter in Ukrainian"),
}
"""The button behind a personal link, in the language itself. Each catalogue holds all of them, so that it has the same strings."""

LINK_PAGE: Mapping[str, tuple[Any, ...]] = {
    "ready": (
        pgettext_lazy("reading", "There is a letter for you"),
        pgettext_lazy("reading", "%(school)s has written you a letter."),
        pgettext_lazy("reading", "The letter opens as a file. This page is for you alone: close it on a device that others use."),
        pgettext_lazy("reading", "You can open it until %(until)s."),
    ),
    "no_copy": (
        pgettext_lazy("reading", "There is a letter for you"),
        pgettext_lazy("reading", "There is no reading copy of this letter now. You can read the letter itself. The school can explain it to you."),
    ),
    "expired": (
        pgettext_lazy("reading", "This link is over"),
        pgettext_lazy("reading", "The link worked until %(until)s. The school gladly sends you a new one."),
    ),
    "revoked": (
        pgettext_lazy("reading", "This letter was taken back"),
        pgettext_lazy("reading", "The letter behind this link is no longer there. The school can tell you more."),
    ),
}
"""What the page behind a personal link says in the reader's language: a heading, and sentences."""

READ_DUTCH = pgettext_lazy("reading", "Read the letter in Dutch")
PHONE = pgettext_lazy("reading", "Telephone of the school")

DUTCH_NAMES: Mapping[str, str] = {"en": "Engels", "tr": "Turks", "ar": "Arabisch", "pl": "Pools", "uk": "Oekraïens"}
"""The languages in Dutch, for the note at the top that says which text binds."""

DAYS: Mapping[str, str] = {"en": "l j F Y", "tr": "j F Y l", "ar": "l j F Y", "pl": "l, j E Y", "uk": r"l, j E Y \р."}
"""How a language writes a day with its weekday (Django's `date` filter)."""

_HOW = {words: key for key, words in dutch.CHANNELS.items()}


def how(words: str) -> Any:
    """Return the words for how somebody was heard, from those of the Dutch letter; the Dutch ones where we have no others."""
    return CHANNELS.get(_HOW.get(words, ""), words)
