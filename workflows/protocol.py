"""Asks a protocol about one step of one case: why not, what is advised, which duties and letters follow.

PURE, and the only place where a rule is asked. The same call enforces, explains and forecasts: a command refuses with
what a page shows as "not yet", and `by=None` leaves out the lines about who acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from .conditions import blank
from .guards import GUARDS
from .pack_checks import check
from .packs import HOME, all_packs, digest, from_texts, load, turning_days
from .recorded import is_recorded, may_go_on
from .rules import (
    Article,
    Clause,
    DutyLine,
    Layer,
    LetterLine,
    Line,
    LoadError,
    Problem,
    Protocol,
    Rules,
    Setting,
    SignerLine,
)
from .selectors import select
from .sentences import Sentence, Word, gettext_noop, sentence
from .signing import ANSWERS, RECOUNT, answers_in, came_later, consent_state, left_up, people_asked, say_moves_at, signer_denials, signers
from .situation import Facts, plays
from .unmet import Remedy
from .vocabulary import FACT_KEYS, FIELDS, MILESTONES, ROLES

__all__ = [
    "ANSWERS", "HOME", "RECOUNT", "Article", "Clause", "Denial", "DutyLine", "DutyView", "Layer", "LetterLine", "Line", "LoadError", "Owed",
    "Problem", "Protocol", "Remedy", "Rules", "Setting", "SignerLine", "addressees", "advice", "all_packs", "answered", "answers_in", "asks_nobody",
    "came_later", "check", "check_file", "clauses", "consent_state", "denials", "digest", "duties", "duty_met", "expected_roles", "from_texts",
    "left_up", "letters", "load", "people_asked", "say_moves_at", "second_roles", "select", "signers",
]  # fmt: skip

_NOT_PROVIDED = gettext_noop("This protocol does not provide for this step.")
_ANSWER = gettext_noop("First answer: {fields}.")
_SHOWN = gettext_noop("Please note.")

_CONCERNS = {"parents_informed": "subject_guardians", "mentor_informed": "pupils_mentor", "victim_checked": "targets"}
"""Whom a milestone about somebody concerns, when not the subject."""

_ASKED_AS = {"subject": "suspects", "target": "targets", "kind_group": "kind"}
"""The field that answers a fact which is no field itself."""


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a step may not be taken (or what is advised): the sentence, the articles it rests on, and what would lift it."""

    sentence: Sentence
    articles: tuple[str, ...]
    strength: str
    remedy: Remedy | None = None
    answer_by: tuple[str, ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether a written reason lifts it, by one of `answer_by` if any are named."""
        return self.strength == "answer"

    def __str__(self) -> str:
        """The English sentence with its articles."""
        return f"{self.sentence} [{', '.join(self.articles)}]"


@dataclass(frozen=True, slots=True)
class Owed:
    """What an answered `recorded` line still leaves to be done: record `what` for `of`."""

    what: str
    of: str
    articles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DutyView:
    """A duty as it was kept: started after entry number `since` of the log, on `case`."""

    task: str
    of: str | None
    since: int
    case: str


def denials(protocol: Protocol, facts: Facts, answers: Mapping[str, str] | None = None) -> tuple[Denial, ...]:
    """Every reason why the step may not be taken; empty means the protocol allows it.

    Args:
        protocol: the rules the case is pinned to.
        facts: the step, who asks and everything around it; layers of other sectors than its own fall out.
        answers: written reasons by article id. A reason counts for each `answer` line that cites the article or demands the
            same as one that does, if the line lets this person answer.

    Returns:
        One denial per unmet `block` line and per unmet `answer` line without a reason. The shape of the case (a wrong
        state) is not looked at here.
    """
    rules = protocol.for_sector(facts.sector).at(facts.step, facts.case_type)
    if not rules.mentioned:
        return (Denial(sentence(_NOT_PROVIDED), ("step",), "block"),)
    unmet = tuple(_unmet(rules, facts))
    given = _shared(answers or {}, unmet)
    found = tuple(denial for line, denial in unmet if line.strength != "advise" and not _is_answered(line, facts, given))
    return found + tuple(Denial(said, articles, "block") for said, articles in signer_denials(protocol, facts))


def advice(protocol: Protocol, facts: Facts) -> tuple[Denial, ...]:
    """What the protocol advises for this step: its unmet `advise` lines, and rules it only shows."""
    rules = protocol.for_sector(facts.sector).at(facts.step, facts.case_type)
    return tuple(denial for line, denial in _unmet(rules, facts) if line.strength == "advise")


def asks_nobody(protocol: Protocol, facts: Facts) -> bool:
    """Whether the protocol does not provide for this step and forbids it to nobody: a `never` line that only advises."""
    rules = protocol.for_sector(facts.sector).at(facts.step, facts.case_type)
    return any(line.guard == "never" and line.strength == "advise" for line, _ in _unmet(rules, facts))


def _unmet(rules: Rules, facts: Facts) -> Iterator[tuple[Line, Denial]]:
    for line in rules.lines:
        if line.guard == "by_role" and facts.by is None:
            continue
        held = facts.judge(line.when)
        if held is None and line.strength != "advise":
            yield line, _unanswered(line, facts)
        elif held is True and line.guard is None:
            yield line, Denial(sentence(_SHOWN), line.articles, line.strength)
        elif held is True and line.guard is not None:
            unmet = GUARDS[line.guard].unmet(line.args, facts)
            if unmet is not None:
                yield line, Denial(unmet.sentence, line.articles, line.strength, unmet.remedy, line.answer_by)


def _unanswered(line: Line, facts: Facts) -> Denial:
    """The line depends on something nobody answered: ask for that first."""
    names = facts.unanswered(line.when)
    words = tuple(Word("field" if name in FACT_KEYS else "setting", _ASKED_AS.get(name, name)) for name in names)
    field = _ASKED_AS.get(names[0], names[0])
    remedy = Remedy("field" if field in FIELDS or names[0] in FACT_KEYS else "setting", field)
    return Denial(sentence(_ANSWER, fields=words), line.articles, line.strength, remedy, line.answer_by)


def _shared(answers: Mapping[str, str], unmet: Sequence[tuple[Line, Denial]]) -> dict[str, str]:
    """The reasons, also for lines that demand the same: nobody explains one lack twice, for the school and for a layer below."""
    found = dict(answers)
    lines = [line for line, _ in unmet if answers and line.guard is not None]
    for line in lines:
        reason = next((answers[article] for article in line.articles if not blank(answers.get(article))), None)
        twins = [other for other in lines if reason is not None and (other.guard, other.args) == (line.guard, line.args)]
        for article in (article for other in twins for article in other.articles):
            found[article] = found.get(article) or str(reason)
    return found


def _is_answered(line: Line, facts: Facts, answers: Mapping[str, str]) -> bool:
    """Whether a reason stands in for the line: where the line allows one, or where a leader says why parents stay out of reach."""
    if all(blank(answers.get(article)) for article in line.articles):
        return False
    if line.strength != "answer":
        return line.guard == "recorded" and may_go_on(line.args, facts)
    return facts.by is None or may_answer(line, facts.by.roles)


def may_answer(rule: Line | Denial, roles: frozenset[str]) -> bool:
    """Whether a written reason of somebody with these roles lifts a line, or its denial; some lines take one of a few roles alone."""
    return rule.strength == "answer" and (not rule.answer_by or plays(roles, rule.answer_by))


def reasons_for(protocol: Protocol, facts: Facts, answers: Mapping[str, str]) -> dict[str, str]:
    """Those of the answers, by article, that stand in for an unmet line of this step; the others answer nothing."""
    if not answers:
        return {}
    unmet = tuple(_unmet(protocol.for_sector(facts.sector).at(facts.step, facts.case_type), facts))
    given = _shared(answers, unmet)
    asked = {article for line, _ in unmet if _is_answered(line, facts, given) for article in line.articles}
    return {article: reason for article, reason in given.items() if article in asked}


def answered(protocol: Protocol, facts: Facts, answers: Mapping[str, str]) -> tuple[Owed, ...]:
    """The `recorded` lines that were answered with a reason instead: what they ask for is still owed, within a school day."""
    unmet = tuple(_unmet(protocol.for_sector(facts.sector).at(facts.step, facts.case_type), facts))
    given = _shared(answers, unmet)
    return tuple(
        dict.fromkeys(
            Owed(line.args["what"], line.args.get("of", "case"), line.articles)
            for line, _ in unmet
            if line.guard == "recorded" and _is_answered(line, facts, given) and facts.judge(line.when) is True
        )
    )


def check_file(path: Path, search: Sequence[str | Path] = ()) -> tuple[Problem, ...]:
    """Everything that is wrong with a pack file, with the layers below it as they are on each day it is in force."""
    found: list[Problem] = []
    try:
        for day in turning_days(load(path, search=search), search):
            found += check(load(path, search=search, on=day))
    except LoadError as wrong:
        found += wrong.problems
    return tuple(dict.fromkeys(found))


def duties(protocol: Protocol, facts: Facts) -> tuple[DutyLine, ...]:
    """The duties that start when the step of `facts` is taken. A condition nobody answered starts none."""
    rules = protocol.for_sector(facts.sector).at(facts.step, facts.case_type)
    return tuple(line for line in rules.duties if facts.judge(line.when) is True)


def duty_met(duty: DutyLine | DutyView, facts: Facts) -> bool:
    """Whether the duty's task was done for everybody it is about.

    Args:
        duty: a line of a pack (its `since` is a step) or a kept duty (its `since` is a number of the log).
        facts: the case of the duty. Without an `of` of its own the duty is about whom the milestone concerns.
    """
    args: dict[str, object] = {"what": duty.task, "of": duty.of or _about(duty.task, facts)}
    if isinstance(duty, DutyView):
        facts = _later(facts, duty.since)
    elif duty.since is not None:
        args["since"] = duty.since
    return is_recorded(args, facts)


def _later(facts: Facts, since: int) -> Facts:
    return replace(facts, records=tuple(record for record in facts.records if record.seq > since))


def _about(task: str, facts: Facts) -> str:
    """Whom a milestone concerns when a duty does not say so; the case when nobody is known."""
    milestone = MILESTONES.get(facts.root, {}).get(task)
    if milestone is None or not milestone.person:
        return "case"
    of = _CONCERNS.get(task, "subject")
    return of if select(of, facts) else "case"


def letters(protocol: Protocol, facts: Facts) -> tuple[LetterLine, ...]:
    """The letters that the step of `facts` queues. A condition nobody answered queues none."""
    rules = protocol.for_sector(facts.sector).at(facts.step, facts.case_type)
    return tuple(line for line in rules.letters if facts.judge(line.when) is True)


def addressees(line: LetterLine, facts: Facts) -> tuple[str, ...]:
    """The people who get a copy of the letter, each once; empty when the selector finds nobody."""
    return tuple(dict.fromkeys(key for group in select(line.to, facts) for key in sorted(group)))


def clauses(protocol: Protocol, letter: str, facts: Facts) -> tuple[str, ...]:
    """The ids of the articles that are printed in a letter of this kind."""
    said = (one for one in protocol.for_sector(facts.sector).clauses if one.letter == letter and facts.judge(one.when) is True)
    return tuple(dict.fromkeys(article for one in said for article in one.articles))


def expected_roles(protocol: Protocol, facts: Facts) -> frozenset[str]:
    """The roles that pass every `by_role` line of the step: who decides, and in whose inbox it is.

    Returns:
        Roles of the vocabulary; `employee` in a line stands for each role of the staff. Empty when the step is open to nobody.
    """
    rules = protocol.for_sector(facts.sector).at(facts.step, facts.case_type)
    if not rules.mentioned:
        return frozenset()
    roles = frozenset(ROLES) - {"deputy"}
    for line in rules.lines:
        if line.guard == "by_role" and line.strength == "block" and facts.judge(line.when) is True:
            roles &= _playing(tuple(line.args["roles"]))
    return roles


def second_roles(protocol: Protocol, facts: Facts) -> frozenset[str]:
    """The roles whose own approval an approved measure still waits for, beside the one it has; none where one is enough.

    Args:
        facts: of `measure.impose`, with the approvals that were given among the records.
    """
    roles: frozenset[str] = frozenset()
    for line in protocol.for_sector(facts.sector).at("measure.impose", facts.case_type).lines:
        named = line.guard == "recorded" and line.args["what"] == "measure.approve" and line.args.get("by")
        if named and line.strength == "block" and facts.judge(line.when) is True and not is_recorded(line.args, facts):
            roles |= _playing(tuple(named))
    return roles


@cache
def _playing(wanted: tuple[str, ...]) -> frozenset[str]:
    """The roles that count as one of `wanted`."""
    return frozenset(role for role in ROLES if plays(frozenset({role}), wanted))
