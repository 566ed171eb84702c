"""The demo: five invented schools whose cases stand in states that the real commands reach."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from tests.host import demo
from workflows import access, queries_setup
from workflows.models import Incident, Letter, School, TickRun

pytestmark = pytest.mark.django_db


@pytest.mark.once
def test_the_demo_is_built_whole() -> None:
    out = StringIO()
    call_command("seed_demo", stdout=out)
    assert School.objects.count() == 5
    assert len({school.key for school in School.objects.all()}) == 5, "each school follows another protocol"
    for school in School.objects.all():
        assert school.name in out.getvalue()
        states = list(Incident.objects.filter(school=school, type="incident").order_by("number").values_list("state", flat=True))
        assert sorted(states) == sorted(
            ["escalated", "sanctioned", "closed", "discussed", "triaged", "dismissed", "reported", "reported", "reported"]
        )
        assert [lack.text for lack in queries_setup.lacks(school) if lack.stops] == []
        assert Letter.objects.filter(root__school=school, state="draft").exists(), "a letter waits for the director"
        pupil = User.objects.get(username=f"{school.slug}-pupil")
        assert access.visible_to(pupil).count() == 1, "an own case, after the talk"
        board, director = (User.objects.get(username=f"{school.slug}-{name}") for name in ("board", "director"))
        assert access.visible_to(board).count() == access.visible_to(director).count() + 1, "the hard route"
        assert not access.visible_to(User.objects.get(username=f"{school.slug}-administrator")).exists()
    assert not access.visible_to(User.objects.get(username="author")).exists()
    assert TickRun.objects.filter(problem="").exists()
    call_command("verify_log", verbosity=0)


def test_a_database_with_users_is_left_alone() -> None:
    User.objects.create_user("somebody")
    with pytest.raises(CommandError, match="users already"):
        call_command("seed_demo")
    assert not School.objects.exists()


def test_no_name_is_used_twice_in_one_school() -> None:
    from tests.host import demo_people

    for school in demo.SCHOOLS:
        names = demo_people.names(school.slug)
        told = [(one["given_name"], one["family_name"]) for one in names.overrides.values()]
        assert len(told) == len(set(told))
        assert len(names.families) == 20
