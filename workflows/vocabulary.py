"""The closed vocabulary: case types, steps, milestones, fields, roles, categories, kinds and letters, each with its label.

PURE: knows no Django and no school. Forms, commands, packs, scenarios and `check_protocol --vocabulary` all read the
one declaration here. Labels are English source strings; the pages translate them (`workflows.words`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


def pgettext(context: str, message: str) -> str:
    """Mark `message` for the catalogue under `context`; the translation itself happens where it is shown."""
    return message


FieldKind = Literal["text", "line", "date", "moment", "number", "yes_no", "choice", "person", "people"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a step or milestone may be told.

    `text` and `line` are people's words: they live in erasable rows and never in the log's chain; all other kinds are facts.
    """

    name: str
    kind: FieldKind
    label: str
    choices: tuple[str, ...] = ()

    @property
    def is_words(self) -> bool:
        """Whether the value is free text."""
        return self.kind in ("text", "line")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a case type: `label`, the fields it takes, those the form itself insists on, and how it comes about."""

    label: str
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    creates: bool = False
    system: bool = False


@dataclass(frozen=True, slots=True)
class Milestone:
    """A dated fact on a case that changes no state; `person` tells whether it concerns somebody.

    """

    label: str
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    person: bool = False




ROLES: Mapping[str, str] = {
    "mentor": pgettext("role", "mentor"),
    "teacher": pgettext("role", "teacher"),
    "director": pgettext("role", "director"),
    "deputy": pgettext("role", "deputy"),
    "board": pgettext("role", "board"),
    "manager": pgettext("role", "manager"),
    "personnel": pgettext("role", "personnel department"),
    "ict_coordinator": pgettext("role", "ICT coordinator"),
    "mediamaster": pgettext("role", "mediamaster"),
    "confidential_counsellor": pgettext("role", "confidential counsellor"),
    "dpo": pgettext("role", "data protection officer"),
    "communications": pgettext("role", "communications department"),
    "coordinator": pgettext("role", "coordinator"),
    "administrator": pgettext("role", "administrator"),
    "employee": pgettext("role", "any member of staff"),
    "pupil": pgettext("role", "pupil"),
    "guardian": pgettext("role", "parent or carer"),
    "outsider": pgettext("role", "somebody from outside the school"),
    "anonymous": pgettext("role", "anonymous reporter"),
    "system": pgettext("role", "the system"),
}
"""Every role a line may name. `employee` is held by all staff; `deputy` by whoever stands in for a role today."""

STAFF_ROLES: tuple[str, ...] = (
    "mentor", "teacher", "director", "deputy", "board", "manager", "personnel", "ict_coordinator", "mediamaster",
    "confidential_counsellor", "dpo", "communications", "coordinator", "administrator",
)  # fmt: skip

CASE_ROLES: Mapping[str, str] = {
    "reporter": pgettext("role in a case", "reported it"),
    "target": pgettext("role in a case", "it was done to"),
    "suspect": pgettext("role in a case", "is said to have done it"),
    "participant": pgettext("role in a case", "joined in"),
    "sharer": pgettext("role in a case", "passed it on"),
    "bystander": pgettext("role in a case", "saw it"),
}

PERSON_KINDS: Mapping[str, str] = {
    "pupil": pgettext("kind of person", "pupil"),
    "employee": pgettext("kind of person", "member of staff"),
    "parent": pgettext("kind of person", "parent or carer"),
    "outsider": pgettext("kind of person", "somebody from outside"),
}

CATEGORIES: Mapping[str, str] = {
    "cyberbullying": pgettext("category", "Bullying in an app or chat"),
    "insult": pgettext("category", "Hurtful or insulting message"),
    "untrue_statement": pgettext("category", "Untrue story spread about somebody"),
    "unwanted_contact": pgettext("category", "Keeps seeking contact that is not wanted"),
    "threat": pgettext("category", "Threatening message"),
    "image_without_consent": pgettext("category", "Photo or film shared without consent"),
    "intimate_image": pgettext("category", "Intimate image shared or asked for"),
    "humiliating_video": pgettext("category", "Humiliating film of a pupil or teacher"),
    "impersonation": pgettext("category", "Fake account or posing as somebody"),
    "account_takeover": pgettext("category", "Account taken over"),
    "account_access": pgettext("category", "Ended up in somebody else's account"),
    "doxing": pgettext("category", "Private details spread"),
    "discrimination": pgettext("category", "Discriminating message"),
    "sexual_approach": pgettext("category", "Sexual approach online"),
    "sexual_misconduct": pgettext("category", "Sexual misconduct"),
    "accusation": pgettext("category", "Accusation of sexual misconduct"),
    "staff_contact": pgettext("category", "Contact between staff and pupil outside the rules"),
    "phone_use": pgettext("category", "Phone or app used when it may not"),
    "harmful_challenge": pgettext("category", "Dangerous challenge or self-harm content"),
    "school_name": pgettext("category", "Damage to the school's name"),
    "parent_conduct": pgettext("category", "Conduct of a parent online"),
    "unwanted_site": pgettext("category", "Unwanted site seen"),
    "hate_mail": pgettext("category", "Hate mail"),
    "technical": pgettext("category", "Technical trouble"),
    "security": pgettext("category", "Security or possible leak"),
    "other": pgettext("category", "Something else"),
}
"""Conduct, never offences (design part 3). A pack may add `local.<name>`."""

SEXUAL_CATEGORIES = frozenset({"sexual_approach", "sexual_misconduct", "intimate_image", "accusation"})
"""Conduct of a sexual nature: with a member of staff as the suspect it takes the hard route (WPO 4a, WVO 2020 3.38)."""

KIND_GROUPS: Mapping[str, tuple[str, ...]] = {
    "repair": ("talk", "apology", "repair", "lesson_module"),
    "order": ("confiscate_phone", "network_ban", "time_out", "class_change"),
    "disciplinary": ("warning", "reprimand", "task", "detention"),
    "exclusion": (
        "suspension", "internal_suspension", "expulsion", "dismissal", "instant_dismissal", "access_ban",
        "end_collaboration",
    ),
}  # fmt: skip

KINDS: Mapping[str, str] = {
    "talk": pgettext("measure", "Talk"),
    "apology": pgettext("measure", "Apology"),
    "repair": pgettext("measure", "Repairing the harm"),
    "lesson_module": pgettext("measure", "Lesson on media literacy"),
    "confiscate_phone": pgettext("measure", "Phone handed in"),
    "network_ban": pgettext("measure", "Barred from the school network"),
    "time_out": pgettext("measure", "Time-out for the rest of the day"),
    "class_change": pgettext("measure", "Move to another class"),
    "warning": pgettext("measure", "Warning"),
    "reprimand": pgettext("measure", "Reprimand"),
    "task": pgettext("measure", "Task"),
    "detention": pgettext("measure", "Staying behind"),
    "suspension": pgettext("measure", "Suspension"),
    "internal_suspension": pgettext("measure", "Internal suspension"),
    "expulsion": pgettext("measure", "Removal from school"),
    "dismissal": pgettext("measure", "Dismissal"),
    "instant_dismissal": pgettext("measure", "Instant dismissal"),
    "access_ban": pgettext("measure", "No access to the school grounds"),
    "end_collaboration": pgettext("measure", "End of the collaboration"),
}

SEVERITIES: Mapping[int, str] = {
    0: pgettext("severity", "Signal: something feels wrong"),
    1: pgettext("severity", "Minor: the mentor can handle it"),
    2: pgettext("severity", "Repeated or hurtful"),
    3: pgettext("severity", "Serious"),
    4: pgettext("severity", "Grave"),
}

CHANNELS: Mapping[str, str] = {
    "in_person": pgettext("channel", "in person"),
    "phone": pgettext("channel", "by telephone"),
    "email": pgettext("channel", "by e-mail"),
    "portal": pgettext("channel", "through the parent portal"),
    "post": pgettext("channel", "by post"),
    "video": pgettext("channel", "in a video call"),
}
"""How somebody was reached."""

ROUTES: Mapping[str, str] = {
    "handed_over": pgettext("route", "handed over"),
    "post": pgettext("route", "by post"),
    "email": pgettext("route", "e-mail with a personal link"),
    "portal": pgettext("route", "portal notice with a personal link"),
}
"""How a letter leaves the school."""

LETTERS: Mapping[str, str] = {
    "invitation": pgettext("letter", "Invitation to a talk"),
    "report_notice": pgettext("letter", "Notice to parents at the report"),
    "measure_notice": pgettext("letter", "Notice of a measure"),
    "suspension": pgettext("letter", "Suspension decision"),
    "removal_agreement": pgettext("letter", "Agreement on removal and correction"),
    "police_note": pgettext("letter", "Note of a police report"),
    "staff_letter": pgettext("letter", "Letter to a member of staff"),
    "takedown_request": pgettext("letter", "Request to withdraw a publication"),
}

SELECTORS: Mapping[str, str] = {
    "case": pgettext("people", "the case"),
    "subject": pgettext("people", "the person concerned"),
    "subject_guardians": pgettext("people", "a parent of each pupil concerned"),
    "each_guardian": pgettext("people", "each parent of the pupil concerned"),
    "pupils_guardians": pgettext("people", "a parent of every pupil involved"),
    "targets": pgettext("people", "whom it was done to"),
    "pupils_mentor": pgettext("people", "the mentor of the pupil concerned"),
}

STATES: Mapping[str, Mapping[str, str]] = {
    "incident": {
        "reported": pgettext("state", "reported"),
        "triaged": pgettext("state", "assessed"),
        "discussed": pgettext("state", "discussed"),
        "escalated": pgettext("state", "with the director"),
        "sanctioned": pgettext("state", "measure imposed"),
        "closed": pgettext("state", "closed"),
        "dismissed": pgettext("state", "dismissed"),
        "referred": pgettext("state", "referred"),
    },
    "measure": {
        "proposed": pgettext("state", "proposed"),
        "approved": pgettext("state", "approved"),
        "rejected": pgettext("state", "rejected"),
        "imposed": pgettext("state", "imposed"),
        "completed": pgettext("state", "completed"),
        "withdrawn": pgettext("state", "withdrawn"),
    },
    "police": {
        "considered": pgettext("state", "considered"),
        "reported": pgettext("police", "reported to the police"),
        "not_reported": pgettext("police", "not reported to the police"),
        "concluded": pgettext("police", "concluded"),
    },
    "takedown": {
        "requested": pgettext("state", "requested"),
        "removed": pgettext("state", "removed"),
        "corrected": pgettext("state", "corrected"),
        "settled": pgettext("state", "settled"),
        "refused": pgettext("state", "refused"),
    },
}

OPEN = ("reported", "triaged", "discussed", "escalated", "sanctioned")
"""The open states of an incident (design part 3)."""


def _f(name: str, kind: FieldKind, label: str, choices: tuple[str, ...] = ()) -> tuple[str, Field]:
    return name, Field(name, kind, label, choices)


FIELDS: Mapping[str, Field] = dict([
    # people
    _f("suspects", "people", pgettext("field", "Who is said to have done it")),
    _f("targets", "people", pgettext("field", "To whom was it done")),
    _f("participants", "people", pgettext("field", "Who joined in")),
    _f("sharers", "people", pgettext("field", "Who passed it on")),
    _f("bystanders", "people", pgettext("field", "Who saw it")),
    _f("person", "person", pgettext("field", "Whom it concerns")),
    _f("exclude", "person", pgettext("field", "Who should not read this")),
    _f("on_behalf_of", "person", pgettext("field", "On whose behalf")),
    _f("owner", "person", pgettext("field", "Who takes over the case")),
    # what happened
    _f("category", "choice", pgettext("field", "What happened"), tuple(CATEGORIES)),
    _f("act", "choice", pgettext("field", "What somebody did"), ("post", "forward", "repost", "like", "search", "view", "receive", "other")),
    _f("severity", "number", pgettext("field", "How serious it is")),
    _f("acted_on", "date", pgettext("field", "Day it happened")),
    _f("acted_at", "line", pgettext("field", "Time and place")),
    _f("platform", "line", pgettext("field", "App or site")),
    _f("story", "text", pgettext("field", "What was seen or heard")),
    _f("conduct", "text", pgettext("field", "What was done, in neutral words")),
    _f("scope", "choice", pgettext("field", "Has it to do with school"), ("school_related", "overlap", "private")),
    _f("capacity", "choice", pgettext("field", "In which capacity"), ("personal", "professional")),
    _f("published", "yes_no", pgettext("field", "Can others see it online")),
    _f("possibly_criminal", "yes_no", pgettext("field", "May it be a criminal offence")),
    _f("school_medium", "yes_no", pgettext("field", "Is it on an account of the school")),
    _f("anonymous", "yes_no", pgettext("field", "Reported without a name")),
    _f("confidential", "yes_no", pgettext("field", "Delicate or complicated: handle in confidence")),
    _f("origin", "choice", pgettext("field", "How it was found"), ("report", "monitoring", "seen")),
    _f("help_contact", "choice", pgettext("field", "Whom you ask for help"), ("teacher", "mentor", "director", "confidential_counsellor")),
    _f("rule", "line", pgettext("field", "Rule it goes against")),
    _f("lesson", "line", pgettext("field", "Lesson")),
    # assessment
    _f("qualification", "choice", pgettext("field", "How the conduct may be qualified"), ("possible_neglect_of_duty", "possibly_culpable")),
    _f("gravity_words", "text", pgettext("field", "Gravity: the words")),
    _f("gravity_conduct", "text", pgettext("field", "Gravity: the conduct")),
    _f("gravity_effects", "text", pgettext("field", "Gravity: the effects")),
    _f("mode", "choice", pgettext("field", "Who handles the case"), ("school", "joint", "handed_over")),
    _f("refer_to", "line", pgettext("field", "Protocol or body it goes to")),
    _f("outcome", "choice", pgettext("field", "Outcome"), ("unfounded", "settled_by_talk", "repaired", "measure_completed", "referred", "no_action")),
    # measures
    _f("kind", "choice", pgettext("field", "Measure"), tuple(KINDS)),
    _f("first_day", "date", pgettext("field", "First day")),
    _f("school_days", "number", pgettext("field", "Number of school days")),
    _f("reason", "text", pgettext("field", "Reason")),
    _f("rule_followed", "line", pgettext("field", "Rule of the school that is followed")),
    _f("bound_to", "choice", pgettext("field", "The ban holds for"), ("person", "device")),
    _f("device", "line", pgettext("field", "Which device")),
    _f("why_not_lighter", "text", pgettext("field", "Why a lighter measure falls short")),
    _f("falls_on_child", "yes_no", pgettext("field", "The act was a parent's, the measure falls on the child")),
    _f("why_on_child", "text", pgettext("field", "Why it falls on the child")),
    _f("other_evidence", "text", pgettext("field", "What supports it beside the anonymous report")),
    _f("earlier_measures", "text", pgettext("field", "Earlier measures")),
    _f("school_work", "text", pgettext("field", "School work meanwhile, and who helps with it")),
    _f("conditions", "text", pgettext("field", "Conditions and what stays allowed")),
    _f("return_talk_on", "date", pgettext("field", "Day of the return talk")),
    _f("opinion_weighed", "text", pgettext("field", "How free expression was weighed")),
    # talk and contact
    _f("note", "text", pgettext("field", "What was said")),
    _f("place", "line", pgettext("field", "Place or video link")),
    _f("meeting_at", "moment", pgettext("field", "Day and time of the talk")),
    _f("attends", "line", pgettext("field", "Who attends")),
    _f("channel", "choice", pgettext("field", "How"), tuple(CHANNELS)),
    _f("reached", "yes_no", pgettext("field", "Was the parent reached")),
    _f("happened", "moment", pgettext("field", "When it happened")),
    # evidence, causes, files
    _f("manner", "choice", pgettext("field", "How it was seen"), ("public", "asked_and_shown", "handed_in", "not_public", "insisted")),
    _f("with", "choice", pgettext("field", "Together with"), ("ict_coordinator", "teacher", "director")),
    _f("finding", "choice", pgettext("field", "Finding"), ("accidental", "deliberate", "unclear")),
    _f("file", "choice", pgettext("field", "File"), ("pupil_file", "personnel_file")),
    _f("advice_kind", "choice", pgettext("field", "What for"), ("advice", "discuss_offence")),
    _f("mediation_possible", "yes_no", pgettext("field", "Can mediation solve it")),
    _f("action", "choice", pgettext("field", "What is done at once"), ("kept_apart", "brought_to_safe_place", "collected_by_guardian", "phone_kept_safe", "account_closed", "other")),
    # police
    _f("station", "line", pgettext("field", "Police station and officer")),
    _f("report_number", "line", pgettext("field", "Number of the report")),
    _f("handed_over_what", "text", pgettext("field", "What was handed over")),
    _f("legal_ground", "line", pgettext("field", "Legal ground")),
    _f("police_hold", "yes_no", pgettext("field", "The police asked to wait with informing others")),
    _f("victim_view", "text", pgettext("field", "What the victim wants")),
    _f("police_outcome", "choice", pgettext("field", "How it ended"), ("settled", "halt", "dismissed", "court", "unknown")),
    # takedown
    _f("asks", "choice", pgettext("field", "What is asked"), ("withdraw_publication", "remove_and_correct", "close_account")),
    _f("how", "choice", pgettext("field", "How it was removed"), ("post_removed", "account_deleted", "withdrawn")),
    _f("why_post_stays", "text", pgettext("field", "Why the post itself cannot be removed")),
    _f("correction", "text", pgettext("field", "The correction")),
    _f("where", "line", pgettext("field", "Where it stands")),
])  # fmt: skip
"""Every field a step or milestone may carry, by name."""

ABOUT = ("scope", "capacity", "published", "possibly_criminal", "school_medium", "acted_on", "origin", "rule", "confidential")
ASSESSED = ("qualification", "gravity_words", "gravity_conduct", "gravity_effects")

DECIDED = (
    "conduct", "acted_at", "platform", "rule", "rule_followed", "bound_to", "device", "why_not_lighter", "earlier_measures", "school_work",
    "conditions", "return_talk_on", "opinion_weighed", *ASSESSED,
)  # fmt: skip
"""What a measure and its letter say: told with the proposal, and where something lacks, with the decision."""

STEPS: Mapping[str, Step] = {
    "incident.report": Step(
        pgettext("step", "Open a case"),
        ("category", "suspects", "targets", "participants", "sharers", "bystanders", "act", "severity", *ABOUT, "acted_at", "platform",
         "story", "anonymous", "help_contact", "exclude", "lesson"),
        ("category",), creates=True),
    "incident.triage": Step(
        pgettext("step", "Assess the case"), ("severity", "category", *ABOUT, *ASSESSED, "conduct", "act", "suspects", "targets",
                                              "participants", "sharers", "bystanders"), ("severity",)),
    "incident.discuss": Step(pgettext("step", "Log the talk"), ("person", "happened", "channel", "note"), ("note",)),
    "incident.escalate": Step(pgettext("step", "Bring to the director"), ("reason",), ("reason",)),
    "incident.send_back": Step(pgettext("step", "Send back with a question"), ("reason",), ("reason",)),
    "incident.sanction": Step(pgettext("step", "Impose the approved measures"), ("reason", *DECIDED)),
    "incident.close": Step(pgettext("step", "Close the case"), ("outcome", "note"), ("outcome",)),
    "incident.dismiss": Step(pgettext("step", "Dismiss the case"), ("reason",), ("reason",)),
    "incident.withdraw": Step(pgettext("step", "Take back what was opened by mistake"), ("reason",)),
    "incident.refer": Step(pgettext("step", "Refer to another protocol"), ("refer_to", "category", "reason"), ("refer_to", "reason")),
    "incident.take_over": Step(pgettext("step", "Settle who handles the case"), ("mode", "reason"), ("mode",)),
    "incident.reopen": Step(pgettext("step", "Reopen the case"), ("reason",), ("reason",)),
    "measure.propose": Step(
        pgettext("step", "Propose a measure"),
        ("person", "kind", "first_day", "school_days", "reason", "falls_on_child", "why_on_child", "other_evidence", "scope", "capacity",
         *DECIDED), ("kind",), creates=True),
    "measure.approve": Step(pgettext("step", "Approve the measure"), ("reason", *DECIDED), ("reason",)),
    "measure.reject": Step(pgettext("step", "Refuse the measure"), ("reason",), ("reason",)),
    "measure.impose": Step(
        pgettext("step", "Impose the measure"), ("reason", "other_evidence", "why_on_child", "first_day", "school_days", *DECIDED)),
    "measure.complete": Step(pgettext("step", "Complete the measure"), ("note",)),
    "measure.withdraw": Step(pgettext("step", "Withdraw the measure"), ("reason",), ("reason",)),
    "police.consider": Step(pgettext("step", "Consider the police"), ("conduct", "victim_view"), creates=True),
    "police.report": Step(
        pgettext("step", "Report to the police"),
        ("conduct", "station", "report_number", "on_behalf_of", "handed_over_what", "legal_ground", "police_hold", "happened"), ("station",)),
    "police.decline": Step(pgettext("step", "Do not report to the police"), ("reason", "victim_view"), ("reason",)),
    "police.conclude": Step(pgettext("step", "Note how the police track ended"), ("police_outcome", "note"), ("police_outcome",)),
    "takedown.request": Step(
        pgettext("step", "Ask to take it down"), ("asks", "person", "published", "platform", "where", "school_medium", "correction"), ("asks",), creates=True),
    "takedown.confirm_removed": Step(pgettext("step", "Confirm that it is gone"), ("how", "why_post_stays", "note"), ("how",)),
    "takedown.confirm_corrected": Step(pgettext("step", "Confirm the correction"), ("correction", "note")),
    "takedown.settle": Step(pgettext("step", "Settle the request"), system=True),
    "takedown.refuse": Step(pgettext("step", "Note that it stays up"), ("reason",), ("reason",)),
}  # fmt: skip
"""Every step by `type.step`. `required` is what the form itself refuses to miss; all else is asked by a pack's line."""

_TALK = ("happened", "channel", "note")

MILESTONES: Mapping[str, Mapping[str, Milestone]] = {
    "incident": {
        "parents_informed": Milestone(pgettext("milestone", "parents informed"), ("channel", "reached", "reason", "happened", "note"), ("channel",), person=True),
        "heard": Milestone(pgettext("milestone", "heard"), _TALK, person=True),
        "mentor_informed": Milestone(pgettext("milestone", "mentor informed"), _TALK, person=True),
        "cause_examined": Milestone(pgettext("milestone", "cause examined"), ("with", "finding", "happened", "note"), ("finding",)),
        "communications_consulted": Milestone(pgettext("milestone", "communications department consulted"), _TALK),
        "personnel_consulted": Milestone(pgettext("milestone", "personnel department consulted"), _TALK),
        "police_consulted": Milestone(pgettext("milestone", "police consulted, without a report"), ("advice_kind", *_TALK)),
        "ict_consulted": Milestone(pgettext("milestone", "ICT coordinator consulted"), _TALK),
        "advice_consulted": Milestone(pgettext("milestone", "outside expert consulted"), _TALK),
        "sender_traced": Milestone(pgettext("milestone", "sender traced"), ("with", "happened", "note")),
        "medium_stopped": Milestone(pgettext("milestone", "use of the account stopped"), ("happened", "note")),
        "board_told": Milestone(pgettext("milestone", "board told"), _TALK),
        "confidential_inspector_consulted": Milestone(pgettext("milestone", "confidential inspector consulted"), ("happened", "note")),
        "inspectorate_notified": Milestone(pgettext("milestone", "inspectorate notified"), ("report_number", "happened")),
        "evidence_seen": Milestone(pgettext("milestone", "evidence seen"), ("manner", "happened", "note"), ("manner",)),
        "phone_taken": Milestone(pgettext("milestone", "phone taken"), ("place", "happened"), person=True),
        "phone_returned": Milestone(pgettext("milestone", "phone returned"), ("happened",), person=True),
        "consequences_explained": Milestone(pgettext("milestone", "consequences explained"), ("happened", "note"), person=True),
        "found": Milestone(pgettext("milestone", "forbidden use found"), ("origin", "happened", "note"), person=True),
        "school_found": Milestone(pgettext("milestone", "another school found"), ("happened", "note"), person=True),
        "return_talk": Milestone(pgettext("milestone", "return talk held"), ("happened", "note"), person=True),
        "victim_checked": Milestone(pgettext("milestone", "checked how the victim is"), ("happened", "note"), person=True),
        "counsellor_involved": Milestone(pgettext("milestone", "confidential counsellor supports"), ("happened",), person=True),
        "mediation_explored": Milestone(pgettext("milestone", "mediation explored"), ("mediation_possible", "happened", "note"), ("mediation_possible",), person=True),
        "urgent_safety_measure": Milestone(pgettext("milestone", "urgent safety measure"), ("action", "reason", "happened"), ("action", "reason"), person=True),
        "filed": Milestone(pgettext("milestone", "correspondence filed"), ("file", "happened"), ("file",)),
        "released": Milestone(pgettext("milestone", "released to the pupil"), ("happened",), person=True),
        "invited": Milestone(pgettext("milestone", "invited to a talk"), ("meeting_at", "place", "attends", "reason"), ("meeting_at", "place"), person=True),
        "shared": Milestone(pgettext("milestone", "shared with a colleague"), ("reason",), person=True),
    },
}  # fmt: skip
"""Milestones by case type. `heard`, `phone_taken` and `phone_returned` are also written by steps (design part 3)."""

FACT_KEYS: tuple[str, ...] = (
    "subject", "target", "by_kind", "category", "severity", "kind", "kind_group", "scope", "capacity", "mode", "sector", "age",
    "published", "possibly_criminal", "anonymous", "falls_on_child", "expulsion_running", "school_days", "school_medium", "purpose",
    "channel", "counterparty", "target_account", "how", "origin", "confidential", "legal_form", "act", "finding", "manner", "asks",
)  # fmt: skip
"""What a `when` may ask, beside the pack's own settings."""

DERIVED_FACTS: tuple[str, ...] = ("same_facts_days", "school_days", "last_day", "proposer", "reporter", "involved", "suspects", "by", "today", "state")
"""Computed facts that guards may name as fields (design part 4)."""


def group_of(kind: str) -> str | None:
    """The group a measure kind belongs to, or None for an unknown kind."""
    return next((group for group, kinds in KIND_GROUPS.items() if kind in kinds), None)


def case_type_of(step: str) -> str:
    """`measure` for `measure.propose`."""
    return step.split(".", 1)[0]
