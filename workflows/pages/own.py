"""The page on which a pupil reads about their own case, and one person's part of a case on paper.

A pupil sees what was decided about them, who reads it, until when, whom to ask and how to object; no staff notes and no
other child. What is not for them is never put into the page.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from workflows import queries, words
from workflows.models import Case, Guardianship, Person
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
    names = _names_of([one.person for one in others], about.person)
    entries = []
    for event in reversed(queries.timeline(root, request.user, seen.sight, seen.kept)):
        row = event.entry
        if row.person_id not in (None, about.person.pk) or row.step in ("correct_person", "hand_over"):
            continue
        entry = reading.line(seen, event)
        if row.by_id is not None and row.by_id in {one.person.pk for one in others}:
            entry.who = _("Somebody")
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


def _names_of(others: list[Person], about: Person) -> list[str]:
    """The names of others in the case and of their parents, for whom somebody else's file is no place."""
    ties = Guardianship.objects.filter(pupil__in=others).select_related("guardian")
    own = set(Guardianship.objects.filter(pupil=about).values_list("guardian", flat=True)) | {about.pk}
    parents = [tie.guardian for tie in ties if tie.guardian_id not in own]
    return sorted({name for one in (*others, *parents) for name in queries.called(one)}, key=len, reverse=True)
