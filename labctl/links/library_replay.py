"""Replay of a maker's library: calls are answered by those of a recording, what they wrote included."""

from collections.abc import Callable
from typing import Any

from typing_extensions import override

from labctl.errors import StateError
from labctl.links.arguments import call_text, values, write_answer
from labctl.links.library import LibraryLink
from labctl.links.link import LinkOptions
from labctl.links.recording import Recording
from labctl.links.replay import LenientChannel, ReplayClock, ReplayMode, StrictChannel, player


class ReplayedLibrary:
    """Has every function, and answers each call as it was answered in the recording.

    Args:
        played: The recorded line.
    """

    def __init__(self, played: StrictChannel | LenientChannel) -> None:
        self._played = played

    def __getattr__(self, function: str) -> Callable[..., int]:
        if function.startswith("__"):
            raise AttributeError(function)

        def call(*arguments: Any) -> int:
            self._played.write(call_text(function, values(arguments)).encode())
            answer = self._played.read(0.0)
            if not answer:
                raise StateError(f"{self._played.where}: the recording has no answer to a call of {function}")
            return write_answer(answer.decode(), arguments)

        return call


class ReplayLibraryLink(LibraryLink):
    """A maker's library in a recorded session; needs no library and no instrument.

    Args:
        role: Whose line of the recording.
        recording: The session.
        mode: ``"strict"``: exactly the recorded calls, in their order. ``"lenient"``: answers by call.
        clock: Follows the recording.
        name: The address that it stands for.
        options: As any link has them.
    """

    def __init__(
        self, role: str, recording: Recording, mode: ReplayMode, clock: ReplayClock, name: str, options: LinkOptions
    ) -> None:
        self._player = player(role, recording, mode, clock)
        self._simulated = recording.simulated
        super().__init__(name, lambda: ReplayedLibrary(self._player), options)

    @property
    @override
    def in_process(self) -> bool:
        """As in the recorded session, so that a driver asks again where it did then."""
        return self._simulated

    @override
    def pause(self, seconds: float) -> None:
        """Wait for nothing, as a replay does; raises RunStoppedError after `cancel`."""
        super().pause(0.0)

    def check_played(self) -> None:
        """Refuse a strict session that ended before the recorded one; raises StateError."""
        self._player.check_played()
