"""The page on which one step is taken or one milestone noted.

The form comes from the vocabulary. What the protocol still wants is asked first, what may be answered with a reason gets
a box for it, and what must happen elsewhere is explained with its way out. The command decides; the page repeats its
sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows import commands, vocabulary, words
from workflows.acts import new_track
from workflows.decisions import DECISIONS, fields_of, is_lifted_here
from workflows.forms import StepForm, answers_in
from workflows.models import Case
from workflows.pages import asking, choices, explaining, reading
from workflows.pages.base import back_to_case, case_or_404, changes, log_read, page, root_or_404, root_url, show, staff_or_404, tell, with_told
from workflows.pages.reading import Reading
from workflows.personal_links import KEEPERS
from workflows.protocol import Denial, may_answer
from workflows.shapes import INITIAL, PARENTS

FACT_KINDS = frozenset({"choice", "number", "yes_no", "person", "date"})
"""Kinds of field that an address may fill in beforehand; words never travel in an address."""


@page
def step_page(request: HttpRequest, key: UUID, step: str) -> HttpResponse:
    """Take one step of an incident or of one of its tracks."""
    case, root = case_or_404(request, key)
    staff_or_404(request, root)
    declared = vocabulary.STEPS.get(step)
    if declared is None or declared.system:
        raise Http404
    if declared.creates:
        if case is not root or root.type not in PARENTS.get(vocabulary.case_type_of(step), ()):
            raise Http404
    elif vocabulary.case_type_of(step) != case.type:
        raise Http404
    if (elsewhere := page_of_its_own(case, step)) is not None:
        return HttpResponseRedirect(elsewhere)
    return _Taking(request, root, case, step).answer()


def page_of_its_own(case: Case, step: str) -> str | None:
    """Return the address of the page on which a step is taken that is more than filling in its form."""
    if step in ("consent.answer", "consent.withdraw"):
        return reverse("kc_workflows:root_answer", args=[case.key])
    if step in DECISIONS.get(case.type, ()) and case.state == INITIAL[case.type]:
        return reverse("kc_workflows:decide", args=[case.key])
    return None


@page
def record_page(request: HttpRequest, key: UUID, milestone: str) -> HttpResponse:
    """Note a milestone on a case that stands by itself."""
    root = root_or_404(request, key)
    staff_or_404(request, root)
    if milestone not in vocabulary.MILESTONES.get(root.type, {}):
        raise Http404
    return _Taking(request, root, root, f"record.{milestone}").answer()


class _Taking:
    """One visit to the page of a step: shows the form, or takes the step and shows what stood in its way."""

    def __init__(self, request: HttpRequest, root: Case, case: Case, step: str) -> None:
        self.request, self.root, self.step = request, root, step
        self.seen: Reading = reading.read(request.user, root)
        self.fields = self._fields(case)
        self.people = choices.people_for(self.seen, step)
        self.before = self._before()
        creates = step in vocabulary.STEPS and vocabulary.STEPS[step].creates
        named = self.before.get("person")
        self.case = new_track(root, step, choices.measured(self.seen, named)) if creates else self._own(case)
        if not creates and not self.seen.knows(self.case):
            raise Http404
        self.back = root_url(root)

    def _fields(self, case: Case) -> tuple[str, ...]:
        """What the step asks; which lessons, only where the measure is a lesson."""
        kind = self.request.GET.get("kind") if case.type == "incident" else case.facts.get("kind")
        return tuple(name for name in fields_of(self.step) if name not in vocabulary.LESSONS or kind == "lesson_module")

    def _own(self, case: Case) -> Case:
        """The case as the loaded incident knows it, so that nothing is asked twice."""
        return next((child for child in self.seen.loaded.children if child.pk == case.pk), self.root)

    @property
    def label(self) -> str:
        """The heading."""
        if self.step.startswith("record."):
            return _("Note: %(what)s") % {"what": asking.record_label(self.step)}
        return words.label("step", self.step)

    def _before(self) -> dict[str, Any]:
        """What the address fills in: facts only, and only those the form has."""
        found: dict[str, Any] = {}
        for name in self.fields:
            declared = vocabulary.FIELDS[name]
            given = self.request.GET.get(name)
            if declared.kind == "person" and given not in dict(self.people.get(name, ())):
                continue
            if given and declared.kind in FACT_KINDS and (not declared.choices or given in declared.choices):
                found[name] = given
        single = self.people.get("person", [])
        if "person" in self.fields and len(single) == 1:
            found.setdefault("person", single[0][0])
        return found

    def ask(self, data: Mapping[str, Any] | None = None, answers: Mapping[str, str] | None = None) -> asking.Asked:
        """Ask the protocol about this step with what is known."""
        known = {name: tuple(value) if isinstance(value, list) else value for name, value in (data or {}).items()}
        return asking.ask(self.seen.loaded, self.case, self.step, self.seen.actor, data=known, answers=answers)

    def form(self, data: Any, asked: asking.Asked, *, judged: bool = False) -> StepForm:
        """Make the form: what the protocol asks first, reasons for what may be answered, the rest under "more".

        Args:
            data: what was sent, or None. asked: what the protocol says. judged: whether it was asked with all that was filled in.
        """
        spec = vocabulary.STEPS.get(self.step) or vocabulary.MILESTONES[self.root.type][self.step.removeprefix("record.")]
        wanted = [d.remedy.name for d in asked.here if d.remedy is not None and d.remedy.kind == "field" and d.strength == "block"]
        answers = [denial for denial in asked.denials if self.may_answer(denial)]
        if not judged:  # what depends on a field that the protocol was not told yet is no reason to ask for a reason
            answers = [one for one in answers if self.is_told(one) or (data and any(data.get(f"answer:{key}") for key in one.articles))]
        first = wanted + [one.remedy.name for one in asked.denials if one.remedy is not None and one.remedy.kind == "field"]
        if self.step == "measure.propose" and "kind" in self.before:
            wanted += choices.needed_later(self.seen, self.case, _typed(self.before))
        if self.step.startswith("record.") or len(self.fields) <= 4:
            first = [name for name in self.fields if name != "reason" or name in spec.required]
            wanted += ["person"]
        first += [name for name in vocabulary.LESSONS if name in self.fields]
        people: dict[str, Any] = dict(self.people)
        offered: dict[str, list[str]] = {}
        if "lessons" in self.fields:
            offered["lesson_level"], people["lessons"] = choices.lessons(self.seen, self.case.person, self.case.facts.get("lesson_level"))
        form = StepForm(
            data,
            fields=self.fields,
            required=spec.required,
            first=first,
            wanted=wanted,
            people=people,
            choices=offered,
            answers=answers,
            rules={key: words.article(self.seen.loaded.protocol, key)["text"] for one in answers for key in one.articles},
            hidden=self.hidden,
            version=self.root.log_count,
            initial={**choices.known(self.seen, self.case, self.step), **self.before},
        )
        if "note" in form.fields:
            form.fields["note"].label = words.capital(words.note_label(self.step))
        return form

    @property
    def hidden(self) -> list[str]:
        """What was chosen on the page before: which measure. Its field is there and nobody sees it."""
        return ["kind"] if self.step == "measure.propose" else []

    def is_lifted_here(self, denial: Denial) -> bool:
        """Whether the form lifts the denial. What it does not show cannot be changed in it: a measure that the protocol lacks."""
        is_shown = denial.strength == "answer" or denial.remedy is None or denial.remedy.name not in self.hidden
        return is_shown and is_lifted_here(denial, self.step)

    def may_answer(self, denial: Denial) -> bool:
        """Whether a written reason of the reader lifts the denial."""
        return may_answer(denial, self.seen.actor.roles)

    def is_told(self, denial: Denial) -> bool:
        """Whether a denial rests on more than a field that the address did not fill in."""
        return denial.remedy is None or denial.remedy.kind != "field" or denial.remedy.name in self.before

    def explain(self, asked: asking.Asked, denials: Any) -> explaining.Block:
        """Explain why the step cannot be taken yet."""
        return explaining.block(self.seen.loaded, asked, self.seen.names, denials, label=self.label, actor=self.seen.actor)

    def answer(self) -> HttpResponse:
        """Answer the request."""
        return self.take() if self.request.method == "POST" else self.offer()

    def offer(self) -> HttpResponse:
        """Show the form, or why the step cannot be taken yet."""
        log_read(self.request, self.root, self.step)
        if self.step == "measure.propose" and "kind" not in self.before:
            first = self.ask()
            if not first.is_for_others and not first.is_out_of_place:
                possible, other = choices.kinds(self.seen, self.case)
                return self.page(kinds=possible, other_kinds=other)
        asked = self.ask(_typed(self.before))
        elsewhere = [denial for denial in asked.denials if not self.is_lifted_here(denial)]
        if elsewhere:
            return self.page(stop=self.explain(asked, elsewhere))
        return self.page(form=self.form(None, asked), asked=asked)

    def take(self) -> HttpResponse:
        """Take the step; what stands in its way comes back with everything that was typed."""
        posted = self.request.POST
        answers = answers_in(posted)
        form = self.form(posted, self.ask(_typed(self.before), answers={}))
        if not form.is_valid():
            return self.page(form=form, status=422)
        given = self.anew(form)
        if self.step == "measure.propose":
            self.case = new_track(self.root, self.step, choices.measured(self.seen, given.get("person")))
        try:
            outcome = self.perform(form, given, answers)
        except commands.StepDenied as denied:
            return self.denied(denied, given)
        except commands.InvalidData as invalid:
            form.blame_each(invalid.errors)
            return self.page(form=form, status=422)
        except commands.StalePage as stale:
            return self.stale(stale)
        self.root.refresh_from_db()
        if self.step == "consent.renew" and not KEEPERS.isdisjoint(self.seen.actor.roles):
            tell(self.request, self.said(outcome) + " " + _("Send whoever is asked their link here."))
            return HttpResponseRedirect(reverse("kc_workflows:root_links", args=[self.root.key]))
        return back_to_case(self.request, self.root, " ".join([self.said(outcome), *self.advised_now(outcome)]))

    def advised_now(self, outcome: commands.Outcome) -> list[str]:
        """Return in words what the protocol advises of what was noted, where it could not yet say so on the form."""
        if not self.step.startswith("record."):
            return []
        before = [one["text"] for one in choices.advice(self.seen, self.ask(_typed(self.before)))]
        found = explaining.advised(self.seen.loaded, outcome.advice)
        return [f"{one['text']} ({one['refs']})" if one["refs"] else one["text"] for one in found if one["text"] not in before]

    def anew(self, form: StepForm) -> dict[str, Any]:
        """Return what was answered, without words that stand in the case already: they are neither repeated nor replaced."""
        if self.step == "measure.propose":
            return form.asked
        kept = {name: str(form.initial.get(name) or "").split() for name in form.asked if vocabulary.FIELDS[name].is_words}
        return {name: answer for name, answer in form.asked.items() if not answer or str(answer).split() != kept.get(name)}

    def perform(self, form: StepForm, given: dict[str, Any], answers: dict[str, str]) -> commands.Outcome:
        """Hand the step to its command."""
        if self.step.startswith("record."):
            milestone, user = self.step.removeprefix("record."), self.request.user
            return commands.record(self.root, milestone, by=user, data=given, answers=answers, key=form.submission)
        return commands.perform(
            self.case, self.step, by=self.request.user, data=given, answers=answers, key=form.submission,
            seen_version=form.seen_version,
        )  # fmt: skip

    def denied(self, denied: commands.StepDenied, given: dict[str, Any]) -> HttpResponse:
        """Show the form again with the protocol's reasons: at their field, as a box to answer, or as a block (409)."""
        form = self.form(self.request.POST, self.ask(given, answers={}), judged=True)
        form.is_valid()
        elsewhere = []
        for denial in denied.denials:
            if self.may_answer(denial):
                form.blame(f"answer:{denial.articles[0]}", _("Write a reason, or do this first."))
            elif denial.strength != "answer" and self.is_lifted_here(denial) and denial.remedy is not None:
                form.blame(denial.remedy.name, words.say(denial.sentence))
            else:
                elsewhere.append(denial)
        for name, message in getattr(denied, "missing", {}).items():
            if name not in form.errors:
                form.blame(name, message)
        if not elsewhere:
            return self.page(form=form, status=422)
        asked = self.ask(given)
        stop = self.explain(asked, elsewhere)
        others = next((denial.answer_by for denial in elsewhere if denial.strength == "answer"), ())
        stop.who = stop.who or words.any_of([words.label("the role", role) for role in others])
        return self.page(form=form, stop=stop, refused=True, asked=asked, status=409)

    def stale(self, stale: commands.StalePage) -> HttpResponse:
        """Tell what changed since the page was made, and keep what was typed; sending it again acts on the new state."""
        self.seen = reading.read(self.request.user, self.root)
        self.root.refresh_from_db()
        posted = self.request.POST.copy()
        posted["version"] = str(self.root.log_count)
        form = self.form(posted, self.ask(_typed(self.before)))
        form.is_valid()
        return self.page(form=form, changed=changes(stale), status=409)

    def said(self, outcome: commands.Outcome) -> str:
        """Say what was done and who was told."""
        step = outcome.entry.step
        if step.startswith("record."):
            text = _("Noted: %(what)s.") % {"what": asking.record_label(step)}
        else:
            text = _("Done: %(what)s.") % {"what": words.uncapital(words.label("step", step))}
        if outcome.letters:
            kinds = dict.fromkeys(words.label("letter", letter.kind) for letter in outcome.letters)
            text += " " + _("Letters ready to be looked at: %(letters)s.") % {"letters": ", ".join(kinds)}
        return with_told(text, [person.full_name for person in outcome.told])

    def page(self, *, status: int = 200, asked: asking.Asked | None = None, **more: Any) -> HttpResponse:
        """Render the page."""
        context = {
            "case": self.root,
            "label": self.label,
            "about": self.about(),
            "back": self.back,
            "readers": reading.readers(self.seen),
            "button": _("Save") if self.step.startswith("record.") else self.label,
            **more,
        }
        if asked is not None:
            context["advice"] = choices.advice(self.seen, asked)
            context["consequences"] = choices.consequences(self.seen, self.step, asked)
        return show(self.request, "step.html", context, status=status, here="desk")

    def about(self) -> str:
        """Say which measure and whom a step of a track is about."""
        kind = self.case.facts.get("kind") or self.before.get("kind")
        parts = [words.label("kind", kind)] if kind and self.case.type == "measure" else []
        if self.case.person:
            parts.append(self.seen.name_of(self.case.person))
        return " · ".join(parts)


def _typed(before: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an address filled in as the guards want it: numbers as numbers, yes and no as such."""
    typed: dict[str, Any] = {}
    for name, text in before.items():
        kind = vocabulary.FIELDS[name].kind
        if kind == "number":
            if str(text).isdecimal() and len(str(text)) < 9:
                typed[name] = int(text)
        elif kind == "yes_no":
            typed[name] = text in ("yes", "true", True)
        elif kind != "date":
            typed[name] = text
    return typed


