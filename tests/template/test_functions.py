"""Every function states what it needs, gets no more, and loses no event."""

from __future__ import annotations

from typing import Any

import pytest

from tests.template.conftest import Resources, of_type

DOOR = {
    "LANDING_BUCKET", "ROSTER_BUCKET", "ROSTER_TABLE", "RUNS_TABLE", "INTEGRATIONS_TABLE",
    "SETTLE_QUEUE_URL", "STATE_MACHINE_ARN",
}
POLL = {"ROSTER_BUCKET", "RUNS_TABLE", "INTEGRATIONS_TABLE", "SECRETS_PREFIX"}
OWN_ENVIRONMENT = {
    "StartRunFunction": DOOR,
    "IngestSftpFileFunction": {*DOOR, "ALERTS_TOPIC_ARN"},
    "PollOnerosterFunction": POLL,
    "PollCleverFunction": POLL,
    "PullSftpFunction": {*POLL, "LANDING_BUCKET"},
    "PlanRosterFunction": {
        "LANDING_BUCKET", "ROSTER_BUCKET", "ROSTER_TABLE", "RUNS_TABLE", "INTEGRATIONS_TABLE", "SECRETS_PREFIX",
    },
    "UpsertRosterFunction": {"ROSTER_BUCKET", "ROSTER_TABLE", "RUNS_TABLE", "INTEGRATIONS_TABLE"},
    "FinishRunFunction": {
        "ROSTER_BUCKET", "ROSTER_TABLE", "RUNS_TABLE", "INTEGRATIONS_TABLE", "SETTLE_QUEUE_URL",
        "ALERTS_TOPIC_ARN",
    },
    "SupportFunction": {
        *DOOR, "ALERTS_TOPIC_ARN", "SECRETS_PREFIX", "TIMER_GROUP", "TIMER_ROLE_ARN", "START_RUN_ARN", "TIMER_DLQ_ARN",
        "PLAN_ROSTER_ARN", "SIGN_INS_TABLE", "REFERENCE_SECRET_ARN", "SSO_BASE_URL",
    },
    "SsoLoginFunction": {"SSO_BASE_URL", "SIGN_INS_TABLE"},
    "SsoCallbackFunction": {
        "SSO_BASE_URL", "SIGN_INS_TABLE", "LAUNCHES_TABLE", "INTEGRATIONS_TABLE", "ROSTER_TABLE", "RUNS_TABLE",
        "SECRETS_PREFIX", "REFERENCE_SECRET_ARN", "START_RUN_ARN",
    },
    "SsoProviderFunction": {"SSO_BASE_URL", "SIGN_INS_TABLE", "LAUNCHES_TABLE", "SIGNING_KEYS"},
}
EVERYWHERE = {
    "STAGE", "IDEMPOTENCY_TABLE", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL",
    "POWERTOOLS_LOGGER_LOG_EVENT",
}
FUNCTIONS = list(OWN_ENVIRONMENT)
ASYNCHRONOUS = {
    "StartRunFunction": "ScheduleDlq",  # called by the schedules of integrations, which are made at run time
    "IngestSftpFileFunction": "IngestDlq", "FinishRunFunction": "FinishRunDlq", "SupportFunction": "StaleCheckDlq",
}


def folder(function: dict[str, Any]) -> str:
    return str(function["CodeUri"]).removeprefix("functions/").removesuffix("/")


def test_these_are_all_the_functions(functions: Resources) -> None:
    assert list(functions) == FUNCTIONS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_named_like_its_folder_and_runs_our_python(functions: Resources, name: str) -> None:
    function = functions[name]
    assert name == folder(function).title().replace("_", "") + "Function"
    assert function["FunctionName"] == {"Fn::Sub": f"${{AWS::StackName}}-{folder(function)}"}
    assert (function["Runtime"], function["Handler"]) == ("python3.13", "app.handler")
    assert function["Architectures"] == [{"Ref": "Architecture"}]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_traced_and_logs_json_to_a_group_that_forgets(
    functions: Resources, resources: Resources, name: str
) -> None:
    function = functions[name]
    assert function["Tracing"] == "Active"
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    group = resources[function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
    assert group["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/${{AWS::StackName}}-{folder(function)}"}


def test_every_log_group_has_a_retention(resources: Resources) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert len(groups) == len(FUNCTIONS) + 3
    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for _, group in groups)


def test_only_planning_carries_the_engine_and_much_memory(functions: Resources, template: dict[str, Any]) -> None:
    with_engine = [name for name, function in functions.items() if {"Ref": "EngineLayer"} in function["Layers"]]
    assert with_engine == ["PlanRosterFunction"]
    assert all(
        {"Ref": "DepsLayer"} in f["Layers"] and {"Ref": "HomeroomLayer"} in f["Layers"] for f in functions.values()
    )
    assert functions["PlanRosterFunction"]["MemorySize"] == {"Ref": "PlanMemoryMB"}
    assert template["Parameters"]["PlanMemoryMB"]["MinValue"] >= 3008


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_states_its_time_and_memory(functions: Resources, name: str) -> None:
    assert functions[name]["Timeout"] > 3
    assert functions[name]["MemorySize"] != 128


def test_who_waits_for_planning_has_as_much_time(functions: Resources) -> None:
    asking = [name for name, own in OWN_ENVIRONMENT.items() if "PLAN_ROSTER_ARN" in own]
    assert asking == ["SupportFunction"]
    assert functions["SupportFunction"]["Timeout"] >= functions["PlanRosterFunction"]["Timeout"]


@pytest.mark.parametrize(
    "name", [
        "StartRunFunction", "IngestSftpFileFunction", "PullSftpFunction", "SupportFunction", "PlanRosterFunction",
    ]
)
def test_who_opens_a_delivery_has_room_for_the_largest(functions: Resources, name: str) -> None:
    from homeroom.read.archive import Limits

    assert functions[name]["EphemeralStorage"]["Size"] << 20 > Limits().total_bytes


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gets_only_the_environment_that_it_needs(functions: Resources, name: str) -> None:
    assert set(functions[name]["Environment"]["Variables"]) == EVERYWHERE | OWN_ENVIRONMENT[name]


def test_the_environment_is_what_the_settings_read(functions: Resources) -> None:
    from homeroom.aws.settings import Settings
    from homeroom.aws.sign_in_settings import SignInSettings

    known = {name.upper() for name in (*Settings.model_fields, *SignInSettings.__dataclass_fields__)}
    given = {name for f in functions.values() for name in f["Environment"]["Variables"] if "POWERTOOLS" not in name}
    assert given == known


def test_two_stacks_of_one_account_have_metrics_of_their_own(functions: Resources) -> None:
    services = [f["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] for f in functions.values()]
    assert services == [{"Ref": "AWS::StackName"}] * len(FUNCTIONS)


def test_concurrency_is_reserved_for_writers_in_prod_alone(functions: Resources) -> None:
    reserved = {
        n: f["ReservedConcurrentExecutions"] for n, f in functions.items() if "ReservedConcurrentExecutions" in f
    }
    assert reserved == {
        "UpsertRosterFunction": {"Fn::If": ["IsProd", {"Ref": "UpsertConcurrency"}, {"Ref": "AWS::NoValue"}]}
    }


@pytest.mark.parametrize("layer", ["DepsLayer", "EngineLayer", "HomeroomLayer"])
def test_a_layer_is_built_by_its_makefile_for_the_chosen_machine_and_kept(resources: Resources, layer: str) -> None:
    chosen = {"Ref": "Architecture"}
    built = resources[layer]["Metadata"]
    assert (built["BuildMethod"], built["BuildArchitecture"]) == ("makefile", chosen)
    assert built["ContextPath"] == {"Fn::Sub": "layers/sam/${Architecture}"}
    assert resources[layer]["Properties"]["CompatibleArchitectures"] == [chosen]
    assert resources[layer]["Properties"]["RetentionPolicy"] == "Retain"


# ------------------------------------------------------------------------------------------------ no event is lost


def test_whoever_is_called_without_an_answer_has_a_dead_letter_queue(functions: Resources) -> None:
    by_events = {name for name, function in functions.items() if function.get("Events")}
    assert by_events | {"StartRunFunction"} == set(ASYNCHRONOUS)
    for name, queue in ASYNCHRONOUS.items():
        asked = functions[name]["EventInvokeConfig"]
        assert asked["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": [queue, "Arn"]}
        assert asked["MaximumRetryAttempts"] == 2


def test_every_rule_and_schedule_retries_and_has_a_dead_letter_queue(expanded: Resources) -> None:
    rules = of_type(expanded, "AWS::Events::Rule")
    targets = [target for _, rule in rules for target in rule["Properties"]["Targets"]]
    targets += [schedule["Properties"]["Target"] for _, schedule in of_type(expanded, "AWS::Scheduler::Schedule")]
    assert len(targets) == 5
    for target in targets:
        assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
        assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0].endswith("Dlq")


def test_rules_may_send_to_the_dead_letter_queues_that_they_name(expanded: Resources) -> None:
    rules = of_type(expanded, "AWS::Events::Rule")
    named = {
        target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] for _, r in rules for target in r["Properties"]["Targets"]
    }
    policy = expanded["RuleQueuesPolicy"]["Properties"]
    assert {queue["Ref"] for queue in policy["Queues"]} == named
    (allow,) = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
    sources = {arn["Fn::GetAtt"][0] for arn in allow["Condition"]["ArnEquals"]["aws:SourceArn"]}
    assert sources == {name for name, _ in rules}


def test_every_queue_is_encrypted_and_speaks_tls_only(resources: Resources) -> None:
    queues = dict(of_type(resources, "AWS::SQS::Queue"))
    assert all(queue["Properties"]["SqsManagedSseEnabled"] is True for queue in queues.values())
    policies = [policy["Properties"] for _, policy in of_type(resources, "AWS::SQS::QueuePolicy")]
    assert sorted(queue["Ref"] for policy in policies for queue in policy["Queues"]) == sorted(queues)
    for policy in policies:
        assert policy["PolicyDocument"]["Statement"][0]["Effect"] == "Deny"
        assert policy["PolicyDocument"]["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_dead_letters_wait_two_weeks(resources: Resources) -> None:
    letters = {name: q["Properties"] for name, q in of_type(resources, "AWS::SQS::Queue") if name.endswith("Dlq")}
    assert len(letters) == 6
    assert {q["MessageRetentionPeriod"] for q in letters.values()} == {14 * 24 * 3600}


def test_a_settled_set_is_not_looked_at_twice_at_once_and_not_for_ever(
    functions: Resources, resources: Resources
) -> None:
    queue = resources["SettleQueue"]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * functions["IngestSftpFileFunction"]["Timeout"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["SettleDlq", "Arn"]}
    mapping = resources["SettledSets"]["Properties"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2


def test_only_files_that_land_below_landing_start_anything(functions: Resources) -> None:
    pattern = functions["IngestSftpFileFunction"]["Events"]["FileLanded"]["Properties"]["Pattern"]
    assert pattern["source"] == ["aws.s3"]
    assert pattern["detail-type"] == ["Object Created"]
    assert pattern["detail"]["bucket"]["name"] == [{"Ref": "LandingBucket"}]
    assert pattern["detail"]["object"]["key"] == [{"prefix": "landing/"}]


def test_ends_that_nobody_recorded_come_to_finish_run(functions: Resources, machine: dict[str, Any]) -> None:
    detail = functions["FinishRunFunction"]["Events"]["UnrecordedEnd"]["Properties"]["Pattern"]["detail"]
    assert detail["stateMachineArn"] == [{"Ref": "SyncRosterStateMachine"}]
    recorded = {state["Error"] for state in machine["States"].values() if state["Type"] == "Fail"}
    stopped, failed = detail["$or"]
    assert set(stopped["status"]) == {"ABORTED", "TIMED_OUT"}
    assert failed["status"] == ["FAILED"]
    assert set(failed["error"][0]["anything-but"]) == recorded


def test_once_a_day_somebody_asks_what_the_portals_publish(functions: Resources) -> None:
    from homeroom.model.events import CheckPortals

    schedule = functions["SupportFunction"]["Events"]["PortalCheck"]["Properties"]
    assert CheckPortals.model_validate_json(schedule["Input"]).operation == "check_portals"
    assert schedule["ScheduleExpression"].startswith("cron(")


def test_once_a_day_somebody_asks_for_stale_rosters(functions: Resources) -> None:
    from homeroom.model.events import CheckStale

    schedule = functions["SupportFunction"]["Events"]["StaleCheck"]["Properties"]
    assert CheckStale.model_validate_json(schedule["Input"]).operation == "stale"
    assert schedule["ScheduleExpression"].startswith("cron(")
