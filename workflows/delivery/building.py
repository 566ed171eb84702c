"""From rows to the data of one copy of a letter: facts, words, people, school, the protocol's sentences.

Everything is read as it is now; who acted and on which day are those of the step that queued the letter, so that the same
data give the same letter whenever it is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from workflows import clock, protocol
from workflows.data import from_json
from workflows.delivery import dutch
from workflows.delivery.contents import About, Hearing, LetterContext, Reader, Rule, Sender, Signer
from workflows.facts import Loaded, load
from workflows.models import Enrolment, Guardianship, Involvement, Letter, LogEntry, Person, Words
from workflows.models.people import Dated
from workflows.privacy import Name

HEARING_LETTERS = frozenset({"suspension", "measure_notice", "staff_letter"})
"""Letters that say who was heard."""

_CASE_FIRST = frozenset({"measure"})
"""Case types whose own words stand before those of the step that queued the letter: a proposal's reasons are the decision's."""


@dataclass(frozen=True, slots=True)
class Built:
    """One copy with what it must not contain: `others` are other pupils, `hidden` another guardian's contacts."""

    context: LetterContext
    others: tuple[Name, ...]
    allowed: tuple[str, ...]
    known: tuple[str, ...]
    hidden: tuple[tuple[str, str], ...]


def build(letter: Letter) -> Built:
    """Return the copy as the data are now.

    Args:
        letter: a row with its case; `addressee` is None for a note for the file.
    """
    loaded = load(letter.root)
    entry = letter.queued_by
    facts = _facts(letter, loaded, entry)
    about = letter.about
    given = about.given_name if about else ""
    context = LetterContext(
        kind=letter.kind,
        day=clock.local(entry.at).date(),
        case_number=letter.root.display_number,
        sender=_sender(letter),
        reader=_reader(letter),
        about=About(
            name=about.full_name if about else "", given_name=given, kind=about.kind if about else "",
            birth_date=about.birth_date if about else None, group=_group(about),
        ),
        signer=_signer(letter, entry),
        facts=MappingProxyType(facts),
        rules=_rules(letter, loaded, facts),
        hearings=_hearings(letter) if letter.kind in HEARING_LETTERS else (),
        not_heard=_not_heard(letter, loaded) if letter.kind == "suspension" else "",
        protocol=f"{loaded.protocol.name['nl']}, versie van {_day(loaded.protocol.in_force)}",
        role=_role(letter, loaded),
    )  # fmt: skip
    others, allowed, known = _names(letter)
    return Built(context, others, allowed, known, _hidden(letter))


def _day(value: Any) -> str:
    from django.utils import formats, translation

    with translation.override("nl"):
        return str(formats.date_format(value, "j F Y"))


def _facts(letter: Letter, loaded: Loaded, entry: LogEntry) -> dict[str, Any]:
    case = next((child for child in loaded.children if child.pk == letter.case_id), loaded.root)
    asked = loaded.for_step(case, entry.step, actor=None, data={})
    own = {name: value for name, value in asked.case.items() if name != "state"}
    inherited = {name: value for name, value in asked.incident.items() if name != "state"}
    words = dict(Words.objects.filter(entry=entry, erased_at=None).exclude(field__startswith="answer:").values_list("field", "text"))
    act = {**from_json({name: value for name, value in entry.facts.items() if name not in ("people", "writes")}), **words}
    facts = {**inherited, **act, **own} if case.type in _CASE_FIRST else {**inherited, **own, **act}
    facts["happened"] = entry.happened_at
    if "last_day" in asked.data:
        facts["last_day"] = asked.data["last_day"]
    behalf = (entry.facts.get("people") or {}).get("on_behalf_of") or []
    if behalf:
        facts["on_behalf_of_name"] = "het slachtoffer"
    if letter.kind == "police_note":
        facts["parents_told_at"] = _parents_told(letter)
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _parents_told(letter: Letter) -> list[datetime]:
    """When parents in this incident were told and reached: moments alone, because the note may lie in several children's files."""
    told = LogEntry.objects.filter(root=letter.root, step="record.parents_informed", retracted_by=None).order_by("happened_at")
    rows = told.values_list("happened_at", "facts")
    return list(dict.fromkeys(at for at, facts in rows if facts.get("reached") is not False))


def _sender(letter: Letter) -> Sender:
    school = letter.root.school
    plain = {name: getattr(school, name) for name in Sender.__slots__ if name != "logo"}
    return Sender(**plain, logo=bytes(school.logo) if school.logo else None)


def _reader(letter: Letter) -> Reader:
    person = letter.addressee
    if person is None:
        return Reader(name="het dossier", to="file", kind="")
    if person.pk == letter.about_id:
        return Reader(person.full_name, "pupil" if person.kind == "pupil" else "adult", person.kind, person.address)
    return Reader(person.full_name, "guardian", person.kind, person.address)


def _group(person: Person | None) -> str:
    if person is None or person.kind != "pupil":
        return ""
    rows = Enrolment.objects.filter(Dated.active(clock.today()), person=person).select_related("group").order_by("pk")
    return ", ".join(row.group.name for row in rows)


def _signer(letter: Letter, entry: LogEntry) -> Signer:
    roles = [role for role in dutch.ROLES if role in entry.by_roles]
    role = dutch.ROLES[roles[0]] if roles else "medewerker"
    if "deputy" in entry.by_roles and roles:
        role = f"plaatsvervangend {role}"
    return Signer(entry.by.full_name if entry.by else "", role, on_behalf=letter.kind == "suspension")


def _rules(letter: Letter, loaded: Loaded, facts: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The sentences to print: those the packs say, and the letter's own articles of a statute or the school's protocol."""
    case = next((child for child in loaded.children if child.pk == letter.case_id), loaded.root)
    asked = loaded.for_step(case, letter.queued_by.step, actor=None, data=facts)
    layers = {layer.key: layer for layer in loaded.protocol.layers}
    said = protocol.clauses(loaded.protocol, letter.kind, asked)
    found = []
    for key in dict.fromkeys((*said, *letter.articles)):
        article = loaded.protocol.articles.get(key)
        layer = layers.get(article.layer) if article else None
        if article is None or not article.confirmed or (key not in said and (layer is None or not layer.binding)):
            continue
        found.append(Rule(article.ref, article.nl, str(layer.name.get("nl", "")) if layer else ""))
    return tuple(found)


def _hearings(letter: Letter) -> tuple[Hearing, ...]:
    """Who was heard: the person concerned, and their guardians; each talk with what was said."""
    about = letter.about
    if about is None:
        return ()
    who = {about.pk, *Guardianship.objects.filter(pupil=about).values_list("guardian_id", flat=True)}
    talks = LogEntry.objects.filter(root=letter.root, person__in=who, step__in=("incident.discuss", "record.heard"), retracted_by=None)
    found = []
    for talk in talks.select_related("person").prefetch_related("words").order_by("happened_at", "n"):
        said = next((row.text for row in talk.words.all() if row.field == "note" and row.struck_by_id is None), "")
        if said and talk.person is not None:
            found.append(Hearing(talk.person.full_name, talk.happened_at, said, dutch.CHANNELS.get(str(talk.facts.get("channel")), "")))
    return tuple(found)


def _not_heard(letter: Letter, loaded: Loaded) -> str:
    """The reasons written where a line asks for a hearing and allows a reason instead."""
    entry = letter.queued_by
    lines = loaded.protocol.at(entry.step, letter.case.type).lines
    cites = {f"answer:{key}"[:60] for line in lines if line.guard == "recorded" and line.args.get("what") == "heard" for key in line.articles}
    texts = Words.objects.filter(entry=entry, field__in=cites, erased_at=None).order_by("pk").values_list("text", flat=True)
    return "\n".join(dict.fromkeys(texts))


def _role(letter: Letter, loaded: Loaded) -> str:
    roles = next((person.case_roles for person in loaded.people if person.id == str(letter.about_id)), frozenset())
    return next((role for role in ("suspect", "target") if role in roles), "")


def _name(person: Person, involved: bool) -> Name:
    return Name(person.given_name, person.family_name, tuple(str(nick) for nick in person.nicknames or ()), involved)


def _names(letter: Letter) -> tuple[tuple[Name, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the other pupils, the names this copy may contain, and names of staff, school and town."""
    school = letter.root.school
    rows = Involvement.objects.filter(case=letter.root).exclude(role__in=["reader", "excluded"])
    involved = set(rows.values_list("person_id", flat=True)) | set(letter.root.children.values_list("person_id", flat=True))
    own = {key for key in (letter.about_id, letter.addressee_id) if key is not None}
    pupils = Person.objects.filter(school=school, kind="pupil").exclude(pk__in=own)
    others = tuple(_name(pupil, pupil.pk in involved) for pupil in pupils)
    allowed = [person for person in (letter.about, letter.addressee) if person is not None]
    if letter.about is not None:
        allowed += [tie.guardian for tie in Guardianship.objects.filter(pupil=letter.about).select_related("guardian")]
    staff = Person.objects.filter(school=school, kind="employee")
    known = (school.name, school.board_name, school.city, school.address, *(person.full_name for person in staff))
    return others, tuple(" ".join((p.full_name, *map(str, p.nicknames or ()))) for p in allowed), known


def _hidden(letter: Letter) -> tuple[tuple[str, str], ...]:
    """Return the contacts of other guardians who keep them from this reader."""
    if letter.about is None:
        return ()
    ties = Guardianship.objects.filter(pupil=letter.about, hides_address=True).exclude(guardian=letter.addressee)
    own = letter.addressee.address if letter.addressee else ""
    found = []
    for tie in ties.select_related("guardian"):
        person = tie.guardian
        for secret in (person.address, person.phone, person.email):
            if secret.strip() and secret.strip() != own.strip():
                found.append((person.full_name, secret))
    return tuple(found)
