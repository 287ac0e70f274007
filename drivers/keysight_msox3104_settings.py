"""The settings of an MSO-X 3104: of each channel (``ch1_scale`` to ``ch4_scale``), time base, trigger, acquisition.

Source: "InfiniiVision 3000 X-Series Programmer's Guide"; ranges that no source confirms say *unconfirmed*.
"""

import enum
from collections.abc import Callable
from typing import Any

from drivers.scpi import ScpiInstrument, choice, number, numeric, reported, switch
from labctl.settings import Limits, Setting

CHANNELS = (1, 2, 3, 4)
SCALE = (1e-3, 5.0)
"""V/division into 1 Mohm at 1:1. Into 50 ohm the upper bound is 1 V (unconfirmed), which the instrument enforces."""
PROBE = (0.1, 10e3)
TIME_SCALE = (500e-12, 50.0)
"""s/division. The lower bound is unconfirmed."""
OFFSET = 50.0
"""Farthest offset from 0 V at 1:1, in V; less at small scales, which the instrument enforces. Unconfirmed."""
TRIGGER_REACH = OFFSET + 6.0 * SCALE[1]
"""Farthest trigger level from 0 V at 1:1, in V; the instrument enforces what offset and scale leave. Unconfirmed."""
TIME_POSITION = (-500.0, 500.0)
"""In s. Unconfirmed."""
TIME_RANGE = (10.0 * TIME_SCALE[0], 10.0 * TIME_SCALE[1])


class Coupling(enum.StrEnum):
    """Of a channel."""

    DC = "dc"
    AC = "ac"


class Impedance(enum.StrEnum):
    """Of a channel's input."""

    ONEM = "1 Mohm"
    FIFT = "50 ohm"


class TimeReference(enum.StrEnum):
    """Where on the screen the trigger is when the position is 0."""

    LEFT = "left"
    CENT = "centre"
    RIGH = "right"


class Sweep(enum.StrEnum):
    """What happens when no trigger comes."""

    AUTO = "automatic"
    NORM = "normal"


class TriggerSource(enum.StrEnum):
    """What the edge trigger looks at."""

    CHAN1 = "channel 1"
    CHAN2 = "channel 2"
    CHAN3 = "channel 3"
    CHAN4 = "channel 4"
    EXT = "external"
    LINE = "mains"
    WGEN = "wave generator"


class Slope(enum.StrEnum):
    """Edge of the trigger."""

    POS = "rising"
    NEG = "falling"
    EITH = "either"
    ALT = "alternating"


class TriggerCoupling(enum.StrEnum):
    """Of the edge trigger."""

    DC = "dc"
    AC = "ac"
    LFR = "low frequencies rejected"


class AcquisitionType(enum.StrEnum):
    """What a point stands for."""

    NORM = "sample"
    PEAK = "lowest and highest"
    AVER = "average of acquisitions"
    HRES = "high resolution"


class Measurement(enum.StrEnum):
    """What `KeysightMsox3104.measure` can give."""

    VPP = "peak to peak"
    VMAX = "maximum"
    VMIN = "minimum"
    VAMP = "amplitude"
    VTOP = "top"
    VBAS = "base"
    VAV = "mean"
    VRMS = "rms"
    FREQ = "frequency"
    PER = "period"
    PWID = "positive width"
    NWID = "negative width"
    DUTY = "duty cycle"
    RIS = "rise time"
    FALL = "fall time"
    OVER = "overshoot"
    PRES = "preshoot"

    @property
    def query(self) -> str:
        """The query up to its source."""
        return f"{self.name}? " + {"VAV": "DISP,", "VRMS": "DISP,DC,"}.get(self.name, "")


_Four = tuple[Setting, Setting, Setting, Setting]


def _each(make: Callable[[int], Setting]) -> _Four:
    one, two, three, four = (make(n) for n in CHANNELS)
    return one, two, three, four


class KeysightMsox3104Settings(ScpiInstrument):
    """Settings; voltages are at the probe's tip, so its factor scales them."""

    ch1_display, ch2_display, ch3_display, ch4_display = _each(lambda n: switch("captured and shown", f":CHAN{n}:DISP"))
    ch1_probe, ch2_probe, ch3_probe, ch4_probe = _each(
        lambda n: Setting(
            "", "attenuation of the probe; 10 for 10:1", limits=PROBE,
            read=lambda scope: scope.read_probe(n), write=lambda scope, ratio: scope.set_probe(n, ratio),
        )
    )  # fmt: skip
    ch1_impedance, ch2_impedance, ch3_impedance, ch4_impedance = _each(
        lambda n: choice("input; 50 ohm stands 5 V rms at most", f":CHAN{n}:IMP", Impedance)
    )
    ch1_coupling, ch2_coupling, ch3_coupling, ch4_coupling = _each(
        lambda n: choice("of the input", f":CHAN{n}:COUP", Coupling)
    )
    ch1_scale, ch2_scale, ch3_scale, ch4_scale = _each(
        lambda n: numeric("V", "per division; 8 of them", f":CHAN{n}:SCAL", limits=lambda scope: scope.scale_limits(n))
    )
    ch1_offset, ch2_offset, ch3_offset, ch4_offset = _each(
        lambda n: numeric(
            "V", "voltage at the screen's centre", f":CHAN{n}:OFFS", limits=lambda scope: scope.offset_limits(n)
        )
    )
    ch1_bandwidth_limit, ch2_bandwidth_limit, ch3_bandwidth_limit, ch4_bandwidth_limit = _each(
        lambda n: switch("20 MHz filter", f":CHAN{n}:BWL")
    )
    ch1_inverted, ch2_inverted, ch3_inverted, ch4_inverted = _each(lambda n: switch("upside down", f":CHAN{n}:INV"))
    time_scale = numeric("s", "per division; 10 of them", ":TIM:SCAL", limits=TIME_SCALE)
    time_position = numeric("s", "from the trigger to the time reference", ":TIM:POS", limits=TIME_POSITION)
    time_reference = choice("where position 0 is on the screen", ":TIM:REF", TimeReference)
    trigger_source = choice("what the edge trigger looks at", ":TRIG:EDGE:SOUR", TriggerSource)
    trigger_slope = choice("edge", ":TRIG:EDGE:SLOP", Slope)
    trigger_level = numeric("V", "of the edge trigger", ":TRIG:EDGE:LEV", limits=lambda scope: scope.trigger_limits())
    trigger_coupling = choice("of the edge trigger", ":TRIG:EDGE:COUP", TriggerCoupling)
    trigger_sweep = choice("whether it triggers by itself when nothing comes", ":TRIG:SWE", Sweep)
    trigger_holdoff = numeric("s", "least time between triggers", ":TRIG:HOLD", limits=(60e-9, 10.0))
    acquisition_type = choice("what a point stands for", ":ACQ:TYPE", AcquisitionType)
    averages = numeric("", "acquisitions in an average", ":ACQ:COUN", limits=(2, 65536), kind="int")
    sample_rate = reported("Sa/s", "of the last acquisition", ":ACQ:SRAT")
    memory_points = reported("", "points of the last acquisition", ":ACQ:POIN")

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        self._probes = dict.fromkeys(CHANNELS, 1.0)
        super().__init__(*arguments, **keywords)

    def read_probe(self, n: int) -> float:
        """Return the factor of the probe on channel ``n``."""
        self._probes[n] = self.ask_number(f":CHAN{n}:PROB?")
        return self._probes[n]

    def set_probe(self, n: int, ratio: float) -> None:
        """Declare the factor of the probe on channel ``n``; scale and offset are shown multiplied by it."""
        self.command(f":CHAN{n}:PROB {number(ratio)}")
        self._probes[n] = ratio

    def scale_limits(self, n: int) -> Limits:
        """Return the lowest and highest scale of channel ``n``, in V/division at the tip."""
        return SCALE[0] * self._probes[n], SCALE[1] * self._probes[n]

    def offset_limits(self, n: int) -> Limits:
        """Return the lowest and highest offset of channel ``n``, in V at the tip, at the largest scale."""
        return -OFFSET * self._probes[n], OFFSET * self._probes[n]

    def trigger_limits(self) -> Limits:
        """Return the lowest and highest trigger level, in V at the tip, of whatever channel can have the highest."""
        reach = TRIGGER_REACH * max(self._probes.values())
        return -reach, reach
