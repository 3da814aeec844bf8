"""What commands share that ask the function `support`: the stack, who asks, and how its answer is told."""

from __future__ import annotations

import getpass
from typing import Any

from local import screen
from local.stack import Stack, open_stack


def opened(stack: str | None, profile: str | None) -> Stack:
    """The stack that the options name. Raises Stopped when there is none."""
    return open_stack(stack, profile)


def who(by: str | None) -> str:
    """Who asks, for the audit."""
    return by or getpass.getuser()


def told(answer: Any, as_json: bool, *sections: Any) -> int:
    """Print the answer: one document, or sections for people. Returns exit code 0."""
    if as_json:
        screen.print_json(answer)
    else:
        screen.show(*sections)
    return 0
