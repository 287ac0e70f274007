"""An array of synapses and neurons on the bench: many nodes, each with terminals of its own, worked out together.

A terminal meets one or more ports; a port with a minus before it is behind a unity inverter:

- ``row1``, ``row2``, ...: rows; those that nothing drives float.
- ``column1``, ...: column lines, between the synapses and the neuron.
- ``neuron1``, ...: bottoms of the neurons; those that nothing drives are open.
- ``sense1``, ... and ``address1``, ...: multiplexers between the bottoms and fewer terminals. Address lines above
  1.5 V are ones, the first the lowest bit; address a leads the bottoms a S + 1 to a S + S to the S sense terminals, and
  all others to ground.

Outputs have a voltage and a resistance here, and no current limit.
"""

import dataclasses
import math
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from simulated_instruments.bench_parts.drive import Drive, Floats
from simulated_instruments.bench_parts.net import Conflict
from simulated_instruments.frontend import Clock
from simulated_instruments.physics.diffusive import DiffusiveParameters
from simulated_instruments.physics.drift_memristor import DriftParameters
from simulated_instruments.physics.neuron_array import Drives, NeuronArray, Trace

NUMBERS = 20_000_000
"""Voltages and currents that an array remembers; the oldest pieces go first."""
LOGIC_LEVEL = 1.5
"""V above which an address line is a one; *assumed*: CMOS at 3 V."""
_PORT = re.compile(r"(-?)(row|column|neuron|sense|address)([1-9]\d*)")


@dataclasses.dataclass(frozen=True)
class Port:
    """One port: what it is, its number from 0, and 1 or -1 behind an inverter."""

    kind: str
    number: int
    sign: float


class ArrayNet:
    """The array, its drives and what happened there.

    Args:
        name: In conflicts.
        clock: The bench's.
        device: The array.
        ports: The ports of each terminal.
        lock: Held by whoever touches it.
        report: Told of two terminals that drive one port at once.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        device: NeuronArray,
        ports: Mapping[str, tuple[Port, ...]],
        *,
        lock: threading.RLock,
        report: Callable[[Conflict], None],
    ) -> None:
        self.name, self.device, self.lock = name, device, lock
        self._clock, self._ports, self._report = clock, ports, report
        self._drives: dict[str, Drive] = {}
        self._pieces: deque[Trace] = deque()
        self._numbers = 0
        self._done = clock.now()
        kinds = [port for of in ports.values() for port in of]
        self._senses = sum(port.kind == "sense" for port in kinds)
        self._fresh = False

    def view(self, terminal: str) -> "PortView":
        """Return the array as one terminal meets it."""
        return PortView(self, terminal)

    def now(self) -> float:
        """Return the bench's time, in s; never before what has been worked out."""
        return max(self._clock.now(), self._done)

    def drive(self, terminal: str, drive: Drive | None) -> None:
        """Let a terminal drive from now on, whatever the start that it has, or let go."""
        with self.lock:
            if self.now() > self._done:
                self.advance()
            self._fresh = False
            if drive is None:
                self._drives.pop(terminal, None)
                return
            mine = {(port.kind, port.number) for port in self._ports[terminal]}
            for other in self._drives.keys() - {terminal}:
                if mine & {(port.kind, port.number) for port in self._ports[other]}:
                    self._report(Conflict(self._done, self.name, tuple(sorted((terminal, other)))))
            self._drives[terminal] = dataclasses.replace(drive, start=self._done)

    def advance(self) -> None:
        """Work out what has happened up to the clock."""
        with self.lock:
            now = self.now()
            if self._fresh and now == self._done:
                return
            ends = [np.array([self._done, now])]
            times = np.unique(np.concatenate(ends + [d.corners(self._done, now) for d in self._drives.values()]))
            bottoms = self._sources("neuron", self.device.columns, times)
            if self._senses:
                bottoms = Drives(np.zeros_like(bottoms.volts), np.zeros_like(bottoms.ohms))
            rows = self._sources("row", self.device.rows, times)
            lines = self._sources("column", self.device.columns, times)
            piece = self.device.respond(times, rows, bottoms, lines)
            self._pieces.append(piece)
            self._numbers += _size(piece)
            while self._numbers > NUMBERS and len(self._pieces) > 1:
                self._numbers -= _size(self._pieces.popleft())
            self._done, self._fresh = now, True

    def trace(self, terminal: str, times: Floats) -> tuple[Floats, Floats]:
        """Return the voltages (V) at a terminal and the currents (A) out of it at ``times``."""
        pieces = [p for p in self._pieces if p.times[-1] >= times.min() and p.times[0] <= times.max()]
        pieces = pieces or [self._pieces[-1]]
        grid = np.concatenate([piece.times for piece in pieces])
        found = [self._seen(terminal, piece) for piece in pieces]
        volts, amps = (np.concatenate(values) for values in zip(*found, strict=True))
        return np.interp(times, grid, volts), np.interp(times, grid, amps)

    def _seen(self, terminal: str, piece: Trace) -> tuple[Floats, Floats]:
        volts, amps = np.zeros(len(piece.times)), np.zeros(len(piece.times))
        for port in self._ports[terminal]:
            if port.kind == "address":
                drive = self._drives.get(terminal)
                return (volts if drive is None else drive.at(piece.times)), amps
            if port.kind == "sense":
                number = self._address(piece.times) * self._senses + port.number
                here = np.minimum(number, self.device.columns - 1)
                amps = amps - np.where(number < self.device.columns, _picked(piece.neuron_amps, here), 0.0)
                continue
            node, current, way = {
                "row": (piece.row_volts, piece.row_amps, 1.0),
                "column": (piece.column_volts, piece.line_amps, 1.0),
                "neuron": (piece.bottom_volts, piece.neuron_amps, -1.0),
            }[port.kind]
            volts = port.sign * node[:, port.number]
            if port.sign > 0.0:  # an inverter takes no current at its input
                amps = amps + way * current[:, port.number]
        return volts, amps

    def _address(self, times: Floats) -> "np.ndarray[Any, np.dtype[np.int64]]":
        address = np.zeros(len(times), dtype=np.int64)
        for terminal, drive in self._drives.items():
            for port in self._ports[terminal]:
                if port.kind == "address":
                    address += (drive.at(times) > LOGIC_LEVEL).astype(np.int64) << port.number
        return address

    def _sources(self, kind: str, count: int, times: Floats) -> Drives:
        volts, ohms = np.zeros((count, len(times))), np.full(count, math.inf)
        for terminal, drive in self._drives.items():
            for port in self._ports[terminal]:
                if port.kind == kind:
                    volts[port.number] = port.sign * drive.at(times)
                    ohms[port.number] = drive.ohms if port.sign > 0.0 else 0.0
        return Drives(volts, ohms)

    def crossing(self, terminal: str, level: float, *, rising: bool, after: float) -> float | None:
        """Return the first time since ``after`` at which a terminal's voltage crossed ``level``, or ``None``."""
        times = np.concatenate([piece.times for piece in self._pieces])
        volts = np.concatenate([self._seen(terminal, piece)[0] for piece in self._pieces])
        above = (volts - level) if rising else (level - volts)
        for hit in np.flatnonzero((above[:-1] < 0.0) & (above[1:] >= 0.0)):
            share = -above[hit] / (above[hit + 1] - above[hit])
            time = float(times[hit] + share * (times[hit + 1] - times[hit]))
            if time >= after:
                return time
        return None


class PortView:
    """The array as one terminal meets it: what a `BenchTerminal` asks of a net and of its history."""

    def __init__(self, net: ArrayNet, terminal: str) -> None:
        self.name, self.lock = net.name, net.lock
        self.history = self
        self._net, self._terminal = net, terminal

    def now(self) -> float:
        """Return the bench's time, in s."""
        return self._net.now()

    def advance(self) -> None:
        """Work out what has happened up to the clock."""
        self._net.advance()

    def drive(self, terminal: str, drive: Drive | None) -> None:
        """Drive, or let go."""
        self._net.drive(terminal, drive)

    def connect(self, cell: int | None) -> None:
        """Refuse to choose a cell: an array has all of them connected.

        Raises:
            ValueError: Always.
        """
        raise ValueError(f"the array {self.name!r} has no cells to choose from")

    def latest(self, terminal: str, *, device: bool) -> tuple[float, float]:
        """Return the terminal's voltage (V) and the current (A) out of it, now."""
        volts, amps = self._net.trace(terminal, np.array([self._net.now()]))
        return float(volts[0]), float(amps[0])

    def volts(self, times: Floats, *, device: bool) -> Floats:
        """Return the terminal's voltages at ``times``; ``device`` makes no difference."""
        return self._net.trace(self._terminal, times)[0]

    def amps(self, times: Floats, terminal: str) -> Floats:
        """Return the currents out of the terminal at ``times``."""
        return self._net.trace(terminal, times)[1]

    def crossing(self, level: float, *, rising: bool, after: float, device: bool) -> float | None:
        """Return the first time since ``after`` at which the terminal's voltage crossed ``level``, or ``None``."""
        return self._net.crossing(self._terminal, level, rising=rising, after=after)


def make_array(options: Mapping[str, Any], farads: float, seed: int) -> NeuronArray:
    """Return the array of a station file: rows, columns, load (Ohm), synapse and neuron (tables), weights (S).

    Raises:
        ValueError: An option that there is none of, or one that makes no array.
    """
    given = dict(options)
    weights, load = given.pop("weights", None), given.pop("load", math.inf)
    try:
        synapse = DriftParameters(**given.pop("synapse", {}))
        neuron = DiffusiveParameters(**given.pop("neuron", {}))
        array = NeuronArray(
            given.pop("rows"), given.pop("columns"), seed=given.pop("seed", seed), farads=farads, load=1.0 / load,
            synapses=synapse, neurons=neuron, **given,
        )  # fmt: skip
    except (TypeError, KeyError, ZeroDivisionError) as error:
        raise ValueError(f"synapse-array: {error}") from error
    if weights is not None:
        table = np.asarray(weights, dtype=np.float64)
        if table.shape != (array.rows, array.columns):
            raise ValueError(f"weights are {table.shape}, but the array is {array.rows} x {array.columns}")
        array.conductances = table
    return array


def parse_ports(terminals: Sequence[str], ports: Sequence[Any], array: NeuronArray) -> dict[str, tuple[Port, ...]]:
    """Return the ports of each terminal, given as names such as ``row1`` or lists of them, one for each terminal.

    Raises:
        ValueError: A port that there is none of, or not one for each terminal.
    """
    if len(ports) != len(terminals):
        raise ValueError(f"there are {len(terminals)} terminals, but {len(ports)} ports")
    most = {"row": array.rows, "column": array.columns, "neuron": array.columns, "sense": array.columns, "address": 8}
    found: dict[str, tuple[Port, ...]] = {}
    for terminal, names in zip(terminals, ports, strict=True):
        mine = []
        for name in [names] if isinstance(names, str) else names:
            match = _PORT.fullmatch(name)
            if match is None or int(match[3]) > most[match[2]]:
                raise ValueError(f"there is no port {name!r} on an array of {array.rows} x {array.columns}")
            mine.append(Port(match[2], int(match[3]) - 1, -1.0 if match[1] else 1.0))
        found[terminal] = tuple(mine)
    return found


def _size(piece: Trace) -> int:
    return sum(values.size for values in vars(piece).values())


def _picked(values: Floats, columns: Any) -> Floats:
    return np.asarray(values[np.arange(len(values)), columns])
