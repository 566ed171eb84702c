"""The steps and milestones of each case type, with the fields they take.

PURE, and read through `workflows.vocabulary` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .vocabulary_words import pgettext


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
    """A dated fact on a case that changes no state; `person` tells whether it concerns somebody."""

    label: str
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    person: bool = False


ABOUT = ("scope", "capacity", "published", "possibly_criminal", "school_medium", "acted_on", "origin", "rule", "confidential")
ASSESSED = ("qualification", "gravity_words", "gravity_conduct", "gravity_effects")

DECIDED = (
    "conduct", "acted_at", "platform", "rule", "rule_followed", "bound_to", "device", "why_not_lighter", "earlier_measures", "school_work",
    "conditions", "return_talk_on", "opinion_weighed", *ASSESSED,
)  # fmt: skip
"""What a measure and its letter say: told with the proposal, and where something lacks, with the decision."""

LESSONS = ("lesson_level", "lessons", "due_on")
"""What a measure says that is a lesson on media literacy; without `lessons` it is the whole level."""

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
         *LESSONS, *DECIDED), ("kind",), creates=True),
    "measure.approve": Step(pgettext("step", "Approve the measure"), ("reason", *LESSONS, *DECIDED), ("reason",)),
    "measure.reject": Step(pgettext("step", "Refuse the measure"), ("reason",), ("reason",)),
    "measure.impose": Step(
        pgettext("step", "Impose the measure"), ("reason", "other_evidence", "why_on_child", "first_day", "school_days", *LESSONS, *DECIDED)),
    "measure.complete": Step(pgettext("step", "Complete the measure"), ("note",)),
    "measure.withdraw": Step(pgettext("step", "Withdraw the measure"), ("reason",), ("reason",)),
    "police.consider": Step(pgettext("step", "Consider the police"), ("conduct", "victim_view"), creates=True),
    "police.report": Step(
        pgettext("step", "Report to the police"),
        ("conduct", "station", "report_number", "on_behalf_of", "handed_over_what", "legal_ground", "next_contact", "police_hold",
         "happened"), ("station",)),
    "police.decline": Step(pgettext("step", "Do not report to the police"), ("reason", "victim_view"), ("reason",)),
    "police.conclude": Step(pgettext("step", "Note how the police track ended"), ("police_outcome", "note"), ("police_outcome",)),
    "takedown.request": Step(
        pgettext("step", "Ask to take it down"), ("asks", "person", "published", "platform", "where", "school_medium", "correction"), ("asks",), creates=True),
    "takedown.confirm_removed": Step(pgettext("step", "Confirm that it is gone"), ("how", "why_post_stays", "note"), ("how",)),
    "takedown.confirm_corrected": Step(pgettext("step", "Confirm the correction"), ("correction", "note")),
    "takedown.settle": Step(pgettext("step", "Settle the request"), system=True),
    "takedown.refuse": Step(pgettext("step", "Note that it stays up"), ("reason",), ("reason",)),
    "consent.request": Step(
        pgettext("step", "Ask for consent"), ("person", "purpose", "channel", "moment", "until", "asked", "note"),
        ("person", "purpose", "channel"), creates=True),
    "consent.answer": Step(
        pgettext("step", "Answer"), ("answer", "person", "form", "authority", "witness", "language", "text_version", "reason", "happened"),
        ("answer",)),
    "consent.withdraw": Step(
        pgettext("step", "Withdraw consent"), ("person", "form", "witness", "language", "text_version", "reason", "happened")),
    "consent.expire": Step(pgettext("step", "Let consent expire"), system=True),
    "consent.recount": Step(pgettext("step", "Count the answers anew"), ("person",), system=True),
    "consent.renew": Step(pgettext("step", "Ask again"), ("moment", "until", "asked", "reason")),
    "friend_request.declare": Step(
        pgettext("step", "Declare a connection"),
        ("person", "counterpart", "counterpart_name", "counterparty", "asked_by", "platform", "target_account", "account", "account_until", "aims",
         "tie", "tie_since", "contact_since", "tie_proof", "parents_told", "until", "review_on", "reason"),
        ("counterparty", "target_account"), creates=True),
    "friend_request.approve": Step(pgettext("step", "Approve the connection"), ("until", "review_on", "reason")),
    "friend_request.refuse": Step(pgettext("step", "Refuse the connection"), ("reason",), ("reason",)),
    "friend_request.end": Step(pgettext("step", "Note that the connection ended"), ("reason", "happened")),
    "friend_request.review": Step(pgettext("step", "Review the connection"), ("until", "review_on", "reason"), ("until",)),
    "friend_request.expire": Step(pgettext("step", "Let the approval expire"), system=True),
    "account.request": Step(
        pgettext("step", "Request an account"),
        ("account_kind", "name", "platform", "url", "site", "opened_on", "aim", "aims", "owner_person", "stand_in", "moderators", "taking_part",
         "responsible", "professional", "no_private_data", "until", "review_on", "reason"), ("account_kind",), creates=True),
    "account.approve": Step(pgettext("step", "Approve the account"), ("until", "review_on", "reason")),
    "account.refuse": Step(pgettext("step", "Refuse the account"), ("reason",), ("reason",)),
    "account.transfer": Step(
        pgettext("step", "Hand over the account"), ("owner_person", "stand_in", "moderators", "taking_part", "responsible", "reason")),
    "account.retire": Step(pgettext("step", "Retire the account"), ("reason",)),
    "round.send": Step(pgettext("step", "Send a round of requests"), ("addressees", "moment", "reason"), ("addressees",)),
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
    "consent": {
        "used": Milestone(pgettext("milestone", "published"), ("where", "harm_expected", "happened", "note"), ("where",)),
    },
    "account": {
        "moderated": Milestone(pgettext("milestone", "removed from the account"), ("moderation", "reason", "happened", "note"), ("moderation",)),
    },
}  # fmt: skip
"""Milestones by case type. `heard`, `phone_taken` and `phone_returned` are also written by steps."""
