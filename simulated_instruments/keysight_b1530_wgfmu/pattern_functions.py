"""Waveform data: patterns, events, sequences.

Source: the WGFMU sheet, functions: waveform data; limits. A value out of range is an error here; whether the library
only warns for some of them is *unconfirmed*.
"""

# ruff: noqa: N802 - the names are the vendor's

from typing import Any

from simulated_instruments.keysight_b1530_wgfmu import codes
from simulated_instruments.keysight_b1530_wgfmu.arguments import integer, number, numbers, text
from simulated_instruments.keysight_b1530_wgfmu.codes import Code, WgfmuError
from simulated_instruments.keysight_b1530_wgfmu.library import LibraryCore, choose, library_function
from simulated_instruments.keysight_b1530_wgfmu.pattern import (
    Pattern,
    RangeEvent,
    TriggerEvent,
    check_volts,
    measure_event,
    merged,
    multiplied,
    offset,
    ticks,
)


def _size(value: Any) -> int:
    size = integer(value)
    if not 1 <= size <= codes.MAX_VECTORS:
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"size {size} is not in 1 to {codes.MAX_VECTORS}")
    return size


class PatternFunctions(LibraryCore):
    """The functions that make patterns and put them into sequences; all of it is library data."""

    @library_function
    def WGFMU_clear(self) -> None:
        """Drop all library data and texts; the hardware is left alone."""
        self.forget()

    @library_function
    def WGFMU_createPattern(self, pattern: Any, initial_voltage: Any) -> None:
        """Make a pattern that starts at ``initial_voltage`` (V); -12 for a name in use."""
        name = text(pattern)
        if name in self.patterns:
            raise WgfmuError(Code.PATTERN_ALREADY_EXISTS, f"pattern {name} exists already")
        self.patterns[name] = Pattern(name, [0], [check_volts(number(initial_voltage))])
        self.changed()

    @library_function
    def WGFMU_addVector(self, pattern: Any, delta_time: Any, voltage: Any) -> None:
        """Append a straight line of ``delta_time`` (s) to ``voltage`` (V)."""
        self.pattern(pattern).add(number(delta_time), number(voltage))
        self.changed()

    @library_function
    def WGFMU_addVectors(self, pattern: Any, delta_times: Any, voltages: Any, size: Any) -> None:
        """Append ``size`` lines; what comes before one that is refused stays."""
        found, count = self.pattern(pattern), _size(size)
        self.changed()
        for delta, volts in zip(numbers(delta_times, count), numbers(voltages, count), strict=True):
            found.add(delta, volts)

    @library_function
    def WGFMU_setVector(self, pattern: Any, time: Any, voltage: Any) -> None:
        """Put a point at ``time`` (s from the pattern's start); one at that time is replaced."""
        self.pattern(pattern).put(number(time), number(voltage))
        self.changed()

    @library_function
    def WGFMU_setVectors(self, pattern: Any, times: Any, voltages: Any, size: Any) -> None:
        """Put ``size`` points; what comes before one that is refused stays."""
        found, count = self.pattern(pattern), _size(size)
        self.changed()
        for time, volts in zip(numbers(times, count), numbers(voltages, count), strict=True):
            found.put(time, volts)

    def _derived_name(self, new: Any, *sources: Pattern) -> str:
        name = text(new)
        if name in self.patterns and name not in {source.name for source in sources}:
            raise WgfmuError(Code.PATTERN_ALREADY_EXISTS, f"pattern {name} exists already")
        return name

    def _keep(self, pattern: Pattern) -> None:
        if len(pattern.times) > 1 + codes.MAX_VECTORS:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"pattern {pattern.name} has too many vectors")
        self.patterns[pattern.name] = pattern
        self.changed()

    @library_function
    def WGFMU_createMergedPattern(self, new: Any, pattern1: Any, pattern2: Any, axis: Any) -> None:
        """Append pattern 2 to pattern 1 (time axis) or add their voltages (voltage axis)."""
        first, second = self.pattern(pattern1), self.pattern(pattern2)
        chosen = choose(axis, codes.AXIS_TIME, codes.AXIS_VOLTAGE, "axis")
        self._keep(merged(self._derived_name(new, first, second), first, second, chosen))

    @library_function
    def WGFMU_createMultipliedPattern(self, new: Any, pattern1: Any, time_factor: Any, voltage_factor: Any) -> None:
        """Stretch and scale a pattern; a negative ``time_factor`` mirrors it."""
        source = self.pattern(pattern1)
        name = self._derived_name(new, source)
        self._keep(multiplied(name, source, number(time_factor), number(voltage_factor)))

    @library_function
    def WGFMU_createOffsetPattern(self, new: Any, pattern1: Any, time_offset: Any, voltage_offset: Any) -> None:
        """Shift a pattern by ``time_offset`` (s) and ``voltage_offset`` (V)."""
        source = self.pattern(pattern1)
        name = self._derived_name(new, source)
        self._keep(offset(name, source, number(time_offset), number(voltage_offset)))

    @library_function
    def WGFMU_setMeasureEvent(
        self,
        pattern: Any,
        event: Any,
        time: Any,
        points: Any,
        interval: Any,
        averaging_time: Any,
        raw_data: Any,
    ) -> None:
        """Measure ``points`` times from ``time`` on, each ``interval`` (s), averaged over ``averaging_time`` (s)."""
        found, name = self.pattern(pattern), text(event)
        kind = choose(raw_data, codes.AVERAGED, codes.RAW, "measure event data")
        span = (number(interval), number(averaging_time))
        made = measure_event(name, number(time), integer(points), *span, kind)
        found.inside(made.end)
        if made.points > 1 and made.averaging > made.interval:
            self.warn(codes.WARNING_NORMAL, f"event {name}: the averaging time is longer than the interval")
        found.measures.append(made)
        self.changed()

    @library_function
    def WGFMU_setRangeEvent(self, pattern: Any, event: Any, time: Any, range_index: Any) -> None:
        """Change the current measurement range at ``time`` (s)."""
        found, name = self.pattern(pattern), text(event)
        index = choose(range_index, codes.CURRENT_1UA, codes.CURRENT_10MA, "measure current range")
        at = ticks(number(time))
        if at < 0:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"time {time} s is negative")
        found.inside(at + codes.RANGE_CHANGE_TICKS)
        found.ranges.append(RangeEvent(name, at, index))
        self.changed()

    @library_function
    def WGFMU_setTriggerOutEvent(self, pattern: Any, event: Any, time: Any, duration: Any) -> None:
        """Put a trigger output at ``time`` for ``duration`` (s); kept and checked, no line of the bench carries it."""
        found, name = self.pattern(pattern), text(event)
        at, length = ticks(number(time)), ticks(number(duration))
        if at < 0 or length < 0 or (length == 0 and at > 0):
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"trigger event {name} is out of limits")
        found.inside(at + length)
        found.triggers.append(TriggerEvent(name, at, length))
        self.changed()

    def _add_sequence(self, channel_id: Any, pattern: Any, loop_count: Any) -> None:
        channel, found, loops = self.channel(channel_id), self.pattern(pattern), round(number(loop_count))
        if not 1 <= loops <= codes.MAX_LOOPS:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"loop count {loop_count} is not in 1 to {codes.MAX_LOOPS}")
        if found.period == 0:
            raise WgfmuError(Code.CONTEXT, f"pattern {found.name} has no vector")
        if len(channel.settings.sequence) >= codes.MAX_SEQUENCES:
            raise WgfmuError(
                Code.PARAMETER_OUT_OF_RANGE, f"channel {channel_id} has {codes.MAX_SEQUENCES} entries already"
            )
        channel.settings.sequence.append((found.name, loops))
        self.changed()

    @library_function
    def WGFMU_addSequence(self, channel_id: Any, pattern: Any, loop_count: Any) -> None:
        """Append a pattern to a channel's sequence; its later changes count until it is run."""
        self._add_sequence(channel_id, pattern, loop_count)

    @library_function
    def WGFMU_addSequences(self, channel_id: Any, patterns: Any, loop_counts: Any, size: Any) -> None:
        """Append several; what comes before one that is refused stays."""
        count = _size(size)
        for index, loops in enumerate(numbers(loop_counts, count)):
            self._add_sequence(channel_id, patterns[index], loops)
