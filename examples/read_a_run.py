"""Read a run file in two ways: with labctl, and with h5py alone. Usage: read_a_run.py FILE."""

import sys

import h5py

import labctl

file = sys.argv[1]

run = labctl.load(file)
print(f"{run.protocol} on {run.header.station}: {run.status}, parameters {run.parameters}")

writes = run["write"]  # a pandas DataFrame, one write a row
print(writes.attrs["units"])
print(writes.groupby("level")[["target", "current", "pulses"]].mean())

with h5py.File(file) as hdf5:
    current = hdf5["entry/write/current"]
    mean = f"mean {current[:].mean():.3g} {current.attrs['units']}"
    print(f"{current.shape[0]} writes, {current.attrs['long_name']}, {mean}")
