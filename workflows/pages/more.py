"""More: the pages beside the desk, each with a word on what it is for. Only those that the reader's roles open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from workflows import access
from workflows.pages.base import page, school_of, show


@dataclass(frozen=True, slots=True)
class Entry:
    """One page: its address by name (and `args`), what it is called, what it is for, and whose it is (`employee`: all staff)."""

    url: str
    label: Any
    about: Any
    roles: tuple[str, ...] = ("employee",)
    args: tuple[str, ...] = ()


ASK = (*sorted(access.REGISTERS["consent"]), "mentor")
"""Who asks for consent: about the whole school, or a mentor about the own groups."""

ENTRIES: tuple[Entry, ...] = (
    Entry("pictures", gettext_lazy("May this picture be published?"), gettext_lazy("See at once who may be shown where.")),
    Entry("rounds", gettext_lazy("Asking for consent"), gettext_lazy("Ask a group or the whole school at once."), roles=ASK),
    Entry("paper", gettext_lazy("A form on paper came back"), gettext_lazy("Type its code and fill in what was ticked."), roles=ASK),
    Entry("new_connection", gettext_lazy("Declare a connection"), gettext_lazy("Online with a pupil, a former pupil or a parent.")),
    Entry("new_account", gettext_lazy("Request an account"), gettext_lazy("For the school, a lesson, a class group or a site.")),
    Entry("own_consents", gettext_lazy("Your own consents"), gettext_lazy("Where the school may show you.")),
    Entry("register", gettext_lazy("Consents"), gettext_lazy("Who said yes or no to what."), args=("consents",)),
    Entry("register", gettext_lazy("Connections between staff and pupils"), gettext_lazy("What was declared and decided."), args=("connections",)),
    Entry("register", gettext_lazy("Accounts of the school"), gettext_lazy("Who looks after which account."), args=("accounts",)),
    Entry("class", gettext_lazy("Media literacy in my group"), gettext_lazy("Who is done, what to talk about, the programme, posters and tips.")),
)
"""Every page of this kind, in the order of a school day."""


@page
@require_safe
def more(request: HttpRequest) -> HttpResponse:
    """Show the pages that the reader's roles open; for somebody without a role at the school there is no such page."""
    school = school_of(request)
    roles = access.roles_of(request.user, school) if school else frozenset()
    if not roles:
        raise Http404
    entries = [(reverse(f"kc_workflows:{one.url}", args=one.args), one.label, one.about) for one in ENTRIES if not roles.isdisjoint(one.roles)]
    return show(request, "more.html", {"entries": entries, "school": school}, here="more")
