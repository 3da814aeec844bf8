"""The demonstration: a sample district made in code, and three landings of its export."""
