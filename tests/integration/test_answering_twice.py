"""Answers that come twice, at once, from an old page or after their term: none is lost and none acts twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from tests.asking import LINES, Form, answers_of, ask, choose, page_of, state_of
from tests.cast import Cast, build
from tests.readability import read
from tests.stories import MONDAY
from tests.threads import at_once
from workflows import answer_texts, answering, clock, commands
from workflows.delivery import terms
from workflows.models import AskedText, Case, Duty, LogEntry, Words

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(monday: None) -> Cast:
    """A primary school; the pupil is 10 and has two parents with authority."""
    return build("leyenburg", "po", MONDAY.date())


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
    assert len(answers_of(website)) == 2 and state_of(website) == "withdrawn"


def test_no_yes_no_from_one_page_with_the_back_button_ends_in_the_no(cast: Cast) -> None:
    (website,) = ask(cast, lines=LINES[:1])
    address = page_of(cast.people["parent"])
    form = Form(Client().get(address).content.decode()).untouched
    for turn, said in enumerate(["no", "no", "yes", "no", "no"]):
        with clock.at(MONDAY + timedelta(minutes=turn)):
            assert Client().post(address, {**form, f"a-{website.key}": said}).status_code == 303
    assert len(answers_of(website)) == 3 and state_of(website) == "withdrawn"


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
        assert page.status_code == 410 and str(website.key) not in page.content.decode()
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
    assert {state_of(case) for case in cases} == {"conflicting"} and [len(answers_of(case)) for case in cases] == [2, 2, 2]


@pytest.mark.django_db(transaction=True)
def test_one_guardian_in_two_tabs_in_the_same_second_leaves_one_clear_answer() -> None:
    cast = build("leyenburg", "po", clock.today())
    (case,) = ask(cast, lines=LINES[:1])
    address = page_of(cast.people["parent"])
    forms = [Form(Client().get(address).content.decode()).untouched | {f"a-{case.key}": said} for said in ("yes", "no")]
    assert at_once(*(lambda f=form: Client().post(address, f).status_code for form in forms)) == [303, 303]
    last = answers_of(case)[-1]
    assert state_of(case) == ("granted" if last.facts.get("answer") else "refused" if last.step == "consent.answer" else "withdrawn")
