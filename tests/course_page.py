"""A course page of the demo host with one of the blocks on it, and its people looking at it."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from tests.cast import Cast
from tests.host import runtime
from tests.host.runtime import HostRuntime, course_id, usages
from tests.stories import as_user
from workflows import schools

COURSE = "/course/cast/"
STAFF = (
    "mentor", "teacher", "director", "deputy", "board", "manager", "ict_coordinator", "mediamaster", "counsellor", "dpo",
    "communications", "personnel", "administrator",
)  # fmt: skip
"""Everybody who works at the school of the cast."""


def put_on_page(kind: str, cast: Cast, monkeypatch: Any) -> Cast:
    """Let the course page of the cast's group have this block alone."""
    monkeypatch.setattr(runtime, "BLOCKS", (kind,))
    schools.link_course(cast.school, by=None, course_key=course_id("cast"), group=cast.group)
    return cast


def page(user: Any, path: str = COURSE, **query: Any) -> str:
    """Return the course page as this user gets it."""
    return as_user(user).get(path, query).content.decode()


def handler(kind: str, name: str, number: int = 0) -> str:
    """Return the address of a handler of the block of this kind that stands on the page as the first, or as `number`."""
    return f"/handler/cast.{kind}.d0.u{number}/{name}/"


def loaded(kind: str, user: Any, number: int = 0, **fields: Any) -> Any:
    """Return the block as the runtime loads it for this user, these fields of it changed and kept."""
    usages("cast", 2)
    found = HostRuntime(user, "cast").get_block(f"cast.{kind}.d0.u{number}")
    found.course_id = course_id("cast")
    for name, value in fields.items():
        setattr(found, name, value)
    found.save()
    return found


def post_json(client: Client, kind: str, name: str, sent: Any) -> Any:
    """Send a handler JSON, as the scripts of a block do."""
    return client.post(handler(kind, name), json.dumps(sent), content_type="application/json")
