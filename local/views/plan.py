"""What `homeroom plan` shows: what would change, what the guards saw, and the verdict in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homeroom.guard.guards import BY_CODE
from homeroom.model.reasons import PRODUCT_RULED
from homeroom.report.summary import RULED
from homeroom.report.words import UNITS, guard_sentence, number
from local.screen import count, escape, table
from local.views.check import reason_view

if TYPE_CHECKING:
    from rich.console import RenderableType

_ACTIONS: Mapping[str, str] = {
    "create": "green", "update": "cyan", "archive": "red", "restore": "green", "unchanged": "", "kept": "yellow",
}
_CHANGES = ("create", "update", "archive", "restore")


def plan_view(report: Mapping[str, Any]) -> list[RenderableType | None]:
    """The sections of the whole preview, from top to bottom."""
    head: list[RenderableType | None] = [f"{_title(report)}\n{verdict_sentence(report)}"]
    if "reason" in report:
        head.append(reason_view(report["reason"]))
    if report["verdict"] == "unusable":
        return head
    notes = [_links(report), removals_line(report["removals"]), ruled_lines(report), _issues(report)]
    return [*head, actions_table(report["entities"]), "\n".join(note for note in notes if note),
            *guards_view(report["guards"])]


def verdict_sentence(report: Mapping[str, Any]) -> str:
    """What a run would do, in one sentence, the reasons of a hold below it."""
    changes = sum(counts[action] for counts in report["entities"].values() for action in _CHANGES)
    tripped = [guard for guard in report["guards"] if guard["tripped"]]
    match report["verdict"]:
        case "nothing":
            return "[bold green]Nothing to change.[/bold green] The roster already equals this export."
        case "apply":
            look = " The first load of a production integration waits for a look all the same."
            return (f"[bold green]Would apply {changes:,} changes[/bold green] at once: no guard trips."
                    f"{look if report.get('first_load') else ''}")
        case "hold":
            reasons = "\n".join(f"  {escape(guard_sentence(guard))}" for guard in tripped)
            return f"[bold yellow]Would be held[/bold yellow] for a look; nothing would be written.\n{reasons}"
        case _:
            return "[bold red]Not usable.[/bold red] A run would stop here and write nothing."


def actions_table(entities: Mapping[str, Mapping[str, int]]) -> RenderableType:
    """Entities down, actions across."""
    made = table("", *_ACTIONS, numbers=_ACTIONS)
    for name, counts in entities.items():
        made.add_row(name, *(count(counts[action], style) for action, style in _ACTIONS.items()))
    return made


def removals_line(removals: Mapping[str, Mapping[str, int]]) -> str:
    """Why records leave; `absent` is what nothing explains. What rules take has lines of its own."""
    others = {name: {why: n for why, n in reasons.items() if why not in (RULED, PRODUCT_RULED)}
              for name, reasons in removals.items()}
    told = _by_entity({name: {_reason(why): n for why, n in reasons.items()} for name, reasons in others.items()})
    return f"[dim]Why they leave:[/dim] {told}" if told else ""


def ruled_lines(report: Mapping[str, Any]) -> str:
    """What leaves by sharing rules and by rules of products, and all that they leave out; empty where that is nothing.

    A report that was kept before there were such rules tells nothing of them.
    """
    lines = []
    for key, rules, others in (("sharing", "sharing rules", "Not shared"), ("products", "product rules", "Not taken")):
        told = report.get(key) or {"leave": {}, "left_out": {}}
        leave = ", ".join(f"{name} {n:,}" for name, n in told["leave"].items())
        if out := _by_entity(told["left_out"]):
            lines += [f"[bold]Left by {rules}:[/bold] {leave or 'nothing'}", f"[dim]{others}:[/dim] {out}"]
    return "\n".join(lines)


def _by_entity(counted: Mapping[str, Mapping[str, int]]) -> str:
    return "; ".join(f"{name} {', '.join(f'{n:,} {why}' for why, n in whys.items())}"
                     for name, whys in counted.items() if whys)


def guards_view(guards: Sequence[Mapping[str, Any]]) -> list[RenderableType | None]:
    """The guards that saw anything: the worst of it, the limit, and what is left to it. The others in a line."""
    off = [guard["code"] for guard in guards if guard.get("off")]
    quiet = [guard["code"] for guard in guards if not guard["value"] and not guard.get("off")]
    which = "All" if len(quiet) == len(guards) else "The other"
    others = f"[dim]{which} {len(quiet)} guards saw nothing.[/dim]" if len(quiet) > 1 else "[dim]One saw nothing.[/dim]"
    made = table("guard", "looks at", "worst seen", "limit", "left", "", numbers=["worst seen", "limit", "left"],
                 wrap=["looks at"])
    for guard in guards:
        if guard["value"]:
            made.add_row(*_guard_cells(guard))
    unasked = f"[dim]Not asked: {', '.join(off)} (limits of this integration or season).[/dim]"
    return [made if made.row_count else None, others if quiet else None, unasked if off else None]


def _guard_cells(guard: Mapping[str, Any]) -> list[str]:
    unit = UNITS[guard["unit"]]
    limit, left = "", ""
    if guard["limit"]:
        distance = guard["limit"] - guard["value"]
        limit = f"{number(guard['limit'])}{unit}"
        left = f"{number(distance)}{unit}" if distance >= 0 else f"over by {number(-distance)}{unit}"
    seen = f"{number(guard['value'])}{unit}"
    about = f": {guard['about']}" if guard["about"] and not guard["meaning"].endswith(guard["about"]) else ""
    return [guard["code"], escape(f"{guard['meaning']}{about}"), seen, limit, left, _mark(guard)]


def _mark(guard: Mapping[str, Any]) -> str:
    """Whether it holds; or why it does not, though over its limit: too few records for a share to count."""
    if guard["tripped"]:
        return "[bold yellow]holds[/bold yellow]"
    return f"[dim]fewer than {BY_CODE[guard['code']].floor}[/dim]" if guard["value"] > guard["limit"] else ""


def _title(report: Mapping[str, Any]) -> str:
    since = f"since {Path(report['since']).name}" if report["since"] else "first load"
    return f"[bold]Plan of {escape(Path(report['new']).name)}[/bold], {escape(since)}, as of {report['as_of']}"


def _links(report: Mapping[str, Any]) -> str:
    links = report["identity_links"]
    told = f"[dim]Identity links:[/dim] {links['write']:,} to write, {links['remove']:,} to remove"
    return told if any(links.values()) else ""


def _issues(report: Mapping[str, Any]) -> str:
    codes = report["issues"]["by_code"]
    if not codes:
        return ""
    told = ", ".join(f"{code} {n:,}" for code, n in codes.items())
    return f"[dim]Issues:[/dim] {told} [dim](homeroom check shows them)[/dim]"


def _reason(reason: str) -> str:
    return "unexplained" if reason == "absent" else reason
