"""What all functions of the WGFMU library share: the session, the channels, the patterns, errors and warnings."""

import functools
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np

from simulated_instruments.frontend import Clock
from simulated_instruments.keysight_b1530_wgfmu import codes
from simulated_instruments.keysight_b1530_wgfmu.arguments import capacity, integer, store, text
from simulated_instruments.keysight_b1530_wgfmu.channel import Channel, ChannelSettings
from simulated_instruments.keysight_b1530_wgfmu.codes import Code, WgfmuError
from simulated_instruments.keysight_b1530_wgfmu.pattern import Pattern
from simulated_instruments.keysight_b1530_wgfmu.run import Run
from simulated_instruments.terminals import ResistiveTerminal, Terminal

SUMMARY_ENTRIES = 1000  # ours: how many texts a summary keeps
CALL_TIME = 1e-3  # s that a call which asks the instrument takes over GPIB, assumed
DEFAULT_CHANNELS = (501, 502, 601, 602)  # where the simulated B1500A has its two modules
P = ParamSpec("P")
L = TypeVar("L", bound="LibraryCore")


def library_function(function: Callable[Concatenate[L, P], None]) -> Callable[Concatenate[L, P], int]:
    """Make a library function of ``function``: what it raises becomes its return code and an entry of the summary."""

    @functools.wraps(function)
    def call(self: L, /, *args: P.args, **kwargs: P.kwargs) -> int:
        code = Code.NO_ERROR
        try:
            function(self, *args, **kwargs)
        except WgfmuError as error:
            code = error.code
            self.record_error(f"{function.__name__}: {error} (code {int(code)})")
        self.log(f"{function.__name__} -> {int(code)}")
        return int(code)

    return call


class Mainframe(Protocol):
    """What the library sees of the mainframe that its modules are in."""

    def error_waiting(self) -> bool:
        """Return whether an error waits in the mainframe's queue."""


class LibraryCore:
    """State of the library and of the instrument behind it.

    Args:
        clock: The bench's clock.
        terminals: By channel id: slot * 100 + 1 or 2; without any, the open channels of slots 5 and 6.
        mainframe: The simulated B1500A; an error that waits in it keeps a session from opening.
        seed: Seed of the measurement noise.
    """

    def __init__(
        self,
        clock: Clock,
        terminals: Mapping[int, Terminal] | None = None,
        *,
        mainframe: Mainframe | None = None,
        seed: int = 0,
    ) -> None:
        terminals = terminals or {number: ResistiveTerminal(clock) for number in DEFAULT_CHANNELS}
        if any(number % 100 not in {1, 2} or not 1 <= number // 100 <= 10 for number in terminals):
            raise ValueError(f"channel ids are slot * 100 + 1 or 2, not {sorted(terminals)}")
        noise = np.random.default_rng(seed)
        self.clock = clock
        self.channels = {n: Channel(n, terminals[n], clock, noise) for n in sorted(terminals)}
        self.patterns: dict[str, Pattern] = {}
        self.revision = 0
        self.mainframe = mainframe
        self.session_open = False
        self.warning_level = codes.WARNING_NORMAL
        self.warnings_as_errors = codes.WARNING_OFF
        self.last_error = ""
        self.errors: deque[str] = deque(maxlen=SUMMARY_ENTRIES)
        self.warnings: deque[str] = deque(maxlen=SUMMARY_ENTRIES)
        self._log_file: Path | None = None

    def record_error(self, message: str) -> None:
        """Remember ``message`` as the last error."""
        self.last_error = message
        self.errors.append(message)

    def warn(self, level: int, message: str) -> None:
        """Add a warning of severity ``level`` to the summary.

        Raises:
            WgfmuError: -1 where warnings of this severity are treated as errors.
        """
        if codes.WARNING_OFF < level <= self.warnings_as_errors:
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, message)
        if level <= self.warning_level:
            self.warnings.append(message)

    def open_log(self, path: Path | None) -> None:
        """Write a line for each call to ``path`` from now on, or to nothing."""
        self._log_file = path

    def log(self, line: str) -> None:
        """Append ``line`` to the log file, if one is open."""
        if self._log_file is not None:
            with self._log_file.open("a", encoding="ascii", errors="replace") as file:
                file.write(f"{self.clock.now():.6f} {line}\n")

    def need_session(self) -> None:
        """Refuse what needs the instrument while no session is open."""
        if not self.session_open:
            raise WgfmuError(Code.CONTEXT, "no session is open")

    def channel(self, number: Any) -> Channel:
        """Return a channel by its id.

        Raises:
            WgfmuError: -9.
        """
        found = self.channels.get(integer(number))
        if found is None:
            raise WgfmuError(Code.CHANNEL_NOT_FOUND, f"no WGFMU channel {number}")
        return found

    def pattern(self, name: Any) -> Pattern:
        """Return a pattern by its name.

        Raises:
            WgfmuError: -2, -10.
        """
        key = text(name)
        if key not in self.patterns:
            raise WgfmuError(Code.PATTERN_NOT_FOUND, f"no pattern {key}")
        return self.patterns[key]

    def changed(self) -> None:
        """Note a change of the set-up: data measured before it are out of date."""
        self.revision += 1

    def forget(self) -> None:
        """Drop all library data: patterns, sequences, settings, texts. The hardware is left alone."""
        self.patterns.clear()
        for channel in self.channels.values():
            channel.settings = ChannelSettings()
        self.errors.clear()
        self.warnings.clear()
        self.last_error = ""
        self.changed()

    def results(self, number: Any) -> Run:
        """Return the run whose data are to be read.

        Raises:
            WgfmuError: -9, -3 before any run, -15 after the set-up was changed.
        """
        self.need_session()
        channel = self.channel(number)
        self.clock.wait(CALL_TIME)
        if channel.run is None:
            raise WgfmuError(Code.CONTEXT, f"channel {channel.number} has measured nothing")
        if channel.run_revision != self.revision:
            raise WgfmuError(
                Code.RESULT_OUT_OF_DATE, f"the data of channel {channel.number} were deleted by a set-up change"
            )
        return channel.run

    def window(self, offset: int, size: Any, total: int) -> int:
        """Return how many items from ``offset`` the caller gets, and write that number to ``size``.

        Raises:
            WgfmuError: -1 for an offset or a size out of range.
        """
        wanted = capacity(size)
        if not 0 <= offset < max(total, 1):
            raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"offset {offset} is not in 0 to {total - 1}")
        if wanted > total - offset:
            self.warn(codes.WARNING_NORMAL, f"size {wanted} is more than the {total - offset} there are")
        count = min(wanted, total - offset)
        store(size, count)
        return count


def choose(value: Any, first: int, last: int, what: str) -> int:
    """Return the code ``value`` if it is in ``first`` to ``last``.

    Raises:
        WgfmuError: -1.
    """
    code = integer(value)
    if not first <= code <= last:
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"{what} {code} is not in {first} to {last}")
    return code
