"""The environment of a sign-in function: as `homeroom.aws.settings`, without pydantic."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import cache

from homeroom.errors import HomeroomError


@dataclass(frozen=True)
class SignInSettings:
    """The field `launches_table` is `LAUNCHES_TABLE`. `signing_keys` are KMS keys, parted by commas: the first signs,
    all are published. `secrets_prefix` stands before the names of client secrets. `stage` `local` is the embedded AWS
    alone: there a portal may be a program on this machine."""

    stage: str = ""
    sso_base_url: str = ""
    launches_table: str = ""
    sign_ins_table: str = ""
    integrations_table: str = ""
    roster_table: str = ""
    runs_table: str = ""
    secrets_prefix: str = ""
    reference_secret_arn: str = ""
    signing_keys: str = ""
    start_run_arn: str = ""

    @classmethod
    def read(cls) -> SignInSettings:
        """From the environment as it is now."""
        return cls(**{field.name: os.environ.get(field.name.upper(), "") for field in fields(cls)})

    def need(self, name: str) -> str:
        """A setting that must be there. Raises HomeroomError."""
        value = str(getattr(self, name))
        if not value:
            raise HomeroomError(f"the function is not set up: {name.upper()} is missing")
        return value


@cache
def sign_in_settings() -> SignInSettings:
    """The settings of this process, read once."""
    return SignInSettings.read()


def stands_ready() -> bool:
    """Whether this process was started before anybody asked (SsoReady): Lambda says so."""
    return os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") in ("snap-start", "provisioned-concurrency")
