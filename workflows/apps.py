"""The Django app `kc_workflows`, and how Open edX loads it as a plugin without a fork."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

_URLS = {"namespace": "kc_workflows", "regex": r"", "relative_path": "urls"}
#: Once more after the operator's own file, which may replace a whole list.
_SETTINGS = {kind: {"relative_path": "settings.common"} for kind in ("common", "production")}


class WorkflowsConfig(AppConfig):
    """Cases and their rules. The label is fixed, because the package index has another `workflows`."""

    name = "workflows"
    label = "kc_workflows"
    verbose_name = _("School cases")
    default_auto_field = "django.db.models.BigAutoField"
    plugin_app: dict[str, Any] = {
        "url_config": {"lms.djangoapp": _URLS, "cms.djangoapp": _URLS},
        "settings_config": {"lms.djangoapp": _SETTINGS, "cms.djangoapp": _SETTINGS},
    }

    def ready(self) -> None:
        """Register the boot checks, which name what is wrong with packs and settings; deliver by Celery where that is on.

        The secrets of personal links are kept out of the logs of whatever serves the pages.
        """
        from importlib.util import find_spec

        if find_spec("workflows.checks") is not None:
            import workflows.checks  # noqa: F401 - imported for its registrations
        from django.conf import settings

        from workflows.quiet import keep_quiet

        keep_quiet()
        if getattr(settings, "KC_USE_CELERY", False):
            from workflows.delivery import tasks

            tasks.connect()
