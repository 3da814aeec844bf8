"""What an undo would do, and a record as it was, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from homeroom.model.entities import ENTITIES
from local import screen

_WOULD = {"create": "create", "update": "change back", "archive": "archive", "restore": "bring back"}
_PREVIEWED = "[dim]Nothing was changed. To do it:[/dim] homeroom undo {name} {run} --reason WHY"


def undo_view(answer: Mapping[str, Any], *, preview: bool = False) -> list[Any]:
    """Counts by kind of record, what is left alone, and what no undo takes back."""
    rows = [
        f"  {name}: " + ", ".join(f"{word} {counts[key]:,}" for key, word in _WOULD.items() if counts[key])
        for name, counts in answer["counts"].items() if any(counts[key] for key in _WOULD)
    ]
    conflicts, does = answer["conflicts"], preview and answer["verdict"] != "nothing"
    left = [f"  {screen.escape(one['entity'])} {screen.escape(one['source_id'])}: {screen.escape(one['text'])}"
            for one in conflicts["first"]]
    more = conflicts["total"] - len(left)
    return ["\n".join([
        f"[bold]Undo of run {answer['run']} of {screen.escape(answer['integration'])}[/bold]",
        screen.escape(answer["effect"]), *rows,
        *(["Left alone (UND-01):", *left] if left else []), *([f"  and {more:,} more"] if more else []),
        screen.escape(answer["not_undone"]),
    ]), *([_PREVIEWED.format(name=screen.escape(answer["integration"]), run=answer["run"])] if does else [])]


def as_of_view(answer: Mapping[str, Any]) -> list[Any]:
    """The record, its fields, and what belonged to it."""
    what = ENTITIES[answer["entity"]].singular
    head = f"[bold]{_of(answer, what)}, at {screen.minute(answer['at'])} UTC[/bold]: {screen.escape(answer['text'])}"
    unknown = "\n".join(f"[dim]{screen.escape(word)}[/dim]" for word in answer["unknown"])
    if not answer["found"]:
        return [f"{head}.", unknown]
    since = f", {screen.minute(answer['applied_at'])} UTC" if answer["applied_at"] else ""
    fields = screen.table("field", "value", wrap=["value"])
    for name, value in answer["fields"].items():
        fields.add_row(name, screen.escape(screen.plain(value)))
    belongs = [part for name, one in answer["belongs"].items() for part in _belonging(name, one)]
    return [f"{head}{since}\nIt was {answer['status']}.", fields, *belongs, unknown]


def _of(answer: Mapping[str, Any], what: str) -> str:
    if not answer["found"]:
        return f"This {what}"
    return f"{screen.escape(answer['source_id'])} ({what}, internal id {answer['id']})"


def _belonging(name: str, belongs: Mapping[str, Any]) -> list[Any]:
    """How many there were, by role where they have one, and those that are listed."""
    listed = belongs.get("first", ())
    whole = listed if len(listed) == belongs["count"] else ()
    roles = belongs.get("roles") or Counter(one["role"] for one in whole if "role" in one)
    told = ", ".join(f"{role} {number:,}" for role, number in sorted(roles.items()))
    head = f"[bold]{name.capitalize()}[/bold] ({belongs['count']:,}{f': {told}' if told else ''})"
    if not listed:
        return [head]
    columns = list(dict.fromkeys(column for one in listed for column in one))
    if name in ("members", "enrollments"):
        columns.remove("source_id")  # made of the class and the person, which stand there
    made = screen.table(*(column.replace("_", " ") for column in columns))
    for one in listed:
        made.add_row(*(screen.escape(str(one.get(column, ""))) for column in columns))
    more = belongs["count"] - len(listed)
    return [head, made, f"and {more:,} more" if more else None]
