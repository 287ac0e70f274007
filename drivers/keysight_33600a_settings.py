"""The settings of a 33600A: one of each for either channel, ``ch1_high`` and ``ch2_high``.

Source: "Keysight 33500/33600 series operating and service guide"; short forms and replies as seen on a real 33622A.
"""

import enum
from collections.abc import Callable, Mapping
from typing import Any

from drivers.keysight_33600a_limits import (
    LEAST_EDGE,
    LEAST_WIDTH,
    LONGEST_EDGE,
    LONGEST_PERIOD,
    LOWEST_RATE,
    MODELS,
    MOST_CYCLES,
    Model,
    OutputLimits,
    load_text,
    parse_load,
)
from drivers.scpi import ScpiInstrument, choice, number, numeric, switch
from labctl.errors import StateError
from labctl.settings import BoundSetting, Limits, Setting, Value


class Function(enum.StrEnum):
    """Shapes."""

    SIN = "sine"
    SQU = "square"
    TRI = "triangle"
    RAMP = "ramp"
    PULS = "pulse"
    PRBS = "pseudo-random bits"
    NOIS = "noise"
    ARB = "arbitrary"
    DC = "dc"


class Polarity(enum.StrEnum):
    """Whether the signal is inverted about its offset."""

    NORM = "normal"
    INV = "inverted"


class BurstMode(enum.StrEnum):
    """What a burst is."""

    TRIG = "cycles"
    GAT = "gated"


class TriggerSource(enum.StrEnum):
    """What starts a burst."""

    IMM = "internal"
    EXT = "external"
    TIM = "timer"
    BUS = "command"


class Slope(enum.StrEnum):
    """Edge of the external trigger."""

    POS = "rising"
    NEG = "falling"


class Filter(enum.StrEnum):
    """How the samples of an arbitrary waveform are joined."""

    NORM = "flat response"
    STEP = "no overshoot"
    OFF = "steps"


class Tracking(enum.StrEnum):
    """Whether the other channel copies this one."""

    OFF = "off"
    ON = "copied"
    INV = "inverted"


def _both(make: Callable[[int], Setting]) -> tuple[Setting, Setting]:
    return make(1), make(2)


def _level(n: int, doc: str, header: str, name: str) -> Setting:
    return numeric(
        "V", doc, f"SOUR{n}:VOLT:{header}", limits=lambda awg: awg.level_limits(n),
        write=lambda awg, value: awg.set_levels(n, **{name: value}),
    )  # fmt: skip


def _cycles(n: int) -> Setting:
    header = f"SOUR{n}:BURS:NCYC"

    def read(awg: ScpiInstrument) -> Value:
        cycles = awg.ask_number(f"{header}?")
        return 0 if cycles == float("inf") else int(cycles)

    def write(awg: ScpiInstrument, value: int) -> None:
        awg.command(f"{header} {value or 'INF'}")

    return Setting(
        "", "cycles of a burst; 0 for no end", kind="int", limits=(0, MOST_CYCLES), read=read, write=write
    )  # fmt: skip


def _waveform(n: int) -> Setting:
    return Setting(
        "", "name of the arbitrary waveform or sequence that is played", kind="str",
        read=lambda awg: awg.ask(f"SOUR{n}:FUNC:ARB?").strip('"'),
        write=lambda awg, name: awg.command(f'SOUR{n}:FUNC:ARB "{name}"'),
    )  # fmt: skip


class Keysight33600ASettings(ScpiInstrument):
    """Settings of both channels, and the limits that they share. Voltages are at the declared load."""

    ch1_output, ch2_output = _both(
        lambda n: switch("output relay", f"OUTP{n}", write=lambda awg, on: awg.set_output(n, on))
    )
    ch1_load, ch2_load = _both(
        lambda n: Setting(
            "", "what is on the output, '50 ohm' or 'high impedance'; only while it is off", kind="str",
            read=lambda awg: load_text(awg.read_load(n)), write=lambda awg, text: awg.set_load(n, text),
        )
    )  # fmt: skip
    ch1_function, ch2_function = _both(lambda n: choice("shape of the signal", f"SOUR{n}:FUNC", Function))
    ch1_high, ch2_high = _both(lambda n: _level(n, "high level at the load", "HIGH", "high"))
    ch1_low, ch2_low = _both(lambda n: _level(n, "low level at the load", "LOW", "low"))
    ch1_amplitude, ch2_amplitude = _both(
        lambda n: numeric(
            "V", "peak to peak at the load", f"SOUR{n}:VOLT", limits=lambda awg: awg.output_limits(n).span,
            write=lambda awg, value: awg.set_amplitude(n, value),
        )
    )  # fmt: skip
    ch1_offset, ch2_offset = _both(
        lambda n: numeric(
            "V", "half-way between low and high level", f"SOUR{n}:VOLT:OFFS",
            limits=lambda awg: awg.level_limits(n), write=lambda awg, value: awg.set_offset(n, value),
        )
    )  # fmt: skip
    ch1_polarity, ch2_polarity = _both(lambda n: choice("inverted about the offset", f"OUTP{n}:POL", Polarity))
    ch1_frequency, ch2_frequency = _both(
        lambda n: numeric(
            "Hz", "of a periodic shape", f"SOUR{n}:FREQ", limits=lambda awg: (1e-6, awg.model.bandwidth),
            write=lambda awg, value: awg.set_frequency(n, value),
        )
    )  # fmt: skip
    ch1_phase, ch2_phase = _both(lambda n: numeric("deg", "phase", f"SOUR{n}:PHAS", limits=(-360.0, 360.0)))
    ch1_width, ch2_width = _both(
        lambda n: numeric(
            "s", "of a pulse, between the half-way points of its edges", f"SOUR{n}:FUNC:PULS:WIDT",
            limits=(LEAST_WIDTH, LONGEST_PERIOD),
        )
    )  # fmt: skip
    ch1_leading_edge, ch2_leading_edge = _both(
        lambda n: numeric(
            "s", "of a pulse, 10 % to 90 %", f"SOUR{n}:FUNC:PULS:TRAN:LEAD", limits=(LEAST_EDGE, LONGEST_EDGE)
        )
    )
    ch1_trailing_edge, ch2_trailing_edge = _both(
        lambda n: numeric(
            "s", "of a pulse, 90 % to 10 %", f"SOUR{n}:FUNC:PULS:TRAN:TRA", limits=(LEAST_EDGE, LONGEST_EDGE)
        )
    )
    ch1_period, ch2_period = _both(
        lambda n: numeric(
            "s", "from pulse to pulse", f"SOUR{n}:FUNC:PULS:PER",
            limits=lambda awg: (1.0 / awg.model.pulse_frequency, LONGEST_PERIOD),
        )
    )  # fmt: skip
    ch1_waveform, ch2_waveform = _both(_waveform)
    ch1_sample_rate, ch2_sample_rate = _both(
        lambda n: numeric(
            "Sa/s", "of an arbitrary waveform", f"SOUR{n}:FUNC:ARB:SRAT",
            limits=lambda awg: (LOWEST_RATE, awg.model.sample_rate),
        )
    )  # fmt: skip
    ch1_filter, ch2_filter = _both(lambda n: choice("how samples are joined", f"SOUR{n}:FUNC:ARB:FILT", Filter))
    ch1_burst, ch2_burst = _both(lambda n: switch("give a burst at each trigger", f"SOUR{n}:BURS:STAT"))
    ch1_burst_mode, ch2_burst_mode = _both(lambda n: choice("kind of burst", f"SOUR{n}:BURS:MODE", BurstMode))
    ch1_burst_cycles, ch2_burst_cycles = _both(_cycles)
    ch1_trigger_source, ch2_trigger_source = _both(
        lambda n: choice("what starts a burst", f"TRIG{n}:SOUR", TriggerSource)
    )
    ch1_trigger_slope, ch2_trigger_slope = _both(lambda n: choice("of the external trigger", f"TRIG{n}:SLOP", Slope))
    ch1_tracking, ch2_tracking = _both(lambda n: choice("the other channel copies it", f"SOUR{n}:TRAC", Tracking))
    frequency_coupling = switch("both channels keep one frequency", "FREQ:COUP:STAT")
    voltage_coupling = switch("both channels keep one amplitude, offset and load", "VOLT:COUP:STAT")

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        self._loads = {1: 50.0, 2: 50.0}
        super().__init__(*arguments, **keywords)

    @property
    def model(self) -> Model:
        """What the model that answered can do; before it is open, the largest model's."""
        return MODELS[self.identity.model if self.identity else "33622A"]

    def settings(self) -> dict[str, BoundSetting]:
        """Return every setting that the model has, by name, channel after channel."""
        found = super().settings()
        if self.model.channels == 1:
            found = {name: bound for name, bound in found.items() if name.startswith("ch1_") and "tracking" not in name}
        order = {"ch1": 1, "ch2": 2}
        return dict(sorted(found.items(), key=lambda item: order.get(item[0][:3], 3)))

    def restore(self, snapshot: Mapping[str, Value]) -> list[str]:
        """Set again what differs from ``snapshot``; an output that was on then is not switched on.

        High and low level stand for amplitude and offset, and are moved together.
        """
        rest = {name: value for name, value in snapshot.items() if not name.endswith(("_amplitude", "_offset"))}
        changed = []
        for n in range(1, self.model.channels + 1):
            high, low = rest.pop(f"ch{n}_high", None), rest.pop(f"ch{n}_low", None)
            on = rest.pop(f"ch{n}_output", None)
            own = {name: rest.pop(name) for name in list(rest) if name.startswith(f"ch{n}_")}
            if on is False:
                changed += super().restore({f"ch{n}_output": False})
            for first in ("load", "function"):
                changed += super().restore({k: own.pop(k) for k in (f"ch{n}_{first}",) if k in own})
            if high is not None and low is not None and (high, low) != self._levels(n):
                self.set_levels(n, high=float(high), low=float(low))
                changed += [f"ch{n}_high", f"ch{n}_low"]
            changed += super().restore(own)
        return changed + super().restore(rest)

    # -- limits and writes that hang on other settings --------------------------------------------------------------

    def output_limits(self, n: int) -> OutputLimits:
        """Return what channel ``n`` can give at its declared load."""
        return OutputLimits(f"{self.role}: ch{n}", self.model, self._loads[n], self.limits)

    def level_limits(self, n: int) -> Limits:
        """Return the lowest and highest level of channel ``n``, in V."""
        level = self.output_limits(n).level
        return -level, level

    def read_load(self, n: int) -> float:
        """Return the declared load of channel ``n``, in ohm."""
        self._loads[n] = self.ask_number(f"OUTP{n}:LOAD?")
        return self._loads[n]

    def set_load(self, n: int, text: str) -> None:
        """Declare what is on output ``n``. Every voltage that the instrument shows scales with it.

        Raises:
            StateError: The output is on.
        """
        ohms = parse_load(text)
        if self.ask_number(f"OUTP{n}?") != 0.0:
            raise StateError(f"{self.role}: ch{n}: the load cannot be declared anew while the output is on")
        self.command(f"OUTP{n}:LOAD {'INF' if ohms == float('inf') else number(ohms)}")
        self._loads[n] = ohms

    def set_levels(self, n: int, *, high: float | None = None, low: float | None = None) -> None:
        """Move one or both levels of channel ``n``, in V, in an order that keeps low below high."""
        old_high, old_low = self._levels(n)
        new_high, new_low = old_high if high is None else high, old_low if low is None else low
        self.output_limits(n).levels(new_high, new_low)
        moves = [("HIGH", high), ("LOW", low)] if new_low >= old_low else [("LOW", low), ("HIGH", high)]
        with self.block():
            for name, level in moves:
                if level is not None:
                    self.command(f"SOUR{n}:VOLT:{name} {number(level)}")

    def set_amplitude(self, n: int, volts: float) -> None:
        """Set the amplitude of channel ``n``, in V peak to peak, about its offset."""
        offset = self.ask_number(f"SOUR{n}:VOLT:OFFS?")
        self.output_limits(n).levels(offset + volts / 2.0, offset - volts / 2.0)
        self.command(f"SOUR{n}:VOLT {number(volts)}")

    def set_offset(self, n: int, volts: float) -> None:
        """Set the offset of channel ``n``, in V."""
        half = self.ask_number(f"SOUR{n}:VOLT?") / 2.0
        self.output_limits(n).levels(volts + half, volts - half)
        self.command(f"SOUR{n}:VOLT:OFFS {number(volts)}")

    def set_frequency(self, n: int, hertz: float) -> None:
        """Set the frequency of channel ``n``, in Hz, within what its shape and amplitude allow."""
        limits, shape = self.output_limits(n), self.ask(f"SOUR{n}:FUNC?")
        highest = limits.highest_frequency(shape, self.ask_number(f"SOUR{n}:VOLT?"))
        limits.within(f"frequency of {shape}", hertz, 1e-6, highest, "Hz")
        self.command(f"SOUR{n}:FREQ {number(hertz)}")

    def set_output(self, n: int, on: bool) -> None:
        """Switch output ``n``; on only if the levels are within what the sample stands."""
        if on:
            self.read_load(n)
            self.output_limits(n).levels(*self._levels(n))
        self.command(f"OUTP{n} {'ON' if on else 'OFF'}")

    def _levels(self, n: int) -> tuple[float, float]:
        return self.ask_number(f"SOUR{n}:VOLT:HIGH?"), self.ask_number(f"SOUR{n}:VOLT:LOW?")
