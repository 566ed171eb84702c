"""The card in a lesson in Studio and for the platform: what its author sets, what it keeps, and the style that ships with it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from xblock.completable import XBlockCompletionMode
from xblock.core import XBlock
from xblock.django.request import django_to_webob_request

from kc_xblock import stylesheet
from tests.cast import Cast
from tests.course_page import COURSE, loaded, page, post_json, put_on_page
from tests.host.runtime import HostRuntime, course_id, usages
from tests.stories import as_user, opened
from workflows.models import CourseLink

pytestmark = pytest.mark.django_db

SECRET = "Het filmpje staat in de groepsapp."


@pytest.fixture
def cast(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    return put_on_page("kc_case_desk", cast, monkeypatch)


def save(client: Client, **sent: Any) -> Any:
    return post_json(client, "kc_case_desk", "save_settings", sent)


def test_studio_explains_and_names_the_school(cast: Cast, author: User) -> None:
    text = as_user(author).get(f"{COURSE}author_view/").content.decode()
    assert cast.school.name in text and cast.people["pupil"].given_name not in text.split("kc-block")[1]
    CourseLink.objects.all().delete()
    assert "Not linked yet." in as_user(author).get(f"{COURSE}author_view/").content.decode()


def test_settings_are_a_title_and_a_lesson_and_never_the_school(cast: Cast, author: User) -> None:
    client = as_user(author)
    form = client.get(f"{COURSE}studio_view/").content.decode()
    assert 'name="display_name"' in form and 'name="lesson"' in form and 'name="school"' not in form

    assert save(client, display_name=" Hulp ", lesson="Les 3", school="other").status_code == 200
    assert CourseLink.objects.get().school == cast.school
    assert "Les 3" in page(cast.users["mentor"]) and "Hulp" in page(cast.users["pupil"])
    assert save(client, display_name="", lesson="Les 3").status_code == 200 and "Hulp" not in page(cast.users["pupil"])
    block = loaded("kc_case_desk", author)
    assert block.display_name == type(block).display_name.default == "Case desk", "nothing stands nameless in Studio and its menu"
    assert save(client, display_name="Hulp", lesson="Les 3").status_code == 200
    assert save(client, display_name="a" * 121).json()["error"]["fields"]["display_name"]
    for who in ("director", "administrator", "pupil"):
        assert save(as_user(cast.users[who]), display_name="x").status_code == 403
    assert "Hulp" in page(cast.users["pupil"])


@pytest.mark.parametrize(("writes", "status"), [(True, 200), (False, 403)])
def test_studio_asks_its_own_service_who_may_write_the_course(cast: Cast, author: User, writes: bool, status: int) -> None:
    """Studio edits a block of nobody, and its user service calls nobody course staff: a makers' service of its own says who may."""
    usages("cast")
    studio = HostRuntime(cast.users["mentor"], "cast")
    studio.user_id = None
    asked: list[str] = []
    studio._services["studio_user_permissions"] = SimpleNamespace(can_write=lambda key: asked.append(str(key)) or writes)
    block = studio.get_block("cast.kc_case_desk.d0.u0")
    sent = RequestFactory().post("/", json.dumps({"display_name": "Hulp", "lesson": ""}), content_type="application/json")
    assert studio.handle(block, "save_settings", django_to_webob_request(sent)).status_int == status
    assert asked == [course_id("cast")] and (block.display_name == "Hulp") is writes


def test_an_unlinked_course_is_a_warning_for_the_author(cast: Cast, author: User) -> None:
    block = loaded("kc_case_desk", author)
    assert not block.validate().messages
    CourseLink.objects.all().delete()
    (message,) = block.validate().messages
    assert message.type == "warning" and "not linked" in message.text


def test_a_title_cannot_bring_markup(cast: Cast, author: User) -> None:
    assert save(as_user(author), display_name="<script>alert(1)</script>", lesson='"><img src=x>').status_code == 200
    for who in ("mentor", "pupil"):
        text = page(cast.users[who])
        assert "<script>alert" not in text and "<img src=x" not in text


def test_the_block_keeps_nothing_of_anybody(cast: Cast) -> None:
    block_class = XBlock.load_class("kc_case_desk")
    assert set(block_class.fields) - set(XBlock.fields) <= {"display_name", "lesson", "parent", "name", "children", "tags"}
    assert block_class.completion_mode == XBlockCompletionMode.EXCLUDED
    block = loaded("kc_case_desk", cast.users["pupil"])
    opened(cast, story=SECRET)
    block.render("student_view")
    assert SECRET not in repr(block) and cast.people["pupil"].given_name not in repr(block)
    assert cast.people["pupil"].given_name not in json.dumps(block.index_dictionary())


def test_a_visitor_of_an_open_course_sees_one_sentence(cast: Cast) -> None:
    block = loaded("kc_case_desk", cast.users["pupil"])
    assert "Sign in to see this part" in block.public_view().content


# --- what ships ------------------------------------------------------------------------------------------------------


def test_the_card_s_style_is_the_one_its_sources_make() -> None:
    committed = (stylesheet.HERE / "public/block.css").read_text(encoding="utf-8")
    assert committed == stylesheet.current(), "run make block-css"


def test_each_rule_of_the_card_s_style_stays_inside_the_card() -> None:
    for selector, body in stylesheet.rules(stylesheet.current()):
        inside = stylesheet.rules(body) if selector.startswith("@media") else [(selector, body)]
        for one, _body in inside:
            assert all(part.startswith(stylesheet.ROOT) for part in stylesheet.alternatives(one)), one
    sheet = "\n".join(line for line in stylesheet.current().splitlines()[3:] if not line.startswith("@media"))
    assert "vh" not in sheet and "fixed" not in sheet and "rem" not in sheet
