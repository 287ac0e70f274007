"""The commands that set up and start measurements: MM, XE, the staircase sweep, sampling.

Source: the FLEX sheet, set-up commands and staircase sweep. Sampling parameters after public drivers' documentation.
"""

import math

from simulated_instruments.keysight_b1500_flex.commands_output import compliance_of, other
from simulated_instruments.keysight_b1500_flex.errors import FlexError, FlexErrorCode
from simulated_instruments.keysight_b1500_flex.mainframe import SLOTS, Handler, Mainframe
from simulated_instruments.keysight_b1500_flex.message import Command
from simulated_instruments.keysight_b1500_flex.ranges import check_range
from simulated_instruments.keysight_b1500_flex.sampling import MAX_DATA, SamplingSource, run_sampling
from simulated_instruments.keysight_b1500_flex.smu import SourceMonitorUnit
from simulated_instruments.keysight_b1500_flex.sweep import MAX_STEPS, SweepSource, run_sweep

SPOT, STAIRCASE, SAMPLING = 1, 2, 10
HOLD_HIGH, DELAY_HIGH, STEP_DELAY_HIGH, SAMPLING_HOLD_LOW = 655.35, 65.535, 1.0, -0.09
FAST_INTERVAL = 0.002  # s; below it the hold time may be negative
MIN_INTERVAL, INTERVAL_PER_CHANNEL = 1e-4, 2e-5
MIN_POWER = 1e-3


def mode(frame: Mainframe, command: Command) -> None:
    """``MM mode,ch...``: spot (1), staircase sweep (2) and sampling (10)."""
    chosen = command.integer(0, low=1, high=28)
    if chosen not in {SPOT, STAIRCASE, SAMPLING}:
        raise FlexError(FlexErrorCode.PARAMETER_VALUE)
    if not 2 <= len(command.values) <= 1 + SLOTS:
        raise FlexError(FlexErrorCode.CHANNEL_COUNT)
    frame.mode = (chosen, tuple(unit.slot for unit in frame.chosen(command, first=1)))


def execute(frame: Mainframe, command: Command) -> None:
    """``XE``: run the measurement that ``MM`` chose; its data are one reply in the output buffer."""
    command.count(0, 0)
    measuring = frame.measuring()
    chosen = frame.mode[0] if frame.mode else SPOT
    if chosen == STAIRCASE:
        frame.put(run_sweep(frame))
    elif chosen == SAMPLING:
        frame.put(run_sampling(frame))
    else:
        frame.put(frame.measure_block(measuring, stamped=frame.time_stamps))


def _power(command: Command, index: int, unit: SourceMonitorUnit) -> float | None:
    return command.number(index, low=MIN_POWER, high=unit.model.power) if command.given(index) else None


def primary_source(frame: Mainframe, command: Command) -> None:
    """``WV`` and ``WI`` ``ch,mode,range,start,stop,steps[,compliance[,power]]``; forgets the synchronous source."""
    command.count(6, 8)
    kind, unit = command.name[-1], frame.unit(command.number(0))
    mode_, steps = command.integer(1, low=1, high=4), command.integer(5, low=1, high=MAX_STEPS)
    index = check_range(unit.model, kind, command.integer(2, low=-2000, high=2000), fixed=False)
    start, stop = command.number(3), command.number(4)
    if mode_ in {2, 4} and start * stop <= 0.0:
        raise FlexError(FlexErrorCode.POLARITY)
    limit = compliance_of(command, 6, unit, kind)
    _check_values(unit, kind, (start, stop), limit)
    frame.sweep.primary = SweepSource(unit.slot, kind, index, start, stop, limit, _power(command, 7, unit))
    frame.sweep.synchronous = None
    frame.sweep.mode, frame.sweep.steps = mode_, steps


def synchronous_source(frame: Mainframe, command: Command) -> None:
    """``WSV`` and ``WSI`` ``ch,range,start,stop[,compliance[,power]]``: steps along with the primary source."""
    command.count(4, 6)
    kind, unit, primary = command.name[-1], frame.unit(command.number(0)), frame.sweep.primary
    if primary is None or primary.kind != kind:
        raise FlexError(FlexErrorCode.NO_PRIMARY_SOURCE)
    if primary.slot == unit.slot:
        raise FlexError(FlexErrorCode.CHANNEL_REFUSES_COMMAND)
    index = check_range(unit.model, kind, command.integer(1, low=-2000, high=2000), fixed=False)
    start, stop = command.number(2), command.number(3)
    if frame.sweep.mode in {2, 4} and start * stop <= 0.0:
        raise FlexError(FlexErrorCode.POLARITY)
    limit = compliance_of(command, 4, unit, kind)
    _check_values(unit, kind, (start, stop), limit)
    frame.sweep.synchronous = SweepSource(unit.slot, kind, index, start, stop, limit, _power(command, 5, unit))


def _check_values(unit: SourceMonitorUnit, kind: str, values: tuple[float, float], limit: float) -> None:
    highest = unit.model.max_volts if kind == "V" else unit.model.max_amps
    if max(abs(value) for value in values) > highest:
        raise FlexError(FlexErrorCode.PARAMETER_VALUE)
    allowed = unit.model.max_amps if other(kind) == "I" else unit.model.max_volts
    if not 0.0 < abs(limit) <= allowed:
        raise FlexError(FlexErrorCode.COMPLIANCE_VALUE)


def sweep_times(frame: Mainframe, command: Command) -> None:
    """``WT hold,delay[,step delay[,trigger delay[,measurement delay]]]``, in s."""
    command.count(2, 5)
    delay = command.number(1, low=0.0, high=DELAY_HIGH)
    frame.sweep.times = (
        command.number(0, low=0.0, high=HOLD_HIGH),
        delay,
        command.number(2, 0.0, low=0.0, high=STEP_DELAY_HIGH),
        command.number(3, 0.0, low=0.0, high=delay),
        command.number(4, 0.0, low=0.0, high=DELAY_HIGH),
    )


def after_measurement(frame: Mainframe, command: Command) -> None:
    """``WM abort[,post]`` for the sweep, ``MSC abort[,post]`` for sampling; a ``post`` that is left out stays."""
    command.count(1, 2)
    setup = frame.sweep if command.name == "WM" else frame.sampling
    abort, post = command.integer(0, low=1, high=2), command.integer(1, setup.post, low=1, high=2)
    setup.abort, setup.post = abort == 2, post


def sampling_times(frame: Mainframe, command: Command) -> None:
    """``MT hold bias,interval,number[,hold base]``, in s."""
    command.count(3, 4)
    channels = len(frame.mode[1]) if frame.mode else 1
    interval = command.number(1, low=MIN_INTERVAL + INTERVAL_PER_CHANNEL * (channels - 1), high=DELAY_HIGH)
    setup = frame.sampling
    hold = command.number(0, low=SAMPLING_HOLD_LOW if interval < FAST_INTERVAL else 0.0, high=HOLD_HIGH)
    number = command.integer(2, low=1, high=math.floor(MAX_DATA / channels))
    base = command.number(3, 0.0, low=0.0, high=HOLD_HIGH)
    setup.hold_bias, setup.interval, setup.number, setup.hold_base = hold, interval, number, base


def sampling_mode(frame: Mainframe, command: Command) -> None:
    """``ML mode``: 1 linear, 2-6 logarithmic."""
    command.count(1, 1)
    frame.sampling.mode = command.integer(0, low=1, high=6)


def sampling_source(frame: Mainframe, command: Command) -> None:
    """``MV`` and ``MI`` ``ch,range,base,bias[,compliance]``."""
    command.count(4, 5)
    kind, unit = command.name[-1], frame.unit(command.number(0))
    index = check_range(unit.model, kind, command.integer(1, low=-2000, high=2000), fixed=False)
    base, bias = command.number(2), command.number(3)
    limit = compliance_of(command, 4, unit, kind)
    _check_values(unit, kind, (base, bias), limit)
    frame.sampling.sources[unit.slot] = SamplingSource(kind, index, base, bias, limit)


def clear_sampling_sources(frame: Mainframe, command: Command) -> None:
    """``MCC [ch...]``: forget the sampling sources of the named channels, or all."""
    for unit in frame.chosen(command):
        frame.sampling.sources.pop(unit.slot, None)


MEASURE_COMMANDS: dict[str, Handler] = {
    "MM": mode, "XE": execute, "WV": primary_source, "WI": primary_source, "WSV": synchronous_source,
    "WSI": synchronous_source, "WT": sweep_times, "WM": after_measurement, "MSC": after_measurement,
    "MT": sampling_times, "ML": sampling_mode, "MV": sampling_source, "MI": sampling_source,
    "MCC": clear_sampling_sources,
}  # fmt: skip
