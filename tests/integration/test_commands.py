"""The commands: one transaction, one log entry, once per form, and nothing that the protocol refuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from tests.stories import MONDAY
from workflows import clock, commands
from workflows.access import sight_of, visible_to
from workflows.commands import InvalidData, StalePage, StepDenied
from workflows.models import Case, Duty, Involvement, Letter, LogEntry, Membership, Outbox, Words
from workflows.privacy import hide
from workflows.queries import timeline
from workflows.scenario_cast import Cast, build
from workflows.schooldays import AMSTERDAM

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(monday: None) -> Cast:
    return build("groningen", "vo", MONDAY.date())


def report(cast: Cast, by: str = "mentor", **data: Any) -> Case:
    given = {"category": "threat", "suspects": [cast.people["pupil"]], "acted_on": MONDAY.date(), **data}
    return commands.open_case(by=cast.users[by], school=cast.school, data=given).case


def triage(cast: Cast, incident: Case, by: str = "director", **data: Any) -> Case:
    given = {"severity": 3, "scope": "school_related", "capacity": "personal", "published": True, "possibly_criminal": False, **data}
    return commands.perform(incident, "incident.triage", by=cast.users[by], data=given).case


def articles(denied: StepDenied) -> set[str]:
    return {article for denial in denied.denials for article in denial.articles}


def test_opening_a_case_writes_one_entry_and_tells_the_mentor(cast: Cast) -> None:
    outcome = commands.open_case(
        by=cast.users["teacher"], school=cast.school,
        data={"category": "insult", "suspects": [cast.people["pupil"]], "targets": [cast.people["classmate"]], "story": "Er stond iets lelijks."},
    )  # fmt: skip
    assert outcome.case.state == "reported"
    assert [entry.step for entry in LogEntry.objects.all()] == ["incident.report"]
    assert cast.people["mentor"] in outcome.told
    assert Outbox.objects.filter(person=cast.people["mentor"]).count() == 1
    assert Words.objects.get(field="story").text == "Er stond iets lelijks."
    assert "lelijks" not in str(LogEntry.objects.get().facts)


def test_the_same_form_sent_twice_acts_once(cast: Cast) -> None:
    data = {"category": "insult", "suspects": [cast.people["pupil"]]}
    first = commands.open_case(by=cast.users["mentor"], school=cast.school, data=data, key="form-1")
    second = commands.open_case(by=cast.users["mentor"], school=cast.school, data=data, key="form-1")
    assert second.repeated and second.case.pk == first.case.pk
    assert Case.objects.count() == 1
    for _ in range(2):
        commands.record(first.case, "ict_consulted", by=cast.users["mentor"], key="form-2")
    assert LogEntry.objects.filter(step="record.ict_consulted").count() == 1


def test_a_refused_form_can_be_sent_again_with_the_same_key(cast: Cast) -> None:
    incident = report(cast)
    with pytest.raises(InvalidData):
        commands.perform(incident, "incident.triage", by=cast.users["director"], data={"severity": 9}, key="form-3")
    done = commands.perform(incident, "incident.triage", by=cast.users["director"], data={"severity": 2}, key="form-3")
    assert not done.repeated and done.case.state == "triaged"


def test_a_reporters_severity_is_a_signal_and_unlocks_nothing(cast: Cast) -> None:
    incident = report(cast, severity=4)
    assert "severity" not in incident.facts and incident.facts["signal"] == 4
    incident = triage(cast, incident, by="mentor", severity=4)
    assert "severity" not in incident.facts
    incident = triage(cast, incident, by="director", severity=2)
    assert incident.facts["severity"] == 2


def test_a_refused_step_changes_nothing(cast: Cast) -> None:
    incident = triage(cast, report(cast))
    before = (LogEntry.objects.count(), Case.objects.count(), Letter.objects.count(), Duty.objects.count())
    with pytest.raises(StepDenied) as refused:
        six_days = {"kind": "suspension", "school_days": 6, "first_day": MONDAY.date()}
        commands.open_child(incident, "measure.propose", by=cast.users["mentor"], data=six_days)
    assert "NL-SUS-5" in articles(refused.value)
    assert (LogEntry.objects.count(), Case.objects.count(), Letter.objects.count(), Duty.objects.count()) == before


def test_a_stale_page_is_told_what_changed(cast: Cast) -> None:
    incident = triage(cast, report(cast))
    seen = incident.log_count
    commands.perform(incident, "incident.escalate", by=cast.users["mentor"], data={"reason": "Graag uw oordeel."})
    with pytest.raises(StalePage) as stale:
        commands.perform(incident, "incident.dismiss", by=cast.users["director"], data={"reason": "Niets aan de hand."}, seen_version=seen)
    assert [entry.step for entry in stale.value.entries] == ["incident.escalate"]
    assert Case.objects.get(pk=incident.pk).state == "escalated"


def test_a_milestone_noted_meanwhile_does_not_make_a_page_stale(cast: Cast) -> None:
    incident = triage(cast, report(cast))
    seen = incident.log_count
    commands.record(incident, "ict_consulted", by=cast.users["mentor"])
    done = commands.perform(incident, "incident.escalate", by=cast.users["mentor"], data={"reason": "Graag uw oordeel."}, seen_version=seen)
    assert done.case.state == "escalated"


def test_the_opener_takes_a_case_back_within_thirty_minutes(cast: Cast) -> None:
    incident = report(cast)
    with clock.at(MONDAY + timedelta(minutes=29)):
        done = commands.perform(incident, "incident.withdraw", by=cast.users["mentor"])
    assert done.case.state == "dismissed"


def test_after_thirty_minutes_or_by_somebody_else_it_is_too_late(cast: Cast) -> None:
    incident = report(cast)
    with clock.at(MONDAY + timedelta(minutes=31)), pytest.raises(StepDenied):
        commands.perform(incident, "incident.withdraw", by=cast.users["mentor"])
    with pytest.raises(StepDenied):
        commands.perform(incident, "incident.withdraw", by=cast.users["director"])


def test_a_notice_to_a_colleague_does_not_stand_in_the_way_but_a_letter_that_left_does(cast: Cast) -> None:
    incident = report(cast, by="teacher")
    Outbox.objects.filter(root=incident).update(done_at=MONDAY)
    assert commands.denials(incident, "incident.withdraw", cast.users["teacher"]) == ()
    entry = LogEntry.objects.get(root=incident)
    parent = cast.people["parent"]
    Letter.objects.create(root=incident, case=incident, kind="report_notice", addressee=parent, queued_by=entry, created_at=MONDAY, state="sent")
    assert commands.denials(incident, "incident.withdraw", cast.users["teacher"])


def test_a_case_taken_back_leaves_no_letter_and_no_mail_behind(cast: Cast) -> None:
    incident = report(cast, by="teacher")
    assert Outbox.objects.filter(root=incident, done_at=None).exists()
    entry = LogEntry.objects.get(root=incident)
    letter = Letter.objects.create(
        root=incident, case=incident, kind="report_notice", addressee=cast.people["parent"], queued_by=entry, created_at=MONDAY
    )  # fmt: skip
    with translation.override("nl"):
        commands.perform(incident, "incident.withdraw", by=cast.users["teacher"])
    assert not Outbox.objects.filter(root=incident, done_at=None).exists()
    letter.refresh_from_db()
    assert (letter.state, letter.problem) == ("void", "Dit gaat niet door. Er gaat geen brief meer over uit.")


def test_a_talk_taken_back_no_longer_counts_but_stays(cast: Cast) -> None:
    incident = triage(cast, report(cast))
    talk = commands.perform(incident, "incident.discuss", by=cast.users["mentor"], data={"person": cast.people["pupil"], "note": "We spraken."})
    measure = commands.open_child(
        incident, "measure.propose", by=cast.users["mentor"],
        data={"kind": "warning", "reason": "Dreigen mag niet.", "rule_followed": "Leerlingenstatuut", "conduct": "Stuurde een dreigbericht."},
    ).case  # fmt: skip
    commands.retract(talk.entry, by=cast.users["mentor"], reason="Verkeerde leerling.")
    found = commands.denials(measure, "measure.impose", cast.users["director"])
    assert "OOG-4.4-2" in {article for denial in found for article in denial.articles}
    assert LogEntry.objects.filter(pk=talk.entry.pk).exists()
    with pytest.raises(InvalidData):
        commands.retract(talk.entry, by=cast.users["mentor"], reason="Nog eens.")


def test_a_person_put_in_by_mistake_is_hidden_from_all_but_the_dpo(cast: Cast) -> None:
    wrong, right = cast.people["classmate"], cast.people["pupil"]
    incident = report(cast, suspects=[wrong], story=f"{wrong.given_name} deed het, zei {wrong.full_name}.")
    commands.correct_person(incident, wrong, right, by=cast.users["mentor"], reason="Het was iemand anders.")
    assert set(Involvement.objects.filter(case=incident, masked=False, role="suspect").values_list("person", flat=True)) == {right.pk}
    for who, shown in (("mentor", False), ("director", False), ("dpo", True)):
        events = timeline(incident, cast.users[who], sight_of(cast.users[who], incident))
        text = " ".join(words for event in events for _, words, _ in event.texts)
        assert (wrong.given_name in text) is shown, who


def test_erasing_the_words_keeps_the_chain_whole(cast: Cast) -> None:
    from workflows import log

    incident = report(cast, story="Iets wat weg moet.")
    with pytest.raises(StepDenied):
        commands.erase_words(incident, by=cast.users["director"], reason="Termijn voorbij.")
    assert commands.erase_words(incident, by=cast.users["dpo"], reason="Termijn voorbij.") == 1
    assert not Words.objects.filter(text__contains="weg moet").exists()
    assert log.verify(cast.school) == []


def test_a_case_goes_to_another_owner_who_works_at_the_school(cast: Cast) -> None:
    incident = report(cast)
    with pytest.raises(StepDenied):
        commands.hand_over_case(incident, by=cast.users["teacher"], to=cast.users["teacher"])
    commands.hand_over_case(incident, by=cast.users["mentor"], to=cast.users["teacher"])
    assert Case.objects.get(pk=incident.pk).owner == cast.users["teacher"]
    for role in ("administrator", "dpo"):
        with pytest.raises(InvalidData):
            commands.hand_over_case(incident, by=cast.users["teacher"], to=cast.users[role])
    Membership.objects.filter(user=cast.users["manager"]).delete()
    with pytest.raises(InvalidData):
        commands.hand_over_case(incident, by=cast.users["teacher"], to=cast.users["manager"])


def test_an_urgent_safety_measure_needs_nothing_first_and_leaves_tasks_for_the_next_school_day(cast: Cast) -> None:
    incident = report(cast)
    commands.record(
        incident, "urgent_safety_measure", by=cast.users["teacher"], person=cast.people["pupil"],
        data={"action": "kept_apart", "reason": "Er was gevaar."},
    )  # fmt: skip
    due = {duty.task: duty.due_at.astimezone(AMSTERDAM).date() for duty in Duty.objects.filter(started_by__step="record.urgent_safety_measure")}
    assert {"heard", "parents_informed"} <= set(due)
    assert set(due.values()) == {datetime(2026, 3, 3).date()}


def test_an_anonymous_report_has_no_opener_and_says_so(cast: Cast) -> None:
    incident = commands.open_case(by=commands.ANONYMOUS, school=cast.school, data={"category": "insult", "targets": [cast.people["pupil"]]}).case
    assert incident.opened_by is None and incident.facts["anonymous"] is True


def test_an_unknown_field_a_future_day_and_a_person_of_another_school_are_named(cast: Cast) -> None:
    other = build("leyenburg", "po", MONDAY.date(), slug="elsewhere")
    with pytest.raises(InvalidData) as invalid:
        report(cast, colour="red", acted_on="2026-03-03", targets=[other.people["pupil"]], scope="everywhere")
    assert set(invalid.value.errors) == {"colour", "acted_on", "targets", "scope"}


@pytest.mark.parametrize(("day", "said"), [("2026-03-07", "9 March 2026"), ("2026-04-06", "7 April 2026"), ("2026-03-09", "")])
def test_a_suspension_begins_on_a_school_day(cast: Cast, day: str, said: str) -> None:
    incident = triage(cast, report(cast))
    told = {"kind": "suspension", "first_day": day, "school_days": 1, "reason": "De dreiging was ernstig.", "rule_followed": "Schoolregels"}
    if said:
        with pytest.raises((InvalidData, StepDenied)) as refused:
            commands.open_child(incident, "measure.propose", by=cast.users["mentor"], data=told)
        found = refused.value.errors if isinstance(refused.value, InvalidData) else refused.value.missing
        assert f"The next school day is {said}." in found["first_day"]
        told["kind"] = "warning"
    commands.open_child(incident, "measure.propose", by=cast.users["mentor"], data=told)


def test_the_hard_route_is_for_the_board_alone(cast: Cast) -> None:
    incident = report(cast, category="sexual_approach", suspects=[cast.people["teacher"]], targets=[cast.people["pupil"]])
    assert incident.restricted
    seen = {who for who, user in cast.users.items() if visible_to(user).filter(pk=incident.pk).exists()}
    assert seen == {"board"}
    assert set(Outbox.objects.values_list("person", flat=True)) == {cast.people["board"].pk}


def test_who_is_a_suspect_as_staff_does_not_see_the_case(cast: Cast) -> None:
    incident = report(cast, category="insult", suspects=[cast.people["director"]])
    assert not visible_to(cast.users["director"]).filter(pk=incident.pk).exists()
    assert visible_to(cast.users["board"]).filter(pk=incident.pk).exists()


def test_access_ends_with_the_membership(cast: Cast) -> None:
    incident = report(cast)
    Membership.objects.filter(user=cast.users["mentor"]).update(ends=MONDAY.date())
    assert visible_to(cast.users["mentor"]).filter(pk=incident.pk).exists()
    with clock.at(MONDAY + timedelta(days=1)):
        assert not visible_to(cast.users["mentor"]).filter(pk=incident.pk).exists()


def test_names_are_hidden_as_whole_words() -> None:
    assert hide("Sem zag Sems fiets en een semester.", ["Sem"]) == "[…] zag […] fiets en een semester."


def test_a_reason_that_no_line_asks_for_is_not_written_down(cast: Cast) -> None:
    reasons = {"KC-1": "Het had haast.", "VER-4c": "Een regel van een andere school."}
    case = report(cast)
    commands.perform(case, "incident.triage", by=cast.users["director"], data={"severity": 3}, answers=reasons)
    assert not Words.objects.filter(entry__root=case, field__startswith="answer:").exists()
