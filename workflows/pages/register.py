"""The registers of consents, connections and accounts: plain GET filters with an address to share, page by page, and as CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from workflows import access, api, clock, registers, vocabulary, words
from workflows.models import Group
from workflows.pages.base import page, school_of, show
from workflows.pages.spreadsheet import as_csv
from workflows.registers import Filters, Row

Cell = Callable[[Row], str]


def _of(name: str) -> Cell:
    """The answer to a field, in words."""
    return lambda row: words.value(name, row.case.facts[name]) if row.case.facts.get(name) not in (None, "") else ""


def _named(name: str) -> Cell:
    """The person that a field names."""
    return lambda row: row.people[name].full_name if name in row.people else ""


def _said(*names: str) -> Cell:
    """The first of these words that was told."""
    return lambda row: next((row.said[name] for name in names if row.said.get(name)), "")


def _person(row: Row) -> str:
    return row.person.full_name if row.person else ""


def _part(place: int, context: str) -> Cell:
    """One part of the topic of a consent, in words."""
    return lambda row: words.label(context, row.case.topic.split("/")[place]) if "/" in row.case.topic else ""


def _other_side(row: Row) -> str:
    return _named("counterpart")(row) or _said("counterpart_name")(row) or words.label("counterparty", row.case.topic)


def _platform(row: Row) -> str:
    return _said("platform")(row) or _of("target_account")(row)


@dataclass(frozen=True, slots=True)
class Register:
    """One register: its case type, title, columns (heading, cell), and the word of who has none."""

    case_type: str
    title: Any
    columns: Sequence[tuple[Any, Cell]]
    empty: Any
    new: str = ""
    new_label: Any = ""


REGISTERS = {
    "consents": Register(
        "consent", gettext_lazy("Consents"),
        [(gettext_lazy("Who"), _person), (gettext_lazy("What for"), _part(0, "purpose")), (gettext_lazy("Where"), _part(1, "publication"))],
        gettext_lazy("No consent has been asked for yet."),
    ),
    "connections": Register(
        "friend_request", gettext_lazy("Connections between staff and pupils"),
        [
            (gettext_lazy("Member of staff"), _person),
            (gettext_lazy("With"), _other_side),
            (gettext_lazy("Where"), _platform),
        ],
        gettext_lazy("No connection has been noted yet."), "new_connection", gettext_lazy("Declare a connection"),
    ),
    "accounts": Register(
        "account", gettext_lazy("Accounts of the school"),
        [
            (gettext_lazy("Account"), lambda row: _said("name", "site", "url")(row) or words.label("account_kind", row.case.topic)),
            (gettext_lazy("Kind"), lambda row: words.label("account_kind", row.case.topic)),
            (gettext_lazy("Owner"), _person), (gettext_lazy("Stand-in"), _named("stand_in")),
        ],
        gettext_lazy("No account has been registered yet."), "new_account", gettext_lazy("Request an account"),
    ),
}  # fmt: skip
"""The registers by the last part of their address."""


def _filters(request: HttpRequest, groups: Sequence[Group]) -> Filters:
    told = request.GET
    group = next((one.pk for one in groups if str(one.pk) == told.get("group")), None)
    return Filters(
        state=told.get("state", ""), purpose=_known(told.get("purpose", ""), vocabulary.PURPOSES), topic=told.get("topic", "")[:40],
        channel=_known(told.get("channel", ""), vocabulary.PUBLICATIONS), group=group, find=told.get("find", "").replace("\x00", "").strip()[:100],
        soon=told.get("soon") == "1",
    )  # fmt: skip


def _known(value: str, table: Any) -> str:
    return value if value in table else ""


@page
@require_safe
def register(request: HttpRequest, name: str) -> HttpResponse:
    """Show a register, or with `as=csv` give it as a table.

    Raises:
        Http404: there is no such register, or the reader has no role at the school.
    """
    school = school_of(request)
    which = REGISTERS.get(name)
    roles = access.roles_of(request.user, school) if school is not None else frozenset()
    if which is None or school is None or not roles:
        raise Http404
    groups = list(Group.objects.filter(school=school))
    filters = _filters(request, groups)
    rows = registers.rows_of(request.user, school, which.case_type, filters)
    if request.GET.get("as") == "csv":
        api.log_export(request.user, school, f"export {name}")
        heads = [*(head for head, _cell in which.columns), _("State"), _("Until and including"), _("Last changed")]
        told = (
            [*(cell(row) for _head, cell in which.columns), _state(row), row.case.until or "", row.case.changed_at.date()]
            for row in registers.every_row(rows)
        )
        return as_csv(f"{name}-{clock.today()}", heads, told)
    found = registers.page_of(rows, request.GET.get("after", ""))
    everything = registers.rows_of(request.user, school, which.case_type, Filters())
    counts = registers.counts(everything)
    query = request.GET.copy()
    for gone in ("after", "as"):
        query.pop(gone, None)
    query_next = query.copy()
    query_next["after"] = found.next
    context = {
        "which": which, "school": school, "filters": filters, "groups": groups if which.case_type == "consent" else [],
        "heads": [head for head, _cell in which.columns], "rows": [_shown(which, row) for row in found.rows],
        "states": [(state, words.label(f"state.{which.case_type}", state), counts.get(state, 0)) for state in vocabulary.STATES[which.case_type]],
        "purposes": [(key, words.label("purpose", key)) for key in vocabulary.PURPOSES] if which.case_type == "consent" else [],
        "channels": [(key, words.label("publication", key)) for key in vocabulary.PUBLICATIONS] if which.case_type == "consent" else [],
        "narrowed": filters != Filters(), "query": query.urlencode(), "next": query_next.urlencode() if found.next else "",
        "total": sum(counts.values()), "checked": clock.now(), "first": "after" not in request.GET,
        "new": reverse(f"kc_workflows:{which.new}") if which.new else "", "whole": bool(roles & access.REGISTERS[which.case_type]),
    }  # fmt: skip
    return show(request, "register.html", context, here="more")


def _state(row: Row) -> str:
    """Return how it stands, in words; of a consent also that not everybody who has a say now answered."""
    told = [words.state_of(row.case), *([_("A parent who came later has not answered.")] if row.came_later else [])]
    return " · ".join(told)


def _shown(which: Register, row: Row) -> dict[str, Any]:
    cells = [cell(row) for _head, cell in which.columns]
    return {
        "url": reverse("kc_workflows:root", args=[row.case.key]), "first": cells[0] or _("Not tied to a person"), "rest": cells[1:],
        "state": _state(row), "raw": row.case.state, "until": row.case.until, "lapses": row.lapses,
    }  # fmt: skip
