"""The handlers as Lambda loads them, in a world in memory."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from homeroom.aws import handler as frame
from homeroom.aws import sign_in_noting, web
from homeroom.aws.settings import settings
from homeroom.sso.ports import Outside
from tests.fakes.memory import MemoryWorld

ROOT = Path(__file__).resolve().parents[3]
FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/app.py"))


class Context:
    """What Lambda gives beside the event."""

    function_name = "homeroom"

    def __init__(self) -> None:
        self.aws_request_id = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def load(function: str) -> ModuleType:
    """The module of one function, fresh."""
    spec = importlib.util.spec_from_file_location(f"app_of_{function}", ROOT / "functions" / function / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def event_of(case: str) -> Any:
    """The sample event of a case: `support/connect` stands in `events/support/connect.json`."""
    return json.loads((ROOT / "events" / f"{case}.json").read_text())


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, MemoryWorld | Outside, Any], dict[str, Any]]:
    """Calls a handler in a world, or in an outside of sign-in; idempotency, which needs a table, is tested in
    tests/contract."""
    monkeypatch.setenv("POWERTOOLS_IDEMPOTENCY_DISABLED", "true")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Homeroom")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "homeroom")
    monkeypatch.setenv("IDEMPOTENCY_TABLE", "unused")
    settings.cache_clear()
    frame._metrics.cache_clear()
    sign_in_noting.metrics.cache_clear()

    def call(function: str, world: MemoryWorld | Outside, event: Any) -> dict[str, Any]:
        name = "outside" if isinstance(world, Outside) else "world"
        monkeypatch.setattr(web if name == "outside" else frame, name, lambda: world)
        answer: dict[str, Any] = load(function).handler(event, Context())
        return answer

    yield call
    settings.cache_clear()
    frame._metrics.cache_clear()
    sign_in_noting.metrics.cache_clear()
