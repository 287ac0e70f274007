"""Running, stopping, arming: when a record is taken.

A single acquisition is armed once its pre-trigger part is filled; an edge before that is lost, as on the real scope. A
running scope is looked at only when data is asked for: the record is then the latest one that can be complete.
"""

from collections.abc import Mapping

import numpy as np

from simulated_instruments.frontend import Clock
from simulated_instruments.keysight_msox3104_parts.sampling import Record, digitise, plan
from simulated_instruments.keysight_msox3104_parts.settings import CHANNELS, Settings
from simulated_instruments.keysight_msox3104_parts.trigger import TriggerFinder
from simulated_instruments.terminals import Terminal

AUTO_TIMEOUT = 0.05
"""Time without an edge after which AUTO triggers by itself, in s, *assumed*."""
POLL_TIME = 1e-3
"""What answering a question about an acquisition under way takes, in s, *assumed*."""
RUN, WAIT_TRIGGER = 8, 32
"""Bits of the operation condition."""


class Acquisition:
    """The state machine behind :RUN, :STOP, :SINGle and :DIGitize.

    Args:
        settings: The scope's settings.
        terminals: What the inputs are wired to.
        clock: The bench's clock.
        memory: Points of the acquisition memory.
        rng: For the noise.
    """

    def __init__(
        self,
        settings: Settings,
        terminals: Mapping[str, Terminal],
        clock: Clock,
        memory: int,
        rng: np.random.Generator,
    ) -> None:
        self.settings = settings
        self.record: Record | None = None
        self.armed_event = False
        self.trigger_event = False
        self._terminals = terminals
        self._finder = TriggerFinder(terminals)
        self._clock = clock
        self._memory = memory
        self._rng = rng
        self._mode = "RUN"
        self._forced = False
        self._condition_then = 0
        self._trigger: float | None = None
        self._told = False
        self._armed_at = clock.now()
        self._seen_at = -1.0

    @property
    def busy(self) -> bool:
        """Whether it is anything but stopped."""
        return self._mode != "STOP"

    @property
    def running(self) -> bool:
        """Whether it acquires again and again."""
        return self._mode == "RUN"

    @property
    def digitising(self) -> bool:
        """Whether :DIGitize holds the parser."""
        return self._mode == "DIG"

    @property
    def condition(self) -> int:
        """The operation condition's bits."""
        if not self.busy:
            return 0
        waiting = self._trigger is None and self._clock.now() >= self._ready
        return RUN | (WAIT_TRIGGER if waiting else 0)

    def run(self) -> None:
        """Acquire again and again."""
        self._mode = "RUN"
        self._arm(self._clock.now())

    def stop(self) -> None:
        """Stop; what a running scope saw last stays in memory."""
        if self._mode == "RUN":
            self._refresh()
        self._mode = "STOP"

    def single(self) -> None:
        """Arm for one acquisition."""
        self._mode = "SING"
        self.record = None
        self._arm(self._clock.now())

    def digitise(self) -> None:
        """Arm for one acquisition that holds the parser, and let the time pass that it takes if a trigger comes."""
        self.single()
        self._mode = "DIG"
        self._clock.wait(self._ready - self._clock.now() + max(AUTO_TIMEOUT, self.settings.timebase.range))
        self.advance()
        if self._trigger is not None and self.digitising:
            self._clock.wait(max(self._end(self._trigger) - self._clock.now(), 0.0))
            self.advance()

    def force(self) -> None:
        """Trigger now if a trigger is waited for."""
        self._forced = True
        self.advance()

    def advance(self) -> None:
        """Bring a single acquisition up to the clock."""
        now = self._clock.now()
        if not self.busy or now < self._ready:
            self._forced = False
            return
        if not self._told:
            self.armed_event = self._told = True
        if self._trigger is None:
            self._trigger = self._look(now)
            self.trigger_event |= self._trigger is not None
        self._forced = False
        if self._mode != "RUN" and self._trigger is not None and now >= self._end(self._trigger):
            self._capture(self._trigger, running=False)
            self._mode = "STOP"

    def data(self) -> Record | None:
        """Return the record to send; a running scope in AUTO lets the time pass that its first one takes."""
        if self._mode == "RUN":
            self._refresh()
            if self.record is None and self.settings.trigger.sweep == "AUTO":
                wide = self.settings.timebase.range
                self._clock.wait(max(self._ready - self._clock.now(), 0.0) + AUTO_TIMEOUT + wide)
                self._refresh()
        else:
            self.advance()
        return self.record

    def poll(self) -> None:
        """Answer a question about the state: it takes its time while something is under way."""
        if self.busy:
            self._clock.wait(POLL_TIME)
        self.advance()

    def take_events(self, *, arm: bool) -> bool:
        """Return and clear the arm event or the trigger event; a running scope starts to look for the next trigger."""
        self.poll()
        if arm:
            event, self.armed_event = self.armed_event, False
            return event
        event, self.trigger_event = self.trigger_event, False
        if event and self._mode == "RUN":
            self._refresh()
            self._arm(self._clock.now())
            self._told = True
        return event

    def clear_events(self) -> None:
        """Forget the arm and trigger events."""
        self.armed_event = self.trigger_event = False

    def take_operation_event(self) -> int:
        """Return the operation bits that came on since they were last asked for."""
        now = self.condition
        risen, self._condition_then = now & ~self._condition_then, now
        return risen

    def _arm(self, now: float) -> None:
        self._trigger = None
        self._told = False
        self._armed_at = now
        self._seen_at = -1.0

    @property
    def _ready(self) -> float:
        """When the pre-trigger part is full."""
        return self._armed_at + max(-self.settings.timebase.left, 0.0)

    def _end(self, trigger: float) -> float:
        timebase = self.settings.timebase
        return trigger + max(timebase.left + timebase.range, 0.0)

    def _look(self, now: float) -> float | None:
        if self._forced:
            return now
        found = self._finder.find(self.settings, self._ready)
        if found is None and self.settings.trigger.sweep == "AUTO" and now >= self._ready + AUTO_TIMEOUT:
            return self._ready + AUTO_TIMEOUT
        return found

    def _refresh(self) -> None:
        """Take the latest record of a running scope, if one is complete and has not been taken yet."""
        now, wide = self._clock.now(), self.settings.timebase.range
        self.advance()
        if self._trigger is None or self._seen_at == now:
            return
        recent = self._finder.find(self.settings, max(self._ready, now - 2 * wide))
        if recent is None and self.settings.trigger.sweep == "AUTO":
            recent = max(self._trigger, now - self._end(0.0))
        elif recent is None or now < self._end(recent):
            recent = self._trigger
        if now >= self._end(recent):
            self._capture(recent, running=True)
            self._seen_at = now

    def _capture(self, trigger: float, *, running: bool) -> None:
        settings = self.settings
        timing = plan(settings, self._memory, running=running)
        window = trigger, self._clock.now()
        traces = {}
        for number in range(1, CHANNELS + 1):
            vertical = settings.verticals[number - 1]
            if vertical.display:
                terminal = self._terminals.get(f"chan{number}")
                traces[f"CHAN{number}"] = digitise(terminal, vertical, settings.acquire, timing, window, self._rng)
        count = int(settings.acquire.count) if settings.acquire.type == "AVER" else 1
        self.record = Record(trigger, timing, settings.acquire.type, count, traces)
