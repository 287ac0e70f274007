"""What hangs on a net: devices that answer a source with voltage and current, and change by it."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from simulated_instruments.physics.diffusive import DiffusiveCells, DiffusiveParameters
from simulated_instruments.physics.pcm import PcmCells, PcmParameters
from simulated_instruments.physics.rram import RramCells

Floats = NDArray[np.float64]
_ONE = np.zeros(1, dtype=np.int64)


class Passages(NamedTuple):
    """Passages of one waveform, ``number`` of them: ``start`` of the first and ``period`` in s."""

    start: float
    period: float
    number: int


class Device(Protocol):
    """Two terminals, one of them grounded."""

    def respond(self, times: Floats, volts: Floats, *, ohms: float, limit: float) -> tuple[Floats, Floats]:
        """Return voltage (V) and current (A), (n,) each, for a source of ``volts`` behind ``ohms`` with ``limit`` A.

        ``times`` (n,) begin where the last call ended; the device moves on to the last of them.
        """


class Resistor(Device):
    """A resistor; infinite for an open net."""

    def __init__(self, ohms: float = 1e4) -> None:
        if not ohms > 0.0:
            raise ValueError(f"a resistor needs more than 0 Ohm, got {ohms:g}")
        self.ohms = ohms

    @override
    def respond(self, times: Floats, volts: Floats, *, ohms: float, limit: float) -> tuple[Floats, Floats]:
        if math.isinf(ohms):
            return np.zeros(len(times)), np.zeros(len(times))
        if math.isinf(self.ohms):
            return volts.copy(), np.zeros(len(times))
        amps = np.clip(volts / (self.ohms + ohms), -limit, limit)
        return amps * self.ohms, amps


class PcmDevice(Device):
    """Phase-change cells, one of which is connected. Parameters by name, see `PcmParameters`.

    Args:
        seed: Of the cells.
        cells: How many there are; the first is connected.
        parameters: Of the model.
    """

    def __init__(self, seed: int, *, cells: int = 1, **parameters: float) -> None:
        self.cells = PcmCells(cells, seed=seed, parameters=PcmParameters(**parameters))
        self.connected: int | None = 0

    def connect(self, cell: int | None) -> None:
        """Connect a cell, or none; the one that was connected cools.

        Raises:
            ValueError: There is no such cell.
        """
        if cell is not None and not 0 <= cell < self.cells.count:
            raise ValueError(f"there are the cells 0 to {self.cells.count - 1}, not {cell}")
        if self.connected is not None:
            self.cells.cool(self.connected)
        self.connected = cell

    @override
    def respond(self, times: Floats, volts: Floats, *, ohms: float, limit: float) -> tuple[Floats, Floats]:
        if self.connected is None:
            return (np.zeros(len(times)) if math.isinf(ohms) else volts.copy()), np.zeros(len(times))
        return self.cells.respond_one(self.connected, times, volts, ohms=ohms, limit=limit)

    def repeat(self, times: Floats, volts: Floats, passages: Passages, *, ohms: float, limit: float) -> None:
        """Be driven with one waveform again and again: ``volts`` (n,) V at ``times`` (n,) s of a passage."""
        if self.connected is not None:
            self.cells.repeat_one(
                self.connected, times, volts, start=passages.start, period=passages.period, count=passages.number,
                ohms=ohms, limit=limit,
            )  # fmt: skip


class RramDevice(Device):
    """One RRAM cell, its transistor held open by ``gate`` (V); above 0 V sets it. Its read noise is left out."""

    def __init__(self, seed: int, gate: float = 5.0) -> None:
        self.cells = RramCells(1, seed=seed)
        self.gate = gate

    @override
    def respond(self, times: Floats, volts: Floats, *, ohms: float, limit: float) -> tuple[Floats, Floats]:
        across, through = np.zeros(len(times)), np.zeros(len(times))
        if math.isinf(ohms):
            return across, through
        conductance = self._conductance(times[0])
        for step in range(len(times)):
            if step and times[step] > times[step - 1]:
                middle = 0.5 * (volts[step] + volts[step - 1])
                volts_now = np.clip(middle / (1.0 + ohms * conductance), -limit / conductance, limit / conductance)
                self._expose(float(volts_now), float(times[step - 1]), float(times[step] - times[step - 1]))
                conductance = self._conductance(times[step])
            through[step] = np.clip(volts[step] * conductance / (1.0 + ohms * conductance), -limit, limit)
            across[step] = through[step] / conductance
        return across, through

    def _conductance(self, now: float) -> float:
        return float(self.cells.conductance(_ONE, now=float(now))[0])

    def _expose(self, volts: float, now: float, width: float) -> None:
        if abs(volts) > self.cells.parameters.threshold:
            bit, source = max(volts, 0.0), max(-volts, 0.0)
            self.cells.pulse(_ONE, word_line=self.gate, bit_line=bit, source_line=source, width=width, now=now)


class DiffusiveDevice(Device):
    """One diffusive memristor, with what is in parallel to it. Parameters by name, see `DiffusiveParameters`.

    ``probe`` is the resistance in Ohm of what watches it: 10 MOhm, *assumed*, as a 10:1 probe has.

    Attributes:
        cells: Of one cell; ``cells.connected`` tells whether its other end is at 0 V.
    """

    RESOLUTION = 1e-6
    """s at which it is looked at after a corner: a firing takes some 10 us."""

    def __init__(self, seed: int, farads: float = 0.0, *, probe: float = 1e7, **parameters: float) -> None:
        of = DiffusiveParameters(**parameters)
        self.cells = DiffusiveCells(1, seed=seed, parameters=of, farads=farads, leak=1.0 / probe)

    @override
    def respond(self, times: Floats, volts: Floats, *, ohms: float, limit: float) -> tuple[Floats, Floats]:
        across, through = self.cells.respond(times, volts, ohms=ohms, limit=limit)
        return across[0], through[0]


class WithCapacitor(Device):
    """A device with a capacitor in parallel.

    Within a step the device is a conductance; the charge then follows the linear source exactly.
    """

    def __init__(self, device: Device, farads: float) -> None:
        if not farads > 0.0:
            raise ValueError(f"a capacitor needs more than 0 F, got {farads:g}")
        self.device = device
        self.farads = farads
        self.volts = 0.0

    @override
    def respond(self, times: Floats, volts: Floats, *, ohms: float, limit: float) -> tuple[Floats, Floats]:
        across, through = np.zeros(len(times)), np.zeros(len(times))
        for step in range(len(times)):
            length = float(times[step] - times[step - 1]) if step else 0.0
            leak = self._leak(float(times[step]), length)
            if math.isinf(ohms):
                self.volts *= math.exp(-leak * length / self.farads)
                current = 0.0
            elif ohms == 0.0:
                current = self._forced(float(volts[step]), leak, length, limit)
            else:
                before = float(volts[step - 1] if step else volts[0])
                self._charged(before, float(volts[step]), leak, length, ohms, limit)
                current = min(max((float(volts[step]) - self.volts) / ohms, -limit), limit)
            across[step], through[step] = self.volts, current
        return across, through

    def _leak(self, now: float, length: float) -> float:
        """Return the device's conductance, after the present voltage has been on it for ``length``."""
        held = np.full(2, self.volts if self.volts else 1e-3)
        volts, amps = self.device.respond(np.array([now - length, now]), held, ohms=0.0, limit=math.inf)
        return float(amps[-1] / volts[-1]) if volts[-1] else 0.0

    def _forced(self, target: float, leak: float, length: float, limit: float) -> float:
        """Follow an ideal source as far as its current limit lets it; return the current."""
        if length == 0.0:
            if math.isinf(limit):
                self.volts = target
            return min(max(leak * self.volts, -limit), limit)
        needed = self.farads * (target - self.volts) / length + leak * target
        current = min(max(needed, -limit), limit)
        if current == needed:
            self.volts = target
            return leak * target
        settled, decay = current / leak if leak else math.inf, math.exp(-leak * length / self.farads)
        self.volts = settled + (self.volts - settled) * decay if leak else self.volts + current * length / self.farads
        return current

    def _charged(self, before: float, after: float, leak: float, length: float, ohms: float, limit: float) -> None:
        if length == 0.0:
            return
        if abs(before - self.volts) > limit * ohms:
            self.volts += (math.copysign(limit, before - self.volts) - leak * self.volts) * length / self.farads
            return
        gain = 1.0 / (1.0 + leak * ohms)
        tau = ohms * self.farads * gain
        slope = (after - before) / length
        offset = self.volts - gain * (before - slope * tau)
        self.volts = gain * (after - slope * tau) + offset * math.exp(-length / tau)


def make_device(kind: str, options: Mapping[str, Any], seed: int, capacitance: float = 0.0) -> Device:
    """Return a device by name with a capacitor (F) in parallel.

    There are ``open``, ``resistor`` (ohms), ``capacitor`` (farads), ``diffusive``, ``pcm``, ``rram``, ``rram-1t1r`` and
    ``rram-kinetics``.

    Raises:
        ValueError: No such device, or an option that it does not have.
    """
    from simulated_instruments.bench_parts.gated import GatedKinetics, GatedRram

    makers: dict[str, Any] = {
        "open": lambda: Resistor(math.inf),
        "resistor": Resistor,
        "capacitor": lambda farads: WithCapacitor(Resistor(math.inf), farads),
        "diffusive": lambda **parameters: DiffusiveDevice(parameters.pop("seed", seed), capacitance, **parameters),
        "pcm": lambda **parameters: PcmDevice(parameters.pop("seed", seed), **parameters),
        "rram-1t1r": lambda **parameters: GatedRram(parameters.pop("seed", seed), **parameters),
        "rram-kinetics": lambda **parameters: GatedKinetics(parameters.pop("seed", seed), **parameters),
        "rram": lambda **parameters: RramDevice(parameters.pop("seed", seed), **parameters),
    }
    if kind not in makers:
        raise ValueError(f"there is no device {kind!r}; there are {', '.join(makers)}")
    try:
        device: Device = makers[kind](**options)
    except TypeError as error:
        raise ValueError(f"device {kind!r}: {error}") from error
    if capacitance and not isinstance(device, DiffusiveDevice):
        return WithCapacitor(device, capacitance)
    return device
