"""Two hands at once, and a process that dies in the middle: one wins, nothing is lost, nothing happens twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, time, timedelta
from time import sleep
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from tests.cast import Cast, build
from tests.threads import at_once
from workflows import acts, clock, commands, commands_bulk, log, module
from workflows.commands import StalePage, StepDenied
from workflows.models import Case, LessonAnswer, LogEntry, School, Submission, Words
from workflows.schooldays import AMSTERDAM

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Cast:
    """Made yesterday, once for all tests; the clock runs on while they act, because other threads and processes have no other."""
    today = timezone.localdate()
    with clock.at(datetime.combine(today - timedelta(days=1), time(9), AMSTERDAM)):
        return build("groningen", "vo", today)


def opened(cast: Cast, key: str | None = None) -> Case:
    data = {"category": "insult", "suspects": [cast.people["pupil"]]}
    return commands.open_case(by=cast.users["mentor"], school=cast.school, data=data, key=key).case


def test_two_directors_decide_at_once_and_one_is_told_what_the_other_did(cast: Cast) -> None:
    incident = opened(cast)
    incident = commands.perform(incident, "incident.triage", by=cast.users["director"], data={"severity": 3}).case
    seen = incident.log_count
    reason = {"reason": "Zo besloten."}
    results = at_once(
        lambda: commands.perform(incident, "incident.dismiss", by=cast.users["director"], data=reason, seen_version=seen),
        lambda: commands.perform(incident, "incident.dismiss", by=cast.users["deputy"], data=reason, seen_version=seen),
    )
    assert [type(result) for result in results].count(StalePage) == 1, results
    assert LogEntry.objects.filter(root=incident, step="incident.dismiss").count() == 1
    stale = next(result for result in results if isinstance(result, StalePage))
    assert [entry.step for entry in stale.entries] == ["incident.dismiss"]
    assert log.verify(cast.school) == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="it knows no locks of rows")
def test_a_step_locks_its_case_and_leaves_the_row_of_the_school_to_others(cast: Cast) -> None:
    incident = opened(cast)

    def locked(model: Any, pk: int) -> Any:
        with transaction.atomic():
            return model.objects.select_for_update(nowait=True).get(pk=pk)

    with transaction.atomic():
        assert acts.begin(incident, cast.users["director"], None)[1].school.settings == cast.school.settings
        school, case = at_once(lambda: locked(School, cast.school.pk), lambda: locked(Case, incident.pk))
    assert school == cast.school and isinstance(case, OperationalError)


def test_two_steps_at_once_without_a_page_are_taken_one_after_the_other(cast: Cast) -> None:
    incident = opened(cast)
    results = at_once(
        *(lambda who=who: commands.record(incident, "ict_consulted", by=cast.users[who]) for who in ("mentor", "director", "teacher", "manager"))
    )
    assert not [result for result in results if isinstance(result, Exception)], results
    assert sorted(LogEntry.objects.filter(root=incident).values_list("n", flat=True)) == [1, 2, 3, 4, 5]
    assert log.verify(cast.school) == []


def test_the_same_form_twice_at_once_makes_one_case(cast: Cast) -> None:
    results = at_once(lambda: opened(cast, "double click"), lambda: opened(cast, "double click"))
    assert not [result for result in results if isinstance(result, Exception)], results
    assert Case.objects.filter(type="incident").count() == 1
    assert len({case.pk for case in results}) == 1


def test_two_cases_opened_at_once_get_numbers_of_their_own(cast: Cast) -> None:
    results = at_once(lambda: opened(cast), lambda: opened(cast), lambda: opened(cast))
    assert not [result for result in results if isinstance(result, Exception)], results
    assert sorted(case.number for case in results) == [1, 2, 3]


KILLED = """
import os, signal, sys
import django
django.setup()
from workflows import acts, commands, consequences, log
from workflows.models import Case, School
moment, user_id, school_id, case_id = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
from django.contrib.auth import get_user_model
def die(*args, **kwargs):
    sys.stdout.write("dying\\n"); sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
if moment == "after lock":
    acts.load = die
elif moment == "before commit":
    consequences.fulfil_duties = die
user = get_user_model().objects.get(pk=user_id)
case = Case.objects.get(pk=case_id)
commands.record(case, "ict_consulted", by=user, data={"note": "Gebeld."}, key="killed")
if moment == "after commit":
    die()
"""


@pytest.mark.parametrize(("moment", "entries"), [("after lock", 0), ("before commit", 0), ("after commit", 1)])
def test_a_process_killed_loses_nothing_and_the_form_sent_again_acts_once(cast: Cast, moment: str, entries: int) -> None:
    incident = opened(cast)
    user = cast.users["mentor"]
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "tests.host.settings",
        "KC_DATABASE_NAME": str(connection.settings_dict["NAME"]),
    }  # fmt: skip
    arguments = [sys.executable, "-c", KILLED, moment, str(user.pk), str(cast.school.pk), str(incident.pk)]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert "dying" in done.stdout
    deadline = timezone.now() + timedelta(seconds=60)
    while timezone.now() < deadline:  # a server may need a moment to notice that its client is gone
        try:
            commands.record(incident, "ict_consulted", by=user, data={"note": "Gebeld."}, key="killed")
            break
        except (StepDenied, OSError):
            sleep(0.2)
    assert LogEntry.objects.filter(root=incident, step="record.ict_consulted").count() == 1
    assert Submission.objects.filter(entry__step="record.ict_consulted").count() == 1
    assert log.verify(cast.school) == []
    assert Case.objects.get(pk=incident.pk).log_count == 2


def consent(cast: Cast) -> Case:
    """A consent that both parents of the pupil are asked for."""
    data = {"person": cast.people["pupil"], "purpose": "lesson_activity", "channel": "instagram", "moment": "on_request"}
    return commands.open_case(by=cast.users["mentor"], school=cast.school, step="consent.request", data=data).case


def answer(case: Case, by: Any, yes: bool, key: str | None = None) -> Callable[[], Any]:
    data = {"answer": yes, "form": "link", "authority": True, "language": "nl", "text_version": "v1"}
    return lambda: commands.perform(Case.objects.get(pk=case.pk), "consent.answer", by=by, data=data, key=key)


def test_two_parents_answer_in_the_same_second_and_both_count(cast: Cast) -> None:
    case = consent(cast)
    results = at_once(answer(case, cast.people["parent"], True), answer(case, cast.people["other_parent"], False))
    assert not [one for one in results if isinstance(one, Exception)]
    assert Case.objects.get(pk=case.pk).state == "conflicting"
    assert LogEntry.objects.filter(root=case, step="consent.answer").count() == 2
    assert log.verify(cast.school) == []


def test_one_parent_in_two_tabs_answers_once_with_the_same_form(cast: Cast) -> None:
    case = consent(cast)
    parent = cast.people["parent"]
    results = at_once(*[answer(case, parent, True, key="tab")] * 3)
    assert sorted(one.repeated for one in results) == [False, True, True]
    assert LogEntry.objects.filter(root=case, step="consent.answer").count() == 1


def test_two_who_ask_the_same_at_once_open_one_consent(cast: Cast) -> None:
    results = at_once(lambda: consent(cast), lambda: consent(cast))
    assert len([one for one in results if isinstance(one, StepDenied)]) == 1
    assert Case.objects.filter(type="consent").count() == 1
    assert log.verify(cast.school) == []


def test_taking_back_and_noting_a_publication_at_once_never_miss_each_other(cast: Cast) -> None:
    """Either the publication is refused, or the takedown is there to undo it."""
    case = consent(cast)
    answer(case, cast.people["parent"], True)()
    fresh = Case.objects.get(pk=case.pk)
    published, taken_back = at_once(
        lambda: commands.record(fresh, "used", by=cast.users["mentor"], data={"where": "https://school.example", "harm_expected": False}),
        lambda: commands.perform(fresh, "consent.withdraw", by=cast.people["parent"]),
    )
    assert not isinstance(taken_back, Exception)
    where = [words.text for words in Words.objects.filter(case__type="takedown", field="where")]
    assert Case.objects.filter(parent=case, type="takedown").count() == 1
    assert where == ([] if isinstance(published, StepDenied) else ["https://school.example"])
    assert log.verify(cast.school) == []


def test_a_round_and_a_single_asking_at_once_open_one_consent_each(cast: Cast) -> None:
    rows = [
        {"person": cast.people[name], "purpose": "lesson_activity", "channel": "instagram", "moment": "on_request"}
        for name in ("pupil", "classmate", "adult_pupil")
    ]
    results = at_once(lambda: consent(cast), lambda: commands_bulk.open_many(cast.school, rows, by=cast.users["director"]))
    assert len([one for one in results if isinstance(one, Exception) and not isinstance(one, StepDenied)]) == 0
    assert sorted(Case.objects.filter(type="consent").values_list("person__given_name", flat=True)) == ["Finn", "Noa", "Sem"]
    assert sorted(Case.objects.filter(type="consent").values_list("number", flat=True)) == [1, 2, 3]
    assert log.verify(cast.school) == []


def test_a_lesson_s_first_answer_sent_several_times_at_once_counts_once(cast: Cast) -> None:
    pupil = cast.people["pupil"]
    unit = module.preview(cast.school, 4).progress.units[0]
    scene = unit.path()[0]
    wrong = next(choice for choice in scene.choices if not choice.right)
    sent = {"unit": unit.key, "scene": scene.key, "choice": wrong.key, "seen": 0}
    results = at_once(*(lambda: module.answer(pupil, 4, **sent) for _hand in range(4)))
    assert not [result for result in results if isinstance(result, Exception)], results
    assert sorted(turn.changed for _learning, turn in results) == [False, False, False, True]
    assert LessonAnswer.objects.get().tries == 1
