"""Plays a case through its pages as its people would: links and buttons pressed, fields filled in, never an address typed in.

The player knows the vocabulary's names of steps and fields, and no rule; what a page answers is what a test reads.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.utils import translation
from playwright.sync_api import Locator, Page

from tests.browser.following import follow
from tests.browser.looks import SHOTS, shot
from workflows import words
from workflows.models import Case, Letter
from workflows.scenario_cast import Cast

PACKS = Path(__file__).parents[2] / "workflows" / "protocols"

STRAY = {
    "nl": re.compile(r"\b(the|and|you|your|with|this|that|what|not|from|has|which|fill|note)\b", re.IGNORECASE),
    "en": re.compile(r"\b(het|een|niet|deze|dit|zaak|wordt|schooldag|ouders|leerling)\b", re.IGNORECASE),
}
"""Words that give away a text in another language than the reader's."""

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}


class Player:
    """The people of one school and one case, in one browser."""

    def __init__(self, page: Page, server: str, cast: Cast, become: Callable[[Any], None], *, language: str = "nl") -> None:
        self.page, self.server, self.cast, self.become, self.language = page, server, cast, become, language
        self.who = ""
        self.case: Case
        self.shots = 0
        self.strays: list[str] = []

    # --- where one is ---------------------------------------------------------------------------------------------------

    @property
    def main(self) -> Locator:
        """The page without its menu."""
        return self.page.locator("main")

    @property
    def said(self) -> str:
        """What the page tells after an act."""
        return self.main.get_by_role("status").first.inner_text()

    def look(self) -> None:
        """Read the page as its reader does: in their own language, all of it."""
        assert self.page.locator("html").get_attribute("lang") == self.language
        shown = self.main.inner_text()
        stray = STRAY[self.language].search(shown)
        if stray:
            self.strays.append(f"{self.page.url}: {shown[max(0, stray.start() - 60) : stray.end() + 60]!r}")

    def finish(self) -> None:
        """See that the case is closed, and that every page on the way was in its reader's language."""
        assert self.state == "closed"
        self.visit("director")
        assert self.main.locator(".why, details.later").count() == 0, "nobody waits for anything of a closed case"
        assert not self.strays, "\n".join(self.strays)

    def shot(self, name: str) -> None:
        """Keep the page as it looks on a phone and on a desk, if pictures are wanted."""
        if not SHOTS:
            return
        self.shots += 1
        for size in (PHONE, DESK):
            self.page.set_viewport_size(size)
            shot(self.page, f"{self.cast.school.key}-{self.shots}-{name}-{size['width']}")

    def sign_in(self, who: str) -> None:
        """Be this member of the cast."""
        if self.who != who:
            self.become(self.cast.users[who])
            self.who = who

    def visit(self, who: str) -> None:
        """Be on the page of the case as this person: the way there is the card's link, the desk or the mail."""
        address = f"{self.server}/kc/case/{self.case.key}/"
        if self.who != who or self.page.url != address:
            self.sign_in(who)
            self.page.goto(address)
        self.look()

    # --- acts -----------------------------------------------------------------------------------------------------------

    def report(self, who: str, category: str, **people: str) -> None:
        """Open a case on the card in the lesson, and go to it."""
        self.sign_in(who)
        self.page.goto(f"{self.server}/course/{self.cast.school.slug}/")
        card = self.page.locator(".kc-block:has([data-opener])")
        card.locator("[data-opener] > summary").click()
        chosen = card.locator(f"input[name=category][value='{category}']")
        if not chosen.is_visible():
            card.locator("[data-field=category] summary").click()
        chosen.check()
        for role, name in people.items():
            card.locator(f"input[name={role}][value='{self.cast.people[name].pk}']").check()
        self.shot("course-page")
        card.locator("form button[type=submit]").click()
        follow(card.locator("[data-link]"))
        self.case = Case.objects.filter(type="incident").latest("pk")

    def link(self, end: str) -> Locator:
        """A link of this page to a step (`/do/…/`), a milestone (`/record/…/`) or whatever its address ends with."""
        found = self.main.locator(f"a[href*='{end}']")
        for number in range(found.count()):
            if found.nth(number).is_visible():
                return found.nth(number)
        for folded in self.main.locator("details:not([open]) > summary").all():
            if folded.is_visible():
                folded.click()
                if found.first.is_visible():
                    return found.first
        raise AssertionError(f"{self.who} finds no link to {end} on {self.page.url}: {self.main.inner_text()[:1500]}")

    def go(self, end: str) -> None:
        """Press that link."""
        follow(self.link(end))

    def act(self, who: str, step: str, *, answers: Mapping[str, str] | None = None, **data: Any) -> str:
        """Take a step from the page of the case; return what the page says of it."""
        self.visit(who)
        self.go(f"/do/{step}/")
        if step == "measure.propose":
            self.look()
            self.go(f"kind={data.pop('kind')}")
        return self.send(answers=answers, **data)

    def note(self, who: str, milestone: str, person: str = "", **data: Any) -> str:
        """Note a milestone from the page of the case."""
        self.visit(who)
        self.go(f"/record/{milestone}/")
        return self.send(**data, **({"person": person} if person else {}))

    def send(self, *, answers: Mapping[str, str] | None = None, **data: Any) -> str:
        """Fill in the form of this page and send it; it must lead back to the case."""
        self.look()
        self.fill({**data, **{f"answer:{article}": text for article, text in (answers or {}).items()}})
        form = self.page.url
        self.press()
        assert self.page.url != form, f"{form} refused: {self.main.inner_text()[:1500]}"
        self.look()
        return self.said

    def press(self) -> None:
        """Press the button of this page's form."""
        follow(self.main.locator("form[data-guard] .acts button"))

    def fill(self, data: Mapping[str, Any]) -> None:
        """Fill in fields by their name, unfolding what is folded."""
        for name, given in data.items():
            answer = {True: "yes", False: "no"}[given] if isinstance(given, bool) else given
            self._fill(name, self.cast.people[given].pk if name == "person" else answer)

    def _fill(self, name: str, value: Any) -> None:
        field = self.main.locator(f"form [name='{name}']")
        assert field.count(), f"{self.page.url} does not ask {name}"
        kind = field.first.get_attribute("type")
        if kind in ("radio", "checkbox"):
            field = self.main.locator(f"form [name='{name}'][value='{value}']")
        if not field.first.is_visible():
            for folded in self.main.locator("form details:not([open]) > summary").all():
                folded.click()
        if kind in ("radio", "checkbox"):
            field.check()
        elif field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(str(value))
        else:
            field.fill(str(value))

    # --- what a school refuses --------------------------------------------------------------------------------------------

    def refused(self, who: str, step: str, *articles: str) -> Locator:
        """Meet, on the page of the case, a step that cannot be taken yet: the school's own sentences, and a way out."""
        self.visit(who)
        with translation.override(self.language):
            label = words.uncapital(words.label("step", step))
        why = self.main.locator(".why, details.later").filter(has_text=label).first
        folded = why.locator("summary", has_text=label)
        if folded.count():
            folded.click()
        self.explained(why, *articles)
        return why

    def explained(self, why: Locator, *articles: str) -> None:
        """Read the articles under the reasons, and see that there is something to press or somebody to ask."""
        why.locator("summary").last.click()
        told = " ".join(why.inner_text().split())
        for article in articles:
            assert sentence(self.cast.school.key, article, self.language) in told, f"{article} is not in: {told}"
        offered = "Wat kunt u doen?" if self.language == "nl" else "What can you do?"
        assert offered in told, told

    def way_out(self, end: str) -> None:
        """Press the way out that leads to this address."""
        follow(self.main.locator(f".why a[href*='{end}'], details.later a[href*='{end}']").first)

    # --- deciding and letters -----------------------------------------------------------------------------------------------

    def decide(self, who: str, answer: str, reason: str, **later: Any) -> str:
        """Answer a proposal from the list of approvals."""
        self.sign_in(who)
        self.page.goto(f"{self.server}/kc/approvals/")
        self.look()
        follow(self.main.locator("a[href*='/decide/']").last)
        self.shot("decide")
        return self.send(decision=answer, reason=reason, **later)

    def letters(self, who: str, route: str, *, offered: tuple[str, ...] = ()) -> list[Letter]:
        """Read, approve and send every letter that waits, from the page of the case; a pupil gets it from somebody's hand."""
        waiting = list(Letter.objects.filter(root=self.case, state=Letter.State.DRAFT))
        assert waiting, "no letter waits"
        for letter in waiting:
            self.visit(who)
            self.go(f"/letter/{letter.key}/")
            self.look()
            shown = self.main.locator(f"a[href*='/letter/{letter.key}/pdf/']")
            pdf = self.page.request.get(self.server + str(shown.get_attribute("href")))
            assert pdf.status == 200 and pdf.body().startswith(b"%PDF")
            follow(self.main.locator("form:has([name=digest]) button"))
            self.look()
            if letter.addressee is None:
                continue  # a note for the file goes nowhere
            routes = self.main.locator("[name=route]").evaluate_all("all => all.map(one => one.value)")
            assert not offered or letter.addressee.kind != "parent" or tuple(routes) == offered, routes
            self.main.locator(f"[name=route][value={route if route in routes else routes[0]}]").check()
            if letter is waiting[0]:
                self.shot("letter")
            follow(self.main.locator("form:has([name=route]) button"))
            self.look()
            letter.refresh_from_db()
            assert letter.pdf is not None and bytes(letter.pdf) == pdf.body(), "what was read is what was approved and sent"
        return waiting

    @property
    def state(self) -> str:
        """Where the case stands now."""
        return str(Case.objects.get(pk=self.case.pk).state)


def sentence(key: str, article: str, language: str) -> str:
    """Return an article's own sentence as its pack, or a pack it extends, has it."""
    read = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(PACKS.glob("*/*.toml"))]
    own = [one for one in read if one.get("key") == key]
    for pack in [*own, *read]:
        if article in pack.get("articles", {}):
            return str(pack["articles"][article][language])
    raise AssertionError(f"no pack has an article {article}")
