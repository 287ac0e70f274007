import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from simulated_instruments.keysight_b1530 import SimulatedWgfmuLibrary
from simulated_instruments.terminals import ResistiveTerminal

DC, FASTIV, PG, SMU = 2000, 2001, 2002, 2003
CURRENT = 4001


@dataclass
class VirtualClock:
    time: float = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        assert seconds >= 0.0
        self.time += seconds


@dataclass
class Wgfmu:
    """The library with 10 kOhm on channel 201 and an open 202, called as a ctypes driver calls it."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    seed: int = 3
    ohms: float = 1e4

    def __post_init__(self) -> None:
        self.loads = {201: ResistiveTerminal(self.clock, self.ohms), 202: ResistiveTerminal(self.clock)}
        self.lib = SimulatedWgfmuLibrary(self.clock, self.loads, seed=self.seed)

    def code(self, name: str, *arguments: object) -> int:
        result = getattr(self.lib, f"WGFMU_{name}")(*arguments)
        assert isinstance(result, int)
        return result

    def do(self, name: str, *arguments: object) -> None:
        assert self.code(name, *arguments) == 0, self.summary()

    def get(self, name: str, *arguments: object, kinds: str = "i") -> list[float]:
        """Call a function whose last arguments are outputs: "i" an int, "d" a double."""
        outs = [ctypes.c_int() if kind == "i" else ctypes.c_double() for kind in kinds]
        self.do(name, *arguments, *[ctypes.byref(out) for out in outs])
        return [out.value for out in outs]

    def arrays(self, name: str, *arguments: object, size: int, count: int = 2) -> list[list[float]]:
        """Call a function with (size*, double*...) as its last arguments."""
        length, outs = ctypes.c_int(size), [(ctypes.c_double * size)() for _ in range(count)]
        self.do(name, *arguments, ctypes.byref(length), *outs)
        return [list(out)[: length.value] for out in outs]

    def summary(self) -> str:
        size = ctypes.c_int()
        assert self.code("getErrorSummarySize", ctypes.byref(size)) == 0
        if size.value == 0:
            return ""
        buffer = ctypes.create_string_buffer(size.value + 1)
        assert self.code("getErrorSummary", buffer, ctypes.byref(size)) == 0
        return buffer.value.decode()

    def open(self) -> None:
        for name in ("initialize", "clear"):
            if name == "initialize":
                self.do("openSession", b"GPIB0::17::INSTR")
            self.do(name)

    def pattern(self, name: bytes, initial: float, vectors: Sequence[tuple[float, float]]) -> None:
        self.do("createPattern", name, initial)
        size = len(vectors)
        deltas = (ctypes.c_double * size)(*[delta for delta, _ in vectors])
        volts = (ctypes.c_double * size)(*[level for _, level in vectors])
        self.do("addVectors", name, deltas, volts, size)

    def read_pulse(self) -> None:
        """The 1 V, 1 us read pulse of the sheet: mean current over the last half of its plateau."""
        self.pattern(b"read", 0.0, [(100e-9, 1.0), (1e-6, 1.0), (100e-9, 0.0), (1e-6, 0.0)])
        self.do("setMeasureEvent", b"read", b"mean", 600e-9, 1, 10e-9, 500e-9, 12000)

    def ready(self, channel: int = 201, *, mode: int = FASTIV, current_range: int | None = 6004) -> None:
        self.do("setOperationMode", channel, mode)
        if current_range is not None:
            self.do("setMeasureMode", channel, CURRENT)
            self.do("setMeasureCurrentRange", channel, current_range)
        self.do("connect", channel)

    def measured(self, channel: int = 201) -> tuple[list[float], list[float]]:
        size = int(self.get("getMeasureValueSize", channel, kinds="ii")[0])
        times, values = self.arrays("getMeasureValues", channel, 0, size=size)
        return times, values


@pytest.fixture
def wgfmu() -> Wgfmu:
    made = Wgfmu()
    made.open()
    return made


@pytest.fixture
def make_wgfmu() -> Callable[..., Wgfmu]:
    return Wgfmu
