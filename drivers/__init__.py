"""Drivers of real instruments, one file an instrument."""

DRIVERS: dict[str, str] = {
    "cell-prober": "drivers.cell_prober:CellProber",
    "keithley-2600": "drivers.keithley_2600:Keithley2600",
    "keysight-33600a": "drivers.keysight_33600a:Keysight33600A",
    "keysight-b1500": "drivers.keysight_b1500:KeysightB1500",
    "keysight-b1530": "drivers.keysight_b1530:KeysightB1530",
    "keysight-msox3104": "drivers.keysight_msox3104:KeysightMsox3104",
    "pcm-array": "drivers.pcm_array:PcmArray",
    "pe-board": "drivers.pe_board:PeBoard",
}
"""Short name -> ``module:Class``, loaded when a station names it."""
