"""What every function tries under enforced policies, and who may: the template's permissions from the outside.

An attempt is a call of boto3; `{RosterBucketName}` and the like are outputs of the stack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DOORS = {"start_run", "ingest_sftp_file", "support"}
TELLERS = {"ingest_sftp_file", "support", "finish_run"}
POLLS = {"poll_oneroster", "poll_clever", "pull_sftp"}
PLANNED = {*DOORS, "plan_roster", "upsert_roster", "finish_run"}
ALL = {*PLANNED, *POLLS}
SIGN_IN = {"sso_login", "sso_callback", "sso_provider"}
RUN = "runs/lab-usd/00000001/"
SHOWN = {
    "Key", "TableName", "QueueUrl", "Bucket", "IndexName", "Prefix", "SecretId", "GroupName", "FunctionName",
    "KeyId", "SigningAlgorithm",
}
STATE = "state/lab-usd/00000001/people.parquet"


@dataclass(frozen=True)
class Attempt:
    """One call, and the functions that may make it."""

    service: str
    method: str
    given: dict[str, Any]
    allowed: set[str]

    @property
    def name(self) -> str:
        about = [str(v) for k, v in self.given.items() if k in SHOWN]
        return f"{self.service} {self.method} {' '.join(about)}"


def put(key: str, *allowed: str, bucket: str = "{RosterBucketName}") -> Attempt:
    return Attempt("s3", "put_object", {"Bucket": bucket, "Key": key, "Body": "x"}, set(allowed))


def get(key: str, *allowed: str, bucket: str = "{RosterBucketName}") -> Attempt:
    return Attempt("s3", "get_object", {"Bucket": bucket, "Key": key}, set(allowed))


def head(key: str, *allowed: str, bucket: str = "{RosterBucketName}") -> Attempt:
    return Attempt("s3", "head_object", {"Bucket": bucket, "Key": key}, set(allowed))


def tag(key: str, *allowed: str) -> Attempt:
    tags = {"TagSet": [{"Key": "superseded", "Value": "true"}]}
    given = {"Bucket": "{RosterBucketName}", "Key": key, "Tagging": tags}
    return Attempt("s3", "put_object_tagging", given, set(allowed))


def write_item(table: str, key: dict[str, str], *allowed: str) -> Attempt:
    return Attempt("dynamodb", "put_item", {"TableName": table, "Item": _wired(key)}, set(allowed))


def read_item(table: str, key: dict[str, str], *allowed: str) -> Attempt:
    return Attempt("dynamodb", "get_item", {"TableName": table, "Key": _wired(key)}, set(allowed))


def delete_item(table: str, key: dict[str, str], *allowed: str) -> Attempt:
    return Attempt("dynamodb", "delete_item", {"TableName": table, "Key": _wired(key)}, set(allowed))


def update_item(table: str, key: dict[str, str], *allowed: str) -> Attempt:
    given = {"TableName": table, "Key": _wired(key), "UpdateExpression": "SET x = :x",
             "ExpressionAttributeValues": {":x": {"S": "x"}}}
    return Attempt("dynamodb", "update_item", given, set(allowed))


def query(table: str, column: str, value: str, *allowed: str, **more: str) -> Attempt:
    given = {
        "TableName": table, "KeyConditionExpression": "#k = :k", "ExpressionAttributeNames": {"#k": column},
        "ExpressionAttributeValues": {":k": {"S": value}}, **more,
    }
    return Attempt("dynamodb", "query", given, set(allowed))


def sign(algorithm: str, *allowed: str) -> Attempt:
    given = {"KeyId": "{SigningKeyAArn}", "Message": "x" * 32, "MessageType": "DIGEST", "SigningAlgorithm": algorithm}
    return Attempt("kms", "sign", given, set(allowed))


def _wired(key: dict[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"S": value} for name, value in key.items()}


ROSTER, RUNS, SET_UP = "{RosterTableName}", "{RunsTableName}", "{IntegrationsTableName}"
PERSON = {"owner": "lab-usd#person#1", "member": "@"}
CONTROL = {"integration": "lab-usd", "item": "control"}
LAUNCHES, SIGN_INS = "{LaunchesTableName}", "{SignInsTableName}"
BATCH = {"RequestItems": {ROSTER: [{"PutRequest": {"Item": _wired(PERSON)}}]}}
READ_BATCH = {"RequestItems": {ROSTER: {"Keys": [_wired(PERSON)]}}}
LANDED = "{LandingBucketName}"

ATTEMPTS = [
    # landed files: functions read them, and write none
    get("landing/lab-usd/a.zip", *DOORS, "plan_roster", bucket=LANDED),
    put("landing/lab-usd/a.zip", bucket=LANDED),
    head("landing/lab-usd/directory/directory.csv", *DOORS, "plan_roster", bucket=LANDED),
    Attempt("s3", "list_object_versions", {"Bucket": LANDED, "Prefix": "landing/lab-usd/"}, DOORS),
    # files that a run pulled itself
    get("pulled/lab-usd/00000001/a.zip", "pull_sftp", "plan_roster", bucket=LANDED),
    put("pulled/lab-usd/00000001/a.zip", "pull_sftp", bucket=LANDED),
    # what runs keep: each folder has its writers
    put(RUN + "request.json", *DOORS, "plan_roster"),
    put(RUN + "read/about.json", *POLLS, "plan_roster"),
    put(RUN + "plan/manifest.json", "plan_roster"),
    put(STATE, "plan_roster"),
    put(RUN + "results/part-00001.json", "plan_roster", "upsert_roster"),
    put(RUN + "summary.json", "plan_roster", "finish_run"),
    put("elsewhere.txt"),
    get(RUN + "request.json", *DOORS, *POLLS, "plan_roster"),
    get(RUN + "read/users/000000.jsonl.gz", *POLLS, "plan_roster"),
    get(RUN + "raw/users.parquet", "plan_roster"),
    get(RUN + "raw/about.json", *POLLS, "plan_roster"),
    get(RUN + "plan/manifest.json", *PLANNED),
    get(RUN + "plan/part-00001.jsonl.gz", "plan_roster", "upsert_roster", "finish_run"),
    get(RUN + "results/part-00001.json", "plan_roster", "finish_run"),
    get(STATE, "plan_roster"),
    tag(RUN + "raw/users.parquet", *DOORS, "finish_run"),
    tag(RUN + "read/users/000000.jsonl.gz", *DOORS, "finish_run"),
    tag(RUN + "summary.json"),
    Attempt("s3", "delete_object", {"Bucket": "{RosterBucketName}", "Key": STATE}, set()),
    # the roster: one writer in a run; by hand, support
    Attempt("dynamodb", "batch_write_item", BATCH, {"upsert_roster"}),
    write_item(ROSTER, PERSON, "upsert_roster", "support"),
    delete_item(ROSTER, PERSON, "finish_run", "support"),
    read_item(ROSTER, PERSON, "sso_callback"),
    Attempt("dynamodb", "batch_get_item", READ_BATCH, {"plan_roster", "support"}),
    query(ROSTER, "owner", "lab-usd#EDITS", *DOORS, "plan_roster"),
    query(ROSTER, "owner", "lab-usd#HAND", *DOORS, "plan_roster"),
    query(ROSTER, "person_key", "lab-usd#person#1", "support", IndexName="by_person"),
    Attempt("dynamodb", "scan", {"TableName": ROSTER}, set()),
    # order of runs, set-up, memory of events
    read_item(RUNS, CONTROL, *ALL, "sso_callback"),
    query(RUNS, "integration", "lab-usd", "support", "plan_roster"),
    query(RUNS, "held_state", "held", "support", IndexName="held"),
    delete_item(RUNS, CONTROL),
    read_item(SET_UP, {"id": "lab-usd"}, *ALL, "sso_callback"),
    write_item(SET_UP, {"id": "lab-usd"}, "support", "finish_run"),
    Attempt("dynamodb", "scan", {"TableName": SET_UP}, {"support"}),
    write_item("{IdempotencyTableName}", {"id": "x"}, *ALL),
    # credentials and schedules
    Attempt("secretsmanager", "get_secret_value", {"SecretId": "{StackName}/lab-usd"}, {*POLLS, "support"}),
    Attempt("secretsmanager", "get_secret_value", {"SecretId": "{StackName}/directory/lab-usd"},
            {*POLLS, "plan_roster", "support"}),
    Attempt("secretsmanager", "put_secret_value", {"SecretId": "{StackName}/a", "SecretString": "x"}, {"support"}),
    Attempt("secretsmanager", "get_secret_value", {"SecretId": "somebody-elses"}, set()),
    Attempt("scheduler", "list_schedules", {"GroupName": "{StackName}-runs"}, {"support"}),
    Attempt("scheduler", "get_schedule", {"GroupName": "{StackName}-runs", "Name": "lab-usd"}, {"support"}),
    Attempt("scheduler", "delete_schedule", {"GroupName": "{StackName}-runs", "Name": "x"}, {"support"}),
    Attempt("scheduler", "get_schedule", {"GroupName": "default", "Name": "lab-usd"}, set()),
    # sign-in: which function may do what with which table; whose items (`dynamodb:LeadingKeys`) the emulator does not
    # judge, so tests/template/test_sign_in.py alone holds that
    write_item(LAUNCHES, {"id": "TXN#1"}, "sso_provider", "sso_callback"),
    read_item(LAUNCHES, {"id": "TXN#1"}, "sso_callback", "sso_provider"),
    delete_item(LAUNCHES, {"id": "TXN#1"}, "sso_callback"),
    update_item(LAUNCHES, {"id": "HOC#1"}, "sso_provider"),
    Attempt("dynamodb", "scan", {"TableName": LAUNCHES}, set()),
    read_item(SIGN_INS, {"owner": "product#a", "item": "@"}, *SIGN_IN, "support"),
    write_item(SIGN_INS, {"owner": "attempt#1", "item": "@"}, *SIGN_IN, "support"),
    update_item(SIGN_INS, {"owner": "attempt#1", "item": "@"}, "sso_provider"),
    delete_item(SIGN_INS, {"owner": "link#lab-usd#clever#1#2", "item": "@"}, "support"),
    query(SIGN_INS, "list", "products", "support", IndexName="listed"),
    Attempt("dynamodb", "scan", {"TableName": SIGN_INS}, set()),
    Attempt("secretsmanager", "get_secret_value", {"SecretId": "{StackName}/sso/clever-sonday"},
            {"sso_callback", "support"}),
    Attempt("secretsmanager", "get_secret_value", {"SecretId": "{ReferenceSecretArn}"}, {"sso_callback", "support"}),
    Attempt("kms", "get_public_key", {"KeyId": "{SigningKeyAArn}"}, {"sso_provider"}),
    sign("RSASSA_PKCS1_V1_5_SHA_256", "sso_provider"),
    sign("RSASSA_PSS_SHA_256"),
    # what lies around
    Attempt("sqs", "send_message", {"QueueUrl": "{SettleQueueUrl}", "MessageBody": "{{}}"}, {*DOORS, "finish_run"}),
    Attempt("sqs", "receive_message", {"QueueUrl": "{SettleQueueUrl}"}, {"ingest_sftp_file"}),
    Attempt("sqs", "send_message", {"QueueUrl": "{AlertsDlqUrl}", "MessageBody": "x"}, set()),
    Attempt("sns", "publish", {"TopicArn": "{AlertsTopicArn}", "Message": "x"}, TELLERS),
    Attempt("stepfunctions", "start_execution", {"stateMachineArn": "{StateMachineArn}", "input": "{{}}"}, DOORS),
    Attempt("lambda", "invoke", {"FunctionName": "{SupportFunctionName}", "Payload": "{{}}"}, set()),
    Attempt("lambda", "invoke", {"FunctionName": "{PlanRosterFunctionName}", "Payload": "{{}}"}, {"support"}),
    Attempt("lambda", "invoke", {"FunctionName": "{StartRunFunctionName}", "Payload": "{{}}"}, {"sso_callback"}),
    Attempt("iam", "list_roles", {}, set()),
]

PROBE = """
import functools, boto3
from botocore.exceptions import ClientError

client = functools.cache(boto3.client)

def handler(event, context):
    return [outcome(**attempt) for attempt in event.get("attempts", [])]

def outcome(service, method, given):
    try:
        getattr(client(service), method)(**given)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "done"
"""
DENIED = {"403", "AccessDenied", "AccessDeniedException", "AuthorizationError"}
"""403: an answer to HEAD has no body that could name the error."""
