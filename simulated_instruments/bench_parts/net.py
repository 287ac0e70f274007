"""One net: a node that terminals drive and watch, and what hangs on it."""

import dataclasses
import math
import threading
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.bench_parts.devices import Device, DiffusiveDevice, Passages, PcmDevice, WithCapacitor
from simulated_instruments.bench_parts.drive import Drive, shares, together
from simulated_instruments.bench_parts.history import History, Piece
from simulated_instruments.frontend import Clock

Floats = NDArray[np.float64]

_EDGE_STEPS = np.linspace(0.0, 1.0, 9)[1:-1]
"""Where an edge is looked at in between, so that a device that is not linear shows on a scope."""
_CHARGING_STEPS = np.geomspace(0.05, 8.0, 24)
"""Time constants after a corner at which the charging of a capacitor is looked at."""
_LOOKS = np.concatenate([0.1 * np.arange(1, 200), np.arange(20, 2001)])
"""Looks at a diffusive memristor after a corner, in units of its resolution."""
_MOST_LOOKED_AT = 1000
"""Corners up to which it is looked at so."""
_LONG_TRAIN = 64
"""Whole passages of one waveform from which on not all of them are remembered; *assumed*."""
_MOST_REFINED = 20_000
"""Corners up to which a stretch of time is refined; longer ones are taken as they are."""


class Conflict(NamedTuple):
    """Two or more terminals that drive one net at once.

    Attributes:
        time: When it began, in s.
        net: Name of the net.
        terminals: Those that drive.
    """

    time: float
    net: str
    terminals: tuple[str, ...]

    def __str__(self) -> str:
        return f"at {self.time:.9g} s {' and '.join(self.terminals)} drive the net {self.net!r} at once"


class Net:
    """A node, a series resistor from it to the device, the device and a capacitor parallel to it.

    Args:
        name: In conflicts.
        clock: The bench's.
        device: What hangs there.
        series: Ohm between the node and the device.
        lock: Held by whoever touches a net.
        report: Told of each conflict when it begins.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        device: Device,
        *,
        series: float,
        lock: threading.RLock,
        report: Callable[[Conflict], None],
    ) -> None:
        self.name = name
        self.device = device
        self.history = History()
        self.lock = lock
        self._clock = clock
        self._series = series
        self._report = report
        self._charges = isinstance(device, WithCapacitor | DiffusiveDevice)
        self._drives: dict[str, Drive] = {}
        self._returns: dict[str, bool] = {}
        self._done = clock.now()
        self._fresh = False
        self._fighting: tuple[str, ...] = ()
        self._gate: Net | None = None
        self.followers: list[Net] = []

    def gated_by(self, gate: "Net") -> Callable[[Floats], Floats]:
        """Let the device's transistor be opened by another net; return that net's voltage as a function of time."""
        self._gate = gate
        gate.followers.append(self)
        return lambda times: gate.history.volts(times, device=False)

    def drives(self) -> list[Drive]:
        """Return what drives the net now."""
        return list(self._drives.values())

    def now(self) -> float:
        """Return the bench's time, in s; never before what has been worked out."""
        return max(self._clock.now(), self._done)

    def drive(self, terminal: str, drive: Drive | None) -> None:
        """Let a terminal drive from now on, whatever the start that it has, or let go."""
        with self.lock:
            for net in (self, *self.followers):
                net.advance()
            if drive is None:
                self._drives.pop(terminal, None)
            else:
                self._drives[terminal] = dataclasses.replace(drive, start=self._done)
            self._fresh = False
            self._look_for_conflict()

    def hold_return(self, terminal: str, *, connected: bool) -> None:
        """Let a terminal at the device's other end hold it at 0 V from now on, or let go."""
        with self.lock:
            self.advance()
            self._returns[terminal] = connected
            self._fresh = False

    def advance(self) -> None:
        """Work out what has happened up to the clock."""
        with self.lock:
            now = self.now()
            if self._fresh and now == self._done:
                return
            if self._gate is not None:
                self._gate.advance()
            for drive in [drive for drive in self._drives.values() if drive.count > 1]:
                self._repeat(drive, now)
            self._follow(now)
            self._fresh = True

    def connect(self, cell: int | None) -> None:
        """Connect one of the device's cells, or none.

        Raises:
            ValueError: The device has no cells to choose from, or not this one.
        """
        with self.lock:
            self.advance()
            self._fresh = False
            if isinstance(self.device, PcmDevice):
                self.device.connect(cell)
                return
        raise ValueError(f"the net {self.name!r} has no cells to choose from")

    def _follow(self, until: float) -> None:
        """Work out what happens from where we are until then, and remember it."""
        drives = list(self._drives.values())
        times = self._grid(drives, self._done, until)
        source = together(drives, times)
        ohms = source.ohms + self._series
        across, through, back = self._respond(times, source.volts, ohms, source.limit)
        node = across + through * self._series
        amps = shares(self._drives, times, node, through)
        holding = [name for name, connected in self._returns.items() if connected]
        amps |= {name: -back / len(holding) for name in holding}
        self.history.add(Piece(times, node, across, amps))
        self._done = until

    def _repeat(self, drive: Drive, now: float) -> None:
        """Work out a long train of one waveform: of its whole passages, the first and the last are remembered."""
        first, last = drive.passages(self._done, now)
        if last - first < _LONG_TRAIN:
            return
        begin, end = (drive.start + number * drive.period for number in (first + 1, last - 1))
        self._follow(begin)
        strong = [each for each in self._drives.values() if not each.resting]
        alone = len(strong) == 1 and strong[0] is drive and not self._returns
        if isinstance(self.device, PcmDevice) and alone and not drive.volts[0] and not drive.volts[-1]:
            source = together(list(self._drives.values()), drive.start + drive.times)
            ohms = source.ohms + self._series
            passages = Passages(begin, drive.period, last - first - 2)
            self.device.repeat(drive.times, source.volts, passages, ohms=ohms, limit=source.limit)
            ends, nothing = np.array([begin, end]), np.zeros(2)
            self.history.add(Piece(ends, nothing, nothing, dict.fromkeys(self._drives, nothing)))
            self._done = end
        else:
            for number in range(first + 2, last):
                self._follow(drive.start + number * drive.period)

    def _respond(self, times: Floats, volts: Floats, ohms: float, limit: float) -> tuple[Floats, Floats, Floats]:
        """Return voltage across the device, current out of the source, and current out of the device's other end."""
        connected = not self._returns or any(self._returns.values())
        if isinstance(self.device, DiffusiveDevice):
            self.device.cells.connected = connected
            across, through = self.device.respond(times, volts, ohms=ohms, limit=limit)
            return across, through, self.device.cells.through[0]
        across, through = self.device.respond(times, volts, ohms=ohms if connected else math.inf, limit=limit)
        return across, through, through

    def _grid(self, drives: list[Drive], start: float, stop: float) -> Floats:
        """Return the times at which something bends, both ends included."""
        ends = [start] if start == stop else [start, stop]
        gates = [] if self._gate is None else self._gate.drives()
        if not self._charges and all(len(drive.volts) == 1 for drive in (*drives, *gates)):
            return np.array(ends)
        bends = [drive.corners(start, stop) for drive in (*drives, *gates)]
        corners = np.unique(np.concatenate([np.array(ends), *bends]))
        if len(corners) == 1 or len(corners) > _MOST_REFINED:
            return corners
        volts = np.array([drive.at(corners) for drive in drives])
        extra = []
        if len(drives):
            edges = np.flatnonzero(np.any(np.diff(volts, axis=1) != 0.0, axis=0))
            lengths = np.diff(corners)[edges]
            extra.append((corners[edges][:, None] + lengths[:, None] * _EDGE_STEPS).ravel())
        if isinstance(self.device, WithCapacitor):
            ohms = together(drives, corners[:1]).ohms + self._series
            if 0.0 < ohms < math.inf:
                steps = corners[:-1, None] + ohms * self.device.farads * _CHARGING_STEPS
                extra.append(steps[steps < corners[1:, None]])
        if isinstance(self.device, DiffusiveDevice) and len(drives) and len(corners) <= _MOST_LOOKED_AT:
            looks = corners[:-1, None] + self.device.RESOLUTION * _LOOKS
            extra.append(looks[looks < corners[1:, None]])
        return np.unique(np.concatenate([corners, *extra]))

    def _look_for_conflict(self) -> None:
        strong = tuple(sorted(name for name, drive in self._drives.items() if not drive.resting))
        fighting = strong if len(strong) > 1 else ()
        if fighting and fighting != self._fighting:
            self._report(Conflict(self._done, self.name, fighting))
        self._fighting = fighting
