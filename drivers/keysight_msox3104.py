"""Driver of the Keysight MSO-X 3104 oscilloscope (InfiniiVision 3000A, 3000T and 3000G X-Series): its analog channels.

Checked against scripted dialogues and simulation alone; no real oscilloscope has spoken to it yet.

It puts nothing out except through its built-in wave generator, an option: `make_safe` switches that off and reads it
back.

Source: "InfiniiVision 3000 X-Series Programmer's Guide" (2015), as public drivers and the maker's samples cite it.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np

from drivers.keysight_msox3104_settings import (
    CHANNELS,
    TIME_RANGE,
    AcquisitionType,
    KeysightMsox3104Settings,
    Measurement,
)
from drivers.keysight_msox3104_waveform import Preamble, decode
from drivers.scpi import number
from labctl.capabilities import Waveform
from labctl.errors import ConfigError, FrameError, InstrumentError, LimitError, StateError
from labctl.instrument import IdlePolicy
from labctl.settings import Value
from labctl.units import format_quantity

RUNNING = 1 << 3
"""Bit of the operation condition register: an acquisition is in progress."""
SHOWN_DIVISIONS = 6.0
"""Of the eight divisions of a screen, those that are meant to be used."""
TRIGGER_DIVISIONS = 6.0
"""How far from the screen's centre a trigger level may be, in divisions. Unconfirmed."""
AVERAGES = (2, 65536)
PNG = b"\x89PNG\r\n\x1a\n"
NOT_FITTED = frozenset({-113, -241})
"""Error codes of a generator that is not there: undefined header, hardware missing. Unconfirmed which."""
SLOW = 20.0
"""Longer wait, in s, for a reset or a screen image (assumed)."""


class KeysightMsox3104(KeysightMsox3104Settings):
    """A four-channel oscilloscope; channels are numbered from 1."""

    vendor = "Keysight"
    vendors = ("agilent", "keysight")
    models = ("MSOX3104A", "MSOX3104T", "MSOX3104G")
    idle_policies = frozenset({IdlePolicy.GROUND, IdlePolicy.FLOAT})
    """The same here: its inputs drive nothing."""
    _armed_for = 0.0

    def open(self) -> None:
        """Connect, and learn the probes' factors, which scale every voltage."""
        super().open()
        try:
            for n in CHANNELS:
                self.read_probe(n)
        except BaseException:
            self.identity = None
            self.link.close()
            raise

    def make_safe(self) -> dict[str, Value]:
        """Switch the built-in wave generator off and read that back; without one there is nothing to switch."""
        self.link.forget_cancel()
        self.write_only("*CLS")
        self.write_only(":WGEN:OUTP 0")
        found = self.errors()
        if found and found[0][0] in NOT_FITTED:
            return {"wave_generator_fitted": False, "wave_generator_output": False}
        if found:
            raise InstrumentError(self.role, ":WGEN:OUTP 0", *found[0])
        if self.ask_number(":WGEN:OUTP?") != 0.0:
            raise InstrumentError(self.role, ":WGEN:OUTP 0", 0, "the wave generator's output is still on")
        return {"wave_generator_fitted": True, "wave_generator_output": False}

    def reset(self) -> None:
        """Bring it to the state after ``*RST``: channel 1 on, running by itself."""
        self.command("*RST")
        self.wait_until_done(timeout=SLOW)
        for n in CHANNELS:
            self.read_probe(n)

    # -- acquisition ------------------------------------------------------------------------------------------------

    def show_channel(self, channel: int, *, low: float, high: float) -> None:
        """Capture ``channel`` too, ``low`` to ``high`` (V) over six of the eight divisions of its screen.

        Raises:
            LimitError: Beyond the channel's scale or offset; nothing was set.
            InstrumentError: Refused.
        """
        scale, middle = (high - low) / SHOWN_DIVISIONS, (high + low) / 2.0
        limits = (
            ("scale", scale, self.scale_limits(self._checked(channel))),
            ("offset", middle, self.offset_limits(channel)),
        )
        for name, asked, (least, most) in limits:
            if not least <= asked <= most:
                words = (format_quantity(value, "V") for value in (asked, least, most))
                raise LimitError(
                    "{}: {} is to be {}, but goes from {} to {}; nothing was set".format(self.role, name, *words)
                )
        with self.block():
            for text in ("DISP 1", f"SCAL {number(scale)}", f"OFFS {number(middle)}"):
                self.command(f":CHAN{channel}:{text}")

    def arm(self, *, duration: float, level: float, channel: int = 1, rising: bool = True) -> None:
        """Make ready to capture ``duration`` (s), half of it before and half after ``level`` (V) is crossed.

        Returns once it waits for the trigger, so that a pulse given right after is seen.

        Raises:
            LimitError: Beyond the time base or the channel's trigger range; nothing was set.
            StateError: It is set to average; one crossing cannot be averaged.
            InstrumentError: A setting was refused, or it did not become ready.
        """
        self._check_arm(duration, level, channel)
        with self.block():
            for text in (
                ":STOP", f":CHAN{channel}:DISP 1", ":TIM:MODE MAIN", ":TIM:REF CENT", f":TIM:RANG {number(duration)}",
                ":TIM:POS 0", ":TRIG:MODE EDGE", f":TRIG:EDGE:SOUR CHAN{channel}",
                f":TRIG:EDGE:SLOP {'POS' if rising else 'NEG'}", f":TRIG:EDGE:LEV {number(level)}", ":TRIG:SWE NORM",
            ):  # fmt: skip
                self.command(text)
        found = self.ask_number(":TIM:RANG?")
        if found < duration * (1.0 - 1e-6):
            text = f"was set to {number(duration)}, but reads back as {number(found)}"
            raise InstrumentError(self.role, ":TIM:RANG", 0, text)
        self._armed_for = found
        self.start_single()

    def start_single(self) -> None:
        """Start one acquisition with what is set up, and return once it waits for its trigger."""
        self.ask(":TER?")
        self.ask(":AER?")
        self.command(":SING")
        # it is armed once the memory before the trigger is full
        if not self._poll(lambda: self.ask_number(":AER?") != 0.0, self._armed_for):
            self.command(":STOP")
            raise InstrumentError(self.role, ":SING", 0, "it did not become ready for a trigger; it is stopped")

    def has_triggered(self) -> bool:
        """Return whether a trigger has come since this was last asked or an acquisition was started."""
        return self.ask_number(":TER?") != 0.0

    def is_running(self) -> bool:
        """Return whether an acquisition is in progress."""
        return bool(int(self.ask_number(":OPER:COND?")) & RUNNING)

    def force_trigger(self) -> None:
        """Trigger now."""
        self.command(":TRIG:FORC")

    def wait_until_captured(self, timeout: float = 0.0) -> None:
        """Wait until the acquisition is complete, for ``timeout`` (s) longer than for any answer.

        Raises:
            InstrumentError: It was not; it is stopped.
        """
        if not self._poll(lambda: not self.is_running(), timeout):
            self.command(":STOP")
            raise InstrumentError(
                self.role, ":SING", 0, "no complete acquisition in time, no trigger came; it is stopped"
            )

    def acquire_average(self, count: int, *, channels: Sequence[int] = (1,), timeout: float = 10.0) -> None:
        """Average ``count`` acquisitions (2 to 65536) of ``channels``; they are fetched by `fetch_waveform`.

        Args:
            count: How many.
            channels: All that are to be captured.
            timeout: In s, for all of them; where triggers fail to come the instrument is cleared after that.
        """
        if not AVERAGES[0] <= count <= AVERAGES[1]:
            raise LimitError(
                f"{self.role}: {count} acquisitions to average, but it goes from 2 to 65536; nothing was sent"
            )
        sources = ",".join(f"CHAN{self._checked(n)}" for n in channels)
        with self.block():
            self.command(":ACQ:MODE RTIM")
            self.command(":ACQ:TYPE AVER")
            self.command(f":ACQ:COUN {count}")
            self.command(":ACQ:COMP 100")
        self.ask(f":DIG {sources};*OPC?", timeout=self.link.options.timeout + timeout)
        self.check_errors(":DIG")

    def fetch_waveform(self, channel: int = 1, *, word: bool = True) -> Waveform:
        """Return what was captured on ``channel``, at the full depth of the memory, once it is complete.

        Args:
            channel: 1 to 4.
            word: Two bytes a point, which averages and high resolution need; one byte is enough for single captures.

        Returns:
            Times in s from the trigger, voltages in V; nan where the instrument has no value. With peak detection two
            voltages, lowest and highest, share one time.

        Raises:
            StateError: The channel was off.
            InstrumentError: No acquisition was completed, or there is no data.
        """
        self.wait_until_captured(timeout=self._armed_for)
        if self.ask_number(f":CHAN{self._checked(channel)}:DISP?") == 0.0:
            raise StateError(f"{self.role}: channel {channel} was off, so nothing was captured on it")
        with self.block():
            for text in (
                f"SOUR CHAN{channel}", f"FORM {'WORD' if word else 'BYTE'}", "BYT LSBF", "UNS 1", "POIN:MODE MAX",
                "POIN MAX",
            ):  # fmt: skip
                self.command(f":WAV:{text}")
        preamble = Preamble.parse(self.role, self.ask(":WAV:PRE?"))
        if preamble.points == 0:
            raise InstrumentError(self.role, ":WAV:PRE?", 0, f"there is no captured data on channel {channel}")
        return decode(self.role, preamble, self.ask_block(":WAV:DATA?", timeout=SLOW))

    # -- measurements and screen ------------------------------------------------------------------------------------

    def measure(self, what: Measurement, channel: int = 1) -> float:
        """Return a measurement of what is on the screen, in V, s, Hz or %; nan where there is none."""
        value = self.ask_number(f":MEAS:{what.query}CHAN{self._checked(channel)}")
        return value if np.isfinite(value) else float("nan")

    def screenshot(self) -> bytes:
        """Return the screen as a PNG image."""
        self.command(":HARD:INKS 0")
        image = self.ask_block(":DISP:DATA? PNG,COL", timeout=SLOW)
        if not image.startswith(PNG):
            raise FrameError(f"{self.role}: the screen's image is no PNG, but begins with {image[:8]!r}")
        return image

    # -- inside -----------------------------------------------------------------------------------------------------

    def _checked(self, channel: int) -> int:
        if channel not in CHANNELS:
            raise ConfigError(f"{self.role}: there is no channel {channel}; they go from 1 to {CHANNELS[-1]}")
        return channel

    def _check_arm(self, duration: float, level: float, channel: int) -> None:
        if not TIME_RANGE[0] <= duration <= TIME_RANGE[1]:
            low, high, asked = (format_quantity(value, "s") for value in (*TIME_RANGE, duration))
            raise LimitError(f"{self.role}: duration is to be {asked}, but goes from {low} to {high}; nothing was set")
        centre = self.ask_number(f":CHAN{self._checked(channel)}:OFFS?")
        reach = TRIGGER_DIVISIONS * self.ask_number(f":CHAN{channel}:SCAL?")
        if not centre - reach <= level <= centre + reach:
            low, high, asked = (format_quantity(value, "V") for value in (centre - reach, centre + reach, level))
            raise LimitError(f"{self.role}: level is to be {asked}, but goes from {low} to {high}; nothing was set")
        if self.ask(":ACQ:TYPE?") == AcquisitionType.AVER.name:
            raise StateError(f"{self.role}: it is set to average; set acquisition_type to another before one capture")

    def _poll(self, done: Callable[[], bool], timeout: float) -> bool:
        deadline = time.monotonic() + self.link.options.timeout + timeout
        while not done():
            if time.monotonic() > deadline:
                return False
        return True
