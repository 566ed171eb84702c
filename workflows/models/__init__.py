"""The rows of kc-xblock: people, cases, and the record of what happened."""

from __future__ import annotations

from workflows.models.account import Account
from workflows.models.case import Case, Involvement
from workflows.models.consent import Consent
from workflows.models.friend_request import FriendRequest
from workflows.models.incident import Incident
from workflows.models.link import AskedText, Attempt, PersonalLink
from workflows.models.measure import Measure
from workflows.models.module import Diploma, LessonAnswer, LessonRun, ProgrammeItem
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
from workflows.models.round import PaperForm, PaperPart, Round, RoundAsk, RoundCase
from workflows.models.takedown import Takedown

CASE_TYPES: dict[str, type[Case]] = {
    "incident": Incident,
    "measure": Measure,
    "police": Police,
    "takedown": Takedown,
    "consent": Consent,
    "friend_request": FriendRequest,
    "account": Account,
}
"""The model of each case type."""

__all__ = [
    "CASE_TYPES", "AskedText", "Attempt", "Authority", "Case", "CourseLink", "Diploma", "Duty", "Enrolment", "FriendRequest", "Group",
    "Guardianship", "Incident", "Involvement", "LessonAnswer", "LessonRun", "Letter", "LetterLink", "LogEntry", "Measure", "Membership",
    "Outbox", "PackSeal", "PaperForm", "PaperPart", "PeopleChange", "Person", "PersonalLink", "Police", "ProgrammeItem", "ReadEntry", "Round",
    "RoundAsk", "RoundCase", "School", "SchoolHoliday", "Submission", "Takedown", "TickRun", "Words",
]  # fmt: skip
