r"""Recordings: what goes over every line of a station, in one readable file, written while it happens.

The first line is ``labctl-recording`` and a JSON object (version, station, whether simulated, when begun, and
``numbers``, the seed of what drivers draw at random). Then one line an event, its fields set apart by one space: the
station clock's time in s, the role, what happened, and for bytes how they are written and the bytes themselves::

    0.0 smu > text "*IDN?\n"
    0.0021 smu < hex 4 ff00ff0a
    2.0021 smu timeout
    2.0021 smu clear

``>`` is to the instrument, ``<`` from it, in the pieces in which it came; ``timeout`` is a read that was given up,
``clear`` a device clear, ``baud`` a new rate of a serial line. ``text`` is a JSON string, ``hex`` has the number of
bytes before them. Of a maker's library, ``>`` is a call with all that went in and ``<`` its code and all that it wrote
(see `labctl.links.arguments`). The last line is ``end``; a recording without it comes from a session that was killed.
"""

import json
import random
import re
import secrets
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Literal, NamedTuple

from labctl.clock import Clock
from labctl.errors import ConfigError, DataFileError, StateError

Kind = Literal[">", "<", "timeout", "clear", "baud"]
MAGIC = "labctl-recording"
VERSION = 1
END = "end"
_TEXT = re.compile(rb"[\t\r\n\x20-\x7e]*")


class Event(NamedTuple):
    """One line of a recording.

    Attributes:
        time: Of the station's clock, in s.
        role: Whose line it went over.
        kind: What happened.
        data: The bytes, where there are any.
        line: Number of its line in the file; 0 before it is there.
    """

    time: float
    role: str
    kind: Kind
    data: bytes = b""
    line: int = 0


class Recorder:
    """Writes a recording; from `open` to `close`. Several threads may use it.

    Args:
        path: The new file.
        station: Its name.
        simulated: Whether the instruments are.
        clock: The station's.

    Attributes:
        seed: Of what drivers draw at random, drawn anew for each recording.
    """

    def __init__(self, path: Path, station: str, *, simulated: bool, clock: Clock) -> None:
        self.path = path
        self.seed = secrets.randbits(32)
        self._facts = {"version": VERSION, "station": station, "simulated": simulated, "numbers": self.seed}
        self._clock = clock
        self._lock = threading.Lock()
        self._file: IO[str] | None = None

    def open(self, started: str) -> None:
        """Create the file; ``started`` is the time of day.

        Raises:
            ConfigError: It is there already, or cannot be written.
        """
        try:
            self._file = self.path.open("x", encoding="ascii", newline="\n", buffering=1)
        except FileExistsError:
            raise ConfigError(f"{self.path} is there already, and a recording is not written over") from None
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be written: {error}") from error
        self._file.write(f"{MAGIC} {json.dumps({**self._facts, 'started': started})}\n")

    def close(self) -> None:
        """End the recording; a second call does nothing."""
        with self._lock:
            if self._file is not None:
                self._file.write(f"{END}\n")
                self._file.close()
                self._file = None

    def numbers(self) -> random.Random:
        """Return what a driver draws its numbers from."""
        return random.Random(self.seed)

    def note(self, role: str, kind: Kind, data: bytes = b"") -> None:
        """Write one event.

        Raises:
            StateError: The recording is not open.
        """
        with self._lock:
            if self._file is None:
                raise StateError(f"{self.path}: the recording is not open")
            self._file.write(_line(Event(self._clock.now(), role, kind, data)))


class Recording:
    """A recording that was read.

    Args:
        path: The file.

    Attributes:
        events: In the order in which they happened.
        seed: Of what drivers drew at random.
        simulated: Whether the instruments were.
        is_cut: Whether its end is missing, as in that of a session that was killed; a part of a line is left out.

    Args:
        whole: Refuse a recording that is cut short.

    Raises:
        DataFileError: No recording, damaged, or cut short; names the line.
    """

    def __init__(self, path: Path, *, whole: bool = True) -> None:
        self.path = path
        try:
            lines = path.read_text(encoding="ascii").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise DataFileError(f"{path} cannot be read: {error}") from error
        self.seed, self.simulated = _heading(path, lines[0])
        self.is_cut = lines[-2:] != [END, ""]
        if self.is_cut and whole:
            told = f"{path} is cut short: its last line, {len(lines)}, is not {END!r}"
            raise DataFileError(f"{told}; a session that was killed can be replayed leniently")
        kept = lines[1:-1] if self.is_cut else lines[1:-2]
        self.events: Sequence[Event] = [_event(path, number, line) for number, line in enumerate(kept, 2)]

    def numbers(self) -> random.Random:
        """Return what a driver draws its numbers from, as in the recorded session."""
        return random.Random(self.seed)


def readable(data: bytes) -> str:
    """Return bytes as a recording has them: ``text`` and a JSON string, or ``hex``, their number and digits."""
    if _TEXT.fullmatch(data):
        return f"text {json.dumps(data.decode('ascii'))}"
    return f"hex {len(data)} {data.hex()}"


def _line(event: Event) -> str:
    shown = f" {readable(event.data)}" if event.kind in {">", "<", "baud"} else ""
    return f"{event.time!r} {event.role} {event.kind}{shown}\n"


def _heading(path: Path, line: str) -> tuple[int, bool]:
    """Return the seed, and whether the instruments were simulated."""
    magic, _, facts = line.partition(" ")
    if magic != MAGIC:
        raise DataFileError(f"{path} is no recording: it does not begin with {MAGIC!r}")
    try:
        found = json.loads(facts)
        version, seed, simulated = found["version"], int(found["numbers"]), bool(found["simulated"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataFileError(f"{path}, line 1: this is no heading of a recording: {error}") from error
    if version != VERSION:
        raise DataFileError(f"{path}: its version is {version}, but this labctl reads {VERSION}")
    return seed, simulated


def _event(path: Path, number: int, line: str) -> Event:
    time, role, kind, shown = [*line.split(" ", 3), "", "", "", ""][:4]
    try:
        match kind:
            case ">" | "<" | "baud":
                return Event(float(time), role, kind, _data(shown), number)
            case "timeout" | "clear" if not shown:
                return Event(float(time), role, kind, b"", number)
    except (ValueError, AttributeError) as error:
        raise DataFileError(f"{path}, line {number}: this is no event: {error}") from error
    raise DataFileError(f"{path}, line {number}: this is no event: {kind!r} is none of >, <, timeout, clear and baud")


def _data(shown: str) -> bytes:
    form, _, rest = shown.partition(" ")
    if form == "text":
        return bytes(json.loads(rest).encode("ascii"))
    if form != "hex":
        raise ValueError(f"{form!r} is neither text nor hex")
    count, _, digits = rest.partition(" ")
    data = bytes.fromhex(digits)
    if len(data) != int(count):
        raise ValueError(f"it is to have {count} bytes, but has {len(data)}")
    return data
