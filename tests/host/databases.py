"""Which database the host uses: `KC_DATABASE` is sqlite (the default), postgres or mariadb."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def database(var: Path, env: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Build Django's DATABASES["default"].

    Args:
        var: folder for the SQLite file.
        env: KC_DATABASE, and for a server KC_DATABASE_HOST, _PORT, _NAME, _USER, _PASSWORD; for SQLite KC_DATABASE_NAME
            (a path). KC_TEST_DATABASE names the test database; by default it carries the process's number, so that two
            runs at once do not meet.

    Raises:
        ValueError: KC_DATABASE is none of the three.
    """
    kind = env.get("KC_DATABASE", "sqlite")
    if kind == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": env.get("KC_DATABASE_NAME", str(var / "demo.sqlite3")),
            # A file, not memory: threads and subprocesses of a test must meet in the same database.
            "TEST": {"NAME": env.get("KC_TEST_DATABASE", str(var / f"test-{os.getpid()}.sqlite3"))},
            "OPTIONS": {
                # A writer takes the lock when it begins, so that two steps at once wait instead of failing halfway.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    server: dict[str, Any] = {
        "ATOMIC_REQUESTS": True,  # as the platform has it; on SQLite each reader of a page would wait for every writer
        "NAME": env.get("KC_DATABASE_NAME", "kc"),
        "HOST": env.get("KC_DATABASE_HOST", "127.0.0.1"),
        "PORT": env.get("KC_DATABASE_PORT", ""),
        "PASSWORD": env.get("KC_DATABASE_PASSWORD", ""),
        "TEST": {"NAME": env.get("KC_TEST_DATABASE", f"test_kc_{os.getpid()}")},
    }
    if kind == "postgres":
        return {**server, "ENGINE": "django.db.backends.postgresql", "USER": env.get("KC_DATABASE_USER", "postgres")}
    if kind == "mariadb":
        import pymysql

        pymysql.install_as_MySQLdb()
        return {
            **server,
            "ENGINE": "django.db.backends.mysql",
            "USER": env.get("KC_DATABASE_USER", "root"),
            "TEST": {**server["TEST"], "CHARSET": "utf8mb4", "COLLATION": "utf8mb4_unicode_ci"},
            "OPTIONS": {"charset": "utf8mb4", "isolation_level": "read committed"},
        }
    raise ValueError(f"KC_DATABASE is {kind!r}; it can be sqlite, postgres or mariadb")
