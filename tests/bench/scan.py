"""The floor to compare with: inflate the six files of a OneRoster zip and read them into columns, nothing else."""

import sys
import zipfile

import polars as pl

STEMS = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")

with zipfile.ZipFile(sys.argv[1]) as archive:
    for stem in STEMS:
        pl.read_csv(archive.read(f"{stem}.csv"), infer_schema=False)
