"""Makes .venv from the hashed requirements; does nothing when nothing changed. Needs Python 3.11 or newer, no more."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
COMMAND = VENV / "bin" / "homeroom"
STAMP = VENV / "homeroom-setup"
INPUTS = ("requirements-uv.txt", "requirements-dev.txt", "pyproject.toml", ".ci/setup.py")


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit("Homeroom needs Python 3.11 or newer, and %s is %s. Try: make PYTHON=python3.13 setup" % (
            sys.executable, sys.version.split()[0]))
    wanted = key()
    if STAMP.exists() and STAMP.read_text() == wanted and COMMAND.exists():
        return
    print("Setting up .venv (the first time some 150 MB are downloaded) ...", flush=True)
    make_venv()
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON)]
    run([str(PYTHON), "-m", "pip", "install", "-qq", "--require-hashes", "-r", "requirements-uv.txt"])
    run([*uv, "--require-hashes", "-r", "requirements-dev.txt"])
    run([*uv, "--no-deps", "--no-build-isolation", "-e", "."])
    STAMP.write_text(wanted)


def key() -> str:
    """What .venv depends on: the place (its scripts hold absolute paths), this interpreter, the requirements."""
    digest = hashlib.sha256(sys.version.encode())
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return "%s\n%s\n" % (ROOT, digest.hexdigest())


def make_venv() -> None:
    """A fresh .venv, unless there is one of this very interpreter in this very place."""
    moved = STAMP.exists() and STAMP.read_text().splitlines()[:1] != [str(ROOT)]
    if not moved and (VENV / "bin" / "pip").exists() and version_of(PYTHON) == sys.version:
        return
    if VENV.exists():
        shutil.rmtree(VENV)
    try:
        run([sys.executable, "-m", "venv", str(VENV)])
    except SystemExit:
        print("This Python cannot make environments; on Debian and Ubuntu: apt install python3-venv", file=sys.stderr)
        raise


def version_of(python: Path) -> str:
    """Its full version line; empty if it does not run."""
    if not python.exists():
        return ""
    asked = subprocess.run([python, "-c", "import sys; print(sys.version, end='')"], capture_output=True, text=True)
    return asked.stdout


def run(command: list) -> None:
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment)
    if done.returncode:
        sys.exit("Set-up stopped: this command failed: %s" % " ".join(command))


main()
