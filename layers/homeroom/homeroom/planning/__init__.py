"""The outside of `flow.plan_run`: what planning reads from the world (`opening`, `around`), and what it keeps there.

Everything a run keeps lies below `runs/<integration>/<run>/`; the state it would leave lies below `state/`. Nothing
here writes the roster table.
"""

from homeroom.planning.around import around
from homeroom.planning.dividing import divider
from homeroom.planning.keeping import keep_failure, keep_plan
from homeroom.planning.opening import Planning, progress
from homeroom.planning.undoing import plan_undo

__all__ = ["Planning", "around", "divider", "keep_failure", "keep_plan", "plan_undo", "progress"]
