"""Mails about consent: each says only that there is a question (or that the say moves on), in the reader's language and in Dutch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from workflows import answer_texts, answering, clock, personal_links
from workflows.delivery.links import site_url
from workflows.models import Person, PersonalLink, School


def address(link: PersonalLink) -> str:
    """Return a link's full address: for a mail or a paper form to that person, and for no page of the staff."""
    return site_url(reverse("kc_workflows:answer", args=[personal_links.token_of(link)]))


def message(link: PersonalLink, *, reminder: bool = False, yearly: bool = False) -> dict[str, str] | None:
    """Return subject, text and html of the mail, or None when there is nothing to say any more.

    That is when the link is closed or over, or its holder may decide nothing, and for a reminder when they answered everything.

    Args:
        reminder: say that the question still waits. yearly: ask nothing; say only that what was answered still counts.
    """
    if link.revoked_at is not None or link.expires_at <= clock.now() or not _waits(answering.lines_for(link.person).lines, reminder):
        return None
    shown = {"link": address(link), "until": personal_links.last_day(link), "reminder": reminder, "yearly": yearly}
    return in_two_languages("ask", link.school, link.person, **shown)


def on_own_desk(school: School, person: Person, *, reminder: bool = False, yearly: bool = False) -> dict[str, str] | None:
    """Return the same mail to a pupil or member of staff who answers signed in; None when nothing about themselves is asked any more."""
    lines = [line for line in answering.lines_for(person).lines if line.person.pk == person.pk]
    if not _waits(lines, reminder):
        return None
    return in_two_languages("ask", school, person, link=site_url(reverse("kc_workflows:own_consents")), own=True, reminder=reminder, yearly=yearly)


def _waits(lines: Sequence[answering.Line], reminder: bool) -> bool:
    return bool(lines) and not (reminder and all(line.mine is not None for line in lines))


def in_two_languages(template: str, school: School, person: Person, **shown: Any) -> dict[str, str]:
    """Return subject, text and html of a mail, in the reader's language and beside it in Dutch.

    Args:
        template: beginning of the names of three templates: `<template>_subject.txt`, `<template>.txt` and `<template>_part.html`.
            For a pupil the same three of `<template>_pupil`. They are given `name` and `phone` of the school, kept together in text
            that runs from right to left.
        shown: what else they show; a date is written as each language does.
    """
    own = answer_texts.language_for(person.language)
    for_pupil = {language: f"{template}_pupil" for language in answer_texts.LANGUAGES if answer_texts.to_pupil(person.kind, language)}
    parts = [_part(for_pupil.get(language, template), school, language, shown) for language in dict.fromkeys([own, "nl"])]
    html = render_to_string(
        "workflows/mail/ask.html",
        {"school": school, "language": own, "parts": [mark_safe(part["html"]) for part in parts]},  # noqa: S308 - rendered just now
    )
    return {
        "subject": " / ".join(dict.fromkeys(part["subject"] for part in parts)),
        "text": "\n\n".join(part["text"] for part in parts) + f"\n\n{school.name}\n",
        "html": html,
    }


def _part(template: str, school: School, language: str, shown: dict[str, Any]) -> dict[str, str]:
    with translation.override(language):
        said = {name: answer_texts.day(value) if isinstance(value, date) else value for name, value in shown.items()}
        said |= {"school": school, "language": language}
        name, phone = school.name, school.phone
        # From right to left the groups of a telephone number change places unless they are kept together.
        keep = "\u2066{}\u2069" if language in answer_texts.RIGHT_TO_LEFT else "{}"
        plain = {"name": keep.format(name), "phone": phone and keep.format(phone)}
        marked = {"name": format_html("<bdi>{}</bdi>", name), "phone": phone and format_html('<bdi dir="ltr">{}</bdi>', phone)}
        return {
            "subject": " ".join(render_to_string(f"workflows/mail/{template}_subject.txt", said).split()),
            "text": render_to_string(f"workflows/mail/{template}.txt", {**said, **plain}).strip(),
            "html": render_to_string(f"workflows/mail/{template}_part.html", {**said, **marked}),
        }
