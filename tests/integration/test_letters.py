"""Letters on paper: every field read back from the PDF, valid PDF/UA-1, the same bytes for the same data, nothing fetched."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import page as validator
import pytest
import weasyprint
from django.utils import translation
from pypdf import PdfReader

from tests.letter_contexts import FACTS, SENDER, context
from tests.printed import text_of
from workflows import letter_fields, vocabulary
from workflows.delivery import contents, dutch, letters

KINDS = tuple(vocabulary.LETTERS)
# WeasyPrint 66, the oldest one we allow, numbers table cells by memory address and is silent about missing glyphs. An
# approval does not lean on either: the approved bytes themselves are kept and sent.
OLD = int(weasyprint.VERSION.split(".")[0]) < 67


def printed(*args: Any, **kwargs: Any) -> str:
    return text_of(letters.render(context(*args, **kwargs)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_is_valid_pdf_ua_and_the_same_each_time(kind: str) -> None:
    made = context(kind)
    assert contents.missing(kind, made) == []
    pdf = letters.render(made)
    report = validator.validate_pdf_bytes(pdf, profile="ua1")
    assert report.is_compliant, [(failure.rule_id, failure.message) for failure in report.failures]
    assert OLD or letters.render(context(kind)) == pdf
    reader = PdfReader(BytesIO(pdf))
    assert reader.trailer["/Root"]["/Lang"] == "nl"
    assert reader.metadata is not None and reader.metadata.title == f"{made.title}, zaak 2026-14"
    assert "/CreationDate" not in reader.metadata
    fonts = {str(font.get_object()["/BaseFont"]) for page in reader.pages for font in page["/Resources"]["/Font"].values()}
    assert all("+Letter" in name for name in fonts), fonts


def test_a_plain_pdf_does_not_pass_the_validator() -> None:
    pdf = weasyprint.HTML(string="<p>Een brief").write_pdf()
    assert not validator.validate_pdf_bytes(pdf, profile="ua1").is_compliant


@pytest.mark.parametrize("kind", KINDS)
def test_each_field_of_a_letter_is_asked_for_by_name(kind: str) -> None:
    needs = letter_fields.NEEDS[kind]
    for name in needs.facts:
        assert contents.missing(kind, context(kind, facts={name: None})) == [name]
    for name in letter_fields.school_fields(kind, "public", context(kind).about.kind):
        made = context(kind, sender=dataclasses.replace(SENDER, **{name: " "}))
        assert contents.missing(kind, made) == [f"school.{name}"]
    for name in needs.copy:
        part, _dot, own = name.partition(".")
        made = context(kind)
        part = {"addressee": "reader"}.get(part, part)
        empty = dataclasses.replace(getattr(made, part), **{own: None if own == "birth_date" else ""}) if own else ()
        facts = {"rule": None} if name == "rules" else {}
        assert name in contents.missing(kind, context(kind, facts=facts, **{part: empty}))
    for name in (*needs.facts, *(f"school.{field}" for field in needs.school), *needs.copy):
        assert letter_fields.label(name)


def test_what_is_asked_at_the_step_is_what_the_letter_needs() -> None:
    assert letter_fields.lacking("suspension", {}, {"legal_form": "private"}, "pupil")[:2] == ["kind", "acted_on"]
    assert "school.complaints_body" in letter_fields.lacking("suspension", FACTS, {"legal_form": "private"}, "pupil")
    assert "school.objection_address" in letter_fields.lacking("suspension", FACTS, {"legal_form": "public"}, "pupil")
    assert letter_fields.lacking("removal_agreement", {**FACTS, "correction": ""}, contents.asdict(SENDER), "pupil") == ["correction"]


def test_the_suspension_decision_field_by_field() -> None:
    text = printed("suspension")
    for part in (
        "OBS De Wilgentuin", "BRIN 12AB", "Stichting Verzonnen Bestuur", "Voorbeeldlaan 12", "9700 AA Meerstad", "050 000 00 00",
        "Fatima Regenboogje Hoofdweg 1 9700 AB Meerstad", "Meerstad, 3 maart 2026", "Besluit tot schorsing", "Beste Fatima Regenboogje",
        "Sam Regenboogje, geboren op 3 mei 2015, groep 7", "maandag 2 maart 2026", "rond 10.30 uur, op het plein", "groepsapp",
        FACTS["conduct"], FACTS["rule"], "De school belt de ouders voordat een schorsing ingaat.", "4.4, Code Sociale Media",
        "Code Sociale Media, versie van 1 december 2024", "www.wilgentuin.example",
        "om 15.00 uur spraken wij met Sam Regenboogje, in een gesprek op school",
        "Ik vond het grappig.", FACTS["reason"], FACTS["why_not_lighter"], FACTS["earlier_measures"], "Schorsing: niet op school",
        "woensdag 4 maart 2026", "donderdag 5 maart 2026", "2 schooldagen", FACTS["school_work"], FACTS["conditions"], "vrijdag 6 maart 2026",
        "langer dan 1 dag", "Inspectie van het Onderwijs", "leerplichtambtenaar", "binnen 6 weken", "Postbus 1, 9700 AA Meerstad",
        "bestuursrechter", "Geschillencommissie passend onderwijs", "leerlingdossier", "1 jaar nadat de zaak is gesloten", "inzien",
        "fg@wilgentuin.example", "vertrouwenspersoon: 050 000 00 01", "het secretariaat", "namens het bevoegd gezag", "Ruth Klokkentoon", "directeur",
        "Zaak 2026-14", "Blad 1 van",
    ):  # fmt: skip
        assert str(part) in text, part
    assert "klachtenregeling" not in text


def test_a_private_school_names_the_complaint_and_no_awb_objection() -> None:
    text = printed("suspension", sender=dataclasses.replace(SENDER, legal_form="private", objection_address=""))
    assert "bijzondere school" in text and "Klachtencommissie Postbus 2" in text and "klachtenregeling" in text and "kort geding" in text
    assert "bestuursrechter" not in text and "bezwaar maken bij het bevoegd gezag" not in text
    offered = printed("suspension", sender=dataclasses.replace(SENDER, legal_form="private"))
    assert "biedt ook zelf bezwaar aan" in offered


def test_one_day_needs_no_inspectorate_and_two_do() -> None:
    assert "Deze schorsing duurt 1 dag." in printed("suspension", facts={"school_days": 1})
    assert "melden wij het besluit aan de Inspectie" in printed("suspension", facts={"kind": "internal_suspension", "school_days": 2})


def test_an_internal_suspension_says_so() -> None:
    text = printed("suspension", facts={"kind": "internal_suspension"})
    assert "Besluit tot interne schorsing" in text and "wel op school" in text and "geoorloofd verzuim" not in text


def test_a_hearing_that_could_not_come_first_is_replaced_by_its_reason() -> None:
    made = context("suspension", hearings=(), not_heard="De leerling was ziek; het gesprek is op 4 maart.")
    assert contents.missing("suspension", made) == []
    assert "De leerling was ziek" in text_of(letters.render(made))


def test_the_pupils_own_copy_speaks_to_the_pupil() -> None:
    text = printed("suspension", to="pupil")
    assert "schorst je voor 2 schooldagen" in text and "Je kunt bezwaar maken" in text and " u " not in text.replace(" u te", "")
    assert "Dat hoor je dan van ons" in printed("invitation", to="pupil")
    assert "Na het gesprek hoor je weer van ons" in printed("report_notice", to="pupil")


def test_a_police_note_says_when_parents_were_told_and_what_comes_next() -> None:
    told = {"parents_told_at": [datetime(2026, 3, 2, 10, 0, tzinfo=UTC)], "next_contact": "9 maart, met de wijkagent", "police_hold": True}
    text = printed("police_note", facts=told)
    assert "Ouders verteld 2 maart 2026 om 11.00 uur. De politie vroeg om te wachten" in text and "9 maart, met de wijkagent" in text


def test_a_signature_never_stands_alone_on_a_page() -> None:
    for kind in KINDS:
        last = PdfReader(BytesIO(letters.render(context(kind)))).pages[-1].extract_text()
        assert kind == "police_note" or "Vragen of hulp" in last or "moeilijk" in last, kind


def test_the_other_letters_field_by_field() -> None:
    expected = {
        "invitation": ("woensdag 4 maart 2026 om 15.30 uur", "Kamer 2 op school", FACTS["reason"], "de mentor en de directeur", "dringend", "tolk",
                       "Iemand meenemen", "nog niets", "Laat weten of u komt", "050 000 00 00"),
        "report_notice": ("Sam Regenboogje is daarbij betrokken", "zonder toestemming is gedeeld", "degene over wie de melding gaat",
                          "nog geen oordeel", "leerlingdossier", "fg@wilgentuin.example"),
        "measure_notice": ("een schorsing", FACTS["conduct"], FACTS["reason"], "maandag 2 maart 2026",
                           "Postbus 1", FACTS["rule"], "Ik vond het grappig."),
        "removal_agreement": ("een openbaar profiel", "rechtzetting plaatsen", FACTS["correction"], "Handtekening",
                              "vraagt niet om daar iets te wissen"),
        "police_note": ("dinsdag 3 maart 2026 om 11.00 uur", "bureau Meerstad", "2026-0001", "Ruth Klokkentoon, directeur, voor de school",
                        FACTS["conduct"], FACTS["handed_over_what"], FACTS["legal_ground"], "naar Halt",
                        "Voor het dossier van Sam Regenboogje", "Ouders verteld nog niet",
                        "Volgend contact nog niet afgesproken"),
        "staff_letter": ("medewerker van OBS De Wilgentuin", FACTS["conduct"], FACTS["reason"], FACTS["opinion_weighed"], "personeelsdossier",
                         "vertrouwenspersoon: 050 000 00 01"),
        "takedown_request": ("een openbaar profiel", "Dit is een verzoek.", "Nee zeggen mag", "vraagt niet om daar iets te wissen"),
    }  # fmt: skip
    assert set(expected) | {"suspension"} == set(KINDS)
    for kind, parts in expected.items():
        text = printed(kind)
        for part in parts:
            assert part in text, (kind, part)


def test_access_goes_to_the_pupil_from_sixteen_on() -> None:
    about = dataclasses.replace(context("suspension").about, birth_date=date(2010, 3, 3))
    assert "Sam is 16 jaar of ouder" in printed("suspension", about=about)


def test_the_words_of_the_letters_cover_the_vocabulary() -> None:
    assert set(dutch.KINDS) == set(vocabulary.KINDS)
    assert set(dutch.CATEGORIES) == set(vocabulary.CATEGORIES)
    assert set(dutch.CHANNELS) == set(vocabulary.CHANNELS)
    assert set(dutch.TITLES) == set(vocabulary.LETTERS)
    assert set(dutch.ASKS) == set(vocabulary.FIELDS["asks"].choices)
    assert set(dutch.POLICE_OUTCOMES) == set(vocabulary.FIELDS["police_outcome"].choices)
    assert set(dutch.ROLES) == set(vocabulary.STAFF_ROLES) - {"deputy"}


@pytest.mark.parametrize("kind", KINDS)
def test_sentences_are_short(kind: str) -> None:
    """No sentence of ours over 18 words; facts and addresses are not ours."""
    html = letters.html(context(kind))
    body = html[html.index("<body") :]
    for block in re.findall(r"<(?:p|li)(?: [^>]*)?>(.*?)</(?:p|li)>", body, re.DOTALL):
        for sentence in re.split(r"[.:?](?:\s|$)", " ".join(re.sub(r"<[^>]+>", " ", block).split())):
            assert len(sentence.split()) <= 18, sentence


@pytest.mark.parametrize("kind", KINDS)
def test_the_letters_read_easily(kind: str) -> None:
    """Flesch-Douma of our own sentences is 60 or more, and 70 or more where a parent or pupil reads."""
    html = letters.html(context(kind))
    blocks = re.findall(r"<(?:p|li)(?: [^>]*)?>(.*?)</(?:p|li)>", html[html.index("<h1") : html.index('class="sign"')], re.DOTALL)
    whole = [s for block in blocks for s in re.split(r"[.?:](?:\s|$)", re.sub(r"<[^>]+>", " ", block)) if len(s.split()) > 3]
    words = re.findall(r"[^\W\d_]+", " ".join(whole))
    syllables = sum(max(1, len(re.findall(r"[aeiouyáéëïöü]+", word.lower()))) for word in words)
    score = 206.83 - 0.93 * len(words) / len(whole) - 77 * syllables / len(words)
    assert score >= (60 if kind in ("staff_letter", "police_note") else 70), score


@pytest.mark.parametrize("address", ["file:///etc/hostname", "http://127.0.0.1:9/x.png", "https://example.org/x.png", "ftp://127.0.0.1/x"])
def test_nothing_is_read_from_network_or_disk(address: str) -> None:
    for html in (f'<p lang="nl">x<img src="{address}" alt="x">', f'<style>p{{background:url("{address}")}}</style><p>x'):
        with pytest.raises(letters.LetterFault):
            letters.print_html(html)


def test_a_sign_that_no_font_has_is_refused_with_the_line_it_stands_in() -> None:
    for text, code in (("J\U00012000ón", "U+12000"), ("Nur \U000f1234", "U+F1234"), ("Nur \U000f1234", "U+F1234")):
        with translation.override("en"), pytest.raises(letters.UnknownSign, match=f"{re.escape(code)} in “{text}”"):
            letters.print_html(f"<!doctype html><html lang=nl><title>x</title><p>J ó n Nur <b>{text}</b></p>")
    for text in ("لُؤَيّ", "q\u0308 a\u0301", "x\u200d\u2060\u00ad y\u202f"):  # what is drawn with its neighbour, or not at all
        letters.print_html(f"<!doctype html><html lang=nl><title>x</title><p>{text}</p>")


def test_markup_in_peoples_words_stays_text() -> None:
    text = printed("suspension", facts={"conduct": "<b>&amp;</b> <img src=x> {{ l }}"})
    assert "<b>&amp;</b> <img src=x> {{ l }}" in text


def test_without_pango_it_says_what_to_install() -> None:
    """A real import in a fresh process in which the system library cannot be opened."""
    program = """
import cffi
whole = cffi.FFI.dlopen
def dlopen(self, name, *rest):
    if name and "pango" in str(name):
        raise OSError(f"cannot load library {name}")
    return whole(self, name, *rest)
cffi.FFI.dlopen = dlopen
import django
django.setup()
from workflows.delivery import letters
try:
    letters.print_html("<p>x")
except letters.PrintingUnavailable as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=_environment(), timeout=120, check=False)
    assert "pango" in done.stdout and "apt-get install libpango-1.0-0" in done.stdout, done.stderr[-800:]


def test_printing_is_loaded_only_when_a_letter_is_printed() -> None:
    program = "import django; django.setup(); import workflows.delivery.sending, sys; print('weasyprint' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=_environment(), timeout=120, check=False)
    assert done.stdout.strip() == "False", done.stderr[-800:]


def _environment() -> dict[str, str]:
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.host.settings"}
