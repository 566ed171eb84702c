"""The form for consent on paper: Dutch, which binds, and after it a reading copy in the language of whoever signs.

Printed by the letters' press in parts of some forms each, so that a process never holds a whole round; joined when somebody
takes the file.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html

from workflows import answer_texts, answering, clock, paper
from workflows.answering import Line
from workflows.delivery.joining import join
from workflows.delivery.letters import LetterFault, UnknownSign, print_html
from workflows.models import Enrolment, PaperForm, PaperPart, Person, Round
from workflows.models.people import Dated
from workflows.round_plan import school_year_start

logger = logging.getLogger(__name__)

PER_PART = 10
"""Forms in one part: more would take more memory than a letter may (docs/benchmarks.md)."""


def render(forms: Sequence[tuple[PaperForm, Sequence[Line]]]) -> bytes:
    """Print forms as one document (tagged, PDF/UA-1), each with the questions it asks.

    Raises:
        letters.PrintingUnavailable, letters.LetterFault: it cannot be printed.
    """
    languages = [language for form, _lines in forms for language in _languages(form)]
    return print_html(html(forms), lambda _document, pdf: _note_languages(pdf, languages))


def _languages(form: PaperForm) -> list[str]:
    """Return the languages of a form in the order of its parts; the first binds."""
    return list(dict.fromkeys(["nl", answer_texts.language_for(form.signer.language)]))


def _note_languages(pdf: Any, languages: Iterable[str]) -> None:
    """Note on each part of a document what language it is in, for who has it read aloud; the press notes that of the whole alone.

    Done before the PDF is written: to read it again and write it once more takes a third as long as printing it.

    Raises:
        LetterFault: the tags are not what a form's are.
    """
    from pydyf import String

    def named(reference: bytes) -> Any:
        return pdf.objects[int(reference.split()[0])]

    (document,) = named(pdf.catalog["StructTreeRoot"])["K"]
    left, language = list(languages), ""
    for piece in map(named, named(document)["K"]):  # a part is a piece on each of its pages; its heading stands on the first
        if any(named(one)["S"] == "/H1" for one in piece["K"] if isinstance(one, bytes)):
            language = left.pop(0)
        piece["Lang"] = String(language)
    if left:
        raise LetterFault("a part of a form has no heading")


def html(forms: Iterable[tuple[PaperForm, Sequence[Line]]]) -> str:
    """Return forms as one document, each on a new page; `lines` are what it asks."""
    shown = [_shown(form, lines) for form, lines in forms]
    with translation.override("nl"):
        return render_to_string("workflows/paper/forms.html", {"forms": shown, "school": shown[0]["school"]})


def _shown(form: PaperForm, lines: Sequence[Line]) -> dict[str, Any]:
    year = school_year_start(clock.today()).year
    return {
        "school": form.school, "code": _together(paper.code_of(form)), "phone": _together(form.school.phone), "signer": form.signer,
        "dpo_contact": form.school.dpo_contact and format_html('<bdi dir="ltr">{}</bdi>', form.school.dpo_contact),  # a number or an address
        "about": form.about, "group": _group(form.about), "year": f"{year}-{year + 1}",
        "parts": [_part(form, lines, language, copy=language != "nl") for language in _languages(form)],
    }  # fmt: skip


def _together(figures: str) -> str:
    """Return groups of figures with spaces that do not break: from right to left the groups would change places otherwise."""
    return figures.replace(" ", "\u00a0")


def _part(form: PaperForm, lines: Sequence[Line], language: str, *, copy: bool) -> dict[str, Any]:
    """Return a form in one language, as HTML to stand in the document; `copy`: to be read and not to be filled in."""
    reader = answer_texts.on_paper(form.signer.kind, language)
    with translation.override(language):
        same = {line.until for line in lines}
        return {
            "language": language, "copy": copy, "to_pupil": answer_texts.to_pupil(form.signer.kind, language),
            "rtl": language in answer_texts.RIGHT_TO_LEFT, "day": answer_texts.day(clock.today()),
            "in_short": answer_texts.IN_SHORT_FOR[reader], "yes": answer_texts.YES, "no": answer_texts.NO,
            "authority": answer_texts.AUTHORITY if any(line.needs_authority for line in lines) else None,
            "how_long": answer_texts.how_long(lines[0].until, reader) if len(same) == 1 else "",
            "rules": list(dict.fromkeys(rule for line in lines for rule in line.rules(language))),
            "rules_language": "en" if language == "en" else "nl",
            "groups": [
                {
                    "told": answer_texts.purpose(purpose),
                    "lines": [
                        {
                            "where": answer_texts.channel(line.channel),
                            "how_long": answer_texts.how_long(line.until, reader) if len(same) > 1 else "",
                            "version": form.versions.get(str(line.case.key), "")[:12],
                        }
                        for line in lines if line.purpose == purpose
                    ],
                }
                for purpose in dict.fromkeys(line.purpose for line in lines)
            ],
        }  # fmt: skip


def _group(person: Person) -> str:
    rows = Enrolment.objects.filter(Dated.active(clock.today()), person=person).select_related("group").order_by("pk")
    return ", ".join(row.group.name for row in rows)


def print_all() -> int:
    """Print every form of a round that is not printed yet, part by part; return how many."""
    done = 0
    for key in set(PaperForm.objects.filter(looked_at=None, round__state=Round.State.DONE).values_list("round", flat=True)):
        failed: set[int] = set()
        while printed := print_next(key, failed):
            done += printed
        done -= len(failed)
    return done


def print_next(key: int, failed: set[int]) -> int:
    """Print the next part of a round and keep it; return how many forms were dealt with. A crash leaves them for the next time.

    A form that has nothing left to ask, because it was answered or the say moved meanwhile, is not printed. One that cannot be printed,
    because no font knows a sign of a name, does not hold up the others: it is tried again another time, and `unprintable` tells of it.

    Args:
        failed: keys of forms that were tried and are not tried again now; those that fail are added.

    Raises:
        letters.PrintingUnavailable: nothing can be printed on this machine.
    """
    with transaction.atomic():
        asked = Round.objects.select_for_update().get(pk=key)
        waiting = asked.forms.filter(looked_at=None).exclude(pk__in=failed)
        forms = list(waiting.select_related("school", "signer", "about").order_by("pk")[:PER_PART])
        ready = []
        for form in forms:
            if lines := [line for line in paper.lines_of(form) if line.mine is None]:
                form.versions = answering.keep_words(lines, "nl", answer_texts.on_paper(form.signer.kind, "nl"))
                ready.append((form, lines))
        pdf, printed = _print_what_can_be(ready)
        failed |= {form.pk for form, _lines in ready} - printed
        part = None
        if printed:
            number = asked.parts.count() + 1
            part = PaperPart.objects.create(round=asked, number=number, pdf=pdf, made_at=clock.now())
        for form in forms:
            form.looked_at = None if form.pk in failed else clock.now()
            form.part = part if form.pk in printed else None
        PaperForm.objects.bulk_update(forms, ["versions", "looked_at", "part"])
    return len(forms)


def _print_what_can_be(ready: Sequence[tuple[PaperForm, Sequence[Line]]]) -> tuple[bytes, set[int]]:
    """Print forms as one part; where one spoils it, without those that do. Return the PDF, and the keys of the forms in it."""
    try:
        return render(ready) if ready else b"", {form.pk for form, _lines in ready}
    except LetterFault:
        good = []
        for one in ready:
            try:
                render([one])
            except LetterFault as fault:
                why = "no font knows a sign" if isinstance(fault, UnknownSign) else str(fault)[:200]
                logger.warning("Form %s cannot be printed: %s", one[0].pk, why)
            else:
                good.append(one)
        if len(good) == len(ready):  # each by itself can: what is wrong is not a form
            raise
        return render(good) if good else b"", {form.pk for form, _lines in good}


def unprintable(asked: Round) -> list[str]:
    """Return the codes of forms that were tried and cannot be printed on this machine."""
    return [paper.code_of(form) for form in asked.forms.filter(looked_at=None).order_by("pk") if form.versions]


def ready(asked: Round) -> int:
    """Return how many forms of a round are printed and stand in its file."""
    return asked.forms.filter(part__isnull=False).count()


def file(asked: Round) -> Iterator[bytes] | None:
    """Return the printed forms of a round as one PDF, piece by piece, so that no process holds the whole; None where there are none."""
    parts = list(asked.parts.order_by("number").values_list("pk", flat=True))
    return join(bytes(PaperPart.objects.values_list("pdf", flat=True).get(pk=part)) for part in parts) if parts else None
