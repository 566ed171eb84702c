"""What the platform's admin shows: which schools and courses there are, and whether the machinery runs. It changes nothing.

No case, letter, log or free text is here, and no person, role or tie either: whoever could add a role here would open a
case with it. Schools and their people have pages and commands of their own, which write down who changed what.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from workflows.models import CourseLink, PackSeal, School, TickRun


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # Django cannot be subscripted when it runs
    """A list to look at: nothing is added, changed or deleted, by a superuser neither."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds a row here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes a row here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a row here."""
        return False


@admin.register(School)
class SchoolAdmin(ReadOnly):
    """Which schools there are, and whose protocol they follow; not their letterhead, which names officials."""

    list_display = ("name", "slug", "key", "sector", "is_active")
    fields = ("name", "slug", "key", "sector", "legal_form", "is_active")


@admin.register(CourseLink)
class CourseLinkAdmin(ReadOnly):
    """Which course belongs to which school."""

    list_display = ("course_key", "school", "group")
    list_select_related = ("school", "group")
    search_fields = ("course_key",)


@admin.register(TickRun)
class TickRunAdmin(ReadOnly):
    """When terms, reminders and letters were last looked after."""

    list_display = ("started_at", "finished_at", "problem")


@admin.register(PackSeal)
class PackSealAdmin(ReadOnly):
    """Which protocol files a case has followed."""

    list_display = ("key", "in_force", "sealed_at", "sha256")
