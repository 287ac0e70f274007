"""Driver of the Keysight 33600A waveform generators: 33611A, 33612A, 33621A, 33622A.

Checked against scripted dialogues and simulation alone; no real generator has spoken to it yet.

What an output does when nothing runs: its relay is open, so the device floats. That is the only idle policy: held at
0 V the output would be 50 ohm to ground across whatever else measures the device. No ramp is needed before that.

Voltages are those at the declared load (option ``load``): the source has 50 ohm, and an open output carries twice what
it gives into 50 ohm. A device far from the declared load sees another voltage.

Source: "Keysight 33500/33600 series operating and service guide", as public drivers and notes cite it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from drivers.keysight_33600a_limits import (
    HIGH_IMPEDANCE,
    LONGEST_EDGE,
    LONGEST_PERIOD,
    LOWEST_RATE,
    MODELS,
    MOST_CYCLES,
    WirePulse,
    WireWaveform,
    parse_load,
)
from drivers.keysight_33600a_memory import Keysight33600AMemory
from drivers.scpi import number
from labctl.capabilities import Floats, Pulse
from labctl.errors import ConfigError, InstrumentError
from labctl.instrument import IdlePolicy
from labctl.links import Link
from labctl.settings import Value

TOLERANCE = 0.01
"""How far a level, width or edge that was read back may be from what was asked for (assumed)."""
STEP_VOLTS, STEP_SECONDS = 1e-3, 1e-10
"""Resolution allowed on top of it (assumed)."""
SAFE_WIDTH, SAFE_EDGE = 1e-3, 1e-8
"""Of a pulse, in s: legal at every amplitude and with each other."""
WAVEFORM_NAME = "LABCTL"


class Keysight33600A(Keysight33600AMemory):
    """A one- or two-channel waveform generator that gives pulses on one channel (option ``channel``)."""

    vendor = "Keysight"
    vendors = ("agilent", "keysight")
    models = tuple(MODELS)
    idle_policies = frozenset({IdlePolicy.FLOAT})
    options: ClassVar[Mapping[str, type]] = {"channel": int, "load": str}
    channel: int = 1
    load: str = HIGH_IMPEDANCE

    def __init__(self, link: Link, *, idle: IdlePolicy = IdlePolicy.FLOAT, **keywords: Any) -> None:
        super().__init__(link, idle=idle, **keywords)

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Take ``channel`` (1 or 2: where pulses come out) and ``load`` ("50 ohm" or "high impedance", the default)."""
        super().check_options(options)
        if self.channel not in {1, 2}:
            raise ConfigError(f"{self.role}: channel = {self.channel!r} is neither 1 nor 2")
        self._loads[self.channel] = parse_load(self.load)

    def open(self) -> None:
        """Connect, and set what numbers mean: volts peak to peak, degrees, low byte first, the declared load."""
        super().open()
        try:
            self._prepare()
        except BaseException:
            self.identity = None
            self.link.close()
            raise

    def make_safe(self) -> dict[str, Value]:
        """Open the relay of each output, whatever runs, and read it back; no ramp is needed."""
        outputs = range(1, self.model.channels + 1)
        self.link.forget_cancel()
        for n in outputs:
            self.write_only(f"OUTP{n} OFF")
        answers = {n: self.ask_number(f"OUTP{n}?") for n in outputs}
        still_on = [f"output {n}" for n in outputs if answers[n] != 0.0]
        if still_on:
            text = f"{' and '.join(still_on)} is still on after it was switched off"
            raise InstrumentError(self.role, "OUTP OFF", 0, text)
        return {f"ch{n}_output": False for n in outputs}

    def reset(self) -> None:
        """Bring both channels to the state after ``*RST``, outputs off, and prepare again as after opening."""
        self.command("*RST")
        self.wait_until_done(timeout=20.0)
        self._prepare()

    # -- pulses and waveforms, triggered by the driver --------------------------------------------------------------

    def check_pulses(self, pulse: Pulse, *, count: int = 1, period: float | None = None) -> None:
        """Refuse pulses that `send_pulses` would refuse; touches nothing.

        Raises:
            LimitError: Beyond what the generator gives or the sample stands.
        """
        self.output_limits(self.channel).pulse(pulse, count, period)

    def send_pulses(self, pulse: Pulse, *, count: int = 1, period: float | None = None) -> None:
        """Give ``count`` pulses, ``period`` (s) apart, and return when the last has been given.

        Without a period, pulse and pause are equally long. Pulses with edges beyond 1 us are played as a waveform.

        Raises:
            LimitError: Beyond what the generator gives or the sample stands; nothing was sent.
            InstrumentError: Refused or changed by the generator; the output is off, no pulse was given.
        """
        n, limits = self.channel, self.output_limits(self.channel)
        wire = limits.pulse(pulse, count, period)
        if max(wire.lead, wire.trail) > LONGEST_EDGE:
            self._play(n, limits.slow_pulse(pulse, wire.period), count)
            return
        self._configure_pulse(n, wire)
        self._check_pulse(n, wire)
        self._give(n, count, count * wire.period)

    def send_waveform(self, times: Floats, volts: Floats, *, count: int = 1) -> None:
        """Give a piecewise-linear waveform, ``volts`` (n,) V at ``times`` (n,) s from 0, ``count`` times in a row.

        While the output is on, before and after, it is at the first voltage. Each passage takes one sample longer than
        the last of ``times``. Clears the channel's uploaded waveforms.

        Raises:
            ConfigError: The times do not begin at 0 and rise.
            LimitError: Beyond what the generator gives or the sample stands; nothing was sent.
            InstrumentError: Refused or changed by the generator; the output is off.
        """
        limits = self.output_limits(self.channel)
        limits.within("number of waveforms", count, 1, MOST_CYCLES, "")
        self._play(self.channel, limits.waveform(times, volts), count)

    def trigger(self, channel: int) -> None:
        """Start what waits for a trigger by command on ``channel``."""
        self.command(f"TRIG{self._checked(channel)}")

    # -- two channels -----------------------------------------------------------------------------------------------

    def synchronize_phases(self) -> None:
        """Align the phases of both channels.

        On a real unit it silenced both outputs while both played sequences without a trigger.
        """
        self.command("PHAS:SYNC")

    def restart_waveforms(self) -> None:
        """Start the arbitrary waveforms of both channels together."""
        self.command("FUNC:ARB:SYNC")

    # -- inside -----------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        outputs = range(1, self.model.channels + 1)
        self._checked(self.channel)
        with self.block():
            self.command("UNIT:ANGL DEG")
            self.command("FORM:BORD SWAP")
            for n in outputs:
                self.command(f"SOUR{n}:VOLT:UNIT VPP")
        if self.read_load(self.channel) != parse_load(self.load):
            self.set_load(self.channel, self.load)
        for n in outputs:
            self.read_load(n)

    def _configure_pulse(self, n: int, wire: WirePulse) -> None:
        # Each step is legal whatever was set before: long period, width and edges, then levels, then what is asked.
        with self.block():
            self._command_all(
                f"OUTP{n} OFF", f"SOUR{n}:BURS:STAT OFF", f"SOUR{n}:FUNC:PULS:HOLD WIDT",
                f"SOUR{n}:FUNC:PULS:PER {number(LONGEST_PERIOD)}", f"SOUR{n}:FUNC:PULS:WIDT {number(SAFE_WIDTH)}",
                f"SOUR{n}:FUNC PULS", f"SOUR{n}:FUNC:PULS:TRAN:BOTH {number(SAFE_EDGE)}",
            )  # fmt: skip
            self.set_levels(n, high=wire.high, low=wire.low)
            self._command_all(
                f"SOUR{n}:FUNC:PULS:TRAN:LEAD {number(wire.lead)}", f"SOUR{n}:FUNC:PULS:TRAN:TRA {number(wire.trail)}",
                f"SOUR{n}:FUNC:PULS:WIDT {number(wire.width)}", f"SOUR{n}:FUNC:PULS:PER {number(wire.period)}",
                f"OUTP{n}:POL {'INV' if wire.inverted else 'NORM'}",
            )  # fmt: skip

    def _check_pulse(self, n: int, wire: WirePulse) -> None:
        self._check_levels(n, wire.high, wire.low)
        for header, asked in (
            ("WIDT", wire.width),
            ("PER", wire.period),
            ("TRAN:LEAD", wire.lead),
            ("TRAN:TRA", wire.trail),
        ):
            self._check_read_back(f"SOUR{n}:FUNC:PULS:{header}", asked, STEP_SECONDS)

    def _check_levels(self, n: int, high: float, low: float) -> None:
        self._check_read_back(f"SOUR{n}:VOLT:HIGH", high, STEP_VOLTS)
        self._check_read_back(f"SOUR{n}:VOLT:LOW", low, STEP_VOLTS)

    def _check_read_back(self, header: str, asked: float, step: float) -> None:
        found = self.ask_number(f"{header}?")
        if not abs(found - asked) <= TOLERANCE * abs(asked) + step:
            text = (
                f"was set to {number(asked)}, but reads back as {number(found)}; the output is off, nothing was given"
            )
            raise InstrumentError(self.role, header, 0, text)

    def _play(self, n: int, wave: WireWaveform, cycles: int) -> None:
        with self.block():
            self._command_all(f"OUTP{n} OFF", f"SOUR{n}:BURS:STAT OFF", f"SOUR{n}:DATA:VOL:CLE")
        self.upload_waveform(WAVEFORM_NAME, wave.codes, channel=n)
        self.select_waveform(WAVEFORM_NAME, rate=wave.rate, high=wave.high, low=wave.low, channel=n)
        self.command(f"OUTP{n}:POL NORM")
        self._check_levels(n, wave.high, wave.low)
        self._check_read_back(f"SOUR{n}:FUNC:ARB:SRAT", wave.rate, LOWEST_RATE)
        self._give(n, cycles, cycles * wave.duration)

    def _give(self, n: int, cycles: int, duration: float) -> None:
        """Trigger one burst of what is set up, with the output on only while it lasts."""
        with self.block():
            self._command_all(
                f"TRIG{n}:SOUR BUS", f"SOUR{n}:BURS:MODE TRIG", f"SOUR{n}:BURS:NCYC {cycles}", f"SOUR{n}:BURS:PHAS 0",
                f"SOUR{n}:BURS:STAT ON",
            )  # fmt: skip
        try:
            self.command(f"OUTP{n} ON")
            self.command(f"TRIG{n}")
            self.wait_until_done(timeout=duration)
        finally:
            self.command(f"OUTP{n} OFF")
