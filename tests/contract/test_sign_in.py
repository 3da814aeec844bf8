"""What sign-in keeps: one suite in memory and on the real tables; and twenty at once on the real ones."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import pytest

from homeroom.apply.items import record_key
from homeroom.aws.edit_items import edits_owner
from homeroom.model.integration import Integration, SignIn
from homeroom.model.sign_in import App, Asked, Attempt, Handoff, Link, Registration, Tenant, Transaction
from homeroom.ports import Edit, World
from homeroom.sso.portals import PORTALS
from tests.contract.sign_in_parts import Parts, in_memory, on_tables
from tests.fakes.memory import MemoryWorld
from tests.fakes.plans import LAB
from tests.sso.proves import proves

T = TypeVar("T")
AT_ONCE = 20
NOW = 1_800_000_000


class Seconds:
    """A clock of the registry's memory, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def parts(world: World, request: pytest.FixtureRequest, seconds: Seconds) -> Parts:
    """Each test runs against both."""
    if isinstance(world, MemoryWorld):
        return in_memory(world)
    account = request.getfixturevalue("account")
    return on_tables(world, account.client("dynamodb"), account.names, seconds)


@pytest.fixture
def tables(request: pytest.FixtureRequest, seconds: Seconds) -> Parts:
    """The real tables alone."""
    from tests.contract.conftest import aws_world
    from tests.fakes.memory import FixedClock

    account = request.getfixturevalue("account")
    return on_tables(aws_world(account, FixedClock()), account.client("dynamodb"), account.names, seconds)


def transaction(name: str, **words: object) -> Transaction:
    asked = Asked("product", "https://product.example/cb", "state", "nonce", "challenge")
    whole = Transaction(
        key=name, bind="bound", portal="clever", app="sonday", nonce="n", verifier="v", asked=asked, login_id="L1",
        hops=1, created_at=NOW, expires_at=NOW + 600)
    return replace(whole, **words)  # type: ignore[arg-type]


def handoff(name: str) -> Handoff:
    return Handoff(
        key=name, client_id="sonday", redirect_uri="https://product.example/cb", challenge="c", nonce="n",
        person="p-1", district="lab", role="teacher", roles=("teacher", "staff"), portal="clever", login_id="L1",
        auth_time=NOW, roster_version=7, expires_at=NOW + 60)


def use(parts: Parts, name: str, now: int = NOW, **words: str) -> Transaction | None:
    told = {"bind": "bound", "portal": "clever", "app": "sonday"} | words
    return parts.launches.use(name, now=now, **told)


def at_once(act: Callable[[], T]) -> list[T]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return [done.result() for done in [threads.submit(act) for _ in range(AT_ONCE)]]


# ------------------------------------------------------------------------------------------------------ transactions


@proves("C15")
def test_a_transaction_comes_back_whole_and_once(parts: Parts, name: str) -> None:
    parts.launches.begin(transaction(name))
    assert use(parts, name) == transaction(name)
    assert use(parts, name) is None


@pytest.mark.parametrize("wrong", [{"bind": "another cookie"}, {"portal": "classlink"}, {"app": "galileo"}])
@proves("C14", "C19", "T2", "T11")
def test_a_wrong_cookie_portal_or_app_gets_nothing_and_destroys_nothing(
    parts: Parts, name: str, wrong: dict[str, str]
) -> None:
    parts.launches.begin(transaction(name))
    assert use(parts, name, **wrong) is None
    assert use(parts, name) == transaction(name)


@proves("C11")
def test_a_transaction_ends_after_ten_minutes_though_its_item_stands(parts: Parts, name: str) -> None:
    parts.launches.begin(transaction(name))
    assert use(parts, name, now=NOW + 600) is None
    assert use(parts, name, now=NOW + 599) == transaction(name)


def test_an_unknown_transaction_is_none(parts: Parts, name: str) -> None:
    assert use(parts, name) is None


# -------------------------------------------------------------------------------------------------------------- codes


@proves("C41", "T7")
def test_a_code_is_redeemed_once_and_its_second_use_is_known(parts: Parts, name: str) -> None:
    parts.launches.keep(handoff(name))
    assert parts.launches.spent(name, client_id="sonday") is None
    assert parts.launches.redeem(name, client_id="sonday", now=NOW) == handoff(name)
    assert parts.launches.redeem(name, client_id="sonday", now=NOW) is None
    assert parts.launches.spent(name, client_id="sonday") == handoff(name)


@proves("T8")
def test_a_code_of_another_product_is_not_redeemed_and_not_used_up(parts: Parts, name: str) -> None:
    parts.launches.keep(handoff(name))
    assert parts.launches.redeem(name, client_id="galileo", now=NOW) is None
    assert parts.launches.spent(name, client_id="galileo") is None
    assert parts.launches.kept(name) == handoff(name)
    assert parts.launches.redeem(name, client_id="sonday", now=NOW) == handoff(name)


@proves("C41", "T9")
def test_a_code_ends_after_a_minute_though_its_item_stands(parts: Parts, name: str) -> None:
    parts.launches.keep(handoff(name))
    assert parts.launches.redeem(name, client_id="sonday", now=NOW + 60) is None
    assert parts.launches.redeem(name, client_id="sonday", now=NOW + 59) == handoff(name)


def test_an_unknown_code_was_never_spent_or_kept(parts: Parts, name: str) -> None:
    assert parts.launches.redeem(name, client_id="sonday", now=NOW) is None
    assert parts.launches.spent(name, client_id="sonday") is None
    assert parts.launches.kept(name) is None


def test_the_first_under_a_name_is_the_only_one_until_its_time_is_over(parts: Parts, name: str) -> None:
    asked = [parts.launches.once(name, until=NOW + 900, now=now) for now in (NOW, NOW + 899, NOW + 900)]
    assert asked == [True, False, True]


def test_a_tally_counts_every_time(parts: Parts, name: str) -> None:
    assert [parts.launches.tally(name, until=NOW + 60) for _ in range(3)] == [1, 2, 3]


# ------------------------------------------------------------------------------------------------------ twenty at once


@pytest.mark.integration
@proves("C16", "T6")
def test_of_twenty_that_use_a_transaction_at_once_exactly_one_gets_it(tables: Parts, name: str) -> None:
    tables.launches.begin(transaction(name))
    got = [found for found in at_once(lambda: use(tables, name)) if found is not None]
    assert got == [transaction(name)]


@pytest.mark.integration
@proves("C41", "T7")
def test_of_twenty_that_redeem_a_code_at_once_exactly_one_gets_it(tables: Parts, name: str) -> None:
    tables.launches.keep(handoff(name))
    got = at_once(lambda: tables.launches.redeem(name, client_id="sonday", now=NOW))
    assert [found for found in got if found is not None] == [handoff(name)]
    assert tables.launches.spent(name, client_id="sonday") == handoff(name)


@pytest.mark.integration
@proves("C36")
def test_of_twenty_that_ask_for_a_run_at_once_one_is_the_first(tables: Parts, name: str) -> None:
    assert at_once(lambda: tables.launches.once(name, until=NOW + 900, now=NOW)).count(True) == 1


@pytest.mark.integration
def test_of_twenty_links_to_one_person_at_once_one_is_kept(tables: Parts, name: str) -> None:
    numbers = iter(range(AT_ONCE))
    added = at_once(lambda: tables.links.add(replace(linked(name), subject=f"s-{next(numbers)}")))
    assert added.count(True) == 1
    found = [tables.links.find(name, "clever", "d-1", f"s-{n}") for n in range(AT_ONCE)]
    assert len([one for one in found if one is not None]) == 1


# -------------------------------------------------------------------------------------------------------------- links


def linked(integration: str) -> Link:
    return Link(integration, "clever", "d-1", "subject-1", "person-1", "sis_id", "L1", "2026-11-22T15:00:00+00:00")


def test_a_link_is_found_by_its_subject_alone(parts: Parts, name: str) -> None:
    assert parts.links.add(linked(name))
    assert parts.links.find(name, "clever", "d-1", "subject-1") == linked(name)
    assert parts.world.sign_ins.linked(name, "clever", "d-1", linked(name).person) == linked(name)
    assert parts.links.find(name, "clever", "d-2", "subject-1") is None
    assert parts.links.find(f"{name}-x", "clever", "d-1", "subject-1") is None


@pytest.mark.parametrize("other", [{"subject": "subject-2"}, {"person": "person-2"}])
def test_neither_a_subject_nor_a_person_is_linked_twice(parts: Parts, name: str, other: dict[str, str]) -> None:
    parts.links.add(linked(name))
    second = replace(linked(name), **other)  # type: ignore[arg-type]
    assert not parts.links.add(second)
    assert parts.links.find(name, "clever", "d-1", "subject-1") == linked(name)
    assert parts.links.find(name, "clever", "d-1", "subject-2") is None


def test_a_link_that_staff_removed_may_be_made_anew(parts: Parts, name: str) -> None:
    parts.links.add(linked(name))
    assert parts.world.sign_ins.unlink(linked(name))
    assert not parts.world.sign_ins.unlink(linked(name))
    assert parts.links.find(name, "clever", "d-1", "subject-1") is None
    assert parts.links.add(linked(name))


# ----------------------------------------------------------------------------------------------------------- registry


def product(slug: str, **words: object) -> Registration:
    whole = Registration(
        slug=slug, product="Sonday System 1", line="Sonday", redirect_uris=("https://product.example/cb",),
        initiate_uri="https://product.example/initiate", home_url="https://product.example/",
        support_url="https://product.example/help", secrets=("ab" * 32,),
        apps=(App("clever", slug, f"client-{slug}", f"sso/clever/{slug}", oidc=False),), targets={"home": "/home"})
    return replace(whole, **words)  # type: ignore[arg-type]


def test_what_staff_registered_is_what_sign_in_reads(parts: Parts, name: str) -> None:
    assert parts.registry.registration(name) is None
    parts.world.sign_ins.register(product(name), None)
    assert parts.registry.registration(name) == product(name)
    assert parts.registry.app_owner("clever", name) == product(name)
    assert parts.registry.app_owner("classlink", name) is None


def test_an_app_that_was_given_up_is_nobodys(parts: Parts, name: str, seconds: Seconds) -> None:
    parts.world.sign_ins.register(product(name), None)
    parts.registry.app_owner("clever", name)
    parts.world.sign_ins.register(product(name, apps=()), product(name))
    seconds.now += 61
    assert parts.registry.app_owner("clever", name) is None


@pytest.mark.integration
def test_a_changed_registration_counts_within_a_minute(tables: Parts, name: str, seconds: Seconds) -> None:
    tables.world.sign_ins.register(product(name), None)
    tables.registry.registration(name)
    tables.world.sign_ins.register(product(name, enabled=False), product(name))
    assert tables.registry.registration(name) == product(name), "remembered"
    seconds.now += 61
    assert tables.registry.registration(name) == product(name, enabled=False)


def test_a_tenant_is_read_as_it_is_now(parts: Parts, name: str) -> None:
    tenant = Tenant("clever", name, "Lab USD", {"Sonday": "lab-1"})
    assert parts.registry.tenant("clever", name) is None
    assert parts.world.sign_ins.put_tenant(tenant)
    assert parts.registry.tenant("clever", name) == replace(tenant, version=1)
    assert parts.registry.tenant("classlink", name) is None
    assert not parts.world.sign_ins.put_tenant(tenant), "somebody else wrote since"


def test_how_an_integration_signs_in_is_read_as_it_is_now(parts: Parts, name: str) -> None:
    lab = LAB.model_copy(update={"id": name, "products": ("WinVocab",), "sign_in": SignIn(on=True)})
    assert parts.registry.sign_in(name) is None
    parts.integration(lab)
    seen = parts.registry.sign_in(name)
    assert seen is not None
    assert (seen.integration, seen.products, seen.on) == (name, ("WinVocab",), True)
    parts.integration(Integration.model_validate(lab.model_dump() | {"sign_in": {"on": False}}))
    assert not parts.registry.sign_in(name).on  # type: ignore[union-attr]


@pytest.mark.integration
def test_a_portal_has_its_pinned_addresses_until_staff_accept_others(tables: Parts, seconds: Seconds) -> None:
    assert tables.registry.portal("clever") == PORTALS["clever"]
    moved = replace(PORTALS["clever"], jwks="https://clever.com/oauth/keys")
    tables.world.sign_ins.accept_portal(moved)
    seconds.now += 61
    assert tables.registry.portal("clever") == moved
    assert tables.registry.portal("nobodys") is None
    tables.world.sign_ins.accept_portal(PORTALS["clever"])


# ------------------------------------------------------------------------------------------------------------- people


@proves("C33", "T23")
def test_a_person_is_found_by_an_identity_of_their_own_roster_alone(parts: Parts, name: str) -> None:
    record = {"entity": "people", "id": "p-1", "status": "active", "enabled": True, "role": "teacher"}
    parts.person(name, "p-1", record)
    parts.link(name, "sourced_id", "T-1", "p-1")
    assert parts.rosters.holder(name, "sourced_id", "T-1") == "p-1"
    assert parts.rosters.holder(f"{name}-x", "sourced_id", "T-1") is None
    assert parts.rosters.holder(name, "sourced_id", "t-1") is None
    found = parts.rosters.person(name, "p-1")
    assert found is not None
    assert found.items() >= record.items()
    assert parts.rosters.person(f"{name}-x", "p-1") is None


@pytest.mark.integration
@proves("T26")
def test_what_staff_laid_over_a_person_is_read_until_it_is_released(tables: Parts, name: str) -> None:
    key = record_key(name, "people", "p-1")
    edit = Edit(entity="people", id="p-1", source_id="T-1", action="archive", item=(edits_owner(name), "2026#1"),
                record=key, by="staff", at="2026-11-22T15:00:00+00:00")
    tables.person(name, "p-1", {"entity": "people", "id": "p-1", "status": "active", "role": "teacher"})
    tables.world.roster.edit(edit, "left at noon")
    assert (tables.rosters.person(name, "p-1") or {})["archived_by_hand"] is True
    tables.world.roster.consume([edit])
    assert "archived_by_hand" not in (tables.rosters.person(name, "p-1") or {})


@pytest.mark.integration
def test_the_last_run_and_a_held_one_are_told(tables: Parts, name: str) -> None:
    from homeroom.model.run import RunRecord
    from tests.fakes.memory import START

    runs = tables.world.runs
    assert tables.rosters.waits(name) == (0, False)
    _, lease = runs.open(name, now=START, lease_seconds=60, take_lease=True)
    assert lease is not None
    record = RunRecord(integration=name, run=1, trigger="hand", started_at=START)
    runs.commit(lease, applied_run=1, content="c", signature="s", at=START, records=(record,))
    assert tables.rosters.waits(name) == (1, False)
    _, second = runs.open(name, now=START, lease_seconds=60, take_lease=True)
    assert second is not None
    runs.hold(second, 2)
    assert tables.rosters.waits(name) == (1, True)


# ------------------------------------------------------------------------------------------------------------ history


def attempt(login_id: str, integration: str, minute: int, **words: object) -> Attempt:
    whole = Attempt(login_id, f"2026-11-22T15:{minute:02d}:00+00:00", "clever", "sonday", "sonday", integration,
                    "SSO-203", hops=1, subject_ref="ab12")
    return replace(whole, **words)  # type: ignore[arg-type]


def test_the_history_tells_the_newest_first_and_by_what_is_asked(parts: Parts, name: str) -> None:
    made = [attempt(f"{name}-{n}", name, n, outcome="signed in" if n == 1 else "SSO-203") for n in range(3)]
    for one in made:
        parts.attempts.record(one)
    told = list(parts.world.sign_ins.attempts_of(name, since=made[0].at))
    assert told == made[::-1]
    assert list(parts.world.sign_ins.attempts_of(name, since=made[0].at, outcome="signed in")) == [made[1]]
    assert list(parts.world.sign_ins.attempts_of(name, since=made[2].at)) == [made[2]]
    assert parts.world.sign_ins.attempt(made[0].login_id) == made[0]


def test_an_attempt_that_was_redeemed_says_so_and_stays_as_it_was(parts: Parts, name: str) -> None:
    made = attempt(name, name, 1, schools=("school-1",))
    parts.attempts.record(made)
    parts.attempts.redeemed(name, "2026-11-22T15:02:00+00:00")
    assert parts.world.sign_ins.attempt(name) == replace(made, redeemed_at="2026-11-22T15:02:00+00:00")


@pytest.mark.integration
def test_attempts_expire_after_ninety_days(tables: Parts, name: str, account) -> None:
    tables.attempts.record(attempt(name, name, 1))
    key = {"owner": {"S": f"attempt#{name}"}, "item": {"S": "@"}}
    item = account.client("dynamodb").get_item(TableName=account.names["SignInsTable"], Key=key)["Item"]
    assert int(item["expires_at"]["N"]) == 1_795_359_660 + 90 * 24 * 3600


@pytest.mark.integration
def test_what_was_never_kept_is_not_made_by_its_redemption(tables: Parts, name: str) -> None:
    tables.attempts.redeemed(name, "2026-11-22T15:02:00+00:00")
    assert tables.world.sign_ins.attempt(name) is None
