"""What stands in one copy of a letter: frozen data, complete or refused, with a digest that changes when the data does.

Knows no database (see `building`), no template and no PDF (see `letters`).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from workflows import letter_fields
from workflows.conditions import blank
from workflows.delivery import dutch
from workflows.models.people import age_on
from workflows.vocabulary import FIELDS

OF_AGE_FOR_ACCESS = 16
"""Years from which a pupil alone asks what is kept about them (AVG 15, UAVG 5)."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The school as it stands in the letterhead and in the clauses. `logo` is PNG bytes or None."""

    name: str
    sector: str
    legal_form: str
    brin: str = ""
    board_name: str = ""
    address: str = ""
    postal_code: str = ""
    city: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""
    objection_address: str = ""
    complaints_body: str = ""
    dpo_contact: str = ""
    counsellor_contact: str = ""
    parents_contact: str = ""
    retention: str = ""
    logo: bytes | None = None

    @property
    def logo_uri(self) -> str:
        """The logo inside the letter itself: nothing is fetched while rendering."""
        return "data:image/png;base64," + base64.b64encode(self.logo).decode() if self.logo else ""

    @property
    def is_public(self) -> bool:
        """Whether objection can be made as the Awb has it (1:3, 6:4): against a decision of a public school alone."""
        return self.legal_form == "public"


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom this copy is for: their own address and nobody else's. `to`: guardian, pupil or adult."""

    name: str
    to: str
    kind: str
    address: str = ""

    @property
    def address_lines(self) -> list[str]:
        """The address, line by line."""
        return [line.strip() for line in self.address.splitlines() if line.strip()]


@dataclass(frozen=True, slots=True)
class About:
    """Whom the letter is about."""

    name: str
    given_name: str
    kind: str
    birth_date: date | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, in which function; `on_behalf`: for the board ("namens het bevoegd gezag")."""

    name: str
    role: str
    on_behalf: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """An article's sentence in the letter: its number, our words and the document it stands in."""

    ref: str
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Somebody was heard: who, when, how and what they said."""

    who: str
    at: datetime
    said: str
    how: str = ""


@dataclass(frozen=True, slots=True)
class LetterContext:
    """Everything that stands in one copy.

    Attributes:
        facts: answers by vocabulary field; dates and moments as such; `last_day` beside them.
        not_heard: the written reason when the hearing could not come first.
        role: the pupil's part in the incident, for a notice: target, suspect or "".
    """

    kind: str
    day: date
    case_number: str
    sender: Sender
    reader: Reader
    about: About
    signer: Signer
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    rules: tuple[Rule, ...] = ()
    hearings: tuple[Hearing, ...] = ()
    not_heard: str = ""
    protocol: str = ""
    role: str = ""

    @property
    def title(self) -> str:
        """Heading and title of the PDF; it never carries a name."""
        if self.kind == "suspension" and self.facts.get("kind") == "internal_suspension":
            return "Besluit tot interne schorsing"
        return dutch.TITLES[self.kind]

    @property
    def category_words(self) -> str:
        """What happened, in neutral Dutch; a school's own category has the words of "other"."""
        return dutch.CATEGORIES.get(str(self.facts.get("category")), dutch.CATEGORIES["other"])

    @property
    def kind_words(self) -> str:
        """The measure in Dutch."""
        return dutch.KINDS.get(str(self.facts.get("kind")), "")

    @property
    def asks_words(self) -> str:
        """What a takedown asks, in Dutch."""
        return dutch.ASKS.get(str(self.facts.get("asks")), "")

    @property
    def police_outcome_words(self) -> str:
        """How the police track ended, in Dutch; not yet known otherwise."""
        return dutch.POLICE_OUTCOMES.get(str(self.facts.get("police_outcome")), dutch.POLICE_OUTCOMES["unknown"])

    @property
    def of_age_for_access(self) -> bool:
        """Whether the pupil is 16 or older and so has the right of access alone."""
        return (age_on(self.about.birth_date, self.day) or 0) >= OF_AGE_FOR_ACCESS

    @property
    def is_urgent(self) -> bool:
        """Whether the talk is within three calendar days of the letter."""
        meeting = self.facts.get("meeting_at")
        return isinstance(meeting, datetime) and (meeting.date() - self.day).days <= 3

    @property
    def metadata(self) -> dict[str, str]:
        """Title, author and subject of the PDF."""
        return {"title": f"{self.title}, zaak {self.case_number}", "author": self.sender.name, "subject": self.protocol}

    @property
    def voice(self) -> dutch.Voice:
        """How the copy addresses its reader."""
        return dutch.voice(self.reader.to, self.about.given_name)


def _flat(value: Any) -> Any:
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _flat(item) for key, item in sorted(value.items())}
    if isinstance(value, list | tuple | set | frozenset):
        return [_flat(item) for item in value]
    return value


def snapshot(context: LetterContext) -> dict[str, Any]:
    """Return the context as plain JSON, to be kept with the letter. The logo stands in it as its digest."""
    plain = {name: getattr(context, name) for name in ("kind", "day", "case_number", "not_heard", "protocol", "role")}
    parts = {name: asdict(getattr(context, name)) for name in ("sender", "reader", "about", "signer")}
    lists = {name: [asdict(item) for item in getattr(context, name)] for name in ("rules", "hearings")}
    result: dict[str, Any] = _flat({**plain, **parts, **lists, "facts": dict(context.facts)})
    return result


def restored(plain: Mapping[str, Any]) -> LetterContext:
    """Return the context that a snapshot was taken of, without the logo: of that the snapshot keeps a digest alone.

    Args:
        plain: what `snapshot` gave, as it was kept with a letter.
    """
    about, sender = dict(plain["about"]), dict(plain["sender"])
    born = about["birth_date"]
    about["birth_date"] = date.fromisoformat(born) if born else None
    return LetterContext(
        kind=plain["kind"], day=date.fromisoformat(plain["day"]), case_number=plain["case_number"], not_heard=plain["not_heard"],
        protocol=plain["protocol"], role=plain["role"], sender=Sender(**{**sender, "logo": None}), reader=Reader(**plain["reader"]),
        about=About(**about), signer=Signer(**plain["signer"]), rules=tuple(Rule(**rule) for rule in plain["rules"]),
        hearings=tuple(Hearing(**{**hearing, "at": datetime.fromisoformat(hearing["at"])}) for hearing in plain["hearings"]),
        facts=MappingProxyType({name: _read(name, value) for name, value in plain["facts"].items()}),
    )  # fmt: skip


def _read(name: str, value: Any) -> Any:
    """Return a fact as it was before it became JSON. `last_day` is counted and no field of a form."""
    kind = "date" if name == "last_day" else FIELDS[name].kind if name in FIELDS else ""
    if kind == "moment" and isinstance(value, str):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if kind == "date" and isinstance(value, str) else value


def same(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Whether two snapshots say the same: if not, an approval of the one is none of the other."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def missing(kind: str, context: LetterContext) -> list[str]:
    """Name what a copy lacks; an empty list means that it may be printed.

    Args:
        kind: a key of `vocabulary.LETTERS`.
        context: the copy.

    Returns:
        Vocabulary fields, "school.<field>", and the copy's own: "addressee.address", "about.group", "signer.name",
        "rules", "hearings" (met by a written reason why the hearing could not come first).
    """
    school = {name: getattr(context.sender, name) for name in Sender.__slots__}
    lack = letter_fields.lacking(kind, context.facts, school, context.about.kind)
    own: dict[str, object] = {
        "addressee.address": context.reader.address,
        "about.birth_date": context.about.birth_date,
        "about.group": context.about.group,
        "signer.name": context.signer.name,
        "rules": context.rules or context.facts.get("rule"),
        "hearings": context.hearings or context.not_heard,
    }
    lack += [name for name in letter_fields.NEEDS[kind].copy if blank(own[name])]
    return lack


def free_texts(context: LetterContext) -> dict[str, str]:
    """Return every text in which somebody could have written a name, by field, the PDF's metadata among them.

    Fields are vocabulary names; a hearing's words are "hearings"; metadata are "metadata.title", "metadata.author" …
    """
    texts = {
        name: str(value)
        for name, value in context.facts.items()
        if isinstance(value, str) and name in FIELDS and FIELDS[name].is_words
    }
    if context.hearings:
        texts["hearings"] = "\n".join(hearing.said for hearing in context.hearings)
    texts["not_heard"] = context.not_heard
    for name in ("parents_contact", "counsellor_contact", "dpo_contact", "objection_address", "complaints_body", "retention"):
        texts[f"school.{name}"] = getattr(context.sender, name)
    texts.update({f"metadata.{name}": value for name, value in context.metadata.items()})
    return {name: text for name, text in texts.items() if text}
