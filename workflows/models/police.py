"""The police track of an incident, beside its state."""

from __future__ import annotations

from typing import ClassVar

from workflows.machine import step
from workflows.models.case import Case


class Police(Case):
    """Whether the police were considered, told or not told, and how it ended."""

    pii: ClassVar[str] = "See Case; criminal data (GDPR article 10) is kept to outcome and reference."

    consider = step("police.consider")
    report = step("police.report")
    decline = step("police.decline")
    conclude = step("police.conclude")

    class Meta:
        proxy = True
