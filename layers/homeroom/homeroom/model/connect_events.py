"""Operations that set up an integration: connecting, testing, accepting, choosing what is shared, credentials.

Credentials come in here and leave for Secrets Manager alone. They print as stars, also in JSON; only the call that
hands them to the function `support` writes them out, by the context `REVEALED`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, PlainSerializer, SecretStr, SerializationInfo, field_serializer

from homeroom.model.frozen import Frozen
from homeroom.model.integration import INTEGRATION_ID, Integration
from homeroom.model.sharing import Sharing

REVEALED: Mapping[str, Any] = {"revealed": True}
"""Context of `model_dump_json` that writes credentials out."""
SECRET_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,99}$"  # noqa: S105 - how a name looks, not a secret


def _in_json(value: SecretStr, about: SerializationInfo) -> str:
    return value.get_secret_value() if about.context == REVEALED else str(value)


Value = Annotated[SecretStr, Field(min_length=1), PlainSerializer(_in_json, return_type=str, when_used="json")]
Credentials = dict[str, Value]
"""Names and values, as `homeroom.model.credentials` asks for them: key and secret, token, client_id and …"""
IntegrationId = Annotated[str, Field(pattern=INTEGRATION_ID)]


def _given(model: BaseModel) -> dict[str, Any]:
    """JSON without what was left out, so that it is left out on the other side too."""
    return model.model_dump(mode="json", include=set(model.model_fields_set))


class Connect(Frozen):
    """Set up or change an integration. What other operations keep stays as it is where it is left out."""

    operation: Literal["connect"]
    integration: Integration
    credentials: Credentials | None = None
    by: str = ""
    reason: str = ""

    @field_serializer("integration", when_used="json")
    def _as_given(self, integration: Integration) -> dict[str, Any]:
        return _given(integration)


class TryConnection(Frozen):
    """Test the connection to the source, step by step; keeps what was found (requirement E1)."""

    operation: Literal["test_connection"]
    integration: IntegrationId
    by: str = ""
    reason: str = ""


class PendingRequests(Frozen):
    """Districts that authorised the app at Clever and belong to no integration yet (requirement A6)."""

    operation: Literal["pending_requests"]
    secret_name: str = Field(pattern=SECRET_NAME, description="where the app's client_id and client_secret are kept")
    url: str | None = None
    sign_in_url: str | None = None


class Accept(Frozen):
    """Accept a district's pending request at Clever for an integration."""

    operation: Literal["accept"]
    integration: IntegrationId
    district_id: str = Field(min_length=1, max_length=255)
    by: str
    reason: str


class VerifyDistrict(Frozen):
    """Confirm which district a source is of: its id or identifier, as the source itself shows it."""

    operation: Literal["verify_district"]
    integration: IntegrationId
    district_id: str = Field(min_length=1, max_length=255)
    by: str
    reason: str = ""


class FindSchools(Frozen):
    """Schools of the source whose name holds every word of `search`."""

    operation: Literal["schools"]
    integration: IntegrationId
    search: str = Field(default="", max_length=200)


class ChooseSchools(Frozen):
    """Sync one school, several, or all of them (requirement A6)."""

    operation: Literal["choose_schools"]
    integration: IntegrationId
    schools: Literal["all"] | Annotated[tuple[str, ...], Field(min_length=1, max_length=2_000)]
    by: str
    reason: str = ""


class Share(Frozen):
    """Narrow what is taken of what the district shares. Lists that are left out stay; an empty one takes all."""

    operation: Literal["share"]
    integration: IntegrationId
    sharing: Sharing
    by: str
    reason: str = ""

    @field_serializer("sharing", when_used="json")
    def _as_given(self, sharing: Sharing) -> dict[str, Any]:
        return _given(sharing)


class RotateSecret(Frozen):
    """Replace the credentials of a source, or of the directory by which people are matched; nothing else changes."""

    operation: Literal["rotate_secret"]
    integration: IntegrationId
    which: Literal["source", "directory"] = "source"
    credentials: Credentials
    by: str
    reason: str = ""
