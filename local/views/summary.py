"""The Sync Status summary on the screen, and lists of runs and integrations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from homeroom.report.words import OWNERS, TRIGGERS, guard_sentence
from local.screen import Fitting, count, escape, minute, table
from local.views.issues import issues_table
from local.views.plan import guards_view, removals_line, ruled_lines

if TYPE_CHECKING:
    from rich.console import RenderableType

WORDS = ("read", "check", "shape", "diff", "guard", "apply", "report")
STYLES: Mapping[str | None, str] = {
    "applied": "bold green", "nothing to change": "bold green", "applied with issues": "bold yellow",
    "held": "bold yellow", "skipped": "bold", "discarded": "bold", "lapsed": "bold yellow", "failed": "bold red",
    "interrupted": "bold red", None: "bold",
}
_DONE = ("created", "updated", "archived", "restored")
_PLANNED = ("create", "update", "archive", "restore")
_COLOURS = ("green", "cyan", "red", "green")


def summary_view(summary: Mapping[str, Any], *, guards: bool = True) -> list[RenderableType | None]:
    """The sections of a summary, from top to bottom."""
    codes = {issue["code"]: issue["count"] for issue in summary["issues"]["codes"]}
    planned = any(sum(counts.values()) for counts in summary["entities"].values())
    return [
        _head(summary),
        _entities(summary) if planned else None,
        "\n".join(line for line in _notes(summary) if line),
        issues_table(codes) if codes else None,
        *(guards_view(summary["guards"]) if guards and summary["guards"] else []),
        _foot(summary),
    ]


def _notes(summary: Mapping[str, Any]) -> list[str]:
    return [removals_line(summary["removals"]), ruled_lines(summary), _written(summary),
            waits_line(summary.get("waits")), rekey_line(summary.get("rekey")), _two_people(summary)]


def _two_people(summary: Mapping[str, Any]) -> str:
    needed = summary.get("approvers", 1)
    waits = summary["outcome"] == "held" or summary.get("waits")
    return f"[bold]{needed} people[/bold] must approve it, each under their own name" if waits and needed > 1 else ""


def rekey_line(rekey: Mapping[str, Any] | None) -> str:
    """How many records would keep their identity under new ids, by the rules that found them, and its own hash."""
    if not rekey:
        return ""
    told = "; ".join(f"{name}: " + ", ".join(f"{n:,} by {why}" for why, n in rules.items())
                     for name, rules in rekey["evidence"].items())
    return f"[bold yellow]Re-key proposed:[/bold yellow] {told}   [dim]Plan:[/dim] {rekey['plan_hash'][:12]}"


def waits_line(waits: Mapping[str, Any] | None) -> str:
    """What of a plan waits for a person: `people: 30 archive`, and the hash that an approval names."""
    if not waits:
        return ""
    told = "; ".join(f"{name}: " + ", ".join(f"{n:,} {action}" for action, n in counts.items())
                     for name, counts in waits["entities"].items())
    return f"[bold yellow]Waits for approval:[/bold yellow] {told}   [dim]Plan:[/dim] {waits['plan_hash'][:12]}"


def words_line(done: Collection[str]) -> str:
    """The seven words of a run, what is behind it in green."""
    return " ".join(f"[green]{word}[/green]" if word in done else f"[dim]{word}[/dim]" for word in WORDS)


def runs_view(runs: Iterable[Mapping[str, Any]], *, named: bool = False) -> list[RenderableType | None]:
    """Runs, the newest first: `RunRecord` as JSON. `named` tells the integration of each."""
    name = ["integration"] if named else []
    wide = table("run", *name, "started (UTC)", "by", "outcome", "writes", "why", numbers=["run", "writes"],
                 wrap=["why"])
    narrow = table("run", *name, "started (UTC)", "by", "outcome", numbers=["run"], wrap=["outcome"])
    for run in runs:
        told = run["outcome"] or run["state"]
        style, why = STYLES.get(run["outcome"], ""), escape(run["text"].removeprefix(f"{told}; "))
        outcome = f"[{style}]{told}[/{style}]" if style else told
        first = [str(run["run"]), *([run["integration"]] if named else []), minute(run["started_at"]), run["trigger"]]
        wide.add_row(*first, outcome, count(run["operations"]), why)
        narrow.add_row(*first, f"{outcome}\n{why}" if why else outcome)
    return [Fitting((wide,), (narrow,)) if wide.row_count else "No runs yet."]


def integrations_view(integrations: Iterable[Mapping[str, Any]]) -> list[RenderableType | None]:
    """Integrations with their status, and whose turn it is."""
    wide = table("integration", "district", "status", "whose turn", "last applied (UTC)", "why",
                 wrap=["district", "why"])
    narrow = table("integration", "last applied (UTC)", "status", wrap=["status"])
    for one in integrations:
        who, why, applied = OWNERS.get(one["owner"], ""), escape(one.get("text") or ""), minute(one["applied_at"])
        wide.add_row(one["integration"], escape(one.get("district") or ""), one["status"], who, applied, why)
        lines = [f"[bold]{one['status']}[/bold]", why, f"Turn: {who}" if who else ""]
        narrow.add_row(one["integration"], applied, "\n".join(line for line in lines if line))
    return [Fitting((wide,), (narrow,)) if wide.row_count else "No integrations yet. `homeroom connect` makes one."]


def _head(summary: Mapping[str, Any]) -> str:
    style = STYLES[summary["outcome"]]
    outcome = (summary["outcome"] or summary["state"]).capitalize()
    started = datetime.fromisoformat(summary["times"]["started_local"]).strftime("%Y-%m-%d %H:%M:%S")
    lines = [
        f"[bold]Sync Status of {summary['integration']}, run {summary['run']}[/bold]",
        f"[{style}]{outcome}.[/{style}] Started by {TRIGGERS[summary['trigger']]}, {started} "
        f"({summary['times']['timezone']}), {summary['times']['seconds']:g} s.",
    ]
    tripped = [] if summary["applied"] else [guard for guard in summary["guards"] if guard["tripped"]]
    lines += [f"  {escape(guard_sentence(guard))}" for guard in tripped]
    if summary["outcome"] in ("failed", "interrupted", "skipped", "lapsed", "discarded"):
        lines.append(f"  {summary['code'] or ''} {escape(summary['text'])}".rstrip())
    return "\n".join(lines)


def _entities(summary: Mapping[str, Any]) -> RenderableType:
    """What was read and what came of it: one table, or two below each other where it is too wide."""
    heads = _DONE if summary["applied"] else _PLANNED
    read, became = ("read", "valid", "errors", "warnings"), (*heads, "unchanged", "kept")
    wide = table("", *read, *became, numbers=[*read, *became])
    rows, changes = table("", *read, numbers=read), table("", *became, numbers=became)
    for name, counts in summary["entities"].items():
        left = [count(counts["read"]), count(counts["valid"]), count(counts["errors"], "red"),
                count(counts["warnings"], "yellow")]
        right = [*(count(counts[word], colour) for word, colour in zip(_DONE, _COLOURS, strict=True)),
                 count(counts["unchanged"]), count(counts["kept"], "yellow")]
        wide.add_row(name, *left, *right)
        rows.add_row(name, *left)
        changes.add_row(name, *right)
    return Fitting((wide,), (rows, changes))


def _written(summary: Mapping[str, Any]) -> str:
    written = summary["written"]
    if not written["items"]:
        return "[dim]Written:[/dim] nothing"
    kinds = (("records", "record"), ("links", "identity link"), ("moved", "old place"))
    told = [_of(written[key], word) for key, word in kinds if written[key]]
    moved = " of moved enrollments" if written["moved"] else ""
    return f"[dim]Written:[/dim] {_of(written['items'], 'item')}: {', '.join(told)}{moved}"


def _of(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _foot(summary: Mapping[str, Any]) -> str:
    step = summary["next"]
    who = "" if step["owner"] == "nobody" else f"{OWNERS[step['owner']]}. "
    lines = [f"[bold]Next:[/bold] {who}{escape(step['text'])}"]
    if summary["plan_hash"]:
        content = summary["source"]["content"]
        plan = "Applied plan" if summary.get("waits") else "Plan"
        told = "" if summary["outcome"] == "nothing to change" else f"[dim]{plan}:[/dim] {summary['plan_hash'][:12]}   "
        lines.append(f"{told}[dim]Content:[/dim] {content}")
    return "\n".join(lines)


def decisions(answer: Mapping[str, Any]) -> str:
    """The commands that decide on a plan that waits, with its hashes; empty where nothing waits."""
    if not answer["held"]:
        return ""
    run = f"{escape(answer['integration'])} {answer['run']}"
    rekey, known = (answer["summary"] or {}).get("rekey"), answer["waits"] or answer["plan_hash"]
    lines = [("Approve", f"approve {run} --plan {known[:12]} --reason WHY"),
             ("A part", f"approve {run} --plan {known[:12]} --school ID --reason WHY"),
             ("Discard", f"discard {run} --reason WHY")]
    if rekey and not answer["waits"]:
        lines[:2] = [("Re-key", f"approve {run} --plan {rekey['plan_hash'][:12]} --rekey --reason WHY"), lines[0]]
    return "\n".join(f"[dim]{word + ':':9}[/dim] homeroom {command}" for word, command in lines)
