"""Acts on schools and people: who may, what is refused, and that access follows the dates of rows alone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from tests.cast import Cast, build, build_other_school, build_stranger
from tests.stories import MONDAY
from workflows import access, clock, commands, people, queries_setup, schools
from workflows.models import Enrolment, Guardianship, Membership, PeopleChange, Person, School
from workflows.registry import PeopleError, manages
from workflows.schooldays import AMSTERDAM, SchoolCalendar

TODAY = MONDAY.date()
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


def refused(act: Any, *args: Any, **kwargs: Any) -> PeopleError:
    """The refusal, with a check that it left nothing behind."""
    before = PeopleChange.objects.count()
    with pytest.raises(PeopleError) as caught:
        act(*args, **kwargs)
    assert PeopleChange.objects.count() == before
    return caught.value


def test_the_cast_is_of_age_and_complete(cast: Cast) -> None:
    assert {name: cast.people[name].age_on(TODAY) for name in ("pupil", "classmate", "adult_pupil")} == {
        "pupil": 15, "classmate": 15, "adult_pupil": 18,
    }  # fmt: skip
    assert access.roles_of(cast.users["deputy"], cast.school, TODAY) == {"deputy", "director", "employee"}
    (lack,) = (lack.text for lack in queries_setup.lacks(cast.school) if lack.stops)
    assert "Only one person is board" in lack, "the cast has one board, which the tests of the hard route want"


@pytest.mark.parametrize(("key", "sector", "age"), [("leyenburg", "po", 10), ("montessori", "vo", 15), ("groningen", "po", 10)])
def test_the_cast_exists_for_every_protocol(key: str, sector: str, age: int) -> None:
    assert build(key, sector, TODAY).people["pupil"].age_on(TODAY) == age


def test_the_cast_can_be_changed_by_name() -> None:
    cast = build("groningen", "vo", TODAY, {"pupil": {"age": 16, "nicknames": ["Nootje"]}, "other_parent": {"authority": "no"}})
    assert cast.people["pupil"].age_on(TODAY) == 16
    assert access.guardians_of(cast.people["pupil"], TODAY) == [cast.people["parent"]]


def test_only_the_administrator_and_the_board_manage(cast: Cast) -> None:
    other, stranger = build_other_school("groningen", "po", TODAY), build_stranger()
    assert {name for name, user in cast.users.items() if manages(user, cast.school)} == {"administrator", "board"}
    for user in [*other.users.values(), stranger, cast.users["director"], cast.users["pupil"]]:
        refused(schools.change_school, cast.school, by=user, phone="1")
        refused(people.add_person, cast.school, by=user, kind="outsider", given_name="X")
        refused(people.add_membership, cast.school, by=user, user=stranger, role="director")


def test_nobody_gives_a_role_to_themselves(cast: Cast) -> None:
    board, administrator = cast.users["board"], cast.users["administrator"]
    assert refused(people.add_membership, cast.school, by=administrator, user=administrator, role="director").field == "user"
    people.add_membership(cast.school, by=board, user=administrator, role="ict_coordinator")
    assert "ict_coordinator" in access.roles_of(administrator, cast.school)


def test_a_role_holds_on_its_first_and_last_day_and_not_around_them(cast: Cast) -> None:
    user = User.objects.create_user("tijdelijk")
    first, last = TODAY + timedelta(days=7), TODAY + timedelta(days=11)
    people.add_membership(cast.school, by=cast.users["administrator"], user=user, role="teacher", starts=first, ends=last)
    held = [bool(access.roles_of(user, cast.school, first + timedelta(days=n))) for n in (-1, 0, 4, 5)]
    assert held == [False, True, True, False]


def test_a_deputy_needs_a_role_and_a_last_day(cast: Cast) -> None:
    by, user = cast.users["administrator"], cast.users["teacher"]
    assert refused(people.add_membership, cast.school, by=by, user=user, role="deputy", ends=TODAY).field == "acting_for"
    assert refused(people.add_membership, cast.school, by=by, user=user, role="deputy", acting_for="mentor").field == "ends"
    assert refused(people.add_membership, cast.school, by=by, user=user, role="mentor", acting_for="director").field == "acting_for"
    people.add_membership(cast.school, by=by, user=user, role="deputy", acting_for="ict_coordinator", ends=TODAY)
    assert "ict_coordinator" in access.roles_of(user, cast.school)


def test_a_pupil_cannot_hold_a_role(cast: Cast) -> None:
    refused(people.add_membership, cast.school, by=cast.users["board"], user=cast.users["pupil"], role="teacher")


def test_a_role_twice_and_a_group_of_another_school_are_refused(cast: Cast) -> None:
    other = build_other_school("groningen", "po", TODAY)
    by, mentor = cast.users["administrator"], cast.users["mentor"]
    refused(people.add_membership, cast.school, by=by, user=mentor, role="mentor", group=cast.group)
    refused(people.add_membership, cast.school, by=by, user=mentor, role="mentor", group=other.group)
    refused(people.enrol, cast.people["pupil"], other.group, by=by)
    refused(people.add_guardian, cast.people["pupil"], other.people["mentor"], by=by)


def test_leaving_with_open_cases_needs_a_hand_over(cast: Cast) -> None:
    by, mentor = cast.users["administrator"], cast.users["mentor"]
    data = {"category": "threat", "suspects": [cast.people["pupil"]], "severity": 3, "story": "…"}
    case = commands.open_case(by=mentor, school=cast.school, data=data).case
    member = Membership.objects.get(user=mentor)
    assert case.display_number in str(refused(people.end_membership, member, by=by, on=TODAY).reason)
    assert member.ends is None
    said = str(refused(people.end_membership, member, by=by, on=TODAY, hand_over_to=cast.users["dpo"]).reason)
    assert said.startswith("This person handles no cases"), "a sentence, without the key of a field"
    people.end_membership(member, by=by, on=TODAY, hand_over_to=cast.users["teacher"])
    case.refresh_from_db()
    assert case.owner == cast.users["teacher"]
    assert not access.visible_to(mentor).filter(pk=case.pk).exists() or access.roles_of(mentor, cast.school)
    with clock.at(datetime(2026, 3, 3, 9, tzinfo=AMSTERDAM)):
        assert not access.visible_to(mentor).exists()
        assert access.visible_to(cast.users["teacher"]).filter(pk=case.pk).exists()


def test_a_later_end_is_noted_and_the_setup_page_names_the_case(cast: Cast) -> None:
    mentor = cast.users["mentor"]
    data = {"category": "threat", "suspects": [cast.people["pupil"]], "severity": 3, "story": "…"}
    case = commands.open_case(by=mentor, school=cast.school, data=data).case
    people.end_membership(Membership.objects.get(user=mentor), by=cast.users["administrator"], on=TODAY + timedelta(days=10))
    assert any(case.display_number in lack.text for lack in queries_setup.lacks(cast.school))


def test_the_last_administrator_stays(cast: Cast) -> None:
    by = cast.users["board"]
    people.end_membership(Membership.objects.get(user=cast.users["administrator"]), by=by, on=TODAY)
    refused(people.end_membership, Membership.objects.get(user=by, role="board"), by=by, on=TODAY)


def test_a_new_place_ends_the_old_one_the_day_before(cast: Cast) -> None:
    pupil = cast.people["pupil"]
    group = schools.add_group(cast.school, by=None, name="Klas 3c")
    people.enrol(pupil, group, by=cast.users["administrator"])
    old, new = Enrolment.objects.filter(person=pupil).order_by("starts")
    assert (old.ends, new.starts, new.group) == (TODAY - timedelta(days=1), TODAY, group)
    again = schools.add_group(cast.school, by=None, name="Klas 3d")
    people.enrol(pupil, again, by=cast.users["administrator"])  # corrected on the same day
    assert [place.group.name for place in Enrolment.objects.filter(person=pupil, ends=None)] == ["Klas 3d"]


def test_a_place_of_next_year_stays_when_the_group_of_this_year_changes(cast: Cast) -> None:
    pupil, by = cast.people["pupil"], cast.users["administrator"]
    next_year, now = schools.add_group(cast.school, by=None, name="Klas 4a"), schools.add_group(cast.school, by=None, name="Klas 3c")
    people.enrol(pupil, next_year, by=by, starts=date(2026, 8, 24))
    people.enrol(pupil, now, by=by)
    places = Enrolment.objects.filter(person=pupil).order_by("starts").values_list("group__name", "ends")
    assert list(places) == [("Klas 3b", date(2026, 3, 1)), ("Klas 3c", date(2026, 8, 23)), ("Klas 4a", None)]


def test_only_a_parent_with_authority_counts(cast: Cast) -> None:
    tie = Guardianship.objects.get(guardian=cast.people["other_parent"])
    for authority, counts in (("unknown", False), ("no", False), ("court_limit", False), ("yes", True)):
        people.add_guardian(tie.pupil, tie.guardian, by=cast.users["administrator"], authority=authority)
        assert (tie.guardian in access.guardians_of(tie.pupil)) is counts
    people.end_guardian(tie, by=cast.users["administrator"], on=TODAY)
    assert tie.guardian not in access.guardians_of(tie.pupil, TODAY + timedelta(days=1))


def test_the_schools_holidays_count_in_its_calendar(cast: Cast) -> None:
    by = cast.users["administrator"]
    holiday = schools.add_holiday(cast.school, by=by, name="Goede Vrijdag", first=date(2026, 4, 3), last=date(2026, 4, 3))
    assert schools.add_holiday(cast.school, by=by, name="Goede Vrijdag", first=holiday.first, last=holiday.last) == holiday
    assert SchoolCalendar(cast.school).next(date(2026, 4, 2)) == date(2026, 4, 7)
    refused(schools.add_holiday, cast.school, by=by, name="x", first=date(2026, 4, 3), last=date(2026, 4, 2))
    refused(schools.add_holiday, cast.school, by=by, name="x", first=date(2026, 4, 3), last=date(2027, 4, 2))


def test_a_calendar_asks_the_database_once(cast: Cast, django_assert_num_queries: Any) -> None:
    calendar = SchoolCalendar(cast.school)
    with django_assert_num_queries(1):
        calendar.add(TODAY, 50)
        calendar.count(TODAY, TODAY + timedelta(days=300))


def test_channels_follow_the_protocol() -> None:
    cast = build("montessori", "vo", TODAY)
    assert "portal" not in cast.school.channels
    wrong = refused(schools.change_school, cast.school, by=cast.users["administrator"], channels=["portal"])
    assert "MLF-A8a" in str(wrong.reason)
    refused(schools.change_school, cast.school, by=cast.users["administrator"], channels=[])


def test_protocol_and_sector_cannot_be_changed(cast: Cast) -> None:
    for name in ("key", "sector", "legal_form", "slug"):
        assert refused(schools.change_school, cast.school, by=cast.users["board"], **{name: "x"}).field == name


def test_a_course_belongs_to_one_school(cast: Cast) -> None:
    other = build_other_school("groningen", "po", TODAY)
    schools.link_course(cast.school, by=cast.users["administrator"], course_key="course-v1:A+B+C", group=cast.group)
    refused(schools.link_course, other.school, by=other.users["administrator"], course_key="course-v1:A+B+C")
    refused(schools.link_course, cast.school, by=cast.users["administrator"], course_key="no key")


def test_the_log_of_changes_holds_no_name(cast: Cast) -> None:
    names = {person.family_name for person in cast.people.values()} | {person.given_name for person in cast.people.values()}
    told = str(list(PeopleChange.objects.values_list("what", "facts")))
    assert not [name for name in names if name in told]


def test_lacking_does_not_grow_with_the_school(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for n in range(30):
        pupil = people.add_person(cast.school, by=None, kind="pupil", given_name=f"P{n}", number=str(n), birth_date=date(2011, 1, 1))
        people.enrol(pupil, cast.group, by=None)
    with django_assert_max_num_queries(16):
        queries_setup.lacks(cast.school)


def test_an_empty_school_lacks_everything() -> None:
    school = schools.create_school(name="Leeg", slug="leeg", key="groningen", sector="vo", legal_form="public")
    lacking = queries_setup.lacks(school)
    assert {lack.where for lack in lacking} == {
        "setup", "setup-settings", "setup-school", "setup-members", "setup-import", "setup-holidays", "setup-courses",
    }  # fmt: skip
    assert any("OOG-4.2-5b" in lack.articles for lack in lacking)
    assert lacking[0].stops
    assert not lacking[-1].stops


class TestCreateSchool:
    ARGS = ["nieuw", "--name=Nieuw", "--sector=vo", "--legal-form=public", "--administrator=aaf"]

    def test_makes_school_and_administrator_with_a_password_shown_once(self, capsys: Any) -> None:
        call_command("create_school", *self.ARGS, "--protocol=groningen")
        password = capsys.readouterr().out.split("shown this once: ")[1].split()[0]
        user = User.objects.get(username="aaf")
        assert user.check_password(password)
        assert not user.is_staff
        assert manages(user, School.objects.get(slug="nieuw"))
        assert Person.objects.get(user=user).kind == "employee"

    def test_takes_an_account_that_exists(self, capsys: Any) -> None:
        User.objects.create_user("aaf", password="own")
        call_command("create_school", *self.ARGS, "--protocol=groningen")
        assert "Password" not in capsys.readouterr().out
        assert User.objects.get(username="aaf").check_password("own")

    @pytest.mark.parametrize("wrong", [["--protocol=onbekend"], ["--protocol=wilhelmina"]])
    def test_refuses_an_unknown_protocol_or_sector_and_makes_nothing(self, wrong: list[str]) -> None:
        with pytest.raises(CommandError, match="protocol"):
            call_command("create_school", *self.ARGS, *wrong)
        assert not School.objects.exists()
        assert not User.objects.exists()

    def test_refuses_a_short_name_that_is_taken(self, capsys: Any) -> None:
        call_command("create_school", *self.ARGS, "--protocol=groningen")
        with pytest.raises(CommandError, match="short name"):
            call_command("create_school", *self.ARGS, "--protocol=groningen")
