"""Sign-in is light: what importing its handlers brings along is felt by a child who waits (ADR 0036)."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.unit.functions.conftest import FUNCTIONS, ROOT

HEAVY = {
    "pydantic", "requests", "jwt", "polars", "boto3", "botocore.session", "botocore.exceptions", "urllib3",
    "cryptography", "msgspec", "paramiko",
    "aws_lambda_powertools.utilities.parser", "aws_lambda_powertools.utilities.idempotency",
    "homeroom.model.integration", "homeroom.products.catalogue", "homeroom.support", "homeroom.read",
}
SIGN_IN = [name for name in FUNCTIONS if name.startswith("sso_")]
LOADED = "import json, runpy, sys; runpy.run_path(sys.argv[1]); print(json.dumps(sorted(sys.modules)))"


@pytest.mark.parametrize("function", SIGN_IN)
def test_importing_a_sign_in_function_brings_nothing_heavy(function: str) -> None:
    command = [sys.executable, "-c", LOADED, str(ROOT / "functions" / function / "app.py")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert HEAVY & set(json.loads(done.stdout)) == set()


def test_there_are_three_of_them() -> None:
    assert SIGN_IN == ["sso_callback", "sso_login", "sso_provider"]
