"""Reading a CSV file of people: encodings, separators, headers, and every wrong cell named. No database."""

from __future__ import annotations

from datetime import date

import pytest

from workflows.import_file import FileRefused, Table, passes_eleven_test, read

TODAY = date(2026, 3, 2)
DUTCH = "Soort;Nummer;Voornaam;Achternaam;Geboortedatum;Klas\nleerling;101;Zoë;Inktpotje;31-03-2016;Groep 7a\n"
ENGLISH = "kind,number,first name,surname,date of birth,class\npupil,101,Zoë,Inktpotje,2016-03-31,Groep 7a\n"


def values(table: Table) -> dict[str, object]:
    assert not table.problems
    (row,) = table.rows
    return dict(row.values)


@pytest.mark.parametrize(
    "data",
    [
        DUTCH.encode(),
        DUTCH.encode("utf-8-sig"),
        DUTCH.encode("latin-1"),
        DUTCH.encode("cp1252"),
        DUTCH.encode("utf-16"),
        DUTCH.replace("\n", "\r\n").encode(),
        DUTCH.replace(";", "\t").encode(),
        DUTCH.replace(";", ",").encode(),
        ENGLISH.encode(),
        ("\n\n" + DUTCH).encode(),
    ],
)
def test_the_same_file_in_every_common_shape(data: bytes) -> None:
    assert values(read(data, today=TODAY)) == {
        "number": "101", "given_name": "Zoë", "family_name": "Inktpotje", "birth_date": date(2016, 3, 31), "group": "Groep 7a",
    }  # fmt: skip


def test_a_decomposed_letter_is_the_same_letter() -> None:
    assert values(read(DUTCH.replace("ë", "e\u0308").encode(), today=TODAY))["given_name"] == "Zoë"


def test_a_quoted_cell_may_hold_the_separator_and_a_line_break() -> None:
    text = 'soort;nummer;voornaam;gezag;leerling;adres\nouder;1;Rob;ja;101;"Laan 1; achter\n1234 AB Nergens"\n'
    row = values(read(text, today=TODAY))
    assert row["address"] == "Laan 1; achter\n1234 AB Nergens"
    assert row["authority"] == "yes"


def test_a_guardian_may_name_several_pupils() -> None:
    text = "soort;nummer;voornaam;leerling;gezag;adres geheim\nouder;1;Rob;101|102;beperkt;ja\n"
    row = values(read(text, today=TODAY))
    assert (row["pupil"], row["authority"], row["hides_address"]) == (["101", "102"], "court_limit", True)


def test_authority_that_is_left_empty_is_unknown() -> None:
    assert values(read("soort;nummer;voornaam;leerling;gezag\nouder;1;Rob;101;\n", today=TODAY))["authority"] == "unknown"


@pytest.mark.parametrize(
    ("word", "role"),
    [("directeur", "director"), ("ICT-coördinator", "ict_coordinator"), ("FG", "dpo"), ("mentor", "mentor"), ("Docent", "teacher")],
)
def test_roles_in_dutch_and_english(word: str, role: str) -> None:
    text = f"soort;nummer;voornaam;gebruikersnaam;rol\nmedewerker;m1;Dirk;dirk;{word}\n"
    assert values(read(text, today=TODAY))["role"] == role


@pytest.mark.parametrize(("word", "code"), [("Turks", "tr"), ("ar", "ar"), ("", "nl"), ("Oekraïens", "uk")])
def test_languages(word: str, code: str) -> None:
    text = f"soort;nummer;voornaam;leerling;taal\nouder;1;Rob;101;{word}\n"
    assert values(read(text, today=TODAY))["language"] == code


@pytest.mark.parametrize(
    ("text", "row", "column", "why"),
    [
        ("soort;nummer;voornaam;geboortedatum\nleerling;1;Noa;31-02-2016", 2, "geboortedatum", "not a date"),
        ("soort;nummer;voornaam;geboortedatum\nleerling;1;Noa;03-03-2026", 2, "geboortedatum", "in the past"),
        ("soort;nummer;voornaam;geboortedatum\nleerling;1;Noa;", 2, "geboortedatum", "empty"),
        ("soort;nummer;voornaam\nleerling;1;Noa", 2, "birth_date", "empty"),
        ("soort;nummer;voornaam\nhond;1;Noa", 2, "soort", "must be"),
        ("soort;nummer;voornaam;leerling\nouder;;Rob;1", 2, "nummer", "empty"),
        ("soort;nummer;voornaam;leerling;gezag\nouder;9;Rob;1;misschien", 2, "gezag", "not one of"),
        ("soort;nummer;voornaam;leerling;e-mail\nouder;9;Rob;1;rob@", 2, "e-mail", "e-mail"),
        ("soort;nummer;voornaam;rol\nmedewerker;9;Rob;mentor", 2, "username", "needed"),
        ("soort;nummer;voornaam;gebruikersnaam;rol\nmedewerker;9;Rob;rob;waarnemer", 2, "acting_for", "for which role"),
        ("soort;nummer;voornaam;leerling;vanaf;tot\nouder;9;Rob;1;2026-02-02;2026-02-01", 2, "tot", "before"),
        ("soort;nummer;voornaam;leerling\n\nouder;9;Rob", 3, "leerling", "empty"),
        ("soort;nummer;voornaam;leerling\nouder;9;Rob;1;over", 2, "", "more cells"),
        ("soort;nummer;voornaam;leerling\nouder;9;" + "R" * 101 + ";1", 2, "voornaam", "too long"),
        ("soort;nummer;voornaam;leerling\nouder;9;R\x07;1", 2, "voornaam", "cannot be read"),
    ],
)
def test_a_wrong_cell_is_named_with_row_column_and_reason(text: str, row: int, column: str, why: str) -> None:
    table = read(text, today=TODAY)
    assert not table.rows
    (problem, *_rest) = table.problems
    assert (problem.row, problem.column) == (row, column)
    assert why in str(problem)
    assert f"row {row}" in str(problem)


def test_all_wrong_cells_are_named_not_only_the_first() -> None:
    text = "soort;nummer;voornaam;geboortedatum\nleerling;;Noa;1-1-1800\nleerling;2;;31-12-2015\n"
    assert [(p.row, p.column) for p in read(text, today=TODAY).problems] == [
        (2, "nummer"), (2, "geboortedatum"), (3, "voornaam"),
    ]  # fmt: skip


@pytest.mark.parametrize("header", ["BSN", "Burgerservicenummer", "burger service nr", "citizen number", "Sofinummer", "PGN", "Onderwijsnummer"])
def test_a_column_named_after_a_citizen_number_is_refused_even_when_empty(header: str) -> None:
    with pytest.raises(FileRefused, match="BSN"):
        read(f"soort;nummer;voornaam;leerling;{header}\nouder;1;Rob;101;\n", today=TODAY)


@pytest.mark.parametrize("column", ["nummer", "opmerking"])
def test_a_column_full_of_citizen_numbers_is_refused_whatever_its_name(column: str) -> None:
    numbers = ["111222333", "123456782", "999999990", "000000012"]
    assert all(map(passes_eleven_test, numbers))
    header = "soort;nummer;voornaam;leerling" if column == "nummer" else f"soort;nummer;voornaam;leerling;{column}"
    rows = [f"ouder;{n};Rob;101" if column == "nummer" else f"ouder;{i};Rob;101;{n}" for i, n in enumerate(numbers)]
    with pytest.raises(FileRefused, match=column):
        read("\n".join([header, *rows]), today=TODAY)


@pytest.mark.parametrize("number", ["111222334", "12345", "0612345678", "000000000", "abcdefghi", "1112223330", "2016-03-31", "20160331", "31032016"])
def test_other_numbers_are_no_citizen_numbers(number: str) -> None:
    assert not passes_eleven_test(number)


def test_school_numbers_of_nine_digits_pass_when_few_of_them_fit_by_chance() -> None:
    numbers = ["100000001", "100000002", "100000003", "111222333"]
    rows = [f"ouder;{n};Rob;101" for n in numbers]
    assert len(read("\n".join(["soort;nummer;voornaam;leerling", *rows]), today=TODAY).rows) == 4


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"PK\x03\x04rest", "CSV"),
        (b"a;b\x00c", "CSV"),
        (b"naam;klas\nNoa;7a\n", "first row"),
        (b"soort;nummer;klas;groep\n", "mean the same"),
        (b'soort;nummer;voornaam\nouder;1;"Rob', "CSV"),
        (b"x" * 4_000_001, "4 MB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, why: str) -> None:
    with pytest.raises(FileRefused, match=why):
        read(data, today=TODAY)


def test_unknown_columns_are_named_and_not_kept() -> None:
    table = read("soort;nummer;voornaam;leerling;Geloof\nouder;1;Rob;101;geheimpje\n", today=TODAY)
    assert table.unread == ("Geloof",)
    assert "geheimpje" not in table.text


def test_what_is_kept_reads_as_the_same_table_with_the_same_row_numbers() -> None:
    table = read("\n" + DUTCH + "\n" + "leerling;102;Sem;;1-1-2016;\n", today=TODAY)
    again = read(table.text, today=TODAY)
    assert [row.number for row in table.rows] == [3, 5]
    assert again.rows == table.rows
    assert again.text == table.text
