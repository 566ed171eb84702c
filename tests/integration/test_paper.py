"""Forms on paper: what stands on them, the code that finds them again, and what staff fill in from them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from email.header import decode_header, make_header
from itertools import groupby
from typing import Any

import page as validator
import pypdf
import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.asking import Form, answers_of, text_in
from tests.cast import Cast, build, build_other_school
from tests.printed import text_of
from tests.round_world import answer, pupil, send
from workflows import answer_texts, clock, paper
from workflows.delivery import joining, letters, outbox
from workflows.delivery import paper as press
from workflows.models import AskedText, Case, Guardianship, PaperForm, PaperPart, Person, Round
from workflows.schooldays import AMSTERDAM
from workflows.vocabulary import PUBLICATIONS

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=AMSTERDAM)


@pytest.fixture
def cast() -> Iterator[Cast]:
    with clock.at(MONDAY):
        yield build("leyenburg", "po", MONDAY.date())


def on_paper(cast: Cast, number: int = 1, language: str = "nl", **told: Any) -> tuple[Person, Person]:
    """A pupil with one parent who has no e-mail address."""
    child, (parent,) = pupil(cast, number, {"email": "", "language": language, **told})
    return child, parent


def printed(found: Round) -> bytes:
    pieces = press.file(found)
    assert pieces is not None
    return b"".join(pieces)


def valid(pdf: bytes) -> list[Any]:
    return [(one.rule_id, one.message) for one in validator.validate_pdf_bytes(pdf, profile="ua1").failures]


def signed_in(user: Any) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


# --- what stands on it ------------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_a_form_says_everything_that_consent_needs(cast: Cast) -> None:
    child, parent = on_paper(cast, family_name="Theepot")
    send(cast, until=date(2026, 7, 31))
    assert press.print_all() == 1
    form = PaperForm.objects.get()
    pdf = printed(form.round)
    assert valid(pdf) == []
    said = text_of(pdf)
    for field in (
        cast.school.name, child.full_name, parent.full_name, "Groep 7a", "2025-2026", "2 maart 2026", paper.code_of(form),
        "Website van de school",
        "Instagram", "31 juli 2026", "Dat heeft nooit nadelen.", "Dat kan altijd. Zeg het tegen de school.",
        "krijgen wij niet terug", "twee jaar daarna",
        cast.school.dpo_contact, "Ik heb het ouderlijk gezag.", "Handtekening", "Datum", "De regels van onze school zeggen:", cast.school.phone,
        "Een ja geldt hoogstens",
    ):  # fmt: skip
        assert field.replace(" ", "") in said.replace(" ", "").replace("\u00a0", ""), field
    assert said.count("☐") == 5 and "☑" not in said and "☒" not in said, "two answers a question, and the authority: nothing is ticked"
    for line in paper.lines_of(form):
        assert form.versions[str(line.case.key)][:12] in said
        words = AskedText.objects.get(digest=form.versions[str(line.case.key)]).text
        assert all(part.replace(" ", "") in said.replace(" ", "") for part in words.split("\n")[1:3]), "what is kept as proof is what was printed"
        assert "link" not in words


@pytest.mark.once
@pytest.mark.parametrize("language", [one for one in answer_texts.LANGUAGES if one != "nl"])
def test_a_reading_copy_stands_behind_the_dutch_form_and_says_that_it_does_not_count(cast: Cast, language: str) -> None:
    names = {"ar": ("نورة", "إبريق"), "pl": ("Żaneta", "Łyżeczka-Śćiółka"), "uk": ("Ївга", "Ґудзик")}.get(language, ("Şule", "Çaydanlık"))
    on_paper(cast, 1, language, given_name=names[0], family_name=names[1])
    send(cast)
    press.print_all()
    pdf = printed(Round.objects.get())
    assert valid(pdf) == []
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]
    marks = {"en": "This is a reading copy", "tr": "okumanız için bir çeviridir", "pl": "tłumaczenie do czytania", "uk": "переклад для читання"}
    dutch, copy = pages[0], pages[1]
    assert len(pages) == 2 and [one["/Lang"] for one in _sections(pypdf.PdfReader(io.BytesIO(pdf)))] == ["nl", language]
    assert "Kruis bij elke vraag" in " ".join(dutch.split()) and "☐" in dutch and "☐" not in copy
    if language in marks:
        assert marks[language] in " ".join(copy.split())
    if language != "ar":
        assert f"{names[0]} {names[1]}" in dutch and f"{names[0]} {names[1]}" in copy
    else:
        shown = {sign for sign in dutch if "\u0600" <= sign <= "\u06ff" or "\ufb50" <= sign <= "\ufeff"}
        assert len(shown) >= 5 and len({sign for sign in copy if "\u0600" <= sign <= "\ufeff"}) > 20
        form = PaperForm.objects.get()
        form.school.dpo_contact = "000 000 0003"
        whole = press.html([(form, paper.lines_of(form))])
        assert whole.count('<bdi dir="ltr">000 000 0003</bdi>') == 2, "from right to left its groups of figures would change places"


def _sections(reader: Any) -> list[Any]:
    (document,) = reader.root_object["/StructTreeRoot"]["/K"]
    return [one.get_object() for one in document.get_object()["/K"]]


@pytest.mark.once
def test_a_form_of_several_pages_keeps_its_language_on_each(cast: Cast) -> None:
    on_paper(cast, 1, "ar")
    on_paper(cast, 2, "nl")
    on_paper(cast, 3, "pl")
    send(cast, lines=[("school_publication", channel) for channel in PUBLICATIONS])
    press.print_all()
    pdf = printed(Round.objects.get())
    assert valid(pdf) == []
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    pieces = [str(one["/Lang"]) for one in _sections(reader)]
    assert len(reader.pages) == len(pieces) > 7 and [one for one, _ in groupby(pieces)] == ["nl", "ar", "nl", "pl"]
    for number, page in enumerate(reader.pages):
        if pieces[number] == "pl":
            assert "Szkoła" in page.extract_text() or "szkoł" in page.extract_text()


def test_names_of_other_scripts_reach_the_mail_whole(cast: Cast) -> None:
    cast.school.name = "Szkoła Łyżeczka مدرسة"
    cast.school.save()
    pupil(cast, 1, {"given_name": "نورة", "family_name": "إبريق", "language": "ar"})
    send(cast)
    outbox.drain()
    (sent,) = [one for one in mail.outbox if one.to == ["o10@cast.example"]]
    header = sent.message()["Subject"]
    assert str(make_header(decode_header(str(header)))) == sent.subject and "Łyżeczka مدرسة" in sent.subject and "\n" not in sent.subject


def test_a_round_is_one_file_and_stays_valid(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    cast.school.name = r"School 9 0 R (3 0 R) \ <12>"  # reads as what a PDF is made of
    cast.school.save()
    for number in range(5):
        on_paper(cast, number, "ar" if number == 2 else "nl")
    monkeypatch.setattr(press, "PER_PART", 2)
    send(cast)
    assert press.print_all() == 5 and PaperPart.objects.count() == 3
    found = Round.objects.get()
    pdf = printed(found)
    assert press.ready(found) == 5 and valid(pdf) == []
    reader = pypdf.PdfReader(io.BytesIO(pdf), strict=True)
    assert cast.school.name in reader.metadata["/Title"]
    said = text_of(pdf).replace("\u00a0", " ")
    assert [said.index(paper.code_of(form)) for form in PaperForm.objects.order_by("pk")] == sorted(
        said.index(paper.code_of(form)) for form in PaperForm.objects.all()
    )
    places = [one for leaf in reader.root_object["/StructTreeRoot"]["/ParentTree"]["/Kids"] for one in leaf.get_object()["/Nums"]]
    assert places[::2] == list(range(len(reader.pages)))
    for page in reader.pages:  # each page's tags are its own
        first = next(one.get_object() for one in places[2 * int(page["/StructParents"]) + 1] if "/Pg" in one.get_object())
        assert first.raw_get("/Pg").idnum == page.indirect_reference.idnum
    for wrong in ([], [b"no PDF"], [PaperPart.objects.first().pdf[:-40]]):
        with pytest.raises(letters.LetterFault):
            list(joining.join(map(bytes, wrong)))


def test_printing_goes_on_after_a_crash_and_prints_nothing_twice(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        on_paper(cast, number)
    monkeypatch.setattr(press, "PER_PART", 2)
    send(cast)
    real, calls = press.print_html, []

    def dies(*given: Any) -> bytes:
        calls.append(1)
        if len(calls) == 2:
            raise letters.PrintingUnavailable("no paper")
        return real(*given)

    monkeypatch.setattr(press, "print_html", dies)
    with pytest.raises(letters.PrintingUnavailable):
        press.print_all()
    assert PaperForm.objects.filter(looked_at=None).count() == 1
    assert press.print_all() == 1 and press.print_all() == 0
    assert [part.forms.count() for part in PaperPart.objects.all()] == [2, 1]


@pytest.mark.once
def test_a_name_no_font_knows_holds_up_nobody_else_and_is_told(cast: Cast) -> None:
    on_paper(cast, 1, "ar", given_name="لُؤَيّ", family_name="مُحَمَّد")
    _child, parent = on_paper(cast, 2, given_name="\U000f1234")
    on_paper(cast, 3)
    send(cast)
    assert press.print_all() == 2 and press.print_all() == 0, "it is tried again, and fails again"
    found = Round.objects.get()
    code = paper.code_of(PaperForm.objects.get(signer=parent))
    pdf = printed(found)
    assert valid(pdf) == [] and press.ready(found) == 2 and press.unprintable(found) == [code]
    assert set("لُؤَيّ") <= set(text_of(pdf)), "vowel signs are printed and can be read aloud"
    page = signed_in(cast.users["director"]).get(reverse("kc_workflows:round", args=[found.key])).content.decode()
    assert code.replace(" ", "") in page.replace(" ", "").replace("\u00a0", "") and "cannot be printed" in page
    Person.objects.filter(pk=parent.pk).update(given_name="U")
    assert press.print_all() == 1 and press.unprintable(found) == [] and press.ready(found) == 3


def test_what_was_answered_meanwhile_is_not_printed(cast: Cast) -> None:
    _child, parent = on_paper(cast)
    _other, late = on_paper(cast, 2)
    send(cast)
    answer(parent)
    Guardianship.objects.filter(guardian=late).update(authority="no")
    assert press.print_all() == 2 and not PaperPart.objects.exists()
    assert press.file(Round.objects.get()) is None and press.ready(Round.objects.get()) == 0


# --- it comes back ----------------------------------------------------------------------------------------------------------


def sent(cast: Cast, number: int = 1, **told: Any) -> PaperForm:
    on_paper(cast, number)
    send(cast, **told)
    press.print_all()
    return PaperForm.objects.select_related("about", "signer", "round").latest("pk")


@pytest.mark.once
def test_every_typing_mistake_in_one_or_two_neighbouring_figures_is_found(cast: Cast) -> None:
    form = sent(cast)
    code = paper.code_of(form).replace(" ", "")
    assert paper.find(cast.school, f" {code[:4]}-{code[4:7]}.{code[7:]} ", by=cast.users["mentor"]) == form
    for place, right in enumerate(code):
        for wrong in set("0123456789") - {right}:
            with pytest.raises(paper.WrongCode):
                paper.find(cast.school, code[:place] + wrong + code[place + 1 :], by=cast.users["mentor"])
        if place and code[place - 1] != right:
            with pytest.raises(paper.WrongCode):
                paper.find(cast.school, code[: place - 1] + right + code[place - 1] + code[place + 1 :], by=cast.users["mentor"])
    for nonsense in ("", "abc", "１２３４５６７８９０", "9" * 40, "1000 9999 99"):
        with pytest.raises(paper.WrongCode):
            paper.find(cast.school, nonsense, by=cast.users["mentor"])


@pytest.mark.once
def test_only_who_sees_the_consents_of_this_child_finds_its_form(cast: Cast) -> None:
    form = sent(cast)
    other = build_other_school("leyenburg", "po", MONDAY.date())
    code = paper.code_of(form)
    finds = set()
    for name, user in {**cast.users, **{f"other {name}": user for name, user in other.users.items()}}.items():
        answered = signed_in(user).post(reverse("kc_workflows:paper"), {"code": code})
        if answered.status_code == 302:
            finds.add(name)
            assert signed_in(user).get(answered["Location"]).status_code == 200
        else:
            page = reverse("kc_workflows:paper_form", args=[code.replace(" ", "")])
            assert answered.status_code in (404, 422) and signed_in(user).get(page).status_code == 404
            assert form.about.given_name not in answered.content.decode()
    assert finds == {"mentor", "director", "deputy", "board", "dpo", "administrator", "communications", "mediamaster"}


def test_what_was_ticked_is_kept_with_the_words_that_were_printed(cast: Cast) -> None:
    form = sent(cast)
    mentor = signed_in(cast.users["mentor"])
    address = mentor.post(reverse("kc_workflows:paper"), {"code": paper.code_of(form)})["Location"]
    page = mentor.get(address)
    assert form.signer.full_name in page.content.decode() and "checked" not in page.content.decode()
    website, instagram = (Case.objects.get(person=form.about, topic=f"school_publication/{channel}") for channel in ("website", "instagram"))
    key = Form(page.content.decode()).untouched["key"]
    told = {"key": key, f"a-{website.key}": "yes", f"a-{instagram.key}": "no", "on": "2026-03-04", "reason": "Te openbaar.", "authority": "on"}
    with clock.at(MONDAY + timedelta(days=4)):
        assert mentor.post(address, told).status_code == 302
        assert mentor.post(address, told).status_code == 302, "sent twice it acts once"
    (yes,), (no,) = answers_of(website), answers_of(instagram)
    assert yes.by == cast.people["mentor"] and yes.person == no.person == form.signer and yes.facts["form"] == "paper"
    assert yes.facts["text_version"] == form.versions[str(website.key)] and yes.facts["language"] == "nl" and yes.facts["authority"] is True
    assert yes.happened_at.astimezone(AMSTERDAM).date() == date(2026, 3, 4) and [word.text for word in no.words.all()] == ["Te openbaar."]
    assert [Case.objects.get(pk=case.pk).state for case in (website, instagram)] == ["granted", "refused"]
    assert PaperForm.objects.get(pk=form.pk).received_at is not None
    assert "filled in before" in text_in(mentor.get(address).content.decode())


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "Choose yes or no"), ({"a": "yes"}, "parental authority"), ({"a": "yes", "authority": "on", "on": ""}, "This field is required"),
        ({"a": "no", "on": "2026-03-05"}, "has not come yet"), ({"a": "perhaps"}, "Select a valid choice"),
    ],
)  # fmt: skip
@pytest.mark.once
def test_a_mistake_loses_nothing_that_was_typed(cast: Cast, told: dict[str, str], said: str) -> None:
    form = sent(cast)
    case = Case.objects.filter(person=form.about).order_by("pk")[0]
    given = {"on": "2026-03-02", "reason": "Liever <b>niet</b>", **told}
    if "a" in given:
        given[f"a-{case.key}"] = given.pop("a")
    answered = signed_in(cast.users["mentor"]).post(reverse("kc_workflows:paper_form", args=[paper.code_of(form).replace(" ", "")]), given)
    html = answered.content.decode()
    assert answered.status_code == 422 and said in html and "Liever &lt;b&gt;niet" in html and 'role="alert"' in html
    assert not answers_of(case) and PaperForm.objects.get(pk=form.pk).received_at is None


def test_a_form_that_comes_back_after_the_say_has_moved_is_not_counted(cast: Cast) -> None:
    form = sent(cast)
    case = Case.objects.filter(person=form.about).order_by("pk")[0]
    Guardianship.objects.filter(guardian=form.signer).update(authority="court_limit")
    address = reverse("kc_workflows:paper_form", args=[paper.code_of(form).replace(" ", "")])
    mentor = signed_in(cast.users["mentor"])
    assert "nothing to decide here any more" in mentor.get(address).content.decode()
    assert mentor.post(address, {f"a-{case.key}": "yes", "authority": "on", "on": "2026-03-02"}).status_code == 422
    assert not answers_of(case)


def test_paper_that_comes_late_does_not_overrule_a_later_click(cast: Cast) -> None:
    form = sent(cast, lines=[("school_publication", "website")])
    case = Case.objects.get(person=form.about)
    with clock.at(MONDAY + timedelta(days=3)):
        answer(form.signer, False)
    with clock.at(MONDAY + timedelta(days=5)):
        paper.receive(form, {str(case.key): True}, by=cast.users["mentor"], authority=True, happened=MONDAY + timedelta(days=1))
    assert Case.objects.get(pk=case.pk).state == "refused"
