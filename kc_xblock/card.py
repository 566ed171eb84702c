"""What both cards of a lesson share: ids, and the sentences for whoever sees nothing of them."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from kc_xblock.viewer import Seen, Viewer

LONGEST_NAME = 120
"""Characters of a title and of a lesson's name."""


def own_title(block: Any) -> str:
    """Return the title that an author gave a card; "" where it has its type's name, which Studio shows in its menu and headers."""
    title: str = block.display_name
    return "" if title == block.fields["display_name"].default else title


def keep_title(block: Any, title: str) -> None:
    """Give a card a title of its own; with "" it has its type's name again, so that nothing in Studio stands there nameless."""
    if title:
        block.display_name = title
    else:
        block.fields["display_name"].delete_from(block)


def uid_of(block: Any) -> str:
    """Return the usage id as a part of HTML ids: two cards on one page do not share one."""
    return "kc-" + re.sub(r"[^A-Za-z0-9]+", "-", str(block.scope_ids.usage_id))


def notice_sentence(viewer: Viewer) -> str:
    """Say why nothing is shown."""
    return {
        Seen.VISITOR: _("Sign in to see this part of the lesson."),
        Seen.AS_ANOTHER: _("You are looking as somebody else. This part then shows nothing and saves nothing."),
        Seen.PREVIEW: _("A preview shows no cases and saves nothing."),
    }[viewer.seen]


def script_words() -> dict[str, str]:
    """What the script says by itself, in the reader's language."""
    return {
        "sending": _("Sending …"),
        "saving": _("Saving …"),
        "offline": _("There is no connection. What you wrote is still here. Try again in a moment."),
        "gone": _("You are no longer signed in. Copy what you wrote and load the page again."),
        "failed": _("Something went wrong on our side. What you wrote is still here. Try again in a few minutes."),
    }
