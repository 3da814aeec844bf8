"""What `homeroom explain` shows: the answer in a sentence, who acts, and then everything it rests on, in a minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from homeroom.report.words import OWNERS
from local.screen import escape, minute, plain, table
from local.views.sign_ins import failed_view

if TYPE_CHECKING:
    from rich.console import RenderableType

_STYLES: Mapping[bool | None, str] = {True: "bold green", False: "bold yellow", None: "bold"}
_LONGEST_VALUE = 60
_REASONS: Mapping[str, str] = {"absent": "not in the source any more"}


def explained_view(told: Mapping[str, Any]) -> list[RenderableType | None]:
    """The sections of the answer, from top to bottom."""
    style, step = _STYLES[told["here"]], told["next"]
    who = OWNERS[step["owner"]]
    turn = "" if step["text"] == "Nothing." else f"\n[bold]Next:[/bold] {who}. {escape(step['text'])}"
    head = (f"[bold]{escape(told['record'])}[/bold]{_id(told)} of {escape(told['integration'])}\n"
            f"[{style}]{escape(told['sentence'])}[/{style}]{turn}")
    if told["code"] == "several":
        return [head, "\n".join(escape(record) for record in told["records"])]
    refused = failed_view(told["sign_ins"]) if "sign_ins" in told else []
    return [head, _notes(told["notes"]), *refused, _chain(told), _issues(told["check"]["issues"]),
            _values(told["values"]),
            *(_classes(told["classes"]) if "classes" in told else _members(told["members"]))]


def _id(told: Mapping[str, Any]) -> str:
    return f" [dim](internal id {told['id']})[/dim]" if told["id"] else ""


def _notes(notes: Sequence[str]) -> str | None:
    return "\n".join(f"  {escape(note)}" for note in notes) or None


def _chain(told: Mapping[str, Any]) -> RenderableType:
    """From the source's row to the roster, one step a line."""
    made = table("step", "what it says", wrap=["what it says"])
    source = told["source"]
    places = ", ".join(source["places"]) or "no row"
    made.add_row("source", escape(f"{places}, in the {source['text']}" if source["run"] else "no run has read it yet"))
    if source["places"]:
        errors = [i["code"] for i in told["check"]["issues"] if i["severity"] == "error"]
        why = f": {', '.join(errors)}" if errors else ""
        made.add_row("check", "taken" if told["check"]["taken"] else f"not taken{why}")
    if told["rule"]:
        made.add_row("rules", escape(f"left out: {told['rule']['rule']}: {told['rule']['because']}"))
    elif told["check"]["taken"]:
        made.add_row("rules", "nothing leaves it out")
    if told["held"]:
        held = told["held"]
        fields = f" ({', '.join(held['changed'])})" if held["changed"] else ""
        made.add_row("guard", escape(f"run {held['run']} would {held['op']} it{fields} and waits for approval: "
                                     f"{', '.join(held['guards'])}"))
    made.add_row("roster", escape(_roster(told["roster"])))
    for line in _by_hand(told["by_hand"]):
        made.add_row("by hand", escape(line))
    return made


def _roster(roster: Mapping[str, Any]) -> str:
    if roster["status"] is None:
        return "not there"
    by = roster.get("by")
    if not by:
        return str(roster["status"])
    why = _REASONS.get(by["reason"], by["reason"])
    return f"{roster['status']} since run {by['run']} ({by['op']}: {why}), {minute(by['at'])}"


def _by_hand(by_hand: Mapping[str, Any]) -> list[str]:
    made = by_hand["made"]
    lines = [f"made by {made['by']}, {minute(made['at'])}, {made['status']}: {made['reason']}"] if made else []
    return lines + [f"{edit['action']} by {edit['by']}, {minute(edit['at'])}{_changed(edit['fields'])};"
                    " until the next run" for edit in by_hand["edits"]]


def _changed(fields: Sequence[str] | Mapping[str, Any] | None) -> str:
    return f": {', '.join(fields)}" if fields else ""


def _issues(issues: Sequence[Mapping[str, Any]]) -> RenderableType | None:
    made = table("finding", "where", "what", "who mends it, and how", wrap=["what", "who mends it, and how"])
    for issue in issues:
        where = " ".join(str(part) for part in (issue["file"], f"line {issue['line']}" if issue["line"] else "",
                                                issue["column"]) if part)
        cause = f" (cause: {issue['cause']})" if issue["cause"] else ""
        value = f": {issue['value']}" if issue["value"] else ""
        made.add_row(issue["code"], escape(where), escape(f"{issue['text']}{value}{cause}"),
                     escape(f"{OWNERS[issue['owner']]}: {issue['remedy']}"))
    return made if made.row_count else None


def _values(values: Sequence[Mapping[str, Any]]) -> RenderableType | None:
    """Each value that counts, with where it comes from; what is said elsewhere in another way stands beside it."""
    others = any("source_says" in value or "by_hand" in value for value in values)
    made = table("field", "value", "from", *(["says now"] if others else []), wrap=["value", "from", "says now"])
    for value in values:
        now = [f"SIS, as applied last: {_plain(value['value'])}"] if "by_hand" in value else []
        if "source_says" in value:
            now.append(f"source: {_plain(value['source_says'])}")
        counts = _plain(value.get("by_hand", value["value"]))
        cells = [value["field"], escape(counts), f"[dim]{escape(value['origin'])}[/dim]"]
        made.add_row(*cells, *([escape("; ".join(now))] if others else []))
    return made if made.row_count else None


def _plain(value: Any) -> str:
    text = plain(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _classes(classes: Sequence[Mapping[str, Any]]) -> list[RenderableType | None]:
    made = table("class", "title", "role", "here", "why", wrap=["title", "why"])
    for one in classes:
        made.add_row(escape(one["class"] or ""), escape(one["title"] or ""), one["role"], _mark(one["here"]),
                     escape(one["why"] or ""))
    return [f"[bold]Classes[/bold] ({sum(one['here'] for one in classes)} of {len(classes)} here)",
            made if made.row_count else "In no class at the source."]


def _members(members: Mapping[str, Any]) -> list[RenderableType | None]:
    made = table("members", "at the source", "here", numbers=["at the source", "here"])
    for role in dict.fromkeys((*members["source"], *members["here"])):
        made.add_row(role, str(members["source"].get(role, 0)), str(members["here"].get(role, 0)))
    missing = table("", "members", "why", numbers=["members"], wrap=["why"])
    for word in ("missing", "leaving"):
        for reason, number in members[word].items():
            missing.add_row(word, str(number), escape(reason))
    if members["former"]:
        missing.add_row("former", str(members["former"]), "were here; the source does not have them any more")
    first = ", ".join(one["person"] or "?" for one in members["first_missing"])
    return [made if made.row_count else "No members.", missing if missing.row_count else None,
            f"[dim]Missing, the first of them:[/dim] {escape(first)}" if first else None]


def _mark(here: bool) -> str:
    return "[green]yes[/green]" if here else "[yellow]no[/yellow]"
