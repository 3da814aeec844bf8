"""Whatever needs a person reaches the topic, and every alarm says where to read on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from homeroom.report.metrics import ROSTER_STALE, RUN_FAILED, RUN_HELD
from tests.template.conftest import Resources, of_type

FUNCTIONS = [
    "StartRunFunction", "IngestSftpFileFunction", "PollOnerosterFunction", "PollCleverFunction", "PullSftpFunction",
    "PlanRosterFunction", "UpsertRosterFunction", "FinishRunFunction",
    "SupportFunction",
]
SIGN_IN = ["SsoLoginFunction", "SsoCallbackFunction", "SsoProviderFunction"]


@pytest.fixture(scope="module")
def alarms(resources: Resources) -> Resources:
    return {name: item["Properties"] for name, item in of_type(resources, "AWS::CloudWatch::Alarm")}


def test_every_alarm_tells_the_topic_and_says_why(alarms: Resources) -> None:
    assert len(alarms) == 19
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == [{"Ref": "AlertsTopic"}], name
        assert len(alarm["AlarmDescription"]) > 30, name
        assert alarm["TreatMissingData"] == "notBreaching", name


@pytest.mark.parametrize(
    ("name", "metric"),
    [("FailedRunsAlarm", RUN_FAILED), ("HeldRunsAlarm", RUN_HELD), ("StaleRostersAlarm", ROSTER_STALE)],
)
def test_failed_held_and_stale_ring_by_the_metrics_that_the_code_emits(
    alarms: Resources, name: str, metric: str
) -> None:
    alarm = alarms[name]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("Homeroom", metric)
    assert alarm["Dimensions"] == [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 1)


@pytest.mark.parametrize(
    ("name", "metric"),
    [("SignInFaultsAlarm", "SSO-501"), ("SignInPortalsAlarm", "SSO-103"), ("SignInTokensAlarm", "SSO-109")],
)
def test_pages_of_sign_in_ring_by_the_metrics_that_the_code_emits(alarms: Resources, name: str, metric: str) -> None:
    from homeroom.aws.sign_in_noting import ALARMING

    alarm = alarms[name]
    assert ALARMING[metric] == alarm["MetricName"]
    assert alarm["Namespace"] == "Homeroom"
    assert alarm["Dimensions"] == [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]
    assert alarm["Statistic"] == "Sum"


def test_security_events_of_sign_in_ring(alarms: Resources) -> None:
    from homeroom.aws.sign_in_noting import SECURITY

    assert alarms["SignInSecurityAlarm"]["MetricName"] == SECURITY


def test_the_alarms_look_at_the_namespace_that_the_functions_use(template: dict[str, Any], alarms: Resources) -> None:
    used = template["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
    assert {alarm["Namespace"] for alarm in alarms.values() if "Namespace" in alarm} == {used, "AWS/SQS", "AWS/Lambda"}


def test_anything_in_any_dead_letter_queue_rings(resources: Resources, alarms: Resources) -> None:
    queues = {name for name, _ in of_type(resources, "AWS::SQS::Queue") if name.endswith("Dlq")}
    rung = {}
    for alarm in alarms.values():
        if alarm.get("Namespace") == "AWS/SQS":
            rung[alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]] = alarm
    assert set(rung) == queues
    for alarm in rung.values():
        assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")


@pytest.mark.parametrize(
    ("name", "metric", "functions"), [
        ("FunctionErrorsAlarm", "Errors", FUNCTIONS), ("FunctionThrottlesAlarm", "Throttles", FUNCTIONS),
        ("SignInErrorsAlarm", "Errors", SIGN_IN), ("SignInThrottlesAlarm", "Throttles", SIGN_IN),
    ]
)
def test_errors_and_throttles_of_all_functions_are_added_up(
    alarms: Resources, name: str, metric: str, functions: list[str]
) -> None:
    together, *each = alarms[name]["Metrics"]
    assert together["Expression"] == "SUM(METRICS())"
    assert len(each) <= 9, "an alarm takes ten metrics at most, the sum included"
    assert [m["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"] for m in each] == functions
    assert {m["MetricStat"]["Metric"]["MetricName"] for m in each} == {metric}


def test_a_plan_that_nears_its_end_rings_at_four_fifths(alarms: Resources, functions: Resources) -> None:
    alarm = alarms["PlanDurationAlarm"]
    assert alarm["Threshold"] == 0.8 * functions["PlanRosterFunction"]["Timeout"] * 1000
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "PlanRosterFunction"}}]


def test_runbooks_that_alarms_name_exist(alarms: Resources, root: Path) -> None:
    named = {
        word.strip(".,") for alarm in alarms.values() for word in alarm["AlarmDescription"].split() if "docs/" in word
    }
    assert named
    assert {page for page in named if not (root / page).is_file()} == set()


def test_the_topic_is_encrypted_with_a_key_that_alarms_and_rules_may_use(resources: Resources) -> None:
    assert resources["AlertsTopic"]["Properties"]["KmsMasterKeyId"] == {"Ref": "AlertsKey"}
    (services,) = [
        s["Principal"]["Service"]
        for s in resources["AlertsKey"]["Properties"]["KeyPolicy"]["Statement"]
        if "Service" in s["Principal"]
    ]
    assert set(services) == {"cloudwatch.amazonaws.com", "events.amazonaws.com"}


def test_a_bad_end_that_finish_run_did_not_tell_is_told_from_outside(resources: Resources) -> None:
    rule = resources["RunEndedBadly"]["Properties"]
    stopped, failed = rule["EventPattern"]["detail"]["$or"]
    assert set(stopped["status"]) == {"TIMED_OUT", "ABORTED"}
    assert (failed["status"], failed["error"]) == (["FAILED"], [{"anything-but": ["RunFailed"]}])
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Ref": "AlertsTopic"}
    assert set(target["InputTransformer"]["InputPathsMap"]) == {"name", "status", "execution"}, "no input, no cause"
