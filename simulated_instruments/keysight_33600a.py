"""A simulated Keysight 33600A series waveform generator (33611A, 33612A, 33621A, 33622A).

Simulated: every function's waveform, pulses with their straight edges, bursts (triggered, internal, gated), BUS,
external and timer triggers, arbs and sequences, levels with load, limits, units and couplings, tracking, the error
queue and status registers. Kept but without effect: sync and trigger outputs, range, reference clock, display.
Refused with -241 and their name: sweeps, modulations, combining, two-channel (IQ) arbs, arbs advanced by triggers,
output gating. The arb filters draw straight lines between points (NORMal and STEP alike) or hold each point (OFF).

A change while an output is on is rendered from that moment; continuous waveforms are handed out a stretch at a time,
see `simulated_instruments.keysight_33600a_parts.playback`.

Source: a public dump of every setting of a real 33622A after a reset, notes of public drivers made on real instruments,
and the 33500/33600 operating and service guide as they quote it. Facts that nobody confirmed are constants in
`simulated_instruments.keysight_33600a_parts.limits` and `.conflicts`, marked *unconfirmed*.
"""

import copy
import dataclasses
import math
from collections.abc import Mapping

import numpy as np

from simulated_instruments.frontend import Clock
from simulated_instruments.keysight_33600a_parts import limits
from simulated_instruments.keysight_33600a_parts.arbs import Codes, Memory
from simulated_instruments.keysight_33600a_parts.binding import Shared
from simulated_instruments.keysight_33600a_parts.channel import DEFAULT_ARB, Channel
from simulated_instruments.keysight_33600a_parts.commands_arb import arb_commands, data_commands, file_commands
from simulated_instruments.keysight_33600a_parts.commands_output import (
    apply_commands,
    burst_commands,
    output_commands,
    phase_commands,
)
from simulated_instruments.keysight_33600a_parts.commands_source import (
    function_commands,
    level_commands,
    pulse_commands,
)
from simulated_instruments.keysight_33600a_parts.commands_stored import (
    coupling_commands,
    modulation_commands,
    panel_commands,
)
from simulated_instruments.keysight_33600a_parts.coupling import propagate
from simulated_instruments.keysight_33600a_parts.output import Output
from simulated_instruments.scpi import Call, Command, Register, ScpiError, ScpiFrontEnd
from simulated_instruments.scpi.common import common_commands, register_commands
from simulated_instruments.terminals import Terminal

_FIRMWARE = "A.02.03-3.15-03-64-02"
_SCPI_VERSION = "1999.0"
"""*Unconfirmed*."""
_QUEUE_DEPTH = 20
_SAVES = 5
_BYTES_PER_POINT = 16
_SHORT_MESSAGE = 65_536


class SimulatedKeysight33600A(ScpiFrontEnd):
    """A 33600A series generator: bytes in, bytes out, waveforms to its terminals.

    Args:
        clock: The bench's clock.
        terminals: What the outputs ``"ch1"`` and ``"ch2"`` are wired to; one that is missing has no effect anywhere.
        model: ``33611A``, ``33612A``, ``33621A`` or ``33622A``.
        serial: The serial number in ``*IDN?``.
        seed: Of the noise function.
        memory_points: Points that each channel's volatile memory has; `limits.LARGE_MEMORY` with the memory option.
    """

    terminal_names = ("ch1", "ch2")

    def __init__(
        self,
        clock: Clock,
        terminals: Mapping[str, Terminal],
        *,
        model: str = "33622A",
        serial: str = "MY59000001",
        seed: int = 0,
        memory_points: int = limits.STANDARD_MEMORY,
    ) -> None:
        super().__init__(clock, queue_depth=_QUEUE_DEPTH, input_limit=memory_points * _BYTES_PER_POINT + _SHORT_MESSAGE)
        self.model = limits.MODELS[model]
        self.shared = Shared()
        self._operation, self._questionable = Register(), Register()
        self.status.registers = {8: self._questionable, 128: self._operation}
        self._disk: dict[str, Codes] = {}
        self._saved: dict[int, tuple[Shared, list[Channel]]] = {}
        self._dirty: set[int] = set()
        self._external = False
        rng = np.random.default_rng(seed)
        self._memories = [Memory(memory_points) for _ in range(self.model.channels)]
        self._outputs = [
            Output(Channel(n), memory, terminals.get(f"ch{n}"), clock, rng)
            for n, memory in enumerate(self._memories, start=1)
        ]
        self.use(self._commands(f"Agilent Technologies,{model},{serial},{_FIRMWARE}"))

    def channel(self, call: Call) -> Channel:
        """Return the channel that the header names, the first where it names none."""
        return self.output(call).channel

    def output(self, call: Call) -> Output:
        """Return that channel's output."""
        return self._outputs[call.suffix("ch", count=len(self._outputs)) - 1]

    def memory(self, call: Call) -> Memory:
        """Return that channel's arbs."""
        return self.output(call).memory

    def changed(self, channel: Channel) -> None:
        """A setting of ``channel`` has changed: see to couplings, and to the output before time goes on."""
        self._dirty.add(channel.number)
        self._dirty |= propagate(self.shared, self.model, channel, [output.channel for output in self._outputs])
        self._share_memories()

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        """Take bytes from the host, cut anywhere, and return what the instrument sends back for them."""
        reply = super().receive(data, end=end)
        self._update()
        return reply

    def poll(self) -> None:
        """Renew what has run out of its rendered stretch, and follow the operation register."""
        for output in self._outputs:
            output.refresh(changed=False)

    def pending(self) -> bool:
        """Return whether a burst is under way."""
        return self._busy_until() > self.clock.now()

    def finish(self) -> None:
        """Let the time pass that bursts under way still take; an endless one is not waited for (*unconfirmed*)."""
        self._update()
        remaining = self._busy_until() - self.clock.now()
        if remaining > 0.0:
            self.clock.wait(remaining)
            self.poll()

    def reset(self) -> None:
        """``*RST``: both channels back to their power-on settings, outputs off; arbs stay in memory."""
        self.shared = Shared()
        self._install([Channel(output.channel.number) for output in self._outputs])

    def save(self, location: int) -> None:
        """``*SAV``."""
        self._saved[location] = copy.deepcopy((self.shared, [output.channel for output in self._outputs]))

    def recall(self, location: int) -> None:
        """``*RCL``; -221 (*unconfirmed*) from a location that holds nothing."""
        if location not in self._saved:
            raise ScpiError(-221)
        self.shared, channels = copy.deepcopy(self._saved[location])
        self._install(channels)

    def trigger(self) -> None:
        """``*TRG``: both channels that wait for the bus; -211 when none does. It moves no sequence on."""
        self._update()
        waiting = [o for o in self._outputs if o.channel.trigger_source == "BUS" and not o.plays_sequence()]
        triggered = [output.trigger() for output in waiting]
        if not any(triggered):
            raise ScpiError(-211)

    def set_external_trigger(self, *, high: bool) -> None:
        """Drive the Ext Trig connector: edges trigger channels whose source is EXT, the level gates gated bursts."""
        self._update()
        edge = "POS" if high else "NEG"
        for output in self._outputs:
            channel = output.channel
            if high != self._external and channel.trigger_source == "EXT" and channel.trigger_slope == edge:
                output.trigger()
            output.set_gate(active=high != (channel.gate_polarity == "INV"))
        self._external = high

    def _commands(self, identity: str) -> list[Command]:
        return [
            *common_commands(self, identity=identity, options="0", version=_SCPI_VERSION, saves=_SAVES),
            *register_commands("STATus:OPERation", self._operation),
            *register_commands("STATus:QUEStionable", self._questionable),
            Command("STATus:PRESet", write=lambda call: self._preset()),
            *function_commands(self),
            *pulse_commands(self),
            *level_commands(self),
            *arb_commands(self),
            *data_commands(self),
            *file_commands(self, self._disk),
            *phase_commands(self),
            *burst_commands(self),
            *output_commands(self),
            *apply_commands(self),
            *modulation_commands(self),
            *coupling_commands(self),
            *panel_commands(self),
            Command("TRIGger{ch}[:IMMediate]", write=self._trigger_one),
            Command("ABORt", write=lambda call: self._abort()),
            Command("[SOURce{ch}]:PHASe:SYNChronize", write=lambda call: self._synchronize()),
        ]

    def _trigger_one(self, call: Call) -> None:
        self._update()
        if not self.output(call).trigger():
            raise ScpiError(-211)

    def _abort(self) -> None:
        self._play_on()
        for output in self._outputs:
            output.abort()

    def _synchronize(self) -> None:
        """Restart both phase generators; two running sequences fall silent, as a real 33622A's did."""
        sequences = [output.plays_sequence() and output.channel.trigger_source == "IMM" for output in self._outputs]
        for output in self._outputs:
            if len(sequences) > 1 and all(sequences):
                output.stop_sequence()
            else:
                output.abort()

    def _preset(self) -> None:
        self._operation.enable = self._questionable.enable = 0

    def _install(self, channels: list[Channel]) -> None:
        for output, channel in zip(self._outputs, channels, strict=True):
            for field in dataclasses.fields(Channel):
                setattr(output.channel, field.name, getattr(channel, field.name))
            self._dirty.add(channel.number)
        self._share_memories()

    def _share_memories(self) -> None:
        """A channel that copies the other one plays from its memory; an arb that is gone gives way to the default."""
        for output, memory in zip(self._outputs, self._memories, strict=True):
            leaders = [
                other
                for other, lead in zip(self._memories, self._outputs, strict=True)
                if lead is not output and lead.channel.tracking != "OFF"
            ]
            output.memory = leaders[0] if leaders else memory
            if not output.memory.holds(output.channel.arb):
                output.channel.arb = DEFAULT_ARB
                self._dirty.add(output.channel.number)

    def _play_on(self) -> None:
        """Let a burst go on for as long as the instrument takes before its outputs obey a message."""
        remaining = self._busy_until() - self.clock.now()
        if remaining > 0.0:
            self.clock.wait(min(remaining, limits.SETTING_TIME))

    def _update(self) -> None:
        if self._dirty:
            self._play_on()
        for output in self._outputs:
            output.refresh(changed=output.channel.number in self._dirty)
        self._dirty.clear()

    def _busy_until(self) -> float:
        return max((output.busy_until() for output in self._outputs), default=-math.inf)
