"""Analogue 1T1R TiN/TaOx/HfOx/TiN cells, many at once: pulses, reads, relaxation and the closed-loop write.

The conductance of a cell moves within soft bounds, in discrete events, and relaxes in the logarithm of time:

- **Pulse.** dG/dt = rate x (bound - G), whose closed form G -> bound + (G - bound) exp(-rate x width) makes two
  halves of a pulse the same as the whole. SET pulls towards the upper, RESET towards the lower bound. Source: the
  NeuroSim curve G = B (1 - exp(-P/A)) + G_min fitted to TaOx/HfOx cells; the bounds' and rates' values are *assumed*.
- **Voltage.** The rate grows as exp(V/V0) - that of the threshold, and is zero below the threshold, so a read of 0.2
  V never disturbs. V0 follows from Yao et al., Nature 577, 641 (2020): 1.5 V and -1.2 V do in a d.c. sweep
  (*assumed*: 10 ms a point) what 2.0 V and -1.8 V do in 50 ns.
- **Gate.** In a SET the upper bound is at most slope x (V_WL - V_SL - V_T) in the median cell and scales with the
  cell's own bound; a SET never lowers the conductance in the mean. In a RESET the transistor passes at most
  V_WL - V_BL - V_T to the cell. Source: only the positive correlation of conductance and gate voltage (Nat. Commun.
  16, 11494, 2025), and 98 uS/V from that paper's public code; the form is *assumed*.
- **Cycle-to-cycle noise.** The gap to the bound consists of events of one size that happen each with probability 1 -
  exp(-rate x width): the variance is binomial, which is independent of how a pulse is cut up. The bound itself
  scatters from pulse to pulse. Both *assumed*.
- **Relaxation** begins anew at each pulse that acts on the cell. With x = log10(1 + delay/start) the shift is drift x
  a x + walk x w(x) - mean x x^3: a is drawn once (with a share of heavy tails), w is a random walk with one step a
  decade, drawn from a key, so that the shift is a function of time that looking at it cannot change. Source of the
  shape: sd against time of 16,292 cells of the RRAM-Relaxation-Master-Model's technology C (0.93, 1.56, 2.05, 2.31,
  3.64 uS at 10 ms, 0.1, 1, 4, 1e5 s), where var = 0.15 x^2 + 0.85 x, small at low conductance, falls in the mean; the
  scale is calibrated to the error of 108 nA at 0.2 V of Yao et al.
- **Read noise** is Gaussian: a white part that averaging reduces and a 1/f part that it does not.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri
from typing_extensions import override

from simulated_instruments.physics import rram_kernels as kernels
from simulated_instruments.physics.cell_rows import STUCK_HIGH, STUCK_LOW, CellRows, FloatArray, IntArray
from simulated_instruments.physics.checks import check_at_least_one, check_finite, check_not_negative
from simulated_instruments.physics.random_streams import advance_uniforms, seed_streams
from simulated_instruments.physics.rram_parameters import (
    DEFAULT_PARAMETERS,
    EAPU_PARAMETERS,
    REFERENCE_DELAY,
    REFERENCE_ERROR,
    RESET_PULSE,
    SET_PULSE,
    PulseLines,
    RramParameters,
)
from simulated_instruments.physics.rram_trains import train_kernel

__all__ = [
    "DEFAULT_PARAMETERS",
    "EAPU_PARAMETERS",
    "REFERENCE_DELAY",
    "REFERENCE_ERROR",
    "RESET_PULSE",
    "SET_PULSE",
    "PulseLines",
    "RramCells",
    "RramParameters",
    "WriteOutcome",
]

#: From here on a write is shared out between threads; below, starting them costs more than it saves.
_CELLS_PER_THREAD = 2048


class WriteOutcome(NamedTuple):
    """What a closed-loop write did, (n,) each: pulses, last verify reads (A), in tolerance or not, time taken (s)."""

    set_pulses: IntArray
    reset_pulses: IntArray
    currents: FloatArray
    converged: NDArray[np.bool_]
    elapsed: FloatArray


def _drawn_cells(count: int, seed: int, of: RramParameters) -> NDArray[np.void]:
    states, strides = seed_streams(count, seed)

    def log_normal(median: float, spread: float) -> FloatArray:
        # Half a unit of the last place keeps the quantile of 0 finite.
        return np.asarray(median * np.exp(spread * ndtri(advance_uniforms(states, strides) + 2.0**-54)))

    cells = np.zeros(count, dtype=kernels.CELL)
    cells["low"] = log_normal(of.low, of.low_spread)
    cells["high"] = log_normal(of.high, of.high_spread)
    cells["set_rate"] = log_normal(of.set_rate, of.rate_spread)
    cells["reset_rate"] = log_normal(of.reset_rate, of.rate_spread)
    start = advance_uniforms(states, strides)
    cells["conductance"] = of.virgin_low + (of.virgin_high - of.virgin_low) * start
    cells["pulsed_at"] = -of.formed_before
    fate = advance_uniforms(states, strides)
    cells["stuck"][fate < of.stuck_share] = STUCK_HIGH
    cells["stuck"][fate < 0.5 * of.stuck_share] = STUCK_LOW
    cells["conductance"][cells["stuck"] == STUCK_LOW] = of.stuck_low
    cells["conductance"][cells["stuck"] == STUCK_HIGH] = of.stuck_high
    cells["key"] = states
    states += strides
    cells["stream"] = states
    cells["stride"] = strides
    return cells


class RramCells(CellRows):
    """So many cells of the model above.

    Args:
        count: number of cells, at least 1.
        seed: 0 .. 2^64 - 1; cell i depends on the seed and i, not on the count.
        parameters: the numbers of the model.
    """

    held_field = "conductance"

    def __init__(self, count: int, *, seed: int, parameters: RramParameters = DEFAULT_PARAMETERS) -> None:
        check_at_least_one("count", count)
        middle = 0.5 * (parameters.virgin_low + parameters.virgin_high)
        cells = _drawn_cells(count, seed, parameters)
        super().__init__(cells, threshold=parameters.threshold, middle=middle)
        self.parameters = parameters
        self._law = parameters.law()
        self._walks = np.zeros(count, dtype=kernels.WALK)

    @override
    def _read(self, chosen: IntArray, now: float, averages: int, values: FloatArray) -> None:
        kernels.read_kernel(self._cells, self._walks, chosen, now, averages, self._law, values)

    @override
    def _present(self, chosen: IntArray, now: float, values: FloatArray) -> None:
        kernels.present_kernel(self._cells, chosen, now, self._law, values)

    def pulse(
        self,
        cells: IntArray,
        *,
        word_line: float,
        bit_line: float,
        source_line: float,
        width: float,
        now: float,
        count: int = 1,
        period: float = 0.0,
    ) -> None:
        """Give each of ``cells`` (n,) ``count`` pulses of the lines' voltages (V) and ``width``, ``period`` apart (s).

        A bit line above the source line SETs, below it RESETs. A voltage below the threshold, and a SET whose gate
        allows no more than the cell has, leave the cell and its relaxation alone.
        """
        drive = self.parameters.drive(PulseLines(word_line, bit_line, source_line, width))
        check_finite("now", now, "s")
        chosen = self._checked(cells)
        if drive.exposure > 0.0:
            train_kernel(self._cells, chosen, now, drive, self._law, count, period)

    def write(
        self,
        cells: IntArray,
        targets: ArrayLike,
        *,
        tolerance: ArrayLike,
        pulse_limit: int,
        set_pulse: PulseLines,
        reset_pulse: PulseLines,
        voltage: float,
        averages: int,
        now: float,
        pulse_time: float,
        read_time: float,
    ) -> WriteOutcome:
        """Write ``cells`` (n,) in a closed loop: read; in tolerance, stop; too low, SET; too high, RESET; read again.

        Each cell begins at ``now``, takes ``read_time`` a read and ``pulse_time`` a pulse (s), and gives up after
        ``pulse_limit`` pulses. Large writes use all cores; that changes no result.

        Args:
            cells: (n,) indices.
            targets: currents in A at ``voltage``, (n,) or one for all.
            tolerance: half-width of the window in A, (n,) or one for all.
            pulse_limit: at least 0.
            set_pulse: must have the SET polarity, and ``reset_pulse`` the RESET polarity.
            reset_pulse: see ``set_pulse``.
            voltage: of the read, V, above 0 and below the switching threshold.
            averages: reads averaged in each verify, at least 1.
            now: s.
            pulse_time: s, at least 0.
            read_time: s, at least 0.

        Raises:
            ValueError: an argument outside its bounds; no cell has been touched.
        """
        verify = self._verify(set_pulse, reset_pulse, voltage, averages, pulse_limit, now, pulse_time, read_time)
        outcome, _, _ = self._write(cells, targets, tolerance, verify, voltage, trace_length=0)
        return outcome

    def write_traced(
        self,
        cell: int,
        target: float,
        *,
        tolerance: float,
        pulse_limit: int,
        set_pulse: PulseLines,
        reset_pulse: PulseLines,
        voltage: float,
        averages: int,
        now: float,
        pulse_time: float,
        read_time: float,
    ) -> tuple[WriteOutcome, FloatArray, NDArray[np.int8]]:
        """Write one cell as ``write`` does, with the same result, and keep every verify read.

        Returns:
            The outcome (arrays of one), the k reads in A, and what went before each: 0 nothing, 1 a SET, 2 a RESET.
        """
        verify = self._verify(set_pulse, reset_pulse, voltage, averages, pulse_limit, now, pulse_time, read_time)
        chosen = np.array([cell], dtype=np.int64)
        return self._write(chosen, target, tolerance, verify, voltage, trace_length=pulse_limit + 1)

    def _verify(
        self,
        set_pulse: PulseLines,
        reset_pulse: PulseLines,
        voltage: float,
        averages: int,
        pulse_limit: int,
        now: float,
        pulse_time: float,
        read_time: float,
    ) -> kernels.Verify:
        self._check_read(voltage, averages)
        if voltage <= 0.0:
            raise ValueError(f"the verify voltage must be above 0 V, got {voltage:g} V")
        if pulse_limit < 0:
            raise ValueError(f"pulse_limit must be at least 0, got {pulse_limit}")
        check_finite("now", now, "s")
        check_not_negative("pulse_time", pulse_time, "s")
        check_not_negative("read_time", read_time, "s")
        if set_pulse.bit_line <= set_pulse.source_line:
            raise ValueError("set_pulse must have its bit line above its source line")
        if reset_pulse.bit_line >= reset_pulse.source_line:
            raise ValueError("reset_pulse must have its bit line below its source line")
        drives = self.parameters.drive(set_pulse), self.parameters.drive(reset_pulse)
        return kernels.Verify(*drives, pulse_limit, averages, now, pulse_time, read_time)

    def _write(
        self,
        cells: IntArray,
        targets: ArrayLike,
        tolerance: ArrayLike,
        verify: kernels.Verify,
        voltage: float,
        trace_length: int,
    ) -> tuple[WriteOutcome, FloatArray, NDArray[np.int8]]:
        chosen = self._checked(cells)
        wanted = np.ascontiguousarray(np.broadcast_to(np.asarray(targets, dtype=np.float64), chosen.shape)) / voltage
        margins = np.ascontiguousarray(np.broadcast_to(np.asarray(tolerance, dtype=np.float64), chosen.shape)) / voltage
        if not (np.isfinite(wanted).all() and (margins >= 0.0).all()):
            raise ValueError("targets must be finite and tolerance at least 0 A")
        results = kernels.Results(
            set_pulses=np.empty(chosen.size, dtype=np.int64),
            reset_pulses=np.empty(chosen.size, dtype=np.int64),
            readings=np.empty(chosen.size),
            converged=np.empty(chosen.size, dtype=np.bool_),
            trace=np.empty(trace_length),
            kinds=np.empty(trace_length, dtype=np.int8),
        )

        def run(start: int, stop: int) -> None:
            kernels.write_kernel(self._cells, chosen, wanted, margins, verify, self._law, start, stop, results)

        _share_out(run, chosen.size)
        pulses = results.set_pulses + results.reset_pulses
        elapsed = pulses * verify.pulse_time + (pulses + 1) * verify.read_time
        outcome = WriteOutcome(
            results.set_pulses, results.reset_pulses, results.readings * voltage, results.converged, elapsed
        )
        taken = int(pulses[0]) + 1 if trace_length else 0
        return outcome, results.trace[:taken] * voltage, results.kinds[:taken]


def _share_out(run: Callable[[int, int], None], size: int) -> None:
    """Call ``run`` on slices of 0 .. size, on as many threads as there are cores and work for them."""
    threads = min(os.cpu_count() or 1, size // _CELLS_PER_THREAD)
    if threads < 2:
        run(0, size)
        return
    edges = [size * part // (4 * threads) for part in range(4 * threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, edges[:-1], edges[1:]))
