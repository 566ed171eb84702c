"""The platform's admin opens no case: it lists schools, courses and the machinery, and changes nothing."""

from __future__ import annotations

from datetime import date

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client

from tests.cast import build, build_stranger
from workflows import api, schools

pytestmark = pytest.mark.django_db

SHOWN = {"School", "CourseLink", "TickRun", "PackSeal"}


@pytest.fixture
def client() -> Client:
    """A superuser, who belongs to no school."""
    signed_in = Client()
    signed_in.force_login(build_stranger())
    return signed_in


def test_only_harmless_rows_are_registered() -> None:
    ours = apps.get_app_config("kc_workflows").get_models()
    assert {model.__name__ for model in ours if admin.site.is_registered(model)} == SHOWN


def test_a_superuser_looks_and_changes_nothing(client: Client) -> None:
    cast = build("groningen", "vo", date.today())
    link = schools.link_course(cast.school, by=None, course_key="course-v1:KC+cast+demo", group=cast.group)
    case = api.open_case(by=cast.users["mentor"], school=cast.school, data={"category": "threat", "story": "Een dreigbericht."}).case
    for name in SHOWN:
        answer = client.get(f"/admin/kc_workflows/{name.lower()}/")
        assert answer.status_code == 200
        assert "dreigbericht" not in answer.content.decode() and str(case.key) not in answer.content.decode()
        assert client.get(f"/admin/kc_workflows/{name.lower()}/add/").status_code == 403
    for path in (f"school/{cast.school.pk}", f"courselink/{link.pk}"):
        assert client.get(f"/admin/kc_workflows/{path}/change/").status_code == 200
        assert cast.school.dpo_contact not in client.get(f"/admin/kc_workflows/{path}/change/").content.decode()
        assert client.post(f"/admin/kc_workflows/{path}/change/", {"name": "x"}).status_code == 403
        assert client.post(f"/admin/kc_workflows/{path}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("name", ["case", "incident", "measure", "letter", "logentry", "words", "outbox", "person", "membership", "readentry"])
def test_nothing_of_a_case_or_a_person_has_an_address(client: Client, name: str) -> None:
    assert client.get(f"/admin/kc_workflows/{name}/").status_code == 404
