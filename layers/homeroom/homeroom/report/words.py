"""A summary as a paragraph of plain English, for mail and messages: counts and codes, never a person's name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

OWNERS: Mapping[str, str] = {
    "district": "the district",
    "aggregator": "the aggregator",
    "vendor": "Homeroom's support",
    "nobody": "nobody",
}
TRIGGERS: Mapping[str, str] = {
    "file": "a landed file",
    "schedule": "its schedule",
    "hand": "a request by hand",
    "approval": "an approval",
    "pending": "a file that waited",
    "undo": "an undo",
    "sign_in": "a sign-in of somebody who is not in the roster yet",
}
_ENDED: Mapping[str | None, str] = {
    None: "is on its way",
    "applied": "was applied",
    "applied with issues": "was applied, with issues",
    "nothing to change": "found nothing to change",
    "held": "is held for a look; nothing was written",
    "skipped": "was skipped",
    "failed": "failed; nothing was written",
    "interrupted": "was interrupted; part of its plan was written",
    "discarded": "was discarded; nothing was written",
    "lapsed": "has lapsed; nothing was written",
}
_ACTIONS = ("created", "updated", "archived", "restored")
_WOULD = {"created": "create", "updated": "update", "archived": "archive", "restored": "restore"}
UNITS: Mapping[str, str] = {"percent": " %", "records": "", "rows": ""}


def subject(summary: Mapping[str, Any]) -> str:
    """One line: which integration, which run, and how it ended."""
    return f"Homeroom: {summary['integration']} run {summary['run']} {_ENDED[summary['outcome']].split(';')[0]}"


def paragraph(summary: Mapping[str, Any]) -> str:
    """What happened, what it changed, what is wrong, who acts next."""
    sentences = [
        _opening(summary), _reason(summary), _changes(summary), _guards(summary), _issues(summary), _next(summary),
        f"Details: {summary['links']['summary']}",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def guard_sentence(guard: Mapping[str, Any]) -> str:
    """One guard in words: what it saw and its limit."""
    about = f" ({guard['about']})" if guard["about"] and not guard["meaning"].endswith(guard["about"]) else ""
    if not guard["limit"]:
        return f"{guard['code']}: {guard['meaning']}{about}"
    value, limit = (f"{number(guard[key])}{UNITS[guard['unit']]}" for key in ("value", "limit"))
    return f"{guard['code']}: {guard['meaning']}{about}: {value}, limit {limit}"


def number(value: float) -> str:
    """A number as people read it: thousands apart, no needless decimals."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}" if value >= 1 else f"{value:.2g}"


def changes(entities: Mapping[str, Mapping[str, int]], *, applied: bool) -> str:
    """`people: 15 created, 45 updated` and so on; empty when nothing changes."""
    told = []
    for name, counts in entities.items():
        actions = [f"{counts[word]:,} {word if applied else 'to ' + _WOULD[word]}" for word in _ACTIONS if counts[word]]
        if actions:
            told.append(f"{name}: {', '.join(actions)}")
    return "; ".join(told)


def _opening(summary: Mapping[str, Any]) -> str:
    at = datetime.fromisoformat(summary["times"]["started_local"]).strftime("%Y-%m-%d %H:%M")
    started = f"started by {TRIGGERS[summary['trigger']]} at {at} ({summary['times']['timezone']})"
    return f"Run {summary['run']} of {summary['integration']}, {started}, {_ENDED[summary['outcome']]}."


def _reason(summary: Mapping[str, Any]) -> str:
    """The run's own words, where it did not simply do its work; guards speak for themselves."""
    if summary["applied"] or summary["outcome"] in (None, "held", "nothing to change"):
        return ""
    text = str(summary["text"]).rstrip(".")
    code = f"{summary['code']}: " if summary["code"] and summary["code"] not in text else ""
    return f"{code}{text}." if text else ""


def _changes(summary: Mapping[str, Any]) -> str:
    told = changes(summary["entities"], applied=summary["applied"])
    if not told:
        return ""
    return f"{'Changes' if summary['applied'] else 'The plan'}: {told}."


def _guards(summary: Mapping[str, Any]) -> str:
    """The guards that hold, but for the one that the next step names."""
    tripped = [guard_sentence(guard) for guard in summary["guards"] if guard["tripped"]]
    others = [told for told in tripped if told not in summary["next"]["text"]]
    return f"Also held by {'; '.join(others)}." if others and summary["outcome"] == "held" else ""


def _issues(summary: Mapping[str, Any]) -> str:
    codes = [f"{c['code']} {c['count']:,}" for c in summary["issues"]["codes"] if c["severity"] != "info"]
    return f"Issues: {', '.join(codes[:10])}." if codes else ""


def _next(summary: Mapping[str, Any]) -> str:
    step = summary["next"]
    return step["text"] if step["owner"] == "nobody" else f"Next: {OWNERS[step['owner']]}. {step['text']}"
