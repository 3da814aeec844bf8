"""Every policy statement of the expanded template, with the resource that it stands in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Resources = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Statement:
    """One statement. `holder` is the logical id of its role, policy, key, bucket or queue; `kind` its type."""

    holder: str
    kind: str
    sid: str
    effect: str
    actions: tuple[str, ...]
    places: tuple[str, ...]
    condition: dict[str, Any]

    @property
    def of_identity(self) -> bool:
        """Of a role or a managed policy; else it is the policy of a key, bucket, queue or topic itself."""
        return self.kind in {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}


def statements(resources: Resources) -> list[Statement]:
    return [
        _statement(name, resource["Type"], raw)
        for name, resource in resources.items()
        for document in _documents(resource)
        for raw in _listed(document["Statement"])
    ]


def allowed(resources: Resources, role: str) -> list[Statement]:
    """What a role may do: its own policies and the managed policies of this template that it names."""
    managed = [arn["Ref"] for arn in resources[role]["Properties"].get("ManagedPolicyArns", []) if "Ref" in arn]
    holders = {role, *managed}
    return [s for s in statements(resources) if s.holder in holders and s.effect == "Allow" and s.of_identity]


def _documents(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    properties = resource.get("Properties", {})
    for policy in properties.get("Policies", []):
        if isinstance(policy, dict) and "PolicyDocument" in policy:
            yield policy["PolicyDocument"]
    for key in ("PolicyDocument", "KeyPolicy"):
        if isinstance(properties.get(key), dict):
            yield properties[key]


def _statement(holder: str, kind: str, raw: dict[str, Any]) -> Statement:
    return Statement(
        holder, kind, raw.get("Sid", ""), raw["Effect"],
        tuple(map(str, _listed(raw["Action"]))),
        tuple(place if isinstance(place, str) else _words(place) for place in _listed(raw.get("Resource", []))),
        raw.get("Condition", {}),
    )


def _words(place: Any) -> str:
    """A reference as text: `{"Fn::GetAtt": ["RosterTable", "Arn"]}` is `RosterTable.Arn`."""
    if "Ref" in place:
        return str(place["Ref"])
    if "Fn::GetAtt" in place:
        return ".".join(place["Fn::GetAtt"])
    return str(place.get("Fn::Sub", json.dumps(place, sort_keys=True)))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
