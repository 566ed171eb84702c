"""The workbench's runtime, told who is signed in and which course this is, as the platform would tell a block."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.http import HttpRequest
from workbench.runtime import ID_MANAGER, WorkbenchRuntime
from xblock.core import XBlock
from xblock.plugin import PluginMissingError
from xblock.reference.user_service import UserService, XBlockUser

#: Session key of the user as whom a course's staff looks at the page.
VIEW_AS = "host_view_as"
#: The blocks of a course page, in this order, as far as they are installed.
BLOCKS = ("kc_case_desk", "kc_media_literacy")


def course_id(slug: str) -> str:
    """The course key of a course page, shaped as on the platform."""
    return f"course-v1:KC+{slug}+demo"


def slug_of(key: str) -> str:
    """The course page's part of a course key; the inverse of `course_id`."""
    return key.split("+")[1] if key.count("+") == 2 else key


def viewed_user(request: HttpRequest) -> User | AnonymousUser:
    """The user whom blocks are told of: the one viewed as, for staff who do that, else the one signed in."""
    assert isinstance(request.user, User | AnonymousUser)
    if request.user.is_staff and VIEW_AS in request.session:
        return User.objects.filter(pk=request.session[VIEW_AS]).first() or request.user
    return request.user


class HostUserService(UserService):  # type: ignore[misc] # the XBlock library has no type hints
    """The user service with the platform's attribute names."""

    def __init__(self, user: User | AnonymousUser) -> None:
        super().__init__()
        self.user = user

    def get_current_user(self) -> XBlockUser:
        """Describe the user as the LMS does; a visitor has `is_authenticated` alone."""
        user = self.user
        if not isinstance(user, AbstractBaseUser):
            visitor = XBlockUser(is_current_user=True)
            visitor.opt_attrs["edx-platform.is_authenticated"] = False
            return visitor
        known = XBlockUser(is_current_user=True, emails=[user.email], full_name=user.get_full_name())
        known.opt_attrs.update(
            {
                "edx-platform.is_authenticated": True,
                "edx-platform.user_id": user.pk,
                "edx-platform.username": user.get_username(),
                "edx-platform.user_role": "staff" if user.is_staff else "student",
                "edx-platform.user_is_staff": user.is_staff,
                "edx-platform.user_is_global_staff": user.is_superuser,
            }
        )
        return known


class HostRuntime(WorkbenchRuntime):  # type: ignore[misc] # the sdk has no type hints
    """One request's runtime on the page of one course."""

    def __init__(self, user: User | AnonymousUser, slug: str) -> None:
        super().__init__(user_id=str(user.pk) if user.pk else None)
        self.course = course_id(slug)
        self._services["user"] = HostUserService(user)

    def _patch_xblock(self, block: XBlock) -> None:
        """Give the block its course key; the workbench's own version gives a mock that lies."""
        block.course_id = self.course

    def handler_url(
        self, block: XBlock, handler_name: str, suffix: str = "", query: str = "", thirdparty: bool = False
    ) -> str:
        """The address of a handler, without the workbench's `?student=`: who acts is the session's business."""
        url: str = super().handler_url(block, handler_name, suffix, "", thirdparty)
        return url.partition("?")[0] + (f"?{query}" if query else "")


def usages(slug: str, copies: int = 1) -> list[str]:
    """Make sure that the course page's blocks exist in this process and give their usage ids.

    The ids are built from the slug alone, so that a handler's address survives a restart.

    Args:
        slug: the course page.
        copies: how often each block stands on the page.
    """
    found = []
    for block_type in BLOCKS:
        try:
            XBlock.load_class(block_type)
        except (PluginMissingError, ImportError):
            continue
        definition = f"{slug}.{block_type}.d0"
        ID_MANAGER._definitions[definition] = block_type
        for number in range(copies):
            usage = f"{definition}.u{number}"
            ID_MANAGER._usages[usage] = definition
            found.append(usage)
    return found


def block_for(request: HttpRequest, usage_id: str) -> Any:
    """Load one block for the user of a request; its address works right after a restart too.

    Raises:
        xblock.exceptions.NoSuchUsage: no course page has such a block.
    """
    slug = usage_id.partition(".")[0]
    usages(slug, copies=2)
    return HostRuntime(viewed_user(request), slug).get_block(usage_id)
