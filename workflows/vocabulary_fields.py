"""The fields that steps and milestones may carry, each with its kind, label and choices.

PURE, and read through `workflows.vocabulary` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .vocabulary_words import CATEGORIES, CHANNELS, KINDS, PUBLICATIONS, PURPOSES, pgettext

FieldKind = Literal["text", "line", "date", "moment", "number", "yes_no", "choice", "person", "people", "case", "code", "lessons"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a step or milestone may be told.

    `text` and `line` are people's words: they live in erasable rows and never in the log's chain; all other kinds are facts.
    A `case` is the key of another case of the school, a `code` a short mark such as a digest, `lessons` keys of the media-literacy module.
    """

    name: str
    kind: FieldKind
    label: str
    choices: tuple[str, ...] = ()

    @property
    def is_words(self) -> bool:
        """Whether the value is free text."""
        return self.kind in ("text", "line")


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
    _f("severity", "number", pgettext("field", "How serious is it")),
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
    _f("lesson_level", "choice", pgettext("field", "Level of the lessons"), ("1", "2", "3", "4")),
    _f("lessons", "lessons", pgettext("field", "Which lessons")),
    _f("due_on", "date", pgettext("field", "To be done by")),
    # talk and contact
    _f("note", "text", pgettext("field", "What was said")),
    _f("place", "line", pgettext("field", "Place or video link")),
    _f("meeting_at", "moment", pgettext("field", "Day and time of the talk")),
    _f("attends", "line", pgettext("field", "Who attends")),
    _f("channel", "choice", pgettext("field", "How"), tuple(CHANNELS)),
    _f("reached", "yes_no", pgettext("field", "Was the parent reached")),
    _f("happened", "moment", pgettext("field", "When did it happen")),
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
    _f("next_contact", "line", pgettext("field", "Next contact with the police")),
    _f("police_hold", "yes_no", pgettext("field", "The police asked to wait with informing others")),
    _f("victim_view", "text", pgettext("field", "What the victim wants")),
    _f("police_outcome", "choice", pgettext("field", "How it ended"), ("settled", "halt", "dismissed", "court", "unknown")),
    # takedown
    _f("asks", "choice", pgettext("field", "What is asked"), ("withdraw_publication", "remove_and_correct", "close_account")),
    _f("how", "choice", pgettext("field", "How it was removed"), ("post_removed", "account_deleted", "withdrawn")),
    _f("why_post_stays", "text", pgettext("field", "Why the post itself cannot be removed")),
    _f("correction", "text", pgettext("field", "The correction")),
    _f("where", "line", pgettext("field", "Where it stands")),
    # consent
    _f("purpose", "choice", pgettext("field", "Purpose"), tuple(PURPOSES)),
    _f("moment", "choice", pgettext("field", "Occasion"), ("first_round", "enrolment", "yearly", "on_request")),
    _f("until", "date", pgettext("field", "Until")),
    _f("asked", "people", pgettext("field", "Which parents are asked")),
    _f("answer", "yes_no", pgettext("field", "Answer")),
    _f("form", "choice", pgettext("field", "How did the answer come"), ("link", "account", "paper", "in_person", "phone")),
    _f("authority", "yes_no", pgettext("field", "Declares to have parental authority")),
    _f("witness", "person", pgettext("field", "Who listened in")),
    _f("language", "choice", pgettext("field", "Language read"), ("nl", "en", "tr", "ar", "pl", "uk")),
    _f("text_version", "code", pgettext("field", "Version of the text")),
    _f("harm_expected", "yes_no", pgettext("field", "Could it turn out badly for somebody")),
    # friend requests
    _f("counterpart", "person", pgettext("field", "With whom")),
    _f("counterpart_name", "line", pgettext("field", "With whom, where the school does not know them")),
    _f("counterparty", "choice", pgettext("field", "Who is the other to the school"),
       ("pupil", "former_pupil", "guardian", "former_guardian", "page_visitor")),
    _f("asked_by", "choice", pgettext("field", "Who sent the request"), ("employee", "pupil", "guardian", "other")),
    _f("target_account", "choice", pgettext("field", "On which account"), ("personal", "lesson", "project", "school_page")),
    _f("account", "case", pgettext("field", "Registered account")),
    _f("account_until", "date", pgettext("field", "Last day of the account")),
    _f("aim", "choice", pgettext("field", "Aim"), ("learning", "communicating", "profiling")),
    _f("aims", "line", pgettext("field", "What it is for")),
    _f("tie", "choice", pgettext("field", "Tie in private life"), ("none", "family", "friendship")),
    _f("tie_since", "date", pgettext("field", "Tie since")),
    _f("contact_since", "date", pgettext("field", "Contact through school since")),
    _f("tie_proof", "text", pgettext("field", "What shows that the tie came first")),
    _f("parents_told", "yes_no", pgettext("field", "Do the parents know")),
    _f("review_on", "date", pgettext("field", "Day of review")),
    # accounts
    _f("account_kind", "choice", pgettext("field", "What kind of account"),
       ("school", "playgroup", "teacher", "playgroup_leader", "lesson", "project", "class_group", "parent_group", "site_signup")),
    _f("name", "line", pgettext("field", "Name of the account")),
    _f("url", "line", pgettext("field", "Address of the account")),
    _f("site", "line", pgettext("field", "Site or forum")),
    _f("opened_on", "date", pgettext("field", "Day it was opened")),
    _f("owner_person", "person", pgettext("field", "Who looks after it")),
    _f("stand_in", "person", pgettext("field", "Who stands in")),
    _f("moderators", "people", pgettext("field", "Who keeps order there")),
    _f("taking_part", "people", pgettext("field", "Staff who take part")),
    _f("responsible", "choice", pgettext("field", "Under whose responsibility"), ("director", "ict_coordinator")),
    _f("professional", "yes_no", pgettext("field", "Everybody who uses it acts as a professional")),
    _f("no_private_data", "yes_no", pgettext("field", "No sensitive personal data are shared through it")),
    _f("moderation", "choice", pgettext("field", "What was removed"), ("message_removed", "person_removed")),
    # rounds
    _f("addressees", "number", pgettext("field", "Number of addressees")),
])  # fmt: skip
"""Every field a step or milestone may carry, by name."""

OWN_FIELDS: Mapping[str, Mapping[str, Field]] = {
    "consent": {"channel": Field("channel", "choice", pgettext("field", "Where it is published"), tuple(PUBLICATIONS))},
}
"""Fields that mean something else in a case type than elsewhere."""


def field_of(case_type: str, name: str) -> Field:
    """The field as this case type knows it."""
    return OWN_FIELDS.get(case_type, {}).get(name) or FIELDS[name]
