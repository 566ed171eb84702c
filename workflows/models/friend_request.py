"""A connection on social media between a member of staff and somebody of the school, or a request to the school's page."""

from __future__ import annotations

from typing import ClassVar

from workflows.machine import step
from workflows.models.case import Case


class FriendRequest(Case):
    """A declared connection of `person`. Whether it needs an approval, or may not be at all, is the pack's."""

    pii: ClassVar[str] = "See Case."

    declare = step("friend_request.declare")
    approve = step("friend_request.approve")
    refuse = step("friend_request.refuse")
    end = step("friend_request.end")
    review = step("friend_request.review")
    expire = step("friend_request.expire")

    class Meta:
        proxy = True
