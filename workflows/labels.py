"""Labels that the vocabulary leaves to the pages: choices of fields, and how things read within a sentence or a timeline.

Only words; `workflows.words` looks them up. Knows nothing but Django's translations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import pgettext_lazy

CHOICES: Mapping[str, Mapping[str, Any]] = {
    "act": {
        "post": pgettext_lazy("act", "Posted it"),
        "forward": pgettext_lazy("act", "Passed it on"),
        "repost": pgettext_lazy("act", "Posted it again"),
        "like": pgettext_lazy("act", "Liked it"),
        "search": pgettext_lazy("act", "Searched for it"),
        "view": pgettext_lazy("act", "Looked at it"),
        "receive": pgettext_lazy("act", "Received it"),
        "other": pgettext_lazy("act", "Something else"),
    },
    "scope": {
        "school_related": pgettext_lazy("scope", "Yes, it has to do with school"),
        "overlap": pgettext_lazy("scope", "Partly: it started outside and reaches school"),
        "private": pgettext_lazy("scope", "No, it is private"),
    },
    "capacity": {
        "personal": pgettext_lazy("capacity", "As a private person"),
        "professional": pgettext_lazy("capacity", "In their work for the school"),
    },
    "origin": {
        "report": pgettext_lazy("origin", "Somebody reported it"),
        "monitoring": pgettext_lazy("origin", "Found by monitoring"),
        "seen": pgettext_lazy("origin", "Seen by a member of staff"),
    },
    "help_contact": {
        "teacher": pgettext_lazy("help", "A teacher"),
        "mentor": pgettext_lazy("help", "My mentor"),
        "director": pgettext_lazy("help", "The director"),
        "confidential_counsellor": pgettext_lazy("help", "The confidential counsellor"),
    },
    "qualification": {
        "possible_neglect_of_duty": pgettext_lazy("qualification", "Possibly neglect of duty"),
        "possibly_culpable": pgettext_lazy("qualification", "Possibly culpable"),
    },
    "mode": {
        "school": pgettext_lazy("mode", "The school handles it"),
        "joint": pgettext_lazy("mode", "School and board together"),
        "handed_over": pgettext_lazy("mode", "The board has taken it over"),
    },
    "outcome": {
        "unfounded": pgettext_lazy("outcome", "It turned out not to be so"),
        "settled_by_talk": pgettext_lazy("outcome", "Settled by talking"),
        "repaired": pgettext_lazy("outcome", "The harm was repaired"),
        "measure_completed": pgettext_lazy("outcome", "The measure is completed"),
        "referred": pgettext_lazy("outcome", "Referred"),
        "no_action": pgettext_lazy("outcome", "No further action"),
    },
    "bound_to": {
        "person": pgettext_lazy("ban", "One person, on every device"),
        "device": pgettext_lazy("ban", "One device"),
    },
    "manner": {
        "public": pgettext_lazy("evidence", "It stood in public"),
        "asked_and_shown": pgettext_lazy("evidence", "Asked, and shown freely"),
        "handed_in": pgettext_lazy("evidence", "Handed in"),
        "not_public": pgettext_lazy("evidence", "Looked up where others cannot see it"),
        "insisted": pgettext_lazy("evidence", "Shown after pressure"),
    },
    "with": {
        "ict_coordinator": pgettext_lazy("together", "The ICT coordinator"),
        "teacher": pgettext_lazy("together", "A teacher"),
        "director": pgettext_lazy("together", "The director"),
    },
    "finding": {
        "accidental": pgettext_lazy("finding", "By accident"),
        "deliberate": pgettext_lazy("finding", "On purpose"),
        "unclear": pgettext_lazy("finding", "Not clear"),
    },
    "file": {
        "pupil_file": pgettext_lazy("file", "Pupil's file"),
        "personnel_file": pgettext_lazy("file", "Personnel file"),
    },
    "advice_kind": {
        "advice": pgettext_lazy("police talk", "Advice"),
        "discuss_offence": pgettext_lazy("police talk", "Whether it is an offence"),
    },
    "action": {
        "kept_apart": pgettext_lazy("safety", "Pupils kept apart"),
        "brought_to_safe_place": pgettext_lazy("safety", "Brought to a safe place"),
        "collected_by_guardian": pgettext_lazy("safety", "Collected by a parent"),
        "phone_kept_safe": pgettext_lazy("safety", "Phone kept safe, switched off"),
        "account_closed": pgettext_lazy("safety", "Account closed for today"),
        "other": pgettext_lazy("safety", "Something else"),
    },
    "police_outcome": {
        "settled": pgettext_lazy("police outcome", "Settled"),
        "halt": pgettext_lazy("police outcome", "Halt"),
        "dismissed": pgettext_lazy("police outcome", "No further action by the police"),
        "court": pgettext_lazy("police outcome", "Before the court"),
        "unknown": pgettext_lazy("police outcome", "Not known"),
    },
    "asks": {
        "withdraw_publication": pgettext_lazy("takedown", "Withdraw what was published"),
        "remove_and_correct": pgettext_lazy("takedown", "Remove it and post a correction"),
        "close_account": pgettext_lazy("takedown", "Close the account"),
    },
    "how": {
        "post_removed": pgettext_lazy("takedown", "The post was removed"),
        "account_deleted": pgettext_lazy("takedown", "The account was deleted"),
        "withdrawn": pgettext_lazy("takedown", "It was withdrawn from view"),
    },
    "moment": {
        "first_round": pgettext_lazy("occasion", "The first round"),
        "enrolment": pgettext_lazy("occasion", "Enrolment"),
        "yearly": pgettext_lazy("occasion", "Every year"),
        "on_request": pgettext_lazy("occasion", "When it is needed"),
    },
    "form": {
        "link": pgettext_lazy("answer came", "Through the personal link"),
        "account": pgettext_lazy("answer came", "Signed in"),
        "paper": pgettext_lazy("answer came", "On paper"),
        "in_person": pgettext_lazy("answer came", "In a talk at school"),
        "phone": pgettext_lazy("answer came", "By telephone"),
    },
    "language": {
        "nl": pgettext_lazy("language", "Dutch"),
        "en": pgettext_lazy("language", "English"),
        "tr": pgettext_lazy("language", "Turkish"),
        "ar": pgettext_lazy("language", "Arabic"),
        "pl": pgettext_lazy("language", "Polish"),
        "uk": pgettext_lazy("language", "Ukrainian"),
    },
    "counterparty": {
        "pupil": pgettext_lazy("counterparty", "A pupil"),
        "former_pupil": pgettext_lazy("counterparty", "A former pupil"),
        "guardian": pgettext_lazy("counterparty", "A parent of a pupil"),
        "former_guardian": pgettext_lazy("counterparty", "A parent of a former pupil"),
        "page_visitor": pgettext_lazy("counterparty", "Somebody else"),
    },
    "asked_by": {
        "employee": pgettext_lazy("asked by", "The member of staff"),
        "pupil": pgettext_lazy("asked by", "The pupil"),
        "guardian": pgettext_lazy("asked by", "The parent"),
        "other": pgettext_lazy("asked by", "Somebody else"),
    },
    "target_account": {
        "personal": pgettext_lazy("target account", "A personal account"),
        "lesson": pgettext_lazy("target account", "An account for a lesson"),
        "project": pgettext_lazy("target account", "An account for a project"),
        "school_page": pgettext_lazy("target account", "The school's own page"),
    },
    "tie": {
        "none": pgettext_lazy("tie", "No tie in private life"),
        "family": pgettext_lazy("tie", "Close family"),
        "friendship": pgettext_lazy("tie", "Close friendship"),
    },
    "aim": {
        "learning": pgettext_lazy("aim", "Learning"),
        "communicating": pgettext_lazy("aim", "Keeping in touch"),
        "profiling": pgettext_lazy("aim", "Showing what the school does"),
    },
    "account_kind": {
        "school": pgettext_lazy("account kind", "Account of the school"),
        "playgroup": pgettext_lazy("account kind", "Account of the playgroup"),
        "teacher": pgettext_lazy("account kind", "Work account of a teacher"),
        "playgroup_leader": pgettext_lazy("account kind", "Work account of a playgroup leader"),
        "lesson": pgettext_lazy("account kind", "Account for a lesson"),
        "project": pgettext_lazy("account kind", "Account for a project"),
        "class_group": pgettext_lazy("account kind", "Chat group of a class"),
        "parent_group": pgettext_lazy("account kind", "Chat group of parents"),
        "site_signup": pgettext_lazy("account kind", "Signing up on a site with a school address"),
    },
    "responsible": {
        "director": pgettext_lazy("responsible", "The director"),
        "ict_coordinator": pgettext_lazy("responsible", "The ICT coordinator"),
    },
    "moderation": {
        "message_removed": pgettext_lazy("moderation", "A message was removed"),
        "person_removed": pgettext_lazy("moderation", "Somebody was removed"),
    },
}
"""Labels of the choices that the vocabulary leaves bare, by field."""

TYPES: Mapping[str, Any] = {
    "incident": pgettext_lazy("case type", "incident"),
    "measure": pgettext_lazy("case type", "measure"),
    "police": pgettext_lazy("case type", "police track"),
    "takedown": pgettext_lazy("case type", "request to take it down"),
    "consent": pgettext_lazy("case type", "consent"),
    "friend_request": pgettext_lazy("case type", "connection"),
    "account": pgettext_lazy("case type", "account"),
}

TASKS: Mapping[str, Any] = {
    "incident.triage": pgettext_lazy("task", "assess the case"),
    "incident.discuss": pgettext_lazy("task", "talk with those concerned"),
    "incident.close": pgettext_lazy("task", "close the case"),
}
"""Names of duties whose label as a step or milestone reads oddly as a task."""

DONE: Mapping[str, Any] = {
    "incident.report": pgettext_lazy("done", "opened the case"),
    "incident.triage": pgettext_lazy("done", "assessed the case"),
    "incident.discuss": pgettext_lazy("done", "logged a talk"),
    "incident.escalate": pgettext_lazy("done", "brought it to the director"),
    "incident.send_back": pgettext_lazy("done", "sent it back with a question"),
    "incident.sanction": pgettext_lazy("done", "imposed the approved measures"),
    "incident.close": pgettext_lazy("done", "closed the case"),
    "incident.dismiss": pgettext_lazy("done", "dismissed the case"),
    "incident.withdraw": pgettext_lazy("done", "took the case back"),
    "incident.refer": pgettext_lazy("done", "referred the case"),
    "incident.take_over": pgettext_lazy("done", "settled who handles the case"),
    "incident.reopen": pgettext_lazy("done", "reopened the case"),
    "letter.approve": pgettext_lazy("done", "approved a letter"),
    "letter.send": pgettext_lazy("done", "sent a letter"),
    "letter.sent": pgettext_lazy("done", "a letter left by e-mail"),
    "letter.again": pgettext_lazy("done", "gave the link to a letter once more"),
    "letter.void": pgettext_lazy("done", "a letter may no longer go out"),
    "letter.draft": pgettext_lazy("done", "a letter changed and must be approved again"),
    "duty.take_over": pgettext_lazy("done", "the term passed: the deputy sees it too"),
    "measure.propose": pgettext_lazy("done", "proposed a measure"),
    "measure.approve": pgettext_lazy("done", "approved the measure"),
    "measure.reject": pgettext_lazy("done", "refused the measure"),
    "measure.impose": pgettext_lazy("done", "imposed the measure"),
    "measure.complete": pgettext_lazy("done", "completed the measure"),
    "measure.withdraw": pgettext_lazy("done", "withdrew the measure"),
    "police.consider": pgettext_lazy("done", "put the question whether to go to the police"),
    "police.report": pgettext_lazy("done", "reported it to the police"),
    "police.decline": pgettext_lazy("done", "decided not to report it to the police"),
    "police.conclude": pgettext_lazy("done", "noted how the police track ended"),
    "takedown.request": pgettext_lazy("done", "asked to take it down"),
    "takedown.confirm_removed": pgettext_lazy("done", "confirmed that it is gone"),
    "takedown.confirm_corrected": pgettext_lazy("done", "confirmed the correction"),
    "takedown.settle": pgettext_lazy("done", "the request is settled"),
    "takedown.refuse": pgettext_lazy("done", "noted that it stays up"),
    "consent.request": pgettext_lazy("done", "asked for consent"),
    "consent.answer": pgettext_lazy("done", "answered"),
    "consent.withdraw": pgettext_lazy("done", "took the consent back"),
    "consent.expire": pgettext_lazy("done", "the consent came to its end"),
    "consent.recount": pgettext_lazy("done", "counted the answers anew, because somebody else may decide now"),
    "consent.renew": pgettext_lazy("done", "asked again"),
    "friend_request.declare": pgettext_lazy("done", "declared the connection"),
    "friend_request.approve": pgettext_lazy("done", "approved the connection"),
    "friend_request.refuse": pgettext_lazy("done", "refused the connection"),
    "friend_request.end": pgettext_lazy("done", "noted that the connection ended"),
    "friend_request.review": pgettext_lazy("done", "reviewed the connection"),
    "friend_request.expire": pgettext_lazy("done", "the approval came to its end"),
    "account.request": pgettext_lazy("done", "requested the account"),
    "account.approve": pgettext_lazy("done", "approved the account"),
    "account.refuse": pgettext_lazy("done", "refused the account"),
    "account.transfer": pgettext_lazy("done", "handed the account over"),
    "account.retire": pgettext_lazy("done", "retired the account"),
    "round.send": pgettext_lazy("done", "sent a round of questions"),
    "retract": pgettext_lazy("done", "took an entry back"),
    "correct_person": pgettext_lazy("done", "corrected who is in the case"),
    "hand_over": pgettext_lazy("done", "handed the case over"),
    "erase_words": pgettext_lazy("done", "erased the words of this case"),
}
"""What somebody did, as the timeline says it after their name."""

THE_ROLES: Mapping[str, Any] = {
    "mentor": pgettext_lazy("role with its article", "the mentor"),
    "teacher": pgettext_lazy("role with its article", "a teacher"),
    "director": pgettext_lazy("role with its article", "the director"),
    "deputy": pgettext_lazy("role with its article", "the deputy"),
    "board": pgettext_lazy("role with its article", "the board"),
    "manager": pgettext_lazy("role with its article", "the manager"),
    "personnel": pgettext_lazy("role with its article", "the personnel department"),
    "ict_coordinator": pgettext_lazy("role with its article", "the ICT coordinator"),
    "mediamaster": pgettext_lazy("role with its article", "the mediamaster"),
    "confidential_counsellor": pgettext_lazy("role with its article", "the confidential counsellor"),
    "dpo": pgettext_lazy("role with its article", "the data protection officer"),
    "communications": pgettext_lazy("role with its article", "the communications department"),
    "coordinator": pgettext_lazy("role with its article", "the coordinator"),
    "administrator": pgettext_lazy("role with its article", "the administrator"),
    "employee": pgettext_lazy("role with its article", "a member of staff"),
    "pupil": pgettext_lazy("role with its article", "a pupil"),
    "guardian": pgettext_lazy("role with its article", "a parent or carer"),
    "outsider": pgettext_lazy("role with its article", "somebody from outside the school"),
    "anonymous": pgettext_lazy("role with its article", "an anonymous reporter"),
    "system": pgettext_lazy("role with its article", "the system"),
}
"""Roles as they stand within a sentence: `Only the director may do this.`"""

QUESTIONS = frozenset({
    "parents_told", "harm_expected", "scope", "published", "possibly_criminal", "school_medium", "reached", "mediation_possible",
    "category", "severity", "story", "happened", "exclude", "asked_by", "counterparty", "account_kind", "target_account", "form", "witness",
})  # fmt: skip
"""Fields whose label is a question: a form ends it with a question mark."""
