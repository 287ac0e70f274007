"""Drivers of real instruments, one file an instrument."""

DRIVERS: dict[str, str] = {
    "pe-board": "drivers.pe_board:PeBoard",
}
"""Short name -> ``module:Class``, loaded when a station names it."""
