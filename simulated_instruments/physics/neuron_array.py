"""An array of synapses whose columns end in diffusive neurons, as one coupled circuit.

Row i meets column j through the synapse G_ij. Each column has a capacitor C to ground (or, for little C, a resistor),
a line of its own that can be driven, and a neuron from the column to the neuron's bottom, which can be driven, measured
or left open. With ideal rows a column follows C dV_j/dt = sum_i G_ij (V_i - V_j) - g_j (V_j - V_bottom). When a neuron
fires it pulls its column down, so that the rows' whole voltage is across the synapses; when a bottom is open its neuron
carries nothing.

Source: Nat. Electron. 1, 137 (2018), Figs 4 and 5; Kirchhoff's laws. The devices: ``drift_memristor.py`` and
``diffusive.py``. Line resistance, stray capacitance and the transistors of the 1T1R cells are left out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.physics import neuron_array_kernels as kernels
from simulated_instruments.physics.checks import check_at_least_one, check_not_negative
from simulated_instruments.physics.diffusive import DiffusiveCells, DiffusiveParameters
from simulated_instruments.physics.drift_memristor import DriftMemristors, DriftParameters

FloatArray = NDArray[np.float64]
RECORDS = 10_000
"""Of one call of the kernel."""
NEURON_SEED = 0x9E3779B97F4A7C15
"""Keeps the neurons' random numbers apart from the synapses'."""


@dataclass(frozen=True)
class Drives:
    """Sources of one kind of terminal: (k, n) V unloaded, and (k,) Ohm; infinite where nothing drives."""

    volts: FloatArray
    ohms: FloatArray


@dataclass(frozen=True)
class Trace:
    """What happened: (n,) s, and (n, rows) or (n, columns) of everything else in V and A.

    Currents of rows and lines are out of their sources, those of neurons out of the network through the bottoms.
    """

    times: FloatArray
    row_volts: FloatArray
    row_amps: FloatArray
    column_volts: FloatArray
    line_amps: FloatArray
    bottom_volts: FloatArray
    neuron_amps: FloatArray


class NeuronArray:
    """The array; discharged, its neurons off.

    Args:
        rows: Number of rows.
        columns: Number of columns.
        seed: 0 .. 2^64 - 1.
        farads: F from each column to ground.
        load: S from each column to ground.
        synapses: The synapses' numbers.
        neurons: The neurons' numbers.
        share: Of a time constant that a step of the integration may take.

    Attributes:
        synapses: (rows x columns) drift memristors, row by row.
        neurons: (columns) diffusive memristors.
        charged: (columns,) V.

    Raises:
        ValueError: A number that makes no array.
    """

    def __init__(
        self,
        rows: int,
        columns: int,
        *,
        seed: int,
        farads: float = 0.0,
        load: float = 0.0,
        synapses: DriftParameters | None = None,
        neurons: DiffusiveParameters | None = None,
        share: float = 0.04,
    ) -> None:
        check_at_least_one("rows", rows)
        check_at_least_one("columns", columns)
        check_not_negative("farads", farads, "F")
        check_not_negative("load", load, "S")
        if not 0.0 < share <= 0.1:
            raise ValueError(f"share must be above 0 and at most 0.1, got {share:g}")
        self.rows, self.columns = rows, columns
        self.synapses = DriftMemristors(rows * columns, seed=seed, parameters=synapses)
        self.neurons = DiffusiveCells(columns, seed=(seed ^ NEURON_SEED) & (2**64 - 1), parameters=neurons)
        self.charged = np.zeros(columns)
        self._farads, self._load, self._share = farads, load, share
        self._records = np.empty((RECORDS, 1 + 2 * rows + 4 * columns))

    @property
    def conductances(self) -> FloatArray:
        """The synapses' conductances (rows, columns) in S, which can be written."""
        return self.synapses.conductances.reshape(self.rows, self.columns)

    @conductances.setter
    def conductances(self, siemens: FloatArray) -> None:
        self.synapses.conductances = np.asarray(siemens, dtype=np.float64).ravel()

    def respond(self, times: FloatArray, rows: Drives, bottoms: Drives, lines: Drives) -> Trace:
        """Drive the array along ``times`` (n,) s, which begin where the last call ended, and move on to the last."""
        records = self._records
        weights = self.synapses.cells.reshape(self.rows, self.columns)
        steps, parts, now = np.ascontiguousarray(times, dtype=np.float64), [], float(times[0])
        volts = [np.ascontiguousarray(drives.volts, dtype=np.float64) for drives in (rows, bottoms, lines)]
        if len(steps) == 1:
            steps, volts = np.repeat(steps, 2), [np.repeat(each, 2, axis=1) for each in volts]
        while True:
            count, now = kernels.follow(
                self.neurons.cells, self.neurons.law, weights, self.synapses.law, self._load, self._farads,
                self._share, steps, volts[0], rows.ohms, volts[1], bottoms.ohms, volts[2], lines.ohms, self.charged,
                now, records,
            )  # fmt: skip
            parts.append(records[:count].copy())
            if now >= steps[-1]:
                break
        ends = np.cumsum([1, *2 * [self.rows], *4 * [self.columns]])
        columns = np.split(np.concatenate(parts), ends[:-1], axis=1)
        return Trace(columns[0][:, 0], *columns[1:])
