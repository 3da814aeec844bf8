"""Addresses of a stack, for people who want to look around."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from local.screen import escape, table

if TYPE_CHECKING:
    from rich.console import RenderableType

_FIRST = (
    "LandingBucketName", "RosterBucketName", "RosterTableName", "RunsTableName", "SupportFunctionName",
    "StateMachineArn", "SsoAddress",
)


def addresses_view(
    endpoint: str, outputs: Mapping[str, str], *, everything: bool = False
) -> list[RenderableType | None]:
    """Where the embedded AWS is, and the names that one looks for first, or all of them."""
    made = table("output", "value", wrap=["value"])
    names = [name for name in outputs if not name.endswith("Console")] if everything else _FIRST
    for name in names:
        made.add_row(name, escape(outputs[name]))
    shell = (f"  export AWS_ENDPOINT_URL={endpoint} AWS_DEFAULT_REGION=us-east-1\n"
             "  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test")
    return [f"The embedded AWS is at [bold]{endpoint}[/bold]. For other programs, such as the AWS CLI:\n{shell}", made]
