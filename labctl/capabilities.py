"""Capabilities: what a protocol asks of an instrument, so that it never needs to know the model."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from labctl.protocol import Seconds, Volts

Cells = NDArray[np.int64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class LinePulse(BaseModel):
    """A programming pulse on one 1T1R cell: levels of its three lines for one width.

    Source: the array's line scheme and pulse levels as in Yao et al., Nature 577, 641 (2020), Methods.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    word_line: Volts = Field(ge=0.0, le=5.0, description="gate of the cell's transistor")
    bit_line: Volts = Field(ge=0.0, le=5.0, description="top electrode")
    source_line: Volts = Field(ge=0.0, le=5.0, description="source of the transistor")
    width: Seconds = Field(gt=0.0, le=1e-3, description="duration of the pulse")

    @property
    def device_voltage(self) -> float:
        """Voltage between bit and source line, in V; positive sets, negative resets."""
        return self.bit_line - self.source_line

    @property
    def highest_voltage(self) -> float:
        """The highest level on any line, in V."""
        return max(self.word_line, self.bit_line, self.source_line)


class ArrayGeometry(NamedTuple):
    """How many arrays of how many rows (word lines) and columns (bit lines)."""

    arrays: int
    rows: int
    columns: int

    @property
    def cells_per_array(self) -> int:
        """Cells of one array."""
        return self.rows * self.columns

    @property
    def cells(self) -> int:
        """Cells of all arrays; linear index = array x cells_per_array + row x columns + column."""
        return self.arrays * self.cells_per_array


class WriteResult(NamedTuple):
    """What a closed-loop write gives for each of n cells.

    Attributes:
        set_pulses: (n,) SET pulses used.
        reset_pulses: (n,) RESET pulses used.
        currents: (n,) last verified current, in A.
        converged: (n,) whether it ended within tolerance.
    """

    set_pulses: Ints
    reset_pulses: Ints
    currents: Floats
    converged: NDArray[np.bool_]


class WriteTrace(NamedTuple):
    """Every verify read of one cell's closed-loop write, beginning with the one before the first pulse.

    Attributes:
        kinds: (k,) 0 for the first read, 1 after a SET, 2 after a RESET pulse.
        currents: (k,) in A.
    """

    kinds: Ints
    currents: Floats


class WriteSettings(NamedTuple):
    """How a closed-loop write goes about it.

    Attributes:
        set_pulse: Given when a cell reads too low.
        reset_pulse: Given when a cell reads too high.
        tolerance: Half-width of the accepted band, in A, bounds included.
        pulse_limit: Most pulses for one cell.
        read_voltage: In V.
        averages: Reads averaged for each verify.
    """

    set_pulse: LinePulse
    reset_pulse: LinePulse
    tolerance: float
    pulse_limit: int
    read_voltage: float
    averages: int


class Pulse(BaseModel):
    """A trapezoidal voltage pulse at the device.

    Times as the pulse generators define them: ``width`` between the half-way points of the edges, edges as whole ramps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    height: Volts = Field(ge=-60.0, le=60.0, description="level during the pulse")
    base: Volts = Field(default=0.0, ge=-60.0, le=60.0, description="level before and after")
    rise: Seconds = Field(default=5e-9, gt=0.0, le=1e3, description="whole leading edge")
    width: Seconds = Field(gt=0.0, le=1e3, description="between the half-way points of the edges")
    fall: Seconds = Field(default=5e-9, gt=0.0, le=1e3, description="whole trailing edge")

    @property
    def duration(self) -> float:
        """From the first deviation from the base to the last, in s."""
        return self.width + (self.rise + self.fall) / 2.0


class Waveform(NamedTuple):
    """A sampled voltage: ``times`` (n,) in s from the trigger, ``volts`` (n,)."""

    times: Floats
    volts: Floats


class SmuReadings(NamedTuple):
    """Readings of a source meter, each with what was true when it was taken.

    Attributes:
        times: (n,) in s since the first.
        voltages: (n,) in V.
        currents: (n,) in A.
        in_compliance: (n,) whether the limit held the source.
    """

    times: Floats
    voltages: Floats
    currents: Floats
    in_compliance: NDArray[np.bool_]


class FastIVResult(NamedTuple):
    """A waveform and what was measured along it: ``times`` (n,) s, ``voltages`` (n,) V, ``currents`` (n,) A."""

    times: Floats
    voltages: Floats
    currents: Floats


class LinesResult(NamedTuple):
    """Currents out of the instrument into several lines: ``times`` (n,) s, ``currents`` (n,) A by line."""

    times: Floats
    currents: Mapping[str, Floats]


@runtime_checkable
class PulseSource(Protocol):
    """Gives voltage pulses; the output is on while they last and idle before and after."""

    def check_pulses(self, pulse: Pulse, *, count: int = 1, period: float | None = None) -> None:
        """Raise `LimitError` for pulses that ``send_pulses`` would refuse; the instrument may be unopened."""

    def send_pulses(self, pulse: Pulse, *, count: int = 1, period: float | None = None) -> None:
        """Give ``count`` pulses, ``period`` (s) apart, and return when the last has been given."""

    def send_waveform(self, times: Floats, volts: Floats, *, count: int = 1) -> None:
        """Give a piecewise-linear waveform, ``volts`` (n,) V at ``times`` (n,) s from 0, ``count`` times in a row.

        Return when the last is over.
        """


@runtime_checkable
class SourceMeter(Protocol):
    """Forces a voltage and measures the current, within a compliance."""

    def measure_current(self, voltage: float, *, compliance: float, nplc: float = 1.0) -> SmuReadings:
        """Force ``voltage`` (V), take one reading, and go back to the idle policy."""

    def measure_repeatedly(
        self, voltage: float, count: int, *, compliance: float, interval: float = 0.0, nplc: float = 1.0
    ) -> SmuReadings:
        """Force ``voltage`` (V) and take ``count`` readings ``interval`` (s) apart, timed by the instrument."""

    def sweep_voltage(
        self, voltages: Floats, *, compliance: float, delay: float = 0.0, nplc: float = 1.0
    ) -> SmuReadings:
        """Force each of ``voltages`` (n,) V in turn, wait ``delay`` (s), and take a reading at each."""


@runtime_checkable
class BiasSource(Protocol):
    """Holds a voltage on a terminal of its own, such as a gate, while something else is measured."""

    @property
    def has_bias(self) -> bool:
        """Whether there is such a terminal, known before the instrument is opened."""

    def hold_bias(self, voltage: float, *, compliance: float) -> None:
        """Hold ``voltage`` (V) within ``compliance`` (A) until `release_bias`, or until the instrument is made safe."""

    def release_bias(self) -> None:
        """Bring the terminal back to its idle policy."""


@runtime_checkable
class Prober(Protocol):
    """Connects one device out of many; none is connected while it is at rest."""

    @property
    def cells(self) -> int:
        """How many it can reach, numbered from 0; known before the instrument is opened."""

    def move_to(self, cell: int) -> None:
        """Connect ``cell`` and return when it is connected; the one before is disconnected first."""


@runtime_checkable
class Digitizer(Protocol):
    """Captures voltages around a trigger."""

    def show_channel(self, channel: int, *, low: float, high: float) -> None:
        """Capture ``channel`` too from now on, with ``low`` to ``high`` (V) well on its screen."""

    def arm(self, *, duration: float, level: float, channel: int = 1, rising: bool = True) -> None:
        """Make ready to capture ``duration`` (s) around the next crossing of ``level`` (V) on ``channel``."""

    def fetch_waveform(self, channel: int = 1) -> Waveform:
        """Return what was captured on ``channel``, at the full depth of the memory."""


@runtime_checkable
class FastIV(Protocol):
    """Forces a waveform and measures the current along it."""

    def measure_waveform(
        self, times: Floats, volts: Floats, *, interval: float, averaging: float = 0.0
    ) -> FastIVResult:
        """Force ``volts`` (n,) V at ``times`` (n,) s and measure each ``interval`` (s), averaged over ``averaging``."""


@runtime_checkable
class MultiChannelFastIV(Protocol):
    """Forces waveforms on several lines of an array at once and measures the currents into some of them."""

    @property
    def lines(self) -> Mapping[str, int]:
        """The lines that there are, known before the instrument is opened, and the channel of each."""

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
        """Force each line of ``volts`` (n,) V at ``times`` (n,) s; lines that it does not name float meanwhile.

        Measures the lines ``measured`` every ``interval`` (s), averaged over ``averaging`` (s), up to ``current_range``
        (A).
        """


@runtime_checkable
class CurrentMonitor(Protocol):
    """Records the current into 0 V while another instrument drives."""

    def start_currents(self, duration: float, *, interval: float, averaging: float = 0.0) -> None:
        """Hold 0 V and measure for ``duration`` (s), every ``interval`` (s); return as soon as it has begun."""

    def fetch_currents(self) -> FastIVResult:
        """Wait for the end and return what was measured; positive is what the device gives. Then idle."""


@runtime_checkable
class BinaryArray(Protocol):
    """A large array of cells with a high and a low resistance, switched in lists and read whole."""

    @property
    def cells(self) -> int:
        """How many cells, known before the instrument is opened."""

    def switch_cells(self, cells: Cells, high: NDArray[np.bool_]) -> None:
        """RESET ``cells`` where ``high`` (n,), SET them elsewhere, exactly once each."""

    def read_decades(self, out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Return log10 of the resistance in Ohm of each cell (cells,); fills ``out`` if given."""


@runtime_checkable
class CellArray(Protocol):
    """Arrays of 1T1R cells that are pulsed and read by linear cell index; currents in A, voltages in V."""

    @property
    def geometry(self) -> ArrayGeometry:
        """The arrays' size, known before the instrument is opened."""

    def read_cells(self, cells: Cells, *, voltage: float, averages: int = 1) -> Floats:
        """Return the (n,) currents of ``cells`` at ``voltage``."""

    def pulse_cells(self, cells: Cells, pulse: LinePulse, *, count: int = 1) -> None:
        """Give each of ``cells`` ``count`` pulses (1 to 10,000), exactly so many whatever the line does."""

    def pulse_and_read_cells(self, cells: Cells, pulse: LinePulse, *, voltage: float, averages: int = 1) -> Floats:
        """Give each of ``cells`` one pulse and return the (n,) currents read right after it."""

    def write_cells(self, cells: Cells, targets: Floats, settings: WriteSettings) -> WriteResult:
        """Write ``cells`` to the (n,) ``targets`` (currents in A) in a closed loop on the instrument."""

    def write_traced(self, cell: int, target: float, settings: WriteSettings) -> tuple[WriteResult, WriteTrace]:
        """Write one cell as ``write_cells`` does, and return each of its reads."""

    def write_duration(self, cells: int, pulses: float, settings: WriteSettings) -> float:
        """Return the estimated time, in s, of writing ``cells`` cells with ``pulses`` pulses each."""


@runtime_checkable
class DefectMap(Protocol):
    """Knows which cells of its arrays are stuck."""

    def stuck_map(self, array: int) -> Ints:
        """Return the (rows, columns) stored defects: 0 good, 1 stuck low, 2 stuck high, 3 not known."""


@runtime_checkable
class MultiplyingArray(CellArray, Protocol):
    """An array of cells that also multiplies input vectors by its conductances, a bit of the inputs at a time."""

    def multiply(self, array: int, rows: Ints, codes: Ints, *, bits: int, voltage: float) -> Floats:
        """Return the (n, rows) bit-weighted sums of source-line currents, in A, of (n, columns) signed ``codes``."""
