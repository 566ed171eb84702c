"""Pages of asking many at once: who gets them, what they say, that a mistake loses nothing."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pypdf
import pytest
from django.test import Client
from django.urls import reverse

from tests.asking import text_in
from tests.cast import Cast, build, build_other_school, build_stranger
from tests.round_world import LINES, another_group, answer, make, pupil, send
from tests.stories import MONDAY, as_user
from workflows import clock
from workflows.delivery import outbox, paper
from workflows.models import Case, Outbox, PeopleChange, ReadEntry, Round

pytestmark = pytest.mark.django_db

ASKS = {"mentor", "director", "deputy", "board", "dpo", "administrator", "communications", "mediamaster"}


@pytest.fixture
def cast(monday: None) -> Cast:
    return build("leyenburg", "po", MONDAY.date())


def url(name: str, *args: Any) -> str:
    return reverse(f"kc_workflows:{name}", args=args)


FORM = {"scope": "groups", "lines": [f"{purpose}/{channel}" for purpose, channel in LINES], "moment": "first_round"}


def filled(cast: Cast, **told: Any) -> dict[str, Any]:
    return {**FORM, "groups": [cast.group.pk], **told}


@pytest.mark.once
def test_every_page_and_every_member_of_the_cast(cast: Cast) -> None:
    pupil(cast, 1, {"email": ""})
    found = send(cast, "mentor")
    paper.print_all()
    whole = make(cast, scope="school", groups=())
    other = build_other_school("leyenburg", "po", MONDAY.date())
    users = {**cast.users, "stranger": build_stranger(), **{f"other {name}": user for name, user in other.users.items()}}
    for name, user in users.items():
        client = as_user(user)
        seen = {
            "list": client.get(url("rounds")).status_code == 200, "new": client.get(url("round_new")).status_code == 200,
            "own": client.get(url("round", found.key)).status_code == 200, "whole": client.get(url("round", whole.key)).status_code == 200,
            "file": client.get(url("round_forms", found.key)).status_code == 200,
            "start": client.post(url("round", whole.key), {"do": "nothing"}).status_code == 422,
        }  # fmt: skip
        if name in ASKS - {"mentor"}:
            assert all(seen.values()), name
        elif name == "mentor":
            assert seen == {"list": True, "new": True, "own": True, "whole": False, "file": True, "start": False}
        elif name in ("other director", "other mentor", "other administrator"):
            assert seen == {"list": True, "new": True, "own": False, "whole": False, "file": False, "start": False}, name
        else:
            assert not any(seen.values()), name
        paper_page = client.get(url("paper")).status_code
        assert paper_page == (404 if name in ("stranger", "pupil", "classmate", "adult_pupil") else 200), name
    assert Client().get(url("rounds")).status_code == 302
    assert not any("rounds" in as_user(user).get(url("more")).content.decode() for user in (cast.users["teacher"], cast.users["personnel"]))
    assert url("rounds") in as_user(cast.users["director"]).get(url("more")).content.decode()


def test_from_a_new_round_to_its_answers(cast: Cast) -> None:
    pupil(cast, 1)
    pupil(cast, 2, {"email": "", "language": "ar"})
    client = as_user(cast.users["director"])
    assert "There has been no round yet" in text_in(client.get(url("rounds")).content.decode())
    made = client.post(url("round_new"), filled(cast))
    assert made.status_code == 302 and not Case.objects.exists()
    page = text_in(client.get(made["Location"]).content.decode())
    for said in (
        "5 people are asked", "Mail with a personal link: 3", "Form on paper: 1", "Own desk: 1", "العربية : 1",
        "No parent is known.", "Kind1 Knikker",
    ):  # fmt: skip
        assert said in page, said
    assert "Ask 5 people now" in page and not Case.objects.exists(), "looking asks nobody"
    started = client.post(made["Location"], {"do": "start"})
    assert started.status_code == 302 and Round.objects.get().state == "done"
    assert PeopleChange.objects.filter(what="round.start").count() == 1
    outbox.drain()
    answer(cast.people["parent"])
    page = text_in(client.get(made["Location"]).content.decode())
    for said in ("Mails that left 4 of 4", "People who answered 1 of 5", "0 of 1 are ready to be printed", "Consent is given 2", "Kind1 Knikker"):
        assert said in page, said
    assert client.get(url("round_forms", Round.objects.get().key)).status_code == 404
    paper.print_all()
    assert "Print 1 form (PDF)" in text_in(client.get(made["Location"]).content.decode())
    pdf = client.get(url("round_forms", Round.objects.get().key))
    assert pdf["Content-Type"] == "application/pdf" and len(pypdf.PdfReader(io.BytesIO(pdf.getvalue())).pages) >= 2
    assert ReadEntry.objects.filter(page__startswith="export round forms").count() == 1
    again = client.post(made["Location"], {"do": "start"})
    assert again.status_code == 409 and "started already" in again.content.decode()


@pytest.mark.parametrize(
    ("told", "said"),
    [({"groups": []}, "Choose at least one group"), ({"lines": []}, "This field is required"), ({"until": "2026-03-01"}, "This day is over"),
     ({"moment": "always"}, "Select a valid choice"), ({"groups": [999999]}, "Select a valid choice"), ({"lines": ["x/y"]}, "Select a valid choice"),
     ({"scope": "year:99"}, "Select a valid choice"), ({"until": "morgen"}, "Enter a valid date")],
)  # fmt: skip
@pytest.mark.once
def test_a_form_that_cannot_be_right_keeps_what_was_chosen(cast: Cast, told: dict[str, Any], said: str) -> None:
    answered = as_user(cast.users["director"]).post(url("round_new"), filled(cast, **told))
    html = answered.content.decode()
    assert answered.status_code == 422 and said in html and 'role="alert"' in html and not Round.objects.exists()
    if "lines" not in told:
        assert re.search(r'value="school_publication/instagram" checked', html)


def test_a_mentor_is_offered_and_given_the_own_groups_only(cast: Cast) -> None:
    other = another_group(cast, "Groep 8b")
    client = as_user(cast.users["mentor"])
    html = client.get(url("round_new")).content.decode()
    assert "Groep 8b" not in html and 'value="school"' not in html and 'value="groups" required id="id_scope_0" checked' in html
    for told in ({"groups": [other.pk]}, {"scope": "school"}):
        assert client.post(url("round_new"), filled(cast, **told)).status_code == 422
    assert "This school year" not in client.get(url("rounds")).content.decode()


@pytest.mark.once
def test_over_a_hundred_addresses_a_mentor_is_told_why_not_and_who_can(monday: None) -> None:
    cast = build("wilhelmina", "po", MONDAY.date())
    for number in range(97):  # with the parents of the cast and the pupil who decides that is one too many
        pupil(cast, number, {})
    client = as_user(cast.users["mentor"])
    made = client.post(url("round_new"), filled(cast))["Location"]
    page = text_in(client.get(made).content.decode())
    assert "e-mail 6" in page and "Ask the director" in page and "This round stays ready" in page and "people now" not in page
    by_hand = client.post(made, {"do": "start"})
    assert by_hand.status_code == 409 and "WIL-MAIL-6" in by_hand.content.decode() and not Outbox.objects.exists()
    director = as_user(cast.users["director"])
    assert made in director.get(url("rounds")).content.decode()
    assert director.post(made, {"do": "start"}).status_code == 302 and Outbox.objects.count() == 101


def test_a_round_under_way_shows_how_far_it_is_and_can_be_stopped(cast: Cast) -> None:
    from workflows import rounds

    found = rounds.start(make(cast), by=cast.users["director"])
    client = as_user(cast.users["director"])
    html = client.get(url("round", found.key)).content.decode()
    assert "<progress" in html and "Look again" in html and "0 of 3 prepared" in html
    assert client.post(url("round", found.key), {"do": "stop"}).status_code == 302
    assert rounds.work(found).state == "stopped" and not Case.objects.exists()
    assert client.post(url("round", found.key), {"do": "stop"}).status_code == 409
    assert client.post(url("round", found.key), {"do": "remove"}).status_code == 409
    draft = make(cast)
    assert client.post(url("round", draft.key), {"do": "remove"}).status_code == 302 and not Round.objects.filter(pk=draft.pk).exists()


def test_a_new_school_year_says_what_is_to_be_asked(cast: Cast) -> None:
    with clock.at(MONDAY - timedelta(days=270)):
        send(cast, lines=LINES[:1])
        answer(cast.people["parent"])
    send(cast, lines=LINES[1:], until=MONDAY.date() + timedelta(days=10))
    answer(cast.people["classmate_parent"])
    pupil(cast, 1)
    pupil(cast, 2, {"authority": "unknown"})
    client = as_user(cast.users["director"])
    page = text_in(client.get(url("rounds")).content.decode())
    for said in (
        "2 pupils are new and were never asked", "1 consent ends within 30 days", "2 pupils under 16 have no parent who can sign",
        "1 person gave consent",
    ):  # fmt: skip
        assert said in page, said
    new = client.get(url("round_new") + "?scope=new&moment=enrolment").content.decode()
    assert re.search(r'value="new"[^>]* checked', new) and re.search(r'value="enrolment"[^>]* checked', new)
    yearly = client.post(url("round_yearly"))
    shown = text_in(client.get(yearly["Location"]).content.decode())
    assert "Nobody has to sign again" in shown and "Ask 1 person now" in shown
    client.post(yearly["Location"], {"do": "start"})
    assert "gave consent in an earlier year" not in client.get(url("rounds")).content.decode()


@pytest.mark.once
def test_the_pages_cost_the_same_for_a_large_group(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for number in range(40):
        pupil(cast, number, {}, {"email": ""})
    client = as_user(cast.users["director"])
    found = make(cast)
    client.get(url("round", found.key))
    with django_assert_max_num_queries(40):
        client.get(url("round", found.key))
    client.post(url("round", found.key), {"do": "start"})
    with django_assert_max_num_queries(40):
        client.get(url("round", found.key))


