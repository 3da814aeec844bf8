"""Which row of the sign-in reference a test proves, by its number: `docs/sso-conformance.md` is made of these.

    @proves("C14", "T2")
    def test_an_answer_in_another_browser_opens_nothing() -> None: ...

C: the conformance list (1 to 50). T: the threats (1 to 44). K: Clever's own statements about sign-in (46 to 60).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])


def proves(*rows: str) -> Callable[[Test], Test]:
    """Leaves the test as it is: the page reads the decorator from the source."""
    del rows
    return lambda test: test
