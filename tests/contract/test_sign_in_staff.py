"""What staff register and look up: one suite in memory and on the real table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from homeroom.errors import Refused
from homeroom.model.sign_in import App, Link, Registration
from homeroom.ports import World


def registration(slug: str, *keys: str) -> Registration:
    apps = tuple(App("clever", key, f"client-{key}", f"sso/clever/{key}") for key in keys)
    return Registration(
        slug, "Sonday System 1", "Sonday", ("https://sonday.example/cb",), "https://sonday.example/start",
        "https://sonday.example/", "https://sonday.example/help", ("a" * 64,), apps, {"week": "https://sonday.example/w"})


def test_a_registration_that_somebody_changed_meanwhile_is_not_overwritten(world: World, name: str) -> None:
    first = registration(name, name)
    world.sign_ins.register(first, None)
    changed = replace(first, enabled=False, secrets=("b" * 64, "a" * 64))
    world.sign_ins.register(changed, first)
    for was in (first, None):
        with pytest.raises(Refused):
            world.sign_ins.register(replace(first, home_url="https://sonday.example/new"), was)
    assert world.sign_ins.registration(name) == changed


@pytest.mark.parametrize("other", [{}, {"client_id": "another"}, {"key": "another"}])
def test_an_app_and_a_client_id_are_one_products_until_it_gives_them_up(
    other: dict[str, str], world: World, name: str
) -> None:
    mine, yours = registration(name, f"{name}-app"), registration(f"{name}-2", f"{name}-app")
    changed = {part: f"{name}-{value}" for part, value in other.items()}
    yours = replace(yours, apps=tuple(replace(app, **changed) for app in yours.apps))  # type: ignore[arg-type]
    world.sign_ins.register(mine, None)
    with pytest.raises(Refused):
        world.sign_ins.register(yours, None)
    assert world.sign_ins.registration(yours.slug) is None
    world.sign_ins.register(replace(mine, apps=()), mine)
    world.sign_ins.register(yours, None)
    assert world.sign_ins.registration(yours.slug) == yours


def test_a_person_has_a_link_at_a_tenant_until_it_is_removed(world: World, name: str) -> None:
    assert world.sign_ins.linked(name, "clever", "d-1", "p-1") is None
    assert not world.sign_ins.unlink(Link(name, "clever", "d-1", "u-1", "p-1", "sis_id", "LOGIN00001", "2026-09-07"))


def test_a_sign_in_that_never_was_is_none(world: World, name: str) -> None:
    assert world.sign_ins.attempt(f"{name}-login") is None
    assert list(world.sign_ins.attempts_of(name, since="2026-09-07T00:00:00+00:00")) == []
