"""The log cannot be changed unseen: an edit, a deletion, a cut tail, a vanished case and a recomputed chain are found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.cast import Cast
from tests.stories import MONDAY
from workflows import clock, commands, log
from workflows.models import Case, LogEntry, School, Words

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(cast: Cast) -> Case:
    """A case with four entries, and a head of the day after kept outside the tables."""
    data = {"category": "insult", "suspects": [cast.people["pupil"]], "story": "Wat er stond."}
    case = commands.open_case(by=cast.users["mentor"], school=cast.school, data=data).case
    commands.open_case(by=cast.users["mentor"], school=cast.school, data=data)
    commands.perform(case, "incident.triage", by=cast.users["director"], data={"severity": 2})
    commands.record(case, "ict_consulted", by=cast.users["mentor"], data={"note": "Gebeld."})
    with clock.at(MONDAY + timedelta(days=1)):
        assert log.write_head(cast.school)
        assert not log.write_head(cast.school), "one head a day"
    return Case.objects.get(pk=case.pk)


def tamper(sql: str, *values: object) -> None:
    """Change a row as somebody with the database's password would."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def found(school: School) -> str:
    return " | ".join(map(str, log.verify(school)))


def test_an_untouched_log_is_whole(cast: Cast, incident: Case) -> None:
    assert log.verify(cast.school) == []
    call_command("verify_log", verbosity=0)


def test_an_edited_entry_is_found(cast: Cast, incident: Case) -> None:
    tamper("UPDATE kc_workflows_logentry SET target = 'closed' WHERE root_id = %s AND n = 2", incident.pk)
    assert "entry 2 (incident.triage) was changed" in found(cast.school)
    with pytest.raises(CommandError):
        call_command("verify_log")


def test_edited_words_are_found(cast: Cast, incident: Case) -> None:
    tamper("UPDATE kc_workflows_words SET text = 'Iets anders.' WHERE case_id = %s AND field = 'story'", incident.pk)
    assert "field story, were changed" in found(cast.school)


def test_a_deleted_entry_is_found(cast: Cast, incident: Case) -> None:
    entry = LogEntry.objects.get(root=incident, n=2)
    tamper("UPDATE kc_workflows_duty SET done_by_id = NULL WHERE done_by_id = %s", entry.pk)
    tamper("DELETE FROM kc_workflows_duty WHERE started_by_id = %s", entry.pk)
    tamper("DELETE FROM kc_workflows_logentry WHERE id = %s", entry.pk)
    assert "entry 2 is missing" in found(cast.school)


def test_a_cut_tail_is_found_even_with_the_roots_row_put_back(cast: Cast, incident: Case) -> None:
    last = LogEntry.objects.get(root=incident, n=3)
    tamper("DELETE FROM kc_workflows_words WHERE entry_id = %s", last.pk)
    tamper("DELETE FROM kc_workflows_logentry WHERE id = %s", last.pk)
    assert "the log ends at entry 2, but 3 were written" in found(cast.school)
    before = LogEntry.objects.get(root=incident, n=2)
    tamper("UPDATE kc_workflows_case SET log_count = 2, log_head = %s WHERE id = %s", before.digest, incident.pk)
    assert "stood in the log" in found(cast.school)


def test_a_vanished_case_is_found_even_with_the_schools_count_put_back(cast: Cast, incident: Case) -> None:
    gone = Case.objects.order_by("-pk").first()
    assert gone is not None and gone.log_count == 1
    tamper("DELETE FROM kc_workflows_words WHERE case_id = %s", gone.pk)
    tamper("DELETE FROM kc_workflows_outbox WHERE root_id = %s", gone.pk)
    tamper("DELETE FROM kc_workflows_duty WHERE root_id = %s", gone.pk)
    tamper("DELETE FROM kc_workflows_involvement WHERE case_id = %s", gone.pk)
    tamper("DELETE FROM kc_workflows_logentry WHERE root_id = %s", gone.pk)
    tamper("DELETE FROM kc_workflows_case WHERE id = %s", gone.pk)
    assert "case 2 of this school has vanished" in found(cast.school)
    tamper("UPDATE kc_workflows_school SET last_number = 1 WHERE id = %s", cast.school.pk)
    assert "entries stood in the log" in found(School.objects.get(pk=cast.school.pk))


def test_a_chain_recomputed_without_the_key_is_found(cast: Cast, incident: Case, settings: Any) -> None:
    settings.KC_LOG_KEY = "another key"
    previous = ""
    for entry in LogEntry.objects.filter(root=incident).order_by("n"):
        entry.previous = previous
        digest = log._digest(entry, str(incident.key))
        tamper("UPDATE kc_workflows_logentry SET previous = %s, digest = %s WHERE id = %s", previous, digest, entry.pk)
        previous = digest
    tamper("UPDATE kc_workflows_case SET log_head = %s WHERE id = %s", previous, incident.pk)
    settings.KC_LOG_KEY = ""
    assert "was changed after it was written" in found(cast.school)


def test_a_head_that_somebody_else_wrote_is_found(cast: Cast, incident: Case) -> None:
    path = log.heads_path(MONDAY.date())
    assert path is not None
    path.write_text(path.read_text().replace('"count": 4', '"count": 3'))
    assert "was not written by this installation" in found(cast.school)


def test_an_entry_can_neither_be_changed_nor_deleted_from_python(cast: Cast, incident: Case) -> None:
    entry = LogEntry.objects.filter(root=incident).first()
    assert entry is not None
    for act in (entry.save, entry.delete, LogEntry.objects.all().delete, Case.objects.all().delete, incident.delete):
        with pytest.raises(TypeError):
            act()
    for rows in (LogEntry.objects.all(), Case.objects.all()):
        with pytest.raises(TypeError):
            rows.update(state="closed")


def test_erased_words_leave_their_digest_and_the_chain(cast: Cast, incident: Case) -> None:
    with clock.at(MONDAY + timedelta(days=2)):
        commands.erase_words(incident, by=cast.users["dpo"], reason="De termijn is om.")
    assert not Words.objects.filter(case=incident, field="story", text__gt="").exists()
    assert LogEntry.objects.get(root=incident, n=1).word_digests["story"]
    assert log.verify(cast.school) == []
