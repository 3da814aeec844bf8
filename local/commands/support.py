"""Commands that ask the function `support`, on the embedded AWS or on a deployed stack."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from homeroom.apply.holds import SINCE_THEN
from homeroom.model import events
from homeroom.model.directory import UploadedList
from homeroom.model.integration import Integration
from homeroom.model.places import DIRECTORY
from homeroom.model.selection import Selection
from homeroom.report.next_step import BY_OUTCOME, BY_SKIP, after_discard
from local import screen
from local.commands.asking import opened, told, who
from local.commands.options import By, IntegrationId, Json, Profile, Reason, Roster, StackName, Wait
from local.commands.source_options import OfDirectory
from local.reasons import Stopped
from local.stack import Stack, wait_for
from local.views.choices import primary_line, sign_in_lines
from local.views.guards import own_lines
from local.views.set_up import rest_lines, schedule_line, steps_view
from local.views.summary import decisions, integrations_view, runs_view, summary_view

WAIT_SECONDS = 3600
SHORTEST_HASH = 8
BAD_ENDS = ("failed", "interrupted")
_REMEDIES = {
    "denied": "Correct it at the source. Was the discard a mistake, or did our rules change? `homeroom run --force`.",
    "unchanged": "Nothing to do; `homeroom run --force` plans it all the same.",
    "locked": "A run is on, or its lease has not lapsed yet. Look with `homeroom status`, then ask again.",
    "no data": "Upload an export; `homeroom status` names what is missing.",
    "paused": "`homeroom resume` ends the pause, and starts what waited.",
    "not set up": "`homeroom status` shows the next step of the set-up.",
}

RunNumber = Annotated[int, typer.Argument(metavar="RUN", min=1, help="Number of the run.")]
PlanHash = Annotated[str, typer.Option("--plan", metavar="HASH", help=(
    f"The plan that you looked at: its hash, or the first {SHORTEST_HASH} or more characters, as `show` prints them."))]


def list_integrations(stack: StackName = None, profile: Profile = None, as_json: Json = False) -> int:
    """List all integrations, and the runs that wait for a look."""
    answer = opened(stack, profile).ask(events.ListIntegrations(operation="list"))
    held = ["[bold]Held runs[/bold]", *runs_view(answer["held"], named=True)] if answer["held"] else []
    return told(answer, as_json, *integrations_view(answer["integrations"]), *held)


def status(integration: IntegrationId, stack: StackName = None, profile: Profile = None, as_json: Json = False) -> int:
    """Show whose turn it is, the set-up, and the newest runs."""
    answer = opened(stack, profile).ask(events.ShowStatus(operation="status", integration=integration))
    return told(answer, as_json, *integrations_view([answer]), schedule_line(answer),
                rest_lines(answer["set_up"]["blackouts"]), own_lines(answer["set_up"]),
                sign_in_lines(answer["signs_in"]), primary_line(answer["primary"]), *steps_view(answer),
                *runs_view(answer["runs"]))


def upload(integration: IntegrationId, roster: Roster, directory: OfDirectory = False, stack: StackName = None,
           profile: Profile = None, as_json: Json = False) -> int:
    """Land an export, as SFTP would; its run starts by itself. Or land the list of the district's accounts."""
    where = opened(stack, profile)
    with screen.progress("uploading", quiet=as_json):
        keys = _upload_accounts(where, integration, roster) if directory else where.upload(integration, roster)
    return told({"uploaded": keys}, as_json, "\n".join(f"Landed: {screen.escape(key)}" for key in keys))


def _upload_accounts(where: Stack, integration: str, file: Path) -> list[str]:
    """The list of accounts, under the name that the options of the integration say. No run starts by it."""
    known = where.ask(events.ShowStatus(operation="status", integration=integration, runs=1))["set_up"]
    directory = Integration.model_validate(known).options.directory
    if not isinstance(directory, UploadedList):
        raise Stopped("the directory of this integration is no uploaded list",
                      "Name it in the options: {\"kind\": \"uploaded\"}.")
    if not file.is_file():
        raise typer.BadParameter("the list of accounts is one CSV file", param_hint="ROSTER")
    return where.upload(integration, {f"{DIRECTORY}/{directory.name}": file.read_bytes()})


def run(
    integration: IntegrationId,
    force: Annotated[bool, typer.Option("--force", help="Even if the content is unchanged or was discarded.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Read all of the source, where small steps would do.")] = False,
    wait: Wait = True,
    by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Start a run by hand.

    With the newest landed export, or the source as it is now.
    """
    where = opened(stack, profile)
    asked = events.RunNow(
        operation="run", integration=integration, by=who(by), reason=reason, force=force, full=full)
    return follow(where, where.ask(asked), wait, as_json)


def runs(
    integration: IntegrationId,
    newest: Annotated[int, typer.Option("--newest", metavar="N", min=1, max=100, help="How many.")] = 10,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """List the runs of an integration, the newest first."""
    asked = events.ShowStatus(operation="status", integration=integration, runs=newest)
    answer = opened(stack, profile).ask(asked)["runs"]
    return told(answer, as_json, *runs_view(answer))


def show(
    integration: IntegrationId,
    run: Annotated[int | None, typer.Argument(metavar="RUN", min=1, help=(
        "Default: the held run, or else the newest."))] = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Show the Sync Status summary of a run."""
    asked = events.Preview(operation="preview", integration=integration, run=run)
    answer = opened(stack, profile).ask(asked)
    return told(answer, as_json, *_run_sections(answer))


def approve(
    integration: IntegrationId, run: RunNumber, plan: PlanHash, reason: Reason,
    entity: Annotated[list[str] | None, typer.Option("--entity", metavar="KIND", help=(
        "Only this kind of record (orgs, people, classes, …); may be repeated."))] = None,
    change: Annotated[list[str] | None, typer.Option("--change", metavar="CHANGE", help=(
        "Only this kind of change (create, update, archive, restore, adopt); may be repeated."))] = None,
    school: Annotated[list[str] | None, typer.Option("--school", metavar="ID", help=(
        "Only what belongs to this school; may be repeated."))] = None,
    in_class: Annotated[list[str] | None, typer.Option("--class", metavar="ID", help=(
        "Only what belongs to this class; may be repeated."))] = None,
    record: Annotated[list[str] | None, typer.Option("--record", metavar="ID", help=(
        "Only this record and what hangs on it; may be repeated."))] = None,
    rekey: Annotated[bool, typer.Option("--rekey", help=(
        "Approve the re-key that the run proposes: everybody keeps their identity under the new ids."))] = False,
    wait: Wait = True, by: By = None, stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Apply a held plan, or a part of it.

    The very plan that you looked at. What is left out goes on waiting.
    """
    where = opened(stack, profile)
    held = where.ask(events.Preview(operation="preview", integration=integration, run=run))
    known = _waiting_hash(held, rekey)
    if len(plan) < SHORTEST_HASH or not known.startswith(plan):
        raise Stopped(f"the hash is not that of the plan{' with its re-key' if rekey else ''} of run {run}", (
            f"`homeroom show {integration} {run}` prints the command with the hash; a re-key has one of its own, and"
            " needs --rekey."))
    only = {"entities": entity, "changes": change, "schools": school, "classes": in_class, "records": record}
    answer = where.ask(events.Approve(
        operation="approve", integration=integration, run=run, plan_hash=known, rekey=rekey, by=who(by), reason=reason,
        only=_selection({name: tuple(given) for name, given in only.items() if given}),
    ))
    if answer["state"] == "waiting":
        return told(answer, as_json, f"Your approval of run {run} is kept. Nothing is applied before a second person"
                                     " approves the same plan under their own name.")
    return follow(where, answer, wait, as_json)


def _waiting_hash(held: dict[str, Any], rekey: bool) -> str:
    """The hash of what waits: the rest of a plan, a whole one, or the one with the re-key that it proposes."""
    if rekey:
        return str((((held["summary"] or {}).get("rekey")) or {}).get("plan_hash", ""))
    return str(held["waits"] or held["plan_hash"] or "")


def _selection(given: dict[str, tuple[str, ...]]) -> Selection:
    try:
        return Selection.model_validate(given)
    except ValidationError as wrong:
        words = {str(error["input"]) for error in wrong.errors()}
        raise typer.BadParameter(f"{', '.join(sorted(words))} is no kind of record or of change") from None


def discard(
    integration: IntegrationId, run: RunNumber, reason: Reason, by: By = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Drop a held plan, or what waits of one. The same content is refused until it changes."""
    asked = events.Discard(operation="discard", integration=integration, run=run, by=who(by), reason=reason)
    answer = opened(stack, profile).ask(asked)
    return told(answer, as_json, *runs_view([answer], named=True))


def follow(stack: Stack, started: dict[str, Any], wait: bool, as_json: bool) -> int:
    """What the door answered; then, if wished, the end of the run."""
    if started["state"] in ("refused", "skipped"):
        raise Stopped(f"{started['reason']}: {started['text']} (kept as run {started['run']})", _REMEDIES.get(
            started["reason"], f"`homeroom show {started['integration']} {started['run']}` says what is next."))
    if not wait or started["state"] != "queued":
        return told(started, as_json, f"Run {started['run']} of {started['integration']} is {started['state']}.")
    asked = events.Preview(operation="preview", integration=started["integration"], run=started["run"])
    with screen.progress(f"run {started['run']}: read, check, shape, diff, guard, apply, report", quiet=as_json):
        ended = wait_for(lambda: answer if (answer := stack.ask(asked))["outcome"] else None, WAIT_SECONDS)
    if ended is None:
        raise Stopped(f"run {started['run']} has not ended within an hour", "Look again with `homeroom show`.")
    told(ended, as_json, *_run_sections(ended))
    if ended["outcome"] in BAD_ENDS:
        screen.complain(f"run {ended['run']} {ended['outcome']}: {ended['code']} {ended['text']}")
    return int(ended["outcome"] in BAD_ENDS)


def _run_sections(answer: dict[str, Any]) -> list[Any]:
    """A run's summary, and what became of it since; a run without one as a line of the ledger."""
    summary, outcome = answer["summary"], answer["outcome"]
    if summary is None:
        step = BY_SKIP.get(answer["code"] or "") if outcome == "skipped" else None
        return [*runs_view([answer], named=True), f"[bold]Next:[/bold] {screen.escape(step.text)}" if step else None]
    since = answer["text"].partition(SINCE_THEN)[2]
    if outcome == summary["outcome"] and not since:
        return [*summary_view(summary), decisions(answer) or None, *_approvals(answer)]
    if outcome == summary["outcome"]:
        settled = {**summary, "waits": None, "next": asdict(BY_OUTCOME["applied"])}
        return [*summary_view(settled), f"[bold]Since then:[/bold] {screen.escape(since)}"]
    told = answer["text"] if answer["text"].startswith(outcome) else f"{outcome}: {answer['text']}"
    step = after_discard(answer["code"]) if outcome == "discarded" else BY_OUTCOME.get(outcome, BY_OUTCOME["applied"])
    return [*summary_view({**summary, "next": asdict(step)}), f"[bold]Since then:[/bold] {screen.escape(told)}"]


def _approvals(answer: dict[str, Any]) -> list[str]:
    """Who has approved what waits, where one person is not enough."""
    return [f"[bold]Approved by:[/bold] {screen.escape(one['by'])}; a second person must too"
            for one in answer.get("approvals", [])]
