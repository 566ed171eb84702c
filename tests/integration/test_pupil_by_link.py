"""A pupil who decides and has no account answers behind a personal link: the page, its mail and its proof say "je"."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from tests.asking import LINES, answers_of, ask, choose, page_of, text_in
from tests.cast import Cast, build
from tests.readability import read
from tests.stories import MONDAY
from workflows import clock, personal_links
from workflows.delivery import asking, outbox, turning
from workflows.models import AskedText, Person, PersonalLink

pytestmark = [pytest.mark.django_db, pytest.mark.once]

POLITE = re.compile(r"\b(?:u|uw|uzelf)\b", re.IGNORECASE)


@pytest.fixture
def cast(monday: None) -> Cast:
    """A secondary school whose pupil is 17, decides alone, and has an e-mail address and no account."""
    cast = build("montessori", "vo", MONDAY.date())
    Person.objects.filter(pk=cast.people["pupil"].pk).update(birth_date=date(2009, 1, 15), user=None, email="noa@cast.example", language="nl")
    cast.people["pupil"].refresh_from_db()
    return cast


def said(response: Any) -> str:
    html = response.content.decode()
    assert read(html).score >= 70 and read(html).most_words <= 18
    return html[html.index("<title>") : html.index("</title>")] + text_in(html)


def test_every_page_behind_the_link_says_je(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1], until="2026-03-31")
    instagram, name = ask(cast, lines=LINES[1:])
    pupil = cast.people["pupil"]
    address = page_of(pupil, "?lang=nl")
    client = Client()
    pages = {200: [client.get(address)], 422: [choose(client, address, {})], 409: [client.post(address, {f"a-{website.key}": "yes"})]}
    sent = choose(client, address, {website: "yes", instagram: "no"})
    pages[200].append(client.get(sent["Location"]))
    form = {f"a-{website.key}": "no", f"a-{name.key}": "no"}
    with clock.at(MONDAY + timedelta(days=60)):
        pages[409].append(client.post(address, form))
        pages[410] = [client.post(address, {f"a-{website.key}": "no"})]
    pages[403] = [client.post(address, {"a-other": "yes"})]
    PersonalLink.objects.update(expires_at=MONDAY)
    pages[410].append(client.get(address))
    PersonalLink.objects.update(expires_at=MONDAY + timedelta(days=9), revoked_at=MONDAY)
    pages[410].append(client.get(address))
    for status, found in pages.items():
        for response in found:
            assert response.status_code == status
            assert not POLITE.findall(said(response)), said(response)
            assert re.search(r"\b(?:je|jou)\b", said(response), re.IGNORECASE)
    kept = AskedText.objects.get(digest=answers_of(website)[0].facts["text_version"]).text
    assert not POLITE.findall(kept) and "Je mag nee zeggen." in kept and kept.count("Gebruik") == 1, "what was read is what is proven"


def test_a_link_with_nothing_asked_says_je_too(cast: Cast) -> None:
    assert "Wij hebben nu geen vragen voor jou" in said(Client().get(page_of(cast.people["pupil"], "?lang=nl")))


def test_its_mails_say_je_and_those_to_a_parent_u(cast: Cast) -> None:
    ask(cast)
    pupil = cast.people["pupil"]
    personal_links.queue_mails([pupil], lambda one: f"test:{one.pk}")
    outbox.drain()
    (asked,) = mail.outbox
    others = [asking.message(personal_links.link_for(pupil), **how) for how in ({"reminder": True}, {"yearly": True})]
    others.append(turning.message(cast.school, pupil, date(2026, 5, 1)))
    texts = [f"{asked.subject} {asked.body}", *(" ".join(one.values()) for one in others if one)]
    assert len(texts) == 4 and not [found for text in texts for found in POLITE.findall(re.sub(r"<[^>]*>", " ", text))]
    assert "heeft een vraag voor jou" in asked.body and asked.body.count("/kc/answer/") == 1
    ask(cast, "classmate")
    told = asking.message(personal_links.link_for(cast.people["classmate_parent"]))
    assert told is not None and "heeft een vraag voor u." in told["text"]


def test_in_the_other_languages_a_pupil_reads_what_parents_read(cast: Cast) -> None:
    ask(cast)
    for language in ("en", "tr", "ar", "pl", "uk"):
        page = Client().get(page_of(cast.people["pupil"], f"?lang={language}"))
        assert page.status_code == 200 and f'lang="{language}"' in page.content.decode()
        if language not in ("en",):
            assert not {"question", "answers", "school"} & set(text_in(page.content.decode()).split())
