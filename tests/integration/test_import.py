"""Import of people: dry run, apply, twice nothing, nothing half, and who has left."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from tests.cast import Cast
from tests.stories import MONDAY
from workflows import access, commands, imports
from workflows.import_file import read
from workflows.models import Enrolment, Group, Guardianship, Membership, PeopleChange, Person
from workflows.registry import PeopleError

HEADER = "soort;nummer;voornaam;achternaam;geboortedatum;klas;leerling;gezag;adres geheim;gebruikersnaam;rol;e-mail;tot;waarnemer van"
PUPILS = """leerling;101;Bo;Knikkerzak;2011-01-31;Klas 3b;;;;;;;;
leerling;102;Ed;Vliegertouw;2010-12-01;Klas 3c;;;;;;;;
"""
PARENTS = """ouder;201;An;Knikkerzak;;;101;ja;nee;;;an@ouders.example;;
ouder;202;Ab;Hinkelbaan;;;101|102;onbekend;ja;;;ab@ouders.example;;
"""
STAFF = """medewerker;301;Lien;Bordkrijt;;Klas 3c;;;;lien;mentor;;;
medewerker;301;Lien;Bordkrijt;;;;;;lien;waarnemer;;2026-06-30;directeur
"""
EVERYTHING = HEADER + "\n" + PUPILS + PARENTS + STAFF
TODAY = MONDAY.date()
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


@pytest.fixture
def cast(cast: Cast) -> Cast:
    User.objects.create_user("lien", first_name="Lien", last_name="Bordkrijt")
    return cast


def run(cast: Cast, text: str, **kwargs: Any) -> imports.Plan:
    return imports.apply(cast.school, read(text, today=TODAY), by=cast.users["administrator"], **kwargs)


def plan(cast: Cast, text: str, **kwargs: Any) -> imports.Plan:
    return imports.plan(cast.school, read(text, today=TODAY), by=cast.users["administrator"], **kwargs)


def rows() -> list[Any]:
    """Everything an import could touch."""
    return [list(model.objects.order_by("pk").values()) for model in (Person, Enrolment, Guardianship, Membership, Group, PeopleChange)]


def test_a_plan_changes_nothing_and_tells_what_apply_does(cast: Cast) -> None:
    before = rows()
    planned = plan(cast, EVERYTHING)
    assert rows() == before
    assert [(c.row, c.name, str(c.what)) for c in planned.of("new")] == [
        (2, "Bo Knikkerzak", "person"), (2, "Bo Knikkerzak", "place in group"),
        (3, "Ed Vliegertouw", "person"), (3, "Ed Vliegertouw", "place in group"),
        (4, "An Knikkerzak", "person"), (4, "An Knikkerzak", "parent of pupil 101"),
        (5, "Ab Hinkelbaan", "person"), (5, "Ab Hinkelbaan", "parent of pupil 101"), (5, "Ab Hinkelbaan", "parent of pupil 102"),
        (6, "Lien Bordkrijt", "person"), (6, "Lien Bordkrijt", "role mentor"), (7, "Lien Bordkrijt", "role deputy"),
    ]  # fmt: skip
    assert run(cast, EVERYTHING, expected=planned.digest).digest == planned.digest
    bo = Person.objects.get(number="101", kind="pupil")
    assert (bo.birth_date, bo.enrolments.get().group, bo.enrolments.get().starts) == (date(2011, 1, 31), cast.group, TODAY)
    assert [guardian.given_name for guardian in access.guardians_of(bo)] == ["An"]
    assert Guardianship.objects.get(pupil=bo, guardian__number="202").hides_address
    lien = User.objects.get(username="lien")
    assert access.roles_of(lien, cast.school) == {"mentor", "deputy", "director", "employee"}
    assert Membership.objects.get(user=lien, role="mentor", group__name="Klas 3c")


def test_twice_changes_nothing(cast: Cast) -> None:
    run(cast, EVERYTHING)
    before = rows()
    again = run(cast, EVERYTHING)
    assert rows() == before
    assert (again.of("new"), again.of("changed"), again.same) == ((), (), 6)


def test_a_file_about_next_year_changes_nothing_the_second_time(cast: Cast) -> None:
    run(cast, EVERYTHING)
    header = "soort;nummer;voornaam;achternaam;geboortedatum;klas;gebruikersnaam;rol;vanaf;tot\n"
    text = header + "leerling;101;Bo;Knikkerzak;2011-01-31;Klas 4a;;;2026-08-24;\nmedewerker;301;Lien;Bordkrijt;;Klas 4a;lien;mentor;2026-08-24;\n"
    done = run(cast, text)
    assert (len(done.of("new")), len(done.of("changed"))) == (1, 1)
    places = Enrolment.objects.filter(person__number="101").order_by("starts").values_list("group__name", "starts", "ends")
    assert list(places) == [("Klas 3b", TODAY, date(2026, 8, 23)), ("Klas 4a", date(2026, 8, 24), None)]
    before = rows()
    again = run(cast, text)
    assert (again.of("new"), again.of("changed"), again.same) == ((), (), 2)
    assert rows() == before
    assert access.roles_of(User.objects.get(username="lien"), cast.school) >= {"mentor"}


def test_the_file_of_the_documentation_imports(cast: Cast) -> None:
    page = (Path(__file__).parents[2] / "docs/import.md").read_text(encoding="utf-8")
    example = next(block for block in page.split("```") if block.strip().startswith("soort;"))
    assert not plan(cast, example.strip()).problems


def test_a_changed_cell_changes_that_field_alone(cast: Cast) -> None:
    run(cast, EVERYTHING)
    text = EVERYTHING.replace("an@ouders.example", "nieuw@ouders.example").replace("2011-01-31;Klas 3b", "2011-01-31;Klas 3c")
    changed = run(cast, text).of("changed")
    assert [(c.row, c.fields) for c in changed] == [
        (2, (("group", "Klas 3b", "Klas 3c"),)),
        (4, (("email", "an@ouders.example", "nieuw@ouders.example"),)),
    ]
    assert Enrolment.objects.filter(person__number="101", ends=None).get().group.name == "Klas 3c"


def test_a_column_that_is_left_out_changes_nothing(cast: Cast) -> None:
    run(cast, EVERYTHING)
    before = rows()
    run(cast, "soort;nummer;voornaam;geboortedatum\nleerling;101;Bo;2011-01-31\n")
    assert rows() == before


@pytest.mark.parametrize(
    ("line", "row", "why"),
    [
        ("leerling;103;Jo;Fout;31-31-2011;Klas 3b;;;;;;;;", 8, "not a date"),
        ("leerling;101;Bo;Dubbel;2011-01-31;Klas 3b;;;;;;;;", 8, "row 2 already"),
        ("ouder;203;Jo;Fout;;;999;ja;;;;;;", 8, "neither in this file nor"),
        ("ouder;201;An;Anders;;;102;ja;;;;an@ouders.example;;", 8, "something else"),
        ("ouder;201;An;Knikkerzak;;;101;ja;;;;an@ouders.example;;", 8, "twice"),
        ("medewerker;302;Jo;Fout;;;;;;bestaatniet;mentor;;;", 8, "not an account"),
        ("medewerker;m-administrator;Aaf;Toetsenplank;;;;;;cast-administrator;directeur;;;", 8, "gives a role to themselves"),
        ("medewerker;302;Jo;Fout;;;;;;cast-pupil;directeur;;;", 8, "has this account"),
        ("medewerker;303;Jo;Fout;;;;;;cast-teacher;waarnemer;;;directeur", 8, "needed for a deputy"),
    ],
)
def test_one_bad_row_is_named_and_nothing_is_imported(cast: Cast, line: str, row: int, why: str) -> None:
    before = rows()
    text = EVERYTHING + line + "\n"
    (problem,) = plan(cast, text).problems
    assert problem.row == row
    assert why in str(problem)
    with pytest.raises(imports.ImportRefused, match=f"row {row}"):
        run(cast, text)
    assert rows() == before


def test_somebody_not_in_the_file_is_shown_and_stays(cast: Cast) -> None:
    run(cast, EVERYTHING)
    before = rows()
    later = run(cast, HEADER + "\n" + PUPILS.splitlines()[0])
    assert ("Ed Vliegertouw", "place in group Klas 3c") in [(c.name, str(c.what)) for c in later.of("left")]
    assert not [c for c in later.of("left") if "parent" in str(c.what) or "role" in str(c.what)], "the file has no such rows"
    assert rows() == before


def test_who_has_left_ends_when_that_is_asked_for(cast: Cast) -> None:
    run(cast, EVERYTHING)
    text = HEADER + "\n" + PUPILS.splitlines()[0] + "\n" + PARENTS.splitlines()[0] + "\n" + STAFF.splitlines()[0]
    run(cast, text, end_left=True)
    assert Enrolment.objects.get(person__number="102").ends == TODAY
    assert Guardianship.objects.get(pupil__number="101", guardian__number="202").ends == TODAY
    assert Membership.objects.get(user=cast.users["teacher"]).ends == TODAY
    assert Membership.objects.get(user=cast.users["board"]).ends is None, "an import never ends who manages"
    assert Membership.objects.get(user=cast.users["administrator"]).ends is None
    before = rows()
    assert run(cast, text, end_left=True).of("left") == ()
    assert rows() == before


def test_who_owns_open_cases_does_not_leave_by_an_import(cast: Cast) -> None:
    data = {"category": "threat", "suspects": [cast.people["pupil"]], "severity": 3, "story": "…"}
    commands.open_case(by=cast.users["mentor"], school=cast.school, data=data)
    before = rows()
    planned = plan(cast, HEADER + "\n" + STAFF, end_left=True)
    assert "Open cases" in str(planned.problems[0])
    with pytest.raises(imports.ImportRefused):
        run(cast, HEADER + "\n" + STAFF, end_left=True)
    assert rows() == before


def test_a_plan_that_was_seen_is_the_plan_that_is_carried_out(cast: Cast) -> None:
    seen = plan(cast, EVERYTHING)
    run(cast, HEADER + "\n" + PUPILS)
    before = rows()
    with pytest.raises(imports.ImportRefused, match="changed since"):
        run(cast, EVERYTHING, expected=seen.digest)
    assert rows() == before


def test_only_who_manages_imports(cast: Cast) -> None:
    with pytest.raises(PeopleError):
        imports.apply(cast.school, read(EVERYTHING, today=TODAY), by=cast.users["director"])


def test_an_account_that_had_a_role_before_the_file_came_is_the_same_person(cast: Cast) -> None:
    user = User.objects.create_user("vroeg", first_name="Vroe", last_name="Geling")
    from workflows import people

    people.add_membership(cast.school, by=None, user=user, role="teacher")
    run(cast, HEADER + "\nmedewerker;309;Vroe;Geling;;;;;;vroeg;leraar;;;\n")
    assert Person.objects.get(user=user).number == "309"


@pytest.mark.once
def test_two_thousand_pupils(cast: Cast) -> None:
    lines = [f"leerling;{n};Kind{n};Telraam;2012-01-{n % 28 + 1:02};Klas {n % 80};;;;;;;;" for n in range(2000)]
    assert len(run(cast, "\n".join([HEADER, *lines])).of("new")) == 4000


class TestCommand:
    def test_shows_then_applies(self, cast: Cast, tmp_path: Path, capsys: Any) -> None:
        file = tmp_path / "mensen.csv"
        file.write_text(EVERYTHING, encoding="latin-1")
        before = rows()
        call_command("import_people", str(file), "--school=cast")
        assert "12 new, 0 changed" in (shown := capsys.readouterr().out)
        assert "Nothing is changed yet" in shown
        assert rows() == before
        call_command("import_people", str(file), "--school=cast", "--apply")
        assert Person.objects.filter(number="101").exists()
        capsys.readouterr()
        call_command("import_people", str(file), "--school=cast", "--apply")
        assert "0 new, 0 changed" in capsys.readouterr().out

    def test_names_what_is_wrong(self, cast: Cast, tmp_path: Path, capsys: Any) -> None:
        file = tmp_path / "mensen.csv"
        file.write_text(EVERYTHING.replace("2010-12-01", "gisteren"))
        before = rows()
        with pytest.raises(CommandError, match="nothing was imported"):
            call_command("import_people", str(file), "--school=cast", "--apply")
        assert "row 3, column geboortedatum" in capsys.readouterr().err
        assert rows() == before

    def test_refuses_citizen_numbers_other_schools_and_no_file(self, cast: Cast, tmp_path: Path) -> None:
        file = tmp_path / "mensen.csv"
        file.write_text(EVERYTHING.replace("e-mail", "bsn"))
        with pytest.raises(CommandError, match="BSN"):
            call_command("import_people", str(file), "--school=cast", "--apply")
        with pytest.raises(CommandError, match="no school"):
            call_command("import_people", str(file), "--school=nergens")
        with pytest.raises(CommandError, match="No such file"):
            call_command("import_people", str(tmp_path / "weg.csv"), "--school=cast")
