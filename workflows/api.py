"""The door: what course blocks, pages and other software may use of the workflows. Nothing deeper is promised to stay."""

from __future__ import annotations

from workflows import module
from workflows.access import person_of, roles_of, schools_of, sight_of, visible_to
from workflows.assigned import go_elsewhere, led_to
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
from workflows.course_page import ROLES, Place, place_in, reasons, school_of_course
from workflows.course_page_pupil import pupil_page
from workflows.course_page_staff import staff_page
from workflows.lesson_files import hand_over as hand_over_lessons
from workflows.lesson_measures import complete_measures
from workflows.lesson_progress import Mark, OutOfTurn, Progress, Turn
from workflows.lessons import LANGUAGES, LEVELS, Scene, Unit
from workflows.module import Awaited, Learning
from workflows.queries import cases_for, desk, log_export, log_read, people_of, readers_of, roster, tick_late, timeline, who_reads
from workflows.waiting import approvals, count_waiting
from workflows.words import in_language

__all__ = [
    "ANONYMOUS", "LANGUAGES", "LEVELS", "ROLES", "SYSTEM", "Awaited", "InvalidData", "Learning", "Mark", "OutOfTurn", "Outcome", "Place",
    "Progress", "Scene", "StalePage", "StepDenied", "Turn", "Unit", "approvals", "cases_for",
    "complete_measures", "correct_person", "count_waiting", "denials", "denials_loaded", "desk",
    "erase_words", "go_elsewhere", "hand_over_case", "hand_over_lessons", "in_language", "led_to", "log_export", "log_read", "module",
    "open_case", "open_child", "people_of", "perform", "person_of", "place_in", "pupil_page", "readers_of",
    "reasons", "record", "retract", "roles_of", "roster", "school_of_course", "schools_of", "sight_of", "staff_page",
    "tick_late", "timeline", "visible_to", "who_reads",
]  # fmt: skip
