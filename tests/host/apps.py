"""The demo host as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class HostConfig(AppConfig):
    """Holds the sign-in page, the course page and `seed_demo`."""

    name = "tests.host"
    label = "kc_host"
    default_auto_field = "django.db.models.BigAutoField"
