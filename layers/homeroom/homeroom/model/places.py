"""Where things are kept: keys in the roster bucket, in one place so that no two modules disagree."""

from __future__ import annotations


def run_folder(integration: str, run: int) -> str:
    """`runs/<integration>/<run>/`: everything one run wrote."""
    return f"runs/{integration}/{run:08d}/"


def request(integration: str, run: int) -> str:
    return run_folder(integration, run) + "request.json"


def raw(integration: str, run: int, stem: str) -> str:
    """Raw rows of one OneRoster file, without fields that nobody may receive."""
    return f"{run_folder(integration, run)}raw/{stem}.parquet"


def raw_about(integration: str, run: int) -> str:
    """Source, modes and content hash of the raw snapshot."""
    return run_folder(integration, run) + "raw/about.json"


def issues(integration: str, run: int) -> str:
    return run_folder(integration, run) + "issues.jsonl.gz"


def manifest(integration: str, run: int) -> str:
    """Counts, guards, parts, hash of the plan."""
    return run_folder(integration, run) + "plan/manifest.json"


def part(integration: str, run: int, number: int) -> str:
    return f"{run_folder(integration, run)}plan/part-{number:05d}.jsonl.gz"


def result(integration: str, run: int, number: int) -> str:
    return f"{run_folder(integration, run)}results/part-{number:05d}.json"


def summary(integration: str, run: int) -> str:
    return run_folder(integration, run) + "summary.json"


def state_folder(integration: str, run: int) -> str:
    """`state/<integration>/<run>/`: the roster as that run left it, one file an entity, archived records included."""
    return f"state/{integration}/{run:08d}/"


def state(integration: str, run: int, entity: str) -> str:
    return f"{state_folder(integration, run)}{entity}.parquet"
