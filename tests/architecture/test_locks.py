"""The pinned requirements: hashed, naming no place to fetch from, and the same for tests and Lambda."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted([*ROOT.glob("requirements*.txt"), *ROOT.glob("layers/*/requirements.txt")])
REQUIREMENT = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;]+)(?: ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def pins(lock: Path) -> dict[str, str]:
    """Version of each distribution that a lock names."""
    found = (REQUIREMENT.match(line) for line in lock.read_text().splitlines())
    return {match["name"]: match["version"] for match in found if match}


def test_every_lock_is_looked_at() -> None:
    assert {str(lock.relative_to(ROOT)) for lock in LOCKS} == {
        "requirements-dev.txt",
        "requirements-sam.txt",
        "requirements-uv.txt",
        "layers/deps/requirements.txt",
        "layers/engine/requirements.txt",
    }


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_a_lock_holds_nothing_but_versions_and_hashes(lock: Path) -> None:
    """Hence no index, no address, no local path: each machine fetches from where it always does."""
    lines = lock.read_text().splitlines()
    assert [line for line in lines if not (REQUIREMENT.match(line) or HASH.match(line))] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_every_version_in_a_lock_has_a_hash(lock: Path) -> None:
    lines = lock.read_text().splitlines()
    requirements = [n for n, line in enumerate(lines) if REQUIREMENT.match(line)]
    assert requirements
    assert all(HASH.match(lines[n + 1]) for n in requirements)


@pytest.mark.parametrize("layer", ["deps", "engine"])
def test_a_layer_has_the_versions_that_the_tests_use(layer: str) -> None:
    tested, deployed = pins(ROOT / "requirements-dev.txt"), pins(ROOT / "layers" / layer / "requirements.txt")
    assert deployed
    assert deployed == {name: tested[name] for name in deployed}


def test_the_runtimes_own_packages_are_in_no_layer() -> None:
    layered = pins(ROOT / "layers/deps/requirements.txt") | pins(ROOT / "layers/engine/requirements.txt")
    assert layered.keys().isdisjoint({"boto3", "botocore", "s3transfer", "aws-xray-sdk"})


def test_no_function_brings_requirements_of_its_own() -> None:
    """Layers carry them all. `sam build` also wants exactly python3.13 with pip where it sees such a file, else any."""
    assert list(ROOT.glob("functions/*/requirements.txt")) == []
