"""Reading copies of the letters to parents: true to the Dutch letter, marked as no letter, for nobody but the addressee."""

from __future__ import annotations

import dataclasses
import hashlib
from io import BytesIO
from typing import Any

import page as validator
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pypdf import PdfReader

from tests.cast import build_other_school, build_stranger
from tests.letter_contexts import context
from tests.letter_story import MONDAY, play, sanction
from tests.printed import text_of
from workflows import clock, people, vocabulary
from workflows.delivery import building, contents, dutch, faults, letters, links, reading, reading_words, sending
from workflows.models import Guardianship, Letter, LogEntry, Person, ReadEntry

TITLES = {
    "en": "Decision to suspend", "tr": "Uzaklaştırma kararı", "ar": "قرار بالإيقاف عن الدراسة", "pl": "Decyzja o zawieszeniu",
    "uk": "Рішення про відсторонення",
}  # fmt: skip
MARKS = {
    "en": "This is a reading copy. The letter in Dutch is the one that counts.", "tr": "Bu bir okuma kopyasıdır.", "ar": "هذه نسخة للقراءة",
    "pl": "To jest kopia do czytania.", "uk": "Це копія для читання.",
}  # fmt: skip
MONTHS = {"en": "4 March 2026", "tr": "4 Mart 2026", "ar": "مارس", "pl": "4 marca 2026", "uk": "4 березня 2026"}
FACTS = {
    "invitation": ("15:30", "Kamer 2 op school", "de mentor en de directeur", "De film deed het andere kind veel verdriet.", "050"),
    "report_notice": ("Sam Regenboogje", "fg@wilgentuin.example", "1 jaar nadat de zaak is gesloten"),
    "measure_notice": ("Sam filmde een ander kind en deelde de film.", "Ik vond het grappig.", "Postbus 1, 9700 AA Meerstad", "15:00"),
    "suspension": (
        "Sam Regenboogje", "groep 7", "Stichting Verzonnen Bestuur", "rond 10.30 uur, op het plein", "groepsapp", "Sam kreeg in januari al",
        "De school belt de ouders voordat een schorsing ingaat.", "Code Sociale Media, versie van 1 december 2024", "Ik vond het grappig.",
        "De juf mailt elke dag om 9 uur het werk.", "Sam mag wel naar de logopedie.", "Postbus 1, 9700 AA Meerstad", "2015", "12",
    ),
    "removal_agreement": ("een openbaar profiel", "De film was zonder toestemming."),
    "takedown_request": ("een openbaar profiel", "De film was zonder toestemming."),
    "police_note": ("bureau Meerstad", "2026-0001", "aangifte namens de school", "11:00", "Een beschrijving van het bericht."),
}  # fmt: skip


def kept(kind: str, **changes: Any) -> contents.LetterContext:
    """A context as it comes back from what is kept with a letter."""
    made = context(kind, to="guardian")
    return contents.restored(contents.snapshot(dataclasses.replace(made, **changes)))


@pytest.mark.parametrize("kind", sorted(vocabulary.LETTERS))
def test_what_is_kept_with_a_letter_gives_the_letter_back(kind: str) -> None:
    made = context(kind, sender=dataclasses.replace(context(kind).sender, logo=None))
    back = contents.restored(contents.snapshot(made))
    assert back == made and letters.html(back) == letters.html(made)


@pytest.mark.parametrize("language", reading.LANGUAGES)
@pytest.mark.parametrize("kind", sorted(reading.KINDS))
def test_a_copy_says_what_the_letter_says_and_that_it_is_none(kind: str, language: str) -> None:
    made = context(kind, to="guardian")
    named = {"reader": dataclasses.replace(made.reader, name="Łucja Żółcińska"), "signer": dataclasses.replace(made.signer, name="ليلى قوس")}
    pdf = letters.print_html(reading.html(kept(kind, **named), language))
    report = validator.validate_pdf_bytes(pdf, profile="ua1")
    assert report.is_compliant, [failure.message for failure in report.failures]
    assert PdfReader(BytesIO(pdf)).trailer["/Root"]["/Lang"] == language
    text = text_of(pdf)
    said = (*FACTS[kind], "Łucja Żółcińska", "ليلى", "قوس", "2026-14", "OBS De Wilgentuin", MARKS[language])
    for part in (*said, f"Dit is een leeskopie in het {reading_words.DUTCH_NAMES[language]}. De Nederlandse brief is bindend."):
        assert part.replace(" ", "") in text.replace(" ", "").replace("\u00a0", ""), part


@pytest.mark.parametrize("language", reading.LANGUAGES)
def test_the_days_title_and_direction_of_a_language(language: str) -> None:
    html = reading.html(kept("suspension"), language)
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in html
    assert f"<h1>{TITLES[language]}</h1>" in html and MONTHS[language] in html and MARKS[language] in html
    assert '<p class="said" lang="nl" dir="ltr"><bdi>Sam filmde een ander kind en deelde de film.</bdi></p>' in html
    english = reading.html(kept("suspension"), "en")
    assert html.count("<tr>") == english.count("<tr>") and html.count("<h2>") == english.count("<h2>")


def test_the_clauses_follow_the_letter() -> None:
    def said(**changes: Any) -> str:
        made = context("suspension", to="guardian")
        facts = {**made.facts, **{name: value for name, value in changes.items() if name in made.facts}}
        sender = dataclasses.replace(made.sender, **{name: value for name, value in changes.items() if name not in facts})
        return reading.html(dataclasses.replace(made, facts=facts, sender=sender), "en")

    public, private = said(), said(legal_form="private", objection_address="")
    assert "within 6 weeks. The 6 weeks begin on the day after" in public and "administrative court" in public and "complaints rules" not in public
    assert "complaints rules" in private and "Klachtencommissie" in private and "civil court" in private and "administrative court" not in private
    assert "The board itself also lets you object" in said(legal_form="private") and "The board itself" not in private
    assert "longer than 1 day" in public and "This suspension lasts 1 day." in said(school_days=1)
    inside = said(kind="internal_suspension")
    assert "<h1>Decision to suspend inside the school</h1>" in inside and "permitted absence" not in inside and "permitted absence" in public


def test_the_words_of_the_copies_cover_the_vocabulary() -> None:
    assert set(reading_words.KINDS) | {"dismissal", "instant_dismissal"} == set(vocabulary.KINDS)
    assert set(reading_words.CATEGORIES) == set(vocabulary.CATEGORIES) and set(reading_words.ASKS) == set(dutch.ASKS)
    assert set(reading_words.POLICE_OUTCOMES) == set(dutch.POLICE_OUTCOMES) and set(reading_words.CHANNELS) == set(vocabulary.CHANNELS)
    assert set(reading_words.TITLES) == reading.KINDS | {"internal_suspension"}
    assert set(reading_words.READ_IN) == set(reading_words.DAYS) == set(reading_words.DUTCH_NAMES) == set(reading.LANGUAGES)


def letter_in(language: str, **people: dict[str, object]) -> tuple[object, object, Letter]:
    made, case = play(people={"parent": {"language": language}, **people})
    letter = next(one for one in sanction(made, case) if one.addressee == made.people["parent"])
    with clock.at(MONDAY):
        sending.prepare(letter)
    return made, case, letter


def approved_in(language: str) -> tuple[object, object, Letter]:
    made, case, letter = letter_in(language)
    with clock.at(MONDAY):
        sending.approve(letter, by=made.users["director"], digest=letter.digest)
    return made, case, letter


@pytest.mark.django_db
class TestOnRealCases:
    @pytest.mark.once
    def test_the_copy_of_a_real_letter_names_no_other_child_and_leaves_the_letter_as_it_is(self) -> None:
        _made, _case, letter = approved_in("tr")
        before = Letter.objects.values().get(pk=letter.pk)
        entries = LogEntry.objects.count()
        with clock.at(MONDAY):
            text = text_of(reading.copy_of(letter))
        assert "Noa Regenboogje" in text and "Rob Regenboogje" in text and "4 Mart 2026 Çarşamba" in text and "Ik vond het grappig." in text
        for name in ("Sem", "Paperclipje", "Olga"):
            assert name not in text
        assert Letter.objects.values().get(pk=letter.pk) == before and LogEntry.objects.count() == entries
        assert hashlib.sha256(bytes(letter.pdf or b"")).hexdigest() == letter.approved_digest
        assert "Besluit tot schorsing" in text_of(bytes(letter.pdf or b""))

    @pytest.mark.once
    @pytest.mark.parametrize("language", ["nl", "", "fr"])
    def test_who_reads_dutch_or_a_language_we_lack_gets_none(self, language: str) -> None:
        _made, _case, letter = letter_in(language)
        assert reading.language_of(letter) == "" and reading.button(letter) == ""
        with clock.at(MONDAY), pytest.raises(faults.LetterRefused):
            reading.copy_of(letter)

    def test_pupils_and_staff_get_none(self) -> None:
        made, case = play(people={"pupil": {"language": "pl"}, "parent": {"language": "pl"}})
        found = {letter.addressee: reading.language_of(letter) for letter in sanction(made, case)}
        assert found[made.people["parent"]] == "pl" and found[made.people["pupil"]] == ""
        staff = Letter(kind="staff_letter", addressee=made.people["parent"])
        assert reading.language_of(staff) == "" and reading.language_of(Letter(kind="police_note")) == ""

    @pytest.mark.once
    def test_a_copy_tells_nothing_that_the_approved_letter_does_not(self) -> None:
        made, _case, letter = approved_in("en")
        with clock.at(MONDAY):
            people.change_person(made.people["parent"], by=None, address="Nieuwstraat 3\n1234 AC Nergenshuizen")
            with pytest.raises(faults.LetterChanged):
                reading.copy_of(letter)

    def test_after_sending_it_tells_what_was_sent(self) -> None:
        made, _case, letter = approved_in("en")
        with clock.at(MONDAY):
            sending.send(letter, by=made.users["director"], route="handed_over")
            people.change_person(made.people["pupil"], by=None, family_name="Theepot")
            letter.refresh_from_db()
            text = text_of(reading.copy_of(letter))
        assert "Noa Regenboogje" in text and "Theepot" not in text
        Letter.objects.filter(pk=letter.pk).update(pdf=bytes(letter.pdf or b"") + b"\n% more")
        letter.refresh_from_db()
        with clock.at(MONDAY), pytest.raises(faults.LetterChanged):
            reading.copy_of(letter)

    @pytest.mark.once
    def test_another_childs_name_stops_the_copy_too(self) -> None:
        made, _case, letter = approved_in("en")
        kept_words = {**letter.context, "facts": {**letter.context["facts"], "conduct": "Noa en Sem Paperclipje filmden."}}
        Letter.objects.filter(pk=letter.pk).update(context=kept_words, state="sent")
        letter.refresh_from_db()
        with clock.at(MONDAY), pytest.raises(faults.LetterRefused) as refused:
            reading.copy_of(letter)
        assert [fault.field for fault in refused.value.faults] == ["conduct"] and made

    def test_no_copy_without_authority(self) -> None:
        made, _case, letter = approved_in("en")
        Guardianship.objects.filter(guardian=made.people["parent"]).update(authority="unknown")
        with clock.at(MONDAY), pytest.raises(faults.LetterRefused):
            reading.copy_of(letter)

    @pytest.mark.once
    def test_the_dutch_letter_does_not_depend_on_the_language(self) -> None:
        _made, _case, letter = letter_in("ar")
        with clock.at(MONDAY):
            before = contents.snapshot(building.build(letter).context)
            Person.objects.filter(pk=letter.addressee_id).update(language="nl")
            letter.refresh_from_db()
            assert contents.snapshot(building.build(letter).context) == before


@pytest.mark.django_db
class TestPages:
    def test_staff_see_it_beside_the_letter_and_nobody_else_does(self) -> None:
        made, case, letter = approved_in("uk")
        url, copy = (reverse(f"kc_workflows:{name}", args=[case.key, letter.key]) for name in ("letter", "letter_copy"))
        client = Client()
        with clock.at(MONDAY):
            client.force_login(made.users["director"])
            assert copy in client.get(url).content.decode()
            answer = client.get(copy)
            assert answer.status_code == 200 and PdfReader(BytesIO(answer.content)).trailer["/Root"]["/Lang"] == "uk"
            assert "Noa" not in answer.headers["Content-Disposition"]
            assert ReadEntry.objects.filter(user=made.users["director"], page="export letter copy").count() == 1
            other = build_other_school("groningen", "vo", MONDAY.date())
            outside = (made.users["pupil"], other.users["director"], build_stranger(), made.users["teacher"])
            for user in outside:
                client.force_login(user)
                assert client.get(copy).status_code == 404, user
            client.logout()
            assert client.get(copy).status_code in (302, 404)

    @pytest.mark.once
    def test_a_letter_in_dutch_offers_none(self, client: Client) -> None:
        made, case, letter = approved_in("nl")
        client.force_login(made.users["director"])
        with clock.at(MONDAY):
            url = reverse("kc_workflows:letter_copy", args=[case.key, letter.key])
            assert client.get(url).status_code == 404
            assert url not in client.get(reverse("kc_workflows:letter", args=[case.key, letter.key])).content.decode()

    @pytest.mark.once
    def test_a_copy_that_cannot_be_made_says_why(self, client: Client) -> None:
        made, case, letter = approved_in("en")
        client.force_login(made.users["director"])
        with clock.at(MONDAY):
            people.change_person(made.people["parent"], by=None, address="Nieuwstraat 3\n1234 AC Nergenshuizen")
            answer = client.get(reverse("kc_workflows:letter_copy", args=[case.key, letter.key]))
        assert answer.status_code == 409 and "changed" in answer.content.decode()

    @pytest.mark.parametrize("language", ["pl", "ar"])
    def test_a_parent_reads_it_behind_the_personal_link(self, language: str) -> None:
        made, _case, letter = approved_in(language)
        client = Client(enforce_csrf_checks=True)
        with clock.at(MONDAY):
            sending.send(letter, by=made.users["director"], route="portal")
            link = letter.links.get()
            path = "/" + links.address(link).split("://", 1)[1].partition("/")[2]
            page = client.get(path).content.decode()
            client.head(path)
            link.refresh_from_db()
            assert link.opened_at is None
            assert reading.button(letter) in page and f'lang="{language}"' in page and ('dir="rtl"' in page) == (language == "ar")
            assert "Noa" not in page and "Regenboogje" not in page
            main = page[page.index("<main") :]
            with translation.override(language):
                for words in (*reading_words.LINK_PAGE["ready"], reading_words.READ_DUTCH, reading_words.PHONE):
                    assert str(words).partition("%(")[0] in main and "brief" not in main, "its frame is not Dutch either"
                over = str(reading_words.LINK_PAGE["revoked"][0])
            copy, whole = client.post(path, {"copy": "1"}), client.post(path)
            assert PdfReader(BytesIO(copy.content)).trailer["/Root"]["/Lang"] == language and copy.headers["Cache-Control"]
            assert whole.content == bytes(letter.pdf or b"") and copy.headers["Content-Disposition"].endswith(f'-{language}.pdf"')
            links.revoke(letter)
            closed = client.post(path, {"copy": "1"})
            assert closed.status_code == 410 and over in closed.content.decode() and made.school.phone in closed.content.decode()

    @pytest.mark.once
    def test_the_link_of_a_dutch_letter_offers_none(self, client: Client) -> None:
        made, _case, letter = approved_in("nl")
        with clock.at(MONDAY):
            sending.send(letter, by=made.users["director"], route="portal")
            path = "/" + links.address(letter.links.get()).split("://", 1)[1].partition("/")[2]
            assert 'name="copy"' not in client.get(path).content.decode()
            answer = client.post(path, {"copy": "1"})
            assert answer.status_code == 409 and made.school.phone in answer.content.decode()
