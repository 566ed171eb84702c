"""Help, reports and urgent safety get through whatever is missing; no wrong letter leaves; nothing typed breaks a page."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client, override_settings
from django.urls import reverse

from tests.cast import Cast, build
from tests.letter_story import MONDAY as LETTER_MONDAY
from tests.letter_story import play, sanction
from tests.stories import ASSESSED, MONDAY, PROPOSED, Story, as_user, opened, school_day
from workflows import clock, commands
from workflows.delivery import faults, links, outbox, sending
from workflows.models import Case, Letter, Membership, Outbox, PackSeal, School

pytestmark = pytest.mark.django_db

CALL = {"category": "cyberbullying", "story": "Ik durf niet meer naar school.", "help_contact": "mentor"}
URGENT = {"action": "kept_apart", "reason": "Er was gevaar."}


def _all_get_through(cast: Cast) -> None:
    call = commands.open_case(by=cast.users["pupil"], school=cast.school, data={**CALL, "targets": [cast.people["pupil"]]})
    case = opened(cast)
    commands.record(case, "urgent_safety_measure", by=cast.users["teacher"], person=cast.people["pupil"], data=URGENT)
    assert call.case.log_count and case.log_count
    client = as_user(cast.users["pupil"])
    assert client.get(reverse("kc_workflows:report")).status_code == 200
    assert client.post(reverse("kc_workflows:report"), CALL).status_code == 302
    staff = as_user(cast.users["teacher"])
    assert staff.get(reverse("kc_workflows:report")).status_code == 200
    sent = {"category": "threat", "suspects": [cast.people["pupil"].pk], "story": "Wat er was.", "acted_on": "2026-03-01"}
    assert staff.post(reverse("kc_workflows:report"), sent).status_code == 302
    mentor = as_user(cast.users["mentor"])
    url = reverse("kc_workflows:record", args=[case.key, "urgent_safety_measure"])
    assert mentor.get(url).status_code == 200
    assert mentor.post(url, {**URGENT, "person": cast.people["pupil"].pk}).status_code == 302
    assert mentor.get(reverse("kc_workflows:case", args=[case.key])).status_code == 200


@pytest.mark.parametrize("key", ["groningen", "leyenburg", "montessori", "verkruisen", "wilhelmina"])
def test_help_reports_and_safety_do_not_wait_for_settings(monday: None, key: str) -> None:
    cast = build(key, "po" if key in ("verkruisen", "wilhelmina") else "vo", MONDAY.date())
    School.objects.filter(pk=cast.school.pk).update(
        settings={}, channels=[], email="", phone="", address="", board_name="", counsellor_contact="", dpo_contact=""
    )
    cast.school.refresh_from_db()
    call = {**CALL, "help_contact": "teacher" if key == "leyenburg" else "mentor", "targets": [cast.people["pupil"]]}
    commands.open_case(by=cast.users["pupil"], school=cast.school, data=call)
    case = opened(cast)
    commands.record(case, "urgent_safety_measure", by=cast.users["teacher"], person=cast.people["pupil"], data=URGENT)


def test_help_reports_and_safety_do_not_wait_for_a_director_or_a_board(cast: Cast) -> None:
    Membership.objects.filter(school=cast.school, role__in=["director", "deputy", "board", "manager"]).delete()
    _all_get_through(cast)


def test_help_reports_and_safety_do_not_wait_for_a_mail_server(cast: Cast) -> None:
    with override_settings(EMAIL_BACKEND="nowhere.at.all.Backend"):
        _all_get_through(cast)
        outbox.drain()
    assert Outbox.objects.filter(done_at=None).exclude(last_error="").exists()
    with clock.at(MONDAY + timedelta(days=1)):
        outbox.drain()
    assert not Outbox.objects.filter(done_at=None).exists() and mail.outbox


def test_help_reports_and_safety_do_not_wait_for_a_pack_that_was_edited(cast: Cast) -> None:
    opened(cast)
    PackSeal.objects.update(sha256="0" * 64)
    _all_get_through(cast)


def test_help_reports_and_safety_do_not_wait_for_a_pack_that_is_gone(cast: Cast) -> None:
    School.objects.filter(pk=cast.school.pk).update(key="gone-with-the-disk")
    cast.school.refresh_from_db()
    _all_get_through(cast)


def test_two_forms_from_one_page_are_two_cases_and_one_form_sent_twice_is_one(cast: Cast) -> None:
    client = as_user(cast.users["mentor"])
    key = str(uuid.uuid4())
    sent = {"category": "threat", "suspects": [cast.people["pupil"].pk], "story": "Eerste.", "acted_on": "2026-03-01", "key": key}
    for _ in range(2):
        assert client.post(reverse("kc_workflows:report"), sent).status_code == 302
    assert Case.objects.filter(type="incident").count() == 1
    other = {**sent, "suspects": [cast.people["classmate"].pk], "story": "Na de terugknop: een ander voorval."}
    assert client.post(reverse("kc_workflows:report"), other).status_code == 302
    assert Case.objects.filter(type="incident").count() == 2


def test_nobodys_key_answers_with_somebody_elses_case(cast: Cast) -> None:
    key = str(uuid.uuid4())
    sent = {"category": "threat", "suspects": [cast.people["pupil"].pk], "story": "Iets.", "acted_on": "2026-03-01", "key": key}
    assert as_user(cast.users["mentor"]).post(reverse("kc_workflows:report"), sent).status_code == 302
    answer = as_user(cast.users["teacher"]).post(reverse("kc_workflows:report"), sent)
    assert answer.status_code == 302 and Case.objects.filter(type="incident").count() == 2


# letters


def _approved(made: Cast, case: Case) -> list[Letter]:
    letters = sanction(made, case)
    with clock.at(LETTER_MONDAY):
        for letter in letters:
            sending.prepare(letter)
            sending.approve(letter, by=made.users["director"], digest=letter.digest)
    return letters


def test_a_letter_of_a_measure_that_was_withdrawn_does_not_leave() -> None:
    made, case = play()
    first, second = _approved(made, case)[:2]
    measure = Case.objects.get(parent=case, type="measure")
    with clock.at(LETTER_MONDAY):
        sending.send(first, by=made.users["director"], route="email")
        url = links.address(first.links.get())
        commands.perform(measure, "measure.withdraw", by=made.users["director"], data={"reason": "Het was een ander."})
        mail.outbox.clear()
        outbox.drain()
        assert [message for message in mail.outbox if "parent@" in message.to[0]] == []
        for letter in (first, second):
            letter.refresh_from_db()
            with pytest.raises(faults.LetterRefused):
                sending.send(letter, by=made.users["director"], route="email")
                assert letter.state == "void"
        assert Client().post(url.split("example", 1)[-1] if "example" in url else url).status_code in (404, 410)


def test_a_sent_letter_of_a_withdrawn_measure_stays_what_it_was() -> None:
    made, case = play()
    letter = _approved(made, case)[0]
    measure = Case.objects.get(parent=case, type="measure")
    with clock.at(LETTER_MONDAY):
        sending.send(letter, by=made.users["director"], route="handed_over")
        commands.perform(measure, "measure.withdraw", by=made.users["director"], data={"reason": "Het was een ander."})
    letter.refresh_from_db()
    assert letter.state == "sent" and letter.pdf


def test_a_letter_of_a_case_that_was_dismissed_does_not_leave(story: Story) -> None:
    cast = story.cast
    case = opened(cast)
    letter = Letter.objects.create(
        root=case, case=case, kind="invitation", addressee=cast.people["parent"], about=cast.people["pupil"], queued_by=case.log.first(),
        created_at=clock.now(), file="pupil_file",
    )  # fmt: skip
    commands.perform(case, "incident.triage", by=cast.users["director"], data=ASSESSED)
    commands.perform(case, "incident.dismiss", by=cast.users["director"], data={"reason": "Ongegrond."})
    letter.refresh_from_db()
    assert letter.state == "void"


def test_who_turned_eighteen_after_the_step_gets_the_letter_instead_of_the_parents() -> None:
    made, case = play()
    letters = sanction(made, case)
    pupil = made.people["pupil"]
    pupil.birth_date = pupil.birth_date.replace(year=2008, month=3, day=2)
    pupil.save()
    with clock.at(LETTER_MONDAY):
        for letter in letters:
            sending.reconcile(letter)
    rows = Letter.objects.filter(root=case, kind=letters[0].kind).exclude(state="void")
    assert [row.addressee for row in rows] == [pupil]


def test_guesses_from_one_address_do_not_close_a_good_link() -> None:
    made, case = play()
    letter = _approved(made, case)[0]
    with clock.at(LETTER_MONDAY):
        sending.send(letter, by=made.users["director"], route="email")
        token = links.address(letter.links.get()).rstrip("/").rsplit("/", 1)[1]
        url = reverse("kc_workflows:letter_link", args=[token])
        cache.clear()
        client = Client()
        codes = {client.get(reverse("kc_workflows:letter_link", args=[f"{n:x}-{'0' * 43}"])).status_code for n in range(30)}
        assert codes == {404, 429}
        assert client.get(url).status_code == 200 and client.post(url).status_code == 200


def test_a_sanction_with_one_lacking_letter_imposes_nothing() -> None:
    made, case = play(school_work="")
    before = Case.objects.get(pk=case.pk).log_count
    with clock.at(LETTER_MONDAY), pytest.raises(commands.StepDenied):
        commands.perform(case, "incident.sanction", by=made.users["director"])
    assert set(Case.objects.filter(parent=case).values_list("state", flat=True)) == {"approved"}
    assert Case.objects.get(pk=case.pk).log_count == before and not Letter.objects.filter(root=case, kind="suspension").exists()


def test_a_measure_is_for_somebody_in_the_case_alone(story: Story) -> None:
    given = {**PROPOSED, "kind": "warning", "person": story.cast.people["adult_pupil"], "first_day": school_day(story.cast, 3)}
    with pytest.raises(commands.InvalidData):
        commands.open_child(story.case, "measure.propose", by=story.cast.users["mentor"], data=given)


# what somebody may type

NASTY = [
    "\x00", "a\x00b", "²", "９" * 5, "9" * 40, "-1", "0", "1e9", "\U0001f9d1\u200d\U0001f692 \u202egnaw", "x" * 10_001, "0001-01-01", "9999-12-31",
    "0001-01-01T00:00", "9999-12-31T23:59", "2026-02-30", "2026-02-30T25:61", "[]", "{}", "null", "' OR 1=1 --", "<script>alert(1)</script>",
    "\ud800",
]  # fmt: skip
STORED = {"a\x00b", "9" * 40, "\U0001f9d1\u200d\U0001f692 \u202egnaw", "0001-01-01"}
"""Of these, what databases take differently; the others are refused or read before a database sees them."""


def _post(client: Client, url: str, data: dict[str, Any]) -> int:
    answer = client.post(url, data)
    assert answer.status_code < 500, (url, data, answer.status_code)
    assert b"<script>alert(1)" not in answer.content
    return answer.status_code


@pytest.mark.parametrize("nasty", [pytest.param(one, id=str(n), marks=() if one in STORED else pytest.mark.once) for n, one in enumerate(NASTY)])
def test_nothing_typed_or_asked_for_breaks_a_page(story: Story, nasty: str) -> None:
    if nasty == "\ud800":
        nasty = nasty.encode("utf-8", "surrogatepass").decode("latin-1")
    cast = story.cast
    director, mentor, pupil = (as_user(cast.users[name]) for name in ("director", "mentor", "pupil"))
    for client in (director, mentor, pupil):
        for name in ("desk", "report", "approvals", "api_cases"):
            query = {"school": nasty, "before": nasty, "after": nasty, "show": nasty, "pupil": nasty, "group": nasty, "lesson": nasty}
            assert client.get(reverse(f"kc_workflows:{name}"), query).status_code < 500, (name, nasty)
    query = {"kind": nasty, "person": nasty, "school_days": nasty, "first_day": nasty, "severity": nasty, "channel": nasty}
    for url in (story.url("step", "measure.propose"), story.url("record", "parents_informed"), story.url("step", "incident.triage")):
        assert director.get(url, query).status_code < 500
    # What the form reads each by itself goes one by one, lest one refusal hides the next; what it reads beside that goes together.
    alone = ("category", "severity", "story", "acted_on", "acted_at", "suspects", "targets", "key", "version")
    beside = dict.fromkeys(("find", "pick", "group", "lesson", "answer:KC-1"), nasty)
    good = {"category": "threat", "story": "Iets.", "suspects": str(cast.people["pupil"].pk), "acted_on": "2026-03-01"}
    for given in (beside, {"exclude": nasty}, *({field: nasty} for field in alone)):
        _post(mentor, reverse("kc_workflows:report"), {**good, **given})
    for given in (beside, *({field: nasty} for field in ("category", "story", "help_contact", "exclude", "key"))):
        _post(pupil, reverse("kc_workflows:report"), {**CALL, **given})
    _post(mentor, reverse("kc_workflows:report"), {**good, "show": "find", "find": nasty + nasty})
    _post(mentor, reverse("kc_workflows:report"), {**good, "show": "group", "pick": nasty})
    for url, given in (
        (story.url("record", "parents_informed"), {"person": nasty, "channel": nasty, "happened": nasty, "note": nasty, "reason": nasty}),
        (story.url("record", "urgent_safety_measure"), {"action": "kept_apart", "reason": nasty, "happened": nasty, "answer:KC-1": nasty}),
        (story.url("record", "invited"), {"meeting_at": nasty, "place": nasty, "person": cast.people["pupil"].pk}),
        (story.url("step", "measure.propose"), {**PROPOSED, "school_days": nasty, "first_day": nasty, "answer:X": nasty, "version": nasty}),
        (story.url("step", "police.consider"), {"conduct": nasty}), (story.url("owner"), {"owner": nasty, "reason": nasty}),
        (story.url("correct", cast.people["pupil"].key), {"person": nasty, "reason": nasty}), (story.url("retract", 3), {"reason": nasty}),
        (story.url("decide"), {"decision": "measure.approve", "reason": nasty, "answer:KC-1": nasty, "school_work": nasty, "key": nasty}),
    ):  # fmt: skip
        _post(director, url, given)


@pytest.mark.parametrize("field", ["happened", "meeting_at", "acted_on", "first_day"])
@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-14:00", "0001-01-01", "9999-12-31", "2026-13-01T00:00"])
def test_a_moment_outside_reason_is_refused_by_name(story: Story, field: str, value: str) -> None:
    milestone = "invited" if field == "meeting_at" else "evidence_seen"
    with pytest.raises(commands.InvalidData):
        if field in ("acted_on", "first_day"):
            opened(story.cast, acted_on=value[:10])
        else:
            invited = {"meeting_at": value, "place": "B1", "attends": "De mentor", "reason": "Praten."}
            given = invited if field == "meeting_at" else {"happened": value, "manner": "public"}
            commands.record(story.case, milestone, by=story.cast.users["mentor"], person=story.cast.people["pupil"], data=given)


def test_words_with_a_null_byte_are_kept_without_it(story: Story) -> None:
    told = {"manner": "public", "note": "a\x00b"}
    entry = commands.record(story.case, "evidence_seen", by=story.cast.users["mentor"], data=told).entry
    assert [row.text for row in entry.words.all()] == ["ab"]


def test_a_reason_with_a_null_byte_is_kept_without_it(story: Story) -> None:
    data = {"person": story.cast.people["pupil"], "kind": "class_change", "reason": "x", "rule_followed": "x"}
    with pytest.raises(commands.StepDenied) as denied:
        commands.open_child(story.case, "measure.propose", by=story.cast.users["mentor"], data=data)
    [asked] = [one for one in denied.value.denials if one.strength == "answer"]
    answers = {asked.articles[0]: "c\x00d"}
    entry = commands.open_child(story.case, "measure.propose", by=story.cast.users["mentor"], data=data, answers=answers).entry
    assert "cd" in [row.text for row in entry.words.all()]


def test_a_form_without_its_protection_changes_nothing(story: Story) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(story.cast.users["director"])
    before = Case.objects.get(pk=story.case.pk).log_count
    for url in (story.url("decide"), story.url("owner"), story.url("record", "evidence_seen"), reverse("kc_workflows:report")):
        assert client.post(url, {"decision": "measure.approve", "reason": "x"}).status_code == 403
    assert Case.objects.get(pk=story.case.pk).log_count == before


@pytest.mark.parametrize(("language", "heading", "again"), [
    ("en", "This was not sent", "Open the form again"), ("nl", "Dit is niet verstuurd", "Open het formulier opnieuw"),
])  # fmt: skip
def test_a_form_whose_protection_ran_out_says_what_to_do_and_keeps_the_words(story: Story, language: str, heading: str, again: str) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": language})
    client.force_login(story.cast.users["mentor"])
    url = story.url("record", "evidence_seen") + "?x=1"
    words = {"note": "Een lang verhaal\nover <b>gisteren</b>.", "answer:KC-1": "Omdat het haast had."}
    typed = {**words, "manner": "public", "csrfmiddlewaretoken": "oud"}
    answer = client.post(url, typed)
    page = answer.content.decode()
    assert answer.status_code == 403 and heading in page and again in page and f'href="{url}"' in page
    assert "Een lang verhaal\nover &lt;b&gt;gisteren&lt;/b&gt;." in page and "Omdat het haast had." in page
    assert 'value="oud"' not in page and "<form" not in page.split("<main")[1].split("</main")[0]
    assert answer["Content-Security-Policy"].startswith("default-src 'self'") and "no-store" in answer["Cache-Control"]
    assert client.get(url).status_code == 200
    token = client.cookies["csrftoken"].value
    assert client.post(url, {**typed, "csrfmiddlewaretoken": token}).status_code in (302, 422)


def test_a_visitor_whose_form_ran_out_reads_the_same_page(story: Story) -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("kc_workflows:report"), {"story": "Het ging zo."})
    assert answer.status_code == 403 and "Het ging zo." in answer.content.decode() and "This was not sent" in answer.content.decode()


def test_an_error_report_holds_nothing_that_was_typed(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    from workflows.pages import report as pages

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(pages.commands, "open_case", broken)
    client = Client(raise_request_exception=False)
    client.force_login(story.cast.users["mentor"])
    sent = {"category": "threat", "suspects": [story.cast.people["pupil"].pk], "story": "Noa sloeg Sem.", "acted_on": "2026-03-01"}
    mail.outbox.clear()
    with override_settings(ADMINS=[("Beheer", "beheer@example.org")]):
        assert client.post(reverse("kc_workflows:report"), sent).status_code == 500
    assert mail.outbox and not any("Noa sloeg Sem" in str(message.message()) for message in mail.outbox)
