"""Joins the outside of sign-in, once for a process; each part is made when it is first used."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, cast

from homeroom.aws import sign_in_clients as clients
from homeroom.aws.sign_in_noting import LogAndMetrics
from homeroom.aws.sign_in_settings import sign_in_settings
from homeroom.sso.ports import Outside, Secrets

T = TypeVar("T")
SECRET_SECONDS = 60.0
"""How long a process remembers a client secret: a rotation counts a minute later."""


class SystemClock:
    """The time of the machine, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class _Late:
    """A part that is made when it is first used: a function imports and is granted only what it needs."""

    def __init__(self, make: Callable[[], Any]):
        self._make = cache(make)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._make(), name)


def _late(make: Callable[[], T]) -> T:
    return cast(T, _Late(make))


class RememberedSecrets:
    """Client secrets, remembered for a minute. `seconds` is a clock that only rises."""

    def __init__(self, kept: Secrets, seconds: Callable[[], float] = time.monotonic):
        self._kept = kept
        self._seconds = seconds
        self._remembered: dict[str, tuple[float, Mapping[str, str]]] = {}

    def get(self, name: str) -> Mapping[str, str]:
        now = self._seconds()
        at, values = self._remembered.get(name, (0.0, None))
        if values is None or now - at > SECRET_SECONDS:
            values = self._kept.get(name)
            self._remembered[name] = (now, values)
        return values


@cache
def outside() -> Outside:
    """The outside of this process, named by its environment. Raises HomeroomError at the first use of what is not set.
    """
    need = sign_in_settings().need
    return Outside(
        base_url=need("sso_base_url").rstrip("/"), clock=SystemClock(), random=os.urandom, noting=LogAndMetrics(),
        launches=_late(_launches), registry=_late(_registry), rosters=_late(_rosters), links=_late(_links),
        attempts=_late(_attempts), secrets=_late(_secrets), web=_late(_web), signer=_late(_signer),
        reference_key=_reference_key, ask_for_a_run=_ask_for_a_run,
    )


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

    return RememberedSecrets(SecretsManager(clients.secrets(), sign_in_settings().need("secrets_prefix")))


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
