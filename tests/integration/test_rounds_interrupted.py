"""A round that is interrupted: a crash, a killed process, a dead mail server, somebody who decides or is refused meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.asking import answers_of
from tests.cast import Cast, build
from tests.round_world import LINES, answer, how_many, make, pupil, send
from tests.stories import MONDAY
from workflows import clock, personal_links, rounds
from workflows.delivery import outbox, tasks
from workflows.log import verify
from workflows.models import Case, Guardianship, Outbox, PaperForm, Round, RoundAsk

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(monday: None) -> Cast:
    """Pupils of 10 with one or two parents, and one of 18."""
    return build("leyenburg", "po", MONDAY.date())


def test_a_crash_in_a_batch_loses_nothing_and_doubles_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        pupil(cast, number, {}, {})
    monkeypatch.setattr(rounds, "BATCH", 2)
    monkeypatch.setattr(rounds, "MAILS", 4)
    found, real, calls = rounds.start(make(cast), by=cast.users["director"]), personal_links.make_many, []

    def dies(people: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise OSError("the database went away")
        return real(people)

    monkeypatch.setattr(personal_links, "make_many", dies)
    with pytest.raises(OSError):
        rounds.work(found)
    assert Round.objects.get().state == "sending" and Outbox.objects.count() == 4
    done = rounds.work(found)
    assert done.state == "done" and done.done == 9 and Outbox.objects.count() == RoundAsk.objects.exclude(route="paper").count() == 16
    before = how_many()
    rounds.work(found)
    rounds.work_all()
    assert how_many() == before


def test_the_number_of_queries_of_a_batch_does_not_grow_with_the_people(cast: Cast) -> None:
    def queries() -> int:
        found = rounds.start(make(cast), by=cast.users["director"])
        with CaptureQueriesContext(connection) as caught:
            rounds.work(found)
        return len(caught)

    for number in range(3):
        pupil(cast, number, {}, {"email": ""})
    few = queries()
    for number in range(3, 60):
        pupil(cast, number, {}, {"email": ""})
    assert queries() <= few


def test_a_dead_mail_server_delays_and_doubles_nothing(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    send(cast)
    real, sent = mail.EmailMessage.send, []

    def dies(self: Any, *args: Any, **kwargs: Any) -> Any:
        if sent:
            raise ConnectionRefusedError("the mail server is away")
        sent.append(self.to)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(mail.EmailMessage, "send", dies)
    outbox.drain()
    count = rounds.counts(Round.objects.get())
    assert (count.mails, count.sent, count.stuck) == (4, 1, 3)
    monkeypatch.setattr(mail.EmailMessage, "send", real)
    with clock.at(MONDAY + timedelta(hours=1)):
        outbox.drain()
        outbox.drain()
    assert len(mail.outbox) == 4 and len({one.to[0] for one in mail.outbox}) == 4
    assert rounds.counts(Round.objects.get()).sent == 4


def test_stopping_takes_back_what_has_not_left_and_the_rest_can_be_asked_later(cast: Cast) -> None:
    found = send(cast)
    outbox.drain(limit=1)
    rounds.stop(found, by=cast.users["director"])
    outbox.drain()
    assert len(mail.outbox) == 1 and Round.objects.get(pk=found.pk).state == "stopped"
    with pytest.raises(rounds.RoundRefused):
        rounds.stop(found, by=cast.users["director"])
    with clock.at(MONDAY + timedelta(hours=1)):
        later = send(cast)
        outbox.drain()
    assert later.asks.filter(route="mail").count() == 2 and len({one.to[0] for one in mail.outbox}) == len(mail.outbox) == 4
    assert Case.objects.count() == 6, "nothing was opened twice"


def test_somebody_who_decides_while_it_is_sent_gets_no_stale_question(cast: Cast) -> None:
    send(cast, lines=LINES[:1])
    Guardianship.objects.filter(guardian=cast.people["other_parent"]).update(authority="no")
    outbox.drain()
    assert cast.people["other_parent"].email not in {one.to[0] for one in mail.outbox} and len(mail.outbox) == 3


def test_a_yes_taken_back_while_a_round_is_sent_stays_taken_back(cast: Cast) -> None:
    send(cast, lines=LINES[:1])
    parent = cast.people["parent"]
    answer(parent)
    with clock.at(MONDAY + timedelta(hours=1)):
        found = rounds.start(make(cast), by=cast.users["director"])
        answer(parent, False)
        rounds.work(found)
        outbox.drain()
    website = Case.objects.get(person=cast.people["pupil"], topic="school_publication/website")
    assert website.state == "withdrawn" and [entry.step for entry in answers_of(website)] == ["consent.answer", "consent.withdraw"]


def test_the_protocol_refuses_halfway_and_the_round_says_why(cast: Cast) -> None:
    found = rounds.start(make(cast, "mentor"), by=cast.users["mentor"])
    cast.users["mentor"].kc_memberships.update(ends=MONDAY.date() - timedelta(days=1))
    done = rounds.work(found)
    assert done.state == "stopped" and done.problem and not Outbox.objects.exists() and not Case.objects.exists()


DIES = """
import sys, time
import django
django.setup()
from tests.stories import MONDAY
from workflows import clock, personal_links, rounds

rounds.BATCH, rounds.MAILS = 2, 3
where, name = (rounds, "route_of") if sys.argv[1] == "prepare" else (personal_links, "make_many")
real, calls = getattr(where, name), []
def slow(*args):
    calls.append(1)
    if len(calls) == int(sys.argv[2]):
        print("in the middle", flush=True)
        time.sleep(120)
    return real(*args)
setattr(where, name, slow)
with clock.at(MONDAY):
    rounds.work_all()
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("part", "call"), [("prepare", 9), ("send", 2)])
def test_killed_in_the_middle_it_goes_on_and_nobody_is_asked_twice(part: str, call: int, monday: None) -> None:
    cast = build("leyenburg", "po", MONDAY.date())
    for number in range(8):
        pupil(cast, number, {}, {"email": ""})
    found = rounds.start(make(cast), by=cast.users["director"])
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.host.settings", "KC_DATABASE_NAME": str(connection.settings_dict["NAME"])}
    process = subprocess.Popen([sys.executable, "-c", DIES, part, str(call)], env=env, stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert process.stdout is not None and process.stdout.readline() == "in the middle\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = Round.objects.get(pk=found.pk)
    assert left.state == ("preparing" if part == "prepare" else "sending") and (0 < left.done < 11 or part == "send")
    assert Case.objects.count() == 2 * left.cases.values("case__person").distinct().count(), "a batch is whole or not there"
    done = rounds.work(left)
    assert (done.state, done.done) == ("done", 11) and Case.objects.count() == 22 and PaperForm.objects.count() == 8
    assert Outbox.objects.count() == RoundAsk.objects.exclude(route="paper").count() == 12
    outbox.drain()
    assert len(mail.outbox) == len({one.to[0] for one in mail.outbox}) == 12
    assert verify(cast.school) == []


def test_deliver_and_a_worker_carry_a_round_to_its_end(cast: Cast) -> None:
    pupil(cast, 1, {"email": ""})
    rounds.start(make(cast), by=cast.users["director"])
    call_command("deliver", verbosity=0)
    done = Round.objects.get()
    assert done.state == "done" and len(mail.outbox) == 4 and rounds.counts(done).printed == 1
    with clock.at(MONDAY + timedelta(hours=1)):
        later = rounds.start(make(cast, lines=[("name", "newsletter")]), by=cast.users["director"])
        tasks._work_rounds()
    assert Round.objects.get(pk=later.pk).state == "done" and len(mail.outbox) == 8
