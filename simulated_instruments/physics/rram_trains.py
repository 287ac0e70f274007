"""Trains of identical pulses on the cells of ``rram.py``, compiled."""

from simulated_instruments.physics.cell_rows import IntArray
from simulated_instruments.physics.compiled import compiled
from simulated_instruments.physics.rram_kernels import CellArray, Drive, Law, pulse_kernel

# numba notices a change of this file, but not of rram_kernels.py: after a change there delete the cached code.


@compiled
def train_kernel(
    cells: CellArray, chosen: IntArray, now: float, drive: Drive, law: Law, count: int, period: float
) -> None:
    """Give each chosen cell ``count`` pulses, ``period`` (s) apart."""
    for number in range(count):
        pulse_kernel(cells, chosen, now + number * period, drive, law)
