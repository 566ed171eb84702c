"""Personal links to read one letter. The token is signed and never stored: the table holds its digest alone.

A token can be made again from the link's row and the site's secret, so that a mail that is sent a second time carries the
same address, and no address lies in a table or a backup.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import salted_hmac

from workflows import clock
from workflows.models import Letter, LetterLink, Person, School

VALID = timedelta(days=56)
"""How long a link opens a letter: the six weeks of an objection and two more."""


def _token(link: LetterLink) -> str:
    seal = salted_hmac("kc_workflows.letter_link", f"{link.pk}:{link.letter_id}:{int(link.created_at.timestamp())}", algorithm="sha256")
    return f"{link.pk:x}-{seal.hexdigest()[:43]}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def create(letter: Letter) -> LetterLink:
    """Return the link of a letter's addressee: the one that is still good, or a new one."""
    good = letter.links.filter(revoked_at=None, expires_at__gt=clock.now()).order_by("-pk").first()
    if good is not None:
        return good
    now = clock.now().replace(microsecond=0)
    link = LetterLink.objects.create(letter=letter, token_digest=f"new:{letter.key}:{letter.links.count()}", created_at=now, expires_at=now + VALID)
    link.token_digest = _digest(_token(link))
    link.save(update_fields=["token_digest"])
    return link


def revoke(letter: Letter) -> int:
    """Close every link of a letter; return how many were open."""
    return letter.links.filter(revoked_at=None).update(revoked_at=clock.now())


def address(link: LetterLink) -> str:
    """Return the link's full address."""
    return site_url(reverse("kc_workflows:letter_link", args=[_token(link)]))


def site_url(path: str = "") -> str:
    """Return `path` on this site: `KC_SITE_URL`, else where the platform says that its pages for learners are."""
    site = settings.KC_SITE_URL or getattr(settings, "LMS_ROOT_URL", "")
    return f"{site.rstrip('/')}{path}"


def find(token: str) -> LetterLink | None:
    """Return the link that a token opens, good or not; None for a guess."""
    rows = LetterLink.objects.select_related("letter", "letter__root", "letter__root__school", "letter__addressee", "letter__about")
    return rows.filter(token_digest=_digest(token)).first()


def language_of(person: Person | None) -> str:
    """Return the language to address somebody in: theirs if the pages speak it, else Dutch."""
    known = {code for code, _name in settings.LANGUAGES}
    own = person.language if person else ""
    return own if own in known else "nl"


def message(template: str, school: School, person: Person | None, **context: Any) -> dict[str, str]:
    """Return subject, text and html of a mail that says only that there is a message; no name of a child is given to it."""
    with translation.override(language_of(person)):
        shown = {**context, "school": school, "language": language_of(person)}
        return {
            "subject": " ".join(render_to_string(f"workflows/mail/{template}_subject.txt", shown).split()),
            "text": render_to_string(f"workflows/mail/{template}.txt", shown).strip() + "\n",
            "html": render_to_string(f"workflows/mail/{template}.html", shown),
        }


def notice(link: LetterLink) -> str:
    """Return the text to put in the parent portal: that there is a message, and the personal link."""
    letter = link.letter
    return message("letter", letter.root.school, letter.addressee, link=address(link), until=link.expires_at)["text"]
