"""The words of the vocabulary: roles, kinds of people, conduct, measures, channels, letters and states, each with its label.

PURE, and read through `workflows.vocabulary` alone.
"""

from __future__ import annotations

from collections.abc import Mapping


def pgettext(context: str, message: str) -> str:
    """Mark `message` for the catalogue under `context`; the translation itself happens where it is shown."""
    return message


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
"""Conduct, never offences. A pack may add `local.<name>`."""

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

PURPOSES: Mapping[str, str] = {
    "school_publication": pgettext("purpose", "Photos, film and sound published by the school"),
    "name": pgettext("purpose", "The name, published by the school"),
    "lesson_activity": pgettext("purpose", "Use of a social-media platform in a school activity"),
    "parent_publication": pgettext("purpose", "Photos and film published by another parent"),
    "research": pgettext("purpose", "Photos, film and sound for research or training"),
}
"""What consent is asked for, one by one."""

PUBLICATIONS: Mapping[str, str] = {
    "website": pgettext("publication", "the school's website"),
    "newsletter": pgettext("publication", "the newsletter"),
    "school_guide": pgettext("publication", "the school guide"),
    "parent_app": pgettext("publication", "the closed parent app"),
    "facebook": pgettext("publication", "Facebook"),
    "instagram": pgettext("publication", "Instagram"),
    "youtube": pgettext("publication", "YouTube"),
    "press": pgettext("publication", "newspaper, radio and television"),
    "printed": pgettext("publication", "posters, flyers and other print"),
}
"""Where something is published: the `channel` of a consent, which is no channel by which somebody is reached."""

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

FORMS: Mapping[str, str] = {
    "consent_form": pgettext("letter", "Request for consent"),
}
"""What is no letter of a case, and yet prints articles: `[letters.consent_form] says = [...]`."""

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
    "consent": {
        "requested": pgettext("state", "asked"),
        "granted": pgettext("state", "granted"),
        "refused": pgettext("state", "refused"),
        "conflicting": pgettext("state", "conflicting answers"),
        "withdrawn": pgettext("state", "withdrawn"),
        "expired": pgettext("state", "expired"),
    },
    "friend_request": {
        "declared": pgettext("state", "declared"),
        "approved": pgettext("state", "approved"),
        "refused": pgettext("state", "refused"),
        "ended": pgettext("state", "ended"),
        "expired": pgettext("state", "expired"),
    },
    "account": {
        "requested": pgettext("state", "requested"),
        "approved": pgettext("state", "approved"),
        "refused": pgettext("state", "refused"),
        "retired": pgettext("state", "retired"),
    },
}

ROOTS = ("incident", "consent", "friend_request", "account")
"""Case types that stand by themselves; all others are tracks of one of them."""

GATES = ("round",)
"""What has rules and no states: a pack may only say who may do it, and when."""

SIGNERS: Mapping[str, str] = {
    "guardian": pgettext("signer", "a parent or carer with authority"),
    "self": pgettext("signer", "the person concerned"),
    "pupil": pgettext("signer", "the pupil"),
    "employee": pgettext("signer", "the member of staff concerned"),
    "outsider": pgettext("signer", "the visitor concerned"),
}
"""Who a line of `[signers.consent]` may ask: a guardian, or the person themselves, whatever they are or being of that kind."""

OPEN = ("reported", "triaged", "discussed", "escalated", "sanctioned")
"""The open states of an incident."""
