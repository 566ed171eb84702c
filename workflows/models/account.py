"""An account in the school's name, a class chat group, or a sign-up somewhere with a school address."""

from __future__ import annotations

from typing import ClassVar

from workflows.machine import step
from workflows.models.case import Case


class Account(Case):
    """A registered account; `person` looks after it."""

    pii: ClassVar[str] = "See Case."

    request = step("account.request")
    approve = step("account.approve")
    refuse = step("account.refuse")
    transfer = step("account.transfer")
    retire = step("account.retire")

    class Meta:
        proxy = True
