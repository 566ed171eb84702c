"""The demo's cases: short stories, each played through the product's own commands on school days before today.

Words are Dutch, because the schools are. Every school has the same stories as far as its protocol allows; where a
protocol asks for something more, that is done and not skipped, so that no case stands in a state it could not reach.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from workflows import clock, commands
from workflows.access import guardians_of
from workflows.delivery import sending
from workflows.models import Case, Letter, Person
from workflows.scenario_cast import Cast
from workflows.schooldays import AMSTERDAM, SchoolCalendar

KNOWN = {
    "scope": "school_related", "capacity": "personal", "school_medium": False, "origin": "report", "confidential": False,
    "published": True, "possibly_criminal": False, "act": "post",
}  # fmt: skip


_RULE = {"VER-4c": "Schoolregels, hoofdstuk 4: zo gaan wij met elkaar om."}
"""What rests on another rule of the school is answered with that rule, where a protocol has no list of measures."""


class Story:
    """One case under way: the clock stands at `at`, people are named as in the cast."""

    def __init__(self, cast: Cast, now: datetime) -> None:
        self.cast = cast
        self.now = now
        self.calendar = SchoolCalendar(cast.school)
        self.moment = now
        self.case: Case
        self.tracks: dict[str, Case] = {}

    def ago(self, school_days: int, hour: int = 9, minute: int = 15) -> Story:
        """Set the clock to a school day before today."""
        day = self.now.astimezone(AMSTERDAM).date()
        while school_days:
            day -= timedelta(days=1)
            school_days -= self.calendar.is_school_day(day)
        self.moment = min(datetime.combine(day, time(hour, minute), AMSTERDAM), self.now)
        return self

    def ahead(self, school_days: int) -> date:
        """Return a school day after today."""
        return self.calendar.add(self.now.astimezone(AMSTERDAM).date(), school_days)

    @property
    def asks(self) -> str:
        """What a request to take something down may ask: a school whose pupils cannot be made to, asks to withdraw it."""
        return "withdraw_publication" if self.cast.school.key == "groningen" else "remove_and_correct"

    @property
    def is_settled(self) -> bool:
        """Whether the request to take something down is met."""
        return bool(Case.objects.get(pk=self.tracks["takedown"].pk).state == "settled")

    def send_letters(self, by: str) -> Story:
        """Approve every draft, hand it over, and note that it is in the pupil's file."""
        self.moment += timedelta(minutes=7)
        user = self.cast.users[by]
        with clock.at(min(self.moment, self.now)):
            for letter in Letter.objects.filter(root=self.case, state=Letter.State.DRAFT):
                ready = sending.prepare(letter)
                sending.approve(ready, by=user, digest=ready.digest)
                sending.send(ready, by=user, route="handed_over")
        return self.note("filed", by, file="pupil_file")

    @property
    def day(self) -> str:
        """The story's present day."""
        return self.moment.astimezone(AMSTERDAM).date().isoformat()

    def _people(self, data: Mapping[str, Any]) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for name, value in data.items():
            if name in ("suspects", "targets", "participants", "sharers", "bystanders"):
                read[name] = [self.cast.people[one] for one in value]
            elif name in ("person", "exclude") and isinstance(value, str):
                read[name] = self.cast.people[value]
            else:
                read[name] = value
        return read

    def report(self, by: str, **data: Any) -> Story:
        """Open the case; staff answer what the assessment would ask anyway."""
        known = {**KNOWN, "acted_on": self.day} if by not in ("pupil", "classmate") else {}
        with clock.at(self.moment):
            told = self._people({**known, **data})
            self.case = commands.open_case(by=self.cast.users[by], school=self.cast.school, data=told).case
        return self

    def do(self, step: str, by: str, answers: Mapping[str, str] | None = None, **data: Any) -> Story:
        """Take a step of the incident or of its track; a creating step opens the track."""
        case_type, user = step.split(".")[0], self.cast.users[by]
        self.moment += timedelta(minutes=7)
        with clock.at(min(self.moment, self.now)):
            told = self._people(data)
            if step in ("measure.propose", "police.consider", "takedown.request"):
                self.tracks[case_type] = commands.open_child(self.case, step, by=user, data=told, answers=answers).case
            else:
                case = self.case if case_type == "incident" else self.tracks[case_type]
                self.tracks[case_type] = commands.perform(case, step, by=user, data=told, answers=answers).case
        return self

    def note(self, milestone: str, by: str, person: str | None = None, **data: Any) -> Story:
        """Record a milestone."""
        self.moment += timedelta(minutes=7)
        somebody: Person | None = self.cast.people[person] if person else None
        with clock.at(min(self.moment, self.now)):
            commands.record(self.case, milestone, by=self.cast.users[by], person=somebody, data=self._people(data))
        return self


SUSPENSION = {
    "kind": "suspension", "school_days": 2, "conduct": "Er is een film gemaakt in de kleedkamer en daarna gedeeld in een groepsapp.",
    "acted_at": "rond 10.30 uur, in de kleedkamer bij de gymzaal", "platform": "groepsapp",
    "rule": "Je deelt geen beeld van een ander zonder toestemming.", "rule_followed": "Schoolregels, hoofdstuk 4",
    "reason": "De film deed het andere kind veel verdriet en is door velen gezien.",
    "why_not_lighter": "Een waarschuwing in het najaar hielp niet.", "earlier_measures": "Een waarschuwing in het najaar.",
    "school_work": "De mentor mailt elke ochtend het werk en belt om 14 uur.", "scope": "school_related", "capacity": "personal",
    "conditions": "Niet op het schoolplein. Wel naar de bibliotheek.", "opinion_weighed": "Het gaat niet om een mening.",
    "qualification": "possibly_culpable", "gravity_words": "Er zijn geen woorden gebruikt.",
    "gravity_conduct": "Filmen op een plek waar iedereen veilig moet zijn.", "gravity_effects": "Het kind durfde niet naar school.",
}  # fmt: skip
WARNING = {
    "kind": "warning", "conduct": "In een groepsapp zijn kwetsende berichten over een klasgenoot geplaatst.", "acted_at": "in het weekend, thuis",
    "platform": "groepsapp", "rule": "We schrijven online niets wat we niet hardop zouden zeggen.",
    "rule_followed": "Schoolregels, hoofdstuk 2", "reason": "De berichten waren kwetsend en gingen door na een eerste gesprek.",
    "why_not_lighter": "Een gesprek alleen hielp niet.", "earlier_measures": "Geen.", "scope": "school_related", "capacity": "personal",
    "opinion_weighed": "Het gaat niet om een mening.", "conditions": "Geen.", "qualification": "possibly_culpable",
    "gravity_words": "Scheldwoorden over het uiterlijk.", "gravity_conduct": "Herhaald, ook na een gesprek.",
    "gravity_effects": "Het kind wilde niet meer in de groepsapp.",
}  # fmt: skip


def film_waiting(story: Story) -> None:
    """A film from the changing room: a suspension is proposed and waits for the director; the parents are not told yet."""
    story.ago(4).report(
        "mentor", category="image_without_consent", suspects=["pupil"], targets=["classmate"], sharers=["first3"], severity=3,
        platform="groepsapp", story="Er gaat een filmpje uit de kleedkamer rond. Een klasgenoot kwam huilend naar mij toe.",
    )  # fmt: skip
    _told(story, "mentor", "pupil", "classmate", "first3")
    story.ago(4, 13).do("incident.triage", "director", severity=3, targets=["classmate"], conduct=SUSPENSION["conduct"])
    story.ago(3).do("incident.discuss", "mentor", person="pupil", channel="in_person", note="Het was als grap bedoeld. Nu is er spijt.")
    story.note("heard", "mentor", "parent", channel="phone", note="Thuis is er ook over gesproken.")
    story.ago(2).do(
        "measure.propose", "mentor", person="pupil", **SUSPENSION, first_day=story.ahead(2).isoformat(),
        return_talk_on=story.ahead(4).isoformat(), answers=_RULE,
    )  # fmt: skip
    story.do("incident.escalate", "mentor", reason="Dit gaat verder dan wat ik als mentor kan doen.")


def warning_imposed(story: Story) -> None:
    """Hurtful messages: a warning is imposed and its letters wait for the director's approval."""
    story.ago(7).report(
        "teacher", category="cyberbullying", suspects=["first0"], targets=["first1"], severity=2, platform="groepsapp",
        story="In de groepsapp van de klas staan nare berichten over één kind.",
    )  # fmt: skip
    _told(story, "teacher", "first0", "first1")
    story.ago(6).do("incident.triage", "director", severity=3, conduct=WARNING["conduct"])
    story.ago(5).do("incident.discuss", "mentor", person="first0", channel="in_person", note="Wist niet dat het zo hard aankwam.")
    story.note("heard", "mentor", "first1", channel="in_person", note="Voelt zich weer iets veiliger.")
    story.note("cause_examined", "ict_coordinator", **{"with": "ict_coordinator"}, finding="deliberate", note="Geplaatst vanaf een eigen telefoon.")
    story.ago(3).do("measure.propose", "mentor", person="first0", **WARNING, answers=_RULE)
    story.do("measure.approve", "director", reason="Passend en niet te zwaar.")
    _told(story, "mentor", "first0", "first1")
    story.ago(1).do("incident.sanction", "director", reason="Volgens het voorstel.")


def talk_closed(story: Story) -> None:
    """An insult that was settled by a talk; everything is done and the case is closed."""
    story.ago(15).report(
        "teacher", category="insult", suspects=["first5"], targets=["first6"], severity=1, platform="spelchat",
        story="Schelden in de chat van een spel, doorgegaan op het plein.",
    )  # fmt: skip
    _told(story, "teacher", "first5", "first6")
    story.ago(14).do("incident.triage", "director", severity=1, conduct="Scheldwoorden in de chat van een spel.")
    story.ago(13).do("incident.discuss", "mentor", person="first5", channel="in_person", note="Biedt zelf excuses aan.")
    story.note("heard", "mentor", "first6", channel="in_person", note="De excuses zijn aangenomen.")
    story.note("victim_checked", "mentor", "first6", note="Gaat weer graag naar school.")
    story.do("takedown.request", "director", asks=story.asks, person="first5", platform="spelchat", where="chat", published=True,
             correction="De scheldwoorden klopten niet.")  # fmt: skip
    story.ago(12).do("takedown.confirm_removed", "director", how="post_removed", note="Samen met de leerling verwijderd.")
    if not story.is_settled:
        story.do("takedown.confirm_corrected", "director", correction="De scheldwoorden klopten niet.", note="Geplaatst in dezelfde chat.")
    story.ago(10, 11).send_letters("director")
    story.ago(10, 13).do("incident.close", "director", outcome="settled_by_talk", note="Goed opgelost door beide kinderen.")


def account_online(story: Story) -> None:
    """A fake account: it is asked to be taken down, which has not been done yet."""
    story.ago(2).report(
        "mentor2", category="impersonation", targets=["second0"], suspects=["second4"], severity=2, platform="fotodienst",
        story="Er is een account met de naam en foto van een leerling. Het is niet van dat kind.",
    )  # fmt: skip
    story.ago(1).do("incident.triage", "director", severity=2, conduct="Een account op naam van een ander, met diens foto.")
    story.do("incident.discuss", "mentor2", person="second4", channel="in_person", note="Zegt het account te hebben gemaakt.")
    story.do(
        "takedown.request", "director", asks=story.asks, person="second4", platform="fotodienst",
        where="openbaar profiel", published=True, correction="Dit account was niet van de leerling zelf.",
    )  # fmt: skip


def threat_police(story: Story) -> None:
    """A threat: somebody was brought to safety at once, and the police are being considered."""
    story.ago(1, 8, 40).report(
        "teacher", category="threat", suspects=["second7"], targets=["second2"], severity=4, platform="berichten-app",
        possibly_criminal=True, story="Een leerling liet mij een dreigend bericht zien dat hij vannacht kreeg.",
    )  # fmt: skip
    story.note(
        "urgent_safety_measure", "mentor2", "second7", action="kept_apart", reason="De twee zouden elkaar op de gang tegenkomen."
    )
    _told(story, "teacher", "second7", "second2")
    story.do("incident.triage", "director", severity=4, possibly_criminal=True, conduct="Een dreigend bericht, gestuurd in de nacht.")
    story.do("police.consider", "director", conduct="Een dreigend bericht aan een leerling.", victim_view="Wil eerst met de ouders praten.")


def asked_for_help(story: Story) -> None:
    """A pupil asks a teacher for help, this morning."""
    story.ago(0, 8, 55).report(
        "classmate", category="unwanted_contact", targets=["classmate"], help_contact="teacher",
        story="Iemand die ik niet ken blijft mij berichten sturen. Ik heb geblokkeerd maar er komt steeds een nieuw account.",
    )  # fmt: skip


def unfounded(story: Story) -> None:
    """A rumour that turned out to be none."""
    story.ago(9).report(
        "teacher", category="untrue_statement", suspects=["second9"], severity=0, story="Er zou een verhaal over een collega rondgaan.",
    )  # fmt: skip
    story.ago(8).do("incident.triage", "director", severity=0, conduct="Er is geen bericht gevonden.")
    story.do("incident.dismiss", "director", reason="Er is geen bericht gevonden en niemand heeft iets gezien.")


def about_staff(story: Story) -> None:
    """Contact of a member of staff with a pupil outside the rules: seen by few."""
    story.ago(3).report(
        "director", category="staff_contact", suspects=["teacher"], targets=["pupil"], severity=2, platform="berichten-app",
        rule="Geen privécontact met leerlingen buiten de kanalen van de school", capacity="professional", published=False,
        story="Een ouder meldt dat haar kind 's avonds privéberichten van een leraar krijgt.",
    )  # fmt: skip


def hard_route(story: Story) -> None:
    """A sexual approach by a member of staff: the board's named persons alone see that it exists."""
    story.ago(2, 16).report(
        "counsellor", category="sexual_approach", suspects=["ict_coordinator"], targets=["second1"], severity=4, capacity="professional",
        published=False, possibly_criminal=True, platform="berichten-app", rule="Gedragscode personeel",
        story="Een leerling vertelde mij over berichten van een medewerker. Er zijn geen beelden bewaard of gevraagd.",
    )  # fmt: skip


def _told(story: Story, by: str, *pupils: str) -> None:
    """Tell a parent with authority, and the mentor, of each pupil."""
    for pupil in pupils:
        parent = guardians_of(story.cast.people[pupil], story.moment.date())[0]
        name = next((name for name, person in story.cast.people.items() if person == parent), f"parent-of-{pupil}")
        story.cast.people[name] = parent
        story.note("parents_informed", by, name, channel="phone", note="Gebeld en verteld wat er speelt.")
        mentor = "mentor2" if pupil.startswith("second") else "mentor"
        if mentor != by:
            story.note("mentor_informed", by, mentor)


STORIES: tuple[Callable[[Story], None], ...] = (
    film_waiting, warning_imposed, talk_closed, account_online, threat_police, unfounded, about_staff, hard_route, asked_for_help,
)  # fmt: skip
