"""Declaring a connection and requesting an account: two short forms that ask only what this kind and this protocol need.

First what it is, as a choice in the address; then the form, made of what such a thing always has and of what the protocol's
lines ask for it, now and when it is decided. What the protocol advises, and what it will refuse, is told before it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from workflows import access, clock, commands, facts, protocol, registers, roots, vocabulary, words
from workflows.actors import actor_for
from workflows.data import Data
from workflows.decisions import DECISIONS, decidable
from workflows.forms import MANY, FoldedTicks, StepForm, answers_in
from workflows.models import Case, Enrolment, Membership, Person, School
from workflows.models.people import Dated
from workflows.pages import explaining, reading
from workflows.pages.base import page, root_url, school_of, show, tell, with_told
from workflows.protocol import Denial
from workflows.vocabulary import case_type_of

FOUND_AT_MOST = 10
"""People shown for a name looked up."""

ASKED_AS: Mapping[str, str] = {
    "account_registered": "account", "moderators_number": "moderators", "staff_taking_part": "taking_part", "counterpart_age": "counterpart",
}  # fmt: skip
"""The field that answers a fact which the school works out."""

OF_STAFF = ("owner_person", "stand_in", "moderators", "taking_part")
"""Fields that name colleagues."""

NAMED = ("pupil", "guardian")
"""Whom the school knows by name: they are chosen, so that a name in other words passes by no rule."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the two requests: its step, what the address chooses first, what a form always asks, and its words."""

    step: str
    first: tuple[str, ...]
    title: Any
    lead: Any
    button: Any
    address: str


CONNECTION = Kind(
    "friend_request.declare", ("counterparty", "target_account"), gettext_lazy("Declare a connection"),
    gettext_lazy("Following, connecting and private chat count too."), gettext_lazy("Declare this connection"), "new_connection",
)  # fmt: skip
ACCOUNT = Kind(
    "account.request", ("account_kind",), gettext_lazy("Request an account"),
    gettext_lazy("For school and lessons. Your private accounts stay your own."), gettext_lazy("Send this request"), "new_account",
)  # fmt: skip

ALWAYS: Mapping[str, tuple[str, ...]] = {
    "friend_request.declare": ("counterpart", "counterpart_name", "platform", "asked_by"), "account.request": ("name", "platform"),
}  # fmt: skip
"""What every connection or account has, whatever a protocol asks."""

SIGN_UP = ("site", "reason")
"""What signing up on somebody else's site has instead."""


@page
def new_connection(request: HttpRequest) -> HttpResponse:
    """Declare a connection: a member of staff their own or one to the school's page, a pupil that a member of staff asked."""
    return _New(request, CONNECTION).answer()


@page
def new_account(request: HttpRequest) -> HttpResponse:
    """Request an account in the school's name, for a lesson or a group; or a pupil asks about one."""
    return _New(request, ACCOUNT).answer()


class _New:
    """One visit to a page on which a connection is declared or an account requested.

    Raises:
        Http404: the reader is neither staff nor pupil of the school; or a pupil, and pupils do not request accounts.
    """

    def __init__(self, request: HttpRequest, kind: Kind) -> None:
        self.request, self.kind, self.step = request, kind, kind.step
        school = school_of(request)
        person = access.person_of(request.user, school) if school is not None else None
        if school is None or person is None:
            raise Http404
        self.school: School = school
        self.person: Person = person
        self.actor, _row = actor_for(request.user, school)
        self.as_pupil = "pupil" in self.actor.roles
        if not (self.as_pupil and kind is CONNECTION) and "employee" not in self.actor.roles:
            raise Http404
        self.posted = request.POST if request.method == "POST" else None
        given = self.posted if self.posted is not None else request.GET
        self.chosen = {name: given[name] for name in kind.first if given.get(name) in vocabulary.FIELDS[name].choices}
        if self.as_pupil:
            self.chosen["counterparty"] = "pupil"

    def answer(self) -> HttpResponse:
        """Answer the request: first what it is, then its form, then what became of it."""
        if len(self.chosen) < len(self.kind.first):
            return self.choose()
        if self.posted is None:
            return self.page(self.form(None))
        if "show" in self.posted:
            form = self.form(self.posted)
            form.forget_errors()
            return self.page(form)
        return self.send()

    # what it is

    def choose(self) -> HttpResponse:
        """Ask what it is; a kind of account that this protocol never approves stands apart."""
        groups = []
        for name in self.kind.first:
            if name not in self.chosen:
                offered = [key for key in vocabulary.FIELDS[name].choices if not self.as_pupil or key != "school_page"]
                groups.append((name, words.question(name), [(key, words.capital(words.label(name, key))) for key in offered]))
        status = 422 if self.posted is not None else 200
        return show(self.request, "request_choose.html", {**self.words(), "groups": groups, "chosen": self.chosen}, status=status, here="more")

    # the form

    def root(self, told: Mapping[str, Any]) -> tuple[facts.Loaded, Case]:
        """Return what rules may ask about it as it is filled in so far, not saved."""
        people = {name: self.people_named(told[name]) for name in told if vocabulary.FIELDS[name].kind in ("person", "people") and told[name]}
        rest = {name: answer for name, answer in told.items() if name not in people and answer not in (None, "", [])}
        given = Data()
        given.people.update({name: found for name, found in people.items() if found})
        given.facts.update({name: answer for name, answer in rest.items() if not vocabulary.FIELDS[name].is_words})
        given.words.update({name: str(answer) for name, answer in rest.items() if vocabulary.FIELDS[name].is_words})
        case = roots.prepare(self.school, self.step, self.person, given)
        self.known = given.as_facts()
        return facts.unopened(case, roots.people_of([case], clock.today())[0]), case

    def people_named(self, keys: Any) -> list[Person]:
        """Return the people of this school with these keys."""
        wanted = [int(key) for key in (keys if isinstance(keys, list) else [keys]) if str(key).isdecimal() and len(str(key)) < 19]
        return list(Person.objects.filter(pk__in=wanted, school=self.school))

    def asks(self, told: Mapping[str, Any]) -> tuple[list[str], list[Denial], list[Denial]]:
        """Return which fields the protocol asks for, which lines a reason may answer, and what will stand in the way of a yes."""
        loaded, case = self.root(told)
        self.loaded = loaded
        now = loaded.for_step(case, self.step, actor=self.actor, data=self.known)
        later = loaded.for_step(case, DECISIONS[case.type][0], actor=None, data=self.known)
        denials = protocol.denials(loaded.protocol, now)
        coming = protocol.denials(loaded.protocol, later)
        self.advice = protocol.advice(loaded.protocol, now)
        self.is_decided = decidable(later, loaded.protocol)
        takes = set(vocabulary.STEPS[self.step].fields) - set(self.kind.first)
        left = vocabulary.STEPS[later.step].fields  # whoever decides fills these in
        barred = [denial for denial in coming if not any(name in takes for name in _named(denial))]
        wanted = [name for denial in (*denials, *self.advice) for name in _named(denial) if name in takes]
        if not barred:
            wanted += [name for denial in coming for name in _named(denial) if name in takes and name not in left]
        if "account" in wanted:
            wanted = [name for name in wanted if name != "account_until"]  # the account knows its last day itself
        return list(dict.fromkeys(wanted)), [denial for denial in denials if denial.strength == "answer"], barred

    def form(self, data: Any) -> StepForm:
        """Make the form: what such a thing always has, and what the protocol asks for it."""
        told = {**self.before(), **self.chosen} if data is None else self.typed(data)
        first, _answers, _barred = self.asks(self.chosen)  # what stands filled in was asked for too
        wanted, answers, self.barred = self.asks(told)
        wanted = list(dict.fromkeys([*first, *wanted]))
        if data is not None:  # what was answered stays on the form, though nothing lacks there any more
            wanted += [name for name in told if name not in wanted and name not in self.kind.first]
        always = SIGN_UP if told.get("account_kind") == "site_signup" else ALWAYS[self.step]
        if self.as_pupil:
            always, wanted = ("person", "platform", "asked_by", "reason"), []
        elif self.kind is CONNECTION and told["counterparty"] in NAMED:
            always = tuple(name for name in always if name != "counterpart_name")
        elif self.kind is CONNECTION and told["counterparty"] == "page_visitor":
            always = ("counterpart_name", "platform")
        chosen = {*self.kind.first}
        fields = [name for name in vocabulary.STEPS[self.step].fields if name in {*always, *wanted} | chosen]
        if "reason" not in fields:
            fields.append("reason")
        people = self.people(fields, told)
        form = StepForm(
            data, fields=[name for name in fields if vocabulary.FIELDS[name].kind not in ("person", "people") or name in people],
            required=[*self.kind.first, *(name for name in ("counterpart", "person") if self.is_known(told)), "name", "site"],
            first=[name for name in fields if name != "reason" or "reason" in always], wanted=wanted, people=people, answers=answers,
            choices={"asked_by": _sides(told)}, hidden=self.kind.first, initial={**self.chosen, **self.before()},
            rules={key: words.article(self.loaded.protocol, key)["text"] for one in answers for key in one.articles},
        )  # fmt: skip
        if "account" in form.fields:
            form.fields["account"].choices = self.accounts(told)  # type: ignore[attr-defined]  # a ChoiceField
        self.name_fields(form)
        return form

    def is_known(self, told: Mapping[str, Any]) -> bool:
        """Whether the other side is somebody the school knows by name."""
        return self.kind is CONNECTION and told.get("counterparty") in NAMED

    def name_fields(self, form: StepForm) -> None:
        """Put the fields in words that fit here."""
        labels = {
            "counterpart": _("With whom?"), "person": _("Which member of staff?"), "reason": _("Is there more to tell?"),
            "taking_part": _("Which members of staff take part?"), "moderators": _("Who keeps order there?"),
        }  # fmt: skip
        if "site" in form.fields:
            labels["reason"] = _("What is it for?")
        for name, label in labels.items():
            if name in form.fields:
                form.fields[name].label = label
        for name in set(form.fields) & {"moderators", "taking_part"}:
            field: Any = form.fields[name]
            if len(field.choices) >= MANY:
                field.widget = FoldedTicks(attrs=field.widget.attrs)
                field.choices = reading.staff_by_role(self.school)
        if "person" in form.fields:
            person: Any = form.fields["person"]
            person.widget = forms.Select(choices=[("", pgettext("choice", "Choose")), *person.choices])
        if "reason" in form.fields:
            form.fields["reason"].widget.attrs["rows"] = 3
            if self.as_pupil:
                form.fields["reason"].help_text = _("A few words are enough. Do not add photos.")
        if self.as_pupil and "asked_by" in form.fields:
            sent: Any = form.fields["asked_by"]
            sent.choices = [(key, _("I did") if key == "pupil" else said) for key, said in sent.choices]
        if "owner_person" in form.fields:
            form.fields["owner_person"].help_text = _("Leave this empty when it is you.")

    def typed(self, data: Any) -> dict[str, Any]:
        """Return what was typed so far, as the guards want it; what cannot be read yet is left out."""
        takes = vocabulary.STEPS[self.step].fields
        form = StepForm(data, fields=takes, people={name: [(key, key) for key in data.getlist(name)] for name in takes if data.getlist(name)})
        for name in set(form.fields) & {"account"}:
            field: Any = form.fields[name]
            field.choices = [(key, key) for key in data.getlist(name)]
        form.is_valid()
        read = {name: form.cleaned_data[name] for name in form.step_fields if form.cleaned_data.get(name) not in (None, "", [])}
        return {**read, **self.chosen}

    def before(self) -> dict[str, Any]:
        """What stands filled in: the day of today for something that is opened now."""
        return {"opened_on": clock.today()} if self.kind is ACCOUNT else {}

    # whom to choose from

    def people(self, fields: Sequence[str], told: Mapping[str, Any]) -> dict[str, Sequence[tuple[str, str]]]:
        """Return the choices of each field that names somebody."""
        found: dict[str, Sequence[tuple[str, str]]] = {}
        colleagues = [name for name in fields if name in (*OF_STAFF, "person")]
        if colleagues:
            staff = reading.staff_choices(Case(school=self.school))
            found |= dict.fromkeys(colleagues, staff)
        if "counterpart" in fields:
            found["counterpart"] = self.others(told)
        return found

    def others(self, told: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return who may be the other side: whoever was looked up or chosen, and the pupils of the own groups."""
        kind = "pupil" if "pupil" in str(told.get("counterparty")) else "parent"
        people = Person.objects.filter(school=self.school, kind=kind)
        chosen = self.people_named(self.posted.getlist("counterpart")) if self.posted is not None else []
        found = [one for one in chosen if one.kind == kind]
        find = self.find
        if len(find) > 1:
            match = Q()
            for part in find.split():
                match &= Q(given_name__icontains=part) | Q(family_name__icontains=part)
            found += list(people.filter(match).order_by("given_name", "family_name")[:FOUND_AT_MOST])
        if told.get("counterparty") == "pupil" and not find:
            today = clock.today()
            own = Membership.objects.filter(Dated.active(today), school=self.school, user=self.person.user, role="mentor").values("group")
            members = Enrolment.objects.filter(Dated.active(today), group__in=own).values("person")
            found += list(people.filter(pk__in=members).order_by("given_name", "family_name"))
        return list({str(one.pk): (str(one.pk), one.full_name) for one in found}.values())

    @property
    def find(self) -> str:
        """The name that is looked up."""
        return (self.posted.get("find", "") if self.posted is not None else "").replace("\x00", "").strip()[:200]

    def accounts(self, told: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return the registered accounts of this kind that are in use."""
        rows = Case.objects.filter(school=self.school, type="account", state="approved", topic=str(told.get("target_account")))
        told_of = registers.told(list(rows.select_related("person", "school").order_by("-opened_at")[:50]))
        return [(str(row.case.key), row.said.get("name") or row.case.display_number) for row in told_of]

    # sending

    def send(self) -> HttpResponse:
        """Declare or request it; what stands in the way comes back with everything that was typed."""
        assert self.posted is not None  # noqa: S101 - asked by `answer` alone
        form = self.form(self.posted)
        if not form.is_valid():
            return self.page(form, status=422)
        told = {**form.asked, **self.chosen}
        if self.as_pupil:
            told["counterpart"] = self.person
        elif self.is_known(told) and not told.get("counterpart"):
            form.blame(None, _("Look up who it is, and choose them."))
            return self.page(form, status=422)
        try:
            outcome = commands.open_case(
                by=self.request.user, school=self.school, step=self.step, data=told, answers=answers_in(self.posted), key=form.submission
            )
        except commands.StepDenied as denied:
            return self.denied(form, denied)
        except commands.InvalidData as invalid:
            form.blame_each(invalid.errors)
            return self.page(form, status=422)
        text = with_told(_("Noted as number %(number)s.") % {"number": outcome.case.display_number}, [one.full_name for one in outcome.told])
        tell(self.request, text)
        return HttpResponseRedirect(root_url(outcome.case) if access.may_see(self.request.user, outcome.case) else reverse("kc_workflows:desk"))

    def denied(self, form: StepForm, denied: commands.StepDenied) -> HttpResponse:
        """Show the form again with the protocol's reasons: at their field, as a box to answer, or as a block (409)."""
        elsewhere = []
        for denial in denied.denials:
            field = next((name for name in _named(denial) if name in form.fields), None)
            if denial.strength == "answer" and f"answer:{denial.articles[0]}" in form.fields:
                form.blame(f"answer:{denial.articles[0]}", _("Write a reason, or choose something else."))
            elif field is not None:
                form.blame(field, words.say(denial.sentence, self.loaded.protocol))
            else:
                elsewhere.append(denial)
        for name, message in denied.missing.items():
            if name not in form.errors:
                form.blame(name, message)
        if not elsewhere:
            return self.page(form, status=422)
        return self.page(form, status=409, stop=self.explain(elsewhere), refused=True)

    def explain(self, denials: Iterable[Denial]) -> explaining.Block:
        """Say why it cannot be."""
        case = self.loaded.root
        return explaining.Block(
            step=self.step, label=words.uncapital(words.label("step", self.step)), protocol=explaining.protocol_line(self.loaded.protocol),
            checked=clock.now(), reasons=explaining.reasons(self.loaded, case, self.step, denials, {}),
        )  # fmt: skip

    # the page

    def words(self) -> dict[str, Any]:
        """Return what both pages say first."""
        pupil = {"title": _("A member of staff and me online"), "lead": _("Tell it here when a member of staff asks to be friends, or when you ask.")}
        own = {"title": self.kind.title, "lead": self.kind.lead}
        return {**(pupil if self.as_pupil else own), "as_pupil": self.as_pupil, "address": reverse(f"kc_workflows:{self.kind.address}")}

    def page(self, form: StepForm, *, status: int = 200, **more: Any) -> HttpResponse:
        """Render the form's page."""
        loaded, asked = self.loaded, [name for name in self.kind.first if not (self.as_pupil and name == "counterparty")]
        topic = [words.capital(words.label(name, self.chosen[name])) for name in asked]
        can_find = self.kind is CONNECTION and not self.as_pupil and self.chosen["counterparty"] != "page_visitor"
        shown = {
            **self.words(), "form": form, "topic": " · ".join(topic), "advice": explaining.advised(loaded, self.advice), "find": self.find,
            "can_find": can_find, "nobody": bool(self.find) and not self.others(self.chosen),
            "warning": explaining.reasons(loaded, loaded.root, DECISIONS[case_type_of(self.step)][0], self.barred, {}) if self.is_decided else [],
            "noted_only": not self.is_decided, "button": _("Tell it") if self.as_pupil else self.kind.button, **more,
        }  # fmt: skip
        return show(self.request, "request_new.html", shown, status=status, here="more")


def _sides(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Who may have sent a request, given who the other is."""
    other = str(told.get("counterparty"))
    return ("employee", "pupil" if "pupil" in other else "guardian" if "guardian" in other else "other")


def _named(denial: Denial) -> list[str]:
    """Return the fields that a denial is about: what would lift it, and whatever its sentence names."""
    found = [denial.remedy.name] if denial.remedy is not None and denial.remedy.kind == "field" else []
    for place, word in denial.sentence.words:
        parts = word if isinstance(word, tuple) else (word,)
        found += [one.key for one in parts if place in ("fields", "field", "one", "first", "then") and getattr(one, "context", "") == "field"]
    return [ASKED_AS.get(name, name) for name in dict.fromkeys(found)]
