"""The layers: small enough for Lambda, and enough for every handler to be imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "layers" / "build.py"
HANDLERS = sorted(ROOT.glob("functions/*/app.py"))
WITH_ENGINE = {"plan_roster"}
RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")
"""What Lambda's python3.13 brings along beside the standard library."""

IMPORT_HANDLER = """
import json, sys
sys.path += json.loads(sys.argv[1])
import app
found = sorted(m for m in sys.modules if m in ("polars", "boto3", "ministack", "local", "tests"))
print(json.dumps({"handler": callable(app.handler), "found": found}))
"""


def layers_for(target: str, *options: str) -> str:
    """Build the layers and return what the build printed."""
    done = subprocess.run([sys.executable, BUILD, target, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def layers() -> dict[str, Path]:
    return {Path(line).name: ROOT / line / "python" for line in layers_for("local").splitlines()}


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that stands for the Lambda runtime: boto3 and what it needs, nothing else of this environment."""
    import boto3

    here, runtime = Path(boto3.__file__).parent.parent, tmp_path_factory.mktemp("runtime")
    for name in RUNTIME_PACKAGES:
        (runtime / name).symlink_to(here / name)
    return runtime


def import_handler(path: list[Path]) -> subprocess.CompletedProcess[str]:
    """Import `app` in a bare interpreter: no site-packages, no environment, nothing but `path`."""
    command = [sys.executable, "-I", "-S", "-B", "-c", IMPORT_HANDLER, json.dumps([str(p) for p in path])]
    return subprocess.run(command, capture_output=True, text=True, env={}, check=False)


@pytest.mark.parametrize("app", HANDLERS, ids=lambda app: app.parent.name)
def test_a_handler_imports_with_nothing_but_its_layers(app: Path, layers: dict[str, Path], runtime: Path) -> None:
    mine = [layers["homeroom"], layers["deps"]]
    if app.parent.name in WITH_ENGINE:
        mine.append(layers["engine"])
    done = import_handler([app.parent, *mine, runtime])
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["handler"]
    assert not {"ministack", "local", "tests"} & set(seen["found"])
    assert ("polars" in seen["found"]) <= (app.parent.name in WITH_ENGINE)


def test_the_bare_interpreter_really_has_nothing(layers: dict[str, Path], tmp_path: Path) -> None:
    """Otherwise the test above would prove nothing."""
    for name in ("pydantic", "polars", "boto3", "homeroom", "pytest"):
        (tmp_path / "app.py").write_text(f"import {name}\n")
        done = import_handler([tmp_path])
        assert done.returncode == 1
        assert f"No module named '{name}'" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_a_function_with_every_layer_stays_under_240_mib(architecture: str) -> None:
    printed = layers_for("deploy", "--architecture", architecture)
    print(printed)
    weights = {line.split()[0]: float(line.split()[1]) for line in printed.splitlines() if line.endswith("MiB")}
    assert weights["engine"] > 100
    assert weights["deps"] > 10
    assert weights["together"] == pytest.approx(
        sum(weight for name, weight in weights.items() if name != "together"), abs=0.3
    )
    assert weights["together"] < 240


@pytest.mark.slow
@pytest.mark.parametrize(("architecture", "machine"), [("x86_64", 0x3E), ("arm64", 0xB7)])
def test_a_layer_for_lambda_holds_only_that_machines_code(architecture: str, machine: int) -> None:
    layers_for("deploy", "--architecture", architecture)
    libraries = sorted((ROOT / ".homeroom/build/layers" / architecture).rglob("*.so"))
    assert libraries
    wrong = [p.name for p in libraries if int.from_bytes(p.read_bytes()[18:20], "little") != machine]
    assert wrong == []
    assert not [p for p in libraries if "cpython-" in p.name and "cpython-313-" not in p.name]
