"""The rows of kc-xblock: people, cases, and the record of what happened."""

from __future__ import annotations

from workflows.models.case import Case, Involvement
from workflows.models.incident import Incident
from workflows.models.measure import Measure
from workflows.models.people import (
    Authority,
    CourseLink,
    Enrolment,
    Group,
    Guardianship,
    Membership,
    PeopleChange,
    Person,
    School,
    SchoolHoliday,
)
from workflows.models.police import Police
from workflows.models.record import (
    Duty,
    Letter,
    LetterLink,
    LogEntry,
    Outbox,
    PackSeal,
    ReadEntry,
    Submission,
    TickRun,
    Words,
)
from workflows.models.takedown import Takedown

CASE_TYPES: dict[str, type[Case]] = {
    "incident": Incident,
    "measure": Measure,
    "police": Police,
    "takedown": Takedown,
}
"""The model of each case type."""

__all__ = [
    "CASE_TYPES", "Authority", "Case", "CourseLink", "Duty", "Enrolment", "Group", "Guardianship", "Incident", "Involvement",
    "Letter", "LetterLink", "LogEntry", "Measure", "Membership", "Outbox", "PackSeal", "PeopleChange", "Person", "Police",
    "ReadEntry", "School", "SchoolHoliday", "Submission", "Takedown", "TickRun", "Words",
]  # fmt: skip
