"""One drift-diffusion cell and its transistor under slow signals; the cell is that of ``rram_kinetics.py``.

The source line is at 0 V. With the drain above it the transistor is in the triode region or saturated, and its current
I = K (a u - u^2/2), a = V_G - V_T, u <= a, limits what a SET reaches. With the drain below it, in a RESET, it is a
source follower, as in a pulse. Source: the square law of a MOS transistor.
"""

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.physics import rram_kinetics_kernels as kernels
from simulated_instruments.physics.rram_kinetics import KineticCells, KineticParameters
from simulated_instruments.physics.rram_kinetics_parameters import DEFAULT_KINETICS
from simulated_instruments.physics.rram_parameters import PulseLines

FloatArray = NDArray[np.float64]
_ONE = np.zeros(1, dtype=np.int64)


class KineticDcCell:
    """One cell behind its transistor.

    Args:
        seed: 0 .. 2^64 - 1, of everything that is random about it.
        parameters: Of the cell; one that is stuck is drawn as any other share of them.
    """

    def __init__(self, seed: int, *, parameters: KineticParameters = DEFAULT_KINETICS) -> None:
        self.cells = KineticCells(1, seed=seed, parameters=parameters)

    def respond(
        self, times: FloatArray, volts: FloatArray, gates: FloatArray, *, ohms: float, limit: float
    ) -> tuple[FloatArray, FloatArray]:
        """Follow a source of ``volts`` (V) behind ``ohms`` with ``limit`` (A), the gate at ``gates`` (V), (n,) each.

        Returns:
            Voltage over cell and transistor (V) and current through them (A), (n,) each, at ``times`` (n,) in s.
        """
        across, through = np.zeros(len(times)), np.zeros(len(times))
        if np.isinf(ohms):
            return across, through
        for step in range(len(times)):
            if step and times[step] > times[step - 1]:
                middle = 0.5 * (volts[step] + volts[step - 1]) - ohms * through[step - 1]
                gate = 0.5 * (gates[step] + gates[step - 1])
                self._expose(float(middle), float(gate), float(times[step - 1]), float(times[step] - times[step - 1]))
            conductance = float(self.cells.conductance(_ONE, now=float(times[step]))[0])
            current = self.current(float(volts[step]), float(gates[step]), conductance)
            divided = current / (1.0 + ohms * abs(current / volts[step])) if volts[step] else 0.0
            through[step] = np.clip(divided, -limit, limit)
            across[step] = volts[step] - ohms * through[step]
        return across, through

    def current(self, volts: float, gate: float, conductance: float) -> float:
        """Return the current (A) of a cell of ``conductance`` (S), the drain at ``volts`` and the gate at ``gate``."""
        of = self.cells.parameters
        opening = gate - min(volts, 0.0) - of.gate_threshold
        if opening <= 0.0:
            return 0.0
        if volts < 0.0:
            drive = kernels.Drive(kernels.RESET, -volts, opening, 0.0, 0.0, 0.0)
            return -conductance * float(kernels.cell_voltage(conductance, drive, of.law()))
        half = opening + conductance / of.transconductance
        left = half - np.sqrt(max(half * half - 2.0 * conductance * volts / of.transconductance, 0.0))
        saturated = 0.5 * of.transconductance * opening * opening
        return float(saturated if left >= opening else conductance * (volts - left))

    def _expose(self, volts: float, gate: float, now: float, width: float) -> None:
        drain, source = max(volts, 0.0), max(-volts, 0.0)
        lines = PulseLines(gate + source, drain, source, width)
        self.cells.pulse(_ONE, **lines._asdict(), now=now)
