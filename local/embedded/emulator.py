"""The embedded AWS: ministack as a program of its own, with seven things put right.

    python -I local/embedded/emulator.py --unpacked FOLDER [--door PORT] [--follow]

1. A handler's exception reaches Step Functions under its class name, so Retry and Catch by name work. ministack calls
   every exception `Runtime.HandlerError`.
2. A Map starts no further item once one has failed. ministack runs all of them to the end, so later waves of a run
   would still be written.
3. EventBridge calls a function as AWS does: again after an error, then its dead-letter queue. ministack calls once.
4. "Object Created" tells the object's version. ministack leaves it out, so a file that lands twice under one name
   would look the same.
5. Code is unpacked once and shared by all workers, in FOLDER; a zip that holds only `STANDS_AT` means the folder that
   it names. ministack unpacks every layer for every worker, which costs seconds for the columnar engine.
6. IAM judges a schedule by the group that it is in. ministack takes every schedule for one of the group `default`.
7. IAM knows by which algorithm a key is to sign. ministack does not tell it, so a right under that condition is none.

With `--door` the stack's HTTP API has an address of its own (`door.py`). With `--follow` the program ends when its
standard input closes: however its starter dies, nothing is left running.
Everything else is ministack's own; what it cannot do stands in docs/emulator-limits.md. The patches hold on to names
inside one version, so any other version is refused.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import types
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

PATCHED_VERSION = "1.5.33"

STANDS_AT = "stands-at"
"""The one file of a zip that is not packed: it names the folder that would be in it (see `package.py`)."""

ANSWER = '"error": str(e), "trace": traceback.format_exc()'
NAMED_ANSWER = '"error": str(e), "type": type(e).__name__, "trace": traceback.format_exc()'
"""What a worker writes when the handler raised, before and after the patch."""


def name_exceptions_by_their_class() -> None:
    """Patch 1. The worker adds the class name to its answer; the invocation's `errorType` becomes that name."""
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(ANSWER) != 1:
        raise SystemExit("ministack's worker has changed: look at the patches again")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(ANSWER, NAMED_ANSWER)

    raised = threading.local()
    invoke, execute = lambda_runtime.Worker.invoke, lambda_svc._execute_function_warm

    def invoke_and_remember(worker: Any, *args: Any, **options: Any) -> dict[str, Any]:
        answer: dict[str, Any] = invoke(worker, *args, **options)
        raised.name = answer.get("type") or (
            "Runtime.ExitError" if answer.get("error") == "Worker process died" else None
        )
        return answer

    def execute_and_name(*args: Any, **options: Any) -> dict[str, Any]:
        raised.name = None
        answer: dict[str, Any] = execute(*args, **options)
        if answer.get("error") and raised.name:
            answer["body"]["errorType"] = raised.name
        return answer

    lambda_runtime.Worker.invoke = invoke_and_remember
    lambda_svc._execute_function_warm = execute_and_name


class Stop(threading.Event):
    """Tells the items of one Map that one of them failed. Items get copies of their context; this one is shared."""

    def __deepcopy__(self, _: Any) -> Stop:
        return self


def stop_a_map_at_its_first_error() -> None:
    """Patch 2. Items that have not started when another one fails end without a call."""
    from ministack.services import stepfunctions

    run_map, run_item = stepfunctions._run_map_items, stepfunctions._run_sub_machine

    def run_map_with_stop(state: Any, given: Any, execution: Any, context: dict[str, Any]) -> Any:
        return run_map(state, given, execution, {**context, "Stop": Stop()})

    def run_item_unless_stopped(states: Any, first: Any, given: Any, execution: Any, context: dict[str, Any]) -> Any:
        stop = context.get("Stop") or Stop()
        if stop.is_set():
            raise stepfunctions._ExecutionError("States.Aborted", "another item of this Map failed")
        try:
            return run_item(states, first, given, execution, context)
        except stepfunctions._ExecutionError:
            stop.set()
            raise

    stepfunctions._run_map_items = run_map_with_stop
    stepfunctions._run_sub_machine = run_item_unless_stopped


def retry_what_eventbridge_calls() -> None:
    """Patch 3. A rule's function is invoked like any asynchronous invocation: retries, then its failure destination."""
    from ministack.services import eventbridge, lambda_svc

    def invoke(arn: str, payload: str) -> None:
        function, config, name = lambda_svc._get_func_record_for_ref(arn)
        if not function or not config:
            raise LookupError(f"a rule names the function {name}, which is not there")
        lambda_svc.invoke_async_with_retry(
            lambda_svc._execution_record_for_config(function, config), json.loads(payload)
        )

    eventbridge._dispatch_to_lambda = invoke


def tell_versions_of_objects() -> None:
    """Patch 4. The version is known where the event is made; it joins the event on its way to the bus."""
    from ministack.services import eventbridge, s3

    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event
    firing = threading.local()

    def fire_and_remember(*args: Any, **options: Any) -> None:
        firing.version = options.get("version_id")
        try:
            fire(*args, **options)
        finally:
            firing.version = None

    def dispatch_with_version(event: dict[str, Any], *args: Any, **options: Any) -> None:
        version_id = getattr(firing, "version", None)
        if version_id and event.get("Source") == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version_id
            event = {**event, "Detail": json.dumps(detail)}
        dispatch(event, *args, **options)

    s3._fire_s3_event = fire_and_remember
    eventbridge._dispatch_event = dispatch_with_version


def share_unpacked_zips(folder: Path) -> None:
    """Patch 5. Unpacking a zip for a worker becomes a link to one unpacked copy of the same content."""
    from ministack.core import lambda_runtime

    class SharedZip(zipfile.ZipFile):
        def extractall(self, path: Any = None, *_: Any, **__: Any) -> None:
            os.rmdir(path)
            os.symlink(self.standing() if self.namelist() == [STANDS_AT] else self.unpacked(), path)

        def standing(self) -> Path:
            return Path(self.read(STANDS_AT).decode())

        def unpacked(self) -> Path:
            shared = folder / self.content_hash()
            if not shared.exists():
                scratch = Path(tempfile.mkdtemp(dir=folder))
                super().extractall(scratch)
                try:
                    scratch.rename(shared)
                except OSError:  # another worker was faster
                    shutil.rmtree(scratch)
            return shared

        def content_hash(self) -> str:
            listing = "".join(f"{entry.filename}\0{entry.CRC}\0{entry.file_size}\n" for entry in self.infolist())
            return hashlib.sha256(listing.encode()).hexdigest()

    folder.mkdir(parents=True, exist_ok=True)
    lambda_runtime.zipfile = types.SimpleNamespace(**{**vars(zipfile), "ZipFile": SharedZip})


def judge_schedules_by_their_group() -> None:
    """Patch 6. The group comes in the body of a change, and in the query of a read or a removal."""
    from ministack.core import iam_actions

    resource_of = iam_actions.extract_resource_arn

    def resource_with_group(service: str, method: str, path: str, *args: Any, **options: Any) -> Any:
        found = resource_of(service, method, path, *args, **options)
        if service != "scheduler" or ":schedule/default/" not in str(found):
            return found
        group = _named_group(args, options)
        return found.replace(":schedule/default/", f":schedule/{group}/") if group else found

    iam_actions.extract_resource_arn = resource_with_group


def _named_group(args: tuple[Any, ...], options: dict[str, Any]) -> str:
    for given in (*args, *options.values()):
        if isinstance(given, dict) and given.get("groupName"):
            group = given["groupName"]
            return str(group[0] if isinstance(group, list) else group)
        if isinstance(given, bytes) and b'"GroupName"' in given:
            return str(json.loads(given)["GroupName"])
    return ""


def tell_how_a_key_signs() -> None:
    """Patch 7. Both words stand in the body of Sign and Verify; here they join what a condition may ask for."""
    from ministack.core import iam_actions

    context_of = iam_actions.request_tag_context
    words = {"SigningAlgorithm": "kms:SigningAlgorithm", "MessageType": "kms:MessageType"}

    def context_with_words(service: str, action: str, body: bytes, *args: Any, **options: Any) -> dict[str, Any]:
        context: dict[str, Any] = context_of(service, action, body, *args, **options)
        if action not in ("kms:Sign", "kms:Verify"):
            return context
        asked = json.loads(body or b"{}")
        return {**context, **{key: asked[word] for word, key in words.items() if word in asked}}

    iam_actions.request_tag_context = context_with_words


def open_the_front_door(port: int) -> None:
    """Give the HTTP API that was made last, in whatever account, a port of its own."""
    # This program runs apart from the project: its neighbour is found by its file.
    spec = importlib.util.spec_from_file_location("door", Path(__file__).with_name("door.py"))
    assert spec is not None
    assert spec.loader is not None
    door = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(door)

    def newest_api() -> str | None:
        from ministack.services import apigateway

        made = [str(api["apiId"]) for _, api in apigateway._apis.all_items() if api["protocolType"] == "HTTP"]
        return made[-1] if made else None

    door.serve(port, int(os.environ["GATEWAY_PORT"]), newest_api, tls=os.environ.get("USE_SSL") == "1")


def end_with_standard_input() -> None:
    """Wait in the background for the end of standard input, then end this process and its workers, one group."""

    def wait_and_end() -> None:
        sys.stdin.buffer.read()
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=wait_and_end, daemon=True).start()


def main() -> None:
    """Patch ministack and serve until the end; its own settings come from the environment (see `process.py`)."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--unpacked", type=Path, required=True)
    asked.add_argument("--door", type=int)
    asked.add_argument("--follow", action="store_true")
    options = asked.parse_args()
    if version("ministack") != PATCHED_VERSION:
        raise SystemExit(f"ministack {version('ministack')} is not {PATCHED_VERSION}: look at the patches again")
    name_exceptions_by_their_class()
    stop_a_map_at_its_first_error()
    retry_what_eventbridge_calls()
    tell_versions_of_objects()
    share_unpacked_zips(options.unpacked)
    judge_schedules_by_their_group()
    tell_how_a_key_signs()
    if options.door:
        open_the_front_door(options.door)
    if options.follow:
        end_with_standard_input()
    sys.argv = sys.argv[:1]
    from ministack.app import main as serve

    serve()


if __name__ == "__main__":
    main()
