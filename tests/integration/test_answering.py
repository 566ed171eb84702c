"""A parent answers behind a personal link: everybody decides what is theirs, nothing happens by itself, and the proof is kept."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.asking import LINES, PHONE, Form, answers_of, ask, choose, page_of, state_of, text_in
from tests.cast import Cast, build
from tests.readability import read
from tests.remembered import all_rows
from tests.stories import MONDAY
from workflows import answer_texts, answering, clock, commands, people
from workflows.machine import StepDenied
from workflows.models import AskedText, Case, Guardianship, LogEntry, PersonalLink, Words

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(monday: None) -> Cast:
    """A primary school; the pupil is 10 and has two parents with authority."""
    return build("leyenburg", "po", MONDAY.date())


# --- looking changes nothing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", answer_texts.LANGUAGES)
def test_opening_the_page_changes_nothing_and_shows_everything_in_six_languages(cast: Cast, language: str) -> None:
    ask(cast)
    address = page_of(cast.people["parent"], f"?lang={language}")
    before = all_rows()
    client = Client()
    page = client.get(address)
    assert client.head(address).status_code == page.status_code == 200 and all_rows() == before
    html = page.content.decode()
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in html and page["Content-Language"] == language
    assert "<bdi>Noa</bdi>" in html and "Regenboogje" not in html and PHONE in html and cast.school.dpo_contact in html
    assert "checked" not in html and Form(html).forms == 1
    for other in answer_texts.LANGUAGES:
        assert f'href="?lang={other}" lang="{other}"' in html
    assert ("Lees de Nederlandse tekst" in html) is (language != "nl")
    if language not in ("en", "nl"):
        for english in ("Do you", "question", "Website", "answer now", "Questions"):
            assert english not in text_in(html).replace("De Verzonnen School", "")


def test_the_dutch_that_binds_reads_easily(cast: Cast) -> None:
    ask(cast)
    address = page_of(cast.people["parent"], "?lang=nl")
    for page in (Client().get(address), choose(Client(), address, {}), Client().get("/kc/answer/guess/?lang=nl")):
        found = read(page.content.decode())
        assert found.score >= 70 and found.most_words <= 18, found


def test_the_page_stays_out_of_caches_histories_and_search_engines(cast: Cast) -> None:
    ask(cast)
    address = page_of(cast.people["parent"])
    for response in (Client().get(address), Client().post(address), Client().get("/kc/answer/guess/")):
        assert response["Cache-Control"] == "no-store, private" and response["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response["X-Robots-Tag"] and "default-src 'self'" in response["Content-Security-Policy"]
        assert not response.cookies, "a reader whose browser keeps no cookies answers all the same"


def test_a_mail_scanner_that_follows_and_sends_everything_answers_nothing(cast: Cast) -> None:
    cases = ask(cast)
    address = page_of(cast.people["parent"])
    client = Client()
    for language in answer_texts.LANGUAGES:
        form = Form(client.get(f"{address}?lang={language}").content.decode())
        assert client.post(f"{address}?lang={language}", form.untouched).status_code == 422
    assert client.post(address).status_code == 422
    for method in (client.put, client.delete, client.patch):
        assert method(address).status_code == 405
    client.options(address)
    assert not any(answers_of(case) for case in cases) and {state_of(case) for case in cases} == {"requested"}
    assert PersonalLink.objects.get().used_at is None


# --- answering --------------------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_with_its_proof(cast: Cast) -> None:
    website, instagram, name = ask(cast)
    parent = cast.people["parent"]
    address = page_of(parent, "?lang=tr")
    sent = choose(Client(), address, {website: "yes", instagram: "no"}, **{f"r-{cast.people['pupil'].key}": " Het is mij te openbaar. "})
    assert sent.status_code == 303
    page = Client().get(sent["Location"]).content.decode()
    assert 'role="status"' in page and page.count('class="state"') == 2 and "Het is mij" not in page
    (yes,), (no,) = answers_of(website), answers_of(instagram)
    assert answers_of(name) == [], "what was left open stays open"
    for entry in (yes, no):
        assert entry.by == parent and entry.by_roles == ["guardian"] and entry.person == parent and entry.at == MONDAY
        assert entry.facts["form"] == "link" and entry.facts["language"] == "tr"
        kept = AskedText.objects.get(digest=entry.facts["text_version"])
        assert kept.language == "tr" and "Noa" not in kept.text and parent.given_name not in kept.text
    assert yes.facts["answer"] is True and yes.facts["authority"] is True and no.facts["answer"] is False
    assert "Okulun internet sitesi" in AskedText.objects.get(digest=yes.facts["text_version"]).text
    assert "Velayet" in AskedText.objects.get(digest=yes.facts["text_version"]).text
    assert [word.text for word in Words.objects.filter(entry=no)] == ["Het is mij te openbaar."]
    assert not Words.objects.filter(entry=yes).exists()
    assert (state_of(website), state_of(instagram), state_of(name)) == ("granted", "refused", "requested")
    assert PersonalLink.objects.get().used_at == MONDAY


def test_an_empty_form_is_refused_and_loses_nothing(cast: Cast) -> None:
    ask(cast)
    address = page_of(cast.people["parent"], "?lang=nl")
    pupil = cast.people["pupil"]
    refused = choose(Client(), address, {}, **{f"r-{pupil.key}": "Liever <b>niet</b>"})
    html = refused.content.decode()
    assert refused.status_code == 422 and 'role="alert"' in html
    form = Form(html).untouched
    assert form[f"r-{pupil.key}"] == "Liever <b>niet</b>" and "<b>niet" not in html


def test_a_yes_declares_authority_by_the_same_click_and_the_proof_says_so(cast: Cast) -> None:
    website, instagram, _name = ask(cast)
    address = page_of(cast.people["parent"], "?lang=nl")
    html = Client().get(address).content.decode()
    said = text_in(html)
    assert 'aria-describedby="authority"' in html and "ouderlijk gezag" in said and said.index("ouderlijk gezag") < said.index("Mijn antwoorden")
    assert choose(Client(), address, {website: "yes", instagram: "no"}).status_code == 303
    (yes,), (no,) = answers_of(website), answers_of(instagram)
    assert yes.facts["authority"] is True and "authority" not in no.facts
    assert "ouderlijk gezag" in AskedText.objects.get(digest=yes.facts["text_version"]).text
    with pytest.raises(answering.AuthorityNotDeclared):
        answering.answer(cast.people["parent"], {str(instagram.key): True}, by=cast.users["mentor"], form="paper")


def test_the_same_link_takes_a_yes_back_and_gives_it_again(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    address = page_of(cast.people["parent"])
    steps = []
    for number, answer in enumerate(("yes", "no", "yes", "no")):
        with clock.at(MONDAY + timedelta(hours=number)):
            assert choose(Client(), address, {website: answer}).status_code == 303
        steps.append((answers_of(website)[-1].step, state_of(website)))
    assert steps == [("consent.answer", "granted"), ("consent.withdraw", "withdrawn")] * 2


def test_taking_back_a_yes_asks_for_what_was_published_to_be_taken_down(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    parent, other = page_of(cast.people["parent"]), page_of(cast.people["other_parent"])
    choose(Client(), parent, {website: "yes"})
    commands.record(website, "used", by=cast.users["mentor"], data={"where": "Nieuwsbericht over het schoolreisje", "harm_expected": False})
    with clock.at(MONDAY + timedelta(hours=1)):
        choose(Client(), other, {website: "no"})
    assert state_of(website) == "conflicting" and [child.state for child in Case.objects.filter(parent=website)] == ["requested"]
    with clock.at(MONDAY + timedelta(hours=2)):
        choose(Client(), parent, {website: "no"})
    assert state_of(website) == "withdrawn" and Case.objects.filter(parent=website, type="takedown").count() == 1


def test_children_of_one_parent_stand_on_one_page_and_no_other_child(cast: Cast) -> None:
    parent = cast.people["parent"]
    born = MONDAY.date().replace(year=2019)
    sister = people.add_person(cast.school, by=None, kind="pupil", given_name="Bo", family_name="Regenboogje", birth_date=born)
    people.enrol(sister, cast.group, by=None, starts=MONDAY.date())
    people.add_guardian(sister, parent, by=None, authority="yes")
    mine, hers, others = ask(cast), ask(cast, sister), ask(cast, "classmate")
    html = Client().get(page_of(parent)).content.decode()
    assert html.index("<bdi>Noa</bdi>") < html.index("<bdi>Bo</bdi>") and "Sem" not in html
    assert all(str(case.key) in html for case in mine + hers) and not any(str(case.key) in html for case in others)
    assert choose(Client(), page_of(parent), {mine[0]: "yes", hers[1]: "no"}).status_code == 303
    assert (state_of(mine[0]), state_of(hers[1]), state_of(mine[1])) == ("granted", "refused", "requested")
    other = Client().get(page_of(cast.people["other_parent"])).content.decode()
    assert "<bdi>Bo</bdi>" not in other, "the other parent of one child has no say over the other"


def test_each_guardian_answers_alone_and_does_not_read_the_others_answer(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    parent, other = cast.people["parent"], cast.people["other_parent"]
    choose(Client(), page_of(parent), {website: "yes"})
    seen = Client().get(page_of(other)).content.decode()
    assert 'class="state"' not in seen and "Rob" not in seen
    choose(Client(), page_of(other), {website: "no"})
    assert state_of(website) == "conflicting"
    assert text_in(Client().get(page_of(parent, "?lang=nl")).content.decode()).count("Uw antwoord nu: ja, op 2 maart 2026.") == 1


# --- whose link, whose question -------------------------------------------------------------------------------------------


def test_another_family_and_another_guardian_decide_nothing_here(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    ask(cast, "classmate", lines=LINES[:1])
    stranger = choose(Client(), page_of(cast.people["classmate_parent"]), {website: "yes"})
    assert stranger.status_code == 403 and PHONE in stranger.content.decode() and "Noa" not in stranger.content.decode()
    key = Form(Client().get(page_of(cast.people["parent"])).content.decode()).untouched["key"]
    borrowed = Client().post(page_of(cast.people["other_parent"]), {"key": key, f"a-{website.key}": "yes"})
    assert borrowed.status_code == 409, "a page of one parent is not sent by the other's link"
    assert answers_of(website) == []


@pytest.mark.parametrize("authority", ["no", "unknown", "court_limit"])
def test_without_authority_there_is_nothing_to_decide(cast: Cast, authority: str) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    address = page_of(cast.people["parent"])
    form = Form(Client().get(address).content.decode()).untouched
    Guardianship.objects.filter(guardian=cast.people["parent"]).update(authority=authority)
    for response in (Client().get(address), Client().post(address, {**form, f"a-{website.key}": "yes"})):
        assert response.status_code == 403 and PHONE in response.content.decode() and "Noa" not in response.content.decode()
    assert answers_of(website) == []


def test_parents_who_are_asked_about_a_picture_of_staff_answer_beside_the_employee(monday: None) -> None:
    cast = build("verkruisen", "po", MONDAY.date())
    teacher, parent = cast.people["teacher"], cast.people["parent"]
    (instagram,) = ask(cast, teacher, [("school_publication", "instagram")], asked=[parent])
    html = Client().get(page_of(parent, "?lang=nl")).content.decode()
    assert "<bdi>Teun Borstelbord</bdi>" in html and 'id="authority"' not in html, "authority is over children"
    assert Client().get(page_of(cast.people["other_parent"])).status_code == 200
    assert choose(Client(), page_of(cast.people["other_parent"]), {instagram: "yes"}).status_code == 403, "was not asked"
    assert choose(Client(), page_of(parent), {instagram: "yes"}).status_code == 303
    assert state_of(instagram) == "requested", "the employee has not answered"
    answering.answer(teacher, {str(instagram.key): True}, by=cast.users["teacher"], form="account")
    assert state_of(instagram) == "granted"
    Guardianship.objects.filter(guardian=parent).update(ends=MONDAY.date() - timedelta(days=1))
    assert answering.lines_for(parent).lines == (), "no child here any more"


def test_after_the_sixteenth_birthday_the_say_has_moved_while_the_page_was_open() -> None:
    with clock.at(MONDAY):
        cast = build("montessori", "vo", MONDAY.date())
        (website,) = ask(cast, lines=LINES[:1])
        address = page_of(cast.people["parent"], "?lang=nl")
    birthday = cast.people["pupil"].birth_date
    assert birthday is not None
    sixteen = timezone.make_aware(datetime(birthday.year + 16, birthday.month, birthday.day, 0, 5))
    with clock.at(sixteen - timedelta(minutes=10)):
        form = Form(Client().get(address).content.decode()).untouched
    with clock.at(sixteen):
        late = Client().post(address, {**form, f"a-{website.key}": "yes"})
        page = Client().get(address)
        for response in (late, page):
            said = text_in(response.content.decode())
            assert response.status_code == 403 and "Noa : Uw kind is oud genoeg om zelf te beslissen." in said and PHONE in said
        assert [line.case.pk for line in answering.lines_for(cast.people["pupil"]).lines] == [website.pk]
        own = answering.answer(cast.people["pupil"], {str(website.key): True}, by=cast.users["pupil"], form="account")
    assert own[0].case.state == "granted" and [entry.by for entry in answers_of(website)] == [cast.people["pupil"]]


def test_a_link_with_nothing_asked_says_so(cast: Cast) -> None:
    page = Client().get(page_of(cast.people["parent"], "?lang=nl"))
    assert page.status_code == 200 and "Wij hebben nu geen vragen voor u" in page.content.decode() and PHONE in page.content.decode()


# --- what staff write down --------------------------------------------------------------------------------------------------


def test_staff_write_down_an_answer_on_paper_with_the_same_function(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    parent = cast.people["parent"]
    with pytest.raises(answering.AuthorityNotDeclared):
        answering.answer(parent, {str(website.key): True}, by=cast.users["mentor"], form="paper")
    answering.answer(
        parent, {str(website.key): True}, by=cast.users["mentor"], form="paper", authority=True, language="ar", happened=MONDAY - timedelta(hours=1)
    )
    (entry,) = answers_of(website)
    assert entry.by == cast.people["mentor"] and entry.person == parent and entry.happened_at == MONDAY - timedelta(hours=1)
    assert entry.facts["form"] == "paper" and AskedText.objects.get(digest=entry.facts["text_version"]).language == "ar"
    with pytest.raises(answering.NotYours):
        answering.answer(cast.people["classmate_parent"], {str(website.key): True}, by=cast.users["mentor"], form="paper", authority=True)
    with pytest.raises(StepDenied):
        answering.answer(parent, {str(website.key): False}, by=cast.people["other_parent"], form="link")
    assert len(answers_of(website)) == 1


def test_a_paper_form_that_comes_in_late_does_not_overtake_a_later_answer(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    parent = cast.people["parent"]
    with clock.at(MONDAY + timedelta(days=2)):
        choose(Client(), page_of(parent), {website: "yes"})
    with clock.at(MONDAY + timedelta(days=3)):
        answering.answer(parent, {str(website.key): False}, by=cast.users["mentor"], form="paper", happened=MONDAY + timedelta(days=1))
        assert len(answers_of(website)) == 2
        (line,) = answering.lines_for(parent).lines
    assert (line.mine, state_of(website)) == (True, "granted")


def test_by_telephone_a_second_member_of_staff_listens_in(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    said = {str(website.key): True}
    alone = {"by": cast.users["mentor"], "form": "phone", "authority": True}
    with pytest.raises(StepDenied):
        answering.answer(cast.people["parent"], said, **alone)
    with pytest.raises(StepDenied):
        answering.answer(cast.people["parent"], said, witness=cast.people["mentor"], **alone)
    answering.answer(cast.people["parent"], said, witness=cast.people["teacher"], **alone)
    assert answers_of(website)[0].facts["people"] == {"witness": [cast.people["teacher"].pk]}


# --- how much it costs ------------------------------------------------------------------------------------------------------


def test_queries_do_not_grow_with_questions(cast: Cast) -> None:
    address = page_of(cast.people["parent"])
    counts = []
    for lines in (LINES[:1], LINES[1:], [("name", "website"), ("name", "press"), ("research", "printed")]):
        ask(cast, lines=lines)
        with CaptureQueriesContext(connection) as asked:
            page = Client().get(address)
        counts.append(len(asked))
        assert len(page.content) < 60_000
    assert counts[0] == counts[1] == counts[2] and counts[0] <= 12, counts
    assert LogEntry.objects.filter(step="consent.answer").count() == 0
