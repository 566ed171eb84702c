"""The outbox: a dead mail server loses nothing, a killed process loses nothing and sends nothing that cannot be told apart."""

from __future__ import annotations

import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_string
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.letter_story import MONDAY, play, sanction
from workflows import clock, commands
from workflows.delivery import links, outbox, sending, tasks, ticking
from workflows.models import Duty, Guardianship, Letter, LetterLink, LogEntry, Outbox, TickRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_memory(settings: Any) -> list[mail.EmailMessage]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    return mail.outbox


def mailed() -> Letter:
    """Return a letter that waits in the outbox, alone."""
    made, case = play()
    letter = next(letter for letter in sanction(made, case) if letter.addressee == made.people["parent"])
    with clock.at(MONDAY):
        sending.prepare(letter)
        sending.approve(letter, by=made.users["director"], digest=letter.digest)
        sending.send(letter, by=made.users["director"], route="email")
        Outbox.objects.exclude(kind="letter").update(done_at=MONDAY)
    return letter


def test_the_mail_says_only_that_there_is_a_message(in_memory: list[mail.EmailMessage]) -> None:
    letter = mailed()
    with clock.at(MONDAY):
        assert outbox.drain() == outbox.Drained(sent=1)
        assert outbox.drain() == outbox.Drained()
    letter.refresh_from_db()
    assert letter.state == Letter.State.SENT and letter.sent_at == MONDAY
    assert LogEntry.objects.filter(root=letter.root_id, step="letter.sent").count() == 1
    (message,) = in_memory
    assert message.to == [letter.addressee.email if letter.addressee else ""]
    whole = message.message().as_string() + message.body + str(message.alternatives)
    for name in ("Noa", "Regenboogje", "Sem", "Paperclipje", "schors", "suspen"):
        assert name not in whole.replace("Rob Regenboogje", ""), name
    assert links.address(LetterLink.objects.get(letter=letter)) in message.body
    assert message.attachments == []


def test_the_link_is_in_no_table() -> None:
    letter = mailed()
    token = links.address(LetterLink.objects.get(letter=letter)).rstrip("/").rsplit("/", 1)[1]
    row = Outbox.objects.get(letter=letter)
    assert token not in str(row.payload) and token not in LetterLink.objects.get(letter=letter).token_digest


def test_a_dead_mail_server_loses_nothing_and_is_shown(settings: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    letter = mailed()
    moment = MONDAY
    for attempt in range(1, 7):
        with clock.at(moment):
            assert outbox.drain() == outbox.Drained(failed=1)
            assert outbox.drain() == outbox.Drained(), "it waits before the next attempt"
        row = Outbox.objects.get(letter=letter)
        letter.refresh_from_db()
        assert (row.attempts, row.done_at) == (attempt, None) and "ConnectionRefused" in row.last_error
        assert row.not_before == moment + outbox.WAITS[attempt - 1]
        assert letter.state == ("failed" if attempt >= outbox.FAILED_AFTER else "approved") and letter.problem
        moment = row.not_before
    assert [shown.pk for shown in outbox.waiting(letter.root.school)] == [row.pk]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with clock.at(moment):
        assert outbox.drain() == outbox.Drained(sent=1)
    letter.refresh_from_db()
    assert letter.state == Letter.State.SENT and letter.problem == "" and outbox.waiting(letter.root.school) == []


def test_one_bad_row_does_not_keep_the_others(in_memory: list[mail.EmailMessage]) -> None:
    _made, _case = play()
    rows = list(Outbox.objects.filter(done_at=None).order_by("pk"))
    assert len(rows) > 1
    person = rows[0].person
    assert person is not None
    type(person).objects.filter(pk=person.pk).update(email="")
    with clock.at(MONDAY + timedelta(minutes=1)):
        done = outbox.drain()
    assert done.failed == sum(row.person_id == person.pk for row in rows) and done.sent == len(rows) - done.failed
    assert all("Noa" not in str(message.message()) for message in in_memory)


def test_two_drains_never_hold_the_same_row() -> None:
    mailed()
    with clock.at(MONDAY):
        first = outbox._claim(set())
        assert first is not None and outbox._claim(set()) is None
    with clock.at(MONDAY + outbox.LEASE):
        again = outbox._claim(set())
    assert again is not None and again.pk == first.pk and again.attempts == 2


def test_a_letter_taken_back_before_its_mail_left_is_not_mailed(in_memory: list[mail.EmailMessage]) -> None:
    letter = mailed()
    Guardianship.objects.filter(guardian=letter.addressee).update(authority="court_limit")
    with clock.at(MONDAY):
        outbox.drain()
    letter.refresh_from_db()
    assert in_memory == [] and letter.state == Letter.State.VOID and letter.pdf is None


def test_a_letter_handed_over_instead_is_not_mailed_as_well(in_memory: list[mail.EmailMessage]) -> None:
    letter = mailed()
    director = letter.approved_by.user if letter.approved_by else None
    with clock.at(MONDAY):
        sending.send(letter, by=director, route="handed_over")
        outbox.drain()
    letter.refresh_from_db()
    assert in_memory == [] and (letter.state, letter.route) == (Letter.State.SENT, "handed_over")


class _Talk(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs; keeps each message and can pause after it has it."""

    server: Mailbox

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                body = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    body += part
                self.server.messages.append(body.decode())
                self.server.arrived.set()
                if self.server.holds.is_set():
                    time.sleep(60)
                self.wfile.write(b"250 kept\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 fine\r\n")


class Mailbox(socketserver.ThreadingTCPServer):
    """A mail server that has `messages`, says when one `arrived` and pauses after it while it `holds`."""

    daemon_threads, block_on_close = True, False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.messages: list[str] = []
        self.arrived, self.holds = threading.Event(), threading.Event()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    server = Mailbox()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _deliverer(port: int) -> subprocess.Popen[bytes]:
    """Start `manage.py deliver` in a process of its own on the tests' database, at the tests' moment."""
    program = f"""
import os, sys
import django
from django.conf import settings
django.setup()
settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", {port}
from django.core.management import call_command
call_command("deliver")
"""
    name = str(connection.settings_dict["NAME"])
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.host.settings", "KC_DATABASE_NAME": name}
    return subprocess.Popen([sys.executable, "-c", program], env=environment)


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_between_sending_and_marking_is_made_up_for(mailbox: Mailbox) -> None:
    """SIGKILL after the server has the mail and before the row is marked: it goes again, under the same Message-ID, and counts once."""
    letter = mailed()
    messages, arrived, holds = mailbox.messages, mailbox.arrived, mailbox.holds
    port = mailbox.server_address[1]
    holds.set()
    process = _deliverer(port)
    try:
        assert arrived.wait(60), "the mail never came"
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
    finally:
        process.kill()
    row = Outbox.objects.get(letter=letter)
    letter.refresh_from_db()
    assert row.done_at is None and row.attempts == 1 and letter.state == Letter.State.APPROVED

    holds.clear()
    Outbox.objects.filter(pk=row.pk).update(not_before=MONDAY)  # the lease has run out
    assert _deliverer(port).wait(60) == 0
    row.refresh_from_db()
    letter.refresh_from_db()
    assert row.done_at is not None and letter.state == Letter.State.SENT
    assert len(messages) == 2 and len({message_from_string(message)["Message-ID"] for message in messages}) == 1
    assert LogEntry.objects.filter(root=letter.root_id, step="letter.sent").count() == 1
    assert _deliverer(port).wait(60) == 0
    assert len(messages) == 2


def test_tick_reminds_once_and_a_deputy_takes_over_after_the_term(in_memory: list[mail.EmailMessage]) -> None:
    made, case = play()
    sanction(made, case)
    duty = Duty.objects.get(root=case, task="inspectorate_notified", done_at=None)
    assert duty.owner == "director"
    Outbox.objects.update(done_at=MONDAY)
    Duty.objects.exclude(pk=duty.pk).update(done_at=MONDAY)
    with clock.at(duty.due_at - timedelta(minutes=1)):
        assert ticking.tick().problem == "" and in_memory == []
    with clock.at(duty.due_at + timedelta(minutes=1)):
        ticking.tick()
        ticking.tick()
    duty.refresh_from_db()
    receivers = sorted(address for message in in_memory for address in message.to)
    assert duty.reminded_at is not None and receivers == sorted([made.users["director"].email, made.users["deputy"].email])
    with clock.at(MONDAY + timedelta(days=2, hours=12)):
        ticking.tick()
        ticking.tick()
    duty.refresh_from_db()
    assert duty.taken_over_by == "deputy"
    entry = LogEntry.objects.get(root=case, step="duty.take_over")
    assert entry.by is None and entry.facts["task"] == "inspectorate_notified" and entry.facts["from"] == "director"
    assert [message.to for message in in_memory[2:]] == [[made.users["deputy"].email]]
    assert all("Noa" not in str(message.message()) for message in in_memory)
    assert TickRun.objects.filter(problem="").count() == 5


def test_a_tick_that_fails_in_one_part_does_the_others_and_says_so(settings: Any, in_memory: list[mail.EmailMessage]) -> None:
    _made, _case = play()
    settings.KC_LOG_HEADS = "/dev/null/not-a-folder"
    with clock.at(MONDAY + timedelta(minutes=1)):
        run = ticking.tick()
    assert "log heads" in run.problem and run.finished_at is not None and in_memory


def test_the_commands_say_what_they_did(in_memory: list[mail.EmailMessage], capsys: pytest.CaptureFixture[str]) -> None:
    mailed()
    call_command("deliver")
    assert "delivered 1, failed 0" in capsys.readouterr().out
    call_command("tick")


@pytest.mark.django_db(transaction=True)
def test_celery_is_asked_after_the_commit_only_where_it_is_used(settings: Any, in_memory: list[mail.EmailMessage]) -> None:
    from celery import current_app
    from django.db.models.signals import post_save

    current_app.conf.task_always_eager = True
    tasks.connect()
    try:
        with clock.at(MONDAY):
            play()
            assert in_memory == []
        settings.KC_USE_CELERY = True
        with clock.at(MONDAY):
            row = Outbox.objects.filter(done_at=None).first()
            assert row is not None
            row.save()
        assert in_memory and not Outbox.objects.filter(done_at=None, not_before__lte=MONDAY).exists()
    finally:
        current_app.conf.task_always_eager = False
        post_save.disconnect(sender=Outbox, dispatch_uid="kc_workflows.deliver")


def test_a_rolled_back_step_sends_nothing() -> None:
    made, case = play()
    before = Outbox.objects.count()
    with clock.at(MONDAY), pytest.raises(commands.StepDenied):
        commands.perform(case, "incident.close", by=made.users["mentor"], data={"outcome": "repaired"})
    assert Outbox.objects.count() == before


class TestReadingPage:
    """The page behind the personal link."""

    @pytest.fixture
    def link(self) -> LetterLink:
        letter = mailed()
        return LetterLink.objects.select_related("letter", "letter__addressee", "letter__root__school").get(letter=letter)

    @staticmethod
    def path(link: LetterLink) -> str:
        return links.address(link).split("://", 1)[1].partition("/")[2].join(("/", ""))

    def test_get_and_head_change_nothing_and_name_nobody(self, client: Client, link: LetterLink) -> None:
        with clock.at(MONDAY):
            for page in (client.get(self.path(link)), client.head(self.path(link))):
                assert page.status_code == 200
                assert page.headers["Referrer-Policy"] == "no-referrer" and "no-store" in page.headers["Cache-Control"]
            html = client.get(self.path(link)).content.decode()
        assert "Noa" not in html and "Regenboogje" not in html and '<form method="post">' in html
        link.refresh_from_db()
        assert link.opened_at is None
        assert not client.cookies

    def test_the_button_gives_the_approved_bytes(self, link: LetterLink) -> None:
        client = Client(enforce_csrf_checks=True)
        with clock.at(MONDAY):
            page = client.post(self.path(link))
        assert page.status_code == 200 and page.headers["Content-Type"] == "application/pdf"
        assert page.content == bytes(link.letter.pdf or b"") and "Noa" not in page.headers["Content-Disposition"]
        link.refresh_from_db()
        assert link.opened_at == MONDAY

    def test_a_link_that_is_over_or_taken_back_has_a_telephone_number(self, client: Client, link: LetterLink) -> None:
        with clock.at(link.expires_at):
            late = client.post(self.path(link))
        with clock.at(MONDAY):
            Guardianship.objects.filter(guardian=link.letter.addressee).update(authority="unknown")
            lost = client.post(self.path(link))
            Guardianship.objects.filter(guardian=link.letter.addressee).update(authority="yes")
            links.revoke(link.letter)
            closed = client.get(self.path(link))
        for page in (late, lost, closed):
            assert page.status_code == 410 and link.letter.root.school.phone in page.content.decode()

    def test_guessing_is_limited(self, client: Client, link: LetterLink) -> None:
        from django.core.cache import cache

        cache.clear()
        with clock.at(MONDAY):
            other = reverse("kc_workflows:letter_link", args=["1-guess"])
            codes = [client.get(other).status_code for _ in range(22)]
            assert codes[:20] == [404] * 20 and codes[20:] == [429, 429]
            assert client.get(self.path(link)).status_code == 200  # others' guesses do not close a good link
        cache.clear()
