"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse a set without a manifest; else it is taken as bulk.")]
Roster = Annotated[Path, typer.Argument(metavar="ROSTER", exists=True, help="A OneRoster zip or folder.")]
New = Annotated[Path, typer.Argument(metavar="NEW", exists=True, help="The new export: a OneRoster zip or folder.")]
IntegrationId = Annotated[str, typer.Argument(metavar="INTEGRATION", help="Short name, such as lab-usd.")]
StackName = Annotated[str | None, typer.Option("--stack", metavar="NAME",
                                               help="A deployed stack instead of the embedded AWS.")]
Profile = Annotated[str | None, typer.Option("--profile", metavar="NAME", help="AWS profile for --stack.")]
By = Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who asks, for the audit. Default: your login.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the audit.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the run has ended and show its summary.")]
