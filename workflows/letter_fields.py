"""Which answers each letter needs, as far as they can be known at the step that queues it.

PURE: knows no Django. Commands ask `lacking` before a step is taken, so that an incomplete letter is a denial of that
step (docs/packs.md, “Letters”); delivery asks the same table again when it builds the letter. Source of the fields: what courts and
the Inspectorate want to read in such a letter, and what a reader needs to answer it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.conditions import blank
from workflows.vocabulary import FIELDS, pgettext

SCHOOL_LABELS: Mapping[str, str] = {
    "school.name": pgettext("field", "name of the school"),
    "school.brin": pgettext("field", "BRIN number"),
    "school.board_name": pgettext("field", "name of the board"),
    "school.address": pgettext("field", "address of the school"),
    "school.postal_code": pgettext("field", "postal code of the school"),
    "school.city": pgettext("field", "town of the school"),
    "school.phone": pgettext("field", "telephone of the school"),
    "school.objection_address": pgettext("field", "where to object"),
    "school.complaints_body": pgettext("field", "where to complain"),
    "school.dpo_contact": pgettext("field", "how to reach the data protection officer"),
    "school.counsellor_contact": pgettext("field", "how to reach the confidential counsellor"),
    "school.parents_contact": pgettext("field", "contact for parents"),
    "school.retention": pgettext("field", "how long a case is kept"),
    "about.birth_date": pgettext("field", "birth date of the pupil"),
    "about.group": pgettext("field", "class of the pupil"),
    "addressee.address": pgettext("field", "address of the receiver"),
    "signer.name": pgettext("field", "who signs"),
    "hearings": pgettext("field", "when the pupil and parents were heard, and what they said"),
    "rules": pgettext("field", "the rule of the protocol"),
}
"""Labels of what a letter needs beside the vocabulary's own fields."""

_LETTERHEAD = ("name", "address", "postal_code", "city", "phone")
_HELP = ("parents_contact", "counsellor_contact")


@dataclass(frozen=True, slots=True)
class Needs:
    """What one kind of letter cannot do without.

    Attributes:
        facts: vocabulary fields, looked up in the step, its case and its incident.
        school: fields of the school's letterhead and contacts.
        copy: dotted names that only the copy itself knows (pupil, receiver, signer, hearing).
    """

    facts: tuple[str, ...]
    school: tuple[str, ...] = _LETTERHEAD
    copy: tuple[str, ...] = ("signer.name",)


NEEDS: Mapping[str, Needs] = {
    "invitation": Needs(("meeting_at", "place", "attends", "reason"), (*_LETTERHEAD, "parents_contact")),
    "report_notice": Needs(("category",), (*_LETTERHEAD, *_HELP, "dpo_contact", "retention")),
    "measure_notice": Needs(
        ("kind", "acted_on", "conduct", "reason"), (*_LETTERHEAD, *_HELP, "dpo_contact", "retention"),
    ),
    "suspension": Needs(
        ("kind", "acted_on", "acted_at", "platform", "conduct", "rule", "reason", "why_not_lighter", "earlier_measures",
         "first_day", "school_days", "school_work", "conditions", "return_talk_on"),
        (*_LETTERHEAD, "brin", "board_name", *_HELP, "dpo_contact", "retention"),
        ("about.birth_date", "about.group", "addressee.address", "signer.name", "rules", "hearings"),
    ),
    "removal_agreement": Needs(("asks", "platform", "where"), (*_LETTERHEAD, "parents_contact")),
    "police_note": Needs(
        ("conduct", "station", "handed_over_what", "legal_ground"),
        (*_LETTERHEAD, "board_name", "parents_contact", "dpo_contact", "retention"),
    ),
    "staff_letter": Needs(("acted_on", "conduct", "reason"), (*_LETTERHEAD, "board_name", "counsellor_contact", "dpo_contact")),
    "takedown_request": Needs(("asks", "platform", "where"), (*_LETTERHEAD, "parents_contact")),
}  # fmt: skip
"""The table, by kind of letter."""

APPLIES: Mapping[str, tuple[str, ...]] = {"suspension": ("pupil",), "measure_notice": ("pupil", "parent", "outsider")}
"""Kinds whose clause on objection and complaint is for these people; staff have a route of their own."""


def school_fields(kind: str, legal_form: str, addressee_kind: str) -> tuple[str, ...]:
    """Return the school's fields that letter `kind` needs, with the clause that fits the legal form.

    Args:
        kind: a key of `vocabulary.LETTERS`.
        legal_form: "public" (objection to the board, Awb) or "private" (complaint).
        addressee_kind: kind of person the letter goes to.
    """
    needed = NEEDS[kind].school
    if addressee_kind in APPLIES.get(kind, ()):
        needed = (*needed, "objection_address" if legal_form == "public" else "complaints_body")
    return needed


def lacking(kind: str, facts: Mapping[str, object], school: Mapping[str, object], addressee_kind: str = "parent") -> list[str]:
    """Name what a letter would still lack, at the step that queues it.

    Args:
        kind: a key of `vocabulary.LETTERS`.
        facts: answers of the step, its case and its incident, by vocabulary field.
        school: the school's fields by name, `legal_form` among them.
        addressee_kind: kind of person it goes to: pupil, parent, employee or outsider.

    Returns:
        Vocabulary fields ("conduct") and school fields ("school.brin"), in the order of the letter; empty when complete.
        What only a copy knows (receiver's address, hearing) is asked when the letter is built.
    """
    names = [name for name in NEEDS[kind].facts if blank(facts.get(name))]
    agreed = kind == "removal_agreement" and facts.get("asks") == "remove_and_correct"
    if agreed and blank(facts.get("correction")):
        names.append("correction")
    form = str(school.get("legal_form") or "")
    return names + [f"school.{name}" for name in school_fields(kind, form, addressee_kind) if blank(school.get(name))]


def label(name: str) -> str:
    """Return the English label of a name that `lacking` gave (translated by whoever shows it)."""
    return SCHOOL_LABELS[name] if name in SCHOOL_LABELS else FIELDS[name].label
