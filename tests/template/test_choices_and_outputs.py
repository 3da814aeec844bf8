"""What may be chosen, what samconfig chooses, and what a person can look up afterwards."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.template.conftest import Resources, of_type

STAGES = ["local", "dev", "prod", "default"]


@pytest.fixture(scope="module")
def samconfig(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "samconfig.toml").read_text())


def chosen(samconfig: dict[str, Any], stage: str) -> dict[str, str]:
    overrides = samconfig[stage]["deploy"]["parameters"]["parameter_overrides"]
    return dict(pair.split("=", 1) for pair in overrides.split())


@pytest.mark.parametrize("stage", STAGES)
def test_samconfig_chooses_what_the_template_offers(
    samconfig: dict[str, Any], template: dict[str, Any], stage: str
) -> None:
    for name, value in chosen(samconfig, stage).items():
        parameter = template["Parameters"][name]
        assert value in map(str, parameter.get("AllowedValues", [value])), name
        assert int(value) <= parameter["MaxValue"] if "MaxValue" in parameter else True, name


def test_each_stage_is_a_stack_of_its_own_and_sam_alone_means_dev(samconfig: dict[str, Any]) -> None:
    names = {stage: samconfig[stage]["deploy"]["parameters"]["stack_name"] for stage in STAGES}
    assert names == {
        "local": "homeroom-local",
        "dev": "homeroom-dev",
        "prod": "homeroom-prod",
        "default": "homeroom-dev",
    }
    assert chosen(samconfig, "default") == chosen(samconfig, "dev")


def test_prod_asks_first_and_protects_its_tables(samconfig: dict[str, Any]) -> None:
    assert samconfig["prod"]["deploy"]["parameters"]["confirm_changeset"] is True
    assert chosen(samconfig, "prod")["DeletionProtection"] == "true"


def test_samconfig_holds_no_secret(root: Path) -> None:
    text = (root / "samconfig.toml").read_text()
    assert not re.search(r"(?i)(secret|password|token)\w*\s*=\s*\"", text)
    assert not re.search(r"AKIA|\d{12}", text)


def test_the_embedded_aws_deploys_with_the_parameters_of_samconfig(samconfig: dict[str, Any]) -> None:
    from local.embedded.stack import PARAMETERS, STACK

    theirs = chosen(samconfig, "local")
    del theirs["Architecture"]
    assert theirs == PARAMETERS
    assert samconfig["local"]["deploy"]["parameters"]["stack_name"] == STACK


def test_every_function_bucket_table_and_queue_can_be_looked_up(template: dict[str, Any], resources: Resources) -> None:
    kinds = ("AWS::Serverless::Function", "AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SQS::Queue")
    wanted = {name for kind in kinds for name, _ in of_type(resources, kind)}
    shown = {out["Value"]["Ref"] for out in template["Outputs"].values() if "Ref" in out["Value"]}
    assert wanted <= shown


def test_every_output_says_what_it_is_for(template: dict[str, Any]) -> None:
    assert all(len(output["Description"]) > 10 for output in template["Outputs"].values())


def test_sftp_is_an_option_and_comes_with_all_that_a_user_needs(template: dict[str, Any], resources: Resources) -> None:
    assert template["Parameters"]["EnableSftp"]["Default"] == "false"
    optional = {name for name, resource in resources.items() if resource.get("Condition") == "HasSftp"}
    assert optional == {"SftpLogs", "SftpServer", "SftpUserRole"}
    shown = {name for name, output in template["Outputs"].items() if output.get("Condition") == "HasSftp"}
    assert shown == {"SftpServerId", "SftpEndpoint", "SftpUserRoleArn"}


def test_every_parameter_and_condition_is_used(root: Path, template: dict[str, Any]) -> None:
    text = (root / "template.yaml").read_text()
    for name in template["Parameters"]:
        assert re.search(rf"!Ref {name}\b|\$\{{{name}\}}", text), name
    for name in template["Conditions"]:
        assert re.search(rf"(Condition: |!If \[|- ){name}\b", text), name
