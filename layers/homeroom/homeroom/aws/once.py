"""Idempotency: the same event acts once. Powertools keeps its answer for an hour."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
)

from homeroom.aws.clients import plain_dynamodb
from homeroom.aws.settings import settings
from homeroom.errors import RetryableError

Act = Callable[[], dict[str, Any]]
KEPT_SECONDS = 3600


class Once:
    """Idempotency of one function.

    An error forgets the event, so that its repeat acts again. A process that was killed leaves the event "in progress"
    until its time would have ended: a `repeatable` function then acts at once, because its work may be done twice, and
    any other asks for another try later.
    """

    def __init__(self, name: str, *, repeatable: bool):
        self._name = name
        self._repeatable = repeatable

    def __call__(self, same: Any, act: Act, context: Any = None) -> dict[str, Any]:
        """The answer of `act`, or the one that was kept for an event that is the `same`; None is like no other."""
        if same is None or (self._repeatable and not settings().idempotency_table):
            return act()

        def keyed(*, same: Any) -> dict[str, Any]:  # noqa: ARG001 - Powertools reads the key from this argument
            return act()

        config = IdempotencyConfig(hash_function="sha256", expires_after_seconds=KEPT_SECONDS)
        if context is not None:
            config.register_lambda_context(context)
        kept = idempotent_function(
            keyed, data_keyword_argument="same", persistence_store=self._store, config=config, key_prefix=self._name
        )
        try:
            answer: dict[str, Any] = kept(same=same)
        except IdempotencyAlreadyInProgressError:
            if self._repeatable:
                return act()
            raise RetryableError("the same event is being worked on") from None
        except (IdempotencyInconsistentStateError, IdempotencyPersistenceLayerError) as error:
            raise RetryableError(f"the memory of events did not answer: {type(error).__name__}") from None
        return answer

    @cached_property
    def _store(self) -> DynamoDBPersistenceLayer:
        return DynamoDBPersistenceLayer(table_name=settings().need("idempotency_table"), boto3_client=plain_dynamodb())
