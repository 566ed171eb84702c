"""A letter's way out, on real cases: who gets a copy, what may not stand in it, the director's approval, a recorded route."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, timedelta
from io import BytesIO
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from tests.letter_story import MONDAY, play, sanction
from tests.remembered import all_rows
from workflows import clock, commands, people, schools
from workflows.delivery import building, faults, links, recipients, sending
from workflows.delivery.contents import free_texts
from workflows.delivery.outbox import drain
from workflows.models import Guardianship, Letter, LogEntry, Outbox, Person
from workflows.models.people import Authority

pytestmark = pytest.mark.django_db

NEW_YORK = ZoneInfo("America/New_York")
SECRET = {"address": "Schuilstraat 77\n8888 ZX Elders", "phone": "061 234 5678", "email": "olga@elders.example", "hides_address": True}


def to(letters: list[Letter], person: Person) -> Letter:
    return next(letter for letter in letters if letter.addressee == person)


def text_of(letter: Letter) -> str:
    reader = PdfReader(BytesIO(bytes(letter.pdf or b"")))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def approved(letter: Letter, director: object) -> Letter:
    sending.prepare(letter)
    return sending.approve(letter, by=director, digest=letter.digest)


def test_two_guardians_get_a_copy_each_without_the_others_address() -> None:
    made, case = play(people={"other_parent": SECRET})
    letters = sanction(made, case)
    with clock.at(MONDAY):
        first, second = (sending.prepare(to(letters, made.people[name])) for name in ("parent", "other_parent"))
    assert "Rob Regenboogje Verzinselstraat 12" in text_of(first) and "Olga Zonnewijzer Schuilstraat 77 8888 ZX Elders" in text_of(second)
    for secret in ("Schuilstraat", "8888", "061", "olga@elders.example"):
        assert secret not in text_of(first)
    assert "Verzinselstraat" not in text_of(second)
    assert first.digest != second.digest


@pytest.mark.once
def test_a_hidden_address_in_somebodys_words_is_refused_in_the_other_copy_only() -> None:
    made, case = play(people={"other_parent": SECRET}, conditions="Noa blijft bij de ouder aan de Schuilstraat 77.")
    letters = sanction(made, case)
    with clock.at(MONDAY):
        with pytest.raises(faults.LetterRefused) as refused:
            sending.prepare(to(letters, made.people["parent"]))
        assert [fault.field for fault in refused.value.faults] == ["conditions"]
        sending.prepare(to(letters, made.people["other_parent"]))


@pytest.mark.once
def test_names_of_another_child_in_any_field_stop_the_letter_and_name_the_field() -> None:
    made, case = play(people={"classmate": {"nicknames": ["Semmie"]}})
    letter = to(sanction(made, case), made.people["parent"])
    with clock.at(MONDAY):
        built = building.build(letter)
        assert faults.faults_of(built) == []
        fields = [name for name in free_texts(built.context) if not name.startswith(("school.", "metadata.", "hearings", "not_heard"))]
        assert {"conduct", "reason", "why_not_lighter", "earlier_measures", "school_work", "conditions", "rule", "acted_at"} <= set(fields)
        for planted in ("Sem lachte.", "met Paperclipjes telefoon", "Semmie zag het", "s.paperclipje@mail.example"):
            for name in fields:
                facts = MappingProxyType({**built.context.facts, name: f"Wat er was. {planted}"})
                found = faults.faults_of(dataclasses.replace(built, context=dataclasses.replace(built.context, facts=facts)))
                assert [fault.field for fault in found] == [name], (name, planted)
                assert "Sem Paperclipje" in found[0].message
            hearing = dataclasses.replace(built.context.hearings[0], said=planted)
            changed = dataclasses.replace(built.context, hearings=(hearing,))
            assert [fault.field for fault in faults.faults_of(dataclasses.replace(built, context=changed))] == ["hearings"]


def test_a_name_in_the_pdfs_properties_is_caught() -> None:
    made, case = play()
    letter = to(sanction(made, case), made.people["parent"])
    with clock.at(MONDAY):
        schools.change_school(made.school, by=None, name="School van Sem Paperclipje")
        with pytest.raises(faults.LetterRefused) as refused:
            sending.prepare(letter)
    assert "metadata.author" in [fault.field for fault in refused.value.faults]
    letter.refresh_from_db()
    assert letter.pdf is None and letter.problem


def test_what_was_said_in_a_talk_is_searched_too() -> None:
    made, case = play()
    with clock.at(MONDAY):
        commands.record(case, "heard", by=made.users["mentor"], person=made.people["pupil"], data={"note": "Sem deed ook mee.", "channel": "phone"})
    letter = to(sanction(made, case), made.people["parent"])
    with clock.at(MONDAY), pytest.raises(faults.LetterRefused) as refused:
        sending.prepare(letter)
    assert [fault.field for fault in refused.value.faults] == ["hearings"]


@pytest.mark.parametrize("authority", [Authority.UNKNOWN, Authority.NO, Authority.COURT_LIMIT])
def test_who_gets_a_copy_is_decided_at_sending(authority: str) -> None:
    """Authority lost between the step and the sending: no copy; authority settled in between: a copy of their own."""
    made, case = play(people={"other_parent": {"authority": authority}})
    letters = sanction(made, case)
    parent, other = made.people["parent"], made.people["other_parent"]
    assert other not in [letter.addressee for letter in letters]
    with clock.at(MONDAY):
        first = approved(to(letters, parent), made.users["director"])
        Guardianship.objects.filter(guardian=parent).update(authority=authority)
        Guardianship.objects.filter(guardian=other).update(authority=Authority.YES)
        with pytest.raises(faults.LetterRefused):
            sending.send(first, by=made.users["director"], route="handed_over")
        first.refresh_from_db()
        assert first.state == Letter.State.VOID and first.pdf is None and first.sent_at is None
        assert [letter.addressee for letter in sending.reconcile(to(letters, made.people["pupil"]))] in ([], [other])
        added = Letter.objects.get(root=case, addressee=other)
        sending.prepare(added)
        assert "Olga Zonnewijzer" in text_of(added)


def test_from_eighteen_on_the_letter_is_for_the_pupil_alone() -> None:
    made, case = play()
    letters = sanction(made, case)
    Person.objects.filter(pk=made.people["pupil"].pk).update(birth_date=MONDAY.date() - timedelta(days=19 * 365))
    with clock.at(MONDAY):
        with pytest.raises(faults.LetterRefused):
            sending.prepare(to(letters, made.people["parent"]))
        assert sending.prepare(to(letters, made.people["pupil"])).pdf


def test_the_director_approves_exactly_what_was_read() -> None:
    made, case = play()
    letter = to(sanction(made, case), made.people["parent"])
    director = made.users["director"]
    with clock.at(MONDAY):
        sending.prepare(letter)
        for name in ("mentor", "teacher", "dpo", "administrator"):
            with pytest.raises(faults.LetterRefused):
                sending.approve(letter, by=made.users[name], digest=letter.digest)
        with pytest.raises(faults.LetterChanged):
            sending.approve(letter, by=director, digest="0" * 64)
        with pytest.raises(faults.LetterRefused):
            sending.send(letter, by=director, route="handed_over")
        sending.approve(letter, by=director, digest=letter.digest)
    assert letter.state == Letter.State.APPROVED and letter.approved_by == made.people["director"]
    entry = LogEntry.objects.filter(root=case).order_by("-n").first()
    assert entry is not None and entry.step == "letter.approve" and entry.facts["digest"] == hashlib.sha256(bytes(letter.pdf or b"")).hexdigest()


def test_sent_bytes_are_the_approved_bytes_and_a_route_is_recorded() -> None:
    made, case = play()
    letter = to(sanction(made, case), made.people["parent"])
    with clock.at(MONDAY):
        approved(letter, made.users["director"])
        bytes_approved, digest = bytes(letter.pdf or b""), letter.approved_digest
        sending.send(letter, by=made.users["mentor"], route="handed_over")
    letter.refresh_from_db()
    assert (letter.state, letter.route) == ("sent", "handed_over") and letter.sent_at is not None
    assert bytes(letter.pdf or b"") == bytes_approved and hashlib.sha256(bytes_approved).hexdigest() == digest
    facts = LogEntry.objects.get(root=case, step="letter.send").facts
    assert facts["route"] == "handed_over" and facts["digest"] == digest
    with clock.at(MONDAY):  # sending twice changes nothing
        sending.send(letter, by=made.users["mentor"], route="post")
    letter.refresh_from_db()
    assert letter.route == "handed_over" and LogEntry.objects.filter(root=case, step="letter.send").count() == 1


def test_changed_data_void_the_approval() -> None:
    made, case = play()
    letter = to(sanction(made, case), made.people["parent"])
    director = made.users["director"]
    with clock.at(MONDAY):
        approved(letter, director)
        people.change_person(made.people["parent"], by=None, address="Nieuwstraat 3\n1234 AC Nergenshuizen")
        with pytest.raises(faults.LetterChanged):
            sending.send(letter, by=director, route="handed_over")
        letter.refresh_from_db()
        assert letter.state == Letter.State.DRAFT and letter.approved_digest == "" and letter.problem
        approved(letter, director)
        sending.send(letter, by=director, route="handed_over")
    letter.refresh_from_db()
    assert letter.state == Letter.State.SENT and "Nieuwstraat 3" in text_of(letter)


def test_a_name_that_joins_the_case_after_the_approval_stops_the_letter() -> None:
    made, case = play(people={"adult_pupil": {"given_name": "Wil", "family_name": "de Groot"}}, reason="De Groot van het team hielp niet.")
    letter = to(sanction(made, case), made.people["parent"])
    with clock.at(MONDAY):
        approved(letter, made.users["director"])
        commands.perform(case, "incident.triage", by=made.users["director"], data={"severity": 3, "bystanders": [made.people["adult_pupil"]]})
        with pytest.raises(faults.LetterChanged):
            sending.send(letter, by=made.users["director"], route="handed_over")


def test_bytes_changed_behind_our_back_are_never_sent() -> None:
    made, case = play()
    letter = to(sanction(made, case), made.people["parent"])
    with clock.at(MONDAY):
        approved(letter, made.users["director"])
        Letter.objects.filter(pk=letter.pk).update(pdf=bytes(letter.pdf or b"") + b"\n% more")
        with pytest.raises(faults.LetterChanged):
            sending.send(letter, by=made.users["director"], route="handed_over")


def test_a_letter_goes_by_the_routes_of_protocol_and_school() -> None:
    gravity = dict.fromkeys(("gravity_words", "gravity_conduct", "gravity_effects"), "Het was grof.")
    made, case = play("montessori", qualification="possibly_culpable", **gravity)
    letter = to(sanction(made, case), made.people["parent"])
    with clock.at(MONDAY):
        approved(letter, made.users["director"])
        assert "portal" not in recipients.routes_of(letter)
        with pytest.raises(faults.LetterRefused) as refused:
            sending.send(letter, by=made.users["director"], route="portal")
        assert "MLF-A8a" in str(refused.value)
        Person.objects.filter(pk=made.people["parent"].pk).update(email="")
        with pytest.raises(faults.LetterRefused):
            sending.send(letter, by=made.users["director"], route="email")


def test_a_child_of_primary_school_gets_its_own_copy_in_person() -> None:
    made, case = play(sector="po", people={"pupil": {"age": 11}})
    with clock.at(MONDAY), timezone.override(UTC):
        commands.record(case, "invited", by=made.users["mentor"], person=made.people["pupil"], data={
            "meeting_at": "2026-03-03T15:00", "place": "Kamer 2", "attends": "de mentor", "reason": "Een film die is gedeeld.",
        })  # fmt: skip
    copies = list(Letter.objects.filter(root=case, kind="invitation"))
    assert {copy.addressee for copy in copies} == {made.people[name] for name in ("pupil", "parent", "other_parent")}
    with clock.at(MONDAY), timezone.override(NEW_YORK):  # the hour is the school's, whatever zone who typed it and who prints it are in
        assert recipients.routes_of(to(copies, made.people["pupil"])) == ("handed_over",)
        assert len(recipients.routes_of(to(copies, made.people["parent"]))) > 1
        assert "dinsdag 3 maart 2026 om 15.00 uur" in text_of(sending.prepare(to(copies, made.people["parent"])))


def test_an_e_mail_waits_in_the_outbox_and_the_portal_gives_a_notice_once() -> None:
    made, case = play()
    letters = sanction(made, case)
    with clock.at(MONDAY):
        mailed = approved(to(letters, made.people["parent"]), made.users["director"])
        assert sending.send(mailed, by=made.users["director"], route="email").notice == ""
        posted = approved(to(letters, made.people["other_parent"]), made.users["director"])
        notice = sending.send(posted, by=made.users["director"], route="portal").notice
    mailed.refresh_from_db()
    assert mailed.state == Letter.State.APPROVED and Outbox.objects.get(letter=mailed).done_at is None
    assert posted.state == Letter.State.SENT and "/kc/brief/" in notice and "Noa" not in notice


def test_a_link_that_got_lost_or_is_over_is_given_again(client: Client) -> None:
    made, case = play()
    letters = sanction(made, case)
    director = made.users["director"]
    with clock.at(MONDAY):
        posted = approved(to(letters, made.people["other_parent"]), director)
        with pytest.raises(faults.LetterRefused):
            sending.again(posted, by=director)
        notice = sending.send(posted, by=director, route="portal").notice
        client.force_login(director)
        url = reverse("kc_workflows:letter", args=[case.key, posted.key])
        assert "Show the portal notice again" in client.get(url).content.decode()
        assert notice.split()[-1] in client.post(url, {"again": "1"}).content.decode()
        assert LogEntry.objects.filter(root=case, step="letter.again").count() == 1
        mailed = approved(to(letters, made.people["parent"]), director)
        sending.send(mailed, by=director, route="email")
        drain()
        client.post(reverse("kc_workflows:letter", args=[case.key, mailed.key]), {"again": "1"})
        assert drain().sent == 1 and mail.outbox[-1].to == [made.people["parent"].email]
        with pytest.raises(faults.LetterRefused):
            sending.again(posted, by=made.users["teacher"])
    with clock.at(MONDAY + links.VALID + timedelta(days=1)):
        later = sending.again(posted, by=director)
    assert "/kc/brief/" in later and later != notice


def test_a_wrong_person_gets_no_letter() -> None:
    made, case = play()
    with clock.at(MONDAY):
        commands.record(case, "invited", by=made.users["mentor"], person=made.people["pupil"], data={
            "meeting_at": "2026-03-03T15:00", "place": "Kamer 2", "attends": "de mentor", "reason": "Een film.",
        })  # fmt: skip
        letter = Letter.objects.filter(root=case, kind="invitation", addressee=made.people["parent"]).get()
        sending.prepare(letter)
        commands.correct_person(case, made.people["pupil"], None, by=made.users["director"], reason="Verwisseld.")
        with pytest.raises(faults.LetterRefused):
            sending.approve(letter, by=made.users["director"], digest=letter.digest)
    letter.refresh_from_db()
    assert letter.state == Letter.State.VOID


def test_what_a_letter_lacks_is_a_denial_of_the_step() -> None:
    made, case = play(why_not_lighter="")
    found = commands.denials(case, "incident.sanction", made.users["director"])
    assert any("Why a lighter measure falls short" in str(denial) or "why_not_lighter" in str(denial) for denial in found), found


@pytest.mark.parametrize("page", ["letter", "letter_pdf"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_a_letter_changes_nothing_but_the_note_that_somebody_looked(client: Client, method: str, page: str) -> None:
    made, case = play()
    (letter, *_rest) = sanction(made, case)
    client.force_login(made.users["director"])
    url = reverse(f"kc_workflows:{page}", args=[case.key, letter.key])

    def everything() -> dict[str, Any]:
        rows = {table: values for table, _columns, values in all_rows()}
        looked = {"kc_workflows_readentry", "django_session"}
        printed = [(row.pk, row.state, row.approved_digest, row.problem, row.sent_at, row.filed_by_id) for row in Letter.objects.order_by("pk")]
        return {**{table: values for table, values in rows.items() if table not in {*looked, "kc_workflows_letter"}}, "letters": printed}

    with clock.at(MONDAY):
        if page == "letter_pdf":
            client.get(reverse("kc_workflows:letter", args=[case.key, letter.key]))
        before = everything()
        shown = getattr(client, method)(url).status_code
        assert everything() == before
        letter.refresh_from_db()
        digest = letter.digest
        assert getattr(client, method)(url).status_code == shown == 200
        letter.refresh_from_db()
        assert letter.digest == digest and everything() == before
