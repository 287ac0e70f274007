"""The bench: which terminals of which simulated instruments meet which device, under one clock.

A net is a node with a device from it to ground, if wanted behind a series resistor and with a capacitor in parallel.
Any number of terminals may be on it; one at a time may drive. Two that drive at once share the node through their
output resistances, as two real outputs would, and the bench reports it: a `Conflict` in `Bench.conflicts`, and a call
of `Bench.on_conflict`. A source meter whose output is off holds 0 V with a milliampere at most; that is no conflict.

Devices are worked out up to the clock whenever a terminal is used, from corner to corner of what is driven. Nothing
here advances the clock.
"""

import math
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from typing_extensions import override

from simulated_instruments.bench_parts.array_net import ArrayNet, PortView, make_array, parse_ports
from simulated_instruments.bench_parts.devices import WithCapacitor, make_device
from simulated_instruments.bench_parts.drive import Drive, Floats, constant, waveform
from simulated_instruments.bench_parts.gated import Gated
from simulated_instruments.bench_parts.net import Conflict, Net
from simulated_instruments.frontend import Clock
from simulated_instruments.terminals import ResistiveTerminal, Terminal

__all__ = ["Bench", "BenchTerminal", "Conflict", "NetWiring"]

REMEMBERED_CONFLICTS = 1000


@dataclass(frozen=True)
class NetWiring:
    """How a net is wired.

    Attributes:
        terminals: ``role.terminal`` of everything on the node.
        probes: ``role.terminal`` of what is behind the series resistor, across the device; these only watch.
        returns: ``role.terminal`` of what holds the device's other end at 0 V and measures its current; while none is
            connected that end is open. The capacitor goes to ground.
        device: ``open``, ``resistor``, ``capacitor``, ``diffusive``, ``pcm``, ``rram``,
            ``rram-1t1r``, ``rram-kinetics`` or ``synapse-array``.
        options: The device's own numbers; an array's ``ports``, see `bench_parts.array_net`.
        series: Resistor between the node and the device, in Ohm.
        capacitance: Parallel to the device, in F.
    """

    terminals: Sequence[str]
    probes: Sequence[str] = ()
    returns: Sequence[str] = ()
    device: str = "open"
    options: Mapping[str, Any] = field(default_factory=dict)
    series: float = 0.0
    capacitance: float = 0.0


class Bench:
    """The nets of a station.

    Args:
        clock: The bench's clock.
        nets: The wiring by name of the net, as `NetWiring` or its fields by name.
        seed: Of the devices; each net draws its own numbers from it and its name.

    Attributes:
        nets: The nets that are one node, by name.
        arrays: The arrays of synapses and neurons, by name.
        conflicts: The last of the times that two terminals drove one net.
        on_conflict: Called for each, in the thread of the instrument that began it.

    Raises:
        ValueError: A device or an option that there is none of, or a terminal that is wired twice; names the net.
    """

    def __init__(self, clock: Clock, nets: Mapping[str, NetWiring | Mapping[str, Any]], *, seed: int = 0) -> None:
        self.conflicts: list[Conflict] = []
        self.on_conflict: Callable[[Conflict], None] = _nothing
        self._clock = clock
        self._lock = threading.RLock()
        self.nets: dict[str, Net] = {}
        self.arrays: dict[str, ArrayNet] = {}
        self._terminals: dict[str, Terminal] = {}
        for name, wiring in nets.items():
            try:
                wired = wiring if isinstance(wiring, NetWiring) else NetWiring(**wiring)
                self._wire(name, wired, (seed ^ zlib.crc32(name.encode())) & (2**64 - 1))
            except ValueError as error:
                raise ValueError(f"nets.{name}: {error}") from error
        for name in self.nets:
            self._connect_gate(name)

    def terminals(self, role: str) -> dict[str, Terminal]:
        """Return what is wired of one instrument, by terminal."""
        head = f"{role}."
        return {name[len(head) :]: each for name, each in self._terminals.items() if name.startswith(head)}

    def open_terminal(self) -> Terminal:
        """Return a terminal that nothing is wired to."""
        return ResistiveTerminal(self._clock)

    def device(self, net: str) -> Any:
        """Return a net's device, for looking behind the wire in tests."""
        if net in self.arrays:
            return self.arrays[net].device
        device = self.nets[net].device
        return device.device if isinstance(device, WithCapacitor) else device

    def _wire(self, name: str, wiring: NetWiring, seed: int) -> None:
        if wiring.series < 0.0 or wiring.capacitance < 0.0:
            raise ValueError("series and capacitance must not be negative")
        if wiring.device == "synapse-array":
            self._wire_array(name, wiring, seed)
            return
        device = make_device(wiring.device, wiring.options, seed, wiring.capacitance)
        net = Net(name, self._clock, device, series=wiring.series, lock=self._lock, report=self._conflict)
        self.nets[name] = net
        for terminal in wiring.terminals:
            self._add(BenchTerminal(net, terminal, probe=False), terminal)
        for terminal in wiring.probes:
            self._add(BenchTerminal(net, terminal, probe=True), terminal)
        for terminal in wiring.returns:
            self._add(ReturnTerminal(net, terminal), terminal)

    def _wire_array(self, name: str, wiring: NetWiring, seed: int) -> None:
        if wiring.probes or wiring.returns or wiring.series:
            raise ValueError("a synapse-array has terminals alone, each with its ports; no probes, returns or series")
        options = dict(wiring.options)
        names = options.pop("ports", ())
        array = make_array(options, wiring.capacitance, seed)
        ports = parse_ports(wiring.terminals, names, array)
        net = ArrayNet(name, self._clock, array, ports, lock=self._lock, report=self._conflict)
        self.arrays[name] = net
        for terminal in wiring.terminals:
            self._add(BenchTerminal(net.view(terminal), terminal, probe=False), terminal)

    def _add(self, made: Terminal, name: str) -> None:
        if name in self._terminals:
            raise ValueError(f"the terminal {name!r} is wired twice")
        self._terminals[name] = made

    def _connect_gate(self, name: str) -> None:
        """Let a transistor's gate follow the net that it is on."""
        device = self.device(name)
        if not isinstance(device, Gated):
            return
        if device.gate_net not in self.nets or device.gate_net == name:
            others = ", ".join(net for net in self.nets if net != name)
            raise ValueError(f"nets.{name}: the gate is to be on another net, and there is {others or 'none'}")
        device.gate_volts = self.nets[name].gated_by(self.nets[device.gate_net])

    def _conflict(self, conflict: Conflict) -> None:
        self.conflicts.append(conflict)
        del self.conflicts[:-REMEMBERED_CONFLICTS]
        self.on_conflict(conflict)


class BenchTerminal(Terminal):
    """A terminal on a net.

    Args:
        net: The net, or an array as this terminal meets it.
        name: ``role.terminal``.
        probe: It is across the device instead of on the node; driving there is refused.
    """

    def __init__(self, net: Net | PortView, name: str, *, probe: bool) -> None:
        self._net = net
        self._name = name
        self._probe = probe

    @override
    def force(self, volts: float, *, ohms: float = 0.0, limit: float = math.inf) -> None:
        self._drive(constant(volts, ohms, limit))

    @override
    def force_current(self, amps: float, *, limit: float = math.inf) -> None:
        if not amps:
            self._drive(None)
            return
        highest = limit if math.isfinite(limit) else 1e6  # *assumed*; no instrument has more
        self._drive(constant(math.copysign(highest, amps), 0.0, abs(amps)))

    @override
    def play(
        self, times: Floats, volts: Floats, *, ohms: float = 0.0, count: int = 1, period: float = math.inf
    ) -> None:
        self._drive(waveform(times, volts, ohms, count, period))

    @override
    def connect(self, cell: int | None) -> None:
        self._net.connect(cell)

    @override
    def release(self) -> None:
        self._net.drive(self._name, None)

    @override
    def sense(self) -> tuple[float, float]:
        with self._net.lock:
            self._net.advance()
            return self._net.history.latest(self._name, device=self._probe)

    @override
    def trace(self, times: Floats) -> tuple[Floats, Floats]:
        times = np.asarray(times, dtype=np.float64)
        with self._net.lock:
            self._net.advance()
            history = self._net.history
            return history.volts(times, device=self._probe), history.amps(times, self._name)

    @override
    def crossing(self, level: float, *, rising: bool, after: float) -> float | None:
        with self._net.lock:
            self._net.advance()
            return self._net.history.crossing(level, rising=rising, after=after, device=self._probe)

    def _drive(self, drive: Drive | None) -> None:
        if self._probe:
            raise ValueError(f"{self._name} is a probe on the net {self._net.name!r} and cannot drive it")
        self._net.drive(self._name, drive)


class ReturnTerminal(Terminal):
    """A terminal at the device's other end: it holds that end at 0 V and measures what comes out there.

    Args:
        net: The net.
        name: ``role.terminal``.
    """

    def __init__(self, net: Net, name: str) -> None:
        self._net = net
        self._name = name
        net.hold_return(name, connected=False)

    @override
    def force(self, volts: float, *, ohms: float = 0.0, limit: float = math.inf) -> None:
        self.play(np.zeros(1), np.array([volts]))

    @override
    def force_current(self, amps: float, *, limit: float = math.inf) -> None:
        raise ValueError(f"{self._name} is at the device's other end, which is held at 0 V and cannot be driven")

    @override
    def play(self, times: Floats, volts: Floats, *, ohms: float = 0.0, count: int = 1, period: float = 0.0) -> None:
        if np.any(volts):
            raise ValueError(f"{self._name} is at the device's other end, which is held at 0 V and cannot be driven")
        self._net.hold_return(self._name, connected=True)

    @override
    def connect(self, cell: int | None) -> None:
        self._net.connect(cell)

    @override
    def release(self) -> None:
        self._net.hold_return(self._name, connected=False)

    @override
    def sense(self) -> tuple[float, float]:
        with self._net.lock:
            volts, amps = self.trace(np.array([self._net.now()]))
        return float(volts[0]), float(amps[0])

    @override
    def trace(self, times: Floats) -> tuple[Floats, Floats]:
        times = np.asarray(times, dtype=np.float64)
        with self._net.lock:
            self._net.advance()
            return np.zeros(len(times)), self._net.history.amps(times, self._name)

    @override
    def crossing(self, level: float, *, rising: bool, after: float) -> float | None:
        return None


def _nothing(conflict: Conflict) -> None:
    pass
