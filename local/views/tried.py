"""What `homeroom try` shows: what the choice causes, what a run would do with it, and what the guards would say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from homeroom.report.words import guard_sentence
from local.screen import count, escape, table
from local.views.plan import actions_table, guards_view, removals_line

if TYPE_CHECKING:
    from rich.console import RenderableType

_CAUSED: Mapping[str, tuple[str, str]] = {"come": ("come in", "green"), "leave": ("leave", "red"),
                                          "change": ("get other values", "cyan")}
_SHOWN = 5
"""Ids shown of each kind of change; `--json` has more."""


def tried_view(told: Mapping[str, Any]) -> list[RenderableType | None]:
    """The sections of the answer, from top to bottom."""
    return [
        f"[bold]Tried on {escape(told['rows']['text'])}[/bold], as of {told['as_of']}; the source was not asked\n"
        f"{_verdict(told)}",
        f"[bold]{escape(_effect(told))}[/bold]", _caused(told["difference"]), _timing(told.get("timing")),
        "[bold]The whole plan with it[/bold]" if told["changes"] else None,
        actions_table(told["counts"]) if told["changes"] else None,
        "\n".join(line for line in _why(told) if line),
        *guards_view(told["guards"]),
        _lacking(told["lacking"]),
        "[dim]Nothing was changed. To choose: `homeroom options`, `share` and `choose`.[/dim]",
    ]


def _effect(told: Mapping[str, Any]) -> str:
    return told["effect"] if told["choices"] else "No other choice was named: this is planned with those of today."


def _why(told: Mapping[str, Any]) -> list[str]:
    return [removals_line(told["removals"]), _left_out(told["left_out"]), _rules(told)]


def _verdict(told: Mapping[str, Any]) -> str:
    reasons = "".join(f"\n  {escape(guard_sentence(guard))}" for guard in told["guards"] if guard["tripped"])
    return {
        "nothing": "[bold green]A run would have nothing to change.[/bold green]",
        "apply": f"[bold green]A run would apply {told['changes']:,} changes at once.[/bold green]",
        "hold": f"[bold yellow]A run would be held for a look:[/bold yellow]{reasons}",
        "fail": f"[bold red]A run would fail and write nothing:[/bold red]{reasons}",
    }[told["verdict"]]


def _caused(difference: Mapping[str, Mapping[str, Any]]) -> RenderableType | None:
    """What the choice itself causes, with some ids to look at."""
    made = table("because of the choice", "records", "", "such as", numbers=["records"], wrap=["such as"])
    for name, changes in difference.items():
        for word, (text, style) in _CAUSED.items():
            if changes[word]["count"]:
                some = ", ".join(changes[word]["examples"][:_SHOWN])
                made.add_row(name, count(changes[word]["count"], style), text, f"[dim]{escape(some)}[/dim]")
    return made if made.row_count else None


def _timing(timing: Mapping[str, Any] | None) -> str | None:
    if timing is None:
        return None
    following = timing["next_local"]
    after = f"; the next one: {datetime.fromisoformat(following):%a %Y-%m-%d %H:%M}" if following else ""
    return f"[bold]Runs would start[/bold] {escape(timing['schedule'])}{after}"


def _left_out(left_out: Mapping[str, Mapping[str, int]]) -> str:
    by_entity = {name: ", ".join(f"{n:,} {why}" for why, n in whys.items()) for name, whys in left_out.items()}
    told = "; ".join(f"{name} {whys}" for name, whys in by_entity.items())
    return f"[dim]Left out by rules:[/dim] {escape(told)}" if told else ""


def _lacking(columns: list[str]) -> str | None:
    if not columns:
        return None
    told = escape(", ".join(columns))
    return f"[yellow]These rows were kept without {told}[/yellow]: that comes with the next full read."


def _rules(told: Mapping[str, Any]) -> str:
    lines = [f"  {rule['code']} {rule['count']:,}: {escape(rule['meaning'])}" for rule in told["rules"]]
    return "\n".join(["[dim]What options and rules of products find:[/dim]", *lines]) if lines else ""
