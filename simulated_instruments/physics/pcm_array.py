"""A large array of phase-change cells that are only switched whole and read, by their measured statistics.

Each cell has six numbers: mean and standard deviation, over its switchings, of log10 R_set, of log10 R_reset and of
the drift exponent d. A new cell draws the mean from the population of means, and takes the standard deviation at the
same cumulative probability in its own population (rank coupling). At every switching R and d are drawn anew from the
cell's own normal distributions. An amorphous cell drifts as R(t) = R(t0) (t/t0)^d from its last RESET; a crystalline
one does not. Source: Nat. Commun. 12, 319 (2021), Eq. (1) and its device model; the medians and d are the paper's, the
spreads stand in its supplement alone and are *assumed*.

The pulse's physics is in `pcm`; this model is for what needs 1e5 cells at thousands of reads a second.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.physics.checks import check_at_least_one
from simulated_instruments.physics.pcm_array_kernels import DEVIATION, drifted

Floats = NDArray[np.float32]


class Population(NamedTuple):
    """How a quantity is spread: over cells, and from switching to switching.

    Attributes:
        mean: Of the cells' means.
        spread: Standard deviation of the cells' means.
        cycle: Mean of the cells' standard deviations over their switchings.
        cycle_spread: Standard deviation of these.
    """

    mean: float
    spread: float
    cycle: float
    cycle_spread: float


RESET = Population(7.0, 0.10, 0.03, 0.01)
"""log10 of Ohm, 1 s after a RESET. Median: Source; spreads *assumed*."""
SET = Population(math.log10(3e4), 0.05, 0.02, 0.005)
"""log10 of Ohm. Median: Source; spreads *assumed*."""
DRIFT = Population(0.10, 0.01, 0.003, 0.001)
"""Exponent d. Mean: Source; spreads *assumed*."""


@dataclass(frozen=True)
class PcmStatistics:
    """The population, SI units; resistances as log10 of Ohm.

    Raises:
        ValueError: A number that is not finite, or a spread below 0.
    """

    reset: Population = RESET
    set: Population = SET
    drift: Population = DRIFT
    drift_start: float = 1.0  # s, t0; *assumed*
    read_noise: float = 0.01  # of R in one read; *assumed*

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            numbers = value if isinstance(value, tuple) else (value,)
            spreads = value[1:] if isinstance(value, tuple) else (value,)
            if not all(map(math.isfinite, numbers)) or min(spreads) < 0.0:
                raise ValueError(f"{field.name} must be finite, spreads not below 0, got {value}")
        if self.drift_start <= 0.0:
            raise ValueError(f"drift_start must be above 0 s, got {self.drift_start:g} s")


class PcmArray:
    """So many cells; all crystalline at first.

    Times are whole microseconds on one clock that does not run backwards, so that ages are exact. One thread at a time.

    Args:
        count: Cells.
        seed: Of everything random.
        statistics: The population.
    """

    def __init__(self, count: int, *, seed: int, statistics: PcmStatistics | None = None) -> None:
        check_at_least_one("count", count)
        self.count = count
        self.statistics = of = statistics or PcmStatistics()
        self._random = np.random.Generator(np.random.SFC64(seed))
        self._cells = {name: self._drawn_cells(getattr(of, name)) for name in ("reset", "set", "drift")}
        self._decades = np.empty(count, dtype=np.float32)
        self._exponent = np.zeros(count, dtype=np.float32)
        self._since = np.zeros(count, dtype=np.int64)
        self._work = np.empty(count, dtype=np.float32)
        self._key, self._reads = int(self._random.integers(2**32)), 0
        self.switchings = 0
        self._stuck = np.zeros(count, dtype=bool)
        self._draw("set", np.arange(count), self._decades)

    def switch(self, cells: NDArray[np.integer], high: NDArray[np.bool_], now: int) -> None:
        """RESET the cells where ``high``, SET the others; each draws its resistance and exponent anew.

        Args:
            cells: (n,) indexes, each at most once.
            high: (n,).
            now: Time, in us.
        """
        self.switchings += len(cells)
        works = ~self._stuck[cells]
        cells, high = cells[works], high[works]
        up, down = cells[high], cells[~high]
        self._draw("reset", up, self._decades)
        self._draw("drift", up, self._exponent)
        self._exponent[up] = np.maximum(self._exponent[up], 0.0)
        self._draw("set", down, self._decades)
        self._exponent[down] = 0.0
        self._since[cells] = now

    def stick(self, cells: NDArray[np.integer], decades: float) -> None:
        """Stick ``cells`` (n,) at a resistance, log10 of Ohm: no pulse changes it, and it does not drift."""
        self._stuck[cells] = True
        self._decades[cells], self._exponent[cells] = decades, 0.0

    def stuck(self) -> NDArray[np.int64]:
        """Return which cells are stuck."""
        return np.flatnonzero(self._stuck)

    def read(self, now: int, out: Floats | None = None) -> Floats:
        """Return log10 of the resistances (count,) in Ohm at ``now`` (us), with read noise; fills ``out`` if given."""
        result = np.empty(self.count, dtype=np.float32) if out is None else out
        self._reads += 1
        drifted(
            np.int64(now), self._since, np.float32(1e-6 / self.statistics.drift_start), self._exponent, self._decades,
            np.uint32((self._key + self._reads * 0x9E3779B9) & 0xFFFFFFFF),
            np.float32(self.statistics.read_noise / math.log(10.0) / DEVIATION), self._work, result,
        )  # fmt: skip
        return result

    def true_decades(self, now: int) -> NDArray[np.float64]:
        """Return log10 of the resistances (count,) without noise; changes nothing."""
        age = np.maximum((now - self._since) * (1e-6 / self.statistics.drift_start), 1.0)
        return np.asarray(self._decades + self._exponent * np.log10(age), dtype=np.float64)

    def exponents(self) -> Floats:
        """Return the drift exponents (count,) of the last switching; 0 for crystalline cells."""
        return self._exponent.copy()

    def saved(self, now: int) -> dict[str, NDArray[Any]]:
        """Return all that later reads and switchings hang on, with ages in place of times."""
        state: Any = self._random.bit_generator.state
        words = [*state["state"]["state"].tolist(), state["has_uint32"], state["uinteger"], self._reads]
        return {
            "decades": self._decades.copy(),
            "exponent": self._exponent.copy(),
            "age": now - self._since,
            "random": np.array(words, dtype=np.uint64),
        }

    def load(self, saved: Mapping[str, NDArray[Any]], now: int) -> None:
        """Become what `saved` returned, at another time of the clock; the cells must have been drawn from one seed.

        Raises:
            ValueError: It is of another number of cells.
        """
        if any(saved[name].shape != (self.count,) for name in ("decades", "exponent", "age")):
            raise ValueError(f"the saved state is not of {self.count} cells")
        self._decades[:], self._exponent[:] = saved["decades"], saved["exponent"]
        self._since[:] = now - saved["age"]
        state: Any = self._random.bit_generator.state
        state["state"]["state"] = saved["random"][:4].astype(np.uint64)
        state["has_uint32"], state["uinteger"] = int(saved["random"][4]), int(saved["random"][5])
        self._random.bit_generator.state = state
        self._reads = int(saved["random"][6])

    def _drawn_cells(self, of: Population) -> tuple[Floats, Floats]:
        """Draw mean and standard deviation of each cell, at one cumulative probability."""
        rank = self._random.standard_normal(self.count)
        spread = np.maximum(of.cycle + of.cycle_spread * rank, 0.0)
        return (of.mean + of.spread * rank).astype(np.float32), spread.astype(np.float32)

    def _draw(self, name: str, cells: NDArray[np.integer], into: Floats) -> None:
        mean, spread = self._cells[name]
        into[cells] = mean[cells] + spread[cells] * self._random.standard_normal(len(cells), dtype=np.float32)
