"""Credentials of sources in Secrets Manager, one JSON object a name, below the stack's own prefix."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from homeroom.aws.faults import code_of
from homeroom.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_ABSENT = ("ResourceNotFoundException", "InvalidRequestException")
"""Never there, or on its way out."""


class SecretsManager:
    """`homeroom.ports.Secrets`."""

    def __init__(self, client: SecretsManagerClient, prefix: str):
        self._client = client
        self._prefix = prefix

    def get(self, name: str) -> Mapping[str, str]:
        try:
            found = self._client.get_secret_value(SecretId=self._id(name))
        except ClientError as error:
            if code_of(error) in _ABSENT:
                raise NotFound(f"there is no secret {name}") from None
            raise
        return {str(key): str(value) for key, value in json.loads(found["SecretString"]).items()}

    def put(self, name: str, values: Mapping[str, str]) -> None:
        body = json.dumps(dict(values))
        try:
            self._client.put_secret_value(SecretId=self._id(name), SecretString=body)
        except ClientError as error:
            if code_of(error) == "InvalidRequestException":
                self._client.restore_secret(SecretId=self._id(name))
                self._client.put_secret_value(SecretId=self._id(name), SecretString=body)
            elif code_of(error) == "ResourceNotFoundException":
                self._client.create_secret(Name=self._id(name), SecretString=body)
            else:
                raise

    def remove(self, name: str) -> None:
        try:
            self._client.delete_secret(SecretId=self._id(name), RecoveryWindowInDays=30)
        except ClientError as error:
            if code_of(error) not in _ABSENT:
                raise

    def _id(self, name: str) -> str:
        return f"{self._prefix}/{name}"
