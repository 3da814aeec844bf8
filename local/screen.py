"""What people see: tables and live progress by rich, plain text where there is no terminal, one document with --json.

Rich is imported when something is shown, so that `--json` does without it. Progress goes to stderr, results to stdout.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.table import Table

PLAIN_WIDTH = 140
"""Columns where there is no terminal to ask: a log or a file."""
READABLE, NARROWEST = 30, 12
"""Columns that a text which may break wants, and the fewest that it gets."""
_GAP = 3


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
        screen.print(_whole(section), crop=False)


def minute(at: str | None) -> str:
    """An ISO time as people read it: `2026-09-07 14:30`, in the zone it is in; empty for none."""
    return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M") if at else ""


def plain(value: Any) -> str:
    """A value of a record as people read it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


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


class Fitting:
    """The first of several forms, each a table or a few, that fits the screen; if none does, the last.

    Rich cuts what does not fit. Here a cell is shown whole or broken into lines, never cut: half a number is a wrong
    one. A screen too narrow even for the last form breaks its lines itself.
    """

    def __init__(self, *forms: tuple[Table, ...]):
        self.forms = forms

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        fitting = (form for form in self.forms if _width(console, form, READABLE) <= options.max_width)
        form = next(fitting, self.forms[-1])
        wide = options.update(width=max(options.max_width, _width(console, form, NARROWEST)))
        for number, part in enumerate(form):
            if number:
                yield ""
            yield from console.render(part, wide)


def _width(console: Console, form: Iterable[Table], breaking: int) -> int:
    """Columns that a form needs when texts which may break get `breaking` of them, or what they need if it is less."""
    def needs(table: Table) -> int:
        widest = [(max(console.measure(cell).maximum for cell in (column.header, *column.cells)), column.no_wrap)
                  for column in table.columns]
        return sum(width if whole else min(width, breaking) for width, whole in widest) + _GAP * (len(widest) - 1)

    return max(needs(table) for table in form)


def _whole(section: RenderableType) -> RenderableType:
    """A section that loses nothing on a narrow screen: tables fit, indented lines stay indented where they break."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table

    if isinstance(section, Table):
        return Fitting((section,))
    if not isinstance(section, str):
        return section
    indents = [(len(line) - len(line.lstrip(" ")), line) for line in section.split("\n")]
    return Group(*(Padding(line.strip(" "), (0, 0, 0, indent), expand=False) if indent else line
                   for indent, line in indents))


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
