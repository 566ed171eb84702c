"""“May this picture be published?”: pick who is in it, what for and where, and see at once who may be shown.

For any member of staff, on a phone in the school yard. The question is a plain GET form, so that its answer has an address;
noting that a picture was published is a POST that asks the same rules again.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows import access, api, clock, picture_check, queries, vocabulary, words
from workflows.forms import PageForm, YesNo
from workflows.models import Group, Membership, Person, School
from workflows.models.people import Dated
from workflows.pages.base import page, school_of, show, tell
from workflows.pages.spreadsheet import as_csv
from workflows.picture_check import MayNotPublish, Verdict
from workflows.pinned import protocol_for

STAFF = "staff"
"""Stands for the group of all staff."""

STATES = {
    "granted": gettext_lazy("Consent is given"),
    "requested": gettext_lazy("Asked, not everybody has answered yet"),
    "not_asked": gettext_lazy("Not asked yet"),
    "refused": gettext_lazy("The answer is no"),
    "conflicting": gettext_lazy("One said yes, another no: that is a no"),
    "withdrawn": gettext_lazy("Consent was withdrawn"),
    "expired": gettext_lazy("Consent has ended"),
}
"""What the state of a consent means to somebody with a picture in hand."""


class PublishedForm(PageForm):
    """Where a picture was published; asked of whoever noted it."""

    where = forms.CharField(
        label=gettext_lazy("Where is it?"), help_text=gettext_lazy("The address of the page, or the issue of the newsletter."), max_length=300
    )
    harm_expected = forms.ChoiceField(
        label=gettext_lazy("Could it turn out badly for somebody in the picture?"),
        help_text=gettext_lazy("For instance: somebody is laughed at, or must not be found by somebody."),
        choices=[("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))], widget=YesNo,
    )  # fmt: skip


@page
def pictures(request: HttpRequest) -> HttpResponse:
    """Show who may be shown; with `as=csv` as a table to keep; on POST note where it was published."""
    school = school_of(request)
    if school is None or not access.roles_of(request.user, school):
        raise Http404
    asked = _Asked(request, school)
    if request.method == "POST":
        return _publish(request, asked)
    if asked.is_complete and request.GET.get("as") == "csv":
        return _csv(request, asked)
    return _page(request, asked, PublishedForm())


class _Asked:
    """What is asked: the group, who of it is in the picture, what for and where."""

    def __init__(self, request: HttpRequest, school: School) -> None:
        self.school = school
        told = request.GET
        self.groups = list(Group.objects.filter(school=school))
        self.group = next((one for one in self.groups if str(one.pk) == told.get("group")), None)
        self.staff = told.get("group") == STAFF
        if told.get("group") and self.group is None and not self.staff:
            raise Http404
        if self.group is None and not self.staff:
            self.group = _own_group(request, school, self.groups)
        purpose, channel = told.get("purpose", "school_publication"), told.get("channel", "")
        self.purpose = purpose if purpose in vocabulary.PURPOSES else "school_publication"
        self.channel = channel if channel in vocabulary.PUBLICATIONS else ""
        self.people = _people(school, self.group, self.staff)
        wanted = set(told.getlist("person"))
        self.chosen = [one for one in self.people if str(one.key) in wanted]
        self.gone = len(self.chosen) < len(wanted)
        self.is_complete = bool(self.channel and self.people)
        self.verdicts = picture_check.check(school, self.people, self.purpose, self.channel) if self.is_complete else []

    @property
    def in_picture(self) -> list[Verdict]:
        """The verdicts of those who were ticked, or of everybody when nobody was."""
        keys = {one.pk for one in self.chosen}
        return [one for one in self.verdicts if not keys or one.person.pk in keys]


def _own_group(request: HttpRequest, school: School, groups: list[Group]) -> Group | None:
    rows = Membership.objects.filter(Dated.active(clock.today()), user_id=request.user.pk or 0, school=school, group__isnull=False)
    own = set(rows.values_list("group", flat=True))
    return next((one for one in groups if one.pk in own), groups[0] if groups else None)


def _people(school: School, group: Group | None, staff: bool) -> list[Person]:
    if staff:
        today = Dated.active(clock.today(), "user__kc_memberships__")
        return list(Person.objects.filter(today, Q(user__kc_memberships__school=school), school=school, kind="employee").distinct())
    return queries.roster(school, group) if group else []


def _row(verdict: Verdict, chosen: bool) -> dict[str, Any]:
    return {
        "key": verdict.person.key, "name": verdict.person.full_name, "may": verdict.may, "chosen": chosen,
        "state": STATES.get(verdict.state, verdict.state), "until": verdict.until if verdict.may else None,
        "waits": verdict.waits,
        "articles": _articles(verdict), "why": [words.say(one.sentence, verdict.protocol) for one in verdict.denials],
    }  # fmt: skip


def _articles(verdict: Verdict) -> list[str]:
    return list(dict.fromkeys(article for one in verdict.denials for article in one.articles))


def _rules(verdicts: list[Verdict]) -> list[tuple[str, str]]:
    """The articles that are cited, each once with its sentence: why somebody may not, and what holds even with consent."""
    found: dict[str, str] = {}
    for verdict in verdicts:
        for denial in (*verdict.denials, *verdict.notes):
            for article in denial.articles:
                known = verdict.protocol.articles.get(article) if verdict.protocol else None
                if known is not None:
                    found[article] = words.in_language({"nl": known.nl, "en": known.en})
    return list(found.items())


def _page(request: HttpRequest, asked: _Asked, form: PublishedForm, *, status: int = 200, refused: list[Verdict] | None = None) -> HttpResponse:
    shown = asked.in_picture
    keys = {one.pk for one in asked.chosen}
    count = picture_check.tally(shown)
    context = {
        "asked": asked, "form": form, "refused": [_row(one, True) for one in refused or ()], "count": count, "school": asked.school,
        "all_may": bool(shown) and count.may == len(shown) and not asked.gone, "few": bool(keys),
        "no": [_row(one, True) for one in shown if not one.may] if keys else [],
        "rows": [_row(one, one.person.pk in keys) for one in sorted(asked.verdicts, key=lambda one: one.may)],
        "names": [] if asked.verdicts else [(one.key, one.full_name, one.pk in keys) for one in asked.people],
        "rules": _rules(shown), "notes": any(one.notes for one in shown),
        "purposes": [(key, words.label("purpose", key)) for key in vocabulary.PURPOSES],
        "channels": [(key, words.label("publication", key)) for key in vocabulary.PUBLICATIONS],
        "checked": clock.now(), "query": request.GET.urlencode(),
    }  # fmt: skip
    return show(request, "pictures.html", context, status=status, here="pictures")


def _csv(request: HttpRequest, asked: _Asked) -> HttpResponse:
    api.log_export(request.user, asked.school, f"export pictures {asked.purpose}/{asked.channel}")
    rows = [
        [one.person.full_name, _("yes") if one.may else _("no"), STATES.get(one.state, one.state), one.until or "", ", ".join(_articles(one))]
        for one in asked.in_picture
    ]
    name = slugify(f"{asked.group or STAFF}-{asked.channel}-{clock.today()}")
    return as_csv(name, [_("Name"), _("May be shown"), _("Why"), _("Until and including"), _("Article")], rows)


def _publish(request: HttpRequest, asked: _Asked) -> HttpResponse:
    """Note where the picture was published, for everybody who was ticked; 409 when somebody may not be shown."""
    form = PublishedForm(request.POST)
    if not asked.is_complete or not asked.chosen:
        form.is_valid()
        form.add_error(None, _("First tick who is in the picture, and choose where it is published."))
        return _page(request, asked, form, status=422)
    if not form.is_valid() or asked.gone:
        return _page(request, asked, form, status=422)
    told = form.cleaned_data
    try:
        noted = picture_check.note_publication(
            asked.school, asked.chosen, asked.purpose, asked.channel, by=request.user, where=told["where"],
            harm_expected=told["harm_expected"] == "yes", key=form.submission,
        )  # fmt: skip
    except MayNotPublish as never:
        return _page(request, asked, form, status=409, refused=never.refused)
    except api.InvalidData as invalid:
        form.blame_each(invalid.errors)
        return _page(request, asked, form, status=422)
    tell(request, _("Noted where it was published. When somebody withdraws consent, this place comes up."))
    known = protocol_for(asked.school, clock.today())
    for key in dict.fromkeys(article for outcome in noted for one in outcome.advice for article in one.articles):
        tell(request, "{text} ({id})".format(**words.article(known, key)))
    return HttpResponseRedirect(request.get_full_path())
