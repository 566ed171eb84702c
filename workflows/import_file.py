"""Read a CSV file of people as a spreadsheet or pupil administration writes it, and say exactly what is wrong with it.

Knows text, not the database: `workflows.imports` compares the rows with the school. The layout is described in
docs/import.md. A column that looks like a citizen service number is refused, whatever its name: a school may not keep
that number here (UAVG article 46), so the file is turned away before anything of it is kept.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from workflows.vocabulary import STAFF_ROLES

MAX_BYTES = 4_000_000
MAX_ROWS = 20_000

KINDS = {"pupil": "pupil", "guardian": "parent", "staff": "employee"}
"""Word of the file for a kind of person, and the kind of person it makes."""

#: column -> headers that mean it, after `_plain`; the column's own name is one of them.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "kind": ("soort", "type"),
    "number": ("nummer", "leerlingnummer", "stamnummer", "personeelsnummer", "id"),
    "given_name": ("voornaam", "roepnaam", "first name"),
    "family_name": ("achternaam", "surname", "last name", "familienaam"),
    "nicknames": ("bijnaam", "bijnamen", "nickname"),
    "birth_date": ("geboortedatum", "date of birth", "birthdate"),
    "email": ("e mail", "mail", "e mailadres", "emailadres", "e mail address"),
    "phone": ("telefoon", "telefoonnummer", "telephone", "mobiel"),
    "address": ("adres",),
    "language": ("taal",),
    "group": ("groep", "klas", "class"),
    "username": ("gebruikersnaam", "user name", "account"),
    "pupil": ("leerling", "kind nummer", "child", "pupil number", "leerling nummer"),
    "authority": ("gezag", "ouderlijk gezag", "parental authority"),
    "relation": ("relatie", "verwantschap"),
    "hides_address": ("adres geheim", "geheim adres", "hide address", "address hidden"),
    "role": ("rol", "functie"),
    "acting_for": ("waarnemer van", "neemt waar voor", "stands in for"),
    "starts": ("vanaf", "from", "start", "begin", "begindatum"),
    "ends": ("tot en met", "t m", "until", "tot", "einde", "einddatum", "end"),
}

_KIND_WORDS = {
    "pupil": ("leerling", "pupil", "student"),
    "guardian": ("ouder", "verzorger", "ouder verzorger", "guardian", "parent", "carer", "voogd"),
    "staff": ("medewerker", "personeel", "staff", "employee"),
}
_AUTHORITY_WORDS = {
    "yes": ("ja", "j", "yes", "y", "1", "true"),
    "no": ("nee", "n", "no", "0", "false"),
    "unknown": ("", "onbekend", "unknown"),
    "court_limit": ("beperkt", "beperkt door rechter", "court limit", "limited"),
}
_YES_NO_WORDS = {True: ("ja", "j", "yes", "y", "1", "true"), False: ("", "nee", "n", "no", "0", "false")}
_LANGUAGE_WORDS = {
    "nl": ("nederlands", "dutch"), "en": ("engels", "english"), "tr": ("turks", "turkish"),
    "ar": ("arabisch", "arabic"), "pl": ("pools", "polish"), "uk": ("oekraiens", "ukrainian"),
    "ti": ("tigrinya",), "so": ("somalisch", "somali"), "ps": ("pashto",), "de": ("duits", "german"),
    "fr": ("frans", "french"), "es": ("spaans", "spanish"), "fy": ("fries", "frisian"),
}  # fmt: skip
_ROLE_WORDS = {
    "mentor": (), "teacher": ("leraar", "leerkracht", "docent"), "director": ("directeur", "schoolleider"),
    "deputy": ("waarnemer", "plaatsvervanger"), "board": ("bestuur", "bevoegd gezag"),
    "manager": ("leidinggevende", "teamleider"), "personnel": ("personeelszaken", "p o", "hr"),
    "ict_coordinator": ("ict coordinator", "ict"), "mediamaster": (),
    "confidential_counsellor": ("vertrouwenspersoon", "interne vertrouwenspersoon"),
    "dpo": ("fg", "functionaris gegevensbescherming"), "communications": ("communicatie",),
    "coordinator": (), "administrator": ("beheerder",),
}  # fmt: skip

#: the longest text that the person's field of that name holds
_LENGTHS = {"number": 40, "given_name": 100, "family_name": 100, "phone": 30, "relation": 60, "group": 60, "address": 400}

COLUMNS_OF = {
    "pupil": ("number", "given_name", "family_name", "nicknames", "birth_date", "email", "phone", "address", "language",
              "group", "username", "starts", "ends"),
    "guardian": ("number", "given_name", "family_name", "email", "phone", "address", "language", "pupil", "authority",
                 "relation", "hides_address", "starts", "ends"),
    "staff": ("number", "given_name", "family_name", "nicknames", "email", "phone", "language", "username", "role", "group",
              "acting_for", "starts", "ends"),
}  # fmt: skip
REQUIRED_OF = {
    "pupil": ("number", "given_name", "birth_date"),
    "guardian": ("number", "given_name", "pupil"),
    "staff": ("number", "given_name"),
}


_DATE_SHAPES = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: in which row (the header is row 1; None: in no row), which column, and why."""

    row: int | None
    column: str
    reason: str

    def __str__(self) -> str:
        where = [str(_("row %(row)s") % {"row": self.row})] if self.row else []
        where += [str(_("column %(column)s") % {"column": self.column})] if self.column else []
        return f"{', '.join(where)}: {self.reason}" if where else str(self.reason)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file, read: `kind` is pupil, guardian or staff; a column that is not in the file is not in `values`."""

    number: int
    kind: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A file, read. `unread` names the columns that this import knows nothing of; their content is not kept."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    unread: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    text: str = field(default="", repr=False)


class FileRefused(ValueError):
    """The file as a whole cannot be read; the message says why and what to do."""


def _plain(text: str) -> str:
    """Return `text` without case, accents and punctuation, for comparing headers and words."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", " ", bare.casefold()).strip()


def _words(table: Mapping[Any, Iterable[str]]) -> dict[str, Any]:
    return {_plain(word): value for value, words in table.items() for word in (str(value), *words)}


_COLUMN_OF = _words(HEADERS)
_CITIZEN_HEADER = re.compile(r"\b(bsn|sofi\w*|pgn|burger\s?service\w*|citizen\w*|persoonsgebonden\w*|onderwijsnummer)\b")


def passes_eleven_test(text: str) -> bool:
    """Tell whether `text` could be a citizen service number: nine digits (or eight, a zero left out) that pass the 11-test.

    Source: the weights 9, 8, 7, 6, 5, 4, 3, 2 and -1 of the number's own check (Logisch Ontwerp BSN).
    """
    digits = re.sub(r"[\s.\-]", "", text)
    if not re.fullmatch(r"[0-9]{8,9}", digits) or not int(digits) or _is_day(text):
        return False
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(w * int(d) for w, d in zip(weights, digits.zfill(9), strict=True)) % 11 == 0


def _is_day(text: str) -> bool:
    """Whether `text` is a date: one in eleven of those would pass the test by chance."""
    for shape in (*_DATE_SHAPES, "%Y%m%d", "%d%m%Y"):
        try:
            return 1900 <= datetime.strptime(text, shape).year <= 2100
        except ValueError:
            continue
    return False


def _refuse_citizen_numbers(header: list[str], records: list[list[str]]) -> None:
    """Raise FileRefused when a column is named after, or mostly filled with, citizen service numbers."""
    for place, name in enumerate(header):
        cells = [record[place].strip() for record in records if place < len(record) and record[place].strip()]
        named = _CITIZEN_HEADER.search(_plain(name))
        if named or (cells and sum(map(passes_eleven_test, cells)) * 2 > len(cells)):
            raise FileRefused(
                _("Column “%(name)s” looks like a citizen service number (BSN). That number may not be kept here. "
                  "Take the column out of the file and use the school's own numbers.") % {"name": name}
            )  # fmt: skip


def decode(data: bytes) -> str:
    """Return the text of a file: UTF-8 with or without a mark, else what a Western European spreadsheet writes.

    Raises:
        FileRefused: too large, empty, or no text at all.
    """
    if len(data) > MAX_BYTES:
        raise FileRefused(_("The file is larger than 4 MB. Split it."))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    if data[:2] == b"PK" or b"\0" in data:
        raise FileRefused(_("This is not a CSV file. Save the sheet as “CSV UTF-8” and try again."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # cp1252 is latin-1 with printable characters where latin-1 has control codes; five bytes exist in latin-1 alone.
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    if not text.strip():
        raise FileRefused(_("The file is empty."))
    return text


def read(data: bytes | str, *, today: date) -> Table:
    """Read a file of people.

    Args:
        data: the file as uploaded, or the text of an earlier `Table`.
        today: no birth date lies after it.

    Returns:
        Its rows, and every problem of every row with row number, column and reason. Rows with a problem are left out.

    Raises:
        FileRefused: no CSV, no known header, a column twice, too many rows, or a column with citizen service numbers.
    """
    text = decode(data) if isinstance(data, bytes) else data
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    try:
        records = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as wrong:
        raise FileRefused(_("The file cannot be read as CSV: %(why)s") % {"why": wrong}) from wrong
    above = 0
    while records and not any(cell.strip() for cell in records[0]):
        records.pop(0)
        above += 1
    header, body = records[0], records[1:]
    if len(body) > MAX_ROWS:
        raise FileRefused(_("The file has more than 20,000 rows. Split it."))
    _refuse_citizen_numbers(header, body)
    places: dict[str, int] = {}
    unread = []
    for place, name in enumerate(header):
        column = _COLUMN_OF.get(_plain(name))
        if column is None:
            unread += [name.strip()] if name.strip() else []
        elif column in places:
            raise FileRefused(_("Two columns mean the same: “%(name)s”. Keep one.") % {"name": name})
        else:
            places[column] = place
    if "kind" not in places or "number" not in places:
        raise FileRefused(_("The first row must name the columns, with at least “soort” (kind) and “nummer” (number)."))
    rows: list[Row] = []
    problems: list[Problem] = []
    for line, record in enumerate(body, start=2 + above):
        if not any(cell.strip() for cell in record):
            continue
        if len(record) > len(header) and any(cell.strip() for cell in record[len(header):]):  # fmt: skip
            problems.append(Problem(line, "", _("has more cells than the first row; is there a separator in a text?")))
            continue
        cells = {c: unicodedata.normalize("NFC", record[p]).strip() if p < len(record) else "" for c, p in places.items()}
        row, found = _read_row(line, cells, {c: header[p] for c, p in places.items()}, today)
        problems += found
        if row is not None and not found:
            rows.append(row)
    kept = "\r\n" * above + _as_text(places, body)
    return Table(tuple(rows), tuple(problems), tuple(unread), tuple(places), kept)


def _as_text(places: Mapping[str, int], body: list[list[str]]) -> str:
    """Return the file's known columns as CSV again, row for row, so that row numbers stay what they were."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(places)
    for record in body:
        writer.writerow([record[p] if p < len(record) else "" for p in places.values()])
    return out.getvalue()


def _read_row(
    line: int, cells: Mapping[str, str], names: Mapping[str, str], today: date
) -> tuple[Row | None, list[Problem]]:
    """Read one row's cells; return the row and what is wrong with it."""
    kind = _words(_KIND_WORDS).get(_plain(cells["kind"]))
    if kind is None:
        return None, [Problem(line, names["kind"], _("must be leerling, ouder or medewerker (pupil, guardian, staff)"))]
    values: dict[str, Any] = {}
    problems = []
    for column in COLUMNS_OF[kind]:
        cell = cells.get(column, "")
        if not cell and column in REQUIRED_OF[kind]:
            problems.append(Problem(line, names.get(column, column), _("is empty")))
        if column not in cells:
            continue
        try:
            values[column] = _READERS.get(column, _line)(cell)
            if len(cell) > _LENGTHS.get(column, 254):
                raise ValueError(_("is too long"))
        except ValueError as reason:
            problems.append(Problem(line, names[column], str(reason)))
    problems += _across(line, kind, values, names, today)
    return Row(line, kind, values), problems


def _across(line: int, kind: str, values: Mapping[str, Any], names: Mapping[str, str], today: date) -> list[Problem]:
    """Return what is wrong with a row's values together."""
    problems = []
    born, starts, ends = (values.get(column) for column in ("birth_date", "starts", "ends"))
    if born and not date(1900, 1, 1) <= born <= today:
        problems.append(Problem(line, names["birth_date"], _("is not a day in the past")))
    if starts and ends and ends < starts:
        problems.append(Problem(line, names["ends"], _("is before the first day")))
    if kind == "staff":
        if values.get("role") and not values.get("username"):
            problems.append(Problem(line, names.get("username", "username"), _("is needed to give somebody a role")))
        if values.get("acting_for") and values.get("role") != "deputy":
            problems.append(Problem(line, names["acting_for"], _("is for a deputy (waarnemer) only")))
        if values.get("role") == "deputy" and not values.get("acting_for"):
            problems.append(Problem(line, names.get("acting_for", "acting_for"), _("says for which role the deputy stands in")))
    return problems


def _line(cell: str) -> str:
    if any(unicodedata.category(c) == "Cc" for c in cell):
        raise ValueError(_("has a character that cannot be read"))
    return cell


def _text(cell: str) -> str:
    return "\n".join(_line(part.strip()) for part in cell.splitlines())


def _date(cell: str) -> date | None:
    if not cell:
        return None
    for shape in _DATE_SHAPES:
        try:
            return datetime.strptime(cell, shape).date()
        except ValueError:
            continue
    raise ValueError(_("is not a date like 2016-03-31 or 31-03-2016"))


def _email(cell: str) -> str:
    if cell:
        try:
            validate_email(cell)
        except ValidationError as wrong:
            raise ValueError(_("is not an e-mail address")) from wrong
    return cell


def _list(cell: str) -> list[str]:
    return [part for part in (_line(part.strip()) for part in re.split(r"[|/]", cell)) if part]


def _choice(table: Mapping[Any, Iterable[str]], allowed: str) -> Callable[[str], Any]:
    words = _words(table)

    def reader(cell: str) -> Any:
        found = words.get(_plain(cell))
        if found is None:
            raise ValueError(_("is not one of: %(allowed)s") % {"allowed": allowed})
        return found

    return reader


def _language(cell: str) -> str:
    if not cell:
        return "nl"
    if re.fullmatch(r"[a-z]{2,3}", cell.casefold()):
        return cell.casefold()
    return str(_choice(_LANGUAGE_WORDS, "nl, en, tr, ar, pl, uk …")(cell))


def _role(cell: str) -> str:
    return str(_choice(_ROLE_WORDS, ", ".join(STAFF_ROLES))(cell)) if cell else ""


_READERS: Mapping[str, Callable[[str], Any]] = {
    "nicknames": _list,
    "pupil": _list,
    "birth_date": _date,
    "starts": _date,
    "ends": _date,
    "email": _email,
    "address": _text,
    "language": _language,
    "authority": _choice(_AUTHORITY_WORDS, "ja, nee, onbekend, beperkt"),
    "hides_address": _choice(_YES_NO_WORDS, "ja, nee"),
    "role": _role,
    "acting_for": _role,
}
"""How the text of a column becomes its value; all other columns are one line of text."""
