"""Set up an integration, and keep its credentials: what a TSE does after the kick-off call (requirement E1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from homeroom.errors import NotFound, Refused
from homeroom.model import events
from homeroom.model.credentials import missing
from homeroom.model.integration import Integration, Moving
from homeroom.model.setup import SetUp
from homeroom.ports import World
from homeroom.products import defaults
from homeroom.support.audit import audit
from homeroom.support.choosing import refuse_unknown_words
from homeroom.support.directory import rotate_directory_secret
from homeroom.support.limits import refuse_unfit_limits
from homeroom.support.options import refuse_what_products_do_not_allow
from homeroom.support.rostering import with_its_end
from homeroom.support.tenants import claim_tenants, free_tenants, refuse_anothers_tenant
from homeroom.support.timers import put_timer, refuse_bad_time
from homeroom.support.verifying import for_another_district, refuse_another_of_the_district, untested
from homeroom.support.views import integration_view, seen, steps_view

_FIXED = ("aggregator", "transport", "product_line")
"""What an integration is; after its first applied run another one is a new integration (ids never mix)."""
_OURS = ("created_at", "created_by", "paused", "setup", "primary", "moving")
"""What only operations of their own write; a caller's word on it is let go."""
_KEPT = ("district_id", "sharing", "schedule", "blackouts", "secret_name", "options", "sign_in", "products", "limits",
         "seasons")
"""What other operations write as well: it stays as it is where `connect` leaves it out."""


def connect(event: events.Connect, world: World, moving: Moving | None = None) -> dict[str, Any]:
    """Set up an integration, or change its set-up. Only `resume` ends a pause, only a test proves a connection.

    `moving`: the same roster is to come another way (`homeroom.support.moving`), which is refused otherwise.
    """
    known = known_as(event.integration.id, world)
    wanted = with_its_end(_merged(event, known, world), known, world)
    if moving is not None:
        wanted = wanted.model_copy(update={"moving": moving})
    _refuse_what_can_not_run(wanted)
    if known is not None:
        _refuse_another_source(known, wanted, world, _FIXED if moving is None else ("product_line",))
    _refuse_what_does_not_fit(wanted, event.credentials, world)
    if wanted.district_id and wanted.product_line:
        refuse_another_of_the_district(wanted, wanted.district_id, world)
    refuse_anothers_tenant(wanted, world)
    about = {} if event.credentials is None else {"credentials": sorted(event.credentials)}
    audit(world, wanted.id, "connect", event.by, event.reason, **about)
    if event.credentials is not None:
        world.secrets.put(str(wanted.secret_name), plain(event.credentials))
    claim_tenants(wanted, world)
    world.integrations.put(wanted)
    free_tenants(wanted, world)
    put_timer(wanted, world)
    looked = seen(wanted, world)
    return integration_view(looked) | steps_view(looked)


def rotate_secret(event: events.RotateSecret, world: World) -> dict[str, Any]:
    """Replace the credentials of a source. They count from the next call to it on; nothing else changes."""
    if event.which == "directory":
        return rotate_directory_secret(event, world)
    integration = world.integrations.get(event.integration)
    refuse_unfit(integration, event.credentials)
    name = integration.secret_name or integration.id
    audit(world, integration.id, "rotate_secret", event.by, event.reason, credentials=sorted(event.credentials))
    world.secrets.put(name, plain(event.credentials))
    now = world.integrations.get(integration.id)
    world.integrations.put(now.model_copy(update={"secret_name": name, "setup": untested(now.setup)}))
    shared = [i for i in world.integrations.list() if i.secret_name == name and i.id != integration.id]
    others = sorted(i.id for i in shared)
    for other in shared:
        world.integrations.put(other.model_copy(update={"setup": untested(other.setup)}))
    return {"integration": integration.id, "secret_name": name, "replaced_at": world.clock.now().isoformat(),
            "also_used_by": others}


def known_as(integration: str, world: World) -> Integration | None:
    """The integration of this name, if there is one."""
    try:
        return world.integrations.get(integration)
    except NotFound:
        return None


def plain(credentials: Mapping[str, SecretStr]) -> dict[str, str]:
    """The values, for Secrets Manager alone."""
    return {name: value.get_secret_value() for name, value in credentials.items()}


def refuse_unfit(integration: Integration, credentials: Mapping[str, SecretStr]) -> None:
    """Refuse credentials that this way of signing in does not take; says which names are missing, never a value."""
    wrong = missing(integration, credentials)
    if wrong is not None:
        raise Refused(f"the credentials do not fit; {wrong}", code="SRC-10", remedy="Give exactly what is needed.")


def _merged(event: events.Connect, known: Integration | None, world: World) -> Integration:
    """What is asked for, together with what is known and what other operations wrote."""
    wanted = event.integration
    kept: dict[str, Any] = {name: Integration.model_fields[name].get_default() for name in _OURS}
    if known is None:
        kept |= defaults(wanted) | {"created_at": world.clock.now(), "created_by": event.by}
    else:
        kept |= {name: getattr(known, name) for name in (*_OURS, *(set(_KEPT) - wanted.model_fields_set))}
    wanted = wanted.model_copy(update=kept)
    if event.credentials is not None and wanted.secret_name is None:
        wanted = wanted.model_copy(update={"secret_name": wanted.id})
    if known is None:
        return wanted
    true = _still_true(known, wanted)
    return wanted.model_copy(update={"setup": true if event.credentials is None else untested(true)})


def _still_true(known: Integration, wanted: Integration) -> SetUp:
    """What was proved of one source or district is not proved of another."""
    if known.source != wanted.source:
        return SetUp()
    if known.district_id != wanted.district_id:
        return for_another_district(known.setup)
    return known.setup


def _refuse_what_can_not_run(wanted: Integration) -> None:
    """A set-up that would be ignored in part, or that could take another district's file, is refused in words."""
    refuse_what_products_do_not_allow(wanted)
    refuse_unfit_limits(wanted.limits)
    for season in wanted.seasons:
        refuse_unfit_limits(season.limits)
    refuse_bad_time(wanted)
    refuse_unknown_words(wanted.sharing)
    if wanted.transport == "csv_pushed" and not wanted.district_id:
        raise Refused(
            "no district is named, so another district's file could not be told from its own",
            remedy="Name district_id: the sourcedId or identifier of the district in its orgs.csv.",
        )


def _refuse_another_source(known: Integration, wanted: Integration, world: World, fixed: tuple[str, ...]) -> None:
    changed = [name for name in fixed if getattr(known, name) != getattr(wanted, name)]
    if changed and world.runs.control(known.id).applied_run is not None:
        raise Refused(
            f"{', '.join(changed)} of an integration with a roster can not change",
            remedy="Connect the other source under a name of its own, or let the same people come another way with "
                   "change_aggregator.",
        )


def _refuse_what_does_not_fit(
    wanted: Integration, credentials: Mapping[str, SecretStr] | None, world: World
) -> None:
    """Credentials of the wrong kind, a shared secret that would change for others, or one that is not there."""
    if credentials is not None:
        refuse_unfit(wanted, credentials)
        others = sorted(i.id for i in world.integrations.list()
                        if i.secret_name == wanted.secret_name and i.id != wanted.id)
        if others:
            raise Refused(f"the secret is also used by {', '.join(others)}",
                          remedy="Leave the credentials out, or replace them for all with rotate_secret.")
    elif wanted.secret_name is not None:
        try:
            world.secrets.get(wanted.secret_name)
        except NotFound:
            raise Refused("there is no secret of that name", code="SRC-10",
                          remedy="Give the credentials, or the name of a secret that is there.") from None
