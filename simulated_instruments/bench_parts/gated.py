"""A 1T1R cell on the bench, whose gate is another net."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from simulated_instruments.bench_parts.devices import Device
from simulated_instruments.physics.rram_dc import DcCell, FormingParameters
from simulated_instruments.physics.rram_parameters import RramParameters

Floats = NDArray[np.float64]


class GatedRram(Device):
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
        forming = FormingParameters() if forming_voltage is None else FormingParameters(voltage=forming_voltage)
        self.cell = DcCell(seed, parameters=RramParameters(**parameters), virgin=virgin, forming=forming, stuck=stuck)
        self.gate_net = gate
        self.gate_volts: Callable[[Floats], Floats] = np.zeros_like

    @override
    def respond(self, times: Floats, volts: Floats, *, ohms: float, limit: float) -> tuple[Floats, Floats]:
        return self.cell.respond(times, volts, self.gate_volts(times), ohms=ohms, limit=limit)
