"""report: everything a run found and did → the Sync Status summary (requirement C6), in numbers and in words.

    summary   the one document about a run: what changed, what is wrong, who acts next
    words     the same as a paragraph for mail and messages
    metrics   the same as numbers for alarms
    issues    the findings themselves, as JSON lines or CSV: for the district, never for a log

Pure, and without the engine: `finish_run` and `support` use it too.
"""
