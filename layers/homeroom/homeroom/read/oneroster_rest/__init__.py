"""Reads a OneRoster REST service, 1.1 or 1.2, in slices: ClassLink, Clever's OneRoster service, a SIS of its own."""
