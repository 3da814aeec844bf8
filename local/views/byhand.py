"""What was done by hand, and one person, for people. What it shows of a person is asked for by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from local.screen import escape, minute, plain, table
from local.views.sign_ins import found_view

Answer = Mapping[str, Any]


def done_view(answer: Answer, integration: str = "") -> Iterator[Any]:
    """What an operation by hand did, until when it holds, and, of a named integration, how it is taken back."""
    asked = escape(str(answer.get("source_id") or answer["id"]))
    done = answer.get("done", "released").capitalize()
    yield f"{done}: {answer['entity']} {asked} [dim](internal id {answer['id']})[/dim]"
    yield escape(str(answer["effect"]))
    if answer.get("with_it"):
        yield f"{answer['with_it']} records made by hand that hang on it went with it."
    if answer.get("advice"):
        yield f"[bold]{escape(str(answer['advice']))}[/bold]"
    if integration and not answer["made_by_hand"]:
        yield (f"[dim]To take it back:[/dim] homeroom release {escape(integration)} {answer['entity']} {asked}"
               " --reason WHY")


def by_hand_view(answer: Answer) -> Iterator[Any]:
    """Records made by hand, and edits that wait."""
    if answer["records"]:
        yield "[bold]Made by hand[/bold]"
        yield _table(("kind", "source id", "status", "released", "by", "at", "why"), (
            (r["entity"], r["source_id"], r["status"], "yes" if r["released"] else "", r["by"], minute(r["at"]),
             r["reason"]) for r in answer["records"]))
    if answer["edits"]:
        yield "[bold]Edits until the next run[/bold]"
        yield _table(("kind", "source id", "what", "fields", "by", "at"), (
            (e["entity"], e["source_id"], e["action"], ", ".join(e["fields"]), e["by"], minute(e["at"]))
            for e in answer["edits"]))
    if not (answer["records"] or answer["edits"]):
        yield "Nothing was done by hand."


def person_view(person: Answer) -> Iterator[Any]:
    """One person. What was done by hand until the next run counts."""
    over = person["by_hand"]
    hidden = over is not None and over["action"] == "archive"
    yield (f"[bold]{escape(person['source_id'])}[/bold] {'archived by hand' if hidden else person['status']}"
           f"{', made by hand' if person['made_by_hand'] else ''} · internal id {person['id']}")
    if over:
        yield (f"{'Archived' if hidden else 'Edited'} by {escape(over['by'])}, {minute(over['at'])} UTC, until the next"
               f" run: {escape(over['reason'])}")
    yield _table(("field", "value", "from"), (
        (name, plain(one["value"]), _origin(one["from"])) for name, one in person["fields"].items()
        if one["value"] is not None))
    yield _table(("identity", "value", "leads here"), (
        (one["kind"], one["value"], "yes" if one["leads_here"] else "no: several have it, or nobody")
        for one in person["identities"]))
    yield from found_view(person["sign_in"])
    if person["classes"]:
        yield _table(("class", "title", "role", "status"), (
            (one["class"], one["title"], one["role"], one["status"]) for one in person["classes"]))


def _origin(told: str) -> str:
    """`by hand, 2026-09-07 14:30, ann`: what the answer says, its time as people read it."""
    words = told.split(", ", 2)
    return ", ".join((words[0], minute(words[1]), words[2])) if len(words) == 3 else told


def _table(columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Any:
    made = table(*columns)
    for row in rows:
        made.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    return made
