"""How the set-up of sign-in is shown: what a sign-in would do, and the schools of a log-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.screen import escape, table

if TYPE_CHECKING:
    from rich.console import RenderableType


def tried_view(answer: Mapping[str, Any]) -> list[RenderableType | None]:
    """Whom a sign-in would find and in which role, or the page it would end on."""
    if answer["page"]:
        found = f" Found by {answer['rule']}: {answer['person']}." if answer["person"] else ""
        return [f"[red]{answer['page']}[/red]: {escape(answer['reason'])}.{escape(found)}",
                f"[bold]Next:[/bold] {escape(answer['advice'])}"]
    roles = f" (of {', '.join(answer['roles'])})" if len(answer["roles"]) > 1 else ""
    return [f"[green]{answer['person']}[/green] {answer['advice']} to {escape(answer['product'])} as "
            f"{answer['role']}{roles}, found by {answer['rule']}."]


def schools_of_a_login_view(answer: Mapping[str, Any]) -> list[RenderableType | None]:
    """The schools that a log-in stands for."""
    made = table("school", "name", "identifier", wrap=["name"])
    for school in answer["schools"]:
        made.add_row(escape(school["id"]), escape(school["name"]), escape(school["identifier"] or ""))
    whole = "All schools: an administrator of the district logged in." if answer["all"] else None
    later = None if answer["chosen"] else "Nothing is chosen yet: the same with --confirm takes these schools."
    return [made, whole, later]
