"""Settings of the demo host: the workbench's runtime with real users, our plugin settings, loopback only.

Nothing of `workbench.settings` is imported: it wants a writable var/ before anything else and logs SQL with its parameters.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

from tests.host.databases import database
from workflows.settings.common import plugin_settings

# A dependency of the sdk still asks setuptools for it; nothing that we or a user can mend.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated")

REPOSITORY = Path(__file__).resolve().parents[2]
VAR = REPOSITORY / "var"
VAR.mkdir(exist_ok=True)

DEBUG = os.environ.get("KC_DEBUG", "") == "1"
#: A demo's key: it guards invented people on loopback. A real host brings its own.
SECRET_KEY = "demo-only-" + "kc" * 24
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]

INSTALLED_APPS = [
    "kc_xblock.apps.KcXblockConfig",
    "workflows.apps.WorkflowsConfig",
    "tests.host.apps.HostConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "djpyfs",
    "workbench",
]
MIDDLEWARE = [
    "tests.host.middleware.LoopbackOnly",
    "tests.host.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crum.CurrentRequestUserMiddleware",  # as the platform has it: a block learns here who sent the request
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tests.host.middleware.DeliverAfterPost",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.contrib.auth.context_processors.auth",
                "django.template.context_processors.i18n",
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
ROOT_URLCONF = "tests.host.urls"
DATABASES = {"default": database(VAR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SESSION_COOKIE_NAME = "kc_demo_session"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS: list[dict[str, str]] = []

LANGUAGE_CODE = "en"
LANGUAGES = [("nl", "Nederlands"), ("en", "English")]
TIME_ZONE = "Europe/Amsterdam"
USE_TZ = True
STATIC_URL = "/static/"

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = os.environ.get("KC_MAIL_FOLDER", str(VAR / "mail"))
DEFAULT_FROM_EMAIL = "school@example.org"

DJFS = {"type": "osfs", "directory_root": str(VAR / "djpyfs"), "url_root": "/static/djpyfs"}
WORKBENCH = {"reset_state_on_restart": False, "services": {}}
EXCLUDED_XBLOCKS: set[str] = set()

#: Only `make demo` sets this: then what a click put in the outbox is sent at once, and its mail can be read.
HOST_DELIVER_AFTER_POST = os.environ.get("KC_DEMO", "") == "1"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler", "stream": sys.stderr}},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "workbench": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "xblock": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}

KC_SITE_URL = os.environ.get("KC_SITE_URL", "http://127.0.0.1:8000")
KC_LOG_HEADS = os.environ.get("KC_LOG_HEADS", str(VAR / "log-heads"))
# Named for the type checker; the defaults come from the product.
KC_PROTOCOL_DIRS: list[str]
KC_LESSON_DIRS: list[str]
KC_LOG_KEY: str
KC_COURSE_URL: str
KC_FROM_EMAIL: str
KC_USE_CELERY: bool
KC_TICK_LATE_HOURS: int
plugin_settings(sys.modules[__name__])
