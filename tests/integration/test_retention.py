"""What consents leave behind is erased after its term, and the chain of the log still holds."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.asking import ask, page_of
from tests.cast import Cast, build
from tests.round_world import answer, pupil, send
from tests.stories import MONDAY
from workflows import answer_texts, answering, clock, commands, log, personal_links, retention
from workflows.delivery import outbox, paper, terms, ticking
from workflows.models import Case, LogEntry, Membership, Outbox, PaperForm, PeopleChange, PersonalLink, Round, Words
from workflows.pinned import protocol_for
from workflows.schooldays import AMSTERDAM

pytestmark = pytest.mark.django_db

ENDED = datetime(2026, 8, 3, 9, 0, tzinfo=AMSTERDAM)
LATER = datetime(2028, 8, 4, 9, 0, tzinfo=AMSTERDAM)


@pytest.fixture
def cast(monday: None) -> Cast:
    return build("leyenburg", "po", MONDAY.date())


def words(*cases: Case) -> list[str]:
    return sorted(Words.objects.filter(entry__root__in=cases).values_list("text", flat=True))


def refuse(cast: Cast, *cases: Case) -> None:
    told = {str(case.key): False for case in cases}
    reasons = dict.fromkeys(told, "Liever niet")
    answering.answer(cast.people["parent"], told, by=cast.people["parent"], form="link", reasons=reasons)


def test_two_years_after_a_consent_ended_its_words_are_gone_and_the_chain_holds(cast: Cast) -> None:
    over, again = ask(cast, lines=[("school_publication", "website"), ("name", "website")], until="2026-07-31")
    (stands,) = ask(cast, lines=[("school_publication", "instagram")])
    refuse(cast, over, again, stands)
    with clock.at(ENDED):
        terms.expire()
    with clock.at(LATER - timedelta(days=2)):
        assert retention.erase() == 0 and words(over, again, stands) == ["Liever niet"] * 3, "two years are not over"
    with clock.at(LATER):
        assert ticking.tick().problem == ""
        assert words(over, again, stands) == ["", "", "Liever niet"], "what counts still is kept"
        kept = Words.objects.get(entry__root=over)
        assert kept.salt == "" and kept.erased_at is not None
        entry = LogEntry.objects.get(root=over, step="erase_words")
        assert entry.by is None and entry.by_roles == ["system"] and entry.facts == {"cites": ["KC-9B"], "years": 2}
        assert LogEntry.objects.get(root=over, step="consent.answer").person == cast.people["parent"], "who answered what when stays"
        assert log.verify(cast.school) == []
        assert retention.erase() == 0 and LogEntry.objects.filter(step="erase_words").count() == 2, "twice it does nothing"


def test_the_proof_stays_while_a_picture_stands_or_its_takedown_is_open(cast: Cast) -> None:
    case, printed = ask(cast, lines=[("school_publication", "website"), ("school_publication", "newsletter")], until="2026-07-31")
    answer(cast.people["parent"])
    for one in (case, printed):
        commands.record(one, "used", by=cast.users["mentor"], data={"where": "Bericht over het schoolreisje", "harm_expected": False})
    with clock.at(MONDAY + timedelta(days=1)):
        answer(cast.people["parent"], False, case)
    with clock.at(ENDED):
        terms.expire()
    (takedown,) = Case.objects.filter(parent=case, type="takedown")
    with clock.at(LATER):
        assert retention.erase() == 0 and words(case, printed).count("Bericht over het schoolreisje") == 3
        commands.perform(takedown, "takedown.confirm_removed", by=cast.users["director"], data={"how": "post_removed"})
        assert Case.objects.get(pk=takedown.pk).state == "settled" and retention.erase() == 0, "the two years begin when the picture is gone"
    with clock.at(LATER + timedelta(days=750)):
        assert retention.erase() == 1 and set(words(case)) == {""} and words(printed) == ["Bericht over het schoolreisje"]
        assert log.verify(cast.school) == []


def test_links_mails_and_printed_forms_go_after_their_term(cast: Cast) -> None:
    pupil(cast, 1, {"email": ""})
    send(cast)
    outbox.drain()
    paper.print_all()
    found = Round.objects.get()
    address = page_of(cast.people["parent"])
    with clock.at(MONDAY + personal_links.VALID - timedelta(days=1)):
        retention.erase()
        assert paper.ready(found) == 1 and not PeopleChange.objects.filter(what="retention.erase").exists()
    with clock.at(MONDAY + personal_links.VALID + timedelta(days=1)):
        retention.erase()
        assert paper.file(found) is None and PaperForm.objects.get().part is None
        assert PersonalLink.objects.exists(), "an old link still says that it is over"
    with clock.at(MONDAY + personal_links.VALID + timedelta(days=740)):
        Outbox.objects.create(key="new", kind="ask", person=cast.people["parent"], created_at=clock.now(), not_before=clock.now())
        retention.erase()
        retention.erase()
        assert not PersonalLink.objects.exists() and list(Outbox.objects.filter(kind="ask").values_list("key", flat=True)) == ["new"]
        told = PeopleChange.objects.filter(what="retention.erase").order_by("pk")
        assert [(one.by, sorted(one.facts)) for one in told] == [(None, ["forms"]), (None, ["links", "mails"])]
    assert personal_links.find(address.rsplit("/", 2)[-2]) is None


def test_many_are_erased_in_as_many_queries_as_one(cast: Cast) -> None:
    cases = []
    for number in range(4):
        child, (parent,) = pupil(cast, number, {})
        cases += ask(cast, child, lines=[("name", "website")], until="2026-07-31")
        key = str(cases[-1].key)
        answering.answer(parent, {key: False}, by=parent, form="link", reasons={key: "Nee"})
    with clock.at(ENDED):
        terms.expire()
    taken = []
    for some in (cases[:1], cases[1:]):
        Words.objects.exclude(entry__root__in=some).update(erased_at=MONDAY)
        Words.objects.filter(entry__root__in=some).update(erased_at=None)
        with clock.at(LATER), CaptureQueriesContext(connection) as queries:
            assert retention.erase() == len(some)
        taken.append(len(queries))
    assert taken[0] == taken[1]


def test_what_was_promised_is_what_is_kept(cast: Cast) -> None:
    value = protocol_for(cast.school, date(2026, 3, 2)).answered({})["consent_proof_years"]
    assert value == answer_texts.KEPT_YEARS == 2 and "two years after" in str(answer_texts.IN_SHORT[-1].text)


def test_the_consents_of_staff_who_left_end(cast: Cast) -> None:
    (case,) = ask(cast, "teacher", lines=[("school_publication", "website")])
    answer(cast.people["teacher"])
    assert Case.objects.get(pk=case.pk).state == "granted"
    Membership.objects.filter(user=cast.users["teacher"]).update(ends=MONDAY.date())
    terms.leave()
    assert Case.objects.get(pk=case.pk).state == "granted"
    with clock.at(MONDAY + timedelta(days=1)):
        terms.leave()
        assert Case.objects.get(pk=case.pk).state == "expired"


