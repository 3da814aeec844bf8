"""Homeroom: rosters of learning products kept equal to the district's Student Information System.

Read `flow.py` first: the whole run in one screen. The folders are its stages, in order:
read, check, shape, diff, guard, apply, report.
"""
