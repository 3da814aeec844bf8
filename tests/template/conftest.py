"""The template and the state machine as data, once as written and once as SAM expands it."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from local.embedded.template import read_template

Resources = dict[str, dict[str, Any]]


class NoPolicies:
    """SAM may name policies of AWS; nothing needs to be looked up for our template."""

    def load(self) -> dict[str, str]:
        return {}


@pytest.fixture(scope="session")
def template(root: Path) -> dict[str, Any]:
    return read_template(root / "template.yaml")


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> Resources:
    found: Resources = template["Resources"]
    return found


@pytest.fixture(scope="session")
def functions(template: dict[str, Any], resources: Resources) -> Resources:
    """Properties of each function with the defaults of Globals filled in."""
    defaults = template["Globals"]["Function"]
    return {
        name: merged(defaults, item["Properties"]) for name, item in of_type(resources, "AWS::Serverless::Function")
    }


@pytest.fixture(scope="session")
def expanded(template: dict[str, Any]) -> Resources:
    """The resources that CloudFormation gets: roles, rules, permissions and mappings written out."""
    copied = copy.deepcopy(template)
    for resource in copied["Resources"].values():
        for key in ("CodeUri", "ContentUri", "DefinitionUri"):
            if key in resource.get("Properties", {}):
                resource["Properties"][key] = "s3://artifacts/code"
    found: Resources = transform(copied, {}, NoPolicies())["Resources"]
    return found


@pytest.fixture(scope="session")
def machine_text(root: Path) -> str:
    return (root / "statemachines/sync_roster.asl.json").read_text()


@pytest.fixture(scope="session")
def machine(machine_text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(re.sub(r"\$\{(\w+)\}", r"\1", machine_text))
    return found


def merged(defaults: Any, own: Any) -> Any:
    """As SAM merges Globals: maps by key, lists one after the other, else the function's own value."""
    if isinstance(defaults, dict) and isinstance(own, dict):
        return {**defaults, **{k: merged(defaults[k], v) if k in defaults else v for k, v in own.items()}}
    return [*defaults, *own] if isinstance(defaults, list) and isinstance(own, list) else own


def of_type(resources: Resources, type_name: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, item) for name, item in resources.items() if item["Type"] == type_name]
