"""Run by test_wheel.py with the interpreter of a fresh environment, outside the repository: does what is installed work?

usage: python -P installed.py FOLDER TEMPLATE...      FOLDER must hold the packages; every TEMPLATE must load
"""

from __future__ import annotations

import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command


def main(folder: Path, templates: list[str]) -> None:
    """Set Django up as a platform does, through the entry points, and use one of everything that travels."""
    from edx_django_utils.plugins import get_plugin_apps

    plugin_apps = get_plugin_apps("lms.djangoapp")
    assert {"kc_xblock.apps.KcXblockConfig", "workflows.apps.WorkflowsConfig"} <= set(plugin_apps), plugin_apps
    contrib = ["auth", "contenttypes", "sessions", "messages", "staticfiles"]
    settings.configure(
        SECRET_KEY="only for this test",
        INSTALLED_APPS=[*(f"django.contrib.{name}" for name in contrib), *plugin_apps],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        STATIC_URL="/static/",
        USE_TZ=True,
        TIME_ZONE="Europe/Amsterdam",
    )
    from workflows.settings.common import plugin_settings

    plugin_settings(settings)
    django.setup()

    import kc_xblock
    import workflows

    for package in (kc_xblock, workflows):
        assert package.__file__ and Path(package.__file__).resolve().is_relative_to(folder), package.__file__

    from django.template.loader import get_template
    from django.utils.translation import gettext, override

    for name in templates:
        get_template(name)
    with override("nl"):
        assert gettext("School cases") != "School cases", "the Dutch catalogue was not found"

    from xblock.core import XBlock

    assert XBlock.load_class("kc_case_desk").__name__ == "CaseDeskXBlock"
    packs = sorted(path for path in Path(workflows.__file__).parent.glob("protocols/*/*.toml") if path.parent.name != "drafts")
    assert packs, "no protocol pack was found"
    call_command("check")
    call_command("migrate", verbosity=0)
    call_command("check_protocol", *map(str, packs))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
