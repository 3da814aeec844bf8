"""`sam build` and `sam deploy` as for an AWS account, but to an empty embedded AWS; then looks at what stands there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from local.embedded import Clients, embedded

ROOT = Path(__file__).resolve().parent.parent
STACK = "homeroom-local"


def main() -> None:
    sam("build", "--config-env", "local")
    with embedded() as aws:
        sam("deploy", "--config-env", "local", "--no-progressbar", endpoint=aws.endpoint)
        print(check(aws.clients, yaml_parse((ROOT / "template.yaml").read_text())))


def sam(*command: str, endpoint: str = "") -> None:
    """Run the SAM CLI, with nothing of this machine's own AWS settings."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    aws = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }
    if endpoint:
        aws["AWS_ENDPOINT_URL"] = endpoint
    cli = ROOT / ".ci" / "sam"
    done = subprocess.run([cli, *command], cwd=ROOT, env=mine | aws, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        sys.exit(f"sam {command[0]} failed")


def check(clients: Clients, template: dict[str, Any]) -> str:
    """Compare the stack with the template and say what stands; exits with what is missing."""
    stack = clients("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    found = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    wanted = {name for name, output in template["Outputs"].items() if "Condition" not in output}
    if stack["StackStatus"] != "CREATE_COMPLETE" or not wanted <= found.keys() or not all(found.values()):
        sys.exit(f"{stack['StackStatus']}; outputs missing: {sorted(wanted - found.keys())}; stack: {stack}")
    functions = [r for r in template["Resources"].values() if r["Type"] == "AWS::Serverless::Function"]
    deployed = clients("lambda").list_functions(MaxItems=50)["Functions"]
    bare = [f["FunctionName"] for f in deployed if len(f.get("Layers", [])) < 2]
    if len(deployed) != len(functions) or bare:
        sys.exit(f"{len(deployed)} of {len(functions)} functions stand; without their layers: {bare}")
    return f"{STACK}: {stack['StackStatus']}, {len(found)} outputs, {len(deployed)} functions with their layers"


if __name__ == "__main__":
    main()
