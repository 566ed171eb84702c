"""What keeps a letter from going out: something lacks, another child is named, or a guardian's private contacts are.

A refusal carries all faults at once, each with its field, so that a page can show them where they are mended.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from workflows import words
from workflows.delivery.building import Built
from workflows.delivery.contents import free_texts, missing
from workflows.privacy import hidden_contacts, other_children


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that keeps a letter from going out: the field and a sentence for the page."""

    field: str
    message: str


class LetterRefused(Exception):
    """The letter cannot be printed, approved or sent; `faults` say all reasons."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(fault.message for fault in faults))


class LetterChanged(LetterRefused):
    """What stands in the letter changed since it was approved: it is a draft again."""


def faults_of(built: Built) -> list[Fault]:
    """Return everything that keeps this copy from being printed: what lacks, other children, another guardian's contacts."""
    found = [
        Fault(name, _("This letter still lacks: %(field)s.") % {"field": words.label("field", name)})
        for name in missing(built.context.kind, built.context)
    ]
    texts = free_texts(built.context)
    for field, name in other_children(texts, built.others, built.allowed, built.known):
        text = _("“%(field)s” names %(name)s. No other child may stand in a letter.")
        found.append(Fault(field, text % {"field": field_label(field), "name": name}))
    for field, name in hidden_contacts(texts, built.hidden):
        text = _("“%(field)s” gives away how %(name)s can be reached, who keeps that private.")
        found.append(Fault(field, text % {"field": field_label(field), "name": name}))
    return found


def field_label(field: str) -> str:
    """Return the reader's word for a field of a letter, its PDF's title, author and subject among them."""
    if field.startswith("metadata."):
        return _("properties of the PDF (%(name)s)") % {"name": field.removeprefix("metadata.")}
    if field == "not_heard":
        return _("reason why somebody was not heard first")
    return words.label("field", field)
