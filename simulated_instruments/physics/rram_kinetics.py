"""Drift-diffusion kinetics of 1T1R TiN/TaOx/HfOx/TiN cells: what makes alpha and beta of a RESET pulse train.

A filament of vacancies bridges the cell. Its state is w, the bridged share of the film (1 after a SET), and its area,
as the conductance that the whole filament has on top of the cell without one: G = low + area x w. Source: Nat. Commun.
16, 913 (2025), "DDK"; its equations (1) to (4) are reconstructed.

- **Geometry**, in place of DDK's eq. (1): conductance, not resistance, is linear in w, as the paper finds between 6.1
  and 202.1 uS. The area is set by the SET (the gate limits its current), so the initial resistance is a matter of the
  area, while w begins at 1 whatever it is. *Assumed*; it follows how 1T1R cells are set.
- **Motion**, eq. (2) in RESET polarity, eq. (4): dw/dt = p (D/w - mu V_cell). D is ``diffusion`` and mu/L^2
  ``mobility``, both in units of the film. p = 1/(1 + exp((onset - V_cell)/width)) is the share of vacancies that hop:
  a field lowers the barrier by V/width, and once the barrier is gone the velocity is linear in the field, as in eq.
  (2). Who hops drifts and diffuses (Einstein). Source of the form: ion hopping after Mott and Gurney; onset and width
  *assumed* or calibrated to d.c. data, see ``rram_kinetics_parameters.py``.
- **Divider.** V_cell is what the transistor in series leaves. In RESET the transistor is a source follower: with a =
  V_WL - V_BL - V_T, G V_cell = K [(a - V_cell)(V - V_cell) - (V - V_cell)^2/2], a quadratic in V_cell. A cell of low
  resistance gets little of the pulse, one of high resistance nearly all of it, and w falls the faster the lower it
  is. Source: the square law of a MOS transistor; K and V_T *assumed*.
- **Diffusion** goes on for about ``mobile_time`` after a pulse, while vacancies are still mobile, and then stops: w^2
  grows by 2 p D t (1 - exp(-delay/t)), a closed form that no look at the cell can change. *Assumed*: the paper's
  recursion has diffusion once a pulse, whatever the pulse's width, and the state has to be kept afterwards.
- **SET** bridges the filament (w = 1) with the area that is left, and lets that grow towards ``gate_slope`` x (V_WL -
  V_SL - V_T). It does nothing where that is no more than the cell has. Its onset is calibrated to the d.c. SET.

So the fall of w per pulse, beta, rises with amplitude, with width, and with the initial resistance until the cell has
nearly all of the voltage; alpha = D x (width + mobile_time), in units of the film, depends on none of these except a
little on the width. No table holds alpha or beta. In a RESET d(w^2)/dt is integrated, which is smooth at w = 0, by the
Runge-Kutta method in steps that move w by ``step`` at most.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri
from typing_extensions import override

from simulated_instruments.physics import rram_kinetics_kernels as kernels
from simulated_instruments.physics.cell_rows import STUCK_HIGH, STUCK_LOW, CellRows, FloatArray, IntArray
from simulated_instruments.physics.checks import check_at_least_one, check_finite, check_not_negative
from simulated_instruments.physics.random_streams import advance_uniforms, seed_streams
from simulated_instruments.physics.rram import WriteOutcome
from simulated_instruments.physics.rram_kinetics_parameters import DEFAULT_KINETICS, KineticParameters
from simulated_instruments.physics.rram_parameters import PulseLines

__all__ = ["DEFAULT_KINETICS", "KineticCells", "KineticParameters"]


def _drawn_cells(count: int, seed: int, of: KineticParameters) -> NDArray[np.void]:
    states, strides = seed_streams(count, seed)

    def log_normal(spread: float) -> FloatArray:
        # Half a unit of the last place keeps the quantile of 0 finite.
        return np.asarray(np.exp(spread * ndtri(advance_uniforms(states, strides) + 2.0**-54)))

    cells = np.zeros(count, dtype=kernels.CELL)
    cells["low"] = of.low * log_normal(of.low_spread)
    for name in ("mobility", "diffusion", "ceiling"):
        cells[name] = log_normal(of.device_spread)
    start = of.virgin_low + (of.virgin_high - of.virgin_low) * advance_uniforms(states, strides)
    cells["area"] = np.maximum(start - cells["low"], 0.0)
    cells["fill"] = 1.0
    cells["cycle_mobility"] = cells["cycle_diffusion"] = 1.0
    fate = advance_uniforms(states, strides)
    cells["stuck"][fate < of.stuck_share] = STUCK_HIGH
    cells["stuck"][fate < 0.5 * of.stuck_share] = STUCK_LOW
    cells["low"][cells["stuck"] == STUCK_HIGH] = of.virgin_high
    cells["stream"] = states
    cells["stride"] = strides
    return cells


class KineticCells(CellRows):
    """So many cells of the model above, used as `simulated_instruments.physics.rram.RramCells` is.

    Args:
        count: number of cells, at least 1.
        seed: 0 .. 2^64 - 1; cell i depends on the seed and i, not on the count.
        parameters: the numbers of the model.
    """

    held_field = "low"

    def __init__(self, count: int, *, seed: int, parameters: KineticParameters = DEFAULT_KINETICS) -> None:
        check_at_least_one("count", count)
        middle = 0.5 * (parameters.virgin_low + parameters.virgin_high)
        cells = _drawn_cells(count, seed, parameters)
        super().__init__(cells, threshold=parameters.threshold, middle=middle)
        self.parameters = parameters
        self._law = parameters.law()

    @override
    def _read(self, chosen: IntArray, now: float, averages: int, values: FloatArray) -> None:
        kernels.read_kernel(self._cells, chosen, now, averages, self._law, values)

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
        """Give each of ``cells`` (n,) one pulse, or ``count`` of them ``period`` apart; V and s.

        The first begins at ``now``.
        """
        drive = self.parameters.drive(PulseLines(word_line, bit_line, source_line, width))
        check_finite("now", now, "s")
        chosen = self._checked(cells)
        for number in range(count if drive.polarity != kernels.NOTHING else 0):
            kernels.pulse_kernel(self._cells, chosen, now + number * period, drive, self._law)

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
        """Write ``cells`` (n,) in a closed loop, with the arguments, result and errors of ``RramCells.write``."""
        check_not_negative("pulse_time", pulse_time, "s")
        check_not_negative("read_time", read_time, "s")
        chosen = self._checked(cells)
        wanted = np.broadcast_to(np.asarray(targets, dtype=np.float64), chosen.shape)
        margin = np.broadcast_to(np.asarray(tolerance, dtype=np.float64), chosen.shape)
        sets, resets = np.zeros(chosen.size, dtype=np.int64), np.zeros(chosen.size, dtype=np.int64)
        currents = self.current(chosen, voltage=voltage, averages=averages, now=now + read_time)
        for turn in range(pulse_limit):
            off = currents - wanted
            low, high = off < -margin, off > margin
            if not (low | high).any():
                break
            at = now + read_time + turn * (pulse_time + read_time)
            for mask, lines, counts in ((low, set_pulse, sets), (high, reset_pulse, resets)):
                self.pulse(chosen[mask], **lines._asdict(), now=at)
                counts[mask] += 1
            pulsed = low | high
            read_at = at + pulse_time + read_time
            currents[pulsed] = self.current(chosen[pulsed], voltage=voltage, averages=averages, now=read_at)
        pulses = sets + resets
        elapsed = pulses * pulse_time + (pulses + 1) * read_time
        return WriteOutcome(sets, resets, currents, np.abs(currents - wanted) <= margin, elapsed)

    def write_traced(
        self, cell: int, target: float, *, tolerance: float, pulse_limit: int, set_pulse: PulseLines,
        reset_pulse: PulseLines, voltage: float, averages: int, now: float, pulse_time: float, read_time: float,
    ) -> tuple[WriteOutcome, FloatArray, NDArray[np.int8]]:  # fmt: skip
        """Write one cell as ``write`` does, and keep every verify read, as ``RramCells.write_traced``."""
        chosen = np.array([cell], dtype=np.int64)
        reads: list[float] = []
        kinds = [0]
        while True:
            at = now + (len(reads) + 1) * read_time + len(reads) * pulse_time
            reads.append(float(self.current(chosen, voltage=voltage, averages=averages, now=at)[0]))
            error = reads[-1] - target
            if abs(error) <= tolerance or len(reads) > pulse_limit:
                break
            kinds.append(kernels.SET if error < 0.0 else kernels.RESET)
            self.pulse(chosen, **(set_pulse if error < 0.0 else reset_pulse)._asdict(), now=at)
        counts = [np.array([kinds.count(kind)]) for kind in (kernels.SET, kernels.RESET)]
        elapsed = np.array([(len(reads) - 1) * pulse_time + len(reads) * read_time])
        good = np.array([abs(error) <= tolerance])
        outcome = WriteOutcome(counts[0], counts[1], np.array(reads[-1:]), good, elapsed)
        return outcome, np.array(reads), np.array(kinds, dtype=np.int8)
