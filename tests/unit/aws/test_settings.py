"""The environment as a typed model, and a world that is made only as far as it is used."""

from __future__ import annotations

import pytest

from homeroom.aws import wiring
from homeroom.aws.settings import Settings, settings
from homeroom.errors import HomeroomError


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    settings.cache_clear()
    wiring.world.cache_clear()
    yield monkeypatch
    settings.cache_clear()
    wiring.world.cache_clear()


def test_each_field_is_the_variable_of_its_name(fresh) -> None:
    fresh.setenv("ROSTER_TABLE", "rosters-x")
    assert Settings.read().roster_table == "rosters-x"
    assert Settings.read().need("roster_table") == "rosters-x"


def test_what_is_missing_is_named(fresh) -> None:
    with pytest.raises(HomeroomError, match="RUNS_TABLE is missing"):
        Settings.read().need("runs_table")


def test_the_world_of_a_function_lacks_only_what_it_never_uses(fresh) -> None:
    fresh.setenv("RUNS_TABLE", "runs-x")
    world = wiring.world()
    assert world is wiring.world()
    assert world.clock.now().tzinfo is not None
    with pytest.raises(HomeroomError, match="ALERTS_TOPIC_ARN is missing"):
        world.notices.publish("x", "y")
    assert callable(world.runs.control)
