"""The roster bucket: raw rows, plans, results and states, encrypted by the bucket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from homeroom.aws.faults import code_of
from homeroom.errors import NotFound

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound"})
CHUNK = 1 << 20


class S3Objects:
    """`homeroom.ports.Objects` on S3. Objects are at most 5 GB, so one PUT is enough."""

    def __init__(self, client: S3Client, bucket: str):
        self._client = client
        self._bucket = bucket

    def put(self, key: str, body: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body)

    def get(self, key: str) -> bytes:
        return self._open(key).read()

    def put_file(self, key: str, path: Path) -> None:
        with path.open("rb") as file:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=file)

    def get_file(self, key: str, path: Path) -> None:
        body = self._open(key)
        with path.open("wb") as file:
            for chunk in body.iter_chunks(CHUNK):
                file.write(chunk)

    def list(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return sorted(found["Key"] for page in pages for found in page.get("Contents", []))

    def tag_superseded(self, prefix: str) -> None:
        for key in self.list(prefix):
            self._client.put_object_tagging(
                Bucket=self._bucket, Key=key, Tagging={"TagSet": [{"Key": "superseded", "Value": "true"}]}
            )

    def _open(self, key: str) -> StreamingBody:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        except ClientError as error:
            if code_of(error) in MISSING:
                raise NotFound(f"there is no object {key}") from error
            raise
