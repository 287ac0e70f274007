"""The parts of the B1530A driver: its library's functions, codes, limits, and what a run is made of."""
