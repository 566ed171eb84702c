"""The page behind a personal link: what the school asks, yes or no, and the same page again to change or take back an answer.

Mail scanners open links, follow them and press buttons. So GET and HEAD change nothing, nothing is ticked beforehand, and a
POST needs the key that stands in the page and at least one chosen answer: a form that is sent as it came is refused (422).
A parent's yes declares parental authority, as stands above the button and in the words that are kept: no second click.
The address is the secret. It goes into no log, no cache, no search engine and no other site; every answer of this view says so.
"""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any

from django.core import signing
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import pgettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from workflows import answer_texts, answering, clock, personal_links
from workflows.answering import Line, Questions
from workflows.machine import StepDenied
from workflows.models import Person, PersonalLink
from workflows.pages.base import unlisted

OPEN_FOR = 24 * 3600
"""Seconds that a page may lie open before its answers are asked for once more."""

LONGEST_REASON = 1000

logger = logging.getLogger(__name__)


def _closed(view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[..., HttpResponse]:
    """Keep the page and its address out of caches, logs, error reports, other sites, frames and search engines."""

    @wraps(view)
    @sensitive_variables()
    def shown(request: HttpRequest, token: str) -> HttpResponse:
        request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]  # as Django's decorator does
        try:
            with clock.school_time():
                response = view(request, token)
        except SuspiciousOperation:  # more fields or bytes than any parent sends
            response = _own_page("failed", None, _language(request, None), 400)
        except Exception as error:  # a report of Django's own would carry the address
            logger.error("The answer page failed: %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            response = _own_page("failed", None, _language(request, None), 500)
        response._has_been_logged = True  # type: ignore[attr-defined]  # or Django logs the path of every 4xx
        return unlisted(response)

    return shown


# A browser that sends no referrer sends no origin either, so Django's own check would refuse every parent. What a forged
# form would need, the address and the key in the page, is secret.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@_closed
def answer_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the questions behind a link; on POST save the chosen answers.

    Returns:
        200 with the page, 303 after saving, 422 nothing chosen, 409 the page is too old, one of its questions has ended or the
        protocol refuses, 403 not theirs to decide, 404 for a guess, 410 for a link that is over or closed or a question whose
        term is over, 429 after too many attempts.
    """
    link = personal_links.find(token)
    if link is None:
        language = _language(request, None)
        too_many = personal_links.tried("address", request.META.get("REMOTE_ADDR", "")) > personal_links.GUESSES
        return _own_page("too_many", None, language, 429) if too_many else _own_page("unknown", None, language, 404)
    language = _language(request, link.person)
    if link.expires_at <= clock.now():
        return _own_page("expired", link, language, 410)
    if link.revoked_at is not None:
        return _own_page("revoked", link, language, 410)
    if request.method == "POST" and personal_links.tried("link", link.key) > personal_links.FORMS:
        return _own_page("too_many", link, language, 429)
    sent = Sent(request)
    questions = answering.lines_for(link.person)
    if not questions.lines and not questions.over:
        return _nothing_asked(sent, link, questions, language)
    if request.method == "POST":
        return _save(sent, token, link, questions, language)
    return _questions(link, questions, language, saved="saved" in request.GET)


class Sent:
    """What was filled in: yes or no by the key of the case, reasons by the key of the person; nothing where the page is only looked at."""

    def __init__(self, request: HttpRequest) -> None:
        self.is_post = request.method == "POST"
        posted = request.POST
        self.key = posted.get("key", "")
        self.chosen = {name[2:]: value == "yes" for name, value in posted.items() if name.startswith("a-") and value in ("yes", "no")}
        self.reasons = {name[2:]: str(text)[:LONGEST_REASON] for name, text in posted.items() if name.startswith("r-")}


def _nothing_asked(sent: Sent, link: PersonalLink, questions: Questions, language: str) -> HttpResponse:
    """Say why nothing can be answered: it was not theirs, its term is over, or nothing was asked."""
    ended = () if questions.moved else answering.ended_for(link.person, sent.chosen or None)
    if ended and len(ended) >= len(sent.chosen):
        return _own_page("ended", link, language, 410, ended=shown_as_ended(ended, sent, language))
    if questions.moved or questions.others or sent.is_post:
        return _own_page("not_yours", link, language, 403, questions)
    return _own_page("nothing", link, language, 200)


def shown_as_ended(lines: Sequence[Line], sent: Sent, language: str, *, kept: Container[str] = ()) -> dict[str, Any]:
    """Return what `answer_ended.html` shows: which questions are over since when, and what was filled in for them.

    Args:
        lines: the questions that have ended, the last first.
        kept: people, by key, whose reason stands elsewhere on the page.
    """
    with translation.override(language):
        mine = [line for line in lines if str(line.case.key) in sent.chosen]
        people = dict.fromkeys(line.person for line in lines)
        return {
            "sent": sent.is_post, "day": answer_texts.day(lines[0].until) if lines[0].until else "",
            "about": [] if mine else [_after(one, {}) for one in lines if one.until == lines[0].until],
            "chosen": [_after(one, sent.chosen) for one in mine],
            "reasons": [text for one in people if str(one.key) not in kept and (text := sent.reasons.get(str(one.key), "").strip())],
            "yes": answer_texts.YES, "no": answer_texts.NO,
        }  # fmt: skip


def _language(request: HttpRequest, person: Person | None) -> str:
    """Return the language to show: the one asked for, else the person's own, else the browser's, else Dutch."""
    if request.GET.get("lang") in answer_texts.LANGUAGES:
        return request.GET["lang"]
    if person is not None:
        return answer_texts.language_for(person.language)
    wanted = (part.split(";")[0].strip().split("-")[0].lower() for part in request.headers.get("Accept-Language", "").split(","))
    return next((one for one in wanted if one in answer_texts.LANGUAGES), "nl")


def _save(sent: Sent, token: str, link: PersonalLink, questions: Questions, language: str) -> HttpResponse:
    if stopped := _not_these(sent, link, questions, language):
        return stopped
    with translation.override(language):
        form_key = _read_key(link, questions, language, sent.key)
        if not sent.chosen:
            text = pgettext("answer", "Choose yes or no for at least one question.")
            first = (*questions.lines, *questions.over)[0]
            return _questions(link, questions, language, problems=[(f"a-{first.case.key}", text)], status=422, sent=sent)
        too_old = pgettext("answer", "This page is too old, or the questions changed. Read them again and send your answers once more.")
        if answer_texts.to_pupil(link.person.kind, language):
            too_old = pgettext(
                "answer of a pupil", "This page is too old, or the questions changed. Read them again and send your answers once more."
            )
        if form_key is None:
            return _questions(link, questions, language, problems=[("", too_old)], status=409, sent=sent)
        try:
            answering.answer(
                link.person, sent.chosen, by=link.person, form="link", language=language, authority=True, key=form_key,
                reasons={str(line.case.key): sent.reasons.get(str(line.person.key), "") for line in questions.lines},
            )  # fmt: skip
        except answering.SentBefore:
            return _questions(link, questions, language, problems=[("", too_old)], status=409, sent=sent)
        except answering.NotYours:  # the say moved or the term ended while the page was open
            now = answering.lines_for(link.person)
            return _not_these(sent, link, now, language) or _own_page("not_yours", link, language, 403, now)
        except StepDenied as denied:  # no answer by link can mend that, such as a protocol that cannot be read
            logger.warning("An answer by link was refused: %s", ", ".join(sorted({one for denial in denied.denials for one in denial.articles})))
            return _own_page("failed", link, language, 409)
    PersonalLink.objects.filter(pk=link.pk).update(used_at=clock.now())
    response = HttpResponseRedirect(f"{reverse('kc_workflows:answer', args=[token])}?lang={language}&saved")
    response.status_code = 303
    return response


def _not_these(sent: Sent, link: PersonalLink, questions: Questions, language: str) -> HttpResponse | None:
    """Return the page that says which of the answers sent are not asked (any more): not theirs to give, or the term is over."""
    gone = {key for key in sent.chosen if questions.find(key) is None}
    ended = answering.ended_for(link.person, gone) if gone else ()
    if len(ended) < len(gone):
        return _own_page("not_yours", link, language, 403, questions)
    if not gone:
        return None
    if gone == sent.chosen.keys():
        return _own_page("ended", link, language, 410, ended={**shown_as_ended(ended, sent, language), "others": True})
    kept = {str(line.person.key) for line in questions.lines}
    return _questions(link, questions, language, ended=shown_as_ended(ended, sent, language, kept=kept), status=409, sent=sent)


def _salt(link: PersonalLink) -> str:
    return f"kc_workflows.answer:{link.key}"


def _versions(link: PersonalLink, questions: Questions, language: str) -> str:
    reader = answer_texts.behind_link(link.person.kind, language)
    return answer_texts.version_of("\n".join(f"{line.case.key}:{line.version(language, reader)}" for line in (*questions.lines, *questions.over)))


def _make_key(link: PersonalLink, questions: Questions, language: str) -> str:
    """Return the key of a page: signed, of this link and of these very words, new each time the page is made."""
    return signing.dumps([str(uuid.uuid4()), _versions(link, questions, language)], salt=_salt(link))


def _read_key(link: PersonalLink, questions: Questions, language: str, key: str) -> str | None:
    """Return what makes a form act once, or None when the page is too old, not of this link, or of other words."""
    try:
        nonce, versions = signing.loads(key, salt=_salt(link), max_age=OPEN_FOR)
    except (signing.BadSignature, ValueError):
        return None
    return str(nonce) if versions == _versions(link, questions, language) else None


def _questions(
    link: PersonalLink, questions: Questions, language: str, *, status: int = 200, saved: bool = False,
    problems: Iterable[tuple[str, str]] = (), sent: Sent | None = None, ended: Mapping[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    with translation.override(language):
        problems, chosen = list(problems), sent.chosen if sent else {}
        reader = answer_texts.behind_link(link.person.kind, language)
        shown = {
            "people": _people(questions, chosen, sent.reasons if sent else {}, reader),
            "asks": any(not one.over or one.mine is None for one in (*questions.lines, *questions.over)),
            "over": [_after(line, chosen) for line in questions.over],
            "after": answer_texts.AFTER, "away": answer_texts.AWAY,
            "in_short": answer_texts.IN_SHORT_FOR[reader], "yes": answer_texts.YES, "no": answer_texts.NO,
            "rules": dict.fromkeys(rule for line in questions.lines for rule in line.rules(language)),
            "rules_language": "en" if language == "en" else "nl",
            "authority": answer_texts.WITH_A_YES if any(line.needs_authority for line in questions.lines) else None,
            "moved": [person.given_name for person in questions.moved], "key": _make_key(link, questions, language),
            "saved": saved, "problems": problems, "ended": ended, "until": answer_texts.day(personal_links.last_day(link)),
        }  # fmt: skip
        return _respond("answer", shown, link, language, status)


def _people(questions: Questions, chosen: dict[str, bool], reasons: dict[str, str], reader: str) -> list[dict[str, Any]]:
    """Return the questions as the page shows them: per person, per purpose, each with what was chosen and answered."""
    shown = []
    for person in dict.fromkeys(line.person for line in questions.lines):
        lines = [line for line in questions.lines if line.person == person]
        same = {line.until for line in lines}
        shown.append({
            "person": person,
            "name": _name(person),
            "how_long": answer_texts.how_long(lines[0].until, reader) if len(same) == 1 else "",
            "reason": reasons.get(str(person.key), ""),
            "groups": [
                {
                    "told": answer_texts.purpose(purpose),
                    "lines": [
                        _line(one, chosen, how_long=answer_texts.how_long(one.until, reader) if len(same) > 1 else "")
                        for one in lines if one.purpose == purpose
                    ],
                }
                for purpose in dict.fromkeys(line.purpose for line in lines)
            ],
        })  # fmt: skip
    return shown


def _line(line: Line, chosen: dict[str, bool], how_long: str = "") -> dict[str, Any]:
    picked = chosen.get(str(line.case.key))
    return {
        "case": line.case, "where": answer_texts.channel(line.channel), "how_long": how_long,
        "mine": line.mine, "day": answer_texts.day(clock.local(line.mine_at).date()) if line.mine_at else "",
        "chosen": "" if picked is None else "yes" if picked else "no",
    }  # fmt: skip


def _after(line: Line, chosen: dict[str, bool]) -> dict[str, Any]:
    return {**_line(line, chosen), "name": _name(line.person), "what": answer_texts.purpose(line.purpose)}


def _name(person: Person) -> str:
    return person.given_name if person.kind == "pupil" else person.full_name


def _own_page(
    what: str, link: PersonalLink | None, language: str, status: int, questions: Questions | None = None, ended: Mapping[str, Any] | None = None
) -> HttpResponse:
    """Return one of the pages that ask nothing, with the school's telephone number where a school is known."""
    with translation.override(language):
        until = answer_texts.day(personal_links.last_day(link)) if link else ""
        moved = [person.given_name for person in questions.moved] if questions else []
        return _respond("answer_closed", {"what": what, "until": until, "moved": moved, "ended": ended}, link, language, status)


def _respond(template: str, shown: dict[str, Any], link: PersonalLink | None, language: str, status: int) -> HttpResponse:
    frame = {
        "language": language, "languages": answer_texts.LANGUAGES.items(), "right_to_left": answer_texts.RIGHT_TO_LEFT,
        "school": link.school if link else None,
    }  # fmt: skip
    if link is not None and answer_texts.to_pupil(link.person.kind, language):
        template = f"{template}_pupil"
    body = render_to_string(f"workflows/pages/{template}.html", {**shown, **frame})
    return HttpResponse(body, status=status, headers={"Content-Language": language})
