"""Drivers of real instruments, one file an instrument."""

DRIVERS: dict[str, str] = {
    "keithley-2600": "drivers.keithley_2600:Keithley2600",
    "pe-board": "drivers.pe_board:PeBoard",
}
"""Short name -> ``module:Class``, loaded when a station names it."""
