"""What only the platform knows, asked without importing it: this package must load where there is no platform at all."""

from __future__ import annotations

from typing import Any

#: Where the platform keeps, per course, as whom its staff look at a course ("View this course as").
MASQUERADE_KEY = "masquerade_settings"


def current_request() -> Any:
    """Return the request this thread is answering, or None outside a request.

    `django-crum` keeps it; the platform has it in its middleware, and so does the demo host.
    """
    try:
        from crum import get_current_request
    except ImportError:
        return None
    return get_current_request()


def looks_as_another(session: Any, course_key: str) -> bool:
    """Whether course staff are looking at this course as somebody else, or as a learner.

    Asked of the session, because the platform replaces `request.user` by the learner while it draws a unit.

    Args:
        session: the request's session.
        course_key: the course's key as text.
    """
    for key, chosen in (session.get(MASQUERADE_KEY) or {}).items():
        if str(key) == course_key:
            named = getattr(chosen, "user_name", None)
            return bool(named) or getattr(chosen, "role", "staff") != "staff"
    return False


def course_key_of(block: Any) -> str:
    """Return the key of the course a block stands in, as text and without branch or version; "" where there is none."""
    return str(_key(block) or "")


def may_write_course(block: Any) -> bool | None:
    """Whether who asks may write the course in Studio; None where nobody knows: outside Studio's own editing.

    There the block belongs to nobody, and the user service counts nobody to the course's staff
    (`load_services_for_studio` of the platform); this service of Studio's is the one that can be asked.
    """
    rights = block.runtime.service(block, "studio_user_permissions")
    if rights is None:
        return None
    # A platform of after Verawood has both names and is to drop the first, which knows no rights given by its newer roles.
    asked = (getattr(rights, name, None) for name in ("can_write", "can_edit_content"))
    return any(ask(_key(block)) for ask in asked if ask is not None)


def _key(block: Any) -> Any:
    key = block.context_key or getattr(block, "course_id", None)
    for part in ("for_branch", "for_version"):
        if key is not None and hasattr(key, part):
            key = getattr(key, part)(None)
    return key
