"""The landing bucket: what districts upload, pinned to versions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from homeroom.aws.faults import code_of
from homeroom.aws.objects import CHUNK, MISSING
from homeroom.errors import SourceUnusable
from homeroom.model.run import LandedFile
from homeroom.ports import Landed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LARGEST = 3 << 30
"""Bytes of one landed object that are fetched at all; what a set may weigh is judged by `homeroom.read.archive`."""


class S3Landing:
    """`homeroom.ports.Landing` on S3."""

    def __init__(self, client: S3Client, bucket: str):
        self._client = client
        self._bucket = bucket

    def fetch(self, file: LandedFile, folder: Path) -> Path:
        if file.size > LARGEST:
            raise SourceUnusable(f"A file is larger than {LARGEST >> 20} MiB", code="FIL-06")
        path = folder / file.key.rpartition("/")[2]
        version = {"VersionId": file.version} if file.version else {}
        try:
            body = self._client.get_object(Bucket=file.bucket, Key=file.key, **version)["Body"]  # type: ignore[arg-type]
        except ClientError as error:
            if code_of(error) in MISSING:
                raise SourceUnusable("A file of the delivery is not there any more", code="SRC-07") from error
            raise
        with path.open("wb") as target:
            for chunk in body.iter_chunks(CHUNK):
                target.write(chunk)
        return path

    def newest(self, key: str) -> LandedFile | None:
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if code_of(error) in MISSING:
                return None
            raise
        return LandedFile(bucket=self._bucket, key=key, version=found.get("VersionId"), size=found["ContentLength"])

    def put_file(self, key: str, path: Path) -> LandedFile:
        # A whole file in one call: what is pulled is far below S3's limit of 5 GB for one put.
        with path.open("rb") as body:
            stored = self._client.put_object(Bucket=self._bucket, Key=key, Body=body)
        return LandedFile(bucket=self._bucket, key=key, version=stored.get("VersionId"), size=path.stat().st_size)

    def listing(self, integration: str) -> list[Landed]:
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=f"landing/{integration}/"
        )
        return [
            Landed(
                LandedFile(bucket=self._bucket, key=found["Key"], version=found["VersionId"], size=found["Size"]),
                found["LastModified"],
            )
            for page in pages
            for found in page.get("Versions", [])
            if found["IsLatest"] and not found["Key"].endswith("/")
        ]
