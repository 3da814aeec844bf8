"""Commands that ask the function `support`, on the embedded AWS or on a deployed stack."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from homeroom.model import events
from homeroom.model.integration import Integration
from homeroom.report.next_step import BY_OUTCOME
from local import screen
from local.commands.options import By, IntegrationId, Json, Profile, Reason, Roster, StackName, Wait
from local.reasons import Stopped
from local.stack import Stack, open_stack, wait_for
from local.views.summary import integrations_view, runs_view, summary_view

WAIT_SECONDS = 3600
SHORTEST_HASH = 8
BAD_ENDS = ("failed", "interrupted")
_FORMS = {"id": "2 to 40 small letters, digits and hyphens, such as lab-usd"}
_REMEDIES = {
    "denied": "Land a new export. If the discard was a mistake: `homeroom run --force`.",
    "unchanged": "Nothing to do; `homeroom run --force` plans it all the same.",
    "locked": "A run is on, or its lease has not lapsed yet. Look with `homeroom status`, then ask again.",
    "no data": "Upload an export; `homeroom status` names what is missing.",
}

RunNumber = Annotated[int, typer.Argument(metavar="RUN", min=1, help="Number of the run.")]
PlanHash = Annotated[str, typer.Option("--plan", metavar="HASH", help=(
    f"The plan that you looked at: its hash, or the first {SHORTEST_HASH} or more characters, as `show` prints them."))]


def connect(
    integration: IntegrationId,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", exists=True, dir_okay=False, help=(
        "The set-up as JSON; options given beside it win."))] = None,
    district_id: Annotated[str | None, typer.Option("--district-id", metavar="ID", help=(
        "The district's sourcedId or identifier in its files."))] = None,
    district_name: Annotated[str | None, typer.Option("--district-name", metavar="NAME")] = None,
    aggregator: Annotated[str | None, typer.Option("--aggregator", metavar="NAME", help=(
        "clever, classlink or none."))] = None,
    product_line: Annotated[str | None, typer.Option("--product-line", metavar="LINE")] = None,
    product: Annotated[list[str] | None, typer.Option("--product", metavar="NAME", help="May be repeated.")] = None,
    timezone: Annotated[str | None, typer.Option("--timezone", metavar="ZONE", help="Such as America/Chicago.")] = None,
    quiet_seconds: Annotated[int | None, typer.Option("--quiet-seconds", metavar="N", help=(
        "How long loose files must rest before they count as a set."))] = None,
    hold_first_load: Annotated[bool | None, typer.Option("--hold-first-load/--no-hold-first-load", help=(
        "Hold the first load until somebody has looked."))] = None,
    by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Set up an integration, or replace its set-up as a whole."""
    given = {
        "district_id": district_id, "district_name": district_name, "aggregator": aggregator, "timezone": timezone,
        "product_line": product_line, "products": product, "quiet_seconds": quiet_seconds,
        "hold_first_load": hold_first_load,
    }
    wanted = _wanted(integration, file, {key: value for key, value in given.items() if value is not None})
    asked = events.Connect(operation="connect", integration=wanted, by=_who(by), reason=reason)
    answer = open_stack(stack, profile).ask(asked)
    return _told(answer, as_json, *integrations_view([answer]))


def list_integrations(stack: StackName = None, profile: Profile = None, as_json: Json = False) -> int:
    """List all integrations, and the runs that wait for a look."""
    answer = open_stack(stack, profile).ask(events.ListIntegrations(operation="list"))
    held = ["[bold]Held runs[/bold]", *runs_view(answer["held"], named=True)] if answer["held"] else []
    return _told(answer, as_json, *integrations_view(answer["integrations"]), *held)


def status(integration: IntegrationId, stack: StackName = None, profile: Profile = None, as_json: Json = False) -> int:
    """Show whose turn it is, and the newest runs."""
    answer = open_stack(stack, profile).ask(events.ShowStatus(operation="status", integration=integration))
    return _told(answer, as_json, *integrations_view([answer]), *runs_view(answer["runs"]))


def upload(integration: IntegrationId, roster: Roster, stack: StackName = None, profile: Profile = None,
           as_json: Json = False) -> int:
    """Land an export, as SFTP would. Its run starts by itself."""
    with screen.progress("uploading", quiet=as_json):
        keys = open_stack(stack, profile).upload(integration, roster)
    return _told({"uploaded": keys}, as_json, "\n".join(f"Landed: {screen.escape(key)}" for key in keys))


def run(
    integration: IntegrationId,
    force: Annotated[bool, typer.Option("--force", help="Even if the content is unchanged or was discarded.")] = False,
    wait: Wait = True,
    by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Start a run by hand, with the newest landed export."""
    opened = open_stack(stack, profile)
    asked = events.RunNow(operation="run", integration=integration, by=_who(by), reason=reason, force=force)
    return _started(opened, opened.ask(asked), wait, as_json)


def runs(
    integration: IntegrationId,
    newest: Annotated[int, typer.Option("--newest", metavar="N", min=1, max=100, help="How many.")] = 10,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """List the runs of an integration, the newest first."""
    asked = events.ShowStatus(operation="status", integration=integration, runs=newest)
    answer = open_stack(stack, profile).ask(asked)["runs"]
    return _told(answer, as_json, *runs_view(answer))


def show(
    integration: IntegrationId,
    run: Annotated[int | None, typer.Argument(metavar="RUN", min=1, help=(
        "Default: the held run, or else the newest."))] = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Show the Sync Status summary of a run."""
    asked = events.Preview(operation="preview", integration=integration, run=run)
    answer = open_stack(stack, profile).ask(asked)
    return _told(answer, as_json, *_run_sections(answer))


def approve(
    integration: IntegrationId, run: RunNumber, plan: PlanHash, reason: Reason, wait: Wait = True, by: By = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Apply a held plan, the very one that you looked at."""
    opened = open_stack(stack, profile)
    held = opened.ask(events.Preview(operation="preview", integration=integration, run=run))
    known = held["plan_hash"] or ""
    if len(plan) < SHORTEST_HASH or not known.startswith(plan):
        raise Stopped(f"the hash is not that of the plan of run {run}", (
            f"`homeroom show` prints it below the summary; give its first {SHORTEST_HASH} characters or more."))
    asked = events.Approve(
        operation="approve", integration=integration, run=run, plan_hash=known, by=_who(by), reason=reason)
    return _started(opened, opened.ask(asked), wait, as_json)


def discard(
    integration: IntegrationId, run: RunNumber, reason: Reason, by: By = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Drop a held plan. The same content is refused until it changes."""
    asked = events.Discard(operation="discard", integration=integration, run=run, by=_who(by), reason=reason)
    answer = open_stack(stack, profile).ask(asked)
    return _told(answer, as_json, *runs_view([answer], named=True))


def _started(stack: Stack, started: dict[str, Any], wait: bool, as_json: bool) -> int:
    """What the door answered; then, if wished, the end of the run."""
    if started["state"] in ("refused", "skipped"):
        raise Stopped(f"{started['reason']}: {started['text']} (kept as run {started['run']})", _REMEDIES.get(
            started["reason"], f"`homeroom show {started['integration']} {started['run']}` says what is next."))
    if not wait or started["state"] != "queued":
        return _told(started, as_json, f"Run {started['run']} of {started['integration']} is {started['state']}.")
    asked = events.Preview(operation="preview", integration=started["integration"], run=started["run"])
    with screen.progress(f"run {started['run']}: read, check, shape, diff, guard, apply, report", quiet=as_json):
        ended = wait_for(lambda: answer if (answer := stack.ask(asked))["outcome"] else None, WAIT_SECONDS)
    if ended is None:
        raise Stopped(f"run {started['run']} has not ended within an hour", "Look again with `homeroom show`.")
    _told(ended, as_json, *_run_sections(ended))
    if ended["outcome"] in BAD_ENDS:
        screen.complain(f"run {ended['run']} {ended['outcome']}: {ended['code']} {ended['text']}")
    return int(ended["outcome"] in BAD_ENDS)


def _run_sections(answer: dict[str, Any]) -> list[Any]:
    """A run's summary, and what became of it since; a run without one as a line of the ledger."""
    summary, outcome = answer["summary"], answer["outcome"]
    if summary is None:
        return runs_view([answer], named=True)
    if outcome == summary["outcome"]:
        return summary_view(summary)
    told = answer["text"] if answer["text"].startswith(outcome) else f"{outcome}: {answer['text']}"
    step = BY_OUTCOME.get(outcome, BY_OUTCOME["applied"])
    return [*summary_view({**summary, "next": asdict(step)}), f"[bold]Since then:[/bold] {screen.escape(told)}"]


def _told(answer: Any, as_json: bool, *sections: Any) -> int:
    if as_json:
        screen.print_json(answer)
    else:
        screen.show(*sections)
    return 0


def _wanted(integration: str, file: Path | None, given: dict[str, Any]) -> Integration:
    """The set-up asked for. Raises typer.BadParameter with what is wrong in it."""
    try:
        kept = json.loads(file.read_text()) if file else {}
        return Integration.model_validate({**kept, **given, "id": integration})
    except ValidationError as wrong:
        raise typer.BadParameter("; ".join(_told_wrong(error) for error in wrong.errors())) from wrong
    except (ValueError, TypeError) as wrong:
        raise typer.BadParameter(f"not a JSON object: {wrong}", param_hint="--file") from wrong


def _told_wrong(error: Any) -> str:
    """One fault of a set-up: where it is, and what is wrong."""
    what = _FORMS.get(error["loc"][0]) if error["type"] == "string_pattern_mismatch" else None
    return f"{'.'.join(str(part) for part in error['loc'])}: {what or error['msg'].removeprefix('Value error, ')}"


def _who(by: str | None) -> str:
    return by or getpass.getuser()
