"""Commands that ask the function `support`, on the embedded AWS or on a deployed stack."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from homeroom.model import events
from homeroom.report.next_step import BY_OUTCOME
from local import screen
from local.commands.asking import opened, told, who
from local.commands.options import By, IntegrationId, Json, Profile, Reason, Roster, StackName, Wait
from local.reasons import Stopped
from local.stack import Stack, wait_for
from local.views.set_up import rest_lines, schedule_line, steps_view
from local.views.summary import integrations_view, runs_view, summary_view

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
                rest_lines(answer["set_up"]["blackouts"]), *steps_view(answer["steps"]), *runs_view(answer["runs"]))


def upload(integration: IntegrationId, roster: Roster, stack: StackName = None, profile: Profile = None,
           as_json: Json = False) -> int:
    """Land an export, as SFTP would. Its run starts by itself."""
    with screen.progress("uploading", quiet=as_json):
        keys = opened(stack, profile).upload(integration, roster)
    return told({"uploaded": keys}, as_json, "\n".join(f"Landed: {screen.escape(key)}" for key in keys))


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
    return _started(where, where.ask(asked), wait, as_json)


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
    integration: IntegrationId, run: RunNumber, plan: PlanHash, reason: Reason, wait: Wait = True, by: By = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Apply a held plan, the very one that you looked at."""
    where = opened(stack, profile)
    held = where.ask(events.Preview(operation="preview", integration=integration, run=run))
    known = held["plan_hash"] or ""
    if len(plan) < SHORTEST_HASH or not known.startswith(plan):
        raise Stopped(f"the hash is not that of the plan of run {run}", (
            f"`homeroom show` prints it below the summary; give its first {SHORTEST_HASH} characters or more."))
    asked = events.Approve(
        operation="approve", integration=integration, run=run, plan_hash=known, by=who(by), reason=reason)
    return _started(where, where.ask(asked), wait, as_json)


def discard(
    integration: IntegrationId, run: RunNumber, reason: Reason, by: By = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Drop a held plan. The same content is refused until it changes."""
    asked = events.Discard(operation="discard", integration=integration, run=run, by=who(by), reason=reason)
    answer = opened(stack, profile).ask(asked)
    return told(answer, as_json, *runs_view([answer], named=True))


def _started(stack: Stack, started: dict[str, Any], wait: bool, as_json: bool) -> int:
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
        return runs_view([answer], named=True)
    if outcome == summary["outcome"]:
        return summary_view(summary)
    told = answer["text"] if answer["text"].startswith(outcome) else f"{outcome}: {answer['text']}"
    step = BY_OUTCOME.get(outcome, BY_OUTCOME["applied"])
    return [*summary_view({**summary, "next": asdict(step)}), f"[bold]Since then:[/bold] {screen.escape(told)}"]
