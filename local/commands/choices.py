"""Commands about what a district chose: options, sign-in, schedule; and about primary administrators."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from homeroom.model import events
from homeroom.model.choice_events import Choices
from local.commands.asking import opened, told, who
from local.commands.options import By, IntegrationId, Json, Profile, Reason, StackName
from local.commands.source_options import read_file
from local.views.choices import options_view, primary_view

CLASS_NAMES: Mapping[str, str] = {"on": "on", "off": "off", "clashes": "where they clash"}
ON_HOLD: Mapping[str, str] = {"all": "all waits", "removals": "removals wait"}

File = Annotated[Path | None, typer.Option("--file", metavar="FILE", exists=True, dir_okay=False, help=(
    "Choices as JSON: options, sharing, schedule, sign_in, products; options given beside it win."))]
UniqueNames = Annotated[str | None, typer.Option("--unique-names", metavar="WHEN", help=(
    "Force Unique Class Names: on, off, or clashes."))]
Parents = Annotated[bool | None, typer.Option("--parents/--no-parents", help="Sync Parent Data.")]
MatchByName = Annotated[bool | None, typer.Option("--match-by-name/--no-match-by-name", help=(
    "Match Users By Name; name the directory in --file."))]
OneSchool = Annotated[bool | None, typer.Option("--one-school/--no-one-school", help=(
    "Choose a home school where products allow only one."))]
OnlySource = Annotated[bool | None, typer.Option("--only-source/--no-only-source", help=(
    "Archive what was made by hand and the SIS does not have."))]
OnHold = Annotated[str | None, typer.Option("--on-hold", metavar="WHAT", help=(
    "What waits in a hold: all, or removals."))]
When = Annotated[bool | None, typer.Option("--daily/--weekly", help="When it syncs by itself.")]
SignIn = Annotated[bool | None, typer.Option("--sign-in/--no-sign-in", help="Sign-in by the portal.")]
Students = Annotated[bool | None, typer.Option("--students-sign-in/--no-students-sign-in", help=(
    "Of students too, where that is an option."))]
Confirm = Annotated[bool, typer.Option("--confirm", help="Take the options as they are: somebody looked at them.")]
Person = Annotated[str, typer.Argument(metavar="PERSON", help="Internal id, source id, username, number or email.")]


def options(
    integration: IntegrationId, file: File = None, unique_names: UniqueNames = None, parents: Parents = None,
    match_by_name: MatchByName = None, one_school: OneSchool = None, only_source: OnlySource = None,
    on_hold: OnHold = None, daily: When = None, sign_in: SignIn = None, students: Students = None,
    confirm: Confirm = False, by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None,
    as_json: Json = False,
) -> int:
    """Change what the district chose, or show what counts.

    What is not named stays as it is. Options of the product line and the district's own are told apart.
    """
    named = named_choices(unique_names, on_hold, daily, parents=parents, match_by_name=match_by_name,
                          one_school=one_school, only_source=only_source)
    given = {**named, "sign_in": {"on": sign_in, "students": students}}
    asked = events.ChangeOptions(operation="options", integration=integration, by=who(by), reason=reason,
                                 choices=choices_of(file, given, confirm=confirm))
    answer = opened(stack, profile).ask(asked)
    return told(answer, as_json, *options_view(answer))


def promote(
    integration: IntegrationId, person: Person, by: By = None, reason: Reason = "", stack: StackName = None,
    profile: Profile = None, as_json: Json = False,
) -> int:
    """Make an administrator a primary administrator."""
    answer = opened(stack, profile).ask(events.Promote(
        operation="promote", integration=integration, person=person, by=who(by), reason=reason))
    return told(answer, as_json, *primary_view(answer))


def demote(
    integration: IntegrationId, person: Person, by: By = None, reason: Reason = "", stack: StackName = None,
    profile: Profile = None, as_json: Json = False,
) -> int:
    """Take back that somebody is a primary administrator."""
    answer = opened(stack, profile).ask(events.Demote(
        operation="demote", integration=integration, person=person, by=who(by), reason=reason))
    return told(answer, as_json, *primary_view(answer))


def named_choices(unique_names: str | None, on_hold: str | None, daily: bool | None,
                  **flags: bool | None) -> dict[str, dict[str, Any]]:
    """What options of a command name, part by part; None is what they do not. Raises typer.BadParameter."""
    return {
        "options": {"class_names": _word(unique_names, CLASS_NAMES, "--unique-names"),
                    "on_hold": _word(on_hold, ON_HOLD, "--on-hold"), **flags},
        "schedule": {} if daily is None else {"mode": "daily" if daily else "weekly", "days": (), "at": None},
    }


def _word(given: str | None, words: Mapping[str, str], name: str) -> str | None:
    if given is not None and given not in words:
        raise typer.BadParameter(f"one of: {', '.join(words)}", param_hint=name)
    return None if given is None else words[given]


def choices_of(file: Path | None, given: Mapping[str, Mapping[str, Any]], *, confirm: bool = False) -> Choices:
    """What a file says, and over it the options given (not None). Raises typer.BadParameter."""
    kept = read_file(file) if file else {}
    asked = dict(kept)
    for part, named in given.items():
        chosen = {name: value for name, value in named.items() if value is not None or part == "schedule"}
        if chosen or (confirm and part == "options"):
            asked[part] = {**(kept.get(part) or {}), **chosen}
    try:
        return Choices.model_validate(asked)
    except ValidationError as wrong:
        told_wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in wrong.errors())
        raise typer.BadParameter(told_wrong, param_hint="--file") from wrong
