"""One suite for all implementations of `homeroom.ports`: in memory, and on the embedded AWS with the real tables.

The tables are made from template.yaml, so what passes here passes on what is deployed. Tests keep apart by names.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from homeroom.aws.clients import CONFIG, Calls
from homeroom.aws.engine import PlannerFunction
from homeroom.aws.executions import StateMachine
from homeroom.aws.integrations_table import IntegrationsTable
from homeroom.aws.landing import S3Landing
from homeroom.aws.messages import AlertsTopic, SettleQueue
from homeroom.aws.objects import S3Objects
from homeroom.aws.roster_table import RosterTable
from homeroom.aws.runs_table import RunsTable
from homeroom.aws.secrets import SecretsManager
from homeroom.aws.sign_ins_table import SignInsTable
from homeroom.aws.timers import Scheduler
from homeroom.model.integration import Integration
from homeroom.model.run import LandedFile
from homeroom.ports import House, World
from local.embedded import embedded
from local.embedded.stack import ROOT
from local.embedded.template import read_template
from tests.fakes.memory import FixedClock, MemoryWorld, memory_world
from tests.fakes.memory_sso import BASE, NoWeb
from tests.fakes.plans import LAB

TABLES = ("RosterTable", "RunsTable", "IntegrationsTable", "IdempotencyTable", "SignInsTable", "LaunchesTable")
KEPT = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
ROLE = "arn:aws:iam::000000000000:role/x"
DOOR = "arn:aws:lambda:us-east-1:000000000000:function:start_run"
LETTERS = "arn:aws:sqs:us-east-1:000000000000:letters"
WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}


@dataclass(frozen=True)
class Account:
    """The embedded AWS with tables, buckets, topic, queue, group of schedules and a state machine that only waits."""

    client: Callable[[str], Any]
    endpoint: str
    names: dict[str, str]


@pytest.fixture(scope="session")
def account() -> Iterator[Account]:
    with embedded() as aws:
        made: dict[str, Any] = {}

        def client(service: str) -> Any:
            if service not in made:
                made[service] = aws.clients.session.client(service, endpoint_url=aws.endpoint, config=CONFIG)
            return made[service]

        yield Account(client, aws.endpoint, _created(client))


def _created(client: Callable[[str], Any]) -> dict[str, str]:
    template, names = read_template(ROOT / "template.yaml")["Resources"], {}
    for table in TABLES:
        properties = template[table]["Properties"]
        shape = {name: properties[name] for name in KEPT if name in properties}
        client("dynamodb").create_table(TableName=table, **shape)
        names[table] = table
    for bucket in ("landing", "rosters"):
        client("s3").create_bucket(Bucket=bucket)
        client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        names[bucket] = bucket
    names["topic"] = client("sns").create_topic(Name="alerts")["TopicArn"]
    names["queue"] = client("sqs").create_queue(QueueName="settle")["QueueUrl"]
    names["machine"] = client("stepfunctions").create_state_machine(
        name="sync_roster", definition=json.dumps(WAITS), roleArn=ROLE
    )["stateMachineArn"]
    client("scheduler").create_schedule_group(Name="runs")
    names["group"] = "runs"
    return names


def aws_world(account: Account, clock: FixedClock) -> World:
    """The adapters as `wiring` joins them, on the embedded AWS."""
    names, dynamodb = account.names, Calls(account.client("dynamodb"))
    return World(
        clock=clock,
        objects=S3Objects(Calls(account.client("s3")), names["rosters"]),  # type: ignore[arg-type]
        landing=S3Landing(Calls(account.client("s3")), names["landing"]),  # type: ignore[arg-type]
        integrations=IntegrationsTable(dynamodb, names["IntegrationsTable"]),  # type: ignore[arg-type]
        runs=RunsTable(dynamodb, names["RunsTable"], clock.now),  # type: ignore[arg-type]
        roster=RosterTable(dynamodb, names["RosterTable"]),  # type: ignore[arg-type]
        executions=StateMachine(Calls(account.client("stepfunctions")), names["machine"]),  # type: ignore[arg-type]
        notices=AlertsTopic(Calls(account.client("sns")), names["topic"]),  # type: ignore[arg-type]
        waking=SettleQueue(Calls(account.client("sqs")), names["queue"]),  # type: ignore[arg-type]
        secrets=SecretsManager(Calls(account.client("secretsmanager")), "lab-stack"),  # type: ignore[arg-type]
        timers=Scheduler(
            Calls(account.client("scheduler")),  # type: ignore[arg-type]
            group=names["group"], role=ROLE, target=DOOR, dead_letters=LETTERS,
        ),
        engine=PlannerFunction(Calls(account.client("lambda")), "plan_roster"),  # type: ignore[arg-type]
        sign_ins=SignInsTable(dynamodb, names.get("SignInsTable", ""), lambda: b"reference key of a test"),  # type: ignore[arg-type]
        web=NoWeb(),
        house=House(base_url=BASE),
    )


@pytest.fixture(params=["memory", pytest.param("aws", marks=pytest.mark.integration)])
def world(request: pytest.FixtureRequest) -> World:
    """Each test runs against both."""
    if request.param == "memory":
        return memory_world()
    return aws_world(request.getfixturevalue("account"), FixedClock())


@pytest.fixture
def name() -> str:
    """An integration of this test alone."""
    return f"lab-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def lab(world: World, name: str) -> Integration:
    """That integration, set up."""
    integration = LAB.model_copy(update={"id": name})
    world.integrations.put(integration)
    return integration


@pytest.fixture
def upload(world: World, request: pytest.FixtureRequest) -> Callable[[str, bytes], LandedFile]:
    """Puts an object into the landing bucket, as a district does."""

    def put(key: str, body: bytes) -> LandedFile:
        if isinstance(world, MemoryWorld):
            return world.landing.put(key, body)
        account: Account = request.getfixturevalue("account")
        version = account.client("s3").put_object(Bucket="landing", Key=key, Body=body)["VersionId"]
        return LandedFile(bucket="landing", key=key, version=version, size=len(body))

    return put
