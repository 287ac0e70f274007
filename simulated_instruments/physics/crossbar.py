"""A crossbar of 1T1R cells: voltages on the bit lines, currents out of the source lines, resistance along both.

Cell (i, j) joins bit line j with source line i where the word line of row i is on; a gate takes no current, so a word
line is a switch and nothing else. Bit line j is driven from its end at row 0, source line i is clamped at 0 V behind
its end at column 0, and between two neighbouring cells, and before the first, a line has one segment of resistance.
Kirchhoff's law at the 2 x rows x columns nodes is one sparse symmetric system. It is linear in the voltages, so it is
factorised once for one set of conductances and solved once for each bit line; what the crossbar does to any vector
is then the (rows, columns) transfer matrix, exactly.

Source: lines and cells as in Yao et al., Nature 577, 641 (2020), Methods: bit lines along columns carry the inputs,
source lines along rows the sums. Which end is driven, and any number for the resistance, is *assumed*.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import splu

from simulated_instruments.physics.checks import check_at_least_one, check_not_negative

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

Edges = tuple[IntArray, IntArray, FloatArray]
"""Conductances (n,) in S between a first and a second node each."""


class LineResistance(NamedTuple):
    """Resistances in Ohm: of one segment of each line, and what stands before the first."""

    bit_segment: float = 0.0
    source_segment: float = 0.0
    driver: float = 0.0
    sense: float = 0.0


@dataclass(frozen=True)
class Adc:
    """A unipolar converter: ``step`` in A, codes 0 .. ``max_code``, rounded to nearest, halves up, clipped."""

    step: float
    max_code: int

    def codes(self, currents: FloatArray) -> IntArray:
        """Return the codes of currents (A), any shape."""
        return np.clip(np.floor(currents / self.step + 0.5), 0, self.max_code).astype(np.int64)


class Crossbar:
    """Cells with fixed conductances, read as often as wanted.

    Args:
        conductances: (rows, columns) in S, not negative.
        lines: Resistances; the ideal crossbar unless given. A line without resistance in its segments or before
            them is an ideal node from there on.
        selected: (rows,) whether the word line is on; all are unless given.

    Attributes:
        transfer: (rows, columns) in S: the current out of row i over the voltage on bit line j, all others at 0 V.

    Raises:
        ValueError: Conductances or resistances that are negative or not finite, or shapes that do not agree.
    """

    def __init__(
        self, conductances: ArrayLike, lines: LineResistance | None = None, *, selected: ArrayLike | None = None
    ) -> None:
        values = np.array(conductances, dtype=np.float64)
        if values.ndim != 2 or not values.size:
            raise ValueError(f"conductances must be (rows, columns), got shape {values.shape}")
        if not (np.isfinite(values).all() and (values >= 0.0).all()):
            raise ValueError("conductances must be finite and not negative")
        self.lines = lines or LineResistance()
        for name, ohms in self.lines._asdict().items():
            check_not_negative(name, ohms, "Ohm")
        on = np.ones(len(values), np.bool_) if selected is None else np.asarray(selected, np.bool_)
        if on.shape != (len(values),):
            raise ValueError(f"selected must be ({len(values)},), got {on.shape}")
        self.conductances: FloatArray = np.where(on[:, None], values, 0.0)
        self.transfer = _transfer(self.conductances, self.lines)

    def currents(self, voltages: ArrayLike) -> FloatArray:
        """Return (n, rows) currents out of the source lines, in A, for (n, columns) ``voltages`` of the bit lines."""
        given = np.asarray(voltages, dtype=np.float64)
        if given.ndim != 2 or given.shape[1] != self.conductances.shape[1]:
            raise ValueError(f"voltages must be (n, {self.conductances.shape[1]}), got {given.shape}")
        return given @ self.transfer.T

    def bit_serial(self, codes: ArrayLike, *, bits: int, voltage: float, adc: Adc) -> IntArray:
        """Return (n, rows) bit-weighted sums of ADC codes for (n, columns) signed input ``codes``.

        Sign and magnitude: bit by bit the columns whose magnitude has the bit are at ``voltage`` (V), first those of
        positive codes, then those of negative ones, which are subtracted; so no voltage is ever negative. A sum over
        2^bits - 1, times the ADC's step, is the current (A) for inputs scaled to 1.

        Raises:
            ValueError: A code beyond ``bits`` bits, or a negative voltage.
        """
        check_at_least_one("bits", bits)
        check_not_negative("voltage", voltage, "V")
        inputs = np.asarray(codes, dtype=np.int64)
        if inputs.size and np.abs(inputs).max() >= 2**bits:
            raise ValueError(f"codes of {bits} bits are within +-{2**bits - 1}, got {np.abs(inputs).max()}")
        sums = np.zeros((len(inputs), len(self.conductances)), np.int64)
        for sign in (1, -1):
            magnitudes = np.maximum(sign * inputs, 0)
            for bit in range(bits):
                planes = (magnitudes >> bit & 1) * voltage
                sums += sign * (adc.codes(self.currents(planes)) << bit)
        return sums


def differential(values: ArrayLike) -> FloatArray:
    """Return (n, rows / 2): each even row of (n, rows) minus the row after it, as differential pairs are read.

    Raises:
        ValueError: An odd number of rows.
    """
    pairs = np.asarray(values, dtype=np.float64)
    if pairs.shape[-1] % 2:
        raise ValueError(f"pairs need an even number of rows, got {pairs.shape[-1]}")
    return np.asarray(pairs[..., 0::2] - pairs[..., 1::2])


def _transfer(conductances: FloatArray, lines: LineResistance) -> FloatArray:
    """Return the transfer matrix: Kirchhoff's law with the drivers' and the sense ends' voltages given.

    With L the Laplacian of the network, u the unknown nodes, d the drivers and s the sense ends: L_uu V = -L_ud for 1 V
    on each driver in turn, and the currents into the sense ends are -(L_su V + L_sd).
    """
    rows, columns = conductances.shape
    bit, source, drivers, senses, count = _nodes(rows, columns, lines)
    parts = [_between(bit, source, conductances)]
    parts += [_between(nodes[:-1], nodes[1:], 1.0 / ohms) for nodes, ohms in _chains(bit, source, lines) if ohms]
    # Before the first cell of a line stand the driver, or the sense amplifier, and one segment.
    feed, out = lines.driver + lines.bit_segment, lines.sense + lines.source_segment
    parts += [_between(drivers, bit[0], 1.0 / feed)] if feed else []
    parts += [_between(senses, source[:, 0], 1.0 / out)] if out else []
    laplacian = _laplacian(parts, count)
    unknown = np.setdiff1d(np.arange(count), np.concatenate([drivers, senses]))
    direct = laplacian[senses][:, drivers].toarray()
    if not unknown.size:
        return np.asarray(-direct)
    inner = laplacian[unknown][:, unknown].tocsc()
    factors = splu(inner, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    volts = factors.solve(-laplacian[unknown][:, drivers].toarray())
    return np.asarray(-(laplacian[senses][:, unknown] @ volts + direct))


def _nodes(rows: int, columns: int, lines: LineResistance) -> tuple[IntArray, IntArray, IntArray, IntArray, int]:
    """Number the nodes: of each cell on its bit and its source line, of the drivers, of the sense ends; and how many.

    Points with no resistance between them are one node.
    """
    bit = np.arange(rows * columns).reshape(rows, columns)
    source = bit + rows * columns
    drivers = 2 * rows * columns + np.arange(columns)
    senses = drivers[-1] + 1 + np.arange(rows)
    if not lines.bit_segment:
        bit = np.broadcast_to(bit[0] if lines.driver else drivers, (rows, columns))
    if not lines.source_segment:
        source = np.broadcast_to((source[:, 0] if lines.sense else senses)[:, None], (rows, columns))
    used, places = np.unique(np.concatenate([bit.ravel(), source.ravel(), drivers, senses]), return_inverse=True)
    cells = rows * columns
    return (
        places[:cells].reshape(rows, columns),
        places[cells : 2 * cells].reshape(rows, columns),
        places[2 * cells : 2 * cells + columns],
        places[2 * cells + columns :],
        len(used),
    )


def _chains(bit: IntArray, source: IntArray, lines: LineResistance) -> tuple[tuple[IntArray, float], ...]:
    """Return the nodes along each kind of line, the first axis running along it, and a segment's resistance (Ohm)."""
    return (bit, lines.bit_segment), (source.T, lines.source_segment)


def _between(first: IntArray, second: IntArray, conductance: FloatArray | float) -> Edges:
    return first.ravel(), second.ravel(), np.broadcast_to(conductance, first.shape).ravel()


def _laplacian(parts: list[Edges], count: int) -> csr_array:
    first, second, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    rows = np.concatenate([first, second, first, second])
    columns = np.concatenate([first, second, second, first])
    stamps = np.concatenate([values, values, -values, -values])
    return csr_array((stamps, (rows, columns)), shape=(count, count))
