"""The command `homeroom`: which commands there are, and what an exit code means (design 9).

    0   done                                   64  the command was not understood
    1   refused; the reason is on stderr       70  an error of ours; HOMEROOM_DEBUG=1 shows where
    `check` and `plan` have codes of their own; so has `demo`, which ends with 1 when something went otherwise.

A command's module is imported when the command is called: `check` and `plan` start in a tenth of a second, without what
the others need.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from homeroom.errors import HomeroomError
from local import screen
from local.reasons import reason_of

REFUSED, USAGE, INTERNAL, INTERRUPTED = 1, 64, 70, 130
UsageError: Any = typer.BadParameter.__mro__[1]
"""Typer's own base of everything that is wrong with a command line; it gives it no name of its own."""

COMMANDS: Mapping[str, str] = {
    "check": "check:check",
    "plan": "plan:plan",
    "demo": "demo:demo",
    "up": "embedded:up",
    "down": "embedded:down",
    "connect": "connecting:connect",
    "test": "connecting:try_connection",
    "pending": "districts:pending",
    "accept": "districts:accept",
    "verify": "districts:verify",
    "schools": "districts:schools",
    "choose": "districts:choose",
    "share": "districts:share",
    "rotate": "connecting:rotate",
    "options": "choices:options",
    "promote": "choices:promote",
    "demote": "choices:demote",
    "list": "support:list_integrations",
    "status": "support:status",
    "upload": "support:upload",
    "run": "support:run",
    "runs": "support:runs",
    "show": "support:show",
    "explain": "questions:explain",
    "try": "questions:try_choices",
    "approve": "support:approve",
    "discard": "support:discard",
    "undo": "past:undo",
    "as-of": "past:as_of",
    "pause": "timing:pause",
    "resume": "timing:resume",
    "blackout": "timing:blackout",
    "schedules": "timing:schedules",
    "limits": "limits:limits",
    "season": "limits:season",
    "edit": "byhand:edit",
    "archive": "byhand:archive",
    "create": "byhand:create",
    "release": "byhand:release",
    "by-hand": "byhand:by_hand",
    "person": "byhand:person",
    "register": "sign_ins:register",
    "registrations": "sign_ins:registrations",
    "portal": "sign_ins:portal",
    "sign-in": "sign_ins:sign_in",
    "sign-ins": "sign_ins:sign_ins",
    "unlink": "sign_ins:unlink",
    "try-sign-in": "sign_in_setup:try_sign_in",
    "end-rostering": "sign_in_setup:end_rostering",
    "signed-in-school": "sign_in_setup:signed_in_school",
    "docs": "docs:docs",
}
"""Name of each command, in the order of the help, with the module below `local.commands` and its function."""
HIDDEN = frozenset({"docs"})


class Commands(TyperGroup):
    """The commands, each imported when it is asked for."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name].partition(":")
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(cmd_name, hidden=cmd_name in HIDDEN, no_args_is_help=False)(
            getattr(importlib.import_module(f"local.commands.{module}"), function)
        )
        return typer.main.get_command(alone)


app = typer.Typer(cls=Commands, add_completion=False, rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def homeroom() -> None:
    """Keeps the rosters of school districts equal to what their student information systems say."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; without one, run the process's own and end the process with it."""
    if arguments is None:
        _leave(_run(sys.argv[1:]))
    return _run(arguments)


def _leave(code: int) -> NoReturn:
    """End at once: Python would take a million rows apart first, which is a twentieth of planning them."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = code or REFUSED
    os._exit(code)


def _run(arguments: Sequence[str]) -> int:
    asked = list(arguments)
    try:
        return int(typer.main.get_command(app).main(asked, prog_name="homeroom", standalone_mode=False) or 0)
    except UsageError as wrong:
        wrong.show()
        return USAGE
    except HomeroomError as refused:
        return _refuse(asked, reason_of(refused))
    except (KeyboardInterrupt, typer.Abort):
        screen.complain("Stopped.")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 the outermost frame: whatever it is, it becomes an exit code
        return _fail(asked, error)


def _refuse(asked: Sequence[str], reason: Mapping[str, str]) -> int:
    screen.complain(f"{reason['code']}: {reason['text']}", reason["remedy"])
    if "--json" in asked:
        screen.print_json({"error": reason})
    return REFUSED


def _fail(asked: Sequence[str], error: Exception) -> int:
    """An error of ours. Its message may hold data of the file, so only its kind and place are told."""
    if os.environ.get("HOMEROOM_DEBUG"):
        traceback.print_exception(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    kind = f"{type(error).__name__} in {os.path.basename(place.filename)}, line {place.lineno}"
    screen.complain(f"An error of Homeroom: {kind}.", "HOMEROOM_DEBUG=1 shows more; it may show data of your file.")
    if "--json" in asked:
        screen.print_json({"error": {"code": HomeroomError.code, "text": kind, "owner": HomeroomError.owner,
                                     "remedy": HomeroomError.remedy}})
    return INTERNAL


if __name__ == "__main__":
    main()
