"""Addresses of the set-up pages, below `school/<slug>/setup/`."""

from __future__ import annotations

from django.urls import path

from workflows.pages import people, people_import

urlpatterns = [
    path("", people.setup, name="setup"),
    path("school/", people.letterhead, name="setup-school"),
    path("settings/", people.protocol_settings, name="setup-settings"),
    path("holidays/", people.holidays, name="setup-holidays"),
    path("holidays/<int:pk>/remove/", people.holiday_remove, name="setup-holiday-remove"),
    path("roles/", people.members, name="setup-members"),
    path("roles/<int:pk>/end/", people.member_end, name="setup-member-end"),
    path("import/", people_import.import_people, name="setup-import"),
    path("parents/", people.guardians, name="setup-guardians"),
    path("parents/<int:pk>/", people.guardian, name="setup-guardian"),
    path("courses/", people.courses, name="setup-courses"),
    path("courses/<int:pk>/remove/", people.course_remove, name="setup-course-remove"),
]
