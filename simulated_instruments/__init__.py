"""Simulated instruments: front-ends that speak a model's wire language, and the bench that wires them."""

SIMULATED_INSTRUMENTS: dict[str, str] = {}
"""Short name of the driver that it stands in for -> ``module:Class``."""
