"""Every setting of this product, with its default. A host sets one before this runs, or overrides it after."""

from __future__ import annotations

from typing import Any

#: name -> default. Paths are strings; an empty one means "not used".
DEFAULTS: dict[str, Any] = {
    # Folders with a school's own packs, <key>/<in-force-date>.toml, beside the ones that the product brings.
    "KC_PROTOCOL_DIRS": [],
    # Folders with an author's own lessons, <level>-<key>.toml, beside the ones that the product brings.
    "KC_LESSON_DIRS": [],
    # Key of the log's digests. Empty: derived from SECRET_KEY. Keep it when SECRET_KEY rotates.
    "KC_LOG_KEY": "",
    # Folder outside the database for the daily heads of the log's chain.
    "KC_LOG_HEADS": "",
    # Absolute address of this site for links in mails and letters, without a slash at the end. Empty: the platform's LMS_ROOT_URL.
    "KC_SITE_URL": "",
    # Sender of the product's mails; empty: Django's DEFAULT_FROM_EMAIL.
    "KC_FROM_EMAIL": "",
    # Hand deliveries to Celery after a commit. False: `manage.py deliver` and `tick` send what waits.
    "KC_USE_CELERY": False,
    # Where a course's own page is on this site; {course_key} stands for its key. Pupils with a lesson to do are led there.
    "KC_COURSE_URL": "/courses/{course_key}/course/",
    # Hours after which the desk warns that `manage.py tick` has not run.
    "KC_TICK_LATE_HOURS": 2,
}

#: The addresses of our pages and of what our blocks answer. Open edX writes path, user and the first half a kilobyte of the form of each
#: request into its tracking log: what somebody tells about a child, and the secret of a personal link, have no business there.
UNTRACKED = r"(?i)^/+(?:(?:api/+)?kc(?:/|$)|.*@kc_(?:case_desk|media_literacy)\+.*/handler/)"


def plugin_settings(settings: Any) -> None:
    """Fill in the defaults, and keep our addresses out of the platform's tracking log. Doing it twice changes nothing.

    Args:
        settings: the platform's settings module; a name that it already has is left as it is.
    """
    for name, default in DEFAULTS.items():
        if not hasattr(settings, name):
            setattr(settings, name, default)
    if UNTRACKED not in getattr(settings, "TRACKING_IGNORE_URL_PATTERNS", [UNTRACKED]):
        settings.TRACKING_IGNORE_URL_PATTERNS = [*settings.TRACKING_IGNORE_URL_PATTERNS, UNTRACKED]
