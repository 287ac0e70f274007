"""The FLEX dialogue: commands in blocks with the error queue read after each, and what the mainframe answers.

Source: B1500A/B1505A Programming Guide, ed. 11, chapters 1 and 4.
"""

import re

from labctl.errors import FrameError, InstrumentError, LinkTimeoutError
from labctl.links import Link

END = b"\r\n"
MOST_ERRORS = 20
"""Errors that are read before the queue counts as endless (assumed; the queue is said to hold four)."""
_ERROR = re.compile(r'\s*([+-]?\d+)\s*(?:,\s*"?([^"]*)"?)?\s*')


def number(value: float) -> str:
    """Return ``value`` as it is sent: the shortest text that reads back as the same number."""
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value)).upper()


def command(name: str, *values: float) -> str:
    """Return a command with its parameters, such as ``DV 1,0,0.2,1E-07``."""
    return f"{name} {','.join(map(number, values))}" if values else name


def parse_error(text: str) -> tuple[int, str]:
    """Return code and text of an ``ERRX?`` answer; sign and quotes differ between firmwares."""
    match = _ERROR.fullmatch(text)
    if match is None:
        raise FrameError(f"{text!r} is no answer to ERRX?")
    return int(match[1]), (match[2] or "").strip()


def parse_channels(text: str) -> set[int]:
    """Return the channels of a ``*LRN? 0`` answer (``CN1,2``; ``CL`` for none) as numbers of their slots or ids."""
    match = re.fullmatch(r"(CN|CL)\s*([\d,\s]*)", text.strip())
    if match is None:
        raise FrameError(f"{text!r} is no answer to *LRN? 0")
    return {short(int(item)) for item in match[2].split(",") if item.strip()} if match[1] == "CN" else set()


def short(channel: int) -> int:
    """Return a channel's short number: 1 for 101; the second channel of a slot has none and stays 102."""
    return channel // 100 if channel > 100 and channel % 100 == 1 else channel


class Flex:
    """The dialogue with one mainframe.

    Args:
        link: The line to it.
        role: Its name in the station, for errors.
    """

    def __init__(self, link: Link, role: str) -> None:
        self.link = link
        self.role = role

    def query(self, text: str, *, timeout: float | None = None) -> str:
        """Send one query and return its answer without line end."""
        with self.link.lock:
            self.link.send(text.encode("latin-1") + END)
            return self.read(timeout)

    def read(self, timeout: float | None = None) -> str:
        """Return the next line, within ``timeout`` (s)."""
        return self.link.read_until(b"\n", timeout=timeout).rstrip(b"\r").decode("latin-1")

    def send(self, *commands: str) -> None:
        """Send commands, one message each, then read the error queue.

        Raises:
            InstrumentError: The mainframe refused one of them.
        """
        with self.link.lock:
            for text in commands:
                self.link.send(text.encode("latin-1") + END)
            self.check("; ".join(commands))

    def measure(self, *commands: str, timeout: float) -> str:
        """Send commands, the last of which gives data, and return the line of data.

        Raises:
            InstrumentError: The mainframe refused one of them.
            LinkTimeoutError: No data within ``timeout`` (s), and no error that says why.
        """
        with self.link.lock:
            for text in commands:
                self.link.send(text.encode("latin-1") + END)
            try:
                data = self.read(timeout)
            except LinkTimeoutError:
                self.check("; ".join(commands))
                raise
            self.check("; ".join(commands))
            return data

    def check(self, sent: str) -> None:
        """Read the error queue until it is empty and raise the first error.

        Raises:
            InstrumentError: There was one.
        """
        errors = self.errors()
        if errors:
            code, text = errors[0]
            raise InstrumentError(self.role, sent, code, text)

    def errors(self) -> list[tuple[int, str]]:
        """Read the error queue until it is empty; return code and text of each."""
        found: list[tuple[int, str]] = []
        for _ in range(MOST_ERRORS):
            code, text = parse_error(self.query("ERRX?"))
            if code == 0:
                return found
            found.append((code, text))
        raise InstrumentError(self.role, "ERRX?", *found[0])

    def abort(self) -> None:
        """End whatever measures, and drop its data."""
        with self.link.lock:
            self.link.send(b"AB" + END)
            self.link.send(b"BC" + END)
            self.link.discard_input()
            self.errors()

    def switched_on(self) -> set[int]:
        """Return the channels whose output switch is on."""
        return parse_channels(self.query("*LRN? 0"))
