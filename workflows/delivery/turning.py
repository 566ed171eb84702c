"""The mail that announces a birthday: from that day somebody else decides. It names no child."""

from __future__ import annotations

from datetime import date

from workflows.delivery.asking import in_two_languages
from workflows.models import Person, School


def message(school: School, person: Person, day: date) -> dict[str, str]:
    """Return subject, text and html of the mail to somebody who decides until `day`, or from then on."""
    return in_two_languages("turn", school, person, day=day)
