"""The sampling measurement: its set-up (MT, ML, MSC, MV, MI, MCC) and its run.

Source: the FLEX sheet, modes and status; public drivers for the commands' parameters. *Unconfirmed*: the sampling index
that leads each block when ``FMT`` asks for source data; logarithmic sampling times.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from simulated_instruments.keysight_b1500_flex.data_format import DUMMY, Datum, channel_letter
from simulated_instruments.keysight_b1500_flex.smu import Output, SourceMonitorUnit
from simulated_instruments.terminals import Floats

if TYPE_CHECKING:
    from simulated_instruments.keysight_b1500_flex.mainframe import Mainframe

MAX_DATA = 100_001  # over all measuring channels
POINTS_PER_DECADE = {2: 10, 3: 25, 4: 50, 5: 100, 6: 250}  # ML mode -> points, unconfirmed
LOG_DECADES = 11


@dataclass(frozen=True)
class SamplingSource:
    """A unit that goes from ``base`` to ``bias`` (V or A after ``kind``) for the measurement."""

    kind: str
    range_index: int
    base: float
    bias: float
    compliance: float

    def output(self, value: float) -> Output:
        """Return what the unit forces at ``value`` (V or A)."""
        return Output(self.kind, value, self.compliance, self.range_index)


@dataclass
class SamplingSetup:
    """What the sampling commands set. Times in s."""

    hold_bias: float = 0.0
    interval: float = 0.002
    number: int = 1000
    hold_base: float = 0.0
    mode: int = 1
    abort: bool = False
    post: int = 2
    sources: dict[int, SamplingSource] = field(default_factory=dict)

    def times(self) -> list[float]:
        """Return the sampling times, in s after the first."""
        if self.mode == 1:
            return [n * self.interval for n in range(self.number)]
        decade = POINTS_PER_DECADE[self.mode]
        return [self.interval * (10.0 ** (n / decade) - 1.0) for n in range(min(self.number, 1 + LOG_DECADES * decade))]


def run_sampling(frame: "Mainframe") -> list[Datum]:
    """Run the sampling measurement that is set up and return its data.

    Raises:
        FlexError: 200 and others as for a forced output; nothing has run.
    """
    setup, measuring = frame.sampling, frame.measuring()
    for slot, source in setup.sources.items():
        for value in (source.base, source.bias):
            frame.units[slot].check(source.output(value), interlock_closed=frame.interlock_closed)
    after = setup.times()
    start = _bias(frame, setup)
    times = start + np.array(after)
    frame.clock.wait(max(float(times[-1]) - frame.clock.now(), 0.0))
    frame.clock.wait(sum(frame.converters.integration(u.settings.converter, 1.0) for u in measuring))
    data = _data(frame, measuring, times)
    for slot, source in setup.sources.items():
        frame.units[slot].force(source.output(source.base if setup.post == 1 else source.bias))
    return data


def _bias(frame: "Mainframe", setup: SamplingSetup) -> float:
    """Force base, then bias, and return the bench time of the first sample."""
    for slot, source in setup.sources.items():
        frame.units[slot].force(source.output(source.base))
    frame.clock.wait(setup.hold_base)
    start = frame.clock.now()
    frame.clock.wait(max(-setup.hold_bias, 0.0))
    for slot, source in setup.sources.items():
        frame.units[slot].force(source.output(source.bias))
    return start + max(setup.hold_bias, 0.0)


def _data(frame: "Mainframe", measuring: list[SourceMonitorUnit], times: Floats) -> list[Datum]:
    traces = [unit.trace(times) for unit in measuring]
    zero = frame.clock.now() - frame.timer()
    data: list[Datum] = []
    aborted = False
    others = {unit.slot: frame.others_limited(unit) for unit in measuring}
    for n, time in enumerate(times):
        if frame.format[1]:
            data.append(Datum("N", "Z", "X", float(n + 1)))
        block: list[Datum] = []
        for unit, (volts, amps) in zip(measuring, traces, strict=True):
            letter = channel_letter(unit.slot)
            if frame.time_stamps:
                data.append(Datum("N", letter, "T", DUMMY if aborted else float(time) - zero))
            for kind in unit.measured_kinds():
                index = unit.settings.range_index[kind]
                block.append(
                    Datum("V", letter, kind, DUMMY)
                    if aborted
                    else unit.datum(kind, index, volts[n], amps[n], frame.converters, others[unit.slot])
                )
                data.append(block[-1])
        aborted = aborted or (frame.sampling.abort and any(d.status in {"C", "T", "V"} for d in block))
    return data
