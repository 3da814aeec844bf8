"""What the shape stage hands on: the roster that is wanted, and what the sharing rules leave out, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from homeroom.check.findings import no_issues

SOURCE_ID = "source_id"
RULE = "rule"


@dataclass(frozen=True)
class DesiredEntity:
    """Records that are wanted, ids that are present but unusable (their last good version stays), ids removed."""

    records: pl.DataFrame
    unusable: pl.Series
    gone: pl.Series


@dataclass(frozen=True)
class Desired:
    """The desired roster, by entity. What was not `delivered` stays as it was applied (conformance 16).

    `left_out` has, for each entity, one row for each record that would be wanted but for a rule: `source_id` and
    `rule`, why it is left out (the words of `homeroom.shape.sharing` and of `homeroom.model.reasons`). Without rules it
    is empty. `issues` are what the rules found, in the form of `homeroom.model.issues.ISSUE_COLUMNS`.
    """

    entities: Mapping[str, DesiredEntity]
    delivered: frozenset[str]
    left_out: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    issues: pl.DataFrame = field(default_factory=no_issues)
