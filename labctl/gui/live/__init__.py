"""Live plots: what a protocol declares, drawn from bounded buffers off the path that takes the data."""
