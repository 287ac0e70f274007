"""The current converter: codes, averages, saturation. Source: docs/pe-board-wire.md, section 5."""

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.pe_board_firmware.codes import OVERRANGE
from simulated_instruments.physics.compiled import compiled

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
PICO = 1e-12


@compiled
def _average(means: FloatArray, averages: int, step_pa: int, max_code: int, found: IntArray) -> None:
    step = step_pa * PICO
    for place in range(means.size):
        if means[place] / step + 0.5 >= max_code:
            found[place] = OVERRANGE
        else:
            codes = int(max(np.floor(means[place] * averages / step + 0.5), 0.0))
            found[place] = (2 * codes * step_pa + averages) // (2 * averages)


class Converter:
    """One range of the 16-bit unipolar converter.

    Args:
        step_pa: Current of one code, in pA.
        max_code: The last code, which means saturated.
    """

    def __init__(self, step_pa: int, max_code: int) -> None:
        self.step_pa = step_pa
        self.max_code = max_code

    def codes(self, currents: FloatArray) -> IntArray:
        """Return the codes of single conversions of ``currents`` (A), any shape."""
        return np.clip(np.floor(currents / (self.step_pa * PICO) + 0.5), 0, self.max_code).astype(np.int64)

    def averaged(self, means: FloatArray, averages: int) -> list[int]:
        """Return as a list what `averaged_codes` returns."""
        values: list[int] = self.averaged_codes(means, averages).tolist()
        return values

    def averaged_codes(self, means: FloatArray, averages: int) -> IntArray:
        """Return in pA (or OVERRANGE) what ``averages`` conversions give; ``means`` (n,) of their currents in A.

        The sum of the codes is rounded once, since the physics gives the mean of the reads and not each of them.
        """
        found = np.empty(means.size, dtype=np.int64)
        _average(means, averages, self.step_pa, self.max_code, found)
        return found

    def window(self, target_pa: int, tolerance_pa: int, averages: int) -> tuple[float, float]:
        """Return (middle, half-width) in A of the mean currents that read as within the tolerance of the target.

        A current below the window reads as too low and one above it as too high. No current may read as the target;
        then the half-width is 0 and the middle parts the two.
        """
        unit = 2 * self.step_pa
        lowest = target_pa - tolerance_pa
        highest = target_pa + tolerance_pa
        first = -((averages - 2 * averages * lowest) // unit)  # least sum of codes that reads as lowest or more
        last = -((-2 * averages * highest - averages) // unit) - 1  # greatest that reads as highest or less
        limit = averages * (2 * self.max_code - 1)  # twice the sum from which the converter is saturated
        above = min(max(2 * last + 1, 2 * first - 1), limit)
        below = min(2 * first - 1, limit)
        parts = 4 * averages
        return (below + above) * self.step_pa / parts * PICO, (above - below) * self.step_pa / parts * PICO
