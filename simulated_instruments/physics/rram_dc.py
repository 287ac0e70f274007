"""One 1T1R cell under slow signals: d.c. sweeps with hysteresis, compliance and gate, and the forming of a fresh cell.

The cell itself is that of ``rram.py``; what is added here is how a source with a limit drives it through a sweep:

- **Hysteresis.** The voltage across the cell switches it at the rate of ``rram.py``, whose voltage scale follows from
  Yao et al., Nature 577, 641 (2020): 1.5 V and -1.2 V at 10 ms a point do what 2.0 V and -1.8 V do in 50 ns. Where the
  source's limit or resistance divides the voltage, a step is cut into pieces in each of which the mean change is at
  most a twentieth of what is left, so that growing conductance lowers the voltage that drives it: a SET ends where the
  compliance holds the voltage near the threshold.
- **Gate.** With V_D the drain and the source at 0 V: a SET reaches at most slope x (V_G - V_T), so the gate is a
  compliance of its own (98 uS/V: 40 uS, that is 60 uA at 1.5 V, for 1.2 V). In a RESET the drain is the lower end of
  the transistor. A gate that does not open it lets no current pass; above that its own resistance is left out.
- **Forming** (all of it *assumed*). A fresh cell conducts ``pristine`` until it is formed; the chance for that grows
  as exp((V - V_F) / ``forming_scale``), and is one in 10 ms on average at V_F, which is normal over cells. From then on
  it is a formed cell at its lowest conductance, so the same voltage drives it up to what gate or compliance allow.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.physics.checks import check_not_negative
from simulated_instruments.physics.random_streams import advance_uniforms, fill_normals, seed_streams
from simulated_instruments.physics.rram import RramCells
from simulated_instruments.physics.rram_parameters import DEFAULT_PARAMETERS, PulseLines, RramParameters

FloatArray = NDArray[np.float64]
_ONE = np.zeros(1, dtype=np.int64)
#: Mean change in a piece of a step, as a share of what is left.
PIECE = 0.05
#: Pieces of one step; what is left of it then changes nothing that could be seen.
MOST_PIECES = 300
#: Marks the stream of a cell's forming; any number will do.
_FORMING = 0x466F726D


@dataclass(frozen=True)
class FormingParameters:
    """The numbers of a fresh cell; all *assumed*.

    Raises:
        ValueError: One of them is not above 0.
    """

    pristine: float = 20e-9  # S
    voltage: float = 2.6  # V, at which it takes 10 ms on average
    spread: float = 0.15  # V, sd over cells
    scale: float = 0.08  # V per e-fold of the rate
    time: float = 10e-3  # s

    def __post_init__(self) -> None:
        for name in ("pristine", "voltage", "scale", "time"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"forming: {name} must be above 0, got {getattr(self, name):g}")
        check_not_negative("forming: spread", self.spread, "V")


class DcCell:
    """One cell with its transistor, source line at 0 V.

    Args:
        seed: 0 .. 2^64 - 1, of everything that is random about it.
        parameters: Of the cell.
        virgin: Whether it is fresh and must be formed.
        forming: Of a fresh cell.
        stuck: Conductance, in S, that it is stuck at; ``None`` for a cell that works.
    """

    def __init__(
        self,
        seed: int,
        *,
        parameters: RramParameters = DEFAULT_PARAMETERS,
        virgin: bool = False,
        forming: FormingParameters | None = None,
        stuck: float | None = None,
    ) -> None:
        self.cells = RramCells(1, seed=seed, parameters=parameters)
        if stuck is not None:
            self.cells.stick(_ONE, stuck)
        self.formed = not virgin
        self._forming = forming or FormingParameters()
        states, strides = seed_streams(1, seed ^ _FORMING)
        deviate = np.empty((1, 1))
        fill_normals(states, strides, deviate)
        self.forming_voltage = self._forming.voltage + self._forming.spread * float(deviate[0, 0])
        self._patience = -float(np.log1p(-advance_uniforms(states, strides)[0]))

    def conductance(self, now: float) -> float:
        """Return the conductance at ``now`` (s), in S."""
        return float(self.cells.conductance(_ONE, now=now)[0]) if self.formed else self._forming.pristine

    def respond(
        self, times: FloatArray, volts: FloatArray, gates: FloatArray, *, ohms: float, limit: float
    ) -> tuple[FloatArray, FloatArray]:
        """Follow a source of ``volts`` (V) behind ``ohms`` with ``limit`` (A), the gate at ``gates`` (V), (n,) each.

        Returns:
            Voltage across the cell (V) and current through it (A), (n,) each, at ``times`` (n,) in s.
        """
        across, through = np.zeros(len(times)), np.zeros(len(times))
        for step in range(len(times)):
            if step and times[step] > times[step - 1]:
                middle = 0.5 * (volts[step] + volts[step - 1])
                gate = 0.5 * (gates[step] + gates[step - 1])
                self._expose(float(middle), float(gate), float(times[step - 1]), float(times[step]), ohms, limit)
            if not np.isinf(ohms) and self._opening(float(volts[step]), float(gates[step])) > 0.0:
                conductance = self.conductance(float(times[step]))
                through[step] = np.clip(volts[step] * conductance / (1.0 + ohms * conductance), -limit, limit)
                across[step] = through[step] / conductance
            elif not np.isinf(ohms):
                across[step] = volts[step]
        return across, through

    def _opening(self, volts: float, gate: float) -> float:
        """Return how far the transistor is open beyond its threshold, in V."""
        return gate - min(volts, 0.0) - self.cells.parameters.gate_threshold

    def _expose(self, volts: float, gate: float, start: float, stop: float, ohms: float, limit: float) -> None:
        """Let a constant source act from ``start`` to ``stop`` (s)."""
        if np.isinf(ohms) or self._opening(volts, gate) <= 0.0:
            return
        now = start
        if not self.formed:
            now = self._form(volts, start, stop)
        divided = ohms > 0.0 or abs(volts) * float(self.cells.state()["high"][0]) > limit
        for _ in range(MOST_PIECES):
            conductance = self.conductance(now)
            held = min(max(volts / (1.0 + ohms * conductance), -limit / conductance), limit / conductance)
            if now >= stop or not self.formed or abs(held) <= self.cells.parameters.threshold:
                return
            lines = PulseLines(gate - min(held, 0.0), max(held, 0.0), max(-held, 0.0), stop - now)
            width = stop - now
            if divided:
                width = min(width, PIECE * width / max(self._share(lines), 1e-300))
            self.cells.pulse(_ONE, **lines._replace(width=width)._asdict(), now=now)
            now += width

    def _share(self, lines: PulseLines) -> float:
        """Return the change that a pulse would make in the mean, as a number of e-folds of what is left."""
        drive = self.cells.parameters.drive(lines)
        state = self.cells.state()
        rate = state["set_rate" if lines.bit_line > lines.source_line else "reset_rate"][0]
        return drive.exposure * float(rate)

    def _form(self, volts: float, start: float, stop: float) -> float:
        """Let the forming go on; return when the cell was formed, or ``stop``."""
        if volts <= 0.0:
            return stop
        rate = float(np.exp(min((volts - self.forming_voltage) / self._forming.scale, 60.0))) / self._forming.time
        needed = self._patience / rate
        if needed > stop - start:
            self._patience -= rate * (stop - start)
            return stop
        self.formed = True
        state = self.cells.state()
        state["conductance"] = state["low"].copy()
        state["pulsed_at"] = np.full(1, start + needed)
        self.cells.restore(state)
        return start + needed
