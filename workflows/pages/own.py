"""The page on which a pupil reads about their own case, and one person's part of a case on paper.

A pupil sees what was decided about them, who reads it, until when, whom to ask and how to object; no staff notes and no
other child. What is not for them is never put into the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from workflows import assigned, queries, words
from workflows.models import Case, Guardianship, Letter, LogEntry, Person
from workflows.pages import reading
from workflows.pages.base import incident_or_404, log_read, page, show, staff_or_404
from workflows.pages.reading import Reading
from workflows.privacy import hide

PLAINLY = {"dpo": pgettext_lazy("for a pupil", "who guards your data"), "board": pgettext_lazy("for a pupil", "the board of your school")}
"""Roles in a pupil's words, where the word of the field is a hard one."""

DECIDED = ("imposed", "completed")
"""States of a measure that the pupil concerned may read about."""


def own_case(request: HttpRequest, seen: Reading) -> HttpResponse:
    """Show a pupil what concerns them."""
    person = seen.person
    if person is None:
        raise Http404
    mine = [one for one in seen.involved if one.person.pk == person.pk]
    measures = [child for child in seen.loaded.children if child.person_id == person.pk and child.state in DECIDED]
    talks = [record for record in seen.loaded.records if record.what == "heard" and record.person == str(person.pk)]
    school = seen.root.school
    mentors = next((p.mentors for p in seen.loaded.people if p.id == str(person.pk)), ())
    return show(
        request,
        "own.html",
        {
            "case": seen.root,
            "title": title(seen),
            "state": words.state_of(seen.root),
            "roles": [role for one in mine for role in one.roles],
            "talks": [talk.at for talk in talks],
            "measures": [_measure(child, seen) for child in measures],
            "readers": [PLAINLY.get(role, words.label("role", role)) for role, _count in queries.readers_of(seen.root)],
            "mentor": words.all_of([one.full_name for one in Person.objects.filter(pk__in=mentors)]),
            "school": school,
        },
        here="desk",
    )


def title(seen: Reading) -> str:
    """Return what the case is about, in words; a school's own category is named as its protocol does."""
    key = str(seen.root.facts.get("category", ""))
    local = seen.loaded.protocol.categories.get(key)
    return words.in_language(local) if local else words.label("category", key, fallback=_("Case"))


def _measure(child: Case, seen: Reading) -> dict[str, Any]:
    told = seen.loaded.words.get(child.pk, {})
    facts = child.facts
    return {
        "label": words.label("kind", facts.get("kind", "")),
        "state": words.state_of(child),
        "first_day": words.value("first_day", facts["first_day"]) if facts.get("first_day") else "",
        "school_days": facts.get("school_days"),
        "school_work": seen.hide(told.get("school_work", "")),
        "conditions": seen.hide(told.get("conditions", "")),
        "lessons": assigned.what(child) if facts.get("lesson_level") else None,
    }


@page
def person_page(request: HttpRequest, key: UUID, person: UUID) -> HttpResponse:
    """Show one person's part of a case, made for paper: oldest first, everybody else put out of sight. Logged as an export."""
    root = incident_or_404(request, key)
    staff_or_404(request, root)
    seen = reading.read(request.user, root)
    about = next((one for one in seen.involved if one.person.key == person and one.seen), None)
    if about is None:
        raise Http404
    log_read(request, root, f"export person {about.person.pk}")
    others = [one for one in seen.involved if one.person.pk != about.person.pk and one.person.kind != "employee"]
    parents = set(Guardianship.objects.filter(pupil=about.person).values_list("guardian", flat=True))
    letters = {str(key): pk for key, pk in Letter.objects.filter(root=root).values_list("key", "about")}
    names = _names_of([one.person for one in others], parents | {about.person.pk})
    involved = {one.person.pk for one in others}
    entries = []
    for event in reversed(queries.timeline(root, request.user, seen.sight, seen.kept)):
        row = event.entry
        if not _belongs(row, about.person.pk, parents, involved, letters):
            continue
        entry = reading.line(seen, event)
        if row.by_id is not None and row.by_id in involved:
            entry.who = _("Somebody")
        entry.what = hide(entry.what, names)
        entry.words = [(label, hide(text, names)) for label, text in entry.words]
        entry.reasons = [(article, hide(text, names)) for article, text in entry.reasons]
        entries.append(entry)
    correct = reverse("kc_workflows:correct", args=[root.key, about.person.key])
    context = {
        "case": root, "title": title(seen), "about": about, "entries": entries, "school": root.school,
        "correct_url": "" if about.masked or "reporter" in about.role_keys else correct,
        "back": reverse("kc_workflows:case", args=[root.key]),
    }  # fmt: skip
    return show(request, "person.html", context, here="desk")


def _belongs(row: LogEntry, about: int, parents: set[int], involved: set[int], letters: Mapping[str, int | None]) -> bool:
    """Whether an entry is part of one person's file: about them, about nobody in particular, or a contact with their parents.

    A letter belongs to the file of whom it is about, whoever got it. What a parent who is in the case did is in the parent's.
    """
    if row.step in ("correct_person", "hand_over"):
        return False
    if row.step.startswith("letter.") and (told := letters.get(str(row.facts.get("letter")))) is not None:
        return told == about
    contact = row.person_id in parents and (row.step == "record.parents_informed" or row.person_id not in involved)
    return contact or row.person_id in (None, about)


def _names_of(others: list[Person], own: set[int]) -> list[str]:
    """The names of others in the case and of their parents, for whom somebody else's file is no place; `own` are left in."""
    ties = Guardianship.objects.filter(pupil__in=others).select_related("guardian")
    strangers = [one for one in (*others, *(tie.guardian for tie in ties)) if one.pk not in own]
    return sorted({name for one in strangers for name in queries.called(one)}, key=len, reverse=True)
