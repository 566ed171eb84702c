"""The pages by name, for `workflows.urls` and for a host's own handlers (403, 404, 500)."""

from __future__ import annotations

from workflows.pages.approvals import approvals
from workflows.pages.base import blank, forbidden, not_found, server_error
from workflows.pages.case import case_page
from workflows.pages.corrections import correct_page, owner_page, retract_page
from workflows.pages.decide_root import decide
from workflows.pages.desk import desk
from workflows.pages.letters import letter_copy, letter_page, letter_pdf
from workflows.pages.module import check_diploma, class_page, diploma_pdf, my_diplomas, programme_part, sheet, to_lessons
from workflows.pages.more import more
from workflows.pages.own import person_page
from workflows.pages.own_consents import own_consents
from workflows.pages.pictures import pictures
from workflows.pages.register import register
from workflows.pages.report import report
from workflows.pages.request_new import new_account, new_connection
from workflows.pages.rest import case_steps, cases
from workflows.pages.root import root_page
from workflows.pages.root_answer import answer_page as root_answer
from workflows.pages.root_answer import links_page as root_links
from workflows.pages.step import record_page, step_page

__all__ = [
    "approvals", "blank", "case_page", "case_steps", "cases", "check_diploma", "class_page", "correct_page", "decide",
    "desk", "diploma_pdf", "forbidden", "letter_copy", "letter_page", "letter_pdf", "more", "my_diplomas", "new_account", "new_connection",
    "not_found", "own_consents", "owner_page", "person_page", "pictures", "programme_part", "record_page", "register",
    "report", "retract_page", "root_answer", "root_links", "root_page", "server_error", "sheet", "step_page",
    "to_lessons",
]  # fmt: skip
