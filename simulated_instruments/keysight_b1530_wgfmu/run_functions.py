"""Run and read.

Source: the WGFMU sheet, functions: run and read; semantics.
"""

# ruff: noqa: N802 - the names are the vendor's

from typing import Any

from simulated_instruments.keysight_b1530_wgfmu import codes
from simulated_instruments.keysight_b1530_wgfmu.arguments import integer, number, store, store_all, text
from simulated_instruments.keysight_b1530_wgfmu.channel import Channel
from simulated_instruments.keysight_b1530_wgfmu.codes import Code, WgfmuError
from simulated_instruments.keysight_b1530_wgfmu.library import CALL_TIME, LibraryCore, choose, library_function
from simulated_instruments.keysight_b1530_wgfmu.pattern import check_volts


class RunFunctions(LibraryCore):
    """The functions that run sequences, read what they measured, and force and measure DC."""

    def _sequenced(self) -> list[Channel]:
        self.need_session()
        channels = [channel for channel in self.channels.values() if channel.sequenced]
        if not channels:
            raise WgfmuError(Code.CONTEXT, "no channel is in the Fast IV or the PG mode")
        return channels

    def _update(self, channels: list[Channel]) -> None:
        plans = [(channel, channel.plan(self.patterns)) for channel in channels]
        for channel, plan in plans:
            channel.check(plan)
        for channel, plan in plans:
            channel.update(plan)

    @library_function
    def WGFMU_update(self) -> None:
        """Send the set-up: outputs go to the initial voltage of their first pattern."""
        self._update(self._sequenced())

    @library_function
    def WGFMU_updateChannel(self, channel_id: Any) -> None:
        """Send one channel's set-up."""
        self.need_session()
        channel = self.channel(channel_id)
        if not channel.sequenced:
            raise WgfmuError(Code.CONTEXT, f"channel {channel.number} is not in the Fast IV or the PG mode")
        self._update([channel])

    @library_function
    def WGFMU_execute(self) -> None:
        """Start the sequences of all channels in the Fast IV and the PG mode together; what runs is started again."""
        channels = self._sequenced()
        self._update(channels)
        plans = [(channel, channel.plan(self.patterns)) for channel in channels]
        runs = [(channel, channel.prepare(plan)) for channel, plan in plans if len(plan)]
        if not runs:
            raise WgfmuError(Code.CONTEXT, "no channel has a sequence")
        for channel, run in runs:
            channel.start(run, self.revision)

    @library_function
    def WGFMU_abort(self) -> None:
        """Stop all sequences; outputs hold their present voltage, data so far stay."""
        self.need_session()
        for channel in self.channels.values():
            channel.stop()

    @library_function
    def WGFMU_abortChannel(self, channel_id: Any) -> None:
        """Stop one channel's sequence."""
        self.need_session()
        self.channel(channel_id).stop()

    def _status(self, channels: list[Channel], status: Any, elapsed: Any, total: Any) -> None:
        self.clock.wait(CALL_TIME)
        now = self.clock.now()
        runs = [channel.run for channel in channels if channel.run is not None]
        started = [channel.status() for channel in channels if channel.run is not None]
        store(status, max(started, default=codes.IDLE))
        store(elapsed, max((run.elapsed(now) for run in runs), default=0.0))
        store(total, max((run.total for run in runs), default=0.0))

    @library_function
    def WGFMU_getStatus(self, status: Any, elapsed_time: Any, total_time: Any) -> None:
        """Give the largest status of the channels that were started; elapsed and total time in s."""
        self._status(self._sequenced(), status, elapsed_time, total_time)

    @library_function
    def WGFMU_getChannelStatus(self, channel_id: Any, status: Any, elapsed_time: Any, total_time: Any) -> None:
        """Give one channel's status; elapsed and total time in s."""
        self.need_session()
        self._status([self.channel(channel_id)], status, elapsed_time, total_time)

    @library_function
    def WGFMU_waitUntilCompleted(self) -> None:
        """Wait for all sequences and their data; -13 where nothing was started."""
        runs = [channel.run for channel in self._sequenced() if channel.run is not None]
        pending = [run for run in runs if run.aborted_at is None]
        if not pending:
            raise WgfmuError(Code.SEQUENCER_NOT_RUNNING, "no sequencer is running")
        self.clock.wait(max(run.remaining(self.clock.now()) for run in pending))

    @library_function
    def WGFMU_getMeasureValueSize(self, channel_id: Any, measured_size: Any, total_size: Any) -> None:
        """Give how many data are there, and how many there will be."""
        run = self.results(channel_id)
        store(measured_size, run.measured_size(self.clock.now()))
        store(total_size, run.size)

    def _ready(self, offset: int, measured: int, total: int) -> None:
        if measured <= offset < total:
            raise WgfmuError(Code.RESULT_NOT_READY, f"datum {offset} is not measured yet")
        if not 0 <= offset < total:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"index {offset} is not in 0 to {total - 1}")

    @library_function
    def WGFMU_getMeasureValues(self, channel_id: Any, offset: Any, size: Any, times: Any, values: Any) -> None:
        """Give up to ``size`` data from ``offset`` on; times in s, values in V or A."""
        run, first = self.results(channel_id), integer(offset)
        measured = run.measured_size(self.clock.now())
        self._ready(first, measured, run.size)
        count = self.window(first, size, measured)
        store_all(times, [float(t) for t in run.plan.measure_times(first, count)])
        store_all(values, [float(v) for v in run.values(first, count)])

    @library_function
    def WGFMU_getMeasureValue(self, channel_id: Any, index: Any, time: Any, value: Any) -> None:
        """Give one datum; time in s, value in V or A."""
        run, at = self.results(channel_id), integer(index)
        self._ready(at, run.measured_size(self.clock.now()), run.size)
        store(time, float(run.plan.measure_times(at, 1)[0]))
        store(value, float(run.values(at, 1)[0]))

    @library_function
    def WGFMU_getCompletedMeasureEventSize(self, channel_id: Any, measured_size: Any, total_size: Any) -> None:
        """Give how many passes of measurement events are done, and how many there will be."""
        run = self.results(channel_id)
        measured, total = run.measured_size(self.clock.now()), run.plan.event_size() if run.size else 0
        low, high = 0, total
        while low < high:
            middle = (low + high) // 2
            event = run.plan.event(middle)
            if event.offset + event.size <= measured:
                low = middle + 1
            else:
                high = middle
        store(measured_size, low)
        store(total_size, total)

    @library_function
    def WGFMU_isMeasureEventCompleted(
        self,
        channel_id: Any,
        pattern: Any,
        event: Any,
        cycle: Any,
        loop: Any,
        count: Any,
        completed: Any,
        index: Any,
        offset: Any,
        size: Any,
    ) -> None:
        """Give whether one pass of a measurement event is done, and where its data are."""
        run = self.results(channel_id)
        name, label = text(pattern), text(event)
        found = run.plan.find_event(name, label, integer(cycle), integer(loop), integer(count))
        done = run.size > 0 and found.offset + found.size <= run.measured_size(self.clock.now())
        store(completed, codes.EVENT_COMPLETED if done else codes.EVENT_NOT_COMPLETED)
        store(index, found.index)
        store(offset, found.offset)
        store(size, found.size)

    def _dc(self, channel_id: Any) -> Channel:
        self.need_session()
        channel = self.channel(channel_id)
        if channel.settings.mode != codes.MODE_DC:
            raise WgfmuError(Code.CONTEXT, f"channel {channel.number} is not in the DC mode")
        self.clock.wait(CALL_TIME)
        return channel

    @library_function
    def WGFMU_dcforceVoltage(self, channel_id: Any, voltage: Any) -> None:
        """Force ``voltage`` (V) now; the channel's set-up is applied at once."""
        channel, volts = self._dc(channel_id), check_volts(number(voltage))
        low, high = codes.FORCE_LIMITS[channel.settings.force_range]
        if not low <= volts <= high:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"{volts} V is not in {low} V to {high} V")
        channel.force(volts)

    @library_function
    def WGFMU_dcmeasureValue(self, channel_id: Any, value: Any) -> None:
        """Measure once, in V or A after the measure mode."""
        store(value, self._dc(channel_id).measure_now(1, codes.DC_INTERVAL))

    @library_function
    def WGFMU_dcmeasureAveragedValue(self, channel_id: Any, count: Any, interval: Any, value: Any) -> None:
        """Measure the mean of ``count`` samples, ``interval`` times 5 ns apart."""
        samples = choose(count, 1, codes.MAX_DC_COUNT, "count")
        spacing = choose(interval, 1, codes.MAX_DC_COUNT, "interval")
        store(value, self._dc(channel_id).measure_now(samples, spacing * codes.DC_INTERVAL))
