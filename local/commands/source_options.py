"""Options of `connect`, and the set-up that they make together with a file or with what is already kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from homeroom.model.integration import Integration

_FORMS = {
    "id": "2 to 40 small letters, digits and hyphens, such as lab-usd",
    "schedule": "a time of the day such as 05:15",
}

File = Annotated[Path | None, typer.Option("--file", metavar="FILE", exists=True, dir_okay=False, help=(
    "The whole set-up as JSON; options given beside it win."))]
DistrictId = Annotated[str | None, typer.Option("--district-id", metavar="ID", help=(
    "The district's sourcedId or identifier in its data; Clever's District ID."))]
DistrictName = Annotated[str | None, typer.Option("--district-name", metavar="NAME")]
Aggregator = Annotated[str | None, typer.Option("--aggregator", metavar="NAME", help="clever, classlink or none.")]
Transport = Annotated[str | None, typer.Option("--transport", metavar="WAY", help=(
    "clever_api, oneroster_rest, csv_pulled, or csv_pushed (default)."))]
ProductLine = Annotated[str | None, typer.Option("--product-line", metavar="LINE")]
Product = Annotated[list[str] | None, typer.Option("--product", metavar="NAME", help="May be repeated.")]
Timezone = Annotated[str | None, typer.Option("--timezone", metavar="ZONE", help="Such as America/Chicago.")]
QuietSeconds = Annotated[int | None, typer.Option("--quiet-seconds", metavar="N", help=(
    "How long loose files must rest before they count as a set."))]
HoldFirstLoad = Annotated[bool | None, typer.Option("--hold-first-load/--no-hold-first-load", help=(
    "Hold the first load until somebody has looked."))]
Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="API URL, as the console shows it.")]
Version = Annotated[str | None, typer.Option("--version", metavar="V", help="1.1 or 1.2; of Clever v3.0 or v3.1.")]
SignIn = Annotated[str | None, typer.Option("--sign-in", metavar="KIND", help=(
    "oauth1_sha256 (default), oauth1_sha1, oauth2 or bearer."))]
TokenUrl = Annotated[str | None, typer.Option("--token-url", metavar="URL", help="Where OAuth 2 hands out tokens.")]
SignInUrl = Annotated[str | None, typer.Option("--sign-in-url", metavar="URL", help="Clever's own, if not clever.com.")]
Host = Annotated[str | None, typer.Option("--host", metavar="HOST", help="Server to pull files from.")]
Port = Annotated[int | None, typer.Option("--port", metavar="N")]
User = Annotated[str | None, typer.Option("--user", metavar="NAME")]
Folder = Annotated[str | None, typer.Option("--folder", metavar="PATH")]
HostKey = Annotated[str | None, typer.Option("--host-key", metavar="KEY", help=(
    "The key to pin, compared on the phone: the line that ssh-keyscan prints, or 'ssh-ed25519 AAAA…' of it."))]
Schedule = Annotated[str | None, typer.Option("--schedule", metavar="MODE", help="daily, days, weekly or off.")]
At = Annotated[str | None, typer.Option("--at", metavar="HH:MM", help="Local time; default: a slot of its own.")]
Days = Annotated[str | None, typer.Option("--days", metavar="MON,TUE", help="For --schedule days.")]
SecretName = Annotated[str | None, typer.Option("--secret-name", metavar="NAME", help=(
    "Where the credentials are kept; default: the integration's name. Clever's app may share one."))]
Key = Annotated[str | None, typer.Option("--key", metavar="KEY", help=(
    "Application key or client id; the secret comes by --secret-file, HOMEROOM_SECRET or a hidden prompt."))]
SecretFile = Annotated[str | None, typer.Option("--secret-file", metavar="FILE", help=(
    "File with the secret, token, password or passphrase; - reads stdin."))]
OfDirectory = Annotated[bool, typer.Option("--directory", help=(
    "Of the district's directory, by which people are matched by name."))]
PrivateKeyFile = Annotated[Path | None, typer.Option("--private-key-file", metavar="FILE", exists=True, dir_okay=False)]
SamePeople = Annotated[bool, typer.Option("--same-people", help=(
    "Let the roster of this integration come another way: the next run is held and proposes who is who."))]
Test = Annotated[bool, typer.Option("--test/--no-test", help="Test the connection afterwards.")]


def wanted(
    integration: str, kept: Mapping[str, Any], given: Mapping[str, Any], source: Mapping[str, Any],
    schedule: Mapping[str, Any],
) -> Integration:
    """The set-up asked for: what is kept, and over it the options given (not None).

    Raises typer.BadParameter with what is wrong in it.
    """
    asked = {**kept, **_given(given), "id": integration}
    told = _given(source)
    if told or asked.get("transport", "csv_pushed") != "csv_pushed":
        asked["source"] = _source(asked, told)
    elif "transport" in asked:
        asked["source"] = None
    if _given(schedule):
        asked["schedule"] = _schedule(schedule, asked.get("schedule") or {})
    try:
        return Integration.model_validate(asked)
    except ValidationError as wrong:
        raise typer.BadParameter("; ".join(_told_wrong(error) for error in wrong.errors())) from wrong


def read_file(file: Path) -> dict[str, Any]:
    """A set-up kept as JSON. Raises typer.BadParameter for anything but an object."""
    try:
        kept = json.loads(file.read_text())
    except ValueError as wrong:
        raise typer.BadParameter(f"not a JSON object: {wrong}", param_hint="--file") from wrong
    if not isinstance(kept, dict):
        raise typer.BadParameter("not a JSON object", param_hint="--file")
    return kept


def _source(asked: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Where to fetch: of what is kept only as long as the transport is the same."""
    transport = asked.get("transport", "csv_pushed")
    if transport == "csv_pushed":
        raise typer.BadParameter(f"{_option(next(iter(told)))} is of a source that is fetched: name its --transport")
    before = asked.get("source") or {}
    return {**(before if before.get("transport", transport) == transport else {}), **told, "transport": transport}


def _schedule(given: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """A mode begins anew; days or a time alone change what is kept."""
    days = [day.strip().upper() for day in (given["days"] or "").split(",") if day.strip()]
    if given["mode"]:
        return {"mode": given["mode"], "days": days, "at": given["at"]}
    before = {"mode": "daily", "days": [], "at": None, **(kept if kept.get("mode") in ("daily", "days") else {})}
    return {"mode": "days" if days else before["mode"], "days": days or before["days"],
            "at": given["at"] or before["at"]}


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _told_wrong(error: Any) -> str:
    """One fault of a set-up: where it is, and what is wrong."""
    place = error["loc"] or ("set-up",)
    what = _FORMS.get(str(place[0])) if error["type"] == "string_pattern_mismatch" else None
    return f"{'.'.join(str(part) for part in place)}: {what or error['msg'].removeprefix('Value error, ')}"
