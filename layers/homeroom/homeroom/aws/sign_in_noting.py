"""Log lines, metrics and security events of sign-ins: words of a list, and nothing else.

Metrics have no dimension but the service, so that a sign-in costs no new metric (ADR 0036): `SignIn` for each that
ended well, `SignInRefused` for each that ended on a page, the page's code as a metric where an alarm looks at it, and
`SignInSecurity` for security events. By product, district or page support asks the history, and the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from homeroom.model.sign_in import SIGNED_IN, Attempt

logger = Logger()

SIGN_IN, REFUSED, SECURITY, MILLISECONDS = "SignIn", "SignInRefused", "SignInSecurity", "SignInMilliseconds"
ALARMING = ("SSO-103", "SSO-109", "SSO-501")
"""Pages that are counted one by one, as `SignInSSO103`: an alarm looks at their number."""
_TOLD = ("login_id", "portal", "app", "product", "integration", "outcome", "step", "reason", "rule", "role", "person",
         "tenant", "subject_ref", "hops", "unsolicited")
_WORDS = frozenset({*_TOLD, "code", "status", "kid", "name", "client_id", "issuer", "step", "trigger"})
"""All that a line may hold. A word that is not here is left out."""


@cache
def metrics() -> Metrics:
    """The metrics of this process; namespace and service come from the environment."""
    return Metrics()


def flush() -> None:
    """Write what was counted, at the end of a request."""
    if metrics().metric_set:
        metrics().flush_metrics()


def count_page(code: str) -> None:
    """One more page of a code that an alarm looks at."""
    if code in ALARMING:
        metrics().add_metric(f"SignIn{code.replace('-', '')}", MetricUnit.Count, 1)


class LogAndMetrics:
    """`homeroom.sso.ports.Noting` in Powertools' logger and metrics."""

    def signed(self, attempt: Attempt, milliseconds: Mapping[str, float]) -> None:
        told = {name: value for name, value in asdict(attempt).items() if name in _TOLD}
        times = {f"{name}_ms": round(value, 1) for name, value in milliseconds.items()}
        logger.info("sso.login", extra={**told, **times})
        metrics().add_metric(SIGN_IN if attempt.outcome == SIGNED_IN else REFUSED, MetricUnit.Count, 1)
        count_page(attempt.outcome)
        if "total" in milliseconds:
            metrics().add_metric(MILLISECONDS, MetricUnit.Milliseconds, milliseconds["total"])

    def alarm(self, event: str, **words: str | int) -> None:
        logger.warning("sso.security", extra={"event": event, **_listed(words)})
        metrics().add_metric(SECURITY, MetricUnit.Count, 1)

    def count(self, name: str, **words: str | int) -> None:
        logger.info("sso.count", extra={"counted": name, **_listed(words)})


def _listed(words: Mapping[str, str | int]) -> dict[str, str | int]:
    return {name: value for name, value in words.items() if name in _WORDS}
