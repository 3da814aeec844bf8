"""docs/guards.md: each guard with its limit, what it holds and why; and season windows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from homeroom.guard.guards import GUARDS, SEASON, Guard, Holds
from homeroom.model.season import Limit
from homeroom.report.words import number
from local.page_parts import MADE, table

_UNITS: Mapping[str, str] = {"percent": " %", "records": " records", "rows": " rows"}
_HOLDS: Mapping[Holds, str] = {
    "everything": "everything", "removals": "what leaves", "creations": "what is new",
    "school": "what leaves that school", "class": "that class",
}


def guards(_root: Path) -> str:
    """docs/guards.md"""
    parts = [
        "# Guards",
        MADE.format(origin="`guard/guards.py` and `local/guard_page.py`"),
        _INTRODUCTION,
        table(("guard", "what it looks at", "trips at", "floor", "holds"), map(_row, GUARDS)),
        "## Why, and what to do",
        table(("guard", "why it is there", "what to do when it trips"), ((g.code, g.why, g.remedy) for g in GUARDS)),
        _LIMITS,
        _SEASONS,
        table(("guard", "usual limit", "in a season window"), ((c, _limit(_BY_CODE[c]), _own(c)) for c in SEASON)),
        _AFTER,
    ]
    return "\n\n".join(parts) + "\n"


_BY_CODE = {guard.code: guard for guard in GUARDS}


def _row(guard: Guard) -> list[str]:
    fails = guard.code == "COMPLETE"
    holds = "nothing: the run fails" if fails else _HOLDS[guard.holds] + _two(guard)
    return [guard.code, guard.meaning, _limit(guard), f"{guard.floor}" if guard.floor > 1 else "", holds]


def _two(guard: Guard) -> str:
    if guard.two_above is None:
        return ""
    return f"; two people above {number(guard.two_above)}{_UNITS[guard.unit]}" if guard.two_above else "; two people"


def _limit(guard: Guard) -> str:
    if not guard.limit:
        return "any"
    return f"{'more than' if guard.strict else 'at least'} {number(guard.limit)}{_UNITS[guard.unit]}"


def _own(code: str) -> str:
    limit: Limit = SEASON[code]
    return "not asked" if limit.off else f"more than {number(limit.percent or 0)} %"


_INTRODUCTION = """\
A guard looks at the plan before the first write, and compares it with what was applied last. One that trips holds the
plan until a person approves or discards it, or until a newer plan does not trip. What to do then: [held
run](runbooks/held-run.md).

- **More than** is strict: exactly at the limit passes. Only GRD-10 says *at least*.
- **Floor**: below so many records a share is not looked at. In a small school one record is many percent.
- **Of what**: a share is of the active records of that entity, school or class before the plan; of GRD-09, of those
  before the week; of GRD-10, of the unexplained removals; of GRD-11, of the rows read.
- **Explained** is a removal that the source or a rule says: a record marked as removed, an ended term, a sharing
  rule, an option. **Unexplained** is one that is simply not there any more. The two never count in the same guard.
- **Holds**: what waits for a person. As a rule all of the plan waits with it; where the option `on_hold` says
  `removals wait`, only this does, and the rest goes on.
- **Two people** must approve where more than half of anything would leave, or where a collection is empty.
- GRD-05 counts students and not rows: who has another place in the class does not leave it."""
_LIMITS = """\
## Limits of one integration

Guards whose code begins with GRD- can have limits of their own for one integration; the others say yes or no. Every
change has a reason and stands in the audit. A plan that is held was judged already: it stays held until it is
approved, or until a new run passes. Do not widen limits to get one plan through: approve that one.

```
homeroom limits lab-usd GRD-04=40/30 GRD-05=off GRD-06=default --reason "small schools, agreed with the district"
```

`GRD-04=40/30` is more than 40 % from 30 records on; a number is in the guard's own unit. In the console: the event
[`limits`](../events/support/limits.json). Who raises GRD-02 above 15 % raises GRD-09 with it: a single day counts in
the week as well."""
_SEASONS = """\
## A new school year

In August nearly everything changes: terms, classes, enrollments, grades, and a twelfth of the people. A season window
is a span of days with limits of its own, so that a rollover is not held everywhere:

```
homeroom season lab-usd 2027-07-15 2027-09-10 --reason "new school year"
```

Both days are included, in the integration's time zone. Windows may overlap: the one that began last counts. What a
window leaves out stays as it was. `--limit GRD-08=off` names limits (a second semester whose classes are all new
needs no more than that, and `--limit GRD-13=off`), `--remove` closes the window. Without any, it has these:"""
_AFTER = """\
The rest holds in a season too: another district's file, empty collections, identities that change, new ids for the
same people, rows in error, and sharing rules are no part of a new year. What left in a window in which GRD-09 was not
asked does not count in the week after it.

See beforehand what the guards would say: the answer of `season` names the question `try`, with the day and the limits
of the window, on the rows that were read last. Why these numbers: [ADR 25](adr/0025-limits-of-guards.md)."""
