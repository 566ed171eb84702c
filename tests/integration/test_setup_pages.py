"""The set-up pages: who gets them (nobody else), what they change, and that a mistake loses nothing."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.cast import Cast, build_other_school, build_stranger
from tests.stories import MONDAY, as_user
from workflows import commands, people
from workflows.models import CourseLink, Enrolment, Guardianship, Membership, PeopleChange, Person
from workflows.pages.people import ACTS
from workflows.pages.people_forms import SettingsForm
from workflows.protocol import load

NAMES = (
    "setup", "setup-school", "setup-settings", "setup-holidays", "setup-members", "setup-import", "setup-guardians", "setup-courses",
)  # fmt: skip
FILE = "soort;nummer;voornaam;achternaam;geboortedatum;klas\nleerling;101;Bo;Knikkerzak;2011-01-31;Klas 3b\n"
TODAY = MONDAY.date()
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


@pytest.fixture
def admin(cast: Cast) -> Client:
    return as_user(cast.users["administrator"])


def url(name: str, *args: Any, slug: str = "cast") -> str:
    return reverse(f"kc_workflows:{name}", args=[slug, *args])


def upload(text: str | bytes, name: str = "mensen.csv") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)}


@pytest.mark.once
def test_everybody_but_administrator_and_board_gets_404_on_every_page(cast: Cast) -> None:
    other = build_other_school("groningen", "po", TODAY)
    tie, member = Guardianship.objects.all()[0], Membership.objects.get(user=cast.users["teacher"])
    addresses = [url(name) for name in NAMES] + [url("setup-guardian", tie.pk), url("setup-member-end", member.pk)]
    changes = PeopleChange.objects.count()
    outside = [user for name, user in cast.users.items() if name not in ("administrator", "board")]
    for user in [*outside, *other.users.values(), build_stranger()]:
        client = as_user(user)
        for address in addresses:
            assert client.get(address).status_code == 404, (user, address)
            assert client.post(address, {"name": "x"}).status_code == 404, (user, address)
        assert client.post(url("setup-import"), upload(FILE)).status_code == 404
    assert PeopleChange.objects.count() == changes
    assert Client().get(addresses[0]).status_code == 302, "a visitor signs in first"


def test_administrator_and_board_see_every_page(cast: Cast) -> None:
    for name in ("administrator", "board"):
        client = as_user(cast.users[name])
        for page in NAMES:
            response = client.get(url(page))
            assert response.status_code == 200, page
            assert response["Content-Security-Policy"].startswith("default-src 'self'")
            assert "<script>" not in response.content.decode()
            assert "style=" not in response.content.decode()


def test_rows_of_another_school_are_not_there(cast: Cast, admin: Client) -> None:
    other = build_other_school("groningen", "po", TODAY)
    member = Membership.objects.filter(school=other.school)[0]
    assert admin.get(url("setup-member-end", member.pk)).status_code == 404
    link = CourseLink.objects.create(course_key="course-v1:X+Y+Z", school=other.school)
    assert admin.post(url("setup-course-remove", link.pk)).status_code == 302
    assert CourseLink.objects.filter(pk=link.pk).exists()
    assert admin.get(url("setup", slug="other")).status_code == 404


def test_the_setup_page_names_what_is_lacking_with_its_article(cast: Cast, admin: Client) -> None:
    cast.school.settings = {**cast.school.settings, "grey_zone": ""}
    cast.school.dpo_contact = ""
    cast.school.save()
    page = admin.get(url("setup")).content.decode()
    assert "OOG-4.2-5b" in page
    assert "data protection officer" in page
    assert url("setup-settings") in page


def test_settings_are_answered_and_an_emptied_one_is_asked_again(cast: Cast, admin: Client) -> None:
    answers = {key: f"Antwoord {key}" for key in cast.school.settings} | {"portal_available": "no"}
    assert admin.post(url("setup-settings"), answers).status_code == 302
    cast.school.refresh_from_db()
    assert cast.school.settings["grey_zone"] == "Antwoord grey_zone"
    assert "Antwoord grey_zone" in admin.get(url("setup-settings")).content.decode()
    assert "OOG-4.2-5b" not in admin.get(url("setup")).content.decode()
    assert admin.post(url("setup-settings"), {**answers, "grey_zone": ""}).status_code == 302
    assert "OOG-4.2-5b" in admin.get(url("setup")).content.decode()


def test_a_choice_is_asked_in_the_words_of_the_pack() -> None:
    with translation.override("nl"):
        form = SettingsForm(protocol=load("verkruisen"), answers={"friend_policy": "never"})
        assert "De directeur beslist per keer" in str(form["friend_policy"])
        assert "head_decides" not in str(form["friend_policy"]).replace('value="head_decides"', "")


def test_letterhead_logo_and_channels(cast: Cast, admin: Client) -> None:
    from workflows.pages.people_forms import LETTERHEAD

    told = {name: getattr(cast.school, name) for name in LETTERHEAD}
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 50
    sent = {**told, "phone": "111", "channels": ["email", "post"], "preferred": "post", **{"logo": SimpleUploadedFile("l.png", png)}}
    assert admin.post(url("setup-school"), sent).status_code == 302
    cast.school.refresh_from_db()
    assert (cast.school.phone, cast.school.channels, bytes(cast.school.logo)) == ("111", ["post", "email"], png)
    wrong = admin.post(url("setup-school"), {**sent, "email": "geen", "logo": SimpleUploadedFile("l.svg", b"<svg/>")})
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert 'role="alert"' in page
    assert 'value="111"' in page
    cast.school.refresh_from_db()
    assert bytes(cast.school.logo) == png, "no new picture keeps the old one"


def test_holidays_come_and_go(cast: Cast, admin: Client) -> None:
    told = {"name": "Herfst", "first": "2026-10-12", "last": "2026-10-16"}
    for _twice in range(2):
        assert admin.post(url("setup-holidays"), told).status_code == 302
    (holiday,) = cast.school.holidays.all()
    wrong = admin.post(url("setup-holidays"), {**told, "last": "2026-10-01"})
    assert wrong.status_code == 422
    assert "before the first day" in wrong.content.decode()
    assert 'value="Herfst"' in wrong.content.decode()
    for _twice in range(2):
        assert admin.post(url("setup-holiday-remove", holiday.pk)).status_code == 302
    assert admin.get(url("setup-holiday-remove", 1)).status_code == 405
    assert not cast.school.holidays.exists()


def test_roles_are_given_and_ended(cast: Cast, admin: Client) -> None:
    User.objects.create_user("nieuw", first_name="Nie", last_name="Uw")
    told = {"username": "nieuw", "role": "deputy", "acting_for": "mentor", "starts": "2026-03-02", "ends": "2026-03-20"}
    assert admin.post(url("setup-members"), told).status_code == 302
    member = Membership.objects.get(user__username="nieuw")
    assert (member.role, member.acting_for, member.ends) == ("deputy", "mentor", date(2026, 3, 20))
    assert "Nie Uw" in admin.get(url("setup-members")).content.decode()
    for wrong, why in (
        ({**told, "username": "niemand"}, "no account"),
        ({**told, "username": "cast-administrator"}, "themselves"),
        ({**told, "ends": ""}, "last day"),
        ({**told, "role": "koning"}, "valid choice"),
    ):
        response = admin.post(url("setup-members"), wrong)
        assert response.status_code == 422
        assert why in response.content.decode()
    assert admin.post(url("setup-member-end", member.pk), {"ends": "2026-03-05"}).status_code == 302
    member.refresh_from_db()
    assert member.ends == date(2026, 3, 5)


def test_leaving_asks_who_takes_over(cast: Cast, admin: Client) -> None:
    data = {"category": "threat", "suspects": [cast.people["pupil"]], "severity": 3, "story": "…"}
    case = commands.open_case(by=cast.users["mentor"], school=cast.school, data=data).case
    member = Membership.objects.get(user=cast.users["mentor"])
    wrong = admin.post(url("setup-member-end", member.pk), {"ends": "2026-03-02"})
    assert wrong.status_code == 422
    assert case.display_number in wrong.content.decode()
    told = {"ends": "2026-03-02", "hand_over_to": cast.users["teacher"].pk}
    assert admin.post(url("setup-member-end", member.pk), told).status_code == 302
    case.refresh_from_db()
    assert case.owner == cast.users["teacher"]


def test_authority_becomes_known(cast: Cast, admin: Client) -> None:
    tie = people.add_guardian(cast.people["pupil"], cast.people["other_parent"], by=None, authority="unknown")
    assert "Not known yet" in admin.get(url("setup-guardians")).content.decode()
    assert admin.post(url("setup-guardian", tie.pk), {"authority": "court_limit", "hides_address": "yes"}).status_code == 302
    tie.refresh_from_db()
    assert (tie.authority, tie.hides_address, tie.ends) == ("court_limit", True, None)
    assert admin.post(url("setup-guardian", tie.pk), {}).status_code == 422


def test_courses(cast: Cast, admin: Client) -> None:
    told = {"course_key": "course-v1:KC+x+2026", "group": cast.group.pk}
    assert admin.post(url("setup-courses"), told).status_code == 302
    link = CourseLink.objects.get()
    assert (link.school, link.group) == (cast.school, cast.group)
    assert admin.post(url("setup-courses"), {"course_key": "geen sleutel"}).status_code == 422
    admin.post(url("setup-course-remove", link.pk))
    assert not CourseLink.objects.exists()


class TestImport:
    def confirm(self, client: Client, page: str) -> Any:
        token = re.search(r'name="table" value="([^"]+)"', page)
        assert token
        return client.post(url("setup-import"), {"table": token[1]})

    def test_look_then_confirm_then_nothing_left_to_do(self, cast: Cast, admin: Client) -> None:
        shown = admin.post(url("setup-import"), upload(FILE.encode("cp1252")))
        page = shown.content.decode()
        assert shown.status_code == 200
        assert "Bo Knikkerzak" in page
        assert not Person.objects.filter(number="101").exists()
        done = self.confirm(admin, page)
        assert done.status_code == 302 and reverse("kc_workflows:rounds") in admin.get(done["Location"]).content.decode(), "the next step"
        assert Enrolment.objects.get(person__number="101").group == cast.group
        assert PeopleChange.objects.filter(by=cast.users["administrator"], what="person.add").exists()
        count = PeopleChange.objects.count()
        assert "1 row is the same already" in admin.post(url("setup-import"), upload(FILE)).content.decode()
        assert self.confirm(admin, page).status_code == 409, "the same list again: the school has changed since"
        assert PeopleChange.objects.count() == count

    def test_a_bad_row_is_named_and_there_is_nothing_to_confirm(self, cast: Cast, admin: Client) -> None:
        shown = admin.post(url("setup-import"), upload(FILE + "leerling;102;Jo;Fout;gisteren;Klas 3b\n"))
        page = shown.content.decode()
        assert shown.status_code == 422
        assert "row 3, column geboortedatum" in page
        assert 'name="table"' not in page
        assert not Person.objects.filter(number__in=["101", "102"]).exists()

    @pytest.mark.parametrize(
        ("content", "why"),
        [(FILE.replace("klas", "bsn"), "BSN"), ("", "empty"), (b"PK\x03\x04", "CSV"), ("a;b\n1;2", "first row")],
    )
    def test_a_file_that_is_refused(self, admin: Client, content: str | bytes, why: str) -> None:
        shown = admin.post(url("setup-import"), upload(content))
        assert shown.status_code == 422
        assert why in shown.content.decode()
        assert not PeopleChange.objects.filter(by__isnull=False).exists()

    def test_no_file_and_a_list_of_somebody_else(self, cast: Cast, admin: Client) -> None:
        assert admin.post(url("setup-import"), {}).status_code == 422
        page = admin.post(url("setup-import"), upload(FILE)).content.decode()
        board = as_user(cast.users["board"])
        assert self.confirm(board, page).status_code == 422
        assert admin.post(url("setup-import"), {"table": "nagemaakt"}).status_code == 422
        assert not Person.objects.filter(number="101").exists()

    def test_columns_that_are_not_read_do_not_travel(self, admin: Client) -> None:
        text = FILE.replace("klas", "klas;geloof").replace("Klas 3b", "Klas 3b;geheimpje")
        page = admin.post(url("setup-import"), upload(text)).content.decode()
        assert "geloof" in page
        assert "geheimpje" not in page


def test_every_act_that_is_written_down_has_a_name() -> None:
    folder = Path(people.__file__).parent
    written = {
        act for path in folder.rglob("*.py") for call in re.findall(r"\blog\((?!root|self)[^\n]*", path.read_text(encoding="utf-8"))
        for act in re.findall(r'"([a-z]+\.[a-z_]+)"', call)
    }  # fmt: skip
    assert {"programme.done", "programme.undo", "holiday.add", "link.close"} <= written
    assert written - set(ACTS) == set()


def test_a_setting_that_cases_wait_for_is_not_called_optional(admin: Client) -> None:
    assert b"not required" not in admin.get(url("setup-settings")).content
