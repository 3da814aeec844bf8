"""What people see: tables and live progress by rich, plain text where there is no terminal, one document with --json.

Rich is imported when something is shown, so that `--json` does without it. Progress goes to stderr, results to stdout.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

PLAIN_WIDTH = 140
"""Columns where there is no terminal to ask: a log or a file."""


def console(*, stderr: bool = False) -> Console:
    """Rich on stdout or stderr. It has colours on a terminal only, and none where NO_COLOR is set."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PLAIN_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def show(*sections: RenderableType | None) -> None:
    """Print results one below the other, a blank line between them; what is None or empty is left out."""
    screen = console()
    for number, section in enumerate(section for section in sections if section):
        if number:
            screen.print()
        screen.print(section)


def print_json(document: Any) -> None:
    """The one document of `--json`."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")


def complain(text: str, remedy: str = "") -> None:
    """A reason on stderr, and below it what to do."""
    sys.stderr.write(f"homeroom: {text}\n")
    if remedy:
        sys.stderr.write(f"          {remedy}\n")


@contextmanager
def progress(text: str, *, quiet: bool = False) -> Iterator[None]:
    """A line on stderr that lives while the block runs; nothing where there is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    with console(stderr=True).status(f"[dim]{text}[/dim]", spinner="dots"):
        yield


@contextmanager
def live(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """A line on stderr that the block changes as it goes on; nothing where there is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    with console(stderr=True).status("", spinner="dots") as status:
        yield status.update


def table(*columns: str, numbers: Iterable[str] = (), wrap: Iterable[str] = ()) -> Table:
    """A calm table: a rule below the header, columns in `numbers` to the right, only those in `wrap` may break."""
    from rich import box
    from rich.table import Table

    right, breaking = set(numbers), set(wrap)
    made = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False, padding=(0, 1))
    for column in columns:
        justify: Literal["right", "left"] = "right" if column in right else "left"
        made.add_column(column, justify=justify, no_wrap=column not in breaking, overflow="fold")
    return made


def count(value: float, style: str = "") -> str:
    """A number for a table: thousands apart, zero faint, `style` for what is not zero."""
    if not value:
        return "[dim]0[/dim]"
    shown = f"{value:,}"
    return f"[{style}]{shown}[/{style}]" if style else shown


def escape(text: str) -> str:
    """Text from outside, so that brackets in it are no markup."""
    from rich.markup import escape as escape_markup

    return escape_markup(text)
