"""The pages by name, for `workflows.urls` and for a host's own handlers (403, 404, 500)."""

from __future__ import annotations

from workflows.pages.approvals import approvals, decide
from workflows.pages.base import blank, forbidden, not_found, server_error
from workflows.pages.case import case_page
from workflows.pages.desk import desk
from workflows.pages.letters import letter_page, letter_pdf
from workflows.pages.own import person_page
from workflows.pages.report import report
from workflows.pages.rest import case_steps, cases
from workflows.pages.step import correct_page, owner_page, record_page, retract_page, step_page

__all__ = [
    "approvals", "blank", "case_page", "case_steps", "cases", "correct_page", "decide", "desk", "forbidden", "letter_page", "letter_pdf", "not_found",
    "owner_page", "person_page", "record_page", "report", "retract_page", "server_error", "step_page",
]  # fmt: skip
