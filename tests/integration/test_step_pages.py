"""Acts through the pages: opening a case, taking a step, noting a milestone, deciding; what a refused form gives back."""

from __future__ import annotations

import re
import uuid

import pytest
from django.urls import reverse

from tests.stories import PROPOSED, Story, as_user, opened, text_of
from workflows import commands
from workflows.forms import StepForm
from workflows.models import Case, LogEntry, Outbox

pytestmark = pytest.mark.django_db


# opening a case


def test_a_mentor_opens_a_case_from_the_course_page(story: Story) -> None:
    cast = story.cast
    client = as_user(cast.users["mentor"])
    form = client.get(reverse("kc_workflows:report") + f"?group={cast.group.pk}&lesson=Les+3")
    page = text_of(form)
    assert "Klas 3b · Les 3" in page and "checked" not in page
    sent = {
        "category": "insult", "suspects": [cast.people["pupil"].pk], "targets": [cast.people["classmate"].pk], "lesson": "Les 3",
        "group": cast.group.pk, "key": str(uuid.uuid4()),
    }  # fmt: skip
    before = Case.objects.count()
    answer = client.post(reverse("kc_workflows:report"), sent, follow=True)
    assert answer.status_code == 200 and answer.redirect_chain[0][1] == 302
    page = text_of(answer)
    assert 'role="status"' in page and "is open." in page and "Take back" in page
    client.post(reverse("kc_workflows:report"), sent)
    assert Case.objects.count() == before + 1, "the same form twice makes one case"


def test_a_form_that_lacks_something_comes_back_whole_with_422(story: Story) -> None:
    client = as_user(story.cast.users["mentor"])
    sent = {"story": "Dit wil ik niet kwijt.", "targets": [story.cast.people["classmate"].pk]}
    answer = client.post(reverse("kc_workflows:report"), sent)
    page = text_of(answer)
    assert answer.status_code == 422
    assert "Please check these points" in page and "Dit wil ik niet kwijt." in page
    assert re.search(rf'name="targets" value="{story.cast.people["classmate"].pk}" checked', page)


def test_looking_somebody_up_keeps_what_was_typed_and_judges_nothing(story: Story) -> None:
    client = as_user(story.cast.users["mentor"])
    answer = client.post(reverse("kc_workflows:report"), {"story": "Nog bezig", "find": "Zonnewijzer", "show": "find"})
    page = text_of(answer)
    assert answer.status_code == 200
    assert "Olga Zonnewijzer" in page and "Nog bezig" in page and "Please check" not in page


def test_a_pupil_asks_for_help_and_keeps_somebody_out(story: Story) -> None:
    cast = story.cast
    client = as_user(cast.users["classmate"])
    page = text_of(client.get(reverse("kc_workflows:report")))
    for number in ("112", "0800-0113", "0800-0432", "0800-2000", "3 March 2026"):
        assert number in page, number
    sent = {
        "story": "Ze lachen mij uit.", "category": "cyberbullying", "help_contact": "teacher",
        "exclude": cast.people["mentor"].pk, "key": str(uuid.uuid4()),
    }  # fmt: skip
    answer = client.post(reverse("kc_workflows:report"), sent, follow=True)
    assert answer.status_code == 200 and "Thank you for telling" in text_of(answer)
    case = Case.objects.filter(type="incident").latest("pk")
    assert as_user(cast.users["mentor"]).get(reverse("kc_workflows:case", args=[case.key])).status_code == 404
    assert not Outbox.objects.filter(root=case, person=cast.people["mentor"]).exists()


# steps


def test_a_blocked_step_explains_itself_and_a_forced_post_gets_409_with_the_same_sentences(story: Story) -> None:
    director = as_user(story.cast.users["director"])
    assert f"#track-{story.measure.key}" in text_of(
        director.get(reverse("kc_workflows:step", args=[story.case.key, "incident.sanction"]))
    ), "the way to what waits for a decision"
    commands.perform(story.measure, "measure.approve", by=story.cast.users["director"], data={"reason": "Akkoord."})
    url = reverse("kc_workflows:step", args=[story.measure.key, "measure.impose"])
    shown = director.get(url)
    page = text_of(shown)
    reason = "parents informed"
    assert shown.status_code == 200
    for wanted in ("You cannot yet", "Why?", "What can you do?", reason, "4.4", "OOG-4.4-4c", "version of", "Checked on"):
        assert wanted in page, wanted
    assert "record/parents_informed" in page
    before = LogEntry.objects.count()
    forced = director.post(url, {"key": str(uuid.uuid4())})
    assert forced.status_code == 409
    assert set(re.findall(r"<li>(First:[^<]*)", text_of(forced))) >= set(re.findall(r"<li>(First:[^<]*)", page))
    assert LogEntry.objects.count() == before
    assert Case.objects.get(pk=story.measure.pk).state == "approved"


def test_a_step_that_is_somebody_elses_says_whose(story: Story) -> None:
    page = text_of(as_user(story.cast.users["mentor"]).get(story.step_url("measure.approve")))
    assert "You cannot yet" in page and "director" in page


def test_a_missing_field_is_422_and_keeps_the_words(story: Story) -> None:
    client = as_user(story.cast.users["mentor"])
    answer = client.post(story.url("step", "incident.discuss"), {"person": story.cast.people["pupil"].pk, "channel": "phone"})
    assert answer.status_code == 422
    page = text_of(answer)
    assert 'href="#id_note"' in page and re.search(r'value="phone"[^>]* checked', page)


def test_what_a_form_made_by_hand_leaves_out_was_not_emptied() -> None:
    for sent, read in (({}, {}), ({"category": ""}, {"category": ""}), ({"category": "threat"}, {"category": "threat"})):
        form = StepForm({"key": str(uuid.uuid4()), **sent}, fields=["category"], initial={"category": "insult"})
        assert form.is_valid() and form.asked == read


def test_a_moment_in_the_future_is_422(story: Story) -> None:
    client = as_user(story.cast.users["mentor"])
    answer = client.post(story.url("step", "incident.discuss"), {"note": "x", "happened": "2026-03-05T09:00"})
    assert answer.status_code == 422 and "not come yet" in text_of(answer)


def test_a_stale_page_gets_409_telling_what_changed_and_can_be_sent_again(story: Story) -> None:
    client = as_user(story.cast.users["director"])
    seen = Case.objects.get(pk=story.case.pk).log_count
    commands.perform(story.case, "incident.send_back", by=story.cast.users["deputy"], data={"reason": "Eerst nog praten."})
    sent = {"reason": "Ik sluit aan.", "version": seen, "mode": "joint", "key": str(uuid.uuid4())}
    answer = client.post(story.url("step", "incident.take_over"), sent)
    page = text_of(answer)
    assert answer.status_code == 409
    assert "Wout Invalkruk sent it back with a question" in page and "Ik sluit aan." in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    again = client.post(story.url("step", "incident.take_over"), {**sent, "version": version[1], "key": str(uuid.uuid4())})
    assert again.status_code == 302


def test_the_same_step_sent_twice_is_taken_once(story: Story) -> None:
    client = as_user(story.cast.users["mentor"])
    sent = {"note": "Nog eens gesproken.", "person": story.cast.people["pupil"].pk, "key": str(uuid.uuid4())}
    before = LogEntry.objects.count()
    for _ in range(2):
        assert client.post(story.url("step", "incident.discuss"), sent).status_code == 302
    assert LogEntry.objects.count() == before + 1


def test_a_milestone_is_noted_and_taken_back_but_stays(story: Story) -> None:
    client = as_user(story.cast.users["mentor"])
    sent = {
        "person": story.cast.people["parent"].pk, "channel": "phone", "reached": "yes", "note": "Vader gebeld.",
        "happened": "2026-03-02T08:30",
    }  # fmt: skip
    assert client.post(story.url("record", "parents_informed"), sent).status_code == 302
    page = text_of(client.get(story.url("case")))
    assert "Vader gebeld." in page and "recorded" in page
    entry = LogEntry.objects.filter(step="record.parents_informed").latest("pk")
    assert client.post(story.url("retract", entry.n), {"reason": ""}).status_code == 422
    assert client.post(story.url("retract", entry.n), {"reason": "Verkeerde vader."}).status_code == 302
    page = text_of(client.get(story.url("case")))
    assert "<s>Vader gebeld.</s>" in page and "Retracted" in page


def test_the_urgent_safety_measure_is_one_click_away(story: Story) -> None:
    for who in ("mentor", "director"):
        assert story.url("record", "urgent_safety_measure") in text_of(as_user(story.cast.users[who]).get(story.url("case")))


def test_whoever_a_protocol_may_want_heard_can_be_noted_as_heard(story: Story) -> None:
    cast, client = story.cast, as_user(story.cast.users["director"])
    for name in ("pupil", "parent", "other_parent", "mentor"):
        sent = {"person": cast.people[name].pk, "note": "Wil meedenken.", "key": str(uuid.uuid4())}
        assert client.post(story.url("record", "heard"), sent).status_code == 302, name
    heard = LogEntry.objects.filter(root=story.case, step="record.heard").values_list("person", flat=True)
    assert set(heard) == {cast.people[name].pk for name in ("pupil", "parent", "other_parent", "mentor")}
    text = text_of(client.get(story.url("record", "heard")))
    assert cast.people["outsider"].full_name not in text


def test_where_any_of_the_staff_may_act_nobody_is_named_to_ask(story: Story) -> None:
    fresh = opened(story.cast)
    page = text_of(as_user(story.cast.users["director"]).get(reverse("kc_workflows:step", args=[fresh.key, "incident.withdraw"])))
    assert "You cannot yet" in page and "<p>Ask " not in page


def test_a_form_with_a_mistake_asks_no_reason_for_what_was_not_judged_yet(story: Story) -> None:
    cast = story.cast
    url = reverse("kc_workflows:step", args=[opened(cast).key, "measure.propose"]) + "?kind=suspension"
    sent = {"kind": "suspension", "first_day": "2026-03-07", "school_days": "two", "key": str(uuid.uuid4())}
    answer = as_user(cast.users["mentor"]).post(url, sent)
    assert answer.status_code == 422 and 'name="answer:' not in text_of(answer)
    sent["answer:NL-SUS-SAME"] = "Dit wil ik niet kwijt."
    assert "Dit wil ik niet kwijt." in text_of(as_user(cast.users["director"]).post(url, sent))


def test_a_reason_that_only_the_director_may_give_is_not_asked_of_a_mentor(story: Story) -> None:
    cast = story.cast
    url = reverse("kc_workflows:step", args=[story.case.key, "measure.propose"]) + "?kind=suspension"
    days = {"first_day": "2026-03-16", "school_days": "5", "return_talk_on": "2026-03-23"}
    sent = {**PROPOSED, "kind": "suspension", **days, "key": str(uuid.uuid4())}
    answer = as_user(cast.users["mentor"]).post(url, sent)
    page = text_of(answer)
    assert answer.status_code == 409 and 'name="answer:' not in page
    assert "<p>Ask the director" in page
    answer = as_user(cast.users["director"]).post(url, sent)
    assert answer.status_code == 422 and 'name="answer:NL-SUS-SAME"' in text_of(answer)


def test_unknown_steps_and_milestones_are_404(story: Story) -> None:
    client = as_user(story.cast.users["director"])
    for url in (
        story.url("step", "incident.explode"), story.url("step", "measure.approve"), story.url("step", "takedown.settle"),
        story.url("record", "nothing"), story.url("retract", 99),
    ):  # fmt: skip
        assert client.get(url).status_code == 404, url


# deciding


def test_a_decision_needs_words(story: Story) -> None:
    client = as_user(story.cast.users["director"])
    assert client.post(story.url("decide"), {"decision": "measure.approve", "reason": ""}).status_code == 422
    assert client.post(story.url("decide"), {"reason": "Akkoord."}).status_code == 422
    assert Case.objects.get(pk=story.measure.pk).state == "proposed"


def test_a_second_director_hears_that_it_was_decided_already(story: Story) -> None:
    director, deputy = as_user(story.cast.users["director"]), as_user(story.cast.users["deputy"])
    page = text_of(deputy.get(story.url("decide")))
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    first = {"decision": "measure.reject", "reason": "Te zwaar.", "key": str(uuid.uuid4()), "version": version[1]}
    assert director.post(story.url("decide"), first).status_code == 302
    other = {**first, "decision": "measure.approve", "reason": "Akkoord.", "key": str(uuid.uuid4())}
    second = deputy.post(story.url("decide"), other)
    page = text_of(second)
    assert second.status_code == 409
    assert "Already decided: Dirkje Klokkentoon refused the measure" in page
    assert Case.objects.get(pk=story.measure.pk).state == "rejected"


def test_the_inbox_keeps_what_waits_apart_from_what_was_asked(story: Story) -> None:
    inbox = reverse("kc_workflows:approvals")
    director = text_of(as_user(story.cast.users["director"]).get(inbox))
    mentor = text_of(as_user(story.cast.users["mentor"]).get(inbox))
    assert "1 waits for you" in director and story.url("decide") in director and "Marit Krijtstreep" in director
    assert story.url("decide") not in mentor and "Suspension, Noa Regenboogje" in mentor
    assert as_user(story.cast.users["pupil"]).get(inbox).status_code == 404


def test_where_two_decide_the_first_words_stay_hidden_until_the_second_has_decided(story: Story) -> None:
    cast = story.cast
    commands.perform(story.case, "incident.take_over", by=cast.users["director"], data={"mode": "joint"})
    commands.perform(story.measure, "measure.approve", by=cast.users["director"], data={"reason": "Mijn eigen afweging."})
    board = as_user(cast.users["board"])
    for url in (story.url("case"), story.url("decide")):
        assert "Mijn eigen afweging" not in text_of(board.get(url)), url
    assert "Mijn eigen afweging" in text_of(as_user(cast.users["mentor"]).get(story.url("case")))
    sent = {"decision": "measure.approve", "reason": "Ook akkoord.", "key": str(uuid.uuid4())}
    assert board.post(story.url("decide"), sent).status_code == 302
    assert "Mijn eigen afweging" in text_of(board.get(story.url("case")))


def test_handing_over_and_correcting_a_wrong_person(story: Story) -> None:
    cast = story.cast
    client = as_user(cast.users["director"])
    offered = client.get(story.url("owner")).content.decode()
    assert f'value="{cast.people["teacher"].pk}"' in offered and f'value="{cast.people["administrator"].pk}"' not in offered
    assert client.post(story.url("owner"), {"owner": cast.people["teacher"].pk, "reason": "Nieuwe mentor."}).status_code == 302
    assert as_user(cast.users["teacher"]).get(story.url("case")).status_code == 200
    wrong = cast.people["classmate"]
    sent = {"person": cast.people["adult_pupil"].pk, "reason": "Verkeerde naam aangevinkt."}
    assert client.post(story.url("correct", wrong.key), sent).status_code == 302
    page = text_of(client.get(story.url("case")))
    assert "Paperclipje" not in page and "Finn Potloodpunt" in page
    assert "Paperclipje" in text_of(as_user(cast.users["dpo"]).get(story.url("case")))
