#!/usr/bin/env python
"""Django's command line on the demo host, so that every command works from a fresh clone."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run one management command; `make demo` or `make test` builds the environment that it needs."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.host.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not in this Python's environment: run `make setup` once, then .venv/bin/python manage.py …")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
