"""The incident: a report about conduct online, from the first word to the closing."""

from __future__ import annotations

from typing import ClassVar

from workflows.machine import step
from workflows.models.case import Case


class Incident(Case):
    """A reported incident. Its edges are in `workflows.shapes`, its rules in the school's protocol."""

    pii: ClassVar[str] = "See Case."

    report = step("incident.report")
    triage = step("incident.triage")
    discuss = step("incident.discuss")
    escalate = step("incident.escalate")
    send_back = step("incident.send_back")
    sanction = step("incident.sanction")
    close = step("incident.close")
    dismiss = step("incident.dismiss")
    withdraw = step("incident.withdraw")
    refer = step("incident.refer")
    take_over = step("incident.take_over")
    reopen = step("incident.reopen")

    class Meta:
        proxy = True
