"""Which protocol rules a case: the school's pack on the day it was opened, pinned with the date and digest of every layer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from time import monotonic
from typing import Any

from django.conf import settings

from workflows import clock, packs, protocol
from workflows.models import Case, PackSeal, School

STAND_IN = "kc"
"""The product's defaults, which take a report while a school's own pack cannot be read. Nothing is decided by them."""

logger = logging.getLogger(__name__)


def protocol_dirs() -> list[Any]:
    """Return the folders in which a school keeps packs of its own (`KC_PROTOCOL_DIRS`)."""
    return list(getattr(settings, "KC_PROTOCOL_DIRS", []))


def articles_carried() -> dict[str, bool]:
    """Return every article that some pack carries, and whether it has words for pupils."""
    return packs.articles_of(protocol_dirs())


_recent: dict[tuple[Any, ...], tuple[float, protocol.Protocol]] = {}
_LOOK_AGAIN = 1.0
"""Seconds after which the files are looked at anew: a new pack shows at once for people, and a busy moment asks the disk once."""


def _protocol(key: str, day: date, sector: str) -> protocol.Protocol:
    asked = (key, day, sector, *map(str, protocol_dirs()))
    then, found = _recent.get(asked, (0.0, None))
    if found is None or monotonic() - then > _LOOK_AGAIN:
        found = protocol.load(key, search=protocol_dirs(), on=day).for_sector(sector)
        if len(_recent) > 500:
            _recent.clear()
        _recent[asked] = (monotonic(), found)
    return found


def protocol_for(school: School, day: date) -> protocol.Protocol:
    """Return the school's protocol as in force on `day`, layers of its sector only; the stand-in while it cannot be read."""
    return _readable(school.key, day, school.sector)


def _readable(key: str, day: date, sector: str) -> protocol.Protocol:
    try:
        return _protocol(key, day, sector)
    except protocol.LoadError as wrong:
        logger.error("Only reports and safety go on at schools that follow %s: %s", key, wrong)
        return _protocol(STAND_IN, clock.today(), sector)


def is_stand_in(found: protocol.Protocol, case: Case) -> bool:
    """Whether a case is read by the stand-in because its school's own pack is away."""
    return found.key == STAND_IN != case.school.key


def protocol_of(case: Case) -> protocol.Protocol:
    """Return the protocol a case is pinned to: procedure follows the day it was opened."""
    return protocol_pinned(case.school, case.pins.get("procedure"))


def protocol_pinned(school: School, pin: Mapping[str, Any] | None) -> protocol.Protocol:
    """Return the protocol that a pin of `pins_for` names; without a pin, today's."""
    key, day = (pin["key"], date.fromisoformat(pin["on"])) if pin else (school.key, clock.today())
    return _readable(key, day, school.sector)


def pins_for(school: School, opened: date, acted: date | None) -> dict[str, Any]:
    """Return the pins of a new case: key and date of every layer, for procedure and for what counts as a breach."""

    def pin(day: date, found: protocol.Protocol | None = None) -> dict[str, Any]:
        found = found or _protocol(school.key, day, school.sector)
        return {"key": school.key, "on": str(day), "layers": {layer.key: str(layer.in_force) for layer in found.layers}}

    pins = {"procedure": pin(opened, protocol_for(school, opened))}
    try:
        pins["breach"] = pin(acted or opened)
    except protocol.LoadError:
        pins["breach"] = {"key": school.key, "on": str(acted), "layers": {}}
    return pins


def seal_packs(found: protocol.Protocol) -> None:
    """Keep the digest of every layer a case is about to follow; the first one stays.

    A pack that was edited meanwhile is an error of the boot checks (kc.E003) and of the log; a report does not wait for it.
    """
    known = {(seal.key, seal.in_force): seal.sha256 for seal in PackSeal.objects.filter(key__in=[layer.key for layer in found.layers])}
    for layer in found.layers:
        digest = known.get((layer.key, layer.in_force))
        if digest is None:
            PackSeal.objects.get_or_create(
                key=layer.key, in_force=layer.in_force, defaults={"sha256": layer.sha256, "sealed_at": clock.now()}
            )
        elif digest != layer.sha256:
            logger.error("%s/%s.toml was edited after a case had followed it. Put the old text back.", layer.key, layer.in_force)
