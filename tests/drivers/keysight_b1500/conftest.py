"""A scripted line to the B1500A: each message that the driver sends is compared, then answered from the script."""

from collections.abc import Iterator
from typing import Any

import pytest

from drivers.keysight_b1500 import KeysightB1500
from labctl.links import Link, LinkOptions

IDENTITY = "Agilent Technologies,B1500A,0,A.04.03.2010.0130"
UNITS = "B1511B,0;B1517A,0;B1520A,0;B1511B,0;B1517A,0;B1530A,0;0,0;0,0;0,0;0,0"
NO_ERROR = '+0,"No Error."'


class ScriptedChannel:
    """Plays a script of (message that must come, line that answers it)."""

    answers_at_once = True

    def __init__(self) -> None:
        self.script: list[tuple[str, str | None]] = []
        self.output = b""

    def write(self, data: bytes) -> None:
        assert data.endswith(b"\r\n")
        text = data[:-2].decode()
        assert self.script, f"nothing more was expected, but {text!r} came"
        expected, answer = self.script.pop(0)
        assert text == expected
        if answer is not None:
            self.output += answer.encode() + b"\r\n"

    def read(self, timeout: float) -> bytes:
        data, self.output = self.output, b""
        return data


class ScriptedResource:
    """As much of a PyVISA resource as a link needs; its own library and manager."""

    interface_type = "scripted"
    session = 1
    timeout = 0

    def __init__(self, channel: ScriptedChannel) -> None:
        self.channel = channel

    @property
    def visalib(self) -> "ScriptedResource":
        return self

    def open_resource(self, name: str) -> "ScriptedResource":
        return self

    def byte_channel(self, session: int) -> ScriptedChannel:
        return self.channel

    def close(self) -> None:
        self.channel.output = b""


class Bench:
    """A B1500A's driver and the script that it meets."""

    def __init__(self) -> None:
        self.channel = ScriptedChannel()

    def driver(self, **keywords: Any) -> KeysightB1500:
        resource = ScriptedResource(self.channel)
        return KeysightB1500(Link("scripted", lambda: resource, LinkOptions()), role="analyzer", **keywords)

    def opened(self, **keywords: Any) -> KeysightB1500:
        self.ask("*IDN?", IDENTITY)
        self.ask("ERRX?", NO_ERROR)
        self.ask("UNT? 0", UNITS)
        self.block("FMT 1,1", "TSC 1")
        driver = self.driver(**keywords)
        driver.open()
        self.done()
        return driver

    def ask(self, sent: str, answer: str) -> None:
        self.channel.script.append((sent, answer))

    def block(self, *sent: str, data: str | None = None, error: str = NO_ERROR) -> None:
        """Expect messages, the last answered by ``data``, and the look at the error queue behind them."""
        self.channel.script += [(text, None) for text in sent[:-1]]
        self.channel.script.append((sent[-1], data))
        self.ask("ERRX?", error)
        if error != NO_ERROR:
            self.ask("ERRX?", NO_ERROR)

    def done(self) -> None:
        assert not self.channel.script, f"messages of the script never came: {self.channel.script}"


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.done()
