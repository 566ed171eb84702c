"""Keeps the secret part of a personal link out of the log lines of whatever serves the pages.

The pages themselves log nothing. What remains are the lines of Django about an address that fits no page, and those of the
development server and of gunicorn. A web server in front writes a log of its own: docs/install.md says what to set there.
"""

from __future__ import annotations

import logging
import re
from typing import Any

LOGGERS = (
    "django.request", "django.server", "django.security.csrf", "django.security.DisallowedHost", "django.security.SuspiciousOperation",
    "gunicorn.access",
)  # fmt: skip

_SECRET = re.compile(r"(/+kc/+(?:answer|brief)/+)[^/?\s\"']+", re.IGNORECASE)  # also an address that a mail program bent


class HideSecrets(logging.Filter):
    """Blackens the secret in a record's message and arguments, and lets go of the request, from which a report would read it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; it is always written."""
        record.msg = _hidden(record.msg)
        if isinstance(record.args, dict):
            record.args.update({name: _hidden(value) for name, value in record.args.items()})  # in place: gunicorn's knows more than its items
        elif isinstance(record.args, tuple):
            record.args = tuple(map(_hidden, record.args))
        if _SECRET.search(str(getattr(getattr(record, "request", None), "path", ""))):
            record.__dict__.pop("request")
        return True


def _hidden(value: Any) -> Any:
    return _SECRET.sub(r"\1…", value) if isinstance(value, str) else value


def keep_quiet() -> None:
    """Put the filter on every logger that writes addresses. Doing it twice changes nothing."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, HideSecrets) for one in logger.filters):
            logger.addFilter(HideSecrets())
