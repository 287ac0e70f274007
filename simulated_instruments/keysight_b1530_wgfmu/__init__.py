"""The parts of the simulated WGFMU instrument library: patterns, sequences, channels, runs, measured values."""
