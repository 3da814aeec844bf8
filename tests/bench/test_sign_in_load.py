"""Twenty requests a second for five minutes, as whole sign-ins: no error, and each of them once in the history."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.bench.sign_in_load import REQUESTS, check, counted, load_on, told
from tests.integration.sign_in_scene import own_stack

RATE, SECONDS = 20.0, 300.0

pytestmark = pytest.mark.bench


def test_twenty_requests_a_second_for_five_minutes_lose_nobody(capsys: Any) -> None:
    with own_stack() as aws, load_on(aws) as load:
        warmed, began = load.warm(), time.monotonic()
        load.run(RATE / REQUESTS, SECONDS)
        with capsys.disabled():
            print(f"\n  {told(load, time.monotonic() - began)}")
        check(load, counted(aws), round(RATE / REQUESTS * SECONDS), warmed)
