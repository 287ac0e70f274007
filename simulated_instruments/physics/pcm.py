"""Phase-change cells (Ge2Sb2Te5): melting and quenching, crystallisation, threshold switching and resistance drift.

- **Heat** is of first order: tau dT/dt = R_th P - T, with T above ambient and P the power in the cell.
- **Above melting** the cell becomes amorphous within the melting time. What cools faster than it crystallises stays so.
- **Between onset and melting** the amorphous share shrinks at a rate that is a parabola of the temperature.
- **Resistance** is the geometric mean of the two phases, weighted by the share. The amorphous one drifts as R0 (t/t0)^d
  from the last time that the cell was molten. Source: Nat. Commun. 12, 319 (2021), Eq. (1).
- **Threshold switching**: above a voltage the cell conducts with a low resistance whatever its phase, and heats.
- Each heating above the onset is one switching: log R_set, log R_reset and d are drawn anew from N(mu*, sigma*). A
  cell's six numbers, mu* and sigma* of each, come from the population with rank coupling: one uniform number gives mu*
  and, at the same cumulative probability, sigma*. Source: the same paper, its device model. The medians, 3e4 and
  1e7 Ohm, and d = 0.10 are the paper's; all spreads, and that resistances are normal in log10 R, are *assumed*.
- **Cells do not age**: nothing in the paper says how they wear out, so that the model has none (*assumed*).

Calibrated (numbers *assumed*, chosen so) to the paper's pulses: 5 V with 5 ns edges and 60 ns width amorphises, 3 V
with 400 ns and a fall of 300 ns crystallises, 1 V and below disturbs nothing.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulated_instruments.physics import pcm_kernels as kernels
from simulated_instruments.physics.checks import check_at_least_one, check_finite
from simulated_instruments.physics.random_streams import advance_uniforms, seed_streams

FloatArray = NDArray[np.float64]

FINEST = 0.25
"""Shortest step of the integration, as a share of the thermal time constant."""
CHANGE = 4.0
"""By how many K the temperature may change in a longer step."""


@dataclass(frozen=True)
class PcmParameters:
    """The numbers of the cell, SI units; temperatures in K above ambient.

    Raises:
        ValueError: A parameter that is not finite or not above 0 (spreads and noise: below 0).
    """

    reset_resistance: float = 1e7  # Ohm at t0, median. Source: Nat. Commun. 12, 319 (2021)
    set_resistance: float = 3e4  # Ohm, median. Source: the same, "a few 1e4"
    fresh_resistance: float = 1e4  # Ohm, before the first switching. Source: the same
    drift: float = 0.10  # d, median. Source: the same
    reset_spread: float = 0.10  # sd of log10 R over cells; *assumed*
    reset_cycle_spread: float = 0.03  # sd of log10 R from switching to switching, mean over cells; *assumed*
    reset_cycle_variation_spread: float = 0.01  # sd of that over cells; *assumed*
    set_spread: float = 0.05  # *assumed*
    set_cycle_spread: float = 0.02  # *assumed*
    set_cycle_variation_spread: float = 0.005  # *assumed*
    drift_spread: float = 0.01  # sd of d over cells. Source: N(0.10, 0.01), *assumed*
    drift_cycle_spread: float = 0.003  # *assumed*
    drift_cycle_variation_spread: float = 0.001  # *assumed*
    drift_start: float = 1.0  # s, the t0 at which the amorphous resistance has its median; *assumed*
    earliest: float = 1e-6  # s, drift is not followed to shorter ages; *assumed*
    on_resistance: float = 3e3  # Ohm while it conducts above the threshold; *assumed*
    threshold: float = 1.3  # V; *assumed*, above the 1 V of the paper's read
    melting: float = 575.0  # K; *assumed*: 600 degC, of Ge2Sb2Te5
    onset: float = 125.0  # K; *assumed*: 150 degC, of Ge2Sb2Te5
    melting_voltage: float = 4.0  # V at which a long pulse just melts; *assumed*, between the paper's 3 V and 5 V
    time_constant: float = 2e-9  # s; *assumed*
    peak_rate: float = 2e7  # 1/s of crystallisation at best; *assumed*: 400 ns suffice, a quench of 5 ns does not
    melting_time: float = 1e-9  # s; *assumed*
    full_share: float = 0.85  # of amorphous volume that blocks the current wholly; *assumed*
    read_noise: float = 0.01  # of R, in one read; *assumed*
    noise_time: float = 1e-3  # s for which the read noise stays the same; *assumed*
    step: float = 1.0  # of the integration: 0.5 halves every step, and changes no result beyond 1 %

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            spread = field.name.endswith("_spread") or field.name in {"read_noise", "drift"}
            if not math.isfinite(value) or value < 0.0 or (value == 0.0 and not spread):
                raise ValueError(f"{field.name} must be finite and above 0, got {value:g}")
        if self.onset >= self.melting:
            raise ValueError(f"onset must be below melting, got {self.onset:g} K and {self.melting:g} K")

    def law(self) -> kernels.Law:
        """Return the constants of the kernel."""
        return kernels.Law(
            on_resistance=self.on_resistance,
            threshold=self.threshold,
            heating=self.melting * self.on_resistance / self.melting_voltage**2,
            time_constant=self.time_constant,
            onset=self.onset,
            melting=self.melting,
            peak_rate=self.peak_rate,
            melting_time=self.melting_time,
            full_share=self.full_share,
            drift_start=self.drift_start,
            earliest=self.earliest,
            read_noise=self.read_noise,
            noise_time=self.noise_time,
            finest=FINEST * self.step,
            change=CHANGE * self.step,
        )


class PcmCells:
    """So many cells; what happens to one depends on the seed, its number and its own history alone.

    Times are seconds on one clock that starts at 0 and does not run backwards. One thread at a time.

    Args:
        count: Number of cells, at least 1; fresh and crystalline.
        seed: 0 .. 2^64 - 1.
        parameters: The numbers of the model.
    """

    def __init__(self, count: int, *, seed: int, parameters: PcmParameters | None = None) -> None:
        check_at_least_one("count", count)
        of = parameters or PcmParameters()
        self.count = count
        self.parameters = of
        self._law = of.law()
        states, strides = seed_streams(count, seed)

        cells = np.zeros(count, dtype=kernels.CELL)
        for name, mean, spread, cycle, variation in (
            ("reset", math.log10(of.reset_resistance), of.reset_spread, of.reset_cycle_spread,
             of.reset_cycle_variation_spread),
            ("set", math.log10(of.set_resistance), of.set_spread, of.set_cycle_spread, of.set_cycle_variation_spread),
            ("drift", of.drift, of.drift_spread, of.drift_cycle_spread, of.drift_cycle_variation_spread),
        ):  # fmt: skip
            # Half a unit of the last place keeps the quantile of 0 finite.
            rank = ndtri(advance_uniforms(states, strides) + 2.0**-54)
            cells[f"mean_{name}"] = mean + spread * rank
            cells[f"spread_{name}"] = np.maximum(cycle + variation * rank, 0.0)
        cells["mean_drift"] = np.maximum(cells["mean_drift"], 0.0)
        cells["log_reset"] = cells["mean_reset"]
        cells["log_set"] = cells["mean_set"] + math.log10(of.fresh_resistance / of.set_resistance)
        cells["drift"] = cells["mean_drift"]
        cells["key"] = states
        cells["state"] = states + strides
        cells["stride"] = strides
        self._cells = cells

    def respond(
        self, times: FloatArray, volts: FloatArray, *, ohms: float = 0.0, limit: float = math.inf
    ) -> tuple[FloatArray, FloatArray]:
        """Drive every cell with the same source, and move on to the last time.

        Args:
            times: (n,) s, not falling; the first is where the last call ended.
            volts: (n,) V of the unloaded source, linear in between.
            ohms: Resistance in series, in Ohm; infinite for no source at all.
            limit: Highest current of the source, in A.

        Returns:
            Voltages across the cells in V and currents in A, (count, n) each.

        Raises:
            ValueError: Arrays of unequal length, or times that fall; nothing has changed.
        """
        times = np.ascontiguousarray(times, dtype=np.float64)
        sources = np.ascontiguousarray(volts, dtype=np.float64)
        if times.ndim != 1 or times.shape != sources.shape:
            raise ValueError(f"times and volts must have one length, got {times.shape} and {sources.shape}")
        if not (np.isfinite(times).all() and np.isfinite(sources).all()) or np.any(np.diff(times) < 0.0):
            raise ValueError("times must be finite and must not fall, volts must be finite")
        across = np.empty((self.count, times.size))
        through = np.empty((self.count, times.size))
        kernels.follow(self._cells, times, sources, ohms, limit, self._law, across, through)
        return across, through

    def respond_one(
        self, cell: int, times: FloatArray, volts: FloatArray, *, ohms: float, limit: float
    ) -> tuple[FloatArray, FloatArray]:
        """Drive one cell as `respond` does all; the others are left alone.

        Nothing is checked. Times may begin after the cell's last: in between it is taken to be at rest.
        """
        across, through = np.empty((1, times.size)), np.empty((1, times.size))
        kernels.follow(self._cells[cell : cell + 1], times, volts, ohms, limit, self._law, across, through)
        return across[0], through[0]

    def repeat_one(
        self, cell: int, times: FloatArray, volts: FloatArray, *, start: float, period: float, count: int, ohms: float,
        limit: float,
    ) -> int:  # fmt: skip
        """Drive one cell ``count`` times with one waveform that begins and ends at 0 V.

        Args:
            cell: Its number.
            times: (n,) s after the beginning of a passage, not falling.
            volts: (n,) V of the unloaded source.
            start: Of the first passage, in s.
            period: From passage to passage, in s.
            count: Passages.
            ohms: Resistance in series, in Ohm.
            limit: Highest current of the source, in A.

        Returns:
            How many passages were followed; the others end as the last one does.
        """
        return int(kernels.repeat(self._cells[cell], start, period, count, times, volts, ohms, limit, self._law))

    def cool(self, cell: int) -> None:
        """Let one cell go to ambient temperature at once, as one that nothing is connected to does within 20 ns."""
        self._cells[cell]["excess"] = 0.0
        self._cells[cell]["hot"] = False

    def statistics(self) -> dict[str, FloatArray]:
        """Return mu* and sigma* (count,) of log10 R_set, log10 R_reset and d, by name: for looking behind the wire."""
        names = [f"{kind}_{quantity}" for kind in ("mean", "spread") for quantity in ("set", "reset", "drift")]
        return {name: self._cells[name].copy() for name in names}

    def resistance(self, now: float) -> FloatArray:
        """Return the low-field resistances (count,) in Ohm at ``now`` (s), without noise; changes nothing."""
        check_finite("now", now, "s")
        return np.array([kernels.resistance(cell, now, self._law) for cell in self._cells])

    def amorphous(self) -> FloatArray:
        """Return the amorphous share (count,), 0..1."""
        return self._cells["amorphous"].copy()

    def drift_exponents(self) -> FloatArray:
        """Return the exponents d (count,) of the last switching."""
        return self._cells["drift"].copy()

    def temperature(self) -> FloatArray:
        """Return the temperatures above ambient (count,), in K."""
        return self._cells["excess"].copy()
