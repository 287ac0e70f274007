"""One WGFMU channel: what the library was told about it, and what its hardware does."""

import itertools
from dataclasses import dataclass, field

import numpy as np

from simulated_instruments.frontend import Clock
from simulated_instruments.keysight_b1530_wgfmu import codes
from simulated_instruments.keysight_b1530_wgfmu.codes import Code, WgfmuError
from simulated_instruments.keysight_b1530_wgfmu.pattern import Pattern
from simulated_instruments.keysight_b1530_wgfmu.plan import Plan
from simulated_instruments.keysight_b1530_wgfmu.run import Run, RunSettings
from simulated_instruments.terminals import Terminal


@dataclass
class ChannelSettings:
    """Codes as in the library, delays in s. The initial ranges are *unconfirmed*."""

    mode: int = codes.MODE_SMU
    force_range: int = codes.FORCE_AUTO
    measure_mode: int = codes.MEASURE_VOLTAGE
    voltage_range: int = codes.VOLTAGE_10V
    current_range: int = codes.CURRENT_10MA
    force_delay: float = 0.0
    measure_delay: float = 0.0
    measured: int = codes.ENABLED
    trigger_mode: int = codes.TRIGGER_DISABLE
    trigger_polarity: int = codes.TRIGGER_POSITIVE
    sequence: list[tuple[str, int]] = field(default_factory=list)

    @property
    def measure_range(self) -> int:
        """The range that counts in the present measure mode."""
        return self.current_range if self.measure_mode == codes.MEASURE_CURRENT else self.voltage_range


class Channel:
    """A channel and its remote-sense and switch unit, wired to a terminal."""

    def __init__(self, number: int, terminal: Terminal, clock: Clock, noise: np.random.Generator) -> None:
        self.number = number
        self.settings = ChannelSettings()
        self.connected = False
        self.run: Run | None = None
        self.run_revision = 0
        self._terminal = terminal
        self._clock = clock
        self._noise = noise
        self._level = 0.0
        self._held = True  # the output is at _level; otherwise it is where the run has it

    @property
    def sequenced(self) -> bool:
        """Whether the channel is in a mode that runs sequences."""
        return self.settings.mode in {codes.MODE_FASTIV, codes.MODE_PG}

    @property
    def ohms(self) -> float:
        """The source resistance in the present mode."""
        return codes.PG_OHMS if self.settings.mode == codes.MODE_PG else 0.0

    def initialize(self) -> None:
        """Put the hardware back: relay open, 0 V, no results."""
        self.run = None
        self._level, self._held = 0.0, True
        self.connected = False
        self._terminal.release()

    def connect(self) -> None:
        """Close the relay; the output stays where it is. In SMU mode the terminal is left to the SMU."""
        self.connected = True
        self._apply()

    def disconnect(self) -> None:
        """Open the relay."""
        self.connected = False
        self._terminal.release()

    def force(self, volts: float) -> None:
        """Force ``volts`` (V) from now on; what was running is over."""
        self.stop()
        self._level = volts
        self._apply()

    def _apply(self) -> None:
        if not self.connected:
            return
        if self.settings.mode == codes.MODE_SMU:
            self._terminal.release()
        else:
            self._terminal.force(self._present(), ohms=self.ohms)

    def _present(self) -> float:
        return self._level if self._held or self.run is None else self.run.output(self._clock.now())

    def stop(self) -> None:
        """Stop a running sequence; the output holds its present voltage."""
        now = self._clock.now()
        self._level, self._held = self._present(), True
        if self.run is not None and self.run.aborted_at is None and not self.run.completed(now):
            self.run.aborted_at = now
            self._apply()

    def plan(self, patterns: dict[str, Pattern]) -> Plan:
        """Return the sequence as the patterns are now.

        Raises:
            WgfmuError: -10 for a pattern that is gone.
        """
        missing = [name for name, _ in self.settings.sequence if name not in patterns]
        if missing:
            raise WgfmuError(Code.PATTERN_NOT_FOUND, f"channel {self.number} uses pattern {missing[0]}, which is gone")
        return Plan([(patterns[name], loops) for name, loops in self.settings.sequence])

    def check(self, plan: Plan) -> None:
        """Refuse a sequence that this channel cannot run. Which code each case has is *unconfirmed*.

        Raises:
            WgfmuError: -3 for modes, ranges and events that do not go together, -6 for more data than the memory holds.
        """
        s = self.settings
        low, high = codes.FORCE_LIMITS[s.force_range]
        volts = [v for pattern in plan.patterns for v in pattern.volts]
        if volts and (min(volts) < low or max(volts) > high):
            raise WgfmuError(Code.CONTEXT, f"channel {self.number}: the sequence leaves {low} V to {high} V")
        if s.force_range == codes.FORCE_AUTO and volts and min(volts) < -5.0 and max(volts) > 0.0:
            raise WgfmuError(
                Code.CONTEXT, f"channel {self.number}: no force range covers {min(volts)} to {max(volts)} V"
            )
        if s.force_range == codes.FORCE_AUTO and volts and min(volts) < 0.0 and max(volts) > 5.0:
            raise WgfmuError(
                Code.CONTEXT, f"channel {self.number}: no force range covers {min(volts)} to {max(volts)} V"
            )
        if s.mode == codes.MODE_PG:
            self._check_pg(volts)
        for pattern in plan.patterns:
            self._check_events(pattern)
        if s.measured == codes.ENABLED and plan.measure_size() > codes.MEMORY_POINTS:
            raise WgfmuError(Code.FIRMWARE, f"channel {self.number}: more than {codes.MEMORY_POINTS} data to measure")

    def _check_pg(self, volts: list[float]) -> None:
        s = self.settings
        wide = s.force_range in {codes.FORCE_10V_NEGATIVE, codes.FORCE_10V_POSITIVE}
        if wide or max((abs(v) for v in volts), default=0.0) > 5.0 or s.measure_mode == codes.MEASURE_CURRENT:
            raise WgfmuError(Code.CONTEXT, f"channel {self.number}: PG mode forces 5 V at most and measures voltage")

    def _check_events(self, pattern: Pattern) -> None:
        events = pattern.ordered_measures()
        for before, after in itertools.pairwise(events):
            if before.averaging != after.averaging and after.time - before.time < codes.MIN_EVENT_SPACING:
                raise WgfmuError(
                    Code.CONTEXT, f"pattern {pattern.name}: events that average differently start too close"
                )
        changes = sorted(event.time for event in pattern.ranges)
        if changes and (self.settings.mode != codes.MODE_FASTIV or self.settings.measure_mode != codes.MEASURE_CURRENT):
            raise WgfmuError(Code.CONTEXT, f"pattern {pattern.name}: a range event needs Fast IV current measurement")
        if len(changes) > 2 and any(b - a <= codes.MIN_RANGE_SPACING for a, b in itertools.pairwise(changes)):
            raise WgfmuError(Code.CONTEXT, f"pattern {pattern.name}: range events are less than 2 us apart")
        for event in events:
            for n in range(event.points) if changes else ():
                begin = event.time + n * event.interval
                if any(begin - codes.RANGE_CHANGE_TICKS < t < begin + event.averaging for t in changes):
                    raise WgfmuError(Code.CONTEXT, f"pattern {pattern.name}: a range event within an averaging window")

    def update(self, plan: Plan) -> None:
        """Send the set-up: the output goes to the initial voltage of the first pattern."""
        self.force(plan.first_voltage())

    def prepare(self, plan: Plan) -> Run:
        """Return the run that ``start`` will play, its start now."""
        s = self.settings
        settings = RunSettings(
            s.measure_mode,
            codes.VOLTAGE_5V if s.mode == codes.MODE_PG else s.measure_range,
            s.measured == codes.ENABLED,
            self.connected,
            self.ohms,
            s.force_delay,
            s.measure_delay,
        )
        return Run(plan, settings, self._terminal, self._clock.now(), self._noise)

    def start(self, run: Run, revision: int) -> None:
        """Play ``run`` from now on."""
        self.run, self.run_revision = run, revision
        self._held = False
        run.play()

    def status(self) -> int:
        """Return the channel's status code."""
        if self.run is None:
            return codes.IDLE
        if self.run.aborted_at is not None:
            return codes.ABORT_COMPLETED
        return codes.COMPLETED if self.run.completed(self._clock.now()) else codes.RUNNING

    def measure_now(self, count: int, interval: float) -> float:
        """Return the mean (V or A) of ``count`` samples, ``interval`` s apart, with the noise of the present range."""
        begin = self._clock.now()
        self._clock.wait(count * interval)
        settings = self.settings
        scale = codes.RANGES[settings.measure_range]
        value = 0.0 if settings.measure_mode == codes.MEASURE_CURRENT else self._present()
        if self.connected:
            times = begin + interval * np.linspace(0.0, count - 1, min(count, 64))
            volts, amps = self._terminal.trace(times)
            value = float(np.mean(amps if settings.measure_mode == codes.MEASURE_CURRENT else volts))
        rms = scale.noise * (scale.window / (count * codes.DC_INTERVAL)) ** 0.5
        limit = codes.OVERLOAD * scale.full_scale
        return float(np.clip(value + self._noise.normal(0.0, rms), -limit, limit))
