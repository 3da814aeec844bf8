"""The environment of a function, as a typed model: the only place that reads environment variables.

A function gets only what it needs, so every name may be absent; what is used without being set says so by its name.
"""

from __future__ import annotations

import os
from functools import cache

from pydantic import BaseModel, ConfigDict

from homeroom.errors import HomeroomError


class Settings(BaseModel):
    """Names of buckets, tables, queue, topic and state machine; the field `roster_table` is `ROSTER_TABLE`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: str = "local"
    landing_bucket: str = ""
    roster_bucket: str = ""
    roster_table: str = ""
    runs_table: str = ""
    integrations_table: str = ""
    idempotency_table: str = ""
    state_machine_arn: str = ""
    alerts_topic_arn: str = ""
    settle_queue_url: str = ""
    secrets_prefix: str = ""
    timer_group: str = ""
    timer_role_arn: str = ""
    start_run_arn: str = ""
    timer_dlq_arn: str = ""
    plan_roster_arn: str = ""
    sign_ins_table: str = ""
    reference_secret_arn: str = ""
    sso_base_url: str = ""

    @classmethod
    def read(cls) -> Settings:
        """From the environment as it is now."""
        return cls.model_validate({name: os.environ.get(name.upper(), "") for name in cls.model_fields})

    def need(self, name: str) -> str:
        """A setting that must be there. Raises HomeroomError."""
        value = str(getattr(self, name))
        if not value:
            raise HomeroomError(f"the function is not set up: {name.upper()} is missing")
        return value


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings.read()
