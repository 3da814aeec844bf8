"""Products as the requirements' table has them, and integrations of them to connect."""

from __future__ import annotations

from typing import Any

from homeroom.model.integration import Aggregator, Integration, Transport
from homeroom.model.source import CleverApi, OneRosterRest, SftpPull
from homeroom.products import PRODUCTS

Way = tuple[Aggregator, Transport]
SOURCES: dict[Transport, Any] = {
    "clever_api": CleverApi(),
    "oneroster_rest": OneRosterRest(url="https://lab.oneroster.example/ims/oneroster/v1p1"),
    "csv_pulled": SftpPull(host="sftp.lab.example", user="homeroom", host_key="ssh-ed25519 AAAAC3Nza"),
    "csv_pushed": None,
}
EVERY_WAY: tuple[Way, ...] = tuple(
    (aggregator, transport) for aggregator in ("clever", "classlink", "none") for transport in SOURCES)  # type: ignore[misc]
CLEVER_API: Way = ("clever", "clever_api")

SONDAY = ("Sonday System 1", "Sonday System 2", "Essentials K–5", "WinVocab")
ONE_SCHOOL = ("Imagine+ Assessment", "MyPath Math/Imagine+ Math", "MyPath Reading", "Imagine Purpose")
PORTAL = ("Imagine Language & Literacy", *ONE_SCHOOL)
GALILEO, SCHOOL_MANAGER = "Galileo K-12", "School Manager"
ALL = (*SONDAY, *PORTAL, GALILEO, SCHOOL_MANAGER)


def serving(*products: str, way: Way = CLEVER_API, **words: Any) -> Integration:
    """An integration of these products, of one line, by one way in."""
    aggregator, transport = way
    return Integration.model_validate({
        "id": "lab-usd", "district_id": "d-1", "aggregator": aggregator, "transport": transport,
        "source": SOURCES[transport], "products": products, "product_line": PRODUCTS[products[0]].line, **words})


def first_way(product: str) -> Way:
    """A way in that the product takes."""
    return ("classlink", "oneroster_rest") if product in SONDAY else CLEVER_API
