"""The personal link of a parent: it cannot be guessed, closes, is in no table and no log, and the mail that brings it tells nothing."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.asking import LINES, PHONE, Form, answers_of, ask, choose, page_of
from tests.cast import Cast, build, build_other_school, build_stranger
from tests.remembered import all_rows
from tests.stories import MONDAY
from workflows import answer_texts, answering, clock, people, personal_links, quiet
from workflows.delivery import asking, outbox
from workflows.models import Attempt, Guardianship, Outbox, Person, PersonalLink
from workflows.registry import PeopleError

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(monday: None) -> Cast:
    """A primary school; the pupil is 10 and has two parents with authority."""
    return build("leyenburg", "po", MONDAY.date())


# --- the link itself --------------------------------------------------------------------------------------------------------


def test_a_guessed_link_says_nothing_and_guessing_ends(cast: Cast) -> None:
    ask(cast)
    good = page_of(cast.people["parent"])
    client = Client(REMOTE_ADDR="127.0.0.9")
    codes = [client.get(f"/kc/answer/guess-{number}/").status_code for number in range(personal_links.GUESSES + 3)]
    assert codes == [404] * personal_links.GUESSES + [429] * 3
    assert Client(REMOTE_ADDR="127.0.0.8").get("/kc/answer/guess/").status_code == 404, "another sender is not held back"
    assert client.get(good).status_code == 200, "a whole neighbourhood may share one address"
    assert "127.0.0" not in str(list(Attempt.objects.values_list()))
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
    assert token not in str(all_rows())
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
