"""The oscilloscope's settings, as they are after ``*RST``, and the limits of the 1 GHz model.

Source: the reset state that a public PyMeasure test records from a DSOX1102G, and the 3000 X-Series programmer's guide
as public drivers quote it. What nobody confirmed for this model is marked *unconfirmed*.
"""

from dataclasses import dataclass, field

CHANNELS = 4
DIVISIONS, SCREENS = 8, 10
"""Vertical and horizontal divisions."""
MIN_SCALE, MAX_SCALE = 1e-3, 5.0
"""V/div at a 1:1 probe into 1 MOhm."""
MAX_SCALE_FIFTY = 1.0
"""V/div at a 1:1 probe into 50 Ohm, *unconfirmed*."""
OFFSET_SCALES = 100.0
"""Divisions that the offset may be away from 0 V, *unconfirmed*."""
MIN_TIME_SCALE, MAX_TIME_SCALE = 500e-12, 50.0
"""s/div; the lower one is *unconfirmed*."""
TRIGGER_DIVISIONS = 6.0
"""Divisions from the screen's centre that the trigger level may be, *unconfirmed*."""
EXTERNAL_VOLTS = 8.0
"""Greatest level of the external trigger in V, *unconfirmed*."""
MIN_GLITCH, MAX_GLITCH = 2e-9, 10.0
"""Widths of the pulse-width trigger in s, *assumed*."""
MAX_DELAY = 500.0
"""Greatest time base position in s, *assumed*."""
MAX_SKEW = 100e-9
"""Of a probe, in s, *unconfirmed*."""
MAX_RATE, PAIR_RATE = 5e9, 2.5e9
"""Sa/s with one and with both channels of a pair on; the second is *unconfirmed*."""
MEMORY_POINTS = 4_000_000
NORMAL_POINTS = 62_500
"""Most points of the measurement record."""
CODES_ON_SCREEN = 199
"""Of 256 codes, those that the eight divisions span; from a real preamble, 40 V / (199 * 256) a WORD code."""
REFERENCES = {"LEFT": 0.1, "CENT": 0.5, "RIGH": 0.9, "CUST": 0.5}
LABEL_LENGTH = 10


@dataclass
class Vertical:
    """One analog channel; volts are as displayed, probe factor included."""

    display: bool = False
    scale: float = 5.0
    offset: float = 0.0
    coupling: str = "DC"
    impedance: str = "ONEM"
    probe: float = 1.0
    skew: float = 0.0
    bandwidth_limit: bool = False
    invert: bool = False
    label: str = ""
    unit: str = "VOLT"
    vernier: bool = False
    level: float = 0.0

    @property
    def range(self) -> float:
        """The whole screen's height in V."""
        return DIVISIONS * self.scale

    @property
    def max_scale(self) -> float:
        """The coarsest V/div."""
        return (MAX_SCALE if self.impedance == "ONEM" else MAX_SCALE_FIFTY) * self.probe


@dataclass
class Timebase:
    """The horizontal axis."""

    mode: str = "MAIN"
    scale: float = 100e-6
    position: float = 0.0
    reference: str = "CENT"
    window_range: float = 100e-6
    window_position: float = 0.0

    @property
    def range(self) -> float:
        """The whole screen's width in s."""
        return SCREENS * self.scale

    @property
    def left(self) -> float:
        """Time of the screen's left edge after the trigger, in s."""
        return self.position - REFERENCES[self.reference] * self.range


@dataclass
class TriggerSettings:
    """What starts an acquisition."""

    mode: str = "EDGE"
    sweep: str = "AUTO"
    source: str = "CHAN1"
    slope: str = "POS"
    coupling: str = "DC"
    high_reject: bool = False
    noise_reject: bool = False
    holdoff: float = 60e-9
    external_level: float = 0.0
    glitch_source: str = "CHAN1"
    glitch_polarity: str = "POS"
    glitch_qualifier: str = "LESS"
    glitch_less: float = 30e-9
    glitch_greater: float = 10e-9


@dataclass
class AcquireSettings:
    """How samples become a record."""

    type: str = "NORM"
    count: float = 8.0
    complete: float = 100.0
    mode: str = "RTIM"


@dataclass
class WaveformSettings:
    """What ``:WAVeform:DATA?`` sends."""

    source: str = "CHAN1"
    format: str = "BYTE"
    byte_order: str = "MSBF"
    unsigned: bool = True
    points_mode: str = "NORM"
    points: float = 1000.0
    view: str = "MAIN"


@dataclass
class MeasureSettings:
    """Sources and thresholds of the measurements."""

    source: str = "CHAN1"
    source2: str = "CHAN2"
    percent: bool = True
    upper: float = 90.0
    middle: float = 50.0
    lower: float = 10.0


@dataclass
class PanelSettings:
    """What has no effect on a record."""

    locked: bool = False
    ink_saver: bool = False
    labels: bool = False
    message: str = ""
    date: str = "2026,1,1"
    time: str = "0,0,0"


@dataclass
class Settings:
    """Everything that ``*RST`` sets."""

    verticals: list[Vertical] = field(
        default_factory=lambda: [Vertical(display=n == 1, label=str(n)) for n in range(1, CHANNELS + 1)]
    )
    timebase: Timebase = field(default_factory=Timebase)
    trigger: TriggerSettings = field(default_factory=TriggerSettings)
    acquire: AcquireSettings = field(default_factory=AcquireSettings)
    waveform: WaveformSettings = field(default_factory=WaveformSettings)
    measure: MeasureSettings = field(default_factory=MeasureSettings)
    panel: PanelSettings = field(default_factory=PanelSettings)

    def vertical(self, source: str) -> Vertical | None:
        """Return the channel that a source's name means, ``None`` for what is no analog channel."""
        return self.verticals[int(source[4:]) - 1] if source.startswith("CHAN") else None
