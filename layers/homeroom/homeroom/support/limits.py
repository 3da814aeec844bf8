"""Limits of guards for one integration, and season windows with limits of their own (requirement B6, design 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.errors import Refused
from homeroom.guard.guards import BY_CODE, SEASON, Guard
from homeroom.model import events
from homeroom.model.integration import Integration
from homeroom.model.season import Limit, Season, limits_on
from homeroom.ports import World
from homeroom.support.audit import audit

_UNITS = {"percent": "percent", "records": "count", "rows": "count"}


def refuse_unfit_limits(limits: Mapping[str, Limit | None]) -> None:
    """Raises Refused for guards that have no limits, and for a number in a unit that the guard does not count in."""
    strangers = sorted(code for code in limits if code not in BY_CODE or not BY_CODE[code].own_limits)
    if strangers:
        raise Refused(f"there is no limit to set for {', '.join(strangers)}", remedy="Name a guard such as GRD-02.")
    for code, limit in limits.items():
        unit = _UNITS[BY_CODE[code].unit]
        other = "count" if unit == "percent" else "percent"
        if limit is not None and getattr(limit, other) is not None:
            raise Refused(f"{code} counts in {BY_CODE[code].unit}", remedy=f"Give its `{unit}`, not its `{other}`.")


def change_limits(event: events.ChangeLimits, world: World) -> dict[str, Any]:
    """Set limits of guards for this integration alone; null goes back to the default."""
    integration = world.integrations.get(event.integration)
    refuse_unfit_limits(event.limits)
    _refuse_without_reason(event.reason)
    loosened = sorted(code for code, limit in event.limits.items()
                      if _looser(BY_CODE[code], integration.limits.get(code), limit))
    told = {code: None if limit is None else _short(limit) for code, limit in event.limits.items()}
    audit(world, integration.id, "limits", event.by, event.reason, limits=told, loosened=loosened,
          before={code: _short(limit) for code, limit in integration.limits.items()})
    now = world.integrations.get(integration.id)
    kept = {**now.limits, **event.limits}
    changed = now.model_copy(update={"limits": {code: limit for code, limit in kept.items() if limit is not None}})
    world.integrations.put(changed)
    return {"integration": changed.id, "limits": {code: _short(limit) for code, limit in changed.limits.items()},
            "loosened": loosened, "guards": _effective(changed.limits), "effect": _effect(changed, world),
            "advice": _advice(changed.limits)}


def _advice(limits: Mapping[str, Limit]) -> str:
    """A day counts in its week too: there a wider limit of the day alone lets nothing more pass."""
    (day, _, day_off), (week, _, week_off) = (_numbers(BY_CODE[c], limits.get(c)) for c in ("GRD-02", "GRD-09"))
    if week_off or (not day_off and day <= week):
        return ""
    allowed = "any share" if day_off else f"{day:g} %"
    return f"GRD-02 lets {allowed} pass on a day; GRD-09 still holds more than {week:g} % in a week, that day included."


def change_season(event: events.ChangeSeason, world: World) -> dict[str, Any]:
    """Open a season window, change the one of exactly these days, or close it.

    Windows may overlap: the one that began last counts. The answer's `try` is the operation that shows, on the rows
    that were read last, what the guards would say within the window. Raises Refused.
    """
    integration = world.integrations.get(event.integration)
    refuse_unfit_limits(event.limits)
    _refuse_without_reason(event.reason)
    today = world.clock.now().astimezone(ZoneInfo(integration.timezone)).date().isoformat()
    _refuse_days(event, integration, today)
    audit(world, integration.id, "season", event.by, event.reason, first=event.first, last=event.last,
          remove=event.remove, limits={code: _short(limit) for code, limit in event.limits.items()})
    now = world.integrations.get(integration.id)
    others = [s for s in now.seasons if (s.first, s.last) != (event.first, event.last)]
    added = [] if event.remove else [Season(first=event.first, last=event.last, limits=event.limits,
                                            reason=event.reason, by=event.by, at=world.clock.now())]
    seasons = tuple(sorted([*others, *added], key=lambda season: (season.first, season.last)))
    changed = now.model_copy(update={"seasons": seasons})
    world.integrations.put(changed)
    return {"integration": changed.id, "seasons": [_season(season) for season in seasons], "today": today,
            "effect": _window_effect(event, today) + ". " + _effect(changed, world)} | _to_try(event, changed)


def _refuse_days(event: events.ChangeSeason, integration: Integration, today: str) -> None:
    if event.last < event.first:
        raise Refused("the last day of a season lies before its first", remedy="Name the first day first.")
    there = any((s.first, s.last) == (event.first, event.last) for s in integration.seasons)
    if event.remove and not there:
        raise Refused(f"there is no season from {event.first} to {event.last}",
                      remedy="Name its own first and last day.")
    if not event.remove and event.last < today:
        raise Refused(f"the season would have ended on {event.last}", remedy="Name days that are still to come.")


def _refuse_without_reason(reason: str) -> None:
    """Guards hold on behalf of a district: who loosens one says why (design 4(c), E 58)."""
    if not reason.strip():
        raise Refused("a reason is needed", remedy="Say why, for the audit.")


def _looser(guard: Guard, before: Limit | None, after: Limit | None) -> bool:
    """Whether more passes than before."""
    was, will = _numbers(guard, before), _numbers(guard, after)
    return any(new > old for old, new in zip(was, will, strict=True))


def _numbers(guard: Guard, own: Limit | None) -> tuple[float, float, bool]:
    if own is None:
        return guard.limit, guard.floor, False
    wished = own.percent if guard.unit == "percent" else own.count
    return guard.limit if wished is None else wished, guard.floor if own.floor is None else own.floor, own.off


def _short(limit: Limit) -> dict[str, Any]:
    return limit.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


def _effective(limits: Mapping[str, Limit]) -> dict[str, dict[str, Any]]:
    """What holds for each guard that has limits: the number, the floor, and whether it is asked at all."""
    told = {}
    for guard in (guard for guard in BY_CODE.values() if guard.own_limits):
        limit, floor, off = _numbers(guard, limits.get(guard.code))
        told[guard.code] = {"limit": limit, "unit": guard.unit, "floor": floor, "off": off,
                            "own": guard.code in limits}
    return told


def _season(season: Season) -> dict[str, Any]:
    """A season as it is shown: its limits are those of a usual new year where it names none."""
    limits = season.limits or SEASON
    return season.model_dump(mode="json", exclude={"limits"}) | {
        "usual": not season.limits, "limits": {code: _short(limit) for code, limit in limits.items()},
    }


def _window_effect(event: events.ChangeSeason, today: str) -> str:
    days = f"from {event.first} to {event.last}"
    if event.remove:
        return f"The season {days} is gone: the limits of every other day hold"
    return f"Its limits hold for runs {days}, {'from now on' if event.first <= today else 'and not before'}"


def _effect(integration: Integration, world: World) -> str:
    """In words: a plan that is held was judged already."""
    held = world.runs.control(integration.id).held_run
    if held is None:
        return "Takes effect with the next run."
    return (f"Takes effect with the next run. Run {held}, which is held, stays held until it is approved or a new run "
            "passes.")


def _to_try(event: events.ChangeSeason, integration: Integration) -> dict[str, Any]:
    """The operation that tries the window before it opens, ready to be asked."""
    if event.remove:
        return {"try": None, "advice": ""}
    limits = limits_on(event.first, integration.limits, integration.seasons, SEASON)
    asked = {"operation": "try", "integration": integration.id, "as_of": event.first,
             "limits": {code: _short(limit) for code, limit in limits.items()}}
    return {"try": asked, "advice": (
        f"See before it opens what the guards would say: ask `try` as of {event.first}, on the rows that were read "
        "last. In an integration for trials that has last year's exports, it shows last year's rollover.")}
