"""Apply: the plan becomes items of the roster table, part by part, and the pointer moves last.

`items` says what is written where, `part` writes one part of a plan under the lease, `commit` ends a run, `dirty`
reads what an interrupted run may have left. Knows the outside world only through `homeroom.ports`.
"""
