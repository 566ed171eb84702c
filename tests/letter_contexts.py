"""Complete contexts of every kind of letter, without a database."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from io import BytesIO
from types import MappingProxyType
from typing import Any

from PIL import Image, ImageDraw

from workflows.delivery.contents import About, Hearing, LetterContext, Reader, Rule, Sender, Signer


def logo() -> bytes:
    """Return a flat logo."""
    picture = Image.new("RGB", (120, 120), "#0b5cad")
    ImageDraw.Draw(picture).rectangle((30, 30, 90, 90), fill="white")
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


SENDER = Sender(
    name="OBS De Wilgentuin", sector="po", legal_form="public", brin="12AB", board_name="Stichting Verzonnen Bestuur", address="Voorbeeldlaan 12",
    postal_code="9700 AA", city="Meerstad", phone="050 000 00 00", email="info@wilgentuin.example", website="www.wilgentuin.example",
    objection_address="Het bevoegd gezag\nPostbus 1, 9700 AA Meerstad", complaints_body="Klachtencommissie\nPostbus 2, 3500 AA Utrecht",
    dpo_contact="fg@wilgentuin.example", counsellor_contact="050 000 00 01", parents_contact="het secretariaat",
    retention="1 jaar nadat de zaak is gesloten", logo=logo(),
)  # fmt: skip

FACTS: dict[str, Any] = {
    "kind": "suspension", "acted_on": date(2026, 3, 2), "acted_at": "rond 10.30 uur, op het plein", "platform": "groepsapp",
    "conduct": "Sam filmde een ander kind en deelde de film.", "rule": "Je deelt geen film van een ander zonder toestemming.",
    "reason": "De film deed het andere kind veel verdriet.", "why_not_lighter": "Sam kreeg in januari al een waarschuwing.",
    "earlier_measures": "Waarschuwing op 14 januari 2026.", "first_day": date(2026, 3, 4), "school_days": 2, "last_day": date(2026, 3, 5),
    "school_work": "De juf mailt elke dag om 9 uur het werk.", "conditions": "Sam mag wel naar de logopedie.", "return_talk_on": date(2026, 3, 6),
    "category": "image_without_consent", "meeting_at": datetime(2026, 3, 4, 14, 30, tzinfo=UTC), "place": "Kamer 2 op school",
    "attends": "de mentor en de directeur", "asks": "remove_and_correct", "where": "een openbaar profiel",
    "correction": "De film was zonder toestemming.", "station": "bureau Meerstad", "report_number": "2026-0001",
    "handed_over_what": "Een beschrijving van het bericht.", "legal_ground": "aangifte namens de school",
    "happened": datetime(2026, 3, 3, 10, 0, tzinfo=UTC), "police_outcome": "halt", "opinion_weighed": "De medewerker mag een mening hebben.",
}  # fmt: skip


def context(kind: str, *, to: str = "", facts: dict[str, Any] | None = None, **changes: Any) -> LetterContext:
    """Return a complete letter of one kind; `changes` replace parts of it, `facts` answers (None takes one away)."""
    to = to or {"staff_letter": "adult", "takedown_request": "adult", "police_note": "file"}.get(kind, "guardian")
    pupil = to != "adult"
    told = {name: value for name, value in {**FACTS, **(facts or {})}.items() if value is not None}
    name = "Sam Regenboogje" if to == "pupil" else "Fatima Regenboogje"
    reader = Reader(name, to, "pupil" if to == "pupil" else "parent", "Hoofdweg 1\n9700 AB Meerstad")
    about = About("Sam Regenboogje", "Sam", "pupil", date(2015, 5, 3), "groep 7") if pupil else About("Fatima Regenboogje", "Fatima", "employee")
    made = LetterContext(
        kind=kind, day=date(2026, 3, 3), case_number="2026-14", sender=SENDER,
        reader=reader, about=about,
        signer=Signer("Ruth Klokkentoon", "directeur", kind == "suspension"), facts=MappingProxyType(told),
        rules=(Rule("4.4", "De school belt de ouders voordat een schorsing ingaat.", "Code Sociale Media"),),
        hearings=(Hearing("Sam Regenboogje", datetime(2026, 3, 2, 14, 0, tzinfo=UTC), "Ik vond het grappig.", "in een gesprek op school"),),
        protocol="Code Sociale Media, versie van 1 december 2024", role="suspect",
    )  # fmt: skip
    return dataclasses.replace(made, **changes)
