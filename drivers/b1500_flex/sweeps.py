"""Lists of voltages as staircases: the mainframe sweeps evenly spaced voltages, so a list is cut into such pieces."""

import numpy as np

from labctl.capabilities import Floats

EVEN = 1e-9
"""Difference from even spacing, as part of the highest voltage, that is rounding of the caller's arithmetic."""
MOST_STEPS = 10001
"""Source: WV, number of steps."""


def staircases(voltages: Floats) -> list[Floats]:
    """Cut ``voltages`` (n,) into the fewest evenly spaced pieces, as far as going from left to right finds them."""
    tolerance = EVEN * float(np.max(np.abs(voltages), initial=0.0))
    pieces, start = [], 0
    while start < len(voltages):
        end = min(start + 2, len(voltages))
        while end < len(voltages) and end - start < MOST_STEPS:
            step = (voltages[end] - voltages[start]) / (end - start)
            inside = voltages[start] + step * np.arange(end - start + 1)
            if np.abs(voltages[start : end + 1] - inside).max() > tolerance:
                break
            end += 1
        pieces.append(voltages[start:end])
        start = end
    return pieces
