"""Run files: one HDF5 file a run, a journal beside it while it is being written, recovery and reading."""
