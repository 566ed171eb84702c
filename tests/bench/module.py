"""The media-literacy block against the sdk's "Hello, World!", and against its thumbs, which also keeps a state per learner and answers a handler."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from unittest.mock import patch

from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kc_xblock.media_literacy import PART
from tests.bench.measuring import Figure, against
from tests.host import runtime
from workflows import api
from workflows.models import CourseLink
from workflows.scenario_cast import build

ROUNDS = 60
PAGE = "/course/bench/"
OURS, THEIRS, PLAIN = "kc_media_literacy", "thumbs", "helloworld_demo"
CHOOSER = 4
"""Queries of the demo host's own page around the blocks."""


def fields(asked: CaptureQueriesContext) -> int:
    """How many queries are the sdk's own way of reading a field; the platform reads them together."""
    return sum("workbench_xblockstate" in one["sql"] for one in asked)


def figures(engine: str) -> Iterator[Figure]:
    """Measure looking and answering as a pupil in the middle of a lesson."""
    cast = build("groningen", "vo", timezone.localdate(), slug="module")
    CourseLink.objects.create(course_key=runtime.course_id("bench"), school=cast.school, group=cast.group)
    client = Client()
    client.force_login(cast.users["pupil"])
    unit = api.module.preview(cast.school, 2).progress.units[0]
    first, second = unit.path()[:2]
    right = next(choice for choice in first.choices if choice.right)
    wrong = next(choice for choice in second.choices if not choice.right and not choice.then)
    tries = count()

    def send(scene: str, choice: str, seen: int) -> None:
        sent = {"do": "answer", "unit": unit.key, "scene": scene, "choice": choice, "seen": seen}
        with patch.object(runtime, "BLOCKS", (OURS,)):
            assert client.post(f"/handler/bench.{OURS}.d0.u0/turn/", sent, headers={PART: "1"}).status_code == 200

    def look() -> None:
        with patch.object(runtime, "BLOCKS", (OURS,)):
            assert b"data-module" in client.get(PAGE).content

    def look_at_thumbs() -> None:
        with patch.object(runtime, "BLOCKS", (THEIRS,)):
            assert b"upvote" in client.get(PAGE).content

    def look_at_plain() -> None:
        with patch.object(runtime, "BLOCKS", (PLAIN,)):
            assert b"Hello, World!" in client.get(PAGE).content

    def answer() -> None:
        send(second.key, wrong.key, next(tries))

    def vote() -> None:
        body = json.dumps({"voteType": "up"})
        with patch.object(runtime, "BLOCKS", (THEIRS,)):
            assert client.post(f"/handler/bench.{THEIRS}.d0.u0/vote/", body, content_type="application/json").status_code == 200

    send(first.key, right.key, 0)
    answer()
    # Our answer is the next piece of the page; the sdk's is two numbers, and its script draws the rest.
    for what, ours, theirs, floor_name in (
        ("looking at", look, look_at_plain, "hello world"), ("looking at", look, look_at_thumbs, "thumbs"), ("answering in", answer, vote, "thumbs"),
    ):  # fmt: skip
        figure, asked, _of_floor = against(f"{what} the media-literacy block, against the sdk's {floor_name}", ours, theirs, rounds=ROUNDS)
        yield figure
        if theirs is not look_at_thumbs:
            own, good, excellent = (CHOOSER, 10, 7) if ours is look else (0, 20, None)
            detail = f"{fields(asked)} of them the sdk's, one or two per field"
            yield Figure(f"queries of {what} the media-literacy block", len(asked) - own, good, excellent, detail, "SQL")
