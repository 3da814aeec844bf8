"""A short look at sign-in under load; `tests/bench/test_sign_in_load.py` has five minutes of it."""

from __future__ import annotations

from tests.bench.sign_in_load import REQUESTS, check, counted, load_on
from tests.integration.sign_in_scene import own_stack

RATE, SECONDS = 20.0, 8.0


def test_sign_ins_that_arrive_whatever_others_take_are_each_counted_once() -> None:
    with own_stack() as aws, load_on(aws) as load:
        warmed = load.warm()
        load.run(RATE / REQUESTS, SECONDS)
        check(load, counted(aws), round(RATE / REQUESTS * SECONDS), warmed)
    assert warmed > 0
