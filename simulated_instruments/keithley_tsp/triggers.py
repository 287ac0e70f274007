"""Events and what reacts to them: detectors, blenders and timers.

Source: Series 2600B Reference Manual, command reference: ``trigger.*``.
"""

from collections.abc import Iterator

from simulated_instruments.frontend import Clock
from simulated_instruments.keithley_tsp.nodes import Indexed, Node, Slots, integer_in, number_in

BLENDERS, TIMERS, STIMULI = 6, 8, 4
"""How many there are: *assumed*."""
COMMAND_EVENT = 1
"""``trigger.EVENT_ID``, made by ``*TRG``. Every event's number is *assumed*."""
_FIRST_BLENDER, _FIRST_TIMER, FIRST_DIGITAL = 10, 20, 30
FIRST_CHANNEL = 50
EVENTS_PER_CHANNEL = 10
SHORTEST_DELAY = 8e-6
"""Shortest delay of a timer in s: *assumed*."""
MAX_DEPTH = 50
"""Events that may set one another off at once; a ring of blenders ends here."""


class Detector:
    """Waits for one event; ``stimulus`` 0 never waits."""

    def __init__(self, events: "Events") -> None:
        self.stimulus = 0
        self.latched = False
        events.detectors.append(self)

    def wait(self) -> Iterator[bool]:
        """Yield ``False`` until the event has come."""
        while self.stimulus and not self.latched:
            yield False
        self.latched = False

    def set(self) -> None:
        """Let whoever waits go on."""
        self.latched = True


class Blender(Node):
    """Makes an event of several: of any, or of all of them."""

    def __init__(self, events: "Events", event: int) -> None:
        super().__init__()
        self.event = event
        self.orenable = 0
        self.seen: set[float] = set()
        self.stimuli = Slots(STIMULI, self.seen.clear)
        self.members.update(
            {"EVENT_ID": event, "stimulus": self.stimuli, "clear": self.seen.clear, "reset": self.reset}
        )
        self.setting("orenable", self, integer_in(0, 1))

    def reset(self) -> None:
        """Take the default settings."""
        self.orenable, self.stimuli.values[:] = 0, [0.0] * STIMULI
        self.seen.clear()

    def hear(self, event: int) -> bool:
        """Return whether ``event`` completes the blend."""
        wanted = {value for value in self.stimuli.values if value}
        if event not in wanted:
            return False
        self.seen.add(event)
        if self.orenable or wanted <= self.seen:
            self.seen.clear()
            return True
        return False


class Timer(Node):
    """Makes events after a delay."""

    def __init__(self, event: int) -> None:
        super().__init__()
        self.event = event
        self.reset()
        self.members.update({"EVENT_ID": event, "reset": self.reset, "clear": lambda: None})
        self.setting("delay", self, number_in(SHORTEST_DELAY, 100_000.0))
        self.setting("count", self, integer_in(0, 1_048_575))
        self.setting("stimulus", self, integer_in(0, 1_000))
        self.setting("passthrough", self, integer_in(0, 1))

    def reset(self) -> None:
        """Take the default settings."""
        self.delay, self.count, self.stimulus, self.passthrough = 1e-5, 1, 0, 0
        self.due: float | None = None
        self.left = 0

    def start(self, now: float) -> bool:
        """Begin to count, for ever if the count is 0; return whether the first event is made at once."""
        self.due, self.left = now + self.delay, self.count
        return bool(self.passthrough)


class Events:
    """Everything that an event can set off."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._depth = 0
        self.detectors: list[Detector] = []
        self.command = Detector(self)
        self.command.stimulus = COMMAND_EVENT
        self.blenders = [Blender(self, _FIRST_BLENDER + i) for i in range(BLENDERS)]
        self.timers = [Timer(_FIRST_TIMER + i) for i in range(TIMERS)]

    def fire(self, event: int) -> None:
        """Let an event happen."""
        if self._depth > MAX_DEPTH:
            return
        self._depth += 1
        try:
            for detector in self.detectors:
                if detector.stimulus == event:
                    detector.latched = True
            for blender in self.blenders:
                if blender.hear(event):
                    self.fire(blender.event)
            for timer in self.timers:
                if timer.stimulus == event and timer.start(self._clock.now()):
                    self.fire(timer.event)
        finally:
            self._depth -= 1

    def next_timer(self) -> float | None:
        """Return when the next timer is due (s), or ``None``."""
        return min((timer.due for timer in self.timers if timer.due is not None), default=None)

    def run_timers(self) -> None:
        """Make the events of the timers that are due."""
        for timer in self.timers:
            if timer.due is not None and timer.due <= self._clock.now():
                timer.left -= 1
                timer.due = timer.due + timer.delay if timer.left else None
                self.fire(timer.event)

    def node(self) -> Node:
        """Return ``trigger``, without ``wait``."""
        node = Node()
        blenders = Indexed(dict(enumerate(self.blenders, 1)))
        timers = Indexed(dict(enumerate(self.timers, 1)))
        node.members.update(
            {"EVENT_ID": COMMAND_EVENT, "blender": blenders, "timer": timers, "clear": self._forget_command}
        )
        return node

    def reset(self) -> None:
        """Take the default settings."""
        for blender in self.blenders:
            blender.reset()
        for timer in self.timers:
            timer.reset()
        self._forget_command()

    def _forget_command(self) -> None:
        self.command.latched = False
