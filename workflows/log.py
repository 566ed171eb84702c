"""The append-only log and its chain.

Each entry's digest is keyed (HMAC) and covers the entry before it, so that nobody without the key can recompute the
chain. The root's row keeps count and head, which shows a cut tail; a daily head kept *outside* the tables
(`KC_LOG_HEADS`, one line a day and school) shows a vanished case and a chain cut back together with its root.
Words are covered by salted digests only, so that they can be erased.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models

from workflows import clock
from workflows.models import Case, LogEntry, Person, School, Words
from workflows.prepared import insert, new

SETTLE = timedelta(hours=1)
"""A head covers entries older than this, so that a transaction still under way cannot slip in below it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing `verify` found, in words; `case` is the number of the root it is about, or empty."""

    message: str
    case: str = ""

    def __str__(self) -> str:
        return f"{self.case}: {self.message}" if self.case else self.message


def _key() -> bytes:
    return _key_of(getattr(settings, "KC_LOG_KEY", "") or settings.SECRET_KEY)


@lru_cache(maxsize=4)
def _key_of(secret: str) -> bytes:
    return hashlib.sha256(b"kc_workflows.log" + secret.encode()).digest()


def _seal(*parts: str) -> str:
    return hmac.digest(_key(), "\n".join(parts).encode(), "sha256").hex()


def word_digest(salt: str, text: str) -> str:
    """Return the salted digest under which `text` is known in the chain."""
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _digest(entry: LogEntry, root_key: str) -> str:
    content = {
        "case": entry.case_id, "n": entry.n, "step": entry.step, "source": entry.source, "target": entry.target,
        "by": entry.by_id, "roles": entry.by_roles, "person": entry.person_id, "at": _moment(entry.at),
        "happened": _moment(entry.happened_at), "facts": entry.facts, "words": entry.word_digests,
        "retracts": entry.retracts_id,
    }  # fmt: skip
    return _seal(entry.previous, root_key, _AS_TEXT(content))


_AS_TEXT = json.JSONEncoder(sort_keys=True, ensure_ascii=True, default=str).encode
"""The one way in which an entry is written out to be digested; made once, as it is needed with every step."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An entry that is made and not yet written, with its words and their salts by field."""

    entry: LogEntry
    words: Mapping[str, tuple[str, str]]


def make(
    root: Case,
    case: Case,
    step: str,
    *,
    by: Person | None,
    by_roles: list[str],
    source: str = "",
    target: str = "",
    person: Person | None = None,
    happened_at: datetime | None = None,
    facts: Mapping[str, Any] | None = None,
    words: Mapping[str, str] | None = None,
    retracts: LogEntry | None = None,
) -> Pending:
    """Make one entry at the end of the chain of `root`, whose row the caller has locked and will save.

    Args:
        root: the incident (or other root); its `log_count` and `log_head` are moved on, not saved.
        case: the case the entry is about (the root or a child).
        step: `measure.approve`, `record.heard`, `retract` …
        by: who acted, None for the system or an anonymous reporter; `by_roles` the roles held at that moment.
        facts: ids and facts, JSON-able, no free text.
        words: free text by field; stored in rows of their own.
    """
    now = clock.now()
    salted = {name: (secrets.token_hex(16), text.replace("\x00", "")) for name, text in (words or {}).items()}
    entry = new(
        LogEntry, root_id=root.pk, case_id=case.pk, n=root.log_count + 1, step=step, source=source, target=target,
        by_id=by and by.pk, by_roles=sorted(by_roles), person_id=person and person.pk, happened_at=happened_at or now, at=now,
        facts=dict(facts or {}), retracts_id=retracts and retracts.pk,
        word_digests={name: word_digest(salt, text) for name, (salt, text) in salted.items()}, previous=root.log_head,
    )  # fmt: skip
    entry.digest = _digest(entry, str(root.key))
    root.log_count, root.log_head = entry.n, entry.digest
    return Pending(entry, salted)


def write(pending: Sequence[Pending]) -> None:
    """Write entries that were made, each the last one of its root so far, with their words."""
    insert([one.entry for one in pending])
    if any(one.entry.pk is None for one in pending):  # this database tells no keys of several rows
        told = LogEntry.objects.filter(root__in=[one.entry.root_id for one in pending]).values_list("root_id", "n", "pk")
        keys = {(root, n): pk for root, n, pk in told}
        for one in pending:
            one.entry.pk = keys[one.entry.root_id, one.entry.n]
    rows = [(one.entry, name, salt, text) for one in pending for name, (salt, text) in one.words.items()]
    insert([new(Words, entry_id=entry.pk, case_id=entry.case_id, field=name, salt=salt, text=text) for entry, name, salt, text in rows])


def append(root: Case, case: Case, step: str, **told: Any) -> LogEntry:
    """Make one entry and write it; what it takes is said at `make`.

    Returns:
        The saved entry.
    """
    pending = make(root, case, step, **told)
    write([pending])
    return pending.entry


def heads_path(day: date) -> Path | None:
    """Return the file that keeps the daily heads of `day`'s year, or None when `KC_LOG_HEADS` is not set."""
    folder = getattr(settings, "KC_LOG_HEADS", "")
    return Path(folder) / f"heads-{day.year}.jsonl" if folder else None


def _read_heads() -> Iterator[dict[str, Any]]:
    folder = getattr(settings, "KC_LOG_HEADS", "")
    for path in sorted(Path(folder).glob("heads-*.jsonl")) if folder else ():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)


def _summary(school: School, up_to: datetime) -> tuple[int, str]:
    """Return how many entries of the school were written before `up_to`, and one digest over them in order."""
    digest = hmac.new(_key(), digestmod=hashlib.sha256)
    count = 0
    rows = LogEntry.objects.filter(root__school=school, at__lt=up_to).order_by("root_id", "n")
    for row in rows.values_list("root__key", "n", "digest").iterator(chunk_size=5000):
        digest.update("|".join(map(str, row)).encode())
        count += 1
    return count, digest.hexdigest()


def write_head(school: School) -> bool:
    """Append today's head of the school to the file outside the tables, once a day.

    Returns:
        Whether a head was written (False: it stood there already, or `KC_LOG_HEADS` is not set).
    """
    now = clock.now()
    path = heads_path(now.date())
    if path is None:
        return False
    if any(head["school"] == school.slug and head["day"] == str(now.date()) for head in _read_heads()):
        return False
    up_to = now - SETTLE
    count, digest = _summary(school, up_to)
    head = {"school": school.slug, "day": str(now.date()), "up_to": _moment(up_to), "count": count, "digest": digest}
    head["seal"] = _seal(json.dumps(head, sort_keys=True))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(head, sort_keys=True) + "\n")
    return True


def _verify_chain(root: Case, entries: list[LogEntry]) -> Iterator[Fault]:
    number, previous = root.display_number, ""
    for place, entry in enumerate(entries, start=1):
        if entry.n != place:
            yield Fault(f"entry {place} is missing; the next one found is {entry.n}", number)
            return
        if entry.previous != previous or not hmac.compare_digest(entry.digest, _digest(entry, str(root.key))):
            yield Fault(f"entry {entry.n} ({entry.step}) was changed after it was written", number)
            return
        for words in entry.words.all():
            if words.erased_at is None and word_digest(words.salt, words.text) != entry.word_digests.get(words.field):
                yield Fault(f"the words of entry {entry.n}, field {words.field}, were changed", number)
        kept = {words.field for words in entry.words.all()}
        for name in sorted(set(entry.word_digests) - kept):
            yield Fault(f"the words of entry {entry.n}, field {name}, have vanished", number)
        previous = entry.digest
    if root.log_count != len(entries) or root.log_head != previous:
        yield Fault(f"the log ends at entry {len(entries)}, but {root.log_count} were written", number)


def verify(school: School) -> list[Fault]:
    """Check the whole log of a school: every chain, every head, and that no case is gone.

    Returns:
        What is wrong, in words; empty when all is well.
    """
    faults: list[Fault] = []
    roots = Case.objects.filter(school=school, parent=None).order_by("id")
    entries = models.Prefetch("log", queryset=LogEntry.objects.order_by("n").prefetch_related("words"))
    for root in roots.prefetch_related(entries).iterator(chunk_size=200):
        found = list(root.log.all())
        if not found:
            faults.append(Fault("the case has no log at all", root.display_number))
        faults.extend(_verify_chain(root, found))
    last, others = School.objects.values_list("last_number", "last_numbers").get(pk=school.pk)
    for case_type, count in {"incident": last, **others}.items():
        known = set(Case.objects.filter(school=school, parent=None, type=case_type).values_list("number", flat=True))
        called = "case" if case_type == "incident" else case_type.replace("_", " ")
        faults += [Fault(f"{called} {number} of this school has vanished") for number in range(1, count + 1) if number not in known]
    for head in _read_heads():
        if head["school"] != school.slug:
            continue
        sealed = {name: value for name, value in head.items() if name != "seal"}
        if not hmac.compare_digest(head.get("seal", ""), _seal(json.dumps(sealed, sort_keys=True))):
            faults.append(Fault(f"the head of {head['day']} was not written by this installation"))
            continue
        count, digest = _summary(school, datetime.fromisoformat(head["up_to"]))
        if count != head["count"]:
            faults.append(Fault(f"{head['count']} entries stood in the log on {head['day']}, now {count}"))
        elif digest != head["digest"]:
            faults.append(Fault(f"the log of before {head['day']} is not what it was that day"))
    return faults
