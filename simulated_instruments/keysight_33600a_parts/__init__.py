"""The parts of the simulated 33600A: state and its couplings, memory, output, and the command tables over them."""
