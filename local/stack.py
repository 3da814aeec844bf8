"""A stack as the command sees it: the embedded AWS that `homeroom up` started, or a deployed one by its name."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from homeroom import errors
from homeroom.model.connect_events import REVEALED
from homeroom.model.issues import CATALOGUE
from local.reasons import Stopped

POLL_SECONDS = 0.25
SLOWEST_POLL = 3.0
LONGEST_ANSWER = 910
"""Seconds: the function `support` ends before."""
_Seen = TypeVar("_Seen")
_OURS = re.compile(r"([A-Z]{3}-\d{2}): (.+?)(?:\n(.+))?", re.DOTALL)
"""Our errors as Lambda sends them: code, text, and below it a remedy of their own."""


@dataclass(frozen=True)
class Stack:
    """`clients` makes boto3 clients by the name of a service; `outputs` are those of the template."""

    clients: Callable[[str], Any]
    outputs: Mapping[str, str]

    def ask(self, operation: BaseModel) -> dict[str, Any]:
        """Invoke `support` with one typed operation. Raises Stopped with the function's own reason."""
        payload = operation.model_dump_json(context=REVEALED).encode()
        answer = self.clients("lambda").invoke(FunctionName=self.outputs["SupportFunctionName"], Payload=payload)
        told: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise _refusal(told)
        return told

    def upload(self, integration: str, files: Mapping[str, bytes] | Path) -> list[str]:
        """Put a zip, the CSV files of a folder, or files by name where the SFTP user would. Returns the keys."""
        keys = []
        for name, body in (_bodies(files) if isinstance(files, Path) else files).items():
            keys.append(f"landing/{integration}/{name}")
            self.clients("s3").put_object(Bucket=self.outputs["LandingBucketName"], Key=keys[-1], Body=body)
        return keys


def open_stack(name: str | None, profile: str | None) -> Stack:
    """The stack to talk to. Raises Stopped when nothing runs here, or no such stack can be reached."""
    if name is None and profile is None:
        return _embedded()
    if name is None:
        raise Stopped("--profile needs --stack", "Name the deployed stack, such as --stack homeroom-prod.")
    return _deployed(name, profile)


def wait_for(look: Callable[[], _Seen | None], seconds: float, *, slowest: float = SLOWEST_POLL) -> _Seen | None:
    """Look again and again, less and less often, until something is there; None when the time is over."""
    deadline, pause = time.monotonic() + seconds, POLL_SECONDS
    while (seen := look()) is None and time.monotonic() < deadline:
        time.sleep(pause)
        pause = min(slowest, pause * 1.2)
    return seen


def _embedded() -> Stack:
    from local.embedded import running

    found = running()
    if found is None or found.stack is None:
        raise Stopped("no embedded AWS runs here", "Start it with `homeroom up`, or name a deployed one with --stack.")
    return Stack(found.clients, found.stack.outputs)


def _deployed(name: str, profile: str | None) -> Stack:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        session: Any = boto3.Session(profile_name=profile)
        described = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        text = f"the stack {name} can not be reached: {error}"
        raise Stopped(text, "Check --stack, --profile and the region.") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    # One operation may ask a source for minutes. It is sent once: a second one would act a second time.
    patient = Config(read_timeout=LONGEST_ANSWER, retries={"total_max_attempts": 1})
    return Stack(lambda service: session.client(service, config=patient), outputs)


def _refusal(told: Mapping[str, Any]) -> Stopped:
    """The reason of our own errors begins with its code; of others only the kind is told."""
    kind = str(told.get("errorType", "an unknown error"))
    ours = _OURS.fullmatch(str(told.get("errorMessage", "")))
    known = getattr(errors, kind, None)
    if ours is None or not isinstance(known, type) or not issubclass(known, errors.HomeroomError):
        return Stopped(f"the function support ended with {kind}", "Its log says more.", code=errors.HomeroomError.code)
    about = CATALOGUE.get(ours[1], known)
    return Stopped(ours[2], ours[3] or about.remedy, code=ours[1], owner=about.owner)


def _bodies(path: Path) -> dict[str, bytes]:
    """A zip as it is; of a folder its CSV files, the manifest last."""
    if path.is_file():
        return {path.name: path.read_bytes()}
    files = sorted(path.glob("*.csv"), key=lambda file: (file.name.lower() == "manifest.csv", file.name))
    if not files:
        raise Stopped("the folder holds no CSV files", "Name a OneRoster zip, or the folder with its files.")
    return {file.name: file.read_bytes() for file in files}
