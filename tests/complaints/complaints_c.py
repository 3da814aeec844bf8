"""Complaints about apps that take their roster from Clever, in our words: rows of the list `C`."""

from __future__ import annotations

from tests.complaints.complaints import Complaint

CLEVER: tuple[Complaint, ...] = ()
