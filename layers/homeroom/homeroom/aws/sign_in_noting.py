"""Log lines, metrics and security events of sign-ins: words of a list, and nothing else.

Metrics have no dimension but the service, so that a sign-in costs no new metric (ADR 0036): `SignIn` for each that
ended well, `SignInRefused` for each that ended on a page, pages that alarms look at one by one, and `SignInSecurity`.
By product, district or page support asks the history, and the log.
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
FAULT = "SSO-501"
ALARMING: Mapping[str, str] = {"SSO-103": "SignInSSO103", "SSO-109": "SignInSSO109", FAULT: "SignInSSO501"}
"""Page → metric that counts it alone, because an alarm looks at it."""
UNASKED = ("SSO-103", "callback")
"""Page and step of an error that was in an address and that no sign-in of the browser asked for: whoever types it must
not be able to say that a portal is down."""
COUNTED: Mapping[str, str] = {"failed": ALARMING[FAULT], "stale keys": "SignInStaleKeys"}
"""Words of `count` that are a metric too. A fault is counted where it happens, once, whatever page follows."""
TOLD = (
    "login_id", "portal", "app", "product", "integration", "outcome", "step", "reason", "rule", "role", "person",
    "tenant", "subject_ref", "hops", "unsolicited",
)
"""What a line says of an attempt."""
WORDS = frozenset({*TOLD, "code", "client_id", "error", "at"})
"""All that a line of another kind may hold: a word that is not here is left out."""


@cache
def metrics() -> Metrics:
    """The metrics of this process; namespace and service come from the environment."""
    return Metrics()


def flush() -> None:
    """Write what was counted, at the end of a request."""
    if metrics().metric_set:
        metrics().flush_metrics()


def fault(error: Exception, at: str) -> None:
    """An error that reached the frame: its class and place, never its message."""
    logger.error("failed", extra={"outcome": FAULT, "error": type(error).__name__, "at": at})
    _add(ALARMING[FAULT])


class LogAndMetrics:
    """`homeroom.sso.ports.Noting` in Powertools' logger and metrics."""

    def signed(self, attempt: Attempt, milliseconds: Mapping[str, float]) -> None:
        told = {name: value for name, value in asdict(attempt).items() if name in TOLD}
        times = {f"{name.replace(' ', '_')}_ms": round(value, 1) for name, value in milliseconds.items()}
        logger.info("sso.login", extra={**told, **times})
        _add(SIGN_IN if attempt.outcome == SIGNED_IN else REFUSED)
        if attempt.outcome in ALARMING and attempt.outcome != FAULT and (attempt.outcome, attempt.step) != UNASKED:
            _add(ALARMING[attempt.outcome])
        if "total" in milliseconds:
            metrics().add_metric(MILLISECONDS, MetricUnit.Milliseconds, milliseconds["total"])

    def alarm(self, event: str, **words: str | int) -> None:
        logger.warning("sso.security", extra={"event": event, **_listed(words)})
        _add(SECURITY)

    def count(self, name: str, **words: str | int) -> None:
        log = logger.error if name == "failed" else logger.info
        log("sso.count", extra={"counted": name, **_listed(words)})
        if name in COUNTED:
            _add(COUNTED[name])


def _add(metric: str) -> None:
    metrics().add_metric(metric, MetricUnit.Count, 1)


def _listed(words: Mapping[str, str | int]) -> dict[str, str | int]:
    return {name: value for name, value in words.items() if name in WORDS}
