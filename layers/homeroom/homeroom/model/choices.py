"""An integration with other choices: in each part only what is named changes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from homeroom.errors import Refused
from homeroom.model.choice_events import Choices
from homeroom.model.integration import Integration, PortalSignIn, SignIn

_PARTS = ("options", "sharing", "schedule", "sign_in")


def merged(integration: Integration, choices: Choices) -> Integration:
    """The integration as it would be with these choices. Raises Refused where a part would not fit together.

    Whether the products allow them says `homeroom.products`.
    """
    parts = {name: _part(name, getattr(integration, name), given) for name in _PARTS
             if (given := getattr(choices, name)) is not None}
    if choices.products is not None:
        parts["products"] = choices.products
    return integration.model_copy(update=parts)


def _part(name: str, now: BaseModel, given: BaseModel) -> Any:
    """One part with the named fields as given, checked whole: a day and a time may each be right and not together."""
    named = {field: getattr(given, field) for field in given.model_fields_set}
    if isinstance(now, SignIn) and isinstance(given, SignIn) and given.portals:
        named["portals"] = {**now.portals, **{portal: _portal(now.portals.get(portal), chosen)
                                              for portal, chosen in given.portals.items()}}
    try:
        return type(now).model_validate({**{field: getattr(now, field) for field in type(now).model_fields}, **named})
    except ValidationError as wrong:
        errors = wrong.errors(include_input=False)
        told = "; ".join(f"{'.'.join(map(str, e['loc'])) or name}: {e['msg']}" for e in errors)
        raise Refused(f"the {name} would not fit: {told}") from None


def _portal(now: PortalSignIn | None, given: PortalSignIn) -> PortalSignIn:
    """One portal with what is named. Portals that are not named stay too; no portal at all takes all of them away."""
    return given if now is None else now.model_copy(
        update={name: getattr(given, name) for name in given.model_fields_set})
