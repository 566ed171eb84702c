"""Two hands at once, and a process that dies in the middle: one wins, nothing is lost, nothing happens twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from workflows import commands, log
from workflows.commands import StalePage, StepDenied
from workflows.models import Case, LogEntry, Submission
from workflows.scenario_cast import Cast, build

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Cast:
    return build("groningen", "vo", timezone.localdate())


def opened(cast: Cast, key: str | None = None) -> Case:
    data = {"category": "insult", "suspects": [cast.people["pupil"]]}
    return commands.open_case(by=cast.users["mentor"], school=cast.school, data=data, key=key).case


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts in threads of their own, started together; return what each gave or raised."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        barrier.wait(10)
        try:
            results[place] = act()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


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
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert "dying" in done.stdout
    deadline = timezone.now() + timedelta(seconds=10)
    while timezone.now() < deadline:  # a server may need a moment to notice that its client is gone
        try:
            commands.record(incident, "ict_consulted", by=user, data={"note": "Gebeld."}, key="killed")
            break
        except (StepDenied, OSError):
            time.sleep(0.2)
    assert LogEntry.objects.filter(root=incident, step="record.ict_consulted").count() == 1
    assert Submission.objects.filter(entry__step="record.ict_consulted").count() == 1
    assert log.verify(cast.school) == []
    assert Case.objects.get(pk=incident.pk).log_count == 2
