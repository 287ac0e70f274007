"""Simulated instruments: front-ends that speak a model's wire language, and the bench that wires them."""

SIMULATED_INSTRUMENTS: dict[str, str] = {
    "pe-board": "simulated_instruments.pe_board:SimulatedPeBoard",
}
"""Short name of the driver that it stands in for -> ``module:Class``."""
