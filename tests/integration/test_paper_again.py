"""A form on paper outside any round: lost, for a parent who came later, or for who would rather have paper."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.asking import Form, answers_of, ask, choose, page_of, text_in
from tests.cast import Cast, build, build_other_school
from tests.printed import text_of
from tests.round_world import another_group, send
from tests.stories import MONDAY, as_user
from workflows import clock, paper, people, rounds
from workflows.delivery import paper as press
from workflows.models import AskedText, Case, Outbox, PaperForm, Person, ReadEntry

pytestmark = pytest.mark.django_db

WEBSITE, INSTAGRAM = ("school_publication", "website"), ("school_publication", "instagram")


@pytest.fixture
def cast(monday: None) -> Cast:
    """A primary school; the pupil is 10 and has two parents with authority."""
    return build("leyenburg", "po", MONDAY.date())


def printed(cast: Cast, consent: Case, signer: Person, by: str = "mentor") -> Any:
    return as_user(cast.users[by]).post(reverse("kc_workflows:root_paper", args=[consent.key]), {"person": str(signer.key)})


def test_whoever_may_ask_in_a_round_prints_it_and_nobody_else(cast: Cast) -> None:
    (consent,) = ask(cast, lines=[WEBSITE])
    other = build_other_school("leyenburg", "po", MONDAY.date())
    elsewhere = another_group(cast, "Groep 8b")
    people.add_membership(cast.school, by=None, user=cast.users["teacher"], role="mentor", group=elsewhere)
    address = reverse("kc_workflows:root_paper", args=[consent.key])
    everybody = {**cast.users, **{f"other {name}": user for name, user in other.users.items()}}
    prints = set()
    for name, user in everybody.items():
        forms = PaperForm.objects.count()
        client, told = as_user(user), {"person": str(cast.people["parent"].key)}
        answered, shown = client.post(address, told), client.get(reverse("kc_workflows:root_links", args=[consent.key]))
        assert client.get(address).status_code == 405, "looking prints nothing"
        if answered.status_code == 200:
            prints.add(name)
            assert answered["Content-Type"] == "application/pdf" and address in shown.content.decode()
        else:
            assert answered.status_code == 404 and address not in shown.content.decode()
            assert PaperForm.objects.count() == forms and not ReadEntry.objects.filter(user=user, page__contains="paper").exists()
    assert prints == {"mentor", "director", "deputy", "board", "dpo", "administrator", "communications", "mediamaster"}
    asks = {name for name, user in cast.users.items() if (reach := rounds.reach_of(user, cast.school)) and cast.group in reach.groups}
    assert prints == asks
    assert Client().post(address, {"person": str(cast.people["parent"].key)}).status_code in (302, 403, 404)
    assert PaperForm.objects.count() == 1, "it asks the same of the same person: one form, one code"


def test_the_form_is_the_one_that_is_asked_and_comes_back_by_its_code(cast: Cast) -> None:
    send(cast, lines=[WEBSITE])
    consent = Case.objects.get(person=cast.people["pupil"], topic="/".join(WEBSITE))
    (instagram,) = ask(cast, lines=[INSTAGRAM])
    parent = cast.people["parent"]
    said = text_of(printed(cast, consent, parent).content)
    form = PaperForm.objects.get(round=None)
    assert paper.code_of(form).replace(" ", "\u00a0") in said.replace(" ", "\u00a0") and parent.full_name in said and "Sem" not in said
    assert "Website van de school" in said and "Instagram" in said and set(form.versions) == {str(consent.key), str(instagram.key)}
    seen = ReadEntry.objects.filter(user=cast.users["mentor"]).values_list("page", flat=True)
    assert {"export paper form", f"export paper form {form.pk}"} <= set(seen)
    again = text_of(printed(cast, consent, parent, "director").content)
    assert PaperForm.objects.filter(round=None).count() == 1 and paper.code_of(form)[:4] in again
    mentor = as_user(cast.users["mentor"])
    address = mentor.post(reverse("kc_workflows:paper"), {"code": paper.code_of(form)})["Location"]
    given = Form(mentor.get(address).content.decode()).untouched
    given |= {f"a-{consent.key}": "yes", f"a-{instagram.key}": "no", "authority": "on", "on": str(MONDAY.date())}
    assert mentor.post(address, given).status_code == 302
    (yes,), (no,) = answers_of(consent), answers_of(instagram)
    assert (yes.person, yes.facts["form"], yes.facts["text_version"]) == (parent, "paper", form.versions[str(consent.key)])
    assert no.facts["answer"] is False and Case.objects.get(pk=consent.pk).state == "granted"
    assert PaperForm.objects.get(pk=form.pk).received_at is not None
    printed(cast, consent, parent)
    assert PaperForm.objects.filter(round=None).count() == 2, "after it came back the next one is new"


def test_a_parent_who_came_later_and_one_who_answered_by_link_get_their_own(cast: Cast) -> None:
    website, instagram = ask(cast, lines=[WEBSITE, INSTAGRAM])
    late = people.add_person(cast.school, by=None, kind="parent", given_name="Nieuw", family_name="Knikker")
    people.add_guardian(cast.people["pupil"], late, by=None, authority="yes")
    parent = cast.people["parent"]
    choose(Client(), page_of(parent), {website: "yes", instagram: "yes"})
    assert "Nieuw Knikker" in text_of(printed(cast, website, late).content)
    said = text_of(printed(cast, website, parent).content)
    assert "Website van de school" in said and "Instagram" not in said, "what was answered is asked on the page it was asked for alone"
    assert PaperForm.objects.filter(signer__in=[late, parent]).count() == 2


def test_nobody_who_is_not_asked_gets_a_form_and_what_is_over_is_not_printed(cast: Cast) -> None:
    (consent,) = ask(cast, lines=[WEBSITE], until="2026-03-31")
    for stranger in (cast.people["classmate_parent"], cast.people["pupil"], cast.people["teacher"]):
        assert printed(cast, consent, stranger).status_code == 404
    assert as_user(cast.users["mentor"]).post(reverse("kc_workflows:root_paper", args=[consent.key])).status_code == 404
    with clock.at(MONDAY + timedelta(days=60)):
        late = printed(cast, consent, cast.people["parent"])
        assert late.status_code == 302
        told = as_user(cast.users["mentor"])
        told.post(reverse("kc_workflows:root_paper", args=[consent.key]), {"person": str(cast.people["parent"].key)})
        assert "There is nothing left to ask on paper" in text_in(told.get(late["Location"]).content.decode())
    assert not PaperForm.objects.exists() and not ReadEntry.objects.filter(page__startswith="export").exists()


def test_who_may_print_but_keeps_no_links_sees_no_link_to_send(cast: Cast) -> None:
    (consent,) = ask(cast, lines=[WEBSITE])
    client, address = as_user(cast.users["mediamaster"]), reverse("kc_workflows:root_links", args=[consent.key])
    html = client.get(address).content.decode()
    assert "Print the form on paper" in html and 'name="act"' not in html
    for act in ("send", "close"):
        assert client.post(address, {"person": str(cast.people["parent"].key), "act": act}).status_code == 404
    assert not Outbox.objects.filter(kind="ask").exists()


@pytest.mark.once
def test_a_pupil_who_is_asked_reads_je_and_the_parent_asked_the_same_reads_u(monday: None) -> None:
    cast = build("groningen", "vo", MONDAY.date())  # parents are asked until 18
    pupil, parent = cast.people["pupil"], cast.people["parent"]
    Person.objects.filter(pk=pupil.pk).update(birth_date=date(2009, 1, 15), user=None, email="", language="en")
    Person.objects.filter(pk=parent.pk).update(email="", language="nl")
    send(cast, lines=[WEBSITE])
    consent = Case.objects.get(person=pupil)
    press.print_all()
    asked = {form.signer_id: form for form in PaperForm.objects.filter(about=pupil)}
    u, je = re.compile(r"\b[Uu]w?\b"), re.compile(r"\b([Jj]e|jou)\b")
    for one, wrong, right in ((pupil, u, je), (parent, je, u)):
        one.refresh_from_db()
        kept = AskedText.objects.get(digest=asked[one.pk].versions[str(consent.key)]).text
        said = text_of(printed(cast, consent, one).content)
        assert asked[one.pk].part and PaperForm.objects.get(signer=one, round=None).versions == asked[one.pk].versions
        for text in (kept, said):
            assert right.search(text) and not wrong.search(text), text
            assert "link" not in text
        assert ("This is a reading copy" in said) == (one == pupil)
