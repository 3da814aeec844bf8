"""`homeroom options`, `promote` and `demote`: what they send, and what people see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from homeroom.apply.items import record_key
from homeroom.model.integration import Integration
from homeroom.model.source import CleverApi
from tests.unit.local.conftest import Homeroom
from tests.unit.local.memory_stack import MemoryAws


@pytest.fixture
def manager(aws: MemoryAws) -> MemoryAws:
    """An integration of a line that offers class names, parents and match by name."""
    aws.world.integrations.put(Integration(
        id="lab-usd", aggregator="clever", transport="clever_api", source=CleverApi(), product_line="School Manager"))
    return aws


def test_options_without_a_choice_show_what_counts_and_why(manager: MemoryAws, homeroom: Homeroom) -> None:
    before = manager.world.integrations.get("lab-usd")
    ran = homeroom("options", "lab-usd")
    words = " ".join(ran.out.split())
    assert (ran.code, manager.world.integrations.get("lab-usd")) == (0, before)
    assert "Sync Parent Data on the product line has it so --parents, --no-parents" in words
    assert "The SIS is the only source off nobody chose otherwise not offered by the products" in words
    assert "Nothing was asked for; this is what counts." in words


def test_options_send_only_what_is_named(manager: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("options", "lab-usd", "--unique-names", "clashes", "--no-parents", "--sign-in", "--weekly", "--json")
    sent = manager.asked[-1]
    assert (ran.code, sent["operation"], sent["choices"]) == (0, "options", {
        "options": {"class_names": "where they clash", "parents": False},
        "schedule": {"mode": "weekly", "days": [], "at": None}, "sign_in": {"on": True}, "sharing": None,
        "products": None,
    })
    kept = manager.world.integrations.get("lab-usd")
    assert (kept.options.class_names, kept.options.parents, kept.sign_in.on) == ("where they clash", False, True)
    assert ran.json["set"]["options"]["class_names"] == {
        "value": "where they clash", "from": "district", "offered": True}


def test_a_file_names_the_directory_and_options_win(manager: MemoryAws, homeroom: Homeroom, tmp_path: Path) -> None:
    choices = {"options": {"match_by_name": False, "directory": {"kind": "uploaded"}, "parents": False}}
    (tmp_path / "choices.json").write_text(json.dumps(choices))
    ran = homeroom("options", "lab-usd", "--file", tmp_path / "choices.json", "--match-by-name")
    kept = manager.world.integrations.get("lab-usd").options
    assert (ran.code, kept.match_by_name, kept.parents) == (0, True, False)
    assert kept.directory is not None


def test_a_refusal_says_what_to_do(manager: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("options", "lab-usd", "--only-source")
    assert (ran.code, "Leave the option out." in ran.err) == (1, True)


@pytest.mark.parametrize("words", [("--unique-names", "maybe"), ("--on-hold", "some")])
def test_a_word_that_is_none_is_a_usage_error(words: tuple[str, str], manager: MemoryAws, homeroom: Homeroom) -> None:
    assert homeroom("options", "lab-usd", *words).code == 64
    assert manager.asked == []


def test_a_file_that_is_no_choice_is_a_usage_error(manager: MemoryAws, homeroom: Homeroom, tmp_path: Path) -> None:
    for text in ("[]", "{", '{"colour": "blue"}'):
        (tmp_path / "choices.json").write_text(text)
        assert homeroom("options", "lab-usd", "--file", tmp_path / "choices.json").code == 64
    assert manager.asked == []


def test_promote_and_demote_show_who_is_primary_administrator(aws: MemoryAws, homeroom: Homeroom) -> None:
    aws.world.integrations.put(Integration(id="lab-usd", district_id="d-1", product_line="Sonday"))
    owner, member = record_key("lab-usd", "people", "p-1")
    aws.world.roster.write([{"owner": owner, "member": member, "entity": "people", "id": "p-1", "source_id": "s-1",
                             "status": "active", "role": "administrator"}], [])
    ran = homeroom("promote", "lab-usd", "p-1", "--reason", "named by the district")
    assert (ran.code, "named by the district" in ran.out) == (0, True)
    assert homeroom("demote", "lab-usd", "p-1").out.startswith("Nobody is primary administrator.")
    assert [one["operation"] for one in aws.asked] == ["promote", "demote"]
