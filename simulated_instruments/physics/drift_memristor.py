"""Drift memristors (Pd/HfO2/Ta): non-volatile synapses whose conductance moves gradually above a threshold voltage.

The filament x goes from 0 (high resistance, wide gap) to 1 and the conductance is G = G_low (G_high/G_low)^x:

- above the set threshold dx/dt = +(1 - x) r(V - V_set - V_gap (1 - x)): a wider gap needs more voltage,
- below minus the reset threshold dx/dt = -x r(-V - V_reset),
- r(u) = (exp(u/V_0) - 1)/tau for u > 0, else 0: nothing at all moves below a threshold.

Resetting is solved exactly at a constant voltage whatever the step, setting by the midpoint rule in steps of its own; x
saturates at both ends. Thresholds and both conductances differ from cell to cell; a threshold is drawn anew whenever
the direction of writing turns round.

Source: Nat. Electron. 1, 137 (2018): gradual, non-volatile, around 100 uS as fabricated and a high-resistance state;
it gives no other number, nor a law: all others are *assumed*.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulated_instruments.physics.checks import check_at_least_one
from simulated_instruments.physics.compiled import compiled
from simulated_instruments.physics.random_streams import advance_uniforms, normal, seed_streams

FloatArray = NDArray[np.float64]

SYNAPSE = np.dtype([
    ("weight", np.float64),  # x
    ("low", np.float64),  # ln of S
    ("span", np.float64),  # of ln of S
    ("set", np.float64),  # V, of the present direction of writing
    ("reset", np.float64),  # V, as a positive number
    ("mean_set", np.float64),
    ("mean_reset", np.float64),
    ("direction", np.int64),  # +1 was set last, -1 was reset last, 0 neither
    ("state", np.uint64),  # of the cell's random stream
    ("stride", np.uint64),
])  # fmt: skip
"""One synapse."""


OWN_STEP = 0.02
"""Largest part of the way to its end that the filament takes in one step while it is set."""


class DriftLaw(NamedTuple):
    """Constants of the kernel, SI units."""

    slope: float  # V by which the rate grows e-fold
    tau: float  # s
    gap: float  # V that the widest gap needs in addition
    cycle: float  # V, of the thresholds


@dataclass(frozen=True)
class DriftParameters:
    """The numbers of the cell, SI units; *assumed* but for ``start``'s and ``high``'s order of magnitude.

    Raises:
        ValueError: A parameter that is not finite or not above 0 (spreads: below 0), or ``low`` not below ``high``.
    """

    set_threshold: float = 0.55  # V, of a closed gap; *assumed*
    gap: float = 0.25  # V in addition, of the widest gap; *assumed*
    reset_threshold: float = 0.60  # V; *assumed*
    threshold_spread: float = 0.010  # V, sd over cells; *assumed*
    threshold_cycle_spread: float = 0.010  # V, sd from turn to turn; *assumed*
    slope: float = 0.05  # V; *assumed*
    tau: float = 2e-3  # s; *assumed*
    low: float = 5e-6  # S, median of the high-resistance state; *assumed*
    high: float = 130e-6  # S, median of the fully set state; *assumed*
    spread: float = 0.03  # of ln of both; *assumed*
    start: float = 100e-6  # S, median of a fresh cell
    start_spread: float = 0.05  # of ln; *assumed*

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not math.isfinite(value) or value < 0.0 or (value == 0.0 and not name.endswith("spread")):
                raise ValueError(f"{name} must be finite and above 0, got {value:g}")
        if self.low >= self.high:
            raise ValueError(f"low must be below high, got {self.low:g} S and {self.high:g} S")

    def law(self) -> DriftLaw:
        """Return the constants of the kernel."""
        return DriftLaw(self.slope, self.tau, self.gap, self.threshold_cycle_spread)


class DriftMemristors:
    """So many synapses; what happens to one depends on the seed, its number and its own history alone.

    Args:
        count: Number of synapses, at least 1.
        seed: 0 .. 2^64 - 1.
        parameters: The numbers of the model.

    Attributes:
        cells: (count,) of `SYNAPSE`, for kernels.
        law: For kernels.
    """

    def __init__(self, count: int, *, seed: int, parameters: DriftParameters | None = None) -> None:
        check_at_least_one("count", count)
        of = parameters or DriftParameters()
        self.count = count
        self.law = of.law()
        states, strides = seed_streams(count, seed)

        def drawn(mean: float, spread: float) -> FloatArray:
            return np.asarray(mean + spread * ndtri(advance_uniforms(states, strides) + 2.0**-54))

        cells = np.zeros(count, dtype=SYNAPSE)
        for side in ("set", "reset"):
            mean = getattr(of, f"{side}_threshold")
            cells[f"mean_{side}"] = cells[side] = np.maximum(drawn(mean, of.threshold_spread), 0.1 * mean)
        cells["low"] = drawn(math.log(of.low), of.spread)
        cells["span"] = np.maximum(drawn(math.log(of.high), of.spread) - cells["low"], 0.01)
        start = np.exp(drawn(math.log(of.start), of.start_spread))
        cells["state"], cells["stride"] = states, strides
        self.cells = cells
        self.conductances = start

    @property
    def conductances(self) -> FloatArray:
        """The conductances (count,) in S; those written are taken as near as the cells' ends allow."""
        return np.asarray(np.exp(self.cells["low"] + self.cells["weight"] * self.cells["span"]))

    @conductances.setter
    def conductances(self, siemens: FloatArray) -> None:
        self.cells["weight"] = np.clip((np.log(siemens) - self.cells["low"]) / self.cells["span"], 0.0, 1.0)

    def hold(self, volts: FloatArray, seconds: float) -> None:
        """Hold ``volts`` (count,) V across the cells for ``seconds``; positive sets."""
        for index in range(self.count):
            expose(self.cells[index], seconds, float(volts[index]), self.law)


@compiled
def siemens(cell: Any) -> float:
    """Return the cell's conductance (S) now."""
    return float(np.exp(cell["low"] + cell["weight"] * cell["span"]))


@compiled
def rate(cell: Any, volts: float, law: DriftLaw) -> float:
    """Return the rate (1/s) at which the filament goes to its end at ``volts``, 0 between the thresholds."""
    if volts > 0.0:
        over = volts - cell["set"] - law.gap * (1.0 - cell["weight"])
    else:
        over = -volts - cell["reset"]
    return float((np.exp(min(over / law.slope, 50.0)) - 1.0) / law.tau) if over > 0.0 else 0.0


@compiled
def expose(cell: Any, dt: float, volts: float, law: DriftLaw) -> float:
    """Move one cell on by ``dt`` (s) at constant ``volts`` (V); return its conductance (S) then."""
    left = dt
    while left > 0.0:
        pace = rate(cell, volts, law)
        if pace <= 0.0:
            break
        _turn(cell, volts > 0.0, law)
        if volts < 0.0:
            cell["weight"] *= np.exp(-pace * left)
            break
        step = min(left, OWN_STEP / pace)
        before = cell["weight"]
        cell["weight"] = 1.0 + (before - 1.0) * np.exp(-0.5 * step * pace)
        pace = rate(cell, volts, law)
        cell["weight"] = 1.0 + (before - 1.0) * np.exp(-step * pace)
        if 1.0 - cell["weight"] < 1e-12:
            break
        left -= step
    return siemens(cell)


@compiled
def _turn(cell: Any, up: bool, law: DriftLaw) -> None:
    """Note the direction of writing; where it turns, draw the threshold of the way back anew."""
    direction = 1 if up else -1
    if cell["direction"] == direction:
        return
    if cell["direction"] != 0:
        deviate, cell["state"] = normal(cell["state"], cell["stride"])
        if up:
            cell["reset"] = max(cell["mean_reset"] + law.cycle * deviate, 0.1 * cell["mean_reset"])
        else:
            cell["set"] = max(cell["mean_set"] + law.cycle * deviate, 0.1 * cell["mean_set"])
    cell["direction"] = direction
