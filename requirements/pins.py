"""Write constraints.txt from the `pip freeze` of one environment per supported Python.

Run by `make pins`, after the ranges in base.txt, test.txt or dev.txt changed::

    python requirements/pins.py 3.11=freeze-3.11.txt 3.12=freeze-3.12.txt > requirements/constraints.txt

A distribution that has the same version everywhere gets one line; one that differs gets a line per Python,
with an environment marker. So a single file pins every supported Python.
"""

from __future__ import annotations

import sys
from pathlib import Path

HEADER = "# Written by `make pins`; every version that `make test` was run with. Do not edit by hand.\n"


def merge(freezes: dict[str, str]) -> str:
    """Merge freezes into one constraints file.

    Args:
        freezes: Python version ("3.11") to the text of `pip freeze` under it.

    Returns:
        The text of constraints.txt, sorted, ignoring editable and local distributions.
    """
    pins: dict[str, dict[str, str]] = {}
    for python, text in freezes.items():
        for line in text.splitlines():
            name, found, version = line.partition("==")
            if found and not line.startswith("-e"):
                pins.setdefault(name, {})[python] = version
    lines = []
    for name in sorted(pins, key=str.lower):
        versions = pins[name]
        if len(versions) == len(freezes) and len(set(versions.values())) == 1:
            lines.append(f"{name}=={next(iter(versions.values()))}")
        else:
            lines += [f'{name}=={version}; python_version == "{python}"' for python, version in versions.items()]
    return HEADER + "\n".join(lines) + "\n"


if __name__ == "__main__":
    pairs = (argument.partition("=") for argument in sys.argv[1:])
    sys.stdout.write(merge({python: Path(path).read_text() for python, _, path in pairs}))
