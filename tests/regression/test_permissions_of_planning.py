"""What planning does in the ledger, its role must allow: the embedded AWS asks nobody."""

from __future__ import annotations

from pathlib import Path

from homeroom.aws.runs_table import RunsTable

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def test_the_role_of_plan_roster_may_write_how_far_a_run_is() -> None:
    assert "put_item" in RunsTable.record.__code__.co_names
    text = TEMPLATE.read_text()
    role = text[text.index("  PlanRosterFunction:"):text.index("  UpsertRosterLogs:")]
    runs = role[:role.index("Resource: !GetAtt RunsTable.Arn")]
    assert "dynamodb:PutItem" in runs[runs.rindex("Action:"):]


def test_the_role_of_plan_roster_may_look_at_the_runs_of_the_days_before() -> None:
    assert "drained" in (TEMPLATE.parent / "layers/homeroom/homeroom/planning/around.py").read_text()
    text = TEMPLATE.read_text()
    role = text[text.index("  PlanRosterFunction:"):text.index("  UpsertRosterLogs:")]
    runs = role[:role.index("Resource: !GetAtt RunsTable.Arn")]
    assert "dynamodb:Query" in runs[runs.rindex("Action:"):]
