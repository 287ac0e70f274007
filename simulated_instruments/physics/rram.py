"""Analogue 1T1R TiN/TaOx/HfOx/TiN cells, many at once: pulses, reads, relaxation and the closed-loop write.

The conductance of a cell moves within soft bounds, in discrete events, and relaxes in the logarithm of time:

- **Pulse.** dG/dt = rate x (bound - G), whose closed form G -> bound + (G - bound) exp(-rate x width) makes two
  halves of a pulse the same as the whole. SET pulls towards the upper, RESET towards the lower bound. Source: the
  NeuroSim curve G = B (1 - exp(-P/A)) + G_min fitted to TaOx/HfOx cells; the bounds' and rates' values are *assumed*.
- **Voltage.** The rate grows as exp(V/V0) - that of the threshold, and is zero below the threshold, so a read of 0.2
  V never disturbs. V0 follows from Yao et al., Nature 577, 641 (2020): 1.5 V and -1.2 V do in a d.c. sweep
  (*assumed*: 10 ms a point) what 2.0 V and -1.8 V do in 50 ns.
- **Gate.** A SET goes no further than slope x (V_WL - V_SL - V_T), and never lowers the conductance. In a RESET the
  transistor passes at most V_WL - V_BL - V_T to the cell. Source: only the positive correlation of conductance and
  gate voltage (Nat. Commun. 16, 11494, 2025), and 98 uS/V from that paper's public code; the form is *assumed*.
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
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from math import exp, inf, isfinite, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from simulated_instruments.physics import rram_kernels as kernels
from simulated_instruments.physics.random_streams import advance_uniforms, seed_streams

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: From here on a write is shared out between threads; below, starting them costs more than it saves.
_CELLS_PER_THREAD = 2048
#: Keeps the rate finite at absurd voltages; e^60 reference rates switch anything at once.
_LARGEST_EXPONENT = 60.0


class PulseLines(NamedTuple):
    """One pulse on a cell's three lines: V, V, V and s."""

    word_line: float
    bit_line: float
    source_line: float
    width: float


#: Source: Yao et al., Nature 577, 641 (2020), Methods.
SET_PULSE = PulseLines(word_line=1.8, bit_line=2.0, source_line=0.0, width=50e-9)
RESET_PULSE = PulseLines(word_line=4.7, bit_line=0.0, source_line=1.8, width=50e-9)

#: After this delay, *assumed*, a written cell's error against its target has the published sd.
REFERENCE_DELAY = 60.0
#: In S: 108 nA at 0.2 V. Source: Yao et al., N(0, 108 nA). The relaxation is calibrated to it.
REFERENCE_ERROR = 108e-9 / 0.2


@dataclass(frozen=True)
class RramParameters:
    """The numbers of the cell, SI units. Spreads ``*_spread`` are the sd of the natural logarithm over cells.

    Raises:
        ValueError: a parameter that is negative or not finite.
    """

    low: float = 0.8e-6  # S, median lower bound; *assumed*, below the 2 uS of the usable window
    low_spread: float = 0.2  # *assumed*
    high: float = 60e-6  # S, median upper bound; *assumed*, above the 40 uS of the paper's d.c. SET (60 uA at 1.5 V)
    high_spread: float = 0.15  # *assumed*
    set_rate: float = 0.012  # per reference pulse (2.0 V, 50 ns); *assumed*: steps near the +-0.25 uS of the verify
    reset_rate: float = 0.05  # per reference pulse (1.8 V, 50 ns); *assumed*, as above
    rate_spread: float = 0.35  # *assumed*, half of the 0.7 of aihwkit's ReRAM presets, which have 10 % bad devices
    set_voltage: float = 2.0  # V, reference. Source: Yao et al.
    reset_voltage: float = 1.8  # V, reference. Source: Yao et al.
    reference_width: float = 50e-9  # s. Source: Yao et al.
    threshold: float = 1.0  # V, both polarities; *assumed*: half of the SET voltage leaves half-selected cells alone
    voltage_scale: float = 0.065  # V per e-fold of the rate; from d.c. against pulse voltages, see the module's text
    gate_threshold: float = 0.8  # V; *assumed*
    gate_slope: float = 98.0e-6  # S/V. Source: public code of Nat. Commun. 16, 11494, its CNN setting
    quantum: float = 0.05e-6  # S, size of one switching event; *assumed*: 0.3 of a step at 0.5 uS steps
    bound_spread: float = 0.05  # relative sd of the bound from pulse to pulse; *assumed*
    floor: float = 0.1e-6  # S, no conductance falls below; *assumed*
    virgin_low: float = 2e-6  # S, formed cells start uniform between these; *assumed*: the usable window
    virgin_high: float = 20e-6  # S
    formed_before: float = 2.592e6  # s, age of the cells at time 0; *assumed*: 30 days
    relaxation_start: float = 1e-3  # s; *assumed*, fits technology C
    relaxation_sd: float = 0.214e-6  # S, one decade after the start (10 ms); calibrated to REFERENCE_ERROR
    drift_share: float = 0.15  # of that variance; from technology C, see the module's text
    tail_share: float = 0.01  # of the programmings; *assumed* ("a few tail cells", Yao et al.)
    tail_factor: float = 4.0  # of a tail's drift; *assumed*
    mean_shift: float = (
        0.55e-9  # S per decade cubed; *assumed*: near technology C's 1.45 uS at 1e5 s, scaled like the sd
    )
    relaxation_knee: float = 1.5e-6  # S, below it relaxation is small; *assumed*, as in technology C near 0
    white_noise: float = 0.01  # of G per single read. Source: aihwkit's note on short reads, about 1 %
    flicker_noise: float = 0.002  # of G, not averaged away; *assumed*
    stuck_share: float = 1e-4  # of the cells, half low, half high. Source: yield of 99.99 %, Yao et al.
    stuck_low: float = 0.1e-6  # S; *assumed*
    stuck_high: float = 60e-6  # S; *assumed*

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (isfinite(value) and value >= 0.0):
                raise ValueError(f"{field.name} must be finite and not negative, got {value:g}")


class WriteOutcome(NamedTuple):
    """What a closed-loop write did, (n,) each: pulses, last verify reads (A), in tolerance or not, time taken (s)."""

    set_pulses: IntArray
    reset_pulses: IntArray
    currents: FloatArray
    converged: NDArray[np.bool_]
    elapsed: FloatArray


def _law(of: RramParameters) -> kernels.Law:
    tails = sqrt(1.0 - of.tail_share + of.tail_share * of.tail_factor**2)
    return kernels.Law(
        quantum=of.quantum,
        bound_spread=of.bound_spread,
        floor=of.floor,
        relaxation_start=of.relaxation_start,
        drift=of.relaxation_sd * sqrt(of.drift_share) / tails,
        walk=of.relaxation_sd * sqrt(1.0 - of.drift_share),
        tail_share=of.tail_share,
        tail_factor=of.tail_factor,
        mean_shift=of.mean_shift,
        relaxation_knee=of.relaxation_knee,
        white_noise=of.white_noise,
        flicker_noise=of.flicker_noise,
    )


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
    cells["stuck"][fate < of.stuck_share] = kernels.STUCK_HIGH
    cells["stuck"][fate < 0.5 * of.stuck_share] = kernels.STUCK_LOW
    cells["conductance"][cells["stuck"] == kernels.STUCK_LOW] = of.stuck_low
    cells["conductance"][cells["stuck"] == kernels.STUCK_HIGH] = of.stuck_high
    cells["key"] = states
    states += strides
    cells["stream"] = states
    cells["stride"] = strides
    return cells


def _finite(name: str, value: float, unit: str) -> None:
    if not isfinite(value):
        raise ValueError(f"{name} must be finite, got {value:g} {unit}")


def _not_negative(name: str, value: float, unit: str) -> None:
    _finite(name, value, unit)
    if value < 0.0:
        raise ValueError(f"{name} must be at least 0 {unit}, got {value:g} {unit}")


def _at_least_one(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")


class RramCells:
    """So many cells, each with its own random stream: what happens to one depends on its own history alone.

    Times ``now`` are seconds on one clock that starts at 0 and does not run backwards; a time before a cell's last
    pulse counts as the time of that pulse. Methods that act on cells raise ``ValueError`` for an index outside
    0 .. count - 1 or named twice, and then have changed nothing. An instance is used by one thread at a time.

    Args:
        count: number of cells, at least 1.
        seed: 0 .. 2^64 - 1; cell i depends on the seed and i, not on the count.
        parameters: the numbers of the model.
    """

    def __init__(self, count: int, *, seed: int, parameters: RramParameters = RramParameters()) -> None:
        _at_least_one("count", count)
        self.count = count
        self.parameters = parameters
        self._law = _law(parameters)
        self._cells = _drawn_cells(count, seed, parameters)

    def pulse(
        self, cells: IntArray, *, word_line: float, bit_line: float, source_line: float, width: float, now: float
    ) -> None:
        """Give each of ``cells`` (n,) one pulse of the lines' voltages (V) and ``width`` (s, at least 0).

        A bit line above the source line SETs, below it RESETs. A voltage below the threshold, and a SET whose gate
        allows no more than the cell has, leave the cell and its relaxation alone.
        """
        drive = self._drive(PulseLines(word_line, bit_line, source_line, width))
        _finite("now", now, "s")
        chosen = self._checked(cells)
        if drive.exposure > 0.0:
            kernels.pulse_kernel(self._cells, chosen, now, drive, self._law)

    def current(self, cells: IntArray, *, voltage: float, averages: int, now: float) -> FloatArray:
        """Read ``cells`` (n,) at ``voltage`` (V, below the switching threshold).

        Returns:
            Currents (n,) in A, the mean of ``averages`` (at least 1) reads.
        """
        self._check_read(voltage, averages)
        _finite("now", now, "s")
        chosen = self._checked(cells)
        values = np.empty(chosen.size)
        kernels.read_kernel(self._cells, chosen, now, averages, self._law, values)
        return values * voltage

    def conductance(self, cells: IntArray, *, now: float) -> FloatArray:
        """Return the true conductances (n,) in S, which no instrument sees; draws no random number."""
        _finite("now", now, "s")
        chosen = self._checked(cells)
        values = np.empty(chosen.size)
        kernels.present_kernel(self._cells, chosen, now, self._law, values)
        return values

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

    def stuck(self) -> IntArray:
        """Return (count,): 0 works, 1 stuck low, 2 stuck high."""
        return self._cells["stuck"].copy()

    def stick(self, cells: IntArray, conductance: float) -> None:
        """Stick ``cells`` (n,) at ``conductance`` (S, at least 0); low means below the middle of the virgin window."""
        _not_negative("conductance", conductance, "S")
        chosen = self._checked(cells)
        middle = 0.5 * (self.parameters.virgin_low + self.parameters.virgin_high)
        self._cells["conductance"][chosen] = conductance
        self._cells["stuck"][chosen] = kernels.STUCK_LOW if conductance < middle else kernels.STUCK_HIGH

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return everything that changes, random streams included, as arrays (count,) by name."""
        return {name: self._cells[name].copy() for name in kernels.CELL.names or ()}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Go back to a ``state()``, from which everything repeats bit for bit.

        Raises:
            ValueError: a missing or unknown array, or one of another length; nothing has been changed.
        """
        names = set(kernels.CELL.names or ())
        if set(state) != names:
            raise ValueError(f"a state has the arrays {sorted(names)}, got {sorted(state)}")
        for name, values in state.items():
            if values.shape != (self.count,):
                raise ValueError(f"{name} must have the shape ({self.count},), got {values.shape}")
        for name, values in state.items():
            self._cells[name] = values

    def _checked(self, cells: IntArray) -> IntArray:
        chosen = np.ascontiguousarray(cells, dtype=np.int64)
        if chosen.ndim != 1:
            raise ValueError(f"cells must have one dimension, got {chosen.ndim}")
        if chosen.size and (chosen.min() < 0 or chosen.max() >= self.count):
            raise ValueError(f"cells must be within 0 .. {self.count - 1}, got {chosen.min()} .. {chosen.max()}")
        if chosen.size > 1:
            seen = np.zeros(self.count, dtype=np.bool_)
            seen[chosen] = True
            if np.count_nonzero(seen) != chosen.size:
                raise ValueError("cells must not name a cell twice")
        return chosen

    def _check_read(self, voltage: float, averages: int) -> None:
        _finite("voltage", voltage, "V")
        if abs(voltage) >= self.parameters.threshold:
            bound = self.parameters.threshold
            raise ValueError(f"a read must stay below the switching threshold of {bound:g} V, got {voltage:g} V")
        _at_least_one("averages", averages)

    def _drive(self, lines: PulseLines) -> kernels.Drive:
        of = self.parameters
        for name in ("word_line", "bit_line", "source_line"):
            _finite(name, getattr(lines, name), "V")
        _not_negative("width", lines.width, "s")
        is_set = lines.bit_line > lines.source_line
        opening = lines.word_line - of.gate_threshold - min(lines.bit_line, lines.source_line)
        voltage = abs(lines.bit_line - lines.source_line)
        voltage = voltage if is_set else min(voltage, opening)
        reference = of.set_voltage if is_set else of.reset_voltage
        exposure = 0.0
        if voltage > of.threshold and opening > 0.0:
            exponent = min((voltage - of.threshold) / of.voltage_scale, _LARGEST_EXPONENT)
            acceleration = (exp(exponent) - 1.0) / (exp((reference - of.threshold) / of.voltage_scale) - 1.0)
            exposure = acceleration * lines.width / of.reference_width
        ceiling = of.gate_slope * opening if is_set else inf
        return kernels.Drive(kernels.SET if is_set else kernels.RESET, exposure, ceiling)

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
        _finite("now", now, "s")
        _not_negative("pulse_time", pulse_time, "s")
        _not_negative("read_time", read_time, "s")
        if set_pulse.bit_line <= set_pulse.source_line:
            raise ValueError("set_pulse must have its bit line above its source line")
        if reset_pulse.bit_line >= reset_pulse.source_line:
            raise ValueError("reset_pulse must have its bit line below its source line")
        drives = self._drive(set_pulse), self._drive(reset_pulse)
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
