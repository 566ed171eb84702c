"""Nobody learns of a child what is not for them: the wrong person, the hard route, kept-out readers, names in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from tests.cast import build
from tests.stories import ASSESSED, MONDAY, PROPOSED, Story, as_user, mentor_elsewhere, opened, text_of
from workflows import access, clock, commands, log, queries
from workflows.course_page import Place
from workflows.course_page_pupil import contacts_allowed
from workflows.delivery import outbox, ticking
from workflows.models import Case, Duty, Involvement, Letter, Membership, Outbox
from workflows.privacy import hide

pytestmark = pytest.mark.django_db

SECTORS = {"groningen": "vo", "leyenburg": "vo", "montessori": "vo", "verkruisen": "po", "wilhelmina": "po"}


def told_mails(case: Case) -> set[str]:
    return {row.person.given_name for row in Outbox.objects.filter(root=case).select_related("person") if row.person}


# the wrong person


@pytest.mark.once
def test_who_was_put_in_by_mistake_is_gone_from_every_page(story: Story) -> None:
    cast = story.cast
    wrong, mentor, director = cast.people["classmate"], cast.users["mentor"], cast.users["director"]
    Involvement.objects.create(case=story.case, person=wrong, role="suspect")
    commands.record(story.case, "heard", by=mentor, person=wrong, data={"note": "Sem Paperclipje huilde."})
    commands.record(story.case, "parents_informed", by=mentor, person=cast.people["classmate_parent"], data={"channel": "phone"})
    commands.open_child(story.case, "measure.propose", by=mentor, data={**PROPOSED, "kind": "warning", "person": wrong})
    commands.correct_person(story.case, wrong, None, by=director, reason="Sem zat er niet bij.")
    urls = [reverse("kc_workflows:desk"), reverse("kc_workflows:approvals"), story.url("case"), story.url("owner")]
    urls += [reverse("kc_workflows:decide", args=[child.key]) for child in Case.objects.filter(parent=story.case)]
    urls += [story.url("person", cast.people["pupil"].key), story.url("retract", 6), story.url("step", "incident.close")]
    urls += [reverse("kc_workflows:letter", args=[story.case.key, row.key]) for row in Letter.objects.filter(root=story.case)]
    for who in (director, mentor, cast.users["board"]):
        for url in urls:
            page = text_of(as_user(who).get(url))
            for name in ("Paperclipje", "Sem ", "Carla", "(Sem"):
                assert name not in page, (who.username, url, name, page[max(0, page.find(name) - 200) : page.find(name) + 60])
    assert "Paperclipje" in text_of(as_user(cast.users["dpo"]).get(story.url("case")))


def test_a_letter_about_somebody_put_in_by_mistake_is_for_the_dpo_alone(story: Story) -> None:
    cast = story.cast
    fresh = opened(cast, suspects=[cast.people["classmate"]], targets=[cast.people["pupil"]])
    entry = fresh.log.first()
    letter = Letter.objects.create(
        root=fresh, case=fresh, kind="invitation", addressee=cast.people["classmate_parent"], about=cast.people["classmate"],
        queued_by=entry, created_at=clock.now(), state="sent", pdf=b"%PDF-1.7 Sem", file="pupil_file", sent_at=clock.now(),
    )  # fmt: skip
    commands.correct_person(fresh, cast.people["classmate"], None, by=cast.users["director"], reason="Vergissing.")
    page = reverse("kc_workflows:letter", args=[fresh.key, letter.key])
    for who, status in (("director", 404), ("mentor", 404), ("dpo", 200)):
        client = as_user(cast.users[who])
        assert client.get(page).status_code == status, who
        assert client.get(page + "pdf/").status_code == status, who
        assert ("Carla" in text_of(client.get(reverse("kc_workflows:case", args=[fresh.key])))) is (status == 200), who


# names in words


@pytest.mark.parametrize("said", [
    "Sems telefoon", "Sem's telefoon", "SEM deed mee", "Semmie lachte", "Paperclipjes tas", "sem.paperclipje@mail.example",
    "S\u00e9m", "S\u200bem zag het", "@sem_paperclipje", "sempaperclipje12", "Sem\u2019s jas", "Se\u0301m",
])  # fmt: skip
def test_no_way_of_writing_a_hidden_name_gets_through(said: str) -> None:
    shown = hide(f"Toen kwam {said} langs.", ["Sem Paperclipje", "Paperclipje", "Semmie", "Sem"])
    for name in ("sem", "paperclip", "s\u00e9m"):
        assert name not in shown.casefold().replace("\u200b", "").replace("\u0301", ""), shown


def test_another_groups_mentor_reads_no_name_of_a_parent_or_a_hidden_pupil_in_words(story: Story) -> None:
    cast = story.cast
    own = mentor_elsewhere(story)
    told = "Noa's moeder Olga Zonnewijzer belde. Ook Regenboogjes vader."
    commands.record(story.case, "heard", by=cast.users["mentor"], person=own, data={"note": told})
    commands.record(story.case, "police_consulted", by=cast.users["director"], data={"note": told})
    teacher = as_user(cast.users["teacher"])
    for url in (story.url("case"), story.url("person", own.key), story.url("record", "heard"), story.url("step", "measure.propose"),
                story.url("decide"), story.url("retract", 3), story.url("step", "incident.triage"), reverse("kc_workflows:desk"),
                reverse("kc_workflows:approvals"), reverse("kc_workflows:api_steps", args=[story.case.key])):  # fmt: skip
        page = text_of(teacher.get(url))
        for name in ("Regenboogje", "Noa", "Paperclipje", "Sem ", "Olga", "Zonnewijzer", "Rob "):
            assert name not in page, (url, name, page[max(0, page.find(name) - 300) : page.find(name) + 60])


def test_a_mentor_reads_what_was_said_with_the_own_pupils_parents_in_a_colleagues_case(story: Story) -> None:
    cast = story.cast
    case = commands.open_case(by=cast.users["teacher"], school=cast.school, data={"category": "insult", "suspects": [cast.people["pupil"]]}).case
    told = {"channel": "phone", "note": "Gebeld en verteld wat er speelt."}
    commands.record(case, "parents_informed", by=cast.users["mentor"], person=cast.people["parent"], data=told)
    html = text_of(as_user(cast.users["mentor"]).get(reverse("kc_workflows:case", args=[case.key])))
    assert cast.people["parent"].full_name in html and "Gebeld en verteld" in html


def test_a_note_for_the_file_that_is_about_several_is_not_for_another_groups_mentor(story: Story) -> None:
    cast = story.cast
    mentor_elsewhere(story)
    letter = Letter.objects.create(
        root=story.case, case=story.case, kind="police_note", addressee=None, about=None, queued_by=story.case.log.first(),
        created_at=clock.now(), pdf=b"%PDF-1.7 Noa", file="pupil_file", state="sent",
    )  # fmt: skip
    url = reverse("kc_workflows:letter_pdf", args=[story.case.key, letter.key])
    assert as_user(cast.users["teacher"]).get(url).status_code == 404
    assert as_user(cast.users["director"]).get(url).status_code == 200


def test_one_persons_file_names_no_parent_of_another_child(story: Story) -> None:
    cast = story.cast
    commands.record(story.case, "police_consulted", by=cast.users["director"], data={"note": "Olga Zonnewijzer en Rob waren boos."})
    page = text_of(as_user(cast.users["director"]).get(story.url("person", cast.people["classmate"].key)))
    for name in ("Olga", "Zonnewijzer", "Rob ", "Noa", "Regenboogje"):
        assert name not in page, name


def test_one_persons_file_has_the_contacts_with_their_own_parents(story: Story) -> None:
    cast = story.cast
    mentor, director = cast.users["mentor"], as_user(cast.users["director"])
    for name, note in (("parent", "Olga schrok; ook Sem Paperclipje kwam ter sprake."), ("classmate_parent", "Carla wil een gesprek.")):
        commands.record(story.case, "parents_informed", by=mentor, person=cast.people[name], data={"channel": "phone", "note": note})
    sent = {"queued_by": story.case.log.first(), "created_at": clock.now(), "file": "pupil_file"}
    for about, addressee in (("pupil", "parent"), ("classmate", "classmate_parent"), ("classmate", "parent")):
        letter = Letter.objects.create(
            root=story.case, case=story.case, kind="invitation", about=cast.people[about], addressee=cast.people[addressee], **sent
        )
        root = Case.objects.get(pk=story.case.pk)
        facts = {"letter": str(letter.key), "kind": "invitation", "route": "post"}
        log.append(root, root, "letter.sent", by=None, person=letter.addressee, by_roles=["system"], facts=facts)
        root.save(update_fields=["log_count", "log_head"])
    page = text_of(director.get(story.url("person", cast.people["pupil"].key)))
    assert "Olga schrok" in page and "Rob Regenboogje" in page and page.count("parents informed") == 1
    assert page.count("invitation") == 1, "the letter about another child is not in this file, whoever got it"
    for name in ("Paperclipje", "Sem ", "Carla"):
        assert name not in page, name
    other = text_of(director.get(story.url("person", cast.people["classmate"].key)))
    assert "Carla wil een gesprek" in other and other.count("invitation") == 2
    for name in ("Rob ", "Olga", "Noa ", "Regenboogje"):
        assert name not in other, (name, other[max(0, other.find(name) - 300) : other.find(name) + 60])


# the hard route


def _restricted_later(cast: Any, **data: Any) -> Case:
    case = opened(cast, suspects=[], targets=[cast.people["pupil"]], category="unwanted_contact", **data)
    told = {**ASSESSED, "severity": 4, "category": "sexual_approach", "suspects": [cast.people["teacher"]]}
    commands.perform(case, "incident.triage", by=cast.users["director"], data=told)
    return Case.objects.get(pk=case.pk)


def test_a_case_that_turns_to_the_hard_route_is_the_boards_from_that_moment(story: Story) -> None:
    cast = story.cast
    case = _restricted_later(cast)
    assert case.restricted
    for name, user in cast.users.items():
        expected = 200 if name == "board" else 404
        assert as_user(user).get(reverse("kc_workflows:case", args=[case.key])).status_code == expected, name
    triage = case.log.filter(step="incident.triage").get()
    assert {row.person.given_name for row in Outbox.objects.filter(key__startswith=f"mail:{triage.pk}:")} == {"Bes"}


def test_mails_that_waited_when_a_case_turned_to_the_hard_route_tell_only_the_board(story: Story) -> None:
    cast = story.cast
    outbox.drain()
    mail.outbox.clear()
    case = opened(cast, suspects=[], targets=[cast.people["adult_pupil"]], category="unwanted_contact", confidential=False)
    Outbox.objects.create(
        key="mail:later", kind="mail", root=case, person=cast.people["deputy"], payload={"case": str(case.key)}, created_at=clock.now(),
        not_before=clock.now(),
    )  # fmt: skip
    told = {**ASSESSED, "severity": 4, "category": "sexual_approach", "suspects": [cast.people["teacher"]]}
    commands.perform(case, "incident.triage", by=cast.users["director"], data=told)
    with clock.at(MONDAY + timedelta(days=9)):
        ticking.tick()
        ticking.tick()
    assert {to for message in mail.outbox for to in message.to if f"{case.key}" in message.body} == {"board@cast.example"}
    rest = Outbox.objects.filter(root=case).exclude(person=cast.people["board"]).filter(done_at__isnull=True)
    assert not rest.exists()


def test_on_the_hard_route_every_duty_stands_on_the_boards_desk(story: Story) -> None:
    cast = story.cast
    case = _restricted_later(cast)
    open_duties = {duty.pk for duty in Duty.objects.filter(root=case, done_at=None).exclude(owner="")}
    assert open_duties
    assert open_duties <= {duty.pk for duty in queries.desk(cast.users["board"], cast.school).duties}


def test_naming_a_member_of_staff_while_referring_takes_the_hard_route(story: Story) -> None:
    cast = story.cast
    case = opened(cast, suspects=[cast.people["teacher"]], targets=[cast.people["pupil"]], category="unwanted_contact")
    commands.perform(case, "incident.triage", by=cast.users["director"], data=ASSESSED)
    try:
        commands.perform(case, "incident.refer", by=cast.users["director"], data={
            "category": "sexual_misconduct", "refer_to": "meldcode", "reason": "Het gaat toch om iets anders."})  # fmt: skip
    except commands.StepDenied:
        return
    assert Case.objects.get(pk=case.pk).restricted
    assert not access.visible_to(cast.users["director"]).filter(pk=case.pk).exists()
    assert "Bes" in told_mails(case)


def test_the_reporter_on_the_hard_route_gets_a_receipt_and_no_dead_end(story: Story) -> None:
    cast = story.cast
    sent = {"category": "sexual_approach", "suspects": [cast.people["teacher"].pk], "targets": [cast.people["pupil"].pk],
            "story": "Ik zag berichten.", "acted_on": "2026-03-01"}  # fmt: skip
    answer = as_user(cast.users["mentor"]).post(reverse("kc_workflows:report"), sent, follow=True)
    assert answer.status_code == 200, text_of(answer)[:800]
    case = Case.objects.filter(type="incident").order_by("-pk").first()
    assert case is not None and case.restricted and case.display_number in text_of(answer)


# kept-out readers, and who else must then be told


@pytest.mark.parametrize("key", list(SECTORS))
def test_a_pupil_who_keeps_the_mentor_out_is_still_heard(monday: None, key: str) -> None:
    cast = build(key, SECTORS[key], MONDAY.date())
    for contact in contacts_allowed(Place(cast.school, None, pupil=cast.people["pupil"])):
        out = commands.open_case(by=cast.users["pupil"], school=cast.school, data={
            "category": "cyberbullying", "story": "Ik durf niet.", "help_contact": contact, "targets": [cast.people["pupil"]],
            "exclude": [cast.people["mentor"]]})  # fmt: skip
        told = told_mails(out.case)
        assert told and "Marit" not in told, (contact, told)
        for row in Outbox.objects.filter(root=out.case).select_related("person"):
            assert access.visible_to(row.person.user).filter(pk=out.case.pk).exists(), (contact, row.person)
        assert not access.visible_to(cast.users["mentor"]).filter(pk=out.case.pk).exists()
        assert out.case.owner_id != cast.users["mentor"].pk
        with clock.at(MONDAY + timedelta(days=12)):
            ticking.tick()
        assert "Marit" not in told_mails(out.case)


def test_a_pupil_who_keeps_everybody_near_out_reaches_the_board(monday: None) -> None:
    cast = build("groningen", "vo", MONDAY.date())
    near = [cast.people[name] for name in ("mentor", "director", "deputy", "counsellor")]
    out = commands.open_case(by=cast.users["pupil"], school=cast.school, data={
        "category": "cyberbullying", "story": "Ik durf niet.", "help_contact": "mentor", "targets": [cast.people["pupil"]],
        "exclude": near})  # fmt: skip
    assert told_mails(out.case) == {"Bes"}


@pytest.mark.parametrize("key", ["montessori", "verkruisen", "wilhelmina"])
def test_who_is_asked_for_help_can_read_the_call(monday: None, key: str) -> None:
    cast = build(key, SECTORS[key], MONDAY.date())
    out = commands.open_case(by=cast.users["pupil"], school=cast.school, data={
        "category": "cyberbullying", "story": "Ik durf niet.", "help_contact": "confidential_counsellor",
        "targets": [cast.people["pupil"]]})  # fmt: skip
    assert "Vera" in told_mails(out.case)
    page = as_user(cast.users["counsellor"]).get(reverse("kc_workflows:case", args=[out.case.key]))
    assert page.status_code == 200 and "Ik durf niet." in text_of(page)


def test_a_case_is_not_handed_to_somebody_who_may_not_read_it(story: Story) -> None:
    cast = story.cast
    out = commands.open_case(by=cast.users["pupil"], school=cast.school, data={
        "category": "cyberbullying", "story": "Help.", "help_contact": "mentor", "targets": [cast.people["pupil"]],
        "exclude": [cast.people["teacher"]]})  # fmt: skip
    with pytest.raises(commands.InvalidData):
        commands.hand_over_case(out.case, by=cast.users["director"], to=cast.users["teacher"])
    hard = _restricted_later(cast)
    with pytest.raises(commands.InvalidData):
        commands.hand_over_case(hard, by=cast.users["board"], to=cast.users["mentor"])


# reminders and mails go to those who can read the case


def test_nobody_is_reminded_of_a_case_they_cannot_open(story: Story) -> None:
    cast = story.cast
    for case in (_restricted_later(cast), opened(cast, confidential=True), story.case):
        with clock.at(MONDAY + timedelta(days=15)):
            ticking.tick()
            for row in Outbox.objects.filter(root=case, kind="reminder").select_related("person"):
                assert row.person.user and access.visible_to(row.person.user).filter(pk=case.pk).exists(), (case, row.key, row.person)


def test_a_mail_to_somebody_whose_role_has_ended_is_not_sent(story: Story) -> None:
    cast = story.cast
    outbox.drain()
    mail.outbox.clear()
    fresh = opened(cast)
    Outbox.objects.create(
        key="mail:ended", kind="mail", root=fresh, person=cast.people["director"], payload={"case": str(fresh.key)}, created_at=clock.now(),
        not_before=clock.now(),
    )  # fmt: skip
    Membership.objects.filter(user=cast.users["director"]).update(ends=MONDAY.date() - timedelta(days=1))
    outbox.drain()
    assert [message for message in mail.outbox if "director@cast.example" in message.to] == []


def test_a_pupil_sees_nothing_under_a_police_hold_not_even_their_own_measure(story: Story) -> None:
    cast = story.cast
    pupil = as_user(cast.users["pupil"])
    assert pupil.get(story.url("case")).status_code == 200
    commands.open_child(story.case, "police.consider", by=cast.users["director"], data={"conduct": "Dreigde met slaan."})
    police = Case.objects.get(parent=story.case, type="police")
    told = {"station": "Nergenshuizen", "police_hold": True, "handed_over_what": "Een beschrijving.", "legal_ground": "AVG 6"}
    commands.perform(police, "police.report", by=cast.users["board"], data=told)
    assert pupil.get(story.url("case")).status_code == 404
    assert str(story.case.key) not in text_of(pupil.get(reverse("kc_workflows:desk")))
    assert str(story.case.key) not in text_of(pupil.get(reverse("kc_workflows:api_cases")))


@pytest.mark.once
def test_everybody_who_has_no_part_gets_the_same_404_everywhere(story: Story) -> None:
    cast = story.cast
    letter = Letter.objects.create(
        root=story.case, case=story.case, kind="invitation", addressee=cast.people["parent"], about=cast.people["pupil"],
        queued_by=story.case.log.first(), created_at=clock.now(), file="pupil_file",
    )  # fmt: skip
    urls = [
        story.url("case"), story.url("step", "incident.triage"), story.url("step", "measure.propose"), story.url("record", "heard"),
        story.url("record", "urgent_safety_measure"),
        story.url("retract", 1), story.url("retract", 99), story.url("owner"), story.url("decide"), story.step_url("measure.approve"),
        story.url("letter", letter.key), story.url("letter_pdf", letter.key), story.url("person", cast.people["pupil"].key),
        story.url("correct", cast.people["pupil"].key), reverse("kc_workflows:api_steps", args=[story.case.key]),
    ]  # fmt: skip
    strangers = [
        *(cast.users[name] for name in (
            "teacher", "classmate", "adult_pupil", "ict_coordinator", "communications", "administrator", "mediamaster", "personnel",
            "manager", "counsellor")),
        *story.other.users.values(), story.stranger,
    ]  # fmt: skip
    for user in strangers:
        client = as_user(user)
        for url in urls:
            for answer in (client.get(url), client.post(url, {"reason": "x", "person": cast.people["pupil"].pk})):
                assert answer.status_code in (404, 405), (user.username, url, answer.status_code)
                page = answer.content.decode().split("<footer")[0]
                for name in ("Noa", "Regenboogje", "Sem ", "Paperclipje", story.case.display_number, "Threat"):
                    assert name not in page, (user.username, url, name)
    assert Case.objects.get(pk=story.case.pk).log_count == story.case.log_count
