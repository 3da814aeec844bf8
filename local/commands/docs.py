"""`homeroom docs`: pages of the documentation that are made from the code."""

from __future__ import annotations

from typing import Annotated

import typer

from local import pages, screen
from local.commands.options import Json
from local.reasons import Stopped

Check = Annotated[bool, typer.Option("--check", help="Write nothing; fail if a page is not what the code says.")]


def docs(check: Check = False, as_json: Json = False) -> int:
    """Write the generated pages of docs/ anew."""
    stale = pages.outdated() if check else pages.write()
    names = [str(path.relative_to(pages.ROOT)) for path in stale]
    if check and names:
        raise Stopped(f"not up to date: {', '.join(names)}", "Run `make docs` and look at the difference.")
    if as_json:
        screen.print_json({"changed": names})
    elif names:
        screen.show("\n".join(f"Written: {name}" for name in names))
    return 0
