"""The demo host keeps to its own machine, tells blocks who looks as the platform does, and stays out of the way."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from tests.cast import build
from tests.host.databases import database
from tests.host.runtime import VIEW_AS, HostUserService, course_id, slug_of, viewed_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def mentor() -> User:
    return User.objects.create_user("mira", first_name="Mira", last_name="Voorbeeld")


@pytest.fixture
def author() -> User:
    return User.objects.create_user("ada", first_name="Ada", is_staff=True)


def test_another_machine_is_refused(client: Client) -> None:
    assert client.get("/sign-in/", REMOTE_ADDR="192.0.2.7").status_code == 403


def test_a_foreign_host_name_is_refused(client: Client) -> None:
    assert client.get("/sign-in/", headers={"host": "evil.example"}).status_code == 400


def test_signing_in_needs_a_csrf_token(mentor: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/sign-in/", {"user": mentor.pk}).status_code == 403
    page = strict.get("/sign-in/")
    token = page.cookies["csrftoken"].value
    assert strict.post("/sign-in/", {"user": mentor.pk, "csrfmiddlewaretoken": token}).status_code == 302
    assert strict.session["_auth_user_id"] == str(mentor.pk)


def test_signing_in_goes_nowhere_else(client: Client, mentor: User) -> None:
    answer = client.post("/sign-in/", {"user": mentor.pk, "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


def test_each_page_sends_the_strict_policy(client: Client) -> None:
    assert client.get("/sign-in/").headers["Content-Security-Policy"].startswith("default-src 'self';")


def test_the_language_can_be_switched(client: Client) -> None:
    assert 'lang="en"' in client.get("/sign-in/").content.decode()
    client.post("/i18n/setlang/", {"language": "nl", "next": "/sign-in/"})
    assert '<html lang="nl">' in client.get("/sign-in/").content.decode()


def test_staff_view_as_a_pupil_and_others_cannot(client: Client, author: User, mentor: User) -> None:
    client.force_login(mentor)
    assert client.post("/view-as/", {"user": author.pk}).status_code == 404
    client.force_login(author)
    client.post("/view-as/", {"user": mentor.pk})
    request = RequestFactory().get("/")
    request.user, request.session = author, client.session
    assert request.session[VIEW_AS] == mentor.pk
    assert viewed_user(request) == mentor


def test_the_user_service_speaks_as_the_platform(author: User) -> None:
    known = HostUserService(author).get_current_user().opt_attrs
    assert known == {
        "edx-platform.is_authenticated": True,
        "edx-platform.user_id": author.pk,
        "edx-platform.username": "ada",
        "edx-platform.user_role": "staff",
        "edx-platform.user_is_staff": True,
        "edx-platform.user_is_global_staff": False,
    }


def test_studio_views_are_for_authors(client: Client, mentor: User) -> None:
    client.force_login(mentor)
    assert client.get("/course/demo/studio_view/").status_code == 404


def test_an_unknown_block_or_handler_is_not_found(client: Client, mentor: User) -> None:
    client.force_login(mentor)
    assert client.get("/handler/demo.no_such_block.d0.u0/anything/").status_code == 404
    assert client.get("/handler/demo.kc_case_desk.d0.u0/no_such_handler/").status_code == 404


def test_course_keys_and_slugs_match() -> None:
    assert slug_of(course_id("zonnehoek-2b")) == "zonnehoek-2b"


def test_the_mails_page_shows_what_was_sent(client: Client, mentor: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    send_mail("Een uitnodiging", "Beste ouder, é", None, ["ouder@example.org"])
    client.force_login(mentor)
    page = client.get("/mails/").content.decode()
    assert "Een uitnodiging" in page and "ouder@example.org" in page and "Beste ouder, é" in page


def test_the_sign_in_page_offers_the_cast_of_each_school(client: Client) -> None:
    cast = build("groningen", "vo", date.today())
    page = client.get("/sign-in/").content.decode()
    assert cast.school.name in page and "Public Education Groningen" in page
    for user in cast.users.values():
        assert f'value="{user.pk}"' in page


def test_the_course_page_opens_for_a_mentor(client: Client) -> None:
    cast = build("groningen", "vo", date.today())
    client.force_login(cast.users["mentor"])
    answer = client.get("/course/demo/")
    assert answer.status_code == 200
    assert "No such view" not in answer.content.decode()


def test_an_unknown_database_is_named() -> None:
    with pytest.raises(ValueError, match="oracle"):
        database(Path(), {"KC_DATABASE": "oracle"})
