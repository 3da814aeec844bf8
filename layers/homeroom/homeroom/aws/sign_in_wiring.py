"""Joins the outside of sign-in, once for a process; each part is made when it is first used."""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

from homeroom.aws import sign_in_clients as clients
from homeroom.aws.late import SystemClock, late
from homeroom.aws.sign_in_noting import LogAndMetrics
from homeroom.aws.sign_in_settings import sign_in_settings, stands_ready
from homeroom.sso.ports import Outside


@cache
def outside() -> Outside:
    """The outside of this process, named by its environment. Raises HomeroomError at the first use of what is not set.
    """
    need = sign_in_settings().need
    return Outside(
        base_url=need("sso_base_url").rstrip("/"), clock=SystemClock(), random=os.urandom, noting=LogAndMetrics(),
        launches=late(_launches), registry=late(_registry), rosters=late(_rosters), links=late(_links),
        attempts=late(_attempts), secrets=late(_secrets), web=late(_web), signer=late(_signer),
        reference_key=_reference_key, ask_for_a_run=_ask_for_a_run,
    )


def make_ready() -> None:
    """Where a process waits for its first click (a snapshot, or provisioned), do at its start what the click would."""
    if stands_ready():
        clients.dynamodb()


def _launches() -> Any:
    from homeroom.aws.sign_in_launches import LaunchesTable

    return LaunchesTable(clients.dynamodb(), sign_in_settings().need("launches_table"))


def _registry() -> Any:
    from homeroom.aws.sign_in_registry import SignInRegistry

    need = sign_in_settings().need
    return SignInRegistry(clients.dynamodb(), need("sign_ins_table"), sign_in_settings().integrations_table)


def _rosters() -> Any:
    from homeroom.aws.sign_in_people import RosterByKey

    need = sign_in_settings().need
    return RosterByKey(clients.dynamodb(), need("roster_table"), need("runs_table"))


def _links() -> Any:
    from homeroom.aws.sign_in_links import LinksTable

    return LinksTable(clients.dynamodb(), sign_in_settings().need("sign_ins_table"))


def _attempts() -> Any:
    from homeroom.aws.sign_in_attempts import AttemptsTable

    return AttemptsTable(clients.dynamodb(), sign_in_settings().need("sign_ins_table"))


def _secrets() -> Any:
    from homeroom.aws.secrets import SecretsManager

    return SecretsManager(clients.secrets(), sign_in_settings().need("secrets_prefix"))


def _web() -> Any:
    from homeroom.sso.web import UrllibWeb

    return UrllibWeb(sign_in_settings().stage)


def _signer() -> Any:
    from homeroom.aws.sign_in_signer import KmsSigner, key_arns

    return KmsSigner(clients.kms(), key_arns(sign_in_settings().need("signing_keys")))


@cache
def _reference_key() -> bytes:
    found = clients.secrets().get_secret_value(SecretId=sign_in_settings().need("reference_secret_arn"))
    return found["SecretString"].encode()


def _ask_for_a_run(integration: str) -> None:
    event = json.dumps({"trigger": "sign_in", "integration": integration})
    clients.lambdas().invoke(
        FunctionName=sign_in_settings().need("start_run_arn"), InvocationType="Event", Payload=event.encode())
