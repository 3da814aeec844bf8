"""What was done by hand, and one person, for people. What it shows of a person is asked for by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from local.screen import escape, table

Answer = Mapping[str, Any]


def done_view(answer: Answer) -> Iterator[Any]:
    """What an operation by hand did, and until when it holds."""
    yield f"{answer.get('done', 'released').capitalize()}: {answer['entity']} {escape(str(answer['id']))}"
    yield escape(str(answer["effect"]))
    if answer.get("with_it"):
        yield f"{answer['with_it']} records made by hand that hang on it went with it."
    if answer.get("advice"):
        yield f"[bold]{escape(str(answer['advice']))}[/bold]"


def by_hand_view(answer: Answer) -> Iterator[Any]:
    """Records made by hand, and edits that wait."""
    if answer["records"]:
        yield "[bold]Made by hand[/bold]"
        yield _table(("kind", "source id", "status", "released", "by", "at", "why"), (
            (r["entity"], r["source_id"], r["status"], "yes" if r["released"] else "", r["by"], r["at"][:16],
             r["reason"]) for r in answer["records"]))
    if answer["edits"]:
        yield "[bold]Edits until the next run[/bold]"
        yield _table(("kind", "source id", "what", "fields", "by", "at"), (
            (e["entity"], e["source_id"], e["action"], ", ".join(e["fields"]), e["by"], e["at"][:16])
            for e in answer["edits"]))
    if not (answer["records"] or answer["edits"]):
        yield "Nothing was done by hand."


def person_view(person: Answer) -> Iterator[Any]:
    """One person."""
    yield (f"[bold]{escape(person['source_id'])}[/bold] {person['status']}"
           f"{', made by hand' if person['made_by_hand'] else ''} · internal id {person['id']}")
    if person["by_hand"]:
        over = person["by_hand"]
        yield f"By hand until the next run: {over['action']}, {escape(over['by'])}, {over['at'][:16]}"
    yield _table(("field", "value", "from"), (
        (name, _shown(one["value"]), one["from"]) for name, one in person["fields"].items()))
    yield _table(("identity", "value", "leads here"), (
        (one["kind"], one["value"], "yes" if one["leads_here"] else "no: several have it, or nobody")
        for one in person["identities"]))
    if person["classes"]:
        yield _table(("class", "title", "role", "status"), (
            (one["class"], one["title"], one["role"], one["status"]) for one in person["classes"]))


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _table(columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Any:
    made = table(*columns)
    for row in rows:
        made.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    return made
