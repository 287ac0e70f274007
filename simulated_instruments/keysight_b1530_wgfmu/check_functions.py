"""Set-up check: what patterns and sequences come to before they run.

Source: the WGFMU sheet, functions: set-up check.
"""

# ruff: noqa: N802, D102 - the names are the vendor's, and each gives what it says

from pathlib import Path
from typing import Any

from simulated_instruments.keysight_b1530_wgfmu import codes
from simulated_instruments.keysight_b1530_wgfmu.arguments import (
    integer,
    number,
    store,
    store_all,
    store_text,
    store_texts,
    text,
)
from simulated_instruments.keysight_b1530_wgfmu.codes import TICKS_PER_SECOND, Code, WgfmuError
from simulated_instruments.keysight_b1530_wgfmu.library import LibraryCore, library_function
from simulated_instruments.keysight_b1530_wgfmu.plan import Plan

EXPORT_POINTS = 100_000  # ours: how many points of a channel the exported file lists at most
NAME_LENGTH = 255


class CheckFunctions(LibraryCore):
    """The functions that tell what would be forced and measured. Times in s, voltages in V."""

    def _plan(self, channel_id: Any) -> Plan:
        return self.channel(channel_id).plan(self.patterns)

    @staticmethod
    def _index(index: Any, size: int) -> int:
        value = integer(index)
        if not 0 <= value < size:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"index {value} is not in 0 to {size - 1}")
        return value

    @library_function
    def WGFMU_getPatternForceValueSize(self, pattern: Any, size: Any) -> None:
        store(size, len(self.pattern(pattern).times))

    @library_function
    def WGFMU_getPatternForceValues(self, pattern: Any, offset: Any, size: Any, times: Any, values: Any) -> None:
        found, first = self.pattern(pattern), integer(offset)
        last = first + self.window(first, size, len(found.times))
        store_all(times, [t / TICKS_PER_SECOND for t in found.times[first:last]])
        store_all(values, found.volts[first:last])

    @library_function
    def WGFMU_getPatternForceValue(self, pattern: Any, index: Any, time: Any, value: Any) -> None:
        found = self.pattern(pattern)
        at = self._index(index, len(found.times))
        store(time, found.times[at] / TICKS_PER_SECOND)
        store(value, found.volts[at])

    @library_function
    def WGFMU_getPatternInterpolatedForceValue(self, pattern: Any, time: Any, value: Any) -> None:
        found, at = self.pattern(pattern), number(time) * TICKS_PER_SECOND
        if not 0.0 <= at <= found.period + 0.5:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"{time} s is outside pattern {found.name}")
        store(value, found.value(at))

    @library_function
    def WGFMU_getPatternMeasureTimeSize(self, pattern: Any, size: Any) -> None:
        store(size, self.pattern(pattern).points())

    @library_function
    def WGFMU_getPatternMeasureTimes(self, pattern: Any, offset: Any, size: Any, times: Any) -> None:
        plan, first = Plan([(self.pattern(pattern), 1)]), integer(offset)
        count = self.window(first, size, plan.measure_size())
        store_all(times, [float(t) for t in plan.measure_times(first, count)])

    @library_function
    def WGFMU_getPatternMeasureTime(self, pattern: Any, index: Any, time: Any) -> None:
        plan = Plan([(self.pattern(pattern), 1)])
        store(time, float(plan.measure_times(self._index(index, plan.measure_size()), 1)[0]))

    @library_function
    def WGFMU_getForceValueSize(self, channel_id: Any, size: Any) -> None:
        store(size, float(self._plan(channel_id).force_size()))

    @library_function
    def WGFMU_getForceValues(self, channel_id: Any, offset: Any, size: Any, times: Any, values: Any) -> None:
        plan, first = self._plan(channel_id), integer(offset)
        count = self.window(first, size, plan.force_size())
        points = [plan.force_point(first + n) for n in range(count)]
        store_all(times, [time for time, _ in points])
        store_all(values, [volts for _, volts in points])

    @library_function
    def WGFMU_getForceValue(self, channel_id: Any, index: Any, time: Any, value: Any) -> None:
        plan = self._plan(channel_id)
        seconds, volts = plan.force_point(self._index(index, plan.force_size()))
        store(time, seconds)
        store(value, volts)

    @library_function
    def WGFMU_getInterpolatedForceValue(self, channel_id: Any, time: Any, value: Any) -> None:
        store(value, self._plan(channel_id).interpolated(number(time)))

    @library_function
    def WGFMU_getMeasureTimeSize(self, channel_id: Any, size: Any) -> None:
        store(size, self._plan(channel_id).measure_size())

    @library_function
    def WGFMU_getMeasureTimes(self, channel_id: Any, offset: Any, size: Any, times: Any) -> None:
        plan, first = self._plan(channel_id), integer(offset)
        count = self.window(first, size, plan.measure_size())
        store_all(times, [float(t) for t in plan.measure_times(first, count)])

    @library_function
    def WGFMU_getMeasureTime(self, channel_id: Any, index: Any, time: Any) -> None:
        plan = self._plan(channel_id)
        store(time, float(plan.measure_times(self._index(index, plan.measure_size()), 1)[0]))

    @library_function
    def WGFMU_getMeasureEventSize(self, channel_id: Any, size: Any) -> None:
        store(size, self._plan(channel_id).event_size())

    @library_function
    def WGFMU_getMeasureEvents(
        self,
        channel_id: Any,
        offset: Any,
        size: Any,
        patterns: Any,
        events: Any,
        cycles: Any,
        loops: Any,
        counts: Any,
        offsets: Any,
        sizes: Any,
    ) -> None:
        """Give the passes of measurement events; names go where the items of ``patterns`` and ``events`` point."""
        plan, first = self._plan(channel_id), integer(offset)
        found = [plan.event(first + n) for n in range(self.window(first, size, plan.event_size()))]
        store_texts(patterns, [e.pattern for e in found])
        store_texts(events, [e.event.name for e in found])
        store_all(cycles, [e.cycle for e in found])
        store_all(loops, [float(e.loop) for e in found])
        store_all(counts, [e.count for e in found])
        store_all(offsets, [e.offset for e in found])
        store_all(sizes, [e.size for e in found])

    @library_function
    def WGFMU_getMeasureEvent(
        self,
        channel_id: Any,
        index: Any,
        pattern: Any,
        event: Any,
        cycle: Any,
        loop: Any,
        count: Any,
        offset: Any,
        size: Any,
    ) -> None:
        """Give one pass of a measurement event."""
        plan = self._plan(channel_id)
        found = plan.event(self._index(index, plan.event_size()))
        store_text(pattern, found.pattern, NAME_LENGTH)
        store_text(event, found.event.name, NAME_LENGTH)
        store(cycle, found.cycle)
        store(loop, float(found.loop))
        store(count, found.count)
        store(offset, found.offset)
        store(size, found.size)

    @library_function
    def WGFMU_getMeasureEventAttribute(
        self, channel_id: Any, index: Any, time: Any, points: Any, interval: Any, averaging_time: Any, raw_data: Any
    ) -> None:
        """Give the settings of one pass; its time counts from the start of the sequence."""
        plan = self._plan(channel_id)
        found = plan.event(self._index(index, plan.event_size()))
        store(time, (found.start + found.event.time) / TICKS_PER_SECOND)
        store(points, found.event.points)
        store(interval, found.event.interval / TICKS_PER_SECOND)
        store(averaging_time, found.event.averaging / TICKS_PER_SECOND)
        store(raw_data, found.event.data)

    @library_function
    def WGFMU_exportAscii(self, file_name: Any) -> None:
        """Write the programmed points of all sequences as comma-separated text; its layout is ours."""
        lines = ["channel,time (s),voltage (V)"]
        for channel in self.channels.values():
            plan = channel.plan(self.patterns)
            if plan.force_size() > EXPORT_POINTS:
                self.warn(codes.WARNING_NORMAL, f"channel {channel.number}: only {EXPORT_POINTS} points are exported")
            points = (plan.force_point(n) for n in range(min(plan.force_size(), EXPORT_POINTS)))
            lines += [f"{channel.number},{time!r},{volts!r}" for time, volts in points]
        path = Path(text(file_name))
        try:
            path.with_suffix(".csv").write_text("\n".join(lines) + "\n", encoding="ascii")
        except OSError as error:
            raise WgfmuError(Code.LIBRARY, f"the file cannot be written: {error}") from error
