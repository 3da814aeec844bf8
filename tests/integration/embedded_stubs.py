"""Stand-ins for our functions, to prove what lies between them: template, state machine, events, queues, retries.

Each notes the event it got as `seen/<function>/<number>.json` in the roster bucket, then answers by the integration's
name. The tree around them is the real one: the real template and the real state machine.
"""

from __future__ import annotations

import shutil
from pathlib import Path

COMMON = """
import json, os, sys, time, uuid
import boto3

s3 = boto3.client("s3")

class RetryableError(Exception): pass
class LeaseLost(Exception): pass
class SourceUnusable(Exception): pass

def note(event, context):
    name = context.function_name.rpartition("-")[2]
    key = f"seen/{name}/{time.time_ns()}-{uuid.uuid4()}.json"
    s3.put_object(Bucket=os.environ["ROSTER_BUCKET"], Key=key, Body=json.dumps(event))

def times_seen(name, integration):
    found = s3.list_objects_v2(Bucket=os.environ["ROSTER_BUCKET"], Prefix=f"seen/{name}/").get("Contents", [])
    bodies = [json.loads(s3.get_object(Bucket=os.environ["ROSTER_BUCKET"], Key=o["Key"])["Body"].read()) for o in found]
    return sum(body.get("integration") == integration for body in bodies)
"""

BODIES = {
    "start_run": """
def handler(event, context):
    note(event, context)
    if event["integration"] == "next-refused":
        raise SourceUnusable("FIL-01: no door")
    return {"integration": event["integration"], "run": 2, "state": "queued"}
""",
    "ingest_sftp_file": """
def handler(event, context):
    note(event, context)
    if "Records" in event:
        bad = [r["messageId"] for r in event["Records"] if "poison" in r["body"]]
        return {"batchItemFailures": [{"itemIdentifier": message} for message in bad]}
    key = event["detail"]["object"]["key"]
    if "unreadable" in key:
        raise SourceUnusable("FIL-02: not a zip")
    body = json.dumps({"integration": key.split("/")[1]})
    boto3.client("sqs").send_message(QueueUrl=os.environ["SETTLE_QUEUE_URL"], DelaySeconds=1, MessageBody=body)
""",
    **{poll: f"""
def handler(event, context):
    note(event, context)
    if event["integration"] == "poll-fails":
        raise SourceUnusable("SRC-02: unreachable")
    return {{"done": times_seen("{poll}", event["integration"]) >= 3, "records": 7, "requests": 1}}
""" for poll in ("poll_oneroster", "poll_clever", "pull_sftp")},
    "plan_roster": """
def handler(event, context):
    note(event, context)
    integration = event["integration"]
    if integration == "unusable":
        raise SourceUnusable("FIL-02: two lines of\\ntext: with a colon")
    if integration == "busy-once" and times_seen("plan_roster", integration) < 2:
        raise RetryableError("RUN-03: the table is busy")
    if integration == "cannot-be-used":
        return {"verdict": "fail", "waves": [], "operations": 0}
    if integration == "nothing-new":
        return {"verdict": "nothing", "waves": [], "operations": 0}
    return {"verdict": "apply", "waves": [[0, 1, 2], [3], [4, 5]], "operations": 51000}
""",
    "upsert_roster": """
def handler(event, context):
    note(event, context)
    if event["integration"] == "lease-lost" and event["part"] == 3:
        raise LeaseLost("RUN-01: a newer run owns the roster")
    if event["part"] == 1 and event["offset"] < 9000:
        return {"done": False, "offset": event["offset"] + 4500}
    return {"done": True, "offset": 10000}
""",
    "finish_run": """
def handler(event, context):
    note(event, context)
    if event.get("integration") == "untold" and "error" in event:
        raise LeaseLost("RUN-01: cannot tell")
    bad = event.get("error") or event.get("verdict") == "fail"
    waiting = {"two-deliveries", "next-refused"}
    return {"outcome": "failed" if bad else "applied", "pending": event.get("integration") in waiting}
""",
    "support": """
def handler(event, context):
    note(event, context)
    return {"environment": dict(os.environ), "path": sys.path}
""",
    **dict.fromkeys(("sso_login", "sso_callback", "sso_provider"), """
def handler(event, context):
    return {"statusCode": 200, "headers": {}, "cookies": [], "body": json.dumps(event)}
"""),
}


LAYERS = ("deps", "engine", "homeroom")


def stub_tree(root: Path, target: Path) -> Path:
    """A copy of the deployed tree with stand-ins for the functions and for the build of the layers."""
    shutil.copy(root / "template.yaml", target)
    shutil.copytree(root / "statemachines", target / "statemachines")
    for function, body in BODIES.items():
        folder = target / "functions" / function
        folder.mkdir(parents=True)
        (folder / "app.py").write_text(COMMON + body)
    for layer in LAYERS:
        (target / "layers" / layer / "python").mkdir(parents=True)
        (target / "layers" / layer / "python" / f"only_in_{layer}.py").touch()
    (target / "layers" / "build.py").write_text(f"for layer in {LAYERS}: print('layers/' + layer)")
    return target
