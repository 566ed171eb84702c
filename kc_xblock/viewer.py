"""Who is looking at a block. A block acts for somebody only when the runtime and the session name the same person.

On the platform, course staff can look at a course as a learner. The runtime then names the learner, and whatever a
handler wrote would be written in the learner's name. So three have to agree: the runtime's user service, the session
that sent the request, and the request's user. In all other cases the block shows and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.contrib.auth import SESSION_KEY

from kc_xblock import compat


class Seen(Enum):
    """How somebody looks at a block."""

    SELF = "self"
    VISITOR = "visitor"  # nobody is signed in, or there is no request
    AS_ANOTHER = "as another"  # course staff looking as a learner
    PREVIEW = "preview"  # Studio's preview, which belongs to nobody


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and how; `user` is a Django user for `Seen.SELF` alone."""

    seen: Seen
    user: Any = None
    #: Whether the platform counts them to the course's staff: good for a block's settings, for no case.
    is_course_staff: bool = False


def _told_of(block: Any) -> dict[str, Any]:
    """Return what the runtime's user service says of the user; nothing where there is no service."""
    service = block.runtime.service(block, "user")
    return service.get_current_user().opt_attrs if service is not None else {}


def named_id(block: Any) -> Any:
    """Return the id of the user whom the runtime names, or None. Whether they are the one who asks is not checked here."""
    told = _told_of(block)
    return told.get("edx-platform.user_id", told.get("xblock-workbench.user_id"))


def is_author(block: Any) -> bool:
    """Whether who asks is a maker of the course this block stands in, and may change the block's settings."""
    writes = compat.may_write_course(block)
    if writes is not None:
        return writes
    viewer = viewer_of(block)
    return bool(getattr(block.runtime, "is_author_mode", False)) or (viewer.seen is Seen.SELF and viewer.is_course_staff)


def viewer_of(block: Any) -> Viewer:
    """Return who looks at `block` in the request this thread is answering."""
    request = compat.current_request()
    user = getattr(request, "user", None)
    # At `handler_noauth` the platform checks no form against other sites and marks the user as not known, whoever's cookie came along.
    signed_in = user is not None and user.is_authenticated and getattr(user, "known", True)
    told = _told_of(block)
    if getattr(block.runtime, "is_author_mode", False) or (signed_in and (not told or block.scope_ids.user_id is None)):
        return Viewer(Seen.PREVIEW)
    named = named_id(block)
    if user is None or not signed_in or named is None or not told.get("edx-platform.is_authenticated", True):
        return Viewer(Seen.VISITOR)
    session = getattr(request, "session", {})
    owner = session.get(SESSION_KEY, user.pk)
    if not str(named) == str(owner) == str(user.pk) or compat.looks_as_another(session, compat.course_key_of(block)):
        return Viewer(Seen.AS_ANOTHER)
    return Viewer(Seen.SELF, user, bool(told.get("edx-platform.user_is_staff")))
