"""A request to take something off the internet, with or without a correction."""

from __future__ import annotations

from typing import ClassVar

from workflows.machine import step
from workflows.models.case import Case


class Takedown(Case):
    """A takedown of an incident. It is settled by the system as soon as its lines are met."""

    pii: ClassVar[str] = "See Case."

    request = step("takedown.request")
    confirm_removed = step("takedown.confirm_removed")
    confirm_corrected = step("takedown.confirm_corrected")
    settle = step("takedown.settle")
    refuse = step("takedown.refuse")

    class Meta:
        proxy = True
