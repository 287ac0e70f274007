"""Diffusive memristors (Pt/SiOxNy:Ag/Pt): volatile threshold switches that integrate and fire.

A fast stand-in for the Langevin equations of ``diffusive_langevin.py``, calibrated against them, in SI units.

- **Off**, silver moves at a rate that grows exponentially with the voltage and is forgotten with a memory time:
  memory dp/dt = exp((|V| - V_th)/V_s) - p. The cell fires at p = q, where q is 1 on average. With q = 1, V_th is the
  lowest voltage that ever fires it, and the delay falls steeply above: t_d = -memory ln(1 - exp(-(V - V_th)/V_s)).
- **On**, the filament f tends to 1/(1 + exp((V_hold - |V|)/V_h)) with the relaxation time, and breaks at f = 1/2.
- **Conductance** is G_off (G_on/G_off)^f, with f decaying with the relaxation time after the filament broke.
- Each firing has its own threshold and q (both Gaussian), hold voltage and relaxation time, drawn when the last
  filament broke and again when the cell has forgotten.

Source: Nat. Electron. 1, 137 (2018) for the circuit (20 uS in series, 200 us of rest, 0.5 to 0.8 V). Threshold, hold,
relaxation and resistances are *assumed* within what related Ag alloys show. The Langevin model with its defaults gave
(medians of 300 devices, V in units of the voltage that nearly always switches, times in 1/kappa): delays 19.7, 9.3, 5.7
at 0.8, 0.9, 1.0, so V_s/V = 0.13 to 0.20 (0.125 of V_th here); a spread of ln(delay) of 0.4 to 0.6 (0.28 here, from
V_th and q); relaxation after 3.4 to 4.2, taken as 40 us, so that 1/kappa is some 10 us. Its delays fall less
steeply than these above 1.2 V_th, and its relaxation spreads more, by 0.8 of ln (0.3 here, so that the paper's rest of
200 us makes a cell forget).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulated_instruments.physics import diffusive_kernels as kernels
from simulated_instruments.physics.checks import check_at_least_one, check_finite
from simulated_instruments.physics.random_streams import advance_uniforms, seed_streams

FloatArray = NDArray[np.float64]
RESTED = 0.05
"""Progress below which a cell has forgotten; *assumed*."""
SMALLEST_STEP = 1e-9
"""Of the circuit's integration, in s."""


@dataclass(frozen=True)
class DiffusiveParameters:
    """The numbers of the cell, SI units.

    Raises:
        ValueError: A parameter that is not finite or not above 0 (spreads: below 0).
    """

    threshold: float = 0.40  # V, mean over cells; *assumed*
    threshold_spread: float = 0.016  # V, sd over cells; *assumed*: 4 %
    threshold_cycle_spread: float = 0.010  # V, sd from firing to firing; *assumed*: 2.5 %
    need_cycle_spread: float = 0.20  # sd of q; *assumed*: in voltage another 2.5 %, so that counts are near a Gaussian
    hold: float = 0.15  # V, mean over cells; *assumed*
    hold_spread: float = 0.008  # V; *assumed*
    hold_cycle_spread: float = 0.005  # V; *assumed*
    hold_width: float = 0.010  # V; *assumed*
    steepness: float = 0.050  # V, V_s; V_s/V_th from the Langevin model
    memory: float = 40e-6  # s; *assumed*: a rest of 200 us is to forget everything
    relaxation: float = 40e-6  # s, median; *assumed*
    relaxation_cycle_spread: float = 0.3  # of ln; *assumed*
    on_resistance: float = 2e3  # Ohm, median; *assumed*
    off_resistance: float = 1e7  # Ohm, median; *assumed*
    resistance_spread: float = 0.1  # of ln; *assumed*

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not math.isfinite(value) or value < 0.0 or (value == 0.0 and not name.endswith("_spread")):
                raise ValueError(f"{name} must be finite and above 0, got {value:g}")
        if self.hold >= self.threshold:
            raise ValueError(f"hold must be below threshold, got {self.hold:g} V and {self.threshold:g} V")
        if self.on_resistance >= self.off_resistance:
            raise ValueError("on_resistance must be below off_resistance")

    def law(self) -> kernels.Law:
        """Return the constants of the kernel."""
        return kernels.Law(
            steepness=self.steepness,
            memory=self.memory,
            relaxation=self.relaxation,
            hold_width=self.hold_width,
            broken=0.5,
            threshold_cycle=self.threshold_cycle_spread,
            hold_cycle=self.hold_cycle_spread,
            relaxation_cycle=self.relaxation_cycle_spread,
            need_cycle=self.need_cycle_spread,
            rested=RESTED,
        )


class DiffusiveCells:
    """So many cells; what happens to one depends on the seed, its number and its own history alone.

    One thread at a time. The kernels work on ``cells`` with ``law`` directly.

    Args:
        count: Number of cells, at least 1; all off and at rest.
        seed: 0 .. 2^64 - 1.
        parameters: The numbers of the model.
        series: Ohm behind which each cell always is.
        farads: F parallel to each cell.
        leak: S parallel to each cell and its capacitor.

    Attributes:
        cells: (count,) of `diffusive_kernels.CELL`.
        law: For the kernels.
        charged: (count,) V on the capacitors.
        through: (count, n) A through the cells, in the last `respond`.
        connected: Whether the cells' other end is at 0 V rather than open.
    """

    def __init__(
        self,
        count: int,
        *,
        seed: int,
        parameters: DiffusiveParameters | None = None,
        series: float = 0.0,
        farads: float = 0.0,
        leak: float = 1e-15,
    ) -> None:
        check_at_least_one("count", count)
        check_finite("series", series, "Ohm")
        check_finite("farads", farads, "F")
        check_finite("leak", leak, "S")
        of = parameters or DiffusiveParameters()
        self.count = count
        self.parameters = of
        self.law = of.law()
        self.series = series
        self.farads = farads
        self.leak = leak
        self.charged = np.zeros(count)
        self.through = np.zeros((count, 0))
        self.connected = True
        states, strides = seed_streams(count, seed)

        def drawn(mean: float, spread: float) -> FloatArray:
            # Half a unit of the last place keeps the quantile of 0 finite.
            return np.asarray(mean + spread * ndtri(advance_uniforms(states, strides) + 2.0**-54))

        cells = np.zeros(count, dtype=kernels.CELL)
        cells["mean_threshold"] = np.maximum(drawn(of.threshold, of.threshold_spread), 0.1 * of.threshold)
        cells["mean_hold"] = np.maximum(drawn(of.hold, of.hold_spread), 0.1 * of.hold)
        cells["log_on"] = drawn(-math.log(of.on_resistance), of.resistance_spread)
        cells["log_off"] = drawn(-math.log(of.off_resistance), of.resistance_spread)
        cells["fired_at"] = -1.0
        cells["state"], cells["stride"] = states, strides
        for cell in cells:
            kernels.draw_anew(cell, self.law)
        self.cells = cells

    def respond(
        self, times: FloatArray, volts: FloatArray, *, ohms: float = 0.0, limit: float = math.inf
    ) -> tuple[FloatArray, FloatArray]:
        """Drive every cell with a source of its own, all alike, and move on to the last time.

        Args:
            times: (n,) s, not falling; the first is where the last call ended.
            volts: (n,) V of the unloaded source, linear in between.
            ohms: Resistance of the source, in Ohm; infinite for no source at all.
            limit: Highest current of the source, in A.

        Returns:
            Voltages across the cells in V and currents out of the source in A, (count, n) each.

        Raises:
            ValueError: Arrays of unequal length, or times that fall; nothing has changed.
        """
        times = np.ascontiguousarray(times, dtype=np.float64)
        sources = np.ascontiguousarray(volts, dtype=np.float64)
        if times.ndim != 1 or times.shape != sources.shape:
            raise ValueError(f"times and volts must have one length, got {times.shape} and {sources.shape}")
        if not (np.isfinite(times).all() and np.isfinite(sources).all()) or np.any(np.diff(times) < 0.0):
            raise ValueError("times must be finite and must not fall, volts must be finite")
        shape = (self.count, times.size)
        across, out, self.through = np.empty(shape), np.empty(shape), np.empty(shape)
        for index in range(self.count):
            self.charged[index] = kernels.follow(
                self.cells[index], self.charged[index], times, sources, ohms + self.series, limit, self.farads,
                self.leak, self.connected, SMALLEST_STEP, self.law, across[index], out[index], self.through[index],
            )  # fmt: skip
        return across, out

    def resistance(self, now: float) -> FloatArray:
        """Return the resistances (count,) in Ohm, as of the last `respond`; ``now`` (s) is for other devices' sake."""
        check_finite("now", now, "s")
        return np.array([1.0 / kernels.conductance(cell) for cell in self.cells])

    def firings(self) -> NDArray[np.int64]:
        """Return how often each cell (count,) has fired."""
        return self.cells["firings"].copy()

    def delay(self, volts: float) -> float:
        """Return the mean cell's delay (s) at a constant voltage, infinite up to the threshold."""
        over = (abs(volts) - self.parameters.threshold) / self.parameters.steepness
        return math.inf if over <= 0.0 else -self.parameters.memory * math.log1p(-math.exp(-over))
