"""The card in a lesson against the sdk's "Hello, World!" on the same course page of the demo host."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

from django.test import Client
from django.utils import timezone

from tests.bench.measuring import Figure, against
from tests.bench.step import open_incidents
from tests.host import runtime
from workflows.models import CourseLink
from workflows.scenario_cast import build

ROUNDS = 60
CHOOSER = 4
"""Queries of the demo host's own page around the blocks (who may sign in, which lessons there are); the sdk's page has none of it."""
PAGE = "/course/bench/"


def figures(engine: str) -> Iterator[Figure]:
    """Measure for those who see most of the card."""
    cast = build("groningen", "vo", timezone.localdate(), slug="card")
    CourseLink.objects.create(course_key=runtime.course_id("bench"), school=cast.school, group=cast.group)
    open_incidents(cast, 5)
    client = Client()

    def card() -> None:
        with patch.object(runtime, "BLOCKS", ("kc_case_desk",)):
            assert b"kc-block" in client.get(PAGE).content

    def hello() -> None:
        with patch.object(runtime, "BLOCKS", ("helloworld_demo",)):
            assert b"Hello, World!" in client.get(PAGE).content

    for who in ("mentor", "director", "pupil"):
        client.force_login(cast.users[who])
        figure, of_card, of_hello = against(f"the card for a {who}, against the sdk's hello world", card, hello, rounds=ROUNDS)
        yield figure
        detail = f"{of_hello - CHOOSER} of them the page's and the sdk's own"
        yield Figure(f"queries of the page with the card, for a {who}", len(of_card) - CHOOSER, 10, 7, detail, "SQL")
