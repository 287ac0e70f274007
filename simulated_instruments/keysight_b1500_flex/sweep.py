"""The staircase sweep: its set-up (WV, WI, WSV, WSI, WT, WM) and its run.

Source: the FLEX sheet, staircase sweep. *Unconfirmed*: a double sweep measures the stop value twice; an aborted sweep
still reports its source values, and status V for what was not measured.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulated_instruments.keysight_b1500_flex.data_format import DUMMY, Datum, channel_letter
from simulated_instruments.keysight_b1500_flex.errors import FlexError, FlexErrorCode
from simulated_instruments.keysight_b1500_flex.smu import Output, SourceMonitorUnit

if TYPE_CHECKING:
    from simulated_instruments.keysight_b1500_flex.mainframe import Mainframe

MAX_STEPS = 10001


@dataclass(frozen=True)
class SweepSource:
    """One swept output; ``start`` and ``stop`` in V or A after ``kind``, ``power`` in W."""

    slot: int
    kind: str
    range_index: int
    start: float
    stop: float
    compliance: float
    power: float | None = None

    def values(self, mode: int, steps: int) -> list[float]:
        """Return the staircase: linear for the modes 1 and 3, logarithmic for 2 and 4, there and back for 3 and 4."""
        if mode in {1, 3}:
            up = np.linspace(self.start, self.stop, steps)
        else:
            up = math.copysign(1.0, self.start) * np.geomspace(abs(self.start), abs(self.stop), steps)
        return [float(v) for v in (up if mode in {1, 2} else np.concatenate((up, up[::-1])))]

    def output(self, value: float) -> Output:
        """Return what the unit forces at ``value`` (V or A): the power compliance may tighten its limit."""
        limit = abs(self.compliance)
        if self.power is not None and value:
            limit = min(limit, self.power / abs(value))
        return Output(self.kind, value, limit, self.range_index)


@dataclass
class SweepSetup:
    """What the sweep commands set. Times in s."""

    mode: int = 1
    steps: int = 1
    primary: SweepSource | None = None
    synchronous: SweepSource | None = None
    times: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    abort: bool = False
    post: int = 1


def run_sweep(frame: "Mainframe") -> list[Datum]:
    """Run the sweep that is set up and return its data.

    Raises:
        FlexError: 220 without a source, 200 and others as for a forced output; nothing has run.
    """
    setup = frame.sweep
    if setup.primary is None:
        raise FlexError(FlexErrorCode.NO_SWEEP_SOURCE)
    sources = [s for s in (setup.primary, setup.synchronous) if s is not None]
    stairs = [source.values(setup.mode, setup.steps) for source in sources]
    measuring = frame.measuring()
    for source in sources:
        for value in (source.start, source.stop):
            frame.units[source.slot].check(source.output(value), interlock_closed=frame.interlock_closed)
    return _Run(frame, sources, stairs, measuring).data()


class _Run:
    def __init__(
        self,
        frame: "Mainframe",
        sources: list[SweepSource],
        stairs: list[list[float]],
        measuring: list[SourceMonitorUnit],
    ) -> None:
        self._frame, self._sources, self._stairs, self._measuring = frame, sources, stairs, measuring

    def data(self) -> list[Datum]:
        setup, clock = self._frame.sweep, self._frame.clock
        hold, delay, step_delay, _, measure_delay = setup.times
        steps = len(self._stairs[0])
        data: list[Datum] = []
        aborted = False
        self._force(0)
        clock.wait(hold)
        for step in range(steps):
            if not aborted:
                self._force(step)
                clock.wait(delay + measure_delay)
                started = clock.now()
                block = self._frame.measure_block(self._measuring, stamped=self._frame.time_stamps)
                clock.wait(max(step_delay - (clock.now() - started), 0.0))
                aborted = setup.abort and any(d.status in {"C", "T", "V"} for d in block)
                data += block
            else:
                data += self._dummies()
            data += self._source_data(step, last=step == steps - 1)
        self._force(0 if aborted or setup.post == 1 else setup.steps - 1)
        return data

    def _force(self, step: int) -> None:
        for source, stair in zip(self._sources, self._stairs, strict=True):
            self._frame.units[source.slot].force(source.output(stair[step]))

    def _dummies(self) -> list[Datum]:
        data = []
        for unit in self._measuring:
            letter = channel_letter(unit.slot)
            kinds = ("T" if self._frame.time_stamps else "") + unit.measured_kinds()
            data += [Datum("V", letter, kind, DUMMY) for kind in kinds]
        return data

    def _source_data(self, step: int, *, last: bool) -> list[Datum]:
        shown = min(self._frame.format[1], len(self._sources))
        return [
            Datum("E" if last else "W", channel_letter(source.slot), source.kind, stair[step], _scale(source))
            for source, stair in list(zip(self._sources, self._stairs, strict=True))[:shown]
        ]


def _scale(source: SweepSource) -> float:
    return max(abs(source.start), abs(source.stop), 1e-12)
