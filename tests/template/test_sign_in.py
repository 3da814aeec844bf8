"""The HTTP API of sign-in, its functions, keys and versions: what is reachable, who signs, what a version copies."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.sso.proves import proves
from tests.template.conftest import Resources, of_type
from tests.template.policies import allowed, statements

LOGICAL = {"sso_login": "SsoLogin", "sso_callback": "SsoCallback", "sso_provider": "SsoProvider"}
ROLES = [f"{name}FunctionRole" for name in LOGICAL.values()]
ROUTES = {
    "$default": "SsoLogin", "ANY /start/{portal}/{app}": "SsoLogin", "ANY /cb/{portal}/{app}": "SsoCallback",
    "ANY /authorize": "SsoProvider", "ANY /token": "SsoProvider", "ANY /jwks.json": "SsoProvider",
    "ANY /.well-known/openid-configuration": "SsoProvider",
}
SLOTS = ("A", "B")


def test_the_routes_lead_to_three_functions_whatever_the_method(resources: Resources) -> None:
    found = {r["Properties"]["RouteKey"]: r["Properties"]["Target"]["Fn::Sub"]
             for _, r in of_type(resources, "AWS::ApiGatewayV2::Route")}
    assert found == {key: f"integrations/${{{name}Integration}}" for key, name in ROUTES.items()}


@pytest.mark.parametrize("name", LOGICAL.values())
def test_the_gateway_calls_a_version_where_there_is_one_and_may(resources: Resources, name: str) -> None:
    integration = resources[f"{name}Integration"]["Properties"]
    permission = resources[f"{name}Permission"]["Properties"]
    assert integration["PayloadFormatVersion"] == "2.0"
    assert integration["IntegrationUri"]["Fn::If"] == [
        "SsoPublished", {"Ref": f"{name}Live"}, {"Fn::GetAtt": [f"{name}Function", "Arn"]}]
    assert permission["FunctionName"]["Fn::If"] == ["SsoPublished", {"Ref": f"{name}Live"}, {"Ref": f"{name}Function"}]
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${SignInApi}/*")


def test_functions_answer_before_the_gateway_gives_up(functions: Resources, resources: Resources) -> None:
    for name in LOGICAL.values():
        patience = resources[f"{name}Integration"]["Properties"]["TimeoutInMillis"]
        assert functions[f"{name}Function"]["Timeout"] * 1000 < patience <= 30000, name


@proves("C49")
def test_the_access_log_holds_no_query_no_path_and_no_address(resources: Resources) -> None:
    told = resources["SignInStage"]["Properties"]["AccessLogSettings"]["Format"]
    assert "$context.routeKey" in told
    for word in ("path", "query", "sourceIp", "identity", "authorizer", "error", "domain"):
        assert word not in told, word


def test_the_stage_is_throttled_and_with_a_domain_has_no_second_address(resources: Resources) -> None:
    settings = resources["SignInStage"]["Properties"]["DefaultRouteSettings"]
    assert settings["ThrottlingRateLimit"] == settings["ThrottlingBurstLimit"] == {"Ref": "SsoRequestsPerSecond"}
    closed = resources["SignInApi"]["Properties"]["DisableExecuteApiEndpoint"]
    assert closed == {"Fn::If": ["HasSsoDomain", True, False]}
    with_domain = {name for name, resource in resources.items() if resource.get("Condition") == "HasSsoDomain"}
    assert with_domain == {"SsoDomain", "SsoDomainMapping"}


# --------------------------------------------------------------------------------------------------------- versions


@pytest.mark.parametrize(("folder", "name"), LOGICAL.items())
def test_whatever_a_version_copies_publishes_the_next_one(
    root: Path, resources: Resources, functions: Resources, folder: str, name: str
) -> None:
    """The code itself by its hash: correct the number in the template when a handler changes."""
    words, values = resources[f"{name}Version"]["Properties"]["Description"]["Fn::Sub"]
    code = hashlib.sha256((root / "functions" / folder / "app.py").read_bytes()).hexdigest()[:12]
    assert words.startswith(f"code {code} layers ${{Deps}} ${{Homeroom}} ")
    layers = {value["Fn::Select"][1]["Fn::Split"][1]["Ref"] for value in values.values()}
    assert [{"Ref": layer} for layer in sorted(layers)] == functions[f"{name}Function"]["Layers"]
    parameters = {"SsoReady", "SsoBaseUrl", "SsoDomainName"}
    parameters |= {"SigningKeyA", "SigningKeyB", "SignWith"} if name == "SsoProvider" else set()
    assert all(f"${{{parameter}}}" in words for parameter in parameters)
    assert resources[f"{name}Live"]["Properties"]["FunctionVersion"] == {"Fn::GetAtt": [f"{name}Version", "Version"]}


def test_versions_exist_only_where_they_are_asked_for(resources: Resources, template: dict[str, Any]) -> None:
    assert template["Parameters"]["SsoReady"]["Default"] == "none"
    published = {n for n, r in resources.items() if r.get("Condition") == "SsoPublished"}
    assert published == {f"{name}{part}" for name in LOGICAL.values() for part in ("Version", "Live")}


def test_a_version_has_snapshots_or_stands_ready_never_both(resources: Resources) -> None:
    for name in LOGICAL.values():
        snapshots = resources[f"{name}Function"]["Properties"]["SnapStart"]["Fn::If"]
        ready = resources[f"{name}Live"]["Properties"]["ProvisionedConcurrencyConfig"]["Fn::If"]
        assert (snapshots[0], ready[0]) == ("SsoSnapshots", "SsoStandsReady")
        assert snapshots[2] == ready[2] == {"Ref": "AWS::NoValue"}


# ------------------------------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize("slot", SLOTS)
def test_a_signing_key_signs_with_rsa_and_for_the_provider_alone(resources: Resources, slot: str) -> None:
    key = resources[f"SigningKeySlot{slot}"]
    assert (key["Condition"], key["Properties"]["KeySpec"], key["Properties"]["KeyUsage"]) == (
        f"Key{slot}IsOn", "RSA_2048", "SIGN_VERIFY")
    deny = key["Properties"]["KeyPolicy"]["Statement"][1]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "kms:Sign")
    (names,) = deny["Condition"]["ArnNotLike"].values()
    assert [name["Fn::Sub"].partition("AccountId}:")[2] for name in names] == [
        "role/${AWS::StackName}-SsoProviderFunctionRole-*", "assumed-role/${AWS::StackName}-SsoProviderFunctionRole-*"]


def test_the_slot_that_signs_comes_first_and_both_are_published(functions: Resources) -> None:
    condition, b_first, a_first = functions["SsoProviderFunction"]["Environment"]["Variables"]["SIGNING_KEYS"]["Fn::If"]
    assert condition == "BSigns"
    for first, second, joined in (("A", "B", a_first), ("B", "A", b_first)):
        assert joined["Fn::Join"] == [",", [
            {"Fn::GetAtt": [f"SigningKeySlot{first}", "Arn"]},
            {"Fn::If": [f"Key{second}IsOn", {"Fn::GetAtt": [f"SigningKeySlot{second}", "Arn"]}, ""]},
        ]]


def test_who_signs_must_be_on(template: dict[str, Any]) -> None:
    (rule,) = template["Rules"]["WhatSignsIsOn"]["Assertions"]
    sides = [[one["Fn::Equals"] for one in side["Fn::And"]] for side in rule["Assert"]["Fn::Or"]]
    assert sides == [
        [[{"Ref": "SignWith"}, slot], [{"Ref": f"SigningKey{slot}"}, "on"]] for slot in SLOTS]


# ------------------------------------------------------------------------------------------------------ permissions


def test_only_the_provider_signs_and_with_one_algorithm(expanded: Resources) -> None:
    signing = [s for s in statements(expanded) if s.of_identity and "kms:Sign" in s.actions]
    assert [s.holder for s in signing] == ["SsoProviderFunctionRole"]
    assert signing[0].condition == {"StringEquals": {
        "kms:SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256", "kms:MessageType": "DIGEST"}}
    readers = {s.holder for s in statements(expanded) if s.of_identity and "kms:GetPublicKey" in s.actions}
    assert readers == {"SsoProviderFunctionRole"}


@proves("T37")
def test_only_the_callback_reads_secrets_of_apps_and_only_those(expanded: Resources) -> None:
    found = {role: [s for s in allowed(expanded, role) if any(a.startswith("secretsmanager:") for a in s.actions)]
             for role in ROLES}
    assert not found["SsoLoginFunctionRole"]
    assert not found["SsoProviderFunctionRole"]
    assert {s.actions for s in found["SsoCallbackFunctionRole"]} == {("secretsmanager:GetSecretValue",)}
    places = {place for s in found["SsoCallbackFunctionRole"] for place in s.places}
    assert {place.rpartition(":secret:")[2] for place in places} == {"${AWS::StackName}/sso/*", "ReferenceSecret.Id"}


@proves("T37")
def test_who_reads_sources_may_not_read_the_secrets_of_sign_in(expanded: Resources) -> None:
    (deny,) = [s for s in statements(expanded) if s.holder == "ReadASource" and s.effect == "Deny"]
    assert deny.actions == ("secretsmanager:GetSecretValue",)
    assert deny.places[0].endswith(":secret:${AWS::StackName}/sso/*")


def test_sign_in_reads_one_item_of_a_roster_and_writes_none(expanded: Resources) -> None:
    found = {role: [s for s in allowed(expanded, role) if any("RosterTable" in place for place in s.places)]
             for role in ROLES}
    assert not found["SsoLoginFunctionRole"]
    assert not found["SsoProviderFunctionRole"]
    (one,) = found["SsoCallbackFunctionRole"]
    assert one.actions == ("dynamodb:GetItem",)
    assert one.condition == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*#identity#*", "*#person#*"]}}


def test_sign_in_lists_nothing_and_writes_only_what_is_its_own(expanded: Resources) -> None:
    for role in ROLES:
        used = [s for s in allowed(expanded, role) if any(a.startswith("dynamodb:") for a in s.actions)]
        actions = {action for s in used for action in s.actions}
        assert not actions & {"dynamodb:Query", "dynamodb:Scan", "dynamodb:BatchWriteItem", "dynamodb:BatchGetItem"}
        writes = [s for s in used if set(s.actions) - {"dynamodb:GetItem"}]
        assert all(set(s.places) <= {"LaunchesTable.Arn", "SignInsTable.Arn"} for s in writes), role
        assert all("dynamodb:LeadingKeys" in s.condition["ForAllValues:StringLike"] for s in writes), role
