"""One output: what it is doing, when it was triggered, and what its terminal is told."""

import math
from dataclasses import replace

import numpy as np

from simulated_instruments.frontend import Clock
from simulated_instruments.keysight_33600a_parts.arbs import Memory
from simulated_instruments.keysight_33600a_parts.channel import Channel
from simulated_instruments.keysight_33600a_parts.limits import OUTPUT_OHMS
from simulated_instruments.keysight_33600a_parts.playback import BUDGET, Run, Stretch, render
from simulated_instruments.keysight_33600a_parts.sequences import Lap, unroll
from simulated_instruments.keysight_33600a_parts.shapes import Cycle, arb_cycle, periodic_cycle
from simulated_instruments.terminals import Floats, Terminal


class Output:
    """Drives a terminal from a channel's settings.

    Volts go to the terminal as open-circuit values behind 50 Ohm; between bursts the output rests at the level of the
    start phase. A change of settings is rendered from the moment it is made; one that changes what runs (function,
    burst, trigger source) starts anew.

    Args:
        channel: The settings.
        memory: The channel's arbs.
        terminal: What the output is wired to, if anything.
        clock: The bench's clock.
        rng: For the noise function.
    """

    def __init__(
        self, channel: Channel, memory: Memory, terminal: Terminal | None, clock: Clock, rng: np.random.Generator
    ) -> None:
        self.channel = channel
        self.memory = memory
        self._terminal = terminal
        self._clock = clock
        self._rng = rng
        self._run: Run | None = None
        self._cycle: Cycle | None = None
        self._lap: Lap | None = None
        self._armed = 0
        self._gate = False
        self._kind: tuple[object, ...] = ()
        self._held: float | None = None
        self._due = math.inf

    def refresh(self, *, changed: bool) -> None:
        """Tell the terminal what is new: settings that changed, or the next stretch of a waveform that goes on."""
        if changed:
            self._cycle = None
            self._restart_if_other()
        if changed or self._clock.now() >= self._due:
            self._drive()

    def trigger(self) -> bool:
        """Start a burst, or the next part of a sequence; return whether a trigger was waited for."""
        channel, now = self.channel, self._clock.now()
        if self._lap is not None and self._lap.waits and now >= self.busy_until():
            self._start_lap(self._lap.next_segment)
            self._drive()
            return True
        if not self._bursts() or channel.burst_mode != "TRIG" or now < self.busy_until():
            return False
        if not channel.continuous:
            if not self._armed:
                return False
            self._armed -= 1
        self._run = Run(now + channel.trigger_delay, channel.burst_cycles)
        self._drive()
        return True

    def initiate(self) -> None:
        """Leave the idle state for as many triggers as the trigger count says."""
        self._armed = int(self.channel.trigger_count)

    def abort(self) -> None:
        """Stop a burst and go back to where a trigger is waited for."""
        self._armed = 0
        self._kind = ()
        self._run = None
        self.refresh(changed=True)

    def stop_sequence(self) -> None:
        """Go silent until the output is set anew; see the front-end's ``PHASe:SYNChronize``."""
        self._run = None
        self._drive()

    def set_gate(self, *, active: bool) -> None:
        """Open or close the gate of a gated burst; the cycle under way is finished."""
        opened, self._gate = active and not self._gate, active
        if not self._bursts() or self.channel.burst_mode != "GAT":
            return
        if opened:
            self._run = Run(self._clock.now())
        elif self._run is not None and not active:
            elapsed = self._clock.now() - self._run.start
            self._run = replace(self._run, burst=math.ceil(elapsed / self._waveform().period - 1e-9))
        self._drive()

    def busy_until(self) -> float:
        """Return when the burst under way is over, in s; the past when there is none, and for one without end."""
        if self._run is None or math.isinf(self._run.burst):
            return -math.inf
        end = self._run.end(self._waveform().period)
        return -math.inf if math.isinf(end) else end

    def plays_sequence(self) -> bool:
        """Whether the function is ARB and the arb is a sequence."""
        return self.channel.function == "ARB" and self.channel.arb in self.memory.sequences

    def _bursts(self) -> bool:
        return self.channel.burst and self.channel.function != "DC" and not self.plays_sequence()

    def _restart_if_other(self) -> None:
        """Start anew where the settings now mean another kind of run."""
        channel = self.channel
        interval = {"IMM": channel.burst_period, "TIM": channel.trigger_timer}.get(channel.trigger_source, math.inf)
        kind: tuple[object, ...]
        if not self._bursts():
            kind = ("free", channel.function, channel.arb if channel.function == "ARB" else "", channel.output)
        elif channel.burst_mode == "GAT":
            kind = ("gated", channel.function)
        elif math.isinf(interval):
            kind = ("triggered", channel.function)
        else:
            kind = ("internal", channel.function, interval, channel.burst_cycles, channel.output)
        if kind == self._kind:
            return
        self._kind, self._lap, self._run = kind, None, None
        if self.plays_sequence():
            self._start_lap(0)
        elif kind[0] == "free":
            self._run = Run(self._clock.now())
        elif kind[0] == "internal":
            self._run = Run(self._clock.now() + channel.trigger_delay, channel.burst_cycles, interval)

    def _start_lap(self, segment: int) -> None:
        lap = unroll(self.memory.sequences[self.channel.arb], segment, self.memory.codes)
        self._lap, self._cycle = lap, None
        self._run = Run(self._clock.now(), 1.0 if lap.waits else math.inf)

    def _waveform(self) -> Cycle:
        if self._cycle is None:
            self._cycle = self._make_cycle()
        return self._cycle

    def _make_cycle(self) -> Cycle:
        channel = self.channel
        if channel.function == "ARB":
            codes = self.memory.codes(channel.arb) if self._lap is None else self._lap.codes
            cycle = arb_cycle(codes, channel.sample_rate, held=channel.arb_filter == "OFF")
            if self._lap is not None and self._lap.waits:
                return replace(cycle, ends_at=float(cycle.levels[-1]))
            return cycle.rotated(channel.arb_phase / 360.0)
        phase = channel.burst_phase if self._bursts() else channel.phase
        return periodic_cycle(channel, self._rng).rotated(phase / 360.0)

    def _drive(self) -> None:
        channel = self.channel
        self._due = math.inf
        if not channel.output:
            self._hold(None)
        elif channel.function == "DC":
            self._hold(channel.offset)
        elif self._run is None:
            self._hold(self._volts(self._waveform().rest))
        elif self._begins_a_train():
            self._play_train(self._waveform(), self._run)
        else:
            self._play(render(self._waveform(), self._run, self._clock.now()))

    def _begins_a_train(self) -> bool:
        """Whether a burst begins that is too long to be handed out corner by corner."""
        run, cycle = self._run, self._waveform()
        if self._terminal is None or run is None or math.isinf(run.burst) or not math.isinf(run.interval):
            return False
        return run.burst * len(cycle.times) > BUDGET and run.start == self._clock.now() and run.burst >= 2.0

    def _play_train(self, cycle: Cycle, run: Run) -> None:
        if self._terminal is not None:
            self._held = math.nan
            times, levels = np.append(cycle.times, cycle.period), np.append(cycle.levels, cycle.rest)
            volts, count = self._scaled(levels), int(run.burst)
            self._terminal.play(times, volts, ohms=OUTPUT_OHMS, count=count, period=cycle.period)

    def _play(self, stretch: Stretch) -> None:
        if self._terminal is None:
            return
        if len(stretch.times) == 1:
            self._hold(self._volts(float(stretch.levels[0])))
            return
        self._held = math.nan
        self._terminal.play(stretch.times, self._scaled(stretch.levels), ohms=OUTPUT_OHMS)
        if not stretch.complete:
            self._due = self._clock.now() + float(stretch.times[-1]) / 2

    def _hold(self, volts: float | None) -> None:
        """Drive a constant level, or nothing, unless that is what the terminal was told last."""
        if self._terminal is None or volts == self._held:
            return
        self._held = volts
        if volts is None:
            self._terminal.release()
        else:
            self._terminal.force(volts, ohms=OUTPUT_OHMS)

    def _volts(self, level: float) -> float:
        return float(self._scaled(np.array([level]))[0])

    def _scaled(self, levels: Floats) -> Floats:
        sign = -1.0 if self.channel.polarity == "INV" else 1.0
        return self.channel.offset + sign * self.channel.amplitude / 2 * levels
