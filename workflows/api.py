"""The door: what course blocks, pages and other software may use of the workflows. Nothing deeper is promised to stay."""

from __future__ import annotations

from workflows import commands, queries
from workflows.commands import (
    ANONYMOUS,
    SYSTEM,
    InvalidData,
    Outcome,
    StalePage,
    StepDenied,
    correct_person,
    denials,
    denials_loaded,
    erase_words,
    hand_over_case,
    open_case,
    open_child,
    perform,
    record,
    retract,
)
from workflows.course_page import (
    ROLES,
    Place,
    place_in,
    pupil_page,
    reasons,
    school_of_course,
    staff_page,
)
from workflows.queries import (
    approvals,
    cases_for,
    count_waiting,
    desk,
    log_read,
    people_of,
    person_of,
    readers_of,
    roles_of,
    roster,
    schools_of,
    sight_of,
    tick_late,
    timeline,
    visible_to,
)

__all__ = [
    "ANONYMOUS", "ROLES", "SYSTEM", "InvalidData", "Outcome", "Place", "StalePage", "StepDenied", "approvals", "cases_for",
    "commands", "correct_person", "count_waiting", "denials", "denials_loaded", "desk", "erase_words", "hand_over_case",
    "log_read", "open_case", "open_child", "people_of", "perform", "person_of", "place_in", "pupil_page", "queries",
    "readers_of", "reasons", "record", "retract", "roles_of", "roster", "school_of_course", "schools_of", "sight_of",
    "staff_page", "tick_late", "timeline", "visible_to",
]  # fmt: skip
