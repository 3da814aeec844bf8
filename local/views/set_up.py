"""The set-up of an integration on the screen: its steps, connection tests, districts, schools, schedules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from homeroom.report.words import OWNERS
from local.screen import count, escape, table

if TYPE_CHECKING:
    from rich.console import RenderableType

_MARKS: Mapping[bool | None, str] = {
    True: "[green]done[/green]", False: "[yellow]open[/yellow]", None: "[dim]not seen[/dim]",
}
_DONE = ("created", "changed", "removed", "refused")
_COMMANDS: Mapping[str, str] = {
    "enabled": "options {name} --sign-in",
    "credentials": "rotate {name} --key KEY --secret-file FILE",
    "accept": "accept {name} DISTRICT-ID --reason WHY     (`homeroom pending` lists who waits)",
    "verify": "verify {name} DISTRICT-ID     (`homeroom test {name}` shows it)",
    "schools": "choose {name} SCHOOL...     (`homeroom schools {name}` finds them; --all takes all)",
    "options": "options {name} --confirm     (takes them as they are; `homeroom options {name}` shows them)",
    "test": "test {name}",
    "schedule": "connect {name} --schedule daily     (or `homeroom run {name}`, by hand)",
    "export": "upload {name} ROSTER     (lands an export by hand; else wait for the district's)",
    "first run": "run {name}     (or wait for its schedule)",
    "primary administrator": "promote {name} PERSON --reason WHY",
    "summary": "show {name}",
}
"""Step of the set-up → the command that does it."""
_ALL_SCHOOLS: Mapping[bool, str] = {
    True: "All schools that the district shares are synced.",
    False: "Nothing is chosen yet. `homeroom choose` takes schools by their ids, or with --all all that are shared.",
}


def steps_view(answer: Mapping[str, Any]) -> list[RenderableType | None]:
    """The steps of the set-up; the first open one is the turn, with its command. Nothing once all are done."""
    made, turn = table("step", "", "who", "what", wrap=["what"]), True
    listed, command = answer["steps"], ""
    for step in listed:
        now = turn and step["done"] is False
        turn = turn and not now
        command = _command(answer, step["name"]) if now else command
        what = escape(step["todo"]) + (f"\n{escape(step['note'])}" if step["note"] else "")
        style = ("[bold]", "[/bold]") if now else ("", "")
        mark = "[bold yellow]now[/bold yellow]" if now else _MARKS[step["done"]]
        who = OWNERS[step["owner"]] if step["owner"] != "nobody" else ""
        made.add_row(step["name"], mark, who, f"{style[0]}{what}{style[1]}")
    return [made, command or None] if any(step["done"] is not True for step in listed) else []


def _command(answer: Mapping[str, Any], step: str) -> str:
    """The command that does a step; empty for what is done elsewhere."""
    held = answer.get("held_run") is not None and step == "first run"
    words = "show {name}" if held else _COMMANDS.get(step, "")
    return f"[bold]Next:[/bold] homeroom {words.format(name=escape(answer['integration']))}" if words else ""


def findings_view(findings: Iterable[Mapping[str, Any]], schools: int) -> list[RenderableType | None]:
    """What a connection test saw, step by step."""
    made = table("test", "", "what was seen", wrap=["what was seen"])
    for finding in findings:
        mark = "[green]ok[/green]" if finding["ok"] else f"[red]{finding['code'] or 'failed'}[/red]"
        made.add_row(finding["step"], mark, escape(finding["text"]))
    return [made, f"Schools seen: {count(schools)}" if schools else None]


def districts_view(districts: Iterable[Mapping[str, Any]], *, empty: str = "") -> list[RenderableType | None]:
    """Districts as the source names them, with what `accept` and `verify` take."""
    made = table("district id", "name", "identifier", "state at the source", wrap=["name"])
    for one in districts:
        made.add_row(*(escape(one[name] or "") for name in ("id", "name", "identifier", "state")))
    return [made if made.row_count else empty]


def schools_view(answer: Mapping[str, Any]) -> list[RenderableType | None]:
    """Schools, and which of them are synced."""
    made = table("school", "name", "identifier", "chosen", wrap=["name"])
    for school in answer["schools"]:
        chosen = "[green]yes[/green]" if school["chosen"] else "[dim]no[/dim]"
        mark = chosen if answer["decided"] else ""
        made.add_row(escape(school["id"]), escape(school["name"]), escape(school["identifier"] or ""), mark)
    everything = _ALL_SCHOOLS[answer["decided"]] if answer["all"] else None
    return [made if made.row_count else "No school of that name.", everything]


def sharing_view(answer: Mapping[str, Any]) -> list[RenderableType | None]:
    """What is taken of what the district shares."""
    made = table("", "taken", wrap=["taken"])
    for name, values in answer["sharing"].items():
        made.add_row(name, escape(", ".join(values)) or "[dim]all[/dim]")
    return [made, f"This {answer['effect']}."]


def schedule_line(answer: Mapping[str, Any]) -> str:
    """When runs start by themselves."""
    following, local = answer["next_run"], answer["next_local"]
    after = (f" Next: {datetime.fromisoformat(local):%a %Y-%m-%d %H:%M}, "
             f"which is {datetime.fromisoformat(following):%Y-%m-%d %H:%M} UTC.") if following else ""
    return f"[dim]Schedule:[/dim] {escape(answer['schedule'])}.{after}"


def rest_lines(blackouts: Iterable[Mapping[str, Any]]) -> str:
    """The days on which nothing starts by itself; empty without any."""
    kept = [f"  {days['first']} to {days['last']} {escape(days['reason'])}".rstrip() for days in blackouts]
    return "\n".join(["Days of rest:", *kept]) if kept else ""


def reconciled_view(answer: Mapping[str, Any]) -> list[RenderableType | None]:
    """What was done to make schedules and integrations equal."""
    lines = [f"  {word}: {', '.join(answer[word])}" for word in _DONE if answer[word]]
    head = f"{answer['unchanged']} of {answer['integrations']} schedules were as they should be."
    return ["\n".join([head, *lines])]
