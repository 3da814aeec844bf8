"""What waited and lapsed is asked for again, although the source says the same; a new aggregator is approved whole."""

from __future__ import annotations

import pytest

from homeroom.apply.holds import lapse
from homeroom.errors import Refused
from homeroom.model.connect_events import Connect
from homeroom.model.events import ChangeAggregator
from homeroom.model.sharing import Sharing
from homeroom.support.operations import act
from tests.builders.api_runs import credentials_of, rest
from tests.fakes.oneroster_service import Service
from tests.regression.days import lands
from tests.regression.test_parts import divided, second_day


def test_the_same_file_proposes_again_what_waited_and_lapsed() -> None:
    world, applied = divided()
    assert applied.waits is not None
    lapse(world, world.runs.control("lab"), "a hand edit came between")
    again = lands(world, "the-same.zip", second_day())
    assert (again.outcome, world.runs.control("lab").held_run) == ("held", again.run)


def test_chosen_schools_must_be_named_by_the_ids_of_the_new_source() -> None:
    world, _ = divided()
    now = world.integrations.get("lab")
    world.integrations.put(now.model_copy(update={"sharing": Sharing(schools=("school-1",))}))
    service = Service(second_day())
    service.origin = "https://sample.example"
    to = rest(service).model_dump(mode="json", exclude={"secret_name", "sharing"}) | {
        "product_line": now.product_line, "aggregator": "classlink"}
    asked = Connect.model_validate({"operation": "connect", "integration": to,
                                    "credentials": dict(credentials_of(rest(service)))})
    with pytest.raises(Refused, match="ids of the old source"):
        act(ChangeAggregator(operation="change_aggregator", set_up=asked, by="tse", reason="a new contract"), world)
    assert world.integrations.get("lab").transport == "csv_pushed"
