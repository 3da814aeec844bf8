"""Where things are kept: keys in the roster bucket, in one place so that no two modules disagree."""

from __future__ import annotations

DIRECTORY = "directory"
"""Folder below an integration's landing folder in which no roster lands."""


def run_folder(integration: str, run: int) -> str:
    """`runs/<integration>/<run>/`: everything one run wrote."""
    return f"runs/{integration}/{run:08d}/"


def request(integration: str, run: int) -> str:
    return run_folder(integration, run) + "request.json"


def fetched_folder(integration: str, run: int) -> str:
    """`runs/<integration>/<run>/read/`: what a poll of an API or of a server kept, until the raw snapshot is made."""
    return run_folder(integration, run) + "read/"


def fetched_about(integration: str, run: int) -> str:
    """Written last: proof that the read is whole."""
    return fetched_folder(integration, run) + "about.json"


def fetched_progress(integration: str, run: int) -> str:
    """How far a read came, for its next slice."""
    return fetched_folder(integration, run) + "progress.json"


def fetched_block(integration: str, run: int, stem: str, number: int) -> str:
    """JSON lines of one collection, gzipped."""
    return f"{fetched_folder(integration, run)}{stem}/{number:06d}.jsonl.gz"


def fetched_part(integration: str, run: int, name: str) -> str:
    """The first bytes of a file whose download goes on in the next slice, or what else a poll must remember."""
    return f"{fetched_folder(integration, run)}part/{name}"


def pulled(integration: str, run: int, name: str) -> str:
    """In the landing bucket: a file that a run fetched by SFTP. No event tells of it; the run itself reads it."""
    return f"pulled/{integration}/{run:08d}/{name}"


def raw(integration: str, run: int, stem: str) -> str:
    """Raw rows of one OneRoster file, without fields that nobody may receive."""
    return f"{run_folder(integration, run)}raw/{stem}.parquet"


def raw_about(integration: str, run: int) -> str:
    """Source, modes and content hash of the raw snapshot."""
    return run_folder(integration, run) + "raw/about.json"


def accounts(integration: str, run: int) -> str:
    """The district's directory as that run saw it, JSON lines; it goes with the raw rows."""
    return f"{run_folder(integration, run)}raw/directory.jsonl.gz"


def uploaded_directory(integration: str, name: str) -> str:
    """In the landing bucket: a list of accounts that the district uploads. No part of any set of files."""
    return f"landing/{integration}/{DIRECTORY}/{name}"


def issues(integration: str, run: int) -> str:
    return run_folder(integration, run) + "issues.jsonl.gz"


def manifest(integration: str, run: int) -> str:
    """Counts, guards, parts, hash of the plan."""
    return run_folder(integration, run) + "plan/manifest.json"


def plan_folder(integration: str, run: int) -> str:
    """`runs/<integration>/<run>/plan/`: the plan, which is the journal too."""
    return run_folder(integration, run) + "plan/"


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
