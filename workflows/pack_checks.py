"""What only shows when layers lie on each other: see `check`.

PURE.
"""

from __future__ import annotations

from .rules import Problem, Protocol


def check(protocol: Protocol) -> tuple[Problem, ...]:
    """Everything that is wrong with a protocol that loads."""
    return ()
