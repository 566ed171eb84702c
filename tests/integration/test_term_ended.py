"""A personal link is opened, or its form sent, when the term of the question is over: it says so, saves nothing and loses nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from tests.asking import LINES, PHONE, Form, answers_of, ask, choose, page_of, text_in
from tests.cast import Cast, build
from tests.readability import read
from tests.stories import MONDAY
from workflows import answer_texts, clock, commands
from workflows.actors import SYSTEM
from workflows.models import Case, Guardianship, LogEntry, PersonalLink

pytestmark = pytest.mark.django_db

LAST = date(2026, 3, 31)
AFTER = MONDAY + timedelta(days=60)
TITLES = {
    "nl": "Deze vraag is afgelopen", "en": "This question has ended", "tr": "Bu sorunun süresi doldu", "ar": "انتهى وقت هذا السؤال",
    "pl": "To pytanie jest już nieaktualne", "uk": "Це запитання вже закрите",
}  # fmt: skip


@pytest.fixture
def cast(monday: None) -> Cast:
    """A primary school; the pupil is 10 and has two parents with authority."""
    return build("leyenburg", "po", MONDAY.date())


def form_of(address: str) -> dict[str, str]:
    return Form(Client().get(address).content.decode()).untouched


@pytest.mark.parametrize(("answered", "expired"), [(False, False), (True, False), (True, True)], ids=["open", "the clock has not run", "expired"])
def test_a_form_sent_after_the_last_day_says_so_and_keeps_what_was_typed(cast: Cast, answered: bool, expired: bool) -> None:
    (website,) = ask(cast, lines=LINES[:1], until=str(LAST))
    address = page_of(cast.people["parent"], "?lang=nl")
    if answered:
        assert choose(Client(), address, {website: "yes"}).status_code == 303
    form = form_of(address) | {f"a-{website.key}": "no", f"r-{cast.people['pupil'].key}": "Liever <b>niet</b> & nooit"}
    before = LogEntry.objects.count()
    with clock.at(AFTER):
        if expired:
            commands.perform(Case.objects.get(pk=website.pk), "consent.expire", by=SYSTEM)
            before += 1
        sent, seen = Client().post(address, form), Client().get(address)
    for response in (sent, seen):
        said = text_in(response.content.decode())
        assert response.status_code == 410 and TITLES["nl"] in said and PHONE in said and "31 maart 2026" in said and "Website van de school" in said
        assert "U mag hier niet over beslissen" not in said and Form(response.content.decode()).forms == 0
        assert response["Cache-Control"] == "no-store, private"
        assert read(response.content.decode()).score >= 70 and read(response.content.decode()).most_words <= 18
    html = sent.content.decode()
    assert "Liever &lt;b&gt;niet&lt;/b&gt; &amp; nooit" in html and "Nee, dat mag niet" in text_in(html) and "niet bewaard" in text_in(html)
    assert "niet bewaard" not in text_in(seen.content.decode()), "who only looks sent nothing"
    assert LogEntry.objects.count() == before and len(answers_of(website)) == answered
    assert PersonalLink.objects.filter(used_at__gt=MONDAY).count() == 0


@pytest.mark.once
@pytest.mark.parametrize("language", answer_texts.LANGUAGES)
def test_it_is_said_in_six_languages(cast: Cast, language: str) -> None:
    (website,) = ask(cast, lines=LINES[:1], until=str(LAST))
    address = page_of(cast.people["parent"], f"?lang={language}")
    form = form_of(address)
    with clock.at(AFTER):
        sent = Client().post(address, {**form, f"a-{website.key}": "yes"})
    html = sent.content.decode()
    assert sent.status_code == 410 and TITLES[language] in text_in(html) and PHONE in html
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in html
    if language not in ("nl", "en"):
        assert not {"question", "ended", "saved", "Call"} & set(text_in(html).split())


def test_one_of_two_questions_ended_and_the_other_answer_is_kept_on_the_page(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1], until=str(LAST))
    (instagram,) = ask(cast, lines=LINES[1:2])
    address = page_of(cast.people["parent"], "?lang=nl")
    note = {f"r-{cast.people['pupil'].key}": "Dat is openbaar"}
    form = form_of(address) | {f"a-{website.key}": "yes", f"a-{instagram.key}": "no"} | note
    with clock.at(AFTER):
        refused = Client().post(address, form)
        html = refused.content.decode()
        again = Form(html).untouched
        assert refused.status_code == 409 and 'role="alert"' in html and TITLES["nl"] in text_in(html) and "Website van de school" in html
        assert again[f"a-{instagram.key}"] == "no" and f"a-{website.key}" not in again and again.items() >= note.items()
        assert not answers_of(website) and not answers_of(instagram)
        assert Client().post(address, again).status_code == 303
        assert len(answers_of(instagram)) == 1 and not answers_of(website)
        alone = Client().post(address, {**form_of(address), f"a-{website.key}": "yes"})
    assert alone.status_code == 410 and 'href="?lang=nl"' in alone.content.decode(), "the other question is a click away"


def test_whoever_was_never_asked_may_still_not_decide(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1], until=str(LAST))
    (other,) = ask(cast, "classmate", lines=LINES[:1], until=str(LAST))
    with clock.at(AFTER):
        for key in (other.key, "no-key", website.id):
            strange = Client().post(page_of(cast.people["parent"], "?lang=nl"), {f"a-{key}": "yes", f"a-{website.key}": "yes"})
            assert strange.status_code == 403 and "U mag hier niet over beslissen" in strange.content.decode()
        Guardianship.objects.filter(guardian=cast.people["other_parent"]).update(authority="no")
        for response in (Client().get(page_of(cast.people["other_parent"])), Client().post(page_of(cast.people["other_parent"]))):
            assert response.status_code in (200, 403) and "Noa" not in response.content.decode() and "31" not in text_in(response.content.decode())


def test_a_picture_of_staff_after_its_term_is_over_for_who_was_asked_alone(monday: None) -> None:
    cast = build("verkruisen", "po", MONDAY.date())
    teacher, parent, other = cast.people["teacher"], cast.people["parent"], cast.people["other_parent"]
    (instagram,) = ask(cast, teacher, [("school_publication", "instagram")], asked=[parent], until=str(LAST))
    with clock.at(AFTER):
        codes = [Client().post(page_of(person), {f"a-{instagram.key}": "yes"}).status_code for person in (parent, other)]
        assert codes == [410, 403] and Client().get(page_of(other)).status_code == 200
