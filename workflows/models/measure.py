"""A measure of an incident, for one person."""

from __future__ import annotations

from typing import ClassVar

from workflows.machine import step
from workflows.models.case import Case


class Measure(Case):
    """A proposed, approved or imposed measure. It has one person, who need not be the one who acted."""

    pii: ClassVar[str] = "See Case."

    propose = step("measure.propose")
    approve = step("measure.approve")
    reject = step("measure.reject")
    impose = step("measure.impose")
    complete = step("measure.complete")
    withdraw = step("measure.withdraw")

    class Meta:
        proxy = True
