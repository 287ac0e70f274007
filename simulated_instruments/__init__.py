"""Simulated instruments: front-ends that speak a model's wire language, and the bench that wires them."""

SIMULATED_INSTRUMENTS: dict[str, str] = {
    "bench": "simulated_instruments.bench:Bench",
    "cell-prober": "simulated_instruments.cell_prober:SimulatedCellProber",
    "keithley-2600": "simulated_instruments.keithley_2600:SimulatedKeithley2600",
    "keysight-33600a": "simulated_instruments.keysight_33600a:SimulatedKeysight33600A",
    "keysight-b1500": "simulated_instruments.keysight_b1500:SimulatedKeysightB1500",
    "keysight-b1530": "simulated_instruments.keysight_b1530:SimulatedWgfmuLibrary",
    "keysight-msox3104": "simulated_instruments.keysight_msox3104:SimulatedKeysightMsox3104",
    "pcm-array": "simulated_instruments.pcm_array:SimulatedPcmArray",
    "pe-board": "simulated_instruments.pe_board:SimulatedPeBoard",
}
"""Short name of the driver that it stands in for -> ``module:Class``; ``bench`` is the wiring between them."""
