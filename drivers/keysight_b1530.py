"""Driver of the Keysight B1530A waveform generator and fast measurement unit, through its maker's library.

Checked against a recording library and simulation alone; no real B1530A has been driven with it yet.
Source: the B1530A instrument library's header (2008-10-30) and user's guide; FLEX commands do not reach this module.

The unit has no compliance: a sample's current limit cannot be held by it, its voltage limits are. Currents beyond the
range are given as the unit gives them, near full scale. A mainframe with an old error in its queue refuses the
library's session (FW_ERROR); the driver of the B1500A empties the queue when it opens.
"""

import functools
import sys
import types
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from drivers.wgfmu import limits, lines, programme
from drivers.wgfmu.codes import (
    FORCE_AUTO,
    FORCE_RANGES,
    MEASURE_CURRENT_RANGES,
    MEASURE_VOLTAGE_RANGES,
    MeasureMode,
    OperationMode,
    ReturnCode,
    Status,
    TriggerOut,
)
from drivers.wgfmu.library import Wgfmu
from drivers.wgfmu.programme import Pattern, Track
from labctl.capabilities import FastIVResult, Floats, LinesResult, Pulse
from labctl.errors import ConfigError, InstrumentError, StateError
from labctl.instrument import Identity, IdlePolicy, Instrument
from labctl.links import LibraryLink, Link
from labctl.settings import Setting, Value

SAFE_VOLTAGE = 0.05
"""An output below this, in V, counts as grounded (assumed)."""
LONGEST_BLOCK = 1.0
"""Longest run, in s, that is waited for inside the library, where no abort gets through (assumed)."""
POLL_INTERVAL = 0.02
"""Between two looks at a long run, in s."""
NOTHING_RUNS = frozenset({ReturnCode.CONTEXT_ERROR, ReturnCode.SEQUENCER_NOT_RUNNING_ERROR})
"""What calls about a run answer where no channel is in a mode in which it could run: unconfirmed which of the two."""
BUSY = {Status.RUNNING, Status.RUNNING_ILLEGAL}


def _kept(unit: Any, doc: str, attribute: str, **keywords: Any) -> Setting:
    """Return a setting that the driver keeps and sends with the next waveform."""
    return Setting(
        unit, doc, read=lambda unit: getattr(unit, attribute),
        write=lambda unit, value: setattr(unit, attribute, value), **keywords,
    )  # fmt: skip


class KeysightB1530(Instrument):
    """The B1530A: one channel forces, and measures the current, or leaves that to a second one that is held at 0 V.

    With ``measure_channel`` the voltages of a fast I-V are measured; without, they are those that were programmed. With
    ``lines`` up to ten channels work together on the rows and columns of an array.
    """

    vendor = "Keysight"
    models = ("B1530A",)
    idle_policies = frozenset({IdlePolicy.GROUND, IdlePolicy.FLOAT})
    options: ClassVar[Mapping[str, type]] = {"library": str, "channel": int, "measure_channel": int, "lines": dict}
    link_type = LibraryLink
    library: str = "wgfmu.dll" if sys.platform == "win32" else "libwgfmu.so"
    channel: int = 101
    measure_channel: int | None = None
    lines: Mapping[str, int] = types.MappingProxyType({})
    """What several channels are wired to, by name; they stand in place of ``channel`` and ``measure_channel``."""

    _pulse_mode = "FASTIV"
    _force_range = "auto"
    _current_range = 1e-3
    _trigger_out = "DISABLE"
    _force_delay = 0.0
    _measure_delay = 0.0

    pulse_mode = _kept(
        "", "operation mode for pulses: FASTIV, or PG through 50 ohm", "_pulse_mode", kind="str",
        choices=("FASTIV", "PG"),
    )  # fmt: skip
    force_range = _kept("", "force range", "_force_range", choices=("auto", *FORCE_RANGES), kind="str")
    current_range = _kept("A", "range of the current", "_current_range", choices=tuple(MEASURE_CURRENT_RANGES))
    trigger_out = _kept(
        "", "when the trigger output gives a pulse", "_trigger_out", kind="str",
        choices=("DISABLE", "START_EXECUTION", "START_SEQUENCE", "START_PATTERN"),
    )  # fmt: skip
    force_delay = _kept("s", "delay of the output, for cable lengths", "_force_delay", limits=limits.DELAY_LIMITS)
    measure_delay = _kept("s", "delay of measurements", "_measure_delay", limits=limits.DELAY_LIMITS)
    state = Setting("", "what the sequencer does", read=lambda unit: unit.status().name, kind="str")

    def __init__(self, link: Link, **keywords: Any) -> None:
        super().__init__(link, **keywords)
        if not isinstance(link, LibraryLink):
            raise ConfigError(f"{self.role}: a B1530A is reached through its maker's library alone")
        link.path = self.library
        self._wgfmu = Wgfmu(link, self.role)
        self._library_link = link
        self._sent: tuple[Track, ...] | None = None

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Take ``library`` (path of the DLL), ``channel``, ``measure_channel`` and ``lines`` (slot x 100 + 1 or 2)."""
        super().check_options(options)
        own = {"channel": self.channel, "measure_channel": self.measure_channel}
        for name, number in {**own, **{f"lines.{line}": number for line, number in self.lines.items()}}.items():
            if not isinstance(number, int | None):
                raise ConfigError(f"{self.role}: {name} = {number!r} is no channel; it is slot x 100 + 1 or 2")
            if number is not None and not (1 <= number // 100 <= 10 and number % 100 in {1, 2}):
                raise ConfigError(f"{self.role}: {name} = {number} is no channel; it is slot x 100 + 1 or 2")
        if self.channel == self.measure_channel:
            raise ConfigError(f"{self.role}: measure_channel is to be another than channel")
        if len(set(self.lines.values())) != len(self.lines):
            raise ConfigError(f"{self.role}: two of the lines {', '.join(self.lines)} are on one channel")

    # -- connection and safety --------------------------------------------------------------------------------------

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels in use."""
        if self.lines:
            return tuple(self.lines.values())
        return (self.channel,) if self.measure_channel is None else (self.channel, self.measure_channel)

    def identify(self) -> Identity:
        """Open the library's session, reset the channels, and check that ours are there."""
        call, address = self._wgfmu.call, self.link.name
        if self._wgfmu.call_unless(frozenset({ReturnCode.CONTEXT_ERROR}), "openSession", address) is None:
            call("closeSession")  # one that was left open
            call("openSession", address)
        try:
            call("initialize")
            call("clear")
            found = self._found()
        except BaseException:
            call("closeSession")
            raise
        self._sent = None
        return Identity(self.vendor, self.models[0], ", ".join(map(str, found)), "")

    def close(self) -> None:
        """Make safe, close the session and let go of the library; a second call does nothing."""
        if not self.is_open:
            return
        try:
            self.make_safe()
        finally:
            self.identity = None
            try:
                self._wgfmu.call("closeSession")
            finally:
                self.link.close()

    def make_safe(self) -> dict[str, Value]:
        """Abort, bring the channels to 0 V and measure that; disconnect them where they are to float.

        The library does not tell whether a channel is disconnected: that rests on its return code.
        """
        with self.link.lock:
            self._wgfmu.call_unless(NOTHING_RUNS, "abort")
            if (status := self.status()) in BUSY:
                raise InstrumentError(self.role, "abort", status, f"the sequencer is {status.name} after it")
            levels = {f"channel_{channel}_V": self._ground(channel) for channel in self.channels}
            if self.idle is IdlePolicy.FLOAT:
                self._disconnect()
        return {**levels, "connected": self.idle is not IdlePolicy.FLOAT}

    def status(self) -> Status:
        """Return what the sequencer does."""
        answer = self._wgfmu.call_unless(NOTHING_RUNS, "getStatus")
        return Status.IDLE if answer is None else Status(answer[0])

    # -- pulses and fast I-V ----------------------------------------------------------------------------------------

    def check_pulses(self, pulse: Pulse, *, count: int = 1, period: float | None = None) -> None:
        """Refuse pulses that `send_pulses` would refuse; touches nothing.

        Raises:
            LimitError: They cannot be made, or the sample does not stand them.
        """
        limits.whole(f"{self.role}: number of pulses", count, limits.MOST_LOOPS)
        pattern = programme.from_pulse(self.role, pulse, period)
        self._tracks(pattern, OperationMode[self._pulse_mode])

    def send_pulses(self, pulse: Pulse, *, count: int = 1, period: float | None = None) -> None:
        """Give ``count`` pulses, ``period`` (s) apart or one right after the other; return after the last.

        Raises:
            LimitError: It cannot be made, or the sample does not stand it; nothing was sent.
        """
        count = limits.whole(f"{self.role}: number of pulses", count, limits.MOST_LOOPS)
        pattern = programme.from_pulse(self.role, pulse, period)
        self._run(self._tracks(pattern, OperationMode[self._pulse_mode], loops=count))
        self._rest(pattern)

    def send_waveform(self, times: Floats, volts: Floats, *, count: int = 1) -> None:
        """Give a waveform, ``volts`` (n,) V at ``times`` (n,) s from 0, ``count`` times; return after the last.

        Raises:
            LimitError: It cannot be made, or the sample does not stand it; nothing was sent.
        """
        count = limits.whole(f"{self.role}: number of waveforms", count, limits.MOST_LOOPS)
        pattern = programme.from_points(self.role, times, volts)
        self._run(self._tracks(pattern, OperationMode[self._pulse_mode], loops=count))
        self._rest(pattern)

    def measure_waveform(
        self, times: Floats, volts: Floats, *, interval: float, averaging: float = 0.0
    ) -> FastIVResult:
        """Force ``volts`` (n,) V at ``times`` (n,) s; measure every ``interval`` (s), averaged over ``averaging`` (s).

        Times of the result are those in the middle of the averaging.

        Raises:
            LimitError: It cannot be made, or the sample does not stand it; nothing was sent.
        """
        pattern = programme.from_points(self.role, times, volts)
        event = programme.event_along(self.role, pattern, interval, averaging)
        self._run(self._tracks(pattern, OperationMode.FASTIV, event=event))
        stamps, values = self._wgfmu.measured(self.channel)
        if self.measure_channel is None:
            result = FastIVResult(stamps, np.interp(stamps, times, volts), values)
        else:
            result = FastIVResult(stamps, values, -self._wgfmu.measured(self.measure_channel)[1])
        self._rest(pattern)
        return result

    def start_currents(self, duration: float, *, interval: float, averaging: float = 0.0) -> None:
        """Hold 0 V on the measuring channel and measure for ``duration`` (s); return as soon as it has begun.

        The measuring channel is ``measure_channel``, or ``channel`` where there is none.

        Raises:
            LimitError: It cannot be made; nothing was sent.
        """
        channel = self.channels[-1]
        pattern = programme.from_points(self.role, np.array([0.0, duration]), np.zeros(2))
        event = programme.event_along(self.role, pattern, interval, averaging)
        amps = MEASURE_CURRENT_RANGES[self._current_range]
        track = Track(
            channel, pattern, OperationMode.FASTIV, FORCE_RANGES["3 V"].code, MeasureMode.CURRENT, amps, event=event
        )
        self._start((track,))

    def fetch_currents(self) -> FastIVResult:
        """Wait for the end of `start_currents` and return it; positive is what the device gives.

        Raises:
            StateError: Nothing was started.
        """
        tracks, channel = self._sent, self.channels[-1]
        if tracks is None or [track.channel for track in tracks] != [channel]:
            raise StateError(f"{self.role}: no measurement of currents was started")
        self._finish(tracks)
        stamps, values = self._wgfmu.measured(channel)
        self._rest(tracks[0].pattern)
        return FastIVResult(stamps, np.zeros(len(stamps)), -values)

    def measure_lines(
        self,
        times: Floats,
        volts: Mapping[str, Floats],
        *,
        measured: Sequence[str],
        interval: float,
        averaging: float = 0.0,
        current_range: float = 1e-2,
    ) -> LinesResult:
        """Force the lines of ``volts``, each (n,) V at ``times`` (n,) s, together; disconnect all others meanwhile.

        Raises:
            LimitError: It cannot be made, or the sample does not stand it; nothing was sent.
        """
        tracks = lines.tracks(
            self.role, self.lines, times, volts, measured, self.limits,
            lines.Sampling(interval, averaging, current_range),
        )  # fmt: skip
        with self.link.lock:
            for channel in set(self.channels) - {track.channel for track in tracks}:
                self._wgfmu.call("disconnect", channel)
            self._run(tracks)
        stamps, currents = np.zeros(0), {}
        for name in measured:
            stamps, currents[name] = self._wgfmu.measured(self.lines[name])
        for track in tracks:
            if track.pattern.volts[-1] != 0.0:
                self._ground(track.channel)
        if self.idle is IdlePolicy.FLOAT:
            self._disconnect()
        return LinesResult(stamps, currents)

    def pass_smu(self) -> None:
        """Connect the SMUs behind the channels to the device, for the source meter of the same mainframe."""
        self._sent = None
        for channel in self.channels:
            self._wgfmu.call("setOperationMode", channel, OperationMode.SMU)
            self._wgfmu.call("connect", channel)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _tracks(
        self, pattern: Pattern, mode: OperationMode, *, event: programme.Event | None = None, loops: int = 1
    ) -> tuple[Track, ...]:
        limits.check_sample(self.role, pattern.volts, self.limits)
        force = limits.force_range(self.role, pattern.volts, self._force_range, mode)
        highest = max(abs(force.lowest), force.highest)
        volts = MEASURE_VOLTAGE_RANGES[5.0 if highest <= 5.0 else 10.0]
        amps = MEASURE_CURRENT_RANGES[self._current_range]
        track = functools.partial(
            Track, event=event, loops=loops, force_delay=self._force_delay, measure_delay=self._measure_delay
        )
        own = (MeasureMode.VOLTAGE, volts)
        if event is not None and self.measure_channel is None:
            own = (MeasureMode.CURRENT, amps)
        trigger = TriggerOut[self._trigger_out]
        source = track(self.channel, pattern, mode, force.code, *own, trigger_out=trigger)
        if self.measure_channel is None:
            return (source,)
        ground = (OperationMode.FASTIV, FORCE_RANGES["3 V"].code, MeasureMode.CURRENT, amps)
        return (source, track(self.measure_channel, pattern.flat(), *ground))

    def _run(self, tracks: tuple[Track, ...]) -> None:
        with self.link.lock:
            self._start(tracks)
            self._finish(tracks)

    def _start(self, tracks: tuple[Track, ...]) -> None:
        """Send the tracks unless they are what the library has, and run them."""
        with self.link.lock:
            if tracks != self._sent:
                self._sent = None
                programme.send(self._wgfmu, tracks)
                self._sent = tracks
            elif self.idle is IdlePolicy.FLOAT:
                for channel in self.channels:
                    self._wgfmu.call("connect", channel)
            self._library_link.pause(0.0)
            self._wgfmu.call("execute")

    def _finish(self, tracks: tuple[Track, ...]) -> None:
        """Return when the tracks are over."""
        with self.link.lock:
            duration = max(limits.seconds(track.pattern.length) * track.loops for track in tracks)
            if duration > LONGEST_BLOCK and not self._library_link.in_process:
                while self.status() in BUSY:
                    self._library_link.pause(POLL_INTERVAL)
            self._wgfmu.call("waitUntilCompleted")

    def _rest(self, pattern: Pattern) -> None:
        """Go back to the idle policy after a run that left the last voltage of ``pattern``."""
        if pattern.volts[-1] != 0.0:
            self._ground(self.channel)
        if self.idle is IdlePolicy.FLOAT:
            self._disconnect()

    def _ground(self, channel: int) -> float:
        """Force 0 V and return the voltage that is measured there."""
        self._sent = None
        call = self._wgfmu.call
        call("setOperationMode", channel, OperationMode.DC)
        call("setForceVoltageRange", channel, FORCE_AUTO)
        call("setMeasureMode", channel, MeasureMode.VOLTAGE)
        call("setMeasureVoltageRange", channel, MEASURE_VOLTAGE_RANGES[5.0])
        call("dcforceVoltage", channel, 0.0)
        call("connect", channel)  # only now: what a channel gives when it is connected is not documented
        (level,) = call("dcmeasureValue", channel)
        if not abs(level) < SAFE_VOLTAGE:
            text = f"channel {channel} is at {level!r} V, not at ground"
            raise InstrumentError(self.role, "dcforceVoltage", ReturnCode.ERROR, text)
        return float(level)

    def _found(self) -> list[int]:
        """Return the ids of the channels that there are, ours among them."""
        found = self._wgfmu.channels()
        missing = [channel for channel in self.channels if channel not in found]
        if missing:
            text = f"no channel {missing}; there are {found}"
            raise InstrumentError(self.role, "getChannelIds", ReturnCode.CHANNEL_NOT_FOUND_ERROR, text)
        return found

    def _disconnect(self) -> None:
        for channel in self.channels:
            self._wgfmu.call("disconnect", channel)
