"""Which reader fetches which transport. Each is imported when it is needed: planning needs none of them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from homeroom.model.integration import Transport
from homeroom.read.polling import Reader

MODULES: Mapping[Transport, str] = {
    "oneroster_rest": "homeroom.read.oneroster_rest.reader",
    "clever_api": "homeroom.read.clever.reader",
    "csv_pulled": "homeroom.read.sftp_pull",
}
"""Files that a district pushes are not fetched."""


def reader_of(transport: Transport) -> Reader | None:
    """The function `read` of the transport's module, None where nothing is fetched."""
    name = MODULES.get(transport)
    return cast(Reader, import_module(name).read) if name else None
