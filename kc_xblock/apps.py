"""The Django app that brings the templates and catalogues; everything that acts is in `workflows`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import AppConfig

_PACKAGE = Path(__file__).resolve().parent

#: The folder that holds templates/ and locale/: this package in a wheel, its parent in a checkout or an editable install.
ROOT = _PACKAGE if (_PACKAGE / "templates").is_dir() else _PACKAGE.parent


class KcXblockConfig(AppConfig):
    """Makes Django find ROOT/templates and ROOT/locale. Open edX loads it by its entry points."""

    name = "kc_xblock"
    label = "kc_xblock"
    verbose_name = "Course page"
    path = str(ROOT)
    default_auto_field = "django.db.models.BigAutoField"
    #: No URLs, settings or signals of its own; it must be a dict all the same, or the platform skips the app.
    plugin_app: dict[str, Any] = {}

    def ready(self) -> None:
        """Hand the product's lessons over to the workflows, which know no block."""
        from workflows import api

        api.hand_over_lessons(_PACKAGE / "lessons")
