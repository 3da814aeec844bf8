"""What holds pupils' data: encrypted with our key, versioned or recoverable, private, never deleted with the stack."""

from __future__ import annotations

from typing import Any

import pytest

from tests.template.conftest import Resources, of_type
from tests.template.policies import statements

BUCKETS = ["LandingBucket", "RosterBucket"]
OUR_KEY = {"Fn::GetAtt": ["RosterKey", "Arn"]}
TABLES: dict[str, dict[str, Any]] = {
    "RosterTable": {"keys": ["owner", "member"], "ttl": None},
    "RunsTable": {"keys": ["integration", "item"], "ttl": "expires_at"},
    "IntegrationsTable": {"keys": ["id"], "ttl": None},
    "IdempotencyTable": {"keys": ["id"], "ttl": "expiration"},
    "SignInsTable": {"keys": ["owner", "item"], "ttl": "expires_at"},
}
SHORT_LIVED = "LaunchesTable"
"""Sign-ins on their way: nothing in it outlives ten minutes."""
KEEPS_DATA = [*BUCKETS, *TABLES, "RosterKey", "SftpServer", "SigningKeySlotA", "SigningKeySlotB", "ReferenceSecret"]


def rules(resources: Resources, bucket: str) -> dict[str, dict[str, Any]]:
    found = resources[bucket]["Properties"]["LifecycleConfiguration"]["Rules"]
    return {rule["Id"]: rule for rule in found}


def test_these_are_all_the_buckets_and_tables(resources: Resources) -> None:
    assert [name for name, _ in of_type(resources, "AWS::S3::Bucket")] == BUCKETS
    assert [name for name, _ in of_type(resources, "AWS::DynamoDB::Table")] == [*TABLES, SHORT_LIVED]


@pytest.mark.parametrize("name", KEEPS_DATA)
def test_deleting_the_stack_keeps_what_holds_data(resources: Resources, name: str) -> None:
    assert resources[name]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resources[name]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("name", [*BUCKETS, *TABLES, SHORT_LIVED, "ReferenceSecret"])
def test_what_outlives_the_stack_has_no_name_of_its_own(resources: Resources, name: str) -> None:
    assert not {"BucketName", "TableName", "Name"} & set(resources[name]["Properties"])


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_encrypted_with_our_key_and_versioned(resources: Resources, bucket: str) -> None:
    properties = resources[bucket]["Properties"]
    (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["BucketKeyEnabled"] is True
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": OUR_KEY}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_private_and_speaks_tls_only(resources: Resources, bucket: str) -> None:
    properties = resources[bucket]["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (deny,) = [s for s in statements(resources) if s.holder == f"{bucket}Policy"]
    assert (deny.effect, deny.actions, deny.condition) == (
        "Deny",
        ("s3:*",),
        {"Bool": {"aws:SecureTransport": "false"}},
    )
    assert set(deny.places) == {f"{bucket}.Arn", f"${{{bucket}.Arn}}/*"}


def test_landed_originals_expire_and_their_arrival_is_told(resources: Resources) -> None:
    landed = rules(resources, "LandingBucket")["LandedOriginalsExpire"]
    assert landed["ExpirationInDays"] == {"Ref": "LandedDays"}
    assert landed["NoncurrentVersionExpiration"]["NoncurrentDays"] > 0
    assert landed["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] > 0
    notices = resources["LandingBucket"]["Properties"]["NotificationConfiguration"]
    assert notices == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_in_the_roster_bucket_only_the_tag_lets_a_current_object_expire(resources: Resources) -> None:
    expiring = {name: rule for name, rule in rules(resources, "RosterBucket").items() if "ExpirationInDays" in rule}
    assert list(expiring) == ["SupersededRunsExpire"]
    assert expiring["SupersededRunsExpire"]["TagFilters"] == [{"Key": "superseded", "Value": "true"}]
    assert expiring["SupersededRunsExpire"]["ExpirationInDays"] == {"Ref": "SupersededDays"}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_every_lifecycle_rule_is_switched_on(resources: Resources, bucket: str) -> None:
    assert {rule["Status"] for rule in rules(resources, bucket).values()} == {"Enabled"}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_on_demand_recoverable_encrypted_and_protected(resources: Resources, table: str) -> None:
    properties = resources[table]["Properties"]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": OUR_KEY}
    assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["DataProtected", True, False]}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_keys_and_the_expiry_that_the_code_uses(resources: Resources, table: str) -> None:
    properties = resources[table]["Properties"]
    assert [key["AttributeName"] for key in properties["KeySchema"]] == TABLES[table]["keys"]
    ttl = properties.get("TimeToLiveSpecification")
    assert (ttl and ttl["Enabled"] and ttl["AttributeName"]) == TABLES[table]["ttl"]


def test_the_indexes_are_those_that_the_code_uses(resources: Resources) -> None:
    found = {
        index["IndexName"]: (
            [key["AttributeName"] for key in index["KeySchema"]],
            index["Projection"]["ProjectionType"],
            index["Projection"].get("NonKeyAttributes", []),
        )
        for table in TABLES
        for index in resources[table]["Properties"].get("GlobalSecondaryIndexes", [])
    }
    assert found == {
        "by_person": (["person_key", "class_key"], "INCLUDE", ["role", "status", "begin_date", "end_date"]),
        "all_records": (["shard", "owner"], "KEYS_ONLY", []),
        "held": (["held_state", "held_at"], "ALL", []),
        "listed": (["list", "order"], "ALL", []),
    }


def test_what_lives_for_minutes_is_encrypted_tidied_up_and_never_recovered(resources: Resources) -> None:
    properties = resources[SHORT_LIVED]["Properties"]
    assert properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": OUR_KEY}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "cleaned_at", "Enabled": True}
    assert [key["AttributeName"] for key in properties["KeySchema"]] == ["id"]
    assert "PointInTimeRecoverySpecification" not in properties
    assert resources[SHORT_LIVED]["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize("key", ["RosterKey", "AlertsKey"])
def test_keys_turn_yearly(resources: Resources, key: str) -> None:
    assert resources[key]["Properties"]["EnableKeyRotation"] is True


def test_no_service_may_use_the_key_of_roster_data_by_itself(resources: Resources) -> None:
    (only,) = resources["RosterKey"]["Properties"]["KeyPolicy"]["Statement"]
    assert list(only["Principal"]) == ["AWS"]
