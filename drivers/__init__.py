"""Drivers of real instruments, one file an instrument."""

DRIVERS: dict[str, str] = {
    "keysight-b1500": "drivers.keysight_b1500:KeysightB1500",
    "keysight-b1530": "drivers.keysight_b1530:KeysightB1530",
    "pe-board": "drivers.pe_board:PeBoard",
}
"""Short name -> ``module:Class``, loaded when a station names it."""
