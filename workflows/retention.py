"""What consents leave behind is erased once its term is over: words, letters, printed forms, links and mails.

Ids, facts and digests stay, so that the chain of the log still verifies and a register still counts. The term is the setting
`consent_proof_years` of the pack (KC-9B: as long as it is used, and two years after). Other cases have no such job yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from workflows import answer_texts, clock, log, personal_links, registry
from workflows.models import Case, Letter, LogEntry, Outbox, PaperForm, PaperPart, PersonalLink, School, Words
from workflows.pinned import protocol_for
from workflows.prepared import update_many
from workflows.shapes import LIVE

BATCH = 500
"""Consents whose words are erased in one transaction."""

SETTING = "consent_proof_years"


def erase() -> int:
    """Erase what every school has kept long enough. Run again it does nothing.

    Returns:
        Of how many consents words or letters were erased.
    """
    done = 0
    for school in School.objects.order_by("pk"):
        setting = protocol_for(school, clock.today()).settings.get(SETTING)
        if setting is None or not isinstance(setting.value, int):
            continue  # a protocol that says nothing about it keeps everything
        years = min(setting.value, answer_texts.KEPT_YEARS)  # never longer than whoever answered was told
        before = _years_ago(years)
        told = {"cites": list(setting.cites), "years": years}
        while erased := _erase_some(school, before, told):
            done += erased
        _erase_rest(school, before)
    return done


def _years_ago(years: int) -> datetime:
    now = clock.now()
    day = 28 if (now.month, now.day) == (2, 29) else now.day
    return now.replace(year=now.year - years, day=day)


def _over(school: School, before: datetime) -> QuerySet[Case]:
    """Return the consents that count no more since then, of which no picture stands on record, and which still have words or letters."""
    taken_down = LogEntry.objects.filter(root=OuterRef("root"), step="takedown.settle", n__gt=OuterRef("n"))
    stands = LogEntry.objects.filter(root=OuterRef("pk"), step="record.used", retracted_by=None).filter(~Exists(taken_down))
    open_ones = Case.objects.filter(parent=OuterRef("pk"), type="takedown").exclude(state__in=("settled", "refused"))
    words = Words.objects.filter(entry__root=OuterRef("pk"), erased_at=None)
    letters = Letter.objects.filter(root=OuterRef("pk")).exclude(Q(context={}) & Q(pdf=None))
    rows = Case.objects.filter(school=school, type="consent", changed_at__lt=before).exclude(state__in=LIVE["consent"])
    return rows.filter(Exists(words) | Exists(letters)).filter(~Exists(stands), ~Exists(open_ones))


@transaction.atomic
def _erase_some(school: School, before: datetime, told: dict[str, Any]) -> int:
    """Erase the words and letters of the next consents, and write that in the log of each; return how many there were."""
    keys = list(_over(school, before).order_by("pk").values_list("pk", flat=True)[:BATCH])
    roots = list(Case.objects.select_for_update().filter(pk__in=keys, changed_at__lt=before).order_by("pk"))
    if not roots:
        return 0
    log.write([log.make(root, root, "erase_words", by=None, by_roles=["system"], facts=told) for root in roots])
    now = clock.now()
    Words.objects.filter(entry__root__in=roots, erased_at=None).update(text="", salt="", erased_at=now)
    Letter.objects.filter(root__in=roots).update(context={}, pdf=None)
    Outbox.objects.filter(root__in=roots).delete()
    for root in roots:
        root.changed_at = now
    update_many(roots, "changed_at", "log_count", "log_head")
    return len(roots)


@transaction.atomic
def _erase_rest(school: School, before: datetime) -> None:
    """Erase links that ended and mails that were queued before then, and printed forms as soon as a link of that day would be over."""
    parts = PaperPart.objects.filter(round__school=school, made_at__lt=clock.now() - personal_links.VALID)
    gone = {
        "links": _delete(PersonalLink.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before), school=school)),
        "mails": _delete(Outbox.objects.filter(kind__in=("ask", "turn"), person__school=school, created_at__lt=before)),
        "forms": _delete(parts),
    }
    if any(gone.values()):
        registry.log(school, None, "retention.erase", **{what: count for what, count in gone.items() if count})


def _delete(rows: QuerySet[Any]) -> int:
    """Delete rows without reading what stands in them; return how many."""
    keys: Iterable[int] = list(rows.values_list("pk", flat=True))
    if rows.model is PaperPart:
        PaperForm.objects.filter(part__in=keys).update(part=None)
    told: dict[str, int] = rows.model._base_manager.filter(pk__in=keys).only("pk").delete()[1]
    return told.get(rows.model._meta.label, 0)


__all__ = ["BATCH", "SETTING", "erase"]
