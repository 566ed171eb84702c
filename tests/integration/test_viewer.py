"""Who is looking at a block, told from all that the platform says of it, and in which course."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from crum import set_current_request
from django.contrib.auth import SESSION_KEY
from django.test import RequestFactory

from kc_xblock import compat
from kc_xblock.viewer import Seen, viewer_of
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def looking(named: Any, user: Any, session: dict[str, Any] | None = None, **more: Any) -> Any:
    """A block as a runtime hands it out, in a request of `user`, whose user service names `named`."""
    told = {"edx-platform.is_authenticated": True, "edx-platform.user_id": named, **more.pop("told", {})}
    service = SimpleNamespace(get_current_user=lambda: SimpleNamespace(opt_attrs=told))
    runtime = SimpleNamespace(service=lambda _block, _name: more.pop("service", service), **more.pop("runtime", {}))
    request = RequestFactory().get("/")
    request.user, request.session = user, session or {}  # type: ignore[assignment] # a plain dict stands for the session
    return SimpleNamespace(
        runtime=runtime, scope_ids=SimpleNamespace(user_id=more.pop("scope_user", named), usage_id="u"), context_key=None,
        course_id="course-v1:A+B+C", request=request,
    )  # fmt: skip


def seen(block: Any) -> Seen:
    set_current_request(block.request)
    try:
        return viewer_of(block).seen
    finally:
        set_current_request(None)


def test_who_is_looking(cast: Cast) -> None:
    mentor, pupil = cast.users["mentor"], cast.users["pupil"]
    own = {SESSION_KEY: str(mentor.pk)}
    assert seen(looking(mentor.pk, mentor, own)) is Seen.SELF
    assert seen(looking(mentor.pk, mentor)) is Seen.SELF, "signed in by a token, without a session"
    assert seen(looking(pupil.pk, mentor, own)) is Seen.AS_ANOTHER
    assert seen(looking(pupil.pk, pupil, own)) is Seen.AS_ANOTHER, "the platform replaces request.user while it draws a unit"
    for chosen, expected in (
        (SimpleNamespace(role="student", user_name=None), Seen.AS_ANOTHER),
        (SimpleNamespace(role="staff", user_name=None), Seen.SELF),
        (SimpleNamespace(role="staff", user_name="noa"), Seen.AS_ANOTHER),
    ):
        masked = {**own, compat.MASQUERADE_KEY: {"course-v1:A+B+C": chosen}}
        assert seen(looking(mentor.pk, mentor, masked)) is expected
        elsewhere = {**own, compat.MASQUERADE_KEY: {"course-v1:X+Y+Z": chosen}}
        assert seen(looking(mentor.pk, mentor, elsewhere)) is Seen.SELF
    assert seen(looking(mentor.pk, mentor, own, scope_user=None)) is Seen.PREVIEW
    assert seen(looking(mentor.pk, mentor, own, runtime={"is_author_mode": True})) is Seen.PREVIEW
    assert seen(looking(None, mentor, own, scope_user="x")) is Seen.VISITOR
    assert seen(looking(mentor.pk, mentor, own, told={"edx-platform.is_authenticated": False})) is Seen.VISITOR
    workbench = looking(None, mentor, own, scope_user="x", told={"edx-platform.user_id": None})
    assert seen(workbench) is Seen.VISITOR


def test_outside_a_request_nobody_is_looking(cast: Cast) -> None:
    block = looking(cast.users["mentor"].pk, cast.users["mentor"])
    assert viewer_of(block).seen is Seen.VISITOR


def test_a_course_key_is_read_without_branch_or_version() -> None:
    class Key:
        def __init__(self, text: str) -> None:
            self.text = text

        def for_branch(self, _branch: None) -> Key:
            return Key(self.text.replace("+branch@draft", ""))

        def for_version(self, _version: None) -> Key:
            return Key(self.text.replace("+version@5f", ""))

        def __str__(self) -> str:
            return self.text

    block = SimpleNamespace(context_key=Key("course-v1:A+B+C+branch@draft+version@5f"))
    assert compat.course_key_of(block) == "course-v1:A+B+C"
    assert compat.course_key_of(SimpleNamespace(context_key=None, course_id=None)) == ""
