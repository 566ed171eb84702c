"""The reading page behind a personal link: one letter, for one reader, without an account.

Mail scanners open links and even press buttons. So GET and HEAD change nothing, and the button changes nothing but the
note that the letter was opened. Guessing is limited; a link that is over or withdrawn has a page of its own with the
school's telephone number. Nothing here says whom the letter is about.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from workflows import answer_texts, clock
from workflows.delivery import links, reading, reading_words
from workflows.delivery.faults import LetterRefused
from workflows.delivery.letters import LetterFault, PrintingUnavailable
from workflows.delivery.recipients import no_copy_for
from workflows.models import Letter, LetterLink
from workflows.pages.base import unlisted

GUESSES = 20
"""Wrong addresses that one sender may try in an hour."""

HOUR = 3600


def _closed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Keep the page out of caches, histories of other sites, frames and search engines."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with clock.school_time():
            response = view(request, *args, **kwargs)
        return unlisted(response)

    return never_cache(shown)


# The token in the address is the secret, and the button changes nothing that a forged one could misuse; a reader whose
# browser keeps no cookies must be able to read the letter.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@_closed
def letter_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show that there is a letter; on POST give the letter itself, or its reading copy (`copy`) in the reader's language.

    Returns:
        200 with the page or the PDF; 404 for a guess, 409 when there is no reading copy, 410 for a link that is over or withdrawn,
        429 after too many guesses.
    """
    key = f"kc-letter-link:{request.META.get('REMOTE_ADDR', '')}"
    link = links.find(token)
    if link is None:
        if cache.get(key, 0) >= GUESSES:  # a good link opens all the same: a whole school may share one address
            return _page(request, "too_many", None, 429)
        cache.add(key, 0, HOUR)
        try:
            cache.incr(key)
        except ValueError:  # it ran out between the two calls: the next guess starts the hour
            cache.add(key, 1, HOUR)
        return _page(request, "unknown", None, 404)
    letter = link.letter
    if link.expires_at <= clock.now():
        return _page(request, "expired", link, 410)
    if link.revoked_at is not None or letter.pdf is None or letter.state == Letter.State.VOID or no_copy_for(letter):
        return _page(request, "revoked", link, 410)
    if request.method != "POST":
        return _page(request, "ready", link, 200)
    pdf, name = bytes(letter.pdf), f"brief-{letter.root.display_number}"
    if "copy" in request.POST:
        try:
            pdf, name = reading.copy_of(letter), f"{name}-{reading.language_of(letter)}"
        except (LetterRefused, PrintingUnavailable, LetterFault):
            return _page(request, "no_copy", link, 409)
    LetterLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=clock.now())
    response = HttpResponse(pdf, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return response


def _page(request: HttpRequest, what: str, link: LetterLink | None, status: int) -> HttpResponse:
    school = link.letter.root.school if link else None
    with translation.override(links.language_of(link.letter.addressee if link else None)):
        shown = {"what": what, "school": school, "until": link.expires_at if link else None, **_in_own_language(link, what)}
        return HttpResponse(render_to_string("workflows/pages/letter_link.html", shown), status=status)


def _in_own_language(link: LetterLink | None, what: str) -> dict[str, Any]:
    """Return what the page says in the reader's own language, and of a reading copy; nothing for who reads Dutch."""
    language = reading.language_of(link.letter) if link else ""
    if not link or not language:
        return {"copy": ""}
    with translation.override(language):
        facts = {"school": link.letter.root.school.name, "until": answer_texts.day(clock.local(link.expires_at).date())}
        head, *said = (str(one) % facts for one in reading_words.LINK_PAGE[what])
        return {
            "copy": reading.button(link.letter) if what == "ready" else "", "copy_language": language, "copy_rtl": translation.get_language_bidi(),
            "copy_note": reading.note(), "head": head, "said": said, "read_dutch": str(reading_words.READ_DUTCH), "phone": str(reading_words.PHONE),
        }  # fmt: skip
