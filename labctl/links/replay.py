"""Replay: a link that gives the answers of a recording, for sessions of a lab that have become tests."""

import collections
from collections.abc import Callable, Sequence
from typing import Literal

from typing_extensions import override

from labctl.clock import VirtualClock
from labctl.errors import StateError
from labctl.links.channels import Channel
from labctl.links.link import Link, LinkOptions
from labctl.links.recording import Event, Recording, readable

ReplayMode = Literal["strict", "lenient"]
_SHOWN = 120
"""Characters of a message that an error shows."""


class ReplayClock(VirtualClock):
    """A virtual clock that also follows the times of a recording."""

    def move_to(self, time: float) -> None:
        """Go on to ``time`` (s), if it is still to come."""
        with self._lock:
            self._now = max(self._now, time)


class StrictChannel(Channel):
    """Takes the recorded messages in the recorded order, byte by byte, and answers as was answered then.

    Args:
        events: Of one line.
        where: Names file and line in errors.
        tell: Called with the time of each event that is reached.
    """

    answers_at_once = True

    def __init__(self, events: Sequence[Event], where: str, tell: Callable[[float], None]) -> None:
        self._events = events
        self.where = where
        self._tell = tell
        self._at = 0
        self._difference = ""

    @override
    def write(self, data: bytes) -> None:
        self._expect(Event(0.0, "", ">", data))

    @override
    def read(self, timeout: float) -> bytes:
        event = self._peek()
        if event is None or event.kind not in {"<", "timeout"}:
            return b""  # nothing came before the next message, so nothing comes now
        return self._next(event).data

    def clear(self) -> None:
        """Take the recorded device clear."""
        self._expect(Event(0.0, "", "clear"))

    def set_baud_rate(self, rate: int) -> None:
        """Take the recorded change of the line's rate."""
        self._expect(Event(0.0, "", "baud", b"%d" % rate))

    def check_played(self) -> None:
        """Refuse a session that ended before the recorded one.

        Raises:
            StateError: Names what comes next in the recording.
        """
        if (event := self._peek()) is not None:
            raise StateError(f"{self.where}: the session has ended, but the recording goes on with {_named(event)}")

    def _expect(self, given: Event) -> None:
        event = self._peek()
        if self._difference:
            raise StateError(self._difference)
        if event is None or (event.kind, event.data) != (given.kind, given.data):
            recorded = "nothing, it is at its end" if event is None else _named(event)
            position = _first_difference(event, given)
            self._difference = f"{self.where}: the session has {_named(given)}, the recording {recorded}{position}"
            raise StateError(self._difference)
        self._next(event)

    def _peek(self) -> Event | None:
        return self._events[self._at] if self._at < len(self._events) else None

    def _next(self, event: Event) -> Event:
        self._at += 1
        self._tell(event.time)
        return event


class LenientChannel(Channel):
    """Answers each message as it was answered in the recording, in whatever order messages come.

    A message that was recorded several times gets these answers in turn, and then the last of them again.
    """

    answers_at_once = True

    def __init__(self, events: Sequence[Event], where: str, tell: Callable[[float], None]) -> None:
        self.where = where
        self._tell = tell
        self._answers: dict[bytes, collections.deque[list[Event]]] = {}
        self._now: collections.deque[Event] = collections.deque()
        group: list[Event] = []
        for event in events:
            if event.kind == ">":
                group = [event]
                self._answers.setdefault(event.data, collections.deque()).append(group)
            elif event.kind not in {"clear", "baud"}:
                group.append(event)

    @override
    def write(self, data: bytes) -> None:
        groups = self._answers.get(data)
        if groups is None:
            raise StateError(f"{self.where}: the recording nowhere has {_named(Event(0.0, '', '>', data))}")
        message, *answers = groups[0] if len(groups) == 1 else groups.popleft()
        self._tell(message.time)
        self._now.extend(answers)

    @override
    def read(self, timeout: float) -> bytes:
        if not self._now:
            return b""
        event = self._now.popleft()
        self._tell(event.time)
        return event.data

    def clear(self) -> None:
        """Drop the answers that nobody has read."""
        self._now.clear()

    def set_baud_rate(self, rate: int) -> None:
        """Accept any rate."""

    def check_played(self) -> None:
        """Accept any end."""


class ReplayLink(Link):
    """A line of a recorded session; needs no VISA library and no instrument.

    Args:
        role: Whose line of the recording.
        recording: The session.
        mode: ``"strict"``: exactly the recorded messages, in their order. ``"lenient"``: answers by message.
        clock: Follows the recording.
        name: The VISA resource name that it stands for.
        options: As any link has them.
    """

    def __init__(
        self, role: str, recording: Recording, mode: ReplayMode, clock: ReplayClock, name: str, options: LinkOptions
    ) -> None:
        super().__init__(name, lambda: None, options)
        self._player = player(role, recording, mode, clock)

    @override
    def open(self) -> None:
        """Begin, or go on where a closed link left off."""
        if self.is_open:
            raise StateError(f"{self.name} is open already")
        self._channel = self._player
        self._cancelled.clear()

    @override
    def discard_input(self) -> None:
        """Drop what was received and not read; what the recorded session discarded is not in its file."""
        with self.lock:
            self._received.clear()

    @override
    def clear(self) -> None:
        """Take the recorded device clear."""
        with self.lock:
            self._open_channel()
            self._player.clear()
            self._received.clear()

    @override
    def set_baud_rate(self, rate: int) -> None:
        """Take the recorded change of the line's rate."""
        with self.lock:
            self._open_channel()
            self._player.set_baud_rate(rate)

    def check_played(self) -> None:
        """Refuse a strict session that ended before the recorded one; raises StateError."""
        self._player.check_played()


def player(role: str, recording: Recording, mode: ReplayMode, clock: ReplayClock) -> StrictChannel | LenientChannel:
    """Return what answers in place of ``role``; ``clock`` follows it."""
    events = [event for event in recording.events if event.role == role]
    make = StrictChannel if mode == "strict" else LenientChannel
    where = f"{recording.path}{', which is cut short' if recording.is_cut else ''}, {role}"
    return make(events, where, clock.move_to)


def _named(event: Event) -> str:
    shown = f"{event.kind} {readable(event.data)}" if event.kind in {">", "<", "baud"} else event.kind
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}... ({len(event.data)} bytes)"
    return f"{shown} (line {event.line})" if event.line else shown


def _first_difference(event: Event | None, given: Event) -> str:
    if event is None or event.kind != given.kind:
        return ""
    pairs = enumerate(zip(event.data, given.data, strict=False))
    first = next((i for i, (a, b) in pairs if a != b), min(len(event.data), len(given.data)))
    return f"; the first difference is at byte {first}"
