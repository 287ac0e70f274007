"""The parts of the B1500A driver: the FLEX dialogue, data, modules and ranges, and sweeps."""
