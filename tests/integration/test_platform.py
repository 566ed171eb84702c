"""What Open edX does around the two apps and the two blocks, as its source says: this host has none of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.test import RequestFactory
from xblock.django.request import django_to_webob_request

from kc_xblock.viewer import Seen
from tests.asking import LINES
from tests.cast import Cast
from tests.host import runtime
from tests.host.runtime import HostRuntime, course_id, usages
from tests.integration.test_viewer import looking, seen
from workflows import commands_bulk, people, personal_links, prepared
from workflows.apps import WorkflowsConfig
from workflows.delivery import links
from workflows.models import PersonalLink
from workflows.pages import base
from workflows.settings import common

HANDLER = "/courses/course-v1:KC+mw+1/xblock/block-v1:KC+mw+1+type@{block}+block@0123/handler/{name}"
STATE_OF_A_PROBLEM = {"attempts", "correct_map", "done", "input_state", "seed", "student_answers"}
"""Fields that the platform's tools for staff look for by name, and then offer to reset."""


@pytest.mark.once
@pytest.mark.parametrize(
    ("path", "tracked"),
    [
        ("/kc/", False), ("/kc/new/", False), ("//KC/answer/SECRET/", False), ("/kc/brief/SECRET/", False), ("/api/kc/v1/cases/", False),
        (HANDLER.format(block="kc_case_desk", name="ask_help"), False), (HANDLER.format(block="kc_media_literacy", name="turn"), False),
        ("/preview/xblock/block-v1:KC+mw+1+type@kc_media_literacy+block@0123/handler/turn", False),
        (HANDLER.format(block="problem", name="xmodule_handler/problem_check"), True), ("/kcs/", True), ("/courses/kc/about", True),
    ],
)  # fmt: skip
def test_the_platforms_tracking_log_gets_no_form_of_ours(path: str, tracked: bool) -> None:
    """Its middleware writes path, user and form of every request down, unless a pattern matches the beginning of the path."""
    platform = SimpleNamespace(TRACKING_IGNORE_URL_PATTERNS=[r"^/event"])
    common.plugin_settings(platform)
    assert tracked is not any(re.match(pattern, path) for pattern in platform.TRACKING_IGNORE_URL_PATTERNS)


@pytest.mark.once
def test_an_operators_own_settings_leave_ours_in_place() -> None:
    """The platform loads `common`, then the operator's file, then `production`: what the file replaced is put back, and nothing twice."""
    for project in ("lms.djangoapp", "cms.djangoapp"):
        assert {"common", "production"} <= set(WorkflowsConfig.plugin_app["settings_config"][project])
    platform = SimpleNamespace(TRACKING_IGNORE_URL_PATTERNS=[r"^/event"])
    common.plugin_settings(platform)
    once = platform.TRACKING_IGNORE_URL_PATTERNS
    common.plugin_settings(platform)
    assert once == platform.TRACKING_IGNORE_URL_PATTERNS
    platform.TRACKING_IGNORE_URL_PATTERNS, platform.KC_SITE_URL = [r"^/own"], "https://school.example"
    common.plugin_settings(platform)
    assert platform.TRACKING_IGNORE_URL_PATTERNS[0] == r"^/own" and len(platform.TRACKING_IGNORE_URL_PATTERNS) == len(once)
    assert platform.KC_SITE_URL == "https://school.example"


@pytest.mark.once
@pytest.mark.parametrize(
    ("static", "sources"),
    [("/static/", "'self'"), ("https://cdn.example/lms/", "'self' https://cdn.example"), ("//cdn.example:8/", "'self' cdn.example:8")],
)
def test_pages_find_their_style_where_the_platform_puts_it(static: str, sources: str) -> None:
    assert base.policy(static).startswith(f"default-src {sources};") and base.policy("/static/") == base.POLICY


@pytest.mark.django_db
@pytest.mark.parametrize("name", runtime.BLOCKS)
def test_no_tool_for_staff_takes_a_block_for_a_problem(name: str) -> None:
    usages("cast")
    block = HostRuntime(AnonymousUser(), "cast").get_block(f"cast.{name}.d0.u0")
    assert not STATE_OF_A_PROBLEM & set(block.fields)


@pytest.mark.django_db
@pytest.mark.parametrize("name", runtime.BLOCKS)
def test_studios_window_adds_no_buttons_of_its_own(name: str) -> None:
    """Its script looks for this class; without it a second row stands under ours, with a "Close" beside our "Cancel"."""
    usages("cast")
    block = HostRuntime(AnonymousUser(), "cast").get_block(f"cast.{name}.d0.u0")
    assert block.studio_view().content.count('class="kc-block editor-with-buttons"') == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("known", "expected"), [(None, Seen.SELF), (True, Seen.SELF), (False, Seen.VISITOR)])
def test_a_form_of_another_site_acts_for_nobody(cast: Cast, known: bool | None, expected: Seen) -> None:
    """The platform has a second address for every handler (`handler_noauth`), where it checks no token against other sites.

    The session's cookie comes along all the same, and names the user; what tells is a mark that the platform puts on them there.
    """
    mentor: Any = cast.users["mentor"]
    if known is not None:
        mentor.known = known
    assert seen(looking(mentor.pk, mentor)) is expected


@pytest.mark.django_db
@pytest.mark.parametrize(("edits", "status"), [(True, 200), (False, 403)])
def test_studio_may_ask_by_its_newer_name_who_edits_a_course(cast: Cast, edits: bool, status: int) -> None:
    """`can_write` is deprecated in the platform and goes; `can_edit_content` comes in its place."""
    usages("cast")
    studio = HostRuntime(cast.users["mentor"], "cast")
    studio.user_id = None
    studio._services["studio_user_permissions"] = SimpleNamespace(can_edit_content=lambda key: str(key) == course_id("cast") and edits)
    sent = RequestFactory().post("/", json.dumps({"display_name": "Hulp", "lesson": ""}), content_type="application/json")
    assert studio.handle(studio.get_block("cast.kc_case_desk.d0.u0"), "save_settings", django_to_webob_request(sent)).status_int == status


@pytest.mark.django_db
@pytest.mark.parametrize("self_paced", [True, False])
def test_a_self_paced_course_has_no_last_day(self_paced: bool) -> None:
    """As in the platform's `has_deadline_passed`: there each learner has dates of their own, which close nothing."""
    usages("cast")
    block: Any = HostRuntime(AnonymousUser(), "cast").get_block("cast.kc_media_literacy.d0.u0")
    block.due, block.self_paced = datetime.now(UTC) - timedelta(days=1), self_paced
    assert block.is_late is not self_paced


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("account", "profile", "name"),
    [
        ({"first_name": "Lies", "last_name": "Kwast"}, "Elisabeth Kwast", ("Lies", "Kwast")), ({}, "Joris van Verzinsel", ("Joris", "van Verzinsel")),
        ({}, " Sari ", ("Sari", "")), ({}, "", ("jvv2026", "")),
    ],
)  # fmt: skip
def test_a_member_of_staff_has_the_name_of_their_profile(cast: Cast, account: dict[str, str], profile: str, name: tuple[str, str]) -> None:
    """The platform leaves Django's two names of an account empty: it keeps one, in the profile."""
    user: Any = User.objects.create_user("jvv2026", **account)
    user.profile = SimpleNamespace(name=profile)
    people.add_membership(cast.school, by=cast.users["administrator"], user=user, role="teacher")
    person = cast.school.people.get(user=user)
    assert (person.given_name, person.family_name) == name


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database that tells no keys of rows written at once: MySQL, on which the platform runs. Those of these tests all tell them."""
    prepared._insertion.cache_clear()
    monkeypatch.setattr(connection.features, "can_return_columns_from_insert", False)
    yield
    prepared._insertion.cache_clear()


@pytest.mark.once
@pytest.mark.django_db
def test_on_mysql_too_a_mail_to_parents_finds_its_link(cast: Cast, no_keys: None) -> None:
    wanted = [{"person": cast.people["pupil"], "purpose": purpose, "channel": channel, "moment": "first_round"} for purpose, channel in LINES]
    cases = commands_bulk.open_many(cast.school, wanted, by=cast.users["director"])
    assert len({case.pk for case in cases}) == len(LINES) and all(case.log.filter(step="consent.request").exists() for case in cases)
    made = personal_links.make_many([cast.people["parent"], cast.people["other_parent"]])
    kept = {link.person_id: link for link in PersonalLink.objects.filter(pk__in=[one.pk for one in made.values()])}
    assert made == kept and len(kept) == 2


@pytest.mark.once
@pytest.mark.parametrize(
    ("own", "platform", "site"),
    [("https://kc.example/", "https://lms.example", "https://kc.example"), ("", "https://lms.example/", "https://lms.example"), ("", None, "")],
)
def test_a_mail_of_an_installation_that_set_no_address_leads_to_its_lms(settings: Any, own: str, platform: str | None, site: str) -> None:
    settings.KC_SITE_URL = own
    if platform is not None:
        settings.LMS_ROOT_URL = platform
    assert links.site_url("/kc/") == f"{site}/kc/"
