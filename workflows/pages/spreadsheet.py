"""A table as CSV for a spreadsheet, in which no cell runs as a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from django.http import HttpResponse

FORMULA = frozenset("=+-@\t\r\n|%")
"""First characters that a spreadsheet may take for a formula (OWASP, CSV injection)."""


def cell(value: object) -> str:
    """Return a cell's text; one that would run as a formula begins with an apostrophe, so that it is shown and not run."""
    text = "" if value is None else str(value)
    first = next((sign for sign in text if sign in FORMULA or (sign.isprintable() and not sign.isspace())), "")
    return f"'{text}" if first in FORMULA else text


def as_csv(name: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """Return a download named `name`.csv: UTF-8 with a mark, semicolons, as a Dutch spreadsheet opens it."""
    out = StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow([cell(one) for one in header])
    writer.writerows([cell(one) for one in row] for row in rows)
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
