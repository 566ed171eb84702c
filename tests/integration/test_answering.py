"""A parent answers behind a personal link: everybody decides what is theirs, nothing happens by itself, and the proof is kept."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.asking import LINES, Form, answers_of, ask, choose, page_of, text_in
from tests.cast import Cast, build, build_other_school, build_stranger
from tests.readability import read
from tests.threads import at_once
from workflows import answer_texts, answering, clock, commands, people, personal_links, quiet
from workflows.delivery import asking, outbox, terms
from workflows.machine import StepDenied
from workflows.models import AskedText, Attempt, Case, Duty, Guardianship, LogEntry, Outbox, Person, PersonalLink, Words
from workflows.registry import PeopleError
from workflows.settings.common import PERSONAL, plugin_settings

pytestmark = pytest.mark.django_db

MONDAY = timezone.make_aware(datetime(2026, 3, 2, 9))
PHONE = "000 000 0000"


@pytest.fixture
def cast(monday: None) -> Cast:
    """A primary school; the pupil is 10 and has two parents with authority."""
    return build("leyenburg", "po", MONDAY.date())


def everything() -> dict[str, list[Any]]:
    """Every row of the product's tables."""
    return {model.__name__: sorted(model._base_manager.values_list(), key=str) for model in apps.get_app_config("kc_workflows").get_models()}


def state(case: Case) -> str:
    return str(Case.objects.get(pk=case.pk).state)


# --- looking changes nothing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", answer_texts.LANGUAGES)
def test_opening_the_page_changes_nothing_and_shows_everything_in_six_languages(cast: Cast, language: str) -> None:
    ask(cast)
    address = page_of(cast.people["parent"], f"?lang={language}")
    before = everything()
    client = Client()
    page = client.get(address)
    assert client.head(address).status_code == page.status_code == 200 and everything() == before
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
    assert not any(answers_of(case) for case in cases) and {state(case) for case in cases} == {"requested"}
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
    assert (state(website), state(instagram), state(name)) == ("granted", "refused", "requested")
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
        steps.append((answers_of(website)[-1].step, state(website)))
    assert steps == [("consent.answer", "granted"), ("consent.withdraw", "withdrawn")] * 2


def test_taking_back_a_yes_asks_for_what_was_published_to_be_taken_down(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    parent, other = page_of(cast.people["parent"]), page_of(cast.people["other_parent"])
    choose(Client(), parent, {website: "yes"})
    commands.record(website, "used", by=cast.users["mentor"], data={"where": "Nieuwsbericht over het schoolreisje", "harm_expected": False})
    with clock.at(MONDAY + timedelta(hours=1)):
        choose(Client(), other, {website: "no"})
    assert state(website) == "conflicting" and [child.state for child in Case.objects.filter(parent=website)] == ["requested"]
    with clock.at(MONDAY + timedelta(hours=2)):
        choose(Client(), parent, {website: "no"})
    assert state(website) == "withdrawn" and Case.objects.filter(parent=website, type="takedown").count() == 1


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
    assert (state(mine[0]), state(hers[1]), state(mine[1])) == ("granted", "refused", "requested")
    other = Client().get(page_of(cast.people["other_parent"])).content.decode()
    assert "<bdi>Bo</bdi>" not in other, "the other parent of one child has no say over the other"


def test_each_guardian_answers_alone_and_does_not_read_the_others_answer(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    parent, other = cast.people["parent"], cast.people["other_parent"]
    choose(Client(), page_of(parent), {website: "yes"})
    seen = Client().get(page_of(other)).content.decode()
    assert 'class="state"' not in seen and "Rob" not in seen
    choose(Client(), page_of(other), {website: "no"})
    assert state(website) == "conflicting"
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
    assert state(instagram) == "requested", "the employee has not answered"
    answering.answer(teacher, {str(instagram.key): True}, by=cast.users["teacher"], form="account")
    assert state(instagram) == "granted"
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


# --- the link itself --------------------------------------------------------------------------------------------------------


def test_a_guessed_link_says_nothing_and_guessing_ends(cast: Cast) -> None:
    ask(cast)
    good = page_of(cast.people["parent"])
    client = Client(REMOTE_ADDR="127.0.0.9")
    codes = [client.get(f"/kc/answer/guess-{number}/").status_code for number in range(personal_links.GUESSES + 3)]
    assert codes == [404] * personal_links.GUESSES + [429] * 3
    assert Client(REMOTE_ADDR="127.0.0.8").get("/kc/answer/guess/").status_code == 404, "another sender is not held back"
    assert client.get(good).status_code == 200, "a whole neighbourhood may share one address"
    assert "127.0.0" not in str(everything()["Attempt"])
    with clock.at(MONDAY + timedelta(hours=1)):
        assert client.get("/kc/answer/guess/").status_code == 404
    with clock.at(MONDAY + timedelta(days=3)):
        client.get("/kc/answer/guess/")
        assert Attempt.objects.count() == 1, "what was counted is forgotten"


def test_one_link_cannot_be_hammered(cast: Cast) -> None:
    ask(cast)
    address = page_of(cast.people["parent"])
    counted = [personal_links.tried("link", PersonalLink.objects.get().key) for _ in range(personal_links.FORMS - 1)]
    assert counted[-1] == personal_links.FORMS - 1
    assert [Client().post(address).status_code for _ in range(2)] == [422, 429]
    assert Client().get(address).status_code == 200


@pytest.mark.parametrize("language", answer_texts.LANGUAGES)
def test_late_and_closed_links_have_their_own_page_with_a_telephone_number(cast: Cast, language: str) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    address = page_of(cast.people["parent"], f"?lang={language}")
    form = Form(Client().get(address).content.decode()).untouched | {f"a-{website.key}": "yes"}
    with clock.at(MONDAY + personal_links.VALID + timedelta(days=1)):
        late = [Client().get(address), Client().post(address, form)]
    personal_links.close_links(cast.people["parent"], by=cast.users["mentor"])
    closed = [Client().get(address), Client().post(address, form)]
    for response in late + closed:
        assert response.status_code == 410 and PHONE in response.content.decode() and "Noa" not in response.content.decode()
    assert late[0].content != closed[0].content and answers_of(website) == []


def test_a_new_link_closes_the_old_one_and_only_staff_may_do_that(cast: Cast) -> None:
    ask(cast)
    parent = cast.people["parent"]
    old = page_of(parent)
    outsiders = [build_other_school("leyenburg", "po", MONDAY.date()).users["director"], build_stranger(), cast.users["teacher"], cast.users["pupil"]]
    for nobody in outsiders:
        for act in (personal_links.close_links, personal_links.replace_link):
            with pytest.raises(PeopleError):
                act(parent, by=nobody)
    assert Client().get(old).status_code == 200
    personal_links.replace_link(parent, by=cast.users["director"])
    assert Client().get(old).status_code == 410 and Client().get(page_of(parent)).status_code == 200 and page_of(parent) != old


def test_the_secret_is_in_no_table_and_a_reminder_carries_the_same_one(cast: Cast) -> None:
    cases = ask(cast)
    parent = cast.people["parent"]
    address = page_of(parent)
    choose(Client(), address, {cases[0]: "yes"})
    token = address.strip("/").rsplit("/", 1)[1]
    assert token not in str(everything())
    assert page_of(parent) == address and PersonalLink.objects.count() == 1
    with CaptureQueriesContext(connection) as one:
        personal_links.make_many([cast.people["parent"]])
    with CaptureQueriesContext(connection) as many:
        found = personal_links.make_many(Person.objects.filter(kind="parent"))
    assert len(found) == 3 and len(many) <= len(one) + 2, "queries do not grow with people"


def test_another_site_secret_makes_a_new_link_and_the_sent_one_still_opens(cast: Cast, settings: Any) -> None:
    ask(cast)
    old = page_of(cast.people["parent"])
    settings.SECRET_KEY = "another"
    assert Client().get(old).status_code == 200 and page_of(cast.people["parent"]) != old


def test_no_log_line_carries_the_secret(cast: Cast, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    address = page_of(cast.people["parent"])
    token = address.strip("/").rsplit("/", 1)[1]
    caplog.set_level(logging.DEBUG)
    client = Client(raise_request_exception=False)
    client.get(address)
    client.post(address)
    client.get(f"{address}more/")  # fits no page: Django itself writes a warning
    client.post(f"{address}more/")
    client.get(address, HTTP_HOST="elsewhere.example")
    monkeypatch.setattr(answering, "_own_answers", lambda cases, signer: 1 / 0)
    failed = client.get(address)
    assert failed.status_code == 500 and PHONE not in failed.content.decode() and "ZeroDivisionError" in caplog.text
    personal_links.close_links(cast.people["parent"], by=cast.users["director"])
    client.get(address)
    assert "/kc/answer/…" in caplog.text, "the line about an address that fits no page was written"
    assert token not in caplog.text and not any(token in str(vars(record)) for record in caplog.records)
    assert answers_of(website) == []


def test_servers_and_the_platform_keep_the_secret_out_too() -> None:
    record = logging.LogRecord("gunicorn.access", logging.INFO, "", 0, '%(r)s "%(f)s"', ({"r": "GET /kc/answer/SECRET/?lang=nl", "f": "-"},), None)
    assert quiet.HideSecrets().filter(record) and record.getMessage() == 'GET /kc/answer/…/?lang=nl "-"'
    bent = logging.LogRecord("django.request", logging.INFO, "", 0, "Not Found: %s", ("/KC/answer//SECRET/",), None)
    assert quiet.HideSecrets().filter(bent) and bent.getMessage() == "Not Found: /KC/answer//…/"

    class Atoms(dict[str, str]):  # as gunicorn's, which answer for what they do not hold
        def __missing__(self, name: str) -> str:
            return "-"

    atoms = Atoms(U="/kc/brief/SECRET/")
    record = logging.LogRecord("gunicorn.access", logging.INFO, "", 0, "%(U)s %({x-forwarded-for}i)s", (atoms,), None)
    assert quiet.HideSecrets().filter(record) and record.getMessage() == "/kc/brief/…/ -"
    odd = logging.LogRecord("django.request", logging.INFO, "", 0, "%s and %s", ("one",), None)
    assert quiet.HideSecrets().filter(odd), "somebody else's mistake is not ours to raise"
    assert all(any(isinstance(one, quiet.HideSecrets) for one in logging.getLogger(name).filters) for name in quiet.LOGGERS)

    class Platform:
        TRACKING_IGNORE_URL_PATTERNS = [r"^/event"]

    plugin_settings(Platform)
    assert Platform.TRACKING_IGNORE_URL_PATTERNS == [r"^/event", PERSONAL]


# --- two at once, twice, too late -------------------------------------------------------------------------------------------


def test_the_same_form_sent_twice_acts_once_and_of_two_tabs_the_last_counts(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    address = page_of(cast.people["parent"])
    one, two = (Form(Client().get(address).content.decode()).untouched for _ in range(2))
    yes, no = ({**form, f"a-{website.key}": said} for form, said in ((one, "yes"), (two, "no")))
    assert [Client().post(address, yes).status_code for _ in range(2)] == [303, 303]
    assert len(answers_of(website)) == 1
    with clock.at(MONDAY + timedelta(minutes=1)):
        assert Client().post(address, no).status_code == 303
        again = Client().post(address, yes)
        assert again.status_code == 409, "the first tab once more: it was sent before, and says so"
        assert Form(again.content.decode()).untouched[f"a-{website.key}"] == "yes", "and nothing is lost"
    assert len(answers_of(website)) == 2 and state(website) == "withdrawn"


def test_no_yes_no_from_one_page_with_the_back_button_ends_in_the_no(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    address = page_of(cast.people["parent"])
    form = Form(Client().get(address).content.decode()).untouched
    for turn, said in enumerate(["no", "no", "yes", "no", "no"]):
        with clock.at(MONDAY + timedelta(minutes=turn)):
            assert Client().post(address, {**form, f"a-{website.key}": said}).status_code == 303
    assert len(answers_of(website)) == 3 and state(website) == "withdrawn"


def test_an_old_page_or_other_words_are_asked_once_more_and_nothing_is_lost(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    address = page_of(cast.people["parent"])
    form = Form(Client().get(f"{address}?lang=nl").content.decode()).untouched | {f"a-{website.key}": "yes"}
    with clock.at(MONDAY):
        forged = [{**form, "key": ""}, {**form, "key": "x" + form["key"]}, {**form, "key": "é\x00"}]
        replies = [Client().post(f"{address}?lang=nl", sent) for sent in forged]
        replies.append(Client().post(f"{address}?lang=pl", form))
    for reply in replies:
        kept = Form(reply.content.decode()).untouched
        assert reply.status_code == 409 and kept[f"a-{website.key}"] == "yes"
    assert answers_of(website) == []
    assert Client().post(f"{address}?lang=nl", Form(replies[0].content.decode()).untouched).status_code == 303


def test_a_yes_whose_term_has_passed_is_no_question_any_more_before_the_clock_has_run(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1], until="2026-07-31")
    address = page_of(cast.people["parent"], "?lang=nl")
    assert "31 juli 2026" in Client().get(address).content.decode()
    choose(Client(), address, {website: "yes"})
    with clock.at(MONDAY + timedelta(days=180)):
        page = Client().get(address)
        assert page.status_code == 200 and str(website.key) not in page.content.decode()
        with pytest.raises(answering.NotYours):
            answering.answer(cast.people["parent"], {str(website.key): True}, by=cast.people["parent"], form="link", authority=True)


@pytest.mark.parametrize("clock_has_run", [True, False])
def test_after_the_term_a_parent_still_has_taken_away_what_was_published(cast: Cast, clock_has_run: bool) -> None:
    website, instagram = ask(cast, lines=LINES[:2], until="2026-07-31")
    parent = cast.people["parent"]
    address = page_of(parent, "?lang=nl")
    choose(Client(), address, {website: "yes", instagram: "yes"})
    commands.record(website, "used", by=cast.users["mentor"], data={"where": "Nieuwsbericht over het schoolreisje", "harm_expected": False})
    with clock.at(MONDAY + timedelta(days=180)):
        if clock_has_run:
            terms.expire()
        for language in answer_texts.LANGUAGES:
            html = Client().get(page_of(parent, f"?lang={language}")).content.decode()
            form = Form(html)
            assert form.names[f"a-{website.key}"] == ["no"] and f"a-{instagram.key}" not in form.names, "there is nothing of it to take away"
            assert "schoolreisje" not in html and Client().post(page_of(parent, f"?lang={language}"), form.untouched).status_code == 422
        found = read(Client().get(address).content.decode())
        assert found.score >= 70 and found.most_words <= 18, found
        assert choose(Client(), address, {website: "yes"}).status_code == 403, "nobody says yes to what is over"
        assert answers_of(website)[-1].step == "consent.answer"
        assert choose(Client(), address, {website: "no"}).status_code == 303
        entry = answers_of(website)[-1]
        assert entry.step == "consent.withdraw" and "weg" in AskedText.objects.get(digest=entry.facts["text_version"]).text
        (takedown,) = Case.objects.filter(parent=website, type="takedown")
        assert takedown.state == "requested" and Duty.objects.filter(case=takedown, task="takedown.confirm_removed").exists()
        assert Words.objects.filter(entry__case=takedown, field="where", text="Nieuwsbericht over het schoolreisje").exists()
        page = Client().get(address).content.decode()
        assert "29 augustus 2026" in page and f"a-{website.key}" not in Form(page).names, "asked for once"
        assert 'type="submit"' not in page, "nothing is left to send"
        assert Client().get(page_of(cast.people["other_parent"])).content.decode().count("<fieldset") == 0
        with pytest.raises(answering.NotYours):
            answering.answer(parent, {str(website.key): False}, by=parent, form="link")
        commands.perform(takedown, "takedown.confirm_removed", by=cast.users["director"], data={"how": "post_removed"})
        assert str(website.key) not in Client().get(address).content.decode()


def test_a_post_of_nonsense_is_no_error_of_ours(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    ask(cast)
    address = page_of(cast.people["parent"])
    assert Client().post(address, {f"f{number}": "x" for number in range(1200)}).status_code == 400
    assert Client().post(address, {"a-\x00": "yes", "key": "\x00"}).status_code == 403
    assert Client().post(address, {f"a-{ask(cast, 'classmate')[0].key}": "maybe"}).status_code == 422
    assert Client().post(address, b"\xff\xfe{", content_type="application/json").status_code == 422
    assert caplog.records == [] and LogEntry.objects.filter(step="consent.answer").count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_guardians_in_the_same_second_both_count() -> None:
    cast = build("leyenburg", "po", clock.today())
    cases = ask(cast)
    addresses = [page_of(cast.people[name]) for name in ("parent", "other_parent")]
    forms = [Form(Client().get(address).content.decode()).untouched for address in addresses]
    for form, said in zip(forms, ("yes", "no"), strict=True):
        form |= {f"a-{case.key}": said for case in cases}
    replies = at_once(*(lambda a=address, f=form: Client().post(a, f).status_code for address, form in zip(addresses, forms, strict=True)))
    assert replies == [303, 303]
    assert {state(case) for case in cases} == {"conflicting"} and [len(answers_of(case)) for case in cases] == [2, 2, 2]


@pytest.mark.django_db(transaction=True)
def test_one_guardian_in_two_tabs_in_the_same_second_leaves_one_clear_answer() -> None:
    cast = build("leyenburg", "po", clock.today())
    (case,) = ask(cast, lines=LINES[:1])
    address = page_of(cast.people["parent"])
    forms = [Form(Client().get(address).content.decode()).untouched | {f"a-{case.key}": said} for said in ("yes", "no")]
    assert at_once(*(lambda f=form: Client().post(address, f).status_code for form in forms)) == [303, 303]
    last = answers_of(case)[-1]
    assert state(case) == ("granted" if last.facts.get("answer") else "refused" if last.step == "consent.answer" else "withdrawn")


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
    assert (line.mine, state(website)) == (True, "granted")


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


# --- the mail ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", answer_texts.LANGUAGES)
@pytest.mark.parametrize("reminder", [False, True])
def test_the_mail_says_only_that_there_is_a_question(cast: Cast, settings: Any, language: str, reminder: bool) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    ask(cast)
    parent = people.change_person(cast.people["parent"], by=None, language=language)
    link = personal_links.link_for(parent)
    row = {"kind": "ask", "person": parent, "payload": {"link": link.pk, "reminder": reminder}, "created_at": MONDAY, "not_before": MONDAY}
    Outbox.objects.create(key="ask:1", **row)
    assert outbox.drain() == outbox.Drained(sent=1)
    (message,) = mail.outbox
    whole = message.subject + message.body + str(message.alternatives)
    for name in ("Noa", "Regenboogje", "foto", "photo", "website", "Instagram"):
        assert name not in whole
    assert asking.address(link) in message.body and "Een vraag van" in message.subject.replace("Herinnering: een", "Een")
    assert ("heeft nog een vraag" if reminder else "heeft een vraag") in message.body
    assert '<bdi dir="ltr">000 000 0000</bdi>' in whole and ("\u2066000 000 0000\u2069" in message.body) is (language == "ar")
    assert whole.count(f"?lang={language}") == 2 and ('dir="rtl"' in whole) is (language == "ar")
    personal_links.close_links(parent, by=cast.users["director"])
    Outbox.objects.create(key="ask:2", **row)
    outbox.drain()
    assert len(mail.outbox) == 1, "a closed link asks nobody"


def test_who_may_decide_nothing_any_more_gets_no_mail(cast: Cast) -> None:
    ask(cast)
    link = personal_links.link_for(cast.people["parent"])
    assert asking.message(link) is not None
    Guardianship.objects.filter(guardian=cast.people["parent"]).update(authority="no")
    assert asking.message(link) is None


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
