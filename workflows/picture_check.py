"""May this picture be published? Who may be shown where, who may not, who has not answered, and why.

The answer is what the protocol says to `used` on each consent (`[records.consent.used]`), so that what the check shows is
what noting a publication enforces. Constant in queries for a group of any size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.db import transaction

from workflows import commands, protocol
from workflows.commands import Outcome, StepDenied
from workflows.facts import load_many
from workflows.models import CASE_TYPES, Case, Person, School
from workflows.protocol import Denial

USED = "record.used"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What holds for one person: whether they may be shown, the state of their consent, and every reason why not.

    `state` is a state of a consent, or `not_asked`. `notes` hold even with consent, as a lock or as advice: where a picture could
    turn out badly.
    """

    person: Person
    state: str
    denials: tuple[Denial, ...]
    notes: tuple[Denial, ...]
    until: date | None = None
    consent: Case | None = None
    protocol: protocol.Protocol | None = field(default=None, repr=False)

    @property
    def may(self) -> bool:
        """Whether this person may be shown."""
        return not self.denials

    @property
    def waits(self) -> bool:
        """Whether it is a no only because not everybody was asked or has answered."""
        return not self.may and self.state in ("requested", "not_asked")


def check(school: School, people: Sequence[Person], purpose: str, channel: str) -> list[Verdict]:
    """Say for each of `people` whether they may be shown today.

    Args:
        purpose: a key of `vocabulary.PURPOSES`. channel: a key of `vocabulary.PUBLICATIONS`.

    Returns:
        One verdict a person, in the order given; somebody who was never asked may not.
    """
    consents = _consents(school, people, purpose, channel)
    verdicts = []
    for person, loaded in zip(people, load_many(consents), strict=True):
        case = loaded.root
        facts = loaded.for_step(case, USED, actor=None, data={"harm_expected": False})
        denials = protocol.denials(loaded.protocol, facts)
        harmful = replace(facts, data={**facts.data, "harm_expected": True})
        said = {*denials, *protocol.advice(loaded.protocol, facts)}
        notes = (*protocol.denials(loaded.protocol, harmful), *protocol.advice(loaded.protocol, harmful))
        verdicts.append(
            Verdict(
                person=person, state=str(facts.case["state"]) if case.pk else "not_asked", denials=denials,
                notes=tuple(one for one in notes if one not in said), until=case.until, consent=case if case.pk else None,
                protocol=loaded.protocol,
            )
        )  # fmt: skip
    return verdicts


def _consents(school: School, people: Sequence[Person], purpose: str, channel: str) -> list[Case]:
    """Return the latest consent of each person, in their order; an unsaved one for whoever was never asked."""
    topic = f"{purpose}/{channel}"
    # Neither by school nor in order: for either a database may walk every case of the school to find those of a few people.
    rows = Case.objects.filter(type="consent", person__in=[one.pk for one in people], topic=topic).order_by()
    ours = [case for case in rows if case.school_id == school.pk]
    latest = {case.person_id: case for case in sorted(ours, key=lambda case: (case.opened_at, case.pk))}
    facts = {"purpose": purpose, "channel": channel}
    found = []
    for person in people:
        case = latest.get(person.pk)
        if case is None:
            case = CASE_TYPES["consent"](school=school, type="consent", person=person, topic=topic, state="requested", pins={}, facts=facts)
        case.school, case.person = school, person
        found.append(case)
    return found


class MayNotPublish(Exception):
    """Somebody in the picture may not be shown; `refused` are the verdicts, all of them."""

    def __init__(self, refused: list[Verdict]) -> None:
        self.refused = refused
        super().__init__("; ".join(f"{one.person.pk}: {one.state}" for one in refused))


@transaction.atomic
def note_publication(
    school: School, people: Sequence[Person], purpose: str, channel: str, *,
    by: Any, where: str, harm_expected: bool | None, key: str | None = None, **told: Any,
) -> list[Outcome]:  # fmt: skip
    """Note on the consent of everybody in a picture where it was published, so that a withdrawal finds it; all or none.

    Args:
        by: the member of staff who published it.
        where: address or place. told: `happened`, `note`.
        harm_expected: whether it could turn out badly for somebody; None leaves the question open.
        key: the form's key; the same form again notes nothing twice.

    Raises:
        MayNotPublish: somebody may not be shown. InvalidData: as `commands.record`.
    """
    done, refused = [], []
    data = {"where": where, **({} if harm_expected is None else {"harm_expected": harm_expected}), **told}
    for one in check(school, people, purpose, channel):
        if one.consent is None:
            refused.append(one)
            continue
        try:
            done.append(commands.record(one.consent, "used", by=by, data=data, key=f"{key}:{one.person.pk}" if key else None))
        except StepDenied as denied:
            refused.append(replace(one, denials=denied.denials))
    if refused:
        raise MayNotPublish(refused)
    return done


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of a group may be shown, may not, and have not answered."""

    may: int
    refused: int
    open: int


def tally(verdicts: Iterable[Verdict]) -> Tally:
    """Count the verdicts."""
    listed = list(verdicts)
    may = sum(one.may for one in listed)
    waiting = sum(one.waits for one in listed)
    return Tally(may, len(listed) - may - waiting, waiting)


