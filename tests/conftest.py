"""What holds for every test: no network but loopback, no real AWS, the same examples each time, the reference data."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile(
    "ci", derandomize=True, database=None, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("ci"), derandomize=False, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

for name in [n for n in os.environ if n.startswith("AWS_") and n != "AWS_CA_BUNDLE"]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    POWERTOOLS_DEV="false",
)


class NetworkUsed(RuntimeError):
    """A test tried to reach another machine. Not an OSError, so that no client's retries hide it."""


def pytest_configure() -> None:
    """Close the network, from collection on, so that nothing reaches out at import time either."""
    for method in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, method, _loopback_only(getattr(socket.socket, method)))
    socket.getaddrinfo = _loopback_names_only(socket.getaddrinfo)  # type: ignore[assignment]


def pytest_collection_finish() -> None:
    """Modules and collected tests stay until the end: no collection of garbage has to look at them again."""
    gc.collect()
    gc.freeze()


def _loopback_only(method: Any) -> Any:
    def guarded(self: socket.socket, *args: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse_unless_loopback(str(args[-1][0]))
        return method(self, *args)

    return guarded


def _loopback_names_only(resolve: Any) -> Any:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        refuse_unless_loopback(host.decode() if isinstance(host, bytes) else host or "localhost")
        return resolve(host, *args, **kwargs)

    return guarded


def refuse_unless_loopback(host: str) -> None:
    """Raise NetworkUsed for any other address or name than this machine's own."""
    try:
        address = ipaddress.ip_address(host)
        own = address.is_loopback or address.is_unspecified
    except ValueError:
        own = host == "localhost"
    if not own:
        raise NetworkUsed(f"a test tried to reach {host}; tests use loopback only")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data that stands beside some checkouts; tests that need it are skipped where it is absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("needs the reference data in ../shared, which is not beside this checkout")
    return folder
