"""Least privilege: exact actions on exact places; a run writes the roster by one function alone, staff by `support`."""

from __future__ import annotations

import pytest

from tests.template.conftest import Resources, of_type
from tests.template.policies import Statement, allowed, statements

ROLES = {
    "StartRunFunctionRole", "IngestSftpFileFunctionRole", "PlanRosterFunctionRole", "UpsertRosterFunctionRole",
    "FinishRunFunctionRole", "SupportFunctionRole", "SupportFunctionStaleCheckRole", "SupportFunctionPortalCheckRole",
    "SyncRosterStateMachineRole", "SupportRole", "SftpUserRole", "PollOnerosterFunctionRole", "PollCleverFunctionRole",
    "PullSftpFunctionRole", "RunSchedulesRole", "SsoLoginFunctionRole", "SsoCallbackFunctionRole",
    "SsoProviderFunctionRole",
}
CANNOT_BE_NARROWED = {
    "SyncRosterStateMachineRole": "DeliverLogs",
    "SupportRole": "FindTheFunctionsInTheConsole",
    "SupportFunctionRole": "ListSchedules",
}
"""Actions that AWS grants for all resources or not at all; each has its comment in the template."""
POLICIES_OF_AWS = {"service-role/AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess"}
WRITES = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem")


def test_these_are_all_the_roles(expanded: Resources) -> None:
    assert {name for name, _ in of_type(expanded, "AWS::IAM::Role")} == ROLES


def test_no_role_has_an_action_with_a_star(expanded: Resources) -> None:
    broad = [(s.holder, a) for s in statements(expanded) if s.of_identity for a in s.actions if "*" in a]
    assert broad == []


def test_every_statement_says_where_and_only_three_must_say_everywhere(expanded: Resources) -> None:
    everywhere = {s.holder: s.sid for s in statements(expanded) if s.of_identity and "*" in s.places}
    assert everywhere == CANNOT_BE_NARROWED
    assert all(s.places for s in statements(expanded) if s.of_identity)


def test_sam_adds_two_policies_of_aws_and_no_other(expanded: Resources) -> None:
    named = {
        arn.partition(":policy/")[2]
        for _, role in of_type(expanded, "AWS::IAM::Role")
        for arn in role["Properties"].get("ManagedPolicyArns", [])
        if isinstance(arn, str)
    }
    assert named == POLICIES_OF_AWS


def test_what_is_allowed_to_all_comers_is_denied_without_tls_and_nothing_else(expanded: Resources) -> None:
    anonymous = [
        (name, raw["Sid"], raw["Effect"])
        for name, resource in expanded.items()
        for raw in resource.get("Properties", {}).get("PolicyDocument", {}).get("Statement", [])
        if raw.get("Principal") == "*"
    ]
    assert {(sid, effect) for _, sid, effect in anonymous} == {("TlsOnly", "Deny")}
    assert len(anonymous) == 5


def on(expanded: Resources, role: str, place: str) -> set[str]:
    """Actions that a role may do at places that begin so."""
    return {
        action
        for statement in allowed(expanded, role)
        for action in statement.actions
        if any(at.removeprefix("${").startswith(place) for at in statement.places)
    }


def test_roster_records_are_written_by_upsert_roster_and_by_hand_through_support(expanded: Resources) -> None:
    writers = {role: on(expanded, role, "RosterTable") & set(WRITES) for role in ROLES}
    assert {role: actions for role, actions in writers.items() if actions} == {
        "UpsertRosterFunctionRole": {"dynamodb:PutItem", "dynamodb:BatchWriteItem"},
        "FinishRunFunctionRole": {"dynamodb:DeleteItem"},
        "SupportFunctionRole": {"dynamodb:PutItem", "dynamodb:DeleteItem"},
    }


def test_integrations_are_written_by_support_and_where_a_run_finds_that_sign_in_ended(expanded: Resources) -> None:
    writers = {role for role in ROLES if on(expanded, role, "IntegrationsTable") & set(WRITES)}
    assert writers == {"SupportFunctionRole", "FinishRunFunctionRole"}


def test_the_door_reads_nothing_of_the_roster_but_what_was_done_by_hand(expanded: Resources) -> None:
    (edits,) = [s for s in allowed(expanded, "StartRunFunctionRole") if "RosterTable.Arn" in s.places]
    assert edits.actions == ("dynamodb:Query",)
    assert edits.condition == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*#EDITS", "*#HAND"]}}


def test_nobody_deletes_an_object(expanded: Resources) -> None:
    deleters = {s.holder for s in statements(expanded) if s.of_identity and any("s3:Delete" in a for a in s.actions)}
    assert deleters == {"SftpUserRole"}


def test_objects_are_reached_below_their_prefix_only(expanded: Resources) -> None:
    of_objects = [
        (s.holder, place)
        for s in statements(expanded)
        if s.of_identity and any(a in {"s3:GetObject", "s3:PutObject", "s3:PutObjectTagging"} for a in s.actions)
        for place in s.places
    ]
    assert of_objects
    prefixes = (
        "${LandingBucket.Arn}/landing/", "${LandingBucket.Arn}/pulled/", "${RosterBucket.Arn}/runs/",
        "${RosterBucket.Arn}/state/",
    )
    assert [found for found in of_objects if not found[1].startswith(prefixes)] == []


def test_landed_files_are_read_by_functions_and_written_by_districts_alone(expanded: Resources) -> None:
    puts = {role for role in ROLES if "s3:PutObject" in on(expanded, role, "LandingBucket.Arn}/landing")}
    assert puts == {"SftpUserRole"}


def test_only_the_pull_puts_files_beside_the_landed_ones(expanded: Resources) -> None:
    puts = {role for role in ROLES if "s3:PutObject" in on(expanded, role, "LandingBucket.Arn}/pulled")}
    assert puts == {"PullSftpFunctionRole"}


def test_only_who_reads_sources_and_support_reach_credentials(expanded: Resources) -> None:
    uses = {role for role in ROLES for s in allowed(expanded, role) if any("secretsmanager:" in a for a in s.actions)}
    readers = {"PollOnerosterFunctionRole", "PollCleverFunctionRole", "PullSftpFunctionRole"}
    assert uses == {*readers, "PlanRosterFunctionRole", "SupportFunctionRole", "SsoCallbackFunctionRole"}
    for role in readers:
        (secret,) = [s for s in allowed(expanded, role) if any("secretsmanager:" in a for a in s.actions)]
        assert secret.actions == ("secretsmanager:GetSecretValue",)
        assert all(":secret:${AWS::StackName}/" in place for place in secret.places)
    (planning,) = [s for s in allowed(expanded, "PlanRosterFunctionRole")
                   if any("secretsmanager:" in action for action in s.actions)]
    assert planning.actions == ("secretsmanager:GetSecretValue",)
    assert all(place.endswith(":secret:${AWS::StackName}/directory/*") for place in planning.places)


def test_schedules_of_integrations_call_the_door_and_nothing_else(expanded: Resources) -> None:
    found = allowed(expanded, "RunSchedulesRole")
    assert {(s.actions, s.places) for s in found} == {
        (("lambda:InvokeFunction",), ("StartRunFunction.Arn",)), (("sqs:SendMessage",), ("ScheduleDlq.Arn",)),
    }


def test_the_key_is_used_through_the_services_that_hold_the_data(expanded: Resources) -> None:
    uses = [s for s in statements(expanded) if s.of_identity and {"kms:Decrypt", "kms:GenerateDataKey"} & {*s.actions}]
    assert {s.holder for s in uses} == {"EveryFunction", "EverySignIn", "PublishAlerts", "SupportRole", "SftpUserRole"}
    assert all("kms:ViaService" in s.condition["StringEquals"] for s in uses)


@pytest.mark.parametrize("role", ["StartRunFunctionRole", "IngestSftpFileFunctionRole", "SupportFunctionRole"])
def test_whoever_is_a_door_may_start_this_one_state_machine(expanded: Resources, role: str) -> None:
    (start,) = [s for s in allowed(expanded, role) if "states:StartExecution" in s.actions]
    assert len(start.places) == 1
    assert start.places[0].endswith(":stateMachine:${AWS::StackName}-sync_roster")


def test_the_state_machine_calls_the_functions_of_a_run_and_no_other(expanded: Resources) -> None:
    (call,) = [s for s in allowed(expanded, "SyncRosterStateMachineRole") if "lambda:InvokeFunction" in s.actions]
    assert set(call.places) == {
        "StartRunFunction.Arn", "PollOnerosterFunction.Arn", "PollCleverFunction.Arn", "PullSftpFunction.Arn",
        "PlanRosterFunction.Arn", "UpsertRosterFunction.Arn", "FinishRunFunction.Arn",
    }


def test_only_support_asks_the_engine_and_calls_no_other_function(expanded: Resources) -> None:
    callers = {role: [s for s in allowed(expanded, role) if "lambda:InvokeFunction" in s.actions] for role in ROLES}
    functions = {role: found for role, found in callers.items() if role.endswith("FunctionRole") and found}
    assert set(functions) == {"SupportFunctionRole", "SsoCallbackFunctionRole"}
    assert [s.places for s in functions["SsoCallbackFunctionRole"]] == [("StartRunFunction.Arn",)], "the one door"
    assert [s.places for s in functions["SupportFunctionRole"]] == [("PlanRosterFunction.Arn",)]


def asks(expanded: Resources) -> dict[str, Statement]:
    return {s.sid: s for s in allowed(expanded, "SupportRole")}


def test_support_invokes_what_takes_requests_and_nothing_that_writes_a_roster(expanded: Resources) -> None:
    assert set(asks(expanded)["Ask"].places) == {
        "SupportFunction.Arn", "StartRunFunction.Arn", "IngestSftpFileFunction.Arn",
    }


def test_support_changes_nothing_but_by_invoking(expanded: Resources) -> None:
    actions = {action for s in asks(expanded).values() for action in s.actions}
    reading = ("Get", "List", "Describe", "Decrypt")
    assert {a for a in actions if not a.partition(":")[2].startswith(reading)} == {"lambda:InvokeFunction"}
    assert not any(a.startswith(("dynamodb:", "logs:", "iam:")) for a in actions)


def test_support_reads_summaries_and_issues_but_no_rows(expanded: Resources) -> None:
    assert set(asks(expanded)["SummariesAndIssues"].places) == {
        "${RosterBucket.Arn}/runs/*/summary.json", "${RosterBucket.Arn}/runs/*/issues.jsonl.gz",
    }


def test_the_support_role_is_taken_with_a_second_factor_or_by_the_named_role(resources: Resources) -> None:
    (trust,) = resources["SupportRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    condition, named, own = trust["Condition"]["Fn::If"]
    assert (condition, named) == ("HasSupportPrincipal", {"Ref": "AWS::NoValue"})
    assert own == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    assert trust["Principal"]["AWS"]["Fn::If"][:2] == ["HasSupportPrincipal", {"Ref": "SupportPrincipalArn"}]


@pytest.mark.parametrize("role", ["SupportFunctionStaleCheckRole", "SupportFunctionPortalCheckRole"])
def test_a_schedule_calls_one_function(role: str, expanded: Resources) -> None:
    found = allowed(expanded, role)
    assert {(s.actions, s.places) for s in found} == {
        (("lambda:InvokeFunction",), ("SupportFunction.Arn",)),
        (("sqs:SendMessage",), ("StaleCheckDlq.Arn",)),
    }
