"""Pure plans taken back: their journal as planning reads it, and the plan of an undo, without a world."""

from __future__ import annotations

import gzip
from collections.abc import Sequence

import polars as pl

from homeroom.diff import Plan, diff
from homeroom.diff.applied import ID, State
from homeroom.diff.parts import PlanHash, parts
from homeroom.diff.past import Changes, added_up, changes_of, read_lines
from homeroom.diff.selection import chosen
from homeroom.diff.undo import TurnedBack, turned_back
from homeroom.model.entities import ENTITIES
from homeroom.model.plan import Around
from homeroom.model.selection import EVERYTHING, Selection
from homeroom.planning.undoing import as_checked, as_desired
from tests.builders.snapshots import AS_OF, ROSTER

Journal = dict[str, list[pl.DataFrame]]


def journal(*plans: Plan) -> Journal:
    """Entity → operations of the plans' parts, in order."""
    found: Journal = {name: [] for name in ENTITIES}
    for plan in plans:
        for part in parts(plan, PlanHash(), size=3):
            if part.entity in ENTITIES:
                found[part.entity].append(read_lines(ENTITIES[part.entity], gzip.decompress(part.body)))
    return found


def changes(*plans: Plan) -> Changes:
    """What the plans changed, added up."""
    return {
        name: added_up(ENTITIES[name], [changes_of(ENTITIES[name], rows) for rows in made])
        for name, made in journal(*plans).items()
    }


def undone(plan: Plan | Sequence[Plan], state: State, *, later: Sequence[Plan] = (), only: Selection = EVERYTHING,
           edited: dict[str, frozenset[str]] | None = None) -> tuple[Plan, TurnedBack]:
    """The plan that takes this one back, on the state that is applied now; `later` were applied since."""
    plans = [plan] if isinstance(plan, Plan) else plan
    meant = {} if only.everything else {
        name: pl.concat([pl.Series(ID, [], dtype=pl.String),
                         *(rows.filter(chosen(rows, name, only, state))[ID] for rows in made)])
        for name, made in journal(*plans).items()
    }
    since = {
        name: pl.concat([pl.Series(ID, [], dtype=pl.String), *(rows[ID] for rows in made)])
        for name, made in journal(*later).items()
    }
    back = turned_back(changes(*plans), state, edited=edited or {}, chosen=meant, since=since)
    made = diff(as_desired(back), state, as_checked(back), roster=ROSTER, as_of=AS_OF, around=Around(walk=back.walk),
                archived_as=back.archived_as)
    return made, back
