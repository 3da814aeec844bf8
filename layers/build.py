"""Builds the Lambda layers, each as `<place>/<layer>/python/...`.

    layers/build.py local                          for this interpreter and machine (the embedded AWS, the tests)
    layers/build.py deploy --architecture arm64    for Lambda: python3.13, wheels only; prints and asserts the sizes
    layers/build.py deploy --architecture arm64 --layer deps --into DIR     one layer as DIR/python (`sam build`)

Without `--into` the layers stand in `.homeroom/build/layers/<local|arm64|x86_64>/` and are built again only when
what goes into them changed. Needs `uv` beside the interpreter that runs it (`make setup`) or on the PATH.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

Layer = Literal["deps", "engine", "homeroom"]
Target = Literal["local", "arm64", "x86_64"]

LAYERS: tuple[Layer, ...] = get_args(Layer)
ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / ".homeroom" / "build" / "layers"
DEPLOYED_PYTHON = "3.13"
PLATFORMS: dict[Target, str] = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
MIB = 1024 * 1024
MOST_MIB = 240
"""Lambda refuses a function above 250 MiB unzipped, its layers included; the rest is room for a hot fix."""
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


def build(target: Target, layer: Layer, into: Path) -> None:
    """Write one layer as `into`/python. The `.dist-info` folders stay: licences, and what scanners read."""
    python = into / "python"
    if layer == "homeroom":
        shutil.copytree(ROOT / "layers/homeroom/homeroom", python / "homeroom", ignore=LEFT_OUT)
        return
    chosen = ["--python", sys.executable]
    if target in PLATFORMS:
        chosen = ["--python-platform", PLATFORMS[target], "--python-version", DEPLOYED_PYTHON]
    subprocess.run(
        [uv(), "pip", "install", "--quiet", "--target", python, *chosen, "--only-binary", ":all:",
         "--require-hashes", "-r", ROOT / "layers" / layer / "requirements.txt"],
        check=True,
    )
    shutil.rmtree(python / "bin", ignore_errors=True)
    (python / ".lock").unlink(missing_ok=True)


def built(target: Target, layers: tuple[Layer, ...] = LAYERS) -> dict[Layer, Path]:
    """The folders of the layers, built if they are not there or their inputs changed. Safe against a second builder."""
    place = BUILT / target
    place.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(place / ".lock"):
        for layer in layers:
            stamp, key = place / f"{layer}.inputs", inputs(target, layer)
            if stamp.exists() and stamp.read_text() == key:
                continue
            stamp.unlink(missing_ok=True)
            shutil.rmtree(place / layer, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=place) as scratch:
                build(target, layer, Path(scratch) / layer)
                (Path(scratch) / layer).rename(place / layer)
            stamp.write_text(key)
    return {layer: place / layer for layer in layers}


def inputs(target: Target, layer: Layer) -> str:
    """A hash of everything that a built layer depends on."""
    interpreter = DEPLOYED_PYTHON if target in PLATFORMS else sys.version
    digest = hashlib.sha256(f"{target} {layer} {interpreter}".encode())
    package = sorted(p for p in (ROOT / "layers/homeroom/homeroom").rglob("*") if p.is_file() and p.suffix != ".pyc")
    sources = package if layer == "homeroom" else [ROOT / "layers" / layer / "requirements.txt"]
    for path in (Path(__file__), *sources):
        digest.update(f"\n{path.relative_to(ROOT)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Holds a file lock, which the system frees even if this process dies."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def uv() -> str:
    """The installer: beside this interpreter, else on the PATH."""
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    return found or sys.exit("layers/build.py: no uv here; run `make setup`")


def size(folder: Path) -> int:
    """Bytes of all files below, as Lambda counts them unzipped."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and p.suffix != ".pyc")


def sizes(target: Target) -> dict[str, int]:
    """Bytes of each built layer, of the largest function, and of a function that carries all of them."""
    parts: dict[str, int] = {layer: size(folder) for layer, folder in built(target).items()}
    parts["function"] = max((size(app.parent) for app in ROOT.glob("functions/*/app.py")), default=0)
    return {**parts, "together": sum(parts.values())}


def main() -> None:
    """The command line, see the top of this file."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("target", choices=["local", "deploy"])
    asked.add_argument("--architecture", choices=list(PLATFORMS), help="of the machine that Lambda will use")
    asked.add_argument("--layer", choices=LAYERS)
    asked.add_argument("--into", type=Path, help="with --layer: write here instead of the shared build folder")
    options = asked.parse_args()
    if (options.target == "deploy") != bool(options.architecture):
        asked.error("deploy needs --architecture; local has none")
    if options.into and not options.layer:
        asked.error("--into needs --layer")
    target: Target = options.architecture or "local"
    if options.into:
        build(target, options.layer, options.into)
    else:
        for folder in built(target, (options.layer,) if options.layer else LAYERS).values():
            print(folder.relative_to(ROOT))
        if options.target == "deploy" and not options.layer:
            show_sizes(target)


def show_sizes(target: Target) -> None:
    """Print what a function with every layer weighs; fails when Lambda would refuse it before long."""
    measured = sizes(target)
    for name, size_bytes in measured.items():
        print(f"{name:10} {size_bytes / MIB:7.1f} MiB")
    if measured["together"] > MOST_MIB * MIB:
        sys.exit(f"layers/build.py: more than {MOST_MIB} MiB unzipped for {target}")


if __name__ == "__main__":
    main()
