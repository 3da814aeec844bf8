"""Joins the parts of the outside world, once for a process."""

from __future__ import annotations

from functools import cache
from typing import Any

from homeroom.aws import clients
from homeroom.aws.engine import PlannerFunction
from homeroom.aws.executions import StateMachine
from homeroom.aws.integrations_table import IntegrationsTable
from homeroom.aws.landing import S3Landing
from homeroom.aws.late import SystemClock, late
from homeroom.aws.messages import AlertsTopic, SettleQueue
from homeroom.aws.objects import S3Objects
from homeroom.aws.roster_table import RosterTable
from homeroom.aws.runs_table import RunsTable
from homeroom.aws.secrets import SecretsManager
from homeroom.aws.settings import settings
from homeroom.aws.sign_ins_table import SignInsTable
from homeroom.aws.timers import Scheduler
from homeroom.ports import House, World


@cache
def world() -> World:
    """The world of this process, named by its environment. Raises HomeroomError at the first use of what is not set."""
    need, clock = settings().need, SystemClock()
    return World(
        clock=clock,
        objects=late(lambda: S3Objects(clients.s3(), need("roster_bucket"))),
        landing=late(lambda: S3Landing(clients.s3(), need("landing_bucket"))),
        integrations=late(lambda: IntegrationsTable(clients.dynamodb(), need("integrations_table"))),
        runs=late(lambda: RunsTable(clients.dynamodb(), need("runs_table"), clock.now)),
        roster=late(lambda: RosterTable(clients.dynamodb(), need("roster_table"))),
        executions=late(lambda: StateMachine(clients.states(), need("state_machine_arn"))),
        notices=late(lambda: AlertsTopic(clients.sns(), need("alerts_topic_arn"))),
        waking=late(lambda: SettleQueue(clients.sqs(), need("settle_queue_url"))),
        secrets=late(lambda: SecretsManager(clients.secrets(), need("secrets_prefix"))),
        timers=late(lambda: Scheduler(clients.scheduler(), group=need("timer_group"), role=need("timer_role_arn"),
                                       target=need("start_run_arn"), dead_letters=need("timer_dlq_arn"))),
        engine=late(lambda: PlannerFunction(clients.lambdas(), need("plan_roster_arn"))),
        sign_ins=late(lambda: SignInsTable(clients.dynamodb(), need("sign_ins_table"), _reference_key)),
        web=late(_web),
        house=House(settings().stage, settings().sso_base_url.rstrip("/")),
    )


@cache
def _reference_key() -> bytes:
    found = clients.secrets().get_secret_value(SecretId=settings().need("reference_secret_arn"))
    return found["SecretString"].encode()


def _web() -> Any:
    # Imported here: of all functions only support ever asks a portal something.
    from homeroom.sso.web import UrllibWeb

    return UrllibWeb(settings().stage)
