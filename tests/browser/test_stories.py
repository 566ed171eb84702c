"""One case at each of the five schools, from the report in a lesson to its closing, every act on a real page by the right person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page

from tests.browser.player import DESK, Player, sentence
from tests.cast import build
from tests.host.runtime import course_id
from tests.stories import school_day
from workflows import clock, schools

pytestmark = pytest.mark.django_db(transaction=True)

Begin = Callable[..., Player]

def seen(**more: Any) -> dict[str, Any]:
    """What an assessment answers."""
    return {
        "acted_on": clock.today(), "scope": "school_related", "capacity": "personal", "published": True, "possibly_criminal": False, **more,
    }  # fmt: skip


GRAVITY = {
    "gravity_words": "Scheldwoorden over het uiterlijk.", "gravity_conduct": "Herhaald, ook na een gesprek.",
    "gravity_effects": "De ander durfde niet naar school.", "qualification": "possibly_culpable",
}  # fmt: skip
WARNING = {
    "reason": "De berichten gingen door na een eerste gesprek.", "conduct": "Er zijn nare berichten geplaatst in een groepsapp.",
    "acted_at": "in het weekend, thuis", "platform": "groepsapp", "rule": "We schrijven online niets wat we niet hardop zeggen.",
    "rule_followed": "Schoolregels, hoofdstuk 2", "why_not_lighter": "Een gesprek alleen hielp niet.", "earlier_measures": "Geen.",
    "opinion_weighed": "Het gaat niet om een mening.", "conditions": "Geen.",
}  # fmt: skip


@pytest.fixture
def begin(page: Page, live_server: Any, sign_in: Callable[[Any], None]) -> Begin:
    """Make a school that follows this protocol, with its course page, and hand over its people."""

    def make(key: str, sector: str, language: str = "nl") -> Player:
        cast = build(key, sector, clock.today())
        schools.link_course(cast.school, by=None, course_key=course_id(cast.school.slug), group=cast.group)
        page.set_viewport_size(DESK)
        if language == "en":
            page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": live_server.url}])
        return Player(page, live_server.url, cast, sign_in, language=language)

    return make


GRONINGEN_WORDS = {
    "nl": {
        "conduct": "Er is een bedreiging in de klassenapp geschreven.", "talk": "Het was als grap bedoeld. Nu is er spijt.",
        "reason": "De dreiging was ernstig en werd door velen gezien.", "agreed": "Past bij wat er gebeurd is.",
        "rule": "Bedreig niemand, ook online niet.", "rule_followed": "Schoolregels, hoofdstuk 4", "acted_at": "rond 10.30 uur, in de klas",
        "platform": "klassenapp", "why_not_lighter": "Een waarschuwing in het najaar hielp niet.", "earlier_measures": "Een waarschuwing.",
        "school_work": "De mentor mailt elke ochtend werk.", "conditions": "Thuisblijven, wel werken.", "opinion_weighed": "Het was geen mening.",
        "told": "Gebeld en verteld wat er speelt.", "done": "Alles is besproken.",
    },
    "en": {
        "conduct": "A threat was written in the class app.", "talk": "It was meant as a joke. There is regret now.",
        "reason": "The threat was serious and many saw it.", "agreed": "Fits what happened.",
        "rule": "Threaten nobody, online either.", "rule_followed": "House rules, part 4", "acted_at": "about 10.30, in class",
        "platform": "class app", "why_not_lighter": "A warning in autumn did not help.", "earlier_measures": "A warning.",
        "school_work": "The mentor mails work each morning.", "conditions": "At home, working.", "opinion_weighed": "It was no opinion.",
        "told": "Called and told.", "done": "All was talked through.",
    },
}  # fmt: skip


@pytest.mark.parametrize("language", ["nl", "en"])
def test_groningen_parents_hear_before_a_suspension_and_the_board_joins(begin: Begin, language: str) -> None:
    play, words = begin("groningen", "vo", language), GRONINGEN_WORDS[language]
    play.report("mentor", "threat", suspects="pupil", targets="classmate")
    play.shot("case-new")
    play.act("director", "incident.triage", **seen(severity=4, conduct=words["conduct"]))
    play.act("director", "incident.take_over", mode="joint", reason=words["agreed"])
    play.act("mentor", "incident.discuss", person="pupil", channel="in_person", note=words["talk"])
    play.act(
        "mentor", "measure.propose", kind="suspension", person="pupil", school_days=2, first_day=school_day(play.cast, 3),
        return_talk_on=school_day(play.cast, 6),
        **{name: words[name] for name in (
            "reason", "rule", "rule_followed", "acted_at", "platform", "why_not_lighter", "earlier_measures", "school_work", "conditions",
            "opinion_weighed",
        )},
    )  # fmt: skip
    play.act("mentor", "incident.escalate", reason=words["agreed"])
    play.decide("director", "measure.approve", words["agreed"])
    play.shot("case-approved")
    entry = play.main.locator(".time > li").first.inner_text()
    assert words["agreed"] in entry, "whoever decided keeps reading the own words"
    assert play.main.locator("a[href*='/decide/']").count() == 0, "and is not asked again"
    play.refused("director", "incident.sanction", "OOG-4.4-4c", "OOG-4.2-9b")
    play.shot("refused")
    play.way_out("/record/parents_informed/")
    play.shot("parents")
    play.send(person="parent", channel="phone", reached=True, note=words["told"])
    play.decide("board", "measure.approve", words["agreed"])
    said = play.act("director", "incident.sanction", reason=words["agreed"])
    assert ("Besluit tot schorsing" if language == "nl" else "Suspension decision").lower() in said.lower()
    play.shot("sanctioned")
    sent = play.letters("director", "post")
    assert {letter.addressee.full_name for letter in sent if letter.addressee} == {
        "Noa Regenboogje", "Rob Regenboogje", "Olga Zonnewijzer",
    }  # fmt: skip
    play.refused("director", "incident.close", "KC-43")
    play.note("director", "inspectorate_notified", report_number="123")
    play.act("mentor", "measure.complete", note=words["done"])
    play.act("director", "incident.close", outcome="measure_completed", note=words["done"])
    play.shot("closed")
    play.finish()


def test_leyenburg_only_what_the_head_finds_serious_gets_a_measure(begin: Begin) -> None:
    play = begin("leyenburg", "po")
    play.report("mentor", "cyberbullying", suspects="pupil", targets="classmate")
    play.act("director", "incident.triage", **seen(severity=2, act="forward", school_medium=False, conduct=WARNING["conduct"]))
    play.act("mentor", "measure.propose", kind="warning", person="pupil", **WARNING)
    play.shot("proposed")
    assert play.main.locator("a[href*='/do/incident.triage/']").count() > 1, "how serious it is, is told by assessing the case"
    play.act("mentor", "incident.escalate", reason="Graag een besluit.")
    play.decide("director", "measure.approve", "Passend en niet te zwaar.")
    play.refused("director", "incident.sanction", "LEY-13a", "LEY-13b")
    play.shot("refused")
    play.way_out("/do/incident.triage/")
    play.send(severity=3, act="forward")
    play.note("mentor", "heard", "pupil", channel="in_person", note="Wist niet dat het zo hard aankwam.")
    play.note("mentor", "parents_informed", "parent", channel="phone", reached=True, note="Gebeld.")
    said = play.act("director", "incident.sanction", reason="Volgens het voorstel.")
    assert "melding" in said.lower() or "maatregel" in said.lower()
    play.shot("sanctioned")
    sent = play.letters("director", "handed_over")
    assert {letter.kind for letter in sent} == {"measure_notice"}
    play.act("mentor", "measure.complete", note="Afgerond.")
    play.act("director", "incident.close", outcome="measure_completed", note="Goed opgelost.")
    play.note("mentor", "victim_checked", "classmate", note="Gaat weer graag naar school.")
    play.shot("closed")
    play.finish()


def test_verkruisen_removal_and_correction_instead_of_a_list_of_sanctions(begin: Begin) -> None:
    play = begin("verkruisen", "po")
    play.report("mentor", "insult", suspects="pupil", targets="classmate")
    play.act("director", "incident.triage", **seen(severity=2, conduct=WARNING["conduct"]))
    play.act("mentor", "incident.discuss", person="pupil", channel="in_person", note="Er was spijt.")
    play.note("mentor", "parents_informed", "parent", channel="portal", reached=True, note="Bericht gestuurd en gelezen.")
    play.visit("mentor")
    play.go("/do/measure.propose/")
    play.go("kind=warning")
    asked = play.main.inner_text()
    play.shot("warning-asks-a-reason")
    assert sentence("verkruisen", "VER-4c", "nl") in asked, "the rule that another measure has to answer"
    assert play.main.locator("[name='answer:VER-4c']").is_visible()
    play.act("mentor", "measure.propose", kind="apology", person="pupil", reason="De ander verdient excuses.")
    play.decide("director", "measure.approve", "Past bij onze school.")
    play.act("director", "incident.sanction", reason="Samen afgesproken.")
    play.act("mentor", "measure.complete", note="Excuses zijn gemaakt en aangenomen.")
    play.refused("director", "incident.close", "VER-4c")
    play.shot("refused")
    play.way_out("/do/takedown.request/")
    play.send(
        asks="remove_and_correct", person="pupil", published=True, platform="groepsapp", where="klassenapp",
        correction="Wat er stond, klopte niet.",
    )  # fmt: skip
    play.letters("director", "portal", offered=("portal", "handed_over", "post", "email"))
    play.act("mentor", "takedown.confirm_removed", how="post_removed", note="Samen verwijderd.")
    play.refused("director", "incident.close", "VER-4c")
    play.act("mentor", "takedown.confirm_corrected", correction="Wat er stond, klopte niet.", note="In dezelfde app geplaatst.")
    play.act("director", "incident.close", outcome="repaired", note="Hersteld.")
    play.shot("closed")
    play.finish()


def test_montessori_reports_to_the_police_and_completes_the_file(begin: Begin) -> None:
    play = begin("montessori", "vo")
    play.report("mentor", "threat", suspects="pupil", targets="classmate")
    play.act("director", "incident.triage", **seen(severity=3, possibly_criminal=True, conduct=WARNING["conduct"], **GRAVITY))
    play.act("mentor", "incident.discuss", person="pupil", channel="in_person", note="Er was spijt.")
    play.act("mentor", "measure.propose", kind="warning", person="pupil", **WARNING, **GRAVITY)
    play.act("mentor", "incident.escalate", reason="Graag een besluit.")
    play.decide("director", "measure.approve", "Passend.")
    play.note("mentor", "parents_informed", "parent", channel="email", reached=True, note="Gemaild en antwoord gekregen.")
    play.act("director", "incident.sanction", reason="Volgens het voorstel.")
    play.letters("director", "email", offered=("email", "handed_over", "post"))
    play.visit("director")
    assert "onderweg per e-mail" in play.main.inner_text()
    play.act("mentor", "measure.complete", note="Afgerond.")
    play.refused("director", "incident.close", "MLF-SAN-5", "MLF-SAN-3b")
    play.shot("refused")
    play.way_out("/do/police.consider/")
    play.shot("police")
    play.send(conduct="Een dreigend bericht aan een leerling.", victim_view="Wil dat het stopt.")
    play.act(
        "director", "police.report", station="Bureau Verzonnen", report_number="2026-1", handed_over_what="Een schermafdruk.",
        legal_ground="Aangifte",
    )  # fmt: skip
    play.letters("director", "handed_over")
    play.note("director", "filed", file="pupil_file")
    play.act("director", "incident.close", outcome="measure_completed", note="Afgerond.")
    play.shot("closed")
    play.finish()


def test_wilhelmina_tells_both_families_at_once_and_finds_the_cause_with_the_ict_coordinator(begin: Begin) -> None:
    play = begin("wilhelmina", "po")
    play.report("teacher", "cyberbullying", suspects="pupil", targets="classmate")
    play.refused("director", "incident.triage", "WIL-SOC-7a")
    play.shot("refused")
    play.way_out("/record/parents_informed/")
    play.send(person="parent", channel="phone", reached=True, note="Gebeld.")
    play.note("director", "parents_informed", "classmate_parent", channel="phone", reached=True, note="Gebeld.")
    play.note("director", "mentor_informed", "mentor", channel="in_person", note="Verteld.")
    play.letters("director", "handed_over")
    play.act("director", "incident.triage", **seen(severity=3, conduct=WARNING["conduct"], **GRAVITY))
    play.act("mentor", "incident.discuss", person="pupil", channel="in_person", note="Er was spijt.")
    play.note("director", "shared", "ict_coordinator", reason="Kijkt mee waar het vandaan kwam.")
    play.note("ict_coordinator", "cause_examined", **{"with": "ict_coordinator"}, finding="deliberate", note="Geplaatst vanaf een eigen telefoon.")
    play.shot("cause")
    play.act("mentor", "measure.propose", kind="warning", person="pupil", **WARNING, **GRAVITY)
    play.act("mentor", "incident.escalate", reason="Graag een besluit.")
    play.decide("director", "measure.approve", "Passend.")
    play.note("mentor", "parents_informed", "parent", channel="phone", reached=True, note="Gebeld over de maatregel.")
    play.act("director", "incident.sanction", reason="Volgens het voorstel.")
    play.letters("director", "handed_over")
    play.act("mentor", "measure.complete", note="Afgerond.")
    play.refused("director", "incident.close", "WIL-SAN-3b")
    play.way_out("/record/filed/")
    play.send(file="pupil_file")
    play.act("director", "incident.close", outcome="measure_completed", note="Afgerond.")
    play.shot("closed")
    play.finish()


def test_wilhelmina_blames_nobody_for_an_unwanted_site_before_the_cause_is_known(begin: Begin) -> None:
    play = begin("wilhelmina", "po")
    play.report("mentor", "unwanted_site", suspects="pupil")
    play.act("director", "incident.triage", **seen(severity=1, published=False, conduct="Er kwam een verkeerde site in beeld."))
    play.refused("mentor", "measure.propose", "WIL-VP-2")
    play.shot("cause-first")
    play.note("ict_coordinator", "cause_examined", **{"with": "ict_coordinator"}, finding="accidental", note="De site kwam vanzelf, door reclame.")
    play.act("mentor", "incident.discuss", person="pupil", channel="in_person", note="Goed dat het is verteld.")
    play.note("director", "filed", file="pupil_file")
    play.act("director", "incident.close", outcome="no_action", note="Vanzelf gekomen.")
    play.finish()
