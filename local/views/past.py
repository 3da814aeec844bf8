"""What an undo would do, and a record as it was, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local import screen

_WOULD = {"create": "create", "update": "change back", "archive": "archive", "restore": "bring back"}


def undo_view(answer: Mapping[str, Any]) -> list[Any]:
    """Counts by kind of record, what is left alone, and what no undo takes back."""
    rows = [
        f"  {name}: " + ", ".join(f"{word} {counts[key]:,}" for key, word in _WOULD.items() if counts[key])
        for name, counts in answer["counts"].items() if any(counts[key] for key in _WOULD)
    ]
    conflicts = answer["conflicts"]
    left = [f"  {screen.escape(one['entity'])} {screen.escape(one['source_id'])}: {screen.escape(one['text'])}"
            for one in conflicts["first"]]
    more = conflicts["total"] - len(left)
    return ["\n".join([
        f"[bold]Undo of run {answer['run']} of {screen.escape(answer['integration'])}[/bold]",
        screen.escape(answer["effect"]), *rows,
        *(["Left alone (UND-01):", *left] if left else []), *([f"  and {more:,} more"] if more else []),
        screen.escape(answer["not_undone"]),
    ])]


def as_of_view(answer: Mapping[str, Any]) -> list[Any]:
    """The record, its fields, and what belonged to it."""
    lines = [f"[bold]{screen.escape(answer['entity'])} at {answer['at']}[/bold]: {screen.escape(answer['text'])}"]
    if answer["found"]:
        lines.append(f"  {screen.escape(answer['source_id'])} ({answer['id']}): {answer['status']}")
        lines += [f"  {name}: {screen.escape(_text(value))}" for name, value in answer["fields"].items()]
        lines += [line for name, belongs in answer["belongs"].items() for line in _belonging(name, belongs)]
    return ["\n".join([*lines, *(screen.escape(word) for word in answer["unknown"])])]


def _belonging(name: str, belongs: Mapping[str, Any]) -> list[str]:
    told = [f"  {name}: {belongs['count']:,}"]
    if "roles" in belongs:
        told[0] += " (" + ", ".join(f"{role} {count:,}" for role, count in belongs["roles"].items()) + ")"
    return told + [
        "    " + ", ".join(screen.escape(str(value)) for value in one.values()) for one in belongs.get("first", ())]


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
