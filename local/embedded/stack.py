"""Deploys the real `template.yaml` to the embedded AWS, as `sam deploy` does to AWS, in about a second.

The template stays as it is, but for the addresses of code: folders become objects in a bucket of the emulator, which
expands the SAM resources itself and creates what CloudFormation would create.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.embedded.clients import Clients
from local.embedded.package import build_layers, packed
from local.embedded.process import EmbeddedError
from local.embedded.template import read_template

ROOT = Path(__file__).resolve().parents[2]
STACK = "homeroom-local"
ARTIFACTS = "homeroom-artifacts"
CACHE = ".homeroom/cache"
CODE = ("CodeUri", "ContentUri", "DefinitionUri")
DEPLOY_SECONDS = 120.0
PARAMETERS = {"Stage": "local", "DeletionProtection": "false", "LogRetentionDays": "7"}


@dataclass(frozen=True)
class Stack:
    """A deployed stack: its outputs by name, as the template's `Outputs` list them."""

    name: str
    outputs: Mapping[str, str]
    seconds: float

    def __getitem__(self, output: str) -> str:
        return self.outputs[output]


def deploy(
    clients: Clients,
    *,
    root: Path = ROOT,
    name: str = STACK,
    parameters: Mapping[str, str] | None = None,
) -> Stack:
    """Create or update the stack of the tree at `root`, its layers built for this machine, and wait for it.

    Raises EmbeddedError that names the resources that failed and why.
    """
    began = time.monotonic()
    template = read_template(root / "template.yaml")
    chosen = {**PARAMETERS, "Architecture": architecture(), "SsoBaseUrl": clients.front_door, **(parameters or {})}
    _upload_code(clients, template, root)
    clients("s3").put_object(Bucket=ARTIFACTS, Key=f"{name}.json", Body=json.dumps(template).encode())
    _create_or_update(clients, name, f"{clients.endpoint}/{ARTIFACTS}/{name}.json", chosen)
    outputs = _wait(clients, name)
    return Stack(name, outputs, time.monotonic() - began)


def architecture() -> str:
    """This machine's, in Lambda's word."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def _upload_code(clients: Clients, template: dict[str, Any], root: Path) -> None:
    """Replace every local address of code in the template by that of an uploaded object."""
    if ARTIFACTS not in {bucket["Name"] for bucket in clients("s3").list_buckets()["Buckets"]}:
        clients("s3").create_bucket(Bucket=ARTIFACTS)
    places = [
        (resource["Properties"], key)
        for resource in template["Resources"].values()
        for key in CODE
        if isinstance(resource.get("Properties", {}).get(key), str)
    ]
    built = build_layers(root)
    sources = {properties[key]: built.get(properties[key], root / properties[key]) for properties, key in places}
    missing = [address for address, source in sources.items() if not source.exists()]
    if missing:
        raise EmbeddedError(f"the template names code that is not there: {', '.join(sorted(missing))}")
    uploaded = {address: _upload(clients, packed(source, root / CACHE)) for address, source in sources.items()}
    for properties, key in places:
        properties[key] = uploaded[properties[key]]


def _upload(clients: Clients, file: Path) -> str:
    """Put a file under its content's name, unless it is there already."""
    try:
        clients("s3").head_object(Bucket=ARTIFACTS, Key=file.name)
    except ClientError:
        clients("s3").put_object(Bucket=ARTIFACTS, Key=file.name, Body=file.read_bytes())
    return f"s3://{ARTIFACTS}/{file.name}"


def _create_or_update(clients: Clients, name: str, template_url: str, parameters: Mapping[str, str]) -> None:
    asked: dict[str, Any] = {
        "StackName": name,
        "TemplateURL": template_url,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    }
    cloudformation = clients("cloudformation")
    try:
        cloudformation.create_stack(**asked)
    except cloudformation.exceptions.AlreadyExistsException:
        try:
            cloudformation.update_stack(**asked)
        except ClientError as refused:
            if "No updates" not in str(refused):
                raise


def _wait(clients: Clients, name: str) -> dict[str, str]:
    deadline = time.monotonic() + DEPLOY_SECONDS
    while time.monotonic() < deadline:
        stack = clients("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            break
        time.sleep(0.05)
    if stack["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        raise EmbeddedError(_why(clients, name, stack))
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _why(clients: Clients, name: str, stack: Mapping[str, Any]) -> str:
    """Which resources failed, in CloudFormation's own words."""
    pages = clients("cloudformation").get_paginator("describe_stack_events").paginate(StackName=name)
    failed = [
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', 'no reason')}"
        for page in pages
        for event in page["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED")
    ]
    reason = stack.get("StackStatusReason", "")
    return "\n".join([f"the stack {name} is {stack['StackStatus']}: {reason}".rstrip(": "), *failed])
