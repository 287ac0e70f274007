"""A scripted line for instruments that speak text: each message is compared, then answered from the script."""

from collections.abc import Iterator
from typing import Any

import pytest
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError

from labctl.links import Link, LinkOptions

NO_ERROR = '+0,"No error"'
CLEAR = "<device clear>"


class Dialogue:
    """A script of (sent, answered), and a PyVISA resource, manager, library and byte channel that plays it."""

    answers_at_once = True
    interface_type = "scripted"
    session = 1
    timeout = 0

    def __init__(self) -> None:
        self.script: list[tuple[bytes, bytes]] = []
        self.sent: list[bytes] = []
        self.output = b""
        self.can_clear = True
        self.opened = 0

    # -- writing the script

    def expect(self, sent: str | bytes, answer: str | bytes | None = None) -> None:
        message = sent if isinstance(sent, bytes) else sent.encode("latin-1") + b"\n"
        reply = answer if isinstance(answer, bytes) else b"" if answer is None else answer.encode("latin-1") + b"\n"
        self.script.append((message, reply))

    def expect_all(self, *pairs: tuple[str, str]) -> None:
        for sent, answer in pairs:
            self.expect(sent, answer)

    def expect_clear(self) -> None:
        self.script.append((CLEAR.encode(), b""))

    def expect_sets(self, *commands: str, error: str | None = None) -> None:
        """Commands, then one look at the error queue, which holds ``error``."""
        for command in commands:
            self.expect(command)
        if error:
            self.expect("SYST:ERR?", error)
        self.expect("SYST:ERR?", NO_ERROR)

    def link(self) -> Link:
        return Link("scripted", lambda: self, LinkOptions())

    # -- playing it

    def write(self, data: bytes) -> None:
        assert self.script, f"nothing more was expected, but {data!r} came"
        expected, answer = self.script.pop(0)
        assert data == expected
        self.sent.append(data)
        self.output += answer

    def read(self, timeout: float) -> bytes:
        data, self.output = self.output, b""
        return data

    def clear(self) -> None:
        if not self.can_clear:
            raise VisaIOError(StatusCode.error_nonsupported_operation)
        assert self.script, "a device clear came that was not expected"
        assert self.script.pop(0)[0] == CLEAR.encode()
        self.output = b""

    @property
    def visalib(self) -> "Dialogue":
        return self

    def open_resource(self, name: str) -> "Dialogue":
        self.opened += 1
        return self

    def byte_channel(self, session: int) -> "Dialogue":
        return self

    def close(self) -> None:
        self.output = b""


@pytest.fixture
def dialogue() -> Iterator[Any]:
    made = Dialogue()
    yield made
    assert not made.script, f"never came: {made.script}"
