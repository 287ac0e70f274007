"""A scripted line to a 2600B: each line that the driver sends is compared, then answered from the script."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from drivers.keithley_2600 import Keithley2600
from drivers.keithley_tsp import scripts
from labctl.links import Link, LinkOptions

Answer = bytes | Callable[[], bytes]
DONE = 'print("labctl-done", errorqueue.count)'
SAFE = (
    "{0}.measure.count = 1 {0}.source.levelv = 0 {0}.source.leveli = 0 "
    "{0}.source.offmode = {1} {0}.source.offfunc = 1 {0}.source.output = 0"
)
READ_BACK = "print({0}.source.output, {0}.source.offmode, {0}.source.levelv, {0}.source.leveli)"


class Scripted:
    """A channel and as much of a PyVISA resource, library and manager as a link needs."""

    interface_type = "scripted"
    session = 1
    timeout = 0
    answers_at_once = True

    def __init__(self) -> None:
        self.script: list[tuple[str, Answer]] = []
        self.output = b""
        self.sent: list[str] = []

    def write(self, data: bytes) -> None:
        assert data.endswith(b"\n")
        line = data[:-1].decode()
        assert self.script, f"nothing more was expected, but {line!r} came"
        expected, answer = self.script.pop(0)
        assert line == expected
        self.sent.append(line)
        self.output += answer() if callable(answer) else answer

    def read(self, timeout: float) -> bytes:
        data, self.output = self.output, b""
        return data

    @property
    def visalib(self) -> "Scripted":
        return self

    def open_resource(self, name: str) -> "Scripted":
        return self

    def byte_channel(self, session: int) -> "Scripted":
        return self

    def close(self) -> None:
        self.output = b""


class Bench:
    """A driver and the dialogue that it has."""

    def __init__(self) -> None:
        self.line = Scripted()
        self.syncs = 0

    def driver(self, **keywords: Any) -> Keithley2600:
        return Keithley2600(Link("scripted", lambda: self.line, LinkOptions()), role="smu", **keywords)

    def opened(self, *, model: str = "2602B", **keywords: Any) -> Keithley2600:
        self.opening(model)
        smu = self.driver(**keywords)
        smu.open()
        return smu

    def opening(self, model: str = "2602B") -> None:
        self.expect("*IDN?", f"Keithley Instruments Inc., Model {model}, 4308079, 3.2.2\n".encode())
        self.expect("localnode.prompts = 0")
        self.expect("localnode.showerrors = 0")
        self.abort()
        self.run("format.data = 1 format.asciiprecision = 16 format.byteorder = 1")
        for line in ("loadscript labctl_smu", *scripts.SCRIPT.splitlines(), "endscript"):
            self.expect(line)
        self.run("labctl_smu()")

    def expect(self, line: str, answer: Answer = b"") -> None:
        self.line.script.append((line, answer))

    def run(self, line: str, *errors: bytes, before: bytes = b"") -> None:
        """A command with its sentinel; ``before`` is what it prints itself."""
        self.expect(line, before)
        self.expect(DONE, b"labctl-done\t%.15e\n" % len(errors))
        for error in errors:
            self.expect("print(errorqueue.next())", error + b"\n")

    def abort(self, before: bytes = b"") -> None:
        self.syncs += 1
        self.expect("abort", before)
        self.expect("format.data = 1")
        self.expect(f'print("labctl-sync-{self.syncs}")', b"labctl-sync-%d\n" % self.syncs)
        self.expect("errorqueue.clear()")

    def safe(
        self,
        *,
        channels: tuple[str, ...] = ("smua", "smub"),
        mode: int = 0,
        states: dict[str, bytes] | None = None,
        before: bytes = b"",
    ) -> None:
        self.abort(before)
        for channel in channels:
            self.run(SAFE.format(channel, mode))
        for channel in channels:
            state = (states or {}).get(channel, b"0.0\t%d.0\t0.0\t0.0" % mode)
            self.expect(READ_BACK.format(channel), state + b"\n")

    @staticmethod
    def block(rows: Any, dtype: str = "<f8") -> bytes:
        data = np.asarray(rows, dtype=dtype)
        return b"labctl-wait\t2.5e-01\nlabctl-data\t%.15e\n#0" % len(data) + data.tobytes() + b"\n"


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    assert not made.line.script, f"{len(made.line.script)} lines of the script never came: {made.line.script[:3]}"
