"""A register says what the reader may see of it, and never that there is nothing where there is something."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import Cast, build
from tests.stories import MONDAY
from workflows import clock, commands

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def consents(cast: Cast, who: str) -> str:
    client = Client()
    client.force_login(cast.users[who])
    return str(client.get(reverse("kc_workflows:register", args=["consents"])).content.decode())


def test_whoever_may_not_see_the_whole_register_is_told_so() -> None:
    with clock.at(MONDAY):
        cast = build("groningen", "vo", MONDAY.date())
        assert "No consent has been asked for yet." in consents(cast, "director")
        told = {"person": cast.people["pupil"], "purpose": "school_publication", "channel": "website", "moment": "first_round"}
        commands.open_case(by=cast.users["director"], school=cast.school, step="consent.request", data=told)
        for_all, for_one = consents(cast, "director"), consents(cast, "ict_coordinator")
    assert "only what your role opens" not in for_all
    assert "only what your role opens" in for_one and "There is nothing here for you." in for_one and "has been asked for yet" not in for_one
