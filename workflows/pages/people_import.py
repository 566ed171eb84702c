"""Import of people by page: choose a file, look at what it does, confirm. Nothing is kept between the two steps.

The rows that were read travel in the page, signed and bound to school and user, so that no file with children's data
lies on the server while somebody looks at the list.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods

from workflows import clock, imports
from workflows.import_file import COLUMNS_OF, HEADERS, REQUIRED_OF, FileRefused, Table, read
from workflows.models import School
from workflows.pages.base import show, tell
from workflows.pages.people import SECTIONS, address, managed, to
from workflows.pages.people_forms import UploadForm
from workflows.registry import PeopleError
from workflows.schooldays import local_day

SHOWN = 200
"""Changes of one sort that the page shows; the counts above them are of all."""

KEPT_FOR = 3600
"""Seconds for which a list can be confirmed."""

SORTS = {
    "new": pgettext_lazy("import", "New"),
    "changed": pgettext_lazy("import", "Changed"),
    "left": pgettext_lazy("import", "Not in this file"),
}

_KINDS = (
    ("pupil", "leerling", gettext_lazy("Pupil")), ("guardian", "ouder", gettext_lazy("Parent or carer")),
    ("staff", "medewerker", gettext_lazy("Member of staff")),
)  # fmt: skip
_OWN_NAMES = {"email": "e-mail", "ends": "tot en met", "nicknames": "bijnamen", "hides_address": "adres geheim", "phone": "telefoon"}

COLUMNS = {
    "given_name": gettext_lazy("first name"), "family_name": gettext_lazy("surname"), "nicknames": gettext_lazy("nicknames"),
    "birth_date": gettext_lazy("birth date"), "email": gettext_lazy("e-mail"), "phone": gettext_lazy("telephone"),
    "address": gettext_lazy("address"), "language": gettext_lazy("language"), "group": gettext_lazy("group"),
    "authority": gettext_lazy("authority"), "relation": gettext_lazy("relation"), "user": gettext_lazy("account"),
    "hides_address": gettext_lazy("address is kept from the other parent"), "ends": gettext_lazy("until and including"),
}  # fmt: skip


def _guide() -> list[tuple[str, str, list[str], list[str]]]:
    """Return, for each kind of row: its name, the word for it in a file, the columns it needs and those it may have."""
    first = {column: names[0] if names else column for column, names in HEADERS.items()}
    first.update(_OWN_NAMES)
    return [
        (str(label), word, [first[c] for c in ("kind", *REQUIRED_OF[kind])], [first[c] for c in COLUMNS_OF[kind] if c not in REQUIRED_OF[kind]])
        for kind, word, label in _KINDS
    ]


@managed
@require_http_methods(["GET", "HEAD", "POST"])
def import_people(request: HttpRequest, school: School) -> HttpResponse:
    """Upload, look, confirm."""
    if request.method != "POST":
        return _show(request, school, UploadForm())
    if request.POST.get("table"):
        return _confirmed(request, school)
    form = UploadForm(request.POST, files=request.FILES)
    if not form.is_valid():
        return _show(request, school, form, status=422)
    try:
        table = read(form.cleaned_data["file"].read(), today=local_day(clock.now()))
    except FileRefused as wrong:
        form.add_error("file", str(wrong))
        return _show(request, school, form, status=422)
    end_left = form.cleaned_data["end_left"]
    plan = imports.plan(school, table, by=request.user, end_left=end_left)
    return _preview(request, school, table, plan, end_left, status=422 if plan.problems else 200)


def _confirmed(request: HttpRequest, school: School) -> HttpResponse:
    """Carry out the list that was shown, or show the new one when the school has changed since."""
    try:
        kept = signing.loads(request.POST["table"], salt=_salt(request, school), max_age=KEPT_FOR)
    except signing.BadSignature:
        form = UploadForm()
        return _show(request, school, form, status=422, refused=_("This list is too old. Choose the file again."))
    table = read(kept["text"], today=local_day(clock.now()))
    try:
        done = imports.apply(school, table, by=request.user, end_left=kept["end_left"], expected=kept["digest"])
    except imports.ImportRefused as refused:
        status = 422 if refused.plan.problems else 409
        return _preview(request, school, table, refused.plan, kept["end_left"], status=status, refused=str(refused.reason))
    except PeopleError as wrong:
        return _show(request, school, UploadForm(), status=422, refused=str(wrong.reason))
    carried_out = len(done.of("new")) + len(done.of("changed")) + (len(done.of("left")) if kept["end_left"] else 0)
    tell(request, _("Imported: {n} changes.").format(n=carried_out) if carried_out else _("Nothing had to change."))
    return HttpResponseRedirect(address("setup", school) + "?imported") if carried_out else to("setup", school)


def _salt(request: HttpRequest, school: School) -> str:
    return f"kc-import:{school.pk}:{request.user.pk}"


def _preview(
    request: HttpRequest, school: School, table: Table, plan: imports.Plan, end_left: bool, *, status: int, refused: str = ""
) -> HttpResponse:
    """Show what the file does; with a problem there is nothing to confirm."""
    found: list[dict[str, Any]] = []
    for sort in imports.SORTS:
        changes = plan.of(sort)
        rows = [
            {
                "row": change.row, "name": change.name, "what": str(change.what),
                "fields": [(COLUMNS.get(name, name), before, after) for name, before, after in change.fields],
            }
            for change in changes[:SHOWN]
        ]  # fmt: skip
        found.append({"label": SORTS[sort], "count": len(changes), "rows": rows, "rest": len(changes) - len(rows)})
    by_row = [(row, list(problems)) for row, problems in groupby(plan.problems, key=lambda problem: problem.row)]
    token = ""
    if not plan.problems:
        kept = {"text": table.text, "end_left": end_left, "digest": plan.digest}
        token = signing.dumps(kept, salt=_salt(request, school), compress=True)
    return _show(
        request, school, UploadForm(), status=status, refused=refused, plan=plan, sorts=found, problems=by_row, token=token,
        end_left=end_left,
    )  # fmt: skip


def _show(request: HttpRequest, school: School, form: Any, *, status: int = 200, **context: Any) -> HttpResponse:
    context = {
        "school": school, "form": form, "setup_url": address("setup", school), "title": SECTIONS["setup-import"],
        "guide": _guide(), **context,
    }  # fmt: skip
    return show(request, "setup/import.html", context, status=status, here="setup")
