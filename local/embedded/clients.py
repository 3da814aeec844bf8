"""boto3 clients of the embedded AWS, shut off from everything on this machine that belongs to a real AWS account."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import botocore.config
import botocore.session

REGION = "us-east-1"
ACCOUNT = "000000000000"
ACCESS_KEY = SECRET_KEY = "test"  # noqa: S105  # no secret: the embedded AWS alone knows it
"""Of the embedded AWS alone: no AWS account accepts them."""


@dataclass(frozen=True)
class Clients:
    """Clients for one endpoint, each made once. They read no profile, no credentials file, no proxy, no environment."""

    endpoint: str
    verify: bool | str = True
    """With https: False, or the file of the certificate to trust."""
    front_door: str = ""
    """Where browsers reach the HTTP API of the stack; known before the stack is there, and so a parameter of it."""

    @cached_property
    def session(self) -> boto3.Session:
        nowhere = (None, None, os.devnull, None)
        settings = {"profile": (None, None, None, None), "config_file": nowhere, "credentials_file": nowhere}
        return boto3.Session(
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name=REGION,
            botocore_session=botocore.session.Session(settings),
        )

    @cached_property
    def _made(self) -> dict[str, Any]:
        return {}

    def __call__(self, service: str) -> Any:
        """The client of a service, such as `s3`, `dynamodb`, `stepfunctions`."""
        if service not in self._made:
            make: Any = self.session.client
            self._made[service] = make(service, endpoint_url=self.endpoint, verify=self.verify, config=_config())
        return self._made[service]


def _config() -> botocore.config.Config:
    return botocore.config.Config(
        proxies={},
        retries={"total_max_attempts": 3, "mode": "standard"},
        s3={"addressing_style": "path"},
        connect_timeout=5,
        read_timeout=920,  # a synchronous invocation of plan_roster may take 900 seconds
    )
