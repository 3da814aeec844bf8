"""The canonical roster: entities and their fields, vocabularies, ids, issue codes, plans, integrations and runs.

Knows nobody else in the package.
"""
