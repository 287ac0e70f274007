"""1T1R cells on the bench, whose gate is another net."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from simulated_instruments.bench_parts.devices import Device
from simulated_instruments.physics.rram_dc import DcCell, FormingParameters
from simulated_instruments.physics.rram_kinetics_dc import KineticDcCell
from simulated_instruments.physics.rram_kinetics_parameters import KineticParameters
from simulated_instruments.physics.rram_parameters import RramParameters

Floats = NDArray[np.float64]


class Gated(Device):
    """A device from the net (its drain) to ground, whose transistor another net opens.

    Attributes:
        gate_net: Name of that net.
        gate_volts: Tells that net's voltages (n,) in V at times (n,) in s.
    """

    def __init__(self, gate: str) -> None:
        self.gate_net = gate
        self.gate_volts: Callable[[Floats], Floats] = np.zeros_like


class GatedKinetics(Gated):
    """One 1T1R cell of drift-diffusion kinetics.

    Args:
        seed: Of the cell.
        gate: Name of the net that its gate is on.
        parameters: Of the cell, by name, see `KineticParameters`.
    """

    def __init__(self, seed: int, *, gate: str, **parameters: float) -> None:
        super().__init__(gate)
        self.cell = KineticDcCell(seed, parameters=KineticParameters(**parameters))

    @override
    def respond(self, times: Floats, volts: Floats, *, ohms: float, limit: float) -> tuple[Floats, Floats]:
        return self.cell.respond(times, volts, self.gate_volts(times), ohms=ohms, limit=limit)


class GatedRram(Gated):
    """One 1T1R cell from the net (its drain) to ground; what drives its gate is told by ``gate_volts``.

    Args:
        seed: Of the cell.
        gate: Name of the net that its gate is on.
        virgin: Whether it is fresh and must be formed.
        stuck: Conductance that it is stuck at, in S.
        forming_voltage: Of a fresh cell, in V.
        parameters: Of the cell, by name, see `RramParameters`.
    """

    def __init__(
        self,
        seed: int,
        *,
        gate: str,
        virgin: bool = False,
        stuck: float | None = None,
        forming_voltage: float | None = None,
        **parameters: float,
    ) -> None:
        super().__init__(gate)
        forming = FormingParameters() if forming_voltage is None else FormingParameters(voltage=forming_voltage)
        self.cell = DcCell(seed, parameters=RramParameters(**parameters), virgin=virgin, forming=forming, stuck=stuck)

    @override
    def respond(self, times: Floats, volts: Floats, *, ohms: float, limit: float) -> tuple[Floats, Floats]:
        return self.cell.respond(times, volts, self.gate_volts(times), ohms=ohms, limit=limit)
