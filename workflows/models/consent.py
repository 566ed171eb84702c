"""A consent: one person, one purpose, one channel, for a term."""

from __future__ import annotations

from typing import ClassVar

from workflows.machine import step
from workflows.models.case import Case


class Consent(Case):
    """What somebody allows about `person`. Who must say yes are the lines of `[signers.consent]`; the answers make the state."""

    pii: ClassVar[str] = "See Case."

    request = step("consent.request")
    answer = step("consent.answer")
    withdraw = step("consent.withdraw")
    expire = step("consent.expire")
    recount = step("consent.recount")
    renew = step("consent.renew")

    class Meta:
        proxy = True
