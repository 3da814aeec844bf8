"""Reads Clever's Data API: whole, or by events since the roster that was applied last."""
