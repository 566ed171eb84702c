"""What somebody may answer now, and the answering itself: one function for link, own desk, paper, a talk and the telephone.

Who may answer is asked of the protocol, by the commands. Each answer keeps its proof: who, declared authority, when, how,
language, and the exact words by their digest.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import translation
from django.utils.translation import gettext as _

from workflows import answer_texts, clock, commands, protocol
from workflows.acts import Outcome
from workflows.conditions import to_minute
from workflows.data import InvalidData
from workflows.facts import unopened
from workflows.involved import load_people
from workflows.models import AskedText, Case, Guardianship, LogEntry, Person
from workflows.models.people import Authority, Dated
from workflows.roots import guardians_at, state_of, would_hold_until
from workflows.rules import Article
from workflows.shapes import LIVE
from workflows.signing import ANSWERS, ASKS, left_up, people_asked, signers

ANSWERABLE = (*LIVE["consent"], "withdrawn")
"""States of a consent in which an answer still counts."""


@dataclass(frozen=True, slots=True)
class Line:
    """One question that somebody may answer now. `mine` is their own answer that counts, given on `mine_at`; None: none yet.

    When the term is `over`, the one answer left is that what was published is taken away, until that was asked (`mine` False).
    """

    case: Case
    person: Person
    purpose: str
    channel: str
    until: date | None
    needs_authority: bool
    clauses: tuple[Article, ...] = ()
    mine: bool | None = None
    mine_at: datetime | None = None
    over: bool = False

    def text(self, language: str, reader: str = "") -> str:
        """Return everything that is told before this answer, in a language; `reader`: a key of `answer_texts.IN_SHORT_FOR`."""
        with translation.override(language):
            if self.over:
                return answer_texts.words_after(self.purpose, self.channel, reader)
            return answer_texts.words_of(
                self.purpose, self.channel, self.until, authority=self.needs_authority, clauses=self.rules(language), reader=reader
            )

    def rules(self, language: str) -> tuple[str, ...]:
        """Return what the school's own rules say about this, in English or else in Dutch: nobody translates a rule for a school."""
        return tuple((one.en or one.nl) if language == "en" else (one.nl or one.en) for one in self.clauses)

    def version(self, language: str, reader: str = "") -> str:
        """Return the digest under which the text of this question is known."""
        with translation.override(language):
            return answer_texts.version_of(self.text(language, reader))


@dataclass(frozen=True, slots=True)
class Questions:
    """What one person may answer now, and the children who decide alone since the last time.

    Attributes:
        over: of what no question is asked any more, and something that was published still stands.
    """

    lines: tuple[Line, ...]
    moved: tuple[Person, ...] = ()
    others: bool = False
    over: tuple[Line, ...] = ()

    def find(self, key: str) -> Line | None:
        """Return the question with the key of its case, if it is among these."""
        return next((line for line in (*self.lines, *self.over) if str(line.case.key) == key), None)


def lines_for(signer: Person) -> Questions:
    """Return what `signer` may answer now: about their children, themselves, or a member of staff they were asked about.

    The number of queries does not grow with children or questions.
    """
    used = Exists(LogEntry.objects.filter(root=OuterRef("pk"), step="record.used"))
    found = _sorted(signer, Q(state__in=ANSWERABLE) | Q(used, state="expired"))
    return replace(found, over=tuple(_still_up(found.over)))


def ended_for(signer: Person, keys: Container[str] | None = None) -> tuple[Line, ...]:
    """Return the questions that ask `signer` and whose term is over, whether or not they were answered; the last to end first.

    Args:
        keys: only of these cases.
    """
    over = _sorted(signer, Q(state__in=(*ANSWERABLE, "expired"))).over
    found = [line for line in over if keys is None or str(line.case.key) in keys]
    return tuple(sorted(found, key=lambda line: line.until or date.min, reverse=True))


def _sorted(signer: Person, which: Q) -> Questions:
    """Sort consents: what asks the signer now, what did and is over, and what asks somebody else."""
    today = clock.today()
    wards = dict(Guardianship.objects.filter(Dated.active(today), guardian=signer).values_list("pupil", "authority"))
    rows = Case.objects.filter(which, school=signer.school_id, type="consent").select_related("person", "school").defer("school__logo")
    about_staff = Q(person__kind="employee", facts__has_key="asked")
    found = rows.filter(Q(person__in=[*wards, signer.pk]) | about_staff).order_by("person__birth_date", "person__given_name", "pk")
    cases = [case for case in found if case.person_id in {*wards, signer.pk} or signer.pk in case.facts["asked"]]
    mine = _own_answers(cases, signer)
    lines, over, moved, others = [], [], {}, False
    for asked in _asked(cases, signer):
        about = asked.case.person
        assert about is not None  # noqa: S101 - a consent is always somebody's
        if asked.signer:
            purpose, _slash, channel = asked.case.topic.partition("/")
            yes, at = mine.get(asked.case.pk, (None, None))
            line = Line(
                asked.case, about, purpose, channel, asked.until, clauses=asked.clauses,
                needs_authority=about.kind == "pupil" and about.pk != signer.pk, mine=yes, mine_at=at,
            )  # fmt: skip
            if state_of(asked.case, today) == "expired" or (asked.until is not None and asked.until < today):
                over.append(line)
            else:
                lines.append(line)
        elif wards.get(about.pk) == Authority.YES and asked.self_alone:
            moved[about.pk] = about
        else:
            others = True
    return Questions(tuple(lines), tuple(moved.values()), others, tuple(over))


def _still_up(over: Sequence[Line]) -> Iterator[Line]:
    """Return of what is over the questions with something published that stands, or that this person asked to be taken away and still does."""
    done: dict[int, list[str]] = {line.case.pk: [] for line in over}
    entries = LogEntry.objects.filter(root__in=done, retracted_by=None, retracts=None).filter(Q(step="record.used") | Q(step__startswith="takedown."))
    for root, step in entries.order_by("root", "n").values_list("root", "step") if over else ():
        done[root].append(step.removeprefix("record."))
    for line in over:
        steps = done[line.case.pk]
        if left_up(steps):
            yield replace(line, over=True, mine=None, mine_at=None)
        elif line.mine is False and steps[-1:] == ["takedown.request"]:
            yield replace(line, over=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the protocol says of a consent: does it ask the signer, or the person themselves alone; how long would a yes hold; the rules it tells."""

    case: Case
    signer: bool
    self_alone: bool
    until: date | None
    clauses: tuple[Article, ...]


def _asked(cases: Sequence[Case], signer: Person) -> Iterator[_Asked]:
    """Ask the protocol of each consent, in a fixed number of queries."""
    if not cases:
        return
    day = clock.today()
    people = {one.id: one for one in load_people(cases[0].school, {case.person_id: frozenset() for case in cases if case.person_id}, day)}
    may_be_asked = guardians_at(cases[0].school, [signer.pk], day) if any(case.facts.get("asked") for case in cases) else set()
    for case in cases:
        about = people[str(case.person_id)]
        if about.kind == "employee" and case.facts.get("asked"):
            parents = tuple(str(key) for key in case.facts["asked"] if key != signer.pk or key in may_be_asked)
            about = replace(about, guardians=parents)
        loaded = unopened(case, (about,))
        facts = loaded.for_step(case, "consent.answer", actor=None, data={})
        asked = frozenset[str]().union(*(people_asked(line, facts) for line in signers(loaded.protocol, facts)))
        said = protocol.clauses(loaded.protocol, "consent_form", facts)
        until = would_hold_until(case, loaded.protocol, facts)
        yield _Asked(case, str(signer.pk) in asked, asked == {about.id}, until, tuple(loaded.protocol.articles[one] for one in said))


def _own_answers(cases: Iterable[Case], signer: Person) -> dict[int, tuple[bool, datetime]]:
    """Return the latest answer of `signer` in each case since it was last asked for, and when it was given.

    As the kernel counts (`signing.answers_in`): by the minute in which it was given, and not by when it was written down.
    """
    found: dict[int, tuple[bool, datetime]] = {}
    entries = LogEntry.objects.filter(case__in=[case.pk for case in cases], step__in=[*ASKS, *ANSWERS], retracted_by=None)
    for entry in sorted(entries, key=lambda one: (to_minute(one.happened_at), one.n)):
        if entry.step in ASKS:
            found.pop(entry.case_id, None)
        elif entry.person_id == signer.pk:
            found[entry.case_id] = (entry.step == "consent.answer" and entry.facts.get("answer") is True, entry.happened_at)
    return found


def _turns(cases: Iterable[Case], signer: Person) -> dict[int, int]:
    """Return the last entry in each case by which `signer` said yes, or by which it was asked: a no after it is a new no, also from the same page."""
    found: dict[int, int] = {}
    for entry in LogEntry.objects.filter(case__in=cases, step__in=[*ASKS, "consent.answer"], retracted_by=None).order_by("n"):
        if entry.step in ASKS or (entry.person_id == signer.pk and entry.facts.get("answer") is True):
            found[entry.case_id] = entry.n
    return found


class NotYours(Exception):
    """An answer to a question that this person may not, or no longer, decide about."""


class AuthorityNotDeclared(InvalidData):
    """A yes for a child without the declaration of parental authority."""

    def __init__(self) -> None:
        super().__init__({"authority": _("For a yes it must be declared that this person has parental authority.")})


class SentBefore(InvalidData):
    """A yes from a form that was sent before, and was taken back since: chosen once more, so that no machine gives it again."""

    def __init__(self) -> None:
        super().__init__({"": _("This form was sent before, and another answer came after it. Open the page again and choose once more.")})


@transaction.atomic
def answer(
    signer: Person, answers: Mapping[str, bool], *, by: Any, form: str, language: str = "nl", authority: bool = False,
    reasons: Mapping[str, str] | None = None, witness: Person | None = None, happened: datetime | None = None, key: str | None = None,
    versions: Mapping[str, str] | None = None,
) -> list[Outcome]:  # fmt: skip
    """Give or change answers. All of them count, or none.

    A no after an own yes takes that yes back, and after the term what was published (`consent.withdraw`); everything else is
    `consent.answer`, also a no on paper that was given before the yes it comes in after.

    Args:
        signer: whose answers they are.
        answers: yes or no by the key of the case, as `lines_for` gives it. What is left out stays as it was.
        by: who acts: the signer (link, own desk), or the user of the member of staff who writes it down.
        form: link, account, paper, in_person or phone; whether that is enough is a line of the protocol.
        language: of the text that was read. authority: whether the signer declared parental authority.
        reasons: why not, by the key of the case; never required.
        witness: the second member of staff, by telephone.
        happened: when the answer was given, if that was not just now.
        key: the form's key: the same form sent twice acts once. With "back", yes and no from one page: a no always counts.
        versions: the text that was read, as `keep_words` gave it; without it, the text of today behind a link.

    Returns:
        What each answer did, in the order of the cases.

    Raises:
        NotYours: a question that the signer may not decide about today.
        AuthorityNotDeclared: a yes for a child without the declaration.
        SentBefore: a yes that this very form gave before, and that was taken back since.
        StepDenied, InvalidData: the protocol or the form refuses; nothing is saved.
    """
    # Always in the same order, so that two parents who answer at once never wait for each other in a circle.
    list(Case.objects.select_for_update().filter(school=signer.school_id, key__in=list(answers)).order_by("pk").values_list("pk"))
    questions = lines_for(signer)
    open_now = (*questions.lines, *(line for line in questions.over if line.mine is None))
    chosen = [(line, answers[str(line.case.key)]) for line in open_now if str(line.case.key) in answers]
    if len(chosen) < len(answers) or any(line.over and yes for line, yes in chosen):
        raise NotYours
    if not authority and any(line.needs_authority and yes for line, yes in chosen):
        raise AuthorityNotDeclared
    known = versions or {}
    unknown = [line for line, _yes in chosen if str(line.case.key) not in known]
    read = {**keep_words(unknown, language, answer_texts.behind_link(signer.kind, language)), **known}
    turns = _turns([line.case for line, _yes in chosen], signer) if key else {}
    outcomes = []
    for line, yes in sorted(chosen, key=lambda one: one[0].case.pk):
        taken_back = line.mine_at is not None and to_minute(happened or clock.now()) >= to_minute(line.mine_at)
        withdraws = line.over or (not yes and line.mine is True and taken_back and line.case.state in LIVE["consent"])
        data: dict[str, Any] = {"form": form, "language": language, "text_version": read[str(line.case.key)]}
        if not withdraws:
            data |= {"answer": yes, "authority": authority if line.needs_authority and yes else None}
        reason = "" if yes else (reasons or {}).get(str(line.case.key), "").strip()
        optional = {"reason": reason, "witness": witness, "happened": happened, "person": signer if by != signer else None}
        data |= {name: value for name, value in optional.items() if value}
        outcomes.append(
            commands.perform(
                line.case, "consent.withdraw" if withdraws else "consent.answer", by=by, data={n: v for n, v in data.items() if v is not None},
                key=f"{key}:{line.case.key}:{'yes' if yes else turns.get(line.case.pk)}" if key else None,
            )
        )  # fmt: skip
        if yes and outcomes[-1].repeated and not line.mine:
            raise SentBefore
    return outcomes


def keep_words(lines: Iterable[Line], language: str, reader: str = "") -> dict[str, str]:
    """Keep the words of each question for proof, once, and return their digests by the key of the case; `reader` as in `Line.text`."""
    texts = {str(line.case.key): line.text(language, reader) for line in lines}
    with translation.override(language):
        versions = {key: answer_texts.version_of(text) for key, text in texts.items()}
    for key in sorted(texts, key=lambda key: versions[key]):
        AskedText.objects.get_or_create(digest=versions[key], defaults={"language": language, "text": texts[key], "since": clock.now()})
    return versions
