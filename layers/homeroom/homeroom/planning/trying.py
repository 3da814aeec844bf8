"""What a run would do with other choices, on the rows that were read last (design 2: a mode of `plan_roster`).

The plan is made twice: with the choices that are asked for, and with those of today on the same rows. What differs is
what the choice itself causes; the rest would happen anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from homeroom.check import by_code
from homeroom.diff.applied import ACTIVE, SOURCE_ID, STATUS, State
from homeroom.errors import Refused
from homeroom.guard import SEASON
from homeroom.model.choice_events import Choices
from homeroom.model.choices import merged
from homeroom.model.entities import ENTITIES
from homeroom.model.integration import Integration
from homeroom.model.issues import CATALOGUE
from homeroom.model.past_events import AskTry
from homeroom.model.season import limits_on
from homeroom.model.snapshot import Snapshot
from homeroom.planning.around import around
from homeroom.planning.looking import Rows, as_planning, kept_without, load, newest_rows, with_choices
from homeroom.planning.opening import Planning
from homeroom.ports import World
from homeroom.preview import Preview, preview
from homeroom.products import refusal, rules_of
from homeroom.products.receiving import received_by

EXAMPLES = 10
"""Source ids shown of each kind of change."""
_BY_RULES = ("PRD-", "IDN-", "MAN-", "SRC-20")
"""Codes that rules of products and options raise, not rows of the source; SRC-20 is the directory they need."""
_ROW = "_row"


@dataclass(frozen=True)
class Wanted:
    """A roster reduced to what a comparison needs: for each entity the active source ids, each with its row's hash."""

    rows: Mapping[str, pl.DataFrame]

    @classmethod
    def of(cls, state: State) -> Wanted:
        """Polars' hash differs between versions, not between two frames of one process."""
        return cls({name: _hashed(state[name], entity.names) for name, entity in ENTITIES.items()})


def answer_try(question: AskTry, world: World) -> dict[str, Any]:
    """Counts, guards and effects of a run with these choices. Reads no source, writes nothing.

    Raises Refused for choices that do not fit, and where no run has read anything yet.
    """
    integration = world.integrations.get(question.integration)
    wished, control = chosen(integration, question.choices), world.runs.control(integration.id)
    rows = newest_rows(control, world)
    if rows is None:
        raise Refused("no run has read the source yet", remedy="Land an export, or run by hand; then try choices.")
    planning = as_planning(rows, integration, control, world, question.as_of)
    limited, wished = (_limited(one, question, planning.request.as_of) for one in (integration, wished))
    same = wished.options_hash() == limited.options_hash()
    today = None if same else Wanted.of(_plan(planning, limited, rows).plan.next_state)
    seen = _plan(planning, wished, rows)
    caused = caused_by(today, Wanted.of(seen.plan.next_state)) if today else {}
    return {
        "integration": integration.id, "rows": rows.as_json(), "as_of": planning.request.as_of,
        "choices": question.choices.model_dump(mode="json", exclude_none=True), **_told(seen),
        "lacking": lacking(kept_without(rows, integration.id, world), wished),
        "difference": caused, "effect": _effect(caused, same=same),
    }


def chosen(integration: Integration, choices: Choices) -> Integration:
    """The integration with other choices.

    Raises Refused as the operation `options` would; what does not fit today already stops no question.
    """
    wished = merged(integration, choices)
    wrong = refusal(wished)
    if wrong is not None and wrong != refusal(integration):
        raise Refused(wrong.text, remedy=wrong.remedy)
    return wished


def _limited(integration: Integration, question: AskTry, day: str) -> Integration:
    """The integration with the limits of the question over those of that day: they count before all."""
    if not question.limits:
        return integration
    limits = limits_on(day, integration.limits, integration.seasons, SEASON)
    return integration.model_copy(update={"limits": {**limits, **question.limits}, "seasons": ()})


def lacking(without: Iterable[str], integration: Integration) -> list[str]:
    """Columns that the choices would receive, and that were dropped when these rows were kept: here they stay empty."""
    return sorted(set(without) - set(received_by(rules_of(integration)).words()))


def caused_by(today: Wanted, then: Wanted) -> dict[str, dict[str, Any]]:
    """Entity → records that come, leave and change with the choice, each with some source ids; only where any do."""
    told = {}
    for name in ENTITIES:
        before, after = today.rows[name], then.rows[name]
        both = before.join(after, on=SOURCE_ID, suffix=" then")
        found = {
            "come": after.join(before, on=SOURCE_ID, how="anti"), "leave": before.join(after, on=SOURCE_ID, how="anti"),
            "change": both.filter(pl.col(_ROW) != pl.col(f"{_ROW} then")),
        }
        if any(rows.height for rows in found.values()):
            told[name] = {word: {"count": rows.height, "examples": _some(rows)} for word, rows in found.items()}
    return told


def _plan(planning: Planning, integration: Integration, rows: Rows) -> Preview:
    """One whole plan. The rows are loaded for it alone: planning lets go of them as soon as they are checked."""
    asked = with_choices(planning, integration)
    snapshot = load(rows, integration.id, planning.world)
    _refuse_strangers(snapshot, integration, planning.integration)
    beside = around(asked)
    return preview(
        snapshot, integration, asked.applied(), as_of=asked.request.as_of, repairs=asked.repairs(),
        expected_districts=asked.expected_districts(), around=beside,
    )


def _refuse_strangers(snapshot: Snapshot, wished: Integration, today: Integration) -> None:
    """A school or class that is chosen anew and that these rows do not have would leave everybody out."""
    for kind, stem, ids, known in (
        ("school", "orgs", wished.sharing.schools, today.sharing.schools),
        ("class", "classes", wished.sharing.classes, today.sharing.classes),
    ):
        there = snapshot.frames[stem]["sourcedId"] if stem in snapshot.frames else pl.Series([], dtype=pl.String)
        strangers = pl.Series([id for id in ids if id not in known], dtype=pl.String)
        strangers = strangers.filter(~strangers.is_in(there.drop_nulls().implode()))
        if len(strangers):
            raise Refused(f"these rows have no {kind} {', '.join(strangers.head(EXAMPLES))}", remedy=(
                "Take ids of the source: `homeroom schools` shows those of schools."))


def _told(seen: Preview) -> dict[str, Any]:
    """The plan and what the guards say of it, in counts, codes and some source ids."""
    plan, verdict = seen.plan, seen.verdict
    word = "fail" if not verdict.complete else "hold" if verdict.holds else "apply" if plan.size else "nothing"
    codes = by_code(seen.issues)
    rules = {code: n for code, n in codes.items() if code.startswith(_BY_RULES)}
    return {
        "verdict": word, "changes": sum(counts.changes for counts in plan.counts.values()),
        "counts": {name: asdict(counts) for name, counts in plan.counts.items()},
        "guards": [guard.as_json() for guard in verdict.guards],
        "removals": {name: dict(whys) for name, whys in plan.reasons.items() if whys},
        "left_out": {name: dict(whys) for name, whys in plan.left_out.items() if whys},
        "rules": [{"code": code, "count": n, "meaning": CATALOGUE[code].meaning} for code, n in rules.items()],
        "issues": codes, "examples": _examples(seen),
    }


def _examples(seen: Preview) -> dict[str, dict[str, list[str]]]:
    """Entity → action → some source ids of what the plan writes; identities are none of the source's."""
    told: dict[str, dict[str, list[str]]] = {}
    for name, _, rows in seen.plan.operations:
        if name in ENTITIES:
            for (op,), of_kind in rows.select("op", SOURCE_ID).group_by("op", maintain_order=True):
                told.setdefault(name, {})[str(op)] = _some(of_kind)
    return told


def _some(rows: pl.DataFrame) -> list[str]:
    return rows[SOURCE_ID].bottom_k(EXAMPLES).sort().to_list()


def _hashed(rows: pl.DataFrame, fields: tuple[str, ...]) -> pl.DataFrame:
    active = rows.filter(pl.col(STATUS) == ACTIVE)
    return active.select(SOURCE_ID).with_columns(active.select(fields).hash_rows().alias(_ROW))


def _effect(caused: Mapping[str, Mapping[str, Any]], *, same: bool) -> str:
    """The answer in a sentence."""
    if same:
        return "These choices take and leave the same records as today's."
    words = {"come": "come in", "leave": "leave", "change": "get other values"}
    told = [f"{name} " + ", ".join(f"{changes[word]['count']:,} {text}" for word, text in words.items()
                                    if changes[word]["count"]) for name, changes in caused.items()]
    if not told:
        return "The choice changes nothing on these rows."
    return "Because of the choice: " + "; ".join(told) + ". The rest of the plan would happen anyway."
