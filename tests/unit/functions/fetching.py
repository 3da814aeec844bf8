"""Situations for the functions that fetch: run 1 waits to be read, and its source is there to be asked."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from homeroom.model.events import StartRun
from homeroom.model.source import CleverApi, OneRosterRest
from homeroom.support.door import start
from tests.builders.oneroster import small_district, zip_bytes
from tests.fakes.clever_server import Clever
from tests.fakes.clever_server import serving as clever_serving
from tests.fakes.memory import MemoryWorld, memory_world
from tests.fakes.oneroster_server import serving as oneroster_serving
from tests.fakes.oneroster_service import Service
from tests.fakes.plans import LAB
from tests.fakes.sftp_server import serving as sftp_serving

SERVERS = ExitStack()
"""Closed when the module's tests have ended."""


def rest_waits() -> MemoryWorld:
    service = Service(rows=small_district())
    url = SERVERS.enter_context(oneroster_serving(service))
    world = _started("lab-rest", transport="oneroster_rest", source=OneRosterRest(url=url))
    world.secrets.put("lab-rest", {"key": service.key, "secret": service.secret})
    return world


def clever_waits() -> MemoryWorld:
    app = Clever()
    district = app.add_district(small_district())
    url = SERVERS.enter_context(clever_serving(app))
    source = CleverApi(url=url, sign_in_url=url)
    world = _started("lab-clever", transport="clever_api", source=source, district_id=district.id)
    world.secrets.put("lab-clever", {"client_id": app.client_id, "client_secret": app.client_secret})
    return world


def sftp_waits() -> MemoryWorld:
    folder = Path(SERVERS.enter_context(TemporaryDirectory()))
    (folder / "export.zip").write_bytes(zip_bytes(small_district()))
    server = SERVERS.enter_context(sftp_serving(folder))
    world = _started("lab-sftp", transport="csv_pulled", source=server.source(), quiet_seconds=0)
    world.secrets.put("lab-sftp", server.credentials())
    return world


def _started(name: str, **source: Any) -> MemoryWorld:
    integration = LAB.model_copy(update={"id": name, "secret_name": name, **source})
    world = memory_world(integration)
    start(StartRun(trigger="hand", integration=name), world)
    return world
